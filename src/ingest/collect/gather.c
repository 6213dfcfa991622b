#include <limits.h>
#include <string.h>

#include "ingest/collect/deliver.h"
#include "ingest/collect/unify.h"
#include "tessera/exchange.h"
#include "tessera/log.h"
#include "tessera/memory.h"
#include "tessera/meter.h"
#include "tessera/reduce.h"

/* ---- rounds: rows to their owners ---- */

/* One stream in one round. */
typedef struct parcel {
    const void **block;       /* [size] rows to each rank */
    int64_t *rows, *received; /* [size] */
} parcel;

static void parcel_clear(parcel *p)
{
    tsr_free(&p->block);
    tsr_free(&p->rows);
    tsr_free(&p->received);
}

/* Rows whose codes are now known to all go where they belong. */
static tsr_status settle_waiting(tsr_collect *collect, int32_t stream)
{
    tsr_waiting *w = &collect->waiting[stream];

    tsr_rows_recode(&collect->layout[stream], collect->number, w->row, w->rows);
    tsr_status st = tsr_collect_place_rows(collect, stream, w->row, w->rows);
    w->rows = 0;
    return st;
}

static tsr_status prepare(tsr_collect *collect, int32_t stream, parcel *p)
{
    tsr_status st;

    TSR_TRY(settle_waiting(collect, stream));
    TSR_TRY(tsr_alloc(&p->block, collect->size, sizeof *p->block));
    TSR_TRY(tsr_alloc(&p->rows, collect->size, sizeof *p->rows));
    TSR_TRY(tsr_alloc(&p->received, collect->size, sizeof *p->received));
    for (int r = 0; r < collect->size; r++) {
        const tsr_waiting *w = &collect->leaving[stream][r];
        p->block[r] = w->row;
        p->rows[r] = w->rows < collect->most[stream] ? w->rows : collect->most[stream];
    }
done:
    return st;
}

/* Rows beyond the most stay, in front. */
static void drop_sent(tsr_collect *collect, int32_t stream, const parcel *p)
{
    int64_t bytes = collect->layout[stream].bytes;

    for (int r = 0; r < collect->size; r++) {
        tsr_waiting *w = &collect->leaving[stream][r];
        w->rows -= p->rows[r];
        if (w->rows > 0) memmove(w->row, w->row + p->rows[r] * bytes, (size_t)(w->rows * bytes));
    }
}

static tsr_status keep_received(tsr_collect *collect, int32_t stream, const parcel *p)
{
    const char *row = collect->received;
    int64_t rows = 0;
    tsr_status st = TSR_OK;

    for (int r = 0; r < collect->size; r++) rows += p->received[r];
    if (!collect->redirect.active) return tsr_collect_place_rows(collect, stream, row, rows);
    for (int64_t i = 0; st == TSR_OK && i < rows; i++, row += collect->layout[stream].bytes)
        st = tsr_redirect_row(collect, stream, row);
    return st;
}

static tsr_status exchange(const tsr_comm *comm, tsr_collect *collect, int32_t stream)
{
    parcel p = {NULL};
    tsr_status st;

    TSR_AGREE(comm, prepare(collect, stream, &p));
    TSR_TRY(tsr_exchange_into(comm, p.block, p.rows, (size_t)collect->layout[stream].bytes, &collect->received,
                              &collect->received_bytes, p.received));
    drop_sent(collect, stream, &p);
    TSR_AGREE(comm, keep_received(collect, stream, &p));
done:
    parcel_clear(&p);
    return st;
}

/* How far the common numbers of texts reach is the same on all ranks. */
static void stop_texts(tsr_collect *collect)
{
    for (int32_t a = 0; a < collect->attributes; a++)
        if (collect->attribute[a].form == TSR_FORM_AUTO &&
            collect->texts[TSR_DICTIONARIES + a].all.n > TSR_CATEGORIES_MAX)
            collect->attribute[a].too_many = 1;
}

static void count_waiting(tsr_collect *collect)
{
    collect->waiting_bytes = 0;
    collect->is_full = false;
    for (int32_t s = 0; s < TSR_STREAMS; s++)
        for (int r = 0; collect->leaving[s] != NULL && r < collect->size; r++) {
            collect->waiting_bytes += collect->leaving[s][r].rows * collect->layout[s].bytes;
            if (collect->leaving[s][r].rows >= collect->most[s]) collect->is_full = true;
        }
}

tsr_status tsr_collect_round(const tsr_comm *comm, tsr_collect *collect, bool done, bool *all_done)
{
    tsr_status st = TSR_OK;

    *all_done = done;
    TSR_AGREE(comm, tsr_collect_flush(collect));
    if (comm->size == 1) goto done;
    TSR_TRY(tsr_unify_new(comm, collect->texts, collect->dictionaries));
    stop_texts(collect);
    for (int32_t d = 0; d < collect->dictionaries; d++) collect->number[d] = collect->texts[d].number;
    for (int32_t s = 0; s < TSR_STREAMS; s++)
        if (tsr_collect_has_stream(collect, s)) TSR_TRY(exchange(comm, collect, s));
    count_waiting(collect);
    int finished = done && collect->waiting_bytes == 0;
    MPI_Allreduce(MPI_IN_PLACE, &finished, 1, MPI_INT, MPI_LAND, comm->mpi);
    *all_done = finished != 0;
done:
    return st;
}

/* ---- what is known when all rows have come ---- */

static const tsr_strings *all_texts(const tsr_comm *comm, const tsr_collect *collect, int32_t dictionary)
{
    return comm->size > 1 ? &collect->texts[dictionary].all : &collect->texts[dictionary].mine;
}

/* Texts in order, and what becomes of the codes that rows have. */
static tsr_status make_dictionaries(const tsr_comm *comm, const tsr_collect *collect, tsr_dataset_info *info,
                                    int32_t **code)
{
    tsr_status st;

    TSR_TRY(tsr_alloc(&info->attributes, collect->attributes, sizeof *info->attributes));
    info->attributes_n = collect->attributes;
    for (int32_t d = 0; d < TSR_DICTIONARIES; d++)
        TSR_TRY(tsr_unify_sort(all_texts(comm, collect, d), &info->dictionary[d], &code[d]));
    for (int32_t a = 0; a < collect->attributes; a++) {
        tsr_attribute *about = &info->attributes[a];
        tsr_dictionary unused = {0};
        about->categorical = collect->attribute[a].form == TSR_FORM_CATEGORY;
        about->empty = collect->attribute[a].empty;
        strcpy(about->name, collect->attribute[a].name);
        TSR_TRY(tsr_unify_sort(all_texts(comm, collect, TSR_DICTIONARIES + a),
                               about->categorical ? &about->dictionary : &unused, &code[TSR_DICTIONARIES + a]));
        tsr_dictionary_clear(&unused);
    }
done:
    return st;
}

static tsr_status know_all(const tsr_comm *comm, tsr_collect *collect, tsr_dataset_info *info)
{
    const int cells = TSR_KINDS * TSR_KIND_COLUMNS;
    int64_t ids = 0;
    tsr_status st;

    for (int64_t b = 0; b < collect->buckets; b++) ids += tsr_store_rows(collect->store, b, TSR_STREAM_IDS);
    tsr_sum_int64(comm, &ids, 1);
    MPI_Allreduce(MPI_IN_PLACE, &collect->id_width, 1, MPI_INT32_T, MPI_MAX, comm->mpi);
    tsr_min_int64(comm, &collect->low[0][0], cells);
    tsr_max_int64(comm, &collect->high[0][0], cells);
    info->has = collect->has;
    info->id_width = collect->id_width;
    info->partitions = collect->partitions;
    TSR_AGREE(comm, ids > 0 ? TSR_OK : TSR_FAIL(TSR_EDATA, "no customer: nothing to write"));
    TSR_TRY(tsr_unify_forms(comm, collect));
done:
    return st;
}

/* What served the readers is not needed any more. */
static void free_front(tsr_collect *collect)
{
    for (int32_t s = 0; s < TSR_STREAMS; s++) {
        for (int r = 0; collect->leaving[s] != NULL && r < collect->size; r++) tsr_free(&collect->leaving[s][r].row);
        tsr_free(&collect->leaving[s]);
        tsr_free(&collect->waiting[s].row);
        collect->waiting[s] = (tsr_waiting){0};
    }
    tsr_free(&collect->received);
    collect->received_bytes = 0;
    tsr_free(&collect->sent);
    collect->sent_lines = 0;
}

/* Of this rank. */
static int64_t count_records(const tsr_collect *collect)
{
    int64_t rows = 0;

    for (int64_t b = 0; b < collect->buckets; b++)
        for (int32_t kind = 0; kind < TSR_KINDS; kind++)
            rows += tsr_store_rows(collect->store, b, TSR_STREAM_RECORDS + kind);
    return rows;
}

tsr_status tsr_collect_write(const tsr_comm *comm, tsr_collect *collect, const char *folder, tsr_dataset_info *info,
                             tsr_collect_result *result)
{
    int32_t **code = NULL;
    tsr_status st;

    *result = (tsr_collect_result){.spilled = 0};
    free_front(collect);
    tsr_meter_begin("dictionaries");
    TSR_TRY(know_all(comm, collect, info));
    TSR_AGREE(comm, tsr_alloc(&code, collect->dictionaries, sizeof *code));
    TSR_AGREE(comm, make_dictionaries(comm, collect, info, code));
    TSR_TRY(tsr_interrupt_check(comm));
    tsr_meter_end(comm, 0, NULL);
    const int64_t rows = count_records(collect);
    tsr_meter_begin("write");
    TSR_AGREE(comm, tsr_deliver(collect, (const int32_t *const *)code, folder, info, &result->digest));
    TSR_TRY(tsr_interrupt_check(comm));
    result->spilled = collect->spill.bytes;
    tsr_sum_int64(comm, &result->spilled, 1);
    TSR_TRY(tsr_cleaner_sum(comm, collect->cleaner));
    result->cleaned = tsr_cleaner_found(collect->cleaner);
    tsr_meter_end(comm, rows, NULL);
done:
    tsr_progress_end();
    for (int32_t d = 0; code != NULL && d < collect->dictionaries; d++) tsr_free(&code[d]);
    tsr_free(&code);
    return st;
}
