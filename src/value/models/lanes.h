/**
 * @file value/models/lanes.h
 * Loops over customers, eight at a time, for vectors of whatever width the processor has.
 *
 * Without fused operations (the build forbids them) each lane has the same bits whatever the width.
 */
#ifndef TSR_VALUE_LANES_H
#define TSR_VALUE_LANES_H

#include <stdint.h>
#include <string.h>

#include "tessera/maths.h"

#define TSR_LANES 8

typedef double tsr_lanes __attribute__((vector_size(TSR_LANES * sizeof(double))));

#define TSR_INLINE static inline __attribute__((always_inline))

/* Makes `void name parameters` of `TSR_INLINE void name_at_width parameters`: compiled for each width, and the one in
 * use is called. */
#if defined(__x86_64__)
#define TSR_AT_ALL_WIDTHS(name, parameters, arguments)                                                                 \
    __attribute__((target("avx2"))) static void name##_by_4 parameters                                                 \
    {                                                                                                                  \
        name##_at_width arguments;                                                                                     \
    }                                                                                                                  \
    __attribute__((target("avx512f"))) static void name##_by_8 parameters                                              \
    {                                                                                                                  \
        name##_at_width arguments;                                                                                     \
    }                                                                                                                  \
    static void name parameters                                                                                        \
    {                                                                                                                  \
        int32_t width = tsr_maths_width_now();                                                                         \
        if (width == 8)                                                                                                \
            name##_by_8 arguments;                                                                                     \
        else if (width == 4)                                                                                           \
            name##_by_4 arguments;                                                                                     \
        else                                                                                                           \
            name##_at_width arguments;                                                                                 \
    }
#else
#define TSR_AT_ALL_WIDTHS(name, parameters, arguments)                                                                 \
    static void name parameters                                                                                        \
    {                                                                                                                  \
        name##_at_width arguments;                                                                                     \
    }
#endif

/**
 * Local. Sums of a few Chebyshev series at TSR_LANES places by Clenshaw's recurrence, all series together, since a
 * single one would wait for its own last step.
 * @param series  constant where it is called
 * @param coefficient  [series][stride]
 * @param z  [TSR_LANES] -1..1
 * @param[out] sum  [series]
 */
TSR_INLINE void tsr_chebyshev_lanes(int series, const double *coefficient, int32_t stride, int32_t terms,
                                    const double *z, tsr_lanes *sum)
{
    tsr_lanes next[8] = {{0}}, after[8] = {{0}}, here, twice;

    memcpy(&here, z, sizeof here);
    twice = here + here;
    for (int32_t j = terms - 1; j > 0; j--)
#pragma GCC unroll 8
        for (int q = 0; q < series; q++) {
            tsr_lanes now = coefficient[q * stride + j] - after[q] + twice * next[q];
            after[q] = next[q];
            next[q] = now;
        }
#pragma GCC unroll 8
    for (int q = 0; q < series; q++) sum[q] = coefficient[q * stride] - after[q] + here * next[q];
}

#endif
