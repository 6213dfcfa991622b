/* AVX-512: one register holds the 16 lanes; 16 of 32 registers hold scores. */
#include <immintrin.h>
#include <string.h>

#include "core/kernels.h"

#define BLOCK   8
#define TILES   2
#define WIDTH   8
#define VECTORS 4
#define SUMS    8

typedef __m512 lanes;
typedef __m512i places;
typedef double doubles __attribute__((vector_size(8 * sizeof(double))));
typedef int64_t sums __attribute__((vector_size(8 * sizeof(int64_t))));

static inline lanes lanes_steps(const int16_t *value)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)value)));
}

static inline lanes lanes_all(float v)
{
    return _mm512_set1_ps(v);
}

static inline lanes lanes_minus_product(lanes s, lanes x, lanes c)
{
    return _mm512_fnmadd_ps(x, c, s);
}

static inline lanes lanes_plus_product(lanes s, lanes x, lanes c)
{
    return _mm512_fmadd_ps(x, c, s);
}

static inline lanes lanes_larger(lanes a, lanes b)
{
    return _mm512_max_ps(a, b);
}

static inline lanes lanes_smaller(lanes a, lanes b)
{
    return _mm512_min_ps(a, b);
}

static inline lanes lanes_load(const float *value, int32_t n)
{
    return n == TSR_TILE_ROWS ? _mm512_loadu_ps(value) : _mm512_maskz_loadu_ps((__mmask16)((1U << n) - 1), value);
}

static inline doubles lanes_doubles(lanes x, const int piece)
{
    return (doubles)_mm512_cvtps_pd(piece == 0 ? _mm512_castps512_ps256(x) : _mm512_extractf32x8_ps(x, 1));
}

static inline void doubles_round(const doubles *v, int16_t *to)
{
    __m256i low = _mm512_cvtpd_epi32((__m512d)v[0]), high = _mm512_cvtpd_epi32((__m512d)v[1]);

    _mm256_storeu_si256((__m256i *)to, _mm512_cvtepi32_epi16(_mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1)));
}

static inline void columns_store(const int16_t *from, int16_t *to)
{
    for (int j = 0; j < 16; j++)
        _mm256_stream_si256((__m256i *)(to + j * TSR_TILE_ROWS),
                            _mm256_loadu_si256((const __m256i *)(from + j * TSR_TILE_ROWS)));
}

static inline float lanes_least(lanes v)
{
    return _mm512_reduce_min_ps(v);
}

static inline lanes lanes_second(lanes s, lanes best, lanes second)
{
    return _mm512_min_ps(second, _mm512_max_ps(best, s));
}

static inline void lanes_nearer(lanes s, int32_t c, lanes *best, places *at)
{
    __mmask16 nearer = _mm512_cmp_ps_mask(s, *best, _CMP_LT_OQ);

    *best = _mm512_mask_mov_ps(*best, nearer, s);
    *at = _mm512_mask_set1_epi32(*at, nearer, c);
}

static inline void places_store(places p, uint16_t *label)
{
    _mm256_storeu_si256((__m256i *)label, _mm512_cvtepi32_epi16(p));
}

static inline doubles doubles_steps(const int16_t *value)
{
    return (doubles)_mm512_cvtepi32_pd(_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)value)));
}

static inline sums sums_steps(const int16_t *value)
{
    return (sums)_mm512_cvtepi16_epi64(_mm_loadu_si128((const __m128i *)value));
}

static inline int list_moved(const uint16_t *fresh, const uint16_t *label, int32_t first, int32_t *at)
{
    const __m512i row = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __mmask16 moved = _mm256_cmpneq_epi16_mask(_mm256_loadu_si256((const __m256i *)fresh),
                                                     _mm256_loadu_si256((const __m256i *)label));

    _mm512_storeu_si512(at, _mm512_maskz_compress_epi32(moved, _mm512_add_epi32(row, _mm512_set1_epi32(first))));
    return __builtin_popcount(moved);
}

#include "core/transpose_x86.h"

#define PAIR_COLUMNS 2

typedef __m512i pairs;

static inline pairs pairs_load(const int32_t *sum, const int columns)
{
    return columns == 2 ? _mm512_loadu_si512(sum) : _mm512_zextsi256_si512(_mm256_loadu_si256((const __m256i *)sum));
}

static inline void pairs_store(pairs v, int32_t *sum, const int columns)
{
    if (columns == 2)
        _mm512_storeu_si512(sum, v);
    else
        _mm256_storeu_si256((__m256i *)sum, _mm512_castsi512_si256(v));
}

static inline pairs pairs_add(pairs sum, const int16_t *value, const int16_t *mask, const int columns)
{
    const __m512i x =
        columns == 2 ? _mm512_loadu_si512(value) : _mm512_zextsi256_si512(_mm256_loadu_si256((const __m256i *)value));
    const __m512i m = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)mask));

    return _mm512_add_epi32(sum, _mm512_madd_epi16(x, m));
}

#include "core/assign_kernel.h"

const tsr_kernels tsr_kernels_avx512 = {nearest, nearest_gap, update,   gather, longest, distance,
                                        project, measure,     quantise, put,    shuffle};
