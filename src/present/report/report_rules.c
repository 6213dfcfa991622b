#include <math.h>
#include <stdio.h>

#include "present/report/report_parts.h"

/* ---- rules ---- */

static void put_condition(tsr_view *view, const json_t *condition)
{
    const char *feature = tsr_text_of(&view->language, "feature", tsr_text_at(condition, "feature"));
    const json_t *above = tsr_at(condition, "above"), *most = tsr_at(condition, "at_most");
    char low[TSR_FIGURE_BYTES], high[TSR_FIGURE_BYTES];

    tsr_figure_short(&view->language, above, low);
    tsr_figure_short(&view->language, most, high);
    tsr_page_print(&view->page, "<li>");
    if (json_is_number(above) && json_is_number(most))
        tsr_say(view, "rules.between", feature, low, high, NULL);
    else if (json_is_number(above))
        tsr_say(view, "rules.above", feature, low, NULL);
    else
        tsr_say(view, "rules.at_most", feature, high, NULL);
    tsr_page_print(&view->page, "</li>\n");
}

static void put_rule(tsr_view *view, const json_t *rule)
{
    char precision[TSR_FIGURE_BYTES], coverage[TSR_FIGURE_BYTES];
    json_t *condition;
    size_t i;

    tsr_page_print(&view->page, "<ul class=\"rule\">\n");
    json_array_foreach(tsr_at(rule, "conditions"), i, condition) put_condition(view, condition);
    tsr_page_print(&view->page, "</ul>\n");
    tsr_say_paragraph(view, "soft", "rules.figures",
                      tsr_figure_share(&view->language, tsr_at(rule, "precision"), precision),
                      tsr_figure_share(&view->language, tsr_at(rule, "coverage"), coverage), NULL);
}

/* The rules of a segment that say most about it. */
static void put_card(tsr_view *view, const json_t *segment)
{
    char share[TSR_FIGURE_BYTES];
    json_t *rule;
    size_t i;

    tsr_page_print(&view->page, "<article class=\"card\">\n<h3>");
    tsr_page_escape(&view->page, tsr_name_of(view, segment));
    tsr_report_flags(view, segment);
    tsr_page_print(&view->page, "</h3>\n");
    tsr_say_paragraph(view, "soft", "rules.share", tsr_figure_share(&view->language, tsr_at(segment, "share"), share),
                      NULL);
    if (json_array_size(tsr_at(segment, "rules")) == 0) tsr_say_paragraph(view, "", "rules.none", NULL);
    json_array_foreach(tsr_at(segment, "rules"), i, rule)
    {
        if (i == 2) break;
        put_rule(view, rule);
    }
    if (json_is_false(tsr_at(segment, "action.mixed")))
        tsr_say_paragraph(view, "", "rules.action",
                          tsr_text_of(&view->language, "play", tsr_text_at(segment, "action.name")),
                          tsr_text_at(segment, "action.action"), NULL);
    tsr_page_print(&view->page, "</article>\n");
}

void tsr_report_rules(tsr_view *view)
{
    const json_t *list = tsr_at(view->segments, "segments");
    char fidelity[TSR_FIGURE_BYTES];
    json_t *segment;
    size_t i;

    if (!json_is_object(tsr_at(view->segments, "surrogate"))) return;
    tsr_section_open(view, "rules");
    tsr_say_paragraph(view, "finding", "rules.finding",
                      tsr_figure_share(&view->language, tsr_at(view->segments, "surrogate.fidelity"), fidelity), NULL);
    tsr_page_print(&view->page, "<div class=\"cards\">\n");
    json_array_foreach(list, i, segment) put_card(view, segment);
    tsr_page_print(&view->page, "</div>\n");
    tsr_section_close(view);
}
