#include "ingest/mapping/embedding.h"

#include <stdio.h>
#include <string.h>

#define NAME_MOST 51 /* with ".0000", or the number of a component, behind it */

static const tsr_source *source_at(const tsr_ingest_params *params, int32_t i)
{
    return (const tsr_source *)params->sources.item + i;
}

static tsr_status check_name(const tsr_source *source, int32_t number)
{
    size_t n = source->name != NULL ? strlen(source->name) : 0;

    if (n == 0 || n > NAME_MOST || strpbrk(source->name, "/.:= ") != NULL)
        return TSR_FAIL(TSR_ECONF,
                        "ingest.sources[%d].name: embeddings need a name of 1 to %d bytes, without / . : = and blanks",
                        number, (int)NAME_MOST);
    if (source->dimensions < 1)
        return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].dimensions: say how many numbers a vector has", number);
    return TSR_OK;
}

static tsr_status check_columns(const tsr_source *source, int32_t number)
{
    bool vector = false;

    for (int32_t i = 0; i < source->columns.n; i++) {
        const char *field = source->columns.name[i];
        vector = vector || strcmp(field, "vector") == 0;
        if (strcmp(field, "id") != 0 && strcmp(field, "time") != 0 && strcmp(field, "vector") != 0)
            return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].columns: embeddings have id, vector and time, not %s",
                            number, field);
        if (strcmp(field, "vector") == 0 && strchr("=", source->columns.text[i][0]) != NULL) /* or nothing at all */
            return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].columns.vector: name a column", number);
    }
    if (!vector || source->types.n > 0)
        return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].columns: embeddings need a column vector, and no types", number);
    return TSR_OK;
}

tsr_status tsr_embedding_check(const tsr_ingest_params *params, int32_t number)
{
    const tsr_source *source = source_at(params, number);
    tsr_status st;

    if (source->kind != TSR_SOURCE_EMBEDDINGS) return TSR_OK;
    TSR_TRY(check_name(source, number));
    TSR_TRY(check_columns(source, number));
    for (int32_t i = 0; i < number; i++) {
        const tsr_source *other = source_at(params, i);
        if (other->kind == TSR_SOURCE_EMBEDDINGS && strcmp(other->name, source->name) == 0 &&
            other->dimensions != source->dimensions)
            TSR_TRY(TSR_FAIL(TSR_ECONF, "ingest.sources[%d].dimensions: %s has %d in another source", number,
                             source->name, (int)other->dimensions));
    }
done:
    return st;
}

static tsr_status fits(const tsr_source *source, int32_t number, const tsr_dataset_info *there)
{
    tsr_embedding old = {.dimensions = 0};

    while (tsr_embedding_next(there, &old))
        if (strcmp(old.name, source->name) == 0 && old.dimensions != source->dimensions)
            return TSR_FAIL(TSR_ECONF,
                            "ingest.sources[%d]: vectors %s of %s have %d numbers, those in the dataset have %d: give "
                            "them another name, or name the files of both, old and new, to make the dataset anew",
                            number, source->name, source->files.n > 0 ? source->files.text[0] : "no file",
                            (int)source->dimensions, old.dimensions);
    return TSR_OK;
}

tsr_status tsr_embedding_fits(const tsr_ingest_params *params, const tsr_dataset_info *there)
{
    tsr_status st = TSR_OK;

    for (int32_t i = 0; i < params->sources.n && st == TSR_OK; i++)
        if (source_at(params, i)->kind == TSR_SOURCE_EMBEDDINGS) st = fits(source_at(params, i), i, there);
    return st;
}

int32_t tsr_embedding_attributes(const tsr_source *source)
{
    return source->kind == TSR_SOURCE_EMBEDDINGS ? (int32_t)source->dimensions + 1 : 0;
}

void tsr_embedding_name(const tsr_source *source, int32_t component, char name[TSR_NAME_BYTES])
{
    if (component < source->dimensions)
        snprintf(name, TSR_NAME_BYTES, "%.*s.%04d", (int)NAME_MOST, source->name, (int)component);
    else
        snprintf(name, TSR_NAME_BYTES, "%.*s.day", (int)NAME_MOST, source->name);
}

static bool is_gap(char c)
{
    return c == ' ' || c == ',' || c == ';' || c == '\t' || c == '\n' || c == '\r';
}

int32_t tsr_embedding_split(tsr_slice list, int32_t most, tsr_slice *piece)
{
    const char *text = list.at;
    int32_t n = list.n, found = 0;

    if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
        text++;
        n -= 2;
    }
    for (int32_t i = 0; i < n;) {
        while (i < n && is_gap(text[i])) i++;
        int32_t from = i;
        while (i < n && !is_gap(text[i])) i++;
        if (i == from) break;
        if (found < most) piece[found] = (tsr_slice){text + from, i - from};
        found++;
    }
    return found;
}
