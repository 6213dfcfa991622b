/**
 * @file value/histories/histories.h
 * What a fit looks at: the distinct purchase histories of all customers with their numbers, read from features.h5.
 *
 * Equal histories are merged over all ranks and dealt out again by a hash, so that a fit costs what the distinct ones
 * cost, evenly over ranks. Sums over them are exact, so it does not matter which rank holds which.
 */
#ifndef TSR_VALUE_HISTORIES_H
#define TSR_VALUE_HISTORIES_H

#include "tessera/rows.h"
#include "tessera/value.h"

/* Distinct histories of this rank, rising by (x, tx, t); with covariates, by (z, x, tx, t), distinct on this rank. */
typedef struct tsr_histories {
    int64_t n;
    int32_t *x;                          /* [n] repeat purchase days */
    double *tx, *t;                      /* [n] in time units */
    int64_t *count;                      /* [n] customers */
    int64_t customers, distinct, repeat; /* over all ranks; repeat: customers with x > 0 */
    int64_t t_zero;                      /* customers with t = 0, over all ranks */
    double t_max;                        /* over all ranks, time units */
    int32_t covariates;                  /* columns of z */
    int64_t *z;                          /* [n][covariates] as tsr_covariate_z() says; NULL: none */
} tsr_histories;

/** Local. How many histories from @p first on have its covariates: all the rest where there are none. */
int64_t tsr_histories_alike(const tsr_histories *h, int64_t first);

/** Local. A borrowed part of the histories, without covariates. */
tsr_histories tsr_histories_part(const tsr_histories *h, int64_t first, int64_t n);

/* Distinct spends of this rank, rising by (x, total): customers with x > 0 and a positive total. */
typedef struct tsr_spends {
    int64_t n;
    int32_t *x;
    double *total; /* [n] money of the x repeat purchase days, currency units */
    int64_t *count;
    int64_t customers, distinct; /* over all ranks */
} tsr_spends;

/**
 * Collective. Read one period of features.h5 block by block and merge. Same on all ranks: all but span.
 * @param[out] histories, spends  free with the functions below, also after a failure
 * @return TSR_OK; TSR_EDATA (columns missing or inconsistent); TSR_EIO; TSR_ENOMEM
 */
tsr_status tsr_histories_read(const tsr_comm *comm, const char *features, const tsr_span *span, tsr_value_period period,
                              double unit_days, int32_t money_scale, tsr_histories *histories,
                              tsr_spends *spends) TSR_NODISCARD;
/**
 * Collective. Of very many histories a sample of about 8,192, chosen by what they are: the same one whatever rank has
 * which. A search finds its way on it and looks at all of them in the end. Of fewer than three times as many: none.
 * Same on all ranks: nothing. @param[out] pilot  clear as the others; customers = 0: none. @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_histories_pilot(const tsr_comm *comm, const tsr_histories *h, tsr_histories *pilot) TSR_NODISCARD;
tsr_status tsr_spends_pilot(const tsr_comm *comm, const tsr_spends *s, tsr_spends *pilot) TSR_NODISCARD;

void tsr_histories_clear(tsr_histories *histories);
void tsr_spends_clear(tsr_spends *spends);

/* One block of the columns of a period: the buffers of a reader. */
typedef struct tsr_period_block {
    int32_t *x, *tx_days, *t_days; /* [TSR_BLOCK_ROWS] */
    int64_t *spend;
    const tsr_covariates *covariates; /* borrowed; NULL: none are read */
    double *y;                        /* [TSR_BLOCK_ROWS][covariates->n] as they are; NaN: missing */
} tsr_period_block;

/** Local. @param covariates  their names are used; NULL or n = 0: none. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_period_block_create(const tsr_covariates *covariates, tsr_period_block *block) TSR_NODISCARD;
void tsr_period_block_clear(tsr_period_block *block);

/** Local. Covariates of customer i of the block; NULL: there are none. */
const double *tsr_period_block_covariates(const tsr_period_block *block, int64_t i);

/** Local. Read and check rows first .. first + rows - 1 of the table. @return TSR_OK; TSR_EDATA; TSR_EIO */
tsr_status tsr_period_block_read(const tsr_table *table, tsr_value_period period, int64_t first, int64_t rows,
                                 tsr_period_block *block) TSR_NODISCARD;

#endif
