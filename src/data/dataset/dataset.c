#include "tessera/dataset.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "data/dataset/dataset_parts.h"
#include "data/table/rowhash.h"
#include "tessera/memory.h"

void tsr_part_name(int32_t partition, int32_t generation, char *name)
{
    snprintf(name, 64, "part-%05d.g%d.h5", partition, generation);
}

void tsr_list_name(const char *list, int32_t generation, char *name)
{
    if (generation > 0)
        snprintf(name, 64, "%s.g%d.csv", list, generation);
    else
        snprintf(name, 64, "%s.csv", list);
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

void tsr_dictionary_clear(tsr_dictionary *dictionary)
{
    for (int32_t i = 0; dictionary->text && i < dictionary->n; i++) tsr_free(&dictionary->text[i]);
    tsr_free(&dictionary->text);
    dictionary->n = 0;
}

void tsr_dataset_info_clear(tsr_dataset_info *info)
{
    for (int32_t i = 0; info->attributes && i < info->attributes_n; i++)
        tsr_dictionary_clear(&info->attributes[i].dictionary);
    tsr_free(&info->attributes);
    for (int32_t d = 0; d < TSR_DICTIONARIES; d++) tsr_dictionary_clear(&info->dictionary[d]);
    tsr_free(&info->sources);
    *info = (tsr_dataset_info){0};
}

bool tsr_in_embedding(const char *attribute)
{
    return strchr(attribute, '.') != NULL;
}

bool tsr_is_vector_day(const char *attribute)
{
    const char *part = strchr(attribute, '.');

    return part != NULL && strcmp(part, ".day") == 0;
}

bool tsr_embedding_next(const tsr_dataset_info *info, tsr_embedding *embedding)
{
    int32_t a = embedding->dimensions > 0 ? embedding->first + embedding->dimensions + 1 : 0;

    while (a < info->attributes_n && !tsr_in_embedding(info->attributes[a].name)) a++;
    if (a == info->attributes_n) return false;
    size_t stem = strcspn(info->attributes[a].name, ".");
    *embedding = (tsr_embedding){.first = a};
    memcpy(embedding->name, info->attributes[a].name, stem);
    while (a < info->attributes_n && !tsr_is_vector_day(info->attributes[a].name)) a++;
    embedding->dimensions = a - embedding->first;
    return true;
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
    for (int32_t kind = 0; kind < TSR_KINDS; kind++) {
        tsr_free(tsr_block_offset(block, kind));
        for (int32_t c = 0; c < tsr_kind_of(kind)->columns; c++) {
            void *column = tsr_block_column(block, kind, c);
            tsr_free(&column);
        }
    }
    *block = (tsr_block){0};
}

/* ---- one way to what stands in several places ---- */

int64_t *tsr_info_records(tsr_dataset_info *info, int32_t kind)
{
    return kind == TSR_TRANSACTIONS ? &info->transactions : &info->records[kind];
}

int64_t *tsr_part_records(tsr_part *part, int32_t kind)
{
    return kind == TSR_TRANSACTIONS ? &part->transactions : &part->records[kind];
}

int64_t *tsr_block_records(tsr_block *block, int32_t kind)
{
    return kind == TSR_TRANSACTIONS ? &block->transactions : &block->records[kind].rows;
}

int64_t **tsr_block_offset(tsr_block *block, int32_t kind)
{
    return kind == TSR_TRANSACTIONS ? &block->offset : &block->records[kind].offset;
}

void *tsr_block_column(const tsr_block *block, int32_t kind, int32_t column)
{
    if (kind != TSR_TRANSACTIONS) return block->records[kind].column[column];
    switch (column) {
    case TSR_TRANSACTION_TIME: return block->time;
    case TSR_TRANSACTION_AMOUNT: return block->amount;
    case TSR_TRANSACTION_ORDER: return block->order;
    case TSR_TRANSACTION_ITEM: return block->item;
    case TSR_TRANSACTION_QUANTITY: return block->quantity;
    case TSR_TRANSACTION_CATEGORY: return block->category;
    default: return block->promotion;
    }
}

void tsr_block_set_column(tsr_block *block, int32_t kind, int32_t column, void *values)
{
    if (kind != TSR_TRANSACTIONS) {
        block->records[kind].column[column] = values;
        return;
    }
    switch (column) {
    case TSR_TRANSACTION_TIME: block->time = values; break;
    case TSR_TRANSACTION_AMOUNT: block->amount = values; break;
    case TSR_TRANSACTION_ORDER: block->order = values; break;
    case TSR_TRANSACTION_ITEM: block->item = values; break;
    case TSR_TRANSACTION_QUANTITY: block->quantity = values; break;
    case TSR_TRANSACTION_CATEGORY: block->category = values; break;
    default: block->promotion = values; break;
    }
}

void tsr_block_columns(const tsr_block *block, int32_t kind, const void *column[TSR_KIND_COLUMNS])
{
    for (int32_t c = 0; c < tsr_kind_of(kind)->columns; c++) column[c] = tsr_block_column(block, kind, c);
}

/* ---- is a block as it should be? ---- */

static tsr_status check_customers(const tsr_block *b, int64_t first, int64_t end, tsr_status status, const char *file)
{
    for (int64_t i = first + 1; i < end; i++) {
        const char *id = b->id ? b->id + i * b->id_width : NULL;
        bool tie = b->key[i] == b->key[i - 1];
        if (b->key[i] < b->key[i - 1] || (tie && id && memcmp(id - b->id_width, id, (size_t)b->id_width) >= 0))
            return TSR_FAIL(status, "%s: customer %lld is not in (key, id) order", file, (long long)(i - first));
    }
    return TSR_OK;
}

static tsr_status check_offsets(const int64_t *offset, int64_t first, int64_t end, tsr_status status, const char *file)
{
    for (int64_t i = first; i < end; i++)
        if (offset[i + 1] < offset[i])
            return TSR_FAIL(status, "%s: the offset of customer %lld is too large", file, (long long)(i - first));
    return TSR_OK;
}

static tsr_status check_times(const tsr_block *b, int32_t kind, const int64_t *offset, int64_t first, int64_t end,
                              tsr_status status, const char *file)
{
    const uint32_t *time = tsr_block_column(b, kind, 0);

    for (int64_t i = first; time && i < end; i++)
        for (int64_t j = offset[i] + 1; j < offset[i + 1]; j++)
            if (time[j] < time[j - 1])
                return TSR_FAIL(status, "%s: the %s of customer %lld are not sorted by time", file,
                                tsr_kind_of(kind)->name, (long long)(i - first));
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

static tsr_status check_kind(const tsr_dataset_info *info, const tsr_block *block, int32_t kind, int64_t first,
                             int64_t customers, tsr_status status, const char *file)
{
    const tsr_kind_about *about = tsr_kind_of(kind);
    tsr_block view = *block;
    const int64_t *offset = *tsr_block_offset(&view, kind);
    tsr_status st;

    if (offset == NULL) return TSR_OK; /* not read */
    TSR_TRY(check_offsets(offset, first, first + customers, status, file));
    TSR_TRY(check_times(block, kind, offset, first, first + customers, status, file));
    int64_t record = offset[first], records = offset[first + customers] - record;
    for (int32_t c = 0; c < about->columns; c++) {
        const int32_t *code = tsr_block_column(block, kind, c);
        if (about->column[c].cell != TSR_CELL_CODE || code == NULL) continue;
        TSR_TRY(check_codes(code + record, records, &info->dictionary[about->column[c].dictionary], status, file,
                            about->column[c].name));
    }
done:
    return st;
}

tsr_status tsr_block_check(const tsr_dataset_info *info, const tsr_block *block, int64_t first, int64_t customers,
                           tsr_status status, const char *file)
{
    tsr_status st = TSR_OK;

    TSR_TRY(check_customers(block, first, first + customers, status, file));
    for (int32_t i = 0; i < block->attributes_n; i++)
        if (block->code[i] != NULL)
            TSR_TRY(check_codes(block->code[i] + first, customers, &info->attributes[i].dictionary, status, file,
                                info->attributes[i].name));
    for (int32_t kind = 0; kind < TSR_KINDS; kind++)
        TSR_TRY(check_kind(info, block, kind, first, customers, status, file));
done:
    return st;
}
