#include "ingest/collect/unify.h"

#include <stdlib.h>
#include <string.h>

#include "tessera/exchange.h"
#include "tessera/memory.h"

/* ---- common numbers ---- */

/* A text as it travels: its dictionary and its length in four bytes each, then its bytes. */
#define HEAD 8

static tsr_status pack_new(const tsr_texts_of_all *texts, int32_t dictionaries, char **packed, int64_t *bytes)
{
    int64_t room = 0;

    for (int32_t d = 0; d < dictionaries; d++)
        for (int32_t i = texts[d].told; i < texts[d].mine.n; i++) room += HEAD + tsr_strings_get(&texts[d].mine, i).n;
    *bytes = 0;
    tsr_status st = tsr_alloc(packed, room, 1);
    if (st != TSR_OK) return st;
    for (int32_t d = 0; d < dictionaries; d++)
        for (int32_t i = texts[d].told; i < texts[d].mine.n; i++) {
            tsr_slice text = tsr_strings_get(&texts[d].mine, i);
            int32_t head[2] = {d, text.n};
            memcpy(*packed + *bytes, head, HEAD);
            memcpy(*packed + *bytes + HEAD, text.at, (size_t)text.n);
            *bytes += HEAD + text.n;
        }
    return TSR_OK;
}

static tsr_status add_all(tsr_texts_of_all *texts, const char *packed, int64_t bytes)
{
    int32_t head[2], number;

    for (int64_t at = 0; at < bytes; at += HEAD + head[1]) {
        memcpy(head, packed + at, HEAD);
        tsr_status st = tsr_strings_add(&texts[head[0]].all, (tsr_slice){packed + at + HEAD, head[1]}, &number);
        if (st != TSR_OK) return st;
    }
    return TSR_OK;
}

static tsr_status find_numbers(tsr_texts_of_all *texts)
{
    tsr_status st = tsr_resize(&texts->number, texts->mine.n, sizeof *texts->number);

    for (; st == TSR_OK && texts->told < texts->mine.n; texts->told++)
        st = tsr_strings_add(&texts->all, tsr_strings_get(&texts->mine, texts->told), &texts->number[texts->told]);
    return st;
}

static tsr_status take_numbers(tsr_texts_of_all *texts, int32_t dictionaries, const char *packed, int64_t bytes)
{
    tsr_status st = add_all(texts, packed, bytes);

    for (int32_t d = 0; st == TSR_OK && d < dictionaries; d++)
        if (texts[d].told < texts[d].mine.n) st = find_numbers(&texts[d]);
    return st;
}

tsr_status tsr_unify_new(const tsr_comm *comm, tsr_texts_of_all *texts, int32_t dictionaries)
{
    char *packed = NULL;
    void *all = NULL;
    int64_t bytes, all_bytes;
    tsr_status st = TSR_OK;

    if (comm->size == 1) return TSR_OK;
    TSR_AGREE(comm, pack_new(texts, dictionaries, &packed, &bytes));
    TSR_TRY(tsr_gather_all(comm, packed, bytes, 1, &all, &all_bytes));
    TSR_AGREE(comm, take_numbers(texts, dictionaries, all, all_bytes));
done:
    tsr_free(&all);
    tsr_free(&packed);
    return st;
}

/* ---- dictionaries ---- */

typedef struct sorted_text {
    tsr_slice text;
    int32_t number;
} sorted_text;

static int by_bytes(const void *left, const void *right)
{
    tsr_slice a = ((const sorted_text *)left)->text, b = ((const sorted_text *)right)->text;
    int order = memcmp(a.at, b.at, (size_t)(a.n < b.n ? a.n : b.n));

    return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

tsr_status tsr_unify_sort(const tsr_strings *all, tsr_dictionary *dictionary, int32_t **code)
{
    sorted_text *sorted = NULL;
    tsr_status st;

    *code = NULL;
    TSR_TRY(tsr_alloc(&sorted, all->n, sizeof *sorted));
    TSR_TRY(tsr_alloc(code, all->n, sizeof **code));
    for (int32_t i = 0; i < all->n; i++) sorted[i] = (sorted_text){tsr_strings_get(all, i), i};
    qsort(sorted, (size_t)all->n, sizeof *sorted, by_bytes);
    TSR_TRY(tsr_alloc(&dictionary->text, all->n, sizeof *dictionary->text));
    for (; dictionary->n < all->n; dictionary->n++) {
        const sorted_text *from = &sorted[dictionary->n];
        char **text = &dictionary->text[dictionary->n];
        TSR_TRY(tsr_alloc(text, from->text.n + 1LL, 1));
        memcpy(*text, from->text.at, (size_t)from->text.n);
        (*code)[from->number] = dictionary->n;
    }
done:
    tsr_free(&sorted);
    return st;
}

/* ---- attributes ---- */

static tsr_status check_form(const tsr_collect *collect, int32_t a)
{
    const tsr_attribute_state *state = &collect->attribute[a];

    if (state->form == TSR_FORM_CATEGORY && state->too_many)
        return TSR_FAIL(TSR_EDATA,
                        "attribute %s: not all values are numbers, and there are more than %d different ones: declare "
                        "it a number (others are then rejected) or a category in types",
                        state->name, TSR_CATEGORIES_MAX);
    return TSR_OK;
}

tsr_status tsr_unify_forms(const tsr_comm *comm, tsr_collect *collect)
{
    tsr_status st = TSR_OK;

    for (int32_t a = 0; a < collect->attributes; a++) {
        tsr_attribute_state *state = &collect->attribute[a];
        const tsr_texts_of_all *texts = &collect->texts[TSR_DICTIONARIES + a];
        int seen[2] = {state->text_seen, state->too_many};
        MPI_Allreduce(MPI_IN_PLACE, seen, 2, MPI_INT, MPI_LOR, comm->mpi);
        if (state->form != TSR_FORM_AUTO) continue;
        const tsr_strings *all = comm->size > 1 ? &texts->all : &texts->mine;
        state->too_many = seen[1] || all->n > TSR_CATEGORIES_MAX;
        state->form = seen[0] ? TSR_FORM_CATEGORY : TSR_FORM_NUMBER;
        state->empty = all->n == 0;
        TSR_AGREE(comm, check_form(collect, a));
    }
done:
    return st;
}
