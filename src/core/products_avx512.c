/* AVX-512: 32 rows in a register, 16 of 32 registers hold sums. */
#include <immintrin.h>
#include <string.h>

#include "core/kernels.h"

#define PRODUCTS tsr_products_avx512
#define LANES    32
#define BLOCK_I  4

typedef __m512i ints;

static inline ints ints_load(const int16_t *v)
{
    return _mm512_loadu_si512(v);
}

static inline ints ints_add_products(ints sum, ints a, ints b)
{
    return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
}

#include "core/products_kernel.h"
