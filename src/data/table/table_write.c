#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/table/h5.h"
#include "data/table/rowhash.h"
#include "tessera/file.h"
#include "tessera/interrupt.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "tessera/trace.h"

typedef struct writer {
    const char *path;
    char *temporary;
    const tsr_column *columns;
    int32_t n;
    const tsr_span *span;
    int64_t block;  /* most rows in one transfer: a power of two, so that blocks lie within chunks of the file */
    int64_t rounds; /* of the rank with the most blocks */
    void **values;  /* [n], each [block][width] */
    hid_t file, collective;
    hid_t *dataset, *memory; /* [n] */
    tsr_rowhash *hash;       /* NULL: not wanted */
} writer;

static size_t row_bytes(const tsr_column *column)
{
    return tsr_type_bytes(column->type) * (size_t)column->width;
}

/* ---- before the file: everything that can be wrong with the arguments ---- */

static tsr_status check_columns(const char *path, const tsr_column *columns, int32_t n)
{
    if (n < 1) return TSR_FAIL(TSR_ECONF, "%s: a table needs a column", path);
    for (int32_t i = 0; i < n; i++) {
        const char *name = columns[i].name;
        if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') || !memchr(name, '\0', TSR_NAME_BYTES))
            return TSR_FAIL(TSR_ECONF, "%s: column %d: a name is not empty, holds no / and does not start with a dot",
                            path, i + 1);
        if (columns[i].width < 1) return TSR_FAIL(TSR_ECONF, "%s: column %s: width %d", path, name, columns[i].width);
        for (int32_t j = 0; j < i; j++)
            if (strcmp(columns[j].name, name) == 0)
                return TSR_FAIL(TSR_ECONF, "%s: two columns are called %s", path, name);
    }
    return TSR_OK;
}

/* What must be the same on all ranks, or the collective calls below do not match. */
static tsr_status check_same(const tsr_comm *comm, const writer *w)
{
    uint8_t digest[TSR_DIGEST_SIZE] = {0};
    char text[TSR_NAME_BYTES + 64];
    tsr_digest_sum sum = {{(uint64_t)w->n, (uint64_t)w->span->rows_global}};

    for (int32_t i = 0; i < w->n; i++) {
        const tsr_column *c = &w->columns[i];
        int n = snprintf(text, sizeof text, "%d %s %d %d %d", i, c->name, (int)c->type, c->width, c->names_n);
        tsr_digest_row(&sum, text, (size_t)n);
    }
    tsr_digest_row(&sum, w->path, strlen(w->path));
    tsr_digest_bytes(sum.limb, sizeof sum.limb, digest);
    return tsr_same(comm, digest, sizeof digest, "path, columns and rows of a table");
}

static tsr_status prepare(writer *w, bool hashed)
{
    tsr_status st = TSR_OK;
    size_t widest = 1;

    for (int32_t i = 0; i < w->n; i++)
        if (row_bytes(&w->columns[i]) > widest) widest = row_bytes(&w->columns[i]);
    w->block = TSR_BLOCK_ROWS;
    while (w->block > 1 && w->block * (int64_t)widest > TSR_CHUNK_BYTES) w->block /= 2;

    TSR_TRY(tsr_path(&w->temporary, "", "%s" TSR_PART, w->path));
    TSR_TRY(tsr_alloc(&w->values, w->n, sizeof(void *)));
    TSR_TRY(tsr_alloc(&w->dataset, w->n, sizeof(hid_t)));
    TSR_TRY(tsr_alloc(&w->memory, w->n, sizeof(hid_t)));
    for (int32_t i = 0; i < w->n; i++) w->dataset[i] = w->memory[i] = TSR_NO_ID;
    int64_t rows = w->span->rows < w->block ? w->span->rows : w->block;
    for (int32_t i = 0; i < w->n; i++) {
        TSR_ASSERT(!hashed || w->columns[i].file == NULL);
        TSR_TRY(tsr_alloc(&w->values[i], rows, row_bytes(&w->columns[i])));
    }
    if (hashed) TSR_TRY(tsr_rowhash_create(w->columns, w->n, &w->hash));
done:
    return st;
}

static int64_t bytes_needed(const writer *w)
{
    int64_t bytes = TSR_H5_FILE_BYTES;

    for (int32_t i = 0; i < w->n; i++)
        bytes += tsr_h5_dataset_bytes(w->span->rows_global, row_bytes(&w->columns[i])) +
                 (int64_t)w->columns[i].names_n * 256;
    return bytes;
}

/* ---- hints ---- */

#define HINTS_BYTES 4096

/* "name=value;name=value" into @p info; takes @p text apart. */
static tsr_status set_hints(char *text, MPI_Info info)
{
    for (char *rest = text, *hint; (hint = strtok_r(rest, "; ", &rest)) != NULL;) {
        char *value = strchr(hint, '=');
        if (value == NULL || value == hint || value[1] == '\0' || value - hint >= MPI_MAX_INFO_KEY ||
            strlen(value + 1) >= MPI_MAX_INFO_VAL)
            return TSR_FAIL(TSR_ECONF, "TESSERA_IO_HINTS: \"%s\" is not of the form name=value", hint);
        *value = '\0';
        MPI_Info_set(info, hint, value + 1);
    }
    return TSR_OK;
}

/* What rank 0's environment says: launchers do not hand it on to all, and hints must be the same on all ranks. */
static tsr_status read_hints(const tsr_comm *comm, MPI_Info *info)
{
    const char *given = getenv("TESSERA_IO_HINTS");
    char text[HINTS_BYTES] = "";

    if (comm->rank == 0 && given != NULL) snprintf(text, sizeof text, "%s", given);
    tsr_bcast(comm, text, sizeof text, 0);
    MPI_Info_create(info);
    return set_hints(text, *info);
}

/* ---- the file ---- */

static tsr_status create_file(const tsr_comm *comm, MPI_Info hints, writer *w)
{
    hid_t fapl = H5Pcreate(H5P_FILE_ACCESS), fcpl = H5Pcreate(H5P_FILE_CREATE);

    tsr_h5_quiet();
    w->collective = H5Pcreate(H5P_DATASET_XFER);
    if (tsr_h5_format(fapl) >= 0 && H5Pset_fapl_mpio(fapl, comm->mpi, hints) >= 0 &&
        H5Pset_all_coll_metadata_ops(fapl, 1) >= 0 && H5Pset_coll_metadata_write(fapl, 1) >= 0 &&
        H5Pset_obj_track_times(fcpl, 0) >= 0 && H5Pset_dxpl_mpio(w->collective, H5FD_MPIO_COLLECTIVE) >= 0)
        w->file = H5Fcreate(w->temporary, H5F_ACC_TRUNC, fcpl, fapl);
    tsr_status st = w->file < 0 ? tsr_h5_fail(TSR_EIO, w->path, NULL, "cannot be created") : TSR_OK;
    tsr_h5_close(&fcpl);
    tsr_h5_close(&fapl);
    return st;
}

static tsr_status create_column(writer *w, int32_t i)
{
    tsr_status st = TSR_OK;
    const tsr_column *c = &w->columns[i];
    int32_t text_width = c->type == TSR_TEXT ? c->width : 0;
    hid_t type = tsr_h5_file_type(c->type, text_width);

    w->memory[i] = tsr_h5_memory_type(c->type, text_width);
    if (c->file != NULL) {
        if (H5Lcreate_external(c->file, c->name, w->file, c->name, H5P_DEFAULT, H5P_DEFAULT) < 0)
            st = tsr_h5_fail(TSR_EIO, w->path, c->name, "cannot be linked");
        goto done;
    }
    TSR_TRY(tsr_h5_create_dataset(w->file, w->path, c->name, type, w->span->rows_global,
                                  c->type != TSR_TEXT && c->width > 1 ? c->width : 0, &w->dataset[i]));
    TSR_TRY(tsr_h5_put_text(w->dataset[i], w->path, "unit", c->unit));
    TSR_TRY(tsr_h5_put_text(w->dataset[i], w->path, "description", c->description));
    if (c->position > 0) TSR_TRY(tsr_h5_put_int(w->dataset[i], w->path, "position", c->position));
    if (c->names_n > 0) TSR_TRY(tsr_h5_put_texts(w->dataset[i], w->path, "names", c->names, c->names_n));
done:
    tsr_h5_close(&type);
    return st;
}

/* ---- the rows ---- */

/* Blocks end where chunks of the file end: only the chunks at the borders of ranks are written twice. */
static tsr_span block_of_round(const writer *w, int64_t round)
{
    int64_t grid = w->span->first / w->block + round, end = w->span->first + w->span->rows;
    tsr_span block = {.first = grid * w->block, .rows_global = w->span->rows_global};
    int64_t last = block.first + w->block < end ? block.first + w->block : end;

    if (block.first < w->span->first) block.first = w->span->first;
    block.rows = last > block.first ? last - block.first : 0;
    return block;
}

static tsr_status fill_block(writer *w, const tsr_span *block, tsr_table_fill fill, void *context)
{
    if (block->rows == 0) return TSR_OK;
    tsr_status st = fill(context, block->first - w->span->first, block->rows, w->values);
    if (st == TSR_OK && w->hash) tsr_rowhash_add(w->hash, block->rows, w->values);
    return st;
}

static tsr_status write_column(const writer *w, int32_t i, const tsr_span *block)
{
    const tsr_column *c = &w->columns[i];
    hsize_t start[2] = {(hsize_t)block->first, 0}, count[2] = {(hsize_t)block->rows, (hsize_t)c->width};
    hsize_t room[2] = {block->rows > 0 ? count[0] : 1, count[1]};
    hid_t here = H5Screate_simple(c->type != TSR_TEXT && c->width > 1 ? 2 : 1, room, NULL);
    hid_t there = H5Dget_space(w->dataset[i]);
    tsr_status st = TSR_OK;

    if (block->rows > 0) {
        H5Sselect_hyperslab(there, H5S_SELECT_SET, start, NULL, count, NULL);
    } else {
        H5Sselect_none(here);
        H5Sselect_none(there);
    }
    if (H5Dwrite(w->dataset[i], w->memory[i], here, there, w->collective, w->values[i]) < 0)
        st = tsr_h5_fail(TSR_EIO, w->path, c->name, "cannot be written");
    tsr_bytes_add(TSR_BYTES_WRITTEN, block->rows * c->width * (int64_t)tsr_type_bytes(c->type));
    tsr_h5_close(&there);
    tsr_h5_close(&here);
    return st;
}

/* A rank whose write failed still takes part in the others: they are collective. */
static tsr_status write_block(const writer *w, const tsr_span *block)
{
    tsr_status st = TSR_OK;

    for (int32_t i = 0; i < w->n; i++) {
        tsr_status one = w->columns[i].file != NULL ? TSR_OK : write_column(w, i, block);
        if (st == TSR_OK) st = one;
    }
    return st;
}

static tsr_status write_rows(const tsr_comm *comm, writer *w, tsr_table_fill fill, void *context)
{
    tsr_status st = TSR_OK;

    for (int64_t round = 0; round < w->rounds; round++) {
        tsr_span block = block_of_round(w, round);
        TSR_AGREE(comm, fill_block(w, &block, fill, context));
        TSR_AGREE(comm, write_block(w, &block));
    }
done:
    return st;
}

static tsr_status close_file(writer *w)
{
    for (int32_t i = 0; i < w->n; i++) {
        tsr_h5_close(&w->dataset[i]);
        tsr_h5_close(&w->memory[i]);
    }
    return w->file < 0 ? TSR_OK : tsr_h5_finish(&w->file, w->path, NULL);
}

static void destroy(writer *w)
{
    tsr_h5_close(&w->collective);
    tsr_rowhash_destroy(&w->hash);
    for (int32_t i = 0; w->values && i < w->n; i++) tsr_free(&w->values[i]);
    tsr_free(&w->values);
    tsr_free(&w->dataset);
    tsr_free(&w->memory);
    tsr_free(&w->temporary);
}

tsr_status tsr_table_write(const tsr_comm *comm, const char *path, const tsr_column *columns, int32_t n,
                           const tsr_span *span, tsr_table_fill fill, void *context, uint8_t digest[TSR_DIGEST_SIZE])
{
    tsr_status st = TSR_OK;
    bool begun = false;
    MPI_Info hints = MPI_INFO_NULL;
    const double since = tsr_seconds();
    writer w = {.path = path, .columns = columns, .n = n, .span = span, .file = TSR_NO_ID, .collective = TSR_NO_ID};

    TSR_TRY(check_same(comm, &w));
    TSR_AGREE(comm, check_columns(path, columns, n));
    TSR_AGREE(comm, prepare(&w, digest != NULL));
    TSR_TRY(read_hints(comm, &hints));
    if (span->rows > 0) w.rounds = (span->first + span->rows - 1) / w.block - span->first / w.block + 1;
    tsr_max_int64(comm, &w.rounds, 1);

    begun = true;
    int64_t bytes = bytes_needed(&w);
    TSR_AGREE(comm, comm->rank == 0 ? tsr_file_remove(w.temporary) : TSR_OK); /* as in tsr_h5_create() */
    TSR_AGREE(comm, comm->rank == 0 ? tsr_h5_reserve(w.temporary, path, bytes) : TSR_OK);
    TSR_AGREE(comm, create_file(comm, hints, &w));
    TSR_AGREE(comm, comm->rank == 0 ? tsr_h5_reserve(w.temporary, path, bytes) : TSR_OK);
    for (int32_t i = 0; i < n; i++) TSR_AGREE(comm, create_column(&w, i));
    TSR_TRY(write_rows(comm, &w, fill, context));
    TSR_AGREE(comm, close_file(&w));
    TSR_AGREE(comm, comm->rank == 0 ? tsr_file_commit(w.temporary, path) : TSR_OK);
    if (digest) tsr_rowhash_finish(comm, w.hash, digest);
    tsr_trace_add(TSR_SPAN_STEP, "write table", since);
done:
    if (st != TSR_OK && begun) {
        if (w.file >= 0 && close_file(&w) != TSR_OK) H5Eclear2(H5E_DEFAULT);
        if (comm->rank == 0) unlink(w.temporary);
    }
    if (hints != MPI_INFO_NULL) MPI_Info_free(&hints);
    destroy(&w);
    return st;
}
