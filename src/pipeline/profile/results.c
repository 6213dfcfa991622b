#include "pipeline/profile/results.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/steps/scoring.h"
#include "tessera/log.h"
#include "tessera/memory.h"

/* In the order of the columns in the file. */
typedef enum part {
    KEY,
    ID,
    SEGMENT,
    DISTANCE,
    RFM_R,
    RFM_F,
    RFM_M,
    RFM_GROUP,
    RFM_SCORE,
    PCA,
    P_ALIVE,
    PURCHASES,
    SPEND,
    CLV,
    FOREVER,
    BUY,
    CHURN,
    ACTION,
    CONTACT
} part;

#define PARTS (CONTACT + 1)

static const struct {
    const char *name;
    tsr_type type;
    const char *unit, *description;
} PART[PARTS] = {
    [KEY] = {"key", TSR_U64, "", "hash of the id: order of rows, random draws"},
    [ID] = {"id", TSR_TEXT, "", "customer, as the dataset names them"},
    [SEGMENT] = {"segment", TSR_I32, "", "segment; 0 has the largest revenue per customer"},
    [DISTANCE] = {"segment_distance", TSR_F32, "",
                  "distance to the own segment's centre, in the space that was clustered"},
    [RFM_R] = {"rfm_r", TSR_I8, "", "recency score from 1, long ago, up; 0: has not bought"},
    [RFM_F] = {"rfm_f", TSR_I8, "", "frequency score from 1, few orders, up; 0: has not bought"},
    [RFM_M] = {"rfm_m", TSR_I8, "", "monetary score from 1, little money, up; 0: has not bought"},
    [RFM_GROUP] = {"rfm_group", TSR_I8, "", "RFM group; see the attribute names"},
    [RFM_SCORE] = {"rfm_score", TSR_F32, "", "mean of the three scores by the weights of the job; 0: has not bought"},
    [PCA] = {"pca", TSR_F32, "", "principal components of the scaled features"},
    [P_ALIVE] = {"p_alive", TSR_F32, "probability",
                 "is still a customer; by BG/NBD 1 for who bought once, so no measure of churn"},
    [PURCHASES] = {"expected_purchases", TSR_F32, "", "expected in the horizon"},
    [SPEND] = {"expected_spend", TSR_F32, "", ""},
    [CLV] = {"clv", TSR_F32, "", "customer lifetime value over the horizon, discounted, times margin"},
    [FOREVER] = {"clv_infinite", TSR_F32, "",
                 "customer lifetime value for ever, discounted, times margin; missing where the discount is 0"},
    [BUY] = {"p_buy", TSR_F32, "probability", "of at least one purchase in the horizon"},
    [CHURN] = {"churn_risk", TSR_F32, "probability", "of no purchase in the horizon: 1 - p_buy"},
    [ACTION] = {"action", TSR_I8, "", "play of the playbook: see the attribute names, and segments.json"},
    [CONTACT] = {"contact", TSR_I8, "", "may the action reach the customer? The first thing against it: see names"},
};

bool tsr_results_have(const char *name)
{
    for (part p = 0; p < PARTS; p++)
        if (strcmp(PART[p].name, name) == 0) return true;
    return false;
}

/* Columns of features.h5 that RFM reads, one block of each. */
typedef struct history {
    int32_t *recency, *orders;
    int64_t *revenue;
} history;

typedef struct writer {
    const tsr_results_input *in;
    int32_t money_scale;
    const tsr_value_params *value;
    const char *currency; /* unit of money columns; empty: not said */
    char *path;           /* of features.h5 */
    tsr_table *features;
    int32_t place[PARTS]; /* column of the file; -1: not written */
    int32_t columns_n;
    tsr_column column[PARTS];
    const char *group_names[TSR_RFM_GROUPS_MAX], *play_names[TSR_PLAYS_MAX], *tier_names[TSR_TIERS_MAX];
    double *centroid; /* [k][cols] in steps */
    double *distance, *other;
    history history;
    tsr_scoring *scoring; /* where there is a value model */
    tsr_actions *actions; /* where there is a playbook */
} writer;

/* ---- which columns ---- */

static bool is_money(part p)
{
    return p == SPEND || p == CLV || p == FOREVER;
}

static bool is_wanted(const writer *w, part p)
{
    if (p == KEY || p == ID) return tsr_table_find(w->features, PART[p].name) != NULL;
    if (p >= RFM_R && p <= RFM_SCORE) return w->in->rfm->groups > 0;
    if (p == DISTANCE) return w->in->space != NULL;
    if (p == PCA) return w->in->scores != NULL;
    if (p >= ACTION) return w->in->playbook != NULL;
    return p < P_ALIVE || w->in->worth->fitted;
}

/* How long the horizon is, and what counts as one purchase: settings of the job, which the file is read without. */
static void describe_value(const tsr_value_params *value, part p, tsr_column *column)
{
    const size_t end = strlen(column->description);

    if (p == PURCHASES || p == CLV || p == BUY || p == CHURN)
        snprintf(column->description + end, sizeof column->description - end, "; horizon: %g %ss", value->horizon,
                 tsr_time_unit_name(value->time_unit));
    if (p == PURCHASES)
        snprintf(column->unit, sizeof column->unit, "purchase %ss", tsr_time_unit_name(value->opportunity));
    if (p == SPEND)
        snprintf(column->description, sizeof column->description, "expected money per purchase %s",
                 tsr_time_unit_name(value->opportunity));
}

static void describe(writer *w, part p, tsr_column *column)
{
    const char *unit = is_money(p) ? w->currency : PART[p].unit;
    const bool tier = p == SEGMENT && w->in->segmentation->tiers.k > 0;

    snprintf(column->name, sizeof column->name, "%s", PART[p].name);
    snprintf(column->unit, sizeof column->unit, "%s", unit);
    snprintf(column->description, sizeof column->description, "%s",
             tier ? "tier of customer lifetime value, from the top; see names" : PART[p].description);
    describe_value(w->value, p, column);
    column->type = PART[p].type;
    column->width = 1;
    if (p == ID) column->width = tsr_table_find(w->features, "id")->width;
    if (p == PCA) column->width = w->in->scores->cols;
    if (p == RFM_GROUP) {
        column->names = w->group_names;
        column->names_n = w->in->rfm->groups;
    }
    if (tier) {
        column->names = w->tier_names;
        column->names_n = w->in->segmentation->tiers.k;
    }
    if (p == ACTION) {
        column->names = w->play_names;
        column->names_n = w->in->playbook->n;
    }
    if (p == CONTACT) {
        column->names = tsr_contact_names;
        column->names_n = TSR_CONTACTS;
    }
}

static void choose_columns(writer *w)
{
    for (int32_t t = 0; t < w->in->segmentation->tiers.k; t++) w->tier_names[t] = w->in->segmentation->tiers.name[t];
    for (int32_t g = 0; g < w->in->rfm->groups; g++) w->group_names[g] = w->in->rfm->name[g];
    for (int32_t i = 0; w->in->playbook != NULL && i < w->in->playbook->n; i++)
        w->play_names[i] = w->in->playbook->play[i].name;
    for (part p = 0; p < PARTS; p++) {
        w->place[p] = is_wanted(w, p) ? w->columns_n++ : -1;
        if (w->place[p] >= 0) describe(w, p, &w->column[w->place[p]]);
    }
}

/* ---- rows ---- */

static void fill_distances(const writer *w, int64_t first, int64_t rows, float *distance)
{
    const tsr_tiles *space = w->in->space;
    const tsr_segmentation *segmentation = w->in->segmentation;

    tsr_distances(space, first, rows, w->centroid, segmentation->k, segmentation->label, w->distance, w->other);
    for (int64_t i = 0; i < rows; i++) distance[i] = (float)(sqrt(w->distance[i]) * space->step);
}

static void fill_scores(const tsr_tiles *scores, int64_t first, int64_t rows, float *pca)
{
    for (int32_t c = 0; c < scores->cols; c++)
        for (int64_t i = 0; i < rows; i++) {
            int64_t slot = first + i;
            int64_t at = (slot / TSR_TILE_ROWS * scores->cols + c) * TSR_TILE_ROWS + slot % TSR_TILE_ROWS;
            pca[i * scores->cols + c] = (float)(scores->value[at] * scores->step);
        }
}

static void fill_rfm(const writer *w, int64_t first, int64_t rows, void *const *values)
{
    const history *h = &w->history;
    const uint64_t *key = w->in->population->key + first;
    int8_t *r = values[w->place[RFM_R]], *f = values[w->place[RFM_F]], *m = values[w->place[RFM_M]];
    int8_t *group = values[w->place[RFM_GROUP]];
    float *score = values[w->place[RFM_SCORE]];

    for (int64_t i = 0; i < rows; i++) {
        tsr_rfm_customer customer = {h->recency[i], h->orders[i], h->revenue[i], key[i]};
        tsr_rfm_scores scores = tsr_rfm_score(w->in->rfm, &customer, w->money_scale);
        r[i] = scores.r;
        f[i] = scores.f;
        m[i] = scores.m;
        group[i] = scores.group;
        score[i] = (float)scores.weighted;
    }
}

static tsr_status fill_value(writer *w, int64_t at, int64_t rows, void *const *values)
{
    float *alive = values[w->place[P_ALIVE]], *purchases = values[w->place[PURCHASES]];
    float *spend = values[w->place[SPEND]], *clv = values[w->place[CLV]], *forever = values[w->place[FOREVER]];
    float *buy = values[w->place[BUY]], *churn = values[w->place[CHURN]];
    const tsr_value_scores *scores = NULL;
    tsr_status st = tsr_scoring_block(w->scoring, at, rows, &scores);

    for (int64_t i = 0; st == TSR_OK && i < rows; i++) {
        alive[i] = (float)scores[i].p_alive;
        purchases[i] = (float)scores[i].expected_purchases;
        spend[i] = (float)scores[i].expected_spend;
        clv[i] = (float)scores[i].clv;
        forever[i] = (float)scores[i].clv_infinite;
        buy[i] = (float)scores[i].p_buy;
        churn[i] = (float)scores[i].churn_risk;
    }
    return st;
}

static tsr_status read_history(writer *w, int64_t first, int64_t rows)
{
    const tsr_table *t = w->features;
    history *h = &w->history;
    tsr_status st = TSR_OK;

    if (w->in->rfm->groups > 0) {
        TSR_TRY(tsr_table_read(t, "recency_days", first, rows, TSR_I32, h->recency));
        TSR_TRY(tsr_table_read(t, "orders", first, rows, TSR_I32, h->orders));
        TSR_TRY(tsr_table_read(t, "revenue", first, rows, TSR_I64, h->revenue));
    }
done:
    return st;
}

static tsr_status fill_part(writer *w, int64_t first, int64_t rows, void *const *values)
{
    const int64_t at = w->in->population->span.first + first;
    tsr_status st;

    if (w->place[KEY] >= 0)
        memcpy(values[w->place[KEY]], w->in->population->key + first, sizeof(uint64_t) * (size_t)rows);
    if (w->place[ID] >= 0) TSR_TRY(tsr_table_read(w->features, "id", at, rows, TSR_TEXT, values[w->place[ID]]));
    TSR_TRY(read_history(w, at, rows));
    for (int64_t i = 0; i < rows; i++)
        ((int32_t *)values[w->place[SEGMENT]])[i] = w->in->segmentation->label[first + i];
    if (w->in->space != NULL) fill_distances(w, first, rows, values[w->place[DISTANCE]]);
    if (w->in->rfm->groups > 0) fill_rfm(w, first, rows, values);
    if (w->in->scores != NULL) fill_scores(w->in->scores, first, rows, values[w->place[PCA]]);
    if (w->in->worth->fitted) TSR_TRY(fill_value(w, at, rows, values));
    if (w->actions != NULL)
        TSR_TRY(tsr_actions_fill(w->actions, first, rows, values, values[w->place[ACTION]], values[w->place[CONTACT]]));
    tsr_progress("customers", first + rows, w->in->population->span.rows);
done:
    return st;
}

/* A block of the writer may be longer than the buffers here. */
static tsr_status fill(void *context, int64_t first, int64_t rows, void *const *values)
{
    writer *w = context;
    void *part_values[PARTS];
    tsr_status st = TSR_OK;

    for (int64_t done = 0; st == TSR_OK && done < rows; done += TSR_BLOCK_ROWS) {
        int64_t n = rows - done < TSR_BLOCK_ROWS ? rows - done : TSR_BLOCK_ROWS;
        for (int32_t c = 0; c < w->columns_n; c++) {
            size_t bytes = tsr_type_bytes(w->column[c].type) * (size_t)w->column[c].width;
            part_values[c] = (char *)values[c] + (size_t)done * bytes;
        }
        st = fill_part(w, first + done, n, part_values);
    }
    return st;
}

/* ---- the writer ---- */

static tsr_status make_actions(writer *w, const tsr_run *run)
{
    const tsr_actions_input input = {run,
                                     w->in->input,
                                     w->in->population,
                                     w->in->playbook,
                                     w->features,
                                     w->column,
                                     w->place[ACTION],
                                     w->in->as_of,
                                     w->in->segmentation->model != NULL ? w->in->segmentation->model->jaccard : NULL};

    return tsr_actions_create(&input, &w->actions);
}

/* What distances to centroids need. */
static tsr_status allocate_distances(writer *w, int64_t n)
{
    const tsr_kmeans *model = w->in->segmentation->model;
    tsr_status st;

    TSR_TRY(tsr_alloc(&w->centroid, (int64_t)model->k * model->cols, sizeof *w->centroid));
    for (int64_t i = 0; i < (int64_t)model->k * model->cols; i++) w->centroid[i] = model->centroid[i];
    TSR_TRY(tsr_alloc(&w->distance, n, sizeof *w->distance));
    TSR_TRY(tsr_alloc(&w->other, n, sizeof *w->other));
done:
    return st;
}

static tsr_status allocate(writer *w, const tsr_run *run)
{
    int64_t n = w->in->population->span.rows < TSR_BLOCK_ROWS ? w->in->population->span.rows : TSR_BLOCK_ROWS;
    history *h = &w->history;
    tsr_status st;

    TSR_TRY(tsr_table_open(w->path, &w->features));
    if (w->in->space != NULL) TSR_TRY(allocate_distances(w, n));
    TSR_TRY(tsr_alloc(&h->recency, n, sizeof *h->recency));
    TSR_TRY(tsr_alloc(&h->orders, n, sizeof *h->orders));
    TSR_TRY(tsr_alloc(&h->revenue, n, sizeof *h->revenue));
    if (w->in->worth->fitted)
        TSR_TRY(tsr_scoring_create(w->features, w->in->worth, &run->settings->value, true, n, &w->scoring));
    choose_columns(w);
    if (w->in->playbook != NULL) TSR_TRY(make_actions(w, run));
done:
    return st;
}

static void release(writer *w)
{
    history *h = &w->history;

    tsr_actions_destroy(&w->actions);
    tsr_scoring_destroy(&w->scoring);
    tsr_free(&h->revenue);
    tsr_free(&h->orders);
    tsr_free(&h->recency);
    tsr_free(&w->other);
    tsr_free(&w->distance);
    tsr_free(&w->centroid);
    tsr_table_close(&w->features);
    tsr_free(&w->path);
}

tsr_status tsr_results_write(const tsr_comm *comm, const tsr_run *run, const tsr_results_input *input, const char *path,
                             uint8_t digest[TSR_DIGEST_SIZE])
{
    writer *w = NULL;
    tsr_status st;

    TSR_ASSERT(input->space == NULL || input->space->map == NULL); /* rows of the file stand in the order of slots */
    TSR_AGREE(comm, tsr_alloc(&w, 1, sizeof *w));
    w->in = input;
    w->value = &run->settings->value;
    w->money_scale = tsr_input_money_scale(input->input);
    w->currency = input->input->dataset != NULL ? tsr_dataset_about(input->input->dataset)->currency : "";
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &w->path));
    TSR_AGREE(comm, allocate(w, run));
    TSR_TRY(tsr_table_write(comm, path, w->column, w->columns_n, &input->population->span, fill, w, digest));
done:
    if (w != NULL) release(w);
    tsr_free(&w);
    return st;
}
