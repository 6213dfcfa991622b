#include "pipeline/predict/predict_text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tessera/memory.h"
#include "tessera/segments.h"

#define SUMMARY_BYTES   4096
#define SUMMARY_COLUMNS 8

static json_t *real(double value)
{
    return isfinite(value) ? json_real(value + 0.0) : json_null();
}

static json_t *count(int64_t n, int64_t min_cell)
{
    return n > 0 && n < min_cell ? json_null() : json_integer(n);
}

/* ---- predict.json ---- */

static json_t *confusion_of(const tsr_grade *s, int64_t min_cell)
{
    json_t *rows = json_array();

    for (int32_t t = 0; t < s->classes; t++) {
        json_t *row = json_array();
        for (int32_t p = 0; p < s->classes; p++)
            json_array_append_new(row, count(s->confusion[(int64_t)t * s->classes + p], min_cell));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *reliability_of(const tsr_grade *s, int64_t min_cell)
{
    json_t *bins = json_array();

    for (int32_t b = 0; b < TSR_RELIABILITY_BINS; b++) {
        const tsr_reliability *bin = &s->bin[b];
        bool shown = bin->rows >= min_cell;
        json_array_append_new(bins, json_pack("{s:f, s:o, s:o, s:o}", "from", b / (double)TSR_RELIABILITY_BINS,
                                              "customers", count(bin->rows, min_cell), "predicted",
                                              shown ? real(bin->predicted) : json_null(), "observed",
                                              shown ? real(bin->observed) : json_null()));
    }
    return bins;
}

static json_t *score_of(const tsr_grade *s, int64_t min_cell)
{
    if (s->rows < min_cell) return json_null();
    if (s->classes == 0)
        return json_pack("{s:I, s:o, s:o, s:o}", "customers", (json_int_t)s->rows, "rmse", real(s->rmse), "mae",
                         real(s->mae), "r_squared", real(s->r_squared));
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "customers", (json_int_t)s->rows, "accuracy",
                     real(s->accuracy), "auc", real(s->auc), "log_loss", real(s->log_loss), "brier", real(s->brier),
                     "calibration_error", real(s->calibration_error), "confusion", confusion_of(s, min_cell),
                     "reliability", reliability_of(s, min_cell));
}

static json_t *importances_of(const tsr_lesson *l, const tsr_prediction *p)
{
    json_t *list = json_array();

    for (int32_t c = 0; c < l->cols; c++)
        json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "column", l->name[c], "impurity",
                                              real(p->forest->importance[c]), "permutation",
                                              p->test.rows > 0 ? real(p->permuted[c]) : json_null()));
    return list;
}

tsr_status tsr_predict_json(const tsr_settings *settings, const tsr_lesson *l, const tsr_binned *x,
                            const tsr_prediction *p, char **text)
{
    int64_t min_cell = settings->run.min_cell;
    json_t *json = json_object(), *classes = json_array(), *constant = json_array();
    tsr_status st;

    for (int32_t c = 0; c < l->classes; c++) json_array_append_new(classes, json_string(l->class_name[c]));
    for (int32_t c = 0; c < l->cols; c++)
        if (!x->varies[c]) json_array_append_new(constant, json_string(l->name[c]));
    json_object_set_new(json, "label", json_string(settings->predict.label));
    json_object_set_new(json, "task", json_string(l->classes > 0 ? "classification" : "regression"));
    json_object_set_new(json, "classes", classes);
    json_object_set_new(json, "constant", constant);
    json_object_set_new(json, "trees", json_integer(p->forest->trees));
    json_object_set_new(json, "leaves", json_integer(p->forest->first_leaf[p->forest->trees]));
    json_object_set_new(json, "calibrated", json_boolean(p->calibrated));
    json_object_set_new(json, "customers",
                        json_pack("{s:o, s:o, s:o}", "learn", count(l->count[TSR_PART_LEARN], min_cell), "test",
                                  count(l->count[TSR_PART_TEST], min_cell), "unlabelled",
                                  count(l->count[TSR_PART_UNLABELLED], min_cell)));
    json_object_set_new(json, "test", score_of(&p->test, min_cell));
    json_object_set_new(json, "test_uncalibrated", p->calibrated ? score_of(&p->raw, min_cell) : json_null());
    json_object_set_new(json, "out_of_bag", p->out_of_bag ? score_of(&p->bag, min_cell) : json_null());
    st = json_object_set_new(json, "importances", importances_of(l, p)) == 0
             ? tsr_json_text(json, text)
             : TSR_FAIL(TSR_ENOMEM, "no memory for predict.json");
    json_decref(json);
    return st;
}

/* ---- for people ---- */

typedef struct page {
    char *text;
    size_t n;
} page;

static void say(page *to, const char *format, ...) TSR_PRINTF(2, 3);

static void say(page *to, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int n = vsnprintf(to->text + to->n, SUMMARY_BYTES - to->n, format, arguments);
    va_end(arguments);
    if (n > 0) to->n += (size_t)n < SUMMARY_BYTES - to->n ? (size_t)n : SUMMARY_BYTES - to->n - 1;
}

static void say_score(page *to, const char *what, const tsr_grade *s)
{
    if (s->rows == 0) return;
    if (s->classes == 0)
        say(to, "  %-14s R squared %.4f · root mean square error %.6g · mean error %.6g · %lld customers\n", what,
            s->r_squared, s->rmse, s->mae, (long long)s->rows);
    else
        say(to,
            "  %-14s accuracy %.4f · AUC %.4f · log loss %.4f · Brier %.4f · calibration error %.4f · %lld customers\n",
            what, s->accuracy, s->auc, s->log_loss, s->brier, s->calibration_error, (long long)s->rows);
}

/* The columns with the largest share of the gain, each with what the test loses without it. */
static void say_columns(page *to, const tsr_lesson *l, const tsr_prediction *p)
{
    const double *share = p->forest->importance;
    double below = INFINITY;
    int32_t last = -1;

    for (int32_t shown = 0; shown < SUMMARY_COLUMNS; shown++) {
        int32_t best = -1;
        for (int32_t c = 0; c < l->cols; c++) {
            bool left = share[c] < below || (share[c] == below && c > last);
            if (left && (best < 0 || share[c] > share[best])) best = c;
        }
        if (best < 0 || share[best] <= 0) break;
        below = share[best];
        last = best;
        say(to, "  %-24s %5.1f %% of the gain", l->name[best], 100 * share[best]);
        if (p->test.rows > 0) say(to, " · test %+.4f without it", -p->permuted[best]);
        say(to, "\n");
    }
}

tsr_status tsr_predict_summary(const tsr_settings *settings, const tsr_lesson *l, const tsr_prediction *p, char **text)
{
    page to = {.text = NULL};
    tsr_status st = tsr_alloc(&to.text, SUMMARY_BYTES, 1);

    if (st != TSR_OK) return st;
    say(&to, "  %s · %d tree%s, %d leaves · %lld customers to learn from, %lld without label\n\n",
        settings->predict.label, (int)p->forest->trees, p->forest->trees == 1 ? "" : "s",
        (int)p->forest->first_leaf[p->forest->trees], (long long)l->count[TSR_PART_LEARN],
        (long long)l->count[TSR_PART_UNLABELLED]);
    say_score(&to, "test", &p->test);
    if (p->calibrated) say_score(&to, "uncalibrated", &p->raw);
    say_score(&to, "out of bag", &p->bag);
    say(&to, "\n");
    say_columns(&to, l, p);
    say(&to, "\n  results   %s/predictions.h5, predict.json\n", settings->run.output);
    *text = to.text;
    return TSR_OK;
}
