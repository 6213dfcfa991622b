#include <string.h>

#include "data/table/h5.h"
#include "data/table/rowhash.h"
#include "tessera/memory.h"

struct tsr_table {
    char *path;
    hid_t file;
    int64_t rows;
    int32_t n;
    tsr_column *columns; /* [n] by name */
    hid_t *dataset;      /* [n] */
};

static herr_t keep_name(hid_t group, const char *name, const H5L_info_t *info, void *context)
{
    tsr_table *table = context;
    int32_t n = table->n;

    if (info->type == H5L_TYPE_EXTERNAL && H5Oexists_by_name(group, name, H5P_DEFAULT) <= 0) return 0;
    if (strlen(name) >= TSR_NAME_BYTES) {
        (void)TSR_FAIL(TSR_EDATA, "%s: a column's name is longer than %d bytes", table->path, TSR_NAME_BYTES - 1);
        return -1;
    }
    if (tsr_resize(&table->columns, n + 1, sizeof(tsr_column)) != TSR_OK) return -1;
    if (tsr_resize(&table->dataset, n + 1, sizeof(hid_t)) != TSR_OK) return -1;
    table->columns[n] = (tsr_column){0};
    table->dataset[n] = TSR_NO_ID;
    strcpy(table->columns[n].name, name);
    table->n++;
    return 0;
}

static tsr_status open_column(tsr_table *table, int32_t i)
{
    tsr_status st = TSR_OK;
    tsr_column *c = &table->columns[i];
    const char *path = table->path;
    hid_t type = TSR_NO_ID;
    int64_t rows, cols, position = 0;
    char **names = NULL;

    table->dataset[i] = H5Dopen2(table->file, c->name, H5P_DEFAULT);
    if (table->dataset[i] < 0) TSR_TRY(tsr_h5_fail(TSR_EDATA, path, c->name, "is not a column of a table"));
    TSR_TRY(tsr_h5_shape(table->dataset[i], path, c->name, &rows, &cols));
    type = H5Dget_type(table->dataset[i]);
    if (!tsr_h5_type_of(type, &c->type, &c->width) || (c->type == TSR_TEXT && cols > 0) || cols > INT32_MAX)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: %s: is neither numbers nor strings of fixed length", path, c->name));
    if (cols > 0) c->width = (int32_t)cols;
    if (i > 0 && rows != table->rows)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: %s has %lld rows, %s has %lld: not a table", path, table->columns[0].name,
                         (long long)table->rows, c->name, (long long)rows));
    table->rows = rows;
    TSR_TRY(tsr_h5_get_text(table->dataset[i], path, "unit", c->unit, sizeof c->unit));
    TSR_TRY(tsr_h5_get_text(table->dataset[i], path, "description", c->description, sizeof c->description));
    TSR_TRY(tsr_h5_get_int(table->dataset[i], path, "position", &position));
    c->position = (int32_t)position;
    TSR_TRY(tsr_h5_get_texts(table->dataset[i], path, "names", &names, &c->names_n));
    c->names = (const char *const *)names;
done:
    tsr_h5_close(&type);
    return st;
}

tsr_status tsr_table_open(const char *path, tsr_table **table)
{
    tsr_status st = TSR_OK;

    *table = NULL;
    TSR_TRY(tsr_alloc(table, 1, sizeof **table));
    (*table)->file = TSR_NO_ID;
    TSR_TRY(tsr_strdup(&(*table)->path, path));
    TSR_TRY(tsr_h5_open(path, &(*table)->file));
    tsr_error_clear();
    if (H5Literate((*table)->file, H5_INDEX_NAME, H5_ITER_INC, NULL, keep_name, *table) < 0) {
        st = tsr_error_last()->status;
        if (st == TSR_OK) st = tsr_h5_fail(TSR_EDATA, path, NULL, "is damaged");
        goto done;
    }
    if ((*table)->n == 0) TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: holds no column", path));
    for (int32_t i = 0; i < (*table)->n; i++) TSR_TRY(open_column(*table, i));
done:
    if (st != TSR_OK) tsr_table_close(table);
    return st;
}

void tsr_table_close(tsr_table **table)
{
    if (!*table) return;
    for (int32_t i = 0; i < (*table)->n; i++) {
        char **names = (char **)(uintptr_t)(*table)->columns[i].names;
        tsr_free(&names);
        tsr_h5_close(&(*table)->dataset[i]);
    }
    tsr_h5_close(&(*table)->file);
    tsr_free(&(*table)->columns);
    tsr_free(&(*table)->dataset);
    tsr_free(&(*table)->path);
    tsr_free(table);
}

int64_t tsr_table_rows(const tsr_table *table)
{
    return table->rows;
}

const tsr_column *tsr_table_columns(const tsr_table *table, int32_t *n)
{
    *n = table->n;
    return table->columns;
}

const tsr_column *tsr_table_find(const tsr_table *table, const char *name)
{
    for (int32_t i = 0; i < table->n; i++)
        if (strcmp(table->columns[i].name, name) == 0) return &table->columns[i];
    return NULL;
}

static tsr_status check_read(const tsr_table *table, const char *name, int64_t first, int64_t rows, tsr_type as)
{
    const tsr_column *c = tsr_table_find(table, name);

    if (!c) return TSR_FAIL(TSR_EDATA, "%s: there is no column %s", table->path, name);
    if ((as == TSR_TEXT) != (c->type == TSR_TEXT))
        return TSR_FAIL(TSR_EDATA, "%s: column %s holds %s", table->path, name,
                        c->type == TSR_TEXT ? "text, not numbers" : "numbers, not text");
    if (first < 0 || rows < 0 || first > table->rows - rows)
        return TSR_FAIL(TSR_EDATA, "%s: rows %lld to %lld of %lld", table->path, (long long)first,
                        (long long)(first + rows), (long long)table->rows);
    return TSR_OK;
}

tsr_status tsr_table_read(const tsr_table *table, const char *column, int64_t first, int64_t rows, tsr_type as,
                          void *values)
{
    tsr_status st = TSR_OK;
    hid_t memory = TSR_NO_ID;

    TSR_TRY(check_read(table, column, first, rows, as));
    const tsr_column *c = tsr_table_find(table, column);
    hid_t dataset = table->dataset[c - table->columns];
    if (as == TSR_TEXT) { /* the file's own character set, whatever it is: HDF5 does not convert between them */
        hid_t type = H5Dget_type(dataset);
        memory = H5Tcopy(type);
        tsr_h5_close(&type);
        H5Tset_strpad(memory, H5T_STR_NULLPAD);
    } else {
        memory = tsr_h5_memory_type(as, 0);
    }
    bool flat = as == TSR_TEXT || c->width == 1;
    int64_t shape_rows, cols = 0;
    if (flat) TSR_TRY(tsr_h5_shape(dataset, table->path, column, &shape_rows, &cols));
    TSR_TRY(tsr_h5_read_rows(dataset, table->path, column, memory, first, rows, flat ? cols : c->width,
                             tsr_type_bytes(as) * (size_t)c->width, values));
done:
    tsr_h5_close(&memory);
    return st;
}

/* One rank's even share of the rows, hashed block by block. */
static tsr_status hash_share(const tsr_comm *comm, const tsr_table *table, tsr_rowhash *hash)
{
    tsr_status st = TSR_OK;
    tsr_span span = tsr_span_even(table->rows, TSR_BLOCK_ROWS, comm->rank, comm->size);
    void **values = NULL;

    TSR_TRY(tsr_alloc(&values, table->n, sizeof(void *)));
    for (int32_t i = 0; i < table->n; i++)
        TSR_TRY(tsr_alloc(&values[i], span.rows < TSR_BLOCK_ROWS ? span.rows : TSR_BLOCK_ROWS,
                          tsr_type_bytes(table->columns[i].type) * (size_t)table->columns[i].width));
    for (int64_t done = 0; done < span.rows; done += TSR_BLOCK_ROWS) {
        int64_t rows = span.rows - done < TSR_BLOCK_ROWS ? span.rows - done : TSR_BLOCK_ROWS;
        for (int32_t i = 0; i < table->n; i++)
            TSR_TRY(tsr_table_read(table, table->columns[i].name, span.first + done, rows, table->columns[i].type,
                                   values[i]));
        tsr_rowhash_add(hash, rows, values);
    }
done:
    for (int32_t i = 0; values && i < table->n; i++) tsr_free(&values[i]);
    tsr_free(&values);
    return st;
}

tsr_status tsr_table_digest(const tsr_comm *comm, const char *path, uint8_t digest[TSR_DIGEST_SIZE])
{
    tsr_status st = TSR_OK;
    tsr_table *table = NULL;
    tsr_rowhash *hash = NULL;

    TSR_AGREE(comm, tsr_table_open(path, &table));
    TSR_AGREE(comm, tsr_rowhash_create(table->columns, table->n, &hash));
    TSR_AGREE(comm, hash_share(comm, table, hash));
    tsr_rowhash_finish(comm, hash, digest);
done:
    tsr_rowhash_destroy(&hash);
    tsr_table_close(&table);
    return st;
}
