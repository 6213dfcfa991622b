#include "present/view.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words ---- */

#define ARGUMENTS_MAX 9

static void fill(const char *text, const char *const *argument, int n, char phrase[TSR_PHRASE_BYTES])
{
    size_t used = 0;

    for (; *text != '\0' && used + 1 < TSR_PHRASE_BYTES; text++) {
        int number = text[0] == '{' && text[1] >= '1' && text[1] <= '9' && text[2] == '}' ? text[1] - '0' : 0;
        if (number > 0 && number <= n) {
            used += (size_t)snprintf(phrase + used, TSR_PHRASE_BYTES - used, "%s", argument[number - 1]);
            text += 2;
        } else {
            phrase[used++] = *text;
        }
    }
    phrase[used < TSR_PHRASE_BYTES ? used : TSR_PHRASE_BYTES - 1] = '\0';
}

static void fill_from(const tsr_view *view, const char *key, va_list list, char phrase[TSR_PHRASE_BYTES])
{
    const char *argument[ARGUMENTS_MAX];
    int n = 0;

    while (n < ARGUMENTS_MAX && (argument[n] = va_arg(list, const char *)) != NULL) n++;
    fill(tsr_text(&view->language, key), argument, n, phrase);
}

const char *tsr_phrase(const tsr_view *view, char phrase[TSR_PHRASE_BYTES], const char *key, ...)
{
    va_list list;

    va_start(list, key);
    fill_from(view, key, list, phrase);
    va_end(list);
    return phrase;
}

const char *tsr_figure_money(const tsr_view *view, const json_t *sum, int decimals, char text[TSR_MONEY_BYTES])
{
    const char *currency = tsr_text_at(view->segments, "currency");
    char figure[TSR_FIGURE_BYTES];

    tsr_figure(&view->language, sum, decimals, figure);
    snprintf(text, TSR_MONEY_BYTES, currency[0] != '\0' ? "%s %.8s" : "%s", figure, currency);
    return text;
}

void tsr_say(tsr_view *view, const char *key, ...)
{
    char phrase[TSR_PHRASE_BYTES];
    va_list list;

    va_start(list, key);
    fill_from(view, key, list, phrase);
    va_end(list);
    tsr_page_escape(&view->page, phrase);
}

void tsr_say_paragraph(tsr_view *view, const char *kind, const char *key, ...)
{
    char phrase[TSR_PHRASE_BYTES];
    va_list list;

    va_start(list, key);
    fill_from(view, key, list, phrase);
    va_end(list);
    tsr_page_print(&view->page, "<p class=\"%s\">", kind);
    tsr_page_escape(&view->page, phrase);
    tsr_page_print(&view->page, "</p>\n");
}

static void say_named(tsr_view *view, const char *name, const char *part)
{
    char key[96];

    snprintf(key, sizeof key, "%s.%s", name, part);
    tsr_say(view, key, NULL);
}

/* ---- frames ---- */

void tsr_section_open(tsr_view *view, const char *name)
{
    tsr_page_print(&view->page, "<section id=\"%s\">\n<h2>", name);
    say_named(view, name, "title");
    tsr_page_print(&view->page, "</h2>\n");
}

void tsr_section_close(tsr_view *view)
{
    tsr_page_print(&view->page, "</section>\n");
}

void tsr_pictures_open(tsr_view *view)
{
    tsr_page_print(&view->page, "<div class=\"pictures\">\n");
}

void tsr_pictures_close(tsr_view *view)
{
    tsr_page_print(&view->page, "</div>\n");
}

void tsr_picture_open(tsr_view *view, const char *name, const char *finding)
{
    tsr_page_print(&view->page, "<figure id=\"picture-%s\">\n<figcaption><h3>", name);
    say_named(view, name, "title");
    tsr_page_print(&view->page, "</h3>\n<p class=\"finding\">");
    tsr_page_escape(&view->page, finding);
    tsr_page_print(&view->page, "</p></figcaption>\n");
}

void tsr_picture_table(tsr_view *view, const char *name)
{
    char key[96];

    tsr_page_print(&view->page, "<p class=\"soft\">");
    say_named(view, name, "how");
    tsr_page_print(&view->page, "</p>\n<details><summary>");
    tsr_say(view, "page.table", NULL);
    tsr_page_print(&view->page, "</summary>\n");
    snprintf(key, sizeof key, "%s.title", name);
    tsr_cells_table(view, key);
}

void tsr_picture_close(tsr_view *view)
{
    tsr_cells_close(view);
    tsr_page_print(&view->page, "</details>\n</figure>\n");
}

/* ---- tables ---- */

/* A table wider than a phone scrolls in a region of its own. A list of figures is not stretched over the page. */
static void open_table_of(tsr_view *view, const char *kind, const char *caption_key)
{
    tsr_page_print(&view->page, "<div class=\"wide %s\" tabindex=\"0\" role=\"group\" aria-label=\"", kind);
    tsr_say(view, caption_key, NULL);
    tsr_page_print(&view->page, "\"><table>\n<caption>");
    tsr_say(view, caption_key, NULL);
    tsr_page_print(&view->page, "</caption>\n");
}

void tsr_cells_table(tsr_view *view, const char *caption_key)
{
    open_table_of(view, "full", caption_key);
}

void tsr_cells_list(tsr_view *view, const char *caption_key)
{
    open_table_of(view, "narrow", caption_key);
}

void tsr_cells_words(tsr_view *view, const char *caption_key)
{
    open_table_of(view, "full words", caption_key);
}

void tsr_cells_close(tsr_view *view)
{
    tsr_page_print(&view->page, "</tbody></table></div>\n");
}

void tsr_cells_head(tsr_view *view, const char *const *keys)
{
    tsr_page_print(&view->page, "<thead><tr>");
    for (int i = 0; keys[i] != NULL; i++) {
        tsr_page_print(&view->page, "<th scope=\"col\">");
        tsr_say(view, keys[i], NULL);
        tsr_page_print(&view->page, "</th>");
    }
    tsr_page_print(&view->page, "</tr></thead>\n<tbody>\n");
}

void tsr_cells_row(tsr_view *view, const char *name)
{
    tsr_page_print(&view->page, "<tr><th scope=\"row\">");
    tsr_page_escape(&view->page, name);
    tsr_page_print(&view->page, "</th>");
}

void tsr_cells_end(tsr_view *view)
{
    tsr_page_print(&view->page, "</tr>\n");
}

void tsr_cell(tsr_view *view, const char *figure)
{
    tsr_page_print(&view->page, "<td>");
    tsr_page_escape(&view->page, figure);
    tsr_page_print(&view->page, "</td>");
}

void tsr_cell_words(tsr_view *view, const char *words)
{
    tsr_page_print(&view->page, "<td class=\"text\">");
    tsr_page_escape(&view->page, words);
    tsr_page_print(&view->page, "</td>");
}

void tsr_cell_number(tsr_view *view, const json_t *number, int decimals)
{
    char text[TSR_FIGURE_BYTES];

    tsr_cell(view, tsr_figure(&view->language, number, decimals, text));
}

void tsr_cell_short(tsr_view *view, const json_t *number)
{
    char text[TSR_FIGURE_BYTES];

    tsr_cell(view, tsr_figure_short(&view->language, number, text));
}

void tsr_cell_share(tsr_view *view, const json_t *share)
{
    char text[TSR_FIGURE_BYTES];

    tsr_cell(view, tsr_figure_share(&view->language, share, text));
}

void tsr_cell_bar(tsr_view *view, const json_t *share)
{
    char text[TSR_FIGURE_BYTES];
    double width = fmin(fmax(json_number_value(share), 0), 1);

    tsr_page_print(&view->page, "<td class=\"bar\" style=\"--share:%.4f\">%s</td>", width,
                   tsr_figure_share(&view->language, share, text));
}

void tsr_cells_pair(tsr_view *view, const char *name, const char *figure)
{
    tsr_cells_row(view, name);
    tsr_cell(view, figure);
    tsr_cells_end(view);
}

const char *tsr_name_of(const tsr_view *view, const json_t *segment)
{
    return tsr_text_of(&view->language, "segment", tsr_text_at(segment, "name"));
}

double tsr_number_at(const json_t *json, const char *path)
{
    const json_t *value = tsr_at(json, path);

    if (json_is_string(value)) return strtod(json_string_value(value), NULL);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}
