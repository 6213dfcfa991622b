#include "tessera/predict_job.h"

#include <string.h>

#include "pipeline/predict/predict_text.h"
#include "pipeline/steps/steps.h"
#include "tessera/file.h"
#include "tessera/memory.h"

#define PREDICTIONS "predictions.h5"
#define PREDICT     "predict.json"
#define COLUMNS_MAX 5

static const char *const PART_NAME[] = {"learn", "test", "unlabelled"};

/* ---- predictions.h5 ---- */

typedef struct writer {
    const tsr_lesson *lesson;
    const tsr_prediction *prediction;
    tsr_column column[COLUMNS_MAX];
    int32_t columns;
    bool ids;
} writer;

static tsr_column *add_column(writer *w, const char *name, tsr_type type, int32_t width, const char *description)
{
    tsr_column *column = &w->column[w->columns++];

    *column = (tsr_column){.type = type, .width = width};
    strncpy(column->name, name, sizeof column->name - 1);
    strncpy(column->description, description, sizeof column->description - 1);
    return column;
}

static void choose_columns(writer *w)
{
    const tsr_lesson *l = w->lesson;
    const tsr_column *id = tsr_table_find(l->table, "id");

    w->ids = id != NULL && tsr_table_find(l->table, "key") != NULL;
    if (w->ids) {
        add_column(w, "key", TSR_U64, 1, "hash of the id");
        add_column(w, "id", TSR_TEXT, id->width, "customer, as the dataset names them");
    }
    tsr_column *part = add_column(w, "part", TSR_I8, 1, "learned from, held back to be scored, or without label");
    part->names = PART_NAME;
    part->names_n = 3;
    if (l->classes == 0) {
        add_column(w, "predicted", TSR_F32, 1, "predicted value of the label");
        return;
    }
    tsr_column *predicted = add_column(w, "predicted", TSR_I32, 1, "most probable class");
    predicted->names = (const char *const *)l->class_name;
    predicted->names_n = l->classes;
    add_column(w, "probability", TSR_F32, l->classes, "of each class, in the order of the names of `predicted`");
}

static void fill_classes(const writer *w, int64_t first, int64_t rows, int32_t *predicted, float *probability)
{
    const int32_t classes = w->lesson->classes;

    for (int64_t i = 0; i < rows; i++) {
        const double *p = w->prediction->out + (first + i) * classes;
        predicted[i] = 0;
        for (int32_t c = 0; c < classes; c++) {
            probability[i * classes + c] = (float)p[c];
            if (p[c] > p[predicted[i]]) predicted[i] = c;
        }
    }
}

static tsr_status fill(void *context, int64_t first, int64_t rows, void *const *values)
{
    const writer *w = context;
    const tsr_lesson *l = w->lesson;
    int32_t at = 0;
    tsr_status st = TSR_OK;

    if (w->ids) {
        memcpy(values[at++], l->population->key + first, sizeof(uint64_t) * (size_t)rows);
        TSR_TRY(tsr_table_read(l->table, "id", l->population->span.first + first, rows, TSR_TEXT, values[at++]));
    }
    memcpy(values[at++], l->part + first, (size_t)rows);
    if (l->classes > 0) {
        fill_classes(w, first, rows, values[at], values[at + 1]);
    } else {
        float *predicted = values[at];
        for (int64_t i = 0; i < rows; i++) predicted[i] = (float)w->prediction->out[first + i];
    }
done:
    return st;
}

static tsr_status write_results(const tsr_comm *comm, const tsr_settings *settings, const tsr_lesson *lesson,
                                const tsr_binned *x, const tsr_prediction *prediction)
{
    writer w = {.lesson = lesson, .prediction = prediction};
    char *path = NULL, *json_path = NULL, *json = NULL;
    tsr_status st;

    choose_columns(&w);
    TSR_AGREE(comm, tsr_path(&path, settings->run.output, PREDICTIONS));
    TSR_AGREE(comm, tsr_path(&json_path, settings->run.output, PREDICT));
    TSR_TRY(tsr_table_write(comm, path, w.column, w.columns, &lesson->population->span, fill, &w, NULL));
    TSR_AGREE(comm, tsr_predict_json(settings, lesson, x, prediction, &json));
    TSR_AGREE(comm, comm->rank == 0 ? tsr_file_write(json_path, json, (int64_t)strlen(json)) : TSR_OK);
done:
    tsr_free(&json);
    tsr_free(&json_path);
    tsr_free(&path);
    return st;
}

/* ---- the job ---- */

static tsr_status check_settings(const tsr_settings *settings)
{
    if (settings->predict.label != NULL) return TSR_OK;
    return TSR_FAIL(TSR_ECONF, "the job does not say what to predict: give `predict.label`");
}

static tsr_status learn(const tsr_comm *comm, const tsr_settings *settings, tsr_lesson *lesson, tsr_binned **x,
                        tsr_prediction *prediction)
{
    const tsr_bins_params bins = {.bins = (int32_t)settings->predict.bins};
    const tsr_quantile_source source = tsr_lesson_source(lesson);
    tsr_status st;

    TSR_TRY(tsr_bins_fit(comm, &source, lesson->population->span.rows, lesson->cols, &bins, x));
    const tsr_examples examples = {.x = *x,
                                   .key = lesson->population->key,
                                   .held = lesson->part,
                                   .classes = lesson->classes,
                                   .label = lesson->label,
                                   .target = lesson->target,
                                   .origin = lesson->origin,
                                   .step = lesson->step};
    TSR_TRY(tsr_predict_run(comm, &settings->predict, (uint64_t)settings->run.seed, &examples,
                            lesson->classes > 0 ? NULL : lesson->truth, prediction));
done:
    return st;
}

tsr_status tsr_predict_job(const tsr_comm *comm, const tsr_settings *settings, const tsr_segment_options *options,
                           char **text)
{
    tsr_input input = {0};
    tsr_run *run = NULL;
    tsr_features_info info;
    tsr_embedding_bases bases = {.n = 0};
    tsr_population population = {0};
    tsr_lesson lesson = {0};
    tsr_binned *x = NULL;
    tsr_prediction prediction = {0};
    char *features = NULL;
    tsr_status st;

    *text = NULL;
    TSR_AGREE(comm, check_settings(settings));
    TSR_TRY(tsr_input_open(comm, settings, &input));
    TSR_TRY(tsr_run_open(comm, settings, options, &input, &run));
    TSR_TRY(tsr_step_features(comm, run, &input, &info, &bases));
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &features));
    TSR_TRY(tsr_population_read(comm, &input, features, &population));
    TSR_TRY(tsr_lesson_read(comm, run, &input, &population, &lesson));
    TSR_TRY(learn(comm, settings, &lesson, &x, &prediction));
    TSR_TRY(write_results(comm, settings, &lesson, x, &prediction));
    TSR_AGREE(comm, tsr_predict_summary(settings, &lesson, &prediction, text));
done:
    tsr_prediction_clear(&prediction);
    tsr_binned_destroy(&x);
    tsr_lesson_clear(&lesson);
    tsr_free(&features);
    tsr_population_clear(&population);
    tsr_embeddings_clear(&bases);
    tsr_run_close(&run);
    tsr_input_close(&input);
    return st;
}
