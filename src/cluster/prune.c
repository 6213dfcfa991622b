/*
 * Why a tile may be left alone (Hamerly's test with one number, after Ding et al., 2015, for 16 rows together).
 *
 * Let d_c be the distance of a row x to centroid c, s_c = |c|^2 / 2 - x.c its exact score, so that d_c^2 = |x|^2 + 2
 * s_c, and S_c the score that the kernel computes. With u = 2^-24, X and C the largest lengths of rows and of
 * centroids,
 *
 *   (1)  |S_c - s_c| <= e = (cols + 1) u / (1 - (cols + 1) u) (C^2 / 2 + X C):
 *
 *        the half square is rounded once and each of the `cols` fused steps once. e is taken with cols + 8, which also
 *        holds the two roundings of the difference S_2 - S_1 - 2e below, and the loss of underflows, by far.
 *
 *   (2)  The gap. Let b be the label, S_1 = S_b, S_2 the second smallest score: of every other c, S_c >= S_2. With
 *        A^2 = |x|^2 + 2 (S_2 - e) <= d_c^2 and B^2 = |x|^2 + 2 (S_1 + e) >= d_b^2, and where D = S_2 - S_1 - 2e > 0,
 *        d_c - d_b >= A - B = 2 D / (A + B) >= 2 D / sqrt(2 A^2 + 2 B^2) = D / sqrt(|x|^2 + S_1 + S_2).
 *        The kernel returns the smallest square of the right side in a tile. The sum below the root is computed with
 *        cols + 3 roundings of numbers that are together at most (X + C)^2: `spread`, added, makes up for them. Where
 *        D <= 0 the bound is 0, which is never enough.
 *
 *   (3)  The drift. When centroids move by at most m_1 >= m_2 >= ..., d_c - d_b shrinks by at most m_1 + m_2. `drift`
 *        is the sum of these, rounded up; a gap is kept as gap + drift, rounded down.
 *
 *   (4)  The test. Let G > 0 be what is left of the gap: d_c - d_b >= G. Then d_c + d_b >= G, and d_c + d_b >= |c - b|,
 *        so s_c - s_b = (d_c - d_b) (d_c + d_b) / 2 >= G max(G, L) / 2, where L is the smallest distance between two
 *        centroids. If that is above 2e, then S_c > S_b by (1), for every c: the kernel would find b again. So the tile
 *        may be left alone where G > min(2 sqrt(e), 4 e / L).
 *
 * Weights of rows appear nowhere. All of this is per rank: what one rank skips does not change what it would find.
 */
#include "cluster/prune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/memory.h"

#define SETTLED   256 /* pruning is tried where fewer than one row in so many moved: before, most tiles are looked at */
#define GAP_COST  3   /* measured: to find a tile's gap takes as long as comparing it with so many centroids */
#define REGROUP_K 8   /* measured: with fewer centroids it costs about as much as it saves */
#define CLOSEST_K 512 /* the smallest distance between centroids costs k^2 cols / 2: not for more of them */
#define ROUND_UP  (1 + 0x1p-20)

static tsr_status read_mode(tsr_pruning *mode)
{
    static const char *const names[] = {"auto", "off", "on"};
    const char *text = getenv("TESSERA_PRUNE");

    *mode = TSR_PRUNE_AUTO;
    if (text == NULL || text[0] == '\0') return TSR_OK;
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) != 0) continue;
        *mode = (tsr_pruning)i;
        return TSR_OK;
    }
    return TSR_FAIL(TSR_ECONF, "TESSERA_PRUNE=%s: use off, on or auto, or unset the variable", text);
}

tsr_status tsr_prune_make(const tsr_tiles *tiles, int32_t k, tsr_prune *prune)
{
    tsr_status st;

    *prune = (tsr_prune){.k = k, .longest = -1, .pause = 4, .moved = tiles->span.rows};
    TSR_TRY(read_mode(&prune->mode));
    if (prune->mode == TSR_PRUNE_OFF || k < 2) goto done;
    TSR_TRY(tsr_alloc(&prune->gaps.gap, tiles->tiles, sizeof *prune->gaps.gap));
    if (tiles->map == NULL && tiles->span.rows <= UINT32_MAX && (k >= REGROUP_K || prune->mode == TSR_PRUNE_ON))
        TSR_TRY(tsr_regroup_make(tiles, &prune->regroup));
    prune->tracking = prune->all = prune->mode == TSR_PRUNE_ON;
done:
    return st;
}

void tsr_prune_clear(tsr_prune *prune)
{
    tsr_regroup_free(&prune->regroup);
    tsr_free(&prune->gaps.gap);
}

static double distance(const float *a, const float *b, int32_t cols)
{
    double sum = 0;

    for (int32_t j = 0; j < cols; j++) {
        double d = (double)a[j] - (b == NULL ? 0 : b[j]);
        sum += d * d;
    }
    return sqrt(sum);
}

static double longest_centroid(const float *centroids, int32_t k, int32_t cols)
{
    double length = 0;

    for (int32_t c = 0; c < k; c++) length = fmax(length, distance(centroids + (int64_t)c * cols, NULL, cols));
    return length * ROUND_UP;
}

static double closest_centroids(const float *centroids, int32_t k, int32_t cols)
{
    double least = INFINITY;

    for (int32_t a = 0; a < k; a++)
        for (int32_t b = 0; b < a; b++)
            least = fmin(least, distance(centroids + (int64_t)a * cols, centroids + (int64_t)b * cols, cols));
    return least / ROUND_UP;
}

/* What rounding can do in this pass: by (1), (2) and (4). */
static void set_bounds(tsr_prune *p, const float *centroids, int32_t cols)
{
    double c = longest_centroid(centroids, p->k, cols), x = p->longest, unit = (cols + 8) * 0x1p-24 * 1.01;
    double e = unit * (c * c / 2 + x * c) + 0x1p-100, enough = 2 * sqrt(e);

    if (p->k <= CLOSEST_K && !p->all) enough = fmin(enough, 4 * e / closest_centroids(centroids, p->k, cols));
    p->gaps.slack = (float)(2 * e * ROUND_UP);
    p->gaps.spread = (float)((unit * (x + c) * (x + c) + 0x1p-100) * ROUND_UP);
    p->gaps.limit = p->all ? INFINITY : (float)((p->gaps.drift + enough) * ROUND_UP);
}

/* Is it worth it? A pass that keeps gaps takes longer for each tile than one that does not. */
static void review(tsr_prune *p, const tsr_tiles *tiles, bool all, int64_t moved)
{
    if (p->mode != TSR_PRUNE_AUTO) return;
    if (!p->tracking) {
        if (p->rest > 0) p->rest--;
        if (p->rest > 0 || moved > tiles->span.rows / SETTLED) return;
        p->tracking = p->all = true;
    } else if (!all && (double)p->gaps.looked * (p->k + GAP_COST) > (double)tiles->tiles * p->k) {
        p->tracking = false;
        p->rest = p->pause;
        p->pause *= 2;
    }
}

int64_t tsr_prune_assign(tsr_prune *p, tsr_isa isa, tsr_tiles *tiles, const float *centroids, uint16_t *label,
                         int64_t *sums, int64_t *count)
{
    bool all = p->all || !p->tracking;
    int64_t moved;

    if (p->tracking) {
        if (p->longest < 0) p->longest = tsr_tiles_longest(isa, tiles) * ROUND_UP * (1 + tiles->cols * 0x1p-24);
        set_bounds(p, centroids, tiles->cols);
        moved = p->all && p->regroup != NULL
                    ? tsr_regroup_assign(p->regroup, isa, tiles, centroids, p->k, label, sums, count, &p->gaps)
                    : tsr_assign_gaps(isa, tiles, centroids, p->k, label, sums, count, &p->gaps);
        p->all = false;
    } else if (tsr_afresh_pays(tiles, p->k, p->moved)) {
        moved = tsr_assign_afresh(isa, tiles, centroids, p->k, label, sums, count);
    } else {
        moved = tsr_assign(isa, tiles, centroids, p->k, label, sums, count);
    }
    p->moved = moved;
    p->looked += p->tracking ? p->gaps.looked : tiles->tiles;
    if (p->gaps.gap != NULL) review(p, tiles, all, moved);
    return moved;
}

void tsr_prune_shift(tsr_prune *p, const float *old, const float *next, int32_t cols)
{
    double first = 0, second = 0;

    if (p->gaps.gap == NULL) return;
    for (int32_t c = 0; c < p->k; c++) {
        double shift = distance(old + (int64_t)c * cols, next + (int64_t)c * cols, cols);
        second = fmax(second, fmin(first, shift));
        first = fmax(first, shift);
    }
    p->gaps.drift += (first + second) * ROUND_UP;
}

void tsr_prune_end(tsr_prune *p, tsr_tiles *tiles, uint16_t *label)
{
    if (p->regroup != NULL) tsr_regroup_undo(p->regroup, tiles, label);
}

void tsr_prune_forget(tsr_prune *p)
{
    p->all = true;
}
