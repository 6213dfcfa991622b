#include "tessera/pca.h"

#include <math.h>
#include <string.h>

#include "reduce/eigen.h"
#include "tessera/assign.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

const tsr_key tsr_reduce_keys[] = {
    {.path = "reduce.method",
     .type = TSR_KEY_CHOICE,
     .offset = offsetof(tsr_reduce_params, method),
     .fallback = "pca",
     .choices = "pca|none",
     .meaning = "Replace the features by principal components before clustering, or cluster the features themselves."},
    {.path = "reduce.variance",
     .type = TSR_KEY_REAL,
     .offset = offsetof(tsr_reduce_params, variance),
     .fallback = "0.95",
     .low = 1e-6,
     .high = 1,
     .meaning = "Keep as many components as explain this share of the variance."},
    {.path = "reduce.components",
     .type = TSR_KEY_INT,
     .offset = offsetof(tsr_reduce_params, components),
     .fallback = "0",
     .low = 0,
     .high = 4096,
     .meaning = "Keep this number of components (all, if there are fewer); 0: as reduce.variance says."},
    {.path = NULL},
};

static tsr_status pca_create(int32_t cols, int32_t components, tsr_pca **pca)
{
    tsr_status st;
    tsr_pca *p = NULL;

    *pca = NULL;
    TSR_TRY(tsr_alloc(&p, 1, sizeof *p));
    p->cols = cols;
    p->components = components;
    TSR_TRY(tsr_alloc(&p->mean, cols, sizeof *p->mean));
    TSR_TRY(tsr_alloc(&p->vector, (int64_t)components * cols, sizeof *p->vector));
    TSR_TRY(tsr_alloc(&p->variance, cols, sizeof *p->variance));
    *pca = p;
    p = NULL;
done:
    tsr_pca_destroy(&p);
    return st;
}

void tsr_pca_destroy(tsr_pca **pca)
{
    if (*pca == NULL) return;
    tsr_free(&(*pca)->variance);
    tsr_free(&(*pca)->vector);
    tsr_free(&(*pca)->mean);
    tsr_free(pca);
}

/* The covariance (n - 1) from integers: n P - S S is exact in 128 bits for up to 2^47 rows, then rounded once. */
static void covariance(const tsr_tiles *tiles, const tsr_int128 *product, const int64_t *sum, double *c)
{
    int32_t cols = tiles->cols;
    int64_t n = tiles->span.rows_global;
    double unit = tiles->step * tiles->step / ((double)n * (double)(n - 1));

    for (int32_t i = 0; i < cols; i++) {
        for (int32_t j = i; j < cols; j++) {
            tsr_int128 v = n * product[(int64_t)i * cols + j] - (tsr_int128)sum[i] * sum[j];
            c[(int64_t)i * cols + j] = c[(int64_t)j * cols + i] = tsr_int128_scaled(v, 0) * unit;
        }
    }
}

/* Sign by the first component that is about as large as the largest, so that a tie between two of them cannot turn the
 * vector round; then rounded, so that the last bits of a solver do not travel. */
static void settle_vector(double *v, int32_t cols)
{
    double largest = 0, sign = 1;

    for (int32_t j = 0; j < cols; j++) largest = fmax(largest, fabs(v[j]));
    for (int32_t j = 0; j < cols; j++) {
        if (fabs(v[j]) < largest * (1 - 0x1p-20)) continue;
        sign = v[j] < 0 ? -1 : 1;
        break;
    }
    for (int32_t j = 0; j < cols; j++) v[j] = rint(sign * v[j] * 0x1p24) * 0x1p-24 + 0.0; /* + 0: no -0 */
}

static int32_t components_for(const tsr_reduce_params *params, const double *variance, int32_t cols)
{
    double total = 0, kept = 0;
    int32_t n = 0;

    if (params->components > 0) return params->components < cols ? (int32_t)params->components : cols;
    for (int32_t i = 0; i < cols; i++) total += variance[i];
    while (n < cols && (n == 0 || kept < params->variance * total)) kept += variance[n++];
    return n;
}

/* Root only: eigenvectors of the covariance into vector [cols][cols], as they will be used. */
static tsr_status solve(const tsr_tiles *tiles, const tsr_int128 *product, const int64_t *sum, double *vector,
                        double *variance)
{
    tsr_status st;

    covariance(tiles, product, sum, vector);
    TSR_TRY(tsr_eigen(vector, tiles->cols, variance));
    for (int32_t i = 0; i < tiles->cols; i++) {
        settle_vector(vector + (int64_t)i * tiles->cols, tiles->cols);
        if (!(variance[i] > 0)) variance[i] = 0; /* a rounding error below zero */
    }
done:
    return st;
}

/* What a fit works on: made on every rank before anything is communicated. */
typedef struct workspace {
    tsr_int128 *product;       /* [cols][cols] */
    int64_t *sum;              /* [cols] */
    double *vector, *variance; /* [cols][cols], [cols] */
} workspace;

static tsr_status workspace_make(int32_t cols, workspace *w)
{
    tsr_status st;

    TSR_TRY(tsr_alloc(&w->product, (int64_t)cols * cols, sizeof *w->product));
    TSR_TRY(tsr_alloc(&w->sum, cols, sizeof *w->sum));
    TSR_TRY(tsr_alloc(&w->vector, (int64_t)cols * cols, sizeof *w->vector));
    TSR_TRY(tsr_alloc(&w->variance, cols, sizeof *w->variance));
done:
    return st;
}

static void workspace_clear(workspace *w)
{
    tsr_free(&w->variance);
    tsr_free(&w->vector);
    tsr_free(&w->sum);
    tsr_free(&w->product);
}

tsr_status tsr_pca_fit(const tsr_comm *comm, const tsr_reduce_params *params, const tsr_tiles *tiles, tsr_pca **pca)
{
    tsr_status st;
    int32_t cols = tiles->cols;
    int64_t square = (int64_t)cols * cols, n = tiles->span.rows_global;
    workspace w = {0};
    tsr_pca *p = NULL;

    *pca = NULL;
    if (n < 2)
        return TSR_FAIL(TSR_EDATA, "principal components need at least 2 customers; there are %lld", (long long)n);
    TSR_AGREE(comm, workspace_make(cols, &w));
    TSR_AGREE(comm, tsr_products(tiles, w.product, w.sum));
    tsr_sum_int64(comm, w.sum, cols);
    TSR_TRY(tsr_sum_int128(comm, w.product, square));
    TSR_AGREE(comm, comm->rank == 0 ? solve(tiles, w.product, w.sum, w.vector, w.variance) : TSR_OK);
    tsr_bcast(comm, w.variance, cols * (int64_t)sizeof *w.variance, 0);
    tsr_bcast(comm, w.vector, square * (int64_t)sizeof *w.vector, 0);

    TSR_AGREE(comm, pca_create(cols, components_for(params, w.variance, cols), &p));
    for (int32_t j = 0; j < cols; j++) p->mean[j] = (double)w.sum[j] / (double)n * tiles->step;
    memcpy(p->vector, w.vector, (size_t)p->components * (size_t)cols * sizeof *p->vector);
    memcpy(p->variance, w.variance, (size_t)cols * sizeof *p->variance);
    *pca = p;
    p = NULL;
done:
    tsr_pca_destroy(&p);
    workspace_clear(&w);
    return st;
}

/* ---- projection ----
 * Products are rounded before they are added: the same bits for a row of a tile and for a row by itself, on processors
 * with and without fused multiply-add, and at the speed of whatever vectors the compiler has. */

static void centre_tile(const tsr_pca *pca, const tsr_tiles *tiles, int64_t tile, double *centred)
{
    const int16_t *value = tiles->value + tile * tiles->cols * TSR_TILE_ROWS;

    for (int32_t j = 0; j < pca->cols; j++)
        for (int i = 0; i < TSR_TILE_ROWS; i++)
            centred[j * TSR_TILE_ROWS + i] = value[j * TSR_TILE_ROWS + i] * tiles->step - pca->mean[j];
}

void tsr_pca_forward(const tsr_pca *pca, const double *values, double *score)
{
    for (int32_t c = 0; c < pca->components; c++) {
        const double *vector = pca->vector + (int64_t)c * pca->cols;
        score[c] = 0;
        for (int32_t j = 0; j < pca->cols; j++) score[c] += (values[j] - pca->mean[j]) * vector[j];
    }
}

void tsr_pca_backward(const tsr_pca *pca, const double *score, double *values)
{
    for (int32_t j = 0; j < pca->cols; j++) {
        values[j] = pca->mean[j];
        for (int32_t c = 0; c < pca->components; c++) values[j] += score[c] * pca->vector[(int64_t)c * pca->cols + j];
    }
}

/* One tile on its way: centred values [cols][16], scores [components][16]. */
typedef struct desk {
    double *centred, *score;
} desk;

static void score_tile(const tsr_pca *pca, const tsr_tiles *tiles, int64_t tile, const desk *d)
{
    centre_tile(pca, tiles, tile, d->centred);
    tsr_tile_project(d->centred, pca->cols, pca->vector, pca->components, d->score);
}

static double largest_score(const tsr_pca *pca, const tsr_tiles *tiles, const desk *d)
{
    double largest = 0;

    for (int64_t t = 0; t < tiles->tiles; t++) {
        int rows = tsr_tile_rows(tiles, t);

        score_tile(pca, tiles, t, d);
        for (int32_t c = 0; c < pca->components; c++) {
            const double *score = d->score + (int64_t)c * TSR_TILE_ROWS;
            for (int i = 0; i < rows; i++) largest = fabs(score[i]) > largest ? fabs(score[i]) : largest;
        }
    }
    return largest;
}

static void project(const tsr_pca *pca, const tsr_tiles *tiles, const desk *d, tsr_tiles *scores)
{
    for (int64_t t = 0; t < tiles->tiles; t++) {
        int rows = tsr_tile_rows(tiles, t);

        score_tile(pca, tiles, t, d);
        for (int32_t c = 0; c < pca->components; c++)
            (void)tsr_tiles_put(scores, t * TSR_TILE_ROWS, rows, c, d->score + (int64_t)c * TSR_TILE_ROWS);
    }
}

static tsr_status desk_make(const tsr_pca *pca, desk *d)
{
    tsr_status st;

    TSR_TRY(tsr_alloc_aligned(&d->centred, (int64_t)pca->cols * TSR_TILE_ROWS, sizeof *d->centred));
    TSR_TRY(tsr_alloc_aligned(&d->score, (int64_t)pca->components * TSR_TILE_ROWS, sizeof *d->score));
done:
    return st;
}

tsr_status tsr_pca_apply(const tsr_comm *comm, tsr_pca *pca, const tsr_tiles *tiles, tsr_tiles **scores)
{
    tsr_status st;
    desk d = {0};
    double step = pca->step;

    *scores = NULL;
    TSR_AGREE(comm, desk_make(pca, &d));
    if (step == 0) {
        double largest = largest_score(pca, tiles, &d);
        tsr_max_double(comm, &largest, 1);
        step = tsr_step_for(largest);
    }
    TSR_AGREE(comm, tsr_tiles_create(&tiles->span, pca->components, step, tiles->key, scores));
    project(pca, tiles, &d, *scores);
    pca->step = step;
done:
    if (st != TSR_OK) tsr_tiles_destroy(scores);
    tsr_free(&d.score);
    tsr_free(&d.centred);
    return st;
}
