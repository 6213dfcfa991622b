#include "ingest/mapping/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/mapping/embedding.h"
#include "ingest/mapping/mapping_parts.h"
#include "ingest/mapping/policy.h"
#include "tessera/memory.h"

#define COLUMNS_MAX 100000

/* ---- what does not depend on a file ---- */

static const char *mapped(const tsr_source *source, const char *field)
{
    for (int32_t i = 0; i < source->columns.n; i++)
        if (strcmp(source->columns.name[i], field) == 0) return source->columns.text[i];
    return NULL;
}

/* The kind of records of a source; -1: customers, identities or embeddings. */
static int32_t kind_of(const tsr_source *source)
{
    int32_t kind = source->kind - TSR_SOURCE_TRANSACTIONS;

    return kind < TSR_KINDS ? kind : -1;
}

/* How many of the first columns every row must have. */
static const int32_t needed_columns[TSR_KINDS] = {
    [TSR_TRANSACTIONS] = 1, [TSR_EVENTS] = 2, [TSR_CAMPAIGNS] = 2, [TSR_CONSENT] = 3};

static bool is_field(int32_t kind, const char *name)
{
    if (strcmp(name, "id") == 0) return true;
    if (kind == TSR_TRANSACTIONS && strcmp(name, "price") == 0) return true;
    if ((kind == TSR_TRANSACTIONS || kind == TSR_CAMPAIGNS) && strcmp(name, "currency") == 0) return true;
    for (int32_t c = 0; c < tsr_kind_of(kind)->columns; c++)
        if (strcmp(name, tsr_kind_of(kind)->column[c].name) == 0) return true;
    return false;
}

static tsr_status no_such_field(int32_t kind, int32_t number, const char *name)
{
    char names[256] = "id";

    for (int32_t c = 0; c < tsr_kind_of(kind)->columns; c++) {
        strcat(names, ", ");
        strcat(names, tsr_kind_of(kind)->column[c].name);
    }
    if (kind == TSR_TRANSACTIONS) strcat(names, ", price, currency");
    if (kind == TSR_CAMPAIGNS) strcat(names, ", currency");
    return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].columns: %s have no field \"%s\": use %s", number,
                    tsr_kind_of(kind)->name, name, names);
}

static tsr_status check_transactions(const tsr_source *source, int32_t number)
{
    if (mapped(source, "price") != NULL && mapped(source, "amount") != NULL)
        return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].columns: give amount, or price (with quantity), not both",
                        number);
    if (mapped(source, "price") != NULL && mapped(source, "quantity") == NULL)
        return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].columns: price needs quantity: amount = quantity x price",
                        number);
    return TSR_OK;
}

static tsr_status check_records(const tsr_source *source, int32_t number)
{
    int32_t kind = kind_of(source);

    for (int32_t i = 0; i < source->columns.n; i++)
        if (!is_field(kind, source->columns.name[i])) return no_such_field(kind, number, source->columns.name[i]);
    for (int32_t c = 0; c < needed_columns[kind]; c++)
        if (mapped(source, tsr_kind_of(kind)->column[c].name) == NULL)
            return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].columns: %s need a column for %s", number,
                            tsr_kind_of(kind)->name, tsr_kind_of(kind)->column[c].name);
    if (source->types.n > 0)
        return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].types: only attributes of customers have types", number);
    return kind == TSR_TRANSACTIONS ? check_transactions(source, number) : TSR_OK;
}

/* An attribute is a dataset beside /customers/key and /customers/id. */
static tsr_status check_attribute_name(const char *name, int32_t number)
{
    size_t n = strlen(name);

    if (n == 0 || n >= TSR_NAME_BYTES || strchr(name, '/') != NULL || strchr(name, '.') != NULL ||
        strcmp(name, "key") == 0)
        return TSR_FAIL(TSR_ECONF,
                        "ingest.sources[%d].columns: \"%s\" cannot be the name of an attribute: 1 to %d bytes, without "
                        "/ and ., and not key",
                        number, name, TSR_NAME_BYTES - 1);
    return TSR_OK;
}

static tsr_status check_customers(const tsr_source *source, int32_t number)
{
    for (int32_t i = 0; i < source->columns.n; i++) {
        tsr_status st = check_attribute_name(source->columns.name[i], number);
        if (st != TSR_OK) return st;
    }
    for (int32_t i = 0; i < source->types.n; i++) {
        const char *type = source->types.text[i];
        if (mapped(source, source->types.name[i]) == NULL || tsr_is_customer_field(source->types.name[i]))
            return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].types: there is no attribute \"%s\" in columns", number,
                            source->types.name[i]);
        if (strcmp(type, "number") != 0 && strcmp(type, "category") != 0)
            return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].types.%s: \"%s\" is not a type: use number or category",
                            number, source->types.name[i], type);
    }
    return TSR_OK;
}

static tsr_status check_identities(const tsr_source *source, int32_t number)
{
    if (mapped(source, "other") == NULL || source->columns.n != 2 || source->types.n > 0)
        return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].columns: identities have the columns id and other, and no types",
                        number);
    return TSR_OK;
}

static bool delimiter_of(const char *text, char *delimiter)
{
    *delimiter = text[0];
    if (strcmp(text, "tab") == 0)
        *delimiter = '\t';
    else if (strcmp(text, "blank") == 0)
        *delimiter = TSR_DELIMITER_BLANK;
    else if (strlen(text) != 1 || strchr("\"\n\r", text[0]) != NULL || (unsigned char)text[0] >= 0x80)
        return false;
    return true;
}

char tsr_source_delimiter(const tsr_source *source)
{
    char delimiter;

    delimiter_of(source->delimiter, &delimiter);
    return delimiter;
}

tsr_status tsr_source_check(const tsr_source *source, int32_t number)
{
    char delimiter;

    if (source->files.n == 0) return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].files: no file", number);
    if (source->delimiter == NULL || !delimiter_of(source->delimiter, &delimiter))
        return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].delimiter: use one ASCII character, tab or blank", number);
    if (source->multiline && delimiter == TSR_DELIMITER_BLANK)
        return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].multiline: fields between blanks have no quotes", number);
    if (mapped(source, "id") == NULL)
        return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].columns: a column for id is needed", number);
    if (source->kind == TSR_SOURCE_IDENTITIES) return check_identities(source, number);
    if (source->kind == TSR_SOURCE_EMBEDDINGS) return TSR_OK; /* tsr_embedding_check() */
    return kind_of(source) >= 0 ? check_records(source, number) : check_customers(source, number);
}

uint32_t tsr_source_has(const tsr_source *source)
{
    int32_t kind = kind_of(source);
    uint32_t has = 0;

    if (kind < 0) return 0;
    for (int32_t c = 0; c < tsr_kind_of(kind)->columns; c++)
        if (mapped(source, tsr_kind_of(kind)->column[c].name) != NULL) has |= tsr_kind_of(kind)->column[c].bit;
    return has | tsr_kind_of(kind)->bit;
}

/* ---- columns of one file ---- */

typedef struct finder {
    char rule_column[TSR_COLUMN_BYTES]; /* the first one of the rule that is read */
    const tsr_source *source;
    const tsr_mapping_place *place;
    const tsr_header *header;
    tsr_mapping *mapping;
} finder;

static bool is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* The names in the header, cut to what fits a message. */
static void list_names(const tsr_header *header, char *text, size_t room)
{
    size_t n = 0;

    text[0] = '\0';
    for (int32_t i = 0; i < header->n; i++) {
        size_t more = strlen(header->name[i]) + 2;
        if (n + more + 4 >= room) {
            strcpy(text + n, "...");
            return;
        }
        n += (size_t)sprintf(text + n, "%s%s", i > 0 ? ", " : "", header->name[i]);
    }
}

/* The first column of that name from @p from on; -1: none. */
static int32_t slot_of_name(const tsr_header *header, const char *name, int32_t from)
{
    for (int32_t i = from; i < header->n; i++)
        if (strcmp(header->name[i], name) == 0) return i;
    return -1;
}

static tsr_status no_such_column(const finder *f, const char *what, const char *name)
{
    char names[512];

    if (f->header->n == 0)
        return TSR_FAIL(TSR_ECONF, "ingest.sources[%d], %s: \"%s\": %s has no header: give the number of the column",
                        f->place->source, what, name, f->place->path);
    list_names(f->header, names, sizeof names);
    bool unparted = f->header->n == 1 && strpbrk(names, ",;|\t") != NULL;
    return TSR_FAIL(TSR_ECONF, "ingest.sources[%d], %s: no column \"%s\" in %s; its header has: %s%s", f->place->source,
                    what, name, f->place->path, names,
                    unparted ? " (a single name: is the delimiter of the source another one?)" : "");
}

/* A column by its number from 1, or by its name in the header. */
static tsr_status find_place(const finder *f, const char *what, const char *name, tsr_place *place)
{
    place->slot = slot_of_name(f->header, name, 0);
    if (place->slot >= 0 && slot_of_name(f->header, name, place->slot + 1) >= 0)
        return TSR_FAIL(TSR_ECONF, "ingest.sources[%d], %s: the header of %s has several columns \"%s\": give a number",
                        f->place->source, what, f->place->path, name);
    if (place->slot < 0 && is_number(name)) {
        long number = strtol(name, NULL, 10);
        bool beyond =
            f->header->n > 0 && number > f->header->n && tsr_source_delimiter(f->source) != TSR_DELIMITER_BLANK;
        if (number < 1 || number > COLUMNS_MAX || beyond)
            return TSR_FAIL(TSR_ECONF, "ingest.sources[%d], %s: there is no column number %s in %s", f->place->source,
                            what, name, f->place->path);
        place->slot = (int32_t)number - 1;
    }
    if (place->slot < 0) return no_such_column(f, what, name);
    if (place->slot >= f->mapping->format.fields) f->mapping->format.fields = place->slot + 1;
    if (place->slot < f->header->n) f->mapping->use[place->slot] = TSR_USE_TEXT;
    const char *shown = place->slot < f->header->n ? f->header->name[place->slot] : name;
    snprintf(place->column, sizeof place->column, "%.*s", (int)sizeof place->column - 1, shown);
    return TSR_OK;
}

/* One field of the job: a column of the file, or "=text". */
static tsr_status find_field(const finder *f, const char *field, tsr_place *place)
{
    const char *name = mapped(f->source, field);

    *place = (tsr_place){.slot = -1};
    if (name == NULL) return TSR_OK;
    if (name[0] != '=') return find_place(f, field, name, place);
    place->constant = name + 1;
    snprintf(place->column, sizeof place->column, "%.*s", (int)sizeof place->column - 1, field);
    return TSR_OK;
}

static tsr_status find_fields(const finder *f)
{
    tsr_mapping *mapping = f->mapping;
    tsr_status st = find_field(f, "id", &mapping->id);

    mapping->columns = mapping->kind >= 0 ? tsr_kind_of(mapping->kind)->columns : 0;
    mapping->needed = mapping->kind >= 0 ? needed_columns[mapping->kind] : 0;
    mapping->price.slot = mapping->other.slot = mapping->currency.slot = mapping->since.slot = -1;
    mapping->vector.slot = -1;
    if (st == TSR_OK && mapping->kind < 0 && !mapping->pairs) st = find_field(f, "time", &mapping->since);
    if (st == TSR_OK && mapping->kind >= 0) st = find_field(f, "currency", &mapping->currency);
    if (st == TSR_OK && mapping->pairs) st = find_field(f, "other", &mapping->other);
    if (st == TSR_OK && mapping->kind == TSR_TRANSACTIONS) st = find_field(f, "price", &mapping->price);
    for (int32_t c = 0; st == TSR_OK && c < mapping->columns; c++)
        st = find_field(f, tsr_kind_of(mapping->kind)->column[c].name, &mapping->column[c]);
    return st;
}

static int32_t attribute_number(const tsr_collect_shape *shape, const char *name)
{
    int32_t a = 0;

    while (a < shape->attributes && strcmp(shape->attribute_name[a], name) != 0) a++;
    TSR_ASSERT(a < shape->attributes);
    return a;
}

static tsr_status find_attributes(const finder *f)
{
    tsr_mapping *mapping = f->mapping;
    tsr_status st = tsr_alloc(&mapping->attribute, f->source->columns.n, sizeof *mapping->attribute);

    if (st == TSR_OK) st = tsr_alloc(&mapping->attribute_text, f->place->shape->attributes, sizeof(tsr_slice));
    for (int32_t i = 0; st == TSR_OK && i < f->source->columns.n; i++) {
        const char *name = f->source->columns.name[i];
        if (tsr_is_customer_field(name)) continue;
        tsr_attribute_place *at = &mapping->attribute[mapping->attributes++];
        at->name = name;
        at->attribute = attribute_number(f->place->shape, name);
        at->form = f->place->shape->attribute_form[at->attribute];
        st = find_field(f, name, &at->place);
    }
    return st;
}

/* A column for each number of a vector, or one with a list of them; and the day of the row. */
static tsr_status find_vector(const finder *f)
{
    tsr_mapping *mapping = f->mapping;
    const char *name = mapped(f->source, "vector");
    int32_t stem = (int32_t)strlen(name) - 1, d = mapping->dimensions;
    char attribute[TSR_NAME_BYTES], column[TSR_COLUMN_BYTES + 16];
    tsr_status st;

    TSR_TRY(tsr_alloc(&mapping->attribute, d + 1, sizeof *mapping->attribute));
    TSR_TRY(tsr_alloc(&mapping->attribute_text, f->place->shape->attributes, sizeof(tsr_slice)));
    TSR_TRY(tsr_alloc(&mapping->piece, d + 1, sizeof *mapping->piece));
    TSR_TRY(tsr_alloc(&mapping->day, TSR_DAY_BYTES, 1));
    if (name[stem] != '*') TSR_TRY(find_place(f, "vector", name, &mapping->vector));
    for (; mapping->attributes <= d; mapping->attributes++) {
        int32_t c = mapping->attributes;
        tsr_attribute_place *at = &mapping->attribute[c];
        tsr_embedding_name(f->source, c, attribute);
        *at = (tsr_attribute_place){.place = {.slot = -1}, .form = TSR_FORM_NUMBER, .name = "vector"};
        at->attribute = attribute_number(f->place->shape, attribute);
        at->place.piece = &mapping->piece[c];
        if (c == d || name[stem] != '*') continue;
        at->place.piece = NULL;
        snprintf(column, sizeof column, "%.*s%d", stem < TSR_COLUMN_BYTES ? stem : TSR_COLUMN_BYTES, name, (int)c);
        TSR_TRY(find_place(f, "vector", column, &at->place));
    }
done:
    return st;
}

/* The columns that a rule may name: fields and attributes of the mapping first, then the header. */
static tsr_status find_slot(void *context, const char *column, int32_t *slot)
{
    finder *f = context;
    const char *name = mapped(f->source, column);
    tsr_place place = {.slot = TSR_SLOT_AMOUNT, .column = "amount"};
    bool made = name == NULL && strcmp(column, "amount") == 0 && mapped(f->source, "price") != NULL;
    tsr_status st = made ? TSR_OK : find_place(f, "reject", name != NULL ? name : column, &place);

    *slot = place.slot;
    if (f->rule_column[0] == '\0') memcpy(f->rule_column, place.column, sizeof f->rule_column);
    return st;
}

static tsr_status compile_rule(finder *f, const char *text, const char *reason)
{
    tsr_rule_place *made = &f->mapping->rule[f->mapping->rules];

    f->rule_column[0] = '\0';
    tsr_status st = tsr_reject_compile(text, find_slot, f, &made->rule);
    memcpy(made->column, f->rule_column, sizeof made->column);
    if (st != TSR_OK) return st;
    made->reason = reason != NULL ? reason : tsr_reject_text(made->rule);
    f->mapping->rules++;
    return TSR_OK;
}

/* The rules of the source; returns that are dropped are one more. */
static tsr_status compile_rules(finder *f)
{
    tsr_mapping *mapping = f->mapping;
    bool money = mapped(f->source, "amount") != NULL || mapped(f->source, "price") != NULL;
    tsr_status st = tsr_alloc(&mapping->rule, f->source->reject.n + 1LL, sizeof *mapping->rule);

    for (int32_t i = 0; st == TSR_OK && i < f->source->reject.n; i++)
        st = compile_rule(f, f->source->reject.text[i], NULL);
    if (st == TSR_OK && f->place->drop_returns && mapping->kind == TSR_TRANSACTIONS && money)
        st = compile_rule(f, "amount < 0", TSR_RETURN_REASON);
    return st;
}

tsr_status tsr_mapping_create(const tsr_source *source, const tsr_mapping_place *place, const tsr_header *header,
                              tsr_mapping **out)
{
    finder f = {.source = source, .place = place, .header = header};
    tsr_mapping *mapping = NULL;
    tsr_status st;

    *out = NULL;
    TSR_TRY(tsr_alloc(&mapping, 1, sizeof *mapping));
    TSR_TRY(tsr_alloc(&mapping->use, header->n, sizeof *mapping->use));
    mapping->uses = header->n;
    f.mapping = mapping;
    mapping->kind = kind_of(source);
    mapping->pairs = source->kind == TSR_SOURCE_IDENTITIES;
    mapping->match = source->match;
    mapping->dimensions = source->kind == TSR_SOURCE_EMBEDDINGS ? (int32_t)source->dimensions : 0;
    mapping->source = place->source;
    mapping->file = place->file;
    mapping->money_scale = place->money_scale;
    mapping->days = place->days;
    mapping->earliest = place->earliest;
    mapping->as_of = place->as_of;
    mapping->rates = place->rates;
    mapping->has = place->shape->has;
    mapping->format = (tsr_text_format){.delimiter = tsr_source_delimiter(source),
                                        .header = source->header,
                                        .multiline = source->multiline,
                                        .columns = source->header ? header->n : 0};
    TSR_TRY(find_fields(&f));
    if (source->kind == TSR_SOURCE_CUSTOMERS) TSR_TRY(find_attributes(&f));
    if (mapping->dimensions > 0) TSR_TRY(find_vector(&f));
    if (mapping->kind >= 0 || TSR_IS_MAPPED(&mapping->since))
        TSR_TRY(tsr_clock_set(&mapping->clock, source->time_format, place->from, place->to));
    TSR_TRY(compile_rules(&f));
    if (source->decimal_mark == TSR_DECIMAL_COMMA) TSR_TRY(tsr_mapping_mark(mapping, header, place->shape->attributes));
    TSR_TRY(tsr_mapping_plan(mapping));
    *out = mapping;
    mapping = NULL;
done:
    tsr_mapping_destroy(&mapping);
    return st;
}

void tsr_mapping_destroy(tsr_mapping **at)
{
    tsr_mapping *mapping = *at;

    if (mapping == NULL) return;
    for (int32_t i = 0; i < mapping->rules; i++) tsr_reject_destroy(&mapping->rule[i].rule);
    tsr_free(&mapping->rule);
    if (mapping->marked != NULL) tsr_marked_clear(mapping->marked);
    tsr_free(&mapping->marked);
    tsr_free(&mapping->use);
    tsr_free(&mapping->memory);
    tsr_free(&mapping->attribute_text);
    tsr_free(&mapping->attribute);
    tsr_free(&mapping->piece);
    tsr_free(&mapping->day);
    tsr_free(at);
}

tsr_text_format tsr_mapping_format(const tsr_mapping *mapping)
{
    return mapping->format;
}

const tsr_use *tsr_mapping_uses(const tsr_mapping *mapping)
{
    return mapping->use;
}
