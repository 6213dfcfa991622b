/**
 * @file value/fit/maximize.h
 * Maximum likelihood over ranks: a quasi-Newton search on the root, exact sums everywhere.
 *
 * A search moves u = theta - origin, where theta are (logarithms of) parameters and origin takes out their units.
 * Beyond |u| = TSR_WALL a soft wall rises: a likelihood that grows for ever along a direction ends there, converged,
 * and the caller sees the parameter at the wall.
 */
#ifndef TSR_VALUE_MAXIMIZE_H
#define TSR_VALUE_MAXIMIZE_H

#include "tessera/comm.h"
#include "tessera/exact.h"

#define TSR_MAXIMIZE_PARAMETERS 32 /* a multiple of 8, as the library of the search wants */
#define TSR_WALL                10.0

/* Log-likelihoods and their derivatives per customer, in units of 2^-40: up to 4 million. */
#define TSR_LIKELIHOOD_SCALE 40

/* |gradient| per customer at which a search has converged. */
#define TSR_CONVERGED 1e-7

/** Local. Add this rank's terms at theta: sums[0] the log-likelihood, sums[1 + j] its derivative in theta[j].
 *  @param pilot  of the sample, not of all */
typedef void (*tsr_likelihood)(void *context, bool pilot, const double *theta, tsr_fixed *sums);

typedef struct tsr_search {
    tsr_likelihood likelihood;
    void *context;
    int32_t n;               /* parameters */
    int32_t coefficients;    /* the last of them */
    int64_t customers;       /* over all ranks: the likelihood is searched per customer */
    int64_t pilot_customers; /* the same of the sample on which the way is found; 0: there is none */
    double origin[TSR_MAXIMIZE_PARAMETERS];
    const double (*start)[TSR_MAXIMIZE_PARAMETERS]; /* [starts] values of u: the first; the others if it fails */
    int32_t starts;
} tsr_search;

typedef struct tsr_maximum {
    double theta[TSR_MAXIMIZE_PARAMETERS];
    double log_likelihood; /* NaN: none of the starts could be evaluated */
    double gradient;       /* largest |derivative| per customer */
    int64_t evaluations;
    bool converged;
    bool at_limit[TSR_MAXIMIZE_PARAMETERS]; /* ran to the wall, or may be anywhere: the data does not bound it */
    bool has_covariance;                    /* false: the likelihood is no peak there */
    double covariance[TSR_MAXIMIZE_PARAMETERS][TSR_MAXIMIZE_PARAMETERS]; /* of theta: inverse of minus the second
                                                                            derivatives; 0 for those at a limit, which
                                                                            are held */
} tsr_maximum;

/**
 * Collective. Same on all ranks: all of @p search but what context holds.
 * @return TSR_OK, also where it did not converge; TSR_ENOMEM
 * Cost per evaluation: this rank's terms and one reduction of n + 1 sums. Second derivatives take 2 n evaluations.
 */
tsr_status tsr_maximize(const tsr_comm *comm, const tsr_search *search, tsr_maximum *maximum) TSR_NODISCARD;

#endif
