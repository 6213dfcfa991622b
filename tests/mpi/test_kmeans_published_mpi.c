/* What others computed on public data: K-means with scikit-learn and R, PCA with NumPy. */
#include "mpi_test.h"

#include <string.h>

#include "tessera/kmeans.h"
#include "tessera/maths.h"
#include "tessera/pca.h"
#include "tessera/quality.h"
#include "tiles_test.h"

enum { ROWS_MAX = 500, COLS_MAX = 6 };

static double data[ROWS_MAX][COLS_MAX];
static double scale_of[COLS_MAX], centre_of[COLS_MAX];

static double value_of(int64_t row, int32_t col)
{
    return (data[row][col] - centre_of[col]) / scale_of[col];
}

/* Columns first .. first + cols - 1 (from 0) of a CSV file with a header. Returns its rows; -1: there is no file. */
static int64_t read_columns(const char *name, int first, int cols)
{
    const char *folder = getenv("TESSERA_DATA");
    char path[1024], line[1024];
    int64_t rows = 0;

    snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : TSR_DATA, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) return -1;
    for (bool header = true; fgets(line, sizeof line, file) != NULL && rows < ROWS_MAX; header = false) {
        if (header) continue;
        char *field = strtok(line, ",");
        for (int c = 0; c < first + cols && field != NULL; c++, field = strtok(NULL, ","))
            if (c >= first) data[rows][c - first] = strtod(field, NULL);
        rows++;
    }
    fclose(file);
    return rows;
}

/* Real data must be there where TESSERA_REQUIRE_DATA says so. */
static bool data_missing(const tsr_comm *comm, int64_t rows)
{
    const char *require = getenv("TESSERA_REQUIRE_DATA");

    CHECK_ALL(comm, rows > 0 || require == NULL || strcmp(require, "1") != 0);
    if (rows > 0) return false;
    if (comm->rank == 0) print_message("skipped: set TESSERA_DATA to the folder of the data sets\n");
    return true;
}

static bool near(double a, double b, double tolerance)
{
    return fabs(a - b) <= tolerance * fabs(b);
}

static double mean_of(int64_t rows, int32_t col)
{
    double sum = 0;

    for (int64_t i = 0; i < rows; i++) sum += data[i][col];
    return sum / (double)rows;
}

static int compare_int64(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static void fit(const tsr_comm *comm, const tsr_tiles *tiles, int64_t k, tsr_quality *q)
{
    const tsr_cluster_params params = {.k = {k, k}, .restarts = 8, .sample = 262144, .max_iter = 300};
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;

    CHECK_ALL(comm, tsr_kmeans_run(comm, &params, 1, tiles, NULL, 0, &model, &label) == TSR_OK);
    CHECK_ALL(comm, tsr_quality_compute(comm, tiles, label, model->k, q) == TSR_OK);
    qsort(q->segment_rows, (size_t)k, sizeof *q->segment_rows, compare_int64);
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
}

static void mall_customers_have_the_published_segments(void **state)
{
    static const int64_t sizes[] = {22, 23, 35, 39, 81};
    const tsr_comm *comm = *state;
    int64_t rows = read_columns("mall_customers/Mall_Customers.csv", 3, 2);
    tsr_quality q;

    if (data_missing(comm, rows)) return;
    CHECK_ALL(comm, rows == 200);
    for (int j = 0; j < 2; j++) scale_of[j] = 1, centre_of[j] = rint(mean_of(rows, j));
    tsr_tiles *tiles = test_tiles(comm, rows, 2, 1, DEAL_EVENLY, value_of);
    fit(comm, tiles, 5, &q);
    CHECK_ALL(comm, fabs(q.inertia - 44448.4554) < 6e-5); /* integers: exact to the printed digits */
    CHECK_ALL(comm, memcmp(q.segment_rows, sizes, sizeof sizes) == 0);
    tsr_quality_clear(&q);
    test_tiles_free(&tiles);
}

/* ln of the six yearly spends. */
static int64_t read_wholesale(void)
{
    int64_t rows = read_columns("wholesale/Wholesale-customers-data.csv", 3, 6);

    for (int64_t i = 0; i < rows; i++)
        for (int j = 0; j < 6; j++) data[i][j] = tsr_log(data[i][j]);
    for (int j = 0; j < 6; j++) scale_of[j] = 1, centre_of[j] = rows > 0 ? mean_of(rows, j) : 0;
    return rows;
}

static void wholesale_customers_have_the_published_segments(void **state)
{
    const tsr_comm *comm = *state;
    int64_t rows = read_wholesale();
    tsr_quality q;

    if (data_missing(comm, rows)) return;
    CHECK_ALL(comm, rows == 440);
    tsr_tiles *tiles = test_tiles(comm, rows, 6, tsr_step_for(12), DEAL_EVENLY, value_of);
    fit(comm, tiles, 2, &q);
    CHECK_ALL(comm, near(q.inertia, 3314.947406, 3e-5));
    CHECK_ALL(comm, q.segment_rows[0] == 182 && q.segment_rows[1] == 258);
    tsr_quality_clear(&q);
    test_tiles_free(&tiles);
}

static void wholesale_correlations_have_the_published_eigenvalues(void **state)
{
    static const double expected[] = {2.63945464, 1.62765973, .64540532, .60868353, .29440392, .18439286};
    const tsr_comm *comm = *state;
    const tsr_reduce_params params = {.variance = 0.95};
    int64_t rows = read_wholesale();
    tsr_pca *pca = NULL;

    if (data_missing(comm, rows)) return;
    for (int j = 0; j < 6; j++) {
        double square = 0;
        for (int64_t i = 0; i < rows; i++) square += (data[i][j] - centre_of[j]) * (data[i][j] - centre_of[j]);
        scale_of[j] = sqrt(square / (double)(rows - 1));
    }
    tsr_tiles *tiles = test_tiles(comm, rows, 6, 8.0 / 32767, DEAL_EVENLY, value_of);
    CHECK_ALL(comm, tsr_pca_fit(comm, &params, tiles, &pca) == TSR_OK);
    for (int i = 0; i < 6; i++) CHECK_ALL(comm, near(pca->variance[i], expected[i], 3e-5));
    CHECK_ALL(comm, pca->components == 5);
    tsr_pca_destroy(&pca);
    test_tiles_free(&tiles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mall_customers_have_the_published_segments),
        cmocka_unit_test(wholesale_customers_have_the_published_segments),
        cmocka_unit_test(wholesale_correlations_have_the_published_eigenvalues),
    };

    return RUN_MPI_TESTS(tests);
}
