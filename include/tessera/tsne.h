/**
 * @file tsne.h
 * t-SNE of a sample: a plane on which customers who are alike lie together (van der Maaten & Hinton, JMLR 2008).
 *
 * The forces are exact: every customer of the sample pushes every other one. Similarities are those of the
 * 3 x perplexity nearest neighbours, the rest counts as zero; with no more rows than that they are exact too. The start
 * is the first two principal components (Kobak & Berens, Nature Communications 2019), so that the large shape of the
 * picture means something. What lies between two clouds, and how wide they are, means nothing.
 *
 * Rows of the sample are dealt to ranks; a row's forces are summed in one order, in lanes of 16, whoever computes them.
 */
#ifndef TSR_TSNE_H
#define TSR_TSNE_H

#include "tessera/bundle.h"
#include "tessera/job.h"
#include "tessera/tiles.h"

#define TSR_TSNE_LEAST 16 /* customers: of fewer there is no picture */
#define TSR_TSNE_NEAR  10 /* neighbours of which a picture should keep many */

typedef struct tsr_tsne_params {
    int64_t sample;    /* customers; 0: no t-SNE */
    double perplexity; /* about how many neighbours each of them has; a third of the others at most */
    int64_t iterations;
    const tsr_checkpoint *checkpoint; /* no key of the job; NULL: none */
} tsr_tsne_params;

extern const tsr_key tsr_tsne_keys[];

typedef struct tsr_tsne {
    int64_t rows;      /* of the sample; 0: too few, there is no picture */
    int64_t *row;      /* [rows] their numbers in the whole matrix */
    double *place;     /* [rows][2] */
    double perplexity; /* as used */
    double divergence; /* of Kullback and Leibler, in nats: 0 would be perfect */
    double kept; /* share of the TSR_TSNE_NEAR nearest neighbours on the plane who are nearest neighbours indeed */
} tsr_tsne;

/**
 * Collective. Same on all ranks: params, seed, tiles->cols, tiles->step.
 * @param tiles      the space whose neighbours count
 * @param[out] tsne  the same on all ranks; tsr_tsne_clear()
 * @return TSR_OK; TSR_EINTR (checkpoint kept); TSR_ENOMEM; what the checkpoint's save returns
 * Cost: rows^2 x iterations / ranks steps of about a nanosecond with AVX-512, twice that with AVX2; memory on each rank
 *       rows x (16 x cols + 36 x perplexity + 150) bytes.
 */
tsr_status tsr_tsne_run(const tsr_comm *comm, const tsr_tsne_params *params, uint64_t seed, const tsr_tiles *tiles,
                        tsr_tsne *tsne) TSR_NODISCARD;

/** Local. Frees what tsne owns; a second call does nothing. */
void tsr_tsne_clear(tsr_tsne *tsne);

/** Local. To and from /tsne/... of a bundle. */
tsr_status tsr_tsne_save(const tsr_tsne *tsne, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_tsne_load(const tsr_bundle *bundle, tsr_tsne *tsne) TSR_NODISCARD;

#endif
