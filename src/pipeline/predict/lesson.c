#include "pipeline/predict/lesson.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/run/label_table.h"
#include "pipeline/run/values.h"
#include "tessera/exchange.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "tessera/rng.h"

#define BLOCK        8192
#define FEW_VALUES   20     /* a label with so many different values is one of classes */
#define TARGET_STEPS 0x1p27 /* of a regression, each way: see tsr_examples */

/* ---- words ---- */

static const tsr_attribute *category_of(const tsr_input *input, const char *name)
{
    const tsr_dataset_info *about = input->dataset != NULL ? tsr_dataset_about(input->dataset) : NULL;

    for (int32_t a = 0; about != NULL && a < about->attributes_n; a++)
        if (about->attributes[a].categorical && strcmp(about->attributes[a].name, name) == 0)
            return &about->attributes[a];
    return NULL;
}

/* Codes follow the order in which words came; words do not: value becomes the place of its word among all words. */
static void order_by_words(const tsr_dictionary *words, int64_t rows, double *value)
{
    for (int64_t i = 0; i < rows; i++) {
        if (isnan(value[i])) continue;
        const char *mine = words->text[(int32_t)value[i]];
        int32_t place = 0;
        for (int32_t w = 0; w < words->n; w++) place += strcmp(words->text[w], mine) < 0;
        value[i] = place;
    }
}

static int compare_words(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* ---- columns ---- */

static bool is_asked(const tsr_texts *names, const char *name)
{
    for (int32_t i = 0; i < names->n; i++)
        if (strcmp(names->text[i], name) == 0 || strcmp(names->text[i], "all") == 0) return true;
    return false;
}

static tsr_status check_names(const tsr_texts *names, const tsr_input *input)
{
    for (int32_t i = 0; i < names->n; i++) {
        const char *name = names->text[i];
        if (strcmp(name, "all") == 0 || strcmp(name, "none") == 0 || category_of(input, name) != NULL) continue;
        return TSR_FAIL(TSR_ECONF, "`predict.attributes` names %s, which is no categorical attribute of the dataset",
                        name);
    }
    return TSR_OK;
}

/* Names of all columns: features but the label, then categories but the label. */
static tsr_status list_columns(const tsr_run *run, const tsr_input *input, tsr_lesson *l)
{
    const tsr_dataset_info *about = input->dataset != NULL ? tsr_dataset_about(input->dataset) : NULL;
    const char *label = run->settings->predict.table == NULL ? run->settings->predict.label : "";
    int32_t features = 0, attributes = about != NULL ? about->attributes_n : 0;
    char(*name)[TSR_NAME_BYTES] = NULL;
    tsr_status st;

    TSR_TRY(check_names(&run->settings->predict.attributes, input));
    TSR_TRY(tsr_features_names(l->table, &name, &features));
    TSR_TRY(tsr_alloc(&l->name, features + attributes, TSR_NAME_BYTES));
    TSR_TRY(tsr_alloc(&l->attribute, attributes, sizeof *l->attribute));
    for (int32_t f = 0; f < features; f++)
        if (strcmp(name[f], label) != 0) memcpy(l->name[l->features++], name[f], TSR_NAME_BYTES);
    l->cols = l->features;
    for (int32_t a = 0; a < attributes; a++) {
        const tsr_attribute *one = &about->attributes[a];
        bool wanted = one->categorical && is_asked(&run->settings->predict.attributes, one->name);
        if (!wanted || strcmp(one->name, label) == 0) continue;
        memcpy(l->attribute[l->cols - l->features].name, one->name, TSR_NAME_BYTES);
        memcpy(l->name[l->cols++], one->name, TSR_NAME_BYTES);
    }
    if (l->cols == 0) st = TSR_FAIL(TSR_EDATA, "there is nothing to learn from but the label");
done:
    tsr_free(&name);
    return st;
}

static tsr_status read_attributes(const tsr_comm *comm, const tsr_run *run, const tsr_input *input, tsr_lesson *l)
{
    const tsr_span *span = &l->population->span;
    tsr_status st = TSR_OK;

    for (int32_t a = 0; a < l->cols - l->features; a++) {
        tsr_lesson_attribute *one = &l->attribute[a];
        TSR_AGREE(comm, tsr_alloc(&one->value, span->rows, sizeof *one->value));
        TSR_TRY(tsr_values_read(comm, run, input, span, "predict.attributes", one->name, one->value));
        order_by_words(&category_of(input, one->name)->dictionary, span->rows, one->value);
    }
done:
    return st;
}

static tsr_status read_block(void *context, int64_t block, double *values, int32_t *group, int64_t *rows)
{
    const tsr_lesson *l = context;
    int64_t first = block * BLOCK, left = l->population->span.rows - first;
    tsr_status st = TSR_OK;

    (void)group;
    *rows = left < BLOCK ? left : BLOCK;
    for (int32_t c = 0; st == TSR_OK && c < l->features; c++)
        st = tsr_table_read(l->table, l->name[c], l->population->span.first + first, *rows, TSR_F64,
                            values + (int64_t)c * BLOCK);
    for (int32_t c = l->features; st == TSR_OK && c < l->cols; c++)
        memcpy(values + (int64_t)c * BLOCK, l->attribute[c - l->features].value + first,
               sizeof *values * (size_t)*rows);
    return st;
}

tsr_quantile_source tsr_lesson_source(tsr_lesson *l)
{
    return (tsr_quantile_source){l, (l->population->span.rows + BLOCK - 1) / BLOCK, BLOCK, read_block};
}

/* ---- classes ---- */

static int compare_numbers(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return a < b ? -1 : a > b;
}

/* Different values, rising, at most one more than there may be classes; returns how many. */
static int64_t distinct(double *value, int64_t n)
{
    int64_t kept = 0;

    qsort(value, (size_t)n, sizeof *value, compare_numbers);
    for (int64_t i = 0; i < n && kept <= TSR_LABELS_MAX; i++)
        if (kept == 0 || value[i] != value[kept - 1]) value[kept++] = value[i];
    return kept;
}

static tsr_status copy_labels(const double *truth, int64_t rows, double **value, int64_t *n)
{
    tsr_status st = tsr_alloc(value, rows, sizeof **value);

    for (int64_t i = 0; st == TSR_OK && i < rows; i++)
        if (!isnan(truth[i])) (*value)[(*n)++] = truth[i];
    if (st == TSR_OK) *n = distinct(*value, *n);
    return st;
}

/* Collective. Different labels of all ranks: more than TSR_LABELS_MAX of them are not counted further. */
static tsr_status find_values(const tsr_comm *comm, const tsr_lesson *l, double **all, int64_t *n)
{
    double *mine = NULL;
    int64_t mine_n = 0;
    tsr_status st;

    TSR_AGREE(comm, copy_labels(l->truth, l->population->span.rows, &mine, &mine_n));
    TSR_TRY(tsr_gather_all(comm, mine, mine_n, sizeof *mine, (void **)all, n));
    *n = distinct(*all, *n);
done:
    tsr_free(&mine);
    return st;
}

static tsr_status check_values(const tsr_predict_params *p, bool category, int64_t n, bool *classes)
{
    if (n == 0) return TSR_FAIL(TSR_EDATA, "no customer of this run has a value of `predict.label` %s", p->label);
    if (n == 1) return TSR_FAIL(TSR_EDATA, "`predict.label` %s is the same for everybody: nothing to learn", p->label);
    *classes = p->task == TSR_TASK_CLASSES || (p->task == TSR_TASK_AUTO && (category || n <= FEW_VALUES));
    if (*classes && n > TSR_LABELS_MAX)
        return TSR_FAIL(TSR_EDATA,
                        "`predict.label` %s has more than %d classes: take predict.task regression, or fewer", p->label,
                        TSR_LABELS_MAX);
    return TSR_OK;
}

static tsr_status name_classes(const tsr_dictionary *words, const double *value, tsr_lesson *l)
{
    char **sorted = NULL, number[32];
    tsr_status st;

    TSR_TRY(tsr_alloc(&l->class_name, l->classes, sizeof *l->class_name));
    if (words != NULL) {
        TSR_TRY(tsr_alloc(&sorted, words->n, sizeof *sorted));
        memcpy(sorted, words->text, sizeof *sorted * (size_t)words->n);
        qsort(sorted, (size_t)words->n, sizeof *sorted, compare_words);
    }
    for (int32_t c = 0; c < l->classes; c++) {
        snprintf(number, sizeof number, "%.15g", value[c]);
        TSR_TRY(tsr_strdup(&l->class_name[c], words != NULL ? sorted[(int32_t)value[c]] : number));
    }
done:
    tsr_free(&sorted);
    return st;
}

static tsr_status make_labels(const tsr_dictionary *words, const double *value, tsr_lesson *l)
{
    int64_t rows = l->population->span.rows;
    tsr_status st;

    TSR_TRY(name_classes(words, value, l));
    TSR_TRY(tsr_alloc(&l->label, rows, sizeof *l->label));
    for (int64_t i = 0; i < rows; i++) {
        const double *at = isnan(l->truth[i])
                               ? NULL
                               : bsearch(&l->truth[i], value, (size_t)l->classes, sizeof *value, compare_numbers);
        if (at != NULL) l->label[i] = (uint16_t)(at - value);
    }
done:
    return st;
}

/* Collective. Numbers in whole steps around the middle of their range: sums of them are exact. */
static tsr_status make_targets(const tsr_comm *comm, tsr_lesson *l)
{
    int64_t rows = l->population->span.rows;
    double most[2] = {-INFINITY, -INFINITY}; /* largest, and the smallest with its sign turned */
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&l->target, rows, sizeof *l->target));
    for (int64_t i = 0; i < rows; i++) {
        if (isnan(l->truth[i])) continue;
        most[0] = fmax(most[0], l->truth[i]);
        most[1] = fmax(most[1], -l->truth[i]);
    }
    tsr_max_double(comm, most, 2);
    l->origin = (most[0] - most[1]) / 2;
    l->step = (most[0] + most[1]) / 2 / TARGET_STEPS;
    for (int64_t i = 0; i < rows; i++)
        l->target[i] = isnan(l->truth[i]) ? 0 : (int32_t)llrint((l->truth[i] - l->origin) / l->step);
done:
    return st;
}

/* ---- the label ---- */

static tsr_status read_label(const tsr_comm *comm, const tsr_run *run, const tsr_input *input, tsr_lesson *l)
{
    const tsr_predict_params *p = &run->settings->predict;
    const tsr_attribute *category = p->table == NULL ? category_of(input, p->label) : NULL;
    const tsr_span *span = &l->population->span;
    double *value = NULL;
    bool classes = false;
    int64_t n = 0;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&l->truth, span->rows, sizeof *l->truth));
    if (p->table != NULL)
        TSR_TRY(tsr_label_table_read(comm, p->table, p->label, l->population, l->truth));
    else
        TSR_TRY(tsr_values_read(comm, run, input, span, "predict.label", p->label, l->truth));
    if (category != NULL) order_by_words(&category->dictionary, span->rows, l->truth);
    TSR_TRY(find_values(comm, l, &value, &n));
    TSR_AGREE(comm, check_values(p, category != NULL, n, &classes));
    l->classes = classes ? (int32_t)n : 0;
    if (classes)
        TSR_AGREE(comm, make_labels(category != NULL ? &category->dictionary : NULL, value, l));
    else
        TSR_TRY(make_targets(comm, l));
done:
    tsr_free(&value);
    return st;
}

static tsr_status deal_parts(const tsr_comm *comm, const tsr_settings *settings, tsr_lesson *l)
{
    const tsr_population *who = l->population;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&l->part, who->span.rows, sizeof *l->part));
    for (int64_t i = 0; i < who->span.rows; i++) {
        double draw = tsr_draw_uniform((uint64_t)settings->run.seed, TSR_STREAM_TEST, who->key[i], 0);
        l->part[i] = draw < settings->predict.test ? TSR_PART_TEST : TSR_PART_LEARN;
        if (isnan(l->truth[i])) l->part[i] = TSR_PART_UNLABELLED;
        l->count[l->part[i]]++;
    }
    tsr_sum_int64(comm, l->count, 3);
done:
    return st;
}

tsr_status tsr_lesson_read(const tsr_comm *comm, const tsr_run *run, const tsr_input *input,
                           const tsr_population *population, tsr_lesson *l)
{
    char *path = NULL;
    tsr_status st;

    *l = (tsr_lesson){.population = population};
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &path));
    TSR_AGREE(comm, tsr_table_open(path, &l->table));
    TSR_TRY(read_label(comm, run, input, l));
    TSR_AGREE(comm, list_columns(run, input, l));
    TSR_TRY(read_attributes(comm, run, input, l));
    TSR_TRY(deal_parts(comm, run->settings, l));
done:
    if (st != TSR_OK) tsr_lesson_clear(l);
    tsr_free(&path);
    return st;
}

void tsr_lesson_clear(tsr_lesson *l)
{
    for (int32_t a = 0; l->attribute != NULL && a < l->cols - l->features; a++) tsr_free(&l->attribute[a].value);
    for (int32_t c = 0; l->class_name != NULL && c < l->classes; c++) tsr_free(&l->class_name[c]);
    tsr_free(&l->target);
    tsr_free(&l->label);
    tsr_free(&l->class_name);
    tsr_free(&l->part);
    tsr_free(&l->truth);
    tsr_free(&l->attribute);
    tsr_free(&l->name);
    tsr_table_close(&l->table);
}
