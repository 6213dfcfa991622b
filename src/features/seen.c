#include "features/activity.h"
#include "features/maker.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

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

/* Returns how many are still not seen. */
static int32_t look_at_block(const tsr_maker *m, int64_t rows, int64_t *seen)
{
    int32_t left = 0;

    for (int32_t f = 0; f < m->set.n; f++) {
        const tsr_feature *feature = &m->set.feature[f];
        for (int64_t i = 0; i < rows && seen[f] == 0; i++)
            seen[f] = !is_of_code(feature) || (tsr_history_counts(&m->window, &m->block, i) && has_code(m, feature, i));
        left += seen[f] == 0;
    }
    return left;
}

/* As a rule the first rows show them all. */
static tsr_status look(tsr_maker *m, int64_t *seen)
{
    int32_t left = m->set.n;
    tsr_status st = TSR_OK;

    for (int64_t first = m->next; first < m->end && left > 0; first += m->block_rows) {
        int64_t rows = m->end - first < m->block_rows ? m->end - first : m->block_rows;
        TSR_TRY(tsr_dataset_read(m->dataset, first, rows, m->reads, &m->block));
        left = look_at_block(m, rows, seen);
    }
done:
    tsr_block_clear(&m->block);
    return st;
}

tsr_status tsr_maker_drop_unseen(const tsr_comm *comm, tsr_maker *m)
{
    int64_t *seen = NULL;
    int32_t kept = 0;
    bool any = false;
    tsr_status st;

    for (int32_t f = 0; f < m->set.n; f++) any = any || is_of_code(&m->set.feature[f]);
    if (!any) return TSR_OK;
    TSR_AGREE(comm, tsr_alloc(&seen, m->set.n, sizeof *seen));
    TSR_AGREE(comm, look(m, seen));
    tsr_sum_int64(comm, seen, m->set.n);
    for (int32_t f = 0; f < m->set.n; f++)
        if (seen[f] > 0 || !is_of_code(&m->set.feature[f])) m->set.feature[kept++] = m->set.feature[f];
    m->set.n = kept;
    if (kept == 0) st = TSR_FAIL(TSR_EDATA, "features.set: none of its values occurs before as_of");
done:
    tsr_free(&seen);
    return st;
}
