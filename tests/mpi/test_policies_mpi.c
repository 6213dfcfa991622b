/* Rules that look at more than one row: repeats and keys, returns, late rows, currencies; and the balance that tells of
 * them, held against the records. */
#include "mpi_test.h"

#define TEST_FOLDER "policies-test"
#include "ingest_test.h"

/* Collective. A source of transactions from this text. */
static void use_text(const tsr_comm *comm, test_source *t, const char *name, const char *text)
{
    char *path = test_path(comm, name);

    write_text(comm, path, text, strlen(text));
    use_source(t, TSR_SOURCE_TRANSACTIONS, ",", true);
    use_file(t, path);
    use_column(t, "id", "id");
    use_column(t, "time", "when");
    use_column(t, "amount", "amount");
    use_column(t, "item", "item");
}

static void use_key(test_source *t, const char *field)
{
    static char *fields[PAIRS_MAX];

    t->source.key.text = fields;
    fields[t->source.key.n++] = keep("%s", field);
}

static bool balances(const tsr_ingest_result *r)
{
    return r->rows_read == r->rows_used + r->rows_duplicate + r->rows_rejected;
}

static bool receipt_has(const tsr_comm *comm, const char *folder, const char *part)
{
    tsr_dataset *dataset = NULL;
    bool has = tsr_dataset_open(comm, folder, &dataset) == TSR_OK;
    const char *text = has ? tsr_dataset_about(dataset)->sources : "";

    has = has && strstr(text, part) != NULL;
    if (!has) print_error("not in the receipt: %s\n%s\n", part, text);
    tsr_dataset_close(&dataset);
    return has;
}

/* ---- repeats ---- */

static const char repeats[] = "id,when,amount,item\n"
                              "a,2024-01-01,1.00,x\na,2024-01-01,1.00,x\nb,2024-01-01,1.00,x\na,2024-01-01,1.00,y\n"
                              "a,2024-01-01,1.00,x\nb,2024-01-02,2.50,x\nb,2024-01-01,-4.00,y\nb,2024-01-03,9.99,\n";
static const char reversed[] = "id,when,amount,item\n"
                               "b,2024-01-03,9.99,\nb,2024-01-01,-4.00,y\nb,2024-01-02,2.50,x\na,2024-01-01,1.00,x\n"
                               "a,2024-01-01,1.00,y\nb,2024-01-01,1.00,x\na,2024-01-01,1.00,x\na,2024-01-01,1.00,x\n";
static const char once[] = "id,when,amount,item\n"
                           "a,2024-01-01,1.00,x\na,2024-01-01,1.00,y\nb,2024-01-01,1.00,x\nb,2024-01-01,-4.00,y\n"
                           "b,2024-01-03,9.99,\n";

static void equal_rows_of_a_source_are_kept_and_counted(void **state)
{
    const tsr_comm *comm = *state;
    test_source t[2];
    tsr_ingest_result result;
    char *folder = fresh(comm, "repeated");

    use_text(comm, &t[0], "repeats.csv", repeats);
    use_text(comm, &t[1], "once.csv", once); /* equal to rows of another source: that is no repeat */
    tsr_source both[] = {t[0].source, t[1].source};
    tsr_ingest_params params = params_of(both, 2, 0);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_used == 13 && result.rows_repeated == 2 && balances(&result));
    CHECK_ALL(comm,
              receipt_has(comm, folder, "\"rows_repeated\":2") && receipt_has(comm, folder, "\"rows_repeated\":0"));
    CHECK_ALL(comm, digest_in(comm, folder)[0] != '\0');
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK && result.unchanged);
    CHECK_ALL(comm, result.rows_repeated == 2 && balances(&result));
}

static void rows_with_one_key_are_one_row_in_any_order(void **state)
{
    const tsr_comm *comm = *state;
    const char *texts[] = {repeats, reversed};
    char *plain = fresh(comm, "once"), *folder = fresh(comm, "keyed");
    test_source t;
    tsr_ingest_result result;

    use_text(comm, &t, "once.csv", once);
    tsr_ingest_params params = params_of(&t.source, 1, 3);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, plain, &result) == TSR_OK);
    char *digest = digest_in(comm, plain);
    for (int i = 0; i < 2; i++) {
        folder = fresh(comm, "keyed");
        use_text(comm, &t, "repeats.csv", texts[i]);
        use_key(&t, "item"); /* the earliest of customer and item, then the smallest */
        params = params_of(&t.source, 1, 3);
        CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
        CHECK_ALL(comm, result.rows_used == 5 && result.rows_duplicate == 3 && result.rows_repeated == 0);
        CHECK_ALL(comm, balances(&result) && result.money == 100 + 100 + 100 - 400 + 999);
        CHECK_ALL(comm, receipt_has(comm, folder, "\"money_duplicate\":\"4.50\""));
        CHECK_ALL(comm, digest[0] != '\0' && strcmp(digest_in(comm, folder), digest) == 0);
    }
}

static void key_that_is_no_field_is_refused(void **state)
{
    const tsr_comm *comm = *state;
    test_source t;
    tsr_ingest_result result;

    use_text(comm, &t, "repeats.csv", repeats);
    use_key(&t, "order");
    tsr_ingest_params params = params_of(&t.source, 1, 0);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, fresh(comm, "nokey"), &result) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "\"order\" is not a field") != NULL);
}

static void rows_for_a_dataset_with_keys_need_all_files(void **state)
{
    const tsr_comm *comm = *state;
    char *folder = fresh(comm, "grown");
    test_source t, u;
    tsr_ingest_result result;

    use_text(comm, &t, "repeats.csv", repeats);
    use_key(&t, "item");
    tsr_ingest_params params = params_of(&t.source, 1, 0);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
    use_text(comm, &u, "new.csv", "id,when,amount,item\nc,2024-01-01,1.00,x\n");
    params = params_of(&u.source, 1, 0);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "Name the files of both, old and new") != NULL);
    use_file(&t, test_path(comm, "new.csv"));
    params = params_of(&t.source, 1, 0);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_used == 6 && result.rows_duplicate == 3);
}

/* ---- returns ---- */

static const char returned[] = "id,when,amount,item\n"
                               "a,2024-01-01 09:00:00,10.00,x\na,2024-01-01 10:00:00,5.00,y\n"
                               "a,2024-01-01 11:00:00,-12.00,x\na,2024-01-02 09:00:00,-4.00,x\n"
                               "b,2024-01-01 09:00:00,1.00,x\nb,2024-01-01 09:30:00,-1.50,x\n"
                               "b,2024-01-01 09:40:00,-0.25,x\nb,2024-01-01 12:00:00,0.00,x\n";

static void check_returns(const tsr_comm *comm, int32_t policy, const char *name, int64_t stored, int64_t money,
                          const char *part)
{
    char *folder = fresh(comm, name);
    test_source t;
    tsr_ingest_result result;

    use_text(comm, &t, "returned.csv", returned);
    tsr_ingest_params params = params_of(&t.source, 1, 2);
    params.returns = policy;
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
    CHECK_ALL(comm, result.transactions == stored && result.money == money && balances(&result));
    CHECK_ALL(comm, receipt_has(comm, folder, part));
    CHECK_ALL(comm, digest_in(comm, folder)[0] != '\0'); /* which holds the balance against the records, too */
}

static void returns_are_kept_set_off_or_dropped_with_their_money(void **state)
{
    const tsr_comm *comm = *state;

    check_returns(comm, TSR_RETURNS_KEEP, "keep", 8, -175,
                  "\"returns\":{\"money\":\"-17.75\",\"policy\":\"keep\",\"rows\":4,\"rows_netted\":0}");
    check_returns(comm, TSR_RETURNS_DROP, "drop", 4, 1600,
                  "\"returns\":{\"money\":\"-17.75\",\"policy\":\"drop\",\"rows\":4,\"rows_netted\":0}");
    /* a: 3.00 of 5.00 and -4.00 are left; b: -0.50, -0.25 and 0.00 */
    check_returns(comm, TSR_RETURNS_NET_PER_DAY, "net", 5, -175,
                  "\"returns\":{\"money\":\"-17.75\",\"policy\":\"net_per_day\",\"rows\":4,\"rows_netted\":3}");
}

/* ---- late rows ---- */

static void rows_added_late_are_rejected(void **state)
{
    const tsr_comm *comm = *state;
    char *folder = fresh(comm, "late");
    test_source t;
    tsr_ingest_result result;

    use_text(comm, &t, "first.csv", "id,when,amount,item\na,2024-03-10 15:00:00,1,x\nb,2023-01-01,1,x\n");
    tsr_ingest_params params = params_of(&t.source, 1, 0);
    params.late_days = 9; /* says nothing about a dataset that is made anew */
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK && result.rows_used == 2);
    use_text(comm, &t, "second.csv",
             "id,when,amount,item\na,2024-03-01,2,x\na,2024-02-29 23:59:59,4,x\na,2024-04-01,8,x\n");
    params = params_of(&t.source, 1, 0);
    params.late_days = 9;
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_used == 2 && result.rows_rejected == 1 && result.money == 1000);
    CHECK_ALL(comm, receipt_has(comm, folder, "\"late (ingest.late_days)\":{\"money\":\"4.00\",\"rows\":1}"));
}

/* ---- currencies ---- */

static void currencies_are_converted_exactly_or_rejected(void **state)
{
    const tsr_comm *comm = *state;
    char *names[] = {keep("USD"), keep("GBP")}, *rates[] = {keep("0.925"), keep("1.1")};
    char *folder = fresh(comm, "currency");
    test_source t;
    tsr_ingest_result result;

    use_text(comm, &t, "currency.csv",
             "id,when,amount,item,cur\na,2024-01-01,1.00,x,USD\na,2024-01-02,3.00,x,USD\na,2024-01-03,7.77,x,EUR\n"
             "b,2024-01-04,-1.00,x,USD\nb,2024-01-05,0.333,x,GBP\nb,2024-01-06,5,x,JPY\nb,2024-01-07,5,x,\n"
             "b,2024-01-08,5,x,usd\nb,2024-01-09,0.333,x,EUR\n");
    use_column(&t, "currency", "cur");
    tsr_ingest_params params = params_of(&t.source, 1, 0);
    params.rates = (tsr_map){2, names, rates};
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
    /* halves to even: 0.925 -> 0.92, 2.775 -> 2.78; 0.3663 -> 0.37. What is in EUR must be exact. */
    CHECK_ALL(comm, result.rows_used == 5 && result.money == 92 + 278 + 777 - 92 + 37 && balances(&result));
    CHECK_ALL(comm, receipt_has(comm, folder, "\"currency JPY has no rate\":{\"money\":\"0.00\",\"rows\":1}"));
    CHECK_ALL(comm, receipt_has(comm, folder, "\"missing currency\"") &&
                        receipt_has(comm, folder, "\"currency is no ISO 4217 code\"") &&
                        receipt_has(comm, folder, "\"amount has more than 2 decimals\""));
    CHECK_ALL(comm, digest_in(comm, folder)[0] != '\0');
    rates[0] = keep("0");
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_ECONF);
    params.currency = NULL;
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_ECONF);
}

/* ---- the balance ---- */

/* Collective. Another digit behind the first @p key of dataset.json. */
static void change_digit(const tsr_comm *comm, const char *folder, const char *key)
{
    char *text = NULL, *path = keep("%s/dataset.json", folder);
    int64_t n = 0;

    if (comm->rank == 0) {
        assert_int_equal(tsr_file_read(path, &text, &n), TSR_OK);
        char *at = strstr(text, key);
        assert_non_null(at);
        at += strlen(key);
        at += strcspn(at, "0123456789");
        *at = *at == '9' ? '8' : (char)(*at + 1);
        assert_int_equal(tsr_file_write(path, text, n), TSR_OK);
        tsr_free(&text);
    }
    MPI_Barrier(comm->mpi);
}

static void verify_says_where_the_balance_fails(void **state)
{
    const tsr_comm *comm = *state;
    const struct {
        const char *key[2], *says;
    } changes[] = {{{"\"rows_read\":", NULL}, "rows read, but"},
                   {{"\"money_read\":", NULL}, "source 0 does not balance: money"},
                   {{"\"rows_used\":", "\"rows_read\":"}, "rows of transactions, but 8 are stored"},
                   {{"\"money_used\":", "\"money_read\":"}, "the money of transactions"},
                   {{"\"last\":", NULL}, "another range of time"}};
    test_source t;
    tsr_ingest_result result;

    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char *folder = fresh(comm, "changed");
        tsr_dataset *dataset = NULL;
        use_text(comm, &t, "repeats.csv", repeats);
        tsr_ingest_params params = params_of(&t.source, 1, 0);
        CHECK_ALL(comm, tsr_ingest_run(comm, &params, folder, &result) == TSR_OK);
        for (int k = 0; k < 2 && changes[i].key[k] != NULL; k++) change_digit(comm, folder, changes[i].key[k]);
        CHECK_ALL(comm, tsr_dataset_open(comm, folder, &dataset) == TSR_OK);
        CHECK_ALL(comm, tsr_dataset_verify(comm, dataset) == TSR_EDATA);
        CHECK_ALL(comm, strstr(tsr_error_last()->text, changes[i].says) != NULL);
        tsr_dataset_close(&dataset);
        tsr_error_clear();
    }
}

/* ---- campaigns ---- */

static char *digest_of_campaign(const tsr_comm *comm, const char *yes, const char *no, const char *folder)
{
    const char *text = keep("id,when,name,opened,clicked\na,2024-01-01 10:00,spring,%s,%s\nb,2024-01-02 "
                            "11:00,spring,%s,%s\nc,2024-01-02 12:00,spring,,%s\n",
                            yes, no, yes, yes, no);
    tsr_ingest_result result;
    test_source t;

    use_text(comm, &t, "campaign.csv", text);
    t.source.kind = TSR_SOURCE_CAMPAIGNS;
    t.source.columns.n = 1; /* id */
    use_column(&t, "assigned", "when");
    use_column(&t, "campaign", "name");
    use_column(&t, "opened", "opened");
    use_column(&t, "clicked", "clicked");
    tsr_ingest_params params = params_of(&t.source, 1, 1);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, folder), &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_used == 3);
    return digest_in(comm, test_path(comm, folder));
}

static void flags_of_campaigns_are_truth_values_in_any_writing(void **state)
{
    const tsr_comm *comm = *state;
    char *digits = digest_of_campaign(comm, "1", "0", "digits");

    CHECK_ALL(comm, strcmp(digits, digest_of_campaign(comm, "true", "false", "words")) == 0);
    CHECK_ALL(comm, strcmp(digits, digest_of_campaign(comm, "True", "False", "capitals")) == 0);
    CHECK_ALL(comm, strcmp(digits, digest_of_campaign(comm, "1.0", "0.0", "decimals")) == 0);
    CHECK_ALL(comm, strcmp(digits, digest_of_campaign(comm, "0", "1", "others")) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equal_rows_of_a_source_are_kept_and_counted),
                                       cmocka_unit_test(rows_with_one_key_are_one_row_in_any_order),
                                       cmocka_unit_test(key_that_is_no_field_is_refused),
                                       cmocka_unit_test(rows_for_a_dataset_with_keys_need_all_files),
                                       cmocka_unit_test(returns_are_kept_set_off_or_dropped_with_their_money),
                                       cmocka_unit_test(rows_added_late_are_rejected),
                                       cmocka_unit_test(currencies_are_converted_exactly_or_rejected),
                                       cmocka_unit_test(flags_of_campaigns_are_truth_values_in_any_writing),
                                       cmocka_unit_test(verify_says_where_the_balance_fails)};

    return RUN_MPI_TESTS(tests);
}
