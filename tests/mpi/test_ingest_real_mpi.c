#include "mpi_test.h"

#include "ingest_test.h"

/* Figures of notes and SOURCE.txt of the data: exact. */

static const char *data_folder(void)
{
    const char *folder = getenv("TESSERA_DATA");

    return folder != NULL ? folder : TEST_DATA_DEFAULT;
}

static bool data_missing(void)
{
    const char *required = getenv("TESSERA_REQUIRE_DATA");
    struct stat about;

    if (stat(data_folder(), &about) == 0) return false;
    if (required != NULL && strcmp(required, "1") == 0) fail_msg("%s is not there", data_folder());
    return true;
}

static char *money(const tsr_ingest_result *result)
{
    char *text = keep("%060d", 0);

    tsr_int128_print(result->money, result->money_scale, text);
    return text;
}

static void cdnow_source(test_source *t, const char *name, bool header, const char *const column[4])
{
    use_source(t, TSR_SOURCE_TRANSACTIONS, "blank", header);
    use_file(t, keep("%s/cdnow/%s", data_folder(), name));
    use_column(t, "id", column[0]);
    use_column(t, "time", column[1]);
    use_column(t, "quantity", column[2]);
    use_column(t, "amount", column[3]);
    t->source.time_format = keep("%%Y%%m%%d");
}

static void cdnow_master_reconciles(void **state)
{
    const tsr_comm *comm = *state;
    test_source t;
    tsr_ingest_result result;

    if (data_missing()) skip();
    char *output = test_path(comm, "cdnow");
    empty_folder(comm, output);
    cdnow_source(&t, "CDNOW_master.txt", true, (const char *const[]){"customer_id", "date", "3", "4"});
    tsr_ingest_params params = params_of(&t.source, 1, 0);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, output, &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_read == 69659 && result.rows_used == 69659 && result.rows_rejected == 0);
    CHECK_ALL(comm, result.customers == 23570 && result.transactions == 69659);
    CHECK_ALL(comm, result.rows_repeated == 255 && result.rows_duplicate == 0); /* sort | uniq -d tells the same */
    CHECK_ALL(comm, strcmp(money(&result), "2500315.63") == 0);
    CHECK_ALL(comm, strlen(digest_in(comm, output)) == 64);
}

static void cdnow_sample_reconciles(void **state)
{
    const tsr_comm *comm = *state;
    test_source t;
    tsr_ingest_result result;

    if (data_missing()) skip();
    char *output = test_path(comm, "sample");
    empty_folder(comm, output);
    cdnow_source(&t, "CDNOW_sample.txt", false, (const char *const[]){"2", "3", "4", "5"});
    tsr_ingest_params params = params_of(&t.source, 1, 3);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, output, &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_used == 6919 && result.customers == 2357);
    CHECK_ALL(comm, strcmp(money(&result), "244091.94") == 0);
    CHECK_ALL(comm, strlen(digest_in(comm, output)) == 64);
}

static bool receipt_says(const tsr_comm *comm, const char *folder, const char *const *parts, size_t n)
{
    tsr_dataset *dataset = NULL;
    bool says = tsr_dataset_open(comm, folder, &dataset) == TSR_OK;

    for (size_t i = 0; says && i < n; i++) {
        says = strstr(tsr_dataset_about(dataset)->sources, parts[i]) != NULL;
        if (!says) print_error("not in the receipt: %s\n%s\n", parts[i], tsr_dataset_about(dataset)->sources);
    }
    tsr_dataset_close(&dataset);
    return says;
}

static void online_retail_clean_set_reconciles(void **state)
{
    const tsr_comm *comm = *state;
    test_source t;
    tsr_ingest_result result;

    if (data_missing()) skip();
    char *output = test_path(comm, "retail");
    empty_folder(comm, output);
    use_source(&t, TSR_SOURCE_TRANSACTIONS, ",", true);
    use_file(&t, keep("%s/online_retail/online_retail.csv.gz", data_folder()));
    use_column(&t, "id", "CustomerID");
    use_column(&t, "time", "InvoiceDate");
    use_column(&t, "quantity", "Quantity");
    use_column(&t, "price", "UnitPrice");
    use_column(&t, "order", "InvoiceNo");
    use_column(&t, "item", "StockCode");
    use_rule(&t, "order starts_with \"C\"");
    use_rule(&t, "quantity <= 0");
    use_rule(&t, "price <= 0");
    t.source.time_format = keep("%%Y-%%m-%%d %%H:%%M:%%S");
    tsr_ingest_params params = params_of(&t.source, 1, 4);
    params.money_scale = 3;
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, output, &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_read == 541909 && result.rows_used == 397884 && result.rows_rejected == 144025);
    CHECK_ALL(comm, result.customers == 4338 && strcmp(money(&result), "8911407.904") == 0);
    CHECK_ALL(comm, result.rows_repeated == 5194); /* 5,192 in all columns, and two that differ in Description */
    const char *const parts[] = {"\"missing id\":{\"money\":\"1447682.120\",\"rows\":135080}", "\"rows\":8905",
                                 "\"money_read\":\"9747747.934\"", "\"price <= 0\":{\"money\":\"0.000\",\"rows\":40}"};
    CHECK_ALL(comm, receipt_says(comm, output, parts, sizeof parts / sizeof parts[0]));
    CHECK_ALL(comm, strlen(digest_in(comm, output)) == 64);
}

/* All rows with all columns, by country: 5,268 are equal to another one, as SOURCE.txt tells. */
static void online_retail_repeats_are_counted(void **state)
{
    const tsr_comm *comm = *state;
    test_source t;
    tsr_ingest_result result;

    if (data_missing()) skip();
    use_source(&t, TSR_SOURCE_TRANSACTIONS, ",", true);
    use_file(&t, keep("%s/online_retail/online_retail.csv.gz", data_folder()));
    use_column(&t, "id", "Country");
    use_column(&t, "time", "InvoiceDate");
    use_column(&t, "quantity", "Quantity");
    use_column(&t, "price", "UnitPrice");
    use_column(&t, "order", "InvoiceNo");
    use_column(&t, "item", "StockCode");
    use_column(&t, "category", "CustomerID");
    use_column(&t, "promotion", "Description");
    t.source.time_format = keep("%%Y-%%m-%%d %%H:%%M:%%S");
    tsr_ingest_params params = params_of(&t.source, 1, 4);
    params.money_scale = 3;
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, fresh(comm, "all"), &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_used == 541909 && result.rows_repeated == 5268);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cdnow_master_reconciles),
                                       cmocka_unit_test(cdnow_sample_reconciles),
                                       cmocka_unit_test(online_retail_clean_set_reconciles),
                                       cmocka_unit_test(online_retail_repeats_are_counted)};

    if (getenv("TESSERA_REQUIRE_DATA") == NULL && data_missing()) {
        printf("skipped: no data in %s\n", data_folder());
        return 77;
    }
    return RUN_MPI_TESTS(tests);
}
