#include "ingest/take/inputs.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/mapping/mapping_parts.h"
#include "ingest/read/parquet_facts.h"
#include "tessera/file.h"
#include "tessera/memory.h"

static const tsr_source *source_at(const tsr_ingest_params *params, int32_t i)
{
    return (const tsr_source *)params->sources.item + i;
}

/* ---- what the root tells ---- */

/* What the root tells about one file, before the names of its columns. */
typedef struct told_file {
    tsr_file_facts facts;
    int64_t names_bytes; /* each name with a zero behind it */
    int32_t columns;
    int32_t groups; /* of Parquet; -1: this is none. Behind the names comes what the columns hold, then where row groups
                       begin */
} told_file;

/* ---- the files of patterns ---- */

static int by_name(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static tsr_status tell_path(tsr_blob *to, int32_t source, const char *path)
{
    tsr_status st = tsr_blob_add(to, &source, sizeof source);

    return st == TSR_OK ? tsr_blob_add(to, path, (int64_t)strlen(path) + 1) : st;
}

static bool is_pattern(const char *text)
{
    return strpbrk(text, "*?[") != NULL && !tsr_file_exists(text);
}

static tsr_status tell_matches(const char *pattern, int32_t source, tsr_blob *to)
{
    glob_t found = {0};
    int result = glob(pattern, GLOB_NOSORT, NULL, &found);
    tsr_status st = TSR_OK;

    if (result == GLOB_NOMATCH)
        st = TSR_FAIL(TSR_EIO, "ingest.sources[%d].files: no file fits the pattern %s", (int)source, pattern);
    else if (result != 0)
        st = TSR_FAIL(TSR_EIO, "ingest.sources[%d].files: the folder of %s cannot be read", (int)source, pattern);
    if (st == TSR_OK) qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, by_name);
    for (size_t i = 0; st == TSR_OK && i < found.gl_pathc; i++) st = tell_path(to, source, found.gl_pathv[i]);
    globfree(&found);
    return st;
}

static tsr_status find_files(const tsr_ingest_params *params, tsr_blob *to)
{
    tsr_status st = TSR_OK;

    for (int32_t i = 0; i < params->sources.n; i++)
        for (int32_t f = 0; st == TSR_OK && f < source_at(params, i)->files.n; f++) {
            const char *file = source_at(params, i)->files.text[f];
            st = is_pattern(file) ? tell_matches(file, i, to) : tell_path(to, i, file);
        }
    return st;
}

static int by_source_and_path(const void *left, const void *right)
{
    const tsr_input *a = *(const tsr_input *const *)left, *b = *(const tsr_input *const *)right;

    return a->source != b->source ? (a->source > b->source) - (a->source < b->source) : strcmp(a->path, b->path);
}

/* A file that a source names twice, once by a pattern perhaps, would count twice. */
static tsr_status check_twice(const tsr_inputs *inputs)
{
    const tsr_input **sorted = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&sorted, inputs->n, sizeof *sorted));
    for (int32_t f = 0; f < inputs->n; f++) sorted[f] = &inputs->file[f];
    qsort(sorted, (size_t)inputs->n, sizeof *sorted, by_source_and_path);
    for (int32_t f = 1; f < inputs->n && st == TSR_OK; f++)
        if (by_source_and_path(&sorted[f - 1], &sorted[f]) == 0)
            st = TSR_FAIL(TSR_ECONF, "ingest.sources[%d].files: %s comes twice", (int)sorted[f]->source,
                          sorted[f]->path);
done:
    tsr_free(&sorted);
    return st;
}

static tsr_status list_files(const tsr_blob *found, tsr_inputs *inputs)
{
    const char *at = found->bytes, *end = found->bytes + found->n;
    tsr_status st;

    for (const char *p = at; p < end; p += sizeof(int32_t) + strlen(p + sizeof(int32_t)) + 1) inputs->n++;
    TSR_TRY(tsr_alloc(&inputs->file, inputs->n, sizeof *inputs->file));
    for (int32_t f = 0; f < inputs->n; f++) {
        memcpy(&inputs->file[f].source, at, sizeof(int32_t));
        inputs->file[f].path = at + sizeof(int32_t);
        at += sizeof(int32_t) + strlen(inputs->file[f].path) + 1;
    }
    st = check_twice(inputs);
done:
    return st;
}

/* ---- files and headers, seen by the root ---- */

static tsr_status read_header(const tsr_source *source, const char *path, const tsr_file_facts *facts, tsr_blob *to,
                              told_file *file)
{
    tsr_text_format format = {.delimiter = tsr_source_delimiter(source), .multiline = source->multiline};
    tsr_text_reader *reader = NULL;
    tsr_row row;
    bool more;
    tsr_status st;

    TSR_TRY(tsr_text_reader_open(path, facts, &format, 0, facts->bytes, &reader));
    TSR_TRY(tsr_text_reader_next(reader, &row, &more));
    if (!more) {
        st = TSR_FAIL(TSR_EDATA, "%s: is empty, but its source says header: true", path);
        goto done;
    }
    TSR_TRY(tsr_text_reader_check(reader, &row));
    for (; file->columns < row.fields; file->columns++) {
        tsr_slice name = tsr_trim(row.field[file->columns]);
        TSR_TRY(tsr_blob_add(to, name.at, name.n));
        TSR_TRY(tsr_blob_add(to, "", 1));
        file->names_bytes += name.n + 1;
    }
done:
    tsr_text_reader_close(&reader);
    return st;
}

static tsr_status read_footer(tsr_duck *duck, const char *path, tsr_blob *to, told_file *file)
{
    tsr_parquet_facts facts;
    tsr_status st;

    TSR_TRY(tsr_parquet_look(duck, path, &facts));
    file->columns = facts.columns;
    file->names_bytes = facts.names_bytes;
    file->groups = facts.groups;
    TSR_TRY(tsr_blob_add(to, facts.names, facts.names_bytes));
    TSR_TRY(tsr_blob_add(to, facts.holds, facts.columns));
    TSR_TRY(tsr_blob_add(to, facts.first, (facts.groups + 1) * (int64_t)sizeof *facts.first));
done:
    tsr_parquet_facts_clear(&facts);
    return st;
}

static tsr_status look_at(tsr_duck *duck, const tsr_source *source, const char *path, tsr_blob *to)
{
    bool parquet = source->format == TSR_FORMAT_PARQUET;
    told_file file = {.groups = -1};
    int64_t at = to->n;
    tsr_status st;

    TSR_TRY(tsr_file_look(path, &file.facts));
    TSR_TRY(tsr_blob_add(to, &file, sizeof file));
    if (parquet) TSR_TRY(read_footer(duck, path, to, &file));
    if (!parquet && source->header) TSR_TRY(read_header(source, path, &file.facts, to, &file));
    memcpy(to->bytes + at, &file, sizeof file);
done:
    return st;
}

static tsr_status look_at_all(const tsr_ingest_params *params, const tsr_inputs *inputs, tsr_blob *to)
{
    tsr_status st = TSR_OK;

    for (int32_t f = 0; st == TSR_OK && f < inputs->n; f++)
        st = look_at(inputs->duck, source_at(params, inputs->file[f].source), inputs->file[f].path, to);
    return st;
}

/* Where the next file's names and row groups go. */
typedef struct told_place {
    const char *at;
    int64_t columns, groups, parquet; /* so far: of all files; of all Parquet files; such files */
} told_place;

static void take_groups(tsr_duck *duck, int32_t groups, tsr_input *input, int64_t *first, told_place *place)
{
    int64_t n = groups + 1;

    input->parquet = true;
    input->duck = duck;
    input->header.holds = place->at;
    place->at += input->header.n;
    input->groups = groups;
    input->groups_before = (int32_t)place->groups;
    input->group_first = first + place->groups + place->parquet;
    memcpy(first + place->groups + place->parquet, place->at, (size_t)n * sizeof *first);
    place->at += n * (int64_t)sizeof *first;
    place->groups += groups;
    place->parquet++;
}

static void take_file(const tsr_ingest_params *params, tsr_inputs *inputs, tsr_input *input, told_place *place)
{
    told_file file;

    memcpy(&file, place->at, sizeof file);
    place->at += sizeof file;
    input->facts = file.facts;
    input->header = (tsr_header){.n = file.columns, .name = inputs->name + place->columns};
    for (int32_t c = 0; c < file.columns; c++) {
        inputs->name[place->columns++] = place->at;
        place->at += strlen(place->at) + 1;
    }
    input->whole = file.facts.packing != TSR_PACKING_PLAIN || source_at(params, input->source)->multiline ||
                   file.facts.bytes <= TSR_SOURCE_BLOCK;
    inputs->bytes += file.facts.bytes;
    if (file.groups >= 0) take_groups(inputs->duck, file.groups, input, inputs->group_first, place);
}

/* What was told becomes the inputs; the names stay in the block that was received. */
static tsr_status take_told(const tsr_ingest_params *params, tsr_inputs *inputs)
{
    told_place place = {.at = inputs->told.bytes};
    tsr_status st;

    TSR_TRY(tsr_alloc(&inputs->name, inputs->told.n, sizeof *inputs->name)); /* no name without a byte */
    TSR_TRY(tsr_alloc(&inputs->group_first, inputs->told.n / (int64_t)sizeof *inputs->group_first + 1,
                      sizeof *inputs->group_first));
    for (int32_t f = 0; f < inputs->n; f++) take_file(params, inputs, &inputs->file[f], &place);
    for (int32_t f = 0; f < inputs->n; f++) inputs->file[f].groups_all = (int32_t)place.groups;
done:
    return st;
}

/* ---- time zones, read by the root: hosts may differ in their tz database ---- */

static tsr_status read_zones(const tsr_ingest_params *params, tsr_zone *zone)
{
    tsr_status st = tsr_zone_read(params->time_zone, &zone[params->sources.n]);

    for (int32_t i = 0; st == TSR_OK && i < params->sources.n; i++) {
        const char *name = source_at(params, i)->time_zone;
        if (name == NULL || strcmp(name, params->time_zone) == 0)
            zone[i] = zone[params->sources.n];
        else
            st = tsr_zone_read(name, &zone[i]);
    }
    return st;
}

static tsr_status share_zones(const tsr_comm *comm, const tsr_ingest_params *params, tsr_inputs *inputs)
{
    int64_t n = params->sources.n + 1;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&inputs->zone, n, sizeof *inputs->zone));
    TSR_AGREE(comm, comm->rank == 0 ? read_zones(params, inputs->zone) : TSR_OK);
    tsr_bcast(comm, inputs->zone, n * (int64_t)sizeof *inputs->zone, 0);
done:
    return st;
}

/* ---- the interface ---- */

/* Files of a source mostly have the columns of the one before. */
static bool is_like(const tsr_input *input, const tsr_input *before)
{
    bool like = input->source == before->source && input->header.n == before->header.n;

    for (int32_t c = 0; like && c < input->header.n; c++)
        like = strcmp(input->header.name[c], before->header.name[c]) == 0;
    return like;
}

static tsr_status check_mappings(const tsr_inputs *inputs, const tsr_ingest_params *params)
{
    tsr_mapping *mapping = NULL;
    tsr_status st = TSR_OK;

    for (int32_t f = 0; st == TSR_OK && f < inputs->n; f++) {
        if (f > 0 && is_like(&inputs->file[f], &inputs->file[f - 1])) continue;
        st = tsr_inputs_mapping(inputs, params, f, &mapping);
        tsr_mapping_destroy(&mapping);
    }
    return st;
}

static bool any_parquet(const tsr_ingest_params *params)
{
    bool any = false;

    for (int32_t i = 0; i < params->sources.n; i++) any = any || source_at(params, i)->format == TSR_FORMAT_PARQUET;
    return any;
}

tsr_status tsr_inputs_open(const tsr_comm *comm, const tsr_ingest_params *params, tsr_inputs *inputs)
{
    tsr_status st;

    memset(inputs, 0, sizeof *inputs);
    TSR_AGREE(comm, tsr_inputs_shape(params, inputs));
    TSR_AGREE(comm, tsr_rates_read(params->currency, &params->rates, &inputs->rates));
    TSR_AGREE(comm, comm->rank == 0 ? find_files(params, &inputs->paths) : TSR_OK);
    TSR_TRY(tsr_bcast_block(comm, (void **)&inputs->paths.bytes, &inputs->paths.n, 0));
    TSR_AGREE(comm, list_files(&inputs->paths, inputs));
    TSR_TRY(share_zones(comm, params, inputs));
    TSR_AGREE(comm, any_parquet(params) ? tsr_duck_open(&inputs->duck) : TSR_OK);
    TSR_AGREE(comm, comm->rank == 0 ? look_at_all(params, inputs, &inputs->told) : TSR_OK);
    TSR_TRY(tsr_bcast_block(comm, (void **)&inputs->told.bytes, &inputs->told.n, 0));
    TSR_AGREE(comm, take_told(params, inputs));
    TSR_AGREE(comm, check_mappings(inputs, params));
done:
    if (st != TSR_OK) tsr_inputs_close(inputs);
    return st;
}

void tsr_inputs_close(tsr_inputs *inputs)
{
    tsr_duck_close(&inputs->duck);
    tsr_free(&inputs->file);
    tsr_free(&inputs->paths.bytes);
    tsr_free(&inputs->zone);
    tsr_rates_clear(&inputs->rates);
    tsr_free(&inputs->told.bytes);
    tsr_free(&inputs->name);
    tsr_free(&inputs->group_first);
    tsr_free(&inputs->attribute);
    tsr_free(&inputs->component);
    tsr_free(&inputs->form);
    tsr_free(&inputs->rule);
    memset(inputs, 0, sizeof *inputs);
}

int64_t tsr_inputs_expected(const tsr_inputs *inputs)
{
    int64_t bytes = 0;

    for (int32_t f = 0; f < inputs->n; f++)
        bytes += inputs->file[f].facts.bytes *
                 (inputs->file[f].facts.packing == TSR_PACKING_PLAIN && !inputs->file[f].parquet ? 1 : 4);
    return bytes;
}

/* Row groups of all files in a row, dealt in equal numbers. */
static int64_t first_group(const tsr_input *input, int rank, int size)
{
    int64_t group = (int64_t)input->groups_all * rank / size - input->groups_before;

    return group < 0 ? 0 : group > input->groups ? input->groups : group;
}

void tsr_input_share(const tsr_input *input, int32_t number, int rank, int size, int64_t *begin, int64_t *end)
{
    if (!input->parquet) {
        tsr_input_bytes(input, number, rank, size, begin, end);
        return;
    }
    *begin = input->group_first[first_group(input, rank, size)];
    *end = input->group_first[first_group(input, rank + 1, size)];
}

void tsr_input_bytes(const tsr_input *input, int32_t number, int rank, int size, int64_t *begin, int64_t *end)
{
    *begin = *end = 0;
    if (!input->whole) {
        tsr_span span = tsr_span_even(input->facts.bytes, TSR_SOURCE_BLOCK, rank, size);
        *begin = span.first;
        *end = span.first + span.rows;
    } else if (number % size == rank) {
        *end = input->facts.bytes;
    }
}

/* A list is a vector, or nothing: its text would pass for an id or a category. */
static tsr_status check_columns(const tsr_input *input, const tsr_mapping *mapping)
{
    const tsr_use *use = tsr_mapping_uses(mapping);

    for (int32_t c = 0; c < input->header.n && input->header.holds != NULL; c++) {
        const char holds = input->header.holds[c];
        if (use[c] == TSR_USE_NOT || !tsr_holds_nested(holds)) continue;
        if (holds == TSR_HOLDS_LISTS && c == mapping->vector.slot) continue;
        return TSR_FAIL(TSR_ECONF, "ingest.sources[%d], column \"%s\" of %s holds %s: write single values there",
                        input->source, input->header.name[c], input->path,
                        holds == TSR_HOLDS_LISTS ? "lists" : "records of several fields");
    }
    return TSR_OK;
}

tsr_status tsr_inputs_mapping(const tsr_inputs *inputs, const tsr_ingest_params *params, int32_t number,
                              tsr_mapping **mapping)
{
    const tsr_input *input = &inputs->file[number];
    const tsr_source *source = source_at(params, input->source);
    const tsr_zone *to = &inputs->zone[params->sources.n];
    bool converts = source->time_zone != NULL && strcmp(source->time_zone, params->time_zone) != 0;
    tsr_mapping_place place = {.path = input->path,
                               .source = input->source,
                               .file = number,
                               .money_scale = (int32_t)params->money_scale,
                               .days = params->resolution == TSR_RESOLUTION_DAY,
                               .drop_returns = params->returns == TSR_RETURNS_DROP,
                               .earliest = inputs->earliest,
                               .as_of = params->as_of,
                               .rates = &inputs->rates,
                               .from = converts ? &inputs->zone[input->source] : to,
                               .to = to,
                               .shape = &inputs->shape};
    tsr_status st;

    TSR_TRY(tsr_mapping_create(source, &place, &input->header, mapping));
    TSR_TRY(check_columns(input, *mapping));
done:
    if (st != TSR_OK) tsr_mapping_destroy(mapping);
    return st;
}
