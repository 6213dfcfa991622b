#include "ingest/collect/redirect.h"

#include "ingest/collect/append.h"
#include "ingest/collect/collect_parts.h"
#include "ingest/settle/merges.h"
#include "tessera/memory.h"

static int64_t slot_of(const tsr_redirect *redirect, uint64_t key)
{
    return (int64_t)(key & (uint64_t)(redirect->slots - 1)); /* low bits: the high ones tell the owner */
}

const tsr_redirection *tsr_redirect_find(const tsr_redirect *redirect, tsr_customer_ref customer)
{
    if (redirect->slots == 0) return NULL;
    for (int64_t s = slot_of(redirect, customer.key); redirect->slot[s].id.n > 0; s = (s + 1) & (redirect->slots - 1))
        if (redirect->slot[s].from.key == customer.key && redirect->slot[s].from.check == customer.check)
            return &redirect->slot[s];
    return NULL;
}

void tsr_redirect_clear(tsr_redirect *redirect)
{
    tsr_free(&redirect->slot);
    tsr_free(&redirect->merges.bytes);
    *redirect = (tsr_redirect){.active = false};
}

/* ---- rows ---- */

/* An order of its own is that of its customer and moment. */
static void redo_order(const tsr_layout *layout, tsr_customer_ref from, tsr_customer_ref to, char *row)
{
    const int32_t at = layout->column[TSR_TRANSACTION_ORDER].at;
    const uint32_t time = tsr_row_time(layout, row);
    uint64_t order, own = tsr_own_order(to, time);

    if (layout->stream != TSR_STREAM_RECORDS + TSR_TRANSACTIONS || at == 0) return;
    memcpy(&order, row + at, sizeof order);
    if (order == tsr_own_order(from, time)) memcpy(row + at, &own, sizeof own);
}

static tsr_status send_on(tsr_collect *collect, int32_t stream, const tsr_redirection *way, const char *row)
{
    const tsr_layout *layout = &collect->layout[stream];
    char *place;

    if (stream == TSR_STREAM_IDS) /* once for all pieces of the id */
        return tsr_row_source(row) == 0 ? tsr_collect_send_id(collect, way->to, way->id) : TSR_OK;
    tsr_status st = tsr_collect_place(collect, stream, way->to.key, &place);
    if (st != TSR_OK) return st;
    tsr_row_copy(place, row, layout->bytes);
    tsr_row_begin(place, way->to, tsr_row_source(row));
    redo_order(layout, way->from, way->to, place);
    return TSR_OK;
}

tsr_status tsr_redirect_row(tsr_collect *collect, int32_t stream, const char *row)
{
    const tsr_customer_ref customer = {tsr_row_key(row), tsr_row_check(row)};
    const tsr_redirection *way = tsr_redirect_find(&collect->redirect, customer);

    if (way != NULL) return send_on(collect, stream, way, row);
    if (stream == TSR_STREAM_IDS && tsr_row_id_length(row) > collect->id_width)
        collect->id_width = tsr_row_id_length(row);
    return tsr_collect_place_rows(collect, stream, row, 1);
}

/* ---- what becomes of ids ---- */

static tsr_status deal(const tsr_collect *collect, const tsr_merge *merge, int64_t n, tsr_blob *to)
{
    tsr_status st = TSR_OK;

    for (int64_t i = 0; i < n && st == TSR_OK; i++)
        st = tsr_merge_pack(&merge[i], &to[tsr_collect_owner(collect, tsr_customer_of(merge[i].merged).key)]);
    return st;
}

static tsr_status fill(tsr_redirect *redirect)
{
    tsr_merge *merge = NULL;
    int64_t n;
    tsr_status st;

    TSR_TRY(tsr_merges_unpack(&redirect->merges, &merge, &n));
    for (redirect->slots = 16; redirect->slots < 2 * n;) redirect->slots *= 2;
    TSR_TRY(tsr_alloc(&redirect->slot, redirect->slots, sizeof *redirect->slot));
    for (int64_t i = 0; i < n; i++) {
        tsr_customer_ref from = tsr_customer_of(merge[i].merged);
        int64_t s = slot_of(redirect, from.key);
        while (redirect->slot[s].id.n > 0) s = (s + 1) & (redirect->slots - 1);
        redirect->slot[s] = (tsr_redirection){from, tsr_customer_of(merge[i].kept), merge[i].kept};
    }
done:
    if (st != TSR_OK) redirect->slots = 0;
    tsr_free(&merge);
    return st;
}

tsr_status tsr_collect_merge(const tsr_comm *comm, tsr_collect *collect, const tsr_merge *merge, int64_t n)
{
    tsr_blob *to = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&to, comm->size, sizeof *to));
    TSR_AGREE(comm, deal(collect, merge, n, to));
    TSR_TRY(tsr_blobs_exchange(comm, to, &collect->redirect.merges, NULL));
    TSR_AGREE(comm, fill(&collect->redirect));
    collect->redirect.active = true;
done:
    tsr_blobs_destroy(&to, comm->size);
    return st;
}
