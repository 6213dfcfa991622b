/**
 * @file job_parts.h
 * What the parts of the job reader share: YAML with places, and values by type.
 */
#ifndef TSR_JOB_PARTS_H
#define TSR_JOB_PARTS_H

#include <jansson.h>
#include <yaml.h>

#include "tessera/job.h"

/* YAML of one origin: the job file, one --set, or a default. */
typedef struct tsr_yaml {
    yaml_document_t document;
    const char *origin; /* for messages; borrowed */
    bool marked;        /* a file: lines and columns mean something */
} tsr_yaml;

/* A value, and where it stands. */
typedef struct tsr_job_node {
    tsr_yaml *yaml;
    yaml_node_t *node;
} tsr_job_node;

struct tsr_job {
    void **owned; /* [owned_n]: all strings and arrays of the params */
    int64_t owned_n, owned_room;
    const char *variables; /* "NAME=value\0...\0": the root's environment, while the job is read */
    int digits;            /* significant digits that hold every real value so far */
    char *echo;
};

/* ---- job_yaml.c ---- */

/** Local. Parse a whole file. Clear with tsr_yaml_clear(), also after a failure. */
tsr_status tsr_yaml_read(tsr_yaml *yaml, const char *origin, const char *text) TSR_NODISCARD;

/** Local. One value: YAML where it opens with a bracket, a brace or a quote, else the text as it stands. */
tsr_status tsr_yaml_value(tsr_yaml *yaml, const char *origin, const char *text) TSR_NODISCARD;
void tsr_yaml_clear(tsr_yaml *yaml);

/** Local. The root of the document; its node is NULL where the document is empty. */
tsr_job_node tsr_yaml_root(tsr_yaml *yaml);

/** Local. Item i of a list; key and value of pair i of a map. */
int64_t tsr_node_items(tsr_job_node list);
tsr_job_node tsr_node_item(tsr_job_node list, int64_t i);
int64_t tsr_node_pairs(tsr_job_node map);
tsr_job_node tsr_node_name(tsr_job_node map, int64_t i);
tsr_job_node tsr_node_value(tsr_job_node map, int64_t i);

/** Local. The text of a scalar; NULL for null (plain "null", "~" or nothing) and for what is no scalar. */
const char *tsr_node_text(tsr_job_node node);
bool tsr_node_is(tsr_job_node node, yaml_node_type_t type);
bool tsr_node_is_null(tsr_job_node node);

/** Local. Record "file:line:column: <path>: <message>" (path may be NULL), or "--set ...: <message>"; TSR_ECONF. */
tsr_status tsr_job_fail(tsr_job_node at, const char *path, const char *format, ...) TSR_PRINTF(3, 4);

/* ---- job_value.c ---- */

/**
 * Local. Turn @p value into the field that @p key describes.
 * @param path  of the key, for messages
 * @param[out] echo  new reference: the value as resolved
 */
tsr_status tsr_job_value(tsr_job *job, const tsr_key *key, const char *path, tsr_job_node value, void *field,
                         json_t **echo) TSR_NODISCARD;

/** Local. Memory that goes with the job. */
tsr_status tsr_job_alloc(tsr_job *job, void *out, int64_t count, size_t size) TSR_NODISCARD;

/* ---- job.c ---- */

/** Local. One map of a GROUPS key into one struct of its members. */
tsr_status tsr_job_group(tsr_job *job, const tsr_key *members, const char *path, tsr_job_node map, void *params,
                         json_t **echo) TSR_NODISCARD;

#endif
