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

static void use_retail(test_source *t, const char *id)
{
    use_source(t, TSR_SOURCE_TRANSACTIONS, ",", true);
    use_file(t, keep("%s/online_retail/online_retail.csv.gz", data_folder()));
    use_column(t, "id", id);
    use_column(t, "time", "InvoiceDate");
    use_column(t, "quantity", "Quantity");
    use_column(t, "price", "UnitPrice");
    use_column(t, "order", "InvoiceNo");
    use_column(t, "item", "StockCode");
    t->source.time_format = keep("%%Y-%%m-%%d %%H:%%M:%%S");
}

static void online_retail_clean_set_reconciles(void **state)
{
    const tsr_comm *comm = *state;
    test_source t;
    tsr_ingest_result result;

    if (data_missing()) skip();
    char *output = test_path(comm, "retail");
    empty_folder(comm, output);
    use_retail(&t, "CustomerID");
    use_rule(&t, "order starts_with \"C\"");
    use_rule(&t, "quantity <= 0");
    use_rule(&t, "price <= 0");
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
    use_retail(&t, "Country");
    use_column(&t, "category", "CustomerID");
    use_column(&t, "promotion", "Description");
    tsr_ingest_params params = params_of(&t.source, 1, 4);
    params.money_scale = 3;
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, fresh(comm, "all"), &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_used == 541909 && result.rows_repeated == 5268);
}

/* Collective. Hillstrom's file has one line per customer, without an id: the number of the line stands for it. */
static void write_mailing(const tsr_comm *comm, const char *path)
{
    char line[512], id[16] = "id";

    if (comm->rank == 0) {
        FILE *from = fopen(keep("%s/hillstrom/hillstrom.csv", data_folder()), "r"), *to = fopen(path, "w");
        assert_non_null(from);
        assert_non_null(to);
        for (int row = 1; fgets(line, sizeof line, from) != NULL; row++) {
            fprintf(to, "%s,%s", id, line);
            snprintf(id, sizeof id, "%d", row);
        }
        fclose(from);
        assert_int_equal(fclose(to), 0);
    }
    MPI_Barrier(comm->mpi);
}

typedef struct arm_counts {
    const char *name;
    int64_t customers, visits, conversions, cents;
} arm_counts;

static bool arms_are(const tsr_comm *comm, const char *folder, const arm_counts *expected, int32_t n)
{
    tsr_dataset *dataset = NULL;
    tsr_block block = {0};
    bool good = tsr_dataset_open(comm, folder, &dataset) == TSR_OK &&
                tsr_dataset_read(dataset, 0, 64000, TSR_READ_ALL, &block) == TSR_OK;
    const tsr_records *rows = &block.records[TSR_CAMPAIGNS];

    for (int32_t a = 0; good && a < n; a++) {
        arm_counts found = {.name = tsr_dataset_about(dataset)->dictionary[TSR_ARMS].text[a]};
        for (int64_t i = 0; i < rows->rows; i++) {
            if (((const int32_t *)rows->column[TSR_CAMPAIGN_ARM])[i] != a) continue;
            found.customers++;
            found.visits += ((const uint32_t *)rows->column[TSR_CAMPAIGN_CLICKED])[i] != 0;
            found.conversions += ((const uint32_t *)rows->column[TSR_CAMPAIGN_CONVERTED])[i] != 0;
            found.cents += ((const int64_t *)rows->column[TSR_CAMPAIGN_REVENUE])[i];
        }
        good = strcmp(found.name, expected[a].name) == 0 && found.customers == expected[a].customers &&
               found.visits == expected[a].visits && found.conversions == expected[a].conversions &&
               found.cents == expected[a].cents;
    }
    tsr_block_clear(&block);
    tsr_dataset_close(&dataset);
    return good;
}

/* The published counts of the test of 2008: three arms. */
static void hillstrom_arms_reconcile(void **state)
{
    const tsr_comm *comm = *state;
    const arm_counts published[] = {{"Mens E-Mail", 21307, 3894, 267, 3031169},
                                    {"No E-Mail", 21306, 2262, 122, 1390833},
                                    {"Womens E-Mail", 21387, 3238, 189, 2303811}};
    char *folder = fresh(comm, "hillstrom"), *path = test_path(comm, "mailing.csv");
    test_source t;
    tsr_ingest_result result;

    if (data_missing()) skip();
    write_text(comm, path, "", 0); /* and its folder */
    write_mailing(comm, path);
    use_source(&t, TSR_SOURCE_CAMPAIGNS, ",", true);
    use_file(&t, path);
    use_column(&t, "id", "id");
    use_column(&t, "arm", "segment");
    use_column(&t, "clicked", "visit");
    use_column(&t, "converted", "conversion");
    use_column(&t, "revenue", "spend");
    use_column(&t, "assigned", "=2008-03-20");
    use_column(&t, "campaign", "=MineThatData");
    tsr_ingest_params params = params_of(&t.source, 1, 3);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_used == 64000 && result.customers == 64000 && result.records[TSR_CAMPAIGNS] == 64000);
    CHECK_ALL(comm, arms_are(comm, folder, published, 3));
    CHECK_ALL(comm, digest_in(comm, folder)[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hillstrom_arms_reconcile),
                                       cmocka_unit_test(cdnow_master_reconciles),
                                       cmocka_unit_test(cdnow_sample_reconciles),
                                       cmocka_unit_test(online_retail_clean_set_reconciles),
                                       cmocka_unit_test(online_retail_repeats_are_counted)};

    if (getenv("TESSERA_REQUIRE_DATA") == NULL && data_missing()) {
        printf("skipped: no data in %s\n", data_folder());
        return 77;
    }
    return RUN_MPI_TESTS(tests);
}
