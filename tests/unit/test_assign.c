#include "unit_test.h"

#include <math.h>
#include <string.h>

#include "core/kernels.h"
#include "tessera/rng.h"

enum { ISAS = TSR_ISA_AVX512 + 1 };

static tsr_tiles *make(int64_t rows, int32_t cols)
{
    tsr_tiles *tiles = NULL;
    tsr_span span = {0, rows, rows};

    assert_int_equal(tsr_tiles_create(&span, cols, 1, NULL, &tiles), TSR_OK);
    return tiles;
}

static int16_t *at(tsr_tiles *tiles, int64_t row, int32_t col)
{
    return tiles->value + (row / 16 * tiles->cols + col) * 16 + row % 16;
}

static double draw(uint64_t key, uint64_t n)
{
    return tsr_draw_uniform(7, TSR_STREAM_QUALITY, key, n);
}

/* kind 0: anything; 1: few values, so that rows and centroids meet and tie; 2: extremes only */
static double number(int kind, uint64_t key, uint64_t n)
{
    double u = draw(key, n);

    if (kind == 1) return floor(u * 3) - 1;
    if (kind == 2) return u < 0.5 ? -32767 : 32767;
    return floor((u - 0.5) * 65534);
}

static void fill(tsr_tiles *tiles, int kind, uint64_t key)
{
    for (int64_t i = 0; i < tiles->span.rows; i++)
        for (int32_t j = 0; j < tiles->cols; j++)
            *at(tiles, i, j) = (int16_t)number(kind, key, (uint64_t)(i * tiles->cols + j));
}

static float *centroids_new(int32_t k, int32_t cols, int kind, uint64_t key)
{
    float *c = NULL;

    assert_int_equal(tsr_alloc(&c, (int64_t)k * cols, sizeof *c), TSR_OK);
    for (int64_t i = 0; i < (int64_t)k * cols; i++)
        c[i] = (float)(number(kind, key + 1, (uint64_t)i) + (kind == 0 ? draw(key + 2, (uint64_t)i) : 0));
    return c;
}

/* The rule as it is written, one row and one column at a time. */
static uint16_t nearest_by_rule(tsr_tiles *tiles, int64_t row, const float *c, int32_t k)
{
    float best = INFINITY;
    uint16_t label = 0;

    for (int32_t i = 0; i < k; i++) {
        double square = 0;
        for (int32_t j = 0; j < tiles->cols; j++) square += (double)c[i * tiles->cols + j] * c[i * tiles->cols + j];
        float s = (float)(square / 2);
        for (int32_t j = 0; j < tiles->cols; j++) s = fmaf(-(float)*at(tiles, row, j), c[i * tiles->cols + j], s);
        if (s < best) {
            best = s;
            label = (uint16_t)i;
        }
    }
    return label;
}

static const struct shape {
    int64_t rows;
    int32_t cols, k;
} shapes[] = {{1, 1, 1},   {15, 3, 2},    {16, 2, 3},     {17, 5, 4},     {300, 16, 5},
              {257, 7, 6}, {200, 9, 7},   {533, 8, 8},    {100, 16, 9},   {90, 20, 17},
              {70, 3, 64}, {33, 130, 31}, {47, 1030, 13}, {550, 2, 1025}, {2, 1024, 4096}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void every_variant_gives_the_bits_of_the_rule(void **state)
{
    (void)state;
    for (int s = 0; s < SHAPES * 3; s++) {
        const struct shape *shape = &shapes[s / 3];
        tsr_tiles *tiles = make(shape->rows, shape->cols);
        float *c = centroids_new(shape->k, shape->cols, s % 3, (uint64_t)s * 10);
        uint16_t *label = NULL;

        fill(tiles, s % 3, (uint64_t)s * 10);
        assert_int_equal(tsr_alloc(&label, shape->rows, sizeof *label), TSR_OK);
        for (int isa = 0; isa < ISAS; isa++) {
            if (!tsr_isa_runs((tsr_isa)isa)) continue;
            memset(label, 0xff, (size_t)shape->rows * sizeof *label);
            assert_int_equal(tsr_assign((tsr_isa)isa, tiles, c, shape->k, label, NULL, NULL), shape->rows);
            for (int64_t i = 0; i < shape->rows; i++)
                assert_int_equal(label[i], nearest_by_rule(tiles, i, c, shape->k));
        }
        tsr_free(&label);
        tsr_free(&c);
        tsr_tiles_destroy(&tiles);
    }
}

static void label_is_the_nearest_centroid_in_double(void **state)
{
    tsr_tiles *tiles = make(1000, 6);
    float *c = centroids_new(9, 6, 0, 3);
    uint16_t label[1000];
    int differing = 0;

    (void)state;
    fill(tiles, 0, 3);
    memset(label, 0xff, sizeof label);
    tsr_assign(TSR_ISA_BASELINE, tiles, c, 9, label, NULL, NULL);
    for (int64_t i = 0; i < 1000; i++) {
        double best = INFINITY;
        int nearest = 0;
        for (int k = 0; k < 9; k++) {
            double d = 0;
            for (int j = 0; j < 6; j++) d += pow(*at(tiles, i, j) - (double)c[k * 6 + j], 2);
            if (d < best) best = d, nearest = k;
        }
        differing += nearest != label[i];
    }
    assert_int_equal(differing, 0);
    tsr_free(&c);
    tsr_tiles_destroy(&tiles);
}

static void equal_centroids_leave_rows_with_the_lowest(void **state)
{
    tsr_tiles *tiles = make(40, 4);
    float c[20 * 4];
    uint16_t label[40];

    (void)state;
    fill(tiles, 0, 5);
    for (int i = 0; i < 20 * 4; i++) c[i] = (float)(i % 4);
    for (int isa = 0; isa < ISAS; isa++) {
        if (!tsr_isa_runs((tsr_isa)isa)) continue;
        memset(label, 0xff, sizeof label);
        tsr_assign((tsr_isa)isa, tiles, c, 20, label, NULL, NULL);
        for (int i = 0; i < 40; i++) assert_int_equal(label[i], 0);
    }
    tsr_tiles_destroy(&tiles);
}

enum { K = 7, WIDEST = 1030 };

static int64_t add_up(tsr_tiles *tiles, const uint16_t *label, const uint16_t *before, int64_t *sums, int64_t *count)
{
    int64_t differing = 0;

    memset(sums, 0, K * WIDEST * sizeof *sums);
    memset(count, 0, K * sizeof *count);
    for (int64_t i = 0; i < tiles->span.rows; i++) {
        differing += label[i] != before[i];
        count[label[i]]++;
        for (int32_t j = 0; j < tiles->cols; j++) sums[label[i] * tiles->cols + j] += *at(tiles, i, j);
    }
    return differing;
}

/* Centroids that move far (many rows of a tile change), then a little (one or two do), then not at all. */
static void check_sums(tsr_isa isa, int64_t rows, int32_t cols)
{
    static int64_t sums[K * WIDEST], expected[K * WIDEST];
    int64_t count[K] = {0}, rows_expected[K], differing;
    uint16_t label[1003], before[1003];
    tsr_tiles *tiles = make(rows, cols);
    float *c = NULL;

    memset(sums, 0, sizeof sums);
    fill(tiles, 0, 11);
    memset(label, 0xff, sizeof label);
    for (uint64_t step = 0; step < 8; step++) {
        if (step % 4 == 0) tsr_free(&c);
        if (step % 4 == 0) c = centroids_new(K, cols, 0, 20 + step);
        if (step % 4 == 1)
            for (int32_t j = 0; j < cols; j++) c[j] *= 0.9f;
        memcpy(before, label, sizeof label);
        int64_t moved = tsr_assign(isa, tiles, c, K, label, sums, count);
        differing = add_up(tiles, label, before, expected, rows_expected);
        assert_int_equal(moved, differing);
        assert_memory_equal(sums, expected, (size_t)(K * cols) * sizeof *sums);
        assert_memory_equal(count, rows_expected, sizeof count);
        if (!tsr_afresh_pays(tiles, K, INT64_MAX)) continue;
        memset(sums, 1, sizeof sums);
        memset(count, 1, sizeof count);
        assert_int_equal(tsr_assign_afresh(isa, tiles, c, K, before, sums, count), moved);
        assert_memory_equal(before, label, (size_t)rows * sizeof *label);
        assert_memory_equal(sums, expected, (size_t)(K * cols) * sizeof *sums);
        assert_memory_equal(count, rows_expected, sizeof count);
    }
    tsr_free(&c);
    tsr_tiles_destroy(&tiles);
}

/* More tiles than partial sums hold, all of the extreme values in one segment. */
static void sums_made_anew_do_not_overflow(void **state)
{
    enum { ROWS = (TSR_GATHER_MOST + 40) * 16 };
    tsr_tiles *tiles = make(ROWS, 1);
    const float centroids[2] = {-32767, 0};
    uint16_t *label = NULL;
    int64_t sums[2], count[2];

    (void)state;
    assert_int_equal(tsr_alloc(&label, ROWS, sizeof *label), TSR_OK);
    for (int64_t i = 0; i < ROWS; i++) tiles->value[i] = -32767;
    for (int isa = 0; isa < ISAS; isa++) {
        if (!tsr_isa_runs((tsr_isa)isa)) continue;
        (void)tsr_assign_afresh((tsr_isa)isa, tiles, centroids, 2, label, sums, count);
        assert_int_equal(sums[0], -32767 * (int64_t)ROWS);
        assert_int_equal(count[0], ROWS);
        assert_int_equal(sums[1] | count[1], 0);
    }
    tsr_free(&label);
    tsr_tiles_destroy(&tiles);
}

static void sums_kept_up_to_date_equal_sums_from_scratch(void **state)
{
    static const int32_t widths[] = {1, 5, 8, 16, 17, 40};

    (void)state;
    for (int isa = 0; isa < ISAS; isa++) {
        if (!tsr_isa_runs((tsr_isa)isa)) continue;
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) check_sums((tsr_isa)isa, 1003, widths[w]);
        check_sums((tsr_isa)isa, 70, WIDEST);
    }
}

static void distances_are_the_same_in_every_variant_and_to_the_digit(void **state)
{
    enum { COLS = 11 };
    tsr_tiles *tiles = make(16, COLS);
    double c[COLS], d[ISAS][16];

    (void)state;
    fill(tiles, 0, 31);
    for (int j = 0; j < COLS; j++) c[j] = (draw(32, (uint64_t)j) - 0.5) * 65534;
    for (int isa = 0; isa < ISAS; isa++) {
        tsr_isa runs = tsr_isa_runs((tsr_isa)isa) ? (tsr_isa)isa : TSR_ISA_BASELINE;
        tsr_kernels_of(runs)->distance(tiles->value, COLS, c, d[isa]);
        assert_memory_equal(d[isa], d[0], sizeof d[0]);
    }
    for (int i = 0; i < 16; i++) {
        double sum = 0;
        for (int j = 0; j < COLS; j++) {
            double difference = *at(tiles, i, j) - c[j];
            sum += difference * difference;
        }
        assert_true(sum == d[0][i]);
    }
    tsr_tiles_destroy(&tiles);
}

static void products_with_vectors_are_the_same_in_every_variant_and_to_the_digit(void **state)
{
    enum { COLS = 13, N = 7 };
    double row[COLS * 16], vector[N * COLS], score[ISAS][N * 16];

    (void)state;
    for (int i = 0; i < COLS * 16; i++) row[i] = draw(41, (uint64_t)i) - 0.5;
    for (int i = 0; i < N * COLS; i++) vector[i] = draw(42, (uint64_t)i) - 0.5;
    for (int isa = 0; isa < ISAS; isa++) {
        tsr_isa runs = tsr_isa_runs((tsr_isa)isa) ? (tsr_isa)isa : TSR_ISA_BASELINE;
        tsr_kernels_of(runs)->project(row, COLS, vector, N, score[isa]);
        assert_memory_equal(score[isa], score[0], sizeof score[0]);
    }
    for (int v = 0; v < N; v++) {
        for (int i = 0; i < 16; i++) {
            double sum = 0;
            for (int j = 0; j < COLS; j++) sum += row[j * 16 + i] * vector[v * COLS + j];
            assert_true(sum == score[0][v * 16 + i]);
        }
    }
}

static void own_and_other_distances_hold_for_any_range_of_rows(void **state)
{
    const double c[3 * 2] = {0, 0, 10, 0, 0, 4};
    tsr_tiles *tiles = make(40, 2);
    uint16_t label[40];
    double own[40], other[40];

    (void)state;
    for (int i = 0; i < 40; i++) {
        *at(tiles, i, 0) = (int16_t)i;
        label[i] = (uint16_t)(i % 3);
    }
    tsr_distances(tiles, 5, 30, c, 3, label, own, other);
    for (int i = 5; i < 35; i++) {
        double d[3] = {i * i, (i - 10) * (i - 10), i * i + 16};
        double mine = d[i % 3], a = d[(i + 1) % 3], b = d[(i + 2) % 3];
        assert_true(own[i - 5] == mine);
        assert_true(other[i - 5] == (a < b ? a : b));
    }
    for (int i = 0; i < 40; i++) label[i] = 0;
    tsr_distances(tiles, 0, 40, c, 1, label, own, other);
    assert_true(own[39] == 39 * 39 && isinf(other[39]));
    tsr_tiles_destroy(&tiles);
}

/* Rows of floats: where their columns lie, and their steps, in each variant as written down here. */
static void check_floats(tsr_isa isa, int rows, int32_t cols)
{
    enum { MOST = 16 * 70 };
    const tsr_kernels *kernels = tsr_kernels_of(isa);
    float row[MOST], low[70], high[70], least[70], most[70];
    double sum[70], total[70], centre[70];
    _Alignas(32) int16_t tile[MOST];
    int16_t expected[MOST] = {0};

    for (int32_t i = 0; i < rows * cols; i++) row[i] = (float)(draw(40, (uint64_t)i) * 500) - 200;
    row[0] = -200.25f; /* halves go to the even step */
    for (int32_t j = 0; j < cols; j++) {
        centre[j] = floor(draw(41, (uint64_t)j) * 100) - 50;
        low[j] = least[j] = high[j] = most[j] = 3;
        sum[j] = total[j] = 1e6 / 3;
    }
    for (int32_t i = 0; i < rows * cols; i++) {
        const int32_t j = i % cols;
        least[j] = fminf(least[j], row[i]);
        most[j] = fmaxf(most[j], row[i]);
        total[j] += row[i];
        expected[j * 16 + i / cols] = (int16_t)rint(row[i] * 2.0 - centre[j]);
    }
    kernels->measure(row, rows, cols, low, high, sum);
    kernels->quantise(row, rows, cols, centre, 2, tile);
    assert_memory_equal(low, least, (size_t)cols * sizeof *low);
    assert_memory_equal(high, most, (size_t)cols * sizeof *high);
    assert_memory_equal(sum, total, (size_t)cols * sizeof *sum);
    assert_memory_equal(tile, expected, (size_t)cols * 16 * sizeof *tile);
}

static void floats_are_measured_and_rounded_alike_in_every_variant(void **state)
{
    static const int32_t widths[] = {1, 3, 8, 15, 16, 17, 32, 70};

    (void)state;
    for (int isa = 0; isa < ISAS; isa++) {
        if (!tsr_isa_runs((tsr_isa)isa)) continue;
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
            for (int rows = 1; rows <= 16; rows += 5) check_floats((tsr_isa)isa, rows, widths[w]);
    }
}

/* 16 at once and fewer; what does not fit is counted. */
static void doubles_become_the_same_steps_in_every_variant(void **state)
{
    const double value[16] = {0.5,    1.5, -2.5,  32767.4, 32768, -40000,  NAN,   -INFINITY,
                              -32767, 0,   1e300, -0.75,   3.25,  32767.5, 8.499, -1};
    const int16_t expected[16] = {0, 2, -2, 32767, 32767, -32767, 32767, -32767, -32767, 0, 32767, -1, 3, 32767, 8, -1};

    (void)state;
    for (int isa = 0; isa < ISAS; isa++) {
        int16_t to[16], few[16];
        if (!tsr_isa_runs((tsr_isa)isa)) continue;
        assert_int_equal(tsr_kernels_of((tsr_isa)isa)->put(value, 16, 1, to), 6);
        assert_memory_equal(to, expected, sizeof to);
        assert_int_equal(tsr_kernels_of((tsr_isa)isa)->put(value, 8, 1, few), 4);
        assert_memory_equal(few, expected, 8 * sizeof *few);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_variant_gives_the_bits_of_the_rule),
        cmocka_unit_test(label_is_the_nearest_centroid_in_double),
        cmocka_unit_test(equal_centroids_leave_rows_with_the_lowest),
        cmocka_unit_test(sums_kept_up_to_date_equal_sums_from_scratch),
        cmocka_unit_test(sums_made_anew_do_not_overflow),
        cmocka_unit_test(distances_are_the_same_in_every_variant_and_to_the_digit),
        cmocka_unit_test(products_with_vectors_are_the_same_in_every_variant_and_to_the_digit),
        cmocka_unit_test(own_and_other_distances_hold_for_any_range_of_rows),
        cmocka_unit_test(floats_are_measured_and_rounded_alike_in_every_variant),
        cmocka_unit_test(doubles_become_the_same_steps_in_every_variant),
    };

    return RUN_UNIT_TESTS(tests);
}
