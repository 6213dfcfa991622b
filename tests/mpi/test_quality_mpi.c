#include "mpi_test.h"

#include <string.h>

#include "tessera/quality.h"
#include "tiles_test.h"

enum { ROWS = 400, COLS = 3, K = 4 };

static double clouds(int64_t row, int32_t col)
{
    return rint(test_clouds(row, col) * 16) / 16;
}

/* Label of a row of the whole matrix; segment 3 holds one row. */
static uint16_t label_of(int64_t row)
{
    return row == 17 ? 3 : (uint16_t)((tsr_draw(5, TSR_STREAM_SYNTH, (uint64_t)row, 7) % 5) / 2);
}

static uint16_t *labels_new(const tsr_tiles *tiles)
{
    uint16_t *label = NULL;

    if (tsr_alloc(&label, tiles->span.rows, sizeof *label) != TSR_OK) return NULL;
    for (int64_t i = 0; i < tiles->span.rows; i++) label[i] = label_of(tiles->span.first + i);
    return label;
}

static double square(int64_t a, int64_t b)
{
    double sum = 0;

    for (int32_t j = 0; j < COLS; j++) sum += pow(clouds(a, j) - clouds(b, j), 2);
    return sum;
}

/* The definition: all pairs of rows. */
static double silhouette_of_pairs(void)
{
    double total = 0;

    for (int64_t i = 0; i < ROWS; i++) {
        double sum[K] = {0}, n[K] = {0}, own, other = INFINITY;
        for (int64_t j = 0; j < ROWS; j++) {
            if (j == i) continue;
            sum[label_of(j)] += square(i, j);
            n[label_of(j)]++;
        }
        int mine = label_of(i);
        if (n[mine] == 0) continue;
        own = sum[mine] / n[mine];
        for (int c = 0; c < K; c++)
            if (c != mine && n[c] > 0) other = fmin(other, sum[c] / n[c]);
        total += (other - own) / fmax(own, other);
    }
    return total / ROWS;
}

static bool close_to(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fmax(1, fabs(b));
}

static void squared_silhouette_of_one_pass_equals_that_of_all_pairs(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1.0 / 16, DEAL_EVENLY, clouds);
    uint16_t *label = labels_new(tiles);
    tsr_quality q;

    CHECK_ALL(comm, tsr_quality_compute(comm, tiles, label, K, &q) == TSR_OK);
    CHECK_ALL(comm, close_to(q.silhouette_squared, silhouette_of_pairs()));
    tsr_quality_clear(&q);
    tsr_free(&label);
    test_tiles_free(&tiles);
}

/* The other measures by their definitions, in plain double. */
static void measures_equal_their_definitions(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1.0 / 16, DEAL_LAST, clouds);
    uint16_t *label = labels_new(tiles);
    double centre[K][COLS] = {{0}}, mean[COLS] = {0}, n[K] = {0}, within = 0, total = 0, spread[K] = {0}, simple = 0;
    double worst_sum = 0;
    tsr_quality q;

    for (int64_t i = 0; i < ROWS; i++) {
        n[label_of(i)]++;
        for (int j = 0; j < COLS; j++) centre[label_of(i)][j] += clouds(i, j), mean[j] += clouds(i, j) / ROWS;
    }
    for (int c = 0; c < K; c++)
        for (int j = 0; j < COLS; j++) centre[c][j] /= n[c];
    for (int64_t i = 0; i < ROWS; i++) {
        double d[K] = {0}, other = INFINITY;
        for (int c = 0; c < K; c++)
            for (int j = 0; j < COLS; j++) d[c] += pow(clouds(i, j) - centre[c][j], 2);
        for (int j = 0; j < COLS; j++) total += pow(clouds(i, j) - mean[j], 2);
        within += d[label_of(i)];
        spread[label_of(i)] += sqrt(d[label_of(i)]) / n[label_of(i)];
        for (int c = 0; c < K; c++)
            if (c != label_of(i)) other = fmin(other, sqrt(d[c]));
        double own = sqrt(d[label_of(i)]);
        if (n[label_of(i)] > 1) simple += (other - own) / fmax(own, other) / ROWS;
    }
    for (int c = 0; c < K; c++) {
        double worst = 0;
        for (int o = 0; o < K; o++) {
            double between = 0;
            if (o == c) continue;
            for (int j = 0; j < COLS; j++) between += pow(centre[c][j] - centre[o][j], 2);
            worst = fmax(worst, (spread[c] + spread[o]) / sqrt(between));
        }
        worst_sum += worst / K;
    }
    CHECK_ALL(comm, tsr_quality_compute(comm, tiles, label, K, &q) == TSR_OK);
    CHECK_ALL(comm, close_to(q.inertia, within));
    CHECK_ALL(comm, close_to(q.explained_variance, 1 - within / total));
    CHECK_ALL(comm, close_to(q.calinski_harabasz, (total - within) / (K - 1) / (within / (ROWS - K))));
    CHECK_ALL(comm, close_to(q.silhouette_simplified, simple));
    CHECK_ALL(comm, close_to(q.davies_bouldin, worst_sum));
    CHECK_ALL(comm, q.segment_rows[3] == 1 && q.segment_inertia[3] == 0 && q.segment_silhouette[3] == 0);
    tsr_quality_clear(&q);
    tsr_free(&label);
    test_tiles_free(&tiles);
}

static void bits_are_the_same_at_any_number_of_ranks(void **state)
{
    const tsr_comm *comm = *state;
    uint64_t hash[2] = {0, 0};

    for (int deal = 0; deal < 2; deal++) {
        tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1e-3, (test_deal)deal, test_clouds);
        uint16_t *label = labels_new(tiles);
        tsr_quality q;

        CHECK_ALL(comm, tsr_quality_compute(comm, tiles, label, K, &q) == TSR_OK);
        double number[6] = {q.inertia,        q.explained_variance, q.silhouette_squared, q.silhouette_simplified,
                            q.davies_bouldin, q.calinski_harabasz};
        hash[deal] = test_hash(hash[deal], number, sizeof number);
        hash[deal] = test_hash(hash[deal], q.segment_silhouette, K * sizeof(double));
        tsr_quality_clear(&q);
        tsr_free(&label);
        test_tiles_free(&tiles);
    }
    CHECK_ALL(comm, hash[0] == hash[1]);
    CHECK_ALL(comm, hash[0] == 0xcf83befacc79bb22);
}

static void one_segment_leaves_undefined_what_needs_two(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 9, COLS, 1e-3, DEAL_EVENLY, test_clouds);
    uint16_t *label = NULL;
    tsr_quality q;

    CHECK_ALL(comm, tsr_alloc(&label, tiles->span.rows, sizeof *label) == TSR_OK);
    CHECK_ALL(comm, tsr_quality_compute(comm, tiles, label, 2, &q) == TSR_OK); /* the second segment is empty */
    CHECK_ALL(comm, isnan(q.silhouette_squared) && isnan(q.silhouette_simplified) && isnan(q.davies_bouldin));
    CHECK_ALL(comm, isnan(q.calinski_harabasz) && isnan(q.segment_silhouette[0]));
    CHECK_ALL(comm, q.explained_variance == 0 && q.inertia > 0 && q.segment_rows[1] == 0);
    tsr_quality_clear(&q);
    tsr_free(&label);
    test_tiles_free(&tiles);
}

static double one_value(int64_t row, int32_t col)
{
    (void)row;
    return col;
}

static void equal_rows_have_no_inertia_and_nothing_to_divide_by(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 8, COLS, 1, DEAL_EVENLY, one_value);
    uint16_t *label = NULL;
    tsr_quality q;

    CHECK_ALL(comm, tsr_alloc(&label, tiles->span.rows, sizeof *label) == TSR_OK);
    for (int64_t i = 0; i < tiles->span.rows; i++) label[i] = (uint16_t)((tiles->span.first + i) % 2);
    CHECK_ALL(comm, tsr_quality_compute(comm, tiles, label, 2, &q) == TSR_OK);
    CHECK_ALL(comm, q.inertia == 0 && isnan(q.explained_variance) && isnan(q.davies_bouldin));
    CHECK_ALL(comm, q.silhouette_simplified == 0 && q.silhouette_squared == 0);
    tsr_quality_clear(&q);
    tsr_free(&label);
    test_tiles_free(&tiles);
}

static void memory_short_on_one_rank_fails_on_all(void **state)
{
    const tsr_comm *comm = *state;

    for (int nth = 1; nth <= 11; nth += 2) {
        tsr_tiles *tiles = test_tiles(comm, 40, COLS, 1e-3, DEAL_EVENLY, test_clouds);
        uint16_t *label = labels_new(tiles);
        tsr_quality q;

        fail_last_rank(comm, "alloc", nth);
        CHECK_ALL(comm, tsr_quality_compute(comm, tiles, label, K, &q) == TSR_ENOMEM);
        tsr_fault_set(NULL);
        tsr_free(&label);
        test_tiles_free(&tiles);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(squared_silhouette_of_one_pass_equals_that_of_all_pairs),
        cmocka_unit_test(measures_equal_their_definitions),
        cmocka_unit_test(bits_are_the_same_at_any_number_of_ranks),
        cmocka_unit_test(one_segment_leaves_undefined_what_needs_two),
        cmocka_unit_test(equal_rows_have_no_inertia_and_nothing_to_divide_by),
        cmocka_unit_test(memory_short_on_one_rank_fails_on_all),
    };

    return RUN_MPI_TESTS(tests);
}
