/**
 * @file rng.h
 * Counter-based random numbers (Philox 4x32-10, Salmon et al., SC'11): a draw is a function of (seed, stream, key,
 * counter), never of rank, row or time.
 */
#ifndef TSR_RNG_H
#define TSR_RNG_H

#include <stdint.h>

/* One number per purpose, so that no two purposes share draws. Append only: a change changes results. */
typedef enum tsr_stream {
    TSR_STREAM_SAMPLE = 1,     /* which customers are in the sample */
    TSR_STREAM_SEED = 2,       /* starting centroids */
    TSR_STREAM_SYNTH = 3,      /* synthetic population */
    TSR_STREAM_QUALITY = 4,    /* sample of the silhouette */
    TSR_STREAM_GAP = 5,        /* reference sets of the gap statistic */
    TSR_STREAM_HALF = 6,       /* half-samples of stability */
    TSR_STREAM_INTERVAL = 7,   /* parameters around a fit, and the customers who are scored with them */
    TSR_STREAM_PARALLEL = 8,   /* candidates of kmeans|| */
    TSR_STREAM_BOOTSTRAP = 11, /* samples of a forest's trees */
    TSR_STREAM_COLUMNS = 12,   /* columns that a node of a tree tries */
    TSR_STREAM_CONTROL = 13,   /* who is left alone by actions */
    TSR_STREAM_TEST = 14,      /* customers held back from learning */
    TSR_STREAM_PERMUTE = 15,   /* values put in place of a column */
    TSR_STREAM_JITTER = 16,    /* where t-SNE starts */
    TSR_STREAM_FAULT = 255     /* failures on purpose: no result depends on it. Streams are below 256 */
} tsr_stream;

/** Local. The raw block function: 128 bits from a 128-bit counter and a 64-bit key. */
void tsr_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/** Local. 64 bits for (seed, stream, key, draw). Stateless. */
uint64_t tsr_draw(uint64_t seed, tsr_stream stream, uint64_t key, uint64_t draw);

/** Local. The same as a number in [0, 1) with 53 bits. */
double tsr_draw_uniform(uint64_t seed, tsr_stream stream, uint64_t key, uint64_t draw);

/* A run of draws for one key: what a generator of gamma or normal numbers needs. Plain data; start with draw = 0. */
typedef struct tsr_rng {
    uint64_t seed, key, draw;
    tsr_stream stream;
} tsr_rng;

/** Local. Uniform in (0, 1): never 0, so that its logarithm exists. Advances the run by one. */
double tsr_rng_open(tsr_rng *rng);

/** Local. Standard normal (Box-Muller with deterministic mathematics). Advances the run by two. */
double tsr_rng_normal(tsr_rng *rng);

/** Local. Gamma with @p shape > 0 and rate 1 (Marsaglia & Tsang, 2000). Advances the run by a varying number. */
double tsr_rng_gamma(tsr_rng *rng, double shape);

/** Local. Beta(a, b), a and b > 0, from two gammas. */
double tsr_rng_beta(tsr_rng *rng, double a, double b);

/** Local. Exponential with rate 1. */
double tsr_rng_exponential(tsr_rng *rng);

#endif
