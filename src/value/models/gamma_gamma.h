/**
 * @file value/models/gamma_gamma.h
 * Gamma-Gamma: what a customer spends per purchase, from the mean of x purchases. Fader & Hardie (2013), note 025.
 *
 * Parameters p, q, gamma > 0; q > 1 throughout, since the population mean p gamma / (q - 1) exists only there.
 */
#ifndef TSR_VALUE_GAMMA_GAMMA_H
#define TSR_VALUE_GAMMA_GAMMA_H

#include "tessera/exact.h"
#include "value/histories/histories.h"

enum { TSR_SPEND_P, TSR_SPEND_Q, TSR_SPEND_GAMMA, TSR_SPEND_PARAMETERS };

/** Local. Add over all spends, each times its count, to sums [4]: the log-likelihood and its derivatives with respect
 *  to ln p, ln(q - 1) and ln gamma. */
void tsr_gamma_gamma_add(const double *parameter, const tsr_spends *spends, tsr_fixed *sums);

/** Local. Expected spend per purchase of who spent @p total on @p x repeat purchases; x = 0: the population mean. */
double tsr_gamma_gamma_mean(const double *parameter, int32_t x, double total);

/** Local. The same, to the bit, of many. @param x, total [n] @param[out] mean [n] */
void tsr_gamma_gamma_means(const double *parameter, const int32_t *x, const double *total, int32_t n, double *mean);

#endif
