#include "tessera/quality.h"

#include <math.h>
#include <string.h>

#include "tessera/assign.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

/* Silhouettes lie in [-1, 1]; a distance is at most 2^16 x sqrt(4096) = 2^22 steps: sums over 2^40 rows fit. */
#define SILHOUETTE_SCALE 50
#define DISTANCE_SCALE   30

#define FIELD(name) offsetof(tsr_quality_params, name)

const tsr_key tsr_quality_keys[] = {
    {"quality.silhouette_sample", TSR_KEY_INT, FIELD(silhouette_sample), "4096", 0, 1048576, NULL,
     "Customers on whom the Euclidean silhouette is measured, drawn from each segment; 0: it is not.", NULL, 0},
    {"quality.truth", TSR_KEY_TEXT, FIELD(truth), "null", 0, 0, NULL,
     "Column with given labels to compare segments with: an attribute, a column of the matrix or a feature; categories "
     "or integers.",
     NULL, 0},
    {"quality.truth_table", TSR_KEY_PATH, FIELD(truth_table), "null", 0, 0, NULL,
     "File with the column quality.truth, as of predict.table: truth.h5 beside a synthetic dataset has its latent "
     "groups as `group`; null: the job's input.",
     NULL, 0},
    {.path = NULL},
};

/* What the measures are made of. Sums are exact and, once reduced, the same on all ranks. */
typedef struct evidence {
    int32_t k, cols;
    int32_t filled;      /* segments with rows */
    int64_t *count;      /* [k] rows */
    int64_t *weight;     /* [k] sums of weights; the counts where there are none */
    int64_t *sums;       /* [k][cols] steps; this and what follows: each row times its weight */
    tsr_int128 *squares; /* [k] sum of squared lengths, steps^2 */
    double *centre;      /* [k][cols] steps */
    double *spread;      /* [k] mean squared distance to the centre */
    double *near;        /* [k][16] squared distances of one tile */
    tsr_fixed *sum;      /* [2 k + 1]: simplified silhouette and distance by segment, then the squared silhouette */
} evidence;

static tsr_status evidence_make(int32_t k, int32_t cols, evidence *e)
{
    tsr_status st;

    e->k = k;
    e->cols = cols;
    TSR_TRY(tsr_alloc(&e->count, k, sizeof *e->count));
    TSR_TRY(tsr_alloc(&e->weight, k, sizeof *e->weight));
    TSR_TRY(tsr_alloc(&e->sums, (int64_t)k * cols, sizeof *e->sums));
    TSR_TRY(tsr_alloc(&e->squares, k, sizeof *e->squares));
    TSR_TRY(tsr_alloc(&e->centre, (int64_t)k * cols, sizeof *e->centre));
    TSR_TRY(tsr_alloc(&e->spread, k, sizeof *e->spread));
    TSR_TRY(tsr_alloc_aligned(&e->near, (int64_t)k * TSR_TILE_ROWS, sizeof *e->near));
    TSR_TRY(tsr_alloc(&e->sum, 2 * (int64_t)k + 1, sizeof *e->sum));
    for (int32_t c = 0; c < k; c++) {
        e->sum[c] = tsr_fixed_zero(SILHOUETTE_SCALE);
        e->sum[k + c] = tsr_fixed_zero(DISTANCE_SCALE);
    }
    e->sum[2 * k] = tsr_fixed_zero(SILHOUETTE_SCALE);
done:
    return st;
}

static void evidence_clear(evidence *e)
{
    tsr_free(&e->sum);
    tsr_free(&e->near);
    tsr_free(&e->spread);
    tsr_free(&e->centre);
    tsr_free(&e->squares);
    tsr_free(&e->sums);
    tsr_free(&e->weight);
    tsr_free(&e->count);
}

static void add_moments(const tsr_tiles *tiles, const uint16_t *label, evidence *e)
{
    for (int64_t t = 0; t < tiles->tiles; t++) {
        const int16_t *tile = tiles->value + t * tiles->cols * TSR_TILE_ROWS;
        int64_t norm[TSR_TILE_ROWS];

        tsr_tiles_norms(tiles, t, norm);
        for (int i = 0; i < tsr_tile_rows(tiles, t); i++) {
            uint16_t c = label[t * TSR_TILE_ROWS + i];
            int64_t *sums = e->sums + (int64_t)c * e->cols, weight = tsr_tiles_weight(tiles, t * TSR_TILE_ROWS + i);
            e->count[c]++;
            e->weight[c] += weight;
            e->squares[c] += (tsr_int128)weight * norm[i];
            for (int32_t j = 0; j < e->cols; j++) sums[j] += weight * tile[(int64_t)j * TSR_TILE_ROWS + i];
        }
    }
}

/* n x (sum of squared lengths) - (length of the sum)^2: n times the sum of squared distances to the mean, exact. */
static tsr_int128 scatter(int64_t n, tsr_int128 squares, const int64_t *sums, int32_t cols)
{
    tsr_int128 s = n * squares;

    for (int32_t j = 0; j < cols; j++) s -= (tsr_int128)sums[j] * sums[j];
    return s;
}

static void find_centres(evidence *e)
{
    for (int32_t c = 0; c < e->k; c++) {
        int64_t n = e->weight[c];
        const int64_t *sums = e->sums + (int64_t)c * e->cols;

        if (n == 0) continue;
        e->filled++;
        for (int32_t j = 0; j < e->cols; j++) e->centre[(int64_t)c * e->cols + j] = (double)sums[j] / (double)n;
        e->spread[c] = tsr_int128_scaled(scatter(n, e->squares[c], sums, e->cols), 0) / ((double)n * (double)n);
    }
}

static double silhouette(double own, double other)
{
    double larger = fmax(own, other);

    return larger > 0 ? (other - own) / larger : 0;
}

/* One row against all centres. The mean squared distance to the rows of segment c is the squared distance to its
 * centre plus its spread (exact: no pairs are visited); its own segment counts without the row itself. */
static void add_row(evidence *e, int row, int64_t weight, int32_t own)
{
    double n = (double)e->weight[own], own_square = e->near[(int64_t)own * TSR_TILE_ROWS + row];
    double own_mean = n / (n - (double)weight) * (own_square + e->spread[own]);
    double other_square = INFINITY, other_mean = INFINITY;

    for (int32_t c = 0; c < e->k; c++) {
        double d = e->near[(int64_t)c * TSR_TILE_ROWS + row];
        if (c == own || e->count[c] == 0) continue;
        other_square = fmin(other_square, d);
        other_mean = fmin(other_mean, d + e->spread[c]);
    }
    tsr_fixed_add(&e->sum[e->k + own], sqrt(own_square), weight);
    if (e->count[own] == 1 || e->filled < 2) return; /* a customer alone counts as 0 */
    tsr_fixed_add(&e->sum[own], silhouette(sqrt(own_square), sqrt(other_square)), weight);
    tsr_fixed_add(&e->sum[2 * e->k], silhouette(own_mean, other_mean), weight);
}

static void add_distances(const tsr_tiles *tiles, const uint16_t *label, evidence *e)
{
    for (int64_t t = 0; t < tiles->tiles; t++) {
        for (int32_t c = 0; c < e->k; c++)
            tsr_tile_distance(tiles, t, e->centre + (int64_t)c * e->cols, e->near + (int64_t)c * TSR_TILE_ROWS);
        for (int i = 0; i < tsr_tile_rows(tiles, t); i++) {
            int64_t slot = t * TSR_TILE_ROWS + i;
            add_row(e, i, tsr_tiles_weight(tiles, slot), label[slot]);
        }
    }
}

static double davies_bouldin(const evidence *e)
{
    double sum = 0;

    for (int32_t c = 0; c < e->k; c++) {
        double worst = 0;

        if (e->count[c] == 0) continue;
        double mine = tsr_fixed_value(&e->sum[e->k + c]) / (double)e->weight[c];
        for (int32_t o = 0; o < e->k; o++) {
            double between = 0;

            if (o == c || e->count[o] == 0) continue;
            for (int32_t j = 0; j < e->cols; j++) {
                double d = e->centre[(int64_t)c * e->cols + j] - e->centre[(int64_t)o * e->cols + j];
                between += d * d;
            }
            if (between == 0) return NAN;
            worst = fmax(worst, (mine + tsr_fixed_value(&e->sum[e->k + o]) / (double)e->weight[o]) / sqrt(between));
        }
        sum += worst;
    }
    return sum / e->filled;
}

/* Inertia and what follows from sums of squares alone; integers up to the last division. */
static void measure_variance(const evidence *e, const tsr_tiles *tiles, int64_t *total_sums, tsr_quality *q)
{
    tsr_int128 squares = 0;
    int64_t n = 0, rows = tiles->span.rows_global;
    double within = 0;

    for (int32_t c = 0; c < e->k; c++) {
        const int64_t *sums = e->sums + (int64_t)c * e->cols;
        double own = e->count[c] == 0 ? 0
                                      : tsr_int128_scaled(scatter(e->weight[c], e->squares[c], sums, e->cols), 0) /
                                            (double)e->weight[c];

        q->segment_rows[c] = e->count[c];
        q->segment_inertia[c] = own * tiles->step * tiles->step * tiles->quantum;
        within += own;
        n += e->weight[c];
        squares += e->squares[c];
        for (int32_t j = 0; j < e->cols; j++) total_sums[j] += sums[j];
    }
    double total = n == 0 ? 0 : tsr_int128_scaled(scatter(n, squares, total_sums, e->cols), 0) / (double)n;
    double between = fmax(total - within, 0);

    q->inertia = within * tiles->step * tiles->step * tiles->quantum;
    q->explained_variance = total > 0 ? between / total : NAN;
    q->calinski_harabasz = e->filled > 1 && rows > e->filled && within > 0
                               ? between / (e->filled - 1) / (within / (double)(rows - e->filled))
                               : NAN;
}

static void measure_silhouettes(const evidence *e, tsr_quality *q)
{
    tsr_fixed all = tsr_fixed_zero(SILHOUETTE_SCALE);
    bool defined = e->filled > 1;
    int64_t n = 0;

    for (int32_t c = 0; c < e->k; c++) {
        tsr_fixed_join(&all, &e->sum[c]);
        n += e->weight[c];
        q->segment_silhouette[c] =
            defined && e->weight[c] > 0 ? tsr_fixed_value(&e->sum[c]) / (double)e->weight[c] : NAN;
    }
    q->silhouette_simplified = defined ? tsr_fixed_value(&all) / (double)n : NAN;
    q->silhouette_squared = defined ? tsr_fixed_value(&e->sum[2 * e->k]) / (double)n : NAN;
    q->davies_bouldin = defined ? davies_bouldin(e) : NAN;
}

static tsr_status quality_make(int32_t k, tsr_quality *q)
{
    tsr_status st;

    q->k = k;
    TSR_TRY(tsr_alloc(&q->segment_silhouette, k, sizeof *q->segment_silhouette));
    TSR_TRY(tsr_alloc(&q->segment_inertia, k, sizeof *q->segment_inertia));
    TSR_TRY(tsr_alloc(&q->segment_rows, k, sizeof *q->segment_rows));
done:
    return st;
}

void tsr_quality_clear(tsr_quality *quality)
{
    tsr_silhouette_clear(&quality->euclidean);
    tsr_free(&quality->segment_rows);
    tsr_free(&quality->segment_inertia);
    tsr_free(&quality->segment_silhouette);
}

tsr_status tsr_quality_compute(const tsr_comm *comm, const tsr_tiles *tiles, const uint16_t *label, int32_t k,
                               tsr_quality *quality)
{
    tsr_status st;
    evidence e = {0};
    int64_t *total_sums = NULL;

    *quality = (tsr_quality){0};
    TSR_AGREE(comm, evidence_make(k, tiles->cols, &e));
    TSR_AGREE(comm, quality_make(k, quality));
    TSR_AGREE(comm, tsr_alloc(&total_sums, tiles->cols, sizeof *total_sums));

    add_moments(tiles, label, &e);
    tsr_sum_int64(comm, e.count, k);
    tsr_sum_int64(comm, e.weight, k);
    tsr_sum_int64(comm, e.sums, (int64_t)k * tiles->cols);
    TSR_TRY(tsr_sum_int128(comm, e.squares, k));
    find_centres(&e);
    add_distances(tiles, label, &e);
    TSR_TRY(tsr_sum_fixed(comm, e.sum, 2 * (int64_t)k + 1));

    measure_variance(&e, tiles, total_sums, quality);
    measure_silhouettes(&e, quality);
done:
    if (st != TSR_OK) tsr_quality_clear(quality);
    tsr_free(&total_sums);
    evidence_clear(&e);
    return st;
}
