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

/* The definition by Euclidean distances, of all rows or of those of one segment. */
static double euclidean_of_pairs(int segment)
{
    double total = 0, rows = 0;

    for (int64_t i = 0; i < ROWS; i++) {
        double sum[K] = {0}, n[K] = {0}, own, other = INFINITY;
        int mine = label_of(i);
        if (segment >= 0 && mine != segment) continue;
        rows++;
        for (int64_t j = 0; j < ROWS; j++) {
            if (j == i) continue;
            sum[label_of(j)] += sqrt(square(i, j));
            n[label_of(j)]++;
        }
        if (n[mine] == 0) continue;
        own = sum[mine] / n[mine];
        for (int c = 0; c < K; c++)
            if (c != mine && n[c] > 0) other = fmin(other, sum[c] / n[c]);
        total += (other - own) / fmax(own, other);
    }
    return total / rows;
}

static void euclidean_silhouette_of_everybody_equals_its_definition(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1.0 / 16, DEAL_EVENLY, clouds);
    uint16_t *label = labels_new(tiles);
    tsr_silhouette s;

    CHECK_ALL(comm, tsr_silhouette_sample(comm, tiles, label, K, 1, 10 * ROWS, &s) == TSR_OK);
    CHECK_ALL(comm, s.sample == ROWS && s.k == K && close_to(s.value, euclidean_of_pairs(-1)));
    CHECK_ALL(comm, s.low == s.value && s.high == s.value);
    for (int c = 0; c < K; c++)
        CHECK_ALL(comm, close_to(s.segment[c], euclidean_of_pairs(c)) && s.segment_error[c] == 0);
    tsr_silhouette_clear(&s);
    tsr_free(&label);
    test_tiles_free(&tiles);
}

/* Most intervals hold the value of everybody (they leave out that others are sampled too); each sample is the same
 * however rows are dealt. */
static void intervals_of_samples_hold_the_value_of_everybody(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1.0 / 16, DEAL_EVENLY, clouds);
    tsr_tiles *last = test_tiles(comm, ROWS, COLS, 1.0 / 16, DEAL_LAST, clouds);
    uint16_t *label = labels_new(tiles), *label_last = labels_new(last);
    double all = euclidean_of_pairs(-1);
    uint64_t hash = 1;
    int held = 0;

    for (uint64_t seed = 0; seed < 40; seed++) {
        tsr_silhouette s, again;
        CHECK_ALL(comm, tsr_silhouette_sample(comm, tiles, label, K, seed, 60, &s) == TSR_OK);
        CHECK_ALL(comm, tsr_silhouette_sample(comm, last, label_last, K, seed, 60, &again) == TSR_OK);
        CHECK_ALL(comm, s.sample > 80 && s.sample < 140 && s.low < s.value && s.value < s.high);
        CHECK_ALL(comm, s.value == again.value && s.low == again.low && s.sample == again.sample);
        CHECK_ALL(comm, s.segment[3] == 0); /* one row: drawn always, and alone */
        held += s.low <= all && all <= s.high;
        hash = test_hash(hash, &s.value, 3 * sizeof s.value);
        tsr_silhouette_clear(&again);
        tsr_silhouette_clear(&s);
    }
    CHECK_ALL(comm, held >= 30 && hash == 0xd0f522664549d7d3);
    tsr_free(&label_last);
    tsr_free(&label);
    test_tiles_free(&last);
    test_tiles_free(&tiles);
}

static void one_segment_has_no_euclidean_silhouette(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 20, COLS, 1.0 / 16, DEAL_EVENLY, clouds);
    uint16_t *label = NULL;
    tsr_silhouette s;

    CHECK_ALL(comm, tsr_alloc(&label, tiles->span.rows, sizeof *label) == TSR_OK);
    CHECK_ALL(comm, tsr_silhouette_sample(comm, tiles, label, 1, 1, 100, &s) == TSR_OK);
    CHECK_ALL(comm, s.sample == 0 && isnan(s.value) && isnan(s.low) && isnan(s.segment[0]));
    tsr_silhouette_clear(&s);
    tsr_free(&label);
    test_tiles_free(&tiles);
}

/* Given labels: 10 x (cloud) - 7, with some missing; compared with the segments of label_of. */
static void agreement_with_given_labels_equals_that_of_their_table(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = test_span(comm, ROWS, DEAL_EVENLY);
    int64_t *truth = NULL, table[K * 5] = {0}, rows = 0;
    uint16_t *label = NULL;
    double joint = 0, by_row = 0, by_col = 0;
    tsr_agreement a;

    CHECK_ALL(comm, tsr_alloc(&truth, span.rows, sizeof *truth) == TSR_OK);
    CHECK_ALL(comm, tsr_alloc(&label, span.rows, sizeof *label) == TSR_OK);
    for (int64_t i = 0; i < span.rows; i++) {
        int64_t row = span.first + i;
        label[i] = label_of(row);
        truth[i] = row % 13 == 0 ? TSR_NO_CLASS : 10 * (row % 5) - 7;
        if (row % 3 > 0 && row % 13 > 0) truth[i] = 10 * label[i] - 7;
    }
    for (int64_t row = 0; row < ROWS; row++) {
        if (row % 13 == 0) continue;
        rows++;
        table[label_of(row) * 5 + (row % 3 > 0 ? label_of(row) : row % 5)]++;
    }
    for (int i = 0; i < K; i++) {
        double r = 0;
        for (int j = 0; j < 5; j++) r += (double)table[i * 5 + j];
        by_row += r / (double)rows * log((double)rows / r);
    }
    for (int j = 0; j < 5; j++) {
        double c = 0;
        for (int i = 0; i < K; i++) {
            double n = (double)table[i * 5 + j];
            c += n;
            joint += n > 0 ? n / (double)rows * log((double)rows / n) : 0;
        }
        by_col += c / (double)rows * log((double)rows / c);
    }
    CHECK_ALL(comm, tsr_agreement_compute(comm, label, K, truth, span.rows, &a) == TSR_OK);
    CHECK_ALL(comm, a.rows == rows && a.classes == 5);
    CHECK_ALL(comm, close_to(a.adjusted_rand, tsr_adjusted_rand(table, K, 5)) && a.adjusted_rand > 0.2);
    CHECK_ALL(comm, close_to(a.normalised_information, 2 * (by_row + by_col - joint) / (by_row + by_col)));
    for (int64_t i = 0; i < span.rows; i++) truth[i] = TSR_NO_CLASS;
    CHECK_ALL(comm, tsr_agreement_compute(comm, label, K, truth, span.rows, &a) == TSR_OK);
    CHECK_ALL(comm, a.rows == 0 && a.classes == 0 && isnan(a.adjusted_rand));
    tsr_free(&label);
    tsr_free(&truth);
}

/* Numbers that are no labels: as many different ones as rows. */
static void too_many_given_labels_are_refused_on_all_ranks(void **state)
{
    const tsr_comm *comm = *state;
    tsr_span span = test_span(comm, 20000, DEAL_EVENLY);
    int64_t *truth = NULL;
    uint16_t *label = NULL;
    tsr_agreement a;

    CHECK_ALL(comm, tsr_alloc(&truth, span.rows, sizeof *truth) == TSR_OK);
    CHECK_ALL(comm, tsr_alloc(&label, span.rows, sizeof *label) == TSR_OK);
    for (int64_t i = 0; i < span.rows; i++) truth[i] = (span.first + i) * 7919 % 20000;
    CHECK_ALL(comm, tsr_agreement_compute(comm, label, 1, truth, span.rows, &a) == TSR_EDATA);
    for (int64_t i = 0; i < span.rows; i++) truth[i] %= TSR_CLASSES_MAX;
    CHECK_ALL(comm, tsr_agreement_compute(comm, label, 1, truth, span.rows, &a) == TSR_OK);
    CHECK_ALL(comm, a.classes == TSR_CLASSES_MAX && a.normalised_information == 0 && a.adjusted_rand == 0);
    tsr_free(&label);
    tsr_free(&truth);
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
        cmocka_unit_test(euclidean_silhouette_of_everybody_equals_its_definition),
        cmocka_unit_test(intervals_of_samples_hold_the_value_of_everybody),
        cmocka_unit_test(one_segment_has_no_euclidean_silhouette),
        cmocka_unit_test(agreement_with_given_labels_equals_that_of_their_table),
        cmocka_unit_test(too_many_given_labels_are_refused_on_all_ranks),
    };

    return RUN_MPI_TESTS(tests);
}
