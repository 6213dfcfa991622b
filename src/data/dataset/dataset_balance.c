#include "data/dataset/dataset_balance.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "tessera/exchange.h"
#include "tessera/memory.h"

#define MONEY_TEXT 64

void tsr_stored_add(tsr_stored *stored, const tsr_block *block)
{
    stored->rows[TSR_TRANSACTIONS] += block->transactions;
    for (int64_t i = 0; i < block->transactions; i++) stored->money[TSR_TRANSACTIONS] += block->amount[i];
    for (int32_t kind = TSR_TRANSACTIONS + 1; kind < TSR_KINDS; kind++) {
        const tsr_records *records = &block->records[kind];
        int32_t c = 0;
        stored->rows[kind] += records->rows;
        while (c < tsr_kind_of(kind)->columns && tsr_kind_of(kind)->column[c].cell != TSR_CELL_MONEY) c++;
        if (c == tsr_kind_of(kind)->columns || records->column[c] == NULL) continue;
        for (int64_t i = 0; i < records->rows; i++) stored->money[kind] += ((const int64_t *)records->column[c])[i];
    }
}

tsr_status tsr_stored_sum(const tsr_comm *comm, tsr_stored *stored)
{
    void *all = NULL;
    int64_t n;
    tsr_status st;

    TSR_TRY(tsr_gather_all(comm, stored, 1, sizeof *stored, &all, &n));
    memset(stored, 0, sizeof *stored);
    for (int64_t i = 0; i < n; i++)
        for (int32_t kind = 0; kind < TSR_KINDS; kind++) {
            stored->rows[kind] += ((const tsr_stored *)all)[i].rows[kind];
            stored->money[kind] += ((const tsr_stored *)all)[i].money[kind];
        }
done:
    tsr_free(&all);
    return st;
}

/* ---- what dataset.json tells ---- */

/* "-12.34" in hundredths, as tsr_int128_print() writes it. */
static tsr_int128 money_of(const json_t *object, const char *key)
{
    const char *at = json_string_value(json_object_get(object, key));
    tsr_int128 money = 0;

    for (const char *c = at; c != NULL && *c != '\0'; c++)
        if (*c >= '0' && *c <= '9') money = money * 10 + (*c - '0');
    return at != NULL && *at == '-' ? -money : money;
}

static int64_t rows_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *print_money(const tsr_dataset *dataset, tsr_int128 money, char text[MONEY_TEXT])
{
    tsr_int128_print(money, dataset->info.money_scale, text);
    return text;
}

/* Read = used + duplicates + rejected. */
static tsr_status check_source(const tsr_dataset *dataset, size_t number, const json_t *entry)
{
    int64_t rows = rows_of(entry, "rows_used") + rows_of(entry, "rows_duplicate");
    tsr_int128 money = money_of(entry, "money_used") + money_of(entry, "money_duplicate");
    char text[2][MONEY_TEXT];
    const char *reason;
    json_t *part;

    json_object_foreach(json_object_get(entry, "rows_rejected"), reason, part)
    {
        rows += rows_of(part, "rows");
        money += money_of(part, "money");
    }
    if (rows != rows_of(entry, "rows_read"))
        return TSR_FAIL(TSR_EDATA,
                        "%s/dataset.json: source %zu does not balance: %" PRId64 " rows read, but %" PRId64
                        " used, duplicate or rejected",
                        dataset->folder, number, rows_of(entry, "rows_read"), rows);
    if (money != money_of(entry, "money_read"))
        return TSR_FAIL(
            TSR_EDATA,
            "%s/dataset.json: source %zu does not balance: money %s read, but %s used, duplicate or rejected",
            dataset->folder, number, print_money(dataset, money_of(entry, "money_read"), text[0]),
            print_money(dataset, money, text[1]));
    return TSR_OK;
}

static tsr_status check_kind(const tsr_dataset *dataset, const tsr_stored *told, const tsr_stored *stored, int32_t kind)
{
    char text[2][MONEY_TEXT];

    if (told->rows[kind] != stored->rows[kind])
        return TSR_FAIL(TSR_EDATA,
                        "%s: its sources used %" PRId64 " rows of %s, but %" PRId64 " are stored; ingest again",
                        dataset->folder, told->rows[kind], tsr_kind_of(kind)->name, stored->rows[kind]);
    if (told->money[kind] != stored->money[kind])
        return TSR_FAIL(TSR_EDATA, "%s: the money of %s that its sources used is %s, but %s is stored; ingest again",
                        dataset->folder, tsr_kind_of(kind)->name, print_money(dataset, told->money[kind], text[0]),
                        print_money(dataset, stored->money[kind], text[1]));
    return TSR_OK;
}

static void add_told(tsr_stored *told, const json_t *entry)
{
    const char *name = json_string_value(json_object_get(entry, "kind"));

    for (int32_t kind = 0; kind < TSR_KINDS; kind++) {
        if (name == NULL || strcmp(name, tsr_kind_of(kind)->name) != 0) continue;
        told->rows[kind] += rows_of(entry, "rows_used") - rows_of(json_object_get(entry, "returns"), "rows_netted");
        told->money[kind] += money_of(entry, "money_used");
    }
}

tsr_status tsr_stored_check(const tsr_dataset *dataset, const tsr_stored *stored)
{
    const char *sources = dataset->info.sources;
    json_t *list = sources != NULL ? json_loads(sources, 0, NULL) : NULL, *entry;
    tsr_stored told = {.rows = {0}};
    bool from_files = json_array_size(list) > 0;
    size_t i;
    tsr_status st = TSR_OK;

    json_array_foreach(list, i, entry)
    {
        from_files = from_files && json_object_get(entry, "rows_read") != NULL;
        if (st == TSR_OK && from_files) st = check_source(dataset, i, entry);
        add_told(&told, entry);
    }
    for (int32_t kind = 0; st == TSR_OK && from_files && kind < TSR_KINDS; kind++)
        st = check_kind(dataset, &told, stored, kind);
    json_decref(list);
    return st;
}
