#include "mpi_test.h"

#include <string.h>

#include "cluster/lloyd.h"
#include "tessera/quality.h"
#include "tessera/reduce.h"
#include "tessera/weights.h"
#include "tiles_test.h"

enum { ROWS = 600, COLS = 3, K = 4 };

/* Row i of the short matrix counts 1 + i mod 4 times; the long one has it as often. */
static int64_t original_of(int64_t row)
{
    static const int64_t place[10] = {0, 1, 1, 2, 2, 2, 3, 3, 3, 3};

    return row / 10 * 4 + place[row % 10];
}

static double repeated(int64_t row, int32_t col)
{
    return test_clouds(original_of(row), col);
}

static double times(int64_t row)
{
    return 1 + (double)(row % 4);
}

static double skewed(int64_t row)
{
    double u = test_uniform(row, 777);

    return row % 50 == 7 ? 0 : u * u * u * 1e6;
}

/* Tiles of test_clouds with weights; NULL on failure. */
static tsr_tiles *weighted(const tsr_comm *comm, int64_t rows, int32_t cols, test_deal deal, test_value value,
                           double (*weight)(int64_t))
{
    tsr_tiles *tiles = test_tiles(comm, rows, cols, 1e-3, deal, value);
    double *w = NULL;

    if (tiles == NULL || tsr_alloc(&w, tiles->span.rows, sizeof *w) != TSR_OK) return NULL;
    for (int64_t i = 0; i < tiles->span.rows; i++) w[i] = weight(tiles->span.first + i);
    if (tsr_weights_attach(comm, "w", w, tiles) != TSR_OK) return NULL;
    tsr_free(&w);
    return tiles;
}

static void start_from(double (*value)(int64_t, int32_t), double *start)
{
    for (int c = 0; c < K; c++)
        for (int j = 0; j < COLS; j++) start[c * COLS + j] = rint(value(c * 4, j) / 1e-3) * 1e-3;
}

/* ---- quanta ---- */

static void whole_numbers_are_their_own_quanta(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = weighted(comm, ROWS, COLS, DEAL_EVENLY, test_clouds, times);
    bool own = true;

    for (int64_t i = 0; i < tiles->span.rows; i++)
        own &= tiles->weight[i] == 1 + (tiles->span.first + i) % 4 && tsr_tiles_weight(tiles, i) == tiles->weight[i];
    CHECK_ALL(comm, own && tiles->quantum == 1);
    test_tiles_free(&tiles);
}

static double third(int64_t row)
{
    (void)row;
    return 1.0 / 3;
}

static void equal_weights_are_none(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = weighted(comm, ROWS, COLS, DEAL_LAST, test_clouds, third);

    CHECK_ALL(comm, tiles->weight == NULL && fabs(tiles->quantum * 3 - 1) < 1e-8);
    test_tiles_free(&tiles);
}

/* Largest to smallest 10^300: no sum can overflow, and the smallest and 0 still count. */
static double extreme(int64_t row)
{
    return row % 3 == 0 ? 1e200 : row % 3 == 1 ? 1e-100 : 0;
}

static void weights_of_any_size_are_at_least_one_quantum_and_cannot_overflow(void **state)
{
    const tsr_comm *comm = *state;

    for (int32_t cols = 1; cols <= 300; cols += 299) {
        tsr_tiles *tiles = weighted(comm, ROWS, cols, DEAL_EVENLY, test_clouds, extreme);
        int64_t sum = tsr_tiles_weight_sum(tiles), least = INT64_MAX, most = 0;

        for (int64_t i = 0; i < tiles->span.rows; i++) {
            if (tiles->weight[i] < least) least = tiles->weight[i];
            if (tiles->weight[i] > most) most = tiles->weight[i];
        }
        tsr_sum_int64(comm, &sum, 1);
        tsr_min_int64(comm, &least, 1);
        tsr_max_int64(comm, &most, 1);
        CHECK_ALL(comm, least == 1 && most > 1 << 28 && sum < (int64_t)1 << (cols == 1 ? 47 : 43));
        CHECK_ALL(comm, fabs((double)most * tiles->quantum / 1e200 - 1) < 1e-9);
        test_tiles_free(&tiles);
    }
}

static void weights_that_are_none_fail_on_all_ranks(void **state)
{
    const tsr_comm *comm = *state;
    static const double bad[] = {-1, (double)NAN, (double)INFINITY, 0};
    static const char *const says[] = {"w is -1 for customer 50", "w is missing for customer 50",
                                       "w is inf for customer 50", "w is 0 for every customer"};

    for (int b = 0; b < 4; b++) {
        tsr_tiles *tiles = test_tiles(comm, 50, COLS, 1e-3, DEAL_EVENLY, test_clouds);
        double value[50];

        for (int64_t i = 0; i < tiles->span.rows; i++)
            value[i] = b == 3 || tiles->span.first + i == 49 ? bad[b] : 1 + (double)i;
        CHECK_ALL(comm, tsr_weights_attach(comm, "w", value, tiles) == TSR_EDATA);
        CHECK_ALL(comm, strstr(tsr_error_last()->text, says[b]) != NULL && tiles->weight == NULL);
        tsr_error_clear();
        test_tiles_free(&tiles);
    }
}

static void memory_short_on_one_rank_fails_on_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 50, COLS, 1e-3, DEAL_EVENLY, test_clouds);
    double value[50];

    for (int i = 0; i < 50; i++) value[i] = i;
    fail_last_rank(comm, "alloc", 1);
    CHECK_ALL(comm, tsr_weights_attach(comm, "w", value, tiles) == TSR_ENOMEM && tiles->weight == NULL);
    test_tiles_free(&tiles);
}

/* ---- fits ---- */

static void whole_weights_fit_as_repeated_rows_do(void **state)
{
    const tsr_comm *comm = *state;
    tsr_cluster_params params = {.restarts = 1, .sample = 100, .max_iter = 300};
    tsr_tiles *few = weighted(comm, ROWS, COLS, DEAL_EVENLY, test_clouds, times);
    tsr_tiles *many = test_tiles(comm, ROWS / 4 * 10, COLS, 1e-3, DEAL_EVENLY, repeated);
    double start[K * COLS];
    tsr_kmeans *a = NULL, *b = NULL;
    uint16_t *label_a = NULL, *label_b = NULL;
    tsr_quality qa, qb;

    start_from(test_clouds, start);
    for (int tolerant = 0; tolerant < 2; tolerant++) {
        params.tol = tolerant ? 0.05 : 0;
        CHECK_ALL(comm, tsr_kmeans_run(comm, &params, 1, few, start, K, &a, &label_a) == TSR_OK);
        CHECK_ALL(comm, tsr_kmeans_run(comm, &params, 1, many, start, K, &b, &label_b) == TSR_OK);
        CHECK_ALL(comm, a->stop == (tolerant ? TSR_STOP_TOLERANCE : TSR_STOP_SETTLED));
        CHECK_ALL(comm, a->iterations == b->iterations && a->k == K && b->k == K && a->quantum == 1);
        CHECK_ALL(comm, memcmp(a->centroid, b->centroid, K * COLS * sizeof *a->centroid) == 0);
        CHECK_ALL(comm, memcmp(a->sums, b->sums, K * COLS * sizeof *a->sums) == 0);
        CHECK_ALL(comm, memcmp(a->weight, b->count, K * sizeof *a->weight) == 0 && b->weight == NULL);
        CHECK_ALL(comm, a->count[0] + a->count[1] + a->count[2] + a->count[3] == ROWS);

        CHECK_ALL(comm, tsr_quality_compute(comm, few, label_a, K, &qa) == TSR_OK);
        CHECK_ALL(comm, tsr_quality_compute(comm, many, label_b, K, &qb) == TSR_OK);
        CHECK_ALL(comm, qa.inertia == qb.inertia && qa.explained_variance == qb.explained_variance);
        CHECK_ALL(comm, qa.silhouette_simplified == qb.silhouette_simplified && qa.davies_bouldin == qb.davies_bouldin);
        CHECK_ALL(comm, qa.segment_rows[0] == a->count[0]);
        tsr_quality_clear(&qa);
        tsr_quality_clear(&qb);
        tsr_free(&label_a);
        tsr_free(&label_b);
        tsr_kmeans_destroy(&a);
        tsr_kmeans_destroy(&b);
    }
    test_tiles_free(&few);
    test_tiles_free(&many);
}

/* Sums, weights and counts are those of the labels. */
static bool holds_together(const tsr_comm *comm, const tsr_kmeans *m, const tsr_tiles *tiles, const uint16_t *label)
{
    int64_t sums[16 * COLS] = {0}, count[16] = {0}, weight[16] = {0};

    for (int64_t i = 0; i < tiles->span.rows; i++) {
        int16_t row[COLS];
        tsr_tiles_row(tiles, i, row);
        count[label[i]]++;
        weight[label[i]] += tiles->weight[i];
        for (int j = 0; j < COLS; j++) sums[label[i] * COLS + j] += (int64_t)tiles->weight[i] * row[j];
    }
    tsr_sum_int64(comm, sums, m->k * COLS);
    tsr_sum_int64(comm, count, m->k);
    tsr_sum_int64(comm, weight, m->k);
    return memcmp(sums, m->sums, (size_t)(m->k * COLS) * sizeof *sums) == 0 &&
           memcmp(count, m->count, (size_t)m->k * sizeof *count) == 0 &&
           memcmp(weight, m->weight, (size_t)m->k * sizeof *weight) == 0;
}

static bool survives_saving(const tsr_kmeans *m)
{
    tsr_bundle *bundle = NULL;
    tsr_kmeans *again = NULL;
    bool same = tsr_bundle_create(&bundle) == TSR_OK && tsr_kmeans_save(m, bundle) == TSR_OK &&
                tsr_kmeans_load(bundle, &again) == TSR_OK && again->quantum == m->quantum &&
                memcmp(again->weight, m->weight, (size_t)m->k * sizeof *m->weight) == 0;

    tsr_kmeans_destroy(&again);
    tsr_bundle_destroy(&bundle);
    return same;
}

static uint64_t hash_of(const tsr_comm *comm, const tsr_kmeans *m, const tsr_tiles *tiles, const uint16_t *label)
{
    uint64_t hash = test_hash((uint64_t)m->k, m->centroid, (size_t)(m->k * m->cols) * sizeof *m->centroid);
    int64_t labels = 0;

    for (int32_t i = 0; i < m->candidates_n; i++) hash = test_hash(hash, &m->candidate[i].inertia, 10 * sizeof(double));
    for (int64_t i = 0; i < tiles->span.rows; i++)
        labels += (int64_t)(test_hash((uint64_t)(tiles->span.first + i) + 1, &label[i], sizeof *label) >> 8);
    tsr_sum_int64(comm, &labels, 1);
    return test_hash(hash, &labels, sizeof labels);
}

/* Golden hashes are this program's own: the same at every number of ranks, however rows are dealt. */
static void weighted_bits_are_the_same_at_any_number_of_ranks(void **state)
{
    const tsr_comm *comm = *state;
    static const uint64_t expected[2] = {0xdc9ae9a101d3b1fd, 0xa28cdb4da5d6a81e};

    for (int seeding = 0; seeding < 2; seeding++) {
        for (int deal = 0; deal < 2; deal++) {
            tsr_cluster_params params = {.k = {3, 6},
                                         .restarts = 3,
                                         .sample = 300,
                                         .sample_criteria = 200,
                                         .gap_references = 3,
                                         .stability_pairs = 2,
                                         .seeding = seeding,
                                         .max_iter = 300};
            tsr_tiles *tiles = weighted(comm, ROWS, COLS, (test_deal)deal, test_clouds, skewed);
            tsr_kmeans *model = NULL;
            uint16_t *label = NULL;

            CHECK_ALL(comm, tsr_kmeans_run(comm, &params, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
            CHECK_ALL(comm, holds_together(comm, model, tiles, label) && model->stop == TSR_STOP_SETTLED);
            CHECK_ALL(comm, survives_saving(model));
            CHECK_ALL(comm, hash_of(comm, model, tiles, label) == expected[seeding]);
            tsr_free(&label);
            tsr_kmeans_destroy(&model);
            test_tiles_free(&tiles);
        }
    }
}

/* Weights move the choice of a sample's centroids too: one heavy cloud among rows that hardly count takes them all. */
static double heavy_corner(int64_t row)
{
    return row % 10 == 0 ? 1e6 : 1e-3;
}

static double two_clouds(int64_t row, int32_t col)
{
    return row % 10 == 0 ? 10 + (double)(row / 10 % 3) * 2 + 0.01 * test_uniform(row, col) : test_uniform(row, col);
}

static void seeds_follow_the_weights(void **state)
{
    const tsr_comm *comm = *state;

    for (int seeding = 0; seeding < 2; seeding++) {
        tsr_cluster_params params = {
            .k = {3, 3}, .restarts = 2, .sample = ROWS, .max_iter = 300, .seeding = seeding, .tol = 0};
        tsr_tiles *tiles = weighted(comm, ROWS, COLS, DEAL_EVENLY, two_clouds, heavy_corner);
        tsr_kmeans *model = NULL;
        uint16_t *label = NULL;
        bool far = true;

        CHECK_ALL(comm, tsr_kmeans_run(comm, &params, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
        for (int i = 0; i < 3 * COLS; i++) far &= model->centroid[i] * 1e-3 > 9;
        CHECK_ALL(comm, far && model->k == 3);
        tsr_free(&label);
        tsr_kmeans_destroy(&model);
        test_tiles_free(&tiles);
    }
}

/* Segments that start far from all rows are filled again, and sums go on to be those of the labels. */
static void repair_moves_weights_with_rows(void **state)
{
    const tsr_comm *comm = *state;
    const tsr_cluster_params params = {.restarts = 1, .sample = 100, .max_iter = 300};
    tsr_tiles *tiles = weighted(comm, ROWS, COLS, DEAL_EVENLY, test_clouds, skewed);
    double start[8 * COLS];
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;

    for (int i = 0; i < 8 * COLS; i++) start[i] = i < COLS ? 0 : 30;
    CHECK_ALL(comm, tsr_kmeans_run(comm, &params, 1, tiles, start, 8, &model, &label) == TSR_OK);
    CHECK_ALL(comm, model->repairs > 0 && model->k == 8 && holds_together(comm, model, tiles, label));
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    test_tiles_free(&tiles);
}

/* What scikit-learn 1.2.1 finds: KMeans(n_clusters=3, init=start, n_init=1, algorithm="lloyd", tol=0)
 * .fit(X, sample_weight=w), its cluster_centers_ and inertia_. All numbers are exact in steps of 1/4. */
static double grid(int64_t row, int32_t col)
{
    return col == 0 ? (double)(row * 7 % 11) * .25 + (double)(row % 3) * 4
                    : (double)(row * 5 % 13) * .25 - (double)(row % 3) * 3;
}

static double quarters(int64_t row)
{
    return .5 + (double)(row * 3 % 8) * .75;
}

static void weighted_fit_is_the_one_that_scikit_learn_finds(void **state)
{
    static const double start[6] = {0, 0, 1, 1, 8, -6};
    static const double centre[6] = {
        1.4845132743362832, 1.5365044247787611, 5.282442748091603, -1.5963740458015268, 9.381, -4.4};
    const double inertia = 299.6769192351212;
    const tsr_comm *comm = *state;
    const tsr_cluster_params params = {.restarts = 1, .sample = 100, .max_iter = 300};
    tsr_span span = test_span(comm, 60, DEAL_EVENLY);
    tsr_tiles *tiles = NULL;
    double weight[60];
    int64_t clipped = 0;
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;
    tsr_quality q;

    CHECK_ALL(comm, tsr_tiles_create(&span, 2, .25, NULL, &tiles) == TSR_OK);
    for (int64_t i = 0; i < span.rows; i++) {
        weight[i] = quarters(span.first + i);
        for (int32_t j = 0; j < 2; j++) {
            double v = grid(span.first + i, j);
            clipped += tsr_tiles_put(tiles, i, 1, j, &v);
        }
    }
    CHECK_ALL(comm, tsr_weights_attach(comm, "w", weight, tiles) == TSR_OK && tiles->quantum == .25 && clipped == 0);
    CHECK_ALL(comm, tsr_kmeans_run(comm, &params, 1, tiles, start, 3, &model, &label) == TSR_OK);
    CHECK_ALL(comm, tsr_quality_compute(comm, tiles, label, 3, &q) == TSR_OK);
    for (int i = 0; i < 6; i++)
        CHECK_ALL(comm, fabs((double)model->sums[i] / (double)model->weight[i / 2] * .25 - centre[i]) < 1e-12);
    CHECK_ALL(comm, fabs(q.inertia / inertia - 1) < 1e-12);
    CHECK_ALL(comm, model->count[0] == 20 && model->count[1] == 20 && model->count[2] == 20);
    tsr_quality_clear(&q);
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    tsr_tiles_destroy(&tiles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_their_own_quanta),
        cmocka_unit_test(equal_weights_are_none),
        cmocka_unit_test(weights_of_any_size_are_at_least_one_quantum_and_cannot_overflow),
        cmocka_unit_test(weights_that_are_none_fail_on_all_ranks),
        cmocka_unit_test(memory_short_on_one_rank_fails_on_all),
        cmocka_unit_test(whole_weights_fit_as_repeated_rows_do),
        cmocka_unit_test(weighted_bits_are_the_same_at_any_number_of_ranks),
        cmocka_unit_test(seeds_follow_the_weights),
        cmocka_unit_test(repair_moves_weights_with_rows),
        cmocka_unit_test(weighted_fit_is_the_one_that_scikit_learn_finds),
    };

    return RUN_MPI_TESTS(tests);
}
