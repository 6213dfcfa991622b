#include <string.h>

#include "data/dataset/dataset_parts.h"
#include "data/table/rowhash.h"
#include "tessera/memory.h"

#define ROOM   (128 << 10) /* bytes of customers that are hashed together */
#define FRAMED 32          /* bytes that a short text takes with its length before it */

static const uint64_t missing = UINT64_MAX; /* not the length of the empty string */

/* ---- bytes of customers ---- */

/* A text of a dictionary as it is hashed. */
struct tsr_text_frame {
    char bytes[FRAMED];
    int32_t n;        /* of all; more than FRAMED: not all of them are here */
    const char *text; /* borrowed */
};

static void hash_whole(tsr_customer_hash *h)
{
    tsr_digest_rows(&h->sum, h->bytes, h->start, h->customers);
    int64_t done = h->start[h->customers];
    memmove(h->bytes, h->bytes + done, (size_t)(h->n - done));
    h->n -= done;
    h->customers = 0;
}

/* A customer that is longer than the room goes through it. */
static void pass_on(tsr_customer_hash *h)
{
    if (!h->is_long) crypto_generichash_init(&h->state, NULL, 0, TSR_DIGEST_SIZE);
    h->is_long = true;
    crypto_generichash_update(&h->state, h->bytes, (size_t)h->n);
    h->n = 0;
}

/* Room for n bytes, at most half of all. */
static uint8_t *room_for(tsr_customer_hash *h, int64_t n)
{
    if (h->n + n > ROOM && h->customers > 0) hash_whole(h);
    if (h->n + n > ROOM) pass_on(h);
    return h->bytes + h->n;
}

static void add(tsr_customer_hash *h, const void *bytes, size_t n)
{
    memcpy(room_for(h, (int64_t)n), bytes, n);
    h->n += (int64_t)n;
}

static void add_framed(tsr_customer_hash *h, const void *bytes, uint64_t n)
{
    add(h, &n, sizeof n);
    add(h, bytes, n);
}

static void add_code(tsr_customer_hash *h, const tsr_dictionary *dictionary, int32_t code)
{
    if (code < 0)
        add(h, &missing, sizeof missing);
    else
        add_framed(h, dictionary->text[code], strlen(dictionary->text[code]));
}

static void add_float(tsr_customer_hash *h, const void *bits)
{
    float value;

    memcpy(&value, bits, sizeof value);
    tsr_canonical(TSR_F32, &value, 1);
    add(h, &value, sizeof value);
}

/* ---- one customer ---- */

static tsr_status frame_texts(tsr_customer_hash *hash, int32_t d)
{
    const tsr_dictionary *dictionary = &hash->info->dictionary[d];
    tsr_status st = tsr_alloc(&hash->frame[d], dictionary->n, sizeof *hash->frame[d]);

    for (int32_t i = 0; st == TSR_OK && i < dictionary->n; i++) {
        tsr_text_frame *frame = &hash->frame[d][i];
        uint64_t n = strlen(dictionary->text[i]);
        frame->text = dictionary->text[i];
        frame->n = (int32_t)(n + sizeof n);
        memcpy(frame->bytes, &n, sizeof n);
        memcpy(frame->bytes + sizeof n, frame->text, frame->n <= FRAMED ? n : 0);
        if (frame->n > hash->widest) hash->widest = frame->n;
    }
    return st;
}

tsr_status tsr_customer_hash_open(tsr_customer_hash *hash, const tsr_dataset_info *info)
{
    tsr_status st;

    *hash = (tsr_customer_hash){.info = info, .widest = FRAMED};
    TSR_TRY(tsr_alloc_unset(&hash->bytes, ROOM, 1));
    for (int32_t d = 0; d < TSR_DICTIONARIES; d++) TSR_TRY(frame_texts(hash, d));
done:
    return st;
}

void tsr_customer_hash_clear(tsr_customer_hash *hash)
{
    for (int32_t d = 0; d < TSR_DICTIONARIES; d++) tsr_free(&hash->frame[d]);
    tsr_free(&hash->bytes);
}

void tsr_customer_hash_begin(tsr_customer_hash *hash, uint64_t key, const char *id, const uint32_t *attribute)
{
    const tsr_dataset_info *info = hash->info;

    add(hash, &key, sizeof key);
    add_framed(hash, id, strnlen(id, (size_t)info->id_width));
    for (int32_t a = 0; a < info->attributes_n; a++) {
        if (info->attributes[a].categorical)
            add_code(hash, &info->attributes[a].dictionary, (int32_t)attribute[a]);
        else
            add_float(hash, &attribute[a]);
    }
}

void tsr_customer_hash_kind(tsr_customer_hash *hash, uint64_t records)
{
    add(hash, &records, sizeof records);
}

/* A text at @p to. @return behind it */
static uint8_t *put_text(const tsr_text_frame *frames, int32_t code, uint8_t *to)
{
    const tsr_text_frame *frame = &frames[code < 0 ? 0 : code];

    if (code < 0) {
        memcpy(to, &missing, sizeof missing);
        return to + sizeof missing;
    }
    memcpy(to, frame->bytes, FRAMED);
    if (frame->n > FRAMED) memcpy(to + 8, frame->text, (size_t)frame->n - 8);
    return to + frame->n;
}

/* A column of records that the dataset has. */
typedef struct hashed_column {
    tsr_cell cell;
    bool wide; /* 8 bytes */
    const char *cells;
    const tsr_text_frame *frames; /* of texts */
} hashed_column;

static uint8_t *put_record(const hashed_column *column, int32_t n, int64_t row, uint8_t *to)
{
    for (int32_t c = 0; c < n; c++) {
        const hashed_column *one = &column[c];
        if (one->cell == TSR_CELL_CODE) {
            int32_t code;
            memcpy(&code, one->cells + 4 * row, sizeof code);
            to = put_text(one->frames, code, to);
        } else if (one->wide) {
            memcpy(to, one->cells + 8 * row, 8);
            to += 8;
        } else {
            float value;
            memcpy(to, one->cells + 4 * row, 4);
            memcpy(&value, to, sizeof value);
            if (one->cell == TSR_CELL_VALUE) tsr_canonical(TSR_F32, &value, 1);
            if (one->cell == TSR_CELL_VALUE) memcpy(to, &value, sizeof value);
            to += 4;
        }
    }
    return to;
}

void tsr_customer_hash_records(tsr_customer_hash *hash, int32_t kind, int64_t first, int64_t n,
                               const void *const *column)
{
    const tsr_kind_about *about = tsr_kind_of(kind);
    hashed_column hashed[TSR_KIND_COLUMNS];
    int32_t columns = 0;

    for (int32_t c = 0; c < about->columns; c++) {
        const tsr_kind_column *is = &about->column[c];
        if (column[c] == NULL) continue;
        hashed[columns++] = (hashed_column){is->cell, tsr_cell_bytes(is->cell) == 8, column[c],
                                            is->cell == TSR_CELL_CODE ? hash->frame[is->dictionary] : NULL};
    }
    for (int64_t i = first; i < first + n; i++) {
        uint8_t *from = room_for(hash, (int64_t)columns * hash->widest);
        hash->n += put_record(hashed, columns, i, from) - from;
    }
}

void tsr_customer_hash_end(tsr_customer_hash *hash)
{
    tsr_digest_sum row;

    if (!hash->is_long) {
        hash->start[++hash->customers] = hash->n;
        if (hash->customers == TSR_HASHED_TOGETHER) hash_whole(hash);
        return;
    }
    pass_on(hash);
    crypto_generichash_final(&hash->state, (uint8_t *)row.limb, TSR_DIGEST_SIZE);
    tsr_digest_add(&hash->sum, &row);
    hash->is_long = false;
}

void tsr_customer_hash_finish(tsr_customer_hash *hash, tsr_digest_sum *sum)
{
    hash_whole(hash);
    tsr_digest_add(sum, &hash->sum);
    hash->sum = (tsr_digest_sum){{0}};
}

/* ---- a block of them ---- */

static void add_kind(tsr_customer_hash *hash, const tsr_block *block, int32_t kind, int64_t customer)
{
    const void *column[TSR_KIND_COLUMNS];
    tsr_block view = *block;
    const int64_t *offset = *tsr_block_offset(&view, kind) + customer;

    tsr_block_columns(block, kind, column);
    tsr_customer_hash_kind(hash, (uint64_t)(offset[1] - offset[0]));
    tsr_customer_hash_records(hash, kind, offset[0], offset[1] - offset[0], column);
}

void tsr_block_attributes(const tsr_block *block, int64_t customer, uint32_t *attribute)
{
    for (int32_t a = 0; a < block->attributes_n; a++)
        memcpy(&attribute[a], block->code[a] ? (const void *)&block->code[a][customer] : &block->number[a][customer],
               sizeof attribute[a]);
}

tsr_status tsr_records_hash(const tsr_dataset_info *info, const tsr_block *block, tsr_digest_sum *sum)
{
    tsr_customer_hash hash;
    uint32_t *attribute = NULL;
    tsr_status st = tsr_customer_hash_open(&hash, info);

    if (st == TSR_OK) st = tsr_alloc(&attribute, info->attributes_n, sizeof *attribute);
    for (int64_t i = 0; st == TSR_OK && i < block->customers; i++) {
        tsr_block_attributes(block, i, attribute);
        tsr_customer_hash_begin(&hash, block->key[i], block->id + i * block->id_width, attribute);
        for (int32_t kind = 0; kind < TSR_KINDS; kind++)
            if (tsr_has_kind(info->has, kind)) add_kind(&hash, block, kind, i);
        tsr_customer_hash_end(&hash);
    }
    if (st == TSR_OK) tsr_customer_hash_finish(&hash, sum);
    tsr_customer_hash_clear(&hash);
    tsr_free(&attribute);
    return st;
}

/* ---- the dataset ---- */

static void add_text(crypto_generichash_state *state, const char *text)
{
    uint64_t n = strlen(text);

    crypto_generichash_update(state, (const uint8_t *)&n, sizeof n);
    crypto_generichash_update(state, (const uint8_t *)text, n);
}

void tsr_dataset_digest_of(const tsr_dataset_info *info, const tsr_digest_sum *sum, uint8_t digest[TSR_DIGEST_SIZE])
{
    const int64_t meaning[3] = {info->money_scale, info->resolution, info->has};
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, TSR_DIGEST_SIZE);
    crypto_generichash_update(&state, (const uint8_t *)sum->limb, sizeof sum->limb);
    crypto_generichash_update(&state, (const uint8_t *)meaning, sizeof meaning);
    add_text(&state, info->id_kind);
    add_text(&state, info->currency);
    add_text(&state, info->time_zone);
    for (int32_t i = 0; i < info->attributes_n; i++) {
        add_text(&state, info->attributes[i].name);
        crypto_generichash_update(&state, (const uint8_t *)(info->attributes[i].categorical ? "c" : "n"), 1);
    }
    crypto_generichash_final(&state, digest, TSR_DIGEST_SIZE);
}
