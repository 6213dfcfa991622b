/* AVX-512 with VNNI: multiplying and adding in one instruction. Written as such: from the intrinsic GCC 12 makes copies
 * of the sums, which take longer than the products. */
#include <immintrin.h>
#include <string.h>

#include "core/kernels.h"

#define PRODUCTS tsr_products_vnni

static inline __m512i ints_add_products(__m512i sum, __m512i a, __m512i b)
{
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
}

#include "core/products_wide.h"
