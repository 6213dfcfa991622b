#include "reduce/affinity.h"

#include <math.h>
#include <string.h>

#include "tessera/exchange.h"
#include "tessera/maths.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

/* ---- nearest neighbours ---- */

/* Neighbours in the making: a heap, the farthest of them on top. */
typedef struct nearest {
    int32_t room, n;
    double *distance;
    int32_t *at;
} nearest;

static bool is_farther(const nearest *h, int32_t a, int32_t b)
{
    return h->distance[a] != h->distance[b] ? h->distance[a] > h->distance[b] : h->at[a] > h->at[b];
}

static void swap(nearest *h, int32_t a, int32_t b)
{
    double distance = h->distance[a];
    int32_t at = h->at[a];

    h->distance[a] = h->distance[b];
    h->at[a] = h->at[b];
    h->distance[b] = distance;
    h->at[b] = at;
}

static void rise(nearest *h)
{
    for (int32_t i = h->n - 1; i > 0 && is_farther(h, i, (i - 1) / 2); i = (i - 1) / 2) swap(h, i, (i - 1) / 2);
}

static void sink(nearest *h)
{
    for (int32_t i = 0;;) {
        int32_t most = i;
        for (int32_t child = 2 * i + 1; child <= 2 * i + 2 && child < h->n; child++)
            if (is_farther(h, child, most)) most = child;
        if (most == i) return;
        swap(h, i, most);
        i = most;
    }
}

/* The nearest rows to @p own but itself. At equal distance the ones that follow it, round the end: were it the lowest
 * ones, all who are the same would name the same few. */
static void find_nearest(const double *distance, int64_t n, int64_t own, nearest *h)
{
    h->n = 0;
    for (int64_t k = 1; k < n; k++) {
        double here = distance[own + k < n ? own + k : own + k - n];
        if (h->n == h->room && here >= h->distance[0]) continue;
        int32_t slot = h->n < h->room ? h->n++ : 0;
        h->distance[slot] = here;
        h->at[slot] = (int32_t)k;
        if (slot > 0)
            rise(h);
        else
            sink(h);
    }
    for (int32_t i = 0; i < h->n; i++) h->at[i] = (int32_t)((own + h->at[i]) % n);
}

/* The sample column by column, as doubles: squared distances of steps are integers below 2^53, so exact in any order.
 */
static tsr_status spread(const tsr_tiles *sample, double **column)
{
    int64_t n = sample->span.rows;
    tsr_status st;

    TSR_TRY(tsr_alloc(column, n * sample->cols, sizeof **column));
    for (int64_t i = 0; i < n; i++) {
        const int16_t *value = sample->value + i / TSR_TILE_ROWS * sample->cols * TSR_TILE_ROWS + i % TSR_TILE_ROWS;
        for (int32_t c = 0; c < sample->cols; c++) (*column)[c * n + i] = value[(int64_t)c * TSR_TILE_ROWS];
    }
done:
    return st;
}

static void measure(const double *column, int64_t n, int32_t cols, int64_t row, double *distance)
{
    memset(distance, 0, (size_t)n * sizeof *distance);
    for (int32_t c = 0; c < cols; c++) {
        const double *x = column + (int64_t)c * n, own = x[row];
        for (int64_t j = 0; j < n; j++) distance[j] += (x[j] - own) * (x[j] - own);
    }
}

/* Neighbours in the sample, row by row. */
typedef struct search {
    int64_t n;
    int32_t cols;
    double *column;   /* [cols][n] */
    double *distance; /* [n] from the row in hand */
    nearest near;     /* of it */
} search;

static tsr_status search_open(const tsr_tiles *sample, int32_t near, search *s)
{
    tsr_status st;

    *s = (search){.n = sample->span.rows, .cols = sample->cols, .near = {.room = near}};
    TSR_TRY(spread(sample, &s->column));
    TSR_TRY(tsr_alloc(&s->distance, s->n, sizeof *s->distance));
    TSR_TRY(tsr_alloc(&s->near.distance, near, sizeof *s->near.distance));
    TSR_TRY(tsr_alloc(&s->near.at, near, sizeof *s->near.at));
done:
    return st;
}

static void search_from(search *s, int64_t row)
{
    measure(s->column, s->n, s->cols, row, s->distance);
    find_nearest(s->distance, s->n, row, &s->near);
}

static void search_close(search *s)
{
    tsr_free(&s->near.at);
    tsr_free(&s->near.distance);
    tsr_free(&s->distance);
    tsr_free(&s->column);
}

/* ---- how alike they are ---- */

/* p = exp(-beta d), and the entropy of p / sum in nats. */
static double entropy_at(const double *distance, int32_t n, double beta, double *p, double *sum)
{
    double moment = 0;

    *sum = 0;
    for (int32_t j = 0; j < n; j++) p[j] = -beta * distance[j];
    tsr_exp_block(p, n);
    for (int32_t j = 0; j < n; j++) {
        *sum += p[j];
        moment += distance[j] * p[j];
    }
    return tsr_log(*sum) + beta * moment / *sum;
}

void tsr_affinity_row(double *value, int32_t n, double perplexity, double *work)
{
    double least = INFINITY, mean = 0, low = 0, high = INFINITY, sum = 0, wanted = tsr_log(perplexity);

    for (int32_t j = 0; j < n; j++) least = fmin(least, value[j]);
    for (int32_t j = 0; j < n; j++) mean += (value[j] -= least) / n;
    /* In units of the mean distance; where all are equally far there is nothing to choose. */
    double beta = mean > 0 ? 1 / mean : 0;
    for (int step = 0; mean > 0 && step < 64; step++) {
        double excess = entropy_at(value, n, beta, work, &sum) - wanted;
        if (fabs(excess) < 1e-10) break;
        if (excess > 0)
            low = beta;
        else
            high = beta;
        beta = isinf(high) ? 2 * beta : (low + high) / 2;
    }
    (void)entropy_at(value, n, beta, work, &sum);
    for (int32_t j = 0; j < n; j++) value[j] = work[j] / sum;
}

/* ---- the symmetric matrix ---- */

/* One neighbour of one row, on its way to all ranks. */
typedef struct link {
    double p;
    int32_t at;
} link;

/* Neighbours of this rank's rows: link [rows][near]. */
static tsr_status find_links(const tsr_tiles *sample, const tsr_span *span, int32_t near, double perplexity,
                             link *links)
{
    double *work = NULL;
    search s;

    tsr_status st = search_open(sample, near, &s);
    if (st == TSR_OK) st = tsr_alloc(&work, near, sizeof *work);
    for (int64_t i = 0; st == TSR_OK && i < span->rows; i++) {
        search_from(&s, span->first + i);
        tsr_affinity_row(s.near.distance, near, perplexity, work);
        for (int32_t j = 0; j < near; j++) links[i * near + j] = (link){s.near.distance[j], s.near.at[j]};
    }
    tsr_free(&work);
    search_close(&s);
    return st;
}

/* Room for the own links of each row and for those that lead to it. */
static tsr_status make_room(const link *all, int64_t n, int32_t near, tsr_affinity *a)
{
    tsr_status st;

    TSR_TRY(tsr_alloc(&a->start, a->span.rows + 1, sizeof *a->start));
    for (int64_t i = 0; i < a->span.rows; i++) a->start[i + 1] = near;
    for (int64_t l = 0; l < n * near; l++) {
        int64_t to = all[l].at - a->span.first;
        if (to >= 0 && to < a->span.rows) a->start[to + 1]++;
    }
    for (int64_t i = 0; i < a->span.rows; i++) a->start[i + 1] += a->start[i];
    TSR_TRY(tsr_alloc(&a->at, a->start[a->span.rows], sizeof *a->at));
    TSR_TRY(tsr_alloc(&a->p, a->start[a->span.rows], sizeof *a->p));
done:
    return st;
}

/* Add a link to a row whose columns rise, at the place that is its own. */
static void put_link(tsr_affinity *a, int64_t begin, int64_t *end, int32_t at, double p)
{
    int64_t to = *end;

    while (to > begin && a->at[to - 1] > at) to--;
    if (to > begin && a->at[to - 1] == at) {
        a->p[to - 1] += p;
        return;
    }
    memmove(a->at + to + 1, a->at + to, (size_t)(*end - to) * sizeof *a->at);
    memmove(a->p + to + 1, a->p + to, (size_t)(*end - to) * sizeof *a->p);
    a->at[to] = at;
    a->p[to] = p;
    (*end)++;
}

/* Rows are filled in the order of the links that lead to them: these come last in a row, already in order. */
static tsr_status join_links(const link *all, int64_t n, int32_t near, tsr_affinity *a)
{
    int64_t *end = NULL, filled = 0;
    const double half = 1 / (2 * (double)n);
    tsr_status st;

    TSR_TRY(make_room(all, n, near, a));
    TSR_TRY(tsr_alloc(&end, a->span.rows, sizeof *end));
    memcpy(end, a->start, (size_t)a->span.rows * sizeof *end);
    for (int64_t i = 0; i < n; i++) {
        for (int32_t j = 0; j < near; j++) {
            const link *l = &all[i * near + j];
            int64_t to = l->at - a->span.first, own = i - a->span.first;
            if (to >= 0 && to < a->span.rows) put_link(a, a->start[to], &end[to], (int32_t)i, l->p * half);
            if (own >= 0 && own < a->span.rows) put_link(a, a->start[own], &end[own], l->at, l->p * half);
        }
    }
    for (int64_t i = 0; i < a->span.rows; i++) {
        int64_t used = end[i] - a->start[i];
        memmove(a->at + filled, a->at + a->start[i], (size_t)used * sizeof *a->at);
        memmove(a->p + filled, a->p + a->start[i], (size_t)used * sizeof *a->p);
        a->start[i] = filled;
        filled += used;
    }
    a->start[a->span.rows] = filled;
done:
    tsr_free(&end);
    return st;
}

tsr_status tsr_affinity_find(const tsr_comm *comm, const tsr_tiles *sample, double perplexity, tsr_affinity *affinity)
{
    int64_t n = sample->span.rows, all_rows = 0;
    int32_t near = (int32_t)fmin((double)(n - 1), floor(3 * perplexity));
    link *mine = NULL;
    void *all = NULL;
    tsr_status st;

    *affinity = (tsr_affinity){.span = tsr_span_even(n, 1, comm->rank, comm->size)};
    TSR_AGREE(comm, tsr_alloc(&mine, affinity->span.rows * near, sizeof *mine));
    TSR_AGREE(comm, find_links(sample, &affinity->span, near, perplexity, mine));
    TSR_TRY(tsr_gather_all(comm, mine, affinity->span.rows, (size_t)near * sizeof *mine, &all, &all_rows));
    tsr_free(&mine);
    TSR_AGREE(comm, join_links(all, n, near, affinity));
done:
    tsr_free(&all);
    tsr_free(&mine);
    if (st != TSR_OK) tsr_affinity_clear(affinity);
    return st;
}

void tsr_affinity_clear(tsr_affinity *affinity)
{
    tsr_free(&affinity->p);
    tsr_free(&affinity->at);
    tsr_free(&affinity->start);
}

/* ---- what a plane keeps of it ---- */

static void measure_plane(const double *place, int64_t n, int64_t row, double *distance)
{
    for (int64_t j = 0; j < n; j++) {
        double dx = place[2 * j] - place[2 * row], dy = place[2 * j + 1] - place[2 * row + 1];
        distance[j] = dx * dx + dy * dy;
    }
}

static tsr_status count_kept(const tsr_tiles *sample, const tsr_span *span, const double *place, int32_t near,
                             int64_t *kept)
{
    double *plane = NULL;
    search s;

    tsr_status st = search_open(sample, near, &s);
    if (st == TSR_OK) st = tsr_alloc(&plane, s.n, sizeof *plane);
    for (int64_t i = span->first; st == TSR_OK && i < span->first + span->rows; i++) {
        search_from(&s, i);
        double limit = s.near.distance[0];
        measure_plane(place, s.n, i, plane);
        find_nearest(plane, s.n, i, &s.near);
        for (int32_t j = 0; j < near; j++) *kept += s.distance[s.near.at[j]] <= limit;
    }
    tsr_free(&plane);
    search_close(&s);
    return st;
}

tsr_status tsr_affinity_kept(const tsr_comm *comm, const tsr_tiles *sample, const double *place, int32_t near,
                             double *kept)
{
    const tsr_span span = tsr_span_even(sample->span.rows, 1, comm->rank, comm->size);
    int64_t count = 0;
    tsr_status st;

    TSR_AGREE(comm, count_kept(sample, &span, place, near, &count));
    tsr_sum_int64(comm, &count, 1);
    *kept = (double)count / ((double)sample->span.rows * near);
done:
    return st;
}
