#include "mpi_test.h"

#include <hdf5.h>
#include <math.h>
#include <string.h>

#include "tessera/matrix.h"

#define ROWS 11
#define COLS 3

/* The test's own writer: plain HDF5 as a user would make it. */
static void put(hid_t file, const char *name, hid_t type, int dims, const hsize_t *shape, const void *values)
{
    hid_t space = H5Screate_simple(dims, shape, NULL), memory = H5Tget_native_type(type, H5T_DIR_ASCEND);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

    H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(dataset);
    H5Tclose(memory);
    H5Sclose(space);
}

static void put_names(hid_t file, const char *dataset, const char *const *names, hsize_t n)
{
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, &n, NULL);

    H5Tset_size(type, H5T_VARIABLE);
    hid_t attribute = H5Acreate_by_name(file, dataset, "names", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, type, names);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
}

static void put_texts(hid_t file, const char *name, hsize_t n, const char *const *texts)
{
    hid_t type = H5Tcopy(H5T_C_S1);

    H5Tset_size(type, H5T_VARIABLE);
    put(file, name, type, 1, &n, texts);
    H5Tclose(type);
}

static void write_file(const char *path)
{
    static const char *const names[] = {"age", "income", "score"};
    static const char *const ids[ROWS] = {"a", "bb", "ccc", "d", "e", "f", "g", "h", "i", "j", "seven77"};
    const hsize_t shape[3] = {ROWS, COLS, 2}, four = 4;
    double real[ROWS][COLS], endless[ROWS][COLS];
    int16_t small[ROWS][COLS];
    int64_t number[ROWS];
    char fixed[ROWS][5] = {{0}};
    double cube[ROWS][COLS][2] = {{{0}}};

    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < COLS; j++) {
            real[i][j] = endless[i][j] = i * 10 + j + 0.25;
            small[i][j] = (int16_t)(-100 * i + j);
        }
        number[i] = -5 + i;
        snprintf(fixed[i], sizeof fixed[i], "x%d", i % 100);
    }
    real[4][1] = NAN;
    endless[9][2] = -INFINITY;

    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, sizeof fixed[0]);
    put(file, "real", H5T_NATIVE_DOUBLE, 2, shape, real);
    put(file, "endless", H5T_NATIVE_DOUBLE, 2, shape, endless);
    put(file, "small", H5T_STD_I16BE, 2, shape, small);
    put(file, "line", H5T_NATIVE_DOUBLE, 1, shape, real);
    put(file, "cube", H5T_NATIVE_DOUBLE, 3, shape, cube);
    put(file, "number", H5T_NATIVE_INT64, 1, shape, number);
    put(file, "four", H5T_NATIVE_INT64, 1, &four, number);
    put(file, "fixed", text, 1, shape, fixed);
    put_texts(file, "ids", ROWS, ids);
    put_names(file, "real", names, COLS);
    put_names(file, "endless", names, COLS);
    H5Tclose(text);
    H5Fclose(file);
}

static const char *make_file(const tsr_comm *comm)
{
    static char path[64];

    snprintf(path, sizeof path, "matrix_np%d.h5", comm->size);
    if (comm->rank == 0) write_file(path);
    MPI_Barrier(comm->mpi);
    return path;
}

static void remove_file(const tsr_comm *comm, const char *path)
{
    MPI_Barrier(comm->mpi);
    if (comm->rank == 0) unlink(path);
}

static void matrix_of_reals_is_read_with_its_names_and_missing_values(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = make_file(comm);
    tsr_matrix *m = NULL;
    double v[4][COLS];

    CHECK_ALL(comm, tsr_matrix_open(comm, path, "/real", NULL, &m) == TSR_OK);
    CHECK_ALL(comm, m->rows == ROWS && m->cols == COLS && strcmp(m->names[2], "score") == 0);
    CHECK_ALL(comm, tsr_matrix_read(m, 3, 4, &v[0][0]) == TSR_OK);
    CHECK_ALL(comm, v[0][0] == 30.25 && v[3][2] == 62.25 && isnan(v[1][1]) && v[1][2] == 42.25);
    CHECK_ALL(comm, tsr_matrix_read(m, ROWS, 0, NULL) == TSR_OK);
    CHECK_ALL(comm, tsr_matrix_read(m, 8, 4, &v[0][0]) == TSR_EDATA);
    tsr_matrix_close(&m);
    remove_file(comm, path);
}

static void matrix_of_small_big_endian_integers_is_read_as_reals(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = make_file(comm);
    tsr_matrix *m = NULL;
    double v[ROWS][COLS];

    CHECK_ALL(comm, tsr_matrix_open(comm, path, "small", NULL, &m) == TSR_OK);
    CHECK_ALL(comm, strcmp(m->names[0], "c0") == 0 && strcmp(m->names[2], "c2") == 0);
    CHECK_ALL(comm, tsr_matrix_read(m, 0, ROWS, &v[0][0]) == TSR_OK);
    CHECK_ALL(comm, v[7][2] == -698);
    tsr_matrix_close(&m);
    remove_file(comm, path);
}

static bool id_is(const tsr_matrix *m, int64_t row, const char *expected)
{
    char id[64] = "";

    return tsr_matrix_ids(m, row, 1, id) == TSR_OK && strlen(expected) <= (size_t)m->id_width &&
           strncmp(id, expected, (size_t)m->id_width) == 0;
}

static void ids_are_row_numbers_integers_or_strings(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = make_file(comm);
    tsr_matrix *m = NULL;

    CHECK_ALL(comm, tsr_matrix_open(comm, path, "/real", NULL, &m) == TSR_OK);
    CHECK_ALL(comm, m->id_width == 2 && id_is(m, 0, "0") && id_is(m, 10, "10"));
    tsr_matrix_close(&m);
    CHECK_ALL(comm, tsr_matrix_open(comm, path, "/real", "/number", &m) == TSR_OK);
    CHECK_ALL(comm, id_is(m, 0, "-5") && id_is(m, 10, "5"));
    tsr_matrix_close(&m);
    CHECK_ALL(comm, tsr_matrix_open(comm, path, "/real", "/ids", &m) == TSR_OK);
    CHECK_ALL(comm, m->id_width == 7 && id_is(m, 2, "ccc") && id_is(m, 10, "seven77"));
    tsr_matrix_close(&m);
    CHECK_ALL(comm, tsr_matrix_open(comm, path, "/real", "/fixed", &m) == TSR_OK);
    CHECK_ALL(comm, m->id_width == 5 && id_is(m, 3, "x3") && id_is(m, 10, "x10"));
    tsr_matrix_close(&m);
    remove_file(comm, path);
}

static void infinite_value_is_named_by_row_and_column(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = make_file(comm);
    tsr_matrix *m = NULL;
    double v[ROWS][COLS];

    CHECK_ALL(comm, tsr_matrix_open(comm, path, "/endless", NULL, &m) == TSR_OK);
    CHECK_ALL(comm, tsr_matrix_read(m, 7, 4, &v[0][0]) == TSR_EDATA);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "row 9, column score") != NULL);
    tsr_matrix_close(&m);
    remove_file(comm, path);
}

static void refused(const tsr_comm *comm, const char *file, const char *path, const char *ids, tsr_status status,
                    const char *text)
{
    tsr_matrix *m = NULL;
    tsr_status st = tsr_matrix_open(comm, file, path, ids, &m);

    CHECK_ALL(comm, st == status && !m);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, text) != NULL);
}

static void what_is_no_matrix_is_refused_on_all_ranks_with_one_clear_text(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = make_file(comm);

    refused(comm, "no/such/file.h5", "/x", NULL, TSR_EIO, "No such file");
    refused(comm, path, "/nothing", NULL, TSR_EDATA, "there is no dataset /nothing");
    refused(comm, path, "/line", NULL, TSR_EDATA, "two dimensions");
    refused(comm, path, "/cube", NULL, TSR_EDATA, "3 dimensions");
    refused(comm, path, "/ids", NULL, TSR_EDATA, "two dimensions");
    refused(comm, path, "/real", "/four", TSR_EDATA, "one for each of the 11 rows, not 4");
    refused(comm, path, "/real", "/line", TSR_EDATA, "strings or integers");
    refused(comm, path, "/real", "/real", TSR_EDATA, "one for each");
    remove_file(comm, path);
}

static void failure_on_one_rank_is_the_same_status_on_all(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = make_file(comm);
    int failures = 0;

    for (int nth = 1; nth < 12; nth++) {
        tsr_matrix *m = NULL;
        fail_last_rank(comm, "alloc", nth);
        tsr_status st = tsr_matrix_open(comm, path, "/real", NULL, &m);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, same_on_all(comm, &st, sizeof st) && (st == TSR_OK || st == TSR_ENOMEM));
        failures += st != TSR_OK;
        tsr_matrix_close(&m);
    }
    CHECK_ALL(comm, failures >= 3);
    remove_file(comm, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrix_of_reals_is_read_with_its_names_and_missing_values),
        cmocka_unit_test(matrix_of_small_big_endian_integers_is_read_as_reals),
        cmocka_unit_test(ids_are_row_numbers_integers_or_strings),
        cmocka_unit_test(infinite_value_is_named_by_row_and_column),
        cmocka_unit_test(what_is_no_matrix_is_refused_on_all_ranks_with_one_clear_text),
        cmocka_unit_test(failure_on_one_rank_is_the_same_status_on_all),
    };
    return RUN_MPI_TESTS(tests);
}
