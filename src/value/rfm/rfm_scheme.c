#include "value/rfm/rfm_scheme.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "tessera/file.h"
#include "tessera/memory.h"

#define SIGNS_MAX      3
#define LINE_MAX_BYTES 4096

typedef struct parser {
    const char *source;
    int64_t line, column;
    tsr_rfm *rfm;
    int axes;         /* signs of a cell: 3, or 2 where the second one is the mean of frequency and money */
    bool first_match; /* cells that have a name keep it */
    int64_t lines;    /* of cells, so far */
    int64_t named_on[TSR_RFM_CELLS_MAX]; /* line; 0: not yet */
} parser;

/* What is left of a line. */
typedef struct rest {
    const char *at, *end, *begin;
} rest;

static tsr_status fail(const parser *p, const char *format, ...) TSR_PRINTF(2, 3);

static tsr_status fail(const parser *p, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return TSR_FAIL(TSR_ECONF, "%s:%" PRId64 ":%" PRId64 ": %s", p->source, p->line, p->column, text);
}

static tsr_status fail_at(parser *p, const rest *line, const char *at, const char *message)
{
    p->column = at - line->begin + 1;
    return fail(p, "%s", message);
}

/* ---- settings ---- */

static bool is_word(const char *at, const char *end, const char *word)
{
    return (size_t)(end - at) == strlen(word) && memcmp(at, word, strlen(word)) == 0;
}

static tsr_status read_rule(parser *p, const rest *value)
{
    for (int32_t rule = TSR_RFM_VALUE; rule < TSR_RFM_RULES; rule++) {
        if (!is_word(value->at, value->end, tsr_rfm_rule_name(rule))) continue;
        p->rfm->rule = rule;
        return TSR_OK;
    }
    return fail(p, "there is no rule `%.*s`", (int)(value->end - value->at), value->at);
}

static tsr_status read_bins(parser *p, const rest *value)
{
    int bins = value->end - value->at == 1 ? *value->at - '0' : 0;

    if (bins < 2 || bins > TSR_RFM_BINS_MAX) return fail(p, "`bins` is a number from 2 to %d", TSR_RFM_BINS_MAX);
    p->rfm->bins = bins;
    return TSR_OK;
}

static tsr_status read_axes(parser *p, const rest *value)
{
    bool joined = is_word(value->at, value->end, "r fm");

    if (!joined && !is_word(value->at, value->end, "r f m"))
        return fail(p, "`axes` is `r f m`, or `r fm` for the mean of frequency and money");
    p->axes = joined ? 2 : 3;
    return TSR_OK;
}

static tsr_status read_match(parser *p, const rest *value)
{
    p->first_match = is_word(value->at, value->end, "first");
    if (!p->first_match && !is_word(value->at, value->end, "once")) return fail(p, "`match` is `once` or `first`");
    return TSR_OK;
}

static tsr_status read_setting(parser *p, const rest *line)
{
    static const struct {
        const char *word;
        tsr_status (*read)(parser *p, const rest *value);
    } settings[] = {{"bins", read_bins}, {"rule", read_rule}, {"axes", read_axes}, {"match", read_match}};
    const char *blank = memchr(line->at, ' ', (size_t)(line->end - line->at));
    rest value = {blank, line->end, line->begin};

    p->column = 1;
    for (size_t i = 0; blank != NULL && i < sizeof settings / sizeof settings[0]; i++) {
        if (!is_word(line->at, blank, settings[i].word)) continue;
        if (p->lines > 0) return fail(p, "settings come before the first cell");
        while (value.at < value.end && *value.at == ' ') value.at++;
        p->column = value.at - line->begin + 1;
        return settings[i].read(p, &value);
    }
    return fail(p, "a line is a cell (a digit, * or [2-4] for each axis), a tab and a name; or a setting: bins, rule, "
                   "axes, match");
}

/* ---- names ---- */

static tsr_status check_name(parser *p, const rest *name)
{
    int length = (int)(name->end - name->at);

    p->column = name->at - name->begin + 1;
    if (length == 0 || length >= TSR_NAME_BYTES) return fail(p, "a group's name has 1 to %d bytes", TSR_NAME_BYTES - 1);
    if (is_word(name->at, name->end, TSR_RFM_PROSPECT))
        return fail(p, "the name %s is kept for customers who have not bought yet", TSR_RFM_PROSPECT);
    return TSR_OK;
}

/* The number of the group of that name; a new one where there is none yet. */
static tsr_status find_group(parser *p, const rest *name, int32_t *group)
{
    tsr_rfm *rfm = p->rfm;

    for (*group = 0; *group < rfm->groups; ++*group)
        if (is_word(name->at, name->end, rfm->name[*group])) return TSR_OK;
    if (rfm->groups == TSR_RFM_GROUPS_MAX - 1) return fail(p, "more than %d groups", TSR_RFM_GROUPS_MAX - 1);
    snprintf(rfm->name[rfm->groups++], TSR_NAME_BYTES, "%.*s", (int)(name->end - name->at), name->at);
    return TSR_OK;
}

static tsr_status read_names(parser *p, const rest *line, int32_t *group)
{
    const char *tab = memchr(line->at, '\t', (size_t)(line->end - line->at));
    rest name = {line->at, tab != NULL ? tab : line->end, line->begin};
    rest other = {tab != NULL ? tab + 1 : line->end, line->end, line->begin};
    tsr_status st;

    TSR_TRY(check_name(p, &name));
    TSR_TRY(find_group(p, &name, group));
    if (tab == NULL) goto done;
    TSR_TRY(check_name(p, &other));
    snprintf(p->rfm->other_name[*group], TSR_NAME_BYTES, "%.*s", (int)(other.end - other.at), other.at);
done:
    return st;
}

/* ---- cells ---- */

/* Twice the scores that one sign stands for: means of two scores are halves. */
typedef struct range {
    int low, high;
} range;

static tsr_status read_sign(parser *p, rest *line, range *out)
{
    const int bins = p->rfm->bins;
    const char *at = line->at;
    int64_t left = line->end - at;

    if (left >= 5 && at[0] == '[' && at[2] == '-' && at[4] == ']') {
        *out = (range){2 * (at[1] - '0'), 2 * (at[3] - '0')};
        line->at += 5;
    } else {
        bool any = left >= 1 && *at == '*';
        *out = any ? (range){2, 2 * bins} : (range){left >= 1 ? 2 * (*at - '0') : 0, left >= 1 ? 2 * (*at - '0') : 0};
        line->at++;
    }
    if (out->low >= 2 && out->low <= out->high && out->high <= 2 * bins) return TSR_OK;
    p->column = at - line->begin + 1;
    return fail(p, "a sign of a cell is a digit from 1 to %d, * or a range such as [2-%d]", bins, bins);
}

static bool fits(range wanted, int twice)
{
    return twice >= wanted.low && twice <= wanted.high;
}

static tsr_status name_cell(parser *p, const int score[3], int32_t group, int64_t *named)
{
    const int bins = p->rfm->bins, cell = ((score[0] - 1) * bins + score[1] - 1) * bins + score[2] - 1;

    if (p->named_on[cell] != 0 && p->first_match) return TSR_OK;
    if (p->named_on[cell] != 0)
        return fail(p,
                    "cell %d%d%d was named on line %" PRId64 " already; with `match first` the first line that fits a "
                    "cell names it",
                    score[0], score[1], score[2], p->named_on[cell]);
    p->named_on[cell] = p->line;
    p->rfm->group[cell] = (int8_t)group;
    ++*named;
    return TSR_OK;
}

static tsr_status name_cells(parser *p, const range *sign, int32_t group)
{
    const int bins = p->rfm->bins;
    int64_t named = 0;
    tsr_status st = TSR_OK;

    p->column = 1;
    for (int cell = 0; cell < bins * bins * bins; cell++) {
        const int score[3] = {cell / (bins * bins) + 1, cell / bins % bins + 1, cell % bins + 1};
        bool fit = fits(sign[0], 2 * score[0]);
        fit = fit && fits(sign[1], p->axes == 3 ? 2 * score[1] : score[1] + score[2]);
        fit = fit && (p->axes == 2 || fits(sign[2], 2 * score[2]));
        if (fit) TSR_TRY(name_cell(p, score, group, &named));
    }
    if (named == 0) st = fail(p, "no cell is left for this line: the lines before it name them all");
done:
    return st;
}

static tsr_status read_cells(parser *p, rest line)
{
    range sign[SIGNS_MAX];
    int32_t group = 0;
    tsr_status st;

    for (int i = 0; i < p->axes; i++) TSR_TRY(read_sign(p, &line, &sign[i]));
    if (line.at == line.end || *line.at != '\t')
        TSR_TRY(fail_at(p, &line, line.at, "a line is a cell (a sign for each axis), a tab and a name"));
    line.at++;
    TSR_TRY(read_names(p, &line, &group));
    p->lines++;
    st = name_cells(p, sign, group);
done:
    return st;
}

static tsr_status read_line(parser *p, const char *text, int64_t length)
{
    rest line = {text, text + length, text};

    while (line.end > line.at && strchr(" \t\r", line.end[-1]) != NULL) line.end--;
    if (line.at == line.end || *line.at == '#') return TSR_OK;
    if (*line.at >= 'a' && *line.at <= 'z') return read_setting(p, &line);
    return read_cells(p, line);
}

static tsr_status check_whole(const parser *p)
{
    const int bins = p->rfm->bins, cells = bins * bins * bins;
    int nameless = 0, first = 0;

    for (int cell = cells - 1; cell >= 0; cell--) {
        if (p->named_on[cell] != 0) continue;
        nameless++;
        first = cell;
    }
    if (nameless == 0) return TSR_OK;
    return TSR_FAIL(TSR_ECONF,
                    "%s: cell %d%d%d has no name, nor have %d others; under `match first` a last line of `%s`, a tab "
                    "and a name takes all that are left",
                    p->source, first / (bins * bins) + 1, first / bins % bins + 1, first % bins + 1, nameless - 1,
                    p->axes == 2 ? "**" : "***");
}

static void add_prospects(tsr_rfm *rfm)
{
    snprintf(rfm->name[rfm->groups], TSR_NAME_BYTES, TSR_RFM_PROSPECT);
    rfm->other_name[rfm->groups++][0] = '\0';
}

tsr_status tsr_rfm_scheme_parse(const char *source, const char *text, int64_t bytes, tsr_rfm *rfm)
{
    parser p = {.source = source, .rfm = rfm, .axes = 3};
    tsr_status st = TSR_OK;

    rfm->groups = 0;
    rfm->bins = 5;
    rfm->rule = TSR_RFM_VALUE;
    memset(rfm->other_name, 0, sizeof rfm->other_name);
    for (int64_t at = 0; at < bytes;) {
        const char *end = memchr(text + at, '\n', (size_t)(bytes - at));
        int64_t length = end != NULL ? end - (text + at) : bytes - at;
        p.line++;
        p.column = LINE_MAX_BYTES;
        if (length > LINE_MAX_BYTES) return fail(&p, "a line of more than %d bytes", LINE_MAX_BYTES);
        TSR_TRY(read_line(&p, text + at, length));
        at += length + 1;
    }
    TSR_TRY(check_whole(&p));
    add_prospects(rfm);
done:
    return st;
}

/* ---- where schemes come from ---- */

extern const char rfm_table_c[], rfm_grid_a[], rfm_ranges_b[], rfm_ranges_d[], rfm_quartiles_e[], rfm_eight_f[];
extern const size_t rfm_table_c_bytes, rfm_grid_a_bytes, rfm_ranges_b_bytes, rfm_ranges_d_bytes, rfm_quartiles_e_bytes,
    rfm_eight_f_bytes;

static const struct {
    const char *name, *text;
    const size_t *bytes;
} of_the_house[] = {
    {"table_c", rfm_table_c, &rfm_table_c_bytes},
    {"grid_a", rfm_grid_a, &rfm_grid_a_bytes},
    {"ranges_b", rfm_ranges_b, &rfm_ranges_b_bytes},
    {"ranges_d", rfm_ranges_d, &rfm_ranges_d_bytes},
    {"quartiles_e", rfm_quartiles_e, &rfm_quartiles_e_bytes},
    {"eight_f", rfm_eight_f, &rfm_eight_f_bytes},
};

/* One group per rounded mean of the three scores, the best first. */
static void make_plain(int64_t bins, tsr_rfm *rfm)
{
    const int b = bins > 0 ? (int)bins : 5;

    rfm->bins = b;
    rfm->rule = TSR_RFM_VALUE;
    for (rfm->groups = 0; rfm->groups < b; rfm->groups++)
        snprintf(rfm->name[rfm->groups], TSR_NAME_BYTES, "Score %d", (int)(b - rfm->groups));
    for (int cell = 0; cell < b * b * b; cell++) {
        int sum = cell / (b * b) + cell / b % b + cell % b + 3;
        rfm->group[cell] = (int8_t)(b - (2 * sum + 3) / 6);
    }
    add_prospects(rfm);
}

static tsr_status unknown(const char *name)
{
    return TSR_FAIL(TSR_ECONF,
                    "`rfm.scheme`: there is no file %s, and no scheme of this name; there are %s, %s, %s, %s, %s, %s "
                    "and " TSR_RFM_NO_SCHEME,
                    name, of_the_house[0].name, of_the_house[1].name, of_the_house[2].name, of_the_house[3].name,
                    of_the_house[4].name, of_the_house[5].name);
}

static tsr_status parse_file(const tsr_comm *comm, const char *path, tsr_rfm *rfm)
{
    char *text = NULL;
    int64_t bytes = 0;
    tsr_status st;

    TSR_AGREE(comm, comm->rank == 0 && !tsr_file_exists(path) ? unknown(path) : TSR_OK);
    TSR_TRY(tsr_file_text(comm, path, &text, &bytes));
    TSR_AGREE(comm, tsr_rfm_scheme_parse(path, text, bytes, rfm));
done:
    tsr_free(&text);
    return st;
}

static tsr_status check_bins(const char *scheme, int64_t bins, const tsr_rfm *rfm)
{
    if (bins == 0 || bins == rfm->bins) return TSR_OK;
    return TSR_FAIL(TSR_ECONF, "`rfm.bins` is %" PRId64 ", but the scheme %s names cells of %d classes", bins, scheme,
                    (int)rfm->bins);
}

/* Where a file lies is no part of a result. A long name ends with a whole character. */
static void take_name(const char *name_or_path, char name[TSR_NAME_BYTES])
{
    const char *slash = strrchr(name_or_path, '/');

    snprintf(name, TSR_NAME_BYTES, "%s", slash != NULL ? slash + 1 : name_or_path);
    name[tsr_utf8_bytes(name, (int64_t)strlen(name))] = '\0';
}

tsr_status tsr_rfm_scheme_load(const tsr_comm *comm, const char *name_or_path, int64_t bins, tsr_rfm *rfm)
{
    const size_t n = sizeof of_the_house / sizeof of_the_house[0];
    size_t found = 0;
    tsr_status st = TSR_OK;

    take_name(name_or_path, rfm->scheme);
    while (found < n && strcmp(name_or_path, of_the_house[found].name) != 0) found++;
    if (strcmp(name_or_path, TSR_RFM_NO_SCHEME) == 0)
        make_plain(bins, rfm);
    else if (found < n)
        TSR_AGREE(comm, tsr_rfm_scheme_parse(name_or_path, of_the_house[found].text,
                                             (int64_t)*of_the_house[found].bytes, rfm));
    else
        TSR_TRY(parse_file(comm, name_or_path, rfm));
    TSR_AGREE(comm, check_bins(name_or_path, bins, rfm));
done:
    return st;
}
