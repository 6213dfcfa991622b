#include "tessera/report.h"

#include <string.h>

#include "present/cells.h"
#include "tessera/memory.h"

extern const char tsr_report_css[];

/* ---- sections ---- */

static void put_fact(tsr_page *page, const char *name, const char *figure)
{
    tsr_page_print(page, "<div><dt>%s</dt><dd>", name);
    tsr_page_escape(page, figure);
    tsr_page_print(page, "</dd></div>\n");
}

static void put_header(tsr_page *page, const json_t *s, const json_t *run)
{
    char text[TSR_FIGURE_BYTES];

    tsr_page_print(page, "<header>\n<h1>");
    tsr_page_escape(page, json_string_value(json_object_get(tsr_at(run, "job"), "report.title")));
    tsr_page_print(page, "</h1>\n<p class=\"soft\">Customer segments by tessera ");
    tsr_page_escape(page, tsr_text_at(run, "version"));
    tsr_page_print(page, "</p>\n<dl>\n");
    put_fact(page, "Customers", tsr_figure(tsr_at(s, "customers"), 0, text));
    if (tsr_at(s, "revenue") != NULL) {
        char revenue[2 * TSR_FIGURE_BYTES];
        snprintf(revenue, sizeof revenue, "%s %.8s", tsr_figure(tsr_at(s, "revenue"), 9, text),
                 tsr_text_at(s, "currency"));
        put_fact(page, "Revenue", revenue);
        put_fact(page, "Records before", tsr_text_at(s, "as_of"));
        put_fact(page, "Not bought yet", tsr_figure(tsr_at(s, "prospects"), 0, text));
    }
    if (json_is_object(tsr_at(s, "value")))
        put_fact(page, "Customer lifetime value", tsr_figure(tsr_at(s, "value.clv_total"), 2, text));
    tsr_page_print(page, "</dl>\n</header>\n");
}

typedef struct figure {
    const char *title, *path;
    int decimals; /* SHARE: as a bar; PERCENT: a share in words */
    bool money, value;
} figure;

enum { SHARE = -1, PERCENT = -2 };

static const figure FIGURES[] = {
    {"Customers", "customers", 0, false, false},
    {"of customers", "share", SHARE, false, false},
    {"Revenue", "revenue", 9, true, false},
    {"of revenue", "revenue_share", SHARE, true, false},
    {"Days since last purchase", "means.recency_days", 0, true, false},
    {"Orders per customer", "means.frequency", 2, true, false},
    {"Revenue per customer", "means.monetary", 2, true, false},
    {"Revenue per order", "means.order_value", 2, true, false},
    {"Lifetime value, total", "clv_total", 2, false, true},
    {"Lifetime value per buyer", "means.clv", 2, false, true},
    {"Churn risk", "means.churn_risk", PERCENT, false, true},
};

enum { FIGURES_N = sizeof FIGURES / sizeof FIGURES[0] };

static bool is_shown(const json_t *s, const figure *f)
{
    return (!f->money || tsr_at(s, "revenue") != NULL) && (!f->value || json_is_object(tsr_at(s, "value")));
}

static void put_figures(tsr_page *page, const json_t *s, const json_t *part)
{
    char text[TSR_FIGURE_BYTES];

    for (int i = 0; i < FIGURES_N; i++) {
        const json_t *value = tsr_at(part, FIGURES[i].path);
        if (!is_shown(s, &FIGURES[i])) continue;
        if (FIGURES[i].decimals == SHARE)
            tsr_cell_share(page, value);
        else if (FIGURES[i].decimals == PERCENT)
            tsr_cell(page, tsr_figure_share(value, text));
        else
            tsr_cell(page, tsr_figure(value, FIGURES[i].decimals, text));
    }
}

static void put_flags(tsr_page *page, const json_t *segment)
{
    size_t i;
    json_t *flag;

    json_array_foreach(tsr_at(segment, "flags"), i, flag)
    {
        tsr_page_print(page, " <span class=\"flag\">");
        tsr_page_escape(page, json_string_value(flag));
        tsr_page_print(page, "</span>");
    }
}

static void put_segments(tsr_page *page, const json_t *s)
{
    size_t i;
    json_t *segment;

    tsr_page_print(page, "<section>\n<h2>Segments</h2>\n<p>Numbered by %s, largest first.</p>\n",
                   tsr_at(s, "revenue") != NULL ? "revenue per customer" : "size");
    tsr_cells_table(page, "Size, revenue and value of each segment");
    tsr_page_print(page, "<thead><tr><th scope=\"col\">Segment</th>");
    for (int c = 0; c < FIGURES_N; c++)
        if (is_shown(s, &FIGURES[c])) tsr_page_print(page, "<th scope=\"col\">%s</th>", FIGURES[c].title);
    tsr_page_print(page, "</tr></thead>\n<tbody>\n");
    json_array_foreach(tsr_at(s, "segments"), i, segment)
    {
        tsr_page_print(page, "<tr><th scope=\"row\">");
        tsr_page_escape(page, tsr_text_at(segment, "name"));
        put_flags(page, segment);
        tsr_page_print(page, "</th>");
        put_figures(page, s, segment);
        tsr_page_print(page, "</tr>\n");
    }
    tsr_page_print(page, "</tbody>\n<tfoot>");
    tsr_cells_row(page, "All customers");
    put_figures(page, s, tsr_at(s, "total"));
    tsr_page_print(page, "</tr></tfoot>\n");
    tsr_cells_close(page);
    tsr_page_print(page,
                   "<p class=\"soft\">A dash stands for what is not known, or concerns fewer than %d customers.</p>\n",
                   (int)json_integer_value(tsr_at(s, "min_cell")));
    tsr_page_print(page, "</section>\n");
}

/* A feature's median and middle half. */
static void put_spread(tsr_page *page, const json_t *feature)
{
    char p25[TSR_FIGURE_BYTES], p50[TSR_FIGURE_BYTES], p75[TSR_FIGURE_BYTES];

    tsr_page_print(page, "<td>%s <span class=\"soft\">(%s to %s)</span></td>",
                   tsr_figure_short(tsr_at(feature, "p50"), p50), tsr_figure_short(tsr_at(feature, "p25"), p25),
                   tsr_figure_short(tsr_at(feature, "p75"), p75));
}

static void put_profile(tsr_page *page, const json_t *s)
{
    const json_t *features = tsr_at(s, "total.features"), *list = tsr_at(s, "segments");
    const char *name;
    json_t *all, *segment;
    size_t i;

    tsr_page_print(page, "<section>\n<h2>What the segments are like</h2>\n");
    tsr_cells_table(page, "Median of each feature, and the range of the middle half of the customers");
    tsr_page_print(page, "<thead><tr><th scope=\"col\">Feature</th>");
    json_array_foreach(list, i, segment)
    {
        tsr_page_print(page, "<th scope=\"col\">");
        tsr_page_escape(page, tsr_text_at(segment, "name"));
        tsr_page_print(page, "</th>");
    }
    tsr_page_print(page, "<th scope=\"col\">All</th></tr></thead>\n<tbody>\n");
    json_object_foreach((json_t *)features, name, all)
    {
        tsr_cells_row(page, name);
        json_array_foreach(list, i, segment) put_spread(page, json_object_get(tsr_at(segment, "features"), name));
        put_spread(page, all);
        tsr_page_print(page, "</tr>\n");
    }
    tsr_page_print(page, "</tbody>\n");
    tsr_cells_close(page);
    tsr_page_print(page, "</section>\n");
}

static void put_silhouette(tsr_page *page, const json_t *silhouette)
{
    char value[TSR_FIGURE_BYTES], low[TSR_FIGURE_BYTES], high[TSR_FIGURE_BYTES], text[4 * TSR_FIGURE_BYTES];

    if (!json_is_object(silhouette)) return;
    snprintf(text, sizeof text, "%s (95 %% interval %s to %s)", tsr_figure_short(tsr_at(silhouette, "value"), value),
             tsr_figure_short(tsr_at(silhouette, "low"), low), tsr_figure_short(tsr_at(silhouette, "high"), high));
    tsr_cells_pair(page, "Silhouette, Euclidean, on a sample", text);
}

static void put_agreement(tsr_page *page, const json_t *agreement)
{
    char text[TSR_FIGURE_BYTES];

    if (!json_is_object(agreement)) return;
    tsr_cells_pair(page, "Adjusted Rand index with the given labels (1: the same)",
                   tsr_figure_short(tsr_at(agreement, "adjusted_rand"), text));
    tsr_cells_pair(page, "Normalised mutual information with the given labels",
                   tsr_figure_short(tsr_at(agreement, "normalised_information"), text));
}

static void put_quality(tsr_page *page, const json_t *s)
{
    static const char *const row[][2] = {
        {"Silhouette, simplified (-1 to 1, more is better)", "silhouette_simplified"},
        {"Silhouette of squared distances", "silhouette_squared"},
        {"Davies-Bouldin index (less is better)", "davies_bouldin"},
        {"Calinski-Harabasz index (more is better)", "calinski_harabasz"},
        {"Explained variance (between over total)", "explained_variance"},
        {"Inertia", "inertia"},
    };
    char text[TSR_FIGURE_BYTES];

    tsr_page_print(page, "<section>\n<h2>Quality of the segmentation</h2>\n");
    tsr_cells_list(page, "Measured on all customers, in the space that was clustered");
    tsr_page_print(page, "<tbody>\n");
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        tsr_cells_pair(page, row[i][0], tsr_figure_short(tsr_at(tsr_at(s, "quality"), row[i][1]), text));
    put_silhouette(page, tsr_at(s, "quality.silhouette"));
    put_agreement(page, tsr_at(s, "quality.agreement"));
    tsr_page_print(page, "</tbody>\n");
    tsr_cells_close(page);
    tsr_page_print(page, "</section>\n");
}

/* What each criterion names: one number never stands without the others. */
static void put_votes(tsr_page *page, const json_t *votes)
{
    static const char *const title[][2] = {{"silhouette", "silhouette"},
                                           {"Calinski-Harabasz", "calinski_harabasz"},
                                           {"Davies-Bouldin", "davies_bouldin"},
                                           {"gap", "gap"},
                                           {"stability", "stability"}};
    const char *decided_by = json_string_value(tsr_at(votes, "decided_by"));

    if (decided_by == NULL) return;
    tsr_page_print(page, "<p>Number of segments that each criterion names:");
    for (size_t i = 0; i < sizeof title / sizeof title[0]; i++) {
        json_int_t k = json_integer_value(tsr_at(votes, title[i][1]));
        tsr_page_print(page, "%s %s ", i > 0 ? "," : "", title[i][0]);
        if (k > 0)
            tsr_page_print(page, "%lld", (long long)k);
        else
            tsr_page_print(page, "none");
        if (strcmp(decided_by, title[i][1]) == 0) tsr_page_print(page, " (decides)");
    }
    tsr_page_print(page, ".</p>\n");
}

static void put_choice(tsr_page *page, const json_t *s)
{
    static const char *const title[] = {"Segments",
                                        "Silhouette, simplified",
                                        "Silhouette, squared",
                                        "Davies-Bouldin",
                                        "Calinski-Harabasz",
                                        "Explained variance",
                                        "Gap",
                                        "Stability",
                                        "Jaccard, worst segment"};
    static const char *const path[] = {"silhouette_simplified",
                                       "silhouette_squared",
                                       "davies_bouldin",
                                       "calinski_harabasz",
                                       "explained_variance",
                                       "gap",
                                       "stability",
                                       "jaccard"};
    const json_t *choice = tsr_at(s, "choice"), *chosen = tsr_at(s, "quality.k");
    char text[TSR_FIGURE_BYTES], name[32];
    size_t i;
    json_t *candidate;

    if (json_array_size(choice) == 0) return;
    tsr_page_print(page, "<section>\n<h2>How many segments</h2>\n");
    tsr_cells_table(page, "Each candidate, measured on the sample");
    tsr_cells_head(page, title, 9);
    tsr_page_print(page, "<tbody>\n");
    json_array_foreach(choice, i, candidate)
    {
        int k = (int)json_integer_value(tsr_at(candidate, "k"));
        snprintf(name, sizeof name, "%d%s", k, k == (int)json_integer_value(chosen) ? " (chosen)" : "");
        tsr_cells_row(page, name);
        for (int c = 0; c < 8; c++) tsr_cell(page, tsr_figure_short(tsr_at(candidate, path[c]), text));
        tsr_page_print(page, "</tr>\n");
    }
    tsr_page_print(page, "</tbody>\n");
    tsr_cells_close(page);
    put_votes(page, tsr_at(s, "choice_votes"));
    tsr_page_print(page, "</section>\n");
}

static void put_groups(tsr_page *page, const json_t *s)
{
    static const char *const title[] = {"Group", "Customers", "of customers"};
    double all = json_number_value(tsr_at(s, "customers"));
    char text[TSR_FIGURE_BYTES];
    const char *name;
    json_t *count;

    tsr_cells_list(page, "RFM groups by name");
    tsr_cells_head(page, title, 3);
    tsr_page_print(page, "<tbody>\n");
    json_object_foreach(tsr_at(s, "rfm.groups"), name, count)
    {
        json_t *share = json_is_integer(count) && all > 0 ? json_real(json_number_value(count) / all) : json_null();
        tsr_cells_row(page, name);
        tsr_cell(page, tsr_figure(count, 0, text));
        tsr_cell_share(page, share);
        tsr_page_print(page, "</tr>\n");
        json_decref(share);
    }
    tsr_page_print(page, "</tbody>\n");
    tsr_cells_close(page);
}

static void put_thresholds(tsr_page *page, const json_t *s)
{
    static const char *const title[] = {"Score", "20 %", "40 %", "60 %", "80 %"};
    static const char *const row[][2] = {{"Days since last purchase (fewer is better)", "recency"},
                                         {"Orders", "frequency"},
                                         {"Revenue", "monetary"}};
    char text[TSR_FIGURE_BYTES];
    size_t e;
    json_t *edge;

    tsr_cells_list(page, "Edges of the scores: quantiles over customers who bought");
    tsr_cells_head(page, title, 5);
    tsr_page_print(page, "<tbody>\n");
    for (int i = 0; i < 3; i++) {
        tsr_cells_row(page, row[i][0]);
        json_array_foreach(tsr_at(tsr_at(s, "rfm.thresholds"), row[i][1]), e, edge)
            tsr_cell(page, tsr_figure_short(edge, text));
        tsr_page_print(page, "</tr>\n");
    }
    tsr_page_print(page, "</tbody>\n");
    tsr_cells_close(page);
}

static void put_rfm(tsr_page *page, const json_t *s)
{
    if (!json_is_object(tsr_at(s, "rfm"))) return;
    tsr_page_print(page, "<section>\n<h2>Recency, frequency, money</h2>\n");
    put_groups(page, s);
    put_thresholds(page, s);
    tsr_page_print(page, "</section>\n");
}

static void put_fit_row(tsr_page *page, const char *name, const json_t *value, const char *path)
{
    const json_t *before = tsr_at(value, "validation");
    bool exact = strstr(path, "log_likelihood") != NULL;
    char text[TSR_FIGURE_BYTES];

    if (tsr_at(value, path) == NULL) return; /* of another model */
    tsr_cells_row(page, name);
    tsr_cell(page, exact ? tsr_figure(tsr_at(value, path), 2, text) : tsr_figure_short(tsr_at(value, path), text));
    if (json_is_object(before))
        tsr_cell(page,
                 exact ? tsr_figure(tsr_at(before, path), 2, text) : tsr_figure_short(tsr_at(before, path), text));
    tsr_page_print(page, "</tr>\n");
}

static void put_fits(tsr_page *page, const json_t *value)
{
    static const char *const title[] = {"Model", "all data", "calibration period"};
    /* In the order of the papers; a model has some of these. */
    static const char *const row[][2] = {
        {"purchases: r", "parameters.r"},
        {"purchases: alpha", "parameters.alpha"},
        {"purchases: a", "parameters.a"},
        {"purchases: b", "parameters.b"},
        {"purchases: s", "parameters.s"},
        {"purchases: beta", "parameters.beta"},
        {"purchases: gamma", "parameters.gamma"},
        {"purchases: delta", "parameters.delta"},
        {"purchases: log-likelihood", "log_likelihood"},
        {"purchases: customers", "customers"},
        {"spend: p", "spend.parameters.p"},
        {"spend: q", "spend.parameters.q"},
        {"spend: gamma", "spend.parameters.gamma"},
        {"spend: log-likelihood", "spend.log_likelihood"},
        {"spend: customers", "spend.customers"},
    };

    tsr_cells_list(page, "Fitted models of purchases and of spend");
    tsr_cells_head(page, title, json_is_object(tsr_at(value, "validation")) ? 3 : 2);
    tsr_page_print(page, "<tbody>\n");
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) put_fit_row(page, row[i][0], value, row[i][1]);
    tsr_page_print(page, "</tbody>\n");
    tsr_cells_close(page);
}

static void put_holdout(tsr_page *page, const json_t *holdout)
{
    static const char *const title[] = {"After the calibration period", "predicted", "actual"};
    char text[TSR_FIGURE_BYTES];

    if (!json_is_object(holdout)) return;
    tsr_cells_list(page, "The calibration fit against what came after");
    tsr_cells_head(page, title, 3);
    tsr_page_print(page, "<tbody>\n");
    tsr_cells_row(page, "Purchase days");
    tsr_cell(page, tsr_figure(tsr_at(holdout, "predicted_purchases"), 1, text));
    tsr_cell(page, tsr_figure(tsr_at(holdout, "actual_purchases"), 0, text));
    tsr_page_print(page, "</tr>\n");
    tsr_cells_row(page, "Money");
    tsr_cell(page, tsr_figure(tsr_at(holdout, "predicted_spend"), 2, text));
    tsr_cell(page, tsr_figure(tsr_at(holdout, "actual_spend"), 2, text));
    tsr_page_print(page, "</tr>\n</tbody>\n");
    tsr_cells_close(page);
    tsr_page_print(page, "<p>Per customer: mean absolute error %s purchases",
                   tsr_figure_short(tsr_at(holdout, "mae"), text));
    tsr_page_print(page, ", root mean square %s", tsr_figure_short(tsr_at(holdout, "rmse"), text));
    tsr_page_print(page, ", correlation %s.</p>\n", tsr_figure_short(tsr_at(holdout, "correlation"), text));
}

static void put_value(tsr_page *page, const json_t *s)
{
    const json_t *value = tsr_at(s, "value");
    char text[TSR_FIGURE_BYTES];

    if (!json_is_object(value)) return;
    tsr_page_print(page, "<section>\n<h2>Customer value</h2>\n<p>Model of purchases: ");
    tsr_page_escape(page, tsr_text_at(value, "model"));
    tsr_page_print(page, "; model of spend: gamma_gamma. Horizon: %s ",
                   tsr_figure_short(tsr_at(value, "horizon"), text));
    tsr_page_escape(page, tsr_text_at(value, "time_unit"));
    tsr_page_print(page, "s; discount rate %s a year; margin ", tsr_figure_share(tsr_at(value, "discount_rate"), text));
    tsr_page_print(page, "%s.</p>\n", tsr_figure_share(tsr_at(value, "margin"), text));
    put_fits(page, value);
    put_holdout(page, tsr_at(value, "validation.holdout"));
    tsr_page_print(page, "</section>\n");
}

static void put_warnings(tsr_page *page, const json_t *run)
{
    const json_t *warnings = tsr_at(run, "warnings");
    size_t i;
    json_t *warning;

    if (json_array_size(warnings) == 0) return;
    tsr_page_print(page, "<section>\n<h2>Read with care</h2>\n<ul class=\"warnings\">\n");
    json_array_foreach(warnings, i, warning)
    {
        tsr_page_print(page, "<li>");
        tsr_page_escape(page, json_string_value(warning));
        tsr_page_print(page, "</li>\n");
    }
    tsr_page_print(page, "</ul>\n</section>\n");
}

static void put_stages(tsr_page *page, const json_t *run)
{
    static const char *const title[] = {"Stage", "rows", "seconds", "peak MiB of a rank"};
    char text[TSR_FIGURE_BYTES];
    size_t i;
    json_t *stage;

    tsr_page_print(page, "<section>\n<h2>The run</h2>\n");
    tsr_cells_list(page, "Stages of the run, in the order of the work");
    tsr_cells_head(page, title, 4);
    tsr_page_print(page, "<tbody>\n");
    json_array_foreach(tsr_at(run, "stages"), i, stage)
    {
        if (strcmp(tsr_text_at(stage, "name"), "report") == 0) continue; /* this page: it cannot time itself */
        tsr_cells_row(page, tsr_text_at(stage, "name"));
        tsr_cell(page, tsr_figure(tsr_at(stage, "rows"), 0, text));
        tsr_cell(page, tsr_figure(tsr_at(stage, "seconds"), 3, text));
        tsr_cell(page, tsr_figure(tsr_at(stage, "peak_rss_mb.max"), 0, text));
        tsr_page_print(page, "</tr>\n");
    }
    tsr_page_print(page, "</tbody>\n");
    tsr_cells_close(page);
    tsr_page_print(page, "<p>%d ranks. The digest of the result does not depend on that.</p>\n</section>\n",
                   (int)json_integer_value(tsr_at(run, "ranks")));
}

/* Where the rows of one source went. */
static void put_source(tsr_page *page, const json_t *source, int number)
{
    char name[64], text[TSR_FIGURE_BYTES];
    const char *reason;
    json_t *rows, *file;
    size_t i;

    snprintf(name, sizeof name, "Source %d: %.32s", number, tsr_text_at(source, "kind"));
    tsr_cells_row(page, name);
    tsr_page_print(page, "<td class=\"text\">");
    json_array_foreach(tsr_at(source, "files"), i, file)
    {
        const char *path = tsr_text_at(file, "name"), *base = strrchr(path, '/');
        tsr_page_print(page, "%s", i > 0 ? ", " : "");
        tsr_page_escape(page, base != NULL ? base + 1 : path);
    }
    tsr_page_print(page, "</td>");
    tsr_cell(page, tsr_figure(tsr_at(source, "rows_read"), 0, text));
    tsr_cell(page, tsr_figure(tsr_at(source, "rows_used"), 0, text));
    tsr_cell(page, tsr_figure(tsr_at(source, "money_used"), 9, text));
    tsr_page_print(page, "<td class=\"text\">");
    i = 0;
    json_object_foreach(tsr_at(source, "rows_rejected"), reason, rows)
    {
        tsr_page_print(page, "%s%s: ", i++ > 0 ? "; " : "", tsr_figure(rows, 0, text));
        tsr_page_escape(page, reason);
    }
    tsr_page_print(page, "%s</td></tr>\n", i == 0 ? "none" : "");
}

static void put_sources(tsr_page *page, const json_t *run)
{
    static const char *const title[] = {"Source", "files", "rows read", "rows used", "money used", "rows rejected"};
    const json_t *sources = tsr_at(run, "inputs.sources");
    size_t i;
    json_t *source;

    if (json_array_size(sources) == 0) return;
    tsr_page_print(page, "<section>\n<h2>From the sources</h2>\n");
    tsr_cells_table(page, "Rows and money of each source: what was read is what was used and what was rejected");
    tsr_cells_head(page, title, 6);
    tsr_page_print(page, "<tbody>\n");
    json_array_foreach(sources, i, source) put_source(page, source, (int)i + 1);
    tsr_page_print(page, "</tbody>\n");
    tsr_cells_close(page);
    tsr_page_print(page, "</section>\n");
}

static void put_page(tsr_page *page, const json_t *segments, const json_t *run)
{
    tsr_page_print(page, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    tsr_page_escape(page, json_string_value(json_object_get(tsr_at(run, "job"), "report.title")));
    tsr_page_print(page, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", tsr_report_css);
    put_header(page, segments, run);
    tsr_page_print(page, "<main>\n");
    put_warnings(page, run);
    put_segments(page, segments);
    put_profile(page, segments);
    put_rfm(page, segments);
    put_value(page, segments);
    put_quality(page, segments);
    put_choice(page, segments);
    put_sources(page, run);
    put_stages(page, run);
    tsr_page_print(page, "</main>\n<footer>Digest of the result: <code>");
    tsr_page_escape(page, tsr_text_at(run, "digest"));
    tsr_page_print(page, "</code></footer>\n</body>\n</html>\n");
}

tsr_status tsr_report_html(const char *segments, const char *run, char **html)
{
    json_t *s = json_loads(segments, 0, NULL), *r = json_loads(run, 0, NULL);
    tsr_page page = {0};
    tsr_status st;

    *html = NULL;
    if (!json_is_object(s) || !json_is_object(r))
        TSR_TRY(TSR_FAIL(TSR_EDATA, "segments.json or run.json is damaged: remove it and run again"));
    put_page(&page, s, r);
    TSR_TRY(tsr_page_take(&page, html));
done:
    json_decref(r);
    json_decref(s);
    return st;
}
