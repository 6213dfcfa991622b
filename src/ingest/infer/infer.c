#include "tessera/infer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/infer/fields.h"
#include "tessera/memory.h"
#include "tessera/records.h"

/* Where a line of the job is an answer that somebody must give. */
#define ASK "?"

typedef struct writing {
    FILE *to;
    const tsr_guess_clocks *clocks;
    const char *path;
    const tsr_sniffed *sniffed;
    tsr_source_guess guess;
} writing;

static const char *const kind_names[] = {"customers", "transactions", "events", "campaigns", "consent", "identities"};
static const char *const match_names[] = {"id", "exact", "case", "email", "phone"};

/* A text in double quotes, as YAML and JSON write it. */
static void put_quoted(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') fputc('\\', to);
        if ((unsigned char)*text < 0x20)
            fprintf(to, "\\x%02x", *text);
        else
            fputc(*text, to);
    }
    fputc('"', to);
}

static const tsr_sniffed_column *column_at(const writing *w, int32_t c)
{
    return &w->sniffed->column[c];
}

static const char *words_of(const writing *w, int32_t c, char *text)
{
    return tsr_guess_words(&column_at(w, c)->guess, w->clocks, column_at(w, c)->name, text);
}

static tsr_guess_form form_of(const writing *w, int32_t c)
{
    return tsr_guess_of(&column_at(w, c)->guess, w->clocks, column_at(w, c)->name);
}

static void put_form(const writing *w)
{
    const char *delimiter = w->sniffed->delimiter == '\t'                  ? "tab"
                            : w->sniffed->delimiter == TSR_DELIMITER_BLANK ? "blank"
                                                                           : NULL;

    if (w->sniffed->parquet) {
        fputs("      format: parquet\n", w->to);
        return;
    }
    if (delimiter != NULL)
        fprintf(w->to, "      delimiter: %s\n", delimiter);
    else
        fprintf(w->to, "      delimiter: \"%c\"\n", w->sniffed->delimiter);
    fprintf(w->to, "      header: %s\n", w->sniffed->header ? "true" : "false");
    if (w->sniffed->multiline) fputs("      multiline: true # quoted fields hold line breaks\n", w->to);
}

/* A name of an attribute: without / and ., not too long, not the name of something else. */
static void put_attribute_name(const writing *w, int32_t c)
{
    char name[TSR_NAME_BYTES];

    snprintf(name, sizeof name, "%s%.*s", column_at(w, c)->in_file ? "" : "column_", (int)sizeof name - 8,
             column_at(w, c)->name);
    for (char *at = name; *at != '\0'; at++)
        if (*at == '/' || *at == '.') *at = '_';
    if (strcmp(name, "key") == 0 || strcmp(name, "id") == 0 || strcmp(name, "time") == 0) strcat(name, "_");
    put_quoted(w->to, name);
}

static bool is_attribute(const writing *w, int32_t c)
{
    tsr_guess_form form = form_of(w, c);

    return form == TSR_GUESS_WHOLE || form == TSR_GUESS_NUMBER || form == TSR_GUESS_COMMA || form == TSR_GUESS_CATEGORY;
}

static bool is_mapped(const writing *w, int32_t c)
{
    for (int32_t i = 0; i < w->guess.n; i++)
        if (w->guess.field[i].column == c) return true;
    return w->guess.kind == TSR_SOURCE_CUSTOMERS && is_attribute(w, c);
}

static void put_columns(const writing *w)
{
    char text[64];

    fputs("      columns:\n", w->to);
    if (tsr_fields_column(&w->guess, "id") < 0)
        fputs("        id: \"" ASK "\" # ? which column is the customer's id\n", w->to);
    for (int32_t i = 0; i < w->guess.n; i++) {
        const tsr_field_guess *field = &w->guess.field[i];
        fprintf(w->to, "        %s: ", field->field);
        put_quoted(w->to, column_at(w, field->column)->name);
        fprintf(w->to, " # %s%s\n", words_of(w, field->column, text),
                i == 0 && !w->guess.sure_id ? "; ? a guess: is this the customer's id" : "");
    }
    for (int32_t c = 0; w->guess.kind == TSR_SOURCE_CUSTOMERS && c < w->sniffed->columns; c++) {
        if (!is_attribute(w, c) || c == tsr_fields_column(&w->guess, "id")) continue;
        fputs("        ", w->to);
        put_attribute_name(w, c);
        fputs(": ", w->to);
        put_quoted(w->to, column_at(w, c)->name);
        fprintf(w->to, " # %s\n", words_of(w, c, text));
    }
    for (int32_t c = 0; c < w->sniffed->columns; c++)
        if (!is_mapped(w, c))
            fprintf(w->to, "        # not used: %.100s (%s)\n", column_at(w, c)->name, words_of(w, c, text));
}

/* Fields that a kind must have and that were not found. */
static void put_missing(const writing *w)
{
    static const char *const needed[][3] = {[TSR_SOURCE_TRANSACTIONS] = {"time"},
                                            [TSR_SOURCE_EVENTS] = {"time", "type"},
                                            [TSR_SOURCE_CAMPAIGNS] = {"assigned", "campaign"},
                                            [TSR_SOURCE_CONSENT] = {"time", "purpose", "status"},
                                            [TSR_SOURCE_IDENTITIES] = {"other"}};

    for (int i = 0; i < 3; i++) {
        const char *field = needed[w->guess.kind][i];
        if (field != NULL && tsr_fields_column(&w->guess, field) < 0)
            fprintf(w->to, "        %s: \"" ASK "\" # ? name a column, or write =TEXT for all rows\n", field);
    }
    if (w->guess.kind == TSR_SOURCE_TRANSACTIONS && tsr_fields_column(&w->guess, "amount") < 0 &&
        tsr_fields_column(&w->guess, "price") < 0)
        fputs("        # ? no amount: each purchase counts as 0, unless a column with money is named\n", w->to);
}

static void put_time_format(const writing *w)
{
    int32_t c = tsr_fields_column(&w->guess, w->guess.kind == TSR_SOURCE_CAMPAIGNS ? "assigned" : "time");
    const char *other = NULL;
    const char *format =
        c >= 0 ? tsr_guess_time_format(&column_at(w, c)->guess, w->clocks, column_at(w, c)->name, &other) : NULL;

    if (c < 0 || (format != NULL && strcmp(format, "iso") == 0)) return;
    if (format == NULL)
        fprintf(w->to, "      time_format: \"" ASK "\" # ? how is \"%s\" to be read: a pattern of strptime\n",
                column_at(w, c)->guess.example);
    else if (other != NULL)
        fprintf(w->to,
                "      time_format: \"" ASK "\" # ? the values do not tell day from month: write \"%s\" or \"%s\"\n",
                format, other);
    else
        fprintf(w->to, "      time_format: \"%s\"\n", format);
}

static bool is_money(const char *field)
{
    return strcmp(field, "amount") == 0 || strcmp(field, "price") == 0 || strcmp(field, "revenue") == 0 ||
           strcmp(field, "cost") == 0;
}

static void put_decimal_mark(const writing *w)
{
    bool comma = false;

    for (int32_t c = 0; c < w->sniffed->columns; c++)
        comma = comma || (is_mapped(w, c) && form_of(w, c) == TSR_GUESS_COMMA);
    if (comma) fputs("      decimal_mark: comma # 1.234,56\n", w->to);
}

static void put_source(const writing *w)
{
    fprintf(w->to, "    - kind: %s # ? a guess, from %lld rows\n", kind_names[w->guess.kind],
            (long long)w->sniffed->rows);
    if (w->guess.kind == TSR_SOURCE_IDENTITIES)
        fprintf(w->to, "      match: %s # ? what `other` is\n", match_names[w->guess.match]);
    fputs("      files: [", w->to);
    put_quoted(w->to, w->path);
    fputs("]\n", w->to);
    put_form(w);
    put_columns(w);
    put_missing(w);
    put_time_format(w);
    put_decimal_mark(w);
}

/* Decimals of money: as many as any column of money has, two at least. */
static int32_t money_scale(const writing *all, int32_t n)
{
    int32_t scale = 2;

    for (int32_t f = 0; f < n; f++)
        for (int32_t i = 0; i < all[f].guess.n; i++) {
            int32_t decimals = column_at(&all[f], all[f].guess.field[i].column)->guess.decimals;
            if (is_money(all[f].guess.field[i].field) && decimals > scale) scale = decimals;
        }
    return scale < 9 ? scale : 9;
}

static void put_job(FILE *to, const writing *all, int32_t n)
{
    const char *slash = strrchr(all[0].path, '/'), *stem = slash != NULL ? slash + 1 : all[0].path;
    int length = (int)strcspn(stem, ".*?[ \"\\");
    bool bought = false;

    fputs("# A first job, made from the first rows of each file by `tessera ingest --infer`. Lines with ? are guesses "
          "or\n"
          "# questions: look at them, then see `tessera ingest --dry-run` of this file, which writes nothing.\n",
          to);
    fprintf(to, "dataset: data/%.*s\noutput: runs/%.*s\n\ningest:\n", length, stem, length, stem);
    fprintf(to, "  money: {scale: %d} # decimals; add currency\n", money_scale(all, n));
    fputs("  time_zone: UTC # ? whose calendar days are meant\n  sources:\n", to);
    for (int32_t f = 0; f < n; f++) put_source(&all[f]);
    for (int32_t f = 0; f < n; f++) bought = bought || all[f].guess.kind == TSR_SOURCE_TRANSACTIONS;
    if (!bought) fputs("\nvalue: {model: none} # nothing is bought in these files\n", to);
}

static tsr_status print_job(writing *all, int32_t n, char **job)
{
    char *buffer = NULL;
    size_t bytes = 0;
    FILE *to = open_memstream(&buffer, &bytes);
    tsr_status st;

    for (int32_t f = 0; f < n; f++) all[f].to = to;
    if (to != NULL) put_job(to, all, n);
    bool whole = to != NULL && fclose(to) == 0;
    st = whole ? tsr_strdup(job, buffer) : TSR_FAIL(TSR_ENOMEM, "out of memory: the job's text");
    free(buffer);
    return st;
}

tsr_status tsr_infer_job(const char *const *files, int32_t n, char **job)
{
    tsr_guess_clocks *clocks = NULL;
    tsr_sniffed *sniffed = NULL;
    writing *all = NULL;
    tsr_status st;

    *job = NULL;
    TSR_TRY(tsr_alloc(&clocks, 1, sizeof *clocks));
    TSR_TRY(tsr_alloc(&sniffed, n, sizeof *sniffed));
    TSR_TRY(tsr_alloc(&all, n, sizeof *all));
    TSR_TRY(tsr_guess_prepare(clocks));
    for (int32_t f = 0; f < n; f++) {
        TSR_TRY(tsr_sniff(files[f], clocks, &sniffed[f]));
        all[f] = (writing){.clocks = clocks, .path = files[f], .sniffed = &sniffed[f]};
        tsr_fields_guess(&sniffed[f], clocks, &all[f].guess);
    }
    st = print_job(all, n, job);
done:
    for (int32_t f = 0; sniffed != NULL && f < n; f++) tsr_sniffed_clear(&sniffed[f]);
    tsr_free(&all);
    tsr_free(&sniffed);
    tsr_free(&clocks);
    return st;
}
