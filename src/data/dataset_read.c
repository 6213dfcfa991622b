#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "dataset_parts.h"
#include "h5.h"
#include "tessera/exact.h"
#include "tessera/file.h"
#include "tessera/memory.h"

/* A rank works its way through its rows: two open files are enough, also at the border of two partitions. */
#define OPEN_FILES 2

typedef struct open_files {
    int32_t partition[OPEN_FILES]; /* -1: none */
    hid_t file[OPEN_FILES];
    int next; /* to be replaced */
} open_files;

struct tsr_dataset {
    char *folder;
    tsr_dataset_info info;
    tsr_part *parts;  /* [info.partitions] */
    open_files *open; /* the only thing that changes after opening */
};

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
    for (int i = 0; i < OPEN_FILES; i++) {
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
    for (int i = 0; (*dataset)->open && i < OPEN_FILES; i++) tsr_h5_close(&(*dataset)->open->file[i]);
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
    open_files *open = dataset->open;
    char *path = NULL;

    for (int i = 0; i < OPEN_FILES; i++) {
        *file = open->file[i];
        if (open->partition[i] == partition) return TSR_OK;
    }
    int slot = open->next;
    tsr_h5_close(&open->file[slot]);
    open->partition[slot] = -1;
    TSR_TRY(tsr_path(&path, dataset->folder, "%s", dataset->parts[partition].file));
    TSR_TRY(tsr_h5_open(path, &open->file[slot]));
    open->partition[slot] = partition;
    open->next = (slot + 1) % OPEN_FILES;
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

static tsr_status read_offsets(const tsr_dataset *dataset, int32_t partition, int64_t first, int64_t n, int64_t *offset)
{
    return read_column(dataset, partition, "/transactions/offset", dataset->parts[partition].customers + 1,
                       H5T_NATIVE_INT64, first, n, sizeof(int64_t), offset);
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
        TSR_TRY(read_offsets(dataset, p, middle, 1, &offset));
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
    int64_t first, rows;     /* customers of the partition */
    int64_t at;              /* first customer within the block */
    int64_t record, records; /* transactions of the partition */
    int64_t record_at;       /* first transaction within the block */
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

/* Offsets of a piece: in the file from the partition's first record, in the block from the block's. */
static tsr_status read_piece_offsets(const tsr_dataset *dataset, piece *p, tsr_block *block)
{
    tsr_status st = TSR_OK;
    const tsr_part *part = &dataset->parts[p->partition];
    int64_t *offset = block->offset + p->at, before = block->transactions;

    TSR_TRY(read_offsets(dataset, p->partition, p->first, p->rows + 1, offset));
    p->record = offset[0];
    p->record_at = before;
    if (p->record < 0 || (p->first == 0 && p->record != 0) || offset[p->rows] < p->record ||
        offset[p->rows] > part->transactions ||
        (p->first + p->rows == part->customers && offset[p->rows] != part->transactions))
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: /transactions/offset does not rise from 0 to %lld", part->file,
                         (long long)part->transactions));
    for (int64_t i = 0; i <= p->rows; i++) offset[i] += before - p->record;
    p->records = offset[p->rows] - before;
    block->transactions += p->records;
done:
    return st;
}

/* Room for all that is asked for. */
static tsr_status allocate(const tsr_dataset_info *info, uint32_t what, tsr_block *b)
{
    tsr_status st = TSR_OK;

    if (what & TSR_READ_ID) {
        b->id_width = info->id_width;
        TSR_TRY(tsr_alloc(&b->id, b->customers, (size_t)b->id_width));
    }
    if (what & TSR_READ_ATTRIBUTES) {
        TSR_TRY(tsr_alloc(&b->number, info->attributes_n, sizeof(float *)));
        TSR_TRY(tsr_alloc(&b->code, info->attributes_n, sizeof(int32_t *)));
        b->attributes_n = info->attributes_n;
        for (int32_t i = 0; i < info->attributes_n; i++)
            TSR_TRY(info->attributes[i].categorical ? tsr_alloc(&b->code[i], b->customers, sizeof(int32_t))
                                                    : tsr_alloc(&b->number[i], b->customers, sizeof(float)));
    }
    if (what & TSR_READ_TIME) TSR_TRY(tsr_alloc(&b->time, b->transactions, sizeof(uint32_t)));
    if (what & TSR_READ_AMOUNT) TSR_TRY(tsr_alloc(&b->amount, b->transactions, sizeof(int64_t)));
    if (!(what & TSR_READ_OPTIONAL)) goto done;
    if (info->has & TSR_HAS_ORDER) TSR_TRY(tsr_alloc(&b->order, b->transactions, sizeof(uint64_t)));
    for (int i = 1; i < TSR_OPTIONAL_N; i++)
        if (info->has & tsr_optionals[i].bit)
            TSR_TRY(tsr_alloc(tsr_optional_of(b, tsr_optionals[i].bit), b->transactions, sizeof(int32_t)));
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
        else
            TSR_TRY(read_column(dataset, p->partition, name, n, H5T_NATIVE_FLOAT, p->first, p->rows, 4,
                                b->number[i] + p->at));
    }
done:
    return st;
}

static tsr_status read_piece_records(const tsr_dataset *dataset, const piece *p, tsr_block *b)
{
    tsr_status st = TSR_OK;
    int32_t part = p->partition;
    int64_t n = dataset->parts[part].transactions, first = p->record, rows = p->records, at = p->record_at;
    char name[64];

    if (b->time)
        TSR_TRY(read_column(dataset, part, "/transactions/time", n, H5T_NATIVE_UINT32, first, rows, 4, b->time + at));
    if (b->amount)
        TSR_TRY(
            read_column(dataset, part, "/transactions/amount", n, H5T_NATIVE_INT64, first, rows, 8, b->amount + at));
    if (b->order)
        TSR_TRY(read_column(dataset, part, "/transactions/order", n, H5T_NATIVE_UINT64, first, rows, 8, b->order + at));
    for (int i = 1; i < TSR_OPTIONAL_N; i++) {
        int32_t *values = *tsr_optional_of(b, tsr_optionals[i].bit);
        if (!values) continue;
        snprintf(name, sizeof name, "/transactions/%s", tsr_optionals[i].name);
        TSR_TRY(read_column(dataset, part, name, n, H5T_NATIVE_INT32, first, rows, 4, values + at));
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
    TSR_TRY(tsr_alloc(&block->offset, rows + 1, sizeof(int64_t)));
    for (int32_t i = 0; i < n; i++) TSR_TRY(read_piece_offsets(dataset, &pieces[i], block));
    TSR_TRY(allocate(&dataset->info, what, block));
    for (int32_t i = 0; i < n; i++) {
        TSR_TRY(read_piece_customers(dataset, &pieces[i], block));
        TSR_TRY(read_piece_records(dataset, &pieces[i], block));
    }
    for (int32_t i = 0; i < n; i++) TSR_TRY(check_piece(dataset, &pieces[i], block));
done:
    tsr_free(&pieces);
    if (st != TSR_OK) tsr_block_clear(block);
    return st;
}

/* ---- verifying ---- */

static tsr_status verify_part(const tsr_dataset *dataset, const tsr_part *part, tsr_digest_sum *sum)
{
    tsr_status st = TSR_OK;
    tsr_block block = {0};
    tsr_digest_sum own = {{0}};
    uint32_t low = dataset->info.time_first, high = dataset->info.time_last;

    for (int64_t done = 0; done < part->customers; done += TSR_BLOCK_ROWS) {
        int64_t rows = part->customers - done < TSR_BLOCK_ROWS ? part->customers - done : TSR_BLOCK_ROWS;
        TSR_TRY(tsr_dataset_read(dataset, part->customer_0 + done, rows, TSR_READ_ALL, &block));
        for (int64_t i = 0; i < block.transactions; i++)
            if (block.time[i] < low || block.time[i] > high)
                TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: a transaction lies outside the dataset's range of time", part->file));
        tsr_records_hash(&dataset->info, &block, &own);
    }
    if (memcmp(&own, &part->digest, sizeof own) != 0)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: its content does not have the digest that dataset.json says; ingest again",
                         part->file));
    tsr_digest_add(sum, &own);
done:
    tsr_block_clear(&block);
    return st;
}

static tsr_status verify_mine(const tsr_comm *comm, const tsr_dataset *dataset, tsr_digest_sum *sum)
{
    tsr_status st = TSR_OK;

    for (int32_t p = 0; p < dataset->info.partitions && st == TSR_OK; p++)
        if (tsr_partition_rank(p, dataset->info.partitions, comm->size) == comm->rank)
            st = verify_part(dataset, &dataset->parts[p], sum);
    return st;
}

tsr_status tsr_dataset_verify(const tsr_comm *comm, const tsr_dataset *dataset)
{
    tsr_status st = TSR_OK;
    tsr_digest_sum sum = {{0}};
    uint8_t digest[TSR_DIGEST_SIZE];

    TSR_AGREE(comm, verify_mine(comm, dataset, &sum));
    tsr_digest_reduce(comm, &sum);
    tsr_dataset_digest_of(&dataset->info, &sum, digest);
    if (memcmp(digest, dataset->info.digest, sizeof digest) != 0)
        st = TSR_FAIL(TSR_EDATA, "%s/dataset.json: its digest does not belong to the partition files; ingest again",
                      dataset->folder);
done:
    return st;
}
