/* A first job from files that nobody described: what is told, what is asked, and numbers with a decimal comma. */
#include "unit_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/mapping/decimal_mark.h"
#include "tessera/infer.h"
#include "tessera/memory.h"

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fputs(text, file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
}

/* The job of one file with this text; from malloc. */
static char *job_of(const char *name, const char *text)
{
    const char *files[] = {name};
    char *job = NULL;

    write_file(name, text);
    assert_int_equal(tsr_infer_job(files, 1, &job), TSR_OK);
    char *copy = strdup(job);
    tsr_free(&job);
    remove(name);
    return copy;
}

static void says(char *job, const char *const *parts)
{
    for (; *parts != NULL; parts++)
        if (strstr(job, *parts) == NULL) fail_msg("not in the job: %s\n%s", *parts, job);
    free(job);
}

static void infer_of_orders_names_fields_formats_and_decimals(void **state)
{
    char text[8192] = "Order No;Customer-ID;Order Date;Qty;Unit Price;Note\n";

    (void)state;
    for (int i = 0; i < 60; i++)
        sprintf(text + strlen(text), "%d;C%03d;%02d.03.2024 10:%02d;%d;1.%03d,125;said \"%d\"\n", i, i % 20, i % 28 + 1,
                i % 60, i % 5, i, i * 7919);
    says(job_of("infer-orders.csv", text),
         (const char *const[]){"kind: transactions", "delimiter: \";\"", "header: true", "id: \"Customer-ID\"",
                               "order: \"Order No\"", "quantity: \"Qty\"", "price: \"Unit Price\"",
                               "time: \"Order Date\"", "time_format: \"%d.%m.%Y %H:%M\"", "decimal_mark: comma",
                               "money: {scale: 3}", "not used: Note (text)", NULL});
}

static void infer_of_ambiguous_days_asks(void **state)
{
    (void)state;
    says(job_of("infer-days.csv", "id,date,amount\n1,01/02/2024,5.5\n2,11/12/2024,6.25\n"),
         (const char *const[]){"time_format: \"?\"", "write \"%d/%m/%Y\" or \"%m/%d/%Y\"", NULL});
}

static void infer_of_telling_days_answers(void **state)
{
    (void)state;
    says(job_of("infer-months.csv", "id,date,amount\n1,01/02/2024,5.5\n2,12/31/2024,6.25\n"),
         (const char *const[]){"time_format: \"%m/%d/%Y\"", NULL});
}

static void infer_overlooks_one_dirty_value_of_fifty(void **state)
{
    char text[8192] = "id,date,amount\n", few[8192] = "id,date,amount\n";

    (void)state;
    for (int i = 0; i < 100; i++) {
        sprintf(text + strlen(text), "%d,%s,%s\n", i, i == 70 ? "never" : "2024-03-15",
                i == 90 ? "12.50 EUR" : "12.50");
        sprintf(few + strlen(few), "%d,%s,%s\n", i, i % 40 == 0 ? "never" : "2024-03-15", "12.50");
    }
    says(job_of("infer-dirty.csv", text), (const char *const[]){"kind: transactions", "time: \"date\" # time, iso",
                                                                "amount: \"amount\" # number, 1", NULL});
    says(job_of("infer-dirtier.csv", few), (const char *const[]){"\"date\" # category", NULL});
}

static void infer_of_days_in_two_orders_asks(void **state)
{
    char text[8192] = "id,date,amount\n";

    (void)state;
    for (int i = 0; i < 100; i++)
        sprintf(text + strlen(text), "%d,%s,12.50\n", i, i == 70 ? "02/25/2024" : "25/02/2024");
    says(job_of("infer-orders-of-days.csv", text),
         (const char *const[]){"time_format: \"?\"", "write \"%d/%m/%Y\" or \"%m/%d/%Y\"", NULL});
}

static void infer_without_a_header_numbers_columns_and_doubts_the_id(void **state)
{
    char text[4096] = "";

    (void)state;
    for (int i = 0; i < 50; i++) sprintf(text + strlen(text), "  %05d 199701%02d %d.%02d\n", i, i % 28 + 1, i, i);
    says(job_of("infer-blank.txt", text),
         (const char *const[]){"delimiter: blank", "header: false", "id: \"1\"", "is this the customer's id",
                               "time: \"2\"", "amount: \"3\"", "time_format: \"%Y%m%d\"", NULL});
}

/* Names that are not known as they are, and forms of times beside the common ones. */
static void infer_of_names_that_only_hint_finds_time_money_and_customer(void **state)
{
    char text[8192] = "channel,kind_of,event,cust_ref,seen\n";

    (void)state;
    for (int i = 0; i < 60; i++)
        sprintf(text + strlen(text), "%s,x%d,view,k%d,2024-03-%02d\n", i % 2 ? "web" : "app", i % 20, i % 9,
                i % 28 + 1);
    says(job_of("infer-events.csv", text), (const char *const[]){"kind: events", "id: \"cust_ref\"", "type: \"event\"",
                                                                 "channel: \"channel\"", "time: \"seen\"", NULL});
    strcpy(text, "kunde,stars,net_amount,date\n");
    for (int i = 0; i < 60; i++)
        sprintf(text + strlen(text), "%d,%d,%d,03/%02d/2024 %d:15 PM\n", i % 9, i % 5, 100 + i, i % 28 + 1, i % 12 + 1);
    says(job_of("infer-hours.csv", text), (const char *const[]){"kind: transactions", "amount: \"net_amount\"",
                                                                "time_format: \"%m/%d/%Y %I:%M %p\"", NULL});
    strcpy(text, "kunde;date;stars\n");
    for (int i = 0; i < 60; i++) sprintf(text + strlen(text), "%d;%02d.03.24;%d\n", i % 9, i % 28 + 1, i % 5);
    says(job_of("infer-years.csv", text), (const char *const[]){"kind: transactions", "time_format: \"%d.%m.%y\"",
                                                                "? no amount: each purchase counts as 0", NULL});
}

static void infer_of_times_in_an_unknown_form_asks_for_it(void **state)
{
    (void)state;
    says(job_of("infer-form.csv", "id,total,order_date\n1,5.5,week 3 of 2024\n2,6.25,week 4 of 2024\n"),
         (const char *const[]){"kind: transactions", "time: \"order_date\"", "time_format: \"?\"", "week 3 of 2024",
                               NULL});
}

static void infer_without_an_id_asks(void **state)
{
    char text[4096] = "city\tage\n";

    (void)state;
    for (int i = 0; i < 100; i++) sprintf(text + strlen(text), "%s\t%d\n", i % 2 ? "Oslo" : "Bergen", 20 + i % 3);
    says(job_of("infer-noid.tsv", text), (const char *const[]){"kind: customers", "delimiter: tab", "id: \"?\"",
                                                               "\"city\": \"city\"", "value: {model: none}", NULL});
}

static void infer_of_pairs_and_consent_knows_the_kind(void **state)
{
    (void)state;
    says(job_of("infer-pairs.csv", "customer_id,email\n1,a@x.org\n2,b@x.org\n3,c@x.org\n"),
         (const char *const[]){"kind: identities", "match: email", "other: \"email\"", NULL});
    says(job_of("infer-consent.csv", "user_id,given_at,purpose,status\n1,2024-01-01,mail,yes\n2,2024-02-01,sms,no\n"),
         (const char *const[]){"kind: consent", "purpose: \"purpose\"", "status: \"status\"", NULL});
}

static void infer_of_nothing_is_an_error(void **state)
{
    const char *files[] = {"infer-empty.csv"};
    char *job = NULL;

    (void)state;
    write_file(files[0], "");
    assert_int_equal(tsr_infer_job(files, 1, &job), TSR_EDATA);
    write_file(files[0], "a,b\n");
    assert_int_equal(tsr_infer_job(files, 1, &job), TSR_EDATA);
    remove(files[0]);
    assert_int_equal(tsr_infer_job(files, 1, &job), TSR_EIO);
    assert_null(job);
}

/* What a text becomes; "=" where it stays as it is. */
static void comma(const char *text, const char *expected)
{
    char copy[TSR_MARKED_BYTES];
    tsr_slice made = tsr_decimal_comma((tsr_slice){text, (int32_t)strlen(text)}, copy);

    if (strcmp(expected, "=") == 0) expected = text;
    assert_int_equal(made.n, strlen(expected));
    assert_memory_equal(made.at, expected, strlen(expected));
}

static void comma_numbers_become_point_numbers_and_others_are_none(void **state)
{
    (void)state;
    comma("1.234,56", "1234.56");
    comma("-12.345.678,9", "-12345678.9");
    comma("0,5", "0.5");
    comma("1234,5", "1234.5");
    comma("1.234", "1234");
    comma("17", "17");
    comma("12.34", "?"); /* a decimal point: another number in this file */
    comma("1234.567", "?");
    comma("1.23.456", "=");
    comma("1,234.56", "=");
    comma("1,2,3", "=");
    comma("a lot", "=");
    comma("", "=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(infer_of_orders_names_fields_formats_and_decimals),
                                       cmocka_unit_test(infer_of_ambiguous_days_asks),
                                       cmocka_unit_test(infer_of_telling_days_answers),
                                       cmocka_unit_test(infer_overlooks_one_dirty_value_of_fifty),
                                       cmocka_unit_test(infer_of_days_in_two_orders_asks),
                                       cmocka_unit_test(infer_without_a_header_numbers_columns_and_doubts_the_id),
                                       cmocka_unit_test(infer_of_names_that_only_hint_finds_time_money_and_customer),
                                       cmocka_unit_test(infer_of_times_in_an_unknown_form_asks_for_it),
                                       cmocka_unit_test(infer_without_an_id_asks),
                                       cmocka_unit_test(infer_of_pairs_and_consent_knows_the_kind),
                                       cmocka_unit_test(infer_of_nothing_is_an_error),
                                       cmocka_unit_test(comma_numbers_become_point_numbers_and_others_are_none)};

    return RUN_UNIT_TESTS(tests);
}
