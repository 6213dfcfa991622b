#include "data/job/job_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wrap.h"
#include "tessera/memory.h"

/* ---- all keys, for people --------------------------------------------------------------------------------------- */

static const char *type_words(tsr_key_type type)
{
    switch (type) {
    case TSR_KEY_BOOL: return "true or false";
    case TSR_KEY_INT: return "whole number";
    case TSR_KEY_REAL: return "number";
    case TSR_KEY_TEXT: return "text";
    case TSR_KEY_PATH: return "path";
    case TSR_KEY_CHOICE: return "one of";
    case TSR_KEY_RANGE: return "whole number or range like 5..8";
    case TSR_KEY_BYTES: return "size like 512MiB";
    case TSR_KEY_DATE: return "date YYYY-MM-DD [HH:MM:SS]";
    case TSR_KEY_TEXTS: return "list of texts";
    case TSR_KEY_PATHS: return "list of paths";
    case TSR_KEY_MAP: return "map {name: value}";
    case TSR_KEY_GROUPS: return "list of maps with the keys below";
    }
    return "";
}

static void print_type(FILE *out, const tsr_key *key)
{
    fputs(type_words(key->type), out);
    if (key->type == TSR_KEY_CHOICE) fprintf(out, " %s", key->choices);
    if (key->low == 0 && key->high == 0) return;
    if (isinf(key->high))
        fprintf(out, ", at least %.16g", key->low);
    else
        fprintf(out, ", %.16g to %.16g", key->low, key->high);
}

static int path_width(const tsr_key *keys, const char *prefix)
{
    int widest = 0;
    for (; keys->path != NULL; keys++) {
        int width = (int)(strlen(prefix) + strlen(keys->path));
        if (width > widest) widest = width;
    }
    return widest;
}

static void explain_keys(FILE *out, const tsr_key *keys, const char *prefix)
{
    int width = path_width(keys, prefix);
    for (; keys->path != NULL; keys++) {
        char below[128];
        int n = fprintf(out, "  %s%s", prefix, keys->path);
        fprintf(out, "%*s  ", width + 2 - n, "");
        print_type(out, keys);
        if (keys->fallback == NULL)
            fputs("; must be given\n", out);
        else
            fprintf(out, "; default %s\n", keys->fallback[0] != '\0' ? keys->fallback : "nothing");
        tsr_print_wrapped(out, 6, keys->meaning);
        if (keys->type != TSR_KEY_GROUPS) continue;
        snprintf(below, sizeof below, "%s%s[].", prefix, keys->path);
        explain_keys(out, keys->members, below);
    }
}

static void explain_sections(FILE *out, const tsr_section *sections, int32_t sections_n)
{
    for (int32_t s = 0; s < sections_n; s++) {
        if (sections[s].keys->path == NULL) continue;
        if (s > 0) fputc('\n', out);
        const char *first = sections[s].keys->path;
        fprintf(out, "%.*s\n", (int)strcspn(first, "."), strchr(first, '.') != NULL ? first : "job");
        explain_keys(out, sections[s].keys, "");
    }
    fputs(
        "\nPaths may hold variables of the environment, ${NAME}; TESSERA_DATA is ../shared/data where it is not set.\n"
        "A map is written in lines or in braces: cluster.k is {cluster: {k: 6}}, or --set cluster.k=6.\n",
        out);
}

tsr_status tsr_job_explain(const tsr_section *sections, int32_t sections_n, char **text)
{
    char *buffer = NULL;
    size_t n = 0;
    *text = NULL;
    FILE *out = open_memstream(&buffer, &n);
    if (out == NULL) return TSR_FAIL(TSR_ENOMEM, "out of memory while explaining the job's keys");
    explain_sections(out, sections, sections_n);
    tsr_status st = TSR_OK;
    if (fclose(out) != 0) st = TSR_FAIL(TSR_ENOMEM, "out of memory while explaining the job's keys");
    if (st == TSR_OK) st = tsr_strdup(text, buffer);
    free(buffer);
    return st;
}

/* ---- two jobs --------------------------------------------------------------------------------------------------- */

static bool is_excepted(const char *name, const char *except)
{
    return except != NULL && strncmp(name, except, strlen(except)) == 0;
}

/* The smallest name of a key in `a` that `b` has not, or has with another value; `found` where that is smaller. */
static const char *first_difference(json_t *a, const json_t *b, const char *except, const char *found)
{
    const char *name;
    json_t *value;
    json_object_foreach(a, name, value)
    {
        if (is_excepted(name, except) || json_equal(value, json_object_get(b, name))) continue;
        if (found == NULL || strcmp(name, found) < 0) found = name;
    }
    return found;
}

static json_t *parse_echo(const char *echo)
{
    json_error_t error;
    json_t *json = json_loads(echo, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(json)) return json;
    json_decref(json);
    return NULL;
}

tsr_status tsr_job_difference(const char *echo, const char *other, const char *except, char **key)
{
    tsr_status st = TSR_OK;
    *key = NULL;
    json_t *a = parse_echo(echo), *b = parse_echo(other);
    if (a == NULL || b == NULL) {
        st = TSR_FAIL(TSR_EDATA, "the job kept with a run is not a JSON object");
    } else {
        const char *name = first_difference(a, b, except, NULL);
        name = first_difference(b, a, except, name);
        if (name != NULL) st = tsr_strdup(key, name);
    }
    json_decref(a);
    json_decref(b);
    return st;
}
