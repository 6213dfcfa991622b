/* AVX2 and FMA: two registers hold the 16 lanes, twelve of the sixteen registers hold scores. */
#include <immintrin.h>
#include <string.h>

#include "core/kernels.h"

#define BLOCK   6
#define TILES   1
#define WIDTH   4
#define VECTORS 2
#define SUMS    4

typedef struct lanes {
    __m256 low, high;
} lanes;
typedef struct places {
    __m256i low, high;
} places;
typedef double doubles __attribute__((vector_size(4 * sizeof(double))));
typedef int64_t sums __attribute__((vector_size(4 * sizeof(int64_t))));

static inline lanes lanes_steps(const int16_t *value)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)value);
    return (lanes){_mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm256_castsi256_si128(v))),
                   _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm256_extracti128_si256(v, 1)))};
}

static inline lanes lanes_all(float v)
{
    return (lanes){_mm256_set1_ps(v), _mm256_set1_ps(v)};
}

static inline lanes lanes_minus_product(lanes s, lanes x, lanes c)
{
    return (lanes){_mm256_fnmadd_ps(x.low, c.low, s.low), _mm256_fnmadd_ps(x.high, c.high, s.high)};
}

static inline lanes lanes_plus_product(lanes s, lanes x, lanes c)
{
    return (lanes){_mm256_fmadd_ps(x.low, c.low, s.low), _mm256_fmadd_ps(x.high, c.high, s.high)};
}

static inline lanes lanes_larger(lanes a, lanes b)
{
    return (lanes){_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)};
}

static inline lanes lanes_smaller(lanes a, lanes b)
{
    return (lanes){_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)};
}

static inline lanes lanes_load(const float *value, int32_t n)
{
    static const int32_t some[] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
    const int32_t low = n < 8 ? n : 8, high = n - low;

    if (n == TSR_TILE_ROWS) return (lanes){_mm256_loadu_ps(value), _mm256_loadu_ps(value + 8)};
    return (lanes){_mm256_maskload_ps(value, _mm256_loadu_si256((const __m256i *)(some + 8 - low))),
                   _mm256_maskload_ps(value + low, _mm256_loadu_si256((const __m256i *)(some + 8 - high)))};
}

static inline doubles lanes_doubles(lanes x, const int piece)
{
    const __m256 half = piece < 2 ? x.low : x.high;

    return (doubles)_mm256_cvtps_pd(piece % 2 == 0 ? _mm256_castps256_ps128(half) : _mm256_extractf128_ps(half, 1));
}

static inline void doubles_round(const doubles *v, int16_t *to)
{
    for (int h = 0; h < 2; h++)
        _mm_storeu_si128((__m128i *)(to + 8 * h), _mm_packs_epi32(_mm256_cvtpd_epi32((__m256d)v[2 * h]),
                                                                  _mm256_cvtpd_epi32((__m256d)v[2 * h + 1])));
}

static inline void columns_store(const int16_t *from, int16_t *to)
{
    for (int j = 0; j < 16; j++)
        _mm256_stream_si256((__m256i *)(to + j * TSR_TILE_ROWS),
                            _mm256_loadu_si256((const __m256i *)(from + j * TSR_TILE_ROWS)));
}

static inline float lanes_least(lanes v)
{
    __m256 eight = _mm256_min_ps(v.low, v.high);
    __m128 some = _mm_min_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));

    some = _mm_min_ps(some, _mm_movehl_ps(some, some));
    return _mm_cvtss_f32(_mm_min_ss(some, _mm_movehdup_ps(some)));
}

static inline lanes lanes_second(lanes s, lanes best, lanes second)
{
    return (lanes){_mm256_min_ps(second.low, _mm256_max_ps(best.low, s.low)),
                   _mm256_min_ps(second.high, _mm256_max_ps(best.high, s.high))};
}

static inline void half_nearer(__m256 s, __m256i c, __m256 *best, __m256i *at)
{
    __m256 nearer = _mm256_cmp_ps(s, *best, _CMP_LT_OQ);

    *best = _mm256_blendv_ps(*best, s, nearer);
    *at = _mm256_blendv_epi8(*at, c, _mm256_castps_si256(nearer));
}

static inline void lanes_nearer(lanes s, int32_t c, lanes *best, places *at)
{
    __m256i place = _mm256_set1_epi32(c);

    half_nearer(s.low, place, &best->low, &at->low);
    half_nearer(s.high, place, &best->high, &at->high);
}

static inline void places_store(places p, uint16_t *label)
{
    __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(p.low, p.high), 0xd8);

    _mm256_storeu_si256((__m256i *)label, packed);
}

static inline doubles doubles_steps(const int16_t *value)
{
    return (doubles)_mm256_cvtepi32_pd(_mm_cvtepi16_epi32(_mm_loadl_epi64((const __m128i *)value)));
}

static inline sums sums_steps(const int16_t *value)
{
    return (sums)_mm256_cvtepi16_epi64(_mm_loadl_epi64((const __m128i *)value));
}

static inline __m128i half_same(const uint16_t *a, const uint16_t *b)
{
    return _mm_cmpeq_epi16(_mm_loadu_si128((const __m128i *)a), _mm_loadu_si128((const __m128i *)b));
}

static inline int list_moved(const uint16_t *fresh, const uint16_t *label, int32_t first, int32_t *at)
{
    const __m128i same = _mm_packs_epi16(half_same(fresh, label), half_same(fresh + 8, label + 8));
    int n = 0;

    for (int moved = 0xffff & ~_mm_movemask_epi8(same); moved != 0; moved &= moved - 1)
        at[n++] = first + __builtin_ctz((unsigned)moved);
    return n;
}

#include "core/transpose_x86.h"

#define PAIR_COLUMNS 1

typedef __m256i pairs;

static inline pairs pairs_load(const int32_t *sum, const int columns)
{
    (void)columns;
    return _mm256_loadu_si256((const __m256i *)sum);
}

static inline void pairs_store(pairs v, int32_t *sum, const int columns)
{
    (void)columns;
    _mm256_storeu_si256((__m256i *)sum, v);
}

static inline pairs pairs_add(pairs sum, const int16_t *value, const int16_t *mask, const int columns)
{
    (void)columns;
    return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_loadu_si256((const __m256i *)value),
                                                   _mm256_loadu_si256((const __m256i *)mask)));
}

#include "core/assign_kernel.h"

const tsr_kernels tsr_kernels_avx2 = {nearest, nearest_gap, update,   gather, longest, distance,
                                      project, measure,     quantise, put,    shuffle};
