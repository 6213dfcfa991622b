#include "ingest/settle/receipt.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/memory.h"

/* ---- settings: all that decides what the dataset holds ---- */

static json_t *list_of(const tsr_texts *texts)
{
    json_t *list = json_array();

    for (int32_t i = 0; i < texts->n; i++) json_array_append_new(list, json_string(texts->text[i]));
    return list;
}

static json_t *object_of(const tsr_map *map)
{
    json_t *object = json_object();

    for (int32_t i = 0; i < map->n; i++) json_object_set_new(object, map->name[i], json_string(map->text[i]));
    return object;
}

static const char *const returns_name[] = {"keep", "net_per_day", "drop"};

static json_t *settings_of(const tsr_ingest_params *params, const tsr_source *source)
{
    return json_pack("{s:o, s:o, s:o, s:s, s:s, s:b, s:b, s:s?, s:s?, s:I, s:I, s:s?, s:s, s:i, s:I, s:i, s:I, s:i, "
                     "s:o, s:o, s:s, s:I, s:o, s:s?, s:I}",
                     "columns", object_of(&source->columns), "types", object_of(&source->types), "reject",
                     list_of(&source->reject), "format", source->format == TSR_FORMAT_PARQUET ? "parquet" : "text",
                     "delimiter", source->delimiter, "header", source->header, "multiline", source->multiline,
                     "time_format", source->time_format, "source_time_zone", source->time_zone, "partitions",
                     (json_int_t)params->partitions, "money_scale", (json_int_t)params->money_scale, "currency",
                     params->currency, "time_zone", params->time_zone, "resolution", (int)params->resolution,
                     "reject_limit", (json_int_t)params->reject_limit, "match", (int)source->match, "identity_limit",
                     (json_int_t)params->identity_limit, "decimal_mark", (int)source->decimal_mark, "key",
                     list_of(&source->key), "rates", object_of(&params->rates), "returns",
                     returns_name[params->returns], "late_days", (json_int_t)params->late_days, "reconcile",
                     object_of(&params->reconcile), "name", source->name, "dimensions", (json_int_t)source->dimensions);
}

static bool has_time(const tsr_source *source)
{
    for (int32_t i = 0; i < source->columns.n; i++)
        if (strcmp(source->columns.name[i], "time") == 0) return true;
    return false;
}

/* Records of all times are kept; of attributes and vectors, those that were known at as_of. */
static json_t *all_settings_of(const tsr_ingest_params *params, const tsr_source *source)
{
    json_t *settings = settings_of(params, source);
    bool one_of_many = source->kind == TSR_SOURCE_CUSTOMERS || source->kind == TSR_SOURCE_EMBEDDINGS;

    if (params->as_of > 0 && one_of_many && has_time(source))
        json_object_set_new(settings, "as_of", json_integer(params->as_of));
    return settings;
}

static json_t *files_of(const tsr_inputs *inputs, int32_t source, const uint64_t *digest, const bool *skip)
{
    json_t *list = json_array();
    char hex[17];

    for (int32_t f = 0; f < inputs->n; f++) {
        const tsr_input *input = &inputs->file[f];
        if (input->source != source || (skip != NULL && skip[f])) continue;
        snprintf(hex, sizeof hex, "%016" PRIx64, digest[f]);
        json_array_append_new(list, json_pack("{s:s, s:I, s:s}", "name", input->path, "bytes",
                                              (json_int_t)input->facts.bytes, "digest", hex));
    }
    return list;
}

static const char *kind_name(int32_t kind)
{
    if (kind == TSR_SOURCE_IDENTITIES) return "identities";
    if (kind == TSR_SOURCE_EMBEDDINGS) return "embeddings";
    return kind == TSR_SOURCE_CUSTOMERS ? "customers" : tsr_kind_of(kind - TSR_SOURCE_TRANSACTIONS)->name;
}

/* ---- the balance ---- */

static void add_money(json_t *object, const char *key, tsr_int128 money, int64_t scale)
{
    char text[64];

    tsr_int128_print(money, (int32_t)scale, text);
    json_object_set_new(object, key, json_string(text));
}

/* One entry per reason: its columns are added up. @param money_read  grows by the money of the refused rows */
static json_t *rejected_of(const tsr_ingest_params *params, const tsr_balance *balance, int32_t source,
                           tsr_int128 *money_read)
{
    json_t *all = json_object();
    int32_t n, next;
    const tsr_refusal *refusal = tsr_balance_refusals(balance, &n);

    for (int32_t i = 0; i < n; i = next) {
        tsr_int128 money = 0;
        int64_t rows = 0;
        for (next = i; next < n && refusal[next].source == refusal[i].source &&
                       strcmp(refusal[next].reason, refusal[i].reason) == 0;
             next++) {
            money += refusal[next].money;
            rows += refusal[next].rows;
        }
        if (refusal[i].source != source) continue;
        *money_read += money;
        json_t *one = json_pack("{s:I}", "rows", (json_int_t)rows);
        add_money(one, "money", money, params->money_scale);
        json_object_set_new(all, refusal[i].reason, one);
    }
    return all;
}

/* Of transactions: how many returns there were, and what became of them. Dropped ones are among the refused rows. */
static json_t *returns_of(const tsr_ingest_params *params, const json_t *rejected, const tsr_cleaned *cleaned)
{
    json_t *dropped = json_object_get(rejected, TSR_RETURN_REASON);
    json_t *returns = json_pack("{s:s, s:I, s:I}", "policy", returns_name[params->returns], "rows",
                                (json_int_t)cleaned->returns, "rows_netted", (json_int_t)cleaned->netted);

    add_money(returns, "money", cleaned->return_money, params->money_scale);
    if (dropped != NULL) json_object_update(returns, dropped);
    return returns;
}

static json_t *entry_of(const tsr_ingest_params *params, const tsr_inputs *inputs, int32_t i, const uint64_t *digest,
                        const bool *skip, const tsr_balance *balance)
{
    const tsr_source *source = (const tsr_source *)params->sources.item + i;
    const tsr_source_total *total = tsr_balance_total(balance, i);
    tsr_int128 money_read = total->money_used + total->cleaned.duplicate_money;
    json_t *entry = json_pack("{s:s, s:o, s:o}", "kind", kind_name(source->kind), "settings",
                              all_settings_of(params, source), "files", files_of(inputs, i, digest, skip));

    if (entry == NULL) return NULL;
    json_t *rejected = rejected_of(params, balance, i, &money_read);
    json_object_set_new(entry, "rows_read", json_integer(total->rows_read));
    json_object_set_new(entry, "rows_used", json_integer(total->rows_used));
    json_object_set_new(entry, "rows_repeated", json_integer(total->cleaned.repeated));
    json_object_set_new(entry, "rows_duplicate", json_integer(total->cleaned.duplicates));
    if (source->kind == TSR_SOURCE_TRANSACTIONS)
        json_object_set_new(entry, "returns", returns_of(params, rejected, &total->cleaned));
    json_object_set_new(entry, "rows_rejected", rejected);
    add_money(entry, "money_duplicate", total->cleaned.duplicate_money, params->money_scale);
    add_money(entry, "money_read", money_read, params->money_scale);
    add_money(entry, "money_used", total->money_used, params->money_scale);
    return entry;
}

static bool is_skipped(const tsr_inputs *inputs, int32_t source, const bool *skip)
{
    if (skip == NULL) return false;
    for (int32_t f = 0; f < inputs->n; f++)
        if (inputs->file[f].source == source && !skip[f]) return false;
    return true;
}

static tsr_status dump(json_t *list, bool whole, char **text)
{
    char *dumped = whole ? json_dumps(list, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

    json_decref(list);
    if (dumped == NULL) return TSR_FAIL(TSR_ECONF, "the settings of ingest hold text that is not UTF-8");
    tsr_status st = tsr_strdup(text, dumped);
    free(dumped);
    return st;
}

tsr_status tsr_receipt_print(const tsr_ingest_params *params, const tsr_inputs *inputs, const uint64_t *digest,
                             const bool *skip, const tsr_balance *balance, char **text)
{
    json_t *list = json_array();
    bool whole = true;

    *text = NULL;
    for (int32_t i = 0; i < params->sources.n; i++) {
        if (is_skipped(inputs, i, skip)) continue;
        whole = whole && json_array_append_new(list, entry_of(params, inputs, i, digest, skip, balance)) == 0;
    }
    return dump(list, whole, text);
}

tsr_status tsr_receipt_join(const char *first, const char *second, char **joined)
{
    json_t *list = json_loads(first, 0, NULL), *more = json_loads(second, 0, NULL);
    bool whole = json_is_array(list) && json_is_array(more) && json_array_extend(list, more) == 0;

    *joined = NULL;
    json_decref(more);
    return dump(list, whole, joined);
}

/* ---- comparing ---- */

/* What the receipt holds of each source; NULL: there is none, or it is none. */
static json_t *sources_of(const char *receipt)
{
    return receipt != NULL ? json_loads(receipt, 0, NULL) : NULL;
}

static bool is_kind(const json_t *entry, const char *name)
{
    const char *kind = json_string_value(json_object_get(entry, "kind"));

    return kind != NULL && strcmp(kind, name) == 0;
}

static bool same_settings(const json_t *entry, const tsr_ingest_params *params, int32_t source)
{
    json_t *mine = all_settings_of(params, (const tsr_source *)params->sources.item + source);
    bool same = is_kind(entry, kind_name(((const tsr_source *)params->sources.item + source)->kind)) &&
                json_equal(mine, json_object_get(entry, "settings"));

    json_decref(mine);
    return same;
}

/* A file of the job, or of the dataset. */
typedef struct some_file {
    const char *name;
    int64_t bytes;
    uint64_t digest; /* 0 where sizes alone count */
    int32_t number;  /* among the inputs */
} some_file;

/* The files of the job in two orders: those of many nights are compared with as many. */
typedef struct job_files {
    const tsr_inputs *inputs;
    some_file *by_content, *by_name;
    bool with_digests;
    bool *alike; /* [sources of the job] made by the settings of the entry at hand */
} job_files;

static int by_content(const void *left, const void *right)
{
    const some_file *a = left, *b = right;

    return a->bytes != b->bytes ? (a->bytes > b->bytes) - (a->bytes < b->bytes)
                                : (a->digest > b->digest) - (a->digest < b->digest);
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const some_file *)left)->name, ((const some_file *)right)->name);
}

/* The first file that is not before @p wanted. */
static int32_t find_first(const some_file *sorted, int32_t n, const some_file *wanted,
                          int (*order)(const void *, const void *))
{
    int32_t first = 0;

    while (n > 0) {
        int32_t half = n / 2;
        if (order(&sorted[first + half], wanted) < 0) {
            first += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return first;
}

static tsr_status sort_files(const tsr_ingest_params *params, const tsr_inputs *inputs, const uint64_t *digest,
                             job_files *files)
{
    tsr_status st;

    *files = (job_files){.inputs = inputs, .with_digests = digest != NULL};
    TSR_TRY(tsr_alloc(&files->by_content, inputs->n, sizeof *files->by_content));
    TSR_TRY(tsr_alloc(&files->by_name, inputs->n, sizeof *files->by_name));
    TSR_TRY(tsr_alloc(&files->alike, params->sources.n, sizeof *files->alike));
    for (int32_t f = 0; f < inputs->n; f++)
        files->by_content[f] = files->by_name[f] =
            (some_file){inputs->file[f].path, inputs->file[f].facts.bytes, digest != NULL ? digest[f] : 0, f};
    qsort(files->by_content, (size_t)inputs->n, sizeof *files->by_content, by_content);
    qsort(files->by_name, (size_t)inputs->n, sizeof *files->by_name, by_name);
done:
    return st;
}

static void clear_files(job_files *files)
{
    tsr_free(&files->by_content);
    tsr_free(&files->by_name);
    tsr_free(&files->alike);
}

static some_file told_of(const json_t *file, bool with_digest)
{
    const char *name = json_string_value(json_object_get(file, "name"));
    const char *digest = json_string_value(json_object_get(file, "digest"));

    return (some_file){name != NULL ? name : "", json_integer_value(json_object_get(file, "bytes")),
                       with_digest && digest != NULL ? strtoull(digest, NULL, 16) : 0, -1};
}

/* One file of the dataset against all of the job. */
static void compare_file(const json_t *file, const job_files *files, tsr_standing *standing)
{
    const some_file told = told_of(file, files->with_digests), *there;
    const int32_t n = files->inputs->n;
    bool found = false, named = false, same = false;

    for (int32_t i = find_first(files->by_content, n, &told, by_content); i < n; i++) {
        there = &files->by_content[i];
        if (by_content(there, &told) != 0 || (same && standing->known[there->number]))
            break; /* so are all the others */
        standing->known[there->number] = found = true;
        same = same || files->alike[files->inputs->file[there->number].source];
    }
    for (int32_t i = find_first(files->by_name, n, &told, by_name); i < n; i++) {
        there = &files->by_name[i];
        if (by_name(there, &told) != 0) break;
        if (by_content(there, &told) == 0) continue;
        named = true;
        standing->changed = there->name;
    }
    standing->covered = standing->covered && (found || named);
    standing->same = standing->same && same;
}

static void compare_entry(const json_t *entry, const tsr_ingest_params *params, const job_files *files,
                          tsr_standing *standing)
{
    const json_t *list = json_object_get(entry, "files");
    json_t *file;
    size_t i;

    if (!json_is_array(list)) standing->same = standing->covered = false; /* not made from files */
    for (int32_t s = 0; s < params->sources.n; s++) files->alike[s] = same_settings(entry, params, s);
    json_array_foreach(list, i, file) compare_file(file, files, standing);
}

tsr_status tsr_receipt_compare(const char *receipt, const tsr_ingest_params *params, const tsr_inputs *inputs,
                               const uint64_t *digest, tsr_standing *standing)
{
    json_t *list = sources_of(receipt), *entry;
    job_files files;
    size_t i;
    tsr_status st;

    *standing = (tsr_standing){.covered = true, .same = json_is_array(list)};
    TSR_TRY(sort_files(params, inputs, digest, &files));
    TSR_TRY(tsr_alloc(&standing->known, inputs->n, sizeof *standing->known));
    json_array_foreach(list, i, entry) compare_entry(entry, params, &files, standing);
    for (int32_t f = 0; f < inputs->n; f++) standing->unknown += !standing->known[f];
done:
    clear_files(&files);
    json_decref(list);
    return st;
}

int64_t tsr_receipt_bytes(const char *receipt)
{
    json_t *list = sources_of(receipt), *entry, *file;
    int64_t bytes = 0;
    size_t i, k;

    json_array_foreach(list, i, entry)
    {
        json_array_foreach(json_object_get(entry, "files"), k, file) bytes +=
            json_integer_value(json_object_get(file, "bytes"));
    }
    json_decref(list);
    return bytes;
}

bool tsr_receipt_has_field(const char *receipt, const char *field)
{
    json_t *list = sources_of(receipt), *entry;
    bool has = false;
    size_t i;

    json_array_foreach(list, i, entry)
    {
        const json_t *settings = json_object_get(entry, "settings");
        has = has || (is_kind(entry, "transactions") && json_object_get(json_object_get(settings, "columns"), field));
    }
    json_decref(list);
    return has;
}

bool tsr_receipt_needs_all(const char *receipt)
{
    json_t *list = sources_of(receipt), *entry;
    bool needs = false;
    size_t i;

    json_array_foreach(list, i, entry)
    {
        const json_t *settings = json_object_get(entry, "settings");
        const char *returns = json_string_value(json_object_get(settings, "returns"));
        needs = needs || is_kind(entry, "identities") || json_array_size(json_object_get(settings, "key")) > 0 ||
                json_object_size(json_object_get(settings, "reconcile")) > 0 ||
                (returns != NULL && strcmp(returns, returns_name[TSR_RETURNS_NET_PER_DAY]) == 0);
    }
    json_decref(list);
    return needs;
}

/* "-12.34" in hundredths; it was printed by tsr_int128_print(). */
static tsr_int128 money_of(const json_t *text)
{
    const char *at = json_string_value(text);
    tsr_int128 money = 0;

    for (const char *c = at; c != NULL && *c != '\0'; c++)
        if (*c >= '0' && *c <= '9') money = money * 10 + (*c - '0');
    return at != NULL && *at == '-' ? -money : money;
}

void tsr_receipt_totals(const char *receipt, tsr_ingest_result *result)
{
    json_t *list = sources_of(receipt), *entry, *file;
    size_t i, f;

    json_array_foreach(list, i, entry)
    {
        result->rows_read += json_integer_value(json_object_get(entry, "rows_read"));
        result->rows_used += json_integer_value(json_object_get(entry, "rows_used"));
        result->rows_duplicate += json_integer_value(json_object_get(entry, "rows_duplicate"));
        result->rows_repeated += json_integer_value(json_object_get(entry, "rows_repeated"));
        result->money += money_of(json_object_get(entry, "money_used"));
        json_array_foreach(json_object_get(entry, "files"), f, file) result->bytes_read +=
            json_integer_value(json_object_get(file, "bytes"));
    }
    result->rows_rejected = result->rows_read - result->rows_used - result->rows_duplicate;
    json_decref(list);
}
