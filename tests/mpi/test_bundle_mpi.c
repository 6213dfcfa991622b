#include "mpi_test.h"

#include <malloc.h>
#include <math.h>
#include <string.h>

#include "tessera/bundle.h"
#include "tessera/digest.h"
#include "tessera/file.h"

static const double components[6] = {1.5, -2, 0, 4, 5, 1e300};
static const char words[8] = {'a', 'b', 'c', 0, 'd', 0, 0, 0}; /* two strings of up to four bytes */

static tsr_status fill(tsr_bundle *b, double zero, double nan)
{
    tsr_status st = TSR_OK;
    const double odd[3] = {zero, nan, 7};
    const int32_t small[2] = {-1, 2};
    const uint64_t keys[1] = {UINT64_MAX};

    TSR_TRY(tsr_bundle_put(b, "/pca/components", TSR_F64, 2, 3, components, "", "loadings"));
    TSR_TRY(tsr_bundle_put(b, "/pca/odd", TSR_F64, 3, 0, odd, NULL, NULL));
    TSR_TRY(tsr_bundle_put(b, "/kmeans/deep/er/small", TSR_I32, 2, 0, small, "rows", NULL));
    TSR_TRY(tsr_bundle_put(b, "/keys", TSR_U64, 1, 0, keys, NULL, NULL));
    TSR_TRY(tsr_bundle_put(b, "/words", TSR_TEXT, 2, 4, words, NULL, NULL));
    TSR_TRY(tsr_bundle_put(b, "/none", TSR_F32, 0, 3, NULL, NULL, NULL));
    TSR_TRY(tsr_bundle_put_real(b, "/value/r", 0.25));
    TSR_TRY(tsr_bundle_put_int(b, "/seed", -7));
    TSR_TRY(tsr_bundle_put_text(b, "/title", "a title \xc3\xa4"));
    TSR_TRY(tsr_bundle_put_text(b, "/untitled", ""));
done:
    return st;
}

static bool is_filled(const tsr_bundle *b)
{
    const void *at;
    const char *text;
    double real;
    int64_t rows, cols, number;

    return tsr_bundle_get(b, "/pca/components", TSR_F64, &rows, &cols, &at) == TSR_OK && rows == 2 && cols == 3 &&
           memcmp(at, components, sizeof components) == 0 &&
           tsr_bundle_get(b, "/kmeans/deep/er/small", TSR_I32, &rows, &cols, &at) == TSR_OK && rows == 2 && cols == 0 &&
           ((const int32_t *)at)[0] == -1 && tsr_bundle_get(b, "/keys", TSR_U64, NULL, NULL, &at) == TSR_OK &&
           *(const uint64_t *)at == UINT64_MAX && tsr_bundle_get(b, "/words", TSR_TEXT, &rows, &cols, &at) == TSR_OK &&
           rows == 2 && cols == 4 && memcmp(at, words, sizeof words) == 0 &&
           tsr_bundle_get(b, "/none", TSR_F32, &rows, &cols, &at) == TSR_OK && rows == 0 && cols == 3 &&
           tsr_bundle_get_real(b, "/value/r", &real) == TSR_OK && real == 0.25 &&
           tsr_bundle_get_int(b, "/seed", &number) == TSR_OK && number == -7 &&
           tsr_bundle_get_text(b, "/title", &text) == TSR_OK && strcmp(text, "a title \xc3\xa4") == 0 &&
           tsr_bundle_get_text(b, "/untitled", &text) == TSR_OK && strcmp(text, "") == 0;
}

static const char *path_of(const tsr_comm *comm, const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "bundle_np%d_%s", comm->size, name);
    return path;
}

static void bundle_written_by_the_root_is_read_by_all(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = path_of(comm, "all.h5");
    tsr_bundle *out = NULL, *in = NULL;
    uint8_t before[TSR_DIGEST_SIZE], after[TSR_DIGEST_SIZE];

    CHECK_ALL(comm, tsr_bundle_create(&out) == TSR_OK && fill(out, 0.0, NAN) == TSR_OK && is_filled(out));
    CHECK_ALL(comm, tsr_bundle_write(comm, out, path) == TSR_OK);
    CHECK_ALL(comm, tsr_bundle_read(comm, path, &in) == TSR_OK && is_filled(in));
    tsr_bundle_digest(out, before);
    tsr_bundle_digest(in, after);
    CHECK_ALL(comm, memcmp(before, after, sizeof before) == 0 && same_on_all(comm, before, sizeof before));
    tsr_bundle_destroy(&in);
    tsr_bundle_destroy(&out);
    MPI_Barrier(comm->mpi);
    unlink(path);
}

static void equal_bundles_make_equal_files(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = path_of(comm, "same.h5");
    char *bytes[2] = {NULL, NULL};
    int64_t n[2] = {0, 0};

    for (int i = 0; i < 2; i++) {
        tsr_bundle *b = NULL;
        mallopt(M_PERTURB, 85 * (i + 1)); /* what was in memory before must not get into the file */
        CHECK_ALL(comm, tsr_bundle_create(&b) == TSR_OK && fill(b, 0.0, NAN) == TSR_OK);
        CHECK_ALL(comm, tsr_bundle_write(comm, b, path) == TSR_OK);
        CHECK_ALL(comm, tsr_file_read(path, &bytes[i], &n[i]) == TSR_OK);
        tsr_bundle_destroy(&b);
        MPI_Barrier(comm->mpi);
    }
    mallopt(M_PERTURB, 0);
    CHECK_ALL(comm, n[0] > 0 && n[0] == n[1] && memcmp(bytes[0], bytes[1], (size_t)n[0]) == 0);
    tsr_free(&bytes[0]);
    tsr_free(&bytes[1]);
    unlink(path);
}

static void digest_sees_values_but_not_the_kind_of_zero_or_nan(void **state)
{
    const tsr_comm *comm = *state;
    uint8_t digest[3][TSR_DIGEST_SIZE];

    for (int i = 0; i < 3; i++) {
        tsr_bundle *b = NULL;
        CHECK_ALL(comm, tsr_bundle_create(&b) == TSR_OK);
        CHECK_ALL(comm, fill(b, i == 1 ? -0.0 : 0.0, i == 1 ? -NAN : NAN) == TSR_OK);
        if (i == 2) CHECK_ALL(comm, tsr_bundle_put_int(b, "/seed", -8) == TSR_OK);
        tsr_bundle_digest(b, digest[i]);
        tsr_bundle_destroy(&b);
    }
    CHECK_ALL(comm, memcmp(digest[0], digest[1], TSR_DIGEST_SIZE) == 0);
    CHECK_ALL(comm, memcmp(digest[0], digest[2], TSR_DIGEST_SIZE) != 0);
}

static void what_is_missing_or_of_another_type_is_named(void **state)
{
    const tsr_comm *comm = *state;
    tsr_bundle *b = NULL, *copy = NULL;
    const void *at;
    double real;

    CHECK_ALL(comm, tsr_bundle_create(&b) == TSR_OK && tsr_bundle_create(&copy) == TSR_OK);
    CHECK_ALL(comm, fill(b, 0.0, 1.0) == TSR_OK && tsr_bundle_merge(copy, b) == TSR_OK && is_filled(copy));
    CHECK_ALL(comm, tsr_bundle_has(b, "/seed") && !tsr_bundle_has(b, "/see") && !tsr_bundle_has(b, "/seed/x"));
    CHECK_ALL(comm, tsr_bundle_get(b, "/see", TSR_I64, NULL, NULL, &at) == TSR_EDATA && !at);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "/see is missing") != NULL);
    CHECK_ALL(comm, tsr_bundle_get_real(b, "/seed", &real) == TSR_EDATA);
    CHECK_ALL(comm, tsr_bundle_get_real(b, "/pca/components", &real) == TSR_EDATA);
    tsr_bundle_destroy(&copy);
    tsr_bundle_destroy(&b);
}

static void bundle_that_cannot_be_read_or_written_fails_on_all(void **state)
{
    const tsr_comm *comm = *state;
    const char *path = path_of(comm, "bad.h5");
    tsr_bundle *b = NULL, *in = NULL;

    CHECK_ALL(comm, tsr_bundle_create(&b) == TSR_OK && fill(b, 0.0, 1.0) == TSR_OK);
    CHECK_ALL(comm, tsr_bundle_write(comm, b, "no/such/folder/m.h5") == TSR_EIO);
    CHECK_ALL(comm, tsr_bundle_read(comm, "no/such/m.h5", &in) == TSR_EIO && !in);
    CHECK_ALL(comm, comm->rank != 0 || tsr_file_write(path, "no model", 8) == TSR_OK);
    CHECK_ALL(comm, tsr_bundle_read(comm, path, &in) == TSR_EDATA && !in);
    for (int nth = 1; nth < 60; nth += 5) {
        fail_last_rank(comm, "alloc", nth);
        tsr_status st = tsr_bundle_write(comm, b, path);
        if (st == TSR_OK) st = tsr_bundle_read(comm, path, &in);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, same_on_all(comm, &st, sizeof st) && (st == TSR_OK || st == TSR_ENOMEM));
        CHECK_ALL(comm, nth > 20 || st == TSR_ENOMEM);
        tsr_bundle_destroy(&in);
    }
    tsr_bundle_destroy(&b);
    MPI_Barrier(comm->mpi);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bundle_written_by_the_root_is_read_by_all),
        cmocka_unit_test(equal_bundles_make_equal_files),
        cmocka_unit_test(digest_sees_values_but_not_the_kind_of_zero_or_nan),
        cmocka_unit_test(what_is_missing_or_of_another_type_is_named),
        cmocka_unit_test(bundle_that_cannot_be_read_or_written_fails_on_all),
    };
    return RUN_MPI_TESTS(tests);
}
