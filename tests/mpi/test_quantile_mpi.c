#include "mpi_test.h"

#include <math.h>
#include <string.h>

#include "tessera/quantile.h"
#include "tessera/rng.h"
#include "tessera/rows.h"

/* A population as a function of row and column, dealt over ranks. */
typedef struct population {
    int64_t rows;
    int32_t cols, groups;
    double (*value)(int64_t row, int32_t col);
    int64_t block_rows;
    bool on_last_rank;  /* all rows there; else shared out */
    int64_t fail_block; /* the last rank fails at this block; -1: never */
    tsr_span span;
} population;

static int32_t group_of(const population *p, int64_t row)
{
    return p->groups == 1 ? 0 : (int32_t)(row * 5 % (p->groups + 1)) - 1; /* -1: counts nowhere */
}

static tsr_status read_rows(void *context, int64_t block, double *values, int32_t *group, int64_t *rows)
{
    const population *p = context;
    int64_t first = block * p->block_rows, left = p->span.rows - first;

    if (block == p->fail_block) return TSR_FAIL(TSR_EIO, "block %d is damaged", (int)block);
    *rows = left < p->block_rows ? left : p->block_rows;
    for (int64_t i = 0; i < *rows; i++) {
        int64_t row = p->span.first + first + i;
        if (p->groups > 1) group[i] = group_of(p, row);
        for (int32_t c = 0; c < p->cols; c++) values[c * p->block_rows + i] = p->value(row, c);
    }
    return TSR_OK;
}

static tsr_quantile_source source_of(const tsr_comm *comm, population *p)
{
    if (p->on_last_rank)
        p->span = (tsr_span){0, comm->rank == comm->size - 1 ? p->rows : 0, p->rows};
    else
        p->span = tsr_span_even(p->rows, 7, comm->rank, comm->size);
    if (comm->rank != comm->size - 1) p->fail_block = -1;
    return (tsr_quantile_source){p, (p->span.rows + p->block_rows - 1) / p->block_rows, p->block_rows, read_rows};
}

static int double_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The same by sorting everything. */
static int64_t sorted_column(const population *p, int32_t group, int32_t col, double *sorted)
{
    int64_t n = 0;

    for (int64_t row = 0; row < p->rows; row++) {
        double x = p->value(row, col);
        if (group_of(p, row) == group && !isnan(x)) sorted[n++] = x + 0.0;
    }
    qsort(sorted, (size_t)n, sizeof *sorted, double_order);
    return n;
}

static double type_7(const double *sorted, int64_t n, double p)
{
    if (n == 0) return NAN;
    double h = (double)(n - 1) * p, low = sorted[(int64_t)h], high = sorted[(int64_t)h + ((int64_t)h + 1 < n)];
    double share = h - floor(h);
    if (share == 0 || low == high) return low;
    return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share);
}

static bool same_bits(double a, double b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

static const double many_p[] = {0.5, 0, 0.25, 0.75, 1, 0.1, 0.9, 1 / 3.0, 0.999, 0.01, 0.5};

#define NP 11

/* Order statistics at the ends, in between, and where there is nothing. */
static bool places_equal_sorting(const tsr_comm *comm, const population *p, const tsr_quantile_source *source,
                                 const int64_t *count, double *sorted)
{
    int64_t pairs = (int64_t)p->groups * p->cols, *rank = NULL;
    double *out = NULL;

    if (tsr_alloc(&rank, pairs * 5, sizeof *rank) != TSR_OK || tsr_alloc(&out, pairs * 5, sizeof *out) != TSR_OK)
        abort();
    for (int64_t pair = 0; pair < pairs; pair++) {
        const int64_t places[] = {0, count[pair] / 3, count[pair] - 1, count[pair], -1};
        memcpy(rank + pair * 5, places, sizeof places);
    }
    bool right = tsr_order_statistics(comm, source, p->cols, p->groups, rank, 5, out) == TSR_OK;
    if (right) right = same_on_all(comm, out, (size_t)(pairs * 5) * sizeof *out);
    for (int64_t pair = 0; right && comm->rank == 0 && pair < pairs; pair++) {
        int64_t n = sorted_column(p, (int32_t)(pair / p->cols), (int32_t)(pair % p->cols), sorted);
        for (int i = 0; i < 5; i++) {
            int64_t at = rank[pair * 5 + i];
            right &= same_bits(out[pair * 5 + i], at >= 0 && at < n ? sorted[at] : (double)NAN);
        }
    }
    tsr_free(&out);
    tsr_free(&rank);
    return right;
}

static bool equals_sorting(const tsr_comm *comm, population p)
{
    int64_t pairs = (int64_t)p.groups * p.cols;
    double *sorted = NULL, *out = NULL;
    int64_t *count = NULL;
    bool right = true;

    p.fail_block = -1;
    if (tsr_alloc(&sorted, p.rows, sizeof *sorted) != TSR_OK || tsr_alloc(&out, pairs * NP, sizeof *out) != TSR_OK ||
        tsr_alloc(&count, pairs, sizeof *count) != TSR_OK)
        abort();
    tsr_quantile_source source = source_of(comm, &p);
    right = tsr_quantiles(comm, &source, p.cols, p.groups, many_p, NP, out, count) == TSR_OK;
    if (right) right = same_on_all(comm, out, (size_t)(pairs * NP) * sizeof *out);
    for (int32_t g = 0; right && comm->rank == 0 && g < p.groups; g++) /* the same on all: one looks */
        for (int32_t c = 0; c < p.cols; c++) {
            int64_t pair = (int64_t)g * p.cols + c, n = sorted_column(&p, g, c, sorted);
            right &= count[pair] == n;
            for (int i = 0; i < NP; i++) right &= same_bits(out[pair * NP + i], type_7(sorted, n, many_p[i]));
        }
    right &= places_equal_sorting(comm, &p, &source, count, sorted);
    tsr_free(&count);
    tsr_free(&out);
    tsr_free(&sorted);
    return right;
}

/* ---- populations ---- */

static double mixed(int64_t row, int32_t col)
{
    tsr_rng rng = {.seed = 4, .key = (uint64_t)(row * 64 + col), .stream = TSR_STREAM_SYNTH};

    switch (col % 6) {
    case 0: return tsr_rng_normal(&rng);
    case 1: return (double)(row % 17) - 8; /* whole numbers of both signs */
    case 2: return row % 3 == 0 ? NAN : tsr_rng_exponential(&rng) * 1e12;
    case 3: return -tsr_rng_exponential(&rng) * 1e-300;
    case 4: return row % 2 == 0 ? 0.0 : -0.0;
    default: return NAN;
    }
}

static double extremes(int64_t row, int32_t col)
{
    static const double values[] = {-INFINITY, -1.7e308, -5e-324, -0.0, 0.0, 5e-324, 2.2e-308, 1.0, 1.7e308, INFINITY};

    return values[(row * 3 + col) % 10];
}

/* Keys that agree in all bits but the last: nothing is decided before the last pass. */
static double last_bits(int64_t row, int32_t col)
{
    return 1.0 + (double)(row * 7 % 5 + col) * 0x1p-52;
}

/* Keys that agree in their first 40 bits, and then differ a great deal. */
static double middle_bits(int64_t row, int32_t col)
{
    return -1.0 - (double)(row * 7919 % 1048583 + col) * 0x1p-50;
}

static double eighths(int64_t row, int32_t col)
{
    (void)col;
    return (double)(row * 7919 % 101) / 8.0 - 3.3;
}

static double whole_numbers(int64_t row, int32_t col)
{
    return (double)((row * 7919 + col) % 23);
}

/* ---- tests ---- */

static void quantiles_equal_numpys_to_the_bit(void **state)
{
    const tsr_comm *comm = *state;
    static const double p[] = {0, 0.05, 0.1, 0.25, 1 / 3.0, 0.5, 0.75, 0.9, 0.99, 1};
    static const double numpy[] = {-0x1.a666666666666p+1, -0x1.58p+1,           -0x1.18p+1,
                                   -0x1.a666666666660p-3, 0x1.7bbbbbbbbbbb8p-1, 0x1.719999999999ap+1,
                                   0x1.7eccccccccccdp+2,  0x1.fd9999999999ap+2, 0x1.1f51eb851eb84p+3,
                                   0x1.2666666666666p+3};
    population sixty = {.rows = 60, .cols = 1, .groups = 1, .value = eighths, .fail_block = -1};
    double out[10];

    for (int large = 0; large < 2; large++) { /* by sorting at once, and by counting */
        bool right = true;
        sixty.block_rows = large ? 1 << 21 : 16;
        tsr_quantile_source source = source_of(comm, &sixty);
        tsr_status st = tsr_quantiles(comm, &source, 1, 1, p, 10, out, NULL);
        for (int i = 0; i < 10; i++) right &= same_bits(out[i], numpy[i]);
        CHECK_ALL(comm, st == TSR_OK && right);
    }
}

static void small_data_equals_sorting(void **state)
{
    const tsr_comm *comm = *state;
    const int64_t rows[] = {0, 1, 2, 3, 100, 5003};

    for (int i = 0; i < 6; i++)
        for (int groups = 1; groups <= 4; groups += 3) {
            population p = {.rows = rows[i], .cols = 6, .groups = groups, .value = mixed, .block_rows = 97};
            CHECK_ALL(comm, equals_sorting(comm, p));
            p.on_last_rank = true;
            CHECK_ALL(comm, equals_sorting(comm, p));
        }
}

/* Blocks said to be large keep the values from being sorted at once. */
static void counting_passes_equal_sorting(void **state)
{
    const tsr_comm *comm = *state;

    for (int groups = 1; groups <= 4; groups += 3) {
        population p = {.rows = 4001, .cols = 6, .groups = groups, .value = mixed, .block_rows = 1 << 20};
        CHECK_ALL(comm, equals_sorting(comm, p));
        p.on_last_rank = true;
        CHECK_ALL(comm, equals_sorting(comm, p));
    }
}

static void infinities_zeros_and_the_smallest_numbers_keep_their_order(void **state)
{
    const tsr_comm *comm = *state;
    population p = {.rows = 997, .cols = 3, .groups = 1, .value = extremes, .block_rows = 100};

    CHECK_ALL(comm, equals_sorting(comm, p));
    p.block_rows = 1 << 20;
    CHECK_ALL(comm, equals_sorting(comm, p));
}

static void close_values_are_told_apart_by_their_last_bits(void **state)
{
    const tsr_comm *comm = *state;
    population p = {.rows = 1200007, .cols = 1, .groups = 1, .value = last_bits, .block_rows = 65536};

    CHECK_ALL(comm, equals_sorting(comm, p));
}

static void close_values_are_narrowed_down_then_sorted(void **state)
{
    const tsr_comm *comm = *state;
    population p = {.rows = 1200007, .cols = 1, .groups = 1, .value = middle_bits, .block_rows = 65536};

    CHECK_ALL(comm, equals_sorting(comm, p));
}

static void whole_numbers_are_found_early(void **state)
{
    const tsr_comm *comm = *state;
    population p = {.rows = 600011, .cols = 2, .groups = 2, .value = whole_numbers, .block_rows = 65536};

    CHECK_ALL(comm, equals_sorting(comm, p));
}

/* More prefixes than one batch may hold: (groups x columns) are taken in turns. */
static void many_groups_are_taken_in_batches(void **state)
{
    const tsr_comm *comm = *state;
    population p = {.rows = 5000, .cols = 2, .groups = 4000, .value = whole_numbers, .block_rows = 1000};

    CHECK_ALL(comm, equals_sorting(comm, p));
    p.block_rows = 1 << 20;
    CHECK_ALL(comm, equals_sorting(comm, p));
}

static void count_may_be_left_out(void **state)
{
    const tsr_comm *comm = *state;
    population p = {.rows = 50, .cols = 1, .groups = 1, .value = whole_numbers, .block_rows = 8, .fail_block = -1};
    tsr_quantile_source source = source_of(comm, &p);
    double median = 0, half = 0.5, sorted[50];
    tsr_status st = tsr_quantiles(comm, &source, 1, 1, &half, 1, &median, NULL);

    CHECK_ALL(comm, st == TSR_OK && median == type_7(sorted, sorted_column(&p, 0, 0, sorted), 0.5));
}

static void no_columns_or_no_quantiles_are_fine(void **state)
{
    const tsr_comm *comm = *state;
    population p = {.rows = 50, .cols = 0, .groups = 1, .value = whole_numbers, .block_rows = 8, .fail_block = -1};
    tsr_quantile_source source = source_of(comm, &p);
    double half = 0.5;
    int64_t count = 0;
    tsr_status none = tsr_quantiles(comm, &source, 0, 1, &half, 1, NULL, NULL);

    p.cols = 1;
    tsr_status only_count = tsr_quantiles(comm, &source, 1, 1, NULL, 0, NULL, &count);
    CHECK_ALL(comm, none == TSR_OK && only_count == TSR_OK && count == 50);
}

static void block_that_cannot_be_read_on_one_rank_fails_on_all(void **state)
{
    const tsr_comm *comm = *state;

    for (int large = 0; large < 2; large++) {
        population p = {.rows = 1000, .cols = 2, .groups = 1, .value = mixed};
        p.block_rows = large ? 1 << 20 : 50;
        p.fail_block = large ? 0 : 1;
        tsr_quantile_source source = source_of(comm, &p);
        double out[2 * NP];
        tsr_status st = tsr_quantiles(comm, &source, 2, 1, many_p, NP, out, NULL);
        CHECK_ALL(comm, st == TSR_EIO && tsr_error_last()->rank == comm->size - 1);
        CHECK_ALL(comm, strstr(tsr_error_last()->text, "is damaged") != NULL);
    }
}

static void each_allocation_that_fails_on_one_rank_fails_on_all(void **state)
{
    const tsr_comm *comm = *state;

    for (int large = 0; large < 2; large++) {
        tsr_status st = TSR_ENOMEM;
        int failures = 0;
        population p = {.rows = 1000, .cols = 2, .groups = 1, .value = mixed, .fail_block = -1};
        p.block_rows = large ? 1 << 20 : 50;
        tsr_quantile_source source = source_of(comm, &p);
        for (int nth = 1; st == TSR_ENOMEM && nth < 60; nth++) {
            double out[2 * NP];
            fail_last_rank(comm, "alloc", nth);
            st = tsr_quantiles(comm, &source, 2, 1, many_p, NP, out, NULL);
            tsr_fault_set(NULL);
            failures += st != TSR_OK;
            CHECK_ALL(comm, (st == TSR_OK || st == TSR_ENOMEM) && same_on_all(comm, &st, sizeof st));
        }
        CHECK_ALL(comm, st == TSR_OK && failures >= 8);
    }
}

/* About one allocation in twelve fails, on each rank another one. */
static void random_failures_never_part_the_ranks(void **state)
{
    const tsr_comm *comm = *state;
    int failed = 0, well = 0;

    for (int seed = 1; seed <= 60; seed++) {
        population p = {.rows = 500, .cols = 2, .groups = 1, .value = mixed, .fail_block = -1};
        p.block_rows = seed % 2 == 0 ? 1 << 20 : 50;
        tsr_quantile_source source = source_of(comm, &p);
        double out[2 * NP];
        char plan[32];
        snprintf(plan, sizeof plan, "%d,%d", 12 * comm->size, seed);
        tsr_fault_set(plan);
        tsr_status st = tsr_quantiles(comm, &source, 2, 1, many_p, NP, out, NULL);
        tsr_fault_set(NULL);
        failed += st != TSR_OK;
        well += st == TSR_OK;
        CHECK_ALL(comm, (st == TSR_OK || st == TSR_ENOMEM) && same_on_all(comm, &st, sizeof st));
        CHECK_ALL(comm, st != TSR_OK || same_on_all(comm, out, sizeof out));
    }
    CHECK_ALL(comm, failed > 0 && well > 0);
}

static tsr_status read_nonsense(void *context, int64_t block, double *values, int32_t *group, int64_t *rows)
{
    (void)block;
    values[0] = 1.0;
    group[0] = *(const int *)context == 1 ? 2 : 0;
    *rows = *(const int *)context == 1 ? 1 : 9;
    return TSR_OK;
}

static void source_that_breaks_its_promise_is_a_bug_on_all(void **state)
{
    const tsr_comm *comm = *state;

    for (int kind = 1; kind <= 2; kind++) {
        tsr_quantile_source source = {&kind, comm->rank == comm->size - 1, 8, read_nonsense};
        double out[2], half = 0.5;
        tsr_status st = tsr_quantiles(comm, &source, 1, 2, &half, 1, out, NULL);
        CHECK_ALL(comm, st == TSR_EBUG);
    }
}

static void arguments_are_checked_on_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_quantile_source source = {NULL, 0, 0, read_nonsense};
    bool other = comm->size > 1 && comm->rank == comm->size - 1;
    double out[4], bad[2] = {0.5, 1.5}, not_a_number = NAN, p[2] = {0.5, other ? 0.75 : 0.25};

    tsr_status range = tsr_quantiles(comm, &source, 1, 1, bad, 2, out, NULL);
    tsr_status nan = tsr_quantiles(comm, &source, 1, 1, &not_a_number, 1, out, NULL);
    CHECK_ALL(comm, range == TSR_ECONF && nan == TSR_ECONF);
    tsr_status list = tsr_quantiles(comm, &source, 1, 1, p, 2, out, NULL);
    tsr_status shape = tsr_quantiles(comm, &source, other ? 2 : 1, 1, p, 1, out, NULL);
    tsr_status expected = comm->size > 1 ? TSR_ECONF : TSR_OK;
    CHECK_ALL(comm, list == expected && shape == expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_equal_numpys_to_the_bit),
        cmocka_unit_test(small_data_equals_sorting),
        cmocka_unit_test(counting_passes_equal_sorting),
        cmocka_unit_test(infinities_zeros_and_the_smallest_numbers_keep_their_order),
        cmocka_unit_test(close_values_are_told_apart_by_their_last_bits),
        cmocka_unit_test(close_values_are_narrowed_down_then_sorted),
        cmocka_unit_test(whole_numbers_are_found_early),
        cmocka_unit_test(many_groups_are_taken_in_batches),
        cmocka_unit_test(count_may_be_left_out),
        cmocka_unit_test(no_columns_or_no_quantiles_are_fine),
        cmocka_unit_test(block_that_cannot_be_read_on_one_rank_fails_on_all),
        cmocka_unit_test(each_allocation_that_fails_on_one_rank_fails_on_all),
        cmocka_unit_test(random_failures_never_part_the_ranks),
        cmocka_unit_test(source_that_breaks_its_promise_is_a_bug_on_all),
        cmocka_unit_test(arguments_are_checked_on_all),
    };
    return RUN_MPI_TESTS(tests);
}
