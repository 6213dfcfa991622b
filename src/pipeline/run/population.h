/**
 * @file population.h
 * The customers of a run, dealt evenly: whole tiles of rows of features.h5, and their keys.
 */
#ifndef TSR_POPULATION_H
#define TSR_POPULATION_H

#include "pipeline/run/input.h"

typedef struct tsr_population {
    tsr_span span; /* rows of features.h5 of this rank */
    uint64_t *key; /* [span.rows] what random draws and ties go by; owned */
} tsr_population;

/**
 * Collective. Deal the rows of features.h5. Where that file holds no keys (privacy.keep_ids: false) they come from the
 * input by the rows' numbers.
 * @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM
 */
tsr_status tsr_population_read(const tsr_comm *comm, const tsr_input *input, const char *features,
                               tsr_population *population) TSR_NODISCARD;
void tsr_population_clear(tsr_population *population);

#endif
