#include "tessera/features.h"

#include <stddef.h>

#include "features/maker.h"
#include "tessera/log.h"
#include "tessera/memory.h"

#define READ_VALUES ((int64_t)1 << 23) /* of a matrix at a time: 64 MiB */
#define DEAL_ROWS   1024               /* rows of a matrix go to ranks in such pieces */

#define AT(field) offsetof(tsr_features_params, field)

const tsr_key tsr_features_keys[] = {
    {"features.set", TSR_KEY_TEXTS, AT(set), "default", 0, 0, NULL,
     "features of the run, in this order: `default`, or names; `tessera features` lists them, attributes and matrix "
     "columns go by their own names, vectors by embedding:NAME (they are not in `default`); clv and others come from "
     "the "
     "value model, which is fitted first",
     NULL, 0},
    {"features.categories", TSR_KEY_INT, AT(categories), "16", 0, 1000, NULL,
     "a category attribute in features.set becomes a column of 0 and 1 for each value; with more values than this, one "
     "column with the share of customers who have the same value. The most columns of channel_share and category_share",
     NULL, 0},
    {"features.session_gap", TSR_KEY_INT, AT(session_gap), "30", 1, 1440, NULL,
     "minutes without an event that end a session", NULL, 0},
    {"features.events.view", TSR_KEY_TEXTS, AT(view_events), "[view, page_view, pageview, product_view, screen_view]",
     0, 0, NULL, "types of events that are views", NULL, 0},
    {"features.events.support", TSR_KEY_TEXTS, AT(support_events),
     "[support, ticket, complaint, support_contact, service_contact]", 0, 0, NULL,
     "types of events that are contacts with customer service", NULL, 0},
    {"features.events.dwell", TSR_KEY_TEXTS, AT(dwell_events), "[dwell, time_on_page, session]", 0, 0, NULL,
     "types of events whose value is time spent", NULL, 0},
    {"features.transform", TSR_KEY_CHOICE, AT(transform), "auto", 0, 0, "none|log1p|log|auto",
     "of all features; auto: log1p (with the sign kept) where skewness > 1, but for shares and components of "
     "embeddings",
     NULL, 0},
    {"features.transforms", TSR_KEY_MAP, AT(transforms), "null", 0, 0, NULL,
     "transforms of single features, name: none, log1p, log or auto", NULL, 0},
    {"features.scale", TSR_KEY_CHOICE, AT(scale), "standard", 0, 0, "none|standard",
     "standard: mean 0, standard deviation 1; none: centred only", NULL, 0},
    {"features.clip", TSR_KEY_REAL, AT(clip), "8", 1, 1000, NULL,
     "values farther from the mean are pulled in, in standard deviations (scale: standard)", NULL, 0},
    {"features.missing", TSR_KEY_CHOICE, AT(missing), "median", 0, 0, "reject|median|mean",
     "what stands for a missing value of an attribute or matrix column", NULL, 0},
    {"features.embedding_components", TSR_KEY_INT, AT(embedding_components), "8", 1, 256, NULL,
     "`embedding:NAME` in features.set becomes so many features NAME:1, NAME:2, ...: the principal components of the "
     "vectors, at most as many as they have dimensions. A customer without a vector before as_of: see features.missing",
     NULL, 0},
    {NULL, TSR_KEY_BOOL, 0, NULL, 0, 0, NULL, NULL, NULL, 0},
};

static void maker_clear(tsr_maker *m)
{
    for (int32_t i = 0; m->frequency != NULL && i < m->set.n; i++) tsr_free(&m->frequency[i]);
    tsr_free(&m->frequency);
    tsr_free(&m->event_bits);
    tsr_feature_set_clear(&m->set);
    tsr_free(&m->column);
    tsr_order_sorter_clear(&m->sorter);
    tsr_block_clear(&m->block);
    tsr_free(&m->values);
    tsr_free(&m->ids);
}

/* ---- rows of features.h5 from a matrix ---- */

static void put_matrix_row(const tsr_maker *m, int64_t row, int64_t i, tsr_row_writer *w)
{
    if (m->keep_ids) {
        const char *id = m->ids + i * m->id_width;
        tsr_put_u64(w, tsr_key_of_id(id, strnlen(id, (size_t)m->id_width)));
        tsr_put_text(w, id, m->id_width);
    }
    tsr_put_i64(w, row);
    for (int32_t f = 0; f < m->set.n; f++) tsr_put_f64(w, m->values[i * m->matrix->cols + m->set.feature[f].column]);
}

static tsr_status fill_from_matrix(void *context, int64_t first, int64_t rows, void *const *values)
{
    tsr_maker *m = context;
    tsr_status st = TSR_OK;

    for (int64_t done = 0; done < rows; done += m->block_rows) {
        int64_t n = rows - done < m->block_rows ? rows - done : m->block_rows, row = m->first + first + done;
        TSR_TRY(tsr_matrix_read(m->matrix, row, n, m->values));
        if (m->keep_ids) TSR_TRY(tsr_matrix_ids(m->matrix, row, n, m->ids));
        for (int64_t i = 0; i < n; i++) {
            tsr_row_writer writer = {.values = values, .row = done + i};
            put_matrix_row(m, row + i, i, &writer);
        }
    }
done:
    return st;
}

static tsr_status prepare_matrix(tsr_maker *m, const tsr_features_params *params)
{
    tsr_status st = TSR_OK;

    if (m->matrix->rows == 0 || m->matrix->cols == 0)
        return TSR_FAIL(TSR_EDATA, "%s: %s is empty", m->matrix->file, m->matrix->path);
    m->id_width = m->matrix->id_width;
    m->block_rows = tsr_rows_per_block(READ_VALUES, m->matrix->cols);
    TSR_TRY(tsr_feature_set_choose(params, NULL, m->matrix, &m->set));
    TSR_TRY(tsr_maker_columns(m, m->id_width));
    TSR_TRY(tsr_alloc(&m->values, m->block_rows * m->matrix->cols, sizeof *m->values));
    TSR_TRY(tsr_alloc(&m->ids, m->block_rows * m->id_width, 1));
done:
    return st;
}

static tsr_status run_matrix(const tsr_comm *comm, tsr_maker *m, const tsr_features_params *params, const char *path,
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
                       observation->period,
                       observation->keep_ids};

    return tsr_same(comm, facts, sizeof facts, "the observation of the features");
}

tsr_status tsr_features_run(const tsr_comm *comm, const tsr_features_params *params, const tsr_observation *observation,
                            const tsr_dataset *dataset, const tsr_matrix *matrix, const char *path,
                            tsr_features_info *info)
{
    tsr_maker m = {.keep_ids = observation->keep_ids,
                   .bases = observation->embeddings,
                   .dataset = dataset,
                   .matrix = matrix};
    tsr_status st;

    TSR_ASSERT((dataset == NULL) != (matrix == NULL));
    *info = (tsr_features_info){0};
    TSR_TRY(same_observation(comm, observation));
    if (dataset != NULL)
        TSR_TRY(tsr_maker_run_dataset(comm, &m, params, observation, path, info));
    else
        TSR_TRY(run_matrix(comm, &m, params, path, info));
done:
    tsr_progress_end();
    maker_clear(&m);
    return st;
}
