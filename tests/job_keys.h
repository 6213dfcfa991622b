/**
 * @file job_keys.h
 * Tables of keys with one key of every type, for the tests of the job reader.
 */
#ifndef TSR_TEST_JOB_KEYS_H
#define TSR_TEST_JOB_KEYS_H

#include <math.h>
#include <stddef.h>

#include "tessera/job.h"

typedef struct source_params {
    int32_t kind;
    tsr_texts files;
    tsr_map columns;
    bool header;
} source_params;

typedef struct first_params {
    char *output, *note;
    int64_t seed, parts;
    tsr_date as_of;
    double share, clip;
    int32_t scale;
    tsr_groups sources;
} first_params;

typedef struct second_params {
    tsr_range k;
    char *start_file, *start_path;
    tsr_texts set;
    int64_t memory;
    bool keep;
    tsr_map transforms;
} second_params;

#define END_OF_KEYS                                                                                                    \
    {                                                                                                                  \
        NULL, TSR_KEY_BOOL, 0, NULL, 0, 0, NULL, NULL, NULL, 0                                                         \
    }

static const tsr_key source_keys[] = {
    {"kind", TSR_KEY_CHOICE, offsetof(source_params, kind), "customers", 0, 0, "customers|transactions", "what it is",
     NULL, 0},
    {"files", TSR_KEY_PATHS, offsetof(source_params, files), NULL, 0, 0, NULL, "files to read", NULL, 0},
    {"columns", TSR_KEY_MAP, offsetof(source_params, columns), "{}", 0, 0, NULL, "field -> column", NULL, 0},
    {"header", TSR_KEY_BOOL, offsetof(source_params, header), "true", 0, 0, NULL, "the first line names columns", NULL,
     0},
    END_OF_KEYS,
};

static const tsr_key first_keys[] = {
    {"output", TSR_KEY_PATH, offsetof(first_params, output), NULL, 0, 0, NULL, "folder to write", NULL, 0},
    {"note", TSR_KEY_TEXT, offsetof(first_params, note), "null", 0, 0, NULL, "a note", NULL, 0},
    {"seed", TSR_KEY_INT, offsetof(first_params, seed), "1", 0, 0x1p53, NULL, "key of all draws", NULL, 0},
    {"parts", TSR_KEY_INT, offsetof(first_params, parts), "auto", 1, 100, NULL, "partitions", NULL, 0},
    {"as_of", TSR_KEY_DATE, offsetof(first_params, as_of), "null", 0, 0, NULL, "first moment not looked at", NULL, 0},
    {"scale.share", TSR_KEY_REAL, offsetof(first_params, share), "0.95", 0, 1, NULL, "share", NULL, 0},
    {"scale.clip", TSR_KEY_REAL, offsetof(first_params, clip), "8", 0.5, INFINITY, NULL, "clip", NULL, 0},
    {"scale.kind", TSR_KEY_CHOICE, offsetof(first_params, scale), "standard", 0, 0, "none|standard", "scale", NULL, 0},
    {"ingest.sources", TSR_KEY_GROUPS, offsetof(first_params, sources), "[]", 0, 0, NULL, "what to read", source_keys,
     sizeof(source_params)},
    END_OF_KEYS,
};

static const tsr_key second_keys[] = {
    {"cluster.k", TSR_KEY_RANGE, offsetof(second_params, k), "5..8", 2, 100, NULL, "segments", NULL, 0},
    {"cluster.start.file", TSR_KEY_PATH, offsetof(second_params, start_file), "null", 0, 0, NULL, "start", NULL, 0},
    {"cluster.start.path", TSR_KEY_TEXT, offsetof(second_params, start_path), "null", 0, 0, NULL, "start", NULL, 0},
    {"features.set", TSR_KEY_TEXTS, offsetof(second_params, set), "default", 0, 0, NULL, "features", NULL, 0},
    {"features.transforms", TSR_KEY_MAP, offsetof(second_params, transforms), "{}", 0, 0, NULL, "transforms", NULL, 0},
    {"memory", TSR_KEY_BYTES, offsetof(second_params, memory), "auto", 0, 0, NULL, "per rank", NULL, 0},
    {"privacy.keep", TSR_KEY_BOOL, offsetof(second_params, keep), "true", 0, 0, NULL, "keep ids", NULL, 0},
    END_OF_KEYS,
};

#endif
