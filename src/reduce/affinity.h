/**
 * @file affinity.h
 * Who is alike: nearest neighbours in a sample that stands whole on every rank, and the similarities of t-SNE.
 */
#ifndef TSR_AFFINITY_H
#define TSR_AFFINITY_H

#include "tessera/tiles.h"

/* Rows first .. first + rows - 1 of a sparse symmetric matrix, whose sum over all ranks is 1. */
typedef struct tsr_affinity {
    tsr_span span;  /* rows of this rank */
    int64_t *start; /* [rows + 1] */
    int32_t *at;    /* [start[rows]] columns, rising in a row */
    double *p;      /* [start[rows]] */
} tsr_affinity;

/**
 * Collective. p = (p_j|i + p_i|j) / 2n, where p_j|i falls with the squared distance as a Gaussian does, as wide as
 * gives the row the @p perplexity, over its 3 x perplexity nearest neighbours (ties: the row that follows sooner). Same
 * on all ranks: all arguments.
 * @param sample  the same on every rank
 * @param perplexity  1 .. (rows - 1) / 3
 * @param[out] affinity  tsr_affinity_clear()
 * @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_affinity_find(const tsr_comm *comm, const tsr_tiles *sample, double perplexity,
                             tsr_affinity *affinity) TSR_NODISCARD;
void tsr_affinity_clear(tsr_affinity *affinity);

/**
 * Collective. Of the @p near nearest neighbours of each row on the plane, the share who are no farther away in the
 * sample than the near-th nearest of the row is. @param place  [rows][2]. @return TSR_OK; TSR_ENOMEM
 */
tsr_status tsr_affinity_kept(const tsr_comm *comm, const tsr_tiles *sample, const double *place, int32_t near,
                             double *kept) TSR_NODISCARD;

/**
 * Local. The conditional similarities of one row.
 * @param[in,out] value  [n] squared distances, on return p_j|i, whose sum is 1
 * @param work           [n]
 */
void tsr_affinity_row(double *value, int32_t n, double perplexity, double *work);

#endif
