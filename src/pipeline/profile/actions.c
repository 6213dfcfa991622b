#include "pipeline/profile/actions.h"

#include <math.h>
#include <string.h>

#include "pipeline/profile/contact.h"
#include "pipeline/profile/results.h"
#include "tessera/memory.h"
#include "tessera/names.h"
#include "tessera/reduce.h"

/* Where the values of a column come from. */
typedef struct source {
    int32_t column;           /* of customers.h5; -1: none */
    bool feature;             /* a column of features.h5; neither: missing in this run */
    const char *const *names; /* of codes; NULL: a number */
    int32_t names_n;
} source;

struct tsr_actions {
    tsr_actions_input in;
    tsr_contacts contacts;
    source *source;  /* [playbook columns] */
    double *value;   /* [playbook columns][TSR_BLOCK_ROWS] */
    int64_t *row;    /* [TSR_BLOCK_ROWS] of the dataset */
    int32_t segment; /* its column */
};

/* ---- the playbook of the job ---- */

static bool is_feature(const char *name)
{
    int32_t n = 0;
    const tsr_feature_about *table = tsr_features_table(&n);

    for (int32_t i = 0; i < n; i++)
        if (strcmp(table[i].name, name) == 0) return true;
    return false;
}

/* What rules may speak of: what any run has, and what this one has. */
static bool is_known(void *context, const char *name)
{
    const tsr_table *features = context;

    return is_feature(name) || tsr_results_have(name) || tsr_table_find(features, name) != NULL;
}

static bool is_anything(void *context, const char *name)
{
    (void)context;
    (void)name;
    return true;
}

tsr_status tsr_actions_check(const tsr_comm *comm, const tsr_act_params *params)
{
    const tsr_likeness nobody = {0};
    char(*name)[TSR_NAME_BYTES] = NULL;
    tsr_playbook *playbook = NULL;
    tsr_status st;

    TSR_TRY(tsr_playbook_load(comm, params->playbook, is_anything, NULL, &playbook));
    TSR_TRY(tsr_names_give(comm, params->names, is_anything, NULL, &nobody, &name));
done:
    tsr_free(&name);
    tsr_playbook_destroy(&playbook);
    return st;
}

tsr_status tsr_actions_playbook(const tsr_comm *comm, const tsr_run *run, const tsr_input *input,
                                tsr_playbook **playbook)
{
    const char *path = run->settings->act.playbook;
    tsr_table *features = NULL;
    char *file = NULL;
    tsr_status st;

    *playbook = NULL;
    if (path == NULL && input->dataset == NULL) return TSR_OK;
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &file));
    TSR_AGREE(comm, tsr_table_open(file, &features));
    TSR_TRY(tsr_playbook_load(comm, path, is_known, features, playbook));
done:
    tsr_table_close(&features);
    tsr_free(&file);
    return st;
}

/* ---- columns ---- */

static source find_source(const tsr_actions_input *in, const char *name)
{
    const tsr_column *feature = tsr_table_find(in->features, name);

    for (int32_t c = 0; c < in->columns; c++)
        if (strcmp(in->column[c].name, name) == 0 && in->column[c].width == 1 && in->column[c].type != TSR_TEXT)
            return (source){c, false, in->column[c].names, in->column[c].names_n};
    return (source){.column = -1, .feature = feature != NULL && feature->width == 1 && feature->type != TSR_TEXT};
}

tsr_status tsr_actions_create(const tsr_actions_input *input, tsr_actions **actions)
{
    const tsr_playbook *playbook = input->playbook;
    tsr_actions *a = NULL;
    tsr_status st;

    *actions = NULL;
    TSR_TRY(tsr_alloc(&a, 1, sizeof *a));
    a->in = *input;
    TSR_TRY(tsr_alloc(&a->source, playbook->columns, sizeof *a->source));
    TSR_TRY(tsr_alloc(&a->value, (int64_t)playbook->columns * TSR_BLOCK_ROWS, sizeof *a->value));
    TSR_TRY(tsr_alloc(&a->row, TSR_BLOCK_ROWS, sizeof *a->row));
    for (int32_t i = 0; i < playbook->columns; i++) a->source[i] = find_source(&a->in, playbook->column[i]);
    a->segment = find_source(&a->in, "segment").column;
    TSR_TRY(tsr_contacts_make(&a->in, &a->contacts));
    *actions = a;
    a = NULL;
done:
    tsr_actions_destroy(&a);
    return st;
}

void tsr_actions_destroy(tsr_actions **actions)
{
    tsr_actions *a = *actions;

    if (a == NULL) return;
    tsr_contacts_clear(&a->contacts);
    tsr_free(&a->row);
    tsr_free(&a->value);
    tsr_free(&a->source);
    tsr_free(actions);
}

/* ---- rows ---- */

static void convert(tsr_type type, const void *from, int64_t rows, double *to)
{
    for (int64_t i = 0; i < rows; i++) {
        switch (type) {
        case TSR_F64: to[i] = ((const double *)from)[i]; break;
        case TSR_F32: to[i] = (double)((const float *)from)[i]; break;
        case TSR_I64: to[i] = (double)((const int64_t *)from)[i]; break;
        case TSR_U64: to[i] = (double)((const uint64_t *)from)[i]; break;
        case TSR_I32: to[i] = ((const int32_t *)from)[i]; break;
        case TSR_U32: to[i] = ((const uint32_t *)from)[i]; break;
        case TSR_U16: to[i] = ((const uint16_t *)from)[i]; break;
        case TSR_I8: to[i] = ((const int8_t *)from)[i]; break;
        case TSR_TEXT: to[i] = (double)NAN; break;
        }
    }
}

static tsr_status read_values(const tsr_actions *a, int64_t at, int64_t rows, void *const *values)
{
    tsr_status st = TSR_OK;

    for (int32_t i = 0; i < a->in.playbook->columns; i++) {
        double *to = a->value + (int64_t)i * TSR_BLOCK_ROWS;
        const source *from = &a->source[i];
        if (from->column >= 0)
            convert(a->in.column[from->column].type, values[from->column], rows, to);
        else if (from->feature)
            TSR_TRY(tsr_table_read(a->in.features, a->in.playbook->column[i], at, rows, TSR_F64, to));
        else
            for (int64_t r = 0; r < rows; r++) to[r] = (double)NAN;
    }
done:
    return st;
}

/* A customer that a rule is asked about. */
typedef struct subject {
    const tsr_actions *actions;
    int64_t row; /* of the block */
} subject;

static bool text_holds(const source *from, double value, const tsr_test *test)
{
    int32_t code = value >= 0 && value < from->names_n ? (int32_t)value : -1;

    if (from->names == NULL || code < 0) return false;
    if (test->kind == TSR_TEST_STARTS_WITH) return strncmp(from->names[code], test->text, (size_t)test->text_n) == 0;
    int order = strcmp(from->names[code], test->text);
    return tsr_comparison_holds(test->compare, (order > 0) - (order < 0));
}

static bool test_holds(void *context, const tsr_test *test)
{
    const subject *s = context;
    double value = s->actions->value[(int64_t)test->slot * TSR_BLOCK_ROWS + s->row];

    if (test->kind == TSR_TEST_MISSING) return isnan(value);
    if (isnan(value)) return false;
    if (test->kind != TSR_TEST_NUMBER) return text_holds(&s->actions->source[test->slot], value, test);
    return tsr_comparison_holds(test->compare, (value > test->number) - (value < test->number));
}

tsr_status tsr_actions_fill(tsr_actions *actions, int64_t first, int64_t rows, void *const *values, int8_t *action,
                            int8_t *contact)
{
    const int64_t at = actions->in.population->span.first + first;
    tsr_status st;

    TSR_TRY(read_values(actions, at, rows, values));
    TSR_TRY(tsr_table_read(actions->in.features, "row", at, rows, TSR_I64, actions->row));
    for (int64_t i = 0; i < rows; i++)
        action[i] = (int8_t)tsr_playbook_choose(actions->in.playbook, test_holds, &(subject){actions, i});
    TSR_TRY(
        tsr_contacts_find(&actions->contacts, first, rows, actions->row, values[actions->segment], action, contact));
done:
    return st;
}

/* ---- counts ---- */

static tsr_status add_rows(const tsr_table *table, const tsr_span *span, tsr_actions_count *count)
{
    int32_t *segment = NULL;
    int8_t *action = NULL, *contact = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&segment, TSR_BLOCK_ROWS, sizeof *segment));
    TSR_TRY(tsr_alloc(&action, TSR_BLOCK_ROWS, sizeof *action));
    TSR_TRY(tsr_alloc(&contact, TSR_BLOCK_ROWS, sizeof *contact));
    for (int64_t done = 0; done < span->rows; done += TSR_BLOCK_ROWS) {
        int64_t rows = span->rows - done < TSR_BLOCK_ROWS ? span->rows - done : TSR_BLOCK_ROWS;
        TSR_TRY(tsr_table_read(table, "segment", span->first + done, rows, TSR_I32, segment));
        TSR_TRY(tsr_table_read(table, "action", span->first + done, rows, TSR_I8, action));
        TSR_TRY(tsr_table_read(table, "contact", span->first + done, rows, TSR_I8, contact));
        for (int64_t i = 0; i < rows; i++) {
            count->play[(int64_t)segment[i] * count->plays + action[i]]++;
            count->contact[contact[i]]++;
        }
    }
done:
    tsr_free(&contact);
    tsr_free(&action);
    tsr_free(&segment);
    return st;
}

tsr_status tsr_actions_tally(const tsr_comm *comm, const char *customers, const tsr_span *span, int32_t k,
                             int32_t plays, tsr_actions_count *count)
{
    tsr_table *table = NULL;
    tsr_status st;

    *count = (tsr_actions_count){.plays = plays};
    TSR_AGREE(comm, tsr_table_open(customers, &table));
    TSR_AGREE(comm, tsr_alloc(&count->play, (int64_t)k * plays, sizeof *count->play));
    TSR_AGREE(comm, add_rows(table, span, count));
    tsr_sum_int64(comm, count->play, (int64_t)k * plays);
    tsr_sum_int64(comm, count->contact, TSR_CONTACTS);
done:
    if (st != TSR_OK) tsr_free(&count->play);
    tsr_table_close(&table);
    return st;
}
