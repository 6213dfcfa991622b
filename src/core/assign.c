#include "tessera/assign.h"

#include <math.h>
#include <string.h>

#include "core/kernels.h"
#include "tessera/memory.h"

#define RUN  TSR_RUN_TILES
#define NEXT 32 /* further ones, whose memory is asked for in the meantime */

/* Half of the squared length of each centroid: summed in double, rounded once. */
static void half_squares(const float *centroids, int32_t k, int32_t cols, float *half)
{
    for (int32_t c = 0; c < k; c++) {
        double sum = 0;
        for (int32_t j = 0; j < cols; j++) {
            double v = centroids[(int64_t)c * cols + j];
            sum += v * v;
        }
        half[c] = (float)(sum / 2);
    }
}

/* A run of tiles that are looked at together: small enough that they are still in the cache when their rows move. */
typedef struct run {
    const int16_t *tile[RUN + NEXT];
    int64_t at[RUN + NEXT]; /* their numbers */
    int64_t n;              /* the first RUN of them are the run */
    uint16_t fresh[RUN * TSR_TILE_ROWS];
    float gap[RUN];
} run;

/* Without sums only labels are kept. */
static int64_t relabel(int rows, const uint16_t *fresh, uint16_t *label)
{
    int64_t moved = 0;

    for (int i = 0; i < rows; i++) moved += label[i] != fresh[i];
    memcpy(label, fresh, (size_t)rows * sizeof *label);
    return moved;
}

/* Rounded down: the factors are more than all roundings. */
float tsr_gap_from_square(const tsr_gaps *gaps, float square)
{
    return (float)((sqrt((double)square) * (1 - 0x1p-20) + gaps->drift) * (1 - 0x1p-22));
}

/* As tsr_kernels.update does it, each row times its weight: on any processor, since only rows that move come here. */
static int64_t update_weighted(const tsr_tiles *tiles, int64_t at, int32_t k, const uint16_t *fresh, uint16_t *label,
                               int64_t *sums, int64_t *count)
{
    const int32_t cols = tiles->cols;
    const int16_t *value = tiles->value + at * cols * TSR_TILE_ROWS;
    int64_t moved = 0;

    for (int i = 0; i < tsr_tile_rows(tiles, at); i++) {
        const uint16_t from = label[i], to = fresh[i];
        const int64_t weight = tsr_tiles_weight(tiles, at * TSR_TILE_ROWS + i);

        if (from == to) continue;
        moved++;
        label[i] = to;
        count[to]++;
        count[k + to] += weight;
        for (int32_t j = 0; j < cols; j++) sums[(int64_t)to * cols + j] += weight * value[j * TSR_TILE_ROWS + i];
        if (from == TSR_NO_LABEL) continue;
        count[from]--;
        count[k + from] -= weight;
        for (int32_t j = 0; j < cols; j++) sums[(int64_t)from * cols + j] -= weight * value[j * TSR_TILE_ROWS + i];
    }
    return moved;
}

static void drop_run(run *r, int64_t n)
{
    r->n -= n;
    memmove(r->tile, r->tile + n, (size_t)r->n * sizeof *r->tile);
    memmove(r->at, r->at + n, (size_t)r->n * sizeof *r->at);
}

/* Rows of a run's first n tiles leave one sum and enter another. The last tile of all may have less than 16 labels. */
static int64_t update_run(const tsr_kernels *kernels, const tsr_tiles *tiles, const run *r, int64_t n, uint16_t *label,
                          int64_t *sums, int64_t *count)
{
    uint16_t *old[RUN], last[TSR_TILE_ROWS];
    uint16_t *const end = label + r->at[n - 1] * TSR_TILE_ROWS;
    const size_t bytes = (size_t)tsr_tile_rows(tiles, r->at[n - 1]) * sizeof *last;

    for (int64_t i = 0; i < n - 1; i++) old[i] = label + r->at[i] * TSR_TILE_ROWS;
    old[n - 1] = last;
    memcpy(last, r->fresh + (n - 1) * TSR_TILE_ROWS, sizeof last); /* so that what pads it does not move */
    memcpy(last, end, bytes);
    int64_t moved = kernels->update(r->tile, n, tiles->cols, r->fresh, old, sums, count);
    memcpy(end, last, bytes);
    return moved;
}

static int64_t take_run(const tsr_kernels *kernels, int32_t k, const tsr_tiles *tiles, const run *r, int64_t n,
                        uint16_t *label, int64_t *sums, int64_t *count)
{
    int64_t moved = 0;

    if (sums != NULL && tiles->weight == NULL) return update_run(kernels, tiles, r, n, label, sums, count);
    for (int64_t i = 0; i < n; i++) {
        const uint16_t *fresh = r->fresh + i * TSR_TILE_ROWS;
        uint16_t *old = label + r->at[i] * TSR_TILE_ROWS;

        moved += sums == NULL ? relabel(tsr_tile_rows(tiles, r->at[i]), fresh, old)
                              : update_weighted(tiles, r->at[i], k, fresh, old, sums, count);
    }
    return moved;
}

static int64_t finish_run(const tsr_kernels *kernels, const tsr_targets *to, const tsr_tiles *tiles, run *r,
                          uint16_t *label, int64_t *sums, int64_t *count, tsr_gaps *gaps)
{
    const int64_t n = r->n < RUN ? r->n : RUN;

    if (gaps != NULL)
        kernels->nearest_gap(to, r->tile, n, r->n, r->fresh, r->gap,
                             gaps->square == NULL ? NULL : gaps->square + r->at[0] * TSR_TILE_ROWS);
    else
        kernels->nearest(to, r->tile, n, r->n, r->fresh);
    const int64_t moved = take_run(kernels, to->k, tiles, r, n, label, sums, count);
    for (int64_t i = 0; gaps != NULL && i < n; i++) gaps->gap[r->at[i]] = tsr_gap_from_square(gaps, r->gap[i]);
    if (gaps != NULL) gaps->looked += n;
    drop_run(r, n);
    return moved;
}

int64_t tsr_assign_gaps(tsr_isa isa, const tsr_tiles *tiles, const float *centroids, int32_t k, uint16_t *label,
                        int64_t *sums, int64_t *count, tsr_gaps *gaps)
{
    const tsr_kernels *kernels = tsr_kernels_of(isa);
    int64_t moved = 0, tile_values = (int64_t)tiles->cols * TSR_TILE_ROWS;
    float half[TSR_K_MAX];
    tsr_targets to = {.centroid = centroids, .half = half, .k = k, .cols = tiles->cols};
    run r;

    TSR_ASSERT(k >= 1 && k <= TSR_K_MAX && (gaps == NULL || k > 1));
    half_squares(centroids, k, tiles->cols, half);
    r.n = 0;
    if (gaps != NULL) {
        to.slack = gaps->slack;
        to.spread = gaps->spread;
        gaps->looked = 0;
    }
    for (int64_t t = 0; t < tiles->tiles; t++) {
        if (gaps != NULL && gaps->gap[t] > gaps->limit) continue;
        r.at[r.n] = t;
        r.tile[r.n++] = tiles->value + t * tile_values;
        if (r.n == RUN + NEXT) moved += finish_run(kernels, &to, tiles, &r, label, sums, count, gaps);
    }
    while (r.n > 0) moved += finish_run(kernels, &to, tiles, &r, label, sums, count, gaps);
    return moved;
}

int64_t tsr_assign(tsr_isa isa, const tsr_tiles *tiles, const float *centroids, int32_t k, uint16_t *label,
                   int64_t *sums, int64_t *count)
{
    return tsr_assign_gaps(isa, tiles, centroids, k, label, sums, count, NULL);
}

/* Labels of n tiles from `first` on. What pads the last tile gets none. */
static int64_t take_labels(const tsr_tiles *tiles, int64_t first, int64_t n, uint16_t *fresh, uint16_t *label)
{
    int64_t moved = 0;

    for (int64_t i = 0; i < n; i++, fresh += TSR_TILE_ROWS) {
        uint16_t *old = label + (first + i) * TSR_TILE_ROWS;
        int rows = tsr_tile_rows(tiles, first + i);

        for (int pad = rows; pad < TSR_TILE_ROWS; pad++) fresh[pad] = TSR_NO_LABEL;
        moved += relabel(rows, fresh, old);
    }
    return moved;
}

#define GATHER_VALUES 1024 /* k x cols: of partial sums that stay in the nearest cache */
#define GATHER_SHARE  700  /* measured: gathering costs k x cols, keeping sums up to date this times the moved share */

bool tsr_afresh_pays(const tsr_tiles *tiles, int32_t k, int64_t moved)
{
    const int64_t values = (int64_t)k * tiles->cols;

    return tiles->weight == NULL && k <= TSR_GATHER_K && values <= GATHER_VALUES &&
           (double)moved * GATHER_SHARE > (double)tiles->span.rows * (double)values;
}

static void add_partial(int32_t *partial, int64_t values, int64_t *sums)
{
    for (int64_t i = 0; i < values; i++)
        for (int p = 0; p < TSR_PARTIALS; p++) sums[i] -= partial[i * TSR_PARTIALS + p];
    memset(partial, 0, (size_t)values * TSR_PARTIALS * sizeof *partial);
}

int64_t tsr_assign_afresh(tsr_isa isa, const tsr_tiles *tiles, const float *centroids, int32_t k, uint16_t *label,
                          int64_t *sums, int64_t *count)
{
    const tsr_kernels *kernels = tsr_kernels_of(isa);
    const int64_t values = (int64_t)k * tiles->cols, tile_values = (int64_t)tiles->cols * TSR_TILE_ROWS;
    int64_t moved = 0, held = 0; /* tiles in the partial sums */
    float half[TSR_GATHER_K];
    tsr_targets to = {.centroid = centroids, .half = half, .k = k, .cols = tiles->cols};
    int32_t partial[GATHER_VALUES * TSR_PARTIALS] = {0};

    TSR_ASSERT(tsr_afresh_pays(tiles, k, INT64_MAX));
    half_squares(centroids, k, tiles->cols, half);
    memset(sums, 0, (size_t)values * sizeof *sums);
    memset(count, 0, (size_t)k * sizeof *count);
    for (int64_t first = 0; first < tiles->tiles; first += RUN) {
        const int16_t *tile[RUN + NEXT];
        uint16_t fresh[RUN * TSR_TILE_ROWS];
        int64_t left = tiles->tiles - first, n = left < RUN ? left : RUN, known = left < RUN + NEXT ? left : RUN + NEXT;

        for (int64_t i = 0; i < known; i++) tile[i] = tiles->value + (first + i) * tile_values;
        kernels->nearest(&to, tile, n, known, fresh);
        moved += take_labels(tiles, first, n, fresh, label);
        kernels->gather(tile, n, tiles->cols, fresh, k, partial, count);
        held += n;
        if (held + RUN <= TSR_GATHER_MOST) continue;
        add_partial(partial, values, sums);
        held = 0;
    }
    add_partial(partial, values, sums);
    return moved;
}

double tsr_tiles_longest(tsr_isa isa, const tsr_tiles *tiles)
{
    return sqrt((double)tsr_kernels_of(isa)->longest(tiles->value, tiles->tiles, tiles->cols));
}

void tsr_tile_distance(const tsr_tiles *tiles, int64_t tile, const double *centroid, double *distance)
{
    tsr_kernels_of(tsr_isa_here())
        ->distance(tiles->value + tile * tiles->cols * TSR_TILE_ROWS, tiles->cols, centroid, distance);
}

void tsr_tile_project(const double *row, int32_t cols, const double *vector, int32_t n, double *score)
{
    tsr_kernels_of(tsr_isa_here())->project(row, cols, vector, n, score);
}

/* One tile's rows from `skip` on, at most `rows` of them. */
static void tile_distances(const tsr_tiles *tiles, int64_t tile, int skip, int rows, const double *centroids, int32_t k,
                           const uint16_t *label, double *own, double *other)
{
    double d[TSR_TILE_ROWS];

    for (int i = 0; i < rows; i++) other[i] = INFINITY;
    for (int32_t c = 0; c < k; c++) {
        tsr_tile_distance(tiles, tile, centroids + (int64_t)c * tiles->cols, d);
        for (int i = 0; i < rows; i++) {
            double here = d[skip + i];
            if (label[i] == c)
                own[i] = here;
            else if (here < other[i])
                other[i] = here;
        }
    }
}

void tsr_distances(const tsr_tiles *tiles, int64_t first, int64_t rows, const double *centroids, int32_t k,
                   const uint16_t *label, double *own, double *other)
{
    for (int64_t done = 0; done < rows;) {
        int64_t slot = first + done;
        int skip = (int)(slot % TSR_TILE_ROWS);
        int n = TSR_TILE_ROWS - skip;

        if (n > rows - done) n = (int)(rows - done);
        tile_distances(tiles, slot / TSR_TILE_ROWS, skip, n, centroids, k, label + slot, own + done, other + done);
        done += n;
    }
}
