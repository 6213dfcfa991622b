/**
 * @file names.h
 * Names for segments, from what they are like.
 *
 * Rules are data: a TSV file of rule and name. A rule (rule.h) speaks of features by name, in standard deviations by
 * which the segment's mean lies above that of all customers (as clustered: of the logarithm, where one was taken), and
 * of the shares `share`, `revenue_share`, `buyers_share`, `churn_risk` and `p_alive`. What a run does not have is
 * missing. Segments take their turn from the first on: each takes the first name whose rule holds and that no other
 * has; else what it would be called (or nothing) with the features by which it differs most.
 */
#ifndef TSR_NAMES_H
#define TSR_NAMES_H

#include "tessera/playbook.h"

#define TSR_DISTINCT 0.25 /* standard deviations from which on a feature says something of a segment */

/* What segments are like. Variables first .. features - 1 are features, the others shares. */
typedef struct tsr_likeness {
    int32_t k, n, features;      /* segments, variables, those of them that are features */
    const char *const *variable; /* [n] names */
    const double *value;         /* [k][n]; NaN: missing */
} tsr_likeness;

/**
 * Collective. Same on all ranks: all.
 * @param path       NULL: the names of the house
 * @param known      is there such a variable, in this run or in others?
 * @param[out] name  new [k][TSR_NAME_BYTES], all different; tsr_free()
 * @return TSR_OK; TSR_EIO; TSR_ECONF (file, line, column, what is wrong); TSR_ENOMEM
 */
tsr_status tsr_names_give(const tsr_comm *comm, const char *path, tsr_column_known known, void *context,
                          const tsr_likeness *likeness, char (**name)[TSR_NAME_BYTES]) TSR_NODISCARD;

/** Local. The same with the rules in a text, which is cut. @param source  for messages */
tsr_status tsr_names_from(const char *source, char *text, tsr_column_known known, void *context,
                          const tsr_likeness *likeness, char (**name)[TSR_NAME_BYTES]) TSR_NODISCARD;

/** Local. Features of a segment by the size of their difference, largest first, the first of equals: at most @p most
 *  of at least TSR_DISTINCT. @param[out] feature  [most]. @return how many */
int32_t tsr_likeness_top(const tsr_likeness *likeness, int32_t segment, int32_t most, int32_t *feature);

#endif
