/*
 * The functions of maths.h over arrays: SLEEF's finz family gives each element the bits of the scalar call, whatever
 * the width of the vectors, so the widest one that runs here is taken.
 */
#include "tessera/maths.h"

#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET_4 __attribute__((target("avx2,fma")))
#define TARGET_8 __attribute__((target("avx512f")))

static int32_t widest(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f")) return 8;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 4 : 1;
}

#define BLOCK(own, name)                                                                                               \
    TARGET_4 __m256d Sleef_finz_##name##d4_u10avx2(__m256d x);                                                         \
    TARGET_8 __m512d Sleef_finz_##name##d8_u10avx512f(__m512d x);                                                      \
    TARGET_4 static int64_t name##_by_4(double *x, int64_t n)                                                          \
    {                                                                                                                  \
        int64_t i = 0;                                                                                                 \
        for (; i + 4 <= n; i += 4) _mm256_storeu_pd(x + i, Sleef_finz_##name##d4_u10avx2(_mm256_loadu_pd(x + i)));     \
        return i;                                                                                                      \
    }                                                                                                                  \
    TARGET_8 static int64_t name##_by_8(double *x, int64_t n)                                                          \
    {                                                                                                                  \
        int64_t i = 0;                                                                                                 \
        for (; i + 8 <= n; i += 8) _mm512_storeu_pd(x + i, Sleef_finz_##name##d8_u10avx512f(_mm512_loadu_pd(x + i)));  \
        return i;                                                                                                      \
    }                                                                                                                  \
    static int64_t name##_by_vectors(int32_t width, double *x, int64_t n)                                              \
    {                                                                                                                  \
        return width == 8 ? name##_by_8(x, n) : width == 4 ? name##_by_4(x, n) : 0;                                    \
    }                                                                                                                  \
    BLOCK_SCALAR(own, name)

#else

static int32_t widest(void)
{
    return 1;
}

#define BLOCK(own, name)                                                                                               \
    static int64_t name##_by_vectors(int32_t width, double *x, int64_t n)                                              \
    {                                                                                                                  \
        (void)width, (void)x, (void)n;                                                                                 \
        return 0;                                                                                                      \
    }                                                                                                                  \
    BLOCK_SCALAR(own, name)

#endif

static int32_t width_now;

int32_t tsr_maths_width(int32_t at_most)
{
    int32_t best = widest();

    width_now = at_most >= 8 && best == 8 ? 8 : at_most >= 4 && best >= 4 ? 4 : 1;
    return width_now;
}

int32_t tsr_maths_width_now(void)
{
    return width_now > 0 ? width_now : tsr_maths_width(8);
}

#define WIDEST 8

/* What is left over at the end goes through a vector too, filled up; or, alone or where there are no vectors, one by
 * one. */
#define BLOCK_SCALAR(own, name)                                                                                        \
    void tsr_##own##_block(double *x, int64_t n)                                                                       \
    {                                                                                                                  \
        int32_t width = tsr_maths_width_now();                                                                         \
        int64_t done = name##_by_vectors(width, x, n);                                                                 \
        if (width > 1 && n - done > 1) {                                                                               \
            double rest[WIDEST] = {0};                                                                                 \
            memcpy(rest, x + done, (size_t)(n - done) * sizeof *x);                                                    \
            name##_by_vectors(width, rest, width);                                                                     \
            memcpy(x + done, rest, (size_t)(n - done) * sizeof *x);                                                    \
            done = n;                                                                                                  \
        }                                                                                                              \
        for (int64_t i = done; i < n; i++) x[i] = tsr_##own(x[i]);                                                     \
    }

BLOCK(exp, exp)
BLOCK(expm1, expm1)
BLOCK(log, log)
BLOCK(log1p, log1p)
