#include "data/job/job_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/edits.h"
#include "tessera/file.h"
#include "tessera/memory.h"

#define PATH_BYTES 256

/* One key of all tables, where its value goes, and the value that was given (node NULL: none). */
typedef struct key_entry {
    const tsr_key *key;
    void *field;
    tsr_job_node value;
} key_entry;

/* All keys that can stand under one map: the job, or one entry of a GROUPS key. */
typedef struct key_scope {
    key_entry *entries;
    int32_t n;
    const char *name; /* "ingest.sources[0]"; empty: the job */
} key_scope;

/* ---- names that are not in the tables --------------------------------------------------------------------------- */

static const char *last_part(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL ? dot + 1 : path;
}

/* The first `parts` parts of a path. */
static void take_parts(char *to, const char *path, int parts)
{
    size_t n = 0;
    while (path[n] != '\0' && n + 1 < PATH_BYTES && (path[n] != '.' || --parts > 0)) n++;
    snprintf(to, PATH_BYTES, "%.*s", (int)n, path);
}

/* What was meant: a key or a parent of keys a few letters away, or a key of the same name in another place. */
static bool find_nearest(const key_scope *scope, const char *path, char best[PATH_BYTES])
{
    int distance = (int)strlen(path) / 4 + 2, parts = 1;
    bool found = false;
    for (const char *c = path; *c != '\0'; c++) parts += *c == '.';
    for (int32_t i = 0; i < scope->n; i++) {
        const char *key = scope->entries[i].key->path;
        char candidate[PATH_BYTES];
        take_parts(candidate, key, parts);
        int d = tsr_edits(path, candidate);
        if (strcmp(last_part(path), last_part(key)) == 0 && d > 1) {
            snprintf(candidate, sizeof candidate, "%s", key);
            d = 1;
        }
        if (d >= distance) continue;
        distance = d;
        found = true;
        memcpy(best, candidate, PATH_BYTES);
    }
    return found;
}

static tsr_status unknown_key(const key_scope *scope, const char *path, tsr_job_node name)
{
    char meant[PATH_BYTES];
    const char *dot = scope->name[0] != '\0' ? "." : "";
    if (find_nearest(scope, path, meant))
        return tsr_job_fail(name, NULL, "unknown key %s%s%s; did you mean %s%s%s?", scope->name, dot, path, scope->name,
                            dot, meant);
    return tsr_job_fail(name, NULL, "unknown key %s%s%s; `tessera job --explain` lists all keys", scope->name, dot,
                        path);
}

/* ---- values to keys --------------------------------------------------------------------------------------------- */

static key_entry *find_entry(const key_scope *scope, const char *path)
{
    for (int32_t i = 0; i < scope->n; i++)
        if (strcmp(scope->entries[i].key->path, path) == 0) return &scope->entries[i];
    return NULL;
}

static bool is_below(const char *path, const char *parent)
{
    size_t n = strlen(parent);
    return n == 0 || (strncmp(path, parent, n) == 0 && path[n] == '.');
}

/* The first key below a path; NULL: the path is no parent. */
static const char *first_below(const key_scope *scope, const char *path)
{
    for (int32_t i = 0; i < scope->n; i++)
        if (is_below(scope->entries[i].key->path, path)) return scope->entries[i].key->path;
    return NULL;
}

static tsr_status place(const key_scope *scope, const char *path, tsr_job_node name, tsr_job_node value);

/* Hand the members of a map on, each under its own path. */
static tsr_status place_members(const key_scope *scope, const char *path, tsr_job_node map)
{
    tsr_status st = TSR_OK;
    for (int64_t i = 0; i < tsr_node_pairs(map); i++) {
        char below[PATH_BYTES];
        tsr_job_node name = tsr_node_name(map, i);
        const char *text = tsr_node_text(name);
        if (text == NULL) return tsr_job_fail(name, NULL, "the name of a key must be a word");
        snprintf(below, sizeof below, "%s%s%s", path, path[0] != '\0' ? "." : "", text);
        for (int64_t j = 0; j < i; j++) {
            const char *other = tsr_node_text(tsr_node_name(map, j));
            if (strcmp(other, text) == 0) return tsr_job_fail(name, NULL, "%s is given twice", below);
        }
        TSR_TRY(place(scope, below, name, tsr_node_value(map, i)));
    }
done:
    return st;
}

/* Put a value where it belongs: a key of the tables takes it, a parent of keys hands its members on. */
static tsr_status place(const key_scope *scope, const char *path, tsr_job_node name, tsr_job_node value)
{
    key_entry *entry = find_entry(scope, path);
    if (entry != NULL) {
        if (entry->value.yaml == value.yaml) return tsr_job_fail(name, NULL, "%s is given twice", path);
        entry->value = value;
        return TSR_OK;
    }
    const char *member = first_below(scope, path);
    if (member == NULL) return unknown_key(scope, path, name);
    if (tsr_node_is_null(value)) { /* all its keys are at their defaults, also those that the file gave */
        for (int32_t i = 0; i < scope->n; i++)
            if (is_below(scope->entries[i].key->path, path)) scope->entries[i].value = (tsr_job_node){0};
        return TSR_OK;
    }
    if (!tsr_node_is(value, YAML_MAPPING_NODE))
        return tsr_job_fail(value, path[0] != '\0' ? path : NULL, "keys belong here (such as %s), not a value", member);
    return place_members(scope, path, value);
}

static tsr_status read_default(tsr_job *job, const key_entry *entry, const char *path, json_t **echo)
{
    char origin[PATH_BYTES + 16];
    tsr_yaml yaml;
    snprintf(origin, sizeof origin, "default of %s", path);
    tsr_status st = tsr_yaml_value(&yaml, origin, entry->key->fallback);
    if (st == TSR_OK) st = tsr_job_value(job, entry->key, path, tsr_yaml_root(&yaml), entry->field, echo);
    tsr_yaml_clear(&yaml);
    return st;
}

/* Fill every field of the scope: from what was given, else from the default. */
static tsr_status read_values(tsr_job *job, const key_scope *scope, tsr_job_node where, json_t *echo)
{
    tsr_status st = TSR_OK;
    for (int32_t i = 0; i < scope->n; i++) {
        const key_entry *entry = &scope->entries[i];
        char path[PATH_BYTES];
        json_t *value = NULL;
        snprintf(path, sizeof path, "%s%s%s", scope->name, scope->name[0] != '\0' ? "." : "", entry->key->path);
        if (entry->value.node != NULL)
            TSR_TRY(tsr_job_value(job, entry->key, path, entry->value, entry->field, &value));
        else if (entry->key->fallback != NULL)
            TSR_TRY(read_default(job, entry, path, &value));
        else
            return tsr_job_fail(where, NULL, "%s is missing: %s", path, entry->key->meaning);
        if (json_object_set_new(echo, entry->key->path, value) != 0)
            st = TSR_FAIL(TSR_ENOMEM, "out of memory while reading the job");
        TSR_TRY(st);
    }
done:
    return st;
}

tsr_status tsr_job_group(tsr_job *job, const tsr_key *members, const char *path, tsr_job_node map, void *params,
                         json_t **echo)
{
    key_scope scope = {.name = path};
    tsr_status st = TSR_OK;
    *echo = NULL;
    while (members[scope.n].path != NULL) scope.n++;
    TSR_TRY(tsr_alloc(&scope.entries, scope.n, sizeof *scope.entries));
    for (int32_t i = 0; i < scope.n; i++)
        scope.entries[i] = (key_entry){.key = &members[i], .field = (char *)params + members[i].offset};
    *echo = json_object();
    TSR_TRY(*echo != NULL ? TSR_OK : TSR_FAIL(TSR_ENOMEM, "out of memory while reading the job"));
    TSR_TRY(place(&scope, "", map, map));
    st = read_values(job, &scope, map, *echo);
done:
    tsr_free(&scope.entries);
    if (st != TSR_OK) {
        json_decref(*echo);
        *echo = NULL;
    }
    return st;
}

/* ---- the whole job ---------------------------------------------------------------------------------------------- */

static tsr_status open_scope(const tsr_section *sections, int32_t sections_n, key_scope *scope)
{
    tsr_status st = TSR_OK;
    *scope = (key_scope){.name = ""};
    int32_t room = 0;
    for (int32_t s = 0; s < sections_n; s++)
        for (const tsr_key *key = sections[s].keys; key->path != NULL; key++) room++;
    TSR_TRY(tsr_alloc(&scope->entries, room, sizeof *scope->entries));
    for (int32_t s = 0; s < sections_n; s++)
        for (const tsr_key *key = sections[s].keys; key->path != NULL; key++)
            scope->entries[scope->n++] = (key_entry){.key = key, .field = (char *)sections[s].params + key->offset};
done:
    return st;
}

static tsr_status place_override(const key_scope *scope, tsr_yaml *yaml, char *origin, size_t origin_bytes,
                                 const char *override)
{
    char path[PATH_BYTES];
    snprintf(origin, origin_bytes, "--set %s", override);
    const char *equals = strchr(override, '=');
    if (equals == NULL || equals == override)
        return TSR_FAIL(TSR_ECONF, "%s: write --set KEY=VALUE, as in --set cluster.k=6", origin);
    tsr_status st = tsr_yaml_value(yaml, origin, equals + 1);
    if (st != TSR_OK) return st;
    snprintf(path, sizeof path, "%.*s", (int)(equals - override), override);
    return place(scope, path, tsr_yaml_root(yaml), tsr_yaml_root(yaml));
}

static tsr_status write_echo(tsr_job *job, const json_t *echo)
{
    char *text = json_dumps(echo, JSON_SORT_KEYS | JSON_INDENT(2) | JSON_REAL_PRECISION(job->digits));
    if (text == NULL) return TSR_FAIL(TSR_ENOMEM, "out of memory while reading the job");
    tsr_status st = tsr_strdup(&job->echo, text);
    free(text);
    return st;
}

/* The same bytes on every rank give the same job, or the same error. */
static tsr_status parse_job(const char *path, const char *text, const char *const *overrides, int32_t n,
                            const tsr_section *sections, int32_t sections_n, tsr_job *job)
{
    enum { ORIGIN_BYTES = 512 };
    key_scope scope = {0};
    tsr_yaml *yaml = NULL; /* [1 + n] the file, then the overrides */
    char(*origin)[ORIGIN_BYTES] = NULL;
    json_t *echo = NULL;
    tsr_status st = TSR_OK;

    TSR_TRY(open_scope(sections, sections_n, &scope));
    TSR_TRY(tsr_alloc(&yaml, 1 + (int64_t)n, sizeof *yaml));
    TSR_TRY(tsr_alloc(&origin, n, sizeof *origin));
    TSR_TRY(tsr_yaml_read(&yaml[0], path, text));
    tsr_job_node root = tsr_yaml_root(&yaml[0]);
    TSR_TRY(place(&scope, "", root, root));
    for (int32_t i = 0; i < n; i++)
        TSR_TRY(place_override(&scope, &yaml[1 + i], origin[i], ORIGIN_BYTES, overrides[i]));

    echo = json_object();
    TSR_TRY(echo != NULL ? TSR_OK : TSR_FAIL(TSR_ENOMEM, "out of memory while reading the job"));
    TSR_TRY(read_values(job, &scope, (tsr_job_node){.yaml = &yaml[0]}, echo));
    st = write_echo(job, echo);
done:
    json_decref(echo);
    for (int32_t i = 0; yaml != NULL && i <= n; i++) tsr_yaml_clear(&yaml[i]);
    tsr_free(&origin);
    tsr_free(&yaml);
    tsr_free(&scope.entries);
    return st;
}

/* ---- rank 0 reads, all parse ------------------------------------------------------------------------------------ */

/* Text that grows: the job's bytes and a zero, then NAME=value and a zero for every variable that it names. */
typedef struct job_parcel {
    char *bytes;
    int64_t n;
} job_parcel;

static tsr_status parcel_add(job_parcel *parcel, const char *text, int64_t n)
{
    tsr_status st = tsr_resize(&parcel->bytes, parcel->n + n, 1);
    if (st != TSR_OK) return st;
    memcpy(parcel->bytes + parcel->n, text, (size_t)n);
    parcel->n += n;
    return TSR_OK;
}

/* The root's environment counts: launchers do not hand all variables to other hosts. */
static tsr_status add_variables(job_parcel *parcel, const char *text)
{
    tsr_status st = TSR_OK;
    for (const char *at = strstr(text, "${"); at != NULL; at = strstr(at + 2, "${")) {
        char name[PATH_BYTES];
        size_t n = strcspn(at + 2, "}\n");
        if (at[2 + n] != '}' || n == 0 || n >= sizeof name) continue;
        snprintf(name, sizeof name, "%.*s", (int)n, at + 2);
        const char *value = getenv(name);
        if (value == NULL && strcmp(name, "TESSERA_DATA") == 0) value = "../shared/data";
        if (value == NULL) continue;
        TSR_TRY(parcel_add(parcel, name, (int64_t)n));
        TSR_TRY(parcel_add(parcel, "=", 1));
        TSR_TRY(parcel_add(parcel, value, (int64_t)strlen(value) + 1));
    }
done:
    return st;
}

static tsr_status pack(const char *path, const char *const *overrides, int32_t n, job_parcel *parcel)
{
    char *text = NULL;
    int64_t bytes;
    tsr_status st = TSR_OK;
    TSR_TRY(tsr_file_read(path, &text, &bytes));
    if (memchr(text, '\0', (size_t)bytes) != NULL) TSR_TRY(TSR_FAIL(TSR_ECONF, "%s: not a text file", path));
    TSR_TRY(parcel_add(parcel, text, bytes + 1));
    TSR_TRY(add_variables(parcel, text));
    for (int32_t i = 0; i < n; i++) TSR_TRY(add_variables(parcel, overrides[i]));
    st = parcel_add(parcel, "", 1);
done:
    tsr_free(&text);
    return st;
}

tsr_status tsr_job_read(const tsr_comm *comm, const char *path, const char *const *overrides, int32_t n,
                        const tsr_section *sections, int32_t sections_n, tsr_job **job)
{
    job_parcel parcel = {0};
    tsr_status st = TSR_OK;
    *job = NULL;
    TSR_AGREE(comm, comm->rank == 0 ? pack(path, overrides, n, &parcel) : TSR_OK);
    TSR_TRY(tsr_bcast_block(comm, (void **)&parcel.bytes, &parcel.n, 0));
    TSR_AGREE(comm, tsr_alloc(job, 1, sizeof **job));
    (*job)->variables = parcel.bytes + strlen(parcel.bytes) + 1;
    (*job)->digits = 15;
    TSR_AGREE(comm, parse_job(path, parcel.bytes, overrides, n, sections, sections_n, *job));
    st = tsr_same(comm, (*job)->echo, strlen((*job)->echo) + 1, "the job as resolved");
done:
    if (*job != NULL) (*job)->variables = NULL;
    tsr_free(&parcel.bytes);
    if (st != TSR_OK) tsr_job_destroy(job);
    return st;
}

void tsr_job_destroy(tsr_job **job)
{
    if (*job == NULL) return;
    while ((*job)->owned_n > 0) tsr_free(&(*job)->owned[--(*job)->owned_n]);
    tsr_free(&(*job)->owned);
    tsr_free(&(*job)->echo);
    tsr_free(job);
}

const char *tsr_job_echo(const tsr_job *job)
{
    return job->echo;
}
