#include "pipeline/network.h"

#include <math.h>

#include "tessera/maths.h"

double tsr_network_allreduce(const tsr_network *network, double bytes, int ranks)
{
    const double share = ranks > 1 ? (ranks - 1.0) / ranks : 0;
    int hops = 0;

    while (1LL << hops < ranks) hops++;
    double doubling = hops * (network->latency + bytes * (network->seconds_per_byte + network->seconds_per_sum));
    double halving =
        2 * hops * network->latency + share * bytes * (2 * network->seconds_per_byte + network->seconds_per_sum);
    return fmin(doubling, halving);
}

double tsr_network_straggle(const tsr_network *network, double seconds, int ranks)
{
    return ranks > 1 ? network->jitter * seconds * sqrt(2 * tsr_log(ranks)) : 0;
}
