/**
 * @file job.h
 * Job files: YAML read into plain structs by tables of keys.
 *
 * Every module has one table: key, type, default, range, meaning. The same table feeds the reader, --set, --explain and
 * the echo into run.json. Unknown keys, wrong types and values out of range are errors with line and column.
 */
#ifndef TSR_JOB_H
#define TSR_JOB_H

#include "tessera/comm.h"

/* Type of a key -> type of its field in the params struct. Strings belong to the job. */
typedef enum tsr_key_type {
    TSR_KEY_BOOL,   /* bool */
    TSR_KEY_INT,    /* int64_t */
    TSR_KEY_REAL,   /* double */
    TSR_KEY_TEXT,   /* char *; NULL where the value is null */
    TSR_KEY_PATH,   /* char *; ${VARIABLES} of the environment are put in */
    TSR_KEY_CHOICE, /* int32_t: position in `choices` */
    TSR_KEY_RANGE,  /* tsr_range: "5..8" or one number */
    TSR_KEY_BYTES,  /* int64_t: "512MiB", "2GiB" or a number; "auto" is 0 */
    TSR_KEY_DATE,   /* tsr_date: YYYY-MM-DD or YYYY-MM-DD HH:MM[:SS]; null: not set */
    TSR_KEY_TEXTS,  /* tsr_texts: a list, or one value; a map's value too */
    TSR_KEY_PATHS,  /* tsr_texts, with ${VARIABLES} */
    TSR_KEY_MAP,    /* tsr_map: free names -> scalar texts */
    TSR_KEY_GROUPS  /* tsr_groups: a list of maps, each read by `members` */
} tsr_key_type;

typedef struct tsr_range {
    int64_t low, high;
} tsr_range;

typedef struct tsr_date {
    bool set;
    int64_t seconds; /* civil seconds since 1970-01-01 00:00 */
} tsr_date;

typedef struct tsr_texts {
    int32_t n;
    char **text;
} tsr_texts;

typedef struct tsr_map {
    int32_t n;
    char **name, **text; /* in the order of the file */
} tsr_map;

typedef struct tsr_groups {
    int32_t n;
    void *item; /* [n] structs of member_size bytes */
} tsr_groups;

typedef struct tsr_key {
    const char *path; /* "cluster.k"; of a member: its bare name */
    tsr_key_type type;
    size_t offset;                 /* of the field in the params struct */
    const char *fallback;          /* default, as text in a job file; NULL: the key must be given */
    double low, high;              /* for numbers; low = high = 0: any */
    const char *choices;           /* "none|log1p|log" */
    const char *meaning;           /* one sentence, with the unit */
    const struct tsr_key *members; /* GROUPS: ends with a key whose path is NULL */
    size_t member_size;
} tsr_key;

/* One module's table and where its values go. Tables end with a key whose path is NULL. */
typedef struct tsr_section {
    const tsr_key *keys;
    void *params;
} tsr_section;

typedef struct tsr_job tsr_job; /* owns the strings of all params */

/**
 * Collective. Rank 0 reads the file, all ranks parse the same bytes. Fills the params of all sections.
 * @param overrides  [n] "key.path=value", later ones win
 * @return TSR_OK; TSR_EIO; TSR_ECONF (file, line, column, what to do)
 */
tsr_status tsr_job_read(const tsr_comm *comm, const char *path, const char *const *overrides, int32_t n,
                        const tsr_section *sections, int32_t sections_n, tsr_job **job) TSR_NODISCARD;

/** Local. Free it and set the pointer to NULL; NULL is fine. */
void tsr_job_destroy(tsr_job **job);

/** Local. The job as resolved: JSON text, keys as "cluster.k", sorted; borrowed. */
const char *tsr_job_echo(const tsr_job *job);

/** Local. All keys with meaning, type, default and range, for people; new, tsr_free(). */
tsr_status tsr_job_explain(const tsr_section *sections, int32_t sections_n, char **text) TSR_NODISCARD;

/** Local. The first key (in order) whose value differs between two echoes, but for those that start with @p except
 *  (may be NULL); NULL: none. New, tsr_free(). */
tsr_status tsr_job_difference(const char *echo, const char *other, const char *except, char **key) TSR_NODISCARD;

#endif
