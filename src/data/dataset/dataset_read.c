#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "data/dataset/dataset_parts.h"
#include "data/table/h5.h"
#include "tessera/exact.h"
#include "tessera/file.h"
#include "tessera/memory.h"

/* ---- opening ---- */

static tsr_status read_json(const char *folder, char **text, int64_t *n)
{
    tsr_status st = TSR_OK;
    char *path = NULL;

    TSR_TRY(tsr_path(&path, folder, "dataset.json"));
    if (!tsr_file_exists(path))
        TSR_TRY(TSR_FAIL(TSR_EIO, "%s: there is no dataset.json: not a dataset, or its ingest did not finish", folder));
    TSR_TRY(tsr_file_read(path, text, n));
done:
    tsr_free(&path);
    return st;
}

static tsr_status parse(tsr_dataset *dataset, const char *folder, const char *text, int64_t n)
{
    tsr_status st = TSR_OK;
    char *name = NULL;

    TSR_TRY(tsr_path(&name, folder, "dataset.json"));
    TSR_TRY(tsr_strdup(&dataset->folder, folder));
    TSR_TRY(tsr_dataset_parse(name, text, n, &dataset->info, &dataset->parts));
    TSR_TRY(tsr_alloc(&dataset->open, 1, sizeof *dataset->open));
    for (int i = 0; i < TSR_OPEN_FILES; i++) {
        dataset->open->partition[i] = -1;
        dataset->open->file[i] = TSR_NO_ID;
    }
done:
    tsr_free(&name);
    return st;
}

static tsr_status check_part(const tsr_dataset *dataset, const tsr_part *part)
{
    tsr_status st = TSR_OK;
    char *path = NULL;
    struct stat about;

    TSR_TRY(tsr_path(&path, dataset->folder, "%s", part->file));
    if (stat(path, &about) != 0)
        TSR_TRY(TSR_FAIL(TSR_EIO, "%s: is missing, dataset.json names it; ingest again", path));
    if (about.st_size != part->bytes)
        TSR_TRY(TSR_FAIL(TSR_EDATA,
                         "%s: %lld bytes, dataset.json says %lld: the file is truncated or was changed; ingest again",
                         path, (long long)about.st_size, (long long)part->bytes));
done:
    tsr_free(&path);
    return st;
}

/* Partitions are dealt out: asking a shared file system is what takes the time. */
static tsr_status check_parts(const tsr_comm *comm, const tsr_dataset *dataset)
{
    tsr_status st = TSR_OK;

    for (int32_t p = comm->rank; p < dataset->info.partitions && st == TSR_OK; p += comm->size)
        st = check_part(dataset, &dataset->parts[p]);
    return st;
}

tsr_status tsr_dataset_open(const tsr_comm *comm, const char *folder, tsr_dataset **dataset)
{
    tsr_status st = TSR_OK;
    char *text = NULL;
    int64_t n = 0;

    *dataset = NULL;
    TSR_AGREE(comm, comm->rank == 0 ? read_json(folder, &text, &n) : TSR_OK);
    TSR_TRY(tsr_bcast_block(comm, (void **)&text, &n, 0));
    TSR_AGREE(comm, tsr_alloc(dataset, 1, sizeof **dataset));
    TSR_AGREE(comm, parse(*dataset, folder, text, n));
    TSR_AGREE(comm, check_parts(comm, *dataset));
done:
    tsr_free(&text);
    if (st != TSR_OK) tsr_dataset_close(dataset);
    return st;
}

void tsr_dataset_close(tsr_dataset **dataset)
{
    if (!*dataset) return;
    for (int i = 0; (*dataset)->open && i < TSR_OPEN_FILES; i++) tsr_h5_close(&(*dataset)->open->file[i]);
    tsr_free(&(*dataset)->open);
    tsr_free(&(*dataset)->parts);
    tsr_dataset_info_clear(&(*dataset)->info);
    tsr_free(&(*dataset)->folder);
    tsr_free(dataset);
}

const tsr_dataset_info *tsr_dataset_about(const tsr_dataset *dataset)
{
    return &dataset->info;
}

/* ---- one partition file ---- */

static tsr_status open_part(const tsr_dataset *dataset, int32_t partition, hid_t *file)
{
    tsr_status st = TSR_OK;
    tsr_open_files *open = dataset->open;
    char *path = NULL;

    for (int i = 0; i < TSR_OPEN_FILES; i++) {
        *file = open->file[i];
        if (open->partition[i] == partition) return TSR_OK;
    }
    int slot = open->next;
    tsr_h5_close(&open->file[slot]);
    open->partition[slot] = -1;
    TSR_TRY(tsr_path(&path, dataset->folder, "%s", dataset->parts[partition].file));
    TSR_TRY(tsr_h5_open(path, &open->file[slot]));
    open->partition[slot] = partition;
    open->next = (slot + 1) % TSR_OPEN_FILES;
    *file = open->file[slot];
done:
    tsr_free(&path);
    return st;
}

/* Rows of one column. @param length  of the whole column */
static tsr_status read_column(const tsr_dataset *dataset, int32_t partition, const char *name, int64_t length,
                              hid_t memory, int64_t first, int64_t rows, size_t bytes, void *values)
{
    tsr_status st = TSR_OK;
    const char *part = dataset->parts[partition].file;
    hid_t file, column = TSR_NO_ID;
    int64_t there, cols;

    TSR_TRY(open_part(dataset, partition, &file));
    column = H5Dopen2(file, name, H5P_DEFAULT);
    if (column < 0) TSR_TRY(tsr_h5_fail(TSR_EDATA, part, name, "cannot be opened"));
    TSR_TRY(tsr_h5_shape(column, part, name, &there, &cols));
    if (there != length || cols != 0)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: %s: has %lld rows, dataset.json says %lld", part, name, (long long)there,
                         (long long)length));
    TSR_TRY(tsr_h5_read_rows(column, part, name, memory, first, rows, 0, bytes, values));
done:
    tsr_h5_close(&column);
    return st;
}

static tsr_status read_offsets(const tsr_dataset *dataset, int32_t kind, int32_t partition, int64_t first, int64_t n,
                               int64_t *offset)
{
    char name[64];

    snprintf(name, sizeof name, "/%s/offset", tsr_kind_of(kind)->name);
    return read_column(dataset, partition, name, dataset->parts[partition].customers + 1, H5T_NATIVE_INT64, first, n,
                       sizeof(int64_t), offset);
}

/* ---- dealing ---- */

/* The last partition that begins at or before this customer and is not empty, or the first. */
static int32_t partition_of_row(const tsr_dataset *dataset, int64_t row)
{
    int32_t low = 0, high = dataset->info.partitions;

    while (high - low > 1) {
        int32_t middle = low + (high - low) / 2;
        if (dataset->parts[middle].customer_0 <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* tsr_cut() over the cost "customers and transactions before row", without having it in memory. */
static tsr_status cut(const tsr_dataset *dataset, int part, int parts, int64_t *row)
{
    tsr_status st = TSR_OK;
    const tsr_dataset_info *info = &dataset->info;
    tsr_int128 goal = (tsr_int128)(info->customers + info->transactions) * part;
    int32_t p = 0;

    if (part == 0 || part == parts) {
        *row = part == 0 ? 0 : info->customers;
        return TSR_OK;
    }
    while (p + 1 < info->partitions &&
           (tsr_int128)(dataset->parts[p + 1].customer_0 + dataset->parts[p + 1].transaction_0) * parts < goal)
        p++;
    const tsr_part *in = &dataset->parts[p];
    int64_t low = 0, high = in->customers;
    while (low < high) {
        int64_t middle = low + (high - low) / 2, offset;
        TSR_TRY(read_offsets(dataset, TSR_TRANSACTIONS, p, middle, 1, &offset));
        if ((tsr_int128)(in->customer_0 + middle + in->transaction_0 + offset) * parts < goal)
            low = middle + 1;
        else
            high = middle;
    }
    *row = in->customer_0 + low;
done:
    return st;
}

tsr_status tsr_dataset_deal(const tsr_comm *comm, const tsr_dataset *dataset, tsr_span *span)
{
    tsr_status st = TSR_OK;
    int64_t end = 0;

    *span = (tsr_span){.rows_global = dataset->info.customers};
    TSR_AGREE(comm, cut(dataset, comm->rank, comm->size, &span->first));
    TSR_AGREE(comm, cut(dataset, comm->rank + 1, comm->size, &end));
    span->rows = end - span->first;
done:
    return st;
}

/* ---- reading ---- */

/* The part of a block that lies in one partition. */
typedef struct piece {
    int32_t partition;
    int64_t first, rows; /* customers of the partition */
    int64_t at;          /* first customer within the block */
    struct {
        int64_t first, rows; /* of the partition */
        int64_t at;          /* first one within the block */
    } record[TSR_KINDS];
} piece;

static tsr_status find_pieces(const tsr_dataset *dataset, int64_t first, int64_t rows, piece **pieces, int32_t *n)
{
    tsr_status st = TSR_OK;
    int64_t at = 0;

    for (int32_t p = partition_of_row(dataset, first); at < rows; p++) {
        const tsr_part *part = &dataset->parts[p];
        int64_t from = first + at - part->customer_0, here = part->customers - from;
        if (here > rows - at) here = rows - at;
        if (here <= 0) continue;
        TSR_TRY(tsr_resize(pieces, *n + 1, sizeof **pieces));
        (*pieces)[(*n)++] = (piece){.partition = p, .first = from, .rows = here, .at = at};
        at += here;
    }
done:
    return st;
}

/* Is a kind asked for? Transactions always are: their offsets tell who has any. */
static bool wants_kind(const tsr_dataset_info *info, uint32_t what, int32_t kind)
{
    static const uint32_t bit[TSR_KINDS] = {TSR_READ_ALL, TSR_READ_EVENTS, TSR_READ_CAMPAIGNS, TSR_READ_CONSENT};

    return kind == TSR_TRANSACTIONS || (tsr_has_kind(info->has, kind) && (what & bit[kind]) != 0);
}

static bool wants_column(const tsr_dataset_info *info, uint32_t what, int32_t kind, int32_t column)
{
    if (!wants_kind(info, what, kind) || !tsr_has_column(info->has, kind, column)) return false;
    if (kind != TSR_TRANSACTIONS) return true;
    if (column == TSR_TRANSACTION_TIME) return (what & TSR_READ_TIME) != 0;
    return (what & (column == TSR_TRANSACTION_AMOUNT ? TSR_READ_AMOUNT : TSR_READ_OPTIONAL)) != 0;
}

/* Offsets of a piece: in the file from the partition's first record, in the block from the block's. */
static tsr_status read_piece_offsets(const tsr_dataset *dataset, int32_t kind, piece *p, tsr_block *block)
{
    tsr_status st = TSR_OK;
    const tsr_part *part = &dataset->parts[p->partition];
    int64_t *offset = *tsr_block_offset(block, kind) + p->at, *rows = tsr_block_records(block, kind);
    int64_t before = *rows, there = kind == TSR_TRANSACTIONS ? part->transactions : part->records[kind];

    TSR_TRY(read_offsets(dataset, kind, p->partition, p->first, p->rows + 1, offset));
    int64_t first = offset[0];
    p->record[kind].first = first;
    p->record[kind].at = before;
    if (first < 0 || (p->first == 0 && first != 0) || offset[p->rows] < first || offset[p->rows] > there ||
        (p->first + p->rows == part->customers && offset[p->rows] != there))
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: /%s/offset does not rise from 0 to %lld", part->file, tsr_kind_of(kind)->name,
                         (long long)there));
    for (int64_t i = 0; i <= p->rows; i++) offset[i] += before - first;
    p->record[kind].rows = offset[p->rows] - before;
    *rows += p->record[kind].rows;
done:
    return st;
}

static tsr_status allocate_records(const tsr_dataset_info *info, uint32_t what, tsr_block *b)
{
    tsr_status st = TSR_OK;

    for (int32_t kind = 0; kind < TSR_KINDS; kind++)
        for (int32_t c = 0; c < tsr_kind_of(kind)->columns; c++) {
            void *cells = NULL;
            if (!wants_column(info, what, kind, c)) continue;
            TSR_TRY(tsr_alloc(&cells, *tsr_block_records(b, kind), tsr_cell_bytes(tsr_kind_of(kind)->column[c].cell)));
            tsr_block_set_column(b, kind, c, cells);
        }
done:
    return st;
}

static bool is_asked(uint32_t what, const char *attribute)
{
    if (!tsr_in_embedding(attribute)) return (what & TSR_READ_ATTRIBUTES) != 0;
    return (what & TSR_READ_EMBEDDINGS) != 0 || ((what & TSR_READ_VECTOR_DAYS) != 0 && tsr_is_vector_day(attribute));
}

/* Room for all that is asked for. */
static tsr_status allocate(const tsr_dataset_info *info, uint32_t what, tsr_block *b)
{
    tsr_status st = TSR_OK;

    if (what & TSR_READ_ID) {
        b->id_width = info->id_width;
        TSR_TRY(tsr_alloc(&b->id, b->customers, (size_t)b->id_width));
    }
    if (what & (TSR_READ_ATTRIBUTES | TSR_READ_EMBEDDINGS | TSR_READ_VECTOR_DAYS)) {
        TSR_TRY(tsr_alloc(&b->number, info->attributes_n, sizeof(float *)));
        TSR_TRY(tsr_alloc(&b->code, info->attributes_n, sizeof(int32_t *)));
        b->attributes_n = info->attributes_n;
        for (int32_t i = 0; i < info->attributes_n; i++) {
            if (!is_asked(what, info->attributes[i].name)) continue;
            TSR_TRY(info->attributes[i].categorical ? tsr_alloc(&b->code[i], b->customers, sizeof(int32_t))
                                                    : tsr_alloc(&b->number[i], b->customers, sizeof(float)));
        }
    }
    TSR_TRY(allocate_records(info, what, b));
done:
    return st;
}

/* HDF5 does not convert between character sets: read in the file's own. */
static tsr_status read_piece_ids(const tsr_dataset *dataset, const piece *p, tsr_block *b)
{
    hid_t type = tsr_h5_memory_type(TSR_TEXT, b->id_width);
    tsr_status st = read_column(dataset, p->partition, "/customers/id", dataset->parts[p->partition].customers, type,
                                p->first, p->rows, (size_t)b->id_width, b->id + p->at * b->id_width);

    tsr_h5_close(&type);
    return st;
}

static tsr_status read_piece_customers(const tsr_dataset *dataset, const piece *p, tsr_block *b)
{
    tsr_status st = TSR_OK;
    int64_t n = dataset->parts[p->partition].customers;
    char name[TSR_NAME_BYTES + 32];

    TSR_TRY(read_column(dataset, p->partition, "/customers/key", n, H5T_NATIVE_UINT64, p->first, p->rows, 8,
                        b->key + p->at));
    if (b->id) TSR_TRY(read_piece_ids(dataset, p, b));
    for (int32_t i = 0; i < b->attributes_n; i++) {
        snprintf(name, sizeof name, "/customers/%s", dataset->info.attributes[i].name);
        if (b->code[i])
            TSR_TRY(read_column(dataset, p->partition, name, n, H5T_NATIVE_INT32, p->first, p->rows, 4,
                                b->code[i] + p->at));
        if (b->number[i])
            TSR_TRY(read_column(dataset, p->partition, name, n, H5T_NATIVE_FLOAT, p->first, p->rows, 4,
                                b->number[i] + p->at));
    }
done:
    return st;
}

static hid_t memory_type(tsr_cell cell)
{
    switch (cell) {
    case TSR_CELL_TIME: return H5T_NATIVE_UINT32;
    case TSR_CELL_MONEY: return H5T_NATIVE_INT64;
    case TSR_CELL_HASH: return H5T_NATIVE_UINT64;
    case TSR_CELL_COUNT:
    case TSR_CELL_CODE: return H5T_NATIVE_INT32;
    case TSR_CELL_VALUE: return H5T_NATIVE_FLOAT;
    }
    return TSR_NO_ID;
}

static tsr_status read_piece_records(const tsr_dataset *dataset, const piece *p, int32_t kind, tsr_block *b)
{
    tsr_status st = TSR_OK;
    const tsr_kind_about *about = tsr_kind_of(kind);
    int64_t n = *tsr_part_records(&dataset->parts[p->partition], kind);
    char name[64];

    for (int32_t c = 0; c < about->columns; c++) {
        char *cells = tsr_block_column(b, kind, c);
        size_t bytes = tsr_cell_bytes(about->column[c].cell);
        if (!cells) continue;
        snprintf(name, sizeof name, "/%s/%s", about->name, about->column[c].name);
        TSR_TRY(read_column(dataset, p->partition, name, n, memory_type(about->column[c].cell), p->record[kind].first,
                            p->record[kind].rows, bytes, cells + (size_t)p->record[kind].at * bytes));
    }
done:
    return st;
}

static tsr_status check_piece(const tsr_dataset *dataset, const piece *p, const tsr_block *block)
{
    const char *file = dataset->parts[p->partition].file;

    for (int64_t i = p->at; i < p->at + p->rows; i++)
        if (tsr_partition_of(block->key[i], dataset->info.partitions) != p->partition)
            return TSR_FAIL(TSR_EDATA, "%s: customer %lld belongs to another partition", file,
                            (long long)(p->first + i - p->at));
    return tsr_block_check(&dataset->info, block, p->at, p->rows, TSR_EDATA, file);
}

tsr_status tsr_dataset_read(const tsr_dataset *dataset, int64_t first, int64_t rows, uint32_t what, tsr_block *block)
{
    tsr_status st = TSR_OK;
    piece *pieces = NULL;
    int32_t n = 0;

    TSR_ASSERT(first >= 0 && rows >= 0 && first <= dataset->info.customers - rows);
    tsr_block_clear(block);
    block->first = first;
    block->customers = rows;
    TSR_TRY(find_pieces(dataset, first, rows, &pieces, &n));
    TSR_TRY(tsr_alloc(&block->key, rows, sizeof(uint64_t)));
    for (int32_t kind = 0; kind < TSR_KINDS; kind++) {
        if (!wants_kind(&dataset->info, what, kind)) continue;
        TSR_TRY(tsr_alloc(tsr_block_offset(block, kind), rows + 1, sizeof(int64_t)));
        for (int32_t i = 0; i < n; i++) TSR_TRY(read_piece_offsets(dataset, kind, &pieces[i], block));
    }
    TSR_TRY(allocate(&dataset->info, what, block));
    for (int32_t i = 0; i < n; i++) {
        TSR_TRY(read_piece_customers(dataset, &pieces[i], block));
        for (int32_t kind = 0; kind < TSR_KINDS; kind++) TSR_TRY(read_piece_records(dataset, &pieces[i], kind, block));
    }
    for (int32_t i = 0; i < n; i++) TSR_TRY(check_piece(dataset, &pieces[i], block));
done:
    tsr_free(&pieces);
    if (st != TSR_OK) tsr_block_clear(block);
    return st;
}
