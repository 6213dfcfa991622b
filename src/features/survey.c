#include "features/activity.h"
#include "features/maker.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

#define DAY_SECONDS 86400

typedef struct survey {
    int64_t *seen;   /* [set.n] 0: a value that no customer of the run has, as far as is known */
    int64_t **count; /* [set.n] of TSR_FROM_FREQUENCY: customers by code; else NULL */
    int64_t kept;    /* customers of this rank who belong to the run */
    int64_t clock;   /* 0: no transaction before as_of has a time of day, as far as is known */
    int32_t unseen, counts;
} survey;

static bool is_of_code(const tsr_feature *feature)
{
    return feature->from == TSR_FROM_CODE || feature->from == TSR_FROM_CHANNEL || feature->from == TSR_FROM_CATEGORY;
}

static bool has_code(const tsr_maker *m, const tsr_feature *feature, int64_t customer)
{
    const tsr_block *block = &m->block;

    if (feature->from == TSR_FROM_CODE) return block->code[feature->column][customer] == feature->code;
    if (feature->from == TSR_FROM_CHANNEL)
        return tsr_channel_share(block, customer, m->window.as_of, feature->code) > 0;
    return tsr_category_share(block, customer, m->window.as_of, feature->code) > 0;
}

static int32_t codes_of(const tsr_maker *m, int32_t f)
{
    return tsr_dataset_about(m->dataset)->attributes[m->set.feature[f].column].dictionary.n;
}

static tsr_status make(const tsr_maker *m, survey *s)
{
    tsr_status st;

    *s = (survey){.kept = m->end - m->next, .clock = !m->window.clock};
    if (m->members != 0) s->kept = 0;
    TSR_TRY(tsr_alloc(&s->seen, m->set.n, sizeof *s->seen));
    TSR_TRY(tsr_alloc(&s->count, m->set.n, sizeof *s->count));
    for (int32_t f = 0; f < m->set.n; f++) {
        s->seen[f] = !is_of_code(&m->set.feature[f]);
        s->unseen += s->seen[f] == 0;
        if (m->set.feature[f].from != TSR_FROM_FREQUENCY) continue;
        TSR_TRY(tsr_alloc(&s->count[f], codes_of(m, f), sizeof **s->count));
        s->counts++;
    }
done:
    return st;
}

static void clear(int32_t features, survey *s)
{
    for (int32_t f = 0; s->count != NULL && f < features; f++) tsr_free(&s->count[f]);
    tsr_free(&s->count);
    tsr_free(&s->seen);
}

static bool has_clock(const tsr_maker *m, int64_t customer)
{
    const tsr_block *block = &m->block;

    for (int64_t i = block->offset[customer]; i < block->offset[customer + 1]; i++) {
        if ((int64_t)block->time[i] >= m->window.as_of) break;
        if (block->time[i] % DAY_SECONDS != 0) return true;
    }
    return false;
}

static void look_at(const tsr_maker *m, int64_t customer, survey *s)
{
    if (s->clock == 0) s->clock = has_clock(m, customer);
    for (int32_t f = 0; f < m->set.n && s->unseen > 0; f++) {
        if (s->seen[f] != 0 || !has_code(m, &m->set.feature[f], customer)) continue;
        s->seen[f] = 1;
        s->unseen--;
    }
    for (int32_t f = 0; f < m->set.n && s->counts > 0; f++) {
        if (s->count[f] == NULL) continue;
        int32_t code = m->block.code[m->set.feature[f].column][customer];
        if (code >= 0) s->count[f][code]++;
    }
}

/* As a rule the first rows show all values, and then less is read. */
static tsr_status look(tsr_maker *m, survey *s)
{
    const uint32_t counts = m->members | TSR_READ_TIME | (s->counts > 0 ? TSR_READ_ATTRIBUTES : 0);
    tsr_status st = TSR_OK;

    for (int64_t first = m->next;
         first < m->end && (m->members != 0 || s->counts > 0 || s->unseen > 0 || s->clock == 0);
         first += m->block_rows) {
        int64_t rows = m->end - first < m->block_rows ? m->end - first : m->block_rows;
        TSR_TRY(tsr_dataset_read(m->dataset, first, rows, s->unseen > 0 ? m->reads : counts, &m->block));
        for (int64_t i = 0; i < rows; i++) {
            if (!tsr_history_counts(&m->window, &m->block, i)) continue;
            s->kept += m->members != 0;
            look_at(m, i, s);
        }
    }
done:
    tsr_block_clear(&m->block);
    return st;
}

/* Shares of the customers of the run: those who come later are not known yet. */
static tsr_status make_frequencies(tsr_maker *m, const survey *s, int64_t customers)
{
    tsr_status st;

    TSR_TRY(tsr_alloc(&m->frequency, m->set.n, sizeof *m->frequency));
    for (int32_t f = 0; f < m->set.n; f++) {
        if (s->count[f] == NULL) continue;
        TSR_TRY(tsr_alloc(&m->frequency[f], codes_of(m, f), sizeof **m->frequency));
        for (int32_t i = 0; i < codes_of(m, f); i++) m->frequency[f][i] = (double)s->count[f][i] / (double)customers;
    }
done:
    return st;
}

static tsr_status drop_unseen(tsr_maker *m, const survey *s)
{
    int32_t kept = 0;

    for (int32_t f = 0; f < m->set.n; f++) {
        if (s->seen[f] == 0) continue; /* has no frequency */
        m->set.feature[kept] = m->set.feature[f];
        m->frequency[kept++] = m->frequency[f];
    }
    m->set.n = kept;
    return kept > 0 ? TSR_OK : TSR_FAIL(TSR_EDATA, "features.set: none of its values occurs before as_of");
}

tsr_status tsr_maker_survey(const tsr_comm *comm, tsr_maker *m, tsr_span *span)
{
    const int32_t features = m->set.n;
    survey s;
    tsr_status st;

    TSR_AGREE(comm, make(m, &s));
    TSR_AGREE(comm, look(m, &s));
    tsr_sum_int64(comm, s.seen, features);
    tsr_sum_int64(comm, &s.clock, 1);
    m->window.clock = m->window.clock && s.clock > 0;
    for (int32_t f = 0; f < features; f++)
        if (s.count[f] != NULL) tsr_sum_int64(comm, s.count[f], codes_of(m, f));
    *span = tsr_span_of(comm, s.kept);
    TSR_AGREE(comm, make_frequencies(m, &s, span->rows_global));
    st = drop_unseen(m, &s);
done:
    clear(features, &s);
    return st;
}
