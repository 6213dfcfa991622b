#include "dist/radix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/exchange.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

#define KEY_BITS    64
#define WIDEST      16                 /* bits of one pass */
#define NARROWEST   8                  /* then slots x 2^8 counts: see TSR_RADIX_SLOTS */
#define BINS_WANTED ((int64_t)1 << 22) /* counts of one pass, 32 MiB: the bits of a pass follow from it */
#define COLLECT_MAX ((int64_t)1 << 20) /* keys left on all ranks, 16 MiB, that are sorted at once */

typedef struct candidate {
    int64_t slot;
    uint64_t key;
} candidate;

/* What a pass does with the rows of one column of the block in hand. */
typedef tsr_status (*column_visitor)(const tsr_radix *s, int32_t col, int64_t rows, void *context);

/* ---- keys ---- */

static uint64_t key_of(double value)
{
    uint64_t bits;

    value += 0.0; /* -0 becomes +0 */
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 != 0 ? ~bits : bits | (uint64_t)1 << 63;
}

double tsr_radix_value(const tsr_radix_target *t)
{
    const uint64_t key = t->prefix;
    uint64_t bits = key >> 63 != 0 ? key & ~((uint64_t)1 << 63) : ~key;
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t leading(uint64_t key, int bits)
{
    return bits == 0 ? 0 : key >> (KEY_BITS - bits);
}

static uint64_t trailing_mask(int bits)
{
    return bits == 0 ? 0 : UINT64_MAX >> (KEY_BITS - bits);
}

/* ---- one pass over the rows ---- */

/* The slot of this pair with this prefix; -1: nobody looks there. Without branches: keys come in no order. */
static inline int64_t find_slot(const tsr_radix *s, int64_t pair, uint64_t prefix)
{
    int64_t at = s->slot_start[pair], left = s->slot_start[pair + 1] - at;

    if (left == 0) return -1;
    while (left > 1) {
        int64_t half = left / 2;
        at += s->slots[at + half].prefix <= prefix ? half : 0;
        left -= half;
    }
    return s->slots[at].prefix == prefix ? at : -1;
}

/* The key and the slot of row i of a column; -1: it counts nowhere. */
static inline int64_t locate(const tsr_radix *s, int32_t col, int64_t i, uint64_t *key)
{
    double value = s->values[col * s->source->block_rows + i];
    int64_t pair = (int64_t)s->group[i] * s->cols + col - s->first_pair;

    if (isnan(value) || s->group[i] < 0 || pair < 0 || pair >= s->pairs) return -1;
    *key = key_of(value);
    return find_slot(s, pair, leading(*key, s->known));
}

static tsr_status read_block(const tsr_radix *s, int64_t block, int64_t *rows)
{
    const tsr_quantile_source *source = s->source;

    memset(s->group, 0, (size_t)source->block_rows * sizeof *s->group); /* all in group 0 where there is but one */
    tsr_status st = source->read(source->context, block, s->values, s->group, rows);
    if (st != TSR_OK) return st;
    if (*rows < 0 || *rows > source->block_rows) return TSR_FAIL(TSR_EBUG, "a block of quantiles overflows");
    for (int64_t i = 0; i < *rows; i++)
        if (s->group[i] >= s->groups) return TSR_FAIL(TSR_EBUG, "a group of quantiles is out of range");
    return TSR_OK;
}

static tsr_status visit_rows(const tsr_radix *s, column_visitor visit, void *context)
{
    for (int64_t block = 0; block < s->source->blocks; block++) {
        int64_t rows;
        tsr_status st = read_block(s, block, &rows);
        for (int32_t col = 0; st == TSR_OK && col < s->cols; col++) st = visit(s, col, rows, context);
        if (st != TSR_OK) return st;
    }
    return TSR_OK;
}

/* ---- counting passes ---- */

typedef struct histogram {
    int64_t *bins; /* [slots][2^width], then the number of ranks that failed */
    int64_t *seen; /* [slots][2]: bits that are 1, bits that are 0 in any key of the slot */
    int64_t nbins;
    int width, rest; /* bits counted by this pass; bits after it */
} histogram;

static tsr_status count_column(const tsr_radix *s, int32_t col, int64_t rows, void *context)
{
    const histogram *h = context;
    const uint64_t mask = trailing_mask(h->width);

    for (int64_t i = 0; i < rows; i++) {
        uint64_t key;
        int64_t at = locate(s, col, i, &key);
        if (at < 0) continue;
        h->bins[at << h->width | (int64_t)(key >> h->rest & mask)]++;
        h->seen[2 * at] |= (int64_t)key;
        h->seen[2 * at + 1] |= (int64_t)~key;
    }
    return TSR_OK;
}

static tsr_status histogram_create(const tsr_comm *comm, const tsr_radix *s, histogram *h)
{
    tsr_status st;

    memset(h, 0, sizeof *h);
    h->width = WIDEST;
    while (h->width > NARROWEST && s->nslots << h->width > BINS_WANTED) h->width--;
    if (h->width > KEY_BITS - s->known) h->width = KEY_BITS - s->known;
    h->rest = KEY_BITS - s->known - h->width;
    h->nbins = s->nslots << h->width;
    st = tsr_alloc(&h->bins, h->nbins + 1, sizeof *h->bins);
    if (st == TSR_OK) st = tsr_alloc(&h->seen, 2 * s->nslots, sizeof *h->seen);
    return tsr_agree(comm, st);
}

static void histogram_destroy(histogram *h)
{
    tsr_free(&h->seen);
    tsr_free(&h->bins);
}

static void or_int64(const tsr_comm *comm, int64_t *values, int64_t n)
{
    const int64_t most = TSR_CHUNK_BYTES / 8;

    for (int64_t at = 0; at < n; at += most)
        MPI_Allreduce(MPI_IN_PLACE, values + at, (int)(n - at < most ? n - at : most), MPI_INT64_T, MPI_BOR, comm->mpi);
}

/* From counts to cumulative counts, slot by slot; in the first pass the last ones are the pairs' counts. */
static void accumulate(tsr_radix *s, histogram *h)
{
    int64_t bins = (int64_t)1 << h->width;

    for (int64_t at = 0; at < s->nslots; at++) {
        int64_t *bin = h->bins + at * bins;
        for (int64_t i = 1; i < bins; i++) bin[i] += bin[i - 1];
        s->slots[at].keys = bin[bins - 1];
    }
}

/* Make the prefix of a target longer; keys: how many still share it. */
static void lengthen(const tsr_radix *s, const histogram *h, tsr_radix_target *t, int64_t *keys)
{
    const int64_t *bin = h->bins + (t->slot << h->width);
    int64_t low = 0, high = ((int64_t)1 << h->width) - 1;

    while (low < high) { /* the first bin that reaches beyond the target's rank */
        int64_t middle = low + (high - low) / 2;
        if (bin[middle] > t->left)
            high = middle;
        else
            low = middle + 1;
    }
    int64_t before = low > 0 ? bin[low - 1] : 0;
    *keys = bin[low] - before;
    t->left -= before;
    t->prefix = s->slots[t->slot].prefix << h->width | (uint64_t)low;

    uint64_t tail = trailing_mask(h->rest);
    uint64_t ones = (uint64_t)h->seen[2 * t->slot] & tail, zeros = (uint64_t)h->seen[2 * t->slot + 1] & tail;
    if ((ones & zeros) != 0) return;
    /* All keys of the slot end alike (integers do): nothing is left to find out. */
    t->prefix = t->prefix << h->rest | ones;
    t->slot = -1;
}

/* ---- targets and slots ---- */

double tsr_radix_place(double p, int64_t count)
{
    return (double)(count - 1) * p;
}

static int64_t rank_of(const tsr_radix *s, int64_t pair, int32_t i)
{
    return s->rank[(s->first_pair + pair) * s->np + i];
}

bool tsr_radix_wanted(const tsr_radix *s, int64_t pair, int32_t i)
{
    int64_t rank = s->p != NULL ? 0 : rank_of(s, pair, i);

    return rank >= 0 && rank < s->counts[pair];
}

static void targets_start(tsr_radix *s)
{
    for (int64_t pair = 0; pair < s->pairs; pair++) {
        int64_t count = s->counts[pair] = s->slots[pair].keys;
        for (int32_t i = 0; i < s->np; i++) {
            tsr_radix_target *t = s->targets + 2 * (pair * s->np + i);
            int64_t below = 0, at = tsr_radix_wanted(s, pair, i) ? pair : -1;
            if (at >= 0) below = s->p != NULL ? (int64_t)floor(tsr_radix_place(s->p[i], count)) : rank_of(s, pair, i);
            int64_t above = s->p != NULL && below + 1 < count ? below + 1 : below;
            t[0] = (tsr_radix_target){.left = below, .slot = at};
            t[1] = (tsr_radix_target){.left = above, .slot = at};
        }
    }
    s->counted = true;
}

/* The first slots: one per pair, nothing known. */
static void slots_start(tsr_radix *s)
{
    s->known = 0;
    s->nslots = s->pairs;
    for (int64_t pair = 0; pair < s->pairs; pair++) {
        s->slots[pair] = (tsr_radix_slot){.pair = pair};
        s->slot_start[pair] = pair;
    }
    s->slot_start[s->pairs] = s->pairs;
}

static int slot_order(const void *a, const void *b)
{
    const tsr_radix_slot *x = a, *y = b;

    if (x->pair != y->pair) return x->pair < y->pair ? -1 : 1;
    return (x->prefix > y->prefix) - (x->prefix < y->prefix);
}

static int64_t pair_of(const tsr_radix *s, int64_t target_index)
{
    return target_index / (2 * (int64_t)s->np);
}

/* New slots from the prefixes of the targets that are not found; targets of one prefix share one. */
static void slots_renew(tsr_radix *s)
{
    int64_t n = 0;

    for (int64_t i = 0; i < 2 * s->np * s->pairs; i++)
        if (s->targets[i].slot >= 0)
            s->slots[n++] = (tsr_radix_slot){s->targets[i].prefix, pair_of(s, i), s->targets[i].slot};
    qsort(s->slots, (size_t)n, sizeof *s->slots, slot_order);
    s->nslots = 0;
    for (int64_t i = 0; i < n; i++)
        if (s->nslots == 0 || slot_order(&s->slots[i], &s->slots[s->nslots - 1]) != 0)
            s->slots[s->nslots++] = s->slots[i];

    int64_t at = 0;
    for (int64_t pair = 0; pair <= s->pairs; pair++) {
        while (at < s->nslots && s->slots[at].pair < pair) at++;
        s->slot_start[pair] = at;
    }
    for (int64_t i = 0; i < 2 * s->np * s->pairs; i++)
        if (s->targets[i].slot >= 0) s->targets[i].slot = find_slot(s, pair_of(s, i), s->targets[i].prefix);
}

static void advance(tsr_radix *s, histogram *h)
{
    accumulate(s, h);
    if (!s->counted) targets_start(s);
    for (int64_t i = 0; i < 2 * s->np * s->pairs; i++) {
        int64_t keys;
        tsr_radix_target *t = &s->targets[i];
        if (t->slot < 0) continue;
        lengthen(s, h, t, &keys);
        if (t->slot >= 0) t->slot = keys; /* until slots_renew() gives it its new slot */
    }
    s->known += h->width;
    slots_renew(s);
}

static tsr_status counting_pass(const tsr_comm *comm, tsr_radix *s)
{
    histogram h;
    tsr_status st;

    TSR_TRY(histogram_create(comm, s, &h));
    tsr_status mine = visit_rows(s, count_column, &h);
    h.bins[h.nbins] = mine != TSR_OK;
    tsr_sum_int64(comm, h.bins, h.nbins + 1);
    if (h.bins[h.nbins] > 0) TSR_TRY(tsr_agree(comm, mine));
    or_int64(comm, h.seen, 2 * s->nslots);
    advance(s, &h);
done:
    histogram_destroy(&h);
    return st;
}

/* ---- the collecting pass ---- */

typedef struct collection {
    candidate *list;
    int64_t n, room;
} collection;

static tsr_status collect_column(const tsr_radix *s, int32_t col, int64_t rows, void *context)
{
    collection *c = context;

    for (int64_t i = 0; i < rows; i++) {
        uint64_t key;
        int64_t at = locate(s, col, i, &key);
        if (at < 0) continue;
        if (c->n == c->room) {
            int64_t room = c->room < 1024 ? 1024 : 2 * c->room;
            tsr_status st = tsr_resize(&c->list, room, sizeof *c->list);
            if (st != TSR_OK) return st;
            c->room = room;
        }
        c->list[c->n++] = (candidate){at, key};
    }
    return TSR_OK;
}

static int candidate_order(const void *a, const void *b)
{
    const candidate *x = a, *y = b;

    if (x->slot != y->slot) return x->slot < y->slot ? -1 : 1;
    return (x->key > y->key) - (x->key < y->key);
}

static tsr_status collecting_pass(const tsr_comm *comm, tsr_radix *s)
{
    collection mine = {NULL, 0, 0};
    candidate *all = NULL;
    int64_t *start = NULL; /* [nslots + 1] */
    int64_t n;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&start, s->nslots + 1, sizeof *start));
    TSR_AGREE(comm, visit_rows(s, collect_column, &mine));
    TSR_TRY(tsr_gather_all(comm, mine.list, mine.n, sizeof *all, (void **)&all, &n));
    qsort(all, (size_t)n, sizeof *all, candidate_order);
    for (int64_t i = 0; i < n; i++) start[all[i].slot + 1]++;
    for (int64_t at = 0; at < s->nslots; at++) {
        s->slots[at].keys = start[at + 1];
        start[at + 1] += start[at];
    }
    if (!s->counted) targets_start(s);
    for (int64_t i = 0; i < 2 * s->np * s->pairs; i++) {
        tsr_radix_target *t = &s->targets[i];
        if (t->slot < 0) continue;
        t->prefix = all[start[t->slot] + t->left].key;
        t->slot = -1;
    }
    s->nslots = 0;
done:
    tsr_free(&start);
    tsr_free(&all);
    tsr_free(&mine.list);
    return st;
}

/* ---- one batch ---- */

static int64_t keys_left(const tsr_radix *s)
{
    int64_t keys = 0;

    for (int64_t i = 0; i < s->nslots; i++) keys += s->slots[i].keys;
    return keys;
}

tsr_status tsr_radix_select(const tsr_comm *comm, tsr_radix *s, int64_t most)
{
    tsr_status st = TSR_OK;

    slots_start(s);
    s->counted = false;
    while (s->nslots > 0) {
        if (most <= COLLECT_MAX)
            TSR_TRY(collecting_pass(comm, s));
        else
            TSR_TRY(counting_pass(comm, s));
        most = keys_left(s);
    }
done:
    return st;
}

tsr_status tsr_radix_create(tsr_radix *s, int64_t pairs)
{
    int64_t targets = 2 * s->np * pairs, slots = targets > pairs ? targets : pairs;
    tsr_status st;

    TSR_TRY(tsr_alloc(&s->values, s->source->blocks > 0 ? s->cols * s->source->block_rows : 0, sizeof *s->values));
    TSR_TRY(tsr_alloc(&s->group, s->source->blocks > 0 ? s->source->block_rows : 0, sizeof *s->group));
    TSR_TRY(tsr_alloc(&s->slots, slots, sizeof *s->slots));
    TSR_TRY(tsr_alloc(&s->slot_start, pairs + 1, sizeof *s->slot_start));
    TSR_TRY(tsr_alloc(&s->targets, targets, sizeof *s->targets));
    TSR_TRY(tsr_alloc(&s->counts, pairs, sizeof *s->counts));
done:
    return st;
}

void tsr_radix_destroy(tsr_radix *s)
{
    tsr_free(&s->counts);
    tsr_free(&s->targets);
    tsr_free(&s->slot_start);
    tsr_free(&s->slots);
    tsr_free(&s->group);
    tsr_free(&s->values);
}
