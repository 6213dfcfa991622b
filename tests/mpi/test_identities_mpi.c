/* Customers under several ids become one, by declared rules, and every merge is written down. */
#include "mpi_test.h"

#define TEST_FOLDER "identities-test"
#include "ingest/settle/identities.h"
#include "ingest_test.h"
#include "tessera/log.h"

#define PEOPLE 200
#define ROWS   2000
#define IDS    12000

/* Collective. What @p make writes, as one file. */
static void write_file(const tsr_comm *comm, const char *name, void (*make)(text_file *file))
{
    text_file file = {malloc((size_t)IDS * 64), 0};

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
    CHECK_ALL(comm, strstr(text_of(comm, test_path(comm, "two-ids/merges.csv")),
                           ",refused: 2 ids of one person (ingest.identity_limit)\n\"\",") != NULL);
    use_orders(&t[0], comm, "original.csv", "id"); /* other files alone: they cannot know who is one person */
    params = params_of(&t[0].source, 1, 2);
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, test_path(comm, "two-ids"), &result) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "Name the files of both, old and new") != NULL);
    tsr_error_clear();
}

/* ---- a large graph ---- */

#define PATH_IDS  10000                       /* one chain, */
#define STAR_IDS  1000                        /* one hub, */
#define LOOSE_IDS (IDS - PATH_IDS - STAR_IDS) /* and pairs at random */

static int up[IDS], smallest[IDS]; /* union-find in one process; by root: the smallest name */

static int root_of(int i)
{
    while (up[i] != i) i = up[i] = up[up[i]];
    return i;
}

/* The name of node i, as a number: neighbours have names far apart. */
static int name_of(int i)
{
    return i * 7919 % IDS;
}

static void put_pair(text_file *file, int a, int b)
{
    put(file, keep("k%05d,k%05d\n", name_of(a), name_of(b)));
    up[root_of(a)] = root_of(b);
}

static void graph(text_file *file)
{
    put(file, "a,b\n");
    for (int i = 0; i < IDS; i++) up[i] = i;
    for (int i = 0; i + 1 < PATH_IDS; i++) {
        int from = (int)(i * 6007LL % (PATH_IDS - 1));
        put_pair(file, i % 2 ? from : from + 1, i % 2 ? from + 1 : from);
    }
    for (int i = 1; i < STAR_IDS; i++) put_pair(file, PATH_IDS + STAR_IDS / 2, PATH_IDS + i);
    for (int i = 0; i < LOOSE_IDS * 2 / 3; i++)
        put_pair(file, IDS - 1 - i * 61 % LOOSE_IDS, IDS - 1 - (int)(i * 2654435761LL % 1009 % LOOSE_IDS));
    for (int i = 0; i < IDS; i++) smallest[i] = IDS;
    for (int i = 0; i < IDS; i++)
        if (name_of(i) < smallest[root_of(i)]) smallest[root_of(i)] = name_of(i);
}

/* Rows of all ids, under their own names or the kept ones; with orders or without. */
static void put_rows(text_file *file, bool kept, bool orders)
{
    put(file, orders ? "id,when,amount,order\n" : "id,when,amount\n");
    for (int i = orders; i < IDS; i += 2) {
        int name = kept ? smallest[root_of(i)] : name_of(i);
        put(file, keep("k%05d,2024-01-%02d,%d.00%s\n", name, i % 28 + 1, i, orders ? keep(",o%d", i / 3) : ""));
    }
}

static void raw_orders(text_file *file)
{
    put_rows(file, false, true);
}

static void raw_rows(text_file *file)
{
    put_rows(file, false, false);
}

static void kept_orders(text_file *file)
{
    put_rows(file, true, true);
}

static void kept_rows(text_file *file)
{
    put_rows(file, true, false);
}

/* The list of merges as it must be. */
static void expected_merges(text_file *file)
{
    put(file, "kept,merged,rule\n");
    for (int name = 0; name < IDS; name++) {
        int kept = smallest[root_of(name * 1679 % IDS)]; /* 1679 x 7919 is 1 mod 12000 */
        if (kept != name) put(file, keep("\"k%05d\",\"k%05d\",ingest.sources[2]: pair of ids\n", kept, name));
    }
}

static bool same_text(const char *path, void (*make)(text_file *file))
{
    text_file file = {malloc((size_t)IDS * 64), 0};
    char *bytes = NULL;
    int64_t n = 0;

    tsr_status st = tsr_file_read(path, &bytes, &n); /* before the texts that are kept are many */
    make(&file);
    bool same = st == TSR_OK && n == (int64_t)file.n && memcmp(bytes, file.bytes, file.n) == 0;
    tsr_free(&bytes);
    free(file.bytes);
    return same;
}

static char *digest_of(const tsr_comm *comm, const char *orders, const char *rows, bool paired, const char *folder)
{
    test_source t[3];
    tsr_source sources[3];
    tsr_ingest_result result;

    use_orders(&t[0], comm, orders, "id");
    use_column(&t[0], "order", "order");
    use_orders(&t[1], comm, rows, "id");
    use_pairs(&t[2], comm, "graph.csv", "a", "b", TSR_MATCH_ID);
    for (int i = 0; i < 3; i++) sources[i] = t[i].source;
    tsr_ingest_params params = params_of(sources, paired ? 3 : 2, 7);
    params.identity_limit = IDS;
    tsr_status st = tsr_ingest_run(comm, &params, fresh(comm, folder), &result);
    if (st != TSR_OK) print_error("%s\n", tsr_error_last()->text);
    CHECK_ALL(comm, st == TSR_OK && result.rows_used == result.rows_read);
    return digest_in(comm, test_path(comm, folder));
}

static void long_chains_and_stars_are_one_person_at_any_rank_count(void **state)
{
    const tsr_comm *comm = *state;

    write_file(comm, "graph.csv", graph);
    write_file(comm, "raw-orders.csv", raw_orders);
    write_file(comm, "raw-rows.csv", raw_rows);
    write_file(comm, "kept-orders.csv", kept_orders);
    write_file(comm, "kept-rows.csv", kept_rows);
    char *joined = digest_of(comm, "raw-orders.csv", "raw-rows.csv", true, "graph");
    CHECK_ALL(comm, strcmp(joined, digest_of(comm, "kept-orders.csv", "kept-rows.csv", false, "kept")) == 0);
    CHECK_ALL(comm, same_text(test_path(comm, "graph/merges.csv"), expected_merges));
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
        cmocka_unit_test(long_chains_and_stars_are_one_person_at_any_rank_count),
        cmocka_unit_test(marks_are_equal_as_their_rule_says),
    };

    return RUN_MPI_TESTS(tests);
}
