#include "tessera/dataset.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "dataset_parts.h"
#include "rowhash.h"
#include "tessera/exact.h"
#include "tessera/memory.h"

const tsr_optional tsr_optionals[TSR_OPTIONAL_N] = {{TSR_HAS_ORDER, "order"},
                                                    {TSR_HAS_ITEM, "item"},
                                                    {TSR_HAS_QUANTITY, "quantity"},
                                                    {TSR_HAS_CATEGORY, "category"},
                                                    {TSR_HAS_PROMOTION, "promotion"}};

void tsr_part_name(int32_t partition, int32_t generation, char *name)
{
    snprintf(name, 64, "part-%05d.g%d.h5", partition, generation);
}

int32_t tsr_partition_of(uint64_t key, int32_t partitions)
{
    __extension__ typedef unsigned __int128 wide;

    return (int32_t)((wide)key * (wide)(uint32_t)partitions >> 64);
}

int tsr_partition_rank(int32_t partition, int32_t partitions, int size)
{
    return (int)((int64_t)partition * size / partitions);
}

static void clear_dictionary(tsr_dictionary *dictionary)
{
    for (int32_t i = 0; dictionary->text && i < dictionary->n; i++) tsr_free(&dictionary->text[i]);
    tsr_free(&dictionary->text);
    dictionary->n = 0;
}

void tsr_dataset_info_clear(tsr_dataset_info *info)
{
    for (int32_t i = 0; info->attributes && i < info->attributes_n; i++)
        clear_dictionary(&info->attributes[i].dictionary);
    tsr_free(&info->attributes);
    clear_dictionary(&info->items);
    clear_dictionary(&info->categories);
    clear_dictionary(&info->promotions);
    tsr_free(&info->sources);
    *info = (tsr_dataset_info){0};
}

void tsr_block_clear(tsr_block *block)
{
    for (int32_t i = 0; i < block->attributes_n; i++) {
        if (block->number) tsr_free(&block->number[i]);
        if (block->code) tsr_free(&block->code[i]);
    }
    tsr_free(&block->number);
    tsr_free(&block->code);
    tsr_free(&block->key);
    tsr_free(&block->id);
    tsr_free(&block->offset);
    tsr_free(&block->time);
    tsr_free(&block->amount);
    tsr_free(&block->order);
    for (int i = 1; i < TSR_OPTIONAL_N; i++) tsr_free(tsr_optional_of(block, tsr_optionals[i].bit));
    *block = (tsr_block){0};
}

const tsr_dictionary *tsr_dictionary_of(const tsr_dataset_info *info, uint32_t bit)
{
    switch (bit) {
    case TSR_HAS_ITEM: return &info->items;
    case TSR_HAS_CATEGORY: return &info->categories;
    case TSR_HAS_PROMOTION: return &info->promotions;
    default: return NULL;
    }
}

int32_t **tsr_optional_of(tsr_block *block, uint32_t bit)
{
    switch (bit) {
    case TSR_HAS_ITEM: return &block->item;
    case TSR_HAS_QUANTITY: return &block->quantity;
    case TSR_HAS_CATEGORY: return &block->category;
    default: return &block->promotion;
    }
}

/* ---- is a block as it should be? ---- */

static tsr_status check_customers(const tsr_block *b, int64_t first, int64_t end, tsr_status status, const char *file)
{
    for (int64_t i = first; i < end; i++)
        if (b->offset[i + 1] < b->offset[i])
            return TSR_FAIL(status, "%s: the offset of customer %lld is too large", file, (long long)(i - first));
    for (int64_t i = first + 1; i < end; i++) {
        const char *id = b->id ? b->id + i * b->id_width : NULL;
        bool tie = b->key[i] == b->key[i - 1];
        if (b->key[i] < b->key[i - 1] || (tie && id && memcmp(id - b->id_width, id, (size_t)b->id_width) >= 0))
            return TSR_FAIL(status, "%s: customer %lld is not in (key, id) order", file, (long long)(i - first));
    }
    return TSR_OK;
}

static tsr_status check_times(const tsr_block *b, int64_t first, int64_t end, tsr_status status, const char *file)
{
    for (int64_t i = first; i < end; i++)
        for (int64_t j = b->offset[i] + 1; j < b->offset[i + 1]; j++)
            if (b->time[j] < b->time[j - 1])
                return TSR_FAIL(status, "%s: the transactions of customer %lld are not sorted by time", file,
                                (long long)(i - first));
    return TSR_OK;
}

static tsr_status check_codes(const int32_t *code, int64_t n, const tsr_dictionary *dictionary, tsr_status status,
                              const char *file, const char *name)
{
    for (int64_t i = 0; i < n; i++)
        if (code[i] < -1 || code[i] >= dictionary->n)
            return TSR_FAIL(status, "%s: %s: code %d of a dictionary of %d", file, name, code[i], dictionary->n);
    return TSR_OK;
}

tsr_status tsr_block_check(const tsr_dataset_info *info, const tsr_block *block, int64_t first, int64_t customers,
                           tsr_status status, const char *file)
{
    tsr_status st = TSR_OK;
    tsr_block view = *block;

    TSR_TRY(check_customers(block, first, first + customers, status, file));
    if (block->time) TSR_TRY(check_times(block, first, first + customers, status, file));
    for (int32_t i = 0; i < block->attributes_n; i++)
        if (info->attributes[i].categorical)
            TSR_TRY(check_codes(block->code[i] + first, customers, &info->attributes[i].dictionary, status, file,
                                info->attributes[i].name));
    int64_t record = block->offset[first], records = block->offset[first + customers] - record;
    for (int i = 1; i < TSR_OPTIONAL_N; i++) {
        const tsr_dictionary *dictionary = tsr_dictionary_of(info, tsr_optionals[i].bit);
        const int32_t *code = *tsr_optional_of(&view, tsr_optionals[i].bit);
        if (dictionary && code)
            TSR_TRY(check_codes(code + record, records, dictionary, status, file, tsr_optionals[i].name));
    }
done:
    return st;
}

/* ---- the digest: customers with their records, in any order ---- */

/* A customer may have any number of records: bytes go through a buffer. */
typedef struct hasher {
    crypto_generichash_state state;
    size_t n;
    uint8_t bytes[4096];
} hasher;

static void flush(hasher *h)
{
    crypto_generichash_update(&h->state, h->bytes, h->n);
    h->n = 0;
}

static void add(hasher *h, const void *bytes, size_t n)
{
    if (h->n + n > sizeof h->bytes) flush(h);
    if (n > sizeof h->bytes) {
        crypto_generichash_update(&h->state, bytes, n);
        return;
    }
    memcpy(h->bytes + h->n, bytes, n);
    h->n += n;
}

static void add_framed(hasher *h, const void *bytes, uint64_t n)
{
    add(h, &n, sizeof n);
    add(h, bytes, n);
}

/* Missing is not the empty string. */
static void add_code(hasher *h, const tsr_dictionary *dictionary, int32_t code)
{
    static const uint64_t missing = UINT64_MAX;

    if (code < 0)
        add(h, &missing, sizeof missing);
    else
        add_framed(h, dictionary->text[code], strlen(dictionary->text[code]));
}

static void add_customer(hasher *h, const tsr_dataset_info *info, const tsr_block *b, int64_t i)
{
    const char *id = b->id + i * b->id_width;

    add(h, &b->key[i], 8);
    add_framed(h, id, strnlen(id, (size_t)b->id_width));
    for (int32_t a = 0; a < info->attributes_n; a++) {
        if (info->attributes[a].categorical) {
            add_code(h, &info->attributes[a].dictionary, b->code[a][i]);
        } else {
            float value = b->number[a][i];
            tsr_canonical(TSR_F32, &value, 1);
            add(h, &value, sizeof value);
        }
    }
}

static void add_transaction(hasher *h, const tsr_dataset_info *info, const tsr_block *b, int64_t j)
{
    add(h, &b->time[j], 4);
    add(h, &b->amount[j], 8);
    if (info->has & TSR_HAS_ORDER) add(h, &b->order[j], 8);
    if (info->has & TSR_HAS_ITEM) add_code(h, &info->items, b->item[j]);
    if (info->has & TSR_HAS_QUANTITY) add(h, &b->quantity[j], 4);
    if (info->has & TSR_HAS_CATEGORY) add_code(h, &info->categories, b->category[j]);
    if (info->has & TSR_HAS_PROMOTION) add_code(h, &info->promotions, b->promotion[j]);
}

void tsr_records_hash(const tsr_dataset_info *info, const tsr_block *block, tsr_digest_sum *sum)
{
    hasher h;
    tsr_digest_sum row;

    for (int64_t i = 0; i < block->customers; i++) {
        uint64_t records = (uint64_t)(block->offset[i + 1] - block->offset[i]);
        crypto_generichash_init(&h.state, NULL, 0, TSR_DIGEST_SIZE);
        h.n = 0;
        add_customer(&h, info, block, i);
        add(&h, &records, sizeof records);
        for (int64_t j = block->offset[i]; j < block->offset[i + 1]; j++) add_transaction(&h, info, block, j);
        flush(&h);
        crypto_generichash_final(&h.state, (uint8_t *)row.limb, TSR_DIGEST_SIZE);
        tsr_digest_add(sum, &row);
    }
}

void tsr_dataset_digest_of(const tsr_dataset_info *info, const tsr_digest_sum *sum, uint8_t digest[TSR_DIGEST_SIZE])
{
    hasher h = {.n = 0};
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
