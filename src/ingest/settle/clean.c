#include "ingest/settle/clean.h"

#include <string.h>
#include <xxhash.h>

#include "ingest/parse/clock.h"
#include "tessera/exchange.h"
#include "tessera/memory.h"

/* A record of the customer at hand, where something may be done to it. */
typedef struct record {
    int64_t amount;
    uint32_t day;
    uint16_t source;
    bool gone;
} record;

/* Those of one kind of the customer at hand. */
typedef struct records {
    const tsr_layout *layout;
    int32_t money_at; /* offset of the money in a row; 0: the kind has none */
    bool busy;        /* they are looked at one by one */
    record *record;   /* [room] */
    int64_t room;
} records;

struct tsr_cleaner {
    tsr_clean_plan plan;
    tsr_cleaned *found; /* [sources] */
    records of[TSR_KINDS];
    XXH128_hash_t *seen; /* [seen_room] keys: a hash table */
    int64_t seen_room;
    char *previous; /* the last row that was counted; empty: none of this customer */
    bool has_previous;
};

tsr_status tsr_cleaner_create(const tsr_clean_plan *plan, tsr_cleaner **out)
{
    tsr_cleaner *cleaner = NULL;
    tsr_status st;

    *out = NULL;
    TSR_TRY(tsr_alloc(&cleaner, 1, sizeof *cleaner));
    cleaner->plan = *plan;
    TSR_TRY(tsr_alloc(&cleaner->found, plan->sources, sizeof *cleaner->found));
    TSR_TRY(tsr_alloc(&cleaner->previous, 1, TSR_ROW_HEAD + 8 * TSR_KIND_COLUMNS));
    *out = cleaner;
    cleaner = NULL;
done:
    tsr_cleaner_destroy(&cleaner);
    return st;
}

void tsr_cleaner_destroy(tsr_cleaner **at)
{
    if (*at == NULL) return;
    tsr_free(&(*at)->found);
    for (int32_t kind = 0; kind < TSR_KINDS; kind++) tsr_free(&(*at)->of[kind].record);
    tsr_free(&(*at)->seen);
    tsr_free(&(*at)->previous);
    tsr_free(at);
}

const tsr_cleaned *tsr_cleaner_found(const tsr_cleaner *cleaner)
{
    return cleaner->found;
}

tsr_status tsr_cleaner_sum(const tsr_comm *comm, tsr_cleaner *cleaner)
{
    int32_t sources = cleaner->plan.sources;
    void *all = NULL;
    int64_t n;
    tsr_status st;

    TSR_TRY(tsr_gather_all(comm, cleaner->found, sources, sizeof *cleaner->found, &all, &n));
    const tsr_cleaned *part = all;
    memset(cleaner->found, 0, (size_t)sources * sizeof *cleaner->found);
    for (int64_t i = 0; i < n; i++) {
        tsr_cleaned *sum = &cleaner->found[i % sources];
        sum->duplicate_money += part[i].duplicate_money;
        sum->return_money += part[i].return_money;
        sum->repeated += part[i].repeated;
        sum->duplicates += part[i].duplicates;
        sum->returns += part[i].returns;
        sum->netted += part[i].netted;
    }
done:
    tsr_free(&all);
    return st;
}

/* ---- what a row holds ---- */

/* Where rows have their money: the first column of money that their kind has; 0 where it has none. */
static int32_t find_money(const tsr_layout *layout)
{
    for (int32_t c = 0; c < layout->columns; c++)
        if (layout->column[c].cell == TSR_CELL_MONEY && layout->column[c].at > 0) return layout->column[c].at;
    return 0;
}

static int64_t money_of(const records *all, const char *row)
{
    int64_t money = 0;

    if (all->money_at > 0) memcpy(&money, row + all->money_at, sizeof money);
    return money;
}

static tsr_cleaned *found_of(tsr_cleaner *cleaner, int32_t source)
{
    return source < cleaner->plan.sources ? &cleaner->found[source] : NULL;
}

/* ---- keys ---- */

static XXH128_hash_t key_of(const tsr_layout *layout, const char *row, uint32_t columns, uint16_t source)
{
    char bytes[8 * TSR_KIND_COLUMNS + 2];
    size_t n = sizeof source;

    memcpy(bytes, &source, sizeof source);
    for (int32_t c = 0; c < layout->columns; c++) {
        if ((columns >> c & 1) == 0 || layout->column[c].at == 0) continue;
        size_t width = tsr_cell_bytes(layout->column[c].cell);
        memcpy(bytes + n, row + layout->column[c].at, width);
        n += width;
    }
    XXH128_hash_t key = XXH3_128bits(bytes, n);
    key.low64 |= 1; /* 0 is an empty place */
    return key;
}

/* Was the key there? Now it is. */
static bool see_key(tsr_cleaner *cleaner, int64_t places, XXH128_hash_t key)
{
    int64_t at = (int64_t)(key.high64 & (uint64_t)(places - 1));

    for (; cleaner->seen[at].low64 != 0; at = (at + 1) & (places - 1))
        if (XXH128_isEqual(cleaner->seen[at], key)) return true;
    cleaner->seen[at] = key;
    return false;
}

static tsr_status prepare(tsr_cleaner *cleaner, records *all, int64_t n, int64_t *places)
{
    tsr_status st = TSR_OK;

    for (*places = 16; *places < n + n / 2;) *places *= 2;
    if (n > all->room) {
        TSR_TRY(tsr_resize(&all->record, n, sizeof *all->record));
        all->room = n;
    }
    if (cleaner->plan.key == NULL) goto done;
    if (*places > cleaner->seen_room) {
        TSR_TRY(tsr_resize(&cleaner->seen, *places, sizeof *cleaner->seen));
        cleaner->seen_room = *places;
    }
    memset(cleaner->seen, 0, (size_t)*places * sizeof *cleaner->seen);
done:
    return st;
}

static void count_return(tsr_cleaner *cleaner, int32_t source, int64_t amount)
{
    tsr_cleaned *found = amount < 0 ? found_of(cleaner, source) : NULL;

    if (found == NULL) return;
    found->returns++;
    found->return_money += amount;
}

/* Rows of the input, before returns are set off. Equal records stand together, those of one source in a row.
 * @param made  [n] which of them are duplicates; NULL: none */
static void count(tsr_cleaner *cleaner, int32_t kind, const char *row, int64_t n, const record *made)
{
    const records *all = &cleaner->of[kind];
    const tsr_layout *layout = all->layout;
    const char *previous = cleaner->has_previous ? cleaner->previous : NULL;

    for (int64_t i = 0; i < n; i++, row += layout->bytes) {
        const char *before = previous;
        int32_t source = tsr_row_source(row);
        if (made != NULL && made[i].gone) continue;
        previous = row;
        if (kind == TSR_TRANSACTIONS) count_return(cleaner, source, money_of(all, row));
        if (before == NULL || tsr_row_time(layout, before) != tsr_row_time(layout, row)) continue;
        if (source != tsr_row_source(before) || !tsr_row_equal(layout, before, row)) continue;
        if (found_of(cleaner, source) != NULL) found_of(cleaner, source)->repeated++;
    }
    if (previous == NULL || previous == cleaner->previous) return;
    memcpy(cleaner->previous, previous, (size_t)layout->bytes);
    cleaner->has_previous = true;
}

static void look_at_row(tsr_cleaner *cleaner, const records *all, int64_t places, const char *row, record *made)
{
    const tsr_layout *layout = all->layout;
    int32_t source = tsr_row_source(row);
    tsr_cleaned *found = found_of(cleaner, source);
    uint32_t key = cleaner->plan.key != NULL && found != NULL ? cleaner->plan.key[source] : 0;

    *made = (record){.amount = money_of(all, row),
                     .day = tsr_row_time(layout, row) / TSR_SECONDS_PER_DAY,
                     .source = (uint16_t)source};
    if (key == 0 || !see_key(cleaner, places, key_of(layout, row, key, made->source))) return;
    made->gone = true;
    found->duplicates++;
    found->duplicate_money += made->amount;
}

/* ---- returns ---- */

/* Take what is left to take from an amount of either sign. */
static void set_off(tsr_cleaner *cleaner, record *r, tsr_int128 *left)
{
    const tsr_int128 amount = r->amount, size = amount < 0 ? -amount : amount, off = *left < size ? *left : size;
    tsr_cleaned *found = found_of(cleaner, r->source);

    if (off == 0) return;
    *left -= off;
    r->amount = (int64_t)(amount < 0 ? amount + off : amount - off);
    r->gone = r->amount == 0;
    if (r->gone && found != NULL) found->netted++;
}

static void net_day(tsr_cleaner *cleaner, record *day, int64_t n)
{
    tsr_int128 bought = 0, returned = 0;

    for (int64_t i = 0; i < n; i++) {
        const record *r = &day[i];
        if (r->gone) continue;
        bought += r->amount > 0 ? r->amount : 0;
        returned -= r->amount < 0 ? r->amount : 0;
    }
    tsr_int128 off = bought < returned ? bought : returned, of_returns = off;
    for (int64_t i = 0; i < n && off + of_returns > 0; i++) {
        record *r = &day[i];
        if (!r->gone) set_off(cleaner, r, r->amount < 0 ? &of_returns : &off);
    }
}

static void net_days(tsr_cleaner *cleaner, record *all, int64_t n)
{
    int64_t end;

    for (int64_t from = 0; from < n; from = end) {
        end = from + 1;
        while (end < n && all[end].day == all[from].day) end++;
        net_day(cleaner, all + from, end - from);
    }
}

/* ---- the interface ---- */

tsr_status tsr_clean_customer(tsr_cleaner *cleaner, int32_t kind, tsr_sorted *sorted, int64_t first, int64_t n,
                              int64_t *kept)
{
    records *all = &cleaner->of[kind];
    bool net = cleaner->plan.net && kind == TSR_TRANSACTIONS;
    int64_t places, have;
    const char *row;
    tsr_status st = TSR_OK;

    *kept = n;
    if (all->layout != sorted->layout) all->money_at = find_money(sorted->layout);
    all->layout = sorted->layout;
    all->busy = n > 0 && (net || (cleaner->plan.kinds >> kind & 1) != 0);
    if (!all->busy) goto done;
    TSR_TRY(prepare(cleaner, all, n, &places));
    cleaner->has_previous = false;
    for (int64_t i = 0; i < n;) {
        TSR_TRY(tsr_sorted_view(sorted, first + i, &row, &have));
        have = have < n - i ? have : n - i;
        for (int64_t r = 0; r < have; r++)
            look_at_row(cleaner, all, places, row + r * all->layout->bytes, &all->record[i + r]);
        count(cleaner, kind, row, have, all->record + i);
        i += have;
    }
    if (net) net_days(cleaner, all->record, n);
    for (int64_t i = 0; i < n; i++) *kept -= all->record[i].gone;
done:
    return st;
}

const char *tsr_clean_rows(tsr_cleaner *cleaner, int32_t kind, int64_t at, const char *row, int64_t *n, char *room)
{
    const records *all = &cleaner->of[kind];
    int64_t bytes = all->layout->bytes, kept = 0;

    if (at == 0) cleaner->has_previous = false;
    for (int64_t i = 0; all->busy && i < *n; i++) {
        const record *r = &all->record[at + i];
        char *to = room + kept * bytes;
        if (r->gone) continue;
        memcpy(to, row + i * bytes, (size_t)bytes);
        if (kind == TSR_TRANSACTIONS)
            memcpy(to + all->layout->column[TSR_TRANSACTION_AMOUNT].at, &r->amount, sizeof r->amount);
        kept++;
    }
    if (!all->busy) {
        count(cleaner, kind, row, *n, NULL);
        return row;
    }
    *n = kept;
    return room;
}
