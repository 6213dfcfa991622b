#include "data/table/rowhash.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/memory.h"

/* Rows are put together in groups that stay in the second-level cache, one column after the other. */
#define GROUP 256

struct tsr_rowhash {
    const tsr_column *columns; /* borrowed */
    int32_t n;
    int32_t *order;    /* [n] columns as a row is hashed */
    int64_t stride;    /* bytes of the longest row, framed */
    uint8_t *rows;     /* [GROUP][stride] */
    int64_t at[GROUP]; /* bytes so far */
    tsr_digest_sum sum;
};

size_t tsr_type_bytes(tsr_type type)
{
    switch (type) {
    case TSR_F64:
    case TSR_I64:
    case TSR_U64: return 8;
    case TSR_F32:
    case TSR_I32:
    case TSR_U32: return 4;
    case TSR_U16: return 2;
    case TSR_I8:
    case TSR_TEXT: return 1;
    }
    return 0;
}

const char *tsr_type_name(tsr_type type)
{
    static const char *const name[] = {"f64", "f32", "i64", "u64", "i32", "u32", "u16", "i8", "text"};

    return name[type];
}

void tsr_canonical(tsr_type type, void *values, int64_t n)
{
    static const uint64_t nan64 = 0x7ff8000000000000u;
    static const uint32_t nan32 = 0x7fc00000u;

    if (type == TSR_F64) {
        double *v = values;
        for (int64_t i = 0; i < n; i++) {
            if (v[i] != v[i]) memcpy(&v[i], &nan64, sizeof nan64);
            if (v[i] == 0.0) v[i] = 0.0;
        }
    } else if (type == TSR_F32) {
        float *v = values;
        for (int64_t i = 0; i < n; i++) {
            if (v[i] != v[i]) memcpy(&v[i], &nan32, sizeof nan32);
            if (v[i] == 0.0f) v[i] = 0.0f;
        }
    }
}

/* `key`, then `id`, then all others by name. */
static int place_of(const char *name)
{
    return strcmp(name, "key") == 0 ? 0 : strcmp(name, "id") == 0 ? 1 : 2;
}

static void sort_columns(const tsr_column *columns, int32_t n, bool key_first, int32_t *order)
{
    for (int32_t i = 0; i < n; i++) {
        int32_t at = i;
        for (; at > 0; at--) {
            const char *before = columns[order[at - 1]].name, *name = columns[i].name;
            int rank = key_first ? place_of(before) - place_of(name) : 0;
            if (rank < 0 || (rank == 0 && strcmp(before, name) < 0)) break;
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
}

tsr_status tsr_rowhash_create(const tsr_column *columns, int32_t n, tsr_rowhash **hash)
{
    tsr_status st = TSR_OK;

    TSR_TRY(tsr_alloc(hash, 1, sizeof **hash));
    (*hash)->columns = columns;
    (*hash)->n = n;
    for (int32_t i = 0; i < n; i++) (*hash)->stride += 8 + (int64_t)tsr_type_bytes(columns[i].type) * columns[i].width;
    TSR_TRY(tsr_alloc(&(*hash)->order, n, sizeof(int32_t)));
    TSR_TRY(tsr_alloc(&(*hash)->rows, GROUP, (size_t)(*hash)->stride));
    sort_columns(columns, n, true, (*hash)->order);
done:
    if (st != TSR_OK) tsr_rowhash_destroy(hash);
    return st;
}

void tsr_rowhash_destroy(tsr_rowhash **hash)
{
    if (!*hash) return;
    tsr_free(&(*hash)->rows);
    tsr_free(&(*hash)->order);
    tsr_free(hash);
}

static void append_texts(tsr_rowhash *hash, int32_t width, const char *text, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++, text += width) {
        uint64_t n = (uint64_t)width;
        uint8_t *to = hash->rows + i * hash->stride + hash->at[i];
        while (n > 0 && text[n - 1] == '\0') n--;
        memcpy(to, &n, 8);
        memcpy(to + 8, text, n);
        hash->at[i] += 8 + (int64_t)n;
    }
}

static void append_numbers(tsr_rowhash *hash, tsr_type type, int32_t width, const uint8_t *values, int64_t rows)
{
    uint64_t n = tsr_type_bytes(type) * (uint64_t)width;

    for (int64_t i = 0; i < rows; i++, values += n) {
        uint8_t *to = hash->rows + i * hash->stride + hash->at[i];
        memcpy(to, &n, 8);
        if (n == 8) /* a constant size is a plain move */
            memcpy(to + 8, values, 8);
        else if (n == 4)
            memcpy(to + 8, values, 4);
        else
            memcpy(to + 8, values, n);
        /* Padding between fields makes rows unaligned: values are made canonical through an aligned copy. */
        if (type == TSR_F64 && width == 1) {
            double v;
            memcpy(&v, to + 8, 8);
            tsr_canonical(type, &v, 1);
            memcpy(to + 8, &v, 8);
        } else if (type == TSR_F64 || type == TSR_F32) {
            for (uint64_t at = 8; at < 8 + n; at += tsr_type_bytes(type)) {
                double room;
                memcpy(&room, to + at, tsr_type_bytes(type));
                tsr_canonical(type, &room, 1);
                memcpy(to + at, &room, tsr_type_bytes(type));
            }
        }
        hash->at[i] += 8 + (int64_t)n;
    }
}

void tsr_rowhash_add(tsr_rowhash *hash, int64_t rows, void *const *values)
{
    for (int64_t first = 0; first < rows; first += GROUP) {
        int64_t group = rows - first < GROUP ? rows - first : GROUP;
        memset(hash->at, 0, sizeof hash->at);
        for (int32_t i = 0; i < hash->n; i++) {
            const tsr_column *column = &hash->columns[hash->order[i]];
            size_t bytes = tsr_type_bytes(column->type) * (size_t)column->width;
            const uint8_t *from = (const uint8_t *)values[hash->order[i]] + (size_t)first * bytes;
            if (column->type == TSR_TEXT)
                append_texts(hash, column->width, (const char *)from, group);
            else
                append_numbers(hash, column->type, column->width, from, group);
        }
        for (int64_t i = 0; i < group; i++)
            tsr_digest_row(&hash->sum, hash->rows + i * hash->stride, (size_t)hash->at[i]);
    }
}

static void hash_text(crypto_generichash_state *state, const char *text)
{
    uint64_t n = strlen(text);

    crypto_generichash_update(state, (const uint8_t *)&n, 8);
    crypto_generichash_update(state, (const uint8_t *)text, n);
}

void tsr_rowhash_finish(const tsr_comm *comm, tsr_rowhash *hash, uint8_t digest[TSR_DIGEST_SIZE])
{
    crypto_generichash_state state;

    tsr_digest_reduce(comm, &hash->sum);
    sort_columns(hash->columns, hash->n, false, hash->order);
    crypto_generichash_init(&state, NULL, 0, TSR_DIGEST_SIZE);
    crypto_generichash_update(&state, (const uint8_t *)hash->sum.limb, sizeof hash->sum.limb);
    for (int32_t i = 0; i < hash->n; i++) {
        const tsr_column *column = &hash->columns[hash->order[i]];
        /* How far a text is padded is no part of it. */
        uint64_t width = column->type == TSR_TEXT ? 0 : (uint64_t)column->width;
        hash_text(&state, column->name);
        hash_text(&state, tsr_type_name(column->type));
        crypto_generichash_update(&state, (const uint8_t *)&width, 8);
    }
    crypto_generichash_final(&state, digest, TSR_DIGEST_SIZE);
}
