#include "cluster/seed.h"

#include <math.h>
#include <string.h>

#include "tessera/assign.h"
#include "tessera/maths.h"
#include "tessera/memory.h"
#include "tessera/rng.h"

/* Squared distance of each row to its nearest centroid: all of them integers, so sums in double are exact within a
 * tile. Rows past the end stay at 0. */
typedef struct distances {
    double *row;      /* [tiles][16] */
    tsr_int128 *tile; /* [tiles] sums, each row times its weight */
} distances;

typedef struct seeding {
    const tsr_tiles *sample;
    uint64_t seed, key, draws;
    int16_t *steps;              /* [cols] */
    double *values;              /* [cols] the candidate */
    distances near, trial, best; /* so far, with a candidate, with the best one */
} seeding;

static double uniform(seeding *s)
{
    return tsr_draw_uniform(s->seed, TSR_STREAM_SEED, s->key, s->draws++);
}

/* A row drawn with a chance in proportion to its squared distance. */
static int64_t draw_row(seeding *s, tsr_int128 potential)
{
    tsr_int128 target = (tsr_int128)(uniform(s) * tsr_int128_scaled(potential, 0)), sum = 0;
    int64_t last = 0;

    for (int64_t t = 0; t < s->sample->tiles; t++) {
        if (s->near.tile[t] == 0) continue;
        last = t;
        if (sum + s->near.tile[t] > target) break;
        sum += s->near.tile[t];
    }
    int64_t chosen = last * TSR_TILE_ROWS;
    for (int64_t i = chosen; i < (last + 1) * TSR_TILE_ROWS; i++) {
        if (s->near.row[i] == 0) continue;
        chosen = i;
        sum += (tsr_int128)tsr_tiles_weight(s->sample, i) * (int64_t)s->near.row[i];
        if (sum > target) break;
    }
    return chosen;
}

/* The first one: a row drawn with a chance in proportion to its weight. */
static int64_t draw_first(seeding *s)
{
    int64_t target = (int64_t)(uniform(s) * (double)tsr_tiles_weight_sum(s->sample)), i = 0;

    if (s->sample->weight == NULL) return target;
    while (i + 1 < s->sample->span.rows && target >= s->sample->weight[i]) target -= s->sample->weight[i++];
    return i;
}

static tsr_int128 weigh_tile(const tsr_tiles *sample, int64_t tile, const double *near)
{
    tsr_int128 sum = 0;

    for (int i = 0; i < tsr_tile_rows(sample, tile); i++)
        sum += (tsr_int128)sample->weight[tile * TSR_TILE_ROWS + i] * (int64_t)near[i];
    return sum;
}

static double nearer_of_tile(const double *d, const double *near, double *out)
{
    double sum[4] = {0};

    for (int i = 0; i < TSR_TILE_ROWS; i++) out[i] = d[i] < near[i] ? d[i] : near[i];
    for (int i = 0; i < TSR_TILE_ROWS; i++) sum[i % 4] += out[i];
    return sum[0] + sum[1] + sum[2] + sum[3];
}

/* What the squared distances would be, and their sum, with this row as one more centroid. */
static tsr_int128 try_row(seeding *s, int64_t row, distances *with)
{
    const tsr_tiles *sample = s->sample;
    tsr_int128 potential = 0;

    tsr_tiles_slot(sample, row, s->steps);
    for (int32_t j = 0; j < sample->cols; j++) s->values[j] = s->steps[j];
    for (int64_t t = 0; t < sample->tiles; t++) {
        double d[TSR_TILE_ROWS];

        tsr_tile_distance(sample, t, s->values, d);
        with->tile[t] = (int64_t)nearer_of_tile(d, s->near.row + t * TSR_TILE_ROWS, with->row + t * TSR_TILE_ROWS);
        if (sample->weight != NULL) with->tile[t] = weigh_tile(sample, t, with->row + t * TSR_TILE_ROWS);
        potential += with->tile[t];
    }
    return potential;
}

static void take_row(seeding *s, int64_t row, float *centroid)
{
    tsr_tiles_slot(s->sample, row, s->steps);
    for (int32_t j = 0; j < s->sample->cols; j++) centroid[j] = s->steps[j];
}

static void swap(distances *a, distances *b)
{
    distances c = *a;

    *a = *b;
    *b = c;
}

/* The next centroid: the best of `trials` draws. Returns the sum of squared distances that it leaves. */
static tsr_int128 next_centroid(seeding *s, int32_t trials, tsr_int128 potential, float *centroid)
{
    tsr_int128 left = -1;
    int64_t chosen = 0;

    for (int32_t t = 0; t < trials; t++) {
        int64_t row = draw_row(s, potential);
        tsr_int128 trial = try_row(s, row, &s->trial);
        if (left >= 0 && trial >= left) continue;
        left = trial;
        chosen = row;
        swap(&s->trial, &s->best);
    }
    swap(&s->best, &s->near);
    take_row(s, chosen, centroid);
    return left;
}

static tsr_status distances_make(int64_t tiles, distances *d)
{
    tsr_status st;

    TSR_TRY(tsr_alloc_aligned(&d->row, tiles * TSR_TILE_ROWS, sizeof *d->row));
    TSR_TRY(tsr_alloc_aligned(&d->tile, tiles, sizeof *d->tile));
done:
    return st;
}

static void distances_clear(distances *d)
{
    tsr_free(&d->tile);
    tsr_free(&d->row);
}

static tsr_status seeding_make(const tsr_tiles *sample, uint64_t seed, int32_t k, int64_t start, seeding *s)
{
    tsr_status st;

    *s = (seeding){.sample = sample, .seed = seed, .key = (uint64_t)k << 32 | (uint64_t)start};
    TSR_TRY(tsr_alloc(&s->steps, sample->cols, sizeof *s->steps));
    TSR_TRY(tsr_alloc(&s->values, sample->cols, sizeof *s->values));
    TSR_TRY(distances_make(sample->tiles, &s->near));
    TSR_TRY(distances_make(sample->tiles, &s->trial));
    TSR_TRY(distances_make(sample->tiles, &s->best));
    for (int64_t i = 0; i < sample->span.rows; i++) s->near.row[i] = INFINITY;
done:
    return st;
}

static void seeding_clear(seeding *s)
{
    distances_clear(&s->best);
    distances_clear(&s->trial);
    distances_clear(&s->near);
    tsr_free(&s->values);
    tsr_free(&s->steps);
}

tsr_status tsr_seed_plus_plus(const tsr_tiles *sample, uint64_t seed, int64_t start, int32_t k, float *centroid)
{
    tsr_status st;
    seeding s;
    int32_t trials = 2 + (int32_t)tsr_log(k), cols = sample->cols, taken = 1;

    TSR_TRY(seeding_make(sample, seed, k, start, &s));
    int64_t first = draw_first(&s);
    tsr_int128 potential = try_row(&s, first, &s.near);
    take_row(&s, first, centroid);
    for (; taken < k && potential > 0; taken++)
        potential = next_centroid(&s, trials, potential, centroid + (int64_t)taken * cols);
    for (; taken < k; taken++) memcpy(centroid + (int64_t)taken * cols, centroid, (size_t)cols * sizeof *centroid);
done:
    seeding_clear(&s);
    return st;
}
