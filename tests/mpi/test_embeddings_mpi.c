/* Ready vectors: from columns, lists and Parquet into a dataset, and their principal components as features. */
#include "mpi_test.h"

#include <math.h>

#define TEST_FOLDER "embeddings-test"
#include "data/parquet/duck.h"
#include "ingest_test.h"
#include "pipeline/steps/embeddings.h"
#include "tessera/table.h"

#define CUSTOMERS 60
#define LEAD      13 /* of the vectors on a line: customer c is at c x (2, 1, -2), three long */

/* Collective. One file with a column for each number, one with lists: the same vectors. From @p first on, with a shift.
 */
static void write_vectors(const tsr_comm *comm, const char *columns, const char *lists, int first, int shift)
{
    text_file a = {malloc(CUSTOMERS * 64), 0}, b = {malloc(CUSTOMERS * 64), 0};
    char line[128];

    put(&a, "id,e_0,e_1,e_2,when\n");
    put(&b, "id;when;vector\n");
    for (int c = first; c < CUSTOMERS; c++) {
        int x = (c + shift) * 2, y = c + shift, z = -2 * (c + shift);
        snprintf(line, sizeof line, "c%d,%d,%d,%d,2024-01-%02d\n", c, x, y, z, c % 28 + 1);
        put(&a, line);
        snprintf(line, sizeof line, "c%d;2024-01-%02d;[%d, %d.0, %d]\n", c, c % 28 + 1, x, y, z);
        put(&b, line);
    }
    write_text(comm, columns, a.bytes, a.n);
    write_text(comm, lists, b.bytes, b.n);
    free(a.bytes);
    free(b.bytes);
}

static void use_vectors(test_source *t, const char *path, bool list)
{
    use_source(t, TSR_SOURCE_EMBEDDINGS, list ? ";" : ",", true);
    t->source.name = keep("reviews");
    t->source.dimensions = 3;
    use_file(t, path);
    use_column(t, "id", "id");
    use_column(t, "time", "when");
    use_column(t, "vector", list ? "vector" : "e_*");
}

static char *digest_of(const tsr_comm *comm, test_source *sources, int32_t n, int64_t partitions, const char *folder)
{
    tsr_source list[3];
    tsr_ingest_result result;

    for (int32_t i = 0; i < n; i++) list[i] = sources[i].source;
    tsr_ingest_params params = params_of(list, n, partitions);
    tsr_status st = tsr_ingest_run(comm, &params, folder, &result);
    if (st != TSR_OK) print_error("%s\n", tsr_error_last()->text);
    CHECK_ALL(comm, st == TSR_OK && result.customers == CUSTOMERS);
    return digest_in(comm, folder);
}

static void vectors_are_the_same_from_columns_and_lists_at_any_partition_count(void **state)
{
    const tsr_comm *comm = *state;
    char *columns = test_path(comm, "columns.csv"), *lists = test_path(comm, "lists.csv");
    test_source t;

    write_vectors(comm, columns, lists, 0, 0);
    use_vectors(&t, columns, false);
    char *first = digest_of(comm, &t, 1, 1, fresh(comm, "columns"));
    CHECK_ALL(comm, strlen(first) == 64);
    use_vectors(&t, lists, true);
    CHECK_ALL(comm, strcmp(digest_of(comm, &t, 1, 7, fresh(comm, "lists")), first) == 0);
    write_vectors(comm, columns, lists, 0, 1);
    CHECK_ALL(comm, strcmp(digest_of(comm, &t, 1, 7, fresh(comm, "others")), first) != 0);
}

static void later_vectors_replace_earlier_ones_also_where_they_are_added(void **state)
{
    const tsr_comm *comm = *state;
    char *old = test_path(comm, "old.csv"), *new = test_path(comm, "new.csv"), *unused = test_path(comm, "unused.csv");
    char *grown = fresh(comm, "grown");
    test_source t[2];

    write_vectors(comm, old, unused, 0, 5);
    write_vectors(comm, unused, new, 20, 9);
    use_vectors(&t[0], old, false);
    use_vectors(&t[1], new, true);
    char *whole = digest_of(comm, t, 2, 3, fresh(comm, "whole"));
    char *before = digest_of(comm, t, 1, 3, grown);
    CHECK_ALL(comm, strcmp(before, whole) != 0);
    CHECK_ALL(comm, strcmp(digest_of(comm, &t[1], 1, 3, grown), whole) == 0);
}

static void vectors_of_another_length_under_an_old_name_are_not_added(void **state)
{
    const tsr_comm *comm = *state;
    char *old = test_path(comm, "three.csv"), *two = test_path(comm, "two.csv"), *grown = fresh(comm, "three");
    const char text[] = "id;when;vector\nc1;2024-01-01;[1, 2]\n";
    tsr_ingest_result result;
    test_source t;

    write_vectors(comm, old, two, 0, 0);
    write_text(comm, two, text, strlen(text));
    use_vectors(&t, old, false);
    char *before = digest_of(comm, &t, 1, 2, grown);
    use_vectors(&t, two, true);
    t.source.dimensions = 2;
    tsr_ingest_params params = params_of(&t.source, 1, 2);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, grown, &result) == TSR_ECONF);
    const char *why = tsr_error_last()->text;
    CHECK_ALL(comm, strstr(why, "vectors reviews of") != NULL && strstr(why, "two.csv") != NULL);
    CHECK_ALL(comm, strstr(why, "have 2 numbers, those in the dataset have 3") != NULL);
    CHECK_ALL(comm, strcmp(digest_in(comm, grown), before) == 0);
    tsr_error_clear();
    t.source.name = keep("calls");
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, grown, &result) == TSR_OK && !result.unchanged);
}

static void vectors_of_another_length_or_without_numbers_are_rejected(void **state)
{
    const tsr_comm *comm = *state;
    const char text[] =
        "id;when;vector\na;2024-01-01;[1, 2, 3]\nb;2024-01-01;[1, 2]\nc;2024-01-01;[1, 2, 3, 4]\n"
        "d;2024-01-01;[1, x, 3]\ne;2024-01-01;\nf;;1 2 3\ng;yesterday;[1,2,3]\nh;2024-01-01;[1,nan,3]\n";
    char *path = test_path(comm, "bad.csv");
    test_source t;
    tsr_ingest_result result;

    write_text(comm, path, text, strlen(text));
    use_vectors(&t, path, true);
    tsr_ingest_params params = params_of(&t.source, 1, 0);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, fresh(comm, "bad"), &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_used == 2 && result.rows_rejected == 6);
    t.column[2] = keep("%s", "");
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, fresh(comm, "bad"), &result) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "columns.vector: name a column") != NULL);
    t.source.dimensions = 0;
    params = params_of(&t.source, 1, 0);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, fresh(comm, "bad"), &result) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "dimensions") != NULL);
}

static void vectors_come_from_lists_of_parquet(void **state)
{
    const tsr_comm *comm = *state;
    char *columns = test_path(comm, "columns.csv"), *lists = test_path(comm, "lists.csv");
    char *parquet = test_path(comm, "lists.parquet");
    test_source t;

    if (tsr_duck_version() == NULL) {
        CHECK_ALL(comm, getenv("TESSERA_REQUIRE_DUCKDB") == NULL);
        skip();
    }
    write_vectors(comm, columns, lists, 0, 0);
    if (comm->rank == 0) {
        tsr_duck *duck = NULL;
        const char *sql = keep("COPY (SELECT id, \"when\", [e_0, e_1, e_2] AS vector FROM read_csv('%s')) TO '%s' "
                               "(FORMAT parquet)",
                               columns, parquet);
        assert_int_equal(tsr_duck_open(&duck), TSR_OK);
        assert_int_equal(tsr_duck_run(duck, "test", sql), TSR_OK);
        tsr_duck_close(&duck);
    }
    MPI_Barrier(comm->mpi);
    use_vectors(&t, columns, false);
    char *first = digest_of(comm, &t, 1, 2, fresh(comm, "text"));
    use_vectors(&t, parquet, true);
    t.source.format = TSR_FORMAT_PARQUET;
    CHECK_ALL(comm, strcmp(digest_of(comm, &t, 1, 2, fresh(comm, "parquet")), first) == 0);
}

/* ---- features ---- */

/* Collective. features.h5 of a dataset, as of January @p day (0: not said): both components of @p customers customers.
 */
static tsr_status make_features(const tsr_comm *comm, const char *folder, int32_t day, int64_t customers,
                                double value[2][CUSTOMERS])
{
    char *text = keep("embedding:reviews"), *path = keep("%s.h5", folder);
    tsr_features_params params = {.set = {1, &text}, .categories = 16, .session_gap = 30, .embedding_components = 2};
    tsr_observation seen = {.as_of = {day > 0, (19722 + day) * 86400LL}}; /* 2023-12-31 is day 19722 */
    tsr_embedding_bases bases = {.n = 0};
    tsr_dataset *dataset = NULL;
    tsr_table *table = NULL;
    tsr_features_info info;
    tsr_status st;

    TSR_TRY(tsr_dataset_open(comm, folder, &dataset));
    TSR_TRY(tsr_embeddings_fit(comm, &params, &seen, dataset, 1, &bases));
    seen.embeddings = &bases;
    TSR_TRY(tsr_features_run(comm, &params, &seen, dataset, NULL, path, &info));
    TSR_AGREE(comm, tsr_table_open(path, &table));
    TSR_AGREE(comm, tsr_table_read(table, "reviews:1", 0, customers, TSR_F64, value[0]));
    TSR_AGREE(comm, tsr_table_read(table, "reviews:2", 0, customers, TSR_F64, value[1]));
done:
    tsr_table_close(&table);
    tsr_embeddings_clear(&bases);
    tsr_dataset_close(&dataset);
    return st;
}

/* Customers in the order of the dataset. */
static bool read_numbers(const tsr_comm *comm, const char *folder, int number[CUSTOMERS])
{
    tsr_dataset *dataset = NULL;
    tsr_block block = {0};
    bool good = tsr_dataset_open(comm, folder, &dataset) == TSR_OK &&
                tsr_dataset_read(dataset, 0, CUSTOMERS, TSR_READ_ID, &block) == TSR_OK;

    for (int i = 0; good && i < CUSTOMERS; i++) {
        char id[16];
        snprintf(id, sizeof id, "%.*s", (int)block.id_width, block.id + i * block.id_width);
        number[i] = atoi(id + 1);
    }
    tsr_block_clear(&block);
    tsr_dataset_close(&dataset);
    return good;
}

/* Vectors lie on a line, so the first component is the place on it, from its middle, and the second is 0. The day
 * of a vector is its customer's number mod 28, plus 1: those from as_of on are missing, and move nothing. */
static void components_are_places_on_the_line_and_nothing_after_as_of_is_seen(void **state)
{
    const tsr_comm *comm = *state;
    char *columns = test_path(comm, "columns.csv"), *folder = fresh(comm, "line");
    static double value[2][CUSTOMERS];
    int number[CUSTOMERS];
    double middle = 0.0, there = 0.0, worst = 0.0;
    test_source t;

    write_vectors(comm, columns, test_path(comm, "lists.csv"), 0, 0);
    use_vectors(&t, columns, false);
    CHECK_ALL(comm, strlen(digest_of(comm, &t, 1, 4, folder)) == 64);
    CHECK_ALL(comm,
              make_features(comm, folder, LEAD, CUSTOMERS, value) == TSR_OK && read_numbers(comm, folder, number));
    for (int c = 0; c < CUSTOMERS; c++)
        if (c % 28 + 1 < LEAD) {
            middle += c;
            there++;
        }
    for (int i = 0; i < CUSTOMERS; i++) {
        double place = 3.0 * (number[i] - middle / there);
        bool missing = number[i] % 28 + 1 >= LEAD;
        CHECK_ALL(comm, missing == (isnan(value[0][i]) != 0));
        if (missing) continue;
        worst = fmax(worst, fabs(fabs(value[0][i]) - fabs(place)));
        CHECK_ALL(comm, value[1][i] == 0);
    }
    CHECK_ALL(comm, there > 20 && worst < 0.02); /* a step of the tiles is 120 / 32768 */
    CHECK_ALL(comm, make_features(comm, folder, 1, CUSTOMERS, value) == TSR_EDATA); /* no vector is that old */
    CHECK_ALL(comm, make_features(comm, folder, 0, CUSTOMERS, value) == TSR_OK);
    for (int i = 0; i < CUSTOMERS; i++) CHECK_ALL(comm, !isnan(value[0][i]));
}

/* Odd customers bought on January 1, even ones on January 29: before that they are known by their vectors alone, some
 * from before as_of and some from later. */
static void vectors_before_as_of_make_customers_whatever_comes_later(void **state)
{
    const tsr_comm *comm = *state;
    char *columns = test_path(comm, "columns.csv"), *bought = test_path(comm, "bought.csv"), line[64];
    text_file sales = {malloc(CUSTOMERS * 64), 0};
    static double value[2][CUSTOMERS];
    int number[CUSTOMERS];
    double worst = 0.0, middle = 0.0, there = 0.0;
    test_source t[2];

    put(&sales, "id,when,money\n");
    for (int c = 0; c < CUSTOMERS; c++) {
        snprintf(line, sizeof line, "c%d,2024-01-%02d,%d\n", c, c % 2 == 1 ? 1 : 29, c + 1);
        put(&sales, line);
    }
    write_text(comm, bought, sales.bytes, sales.n);
    free(sales.bytes);
    write_vectors(comm, columns, test_path(comm, "lists.csv"), 0, 0);
    use_vectors(&t[0], columns, false);
    use_source(&t[1], TSR_SOURCE_TRANSACTIONS, ",", true);
    use_file(&t[1], bought);
    use_column(&t[1], "id", "id");
    use_column(&t[1], "time", "when");
    use_column(&t[1], "amount", "money");
    char *folder = fresh(comm, "late");
    CHECK_ALL(comm, strlen(digest_of(comm, t, 2, 4, folder)) == 64 && read_numbers(comm, folder, number));
    int64_t known = 0;
    for (int c = 0; c < CUSTOMERS; c++) known += c % 2 == 1 || c % 28 + 1 < LEAD;
    CHECK_ALL(comm, known == 44 && make_features(comm, folder, LEAD, known, value) == TSR_OK);
    for (int i = 0, row = 0; i < CUSTOMERS; i++) {
        bool vector = number[i] % 28 + 1 < LEAD;
        if (number[i] % 2 == 0 && !vector) continue;
        CHECK_ALL(comm, isnan(value[0][row]) == !vector);
        if (vector) there++, middle += number[i];
        row++;
    }
    for (int i = 0, row = 0; i < CUSTOMERS; i++) {
        bool vector = number[i] % 28 + 1 < LEAD;
        if (vector) worst = fmax(worst, fabs(fabs(value[0][row]) - 3.0 * fabs(number[i] - middle / there)));
        row += number[i] % 2 == 1 || vector;
    }
    CHECK_ALL(comm, worst < 0.02);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_the_same_from_columns_and_lists_at_any_partition_count),
        cmocka_unit_test(later_vectors_replace_earlier_ones_also_where_they_are_added),
        cmocka_unit_test(vectors_of_another_length_under_an_old_name_are_not_added),
        cmocka_unit_test(vectors_of_another_length_or_without_numbers_are_rejected),
        cmocka_unit_test(vectors_come_from_lists_of_parquet),
        cmocka_unit_test(components_are_places_on_the_line_and_nothing_after_as_of_is_seen),
        cmocka_unit_test(vectors_before_as_of_make_customers_whatever_comes_later)};

    return RUN_MPI_TESTS(tests);
}
