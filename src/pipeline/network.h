/**
 * @file network.h
 * What messages between ranks cost: the LogGP model with three terms, for forecasts (plan.c). bench/scaling measures
 * the terms of a machine and uses the same formulas (bench/scaling.py).
 */
#ifndef TSR_NETWORK_H
#define TSR_NETWORK_H

typedef struct tsr_network {
    double latency;          /* seconds of one hop of an empty message, with the overheads of both ends: L + 2 o */
    double seconds_per_byte; /* of a long message: G */
    double seconds_per_sum;  /* per byte added to a sum of a reduction: gamma */
    double jitter;           /* standard deviation of a rank's time for equal work, as a share of it */
} tsr_network;

/**
 * Local. Seconds of one allreduce of @p bytes over @p ranks: the faster of recursive doubling, r (L + m (G + gamma)),
 * and Rabenseifner's halving and doubling, 2 r L + (P - 1) / P m (2 G + gamma); r = ceil(log2 P), m = bytes. 0 for one
 * rank.
 */
double tsr_network_allreduce(const tsr_network *network, double bytes, int ranks);

/** Local. Seconds that ranks wait for the slowest of them, where each works @p seconds: jitter x sqrt(2 ln P). */
double tsr_network_straggle(const tsr_network *network, double seconds, int ranks);

#endif
