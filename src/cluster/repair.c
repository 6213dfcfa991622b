#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/lloyd.h"
#include "tessera/exchange.h"
#include "tessera/memory.h"

/* A row that could start a segment: this head, then its steps. */
typedef struct donor {
    double distance; /* squared, to the mean of its segment */
    uint64_t key;
    int64_t row; /* of the whole matrix */
    int64_t slot;
    int32_t rank, segment, weight;
    int16_t steps[];
} donor;

/* The farthest first, then the smallest key. */
static int compare(const void *left, const void *right)
{
    const donor *a = left, *b = right;

    if (a->distance != b->distance) return a->distance > b->distance ? -1 : 1;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

/* The donors of one rank, best first, all different in their values: copies of one row could start one segment only. */
typedef struct shortlist {
    char *at; /* [n + 1] donors of `bytes` bytes: the last is where a row is looked at */
    size_t bytes, values;
    int64_t n, most;
} shortlist;

static donor *entry(const shortlist *list, int64_t i)
{
    return (donor *)(list->at + (size_t)i * list->bytes);
}

static bool copies(const shortlist *list, const donor *a, const donor *b)
{
    return a->distance == b->distance && memcmp(a->steps, b->steps, list->values) == 0;
}

/* Put the row that stands at the end into its place, if it has one. */
static void consider(shortlist *list)
{
    donor *row = entry(list, list->most);
    int64_t to = list->n;

    if (list->n == list->most && compare(row, entry(list, list->n - 1)) > 0) return;
    for (int64_t i = list->n - 1; i >= 0 && entry(list, i)->distance <= row->distance; i--) {
        if (!copies(list, entry(list, i), row)) continue;
        if (compare(row, entry(list, i)) > 0) return;
        memmove(entry(list, i), entry(list, i + 1), (size_t)(list->n - i - 1) * list->bytes);
        list->n--;
    }
    to = list->n;
    while (to > 0 && compare(row, entry(list, to - 1)) < 0) to--;
    if (list->n < list->most) list->n++;
    memmove(entry(list, to + 1), entry(list, to), (size_t)(list->n - to - 1) * list->bytes);
    memcpy(entry(list, to), row, list->bytes);
}

/* By the rule of tsr_distances(): column by column, each operation rounded once. */
static double distance_to_mean(const int16_t *steps, int32_t cols, const double *mean)
{
    double sum = 0;

    for (int32_t j = 0; j < cols; j++) {
        double d = steps[j] - mean[j];
        sum += d * d;
    }
    return sum;
}

static tsr_status find_donors(const tsr_lloyd *fit, int rank, shortlist *list)
{
    tsr_status st;
    const tsr_tiles *tiles = fit->tiles;
    int32_t cols = tiles->cols;
    double *mean = NULL;

    TSR_TRY(tsr_alloc(&list->at, list->most + 1, list->bytes));
    TSR_TRY(tsr_alloc(&mean, (int64_t)fit->k * cols, sizeof *mean));
    for (int32_t c = 0; c < fit->k; c++) tsr_lloyd_mean(fit, c, mean + (int64_t)c * cols);
    for (int64_t i = 0; i < tiles->span.rows; i++) {
        donor *d = entry(list, list->most);

        *d = (donor){.key = tsr_tiles_key(tiles, i),
                     .row = tsr_tiles_number(tiles, i),
                     .slot = i,
                     .rank = rank,
                     .segment = fit->label[i],
                     .weight = (int32_t)tsr_tiles_weight(tiles, i)};
        tsr_tiles_slot(tiles, i, d->steps);
        d->distance = distance_to_mean(d->steps, cols, mean + (int64_t)d->segment * cols);
        if (d->distance > 0) consider(list);
    }
done:
    tsr_free(&mean);
    return st;
}

static void move_row(const tsr_lloyd *fit, const donor *d, int32_t to, int64_t *numbers)
{
    int32_t cols = fit->tiles->cols;
    int64_t *count = tsr_lloyd_counts(fit, numbers), *weight = tsr_lloyd_weights(fit, numbers);

    for (int32_t j = 0; j < cols; j++) {
        numbers[(int64_t)d->segment * cols + j] -= (int64_t)d->weight * d->steps[j];
        numbers[(int64_t)to * cols + j] += (int64_t)d->weight * d->steps[j];
    }
    count[d->segment]--;
    count[to]++;
    if (weight == count) return;
    weight[d->segment] -= d->weight;
    weight[to] += d->weight;
}

/* Does a copy of this donor stand before it, from another rank? */
static bool repeats(const shortlist *all, int64_t i)
{
    for (int64_t j = i - 1; j >= 0 && entry(all, j)->distance == entry(all, i)->distance; j--)
        if (copies(all, entry(all, i), entry(all, j))) return true;
    return false;
}

/* On every rank alike, but for the labels and local sums of the rank that has the row. */
static int64_t move_rows(const tsr_comm *comm, tsr_lloyd *fit, const shortlist *all)
{
    int64_t *count = tsr_lloyd_counts(fit, fit->total), next = 0, repaired = 0;

    for (int32_t c = 0; c < fit->k; c++) {
        if (count[c] > 0 || fit->repaired[c] == TSR_LLOYD_REPAIRS) continue;
        while (next < all->n && (count[entry(all, next)->segment] < 2 || repeats(all, next))) next++;
        if (next == all->n) break;
        const donor *d = entry(all, next++);
        move_row(fit, d, c, fit->total);
        if (d->rank == comm->rank) {
            move_row(fit, d, c, fit->local);
            fit->label[d->slot] = (uint16_t)c;
        }
        fit->repaired[c]++;
        repaired++;
    }
    return repaired;
}

tsr_status tsr_lloyd_repair(const tsr_comm *comm, tsr_lloyd *fit, int64_t *repaired)
{
    tsr_status st;
    const int64_t *count = tsr_lloyd_counts(fit, fit->total);
    size_t values = (size_t)fit->tiles->cols * sizeof(int16_t), bytes = (sizeof(donor) + values + 7) & ~(size_t)7;
    shortlist mine = {.bytes = bytes, .values = values}, all = mine;
    void *gathered = NULL;

    for (int32_t c = 0; c < fit->k; c++) mine.most += count[c] == 0;
    TSR_AGREE(comm, find_donors(fit, comm->rank, &mine));
    TSR_TRY(tsr_gather_all(comm, mine.at, mine.n, bytes, &gathered, &all.n));
    all.at = gathered;
    qsort(all.at, (size_t)all.n, bytes, compare);
    *repaired = move_rows(comm, fit, &all);
done:
    tsr_free(&gathered);
    tsr_free(&mine.at);
    return st;
}

/* The largest segment, the first of equals; the shares that splits have taken are counted off. */
static int32_t largest(const int64_t *share, int32_t k)
{
    int32_t best = 0;

    for (int32_t c = 1; c < k; c++)
        if (share[c] > share[best]) best = c;
    return best;
}

int64_t tsr_lloyd_split(tsr_lloyd *fit)
{
    int32_t cols = fit->tiles->cols;
    const int64_t *count = tsr_lloyd_counts(fit, fit->total);
    int64_t share[TSR_K_MAX], split = 0;

    memcpy(share, count, (size_t)fit->k * sizeof *share);
    for (int32_t c = 0; c < fit->k; c++) {
        int32_t from = largest(share, fit->k);

        if (count[c] > 0 || fit->repaired[c] == TSR_LLOYD_REPAIRS || share[from] < 2) continue;
        float *a = fit->next + (int64_t)from * cols, *b = fit->next + (int64_t)c * cols;
        for (int32_t j = 0; j < cols; j++) {
            float off = (j % 2 == 0 ? 1 : -1) * fmaxf(fabsf(a[j]), 512) * 0x1p-10F; /* half a step at least */
            b[j] = a[j] + off;
            a[j] -= off;
        }
        share[c] = share[from] / 2;
        share[from] -= share[c];
        fit->repaired[c]++;
        split++;
    }
    return split;
}
