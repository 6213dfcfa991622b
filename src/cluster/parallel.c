#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/seed.h"
#include "tessera/assign.h"
#include "tessera/exchange.h"
#include "tessera/maths.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "tessera/rng.h"

#define ROUNDS       5 /* quality saturates between 2 and 5 (Bahmani et al., 2012) */
#define OVERSAMPLING 2 /* candidates wanted per round and centroid */
#define MOST         8 /* let in per round and centroid: of more, those with the smallest draws */
#define RESTARTS     8 /* of the choice among candidates */
#define POLISH       20

/* A row that becomes a candidate: this head, then its steps. */
typedef struct pick {
    uint64_t draw, key;
    int64_t row;
    int16_t steps[];
} pick;

typedef struct seeding {
    const tsr_tiles *tiles;
    uint64_t seed;
    int32_t k;
    size_t bytes;      /* of a pick */
    double *near;      /* [tiles][16] squared distance to the nearest candidate: integers, exact */
    int32_t *nearest;  /* [tiles][16] its number */
    double *candidate; /* [candidates][cols] */
    int64_t candidates;
} seeding;

static int compare(const void *left, const void *right)
{
    const pick *a = left, *b = right;

    if (a->draw != b->draw) return a->draw < b->draw ? -1 : 1;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static pick *pick_at(void *picks, size_t bytes, int64_t i)
{
    return (pick *)((char *)picks + (size_t)i * bytes);
}

static void fill_pick(const seeding *s, int64_t slot, uint64_t draw, pick *p)
{
    *p = (pick){.draw = draw, .key = tsr_tiles_key(s->tiles, slot), .row = tsr_tiles_number(s->tiles, slot)};
    tsr_tiles_slot(s->tiles, slot, p->steps);
}

/* The sum of squared distances over all rows, exact. */
static tsr_status potential(const tsr_comm *comm, const seeding *s, tsr_int128 *sum)
{
    *sum = 0;
    for (int64_t i = 0; i < s->tiles->span.rows; i++)
        *sum += (tsr_int128)tsr_tiles_weight(s->tiles, i) * (int64_t)s->near[i];
    return tsr_sum_int128(comm, sum, 1);
}

/* Candidates join: those of all ranks, in the order of their draws, no more than `most`. */
static tsr_status join(const tsr_comm *comm, seeding *s, const void *mine, int64_t n, int64_t most)
{
    tsr_status st;
    int32_t cols = s->tiles->cols;
    int64_t all_n = 0, first = s->candidates;
    double *grown = NULL;
    void *all = NULL;

    TSR_TRY(tsr_gather_all(comm, mine, n, s->bytes, &all, &all_n));
    qsort(all, (size_t)all_n, s->bytes, compare);
    if (all_n > most) all_n = most;
    TSR_AGREE(comm, tsr_alloc(&grown, first + all_n, (size_t)cols * sizeof *grown));
    if (first > 0) memcpy(grown, s->candidate, (size_t)first * (size_t)cols * sizeof *grown);
    for (int64_t i = 0; i < all_n; i++)
        for (int32_t j = 0; j < cols; j++) grown[(first + i) * cols + j] = pick_at(all, s->bytes, i)->steps[j];
    tsr_free(&s->candidate);
    s->candidate = grown;
    grown = NULL;
    s->candidates += all_n;
    for (int64_t t = 0; t < s->tiles->tiles; t++) {
        for (int64_t c = first; c < s->candidates; c++) {
            double d[TSR_TILE_ROWS];
            tsr_tile_distance(s->tiles, t, s->candidate + c * cols, d);
            for (int i = 0; i < TSR_TILE_ROWS; i++) {
                int64_t row = t * TSR_TILE_ROWS + i;
                if (d[i] >= s->near[row]) continue;
                s->near[row] = d[i];
                s->nearest[row] = (int32_t)c;
            }
        }
    }
done:
    tsr_free(&grown);
    tsr_free(&all);
    return st;
}

/* The row with the smallest draw of all. */
static tsr_status take_first(const tsr_comm *comm, seeding *s)
{
    tsr_status st;
    int64_t rows = s->tiles->span.rows, best = -1;
    uint64_t least = 0;
    pick *mine = NULL;

    TSR_AGREE(comm, tsr_alloc(&mine, 1, s->bytes));
    for (int64_t i = 0; i < rows; i++) {
        uint64_t draw = tsr_draw(s->seed, TSR_STREAM_PARALLEL, tsr_tiles_key(s->tiles, i), 0);
        if (best >= 0 &&
            (draw > least || (draw == least && tsr_tiles_number(s->tiles, i) > tsr_tiles_number(s->tiles, best))))
            continue;
        best = i;
        least = draw;
    }
    if (best >= 0) fill_pick(s, best, least, mine);
    TSR_TRY(join(comm, s, mine, best >= 0, 1));
done:
    tsr_free(&mine);
    return st;
}

/* Each row by itself, with a chance in proportion to its squared distance and to its weight. */
static tsr_status pick_rows(const seeding *s, uint64_t round, double sum, void **picks, int64_t *n)
{
    tsr_status st;
    int64_t room = 4 * OVERSAMPLING * (int64_t)s->k;

    *n = 0;
    TSR_TRY(tsr_alloc(picks, room, s->bytes));
    for (int64_t i = 0; i < s->tiles->span.rows; i++) {
        uint64_t draw = tsr_draw(s->seed, TSR_STREAM_PARALLEL, tsr_tiles_key(s->tiles, i), round);
        double u = (double)(draw >> 11) * 0x1p-53;

        if (u * sum >= OVERSAMPLING * (double)s->k * s->near[i] * (double)tsr_tiles_weight(s->tiles, i)) continue;
        if (*n == room) {
            void *more = NULL;
            TSR_TRY(tsr_alloc(&more, 2 * room, s->bytes));
            memcpy(more, *picks, (size_t)room * s->bytes);
            tsr_free(picks);
            *picks = more;
            room *= 2;
        }
        fill_pick(s, i, draw, pick_at(*picks, s->bytes, (*n)++));
    }
done:
    return st;
}

static tsr_status oversample(const tsr_comm *comm, seeding *s)
{
    tsr_status st;
    void *picks = NULL;
    tsr_int128 sum = 0;
    int64_t n = 0;

    TSR_TRY(take_first(comm, s));
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        TSR_TRY(potential(comm, s, &sum));
        if (sum == 0) break;
        TSR_AGREE(comm, pick_rows(s, round, tsr_int128_scaled(sum, 0), &picks, &n));
        TSR_TRY(join(comm, s, picks, n, MOST * (int64_t)s->k));
        tsr_free(&picks);
    }
done:
    tsr_free(&picks);
    return st;
}

/* ---- from candidates to centroids: the same on every rank, in one order ---- */

typedef struct reduction {
    const double *point; /* [n][cols] */
    const int64_t *weight;
    int64_t n;
    int32_t cols, k;
    double *near;     /* [n] squared distance to the nearest centroid */
    int32_t *nearest; /* [n] */
    double *centre;   /* [k][cols] */
    double *mass;     /* [k] */
} reduction;

static double square(const double *a, const double *b, int32_t cols)
{
    double sum = 0;

    for (int32_t j = 0; j < cols; j++) sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

static double potential_with(const reduction *r, int64_t point)
{
    double sum = 0;

    for (int64_t i = 0; i < r->n; i++)
        sum += (double)r->weight[i] *
               fmin(r->near[i], square(r->point + i * r->cols, r->point + point * r->cols, r->cols));
    return sum;
}

static int64_t draw_point(const reduction *r, double sum, double u)
{
    double target = u * sum, run = 0;
    int64_t last = 0;

    for (int64_t i = 0; i < r->n; i++) {
        double share = (double)r->weight[i] * r->near[i];
        if (share <= 0) continue;
        last = i;
        run += share;
        if (run > target) break;
    }
    return last;
}

/* Greedy k-means++ on weighted points. */
static void seed_points(reduction *r, tsr_rng *rng)
{
    int32_t trials = 2 + (int32_t)tsr_log(r->k);
    double sum = 0;

    for (int64_t i = 0; i < r->n; i++) r->near[i] = 1;
    for (int64_t i = 0; i < r->n; i++) sum += (double)r->weight[i];
    for (int32_t c = 0; c < r->k; c++) {
        int64_t chosen = draw_point(r, sum, tsr_rng_open(rng));
        double left = c == 0 ? 0 : potential_with(r, chosen);
        for (int32_t t = 1; c > 0 && t < trials; t++) {
            int64_t other = draw_point(r, sum, tsr_rng_open(rng));
            double with = potential_with(r, other);
            if (with >= left) continue;
            left = with;
            chosen = other;
        }
        const double *point = r->point + chosen * r->cols;
        memcpy(r->centre + (int64_t)c * r->cols, point, (size_t)r->cols * sizeof *point);
        sum = 0;
        for (int64_t i = 0; i < r->n; i++) {
            double d = square(r->point + i * r->cols, point, r->cols);
            r->near[i] = c == 0 ? d : fmin(r->near[i], d);
            sum += (double)r->weight[i] * r->near[i];
        }
    }
}

/* One of Lloyd's iterations on weighted points. Returns the inertia before it. */
static double polish(reduction *r)
{
    double inertia = 0;

    for (int64_t i = 0; i < r->n; i++) {
        r->near[i] = INFINITY;
        for (int32_t c = 0; c < r->k; c++) {
            double d = square(r->point + i * r->cols, r->centre + (int64_t)c * r->cols, r->cols);
            if (d >= r->near[i]) continue;
            r->near[i] = d;
            r->nearest[i] = c;
        }
        inertia += (double)r->weight[i] * r->near[i];
    }
    memset(r->mass, 0, (size_t)r->k * sizeof *r->mass);
    for (int64_t i = 0; i < r->n; i++) r->mass[r->nearest[i]] += (double)r->weight[i];
    for (int32_t c = 0; c < r->k; c++)
        for (int32_t j = 0; j < r->cols && r->mass[c] > 0; j++) r->centre[(int64_t)c * r->cols + j] = 0;
    for (int64_t i = 0; i < r->n; i++) {
        double share = (double)r->weight[i] / r->mass[r->nearest[i]];
        if (share <= 0) continue;
        double *centre = r->centre + (int64_t)r->nearest[i] * r->cols;
        for (int32_t j = 0; j < r->cols; j++) centre[j] += share * r->point[i * r->cols + j];
    }
    return inertia;
}

static tsr_status reduce_points(reduction *r, uint64_t seed, float *centroid)
{
    tsr_status st;
    int64_t values = (int64_t)r->k * r->cols;
    double best = INFINITY;

    TSR_TRY(tsr_alloc(&r->near, r->n, sizeof *r->near));
    TSR_TRY(tsr_alloc(&r->nearest, r->n, sizeof *r->nearest));
    TSR_TRY(tsr_alloc(&r->centre, values, sizeof *r->centre));
    TSR_TRY(tsr_alloc(&r->mass, r->k, sizeof *r->mass));
    for (uint64_t start = 0; start < RESTARTS; start++) {
        tsr_rng rng = {.seed = seed, .key = (uint64_t)r->k << 32 | start, .stream = TSR_STREAM_SEED};
        double inertia = 0;

        seed_points(r, &rng);
        for (int i = 0; i < POLISH; i++) inertia = polish(r);
        if (inertia >= best) continue;
        best = inertia;
        for (int64_t i = 0; i < values; i++) centroid[i] = (float)r->centre[i];
    }
done:
    tsr_free(&r->mass);
    tsr_free(&r->centre);
    tsr_free(&r->nearest);
    tsr_free(&r->near);
    return st;
}

static tsr_status seeding_make(const tsr_tiles *tiles, uint64_t seed, int32_t k, seeding *s)
{
    tsr_status st;
    size_t bytes = (sizeof(pick) + (size_t)tiles->cols * sizeof(int16_t) + 7) & ~(size_t)7;

    *s = (seeding){.tiles = tiles, .seed = seed, .k = k, .bytes = bytes};
    TSR_TRY(tsr_alloc_aligned(&s->near, tiles->tiles * TSR_TILE_ROWS, sizeof *s->near));
    TSR_TRY(tsr_alloc(&s->nearest, tiles->tiles * TSR_TILE_ROWS, sizeof *s->nearest));
    for (int64_t i = 0; i < tiles->tiles * TSR_TILE_ROWS; i++) s->near[i] = INFINITY;
done:
    return st;
}

tsr_status tsr_seed_parallel(const tsr_comm *comm, const tsr_tiles *tiles, uint64_t seed, int32_t k, float *centroid)
{
    tsr_status st;
    seeding s = {0};
    int64_t *weight = NULL;

    TSR_AGREE(comm, seeding_make(tiles, seed, k, &s));
    TSR_TRY(oversample(comm, &s));
    TSR_AGREE(comm, tsr_alloc(&weight, s.candidates, sizeof *weight));
    for (int64_t i = 0; i < tiles->span.rows; i++) weight[s.nearest[i]] += tsr_tiles_weight(tiles, i);
    tsr_sum_int64(comm, weight, s.candidates);
    reduction r = {.point = s.candidate, .weight = weight, .n = s.candidates, .cols = tiles->cols, .k = k};
    TSR_AGREE(comm, reduce_points(&r, seed, centroid));
done:
    tsr_free(&weight);
    tsr_free(&s.candidate);
    tsr_free(&s.nearest);
    tsr_free(&s.near);
    return st;
}
