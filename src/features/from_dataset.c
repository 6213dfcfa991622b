#include <inttypes.h>
#include <math.h>

#include "features/behaviour.h"
#include "features/embedded.h"
#include "features/maker.h"
#include "features/period.h"
#include "tessera/log.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

#define READ_RECORDS      ((int64_t)1 << 20) /* about so many at a time: 40 MiB */
#define SECONDS_PER_DAY   86400
#define VALUES_PER_RECORD 8 /* of vectors: as much memory */

/* ---- rows of features.h5 ---- */

static void put_buying(tsr_row_writer *w, int32_t period, const tsr_buying *buying, int64_t end_day)
{
    int64_t seen = tsr_period_number(period, end_day + 1) - 1 - buying->first; /* -1: came in a period cut off */

    tsr_put_i32(w, buying->periods - 1);
    tsr_put_i32(w, tsr_period_days(period, buying->last - buying->first));
    tsr_put_i32(w, buying->periods > 0 && seen > 0 ? tsr_period_days(period, seen) : 0);
    tsr_put_i64(w, buying->spend - buying->first_spend);
}

/* A feature that is not a line of the table. */
static double other_value(const tsr_maker *m, int32_t i, int64_t customer)
{
    const tsr_block *block = &m->block;
    const tsr_feature *feature = &m->set.feature[i];
    int32_t code = feature->from == TSR_FROM_CODE || feature->from == TSR_FROM_FREQUENCY
                       ? block->code[feature->column][customer]
                       : -1;

    switch (feature->from) {
    case TSR_FROM_CODE: return code == feature->code ? 1.0 : 0.0;
    case TSR_FROM_FREQUENCY: return code >= 0 ? m->frequency[i][code] : 0.0;
    case TSR_FROM_EMBEDDING:
        return tsr_embedded_value(m->bases, feature->column, feature->code, block, customer, m->end_day);
    case TSR_FROM_CHANNEL: return tsr_channel_share(block, customer, m->window.as_of, feature->code);
    case TSR_FROM_CATEGORY: return tsr_category_share(block, customer, m->window.as_of, feature->code);
    case TSR_FROM_VALUE: return (double)NAN; /* lies in another file */
    default: return (double)block->number[feature->column][customer];
    }
}

static void put_customer(tsr_maker *m, int64_t customer, const tsr_history *history, tsr_row_writer *w)
{
    const tsr_block *block = &m->block;
    const tsr_window *window = &m->window;

    if (m->keep_ids) {
        tsr_put_u64(w, block->key[customer]);
        tsr_put_text(w, block->id + customer * block->id_width, block->id_width);
    }
    tsr_put_i64(w, block->first + customer);
    tsr_put_i64(w, history->net);
    tsr_put_i32(w, history->orders);
    tsr_put_i32(w, history->days > 0 ? window->as_of_day - history->last_day : -1);
    put_buying(w, window->period, &history->all, window->end_day);
    if (window->calibrated) {
        put_buying(w, window->period, &history->calibration, window->calibration_day);
        tsr_put_i32(w, history->holdout.periods);
        tsr_put_i64(w, history->holdout.spend);
    }
    for (int32_t i = 0; i < m->set.n; i++) {
        const tsr_feature *feature = &m->set.feature[i];
        tsr_put_f64(w, feature->from == TSR_FROM_BEHAVIOUR ? tsr_behaviour_compute(feature->behaviour, window, history)
                                                           : other_value(m, i, customer));
    }
}

/* The next customer who belongs to the run; there is one. */
static tsr_status next_customer(tsr_maker *m, int64_t *customer)
{
    for (;;) {
        while (m->at < m->block.customers)
            if (tsr_history_counts(&m->window, &m->block, m->at++)) {
                *customer = m->at - 1;
                return TSR_OK;
            }
        TSR_ASSERT(m->next < m->end);
        int64_t rows = m->end - m->next < m->block_rows ? m->end - m->next : m->block_rows;
        tsr_status st = tsr_dataset_read(m->dataset, m->next, rows, m->reads, &m->block);
        if (st != TSR_OK) return st;
        m->next += rows;
        m->at = 0;
    }
}

static tsr_status fill_from_dataset(void *context, int64_t first, int64_t rows, void *const *values)
{
    tsr_maker *m = context;
    tsr_history history;
    int64_t customer;
    tsr_status st = TSR_OK;

    TSR_ASSERT(first == m->made); /* the dataset is read once, from front to back */
    for (int64_t r = 0; r < rows; r++) {
        tsr_row_writer writer = {.values = values, .row = r};
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

static tsr_status prepare_dataset(tsr_maker *m, const tsr_features_params *params, const tsr_observation *observation)
{
    const tsr_dataset_info *about = tsr_dataset_about(m->dataset);
    int64_t records = about->transactions;
    tsr_status st = TSR_OK;

    m->window = tsr_window_of(observation, about);
    m->members = tsr_observation_reads(observation, about);
    if (about->customers == 0) return TSR_FAIL(TSR_EDATA, "the dataset holds no customers");
    if (m->members != 0 && !observation->as_of.set && about->transactions == 0)
        return TSR_FAIL(TSR_ECONF, "as_of: the dataset has no transactions to end with; give the first moment that is "
                                   "not looked at");
    if (m->window.calibrated && m->window.calibration_day >= m->window.end_day)
        return TSR_FAIL(TSR_ECONF,
                        "value.calibration_end must lie at least one whole day before as_of: nothing is left "
                        "to validate on");
    if (m->window.calibrated && m->window.as_of > (int64_t)about->time_first &&
        m->window.calibration_day < (int64_t)about->time_first / SECONDS_PER_DAY)
        return TSR_FAIL(TSR_ECONF, "value.calibration_end lies before the first transaction: nothing is left to fit");
    TSR_TRY(tsr_feature_set_choose(params, about, NULL, &m->set));
    TSR_TRY(tsr_event_classes(params, &about->dictionary[TSR_EVENT_TYPES], &m->event_bits));
    m->window.event_bits = m->event_bits;
    m->window.session_gap = params->session_gap * 60;
    m->reads = m->members | TSR_READ_ID | TSR_READ_ATTRIBUTES | TSR_READ_TIME | TSR_READ_AMOUNT | TSR_READ_OPTIONAL;
    for (int32_t kind = TSR_TRANSACTIONS + 1; kind < TSR_KINDS; kind++) records += about->records[kind];
    for (int32_t i = 0; i < m->set.n; i++) {
        if (m->set.feature[i].from != TSR_FROM_EMBEDDING) continue;
        TSR_ASSERT(m->bases != NULL);
        m->reads |= TSR_READ_EMBEDDINGS;
    }
    m->end_day = tsr_observation_end_day(observation, about);
    if (m->reads & TSR_READ_EMBEDDINGS) records += about->attributes_n * about->customers / VALUES_PER_RECORD;
    m->block_rows = tsr_rows_per_block(READ_RECORDS, 1 + records / about->customers);
done:
    return st;
}

static tsr_status sum_up(const tsr_comm *comm, const tsr_maker *m, tsr_features_info *info)
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

tsr_status tsr_maker_run_dataset(const tsr_comm *comm, tsr_maker *m, const tsr_features_params *params,
                                 const tsr_observation *observation, const char *path, tsr_features_info *info)
{
    const tsr_dataset_info *about = tsr_dataset_about(m->dataset);
    tsr_span dealt, span;
    tsr_status st;

    TSR_AGREE(comm, prepare_dataset(m, params, observation));
    TSR_TRY(tsr_dataset_deal(comm, m->dataset, &dealt));
    m->next = dealt.first;
    m->end = dealt.first + dealt.rows;
    TSR_TRY(tsr_maker_survey(comm, m, &span));
    TSR_AGREE(comm, tsr_maker_columns(m, about->id_width));
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
