/* What an ingest would do, and nothing written; and rows whose numbers have a decimal comma. */
#include "mpi_test.h"

#define TEST_FOLDER "preview-test"
#include "ingest_test.h"
#include "tessera/preview.h"

static const char orders[] = "Kunde;Datum;Betrag;Notiz\n"
                             "a;31.12.2024;1.234,56;x\n"
                             "b;30.12.2024;12,5;x\n"
                             ";30.12.2024;1,00;y\n"
                             "c;29.12.2024;12.5;x\n"
                             "d;12/29/2024;3,00;x\n"
                             "e;28.12.2024;-0,07;x\n";

static void use_orders(test_source *t, const tsr_comm *comm)
{
    char *path = test_path(comm, "orders.csv");

    write_text(comm, path, orders, strlen(orders));
    use_source(t, TSR_SOURCE_TRANSACTIONS, ";", true);
    use_file(t, path);
    use_column(t, "id", "Kunde");
    use_column(t, "time", "Datum");
    use_column(t, "amount", "Betrag");
    t->source.time_format = keep("%%d.%%m.%%Y");
    t->source.decimal_mark = TSR_DECIMAL_COMMA;
}

static bool has_all(const tsr_comm *comm, const char *text, const char *const *parts)
{
    for (; comm->rank == 0 && *parts != NULL; parts++)
        if (strstr(text, *parts) == NULL) {
            print_error("not in the preview: %s\n%s\n", *parts, text);
            return false;
        }
    return true;
}

static void preview_shows_columns_fields_and_first_rejects(void **state)
{
    const tsr_comm *comm = *state;
    test_source t;
    char *text = NULL;

    use_orders(&t, comm);
    tsr_ingest_params params = params_of(&t.source, 1, 0);
    CHECK_ALL(comm, tsr_ingest_preview(comm, &params, &text) == TSR_OK);
    CHECK_ALL(comm, (text != NULL) == (comm->rank == 0));
    CHECK_ALL(comm, has_all(comm, text,
                            (const char *const[]){"ingest.sources[0]: transactions from", "money            EUR",
                                                  "time             UTC", "not used", "3 of the first 6 rows",
                                                  "1 for \"missing id\" in Kunde",
                                                  "1 for \"amount is not a number\" in Betrag",
                                                  "orders.csv,6,time is no date in time_format,Datum", NULL}));
    tsr_free(&text);
}

static void preview_of_a_column_that_is_missing_fails_alike(void **state)
{
    const tsr_comm *comm = *state;
    test_source t;
    char *text = NULL;

    use_orders(&t, comm);
    t.column[2] = keep("Preis");
    tsr_ingest_params params = params_of(&t.source, 1, 0);
    CHECK_ALL(comm, tsr_ingest_preview(comm, &params, &text) == TSR_ECONF && text == NULL);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "Preis") != NULL);
}

static void decimal_commas_make_exact_money(void **state)
{
    const tsr_comm *comm = *state;
    test_source t;
    tsr_ingest_result result;

    use_orders(&t, comm);
    tsr_ingest_params params = params_of(&t.source, 1, 0);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, fresh(comm, "comma"), &result) == TSR_OK);
    CHECK_ALL(comm, result.rows_used == 3 && result.rows_rejected == 3 && result.money == 123456 + 1250 - 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(preview_shows_columns_fields_and_first_rejects),
                                       cmocka_unit_test(preview_of_a_column_that_is_missing_fails_alike),
                                       cmocka_unit_test(decimal_commas_make_exact_money)};

    return RUN_MPI_TESTS(tests);
}
