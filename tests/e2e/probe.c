/*
 * What the end-to-end tests need to know of files, without any tool but this one:
 *
 *     probe matrix OUT.h5 /x FILE.csv 4,5       columns of a delimited text as a matrix
 *     probe json FILE.json a.b.0.c VALUE [TOL]  is it that value (relative tolerance for numbers)?
 *     probe equal A.json path B.json path       the same object, list or value in both
 *     probe sizes FILE.json 22,23,35,39,81      customers of the segments, sorted
 *     probe model FILE.h5 /path 3 VALUE TOL     one number of a bundle
 *     probe same A.h5 B.h5 COLUMN               equal values, row by row
 *     probe tiers customers.h5 model.h5         is everybody in the tier of the own clv?
 *     probe lock FOLDER                         hold the folder's lock until standard input ends
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/bundle.h"
#include "tessera/file.h"
#include "tessera/tiers.h"

enum { COLUMNS_MAX = 16, ROWS_MAX = 100000, LINE_MAX_BYTES = 4096 };

static int fail(const char *what, const char *expected)
{
    fprintf(stderr, "probe: %s, expected %s\n", what, expected);
    return 1;
}

static bool is_near(double value, double expected, double tolerance)
{
    return fabs(value - expected) <= tolerance * fabs(expected) || value == expected;
}

static int compare_number(double value, const char *expected, double tolerance)
{
    char text[64];

    if (is_near(value, strtod(expected, NULL), tolerance)) return 0;
    snprintf(text, sizeof text, "found %.17g", value);
    return fail(text, expected);
}

/* ---- matrix ---- */

static int split_numbers(char *list, int *number)
{
    int n = 0;

    for (char *word = strtok(list, ","); word != NULL && n < COLUMNS_MAX; word = strtok(NULL, ","))
        number[n++] = atoi(word);
    return n;
}

/* Field `number` (from 1) of a line without quotes. */
static double field(const char *line, int number)
{
    for (int i = 1; i < number; i++) {
        line = strchr(line, ',');
        if (line == NULL) return NAN;
        line++;
    }
    return strtod(line, NULL);
}

static int write_matrix(const tsr_comm *comm, char **argument)
{
    int column[COLUMNS_MAX], cols = split_numbers(argument[3], column);
    double *values = calloc((size_t)ROWS_MAX * COLUMNS_MAX, sizeof *values);
    char line[LINE_MAX_BYTES];
    tsr_bundle *bundle = NULL;
    int64_t rows = 0;
    FILE *file = fopen(argument[2], "r");

    if (file == NULL || values == NULL || fgets(line, sizeof line, file) == NULL) return fail(argument[2], "a text");
    for (; rows < ROWS_MAX && fgets(line, sizeof line, file) != NULL; rows++)
        for (int c = 0; c < cols; c++) values[rows * cols + c] = field(line, column[c]);
    fclose(file);
    tsr_status st = tsr_bundle_create(&bundle);
    if (st == TSR_OK) st = tsr_bundle_put(bundle, argument[1], TSR_F64, rows, cols, values, NULL, NULL);
    if (st == TSR_OK) st = tsr_bundle_write(comm, bundle, argument[0]);
    tsr_bundle_destroy(&bundle);
    free(values);
    return st;
}

/* ---- json ---- */

static const json_t *walk(const json_t *json, const char *path)
{
    char name[128];

    while (json != NULL && *path != '\0') {
        size_t n = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)n, path);
        json = json_is_array(json) ? json_array_get(json, (size_t)atoi(name)) : json_object_get(json, name);
        path += n + (path[n] == '.');
    }
    return json;
}

static int check_json(int n, char **argument)
{
    json_t *json = json_load_file(argument[0], 0, NULL);
    const json_t *value = walk(json, argument[1]);
    int status;

    if (json_is_number(value))
        status = compare_number(json_number_value(value), argument[2], n > 3 ? strtod(argument[3], NULL) : 0);
    else if (json_is_string(value))
        status = strcmp(json_string_value(value), argument[2]) == 0 ? 0 : fail(json_string_value(value), argument[2]);
    else
        status = json_is_null(value) && strcmp(argument[2], "null") == 0 ? 0 : fail(argument[1], argument[2]);
    json_decref(json);
    return status;
}

static int check_equal(char **argument)
{
    json_t *left = json_load_file(argument[0], 0, NULL), *right = json_load_file(argument[2], 0, NULL);
    const json_t *a = walk(left, argument[1]), *b = walk(right, argument[3]);
    bool same = a != NULL && b != NULL && json_equal(a, b);

    json_decref(left);
    json_decref(right);
    return same ? 0 : fail(argument[1], argument[3]);
}

static int compare_ints(const void *left, const void *right)
{
    return *(const int *)left - *(const int *)right;
}

static int check_sizes(char **argument)
{
    json_t *json = json_load_file(argument[0], 0, NULL);
    const json_t *segments = walk(json, "segments");
    int expected[COLUMNS_MAX], found[COLUMNS_MAX], n = split_numbers(argument[1], expected);
    bool same = (int)json_array_size(segments) == n;

    for (int i = 0; i < n && same; i++)
        found[i] = (int)json_integer_value(json_object_get(json_array_get(segments, (size_t)i), "customers"));
    if (same) qsort(found, (size_t)n, sizeof *found, compare_ints);
    same = same && memcmp(found, expected, sizeof *found * (size_t)n) == 0;
    json_decref(json);
    return same ? 0 : fail("other segment sizes", "those of the notes");
}

/* ---- HDF5 ---- */

static int check_model(const tsr_comm *comm, char **argument)
{
    tsr_bundle *bundle = NULL;
    const void *values = NULL;
    int64_t rows = 0, at = atoi(argument[2]);
    tsr_status st = tsr_bundle_read(comm, argument[0], &bundle);

    if (st == TSR_OK) st = tsr_bundle_get(bundle, argument[1], TSR_F64, &rows, NULL, &values);
    int status = st != TSR_OK || at >= rows
                     ? fail(argument[1], "an array that long")
                     : compare_number(((const double *)values)[at], argument[3], strtod(argument[4], NULL));
    tsr_bundle_destroy(&bundle);
    return status;
}

static int check_same(char **argument)
{
    tsr_table *a = NULL, *b = NULL;
    tsr_status st = tsr_table_open(argument[0], &a);
    int status = 1;

    if (st == TSR_OK) st = tsr_table_open(argument[1], &b);
    if (st == TSR_OK && tsr_table_rows(a) == tsr_table_rows(b)) {
        int64_t rows = tsr_table_rows(a);
        double *x = calloc((size_t)rows, sizeof *x), *y = calloc((size_t)rows, sizeof *y);
        if (x != NULL && y != NULL) st = tsr_table_read(a, argument[2], 0, rows, TSR_F64, x);
        if (st == TSR_OK) st = tsr_table_read(b, argument[2], 0, rows, TSR_F64, y);
        status = st == TSR_OK && memcmp(x, y, sizeof *x * (size_t)rows) == 0 ? 0 : fail(argument[2], "equal columns");
        free(y);
        free(x);
    }
    tsr_table_close(&b);
    tsr_table_close(&a);
    return status;
}

static int check_tiers(const tsr_comm *comm, char **argument)
{
    tsr_bundle *model = NULL;
    tsr_table *customers = NULL;
    tsr_tiers tiers;
    int wrong = 0;
    tsr_status st = tsr_bundle_read(comm, argument[1], &model);

    if (st == TSR_OK) st = tsr_tiers_load(model, &tiers);
    if (st == TSR_OK) st = tsr_table_open(argument[0], &customers);
    for (int64_t i = 0; st == TSR_OK && i < tsr_table_rows(customers); i++) {
        int32_t segment = -1;
        float clv = 0;
        st = tsr_table_read(customers, "segment", i, 1, TSR_I32, &segment);
        if (st == TSR_OK) st = tsr_table_read(customers, "clv", i, 1, TSR_F32, &clv);
        wrong += segment != tsr_tiers_of(&tiers, clv);
    }
    tsr_table_close(&customers);
    tsr_bundle_destroy(&model);
    return st == TSR_OK && wrong == 0 ? 0 : fail(argument[0], "the tiers of model.h5");
}

static int hold_lock(const char *folder)
{
    int lock = -1;

    if (tsr_folder_lock(folder, &lock) != TSR_OK) return fail(folder, "a free folder");
    puts("locked");
    fflush(stdout);
    while (getchar() != EOF) continue;
    tsr_folder_unlock(&lock);
    return 0;
}

static int probe(const tsr_comm *comm, int n, char **argument)
{
    if (n == 5 && strcmp(argument[0], "matrix") == 0) return write_matrix(comm, argument + 1);
    if (n >= 4 && strcmp(argument[0], "json") == 0) return check_json(n - 1, argument + 1);
    if (n == 5 && strcmp(argument[0], "equal") == 0) return check_equal(argument + 1);
    if (n == 3 && strcmp(argument[0], "sizes") == 0) return check_sizes(argument + 1);
    if (n == 6 && strcmp(argument[0], "model") == 0) return check_model(comm, argument + 1);
    if (n == 4 && strcmp(argument[0], "same") == 0) return check_same(argument + 1);
    if (n == 3 && strcmp(argument[0], "tiers") == 0) return check_tiers(comm, argument + 1);
    if (n == 2 && strcmp(argument[0], "lock") == 0) return hold_lock(argument[1]);
    return fail("no such question", "see probe.c");
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tsr_comm comm = tsr_comm_open(MPI_COMM_WORLD);
    int status = probe(&comm, argc - 1, argv + 1);
    tsr_comm_close(&comm);
    MPI_Finalize();
    return status;
}
