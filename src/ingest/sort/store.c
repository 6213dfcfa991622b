#include "ingest/sort/store.h"

#include <string.h>

#include "ingest/sort/layout.h"
#include "tessera/memory.h"

#define SLAB_BYTES  (4LL << 20)
#define CHUNK_SMALL 512
#define CHUNK_LARGE (64LL << 10)
#define SPILL_SHARE 8   /* of the memory is given up at a time */
#define AHEAD       128 /* bytes behind a row that are fetched: the next rows of a list come much later */

/* Rows in memory: chunks of a list are linked from the newest to the oldest. */
typedef struct chunk {
    struct chunk *next;
    int64_t n; /* bytes of rows; of the newest of a list, the list knows */
    char row[];
} chunk;

typedef struct extent {
    int64_t at, n; /* bytes in the spill */
} extent;

/* Where the next row of a list goes, and behind the last place of its newest chunk. Rows come to all lists in turn:
 * these few bytes of each stand together, and stay in the first cache. */
typedef struct tail {
    char *at, *end;
} tail;

typedef struct list {
    tail *tail;
    chunk *newest;
    int64_t bytes; /* of rows, but for those in a newest chunk that takes more */
    extent *extent;
    int32_t extents, room;
} list;

struct tsr_store {
    tsr_spill *spill; /* borrowed */
    int64_t buckets, memory, taken;
    int32_t streams;
    int32_t *row_bytes; /* [streams] */
    int64_t chunk_bytes, slab_bytes;
    list *list; /* [buckets][streams] */
    tail *tail; /* [streams][buckets] */
    chunk *unused;
    char **slab;
    int32_t slabs;
    int64_t slab_at;    /* in the newest slab */
    int64_t spill_next; /* the list that waits longest */
};

static list *list_at(const tsr_store *store, int64_t bucket, int32_t stream)
{
    return &store->list[bucket * store->streams + stream];
}

/* Chunks are small enough that a half filled one in every list is a small part of the memory. */
static int64_t choose_chunk(const tsr_store *store)
{
    int32_t used = 0, longest = 0;

    for (int32_t s = 0; s < store->streams; s++) {
        used += store->row_bytes[s] > 0;
        if (store->row_bytes[s] > longest) longest = store->row_bytes[s];
    }
    int64_t lists = store->buckets * used;
    int64_t bytes = store->memory / (4 * (lists > 0 ? lists : 1)); /* a rank may own no partition */
    if (bytes > CHUNK_LARGE) bytes = CHUNK_LARGE;
    if (bytes < CHUNK_SMALL) bytes = CHUNK_SMALL;
    if (bytes < longest + (int64_t)sizeof(chunk)) bytes = longest + (int64_t)sizeof(chunk);
    return (bytes + 63) / 64 * 64;
}

tsr_status tsr_store_create(tsr_spill *spill, int64_t memory, int64_t buckets, int32_t streams,
                            const int32_t *row_bytes, tsr_store **out)
{
    tsr_store *store = NULL;
    tsr_status st;

    *out = NULL;
    TSR_TRY(tsr_alloc(&store, 1, sizeof *store));
    store->spill = spill;
    store->memory = memory;
    store->buckets = buckets;
    store->streams = streams;
    TSR_TRY(tsr_alloc(&store->row_bytes, streams, sizeof *store->row_bytes));
    memcpy(store->row_bytes, row_bytes, (size_t)streams * sizeof *row_bytes);
    TSR_TRY(tsr_alloc(&store->list, buckets * streams, sizeof *store->list));
    TSR_TRY(tsr_alloc(&store->tail, buckets * streams, sizeof *store->tail));
    for (int64_t b = 0; b < buckets; b++)
        for (int32_t s = 0; s < streams; s++) list_at(store, b, s)->tail = &store->tail[s * buckets + b];
    store->chunk_bytes = choose_chunk(store);
    store->slab_bytes = store->memory < SLAB_BYTES ? store->chunk_bytes : SLAB_BYTES;
    *out = store;
    store = NULL;
done:
    tsr_store_destroy(&store);
    return st;
}

void tsr_store_destroy(tsr_store **at)
{
    tsr_store *store = *at;

    if (store == NULL) return;
    for (int64_t i = 0; store->list != NULL && i < store->buckets * store->streams; i++)
        tsr_free(&store->list[i].extent);
    for (int32_t i = 0; i < store->slabs; i++) tsr_free(&store->slab[i]);
    tsr_free(&store->slab);
    tsr_free(&store->tail);
    tsr_free(&store->list);
    tsr_free(&store->row_bytes);
    tsr_free(at);
}

/* The newest chunk takes no more rows. */
static void close_newest(list *l)
{
    if (l->tail->at != NULL) {
        l->newest->n = l->tail->at - l->newest->row;
        l->bytes += l->newest->n;
    }
    *l->tail = (tail){NULL};
}

/* ---- spilling ---- */

/* What follows the last extent in the file makes it longer. */
static tsr_status add_extent(list *l, int64_t at, int64_t n)
{
    if (l->extents > 0 && l->extent[l->extents - 1].at + l->extent[l->extents - 1].n == at) {
        l->extent[l->extents - 1].n += n;
        return TSR_OK;
    }
    if (l->extents == l->room) {
        int32_t room = 2 * l->room + 4;
        tsr_status st = tsr_resize(&l->extent, room, sizeof *l->extent);
        if (st != TSR_OK) return st;
        l->room = room;
    }
    l->extent[l->extents++] = (extent){at, n};
    return TSR_OK;
}

static tsr_status spill_list(tsr_store *store, list *l)
{
    int64_t at;
    tsr_status st = TSR_OK;

    close_newest(l);
    while (l->newest != NULL) {
        chunk *c = l->newest;
        TSR_TRY(tsr_spill_write(store->spill, c->row, c->n, &at));
        TSR_TRY(add_extent(l, at, c->n));
        l->newest = c->next;
        c->next = store->unused;
        store->unused = c;
    }
done:
    return st;
}

/* Whole lists, one after the other, so that a bucket is read back in few large pieces; no more than is needed for a
 * while: what still stands here at the end was never written. */
static tsr_status spill_some(tsr_store *store)
{
    const int64_t lists = store->buckets * store->streams, enough = store->spill->bytes + store->memory / SPILL_SHARE;
    tsr_status st = TSR_OK;

    for (int64_t i = 0; st == TSR_OK && i < lists && store->spill->bytes < enough; i++) {
        st = spill_list(store, &store->list[store->spill_next]);
        store->spill_next = (store->spill_next + 1) % lists;
    }
    return st;
}

/* ---- chunks ---- */

static tsr_status add_slab(tsr_store *store)
{
    tsr_status st = tsr_resize(&store->slab, store->slabs + 1, sizeof *store->slab);

    if (st == TSR_OK) st = tsr_alloc_unset(&store->slab[store->slabs], 1, (size_t)store->slab_bytes);
    if (st != TSR_OK) return st;
    store->slabs++;
    store->slab_at = 0;
    store->taken += store->slab_bytes;
    return TSR_OK;
}

static tsr_status find_chunk(tsr_store *store, chunk **found)
{
    bool slab_full = store->slabs == 0 || store->slab_at + store->chunk_bytes > store->slab_bytes;
    tsr_status st = TSR_OK;

    if (store->unused == NULL && slab_full) {
        if (store->slabs > 0 && store->taken + store->slab_bytes > store->memory)
            st = spill_some(store);
        else
            st = add_slab(store);
    }
    if (st != TSR_OK) return st;
    if (store->unused != NULL) {
        *found = store->unused;
        store->unused = (*found)->next;
    } else {
        *found = (chunk *)(void *)(store->slab[store->slabs - 1] + store->slab_at);
        store->slab_at += store->chunk_bytes;
    }
    return TSR_OK;
}

static tsr_status add_chunk(tsr_store *store, list *l)
{
    chunk *c;
    tsr_status st = find_chunk(store, &c);

    if (st != TSR_OK) return st;
    close_newest(l);
    c->n = 0;
    c->next = l->newest; /* which spilling may have emptied */
    l->newest = c;
    *l->tail = (tail){c->row, (char *)c + store->chunk_bytes};
    return TSR_OK;
}

/* Room for one row more. */
static tsr_status make_room(tsr_store *store, int64_t bucket, int32_t stream, const tail *t)
{
    return t->end - t->at >= store->row_bytes[stream] ? TSR_OK : add_chunk(store, list_at(store, bucket, stream));
}

static void step_on(tail *t, int32_t bytes)
{
    t->at += bytes;
    __builtin_prefetch(t->at + AHEAD, 1);
}

tsr_status tsr_store_place(tsr_store *store, int64_t bucket, int32_t stream, char **row)
{
    tail *t = &store->tail[stream * store->buckets + bucket];
    tsr_status st = make_room(store, bucket, stream, t);

    if (st != TSR_OK) return st;
    *row = t->at;
    step_on(t, store->row_bytes[stream]);
    return TSR_OK;
}

tsr_status tsr_store_put(tsr_store *store, int32_t stream, const char *rows, int32_t n, const int32_t *bucket,
                         const int32_t *which)
{
    tail *tails = store->tail + stream * store->buckets;
    const int32_t bytes = store->row_bytes[stream];
    tsr_status st = TSR_OK;

    for (int32_t i = 0; i < n; i++) {
        tail *t = &tails[bucket[i]];
        TSR_TRY(make_room(store, bucket[i], stream, t));
        tsr_row_copy(t->at, rows + which[i] * (int64_t)bytes, bytes);
        step_on(t, bytes);
    }
done:
    return st;
}

/* ---- taking ---- */

int64_t tsr_store_rows(const tsr_store *store, int64_t bucket, int32_t stream)
{
    const list *l = list_at(store, bucket, stream);
    int64_t bytes = l->bytes + (l->tail->at != NULL ? l->tail->at - l->newest->row : 0);

    return bytes > 0 ? bytes / store->row_bytes[stream] : 0;
}

tsr_status tsr_store_take(tsr_store *store, int64_t bucket, int32_t stream, int64_t n, char *to)
{
    list *l = list_at(store, bucket, stream);
    int64_t left = n * store->row_bytes[stream];

    close_newest(l);
    l->bytes -= left;
    while (left > 0 && l->newest != NULL) {
        chunk *c = l->newest;
        int64_t part = c->n < left ? c->n : left;
        c->n -= part;
        memcpy(to, c->row + c->n, (size_t)part);
        to += part;
        left -= part;
        if (c->n > 0) continue;
        l->newest = c->next;
        c->next = store->unused;
        store->unused = c;
    }
    while (left > 0) {
        extent *e = &l->extent[l->extents - 1];
        int64_t part = e->n < left ? e->n : left;
        e->n -= part;
        tsr_status st = tsr_spill_read(store->spill, e->at + e->n, part, to);
        if (st != TSR_OK) return st;
        to += part;
        left -= part;
        if (e->n == 0) l->extents--;
    }
    return TSR_OK;
}
