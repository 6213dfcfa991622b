#include <math.h>
#include <stdio.h>

#include "present/report/report_parts.h"

/* How many segments have a play that most of their customers match. */
static int count_clear(const json_t *list)
{
    int clear = 0;
    json_t *segment;
    size_t i;

    json_array_foreach(list, i, segment) clear += json_is_false(tsr_at(segment, "action.mixed"));
    return clear;
}

/* Texts of the playbook are the user's own: they are not translated. */
static void put_words(tsr_view *view, const json_t *action, const char *first, const char *second)
{
    tsr_page_print(&view->page, "<td class=\"text\" lang=\"en\">");
    tsr_page_escape(&view->page, tsr_text_at(action, first));
    if (second != NULL && tsr_text_at(action, second)[0] != '\0') {
        tsr_page_print(&view->page, ", ");
        tsr_page_escape(&view->page, tsr_text_at(action, second));
    }
    tsr_page_print(&view->page, "</td>");
}

static void put_row(tsr_view *view, const json_t *segment, size_t number)
{
    const json_t *action = tsr_at(segment, "action");
    char share[TSR_FIGURE_BYTES];

    tsr_cells_row(view, tsr_segment_name(view, number));
    tsr_cell_words(view, tsr_text_of(&view->language, "play", tsr_text_at(action, "name")));
    tsr_cell_words(view, json_is_true(tsr_at(action, "mixed"))
                             ? tsr_text(&view->language, "actions.mixed")
                             : tsr_figure_share(&view->language, tsr_at(action, "share"), share));
    put_words(view, action, "objective", NULL);
    put_words(view, action, "action", NULL);
    put_words(view, action, "channel", "cadence");
    put_words(view, action, "guardrail", NULL);
    put_words(view, action, "kpi", NULL);
    tsr_cell_share(view, tsr_at(action, "holdout"));
    tsr_cells_end(view);
}

void tsr_report_actions(tsr_view *view)
{
    static const char *const head[] = {"page.segment",      "actions.row",
                                       "actions.match",     "actions.objective",
                                       "actions.action",    "actions.channel",
                                       "actions.guardrail", "actions.kpi",
                                       "actions.holdout",   NULL};
    const json_t *list = tsr_at(view->segments, "segments");
    char clear[TSR_FIGURE_BYTES], all[TSR_FIGURE_BYTES];
    json_t *segment;
    size_t i;

    if (!json_is_object(tsr_at(json_array_get(list, 0), "action"))) return;
    tsr_section_open(view, "actions");
    tsr_figure_real(&view->language, count_clear(list), 0, clear);
    tsr_figure_real(&view->language, (double)json_array_size(list), 0, all);
    tsr_say_paragraph(view, "finding", "actions.finding", clear, all, NULL);
    tsr_cells_words(view, "actions.caption");
    tsr_cells_head(view, head);
    json_array_foreach(list, i, segment) if (json_is_object(tsr_at(segment, "action"))) put_row(view, segment, i);
    tsr_cells_close(view);
    tsr_section_close(view);
}
