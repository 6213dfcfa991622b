#include "present/text_sheet.h"

void tsr_sheet_right(tsr_sheet *s, const char *text, int width)
{
    int n = tsr_page_columns(text);

    tsr_page_print(&s->page, "%*s%s", n < width ? width - n : 1, "", text);
}

void tsr_sheet_number(tsr_sheet *s, const json_t *value, int decimals)
{
    char text[TSR_FIGURE_BYTES];

    tsr_sheet_right(s, tsr_figure(&s->language, value, decimals, text), TSR_SHEET_NUMBER);
}

void tsr_sheet_title(tsr_sheet *s, const char *title)
{
    tsr_page_print(&s->page, "\n  %s\n", title);
}

void tsr_sheet_heads(tsr_sheet *s, const char *name, const char *const *heads, int n)
{
    tsr_page_print(&s->page, "  %-*s", TSR_SHEET_NAME, name);
    for (int i = 0; i < n; i++) tsr_sheet_right(s, heads[i], TSR_SHEET_NUMBER);
    tsr_page_print(&s->page, "\n  ");
    for (int i = 0; i < TSR_SHEET_NAME + n * TSR_SHEET_NUMBER; i++) tsr_page_print(&s->page, "─");
    tsr_page_print(&s->page, "\n");
}
