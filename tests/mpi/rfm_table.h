/**
 * @file rfm_table.h
 * Customers whose RFM scores are tested, as a features.h5.
 */
#ifndef TSR_TEST_RFM_TABLE_H
#define TSR_TEST_RFM_TABLE_H

#include "mpi/value_mpi.h"
#include "mpi/value_table.h"
#include "mpi_test.h"
#include "tessera/rfm.h"

typedef struct customer {
    int32_t recency_days, orders;
    int64_t revenue;
} customer;

enum { CUSTOMERS_MAX = 5000 };
static customer customers[CUSTOMERS_MAX];
static uint64_t keys[CUSTOMERS_MAX];

static const value_column columns[] = {{"recency_days", TSR_I32, &customers[0].recency_days, sizeof customers[0]},
                                       {"orders", TSR_I32, &customers[0].orders, sizeof customers[0]},
                                       {"revenue", TSR_I64, &customers[0].revenue, sizeof customers[0]}};

/* Collective. Fit to the first `rows` of `customers`. */
static inline tsr_status fit_params(const tsr_comm *comm, const tsr_rfm_params *params, int64_t rows, int shape,
                                    int32_t money_scale, tsr_rfm *rfm)
{
    tsr_span span = span_shape(comm, shape, rows);

    for (int64_t i = 0; i < rows; i++) keys[i] = 1000 + 3 * (uint64_t)i;
    CHECK_ALL(comm, write_features(comm, path, columns, 3, rows) == TSR_OK);
    return tsr_rfm_fit(comm, params, path, &span, keys + span.first, money_scale, rfm);
}

static inline tsr_status fit(const tsr_comm *comm, const char *name, int64_t rows, int shape, int32_t money_scale,
                             tsr_rfm *rfm)
{
    tsr_rfm_params params = {.scheme = (char *)name};

    return fit_params(comm, &params, rows, shape, money_scale, rfm);
}

static inline int64_t count_of(const tsr_rfm *rfm, const char *name)
{
    for (int32_t i = 0; i < rfm->groups; i++)
        if (strcmp(rfm->name[i], name) == 0) return rfm->count[i];
    return -1;
}

static inline bool same_fit(const tsr_rfm *a, const tsr_rfm *b)
{
    return memcmp(a->axis, b->axis, sizeof a->axis) == 0 && memcmp(a->count, b->count, sizeof a->count) == 0 &&
           memcmp(a->cell_count, b->cell_count, sizeof a->cell_count) == 0 &&
           memcmp(&a->weights, &b->weights, sizeof a->weights) == 0 && a->customers == b->customers;
}

#endif
