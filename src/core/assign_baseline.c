/* For any processor. Where it has no fused multiply-add, fmaf of the C library rounds once in software: right, and
 * slow. */
#include <math.h>
#include <string.h>

#include "core/kernels.h"

#define BLOCK   4
#define TILES   1
#define WIDTH   2
#define VECTORS 1
#define SUMS    2

typedef struct lanes {
    float at[TSR_TILE_ROWS];
} lanes;
typedef struct places {
    int32_t at[TSR_TILE_ROWS];
} places;
typedef double doubles __attribute__((vector_size(2 * sizeof(double))));
typedef int64_t sums __attribute__((vector_size(2 * sizeof(int64_t))));

static inline lanes lanes_steps(const int16_t *value)
{
    lanes x;
    for (int i = 0; i < TSR_TILE_ROWS; i++) x.at[i] = (float)value[i];
    return x;
}

static inline lanes lanes_all(float v)
{
    lanes x;
    for (int i = 0; i < TSR_TILE_ROWS; i++) x.at[i] = v;
    return x;
}

static inline lanes lanes_minus_product(lanes s, lanes x, lanes c)
{
    for (int i = 0; i < TSR_TILE_ROWS; i++) s.at[i] = fmaf(-x.at[i], c.at[i], s.at[i]);
    return s;
}

static inline lanes lanes_plus_product(lanes s, lanes x, lanes c)
{
    for (int i = 0; i < TSR_TILE_ROWS; i++) s.at[i] = fmaf(x.at[i], c.at[i], s.at[i]);
    return s;
}

static inline lanes lanes_larger(lanes a, lanes b)
{
    for (int i = 0; i < TSR_TILE_ROWS; i++) a.at[i] = a.at[i] > b.at[i] ? a.at[i] : b.at[i];
    return a;
}

static inline lanes lanes_smaller(lanes a, lanes b)
{
    for (int i = 0; i < TSR_TILE_ROWS; i++) a.at[i] = a.at[i] < b.at[i] ? a.at[i] : b.at[i];
    return a;
}

static inline lanes lanes_load(const float *value, int32_t n)
{
    lanes x = {{0}};
    memcpy(x.at, value, (size_t)n * sizeof *value);
    return x;
}

static inline doubles lanes_doubles(lanes x, const int piece)
{
    return (doubles){x.at[2 * piece], x.at[2 * piece + 1]};
}

static inline void doubles_round(const doubles *v, int16_t *to)
{
    for (int i = 0; i < TSR_TILE_ROWS; i++) to[i] = (int16_t)(int32_t)rint(v[i / 2][i % 2]);
}

static inline void columns_store(const int16_t *from, int16_t *to)
{
    memcpy(to, from, 16 * TSR_TILE_ROWS * sizeof *to);
}

static inline float lanes_least(lanes v)
{
    float least = v.at[0];
    for (int i = 1; i < TSR_TILE_ROWS; i++) least = v.at[i] < least ? v.at[i] : least;
    return least;
}

static inline lanes lanes_second(lanes s, lanes best, lanes second)
{
    for (int i = 0; i < TSR_TILE_ROWS; i++) {
        float worse = best.at[i] > s.at[i] ? best.at[i] : s.at[i];
        second.at[i] = worse < second.at[i] ? worse : second.at[i];
    }
    return second;
}

static inline void lanes_nearer(lanes s, int32_t c, lanes *best, places *at)
{
    for (int i = 0; i < TSR_TILE_ROWS; i++) {
        if (s.at[i] < best->at[i]) {
            best->at[i] = s.at[i];
            at->at[i] = c;
        }
    }
}

static inline void places_store(places p, uint16_t *label)
{
    for (int i = 0; i < TSR_TILE_ROWS; i++) label[i] = (uint16_t)p.at[i];
}

static inline doubles doubles_steps(const int16_t *value)
{
    return (doubles){value[0], value[1]};
}

static inline sums sums_steps(const int16_t *value)
{
    return (sums){value[0], value[1]};
}

/* Without a branch for each row: which ones they are cannot be foreseen. */
static inline int list_moved(const uint16_t *fresh, const uint16_t *label, int32_t first, int32_t *at)
{
    int n = 0;

    for (int i = 0; i < TSR_TILE_ROWS; i++) {
        at[n] = first + i;
        n += fresh[i] != label[i];
    }
    return n;
}

static inline void block_rows(const int16_t *value, int32_t n, int16_t *row, int32_t stride)
{
    for (int i = 0; i < TSR_TILE_ROWS; i++)
        for (int32_t j = 0; j < n; j++) row[i * (int64_t)stride + j] = value[(int64_t)j * TSR_TILE_ROWS + i];
}

#define PAIR_COLUMNS 1

typedef struct pairs {
    int32_t at[TSR_PARTIALS];
} pairs;

static inline pairs pairs_load(const int32_t *sum, const int columns)
{
    pairs v;
    (void)columns;
    memcpy(v.at, sum, sizeof v.at);
    return v;
}

static inline void pairs_store(pairs v, int32_t *sum, const int columns)
{
    (void)columns;
    memcpy(sum, v.at, sizeof v.at);
}

static inline pairs pairs_add(pairs sum, const int16_t *value, const int16_t *mask, const int columns)
{
    (void)columns;
    for (int i = 0; i < TSR_PARTIALS; i++) sum.at[i] += value[2 * i] * mask[2 * i] + value[2 * i + 1] * mask[2 * i + 1];
    return sum;
}

#include "core/assign_kernel.h"

const tsr_kernels tsr_kernels_baseline = {nearest, nearest_gap, update,   gather, longest, distance,
                                          project, measure,     quantise, put,    shuffle};
