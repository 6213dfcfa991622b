#include "tessera/predict.h"

#include <math.h>
#include <string.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "tessera/rng.h"

/* Rows for permutation importances: enough for three digits of an accuracy. */
#define PERMUTED_ROWS 20000

#define AT(field) offsetof(tsr_predict_params, field)

const tsr_key tsr_predict_keys[] = {
    {"predict.label", TSR_KEY_TEXT, AT(label), "null", 0, 0, NULL,
     "what `tessera predict` learns: a feature, an attribute of the customers, a column of the matrix or of "
     "predict.table",
     NULL, 0},
    {"predict.table", TSR_KEY_PATH, AT(table), "null", 0, 0, NULL,
     "file of columns with the label: HDF5, joined by its column `key` or `id`, or text (.csv, .tsv, also .gz, .zst), "
     "joined by its column `id`; null: the label is in the job's input",
     NULL, 0},
    {"predict.attributes", TSR_KEY_TEXTS, AT(attributes), "all", 0, 0, NULL,
     "categories used beside the features, as numbers in the order of their words: all, none, or names", NULL, 0},
    {"predict.task", TSR_KEY_CHOICE, AT(task), "auto", 0, 0, "auto|classification|regression",
     "auto: classification where the label is a category or has at most 20 different values", NULL, 0},
    {"predict.method", TSR_KEY_CHOICE, AT(method), "forest", 0, 0, "tree|forest", "one tree, or many on drawn samples",
     NULL, 0},
    {"predict.trees", TSR_KEY_INT, AT(trees), "100", 1, 10000, NULL, "trees of a forest", NULL, 0},
    {"predict.depth", TSR_KEY_INT, AT(depth), "12", 1, TSR_DEPTH_MAX, NULL, "questions from root to leaf at most", NULL,
     0},
    {"predict.min_leaf", TSR_KEY_INT, AT(min_leaf), "5", 1, 1e9, NULL, "customers of a leaf at least", NULL, 0},
    {"predict.bins", TSR_KEY_INT, AT(bins), "255", 2, TSR_BINS_MAX, NULL, "thresholds tried per column at most, plus 1",
     NULL, 0},
    {"predict.mtry", TSR_KEY_INT, AT(mtry), "0", 0, 1e6, NULL,
     "columns tried at each node of a forest; of those that vary; 0: the root of their number, a third of it for "
     "regression",
     NULL, 0},
    {"predict.criterion", TSR_KEY_CHOICE, AT(criterion), "gini", 0, 0, "gini|entropy", "what splits of classes lower",
     NULL, 0},
    {"predict.test", TSR_KEY_REAL, AT(test), "0.2", 0, 0.9, NULL,
     "share of the labelled customers that is held back and only scored", NULL, 0},
    {"predict.calibration", TSR_KEY_CHOICE, AT(calibration), "isotonic", 0, 0, "none|isotonic",
     "isotonic: a rising function fitted to out-of-bag predictions of a forest of classes", NULL, 0},
    {NULL, TSR_KEY_BOOL, 0, NULL, 0, 0, NULL, NULL, NULL, 0},
};

static tsr_forest_params forest_params(const tsr_predict_params *p, uint64_t seed, const tsr_binned *x, int32_t classes)
{
    bool forest = p->method == TSR_PREDICT_FOREST;
    int32_t cols = 0;

    for (int32_t c = 0; c < x->cols; c++) cols += x->varies[c];
    int32_t usual = classes > 0 ? (int32_t)sqrt((double)cols) : cols / 3;
    tsr_forest_params params = {.trees = forest ? (int32_t)p->trees : 1,
                                .depth = (int32_t)p->depth,
                                .min_leaf = p->min_leaf,
                                .bootstrap = forest,
                                .criterion = p->criterion,
                                .seed = seed};

    if (forest) params.mtry = p->mtry > 0 ? (int32_t)p->mtry : usual > 1 ? usual : 1;
    return params;
}

static tsr_status score(const tsr_comm *comm, const tsr_examples *ex, const double *truth, const tsr_graded *rows,
                        const double *out, tsr_grade *to)
{
    return ex->classes > 0 ? tsr_grade_classes(comm, rows, out, ex->label, ex->classes, to)
                           : tsr_grade_numbers(comm, rows, out, truth, to);
}

/* ---- permutation importances ---- */

/* What the columns of the scored rows hold: cumulative counts of codes. */
static void count_codes(const tsr_comm *comm, const tsr_binned *x, const tsr_graded *rows, int64_t *cumulative)
{
    for (int32_t c = 0; c < x->cols; c++)
        for (int64_t i = 0; i < x->rows; i++)
            if (rows->part[i] == rows->which) cumulative[(int64_t)c * TSR_CODES + x->code[c * x->rows + i]]++;
    tsr_sum_int64(comm, cumulative, (int64_t)x->cols * TSR_CODES);
    for (int64_t i = 1; i < (int64_t)x->cols * TSR_CODES; i++)
        if (i % TSR_CODES != 0) cumulative[i] += cumulative[i - 1];
}

static uint8_t draw_code(const int64_t *cumulative, double uniform)
{
    int64_t at = (int64_t)(uniform * (double)cumulative[TSR_CODES - 1]);
    int32_t code = 0;

    while (code < TSR_CODES - 1 && cumulative[code] <= at) code++;
    return (uint8_t)code;
}

/* The rows of the sample, so that columns can be changed without harm. */
typedef struct sample {
    tsr_binned x;
    uint64_t *key;
    uint16_t *label;
    double *truth, *out;
    uint8_t *part, *column;
} sample;

static void sample_clear(sample *s)
{
    tsr_free(&s->column);
    tsr_free(&s->part);
    tsr_free(&s->out);
    tsr_free(&s->truth);
    tsr_free(&s->label);
    tsr_free(&s->key);
    tsr_free(&s->x.code);
}

static tsr_status take_sample(const tsr_examples *ex, const double *truth, const tsr_graded *rows, double share,
                              uint64_t seed, int32_t outputs, sample *s)
{
    int64_t *row = NULL, n = 0;
    tsr_status st;

    s->x = *ex->x;
    s->x.code = NULL;
    TSR_TRY(tsr_alloc(&row, ex->x->rows, sizeof *row));
    for (int64_t i = 0; i < ex->x->rows; i++)
        if (rows->part[i] == rows->which && tsr_draw_uniform(seed, TSR_STREAM_PERMUTE, ex->key[i], 0) < share)
            row[n++] = i;
    s->x.rows = n;
    TSR_TRY(tsr_alloc(&s->x.code, n * ex->x->cols, 1));
    TSR_TRY(tsr_alloc(&s->key, n, sizeof *s->key));
    TSR_TRY(tsr_alloc(&s->label, n, sizeof *s->label));
    TSR_TRY(tsr_alloc(&s->truth, n, sizeof *s->truth));
    TSR_TRY(tsr_alloc(&s->out, n * outputs, sizeof *s->out));
    TSR_TRY(tsr_alloc(&s->part, n, 1));
    TSR_TRY(tsr_alloc(&s->column, n, 1));
    for (int64_t i = 0; i < n; i++) {
        s->key[i] = ex->key[row[i]];
        if (ex->label != NULL) s->label[i] = ex->label[row[i]];
        if (truth != NULL) s->truth[i] = truth[row[i]];
        for (int32_t c = 0; c < ex->x->cols; c++) s->x.code[c * n + i] = ex->x->code[c * ex->x->rows + row[i]];
    }
done:
    tsr_free(&row);
    return st;
}

static tsr_status score_sample(const tsr_comm *comm, const tsr_examples *ex, const tsr_forest *forest, sample *s,
                               double *value)
{
    const tsr_graded all = {s->x.rows, s->part, 0};
    tsr_examples mine = {.classes = ex->classes, .label = s->label};
    tsr_grade found = {0};
    tsr_status st;

    TSR_AGREE(comm, tsr_forest_apply(forest, &s->x, NULL, NULL, s->out));
    TSR_TRY(score(comm, &mine, s->truth, &all, s->out, &found));
    *value = ex->classes > 0 ? found.accuracy : found.r_squared;
done:
    tsr_grade_clear(&found);
    return st;
}

static tsr_status permute(const tsr_comm *comm, const tsr_examples *ex, const double *truth, const tsr_graded *rows,
                          int64_t rows_global, uint64_t seed, tsr_prediction *out)
{
    double share = rows_global > PERMUTED_ROWS ? (double)PERMUTED_ROWS / (double)rows_global : 1, whole;
    int64_t *cumulative = NULL;
    sample s = {.key = NULL};
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&cumulative, (int64_t)ex->x->cols * TSR_CODES, sizeof *cumulative));
    TSR_AGREE(comm, take_sample(ex, truth, rows, share, seed, out->outputs, &s));
    count_codes(comm, ex->x, rows, cumulative);
    TSR_TRY(score_sample(comm, ex, out->forest, &s, &whole));
    for (int32_t c = 0; c < ex->x->cols; c++) {
        uint8_t *code = s.x.code + c * s.x.rows;
        if (out->forest->importance[c] == 0) continue; /* no tree asks for it */
        memcpy(s.column, code, (size_t)s.x.rows);
        for (int64_t i = 0; i < s.x.rows; i++)
            code[i] = draw_code(cumulative + (int64_t)c * TSR_CODES,
                                tsr_draw_uniform(seed, TSR_STREAM_PERMUTE, s.key[i], (uint64_t)c + 1));
        TSR_TRY(score_sample(comm, ex, out->forest, &s, &out->permuted[c]));
        out->permuted[c] = whole - out->permuted[c];
        memcpy(code, s.column, (size_t)s.x.rows);
    }
done:
    sample_clear(&s);
    tsr_free(&cumulative);
    return st;
}

/* ---- the whole ---- */

static tsr_status use_bag(const tsr_comm *comm, const tsr_predict_params *params, const tsr_forest_params *how,
                          const tsr_examples *ex, const double *truth, tsr_prediction *out, tsr_calibration *map)
{
    const tsr_graded learned = {ex->x->rows, ex->held, TSR_PART_LEARN};
    double *bag = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&bag, ex->x->rows * out->outputs, sizeof *bag));
    TSR_AGREE(comm, tsr_forest_apply(out->forest, ex->x, how, ex->key, bag));
    TSR_TRY(score(comm, ex, truth, &learned, bag, &out->bag));
    out->out_of_bag = out->bag.rows > 0;
    out->calibrated = out->out_of_bag && ex->classes > 0 && params->calibration != 0;
    if (out->calibrated) TSR_TRY(tsr_calibration_fit(comm, &learned, bag, ex->label, ex->classes, map));
done:
    tsr_free(&bag);
    return st;
}

tsr_status tsr_predict_run(const tsr_comm *comm, const tsr_predict_params *params, uint64_t seed,
                           const tsr_examples *ex, const double *truth, tsr_prediction *out)
{
    const tsr_forest_params how = forest_params(params, seed, ex->x, ex->classes);
    const tsr_graded held = {ex->x->rows, ex->held, TSR_PART_TEST};
    tsr_calibration map = {0};
    tsr_status st;

    *out = (tsr_prediction){.outputs = ex->classes > 0 ? ex->classes : 1};
    TSR_TRY(tsr_forest_fit(comm, &how, ex, &out->forest));
    TSR_AGREE(comm, tsr_alloc(&out->out, ex->x->rows * out->outputs, sizeof *out->out));
    TSR_AGREE(comm, tsr_alloc(&out->permuted, ex->x->cols, sizeof *out->permuted));
    if (how.bootstrap) TSR_TRY(use_bag(comm, params, &how, ex, truth, out, &map));
    TSR_AGREE(comm, tsr_forest_apply(out->forest, ex->x, NULL, NULL, out->out));
    TSR_TRY(score(comm, ex, truth, &held, out->out, &out->test));
    if (out->test.rows > 0) TSR_TRY(permute(comm, ex, truth, &held, out->test.rows, seed, out));
    if (out->calibrated) {
        out->raw = out->test;
        out->test.confusion = NULL;
        tsr_calibration_apply(&map, ex->x->rows, out->out);
        TSR_TRY(score(comm, ex, truth, &held, out->out, &out->test));
    }
done:
    tsr_calibration_clear(&map);
    if (st != TSR_OK) tsr_prediction_clear(out);
    return st;
}

void tsr_prediction_clear(tsr_prediction *p)
{
    tsr_free(&p->permuted);
    tsr_grade_clear(&p->raw);
    tsr_grade_clear(&p->bag);
    tsr_grade_clear(&p->test);
    tsr_free(&p->out);
    tsr_forest_destroy(&p->forest);
}
