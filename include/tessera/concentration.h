/**
 * @file concentration.h
 * How the value of a group of customers is spread over them: Lorenz curve, Gini, share of the top tenth.
 */
#ifndef TSR_CONCENTRATION_H
#define TSR_CONCENTRATION_H

#include "tessera/comm.h"
#include "tessera/rows.h"

enum { TSR_LORENZ_POINTS = 11 };

/* NaN where nobody has a value above 0. */
typedef struct tsr_concentration {
    double lorenz[TSR_LORENZ_POINTS]; /* share of the value that the poorest 0, 10, ..., 100 % of the customers hold */
    double gini;                      /* 0: all have the same; 1: one has all */
    double top_decile;                /* share that the richest tenth holds */
} tsr_concentration;

/**
 * Collective. Concentration of the column clv over the customers who have one, by groups and over all. Customers whose
 * values differ by less than 0.4 % count as equal, which changes a figure by less than 0.001.
 * Same on all ranks: all but span.
 *
 * @param customers  path of a table with segment and clv
 * @param k          groups
 * @param total      [k + 1] sums of the column, the last one over all; their size sets the unit of the sums here
 * @param[out] concentration  [k + 1], the last one: all
 * @return TSR_OK; TSR_EDATA; TSR_EIO; TSR_ENOMEM
 * Cost: one pass over two columns and 1.5 MiB per group, 16 groups at a time.
 */
tsr_status tsr_value_concentration(const tsr_comm *comm, const char *customers, const tsr_span *span, int32_t k,
                                   const double *total, tsr_concentration *concentration) TSR_NODISCARD;

#endif
