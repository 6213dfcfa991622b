/*
 * How long does a random forest take, from float32 rows in memory to trees, and how well does it tell classes apart?
 *   bench_forest --data ROWS.npy [--trees N] [--depth N] [--workload NAME]
 * The label of a row follows from its first six columns and noise (label_of); the last fifth of the rows is held back.
 */
#include <math.h>

#include "measure.h"
#include "source.h"
#include "tessera/forest.h"
#include "tessera/grade.h"
#include "tessera/memory.h"

enum { BLOCK = 8192, HELD = 1 };

/* The same in peers/forest_sklearn.py: float64 from float32, so both find the same labels. */
static uint16_t label_of(const float *x, int64_t row)
{
    double noise = (double)((uint64_t)row * 2654435761U % 4294967296U) / 4294967296.0 - 0.5;
    double score = (double)x[0] - (double)x[1] + 0.5 * ((double)x[2] - (double)x[3]) * ((double)x[4] - (double)x[5]);

    return score + 4 * noise > 0;
}

static tsr_status read_block(void *context, int64_t block, double *values, int32_t *group, int64_t *rows)
{
    const source *s = context;
    int64_t first = block * BLOCK, left = s->span.rows - first;
    const float *from = (const float *)s->map.rows + first * s->cols;

    (void)group;
    *rows = left < BLOCK ? left : BLOCK;
    for (int64_t i = 0; i < *rows; i++)
        for (int32_t c = 0; c < s->cols; c++) values[(int64_t)c * BLOCK + i] = (double)from[i * s->cols + c];
    return TSR_OK;
}

typedef struct lesson {
    uint64_t *key;
    uint16_t *label;
    uint8_t *held;
} lesson;

static tsr_status make_lesson(const source *s, lesson *l)
{
    int64_t learned = s->span.rows_global - s->span.rows_global / 5;
    tsr_status st;

    TSR_TRY(tsr_alloc(&l->key, s->span.rows, sizeof *l->key));
    TSR_TRY(tsr_alloc(&l->label, s->span.rows, sizeof *l->label));
    TSR_TRY(tsr_alloc(&l->held, s->span.rows, 1));
    for (int64_t i = 0; i < s->span.rows; i++) {
        int64_t row = s->span.first + i;
        l->key[i] = (uint64_t)row;
        l->label[i] = label_of((const float *)s->map.rows + i * s->cols, row);
        l->held[i] = row >= learned ? HELD : 0;
    }
done:
    return st;
}

typedef struct result {
    double seconds_bins, seconds_fit, seconds_predict, peak_mb;
    int64_t leaves;
    tsr_grade grade;
} result;

static tsr_status measure(const bench *b, const source *s, const lesson *l, const tsr_forest_params *params, result *r)
{
    const tsr_quantile_source rows = {(void *)s, (s->span.rows + BLOCK - 1) / BLOCK, BLOCK, read_block};
    const tsr_graded test = {s->span.rows, l->held, HELD};
    tsr_examples examples = {.key = l->key, .held = l->held, .classes = 2, .label = l->label};
    tsr_binned *x = NULL;
    tsr_forest *forest = NULL;
    double *p = NULL;
    tsr_status st;

    tsr_memory_peak_reset();
    double began = bench_now(b);
    TSR_TRY(tsr_bins_fit(&b->comm, &rows, s->span.rows, s->cols, &(tsr_bins_params){.bins = 255}, &x));
    r->seconds_bins = bench_since(b, began);
    examples.x = x;
    began = bench_now(b);
    TSR_TRY(tsr_forest_fit(&b->comm, params, &examples, &forest));
    r->seconds_fit = bench_since(b, began);
    r->peak_mb = bench_peak_mb(b);
    r->leaves = forest->first_leaf[forest->trees];
    TSR_AGREE(&b->comm, tsr_alloc(&p, 2 * s->span.rows, sizeof *p));
    began = bench_now(b);
    TSR_AGREE(&b->comm, tsr_forest_apply(forest, x, NULL, NULL, p));
    r->seconds_predict = bench_since(b, began);
    TSR_TRY(tsr_grade_classes(&b->comm, &test, p, l->label, 2, &r->grade));
done:
    tsr_free(&p);
    tsr_forest_destroy(&forest);
    tsr_binned_destroy(&x);
    return st;
}

static void print(const bench *b, const source *s, const tsr_forest_params *params, const result *r)
{
    bench_line_begin(b, "predict");
    bench_line_text(b, "workload", bench_option(b, "workload", ""));
    bench_line_text(b, "algorithm", "forest");
    bench_line_int(b, "rows", s->span.rows_global);
    bench_line_int(b, "cols", s->cols);
    bench_line_int(b, "trees", params->trees);
    bench_line_int(b, "depth", params->depth);
    bench_line_int(b, "leaves", r->leaves);
    bench_line_real(b, "seconds_bins", r->seconds_bins);
    bench_line_real(b, "seconds_fit", r->seconds_fit);
    bench_line_real(b, "seconds_total", r->seconds_bins + r->seconds_fit);
    bench_line_real(b, "seconds_predict", r->seconds_predict);
    bench_line_real(b, "peak_mb", r->peak_mb);
    bench_line_real(b, "accuracy", r->grade.accuracy);
    bench_line_real(b, "auc", r->grade.auc);
    bench_line_end(b);
}

int main(int argc, char **argv)
{
    bench b;
    source s = {0};
    lesson l = {0};
    result r = {0};
    tsr_status st;

    TSR_TRY(bench_open(argc, argv, &b));
    TSR_TRY(source_open(&b, bench_option(&b, "data", ""), &s));
    TSR_AGREE(&b.comm, make_lesson(&s, &l));
    const tsr_forest_params params = {.trees = (int32_t)bench_number(&b, "trees", 20),
                                      .depth = (int32_t)bench_number(&b, "depth", 12),
                                      .min_leaf = 5,
                                      .mtry = (int32_t)sqrt((double)s.cols),
                                      .bootstrap = true,
                                      .seed = 1};
    TSR_TRY(measure(&b, &s, &l, &params, &r));
    print(&b, &s, &params, &r);
done:
    tsr_grade_clear(&r.grade);
    tsr_free(&l.held);
    tsr_free(&l.label);
    tsr_free(&l.key);
    source_close(&s);
    return bench_close(&b, st);
}
