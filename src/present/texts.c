#include "present/texts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char tsr_texts_tsv[];

/* ---- the table ---- */

/* One field of a line; *rest moves behind it and its tab. */
static json_t *take_field(const char **rest)
{
    size_t n = strcspn(*rest, "\t\n");
    json_t *text = json_stringn(*rest, n);

    *rest += n + ((*rest)[n] == '\t');
    return text;
}

/* Which column is that language? 0: none. The heads of all columns go to @p known, for a message. */
static int column_of(const char *name, char *known, size_t bytes)
{
    const char *head = tsr_texts_tsv;
    size_t end = strcspn(head, "\n"), used = 0;
    int found = 0;

    known[0] = '\0';
    head += strcspn(head, "\t") + 1;
    for (int column = 1; head <= tsr_texts_tsv + end; column++) {
        size_t n = strcspn(head, "\t\n");
        if (strlen(name) == n && strncmp(name, head, n) == 0) found = column;
        if (used < bytes)
            used += (size_t)snprintf(known + used, bytes - used, "%s%.*s", used > 0 ? ", " : "", (int)n, head);
        head += n + 1;
    }
    return found;
}

/* One line of the table: @return whether it is kept. */
static bool read_line(const char *line, int column, tsr_language *language)
{
    json_t *key = take_field(&line), *english = NULL, *text = NULL;

    for (int i = 1; i <= column; i++) {
        json_decref(text);
        text = take_field(&line);
        if (i == 1) english = json_incref(text);
    }
    bool kept = key != NULL && text != NULL && json_object_set(language->texts, json_string_value(key), text) == 0;
    if (kept && strncmp(json_string_value(key), "warning.", 8) == 0)
        kept = json_array_append_new(language->sentences, json_pack("[OO]", english, text)) == 0;
    json_decref(english);
    json_decref(text);
    json_decref(key);
    return kept;
}

static tsr_status read_table(int column, tsr_language *language)
{
    const char *line = strchr(tsr_texts_tsv, '\n');
    bool failed = language->texts == NULL || language->sentences == NULL;

    for (; !failed && line != NULL && line[1] != '\0'; line = strchr(line + 1, '\n'))
        failed = !read_line(line + 1, column, language);
    return failed ? TSR_FAIL(TSR_ENOMEM, "no memory for the texts of the report") : TSR_OK;
}

tsr_status tsr_language_open(const char *name, tsr_language *language)
{
    char known[128];
    int column = column_of(name, known, sizeof known);
    tsr_status st;

    memset(language, 0, sizeof *language);
    if (column == 0) return TSR_FAIL(TSR_ECONF, "`report.language` is %s: there are texts in %s", name, known);
    language->texts = json_object();
    language->sentences = json_array();
    TSR_TRY(read_table(column, language));
    language->decimal = tsr_text(language, "number.decimal");
    language->group = tsr_text(language, "number.group");
    language->percent = tsr_text(language, "number.percent");
    language->units = tsr_text(language, "number.units");
done:
    if (st != TSR_OK) tsr_language_close(language);
    return st;
}

void tsr_language_close(tsr_language *language)
{
    json_decref(language->texts);
    json_decref(language->sentences);
    memset(language, 0, sizeof *language);
}

tsr_status tsr_report_language_check(const char *name)
{
    char known[128];

    if (column_of(name, known, sizeof known) > 0) return TSR_OK;
    return TSR_FAIL(TSR_ECONF, "`report.language` is %s: there are texts in %s", name, known);
}

const char *tsr_text(const tsr_language *language, const char *key)
{
    const char *text = json_string_value(json_object_get(language->texts, key));

    return text != NULL ? text : key;
}

const char *tsr_text_of(const tsr_language *language, const char *prefix, const char *name)
{
    char key[96];

    snprintf(key, sizeof key, "%s.%.64s", prefix, name);
    const char *text = json_string_value(json_object_get(language->texts, key));
    return text != NULL ? text : name;
}

/* ---- figures ---- */

/* The language's mark between each three digits before its decimal point. */
static const char *localise(const tsr_language *language, const char *plain, char text[TSR_FIGURE_BYTES])
{
    size_t sign = plain[0] == '-', whole = strspn(plain + sign, "0123456789");
    const char *fraction = plain + sign + whole;
    int at = snprintf(text, TSR_FIGURE_BYTES, "%s", sign > 0 ? "−" : "");

    for (size_t i = 0; i < whole; i++) {
        const char *mark = i > 0 && (whole - i) % 3 == 0 ? language->group : "";
        at += snprintf(text + at, (size_t)(TSR_FIGURE_BYTES - at), "%s%c", mark, plain[sign + i]);
    }
    if (fraction[0] == '.')
        snprintf(text + at, (size_t)(TSR_FIGURE_BYTES - at), "%s%s", language->decimal, fraction + 1);
    else
        snprintf(text + at, (size_t)(TSR_FIGURE_BYTES - at), "%s", fraction);
    return text;
}

static const char *dash(char *text)
{
    snprintf(text, TSR_FIGURE_BYTES, "–");
    return text;
}

const char *tsr_figure_real(const tsr_language *language, double value, int decimals, char text[TSR_FIGURE_BYTES])
{
    char plain[TSR_FIGURE_BYTES / 2];

    if (!isfinite(value) || fabs(value) >= 1e20) return dash(text);
    snprintf(plain, sizeof plain, "%.*f", decimals, value);
    bool zero = strspn(plain, "-0.") == strlen(plain); /* no minus before nothing */
    return localise(language, plain + (zero && plain[0] == '-'), text);
}

const char *tsr_figure(const tsr_language *language, const json_t *value, int decimals, char text[TSR_FIGURE_BYTES])
{
    char plain[TSR_FIGURE_BYTES / 2];

    if (!json_is_string(value))
        return tsr_figure_real(language, json_is_number(value) ? json_number_value(value) : (double)NAN, decimals,
                               text);
    snprintf(plain, sizeof plain, "%s", json_string_value(value));
    char *point = strchr(plain, '.');
    if (point != NULL && decimals == 0) *point = '\0';
    if (point != NULL && decimals > 0 && strlen(point) > (size_t)decimals + 1) point[decimals + 1] = '\0';
    return localise(language, plain, text);
}

const char *tsr_figure_percent(const tsr_language *language, double share, int decimals, char text[TSR_FIGURE_BYTES])
{
    char number[TSR_FIGURE_BYTES];

    if (!isfinite(share)) return dash(text);
    tsr_figure_real(language, 100 * share, decimals, number);
    snprintf(text, TSR_FIGURE_BYTES, "%.48s%.8s", number, language->percent);
    return text;
}

const char *tsr_figure_share(const tsr_language *language, const json_t *value, char text[TSR_FIGURE_BYTES])
{
    return tsr_figure_percent(language, json_is_number(value) ? json_number_value(value) : (double)NAN, 1, text);
}

const char *tsr_figure_short(const tsr_language *language, const json_t *value, char text[TSR_FIGURE_BYTES])
{
    double size = fabs(json_number_value(value));
    int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4;
    char plain[TSR_FIGURE_BYTES / 2];

    if (!json_is_number(value)) return dash(text);
    if (size != 0 && (size < 0.001 || size >= 1e15)) {
        snprintf(plain, sizeof plain, "%.3g", json_number_value(value));
        return localise(language, plain, text);
    }
    if (!json_is_real(value)) return tsr_figure(language, value, 0, text);
    snprintf(plain, sizeof plain, "%.*f", decimals, json_number_value(value) + 0.0);
    size_t n = strlen(plain);
    while (decimals > 0 && (plain[n - 1] == '0' || plain[n - 1] == '.')) {
        decimals = plain[n - 1] == '.' ? 0 : decimals;
        plain[--n] = '\0';
    }
    return localise(language, plain, text);
}

/* The largest unit not above the number: "1e3=k;1e6=M". */
static double unit_for(const char *units, double size, const char **name, int *length)
{
    double found = 1;

    *name = "";
    *length = 0;
    while (*units != '\0') {
        char *end;
        double unit = strtod(units, &end);
        size_t n = *end == '=' ? strcspn(end + 1, ";") : 0;
        if (size >= unit) {
            found = unit;
            *name = end + 1;
            *length = (int)n;
        }
        units = end + 1 + n + (end[1 + n] == ';');
    }
    return found;
}

const char *tsr_figure_compact(const tsr_language *language, double value, char text[TSR_FIGURE_BYTES])
{
    char number[TSR_FIGURE_BYTES];
    const char *name;
    int length;

    if (!isfinite(value)) return dash(text);
    double unit = unit_for(language->units, fabs(value), &name, &length), size = fabs(value) / unit;
    int decimals = size >= 100 || size == floor(size) ? 0 : size >= 10 ? 1 : 2;
    tsr_figure_real(language, value / unit, decimals, number);
    snprintf(text, TSR_FIGURE_BYTES, "%.40s%.*s", number, length, name);
    return text;
}
