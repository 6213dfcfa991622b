#include "tessera/matrix.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/table/h5.h"
#include "tessera/memory.h"

/* What an integer id may need: "-9223372036854775808". */
#define INTEGER_WIDTH 20

/* A file and one dataset of it, open for one call. */
typedef struct source {
    hid_t file, dataset, type;
} source;

static void close_source(source *s)
{
    tsr_h5_close(&s->type);
    tsr_h5_close(&s->dataset);
    tsr_h5_close(&s->file);
}

static tsr_status open_source(const char *file, const char *path, source *s)
{
    tsr_status st = TSR_OK;

    *s = (source){TSR_NO_ID, TSR_NO_ID, TSR_NO_ID};
    TSR_TRY(tsr_h5_open(file, &s->file));
    s->dataset = H5Dopen2(s->file, path, H5P_DEFAULT);
    if (s->dataset < 0) {
        H5Eclear2(H5E_DEFAULT);
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: there is no dataset %s", file, path));
    }
    s->type = H5Dget_type(s->dataset);
done:
    return st;
}

/* ---- looking at it: the root alone ---- */

/* Plain bytes of a matrix's description, for the broadcast; ids and names follow. */
typedef struct outline {
    int64_t rows;
    int32_t cols, id_width;
} outline;

static tsr_status look_at_values(const char *file, const char *path, outline *o, char ***names, int32_t *names_n)
{
    tsr_status st = TSR_OK;
    source s;
    int64_t cols = 0;

    TSR_TRY(open_source(file, path, &s));
    TSR_TRY(tsr_h5_shape(s.dataset, file, path, &o->rows, &cols));
    H5T_class_t kind = H5Tget_class(s.type);
    if (cols < 1 || cols > INT32_MAX)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: %s: a matrix has two dimensions: rows and columns", file, path));
    if (kind != H5T_FLOAT && kind != H5T_INTEGER) TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: %s: holds no numbers", file, path));
    o->cols = (int32_t)cols;
    TSR_TRY(tsr_h5_get_texts(s.dataset, file, "names", names, names_n));
    if (*names && *names_n != o->cols)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: %s: attribute names holds %d names for %d columns", file, path, *names_n,
                         o->cols));
done:
    close_source(&s);
    return st;
}

/* The longest of all strings of variable length: known only by looking at them. */
static tsr_status longest_text(const source *s, const char *file, const char *path, int64_t rows, int32_t *width)
{
    tsr_status st = TSR_OK;
    char **text = NULL;

    *width = 1;
    TSR_TRY(tsr_alloc(&text, rows < TSR_BLOCK_ROWS ? rows : TSR_BLOCK_ROWS, sizeof *text));
    for (int64_t done = 0; done < rows; done += TSR_BLOCK_ROWS) {
        int64_t n = rows - done < TSR_BLOCK_ROWS ? rows - done : TSR_BLOCK_ROWS;
        TSR_TRY(tsr_h5_read_rows(s->dataset, file, path, s->type, done, n, 0, sizeof *text, text));
        for (int64_t i = 0; i < n; i++) {
            size_t bytes = text[i] ? strlen(text[i]) : 0;
            if (bytes > (size_t)*width) *width = (int32_t)bytes;
            H5free_memory(text[i]);
        }
    }
done:
    tsr_free(&text);
    return st;
}

static tsr_status look_at_ids(const char *file, const char *path, outline *o)
{
    tsr_status st = TSR_OK;
    source s;
    int64_t rows = 0, cols = 0;

    TSR_TRY(open_source(file, path, &s));
    TSR_TRY(tsr_h5_shape(s.dataset, file, path, &rows, &cols));
    if (cols != 0 || rows != o->rows)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: %s: ids are one for each of the %" PRId64 " rows, not %" PRId64, file, path,
                         o->rows, rows));
    H5T_class_t kind = H5Tget_class(s.type);
    if (kind == H5T_INTEGER)
        o->id_width = INTEGER_WIDTH;
    else if (kind == H5T_STRING && H5Tis_variable_str(s.type) > 0)
        TSR_TRY(longest_text(&s, file, path, rows, &o->id_width));
    else if (kind == H5T_STRING)
        o->id_width = (int32_t)H5Tget_size(s.type);
    else
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: %s: ids are strings or integers", file, path));
done:
    close_source(&s);
    return st;
}

static int32_t digits(int64_t n)
{
    int32_t count = 1;

    while (n >= 10) n /= 10, count++;
    return count;
}

/* outline, then the names, each [TSR_NAME_BYTES]: one block of bytes. */
static tsr_status look(const char *file, const char *path, const char *id_path, char **bytes, int64_t *n)
{
    tsr_status st = TSR_OK;
    outline o = {0};
    char **names = NULL;
    int32_t names_n = 0;

    TSR_TRY(look_at_values(file, path, &o, &names, &names_n));
    o.id_width = digits(o.rows > 0 ? o.rows - 1 : 0);
    if (id_path) TSR_TRY(look_at_ids(file, id_path, &o));
    *n = (int64_t)sizeof o + (int64_t)o.cols * TSR_NAME_BYTES;
    TSR_TRY(tsr_alloc(bytes, *n, 1));
    memcpy(*bytes, &o, sizeof o);
    for (int32_t i = 0; i < o.cols; i++) {
        char *name = *bytes + sizeof o + (size_t)i * TSR_NAME_BYTES;
        if (!names)
            snprintf(name, TSR_NAME_BYTES, "c%d", i);
        else if (strlen(names[i]) < TSR_NAME_BYTES && names[i][0] != '\0' && !strchr(names[i], '/'))
            strcpy(name, names[i]);
        else
            TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: %s: name %d is empty, too long or holds a /", file, path, i + 1));
    }
done:
    tsr_free(&names);
    return st;
}

static tsr_status unfold(const char *file, const char *path, const char *id_path, const char *bytes,
                         tsr_matrix **matrix)
{
    tsr_status st = TSR_OK;
    outline o;

    memcpy(&o, bytes, sizeof o);
    TSR_TRY(tsr_alloc(matrix, 1, sizeof **matrix));
    (*matrix)->rows = o.rows;
    (*matrix)->cols = o.cols;
    (*matrix)->id_width = o.id_width;
    TSR_TRY(tsr_strdup(&(*matrix)->file, file));
    TSR_TRY(tsr_strdup(&(*matrix)->path, path));
    if (id_path) TSR_TRY(tsr_strdup(&(*matrix)->id_path, id_path));
    TSR_TRY(tsr_alloc(&(*matrix)->names, o.cols, sizeof(char *)));
    for (int32_t i = 0; i < o.cols; i++)
        TSR_TRY(tsr_strdup(&(*matrix)->names[i], bytes + sizeof o + (size_t)i * TSR_NAME_BYTES));
done:
    return st;
}

tsr_status tsr_matrix_open(const tsr_comm *comm, const char *file, const char *path, const char *id_path,
                           tsr_matrix **matrix)
{
    tsr_status st = TSR_OK;
    char *bytes = NULL;
    int64_t n = 0;

    *matrix = NULL;
    TSR_AGREE(comm, comm->rank == 0 ? look(file, path, id_path, &bytes, &n) : TSR_OK);
    TSR_TRY(tsr_bcast_block(comm, (void **)&bytes, &n, 0));
    TSR_AGREE(comm, unfold(file, path, id_path, bytes, matrix));
done:
    tsr_free(&bytes);
    if (st != TSR_OK) tsr_matrix_close(matrix);
    return st;
}

void tsr_matrix_close(tsr_matrix **matrix)
{
    if (!*matrix) return;
    for (int32_t i = 0; (*matrix)->names && i < (*matrix)->cols; i++) tsr_free(&(*matrix)->names[i]);
    tsr_free(&(*matrix)->names);
    tsr_free(&(*matrix)->id_path);
    tsr_free(&(*matrix)->path);
    tsr_free(&(*matrix)->file);
    tsr_free(matrix);
}

/* ---- reading rows ---- */

static tsr_status check_range(const tsr_matrix *m, int64_t first, int64_t rows)
{
    if (first >= 0 && rows >= 0 && first <= m->rows - rows) return TSR_OK;
    return TSR_FAIL(TSR_EDATA, "%s: %s: rows %" PRId64 " to %" PRId64 " of %" PRId64, m->file, m->path, first,
                    first + rows, m->rows);
}

tsr_status tsr_matrix_read(const tsr_matrix *matrix, int64_t first, int64_t rows, double *values)
{
    tsr_status st = TSR_OK;
    source s = {TSR_NO_ID, TSR_NO_ID, TSR_NO_ID};

    TSR_TRY(check_range(matrix, first, rows));
    TSR_TRY(open_source(matrix->file, matrix->path, &s));
    TSR_TRY(tsr_h5_read_rows(s.dataset, matrix->file, matrix->path, H5T_NATIVE_DOUBLE, first, rows, matrix->cols,
                             (size_t)matrix->cols * sizeof(double), values));
    for (int64_t i = 0; i < rows * matrix->cols; i++)
        if (isinf(values[i]))
            TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: %s: row %" PRId64 ", column %s: infinite", matrix->file, matrix->path,
                             first + i / matrix->cols, matrix->names[i % matrix->cols]));
done:
    close_source(&s);
    return st;
}

static void print_integer(char *id, int32_t width, int64_t value)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%" PRId64, value);

    memcpy(id, text, (size_t)(n < width ? n : width));
}

static tsr_status read_integer_ids(const tsr_matrix *m, const source *s, int64_t first, int64_t rows, char *ids)
{
    tsr_status st = TSR_OK;
    int64_t *values = NULL;
    bool is_unsigned = H5Tget_sign(s->type) == H5T_SGN_NONE;

    TSR_TRY(tsr_alloc(&values, rows, sizeof *values));
    TSR_TRY(tsr_h5_read_rows(s->dataset, m->file, m->id_path, is_unsigned ? H5T_NATIVE_UINT64 : H5T_NATIVE_INT64, first,
                             rows, 0, sizeof *values, values));
    for (int64_t i = 0; i < rows; i++) {
        char text[32];
        int n = is_unsigned ? snprintf(text, sizeof text, "%" PRIu64, (uint64_t)values[i])
                            : snprintf(text, sizeof text, "%" PRId64, values[i]);
        memcpy(ids + i * m->id_width, text, (size_t)n);
    }
done:
    tsr_free(&values);
    return st;
}

static tsr_status read_variable_ids(const tsr_matrix *m, const source *s, int64_t first, int64_t rows, char *ids)
{
    tsr_status st = TSR_OK;
    char **text = NULL;

    TSR_TRY(tsr_alloc(&text, rows, sizeof *text));
    TSR_TRY(tsr_h5_read_rows(s->dataset, m->file, m->id_path, s->type, first, rows, 0, sizeof *text, text));
    for (int64_t i = 0; i < rows; i++) {
        if (text[i]) memcpy(ids + i * m->id_width, text[i], strnlen(text[i], (size_t)m->id_width));
        H5free_memory(text[i]);
    }
done:
    tsr_free(&text);
    return st;
}

tsr_status tsr_matrix_ids(const tsr_matrix *matrix, int64_t first, int64_t rows, char *ids)
{
    tsr_status st = TSR_OK;
    source s = {TSR_NO_ID, TSR_NO_ID, TSR_NO_ID};

    TSR_TRY(check_range(matrix, first, rows));
    memset(ids, 0, (size_t)rows * (size_t)matrix->id_width);
    if (!matrix->id_path) {
        for (int64_t i = 0; i < rows; i++) print_integer(ids + i * matrix->id_width, matrix->id_width, first + i);
        goto done;
    }
    TSR_TRY(open_source(matrix->file, matrix->id_path, &s));
    if (H5Tget_class(s.type) == H5T_INTEGER) {
        TSR_TRY(read_integer_ids(matrix, &s, first, rows, ids));
    } else if (H5Tis_variable_str(s.type) > 0) {
        TSR_TRY(read_variable_ids(matrix, &s, first, rows, ids));
    } else {
        H5Tset_strpad(s.type, H5T_STR_NULLPAD);
        TSR_TRY(tsr_h5_read_rows(s.dataset, matrix->file, matrix->id_path, s.type, first, rows, 0,
                                 (size_t)matrix->id_width, ids));
    }
done:
    close_source(&s);
    return st;
}
