#include "unit_test.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "present/report/svg.h"
#include "tessera/report.h"
#include "tessera/segments.h"

static const char *const SEGMENTS =
    "{\"customers\": 23570, \"min_cell\": 10, \"revenue\": \"2500315.63\", \"currency\": \"USD\", \"as_of\": "
    "\"1998-07-01\", \"prospects\": 0, \"quality\": {\"k\": 2, \"silhouette_simplified\": 0.5123, \"davies_bouldin\": "
    "0.9, \"explained_variance\": 0.61, \"inertia\": 12345.5}, \"choice\": [{\"k\": 2, \"silhouette_simplified\": "
    "0.5}, "
    "{\"k\": 3, \"silhouette_simplified\": 0.4}], \"rfm\": {\"order\": [\"Champions\", \"Lost\"], \"groups\": "
    "{\"Champions\": 500, \"Lost\": null}, "
    "\"thresholds\": {\"recency\": [1, 2, 3, 4], \"frequency\": [1, 1, 2, 5], \"monetary\": [10, 20, 30, 400.5]}}, "
    "\"value\": null, \"total\": {\"customers\": 23570, \"share\": 1.0, \"revenue\": \"2500315.63\", "
    "\"revenue_share\": "
    "1.0, \"means\": {\"recency_days\": 300, \"frequency\": 3.0, \"monetary\": 106.08}, \"features\": {\"orders\": "
    "{\"p25\": 1, \"p50\": 1, \"p75\": 3}}}, \"segments\": [{\"segment\": 0, \"name\": \"<b>A&B</b>\", \"flags\": "
    "[\"small\"], \"customers\": 570, \"share\": 0.0242, \"revenue\": \"1234567.89\", \"revenue_share\": 0.4938, "
    "\"means\": {\"recency_days\": 34, \"frequency\": 12.3, \"monetary\": 2165.91}, \"features\": {\"orders\": "
    "{\"p25\": "
    "8, \"p50\": 11, \"p75\": 15}}}, {\"segment\": 1, \"name\": \"Segment 2\", \"flags\": [], \"customers\": null, "
    "\"share\": null, \"revenue\": null, \"revenue_share\": null, \"means\": {\"recency_days\": null}, \"features\": "
    "{\"orders\": {\"p50\": null}}}]}";

static const char *const RUN =
    "{\"version\": \"0.1.0\", \"ranks\": 3, \"digest\": \"0123abcd\", \"job\": {\"report.title\": \"A \\\"title\\\" "
    "<x>\"}, "
    "\"warnings\": [\"one < two\"], \"stages\": [{\"name\": \"features\", \"rows\": 23570, \"seconds\": 0.5, "
    "\"peak_rss_mb\": {\"min\": 50, \"max\": 60}}]}";

static bool holds(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static void page_is_whole_and_escaped(void **state)
{
    (void)state;
    char *html = NULL;

    assert_int_equal(tsr_report_html(SEGMENTS, RUN, &html), TSR_OK);
    assert_true(strncmp(html, "<!doctype html>", 15) == 0);
    assert_true(holds(html, "</html>\n"));
    assert_true(holds(html, "&lt;b&gt;A&amp;B&lt;/b&gt;"));
    assert_false(holds(html, "<b>A&B"));
    assert_true(holds(html, "A &quot;title&quot; &lt;x&gt;"));
    assert_true(holds(html, "one &lt; two"));
    assert_true(holds(html, "2,500,315.63 USD"));
    assert_true(holds(html, "<code>0123abcd</code>"));
    tsr_free(&html);
}

static void page_needs_neither_script_nor_network(void **state)
{
    (void)state;
    char *html = NULL;

    assert_int_equal(tsr_report_html(SEGMENTS, RUN, &html), TSR_OK);
    assert_false(holds(html, "<script"));
    assert_false(holds(html, "http"));
    assert_false(holds(html, "src="));
    assert_false(holds(html, "@import"));
    tsr_free(&html);
}

static void page_shows_a_dash_for_what_is_masked(void **state)
{
    (void)state;
    char *html = NULL;

    assert_int_equal(tsr_report_html(SEGMENTS, RUN, &html), TSR_OK);
    assert_true(holds(html, "<th scope=\"row\">Lost</th><td>–</td>"));
    assert_true(holds(html, "<th scope=\"row\">Segment 2</th><td>–</td>"));
    tsr_free(&html);
}

static void damaged_json_is_refused(void **state)
{
    (void)state;
    char *text = NULL;

    assert_int_equal(tsr_report_html("{", RUN, &text), TSR_EDATA);
    assert_null(text);
    assert_int_equal(tsr_report_summary(SEGMENTS, "[]", "x", &text), TSR_EDATA);
    assert_null(text);
}

/* Characters of the longest line. */
static int width_of(const char *text)
{
    int widest = 0, width = 0;

    for (; *text != '\0'; text++) {
        width = *text == '\n' ? 0 : width + (((unsigned char)*text & 0xc0) != 0x80);
        if (width > widest) widest = width;
    }
    return widest;
}

static void summary_names_segments_and_files_within_100_columns(void **state)
{
    (void)state;
    char *text = NULL;

    assert_int_equal(tsr_report_summary(SEGMENTS, RUN, "runs/cdnow", &text), TSR_OK);
    assert_true(holds(text, "23,570 customers"));
    assert_true(holds(text, "1,234,567.89"));
    assert_true(holds(text, "49.4%"));
    assert_true(holds(text, "34 d"));
    assert_true(holds(text, "runs/cdnow/report.html"));
    assert_true(holds(text, "0123abcd"));
    assert_true(width_of(text) <= 100);
    tsr_free(&text);
}

static void summary_of_large_sums_keeps_their_cents_and_its_columns(void **state)
{
    json_t *segments = json_loads(SEGMENTS, 0, NULL);
    char *s, *text = NULL;

    (void)state;
    assert_int_equal(json_object_set_new(segments, "currency", json_string("")), 0);
    assert_int_equal(json_object_set_new(json_object_get(segments, "total"), "revenue", json_string("3914689045.75")),
                     0);
    s = json_dumps(segments, 0);
    assert_int_equal(tsr_report_summary(s, RUN, "run", &text), TSR_OK);
    assert_true(holds(text, "2,500,315.63 · before"));
    assert_true(holds(text, "  100.0%  3,914,689,045.75  100.0%"));
    assert_true(holds(text, "   2.4%      1,234,567.89   49.4%"));
    tsr_free(&text);
    free(s);
    json_decref(segments);
}

static void figures_are_grouped_by_thousands(void **state)
{
    (void)state;
    char text[TSR_FIGURE_BYTES];
    tsr_language english;
    const struct {
        json_t *value;
        int decimals;
        const char *expected;
    } cases[] = {
        {json_integer(0), 0, "0"},
        {json_integer(999), 0, "999"},
        {json_integer(1000), 0, "1,000"},
        {json_integer(-1234567), 0, "−1,234,567"},
        {json_string("-8300065.814"), 3, "−8,300,065.814"},
        {json_string("12345.678"), 2, "12,345.67"},
        {json_string("12345.678"), 0, "12,345"},
        {json_real(1234.5), 2, "1,234.50"},
        {json_null(), 2, "–"},
    };

    assert_int_equal(tsr_language_open("en", &english), TSR_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(tsr_figure(&english, cases[i].value, cases[i].decimals, text), cases[i].expected);
        json_decref(cases[i].value);
    }
    tsr_language_close(&english);
}

static void short_figures_keep_about_four_digits(void **state)
{
    (void)state;
    char text[TSR_FIGURE_BYTES];
    tsr_language english;
    const struct {
        double value;
        const char *expected;
    } cases[] = {{0, "0"},
                 {12, "12"},
                 {0.24261, "0.2426"},
                 {4.41361, "4.414"},
                 {35.0778, "35.08"},
                 {-9582.4292, "−9,582"},
                 {0.00001234, "1.23e-05"}};

    assert_int_equal(tsr_language_open("en", &english), TSR_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *value = json_real(cases[i].value);
        assert_string_equal(tsr_figure_short(&english, value, text), cases[i].expected);
        json_decref(value);
    }
    tsr_language_close(&english);
}

static void figures_follow_the_language(void **state)
{
    (void)state;
    static const char *const expected[][4] = {{"en", "1,234.50", "12.5%", "25k"},
                                              {"el", "1.234,50", "12,5%", "25 χιλ."},
                                              {"zh", "1,234.50", "12.5%", "2.50万"}};
    char text[TSR_FIGURE_BYTES];
    tsr_language language;

    for (int i = 0; i < 3; i++) {
        assert_int_equal(tsr_language_open(expected[i][0], &language), TSR_OK);
        assert_string_equal(tsr_figure_real(&language, 1234.5, 2, text), expected[i][1]);
        assert_string_equal(tsr_figure_percent(&language, .125, 1, text), expected[i][2]);
        assert_string_equal(tsr_figure_compact(&language, 25000, text), expected[i][3]);
        tsr_language_close(&language);
    }
}

static void page_speaks_the_language_of_the_job(void **state)
{
    (void)state;
    static const char *const expected[][3] = {{"en", "<html lang=\"en\">", "Segments at a glance"},
                                              {"el", "<html lang=\"el\">", "Τα τμήματα με μια ματιά"},
                                              {"zh", "<html lang=\"zh-Hans\">", "群体概览"}};
    char run[256], *html = NULL;

    for (int i = 0; i < 3; i++) {
        snprintf(run, sizeof run, "{\"job\": {\"report.title\": \"x\", \"report.language\": \"%s\"}}", expected[i][0]);
        assert_int_equal(tsr_report_html(SEGMENTS, run, &html), TSR_OK);
        assert_true(holds(html, expected[i][1]));
        assert_true(holds(html, expected[i][2]));
        tsr_free(&html);
    }
}

static void sentence_of_the_program_is_told_in_the_language(void **state)
{
    (void)state;
    static const char *const expected[][2] = {
        {"the criteria disagree on the number of segments: 2 of 5 name 5 (silhouette, gap)",
         "τα κριτήρια διαφωνούν για το πλήθος των τμημάτων: 2 από τα 5 δίνουν 5 (Σιλουέτα, Κενό (gap))"},
        {"past spend tells who buys better than the model does (AUC 0.759 against 0.747)",
         "ο απλός κανόνας «δαπάνη ως τώρα» ξεχωρίζει όσους αγοράζουν καλύτερα από το μοντέλο (AUC 0,759 έναντι 0,747)"},
        {"unstable, do not target: Segment 7; 4 segments would be manageable",
         "ασταθή, μην τα στοχεύετε: Τμήμα 7· διαχειρίσιμα θα ήταν 4 τμήματα"},
        {"1,200 customers came on the last day: the models know nothing of them yet",
         "1.200 πελάτες ήρθαν την τελευταία ημέρα: τα μοντέλα δεν γνωρίζουν ακόμη τίποτα γι’ αυτούς"},
        {"feature x has one value for all customers and is left", NULL},
        {"unstable", NULL},
        {"", NULL}};
    tsr_language greek;
    char text[512];

    assert_int_equal(tsr_language_open("el", &greek), TSR_OK);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        bool known = expected[i][1] != NULL;
        assert_int_equal(tsr_translate(&greek, expected[i][0], text, sizeof text), known);
        assert_string_equal(text, expected[i][known]);
    }
    assert_true(tsr_translate(&greek, expected[0][0], text, 40)); /* too little room: cut, and ended */
    assert_int_equal(strlen(text), 39);
    tsr_language_close(&greek);
}

static void language_without_texts_names_those_that_are_there(void **state)
{
    (void)state;
    assert_int_equal(tsr_report_language_check("fr"), TSR_ECONF);
    assert_true(holds(tsr_error_last()->text, "`report.language` is fr: there are texts in en, el, zh"));
    assert_int_equal(tsr_report_language_check("e"), TSR_ECONF);
    tsr_error_clear();
}

/* A segment as rules, playbook and names leave it. */
static void add_findings(json_t *segments)
{
    json_t *segment = json_array_get(json_object_get(segments, "segments"), 0);
    json_t *rule = json_pack("{s:[{s:s, s:n, s:f}], s:f, s:f}", "conditions", "feature", "recency", "above", "at_most",
                             34.0, "precision", 0.9, "coverage", 0.8);
    json_t *map = json_pack("{s:i, s:i, s:[f, f], s:[f, f], s:[[i, i, i]]}", "columns", 4, "rows", 2, "x", -1.0, 1.0,
                            "y", -1.0, 1.0, "cells", 1, 1, 50);

    json_object_set_new(segments, "surrogate", json_pack("{s:f}", "fidelity", 0.93));
    json_object_set_new(segments, "tsne",
                        json_pack("{s:i, s:f, s:f, s:o}", "sample", 5000, "neighbours_kept", 0.71, "divergence", 1.5,
                                  "map", map));
    json_object_set_new(segment, "rules", json_pack("[o]", rule));
    json_object_set_new(segment, "name", json_string("Champions"));
    json_object_set_new(segment, "action",
                        json_pack("{s:s, s:s, s:s, s:b, s:f, s:f}", "name", "Champions", "action", "Early <access>",
                                  "objective", "Protect", "mixed", 0, "share", 0.72, "holdout", 0.1));
}

static void page_tells_rules_actions_and_neighbours_where_they_are(void **state)
{
    (void)state;
    json_t *segments = json_loads(SEGMENTS, 0, NULL);
    char *html = NULL, *text = NULL;

    add_findings(segments);
    assert_int_equal(tsr_json_text(segments, &text), TSR_OK);
    assert_int_equal(tsr_report_html(text, "{\"job\": {\"report.language\": \"el\"}}", &html), TSR_OK);
    assert_true(holds(html, "Ημέρες από την τελευταία αγορά: έως 34"));
    assert_true(holds(html, "Κορυφαίοι πελάτες"));
    assert_true(holds(html, "Early &lt;access&gt;"));
    assert_true(holds(html, "72,0%"));
    assert_true(holds(html, "δείγμα 5.000 πελατών διατηρεί το 71,0%"));
    tsr_free(&html);
    tsr_free(&text);
    json_decref(segments);
}

/* The places {1} .. {9} of a text, as bits. */
static int places_of(const char *text)
{
    int places = 0;

    for (; *text != '\0'; text++)
        if (text[0] == '{' && text[1] >= '1' && text[1] <= '9' && text[2] == '}') places |= 1 << (text[1] - '0');
    return places;
}

static void page_shows_weights_side_by_side_and_both_names_of_groups(void **state)
{
    static const char weights[] =
        "{\"used\": \"critic\", \"used_of\": \"values\", \"consistency_ratio\": 0.0037, \"of_scores\": {\"equal\": "
        "{\"recency\": 0.3333, \"frequency\": 0.3333, \"monetary\": 0.3333}, \"critic\": {\"recency\": 0.34, "
        "\"frequency\": 0.29, \"monetary\": 0.37}, \"ahp\": {\"recency\": 0.648, \"frequency\": 0.23, \"monetary\": "
        "0.122}, \"entropy\": null}, \"of_values\": {\"critic\": {\"recency\": 0.834, \"frequency\": 0.084, "
        "\"monetary\": 0.082}}}";
    json_t *segments = json_loads(SEGMENTS, 0, NULL), *rfm = json_object_get(segments, "rfm");
    char *text, *html = NULL;

    (void)state;
    json_object_set_new(rfm, "weights", json_loads(weights, 0, NULL));
    json_object_set_new(rfm, "other_names", json_pack("{s:s}", "Champions", "冠军"));
    text = json_dumps(segments, 0);
    assert_int_equal(tsr_report_html(text, RUN, &html), TSR_OK);
    assert_true(holds(html, "<th scope=\"row\">Champions · 冠军</th>"));
    assert_true(holds(html, "<th scope=\"row\">Equal</th><td>0.333</td>"));
    assert_true(holds(html, "CRITIC of the scores</th><td>0.340</td><td>0.290</td><td>0.370</td>"));
    assert_true(holds(html, "CRITIC of the values, in use</th><td>0.834</td>"));
    assert_true(holds(html, "(consistency ratio 0.004)</th><td>0.648</td>"));
    assert_false(holds(html, "Entropy"));
    tsr_free(&html);
    free(text);
    json_decref(segments);
}

static void every_text_is_there_in_every_language_with_the_same_places(void **state)
{
    (void)state;
    static const char *const name[] = {"en", "el", "zh"};
    tsr_language language[3];
    const char *key;
    json_t *text;

    for (int i = 0; i < 3; i++) assert_int_equal(tsr_language_open(name[i], &language[i]), TSR_OK);
    json_object_foreach(language[0].texts, key, text)
    {
        for (int i = 0; i < 3; i++) {
            if (tsr_text(&language[i], key)[0] == '\0') fail_msg("%s has no text in %s", key, name[i]);
            if (places_of(tsr_text(&language[i], key)) != places_of(json_string_value(text)))
                fail_msg("%s has other places in %s than in en", key, name[i]);
        }
    }
    for (int i = 0; i < 3; i++) tsr_language_close(&language[i]);
}

static void label_is_cut_between_characters_and_told_in_full(void **state)
{
    (void)state;
    tsr_view view = {0};
    char *text = NULL;

    tsr_svg_label(&view, 0, 0, 60, TSR_START, "", "Πελάτες με προσοχή");
    assert_int_equal(tsr_page_take(&view.page, &text), TSR_OK);
    assert_true(holds(text, "<title>Πελάτες με προσοχή</title>Πελάτ"));
    assert_true(holds(text, "…</text>"));
    tsr_free(&text);
}

static void axis_has_round_ends_that_hold_the_values(void **state)
{
    (void)state;
    static const double range[][2] = {{0, 37}, {-1.7, 2.3}, {0, 4.1e6}, {5, 5}, {0, 0}, {-3e-4, 2e-4}};

    for (size_t i = 0; i < sizeof range / sizeof range[0]; i++) {
        tsr_axis axis = tsr_axis_make(range[i][0], range[i][1], 0, 100, 4);
        assert_true(axis.low <= range[i][0] && axis.high >= range[i][1] && axis.high > axis.low);
        double ticks = (axis.high - axis.low) / axis.step;
        assert_true(ticks > .99 && ticks < 7.01);
        assert_true(tsr_axis_at(&axis, axis.low) == 0 && tsr_axis_at(&axis, axis.high) == 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_is_whole_and_escaped),
        cmocka_unit_test(page_needs_neither_script_nor_network),
        cmocka_unit_test(page_shows_a_dash_for_what_is_masked),
        cmocka_unit_test(damaged_json_is_refused),
        cmocka_unit_test(summary_names_segments_and_files_within_100_columns),
        cmocka_unit_test(summary_of_large_sums_keeps_their_cents_and_its_columns),
        cmocka_unit_test(figures_are_grouped_by_thousands),
        cmocka_unit_test(short_figures_keep_about_four_digits),
        cmocka_unit_test(figures_follow_the_language),
        cmocka_unit_test(page_speaks_the_language_of_the_job),
        cmocka_unit_test(page_tells_rules_actions_and_neighbours_where_they_are),
        cmocka_unit_test(sentence_of_the_program_is_told_in_the_language),
        cmocka_unit_test(language_without_texts_names_those_that_are_there),
        cmocka_unit_test(page_shows_weights_side_by_side_and_both_names_of_groups),
        cmocka_unit_test(every_text_is_there_in_every_language_with_the_same_places),
        cmocka_unit_test(label_is_cut_between_characters_and_told_in_full),
        cmocka_unit_test(axis_has_round_ends_that_hold_the_values),
    };
    return RUN_UNIT_TESTS(tests);
}
