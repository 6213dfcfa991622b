/* AVX2: 8 columns in a register, 8 of 16 registers hold sums. */
#include <immintrin.h>
#include <string.h>

#include "core/kernels.h"

#define PRODUCTS tsr_products_avx2
#define LANES    8

typedef __m256i ints;

static inline ints ints_load(const int32_t *v)
{
    return _mm256_loadu_si256((const __m256i *)v);
}

static inline ints ints_all(int32_t v)
{
    return _mm256_set1_epi32(v);
}

static inline ints ints_add_products(ints sum, ints a, ints b)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}

#include "core/products_kernel.h"
