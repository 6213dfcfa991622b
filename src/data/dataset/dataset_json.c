#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/dataset/dataset_parts.h"
#include "tessera/memory.h"

#define FORMAT  "tessera dataset"
#define VERSION 1

/* ---- out ---- */

/* NULL where a text is not UTF-8, or memory is short: the caller tells which. */
static json_t *print_dictionary(const tsr_dictionary *dictionary)
{
    json_t *list = json_array();

    for (int32_t i = 0; list && i < dictionary->n; i++)
        if (json_array_append_new(list, json_string(dictionary->text[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static tsr_status add(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) == 0) return TSR_OK;
    return TSR_FAIL(TSR_EDATA, "dataset.json: %s: a text is not UTF-8", key);
}

static tsr_status print_attributes(const tsr_dataset_info *info, json_t *root)
{
    json_t *list = json_array();

    for (int32_t i = 0; i < info->attributes_n; i++) {
        const tsr_attribute *a = &info->attributes[i];
        json_t *one = json_pack("{s:s, s:s}", "name", a->name, "kind", a->categorical ? "category" : "number");
        tsr_status st = one ? TSR_OK : TSR_FAIL(TSR_EDATA, "dataset.json: the name of an attribute is not UTF-8");
        if (st == TSR_OK && a->categorical) {
            json_t *values = print_dictionary(&a->dictionary);
            if (!values || json_object_set_new(one, "values", values) != 0)
                st = TSR_FAIL(TSR_EDATA, "dataset.json: a value of attribute %s is not UTF-8", a->name);
        }
        if (st == TSR_OK && a->empty) st = add(one, "empty", json_true());
        if (st != TSR_OK || json_array_append_new(list, one) != 0) {
            if (st != TSR_OK) json_decref(one);
            json_decref(list);
            return st != TSR_OK ? st : TSR_FAIL(TSR_ENOMEM, "out of memory");
        }
    }
    return add(root, "attributes", list);
}

/* Columns that not every dataset has; those of other kinds than transactions with the kind before them. */
static void column_name(int32_t kind, int32_t column, char *name, size_t room)
{
    const tsr_kind_about *about = tsr_kind_of(kind);

    if (kind == TSR_TRANSACTIONS)
        snprintf(name, room, "%s", about->column[column].name);
    else
        snprintf(name, room, "%s.%s", about->name, about->column[column].name);
}

static tsr_status print_dictionaries(const tsr_dataset_info *info, json_t *root)
{
    tsr_status st = TSR_OK;
    json_t *columns = json_array(), *all = json_object();
    char name[64];

    for (int32_t kind = 0; kind < TSR_KINDS; kind++)
        for (int32_t c = 0; c < tsr_kind_of(kind)->columns; c++) {
            const tsr_kind_column *column = &tsr_kind_of(kind)->column[c];
            if (!tsr_has_column(info->has, kind, c)) continue;
            column_name(kind, c, name, sizeof name);
            if (column->bit != 0) json_array_append_new(columns, json_string(name));
            if (column->dictionary >= 0 && st == TSR_OK)
                st = add(all, name, print_dictionary(&info->dictionary[column->dictionary]));
        }
    json_object_set_new(root, "columns", columns);
    json_object_set_new(root, "dictionaries", all);
    return st;
}

/* Rows of the kinds that a dataset may have: beside "transactions", which stands in the format string. */
static void print_records(uint32_t has, const int64_t records[TSR_KINDS], json_t *object)
{
    for (int32_t kind = 1; kind < TSR_KINDS; kind++)
        if (tsr_has_kind(has, kind)) json_object_set_new(object, tsr_kind_of(kind)->name, json_integer(records[kind]));
}

static void print_parts(const tsr_dataset_info *info, const tsr_part *parts, json_t *root)
{
    json_t *list = json_array();
    char hex[2 * TSR_DIGEST_SIZE + 1];

    for (int32_t i = 0; i < info->partitions; i++) {
        tsr_digest_hex((const uint8_t *)parts[i].digest.limb, hex);
        json_t *one = json_pack("{s:s, s:I, s:I, s:I, s:s}", "file", parts[i].file, "bytes", (json_int_t)parts[i].bytes,
                                "customers", (json_int_t)parts[i].customers, "transactions",
                                (json_int_t)parts[i].transactions, "digest", hex);
        print_records(info->has, parts[i].records, one);
        json_array_append_new(list, one);
    }
    json_object_set_new(root, "partitions", list);
}

static json_t *time_or_null(const tsr_dataset_info *info, uint32_t time)
{
    return info->time_first > info->time_last ? json_null() : json_integer(time);
}

static tsr_status print_sources(const tsr_dataset_info *info, json_t *root)
{
    json_error_t error;

    if (!info->sources) return TSR_OK;
    json_t *sources = json_loads(info->sources, JSON_DECODE_ANY, &error);
    if (!sources) return TSR_FAIL(TSR_EBUG, "dataset.json: sources: %s", error.text);
    json_object_set_new(root, "sources", sources);
    return TSR_OK;
}

tsr_status tsr_dataset_print(const tsr_dataset_info *info, const tsr_part *parts, char **text, int64_t *n)
{
    tsr_status st = TSR_OK;
    char hex[2 * TSR_DIGEST_SIZE + 1], *dumped = NULL;

    tsr_digest_hex(info->digest, hex);
    json_t *root =
        json_pack("{s:s, s:i, s:i, s:I, s:I, s:s, s:{s:s, s:i}, s:{s:i, s:s}, s:{s:s, s:i, s:o, s:o}}", "format",
                  FORMAT, "version", VERSION, "generation", info->generation, "customers", (json_int_t)info->customers,
                  "transactions", (json_int_t)info->transactions, "digest", hex, "id", "kind", info->id_kind, "width",
                  info->id_width, "money", "scale", info->money_scale, "currency", info->currency, "time", "zone",
                  info->time_zone, "resolution", info->resolution, "first", time_or_null(info, info->time_first),
                  "last", time_or_null(info, info->time_last));
    if (!root) TSR_TRY(TSR_FAIL(TSR_EDATA, "dataset.json: currency or time zone is not UTF-8"));
    print_records(info->has, info->records, root);
    TSR_TRY(print_attributes(info, root));
    TSR_TRY(print_dictionaries(info, root));
    TSR_TRY(print_sources(info, root));
    if (parts) print_parts(info, parts, root);
    dumped = json_dumps(root, JSON_INDENT(1));
    if (!dumped) TSR_TRY(TSR_FAIL(TSR_ENOMEM, "out of memory"));
    *n = (int64_t)strlen(dumped);
    TSR_TRY(tsr_strdup(text, dumped));
done:
    free(dumped);
    json_decref(root);
    return st;
}

/* ---- in ---- */

static tsr_status parse_dictionary(const char *name, const json_t *list, tsr_dictionary *dictionary)
{
    tsr_status st = TSR_OK;
    int32_t n = (int32_t)json_array_size(list);

    TSR_TRY(tsr_alloc(&dictionary->text, n, sizeof(char *)));
    for (int32_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(list, (size_t)i));
        if (!text) TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: a dictionary holds something that is not text", name));
        TSR_TRY(tsr_strdup(&dictionary->text[i], text));
        dictionary->n = i + 1;
    }
done:
    return st;
}

static tsr_status parse_attributes(const char *name, const json_t *list, tsr_dataset_info *info)
{
    tsr_status st = TSR_OK;
    json_error_t error;
    int32_t n = (int32_t)json_array_size(list);

    TSR_TRY(tsr_alloc(&info->attributes, n, sizeof(tsr_attribute)));
    info->attributes_n = n;
    for (int32_t i = 0; i < n; i++) {
        const char *own = NULL, *kind = NULL;
        json_t *values = NULL;
        int empty = 0;
        if (json_unpack_ex(json_array_get(list, (size_t)i), &error, 0, "{s:s, s:s, s?o, s?b}", "name", &own, "kind",
                           &kind, "values", &values, "empty", &empty) != 0 ||
            strlen(own) >= TSR_NAME_BYTES)
            TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: attribute %d cannot be read", name, i + 1));
        strcpy(info->attributes[i].name, own);
        info->attributes[i].categorical = strcmp(kind, "category") == 0;
        info->attributes[i].empty = empty != 0;
        if (info->attributes[i].categorical) TSR_TRY(parse_dictionary(name, values, &info->attributes[i].dictionary));
    }
done:
    return st;
}

/* The bit of an optional column by its name; 0: there is none. */
static uint32_t bit_of_column(const char *name)
{
    char own[64];

    for (int32_t kind = 0; kind < TSR_KINDS; kind++)
        for (int32_t c = 0; c < tsr_kind_of(kind)->columns; c++) {
            column_name(kind, c, own, sizeof own);
            if (strcmp(own, name) == 0) return tsr_kind_of(kind)->column[c].bit;
        }
    return 0;
}

static tsr_status parse_columns(const char *name, const json_t *root, tsr_dataset_info *info)
{
    const json_t *columns = json_object_get(root, "columns");

    for (int32_t kind = 1; kind < TSR_KINDS; kind++)
        if (json_object_get(root, tsr_kind_of(kind)->name)) info->has |= tsr_kind_of(kind)->bit;
    for (size_t c = 0; c < json_array_size(columns); c++) {
        const char *column = json_string_value(json_array_get(columns, c));
        uint32_t bit = column ? bit_of_column(column) : 0;
        if (bit == 0) return TSR_FAIL(TSR_EDATA, "%s: column %s is not known", name, column ? column : "?");
        info->has |= bit;
    }
    return TSR_OK;
}

static tsr_status parse_dictionaries(const char *name, const json_t *dictionaries, tsr_dataset_info *info)
{
    tsr_status st = TSR_OK;
    char own[64];

    for (int32_t kind = 0; kind < TSR_KINDS; kind++)
        for (int32_t c = 0; c < tsr_kind_of(kind)->columns; c++) {
            int32_t dictionary = tsr_kind_of(kind)->column[c].dictionary;
            if (dictionary < 0 || !tsr_has_column(info->has, kind, c)) continue;
            column_name(kind, c, own, sizeof own);
            TSR_TRY(parse_dictionary(name, json_object_get(dictionaries, own), &info->dictionary[dictionary]));
        }
done:
    return st;
}

static bool parse_records(const json_t *object, uint32_t has, int64_t records[TSR_KINDS])
{
    for (int32_t kind = 1; kind < TSR_KINDS; kind++) {
        const json_t *rows = json_object_get(object, tsr_kind_of(kind)->name);
        if (!tsr_has_kind(has, kind)) continue;
        records[kind] = json_integer_value(rows);
        if (!json_is_integer(rows) || records[kind] < 0) return false;
    }
    return true;
}

static tsr_status parse_part(const char *name, const json_t *one, int32_t i, uint32_t has, tsr_part *part)
{
    json_error_t error;
    const char *file = NULL, *hex = NULL;
    json_int_t bytes, customers, transactions;

    if (json_unpack_ex((json_t *)(uintptr_t)one, &error, 0, "{s:s, s:I, s:I, s:I, s:s}", "file", &file, "bytes", &bytes,
                       "customers", &customers, "transactions", &transactions, "digest", &hex) != 0)
        return TSR_FAIL(TSR_EDATA, "%s: partition %d: %s", name, i, error.text);
    if (strlen(file) >= sizeof part->file || strchr(file, '/') || customers < 0 || transactions < 0 ||
        !parse_records(one, has, part->records) || !tsr_digest_parse(hex, (uint8_t *)part->digest.limb))
        return TSR_FAIL(TSR_EDATA, "%s: partition %d cannot be read", name, i);
    strcpy(part->file, file);
    part->bytes = bytes;
    part->customers = customers;
    part->transactions = transactions;
    return TSR_OK;
}

static tsr_status parse_parts(const char *name, const json_t *list, tsr_dataset_info *info, tsr_part **parts)
{
    tsr_status st = TSR_OK;
    int64_t customers = 0, transactions = 0, records[TSR_KINDS] = {0};

    info->partitions = (int32_t)json_array_size(list);
    if (info->partitions < 1) TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: names no partition", name));
    TSR_TRY(tsr_alloc(parts, info->partitions, sizeof **parts));
    for (int32_t i = 0; i < info->partitions; i++) {
        TSR_TRY(parse_part(name, json_array_get(list, (size_t)i), i, info->has, &(*parts)[i]));
        (*parts)[i].customer_0 = customers;
        (*parts)[i].transaction_0 = transactions;
        customers += (*parts)[i].customers;
        transactions += (*parts)[i].transactions;
        for (int32_t kind = 1; kind < TSR_KINDS; kind++) records[kind] += (*parts)[i].records[kind];
    }
    if (customers != info->customers || transactions != info->transactions ||
        memcmp(records, info->records, sizeof records) != 0)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: the partitions' customers and transactions do not add up", name));
done:
    return st;
}

/* Texts of limited length into the struct. */
static tsr_status parse_text(const char *name, const char *key, const char *text, char *to, size_t room)
{
    if (strlen(text) >= room) return TSR_FAIL(TSR_EDATA, "%s: %s is too long", name, key);
    strcpy(to, text);
    return TSR_OK;
}

static tsr_status parse_scalars(const char *name, json_t *root, tsr_dataset_info *info)
{
    tsr_status st = TSR_OK;
    json_error_t error;
    const char *hex, *kind, *currency, *zone;
    json_int_t customers, transactions;
    json_t *first, *last;

    if (json_unpack_ex(root, &error, 0, "{s:i, s:I, s:I, s:s, s:{s:s, s:i}, s:{s:i, s:s}, s:{s:s, s:i, s:o, s:o}}",
                       "generation", &info->generation, "customers", &customers, "transactions", &transactions,
                       "digest", &hex, "id", "kind", &kind, "width", &info->id_width, "money", "scale",
                       &info->money_scale, "currency", &currency, "time", "zone", &zone, "resolution",
                       &info->resolution, "first", &first, "last", &last) != 0)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: %s", name, error.text));
    if (!tsr_digest_parse(hex, info->digest)) TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: digest is damaged", name));
    if (info->id_width < 1) TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: id.width is %d", name, info->id_width));
    info->customers = customers;
    info->transactions = transactions;
    info->time_first = json_is_integer(first) ? (uint32_t)json_integer_value(first) : UINT32_MAX;
    info->time_last = json_is_integer(last) ? (uint32_t)json_integer_value(last) : 0;
    TSR_TRY(parse_text(name, "id.kind", kind, info->id_kind, sizeof info->id_kind));
    TSR_TRY(parse_text(name, "money.currency", currency, info->currency, sizeof info->currency));
    TSR_TRY(parse_text(name, "time.zone", zone, info->time_zone, sizeof info->time_zone));
done:
    return st;
}

static tsr_status check_version(const char *name, json_t *root)
{
    const char *format = json_string_value(json_object_get(root, "format"));
    int version = (int)json_integer_value(json_object_get(root, "version"));

    if (!format || strcmp(format, FORMAT) != 0) return TSR_FAIL(TSR_EDATA, "%s: does not describe a dataset", name);
    if (version != VERSION)
        return TSR_FAIL(TSR_EDATA, "%s: format version %d; this tessera reads version %d", name, version, VERSION);
    return TSR_OK;
}

tsr_status tsr_dataset_parse(const char *name, const char *text, int64_t n, tsr_dataset_info *info, tsr_part **parts)
{
    tsr_status st = TSR_OK;
    json_error_t error;
    char *dumped = NULL;

    *info = (tsr_dataset_info){0};
    *parts = NULL;
    json_t *root = json_loadb(text, (size_t)n, 0, &error);
    if (!root) TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: line %d, column %d: %s", name, error.line, error.column, error.text));
    TSR_TRY(check_version(name, root));
    TSR_TRY(parse_scalars(name, root, info));
    TSR_TRY(parse_attributes(name, json_object_get(root, "attributes"), info));
    TSR_TRY(parse_columns(name, root, info));
    TSR_TRY(parse_dictionaries(name, json_object_get(root, "dictionaries"), info));
    if (!parse_records(root, info->has, info->records))
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: the numbers of records cannot be read", name));
    TSR_TRY(parse_parts(name, json_object_get(root, "partitions"), info, parts));
    if (json_object_get(root, "sources")) {
        dumped = json_dumps(json_object_get(root, "sources"), JSON_COMPACT | JSON_ENCODE_ANY);
        if (!dumped) TSR_TRY(TSR_FAIL(TSR_ENOMEM, "out of memory"));
        TSR_TRY(tsr_strdup(&info->sources, dumped));
    }
done:
    free(dumped);
    json_decref(root);
    if (st != TSR_OK) {
        tsr_dataset_info_clear(info);
        tsr_free(parts);
    }
    return st;
}
