#include "present/report_parts.h"

#include <string.h>

#include "present/cells.h"

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

void tsr_report_quality(tsr_page *page, const json_t *s)
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

void tsr_report_choice(tsr_page *page, const json_t *s)
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
