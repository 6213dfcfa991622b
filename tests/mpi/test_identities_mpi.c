/* Customers under several ids become one, by declared rules, and every merge is written down. */
#include "mpi_test.h"

#define TEST_FOLDER "identities-test"
#include "ingest/identities.h"
#include "ingest_test.h"
#include "tessera/log.h"

#define PEOPLE 200
#define ROWS   2000

/* Collective. What @p make writes, as one file. */
static void write_file(const tsr_comm *comm, const char *name, void (*make)(text_file *file))
{
    text_file file = {malloc((size_t)ROWS * 64), 0};

    make(&file);
    write_text(comm, test_path(comm, name), file.bytes, file.n);
    free(file.bytes);
}

static int person_of(int row)
{
    return row * 7 % PEOPLE;
}

static void put_row(text_file *file, const char *prefix, int row)
{
    put(file, keep("%s%03d,2024-%02d-%02d,%d.%02d\n", prefix, person_of(row), row % 12 + 1, row % 28 + 1, row % 90,
                   row % 100));
}

static void original(text_file *file)
{
    put(file, "id,when,amount\n");
    for (int i = 0; i < ROWS; i++) put_row(file, "c", i);
}

static void till(text_file *file)
{
    put(file, "id,when,amount\n");
    for (int i = 0; i < ROWS; i += 3) put_row(file, "c", i);
}

static void web(text_file *file)
{
    put(file, "id,when,amount\n");
    for (int i = 1; i < ROWS; i += 3) put_row(file, "web-", i);
}

static void shop(text_file *file)
{
    put(file, "id,when,amount\n");
    for (int i = 2; i < ROWS; i += 3) put_row(file, "x,", i); /* columns: x, number */
}

static void pairs(text_file *file)
{
    put(file, "a,b\n");
    for (int i = 0; i < PEOPLE; i++) put(file, keep(i % 2 ? "web-%03d,c%03d\n" : "web-%03d, c%03d \n", i, i));
}

static void mails(text_file *file)
{
    put(file, "customer,mail\n");
    for (int i = 0; i < PEOPLE; i++) put(file, keep("%03d,Person%d@Example.com\n", i, i));
    for (int i = 0; i < PEOPLE; i++) put(file, keep("web-%03d,person%d@example.COM\n", i, i));
    put(file, "c000,nobody\nc001,nobody\n"); /* no address: joins nobody */
}

static void broken(text_file *file)
{
    put(file, "id,when,amount\n");
    for (int i = 0; i < ROWS; i++) put_row(file, "", i);
    put(file, "\"000,1998-01-01,1.00\n"); /* a quote that is not closed ends the run */
}

static void use_orders(test_source *t, const tsr_comm *comm, const char *name, const char *id)
{
    use_source(t, TSR_SOURCE_TRANSACTIONS, ",", true);
    use_file(t, test_path(comm, name));
    use_column(t, "id", id);
    use_column(t, "time", "when");
    use_column(t, "amount", "amount");
}

static void use_pairs(test_source *t, const tsr_comm *comm, const char *name, const char *id, const char *other,
                      tsr_match match)
{
    use_source(t, TSR_SOURCE_IDENTITIES, ",", true);
    use_file(t, test_path(comm, name));
    use_column(t, "id", id);
    use_column(t, "other", other);
    t->source.match = (int32_t)match;
}

static char *text_of(const tsr_comm *comm, const char *path)
{
    char *bytes = NULL, *text = keep("");
    int64_t n;

    MPI_Barrier(comm->mpi);
    if (tsr_file_read(path, &bytes, &n) == TSR_OK) text = keep("%.900s", bytes);
    tsr_free(&bytes);
    return text;
}

static void write_all(const tsr_comm *comm)
{
    empty_folder(comm, test_path(comm, ""));
    write_file(comm, "original.csv", original);
    write_file(comm, "till.csv", till);
    write_file(comm, "web.csv", web);
    write_file(comm, "shop.csv", shop);
    write_file(comm, "pairs.csv", pairs);
    write_file(comm, "mails.csv", mails);
    write_file(comm, "broken.csv", broken);
}

static void people_under_several_ids_are_the_people_under_one(void **state)
{
    const tsr_comm *comm = *state;
    test_source t[6], whole;
    tsr_source sources[6];
    tsr_ingest_result result;
    struct stat about;

    write_all(comm);
    use_orders(&whole, comm, "original.csv", "id");
    tsr_ingest_params params = params_of(&whole.source, 1, 3);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "whole"), &result) == TSR_OK);
    use_orders(&t[0], comm, "till.csv", "id");
    use_orders(&t[1], comm, "web.csv", "id");
    use_source(&t[2], TSR_SOURCE_TRANSACTIONS, ",", false); /* a header of three names, rows of four columns */
    use_file(&t[2], test_path(comm, "shop.csv"));
    use_column(&t[2], "id", "2");
    use_column(&t[2], "time", "3");
    use_column(&t[2], "amount", "4");
    use_pairs(&t[3], comm, "pairs.csv", "a", "b", TSR_MATCH_ID);
    use_pairs(&t[4], comm, "mails.csv", "customer", "mail", TSR_MATCH_EMAIL);
    for (int i = 0; i < 5; i++) sources[i] = t[i].source;
    params = params_of(sources, 5, 3);
    params.identity_limit = 3;
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "joined"), &result) == TSR_OK);
    CHECK_ALL(comm, result.customers == PEOPLE && result.merged == 2 * PEOPLE);
    /* The smallest id by bytes is kept: "000", not "c000". */
    CHECK_ALL(comm, strstr(text_of(comm, test_path(comm, "joined/merges.csv")),
                           "\"000\",\"c000\",ingest.sources[3]: pair of ids\n") != NULL);
    CHECK_ALL(comm, stat(test_path(comm, "joined/merges.csv"), &about) == 0 && (about.st_mode & 077) == 0);

    /* Killed between the commit and the list's name: the next run gives it. */
    if (comm->rank == 0) rename(test_path(comm, "joined/merges.csv"), test_path(comm, "joined/merges.g1.csv"));
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "joined"), &result) == TSR_OK && result.unchanged);
    MPI_Barrier(comm->mpi);
    CHECK_ALL(comm, stat(test_path(comm, "joined/merges.csv"), &about) == 0);

    /* A run that fails behind the reading of pairs leaves the list of the dataset that stands. */
    use_orders(&t[5], comm, "broken.csv", "id");
    sources[5] = t[5].source;
    params = params_of(sources, 6, 3);
    params.identity_limit = 1;
    tsr_log_init(comm->rank, TSR_LOG_QUIET);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "joined"), &result) == TSR_EDATA);
    tsr_log_init(comm->rank, TSR_LOG_WARN);
    tsr_error_clear();
    CHECK_ALL(comm, strstr(text_of(comm, test_path(comm, "joined/merges.csv")), "\"000\",\"c000\"") != NULL);
}

static void pairs_give_the_dataset_of_one_id(void **state)
{
    const tsr_comm *comm = *state;
    test_source t[3], whole;
    tsr_source sources[3];
    tsr_ingest_result result;

    use_orders(&whole, comm, "till.csv", "id");
    use_file(&whole, test_path(comm, "plain.csv"));
    if (comm->rank == 0) { /* the rows of the web shop, under the ids of the till */
        text_file file = {malloc((size_t)ROWS * 64), 0};
        put(&file, "id,when,amount\n");
        for (int i = 1; i < ROWS; i += 3) put_row(&file, "c", i);
        FILE *out = fopen(test_path(comm, "plain.csv"), "wb");
        assert_non_null(out);
        fwrite(file.bytes, 1, file.n, out);
        fclose(out);
        free(file.bytes);
    }
    MPI_Barrier(comm->mpi);
    tsr_ingest_params params = params_of(&whole.source, 1, 2);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "one-id"), &result) == TSR_OK);
    use_orders(&t[0], comm, "till.csv", "id");
    use_orders(&t[1], comm, "web.csv", "id");
    use_pairs(&t[2], comm, "pairs.csv", "a", "b", TSR_MATCH_ID);
    for (int i = 0; i < 3; i++) sources[i] = t[i].source;
    params = params_of(sources, 3, 2);
    params.identity_limit = 2;
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "two-ids"), &result) == TSR_OK);
    CHECK_ALL(comm,
              strcmp(digest_in(comm, test_path(comm, "one-id")), digest_in(comm, test_path(comm, "two-ids"))) == 0);
    params.identity_limit = 1; /* nobody may have two ids: nothing is merged, and the job says so */
    tsr_log_init(comm->rank, TSR_LOG_QUIET);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "two-ids"), &result) == TSR_OK);
    tsr_log_init(comm->rank, TSR_LOG_WARN);
    CHECK_ALL(comm, result.merged == 0 && result.customers == 2 * PEOPLE);
    use_orders(&t[0], comm, "original.csv", "id"); /* other files alone: they cannot know who is one person */
    params = params_of(&t[0].source, 1, 2);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "two-ids"), &result) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "Name the files of both, old and new") != NULL);
    tsr_error_clear();
}

static tsr_slice slice(const char *text)
{
    return (tsr_slice){text, (int32_t)strlen(text)};
}

static bool same_mark(tsr_match match, const char *a, const char *b)
{
    char mark[2][TSR_MARK_BYTES];
    int32_t n = tsr_identity_mark((int32_t)match, slice(a), mark[0]);

    return n > 0 && n == tsr_identity_mark((int32_t)match, slice(b), mark[1]) &&
           memcmp(mark[0], mark[1], (size_t)n) == 0;
}

static void marks_are_equal_as_their_rule_says(void **state)
{
    char mark[TSR_MARK_BYTES];

    CHECK_ALL(*state, same_mark(TSR_MATCH_EXACT, "Ab", "Ab") && !same_mark(TSR_MATCH_EXACT, "Ab", "aB"));
    CHECK_ALL(*state, same_mark(TSR_MATCH_CASE, "Ab", "aB"));
    CHECK_ALL(*state, same_mark(TSR_MATCH_EMAIL, "A@b.C", "a@B.c"));
    CHECK_ALL(*state, tsr_identity_mark(TSR_MATCH_EMAIL, slice("none"), mark) == 0);
    CHECK_ALL(*state, same_mark(TSR_MATCH_PHONE, "+49 (30) 123-456", "0049.30 123456"));
    CHECK_ALL(*state, !same_mark(TSR_MATCH_PHONE, "+49 30 123456", "49 30 123456"));
    CHECK_ALL(*state, tsr_identity_mark(TSR_MATCH_PHONE, slice("12-34-56"), mark) == 0);
    CHECK_ALL(*state, tsr_identity_mark(TSR_MATCH_EXACT, slice(""), mark) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_under_several_ids_are_the_people_under_one),
        cmocka_unit_test(pairs_give_the_dataset_of_one_id),
        cmocka_unit_test(marks_are_equal_as_their_rule_says),
    };

    return RUN_MPI_TESTS(tests);
}
