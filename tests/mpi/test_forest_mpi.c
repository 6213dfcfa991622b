#include "mpi_test.h"

#include <string.h>

#include "forest_test.h"
#include "tessera/forest.h"

enum { ROWS = 1500, COLS = 6, CLASSES = 3 };

/* ---- rows ---- */

/* The class hangs on two columns; one is missing for a quarter of the rows, one is constant. */
static double value_of(int64_t row, int32_t col)
{
    if (col == 2 && row % 4 == 0) return (double)NAN;
    if (col == 5) return 3;
    return col == 1 ? floor(20 * test_draw(row, col)) : test_draw(row, col);
}

static uint16_t class_of(int64_t row)
{
    double noise = 0.2 * test_draw(row, 90);

    return (uint16_t)((value_of(row, 0) + noise > 0.6) + (value_of(row, 1) > 12));
}

static int32_t target_of(int64_t row)
{
    return (int32_t)(1e6 * (value_of(row, 0) + value_of(row, 3) * value_of(row, 3)));
}

typedef struct bench {
    test_rows rows;
    tsr_binned *x;
    uint64_t key[ROWS];
    uint16_t label[ROWS];
    int32_t target[ROWS];
    tsr_examples classes, numbers;
} bench;

static bool make_bench(const tsr_comm *comm, int64_t rows, test_value value, bench *b)
{
    b->rows = (test_rows){tsr_span_even(rows, 1, comm->rank, comm->size), COLS, value};
    for (int64_t i = 0; i < b->rows.span.rows; i++) {
        int64_t row = b->rows.span.first + i;
        b->key[i] = (uint64_t)row * 0x9E3779B97F4A7C15U;
        b->label[i] = class_of(row);
        b->target[i] = target_of(row);
    }
    if (test_bins(comm, &b->rows, (tsr_bins_params){.bins = 64}, &b->x) != TSR_OK) return false;
    b->classes = (tsr_examples){.x = b->x, .key = b->key, .classes = CLASSES, .label = b->label};
    b->numbers = (tsr_examples){.x = b->x, .key = b->key, .target = b->target, .step = 1e-6};
    return true;
}

static bool same_forest(const tsr_forest *a, const tsr_forest *b)
{
    bool same = a->trees == b->trees && memcmp(a->first, b->first, sizeof *a->first * (size_t)(a->trees + 1)) == 0 &&
                memcmp(a->first_leaf, b->first_leaf, sizeof *a->first_leaf * (size_t)(a->trees + 1)) == 0;

    for (int32_t i = 0; same && i < a->first[a->trees]; i++) {
        const tsr_tree_node *m = &a->node[i], *n = &b->node[i];
        same = m->column == n->column && m->child == n->child && m->code == n->code && m->rows == n->rows &&
               m->missing_left == n->missing_left && m->threshold == n->threshold && m->gain == n->gain;
    }
    return same && memcmp(a->value, b->value, sizeof *a->value * (size_t)(a->first_leaf[a->trees] * a->outputs)) == 0 &&
           memcmp(a->importance, b->importance, sizeof *a->importance * (size_t)a->cols) == 0;
}

/* ---- the same bits ---- */

/* Two trees are grown by all ranks together (on more than two), seven by ranks apart: one rank is the judge of both. */
static void forest_is_the_same_on_any_ranks(void **state)
{
    const tsr_comm *comm = *state, alone = tsr_comm_open(MPI_COMM_SELF);
    tsr_forest_params params = {.depth = 9, .min_leaf = 2, .mtry = 2, .bootstrap = true, .seed = 5};
    bench *mine = NULL, *all = NULL;

    CHECK_ALL(comm, tsr_alloc(&mine, 1, sizeof *mine) == TSR_OK && tsr_alloc(&all, 1, sizeof *all) == TSR_OK);
    CHECK_ALL(comm, make_bench(comm, ROWS, value_of, mine));
    CHECK_ALL(comm, make_bench(&alone, ROWS, value_of, all));
    for (int variant = 0; variant < 8; variant++) {
        tsr_forest *shared = NULL, *single = NULL;
        params.trees = variant & 1 ? 7 : 2;
        params.mtry = variant & 2 ? 0 : 2;
        params.criterion = variant & 4 ? TSR_SPLIT_ENTROPY : TSR_SPLIT_GINI;
        CHECK_ALL(comm, tsr_forest_fit(comm, &params, &mine->classes, &shared) == TSR_OK);
        CHECK_ALL(comm, tsr_forest_fit(&alone, &params, &all->classes, &single) == TSR_OK);
        CHECK_ALL(comm, shared->first[1] > 20 && same_forest(shared, single));
        tsr_forest_destroy(&single);
        tsr_forest_destroy(&shared);
        CHECK_ALL(comm, tsr_forest_fit(comm, &params, &mine->numbers, &shared) == TSR_OK);
        CHECK_ALL(comm, tsr_forest_fit(&alone, &params, &all->numbers, &single) == TSR_OK);
        CHECK_ALL(comm, shared->first[1] > 20 && same_forest(shared, single));
        tsr_forest_destroy(&single);
        tsr_forest_destroy(&shared);
    }
    tsr_binned_destroy(&all->x);
    tsr_binned_destroy(&mine->x);
    tsr_free(&all);
    tsr_free(&mine);
    tsr_comm alone_too = alone;
    tsr_comm_close(&alone_too);
}

/* ---- one split, by hand ---- */

static double gini_of(const int64_t *n)
{
    double rows = 0, squares = 0;

    for (int c = 0; c < CLASSES; c++) {
        rows += (double)n[c];
        squares += (double)n[c] * (double)n[c];
    }
    return rows > 0 ? rows - squares / rows : 0;
}

/* The largest fall of Gini impurity, in rows, of any threshold of any column without missing values. */
static double best_by_hand(const tsr_binned *all, int64_t rows)
{
    double best = 0;

    for (int32_t c = 0; c < COLS; c++)
        for (int32_t b = 0; c != 2 && b + 1 < all->bins[c]; b++) {
            int64_t left[CLASSES] = {0}, right[CLASSES] = {0}, total[CLASSES] = {0};
            for (int64_t i = 0; i < rows; i++) {
                bool goes = value_of(i, c) <= all->edge[(int64_t)c * TSR_BINS_MAX + b];
                (goes ? left : right)[class_of(i)]++;
                total[class_of(i)]++;
            }
            double gain = gini_of(total) - gini_of(left) - gini_of(right);
            if (gain > best) best = gain;
        }
    return best;
}

static void first_split_is_the_best_there_is(void **state)
{
    const tsr_comm *comm = *state;
    tsr_forest_params params = {.trees = 1, .depth = 1, .min_leaf = 1};
    tsr_forest *tree = NULL;
    bench *b = NULL;

    CHECK_ALL(comm, tsr_alloc(&b, 1, sizeof *b) == TSR_OK && make_bench(comm, ROWS, value_of, b));
    CHECK_ALL(comm, tsr_forest_fit(comm, &params, &b->classes, &tree) == TSR_OK);
    CHECK_ALL(comm, tree->first[1] == 3 && tree->node[0].rows == ROWS);
    CHECK_ALL(comm, fabs(tree->node[0].gain - best_by_hand(b->x, ROWS)) < 1e-9 * tree->node[0].gain);
    CHECK_ALL(comm, tree->importance[tree->node[0].column] == 1);
    CHECK_ALL(comm, b->x->bins[5] == 1); /* a constant column */
    double share = 0;
    for (int c = 0; c < CLASSES; c++) share += (double)tree->value[c];
    CHECK_ALL(comm, fabs(share - 1) < 1e-6);
    tsr_forest_destroy(&tree);
    tsr_binned_destroy(&b->x);
    tsr_free(&b);
}

/* ---- missing values ---- */

/* The class is whether column 2 is missing, and nothing else. */
static void missing_values_learn_a_side(void **state)
{
    const tsr_comm *comm = *state;
    tsr_forest_params params = {.trees = 1, .depth = 3, .min_leaf = 1};
    tsr_forest *tree = NULL;
    bench *b = NULL;

    CHECK_ALL(comm, tsr_alloc(&b, 1, sizeof *b) == TSR_OK && make_bench(comm, ROWS, value_of, b));
    for (int64_t i = 0; i < b->rows.span.rows; i++) b->label[i] = (b->rows.span.first + i) % 4 == 0;
    CHECK_ALL(comm, tsr_forest_fit(comm, &params, &b->classes, &tree) == TSR_OK);
    CHECK_ALL(comm, tree->first[1] == 3 && tree->node[0].column == 2);
    bool right = true;
    for (int64_t i = 0; i < b->rows.span.rows; i++)
        right = right && tree->value[tsr_forest_leaf(tree, 0, b->x, i) * CLASSES + b->label[i]] == 1;
    CHECK_ALL(comm, right);
    tsr_forest_destroy(&tree);
    tsr_binned_destroy(&b->x);
    tsr_free(&b);
}

/* ---- regression ---- */

static void leaf_of_a_regression_is_the_mean(void **state)
{
    const tsr_comm *comm = *state;
    tsr_forest_params params = {.trees = 1, .depth = 1, .min_leaf = ROWS};
    tsr_forest *tree = NULL;
    bench *b = NULL;
    double sum = 0;

    CHECK_ALL(comm, tsr_alloc(&b, 1, sizeof *b) == TSR_OK && make_bench(comm, ROWS, value_of, b));
    for (int64_t i = 0; i < ROWS; i++) sum += target_of(i);
    CHECK_ALL(comm, tsr_forest_fit(comm, &params, &b->numbers, &tree) == TSR_OK);
    CHECK_ALL(comm, tree->first[1] == 1); /* no two leaves of that many rows */
    CHECK_ALL(comm, fabs((double)tree->value[0] - 1e-6 * sum / ROWS) < 1e-6);
    tsr_forest_destroy(&tree);
    tsr_binned_destroy(&b->x);
    tsr_free(&b);
}

/* ---- draws ---- */

static void bootstrap_draws_each_row_once_on_average(void **state)
{
    const tsr_comm *comm = *state;
    const tsr_forest_params params = {.bootstrap = true, .seed = 3};
    int64_t drawn = 0, never = 0;
    const int64_t n = 40000;

    for (int64_t i = 0; i < n; i++) {
        int32_t times = tsr_forest_draws(&params, (uint64_t)i, (int32_t)(i % 9));
        drawn += times;
        never += times == 0;
    }
    CHECK_ALL(comm, fabs((double)drawn / (double)n - 1) < 0.02);
    CHECK_ALL(comm, fabs((double)never / (double)n - 0.36788) < 0.01);
}

/* ---- what cannot be ---- */

static void forest_without_rows_or_sense_is_refused_by_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_forest_params good = {.trees = 2, .depth = 3, .min_leaf = 1}, bad = good;
    tsr_forest *forest = NULL;
    bench *b = NULL;

    CHECK_ALL(comm, tsr_alloc(&b, 1, sizeof *b) == TSR_OK && make_bench(comm, 0, value_of, b));
    CHECK_ALL(comm, tsr_forest_fit(comm, &good, &b->classes, &forest) == TSR_EDATA && forest == NULL);
    bad.depth = TSR_DEPTH_MAX + 1;
    CHECK_ALL(comm, tsr_forest_fit(comm, &bad, &b->classes, &forest) == TSR_ECONF);
    b->classes.classes = TSR_LABELS_MAX + 1;
    CHECK_ALL(comm, tsr_forest_fit(comm, &good, &b->classes, &forest) == TSR_EDATA);
    tsr_binned_destroy(&b->x);
    CHECK_ALL(comm, make_bench(comm, 2, value_of, b)); /* ranks without rows */
    CHECK_ALL(comm, tsr_forest_fit(comm, &good, &b->classes, &forest) == TSR_OK);
    tsr_forest_destroy(&forest);
    tsr_binned_destroy(&b->x);
    tsr_free(&b);
}

static void failure_of_one_rank_is_that_of_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_forest_params params = {.trees = 5, .depth = 4, .min_leaf = 1, .bootstrap = true};
    tsr_forest *forest = NULL;
    bench *b = NULL;

    CHECK_ALL(comm, tsr_alloc(&b, 1, sizeof *b) == TSR_OK && make_bench(comm, ROWS, value_of, b));
    for (int nth = 1; nth <= 31; nth += 5) {
        fail_last_rank(comm, "alloc", nth);
        tsr_status st = tsr_forest_fit(comm, &params, &b->classes, &forest);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, st == TSR_ENOMEM && forest == NULL);
    }
    tsr_binned_destroy(&b->x);
    tsr_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forest_is_the_same_on_any_ranks),
        cmocka_unit_test(first_split_is_the_best_there_is),
        cmocka_unit_test(missing_values_learn_a_side),
        cmocka_unit_test(leaf_of_a_regression_is_the_mean),
        cmocka_unit_test(bootstrap_draws_each_row_once_on_average),
        cmocka_unit_test(forest_without_rows_or_sense_is_refused_by_all),
        cmocka_unit_test(failure_of_one_rank_is_that_of_all),
    };

    return RUN_MPI_TESTS(tests);
}
