#include "tessera/rng.h"

#include <math.h>

#include "tessera/maths.h"

#define TWO_PI 6.283185307179586

void tsr_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];

    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53U * c0, b = (uint64_t)0xCD9E8D57U * c2;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)b;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)a;
        k0 += 0x9E3779B9U;
        k1 += 0xBB67AE85U;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

uint64_t tsr_draw(uint64_t seed, tsr_stream stream, uint64_t key, uint64_t draw)
{
    /* Streams are below 256: the last word also holds what of the draw's number does not fit the third. */
    uint32_t counter[4] = {(uint32_t)key, (uint32_t)(key >> 32), (uint32_t)draw,
                           (uint32_t)stream | (uint32_t)(draw >> 32) << 8};
    uint32_t words[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t out[4];

    tsr_philox(counter, words, out);
    return (uint64_t)out[1] << 32 | out[0];
}

double tsr_draw_uniform(uint64_t seed, tsr_stream stream, uint64_t key, uint64_t draw)
{
    return (double)(tsr_draw(seed, stream, key, draw) >> 11) * 0x1p-53;
}

double tsr_rng_open(tsr_rng *rng)
{
    uint64_t bits = tsr_draw(rng->seed, rng->stream, rng->key, rng->draw++);

    return ((double)(bits >> 12) + 0.5) * 0x1p-52;
}

double tsr_rng_normal(tsr_rng *rng)
{
    double u = tsr_rng_open(rng), v = tsr_rng_open(rng);

    return sqrt(-2.0 * tsr_log(u)) * tsr_cos(TWO_PI * v);
}

double tsr_rng_gamma(tsr_rng *rng, double shape)
{
    double boost = 1.0;

    if (shape < 1.0) { /* G(a) = G(a + 1) U^(1/a) */
        boost = tsr_exp(tsr_log(tsr_rng_open(rng)) / shape);
        shape += 1.0;
    }
    double d = shape - 1.0 / 3.0, c = 1.0 / sqrt(9.0 * d);
    for (;;) {
        double x = tsr_rng_normal(rng), t = 1.0 + c * x;
        if (t <= 0.0) continue;
        double v = t * t * t;
        if (tsr_log(tsr_rng_open(rng)) < 0.5 * x * x + d - d * v + d * tsr_log(v)) return d * v * boost;
    }
}

double tsr_rng_beta(tsr_rng *rng, double a, double b)
{
    double x = tsr_rng_gamma(rng, a), y = tsr_rng_gamma(rng, b);

    if (x + y > 0.0) return x / (x + y);
    /* Both below the smallest double: with a and b that small all mass lies at the ends. */
    return tsr_rng_open(rng) * (a + b) < a ? 1.0 : 0.0;
}

double tsr_rng_exponential(tsr_rng *rng)
{
    return -tsr_log(tsr_rng_open(rng));
}
