#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "data/dataset/dataset_parts.h"
#include "data/table/h5.h"
#include "tessera/file.h"
#include "tessera/memory.h"

#define OFFSET     TSR_KIND_COLUMNS /* the stream of a kind's offsets, behind its columns */
#define NAME_BYTES (TSR_NAME_BYTES + 32)

/* One dataset of the file on its way: rows wait here until they fill a chunk. */
typedef struct stream {
    char name[NAME_BYTES];
    hid_t memory, type; /* in memory and in the file */
    size_t bytes;       /* of a row in memory */
    int scale;          /* attribute of money; -1: none */
    char *waiting;      /* [room][bytes] */
    int64_t room, n;    /* rows waiting */
    int64_t written;
    hid_t dataset;
} stream;

struct tsr_partition_writer {
    const tsr_dataset_info *info;
    int32_t partition;
    char *path, *temporary;
    hid_t file;
    stream key, id;
    stream *attribute;                              /* [info->attributes_n] */
    stream column[TSR_KINDS][TSR_KIND_COLUMNS + 1]; /* with the offsets */
    int64_t customers, records[TSR_KINDS];
    int64_t time_first, time_last;
    int64_t announced[TSR_KINDS]; /* records of this customer that are still to come */
    int32_t kind;                 /* whose records come now */
    bool in_customer, finished;
    tsr_customer_hash hash;
    tsr_digest_sum sum;
};

/* ---- streams ---- */

static tsr_status write_waiting(const tsr_partition_writer *w, stream *s)
{
    tsr_status st = TSR_OK;

    if (s->dataset < 0) {
        /* A dataset of less than one chunk is created when all of it is there. */
        bool more = s->n == TSR_BLOCK_ROWS;
        TSR_TRY(tsr_h5_create_dataset(w->file, w->path, s->name, s->type, s->n, more ? TSR_H5_GROWS : 0, &s->dataset));
        if (s->scale >= 0) TSR_TRY(tsr_h5_put_int(s->dataset, w->path, "scale", s->scale));
    } else if (s->n > 0) {
        TSR_TRY(tsr_h5_extend(s->dataset, w->path, s->name, s->written + s->n));
    }
    TSR_TRY(tsr_h5_write_rows(s->dataset, w->path, s->name, s->memory, s->written, s->n, 0, s->bytes, s->waiting));
    s->written += s->n;
    s->n = 0;
done:
    return st;
}

/* Rows wait in a buffer that grows to one chunk: files of few rows take little memory. */
static tsr_status make_room(stream *s)
{
    int64_t room = s->room == 0 ? 256 : 4 * s->room;

    if (room > TSR_BLOCK_ROWS) room = TSR_BLOCK_ROWS;
    tsr_status st = tsr_resize(&s->waiting, room, s->bytes);
    if (st == TSR_OK) s->room = room;
    return st;
}

static tsr_status put_rows(const tsr_partition_writer *w, stream *s, int64_t n, const void *rows)
{
    const char *from = rows;
    tsr_status st = TSR_OK;

    while (n > 0) {
        if (s->n == TSR_BLOCK_ROWS) TSR_TRY(write_waiting(w, s));
        if (s->n == s->room) TSR_TRY(make_room(s));
        int64_t here = s->room - s->n < n ? s->room - s->n : n;
        memcpy(s->waiting + (size_t)s->n * s->bytes, from, (size_t)here * s->bytes);
        s->n += here;
        n -= here;
        from += (size_t)here * s->bytes;
    }
done:
    return st;
}

static tsr_status finish_stream(const tsr_partition_writer *w, stream *s)
{
    tsr_status st = s->n > 0 || s->dataset < 0 ? write_waiting(w, s) : TSR_OK;

    tsr_h5_close(&s->dataset);
    return st;
}

static void clear_stream(stream *s)
{
    tsr_h5_close(&s->dataset);
    tsr_h5_close(&s->memory);
    tsr_h5_close(&s->type);
    tsr_free(&s->waiting);
}

static void set_stream(stream *s, hid_t type, hid_t memory, int scale)
{
    s->type = H5Tcopy(type);
    s->memory = H5Tcopy(memory);
    s->bytes = H5Tget_size(memory);
    s->scale = scale;
    s->dataset = TSR_NO_ID;
}

/* ---- types ---- */

/* The narrowest type of the file that holds all values. */
static hid_t narrow(int64_t low, int64_t high)
{
    if (low >= INT8_MIN && high <= INT8_MAX) return H5T_STD_I8LE;
    if (low >= INT16_MIN && high <= INT16_MAX) return H5T_STD_I16LE;
    if (low >= INT32_MIN && high <= INT32_MAX) return H5T_STD_I32LE;
    return H5T_STD_I64LE;
}

static void set_column(tsr_partition_writer *w, const tsr_partition_plan *plan, int32_t kind, int32_t c)
{
    const tsr_kind_about *about = tsr_kind_of(kind);
    const tsr_kind_column *column = &about->column[c];
    hid_t narrowed = narrow(plan->low[kind][c], plan->high[kind][c]);
    stream *s = &w->column[kind][c];

    snprintf(s->name, sizeof s->name, "/%s/%s", about->name, column->name);
    switch (column->cell) {
    case TSR_CELL_TIME: set_stream(s, H5T_STD_U32LE, H5T_NATIVE_UINT32, -1); break;
    case TSR_CELL_MONEY: set_stream(s, narrowed, H5T_NATIVE_INT64, w->info->money_scale); break;
    case TSR_CELL_HASH: set_stream(s, H5T_STD_U64LE, H5T_NATIVE_UINT64, -1); break;
    case TSR_CELL_COUNT: set_stream(s, narrowed, H5T_NATIVE_INT32, -1); break;
    case TSR_CELL_CODE:
        set_stream(s, narrow(-1, w->info->dictionary[column->dictionary].n - 1), H5T_NATIVE_INT32, -1);
        break;
    case TSR_CELL_VALUE: set_stream(s, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, -1); break;
    }
}

static void set_kind(tsr_partition_writer *w, const tsr_partition_plan *plan, int32_t kind)
{
    stream *offset = &w->column[kind][OFFSET];

    for (int32_t c = 0; c < tsr_kind_of(kind)->columns; c++)
        if (tsr_has_column(w->info->has, kind, c)) set_column(w, plan, kind, c);
    snprintf(offset->name, sizeof offset->name, "/%s/offset", tsr_kind_of(kind)->name);
    set_stream(offset, plan->records[kind] <= UINT32_MAX ? H5T_STD_U32LE : H5T_STD_U64LE, H5T_NATIVE_INT64, -1);
}

static tsr_status set_customers(tsr_partition_writer *w)
{
    const tsr_dataset_info *info = w->info;
    hid_t text = tsr_h5_file_type(TSR_TEXT, info->id_width);
    tsr_status st = tsr_alloc(&w->attribute, info->attributes_n, sizeof *w->attribute);

    strcpy(w->key.name, "/customers/key");
    strcpy(w->id.name, "/customers/id");
    set_stream(&w->key, H5T_STD_U64LE, H5T_NATIVE_UINT64, -1);
    set_stream(&w->id, text, text, -1);
    for (int32_t a = 0; st == TSR_OK && a < info->attributes_n; a++) {
        stream *s = &w->attribute[a];
        const tsr_attribute *about = &info->attributes[a];
        snprintf(s->name, sizeof s->name, "/customers/%s", about->name);
        if (about->categorical)
            set_stream(s, narrow(-1, about->dictionary.n - 1), H5T_NATIVE_INT32, -1);
        else
            set_stream(s, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, -1);
    }
    tsr_h5_close(&text);
    return st;
}

/* ---- opening ---- */

static tsr_status check_names(const tsr_dataset_info *info, const char *path)
{
    if (info->id_width < 1) return TSR_FAIL(TSR_EBUG, "%s: no width of ids", path);
    for (int32_t i = 0; i < info->attributes_n; i++) {
        const char *name = info->attributes[i].name;
        if (strcmp(name, "key") == 0 || strcmp(name, "id") == 0 || name[0] == '\0' || name[0] == '.' ||
            strchr(name, '/'))
            return TSR_FAIL(TSR_ECONF, "an attribute cannot be called \"%s\": choose another name", name);
        if (i > 0 && strcmp(info->attributes[i - 1].name, name) >= 0)
            return TSR_FAIL(TSR_EBUG, "%s: attributes are not sorted by name", path);
    }
    return TSR_OK;
}

static int64_t bytes_needed(const tsr_dataset_info *info, const tsr_partition_plan *plan)
{
    int64_t bytes = TSR_H5_FILE_BYTES + tsr_h5_dataset_bytes(plan->customers, 8) +
                    tsr_h5_dataset_bytes(plan->customers, (size_t)info->id_width) +
                    info->attributes_n * tsr_h5_dataset_bytes(plan->customers, 4);

    for (int32_t kind = 0; kind < TSR_KINDS; kind++) {
        if (!tsr_has_kind(info->has, kind)) continue;
        bytes += tsr_h5_dataset_bytes(plan->customers + 1, 8);
        for (int32_t c = 0; c < tsr_kind_of(kind)->columns; c++)
            if (tsr_has_column(info->has, kind, c))
                bytes += tsr_h5_dataset_bytes(plan->records[kind], tsr_cell_bytes(tsr_kind_of(kind)->column[c].cell));
    }
    return bytes;
}

static tsr_status create_groups(const tsr_partition_writer *w)
{
    char name[NAME_BYTES];
    tsr_status st = tsr_h5_create_group(w->file, w->path, "/customers");

    for (int32_t kind = 0; st == TSR_OK && kind < TSR_KINDS; kind++) {
        if (!tsr_has_kind(w->info->has, kind)) continue;
        snprintf(name, sizeof name, "/%s", tsr_kind_of(kind)->name);
        st = tsr_h5_create_group(w->file, w->path, name);
    }
    return st;
}

/* Every customer adds where its records end; the first begin at 0. */
static tsr_status put_first_offsets(tsr_partition_writer *w)
{
    int64_t zero = 0;
    tsr_status st = TSR_OK;

    for (int32_t kind = 0; st == TSR_OK && kind < TSR_KINDS; kind++)
        if (tsr_has_kind(w->info->has, kind)) st = put_rows(w, &w->column[kind][OFFSET], 1, &zero);
    return st;
}

static void no_streams(tsr_partition_writer *w)
{
    stream none = {.memory = TSR_NO_ID, .type = TSR_NO_ID, .dataset = TSR_NO_ID};

    w->key = w->id = none;
    for (int32_t kind = 0; kind < TSR_KINDS; kind++)
        for (int32_t c = 0; c <= OFFSET; c++) w->column[kind][c] = none;
}

tsr_status tsr_partition_open(const char *folder, const tsr_dataset_info *info, int32_t partition,
                              const tsr_partition_plan *plan, tsr_partition_writer **out)
{
    tsr_partition_writer *w = NULL;
    char name[64];
    tsr_status st;

    *out = NULL;
    TSR_TRY(tsr_alloc(&w, 1, sizeof *w));
    w->info = info;
    w->partition = partition;
    w->file = TSR_NO_ID;
    w->time_first = INT64_MAX;
    w->time_last = INT64_MIN;
    no_streams(w);
    tsr_part_name(partition, info->generation, name);
    TSR_TRY(tsr_path(&w->path, folder, "%s", name));
    TSR_TRY(tsr_path(&w->temporary, "", "%s" TSR_PART, w->path));
    TSR_TRY(tsr_customer_hash_open(&w->hash, info));
    TSR_TRY(check_names(info, w->path));
    TSR_TRY(tsr_h5_create(w->temporary, w->path, bytes_needed(info, plan), &w->file));
    TSR_TRY(set_customers(w));
    for (int32_t kind = 0; kind < TSR_KINDS; kind++)
        if (tsr_has_kind(info->has, kind)) set_kind(w, plan, kind);
    TSR_TRY(create_groups(w));
    TSR_TRY(put_first_offsets(w));
    *out = w;
    w = NULL;
done:
    tsr_partition_close(&w);
    return st;
}

void tsr_partition_close(tsr_partition_writer **at)
{
    tsr_partition_writer *w = *at;

    if (w == NULL) return;
    clear_stream(&w->key);
    clear_stream(&w->id);
    for (int32_t a = 0; w->attribute != NULL && a < w->info->attributes_n; a++) clear_stream(&w->attribute[a]);
    for (int32_t kind = 0; kind < TSR_KINDS; kind++)
        for (int32_t c = 0; c <= OFFSET; c++) clear_stream(&w->column[kind][c]);
    tsr_h5_close(&w->file);
    if (!w->finished && w->temporary != NULL) unlink(w->temporary);
    tsr_customer_hash_clear(&w->hash);
    tsr_free(&w->attribute);
    tsr_free(&w->temporary);
    tsr_free(&w->path);
    tsr_free(at);
}

/* ---- customers and records ---- */

/* Kinds without records still count in the digest of their customer, in their place. */
static void go_to_kind(tsr_partition_writer *w, int32_t kind)
{
    while (w->kind < kind) {
        TSR_ASSERT(w->kind < 0 || w->announced[w->kind] == 0);
        w->kind++;
        if (w->kind < TSR_KINDS && tsr_has_kind(w->info->has, w->kind))
            tsr_customer_hash_kind(&w->hash, (uint64_t)w->announced[w->kind]);
    }
}

static void end_customer(tsr_partition_writer *w)
{
    if (!w->in_customer) return;
    go_to_kind(w, TSR_KINDS);
    tsr_customer_hash_end(&w->hash);
    w->in_customer = false;
}

tsr_status tsr_partition_customer(tsr_partition_writer *w, uint64_t key, const char *id, const uint32_t *attribute,
                                  const int64_t rows[TSR_KINDS])
{
    tsr_status st;

    end_customer(w);
    if (tsr_partition_of(key, w->info->partitions) != w->partition)
        return TSR_FAIL(TSR_EBUG, "%s: a customer belongs to another partition", w->path);
    TSR_TRY(put_rows(w, &w->key, 1, &key));
    TSR_TRY(put_rows(w, &w->id, 1, id));
    for (int32_t a = 0; a < w->info->attributes_n; a++) TSR_TRY(put_rows(w, &w->attribute[a], 1, &attribute[a]));
    for (int32_t kind = 0; kind < TSR_KINDS; kind++) {
        if (!tsr_has_kind(w->info->has, kind)) continue;
        w->records[kind] += rows[kind];
        TSR_TRY(put_rows(w, &w->column[kind][OFFSET], 1, &w->records[kind]));
    }
    tsr_customer_hash_begin(&w->hash, key, id, attribute);
    memcpy(w->announced, rows, sizeof w->announced);
    w->customers++;
    w->in_customer = true;
    w->kind = -1;
done:
    return st;
}

static void see_times(tsr_partition_writer *w, const uint32_t *time, int64_t n)
{
    if (n == 0) return;
    if (time[0] < w->time_first) w->time_first = time[0];
    if (time[n - 1] > w->time_last) w->time_last = time[n - 1];
}

tsr_status tsr_partition_records(tsr_partition_writer *w, int32_t kind, int64_t n, const void *const *column)
{
    tsr_status st = TSR_OK;

    TSR_ASSERT(w->in_customer && kind >= w->kind && n <= w->announced[kind]);
    go_to_kind(w, kind);
    w->announced[kind] -= n;
    tsr_customer_hash_records(&w->hash, kind, 0, n, column);
    if (kind == TSR_TRANSACTIONS) see_times(w, column[0], n);
    for (int32_t c = 0; c < tsr_kind_of(kind)->columns; c++)
        if (w->column[kind][c].bytes > 0) TSR_TRY(put_rows(w, &w->column[kind][c], n, column[c]));
done:
    return st;
}

/* ---- the end ---- */

/* What commit needs to know of the partition travels in the file itself. */
static tsr_status write_about(const tsr_partition_writer *w)
{
    char hex[2 * TSR_DIGEST_SIZE + 1];
    tsr_status st;

    tsr_digest_hex((const uint8_t *)w->sum.limb, hex);
    TSR_TRY(tsr_h5_put_int(w->file, w->path, "customers", w->customers));
    for (int32_t kind = 0; kind < TSR_KINDS; kind++)
        if (tsr_has_kind(w->info->has, kind))
            TSR_TRY(tsr_h5_put_int(w->file, w->path, tsr_kind_of(kind)->name, w->records[kind]));
    TSR_TRY(tsr_h5_put_int(w->file, w->path, "time_first", w->time_first));
    TSR_TRY(tsr_h5_put_int(w->file, w->path, "time_last", w->time_last));
    TSR_TRY(tsr_h5_put_text(w->file, w->path, "digest", hex));
done:
    return st;
}

tsr_status tsr_partition_finish(tsr_partition_writer *w, tsr_digest_sum *digest)
{
    tsr_status st;

    end_customer(w);
    tsr_customer_hash_finish(&w->hash, &w->sum);
    TSR_TRY(finish_stream(w, &w->key));
    TSR_TRY(finish_stream(w, &w->id));
    for (int32_t a = 0; a < w->info->attributes_n; a++) TSR_TRY(finish_stream(w, &w->attribute[a]));
    for (int32_t kind = 0; kind < TSR_KINDS; kind++)
        for (int32_t c = 0; c <= OFFSET; c++)
            if (w->column[kind][c].name[0] != '\0') TSR_TRY(finish_stream(w, &w->column[kind][c]));
    TSR_TRY(write_about(w));
    TSR_TRY(tsr_h5_finish(&w->file, w->path, w->temporary));
    TSR_TRY(tsr_file_commit(w->temporary, w->path));
    w->finished = true;
    tsr_digest_add(digest, &w->sum);
done:
    return st;
}
