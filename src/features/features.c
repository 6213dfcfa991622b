#include "tessera/features.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "features/behaviour.h"
#include "features/featureset.h"
#include "tessera/log.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

#define READ_RECORDS ((int64_t)1 << 20) /* about so many at a time: 40 MiB */
#define READ_VALUES  ((int64_t)1 << 23) /* of a matrix at a time: 64 MiB */
#define DEAL_ROWS    1024               /* rows of a matrix go to ranks in such pieces */

#define AT(field) offsetof(tsr_features_params, field)

const tsr_key tsr_features_keys[] = {
    {"features.set", TSR_KEY_TEXTS, AT(set), "default", 0, 0, NULL,
     "features of the run, in this order: `default`, or names; `tessera features` lists them, attributes and matrix "
     "columns go by their own names",
     NULL, 0},
    {"features.transform", TSR_KEY_CHOICE, AT(transform), "auto", 0, 0, "none|log1p|log|auto",
     "of all features; auto: log1p (with the sign kept) where skewness > 1, but for shares", NULL, 0},
    {"features.transforms", TSR_KEY_MAP, AT(transforms), "null", 0, 0, NULL,
     "transforms of single features, name: none, log1p, log or auto", NULL, 0},
    {"features.scale", TSR_KEY_CHOICE, AT(scale), "standard", 0, 0, "none|standard",
     "standard: mean 0, standard deviation 1; none: centred only", NULL, 0},
    {"features.clip", TSR_KEY_REAL, AT(clip), "8", 1, 1000, NULL,
     "values farther from the mean are pulled in, in standard deviations (scale: standard)", NULL, 0},
    {"features.missing", TSR_KEY_CHOICE, AT(missing), "median", 0, 0, "reject|median|mean",
     "what stands for a missing value of an attribute or matrix column", NULL, 0},
    {NULL, TSR_KEY_BOOL, 0, NULL, 0, 0, NULL, NULL, NULL, 0},
};

/* Everything that turns a block of input into a block of features.h5. */
typedef struct maker {
    tsr_feature_set set;
    tsr_column *column; /* of features.h5: what is known about the customer, then the features */
    int32_t columns;
    bool keep_ids;
    int64_t block_rows; /* customers or rows of the matrix to read at a time */
    /* from a dataset */
    const tsr_dataset *dataset;
    tsr_window window;
    tsr_order_sorter sorter;
    tsr_block block;       /* the customers now read */
    int64_t at, next, end; /* position in the block; rows of the dataset still to read: next .. end - 1 */
    int64_t made;
    tsr_int128 revenue;
    int64_t prospects;
    /* from a matrix */
    const tsr_matrix *matrix;
    int64_t first; /* of this rank */
    int32_t id_width;
    double *values; /* [block_rows][cols] */
    char *ids;      /* [block_rows][id_width] */
} maker;

static void maker_clear(maker *m)
{
    tsr_feature_set_clear(&m->set);
    tsr_free(&m->column);
    tsr_order_sorter_clear(&m->sorter);
    tsr_block_clear(&m->block);
    tsr_free(&m->values);
    tsr_free(&m->ids);
}

static int64_t rows_per_block(int64_t items, int64_t items_per_row)
{
    int64_t rows = items / items_per_row;

    if (rows > TSR_BLOCK_ROWS) return TSR_BLOCK_ROWS;
    return rows > 0 ? rows : 1;
}

/* ---- the columns of features.h5 ---- */

static const tsr_column key_column = {.name = "key", .type = TSR_U64, .width = 1, .description = "hash of the id"};
static const tsr_column id_column = {.name = "id", .type = TSR_TEXT, .width = 1, .description = "the customer"};
static const tsr_column row_column = {.name = "row",
                                      .type = TSR_I64,
                                      .width = 1,
                                      .description = "row in the dataset or matrix"};

static const tsr_column money_columns[] = {
    {.name = "revenue", .type = TSR_I64, .width = 1, .unit = "money units", .description = "net sum of amounts"},
    {.name = "orders", .type = TSR_I32, .width = 1, .description = "distinct orders with a purchase"},
    {.name = "recency_days",
     .type = TSR_I32,
     .width = 1,
     .unit = "days",
     .description = "from the last purchase to as_of; -1: no purchase"},
    {.name = "buy_x", .type = TSR_I32, .width = 1, .description = "repeat purchase days; -1: never bought"},
    {.name = "buy_tx_days", .type = TSR_I32, .width = 1, .unit = "days", .description = "first to last purchase day"},
    {.name = "buy_t_days",
     .type = TSR_I32,
     .width = 1,
     .unit = "days",
     .description = "first purchase day to the end of observation"},
    {.name = "buy_spend",
     .type = TSR_I64,
     .width = 1,
     .unit = "money units",
     .description = "money of the repeat purchase days"},
};

static const tsr_column calibration_columns[] = {
    {.name = "cal_x", .type = TSR_I32, .width = 1, .description = "buy_x up to calibration_end"},
    {.name = "cal_tx_days",
     .type = TSR_I32,
     .width = 1,
     .unit = "days",
     .description = "buy_tx_days up to calibration_end"},
    {.name = "cal_t_days",
     .type = TSR_I32,
     .width = 1,
     .unit = "days",
     .description = "buy_t_days up to calibration_end"},
    {.name = "cal_spend",
     .type = TSR_I64,
     .width = 1,
     .unit = "money units",
     .description = "buy_spend up to calibration_end"},
    {.name = "hold_x", .type = TSR_I32, .width = 1, .description = "purchase days after calibration_end"},
    {.name = "hold_spend",
     .type = TSR_I64,
     .width = 1,
     .unit = "money units",
     .description = "money of the purchase days after calibration_end"},
};

#define MONEY_COLUMNS       ((int32_t)(sizeof money_columns / sizeof money_columns[0]))
#define CALIBRATION_COLUMNS ((int32_t)(sizeof calibration_columns / sizeof calibration_columns[0]))

static void add_columns(maker *m, const tsr_column *columns, int32_t n)
{
    memcpy(m->column + m->columns, columns, (size_t)n * sizeof *columns);
    m->columns += n;
}

static tsr_column feature_column(const tsr_feature *feature, int32_t position)
{
    tsr_column column = {.type = TSR_F64, .width = 1, .position = position};
    int32_t n;
    const tsr_feature_about *about = tsr_features_table(&n);

    snprintf(column.name, sizeof column.name, "%s", feature->name);
    if (feature->behaviour >= 0) {
        snprintf(column.unit, sizeof column.unit, "%s", about[feature->behaviour].unit);
        snprintf(column.description, sizeof column.description, "%s", about[feature->behaviour].definition);
    }
    return column;
}

static tsr_status plan_columns(maker *m, int32_t id_width)
{
    tsr_status st = tsr_alloc(&m->column, m->set.n + 3 + MONEY_COLUMNS + CALIBRATION_COLUMNS, sizeof *m->column);

    if (st != TSR_OK) return st;
    if (m->keep_ids) {
        add_columns(m, &key_column, 1);
        add_columns(m, &id_column, 1);
        m->column[m->columns - 1].width = id_width;
    }
    add_columns(m, &row_column, 1);
    if (m->dataset != NULL) add_columns(m, money_columns, MONEY_COLUMNS);
    if (m->dataset != NULL && m->window.calibrated) add_columns(m, calibration_columns, CALIBRATION_COLUMNS);
    for (int32_t i = 0; i < m->set.n; i++) {
        tsr_column column = feature_column(&m->set.feature[i], i + 1);
        add_columns(m, &column, 1);
    }
    return TSR_OK;
}

/* ---- rows of features.h5 from a dataset ---- */

/* The next column of a row. */
typedef struct row_writer {
    void *const *values;
    int64_t row;
} row_writer;

static void put_i32(row_writer *w, int64_t value)
{
    ((int32_t *)*w->values++)[w->row] = (int32_t)value;
}

static void put_i64(row_writer *w, int64_t value)
{
    ((int64_t *)*w->values++)[w->row] = value;
}

static void put_u64(row_writer *w, uint64_t value)
{
    ((uint64_t *)*w->values++)[w->row] = value;
}

static void put_f64(row_writer *w, double value)
{
    ((double *)*w->values++)[w->row] = value;
}

static void put_text(row_writer *w, const char *text, int32_t width)
{
    memcpy((char *)*w->values++ + w->row * width, text, (size_t)width);
}

static void put_buying(row_writer *w, const tsr_buying *buying, int64_t end_day)
{
    bool bought = buying->days > 0;

    put_i32(w, buying->days - 1);
    put_i32(w, buying->last_day - buying->first_day);
    put_i32(w, bought ? end_day - buying->first_day : 0);
    put_i64(w, buying->spend - buying->first_spend);
}

static void put_customer(maker *m, int64_t customer, const tsr_history *history, row_writer *w)
{
    const tsr_block *block = &m->block;
    const tsr_window *window = &m->window;

    if (m->keep_ids) {
        put_u64(w, block->key[customer]);
        put_text(w, block->id + customer * block->id_width, block->id_width);
    }
    put_i64(w, block->first + customer);
    put_i64(w, history->net);
    put_i32(w, history->orders);
    put_i32(w, history->days > 0 ? window->as_of_day - history->last_day : -1);
    put_buying(w, &history->all, window->end_day);
    if (window->calibrated) {
        put_buying(w, &history->calibration, window->calibration_day);
        put_i32(w, history->holdout.days);
        put_i64(w, history->holdout.spend);
    }
    for (int32_t i = 0; i < m->set.n; i++) {
        const tsr_feature *feature = &m->set.feature[i];
        put_f64(w, feature->behaviour >= 0 ? tsr_behaviour_compute(feature->behaviour, window, history)
                                           : (double)block->number[feature->column][customer]);
    }
}

/* The next customer who belongs to the run; there is one. */
static tsr_status next_customer(maker *m, int64_t *customer)
{
    for (;;) {
        while (m->at < m->block.customers)
            if (tsr_history_counts(&m->window, &m->block, m->at++)) {
                *customer = m->at - 1;
                return TSR_OK;
            }
        TSR_ASSERT(m->next < m->end);
        int64_t rows = m->end - m->next < m->block_rows ? m->end - m->next : m->block_rows;
        tsr_status st = tsr_dataset_read(m->dataset, m->next, rows, TSR_READ_ALL, &m->block);
        if (st != TSR_OK) return st;
        m->next += rows;
        m->at = 0;
    }
}

static tsr_status fill_from_dataset(void *context, int64_t first, int64_t rows, void *const *values)
{
    maker *m = context;
    tsr_history history;
    int64_t customer;
    tsr_status st = TSR_OK;

    TSR_ASSERT(first == m->made); /* the dataset is read once, from front to back */
    for (int64_t r = 0; r < rows; r++) {
        row_writer writer = {.values = values, .row = r};
        TSR_TRY(next_customer(m, &customer));
        TSR_TRY(tsr_history_read(&m->window, &m->block, customer, &m->sorter, &history));
        put_customer(m, customer, &history, &writer);
        m->revenue += history.net;
        m->prospects += history.days == 0;
    }
    m->made += rows;
    tsr_progress("features", m->next, m->end);
done:
    return st;
}

/* How many of this rank's customers belong to the run. */
static tsr_status count_customers(maker *m, int64_t *kept)
{
    const tsr_dataset_info *about = tsr_dataset_about(m->dataset);
    tsr_status st = TSR_OK;

    *kept = m->end - m->next;
    if ((int64_t)about->time_last < m->window.as_of) return TSR_OK;
    *kept = 0;
    for (int64_t first = m->next; first < m->end; first += m->block_rows) {
        int64_t rows = m->end - first < m->block_rows ? m->end - first : m->block_rows;
        TSR_TRY(tsr_dataset_read(m->dataset, first, rows, TSR_READ_TIME, &m->block));
        for (int64_t i = 0; i < rows; i++) *kept += tsr_history_counts(&m->window, &m->block, i);
    }
done:
    tsr_block_clear(&m->block);
    return st;
}

static tsr_status prepare_dataset(maker *m, const tsr_features_params *params, const tsr_observation *observation)
{
    const tsr_dataset_info *about = tsr_dataset_about(m->dataset);
    tsr_status st = TSR_OK;

    m->window = tsr_window_of(observation, about);
    if (about->customers == 0) return TSR_FAIL(TSR_EDATA, "the dataset holds no customers");
    if (m->window.calibrated && m->window.calibration_day >= m->window.end_day)
        return TSR_FAIL(TSR_ECONF,
                        "value.calibration_end must lie at least one whole day before as_of: nothing is left "
                        "to validate on");
    TSR_TRY(tsr_feature_set_choose(params, about, NULL, &m->set));
    TSR_TRY(plan_columns(m, about->id_width));
    m->block_rows = rows_per_block(READ_RECORDS, 1 + about->transactions / about->customers);
done:
    return st;
}

static tsr_status sum_up(const tsr_comm *comm, const maker *m, tsr_features_info *info)
{
    int64_t counts[1] = {m->prospects};
    tsr_int128 revenue = m->revenue;
    tsr_status st = tsr_sum_int128(comm, &revenue, 1);

    if (st != TSR_OK) return st;
    tsr_sum_int64(comm, counts, 1);
    info->revenue = revenue;
    info->prospects = counts[0];
    return TSR_OK;
}

static tsr_status run_dataset(const tsr_comm *comm, maker *m, const tsr_features_params *params,
                              const tsr_observation *observation, const char *path, tsr_features_info *info)
{
    const tsr_dataset_info *about = tsr_dataset_about(m->dataset);
    tsr_span dealt, span;
    int64_t kept;
    tsr_status st;

    TSR_AGREE(comm, prepare_dataset(m, params, observation));
    TSR_TRY(tsr_dataset_deal(comm, m->dataset, &dealt));
    m->next = dealt.first;
    m->end = dealt.first + dealt.rows;
    TSR_AGREE(comm, count_customers(m, &kept));
    span = tsr_span_of(comm, kept);
    *info = (tsr_features_info){.customers = span.rows_global,
                                .after_as_of = about->customers - span.rows_global,
                                .money_scale = about->money_scale,
                                .as_of = m->window.as_of,
                                .features = m->set.n};
    if (span.rows_global == 0) {
        st = TSR_FAIL(TSR_EDATA, "no customer has a record before as_of: all %" PRId64 " come after it",
                      about->customers);
        goto done;
    }
    TSR_TRY(tsr_table_write(comm, path, m->column, m->columns, &span, fill_from_dataset, m, NULL));
    TSR_TRY(sum_up(comm, m, info));
done:
    return st;
}

/* ---- rows of features.h5 from a matrix ---- */

static void put_matrix_row(const maker *m, int64_t row, int64_t i, row_writer *w)
{
    if (m->keep_ids) {
        const char *id = m->ids + i * m->id_width;
        put_u64(w, tsr_key_of_id(id, strnlen(id, (size_t)m->id_width)));
        put_text(w, id, m->id_width);
    }
    put_i64(w, row);
    for (int32_t f = 0; f < m->set.n; f++) put_f64(w, m->values[i * m->matrix->cols + m->set.feature[f].column]);
}

static tsr_status fill_from_matrix(void *context, int64_t first, int64_t rows, void *const *values)
{
    maker *m = context;
    tsr_status st = TSR_OK;

    for (int64_t done = 0; done < rows; done += m->block_rows) {
        int64_t n = rows - done < m->block_rows ? rows - done : m->block_rows, row = m->first + first + done;
        TSR_TRY(tsr_matrix_read(m->matrix, row, n, m->values));
        if (m->keep_ids) TSR_TRY(tsr_matrix_ids(m->matrix, row, n, m->ids));
        for (int64_t i = 0; i < n; i++) {
            row_writer writer = {.values = values, .row = done + i};
            put_matrix_row(m, row + i, i, &writer);
        }
    }
done:
    return st;
}

static tsr_status prepare_matrix(maker *m, const tsr_features_params *params)
{
    tsr_status st = TSR_OK;

    if (m->matrix->rows == 0 || m->matrix->cols == 0)
        return TSR_FAIL(TSR_EDATA, "%s: %s is empty", m->matrix->file, m->matrix->path);
    m->id_width = m->matrix->id_width;
    m->block_rows = rows_per_block(READ_VALUES, m->matrix->cols);
    TSR_TRY(tsr_feature_set_choose(params, NULL, m->matrix, &m->set));
    TSR_TRY(plan_columns(m, m->id_width));
    TSR_TRY(tsr_alloc(&m->values, m->block_rows * m->matrix->cols, sizeof *m->values));
    TSR_TRY(tsr_alloc(&m->ids, m->block_rows * m->id_width, 1));
done:
    return st;
}

static tsr_status run_matrix(const tsr_comm *comm, maker *m, const tsr_features_params *params, const char *path,
                             tsr_features_info *info)
{
    tsr_status st;

    TSR_AGREE(comm, prepare_matrix(m, params));
    tsr_span span = tsr_span_even(m->matrix->rows, DEAL_ROWS, comm->rank, comm->size);
    m->first = span.first;
    *info = (tsr_features_info){.customers = span.rows_global, .features = m->set.n};
    TSR_TRY(tsr_table_write(comm, path, m->column, m->columns, &span, fill_from_matrix, m, NULL));
done:
    return st;
}

static tsr_status same_observation(const tsr_comm *comm, const tsr_observation *observation)
{
    int64_t facts[] = {observation->as_of.set,
                       observation->as_of.seconds,
                       observation->calibration_end.set,
                       observation->calibration_end.seconds,
                       observation->returns,
                       observation->keep_ids};

    return tsr_same(comm, facts, sizeof facts, "the observation of the features");
}

tsr_status tsr_features_run(const tsr_comm *comm, const tsr_features_params *params, const tsr_observation *observation,
                            const tsr_dataset *dataset, const tsr_matrix *matrix, const char *path,
                            tsr_features_info *info)
{
    maker m = {.keep_ids = observation->keep_ids, .dataset = dataset, .matrix = matrix};
    tsr_status st;

    TSR_ASSERT((dataset == NULL) != (matrix == NULL));
    *info = (tsr_features_info){0};
    TSR_TRY(same_observation(comm, observation));
    if (dataset != NULL)
        TSR_TRY(run_dataset(comm, &m, params, observation, path, info));
    else
        TSR_TRY(run_matrix(comm, &m, params, path, info));
done:
    tsr_progress_end();
    maker_clear(&m);
    return st;
}
