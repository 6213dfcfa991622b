#include "value/histories/tally.h"

#include <stdlib.h>

#include "tessera/exchange.h"
#include "tessera/memory.h"

#define TALLY_START 4096

static int by_key(const void *left, const void *right)
{
    const tsr_tally_item *a = left, *b = right;

    for (int i = 0; i < 3; i++)
        if (a->key[i] != b->key[i]) return a->key[i] < b->key[i] ? -1 : 1;
    return 0;
}

static void compact(tsr_tally *tally)
{
    int64_t kept = 0;

    if (tally->n == 0) return;
    qsort(tally->item, (size_t)tally->n, sizeof *tally->item, by_key);
    for (int64_t i = 1; i < tally->n; i++) {
        if (by_key(&tally->item[kept], &tally->item[i]) == 0)
            tally->item[kept].count += tally->item[i].count;
        else
            tally->item[++kept] = tally->item[i];
    }
    tally->n = kept + 1;
}

/* Growing only where compaction frees less than half keeps sorting at a few passes per item. */
static tsr_status make_room(tsr_tally *tally)
{
    if (tally->n < tally->capacity) return TSR_OK;
    compact(tally);
    if (tally->capacity > 0 && tally->n <= tally->capacity / 2) return TSR_OK;

    int64_t capacity = tally->capacity > 0 ? 2 * tally->capacity : TALLY_START;
    tsr_status st = tsr_resize(&tally->item, capacity, sizeof *tally->item);
    if (st == TSR_OK) tally->capacity = capacity;
    return st;
}

tsr_status tsr_tally_add(tsr_tally *tally, int64_t a, int64_t b, int64_t c)
{
    tsr_status st = make_room(tally);

    if (st == TSR_OK) tally->item[tally->n++] = (tsr_tally_item){.key = {a, b, c}, .count = 1};
    return st;
}

/* splitmix64 over the key: only balance depends on it, no result. */
static int rank_of(const tsr_tally_item *item, int size)
{
    uint64_t h = 0;

    for (int i = 0; i < 3; i++) {
        h = (h ^ (uint64_t)item->key[i]) + 0x9e3779b97f4a7c15u;
        h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
        h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
        h ^= h >> 31;
    }
    return (int)(h % (uint64_t)size);
}

/* Items in the order of their ranks, as the exchange wants them. */
static tsr_status sort_by_rank(const tsr_tally *tally, int size, int64_t *rows, tsr_tally_item **sorted)
{
    int64_t *next = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(sorted, tally->n, sizeof **sorted));
    TSR_TRY(tsr_alloc(&next, size, sizeof *next));
    for (int64_t i = 0; i < tally->n; i++) rows[rank_of(&tally->item[i], size)]++;
    for (int r = 1; r < size; r++) next[r] = next[r - 1] + rows[r - 1];
    for (int64_t i = 0; i < tally->n; i++) (*sorted)[next[rank_of(&tally->item[i], size)]++] = tally->item[i];
done:
    tsr_free(&next);
    return st;
}

tsr_status tsr_tally_merge(const tsr_comm *comm, tsr_tally *tally)
{
    tsr_tally_item *sorted = NULL;
    int64_t *rows = NULL, *received = NULL;
    void *merged = NULL;
    tsr_status st;

    compact(tally);
    TSR_AGREE(comm, tsr_alloc(&rows, comm->size, sizeof *rows));
    TSR_AGREE(comm, tsr_alloc(&received, comm->size, sizeof *received));
    TSR_AGREE(comm, sort_by_rank(tally, comm->size, rows, &sorted));
    TSR_TRY(tsr_exchange(comm, sorted, rows, sizeof *sorted, &merged, received));

    tsr_tally_clear(tally);
    tally->item = merged;
    merged = NULL;
    for (int r = 0; r < comm->size; r++) tally->n += received[r];
    tally->capacity = tally->n;
    compact(tally);
done:
    tsr_free(&merged);
    tsr_free(&sorted);
    tsr_free(&received);
    tsr_free(&rows);
    return st;
}

void tsr_tally_clear(tsr_tally *tally)
{
    tsr_free(&tally->item);
    *tally = (tsr_tally){0};
}
