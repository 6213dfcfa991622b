#include "unit_test.h"

#include <string.h>

#include "tessera/playbook.h"

extern const char act_playbook[]; /* the one of the house: src/act/playbook.tsv */

#define HEAD "name\trule\tobjective\taction\tchannel\tcadence\tguardrail\tkpi\tholdout\n"
#define REST "\tkeep\tmail them\te-mail\tonce\t\t\t0.1\n"

static bool is_known(void *context, const char *name)
{
    static const char *const names[] = {"rfm_r",  "rfm_f",           "rfm_m",    "churn_risk",
                                        "tenure", "promotion_share", "open_rate"};

    (void)context;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

/* Values by name; < 0: missing. */
typedef struct customer {
    const tsr_playbook *playbook;
    double r, f, m, churn, tenure, promotion, opened;
} customer;

static bool test_holds(void *context, const tsr_test *test)
{
    const customer *c = context;
    const char *name = c->playbook->column[test->slot];
    double value = strcmp(name, "rfm_r") == 0             ? c->r
                   : strcmp(name, "rfm_f") == 0           ? c->f
                   : strcmp(name, "rfm_m") == 0           ? c->m
                   : strcmp(name, "tenure") == 0          ? c->tenure
                   : strcmp(name, "promotion_share") == 0 ? c->promotion
                   : strcmp(name, "open_rate") == 0       ? c->opened
                                                          : c->churn;

    if (test->kind == TSR_TEST_MISSING) return value < 0;
    return value >= 0 && tsr_comparison_holds(test->compare, (value > test->number) - (value < test->number));
}

static const char *play_for(const customer *c)
{
    return c->playbook->play[tsr_playbook_choose(c->playbook, test_holds, (void *)c)].name;
}

/* Of somebody whose promotions and opened e-mails nobody counted. */
static const char *play_of(const tsr_playbook *playbook, double r, double f, double m, double churn, double tenure)
{
    return play_for(&(customer){playbook, r, f, m, churn, tenure, -1, -1});
}

static void playbook_of_the_house_has_a_play_for_every_customer(void **state)
{
    tsr_playbook *p = NULL;

    (void)state;
    assert_int_equal(tsr_playbook_parse("house", act_playbook, is_known, NULL, &p), TSR_OK);
    assert_int_equal(p->n, 15);
    assert_string_equal(play_of(p, 1, 5, 5, .9, 400), "Can't lose");
    assert_string_equal(play_of(p, 5, 5, 5, .1, 400), "Champions");
    assert_string_equal(play_of(p, 5, 5, 5, -1, 400), "Champions");
    assert_string_equal(play_of(p, 5, 5, 5, .4, 400), "Champions cooling");
    assert_string_equal(play_of(p, 3, 4, 4, .1, 400), "Champions cooling");
    assert_string_equal(play_of(p, 4, 5, 3, .1, 400), "Loyal regulars");
    assert_string_equal(play_of(p, 4, 2, 5, .1, 400), "Big-ticket, rare");
    assert_string_equal(play_of(p, 4, 3, 3, .1, 400), "Potential loyalists");
    assert_string_equal(play_of(p, 5, 1, 3, .1, 20), "New customers");
    assert_string_equal(play_of(p, 5, 1, 3, .1, 40), "Promising");
    assert_string_equal(play_of(p, 3, 2, 2, .1, 40), "Need attention");
    assert_string_equal(play_of(p, 2, 3, 3, .1, 40), "Need attention");
    assert_string_equal(play_of(p, 2, 5, 1, .1, 40), "At risk");
    assert_string_equal(play_of(p, 2, 1, 1, .1, 40), "About to sleep");
    assert_string_equal(play_of(p, 1, 1, 3, .1, 40), "Hibernating");
    assert_string_equal(play_of(p, 0, 0, 0, -1, -1), "No purchase yet");
    assert_string_equal(play_for(&(customer){p, 2, 2, 2, .5, 100, .6, -1}), "Price-sensitive");
    assert_string_equal(play_for(&(customer){p, 0, 0, 0, -1, -1, .6, -1}), "No purchase yet");
    assert_string_equal(play_for(&(customer){p, 2, 2, 2, .5, 100, .59, .4}), "Selective subscribers");
    assert_string_equal(play_for(&(customer){p, 2, 3, 2, .5, 100, .59, .4}), "Need attention");
    assert_string_equal(play_for(&(customer){p, 5, 5, 5, .1, 400, 1, 1}), "Champions");
    for (int cell = 0; cell < 125; cell++) /* everybody who has bought has another play than the last one */
        assert_string_not_equal(play_of(p, 1 + cell / 25, 1 + cell / 5 % 5, 1 + cell % 5, .5, 100), "No purchase yet");
    tsr_playbook_destroy(&p);
}

static void plays_keep_what_the_file_says(void **state)
{
    tsr_playbook *p = NULL;

    (void)state;
    assert_int_equal(tsr_playbook_parse("p.tsv",
                                        "# mine\n" HEAD "Best\trfm_r = 5 and rfm_f = 5 or rfm_r = 4\tkeep\tgift\t"
                                        "mail\tdaily\tnone\tsales\t0.25\r\nRest\t*" REST,
                                        is_known, NULL, &p),
                     TSR_OK);
    assert_true(p->n == 2 && p->columns == 2 && p->play[0].holdout == .25 && p->play[1].rule == NULL);
    assert_string_equal(p->play[0].name, "Best");
    assert_string_equal(p->play[0].objective, "keep");
    assert_string_equal(p->play[0].action, "gift");
    assert_string_equal(p->play[0].channel, "mail");
    assert_string_equal(p->play[0].cadence, "daily");
    assert_string_equal(p->play[0].guardrail, "none");
    assert_string_equal(p->play[0].kpi, "sales");
    assert_string_equal(tsr_rule_text(p->play[0].rule), "rfm_r = 5 and rfm_f = 5 or rfm_r = 4");
    tsr_playbook_destroy(&p);
}

static void mistakes_name_line_and_column(void **state)
{
    static const char *const wrong[][2] = {
        {"", "p.tsv:0: the first line names the columns"},
        {"Best\t*" REST, "p.tsv:1: the first line names the columns"},
        {HEAD "Best\trfm_r > 3 and" REST "Rest\t*" REST, "p.tsv:2:19: expected a column"},
        {HEAD "Best\trfm_r > 3 xor rfm_f = 1" REST, "p.tsv:2:16: expected and, or, or the end"},
        {HEAD "Best\tshoe_size > 3" REST, "p.tsv:2:6: no column or feature is called shoe_size"},
        {HEAD "Best\trfm_r > 3\tkeep\n", "p.tsv:2: a line has 9 cells between tabs, and this one has 3"},
        {HEAD "Best\trfm_r > 3" REST, "p.tsv: the last play must be for everybody: give it the rule *"},
        {HEAD "A\t*" REST "B\t*" REST, "p.tsv:3:1: nobody comes this far: the play above is for everybody"},
        {HEAD "A\trfm_r > 3" REST "A\t*" REST, "p.tsv:3:1: this name is taken"},
        {HEAD "A\t*\tkeep\tmail\t\t\t\t\tmost\n", "p.tsv:2:19: a holdout is a share from 0 to below 1"},
        {HEAD "A\t*\tkeep\tmail\t\t\t\t\t1\n", "p.tsv:2:19: a holdout is a share from 0 to below 1"},
        {HEAD "A\t*\t\tmail\t\t\t\t\t0\n", "p.tsv:2:5: empty cell"},
    };
    tsr_playbook *p = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(tsr_playbook_parse("p.tsv", wrong[i][0], is_known, NULL, &p), TSR_ECONF);
        assert_null(p);
        if (strstr(tsr_error_last()->text, wrong[i][1]) == NULL) print_error("%s\n", tsr_error_last()->text);
        assert_non_null(strstr(tsr_error_last()->text, wrong[i][1]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(playbook_of_the_house_has_a_play_for_every_customer),
        cmocka_unit_test(plays_keep_what_the_file_says),
        cmocka_unit_test(mistakes_name_line_and_column),
    };

    return RUN_UNIT_TESTS(tests);
}
