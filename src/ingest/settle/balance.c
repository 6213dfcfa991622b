#include "ingest/settle/balance.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/csv.h"
#include "tessera/exchange.h"
#include "tessera/memory.h"

typedef struct refused_row {
    int64_t line;
    int32_t refusal, file;
} refused_row;

struct tsr_balance {
    int32_t sources;
    int64_t limit;
    tsr_source_total *total; /* [sources] */
    tsr_refusal *refusal;    /* [refusals] */
    int32_t refusals, refusals_room;
    refused_row *row; /* [rows] */
    int64_t rows, rows_room;
};

tsr_status tsr_balance_create(int32_t sources, int64_t limit, tsr_balance **out)
{
    tsr_balance *balance = NULL;
    tsr_status st;

    *out = NULL;
    TSR_TRY(tsr_alloc(&balance, 1, sizeof *balance));
    balance->sources = sources;
    balance->limit = limit;
    TSR_TRY(tsr_alloc(&balance->total, sources, sizeof *balance->total));
    *out = balance;
    balance = NULL;
done:
    tsr_balance_destroy(&balance);
    return st;
}

void tsr_balance_destroy(tsr_balance **at)
{
    if (*at == NULL) return;
    tsr_free(&(*at)->total);
    tsr_free(&(*at)->refusal);
    tsr_free(&(*at)->row);
    tsr_free(at);
}

void tsr_balance_use(tsr_balance *balance, int32_t source, int64_t rows, tsr_int128 money)
{
    tsr_source_total *total = &balance->total[source];

    total->rows_read += rows;
    total->rows_used += rows;
    total->money_used += money;
}

/* ---- refused rows ---- */

static void copy_cut(char *to, const char *from, size_t room)
{
    size_t n = strlen(from);

    if (n >= room) n = room - 1;
    memset(to, 0, room); /* plain data is compared and sent as bytes */
    memcpy(to, from, n);
}

/* Reasons are few: look at them one after the other. */
static tsr_status find_refusal(tsr_balance *balance, int32_t source, const char *reason, const char *column,
                               int32_t *index)
{
    for (int32_t i = 0; i < balance->refusals; i++) {
        const tsr_refusal *there = &balance->refusal[i];
        *index = i;
        if (there->source == source && strncmp(there->reason, reason, TSR_REASON_BYTES - 1) == 0 &&
            strncmp(there->column, column, TSR_COLUMN_BYTES - 1) == 0)
            return TSR_OK;
    }
    if (balance->refusals == balance->refusals_room) {
        int32_t room = 2 * balance->refusals_room + 16;
        tsr_status st = tsr_resize(&balance->refusal, room, sizeof *balance->refusal);
        if (st != TSR_OK) return st;
        balance->refusals_room = room;
    }
    *index = balance->refusals++;
    tsr_refusal *made = &balance->refusal[*index];
    memset(made, 0, sizeof *made);
    made->source = source;
    copy_cut(made->reason, reason, sizeof made->reason);
    copy_cut(made->column, column, sizeof made->column);
    return TSR_OK;
}

static tsr_status keep_row(tsr_balance *balance, const refused_row *row)
{
    if (balance->rows == balance->rows_room) {
        int64_t room = 2 * balance->rows_room + 256;
        tsr_status st = tsr_resize(&balance->row, room, sizeof *balance->row);
        if (st != TSR_OK) return st;
        balance->rows_room = room;
    }
    balance->row[balance->rows++] = *row;
    return TSR_OK;
}

tsr_status tsr_balance_refuse(tsr_balance *balance, int32_t source, int32_t file, int64_t line, const char *reason,
                              const char *column, int64_t money)
{
    int32_t index;
    tsr_status st = find_refusal(balance, source, reason, column, &index);

    if (st != TSR_OK) return st;
    tsr_refusal *refusal = &balance->refusal[index];
    balance->total[source].rows_read++;
    refusal->rows++;
    refusal->money += money;
    if (refusal->kept >= balance->limit) return TSR_OK;
    refusal->kept++;
    return keep_row(balance, &(refused_row){.line = line, .refusal = index, .file = file});
}

/* ---- over all ranks ---- */

static int by_reason(const void *left, const void *right)
{
    const tsr_refusal *a = left, *b = right;
    int order = (a->source > b->source) - (a->source < b->source);

    if (order == 0) order = strcmp(a->reason, b->reason);
    return order != 0 ? order : strcmp(a->column, b->column);
}

/* Put equal reasons of all ranks together. @return how many are left */
static int32_t join_refusals(tsr_refusal *all, int64_t n)
{
    int32_t kept = 0;

    qsort(all, (size_t)n, sizeof *all, by_reason);
    for (int64_t i = 0; i < n; i++) {
        if (kept > 0 && by_reason(&all[kept - 1], &all[i]) == 0) {
            all[kept - 1].rows += all[i].rows;
            all[kept - 1].money += all[i].money;
        } else {
            all[kept++] = all[i];
        }
    }
    return kept;
}

/* Lines of the file instead of lines of this rank's part; reasons by their common number. */
static void renumber_rows(tsr_balance *balance, const tsr_refusal *all, int32_t n, const int64_t *first_line)
{
    for (int64_t i = 0; i < balance->rows; i++) {
        refused_row *row = &balance->row[i];
        const tsr_refusal *common = bsearch(&balance->refusal[row->refusal], all, (size_t)n, sizeof *all, by_reason);
        row->refusal = (int32_t)(common - all);
        row->line += first_line[row->file];
    }
}

static int by_place(const void *left, const void *right)
{
    const refused_row *a = left, *b = right;

    if (a->file != b->file) return a->file < b->file ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

static tsr_status gather_rows(const tsr_comm *comm, tsr_balance *balance)
{
    int64_t *counts = NULL; /* [2][size]: sent, received */
    void *received = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&counts, 2 * (int64_t)comm->size, sizeof *counts));
    counts[0] = balance->rows;
    TSR_TRY(tsr_exchange(comm, balance->row, counts, sizeof *balance->row, &received, counts + comm->size));
    tsr_free(&balance->row);
    balance->row = received;
    balance->rows = balance->rows_room = 0;
    for (int r = 0; r < comm->size; r++) balance->rows += counts[comm->size + r];
    balance->rows_room = balance->rows;
    qsort(balance->row, (size_t)balance->rows, sizeof *balance->row, by_place);
done:
    tsr_free(&counts);
    return st;
}

static tsr_status sum_totals(const tsr_comm *comm, tsr_balance *balance)
{
    void *all = NULL;
    int64_t n;
    tsr_status st;

    TSR_TRY(tsr_gather_all(comm, balance->total, balance->sources, sizeof *balance->total, &all, &n));
    const tsr_source_total *part = all;
    memset(balance->total, 0, (size_t)balance->sources * sizeof *balance->total);
    for (int64_t i = 0; i < n; i++) {
        tsr_source_total *total = &balance->total[i % balance->sources];
        total->rows_read += part[i].rows_read;
        total->rows_used += part[i].rows_used;
        total->money_used += part[i].money_used;
    }
done:
    tsr_free(&all);
    return st;
}

tsr_status tsr_balance_settle(const tsr_comm *comm, tsr_balance *balance, const int64_t *first_line)
{
    void *all = NULL;
    int64_t n;
    tsr_status st;

    TSR_TRY(sum_totals(comm, balance));
    TSR_TRY(tsr_gather_all(comm, balance->refusal, balance->refusals, sizeof *balance->refusal, &all, &n));
    int32_t kept = join_refusals(all, n);
    renumber_rows(balance, all, kept, first_line);
    tsr_free(&balance->refusal);
    balance->refusal = all;
    balance->refusals = balance->refusals_room = kept;
    TSR_TRY(gather_rows(comm, balance));
done:
    return st;
}

void tsr_balance_clean(tsr_balance *balance, const tsr_cleaned *cleaned)
{
    for (int32_t i = 0; i < balance->sources; i++) {
        tsr_source_total *total = &balance->total[i];
        total->cleaned = cleaned[i];
        total->rows_used -= cleaned[i].duplicates;
        total->money_used -= cleaned[i].duplicate_money;
    }
}

const tsr_source_total *tsr_balance_total(const tsr_balance *balance, int32_t source)
{
    return &balance->total[source];
}

const tsr_refusal *tsr_balance_refusals(const tsr_balance *balance, int32_t *n)
{
    *n = balance->refusals;
    return balance->refusal;
}

/* ---- rejects.csv ---- */

static void put_row(FILE *to, const refused_row *row, const tsr_refusal *refusal, const char *name)
{
    tsr_csv_put(to, name);
    fprintf(to, ",%" PRId64 ",", row->line);
    tsr_csv_put(to, refusal->reason);
    fputc(',', to);
    tsr_csv_put(to, refusal->column);
    fputc('\n', to);
}

/* One reason may have several columns: they share its limit, counted at the first of them. */
static int32_t first_of_reason(const tsr_balance *balance, int32_t index)
{
    const tsr_refusal *all = balance->refusal;

    while (index > 0 && all[index - 1].source == all[index].source &&
           strcmp(all[index - 1].reason, all[index].reason) == 0)
        index--;
    return index;
}

tsr_status tsr_balance_csv(const tsr_balance *balance, const char *const *name, char **text, int64_t *bytes)
{
    int64_t *written = NULL;
    char *buffer = NULL;
    size_t n = 0;
    FILE *to = NULL;
    tsr_status st;

    *text = NULL;
    TSR_TRY(tsr_alloc(&written, balance->refusals, sizeof *written));
    to = open_memstream(&buffer, &n);
    if (to != NULL) fputs("source,line,reason,column\n", to);
    for (int64_t i = 0; to != NULL && i < balance->rows; i++) {
        const refused_row *row = &balance->row[i];
        if (written[first_of_reason(balance, row->refusal)]++ < balance->limit)
            put_row(to, row, &balance->refusal[row->refusal], name[row->file]);
    }
    if (to == NULL || fclose(to) != 0) {
        st = TSR_FAIL(TSR_ENOMEM, "out of memory: no room for the list of refused rows");
        goto done;
    }
    TSR_TRY(tsr_alloc(text, (int64_t)n + 1, 1));
    memcpy(*text, buffer, n);
    *bytes = (int64_t)n;
done:
    free(buffer);
    tsr_free(&written);
    return st;
}
