#include "tessera/preview.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/infer/guess.h"
#include "ingest/mapping/mapping_parts.h"
#include "ingest/read/parquet_reader.h"
#include "ingest/settle/rejects.h"
#include "ingest/take/inputs.h"
#include "tessera/log.h"
#include "tessera/memory.h"

#define MEMORY         (64LL << 20) /* far more than the rows of a sample take: nothing is spilled */
#define LINES_A_REASON 3
#define COLUMNS_MOST   10000

/* ---- what flows ---- */

typedef struct preview {
    const tsr_ingest_params *params;
    tsr_inputs inputs;
    tsr_collect *collect;
    tsr_balance *balance;
    tsr_guess_clocks *clocks;
    int64_t *first_line; /* [files] */
    FILE *to;            /* on the root */
} preview;

/* A source and the file that stands for it. */
typedef struct sample {
    const tsr_source *source;
    const tsr_input *input;
    int32_t number, file, files;
    tsr_mapping *mapping;
    int32_t columns;
    tsr_guess *guess; /* [columns] */
} sample;

static void sample_clear(sample *s)
{
    tsr_mapping_destroy(&s->mapping);
    tsr_free(&s->guess);
}

/* ---- the fields of a column ---- */

static const char *const cell_types[] = {
    [TSR_CELL_TIME] = "time",          [TSR_CELL_MONEY] = "money",   [TSR_CELL_HASH] = "text (hash)",
    [TSR_CELL_COUNT] = "whole number", [TSR_CELL_CODE] = "category", [TSR_CELL_VALUE] = "number"};

static void put_field(const preview *p, const sample *s, int32_t c, const tsr_place *place, const char *field,
                      const char *type, const char *unit)
{
    char words[64];
    const char *name = c < s->input->header.n ? s->input->header.name[c] : place != NULL ? place->column : "";

    if (place != NULL && place->slot != c) return;
    if (name[0] == '\0') snprintf(words, sizeof words, "%d", c + 1);
    fprintf(p->to, "  %-24.60s", name[0] == '\0' ? words : name);
    fprintf(p->to, " %-28s", c < s->columns ? tsr_guess_words(&s->guess[c], p->clocks, name, words) : "");
    fprintf(p->to, " %-14s %-16s %s\n", field, type, unit);
}

static const char *unit_of(const preview *p, const sample *s, tsr_cell cell)
{
    if (cell == TSR_CELL_MONEY) return p->params->currency != NULL ? p->params->currency : "";
    if (cell == TSR_CELL_TIME) return s->source->time_zone != NULL ? s->source->time_zone : p->params->time_zone;
    return "";
}

static void put_records(const preview *p, const sample *s, int32_t c)
{
    for (int32_t k = 0; k < s->mapping->columns; k++) {
        const tsr_kind_column *about = &tsr_kind_of(s->mapping->kind)->column[k];
        put_field(p, s, c, &s->mapping->column[k], about->name, cell_types[about->cell], unit_of(p, s, about->cell));
    }
    put_field(p, s, c, &s->mapping->currency, "currency", "ISO 4217", "");
    put_field(p, s, c, &s->mapping->price, "price", "money", unit_of(p, s, TSR_CELL_MONEY));
}

static bool is_used(const sample *s, int32_t c)
{
    bool used = s->mapping->id.slot == c || s->mapping->price.slot == c || s->mapping->other.slot == c ||
                s->mapping->currency.slot == c || s->mapping->since.slot == c || s->mapping->vector.slot == c;

    for (int32_t k = 0; k < s->mapping->columns; k++) used = used || s->mapping->column[k].slot == c;
    for (int32_t a = 0; a < s->mapping->attributes; a++) used = used || s->mapping->attribute[a].place.slot == c;
    return used;
}

static void put_column(const preview *p, const sample *s, int32_t c)
{
    static const char *const forms[] = {
        [TSR_FORM_AUTO] = "attribute", [TSR_FORM_NUMBER] = "number", [TSR_FORM_CATEGORY] = "category"};

    put_field(p, s, c, &s->mapping->id, "id", "text", "");
    put_records(p, s, c);
    put_field(p, s, c, &s->mapping->other, "other", "text", "");
    put_field(p, s, c, &s->mapping->since, "time", "time", unit_of(p, s, TSR_CELL_TIME));
    put_field(p, s, c, &s->mapping->vector, "vector", "list of numbers", "");
    for (int32_t a = 0; a < s->mapping->attributes; a++) {
        const tsr_attribute_place *at = &s->mapping->attribute[a];
        put_field(p, s, c, &at->place, at->name, forms[at->form], "");
    }
    if (!is_used(s, c)) put_field(p, s, c, NULL, "-", "not used", "");
}

static void put_head(const preview *p, const sample *s)
{
    static const char *const kinds[] = {"customers", "transactions", "events",    "campaigns",
                                        "consent",   "identities",   "embeddings"};

    fprintf(p->to, "ingest.sources[%" PRId32 "]: %s from %s", s->number, kinds[s->source->kind], s->input->path);
    if (s->files > 1) fprintf(p->to, " and %" PRId32 " more", s->files - 1);
    fprintf(p->to, "\n  %-24s %-28s %-14s %-16s %s\n", "column", "holds", "field", "type", "unit");
}

/* ---- rows ---- */

static tsr_status see_row(const preview *p, sample *s, const tsr_row *row)
{
    tsr_status st = TSR_OK;

    if (row->fields > s->columns && s->columns < COLUMNS_MOST) {
        st = tsr_resize(&s->guess, row->fields, sizeof *s->guess);
        if (st != TSR_OK) return st;
        memset(s->guess + s->columns, 0, (size_t)(row->fields - s->columns) * sizeof *s->guess);
        for (int32_t c = s->columns; c < row->fields && s->input->header.holds != NULL; c++)
            s->guess[c].nested = tsr_holds_nested(s->input->header.holds[c]);
        s->columns = row->fields;
    }
    for (int32_t f = 0; f < row->fields && f < s->columns; f++)
        tsr_guess_add(&s->guess[f], p->clocks, tsr_trim(row->field[f]));
    return st;
}

static tsr_status read_rows(const preview *p, sample *s)
{
    tsr_text_format format = tsr_mapping_format(s->mapping);
    tsr_parquet_reader *parquet = NULL;
    tsr_text_reader *text = NULL;
    tsr_seen seen = {.clock = false};
    int64_t rows = s->input->parquet ? s->input->group_first[s->input->groups] : 0;
    bool more = true;
    tsr_row row;
    tsr_status st;

    format.fields = 0; /* columns that are not used are looked at, too */
    if (s->input->parquet)
        TSR_TRY(tsr_parquet_reader_open(s->input->duck, s->input->path, s->input->header.n, NULL, 0,
                                        rows < TSR_PREVIEW_ROWS ? rows : TSR_PREVIEW_ROWS, &parquet));
    else
        TSR_TRY(tsr_text_reader_open(s->input->path, &s->input->facts, &format, 0, s->input->facts.bytes, &text));
    for (int64_t n = 0; n < TSR_PREVIEW_ROWS; n++) {
        TSR_TRY(text != NULL ? tsr_text_reader_next(text, &row, &more) : tsr_parquet_reader_next(parquet, &row, &more));
        if (!more) break;
        TSR_TRY(see_row(p, s, &row));
        TSR_TRY(tsr_mapping_take(s->mapping, &row, p->collect, p->balance, &seen));
    }
done:
    tsr_text_reader_close(&text);
    tsr_parquet_reader_close(&parquet);
    return st;
}

static tsr_status preview_source(preview *p, int32_t number)
{
    sample s = {.source = (const tsr_source *)p->params->sources.item + number, .number = number, .file = -1};
    tsr_status st = TSR_OK;

    for (int32_t f = p->inputs.n - 1; f >= 0; f--)
        if (p->inputs.file[f].source == number) {
            s.file = f;
            s.files++;
        }
    if (s.file < 0) return TSR_OK;
    s.input = &p->inputs.file[s.file];
    TSR_TRY(tsr_inputs_mapping(&p->inputs, p->params, s.file, &s.mapping));
    TSR_TRY(read_rows(p, &s));
    put_head(p, &s);
    for (int32_t c = 0; c < s.columns; c++) put_column(p, &s, c);
done:
    sample_clear(&s);
    return st;
}

static tsr_status preview_sources(preview *p)
{
    tsr_status st = TSR_OK;

    for (int32_t i = 0; st == TSR_OK && i < p->params->sources.n; i++) st = preview_source(p, i);
    return st;
}

/* ---- the account ---- */

static tsr_status put_balance(const preview *p)
{
    char *text = NULL, count[2][32];
    int64_t bytes;
    int32_t n;
    const tsr_refusal *refusal = tsr_balance_refusals(p->balance, &n);
    tsr_status st;

    for (int32_t i = 0; i < p->params->sources.n; i++) {
        const tsr_source_total *total = tsr_balance_total(p->balance, i);
        fprintf(p->to, "ingest.sources[%" PRId32 "]: %s of the first %s rows would be used\n", i,
                tsr_grouped(total->rows_used, count[0]), tsr_grouped(total->rows_read, count[1]));
    }
    for (int32_t i = 0; i < n; i++) {
        const char *advice = tsr_reject_advice(refusal[i].reason);
        fprintf(p->to, "  rejected from sources[%" PRId32 "]: %s for \"%s\"%s%s%s%s\n", refusal[i].source,
                tsr_grouped(refusal[i].rows, count[0]), refusal[i].reason, refusal[i].column[0] != '\0' ? " in " : "",
                refusal[i].column, advice != NULL ? ": " : "", advice != NULL ? advice : "");
    }
    TSR_TRY(tsr_rejects_text(p->balance, &p->inputs, &text, &bytes));
    if (n > 0) fprintf(p->to, "the first rejects:\n%s", text);
done:
    tsr_free(&text);
    return st;
}

/* ---- the interface ---- */

static tsr_status prepare(const tsr_comm *comm, preview *p)
{
    tsr_collect_plan plan = {.partitions = 1, .expected_bytes = 1, .memory = MEMORY, .scratch = "."};
    tsr_status st;

    TSR_TRY(tsr_inputs_open(comm, p->params, &p->inputs));
    TSR_TRY(tsr_collect_create(comm, &p->inputs.shape, &plan, &p->collect));
    TSR_AGREE(comm, tsr_balance_create(p->params->sources.n, LINES_A_REASON, &p->balance));
    TSR_AGREE(comm, tsr_alloc(&p->clocks, 1, sizeof *p->clocks));
    TSR_AGREE(comm, tsr_guess_prepare(p->clocks));
    TSR_AGREE(comm, tsr_alloc(&p->first_line, p->inputs.n, sizeof *p->first_line));
    for (int32_t f = 0; f < p->inputs.n; f++) p->first_line[f] = 1;
done:
    return st;
}

tsr_status tsr_ingest_preview(const tsr_comm *comm, const tsr_ingest_params *params, char **text)
{
    preview p = {.params = params};
    char *buffer = NULL;
    size_t bytes = 0;
    tsr_status st;

    *text = NULL;
    TSR_AGREE(comm, tsr_ingest_check(params));
    TSR_TRY(prepare(comm, &p));
    if (comm->rank == 0) p.to = open_memstream(&buffer, &bytes);
    TSR_AGREE(comm, comm->rank == 0 && p.to == NULL ? TSR_FAIL(TSR_ENOMEM, "out of memory: the preview") : TSR_OK);
    TSR_AGREE(comm, comm->rank == 0 ? preview_sources(&p) : TSR_OK);
    TSR_TRY(tsr_balance_settle(comm, p.balance, p.first_line));
    TSR_AGREE(comm, comm->rank == 0 ? put_balance(&p) : TSR_OK);
    if (p.to != NULL) fflush(p.to);
    TSR_AGREE(comm, comm->rank == 0 ? tsr_strdup(text, buffer) : TSR_OK);
done:
    if (p.to != NULL) fclose(p.to);
    free(buffer);
    tsr_free(&p.first_line);
    tsr_free(&p.clocks);
    tsr_balance_destroy(&p.balance);
    tsr_collect_destroy(&p.collect);
    tsr_inputs_close(&p.inputs);
    return st;
}
