#include "ingest/unify.h"

#include <stdlib.h>
#include <string.h>

#include "tessera/exchange.h"
#include "tessera/memory.h"

/* ---- texts of all ranks ---- */

/* A text as it travels: its length in four bytes, then its bytes. */
static tsr_status pack_texts(const tsr_strings *strings, char **packed, int64_t *bytes)
{
    int64_t room = 0;

    for (int32_t i = 0; i < strings->n; i++) room += 4 + tsr_strings_get(strings, i).n;
    *bytes = 0;
    tsr_status st = tsr_alloc(packed, room, 1);
    if (st != TSR_OK) return st;
    for (int32_t i = 0; i < strings->n; i++) {
        tsr_slice text = tsr_strings_get(strings, i);
        memcpy(*packed + *bytes, &text.n, 4);
        memcpy(*packed + *bytes + 4, text.at, (size_t)text.n);
        *bytes += 4 + text.n;
    }
    return TSR_OK;
}

static tsr_status unpack_texts(const char *packed, int64_t bytes, tsr_strings *strings)
{
    tsr_slice text;
    int32_t number;

    for (int64_t at = 0; at < bytes; at += 4 + text.n) {
        memcpy(&text.n, packed + at, 4);
        text.at = packed + at + 4;
        tsr_status st = tsr_strings_add(strings, text, &number);
        if (st != TSR_OK) return st;
    }
    return TSR_OK;
}

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

/* Fill the dictionary with @p all in order; place[number] = code. */
static tsr_status make_dictionary(const tsr_strings *all, tsr_dictionary *dictionary, int32_t *place)
{
    sorted_text *sorted = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&sorted, all->n, sizeof *sorted));
    for (int32_t i = 0; i < all->n; i++) sorted[i] = (sorted_text){tsr_strings_get(all, i), i};
    qsort(sorted, (size_t)all->n, sizeof *sorted, by_bytes);
    TSR_TRY(tsr_alloc(&dictionary->text, all->n, sizeof *dictionary->text));
    for (; dictionary->n < all->n; dictionary->n++) {
        const sorted_text *from = &sorted[dictionary->n];
        char **text = &dictionary->text[dictionary->n];
        TSR_TRY(tsr_alloc(text, from->text.n + 1LL, 1));
        memcpy(*text, from->text.at, (size_t)from->text.n);
        place[from->number] = dictionary->n;
    }
done:
    tsr_free(&sorted);
    return st;
}

static tsr_status join_texts(const tsr_strings *local, const char *packed, int64_t bytes, tsr_dictionary *dictionary,
                             int32_t *code)
{
    tsr_strings all = {0};
    int32_t *place = NULL, number;
    tsr_status st;

    TSR_TRY(unpack_texts(packed, bytes, &all));
    TSR_TRY(tsr_alloc(&place, all.n, sizeof *place));
    TSR_TRY(make_dictionary(&all, dictionary, place));
    for (int32_t i = 0; i < local->n; i++) {
        TSR_TRY(tsr_strings_add(&all, tsr_strings_get(local, i), &number)); /* it is there */
        code[i] = place[number];
    }
done:
    tsr_free(&place);
    tsr_strings_clear(&all);
    return st;
}

tsr_status tsr_unify_texts(const tsr_comm *comm, const tsr_strings *local, tsr_dictionary *dictionary, int32_t **code)
{
    char *packed = NULL;
    void *all = NULL;
    int64_t bytes, all_bytes;
    tsr_status st;

    *dictionary = (tsr_dictionary){0};
    TSR_AGREE(comm, tsr_alloc(code, local->n, sizeof **code));
    TSR_AGREE(comm, pack_texts(local, &packed, &bytes));
    TSR_TRY(tsr_gather_all(comm, packed, bytes, 1, &all, &all_bytes));
    TSR_AGREE(comm, join_texts(local, all, all_bytes, dictionary, *code));
done:
    tsr_free(&all);
    tsr_free(&packed);
    return st;
}

/* ---- attributes ---- */

/* The values of the texts as floats; false where one is no number. */
static bool as_numbers(const tsr_strings *texts, uint32_t *value)
{
    float number;

    for (int32_t i = 0; i < texts->n; i++) {
        if (tsr_parse_float(tsr_strings_get(texts, i), &number) != TSR_PARSED) return false;
        memcpy(&value[i], &number, sizeof number);
    }
    return true;
}

tsr_status tsr_unify_attribute(const tsr_comm *comm, const tsr_attribute_values *local, tsr_attribute *about,
                               uint32_t **value)
{
    int32_t *code = NULL;
    tsr_status st;

    memset(about, 0, sizeof *about);
    strcpy(about->name, local->name);
    TSR_AGREE(comm, tsr_alloc(value, local->texts.n, sizeof **value));
    int numeric = local->form != TSR_FORM_CATEGORY && as_numbers(&local->texts, *value);
    MPI_Allreduce(MPI_IN_PLACE, &numeric, 1, MPI_INT, MPI_LAND, comm->mpi);
    about->categorical = !numeric;
    if (numeric) goto done;
    TSR_TRY(tsr_unify_texts(comm, &local->texts, &about->dictionary, &code));
    for (int32_t i = 0; i < local->texts.n; i++) (*value)[i] = (uint32_t)code[i];
done:
    tsr_free(&code);
    return st;
}
