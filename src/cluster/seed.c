#include "cluster/seed.h"

#include <math.h>
#include <string.h>

#include "tessera/assign.h"
#include "tessera/maths.h"
#include "tessera/memory.h"
#include "tessera/rng.h"

typedef struct seeding {
    const tsr_tiles *sample;
    uint64_t seed, key, draws;
    int16_t *steps;       /* [cols] */
    double *row;          /* [cols] the candidate */
    double *near;         /* [tiles x 16] squared distance to the nearest centroid so far */
    double *trial, *best; /* [tiles x 16] the same with a candidate, with the best one */
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

    for (int64_t i = 0; i < s->sample->span.rows; i++) {
        if (s->near[i] == 0) continue;
        sum += (int64_t)s->near[i];
        last = i;
        if (sum > target) break;
    }
    return last;
}

/* What the squared distances would be, and their sum, with this row as one more centroid. */
static tsr_int128 try_row(seeding *s, int64_t row, double *distance)
{
    const tsr_tiles *sample = s->sample;
    tsr_int128 potential = 0;

    tsr_tiles_slot(sample, row, s->steps);
    for (int32_t j = 0; j < sample->cols; j++) s->row[j] = s->steps[j];
    for (int64_t t = 0; t < sample->tiles; t++) {
        double d[TSR_TILE_ROWS];
        int64_t sum = 0;

        tsr_tile_distance(sample, t, s->row, d);
        for (int i = 0; i < tsr_tile_rows(sample, t); i++) {
            int64_t slot = t * TSR_TILE_ROWS + i;
            distance[slot] = d[i] < s->near[slot] ? d[i] : s->near[slot];
            sum += (int64_t)distance[slot];
        }
        potential += sum;
    }
    return potential;
}

static void take_row(seeding *s, int64_t row, float *centroid)
{
    tsr_tiles_slot(s->sample, row, s->steps);
    for (int32_t j = 0; j < s->sample->cols; j++) centroid[j] = s->steps[j];
}

static void swap(double **a, double **b)
{
    double *c = *a;

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
        tsr_int128 trial = try_row(s, row, s->trial);
        if (left >= 0 && trial >= left) continue;
        left = trial;
        chosen = row;
        swap(&s->trial, &s->best);
    }
    swap(&s->best, &s->near);
    take_row(s, chosen, centroid);
    return left;
}

static void seeding_clear(seeding *s)
{
    tsr_free(&s->best);
    tsr_free(&s->trial);
    tsr_free(&s->near);
    tsr_free(&s->row);
    tsr_free(&s->steps);
}

static tsr_status seeding_make(const tsr_tiles *sample, uint64_t seed, int32_t k, int64_t start, seeding *s)
{
    tsr_status st;
    int64_t rows = sample->tiles * TSR_TILE_ROWS;

    *s = (seeding){.sample = sample, .seed = seed, .key = (uint64_t)k << 32 | (uint64_t)start};
    TSR_TRY(tsr_alloc(&s->steps, sample->cols, sizeof *s->steps));
    TSR_TRY(tsr_alloc(&s->row, sample->cols, sizeof *s->row));
    TSR_TRY(tsr_alloc_aligned(&s->near, rows, sizeof *s->near));
    TSR_TRY(tsr_alloc_aligned(&s->trial, rows, sizeof *s->trial));
    TSR_TRY(tsr_alloc_aligned(&s->best, rows, sizeof *s->best));
done:
    return st;
}

tsr_status tsr_seed_plus_plus(const tsr_tiles *sample, uint64_t seed, int64_t start, int32_t k, float *centroid)
{
    tsr_status st;
    seeding s;
    int32_t trials = 2 + (int32_t)tsr_log(k), cols = sample->cols, taken = 1;

    TSR_TRY(seeding_make(sample, seed, k, start, &s));
    int64_t first = (int64_t)(uniform(&s) * (double)sample->span.rows);
    for (int64_t i = 0; i < sample->span.rows; i++) s.near[i] = INFINITY;
    tsr_int128 potential = try_row(&s, first, s.near);
    take_row(&s, first, centroid);
    for (; taken < k && potential > 0; taken++)
        potential = next_centroid(&s, trials, potential, centroid + (int64_t)taken * cols);
    for (; taken < k; taken++) memcpy(centroid + (int64_t)taken * cols, centroid, (size_t)cols * sizeof *centroid);
done:
    seeding_clear(&s);
    return st;
}
