/* AVX-512 without VNNI. */
#include <immintrin.h>
#include <string.h>

#include "core/kernels.h"

#define PRODUCTS tsr_products_avx512

static inline __m512i ints_add_products(__m512i sum, __m512i a, __m512i b)
{
    return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
}

#include "core/products_wide.h"
