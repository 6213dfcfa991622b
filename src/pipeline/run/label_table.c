#include "pipeline/run/label_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/run/label_csv.h"
#include "tessera/exchange.h"
#include "tessera/memory.h"

static int by_key(const void *left, const void *right)
{
    const tsr_label *a = left, *b = right;

    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return a->value < b->value ? -1 : a->value > b->value;
}

/* Keys are hashes: any of their digits deal evenly. */
static int owner(const tsr_comm *comm, uint64_t key)
{
    return (int)(key % (uint64_t)comm->size);
}

/* Labels in the order of their owners, as tsr_exchange() wants them; from[i]: where the i-th came from. */
static tsr_status sort_by_owner(const tsr_comm *comm, const tsr_label *in, int64_t n, tsr_label **out, int64_t **from,
                                int64_t *rows)
{
    int64_t *at = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(out, n, sizeof **out));
    TSR_TRY(tsr_alloc(from, n, sizeof **from));
    TSR_TRY(tsr_alloc(&at, comm->size + 1, sizeof *at));
    memset(rows, 0, sizeof *rows * (size_t)comm->size);
    for (int64_t i = 0; i < n; i++) rows[owner(comm, in[i].key)]++;
    for (int r = 0; r < comm->size; r++) at[r + 1] = at[r] + rows[r];
    for (int64_t i = 0; i < n; i++) {
        int64_t place = at[owner(comm, in[i].key)]++;
        (*out)[place] = in[i];
        (*from)[place] = i;
    }
done:
    tsr_free(&at);
    return st;
}

static tsr_status read_keys(const tsr_table *table, const tsr_span *span, const char *path, tsr_label *known)
{
    const tsr_column *id = tsr_table_find(table, "id");
    uint64_t *key = NULL;
    char *text = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&key, span->rows, sizeof *key));
    if (tsr_table_find(table, "key") != NULL) {
        TSR_TRY(tsr_table_read(table, "key", span->first, span->rows, TSR_U64, key));
    } else if (id != NULL && id->type == TSR_TEXT) {
        TSR_TRY(tsr_alloc(&text, span->rows, (size_t)id->width));
        TSR_TRY(tsr_table_read(table, "id", span->first, span->rows, TSR_TEXT, text));
        for (int64_t i = 0; i < span->rows; i++) key[i] = tsr_key_of_id(text + i * id->width, (size_t)id->width);
    } else {
        TSR_TRY(TSR_FAIL(TSR_ECONF, "%s has neither a column `key` nor a column `id` of texts to join by", path));
    }
    for (int64_t i = 0; i < span->rows; i++) known[i].key = key[i];
done:
    tsr_free(&text);
    tsr_free(&key);
    return st;
}

/* This rank's share of the table. */
static tsr_status read_known(const tsr_comm *comm, const char *path, const char *name, tsr_label **known, int64_t *n)
{
    tsr_table *table = NULL;
    double *value = NULL;
    tsr_status st;

    if (tsr_label_csv_is(path)) return tsr_label_csv_read(comm->rank, comm->size, path, name, known, n);
    TSR_TRY(tsr_table_open(path, &table));
    const tsr_column *column = tsr_table_find(table, name);
    if (column == NULL || column->type == TSR_TEXT || column->width != 1)
        TSR_TRY(TSR_FAIL(TSR_ECONF, "%s has no column %s of numbers", path, name));
    tsr_span span = tsr_span_even(tsr_table_rows(table), 1, comm->rank, comm->size);
    *n = span.rows;
    TSR_TRY(tsr_alloc(known, *n, sizeof **known));
    TSR_TRY(tsr_alloc(&value, *n, sizeof *value));
    TSR_TRY(tsr_table_read(table, name, span.first, span.rows, TSR_F64, value));
    TSR_TRY(read_keys(table, &span, path, *known));
    for (int64_t i = 0; i < *n; i++) (*known)[i].value = value[i];
done:
    tsr_free(&value);
    tsr_table_close(&table);
    return st;
}

static double look_up(const tsr_label *known, int64_t n, uint64_t key)
{
    int64_t low = 0, high = n;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (known[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && known[low].key == key ? known[low].value : (double)NAN;
}

static tsr_status make_questions(const tsr_population *population, tsr_label **asked)
{
    tsr_status st = tsr_alloc(asked, population->span.rows, sizeof **asked);

    for (int64_t i = 0; st == TSR_OK && i < population->span.rows; i++) (*asked)[i].key = population->key[i];
    return st;
}

tsr_status tsr_label_table_read(const tsr_comm *comm, const char *path, const char *name,
                                const tsr_population *population, double *values)
{
    tsr_label *mine = NULL, *sorted = NULL, *known = NULL, *asked = NULL, *answer = NULL;
    int64_t *from = NULL, *rows = NULL, *back = NULL, n = 0, known_n = 0, asked_n = 0;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&rows, comm->size, sizeof *rows));
    TSR_AGREE(comm, tsr_alloc(&back, comm->size, sizeof *back));
    TSR_AGREE(comm, read_known(comm, path, name, &mine, &n));
    TSR_AGREE(comm, sort_by_owner(comm, mine, n, &sorted, &from, rows));
    TSR_TRY(tsr_exchange(comm, sorted, rows, sizeof *sorted, (void **)&known, back));
    for (int r = 0; r < comm->size; r++) known_n += back[r];
    qsort(known, (size_t)known_n, sizeof *known, by_key);
    tsr_free(&from);
    tsr_free(&sorted);
    tsr_free(&mine);
    TSR_AGREE(comm, make_questions(population, &mine));
    TSR_AGREE(comm, sort_by_owner(comm, mine, population->span.rows, &sorted, &from, rows));
    TSR_TRY(tsr_exchange(comm, sorted, rows, sizeof *sorted, (void **)&asked, back));
    for (int r = 0; r < comm->size; r++) asked_n += back[r];
    for (int64_t i = 0; i < asked_n; i++) asked[i].value = look_up(known, known_n, asked[i].key);
    TSR_TRY(tsr_exchange(comm, asked, back, sizeof *asked, (void **)&answer, rows));
    for (int64_t i = 0; i < population->span.rows; i++) values[from[i]] = answer[i].value;
done:
    tsr_free(&answer);
    tsr_free(&asked);
    tsr_free(&known);
    tsr_free(&from);
    tsr_free(&sorted);
    tsr_free(&mine);
    tsr_free(&back);
    tsr_free(&rows);
    return st;
}
