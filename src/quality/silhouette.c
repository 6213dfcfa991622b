#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/exchange.h"
#include "tessera/memory.h"
#include "tessera/quality.h"
#include "tessera/reduce.h"
#include "tessera/rng.h"

#define SCALE  50   /* of sums of silhouettes and their squares, in [-1, 1] */
#define LEAST  200  /* rows of a segment, unless there are many segments */
#define NORMAL 1.96 /* standard errors to both sides: 95 % */

/* A row of the sample: this head, then its steps. */
typedef struct pick {
    uint64_t draw, key;
    int64_t row;
    int32_t segment;
    int16_t steps[];
} pick;

typedef struct strata {
    int32_t k, cols;
    size_t bytes;
    int64_t *rows;   /* [k] of all customers */
    int64_t *wanted; /* [k] in the sample, at the most */
    uint64_t *bound; /* [k] draws that are let in: nearly always enough of them */
    int64_t *first;  /* [k + 1] where a segment begins in the sample */
    tsr_fixed *sum;  /* [2 k] silhouettes and their squares */
    char *all;       /* the sample, by segment; picks of `bytes` bytes */
} strata;

static const pick *at(const strata *s, int64_t i)
{
    return (const pick *)(s->all + (size_t)i * s->bytes);
}

static tsr_status strata_make(int32_t k, int32_t cols, strata *s)
{
    tsr_status st;

    *s = (strata){.k = k, .cols = cols, .bytes = (sizeof(pick) + (size_t)cols * sizeof(int16_t) + 7) & ~(size_t)7};
    TSR_TRY(tsr_alloc(&s->rows, k, sizeof *s->rows));
    TSR_TRY(tsr_alloc(&s->wanted, k, sizeof *s->wanted));
    TSR_TRY(tsr_alloc(&s->bound, k, sizeof *s->bound));
    TSR_TRY(tsr_alloc(&s->first, (int64_t)k + 1, sizeof *s->first));
    TSR_TRY(tsr_alloc(&s->sum, 2 * (int64_t)k, sizeof *s->sum));
    for (int32_t c = 0; c < 2 * k; c++) s->sum[c] = tsr_fixed_zero(SCALE);
done:
    return st;
}

static void strata_clear(strata *s)
{
    tsr_free(&s->all);
    tsr_free(&s->sum);
    tsr_free(&s->first);
    tsr_free(&s->bound);
    tsr_free(&s->wanted);
    tsr_free(&s->rows);
}

/* Shares in proportion, but no segment vanishes. Bounds lie six standard deviations above what is wanted. */
static void share_out(strata *s, int64_t n, int64_t size)
{
    int64_t least = 2 * size / s->k;

    if (least > LEAST) least = LEAST;
    if (least < 2) least = 2;
    for (int32_t c = 0; c < s->k; c++) {
        int64_t rows = s->rows[c];
        double share = floor((double)size * ((double)rows / (double)n) + 0.5);
        int64_t wanted = share > (double)least ? (int64_t)share : least;

        s->wanted[c] = wanted < rows ? wanted : rows;
        double part = ((double)wanted + 6 * sqrt((double)wanted) + 20) / (double)rows;
        s->bound[c] = part < 1 ? (uint64_t)(part * 0x1p64) : UINT64_MAX;
    }
}

static int compare(const void *left, const void *right)
{
    const pick *a = left, *b = right;

    if (a->segment != b->segment) return a->segment < b->segment ? -1 : 1;
    if (a->draw != b->draw) return a->draw < b->draw ? -1 : 1;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static tsr_status pick_rows(const tsr_tiles *tiles, const uint16_t *label, uint64_t seed, const strata *s, char **picks,
                            int64_t *n)
{
    tsr_status st;
    int64_t within = 0;

    for (int64_t i = 0; i < tiles->span.rows; i++)
        within += tsr_draw(seed, TSR_STREAM_QUALITY, tsr_tiles_key(tiles, i), 0) <= s->bound[label[i]];
    TSR_TRY(tsr_alloc(picks, within, s->bytes));
    for (int64_t i = 0; i < tiles->span.rows; i++) {
        uint64_t draw = tsr_draw(seed, TSR_STREAM_QUALITY, tsr_tiles_key(tiles, i), 0);
        if (draw > s->bound[label[i]]) continue;
        pick *p = (pick *)(*picks + (size_t)(*n)++ * s->bytes);
        *p = (pick){draw, tsr_tiles_key(tiles, i), tsr_tiles_number(tiles, i), label[i]};
        tsr_tiles_slot(tiles, i, p->steps);
    }
done:
    return st;
}

/* The picks with the smallest draws of each segment, as many as are wanted, close together. */
static void keep_wanted(strata *s, int64_t picked)
{
    int64_t from = 0, to = 0;

    qsort(s->all, (size_t)picked, s->bytes, compare);
    for (int32_t c = 0; c < s->k; c++) {
        s->first[c] = to;
        for (; from < picked && at(s, from)->segment == c; from++) {
            if (to - s->first[c] == s->wanted[c]) continue;
            memmove(s->all + (size_t)to++ * s->bytes, s->all + (size_t)from * s->bytes, s->bytes);
        }
    }
    s->first[s->k] = to;
}

static double distance(const int16_t *a, const int16_t *b, int32_t cols)
{
    int64_t sum = 0;

    for (int32_t j = 0; j < cols; j++) {
        int64_t d = (int64_t)a[j] - b[j];
        sum += d * d;
    }
    return sqrt((double)sum);
}

/* Mean distances to the sampled rows of each segment; the row itself does not count in its own. */
static double silhouette_of(const strata *s, int64_t i)
{
    double own = 0, other = INFINITY;
    const pick *row = at(s, i);

    for (int32_t c = 0; c < s->k; c++) {
        int64_t n = s->first[c + 1] - s->first[c];
        double sum = 0;

        if (n == 0) continue;
        for (int64_t j = s->first[c]; j < s->first[c + 1]; j++) sum += distance(row->steps, at(s, j)->steps, s->cols);
        if (c == row->segment)
            own = n > 1 ? sum / (double)(n - 1) : NAN;
        else
            other = fmin(other, sum / (double)n);
    }
    if (isnan(own)) return 0; /* alone in its segment */
    return fmax(own, other) > 0 ? (other - own) / fmax(own, other) : 0;
}

/* The rows of the sample are dealt to ranks: each one's silhouette is found by one rank, in one order. */
static void measure(const tsr_comm *comm, strata *s)
{
    tsr_span mine = tsr_span_even(s->first[s->k], 1, comm->rank, comm->size);

    for (int64_t i = mine.first; i < mine.first + mine.rows; i++) {
        double value = silhouette_of(s, i);
        tsr_fixed_add(&s->sum[at(s, i)->segment], value, 1);
        tsr_fixed_add(&s->sum[s->k + at(s, i)->segment], value * value, 1);
    }
}

/* Means by segment, weighted by their customers; the variance of a stratified mean, with its finite correction. */
static void conclude(const strata *s, int64_t n, tsr_silhouette *out)
{
    double value = 0, variance = 0;

    for (int32_t c = 0; c < s->k; c++) {
        int64_t m = s->first[c + 1] - s->first[c];
        double share = (double)s->rows[c] / (double)n;

        out->segment[c] = out->segment_error[c] = NAN;
        if (m == 0) continue;
        double mean = tsr_fixed_value(&s->sum[c]) / (double)m;
        double spread = tsr_fixed_value(&s->sum[s->k + c]) / (double)m - mean * mean;
        double error = m > 1 ? fmax(spread, 0) / (double)(m - 1) * (1 - (double)m / (double)s->rows[c]) : 0;
        out->segment[c] = mean;
        out->segment_error[c] = NORMAL * sqrt(error);
        value += share * mean;
        variance += share * share * error;
    }
    out->value = value;
    out->low = fmax(value - NORMAL * sqrt(variance), -1);
    out->high = fmin(value + NORMAL * sqrt(variance), 1);
}

static tsr_status result_make(int32_t k, tsr_silhouette *out)
{
    tsr_status st;

    *out = (tsr_silhouette){.k = k, .value = NAN, .low = NAN, .high = NAN};
    TSR_TRY(tsr_alloc(&out->segment, k, sizeof *out->segment));
    TSR_TRY(tsr_alloc(&out->segment_error, k, sizeof *out->segment_error));
    for (int32_t c = 0; c < k; c++) out->segment[c] = out->segment_error[c] = NAN;
done:
    return st;
}

void tsr_silhouette_clear(tsr_silhouette *silhouette)
{
    tsr_free(&silhouette->segment_error);
    tsr_free(&silhouette->segment);
}

tsr_status tsr_silhouette_sample(const tsr_comm *comm, const tsr_tiles *tiles, const uint16_t *label, int32_t k,
                                 uint64_t seed, int64_t size, tsr_silhouette *silhouette)
{
    tsr_status st;
    int64_t mine = 0, picked = 0, filled = 0;
    char *picks = NULL;
    void *all = NULL;
    strata s = {0};

    TSR_AGREE(comm, result_make(k, silhouette));
    TSR_AGREE(comm, strata_make(k, tiles->cols, &s));
    for (int64_t i = 0; i < tiles->span.rows; i++) s.rows[label[i]]++;
    tsr_sum_int64(comm, s.rows, k);
    for (int32_t c = 0; c < k; c++) filled += s.rows[c] > 0;
    if (filled < 2 || size == 0) goto done;
    share_out(&s, tiles->span.rows_global, size);
    TSR_AGREE(comm, pick_rows(tiles, label, seed, &s, &picks, &mine));
    TSR_TRY(tsr_gather_all(comm, picks, mine, s.bytes, &all, &picked));
    s.all = all;
    keep_wanted(&s, picked);
    measure(comm, &s);
    TSR_TRY(tsr_sum_fixed(comm, s.sum, 2 * (int64_t)k));
    silhouette->sample = s.first[k];
    conclude(&s, tiles->span.rows_global, silhouette);
done:
    tsr_free(&picks);
    strata_clear(&s);
    if (st != TSR_OK) tsr_silhouette_clear(silhouette);
    return st;
}
