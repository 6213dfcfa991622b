/* Several values of one attribute: last, latest, priority, most frequent, whatever ranks and the order of files. */
#include "mpi_test.h"

#define TEST_FOLDER "reconcile-test"
#include "ingest_test.h"

/* Two systems; the second one in two files, which come in both orders. */
static const char crm[] = "id,since,city,age\n"
                          "a,2024-01-05,Oslo,30\na,2024-01-01,Rome,31\nb,2024-03-01,Bonn,\nc,,Kiel,7\n";
static const char shop_1[] = "id,since,city,age\n"
                             "a,2024-01-06,Rome,44\na,2024-01-03,Oslo,44\nb,2024-02-01,Bern,50\n";
static const char shop_2[] = "id,since,city,age\n"
                             "a,2024-01-02,Rome,33\nb,2024-02-01,Wien,51\nc,2024-01-01,Lyon,8\nb,,Wien,50\n";

static void use_people(const tsr_comm *comm, test_source *t, const char *const *name, const char *const *text, int n)
{
    use_source(t, TSR_SOURCE_CUSTOMERS, ",", true);
    for (int i = 0; i < n; i++) {
        write_text(comm, test_path(comm, name[i]), text[i], strlen(text[i]));
        use_file(t, test_path(comm, name[i]));
    }
    use_column(t, "id", "id");
    use_column(t, "time", "since");
    use_column(t, "city", "city");
    use_column(t, "age", "age");
}

/* Collective. Ingest with one rule for both attributes; the files of the second source in either order. */
static tsr_status ingest(const tsr_comm *comm, const char *rule, bool turned, const char *folder)
{
    static char *rules[2], *names[] = {"city", "age"};
    const char *const files[][2] = {{"shop-1.csv", "shop-2.csv"}, {"shop-2.csv", "shop-1.csv"}};
    const char *const texts[][2] = {{shop_1, shop_2}, {shop_2, shop_1}};
    test_source t[2];
    tsr_ingest_result result;

    use_people(comm, &t[0], (const char *const[]){"crm.csv"}, (const char *const[]){crm}, 1);
    use_people(comm, &t[1], files[turned], texts[turned], 2);
    tsr_source sources[] = {t[0].source, t[1].source};
    tsr_ingest_params params = params_of(sources, 2, 2);
    rules[0] = rules[1] = keep("%s", rule);
    if (rule[0] != '\0') params.reconcile = (tsr_map){2, names, rules};
    return tsr_ingest_run(comm, &params, folder, &result);
}

/* Collective. City and age of a customer, as text. */
static char *values_of(const tsr_comm *comm, const char *folder, char id)
{
    tsr_dataset *dataset = NULL;
    tsr_block block = {0};
    char *text = keep("%40s", "");

    if (tsr_dataset_open(comm, folder, &dataset) != TSR_OK) return text;
    const tsr_dataset_info *info = tsr_dataset_about(dataset);
    if (tsr_dataset_read(dataset, 0, info->customers, TSR_READ_ALL, &block) == TSR_OK)
        for (int64_t i = 0; i < block.customers; i++)
            if (block.id[i * block.id_width] == id)
                snprintf(text, 40, "%s %g", info->attributes[1].dictionary.text[block.code[1][i]],
                         (double)block.number[0][i]);
    tsr_block_clear(&block);
    tsr_dataset_close(&dataset);
    return text;
}

static void values_follow_the_rule_of_their_attribute(void **state)
{
    const tsr_comm *comm = *state;
    const struct {
        const char *rule, *a, *b, *c;
    } cases[] = {{"latest", "Rome 44", "Bonn 50", "Lyon 8"},        /* b: 50 and 51 of one day: the smaller */
                 {"priority", "Oslo 30", "Bonn 50", "Kiel 7"},      /* b: no age in the first source */
                 {"most_frequent", "Rome 44", "Wien 50", "Lyon 8"}, /* a: three times Rome; c: the later of both */
                 {"last", "Rome 33", "Wien 50", "Lyon 8"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *folder = fresh(comm, "rule");
        CHECK_ALL(comm, ingest(comm, cases[i].rule, false, folder) == TSR_OK);
        CHECK_ALL(comm, strcmp(values_of(comm, folder, 'a'), cases[i].a) == 0);
        CHECK_ALL(comm, strcmp(values_of(comm, folder, 'b'), cases[i].b) == 0);
        CHECK_ALL(comm, strcmp(values_of(comm, folder, 'c'), cases[i].c) == 0);
    }
}

static void rules_do_not_depend_on_the_order_of_files(void **state)
{
    const tsr_comm *comm = *state;
    const char *const rules[] = {"latest", "priority", "most_frequent"};

    for (int i = 0; i < 3; i++) {
        char *one = fresh(comm, "one"), *other = fresh(comm, "other");
        CHECK_ALL(comm, ingest(comm, rules[i], false, one) == TSR_OK);
        CHECK_ALL(comm, ingest(comm, rules[i], true, other) == TSR_OK);
        CHECK_ALL(comm, digest_in(comm, one)[0] != '\0');
        CHECK_ALL(comm, strcmp(digest_in(comm, one), digest_in(comm, other)) == 0);
    }
}

static void rules_that_cannot_be_are_refused(void **state)
{
    const tsr_comm *comm = *state;
    char *name[] = {keep("town")}, *rule[] = {keep("latest")};
    test_source t;
    tsr_ingest_result result;

    CHECK_ALL(comm, ingest(comm, "newest", false, fresh(comm, "no")) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "\"newest\" is no rule") != NULL);
    use_people(comm, &t, (const char *const[]){"crm.csv"}, (const char *const[]){crm}, 1);
    tsr_ingest_params params = params_of(&t.source, 1, 0);
    params.reconcile = (tsr_map){1, name, rule};
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, fresh(comm, "no"), &result) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "attribute \"town\"") != NULL);
    name[0] = keep("city");
    t.name[1] = keep("changed"); /* no column `time` */
    CHECK_ALL(comm, tsr_ingest_run(comm, &params, fresh(comm, "no"), &result) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "latest needs a column `time`") != NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values_follow_the_rule_of_their_attribute),
                                       cmocka_unit_test(rules_do_not_depend_on_the_order_of_files),
                                       cmocka_unit_test(rules_that_cannot_be_are_refused)};

    return RUN_MPI_TESTS(tests);
}
