/**
 * @file kmeans_test.h
 * What the tests of K-means share: settings, and a fit as one number.
 */
#ifndef KMEANS_TEST_H
#define KMEANS_TEST_H

#include <string.h>

#include "mpi_test.h"
#include "tessera/kmeans.h"
#include "tessera/reduce.h"
#include "tiles_test.h"

enum { ROWS = 1500, COLS = 4 };

static const tsr_cluster_params usual = {.k = {3, 7},
                                         .restarts = 3,
                                         .sample = 400,
                                         .sample_criteria = 300,
                                         .gap_references = 4,
                                         .stability_pairs = 3,
                                         .max_iter = 300};

static inline tsr_cluster_params with_k(int64_t k)
{
    tsr_cluster_params params = usual;

    params.k = (tsr_range){k, k};
    return params;
}

/* Labels of all rows in their order, as one number. */
static inline uint64_t label_hash(const tsr_comm *comm, const tsr_tiles *tiles, const uint16_t *label)
{
    int64_t hash = 0;

    for (int64_t i = 0; i < tiles->span.rows; i++)
        hash += (int64_t)(test_hash((uint64_t)(tiles->span.first + i) + 1, &label[i], sizeof *label) >> 8);
    tsr_sum_int64(comm, &hash, 1);
    return (uint64_t)hash;
}

static inline uint64_t model_hash(const tsr_kmeans *m)
{
    uint64_t hash = test_hash((uint64_t)m->k, m->centroid, (size_t)(m->k * m->cols) * sizeof *m->centroid);

    hash = test_hash(hash, m->sums, (size_t)(m->k * m->cols) * sizeof *m->sums);
    hash = test_hash(hash, m->count, (size_t)m->k * sizeof *m->count);
    for (int32_t i = 0; i < m->candidates_n; i++) hash = test_hash(hash, &m->candidate[i].inertia, 6 * sizeof(double));
    return test_hash(hash, &m->iterations, sizeof m->iterations);
}

/* Sums and counts are those of the labels, labels are those of the centroids. */
static inline bool holds_together(const tsr_comm *comm, const tsr_kmeans *m, const tsr_tiles *tiles,
                                  const uint16_t *label)
{
    int64_t sums[64 * COLS] = {0}, count[64] = {0};
    uint16_t *again = NULL;
    bool right;

    for (int64_t i = 0; i < tiles->span.rows; i++) {
        int16_t row[COLS];
        tsr_tiles_row(tiles, i, row);
        count[label[i]]++;
        for (int j = 0; j < m->cols; j++) sums[label[i] * m->cols + j] += row[j];
    }
    tsr_sum_int64(comm, sums, m->k * m->cols);
    tsr_sum_int64(comm, count, m->k);
    right = memcmp(sums, m->sums, (size_t)(m->k * m->cols) * sizeof *sums) == 0 &&
            memcmp(count, m->count, (size_t)m->k * sizeof *count) == 0;
    if (tsr_kmeans_label(TSR_ISA_BASELINE, m, tiles, &again) != TSR_OK) return false;
    right &= memcmp(again, label, (size_t)tiles->span.rows * sizeof *label) == 0;
    tsr_free(&again);
    return right;
}

#endif
