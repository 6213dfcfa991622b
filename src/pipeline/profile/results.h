/**
 * @file results.h
 * customers.h5: the result, one row per customer (DESIGN section 5).
 */
#ifndef TSR_RESULTS_H
#define TSR_RESULTS_H

#include "pipeline/profile/actions.h"
#include "pipeline/steps/steps.h"

/* All that a row of the result is made of; borrowed. */
typedef struct tsr_results_input {
    const tsr_input *input;
    const tsr_population *population;
    const tsr_segmentation *segmentation;
    const tsr_tiles *space;       /* what was clustered; NULL: nothing */
    const tsr_tiles *scores;      /* principal components; NULL: none */
    const tsr_rfm *rfm;           /* groups = 0: no money */
    const tsr_worth *worth;       /* not fitted: no value columns */
    const tsr_playbook *playbook; /* NULL: no action, no contact */
    int64_t as_of;                /* civil seconds */
} tsr_results_input;

/** Local. Is it the name of a column that customers.h5 may have? */
bool tsr_results_have(const char *name);

/**
 * Collective. Write customers.h5, by block.
 * @param[out] digest  of the table, free of row order
 * @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM
 */
tsr_status tsr_results_write(const tsr_comm *comm, const tsr_run *run, const tsr_results_input *input, const char *path,
                             uint8_t digest[TSR_DIGEST_SIZE]) TSR_NODISCARD;

#endif
