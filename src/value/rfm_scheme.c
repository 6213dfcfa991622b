#include "value/rfm_scheme.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tessera/file.h"
#include "tessera/memory.h"

extern const char rfm_table_c[], rfm_grid_a[]; /* rfm_table_c.tsv, rfm_grid_a.tsv */
extern const size_t rfm_table_c_bytes, rfm_grid_a_bytes;

#define CELLS 125

typedef struct parser {
    const char *source;
    int64_t line;
    tsr_rfm *rfm;
    int64_t named_on[CELLS]; /* line; 0: not yet */
} parser;

/* The number of the group of that name; a new one where there is none yet. */
static tsr_status find_group(parser *p, const char *name, int length, int32_t *group)
{
    tsr_rfm *rfm = p->rfm;

    if (length == 0 || length >= TSR_NAME_BYTES)
        return TSR_FAIL(TSR_ECONF, "%s:%" PRId64 ": a group's name has 1 to %d bytes", p->source, p->line,
                        TSR_NAME_BYTES - 1);
    if (length == (int)strlen(TSR_RFM_PROSPECT) && strncmp(name, TSR_RFM_PROSPECT, (size_t)length) == 0)
        return TSR_FAIL(TSR_ECONF, "%s:%" PRId64 ": the name %s is kept for customers who have not bought yet",
                        p->source, p->line, TSR_RFM_PROSPECT);
    for (*group = 0; *group < rfm->groups; ++*group)
        if ((int)strlen(rfm->name[*group]) == length && strncmp(rfm->name[*group], name, (size_t)length) == 0)
            return TSR_OK;
    if (rfm->groups == TSR_RFM_GROUPS_MAX - 1)
        return TSR_FAIL(TSR_ECONF, "%s:%" PRId64 ": more than %d groups", p->source, p->line, TSR_RFM_GROUPS_MAX - 1);
    snprintf(rfm->name[rfm->groups++], TSR_NAME_BYTES, "%.*s", length, name);
    return TSR_OK;
}

static tsr_status name_cell(parser *p, int cell, int32_t group)
{
    if (p->named_on[cell] != 0)
        return TSR_FAIL(TSR_ECONF, "%s:%" PRId64 ": cell %d%d%d was named on line %" PRId64 " already", p->source,
                        p->line, cell / 25 + 1, cell / 5 % 5 + 1, cell % 5 + 1, p->named_on[cell]);
    p->named_on[cell] = p->line;
    p->rfm->group[cell] = (int8_t)group;
    return TSR_OK;
}

/* Scores low..high that one sign stands for. */
static bool read_sign(char sign, int *low, int *high)
{
    *low = sign == '*' ? 0 : sign - '1';
    *high = sign == '*' ? 4 : sign - '1';
    return *low >= 0 && *high <= 4;
}

static tsr_status parse_line(parser *p, const char *line, int length)
{
    int low[3], high[3];
    int32_t group = 0;
    tsr_status st;

    while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL) length--;
    if (length == 0 || line[0] == '#') return TSR_OK;
    bool good = length > 4 && line[3] == '\t';
    for (int i = 0; i < 3 && good; i++) good = read_sign(line[i], &low[i], &high[i]);
    if (!good)
        return TSR_FAIL(TSR_ECONF,
                        "%s:%" PRId64 ": a line is a cell (three of 1..5 or *: recency, frequency, money), a tab "
                        "and a name",
                        p->source, p->line);
    TSR_TRY(find_group(p, line + 4, length - 4, &group));
    for (int r = low[0]; r <= high[0]; r++)
        for (int f = low[1]; f <= high[1]; f++)
            for (int m = low[2]; m <= high[2]; m++) TSR_TRY(name_cell(p, (r * 5 + f) * 5 + m, group));
done:
    return st;
}

static tsr_status check_whole(const parser *p)
{
    for (int cell = 0; cell < CELLS; cell++)
        if (p->named_on[cell] == 0)
            return TSR_FAIL(TSR_ECONF, "%s: cell %d%d%d has no name", p->source, cell / 25 + 1, cell / 5 % 5 + 1,
                            cell % 5 + 1);
    return TSR_OK;
}

tsr_status tsr_rfm_scheme_parse(const char *source, const char *text, int64_t bytes, tsr_rfm *rfm)
{
    parser p = {.source = source, .rfm = rfm};
    tsr_status st = TSR_OK;

    rfm->groups = 0;
    for (int64_t at = 0; at < bytes;) {
        const char *end = memchr(text + at, '\n', (size_t)(bytes - at));
        int64_t length = end != NULL ? end - (text + at) : bytes - at;
        p.line++;
        if (length > 4096) return TSR_FAIL(TSR_ECONF, "%s:%" PRId64 ": a line of more than 4096 bytes", source, p.line);
        TSR_TRY(parse_line(&p, text + at, (int)length));
        at += length + 1;
    }
    TSR_TRY(check_whole(&p));
    snprintf(rfm->name[rfm->groups++], TSR_NAME_BYTES, TSR_RFM_PROSPECT);
done:
    return st;
}

static const struct {
    const char *name, *text;
    const size_t *bytes;
} of_the_house[] = {{"table_c", rfm_table_c, &rfm_table_c_bytes}, {"grid_a", rfm_grid_a, &rfm_grid_a_bytes}};

static tsr_status read_on_root(const tsr_comm *comm, const char *path, char **text, int64_t *bytes)
{
    return comm->rank == 0 ? tsr_file_read(path, text, bytes) : TSR_OK;
}

tsr_status tsr_rfm_scheme_load(const tsr_comm *comm, const char *name_or_path, tsr_rfm *rfm)
{
    char *text = NULL;
    int64_t bytes = 0;
    tsr_status st;

    snprintf(rfm->scheme, sizeof rfm->scheme, "%s", name_or_path);
    for (size_t i = 0; i < sizeof of_the_house / sizeof of_the_house[0]; i++)
        if (strcmp(name_or_path, of_the_house[i].name) == 0)
            return tsr_agree(comm, tsr_rfm_scheme_parse(name_or_path, of_the_house[i].text,
                                                        (int64_t)*of_the_house[i].bytes, rfm));
    TSR_AGREE(comm, read_on_root(comm, name_or_path, &text, &bytes));
    TSR_TRY(tsr_bcast_block(comm, (void **)&text, &bytes, 0));
    TSR_AGREE(comm, tsr_rfm_scheme_parse(name_or_path, text, bytes, rfm));
done:
    tsr_free(&text);
    return st;
}
