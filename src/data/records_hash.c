#include <string.h>

#include "dataset_parts.h"
#include "rowhash.h"
#include "tessera/memory.h"

static const uint64_t missing = UINT64_MAX; /* not the length of the empty string */

static void flush(tsr_customer_hash *h)
{
    crypto_generichash_update(&h->state, h->bytes, h->n);
    h->n = 0;
}

static void add(tsr_customer_hash *h, const void *bytes, size_t n)
{
    if (h->n + n > sizeof h->bytes) flush(h);
    if (n > sizeof h->bytes) {
        crypto_generichash_update(&h->state, bytes, n);
        return;
    }
    memcpy(h->bytes + h->n, bytes, n);
    h->n += n;
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

tsr_status tsr_customer_hash_open(tsr_customer_hash *hash, const tsr_dataset_info *info)
{
    tsr_status st = TSR_OK;

    memset(hash->text_bytes, 0, sizeof hash->text_bytes);
    hash->info = info;
    for (int32_t d = 0; d < TSR_DICTIONARIES; d++) {
        TSR_TRY(tsr_alloc(&hash->text_bytes[d], info->dictionary[d].n, sizeof *hash->text_bytes[d]));
        for (int32_t i = 0; i < info->dictionary[d].n; i++)
            hash->text_bytes[d][i] = (int32_t)strlen(info->dictionary[d].text[i]);
    }
done:
    return st;
}

void tsr_customer_hash_clear(tsr_customer_hash *hash)
{
    for (int32_t d = 0; d < TSR_DICTIONARIES; d++) tsr_free(&hash->text_bytes[d]);
}

void tsr_customer_hash_begin(tsr_customer_hash *hash, uint64_t key, const char *id, const uint32_t *attribute)
{
    const tsr_dataset_info *info = hash->info;

    hash->n = 0;
    crypto_generichash_init(&hash->state, NULL, 0, TSR_DIGEST_SIZE);
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

static void add_text(tsr_customer_hash *hash, int32_t dictionary, int32_t code)
{
    if (code < 0)
        add(hash, &missing, sizeof missing);
    else
        add_framed(hash, hash->info->dictionary[dictionary].text[code], (uint64_t)hash->text_bytes[dictionary][code]);
}

static void add_record(tsr_customer_hash *hash, const tsr_kind_about *about, int64_t row, const void *const *column)
{
    for (int32_t c = 0; c < about->columns; c++) {
        const tsr_kind_column *one = &about->column[c];
        const char *cells = column[c];
        if (cells == NULL) continue;
        if (one->cell == TSR_CELL_CODE)
            add_text(hash, one->dictionary, ((const int32_t *)column[c])[row]);
        else if (one->cell == TSR_CELL_VALUE)
            add_float(hash, cells + 4 * row);
        else if (tsr_cell_bytes(one->cell) == 8)
            add(hash, cells + 8 * row, 8);
        else
            add(hash, cells + 4 * row, 4);
    }
}

void tsr_customer_hash_records(tsr_customer_hash *hash, int32_t kind, int64_t first, int64_t n,
                               const void *const *column)
{
    const tsr_kind_about *about = tsr_kind_of(kind);

    for (int64_t i = first; i < first + n; i++) add_record(hash, about, i, column);
}

void tsr_customer_hash_end(tsr_customer_hash *hash, tsr_digest_sum *sum)
{
    tsr_digest_sum row;

    flush(hash);
    crypto_generichash_final(&hash->state, (uint8_t *)row.limb, TSR_DIGEST_SIZE);
    tsr_digest_add(sum, &row);
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
        tsr_customer_hash_end(&hash, sum);
    }
    tsr_customer_hash_clear(&hash);
    tsr_free(&attribute);
    return st;
}

/* ---- the dataset ---- */

void tsr_dataset_digest_of(const tsr_dataset_info *info, const tsr_digest_sum *sum, uint8_t digest[TSR_DIGEST_SIZE])
{
    tsr_customer_hash h = {.n = 0};
    int64_t meaning[3] = {info->money_scale, info->resolution, info->has};

    crypto_generichash_init(&h.state, NULL, 0, TSR_DIGEST_SIZE);
    add(&h, sum->limb, sizeof sum->limb);
    add(&h, meaning, sizeof meaning);
    add_framed(&h, info->id_kind, strlen(info->id_kind));
    add_framed(&h, info->currency, strlen(info->currency));
    add_framed(&h, info->time_zone, strlen(info->time_zone));
    for (int32_t i = 0; i < info->attributes_n; i++) {
        add_framed(&h, info->attributes[i].name, strlen(info->attributes[i].name));
        add(&h, info->attributes[i].categorical ? "c" : "n", 1);
    }
    flush(&h);
    crypto_generichash_final(&h.state, digest, TSR_DIGEST_SIZE);
}
