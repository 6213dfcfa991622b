#include "ingest/collect/collect.h"

#include <string.h>

#include "ingest/collect/collect_parts.h"
#include "tessera/memory.h"

#define PARTITION_BYTES (512LL << 20)
#define PARTITIONS_MAX  65536
#define BUCKET_BYTES    (2LL << 20) /* sorted within the caches */
#define BUCKETS_MAX     4096        /* of a rank: each has a chunk of memory */
#define SENT_LINES_MAX  (1 << 19)
#define WAITING_MOST    (32LL << 20)

/* ---- buckets ---- */

bool tsr_collect_has_stream(const tsr_collect *collect, int32_t stream)
{
    if (stream == TSR_STREAM_IDS) return true;
    if (stream == TSR_STREAM_ATTRIBUTES) return collect->attributes > 0;
    return tsr_has_kind(collect->has, stream - TSR_STREAM_RECORDS);
}

/* The partitions that a rank owns are neighbours. */
static void find_buckets(tsr_collect *collect)
{
    int32_t first = 0, end;

    while (first < collect->partitions && tsr_partition_rank(first, collect->partitions, collect->size) < collect->rank)
        first++;
    for (end = first; end < collect->partitions; end++)
        if (tsr_partition_rank(end, collect->partitions, collect->size) != collect->rank) break;
    collect->first_bucket = first * collect->fine;
    collect->buckets = (end - first) * collect->fine;
}

static void choose_buckets(tsr_collect *collect, const tsr_collect_plan *plan)
{
    int64_t partitions = plan->partitions, expected = plan->expected_bytes, size = collect->size;

    if (partitions == 0) partitions = (expected + PARTITION_BYTES - 1) / PARTITION_BYTES;
    if (partitions < 1) partitions = 1;
    if (partitions > PARTITIONS_MAX) partitions = PARTITIONS_MAX;
    collect->partitions = (int32_t)partitions;
    int64_t own = (partitions + size - 1) / size; /* partitions of a rank */
    int64_t bytes = BUCKET_BYTES < collect->memory / 16 ? BUCKET_BYTES : collect->memory / 16;
    collect->fine = (expected / partitions + bytes - 1) / bytes;
    if (collect->fine * own > BUCKETS_MAX) collect->fine = BUCKETS_MAX / own;
    if (collect->fine < 1) collect->fine = 1;
    find_buckets(collect);
}

/* ---- the collection ---- */

static tsr_status create_store(tsr_collect *collect)
{
    int32_t row_bytes[TSR_STREAMS] = {0};

    for (int32_t s = 0; s < TSR_STREAMS; s++) {
        collect->layout[s] = tsr_layout_of(s, collect->has, collect->attributes);
        if (tsr_collect_has_stream(collect, s)) row_bytes[s] = collect->layout[s].bytes;
    }
    return tsr_store_create(&collect->spill, collect->memory / 8 * 5, collect->buckets, TSR_STREAMS, row_bytes,
                            &collect->store);
}

/* Where rows go. */
static tsr_status create_ways(tsr_collect *collect)
{
    tsr_status st;

    TSR_TRY(tsr_alloc(&collect->owner, collect->partitions, sizeof *collect->owner));
    for (int32_t p = 0; p < collect->partitions; p++)
        collect->owner[p] = tsr_partition_rank(p, collect->partitions, collect->size);
    for (int32_t s = 0; s < TSR_STREAMS; s++) {
        int64_t rows = 2 * collect->waiting_most / collect->size / collect->layout[s].bytes;
        collect->most[s] = rows > 16 ? rows : 16;
        if (tsr_collect_has_stream(collect, s))
            TSR_TRY(tsr_alloc(&collect->leaving[s], collect->size, sizeof *collect->leaving[s]));
    }
done:
    return st;
}

static tsr_status create_attributes(tsr_collect *collect, const tsr_collect_shape *shape)
{
    tsr_status st;

    collect->attributes = shape->attributes;
    collect->dictionaries = TSR_DICTIONARIES + shape->attributes;
    TSR_TRY(tsr_alloc(&collect->attribute, shape->attributes, sizeof *collect->attribute));
    TSR_TRY(tsr_alloc(&collect->texts, collect->dictionaries, sizeof *collect->texts));
    TSR_TRY(tsr_alloc(&collect->number, collect->dictionaries, sizeof *collect->number));
    for (int32_t a = 0; a < shape->attributes; a++) {
        TSR_ASSERT(strlen(shape->attribute_name[a]) < sizeof collect->attribute[a].name);
        strcpy(collect->attribute[a].name, shape->attribute_name[a]);
        collect->attribute[a].form = shape->attribute_form[a];
        collect->attribute[a].rule = shape->attribute_rule != NULL ? shape->attribute_rule[a] : 0;
    }
    tsr_layout layout = tsr_layout_of(TSR_STREAM_ATTRIBUTES, shape->has, shape->attributes);
    TSR_TRY(tsr_alloc(&collect->attribute_row, 1, (size_t)layout.bytes));
    TSR_TRY(tsr_alloc(&collect->packed, TSR_PACKED_ROWS, TSR_ROW_HEAD + 8 * TSR_KIND_COLUMNS));
done:
    return st;
}

/* The memory: five eighths for the buckets, then three to sort one; before that, some for rows that wait. */
static tsr_status create(const tsr_comm *comm, const tsr_collect_shape *shape, const tsr_collect_plan *plan,
                         tsr_collect **out)
{
    tsr_collect *collect = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&collect, 1, sizeof *collect));
    collect->spill = tsr_spill_in(NULL);
    collect->has = shape->has;
    collect->rank = comm->rank;
    collect->size = comm->size;
    collect->memory = plan->memory > TSR_MEMORY_LEAST ? plan->memory : TSR_MEMORY_LEAST;
    collect->waiting_most = collect->memory / 16 < WAITING_MOST ? collect->memory / 16 : WAITING_MOST;
    collect->sent_lines = 1;
    while (collect->sent_lines < SENT_LINES_MAX && collect->sent_lines * 2 * 64 * 32 <= collect->memory)
        collect->sent_lines *= 2;
    TSR_TRY(tsr_strdup(&collect->scratch, plan->scratch));
    collect->spill = tsr_spill_in(collect->scratch);
    TSR_TRY(create_attributes(collect, shape));
    choose_buckets(collect, plan);
    TSR_TRY(create_store(collect));
    TSR_TRY(create_ways(collect));
    TSR_TRY(tsr_cleaner_create(&plan->clean, &collect->cleaner));
    TSR_TRY(tsr_alloc_aligned(&collect->sent, collect->sent_lines * TSR_SENT_WAYS, sizeof *collect->sent));
    *out = collect;
    collect = NULL;
done:
    tsr_collect_destroy(&collect);
    return st;
}

tsr_status tsr_collect_create(const tsr_comm *comm, const tsr_collect_shape *shape, const tsr_collect_plan *plan,
                              tsr_collect **collect)
{
    *collect = NULL;
    return tsr_agree(comm, create(comm, shape, plan, collect));
}

void tsr_collect_destroy(tsr_collect **at)
{
    tsr_collect *collect = *at;

    if (collect == NULL) return;
    for (int32_t d = 0; collect->texts != NULL && d < collect->dictionaries; d++) {
        tsr_strings_clear(&collect->texts[d].mine);
        tsr_strings_clear(&collect->texts[d].all);
        tsr_free(&collect->texts[d].number);
    }
    for (int32_t s = 0; s < TSR_STREAMS; s++) {
        for (int r = 0; collect->leaving[s] != NULL && r < collect->size; r++) tsr_free(&collect->leaving[s][r].row);
        tsr_free(&collect->leaving[s]);
        tsr_free(&collect->waiting[s].row);
    }
    tsr_free(&collect->received);
    tsr_redirect_clear(&collect->redirect);
    tsr_free(&collect->owner);
    tsr_free(&collect->number);
    tsr_cleaner_destroy(&collect->cleaner);
    tsr_store_destroy(&collect->store);
    tsr_spill_close(&collect->spill);
    tsr_free(&collect->sent);
    tsr_free(&collect->attribute_row);
    tsr_free(&collect->packed);
    tsr_free(&collect->texts);
    tsr_free(&collect->attribute);
    tsr_free(&collect->scratch);
    tsr_free(at);
}

void tsr_collect_drop(tsr_collect *collect, uint32_t has)
{
    collect->has &= ~has;
}
