/**
 * @file products_wide.h
 * Registers of AVX-512 for products_kernel.h: 16 columns in a register, 16 of 32 registers hold sums.
 */
#define LANES 16

typedef __m512i ints;

static inline ints ints_load(const int32_t *v)
{
    return _mm512_loadu_si512(v);
}

static inline ints ints_all(int32_t v)
{
    return _mm512_set1_epi32(v);
}

#include "core/products_kernel.h"
