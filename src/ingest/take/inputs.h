/**
 * @file ingest/take/inputs.h
 * All files of all sources: what they are, the names in their headers, and who reads which part.
 */
#ifndef TSR_INGEST_INPUTS_H
#define TSR_INGEST_INPUTS_H

#include "ingest/blob.h"
#include "ingest/mapping/source.h"

typedef struct tsr_input {
    const char *path; /* as the job gives it, or found by a pattern of the job */
    int32_t source;
    bool whole; /* packed, multiline or small: read by one rank */
    tsr_file_facts facts;
    tsr_header header;
    bool parquet;   /* with row groups, which have a place among those of all files */
    tsr_duck *duck; /* for Parquet: that of all files, borrowed */
    int32_t groups, groups_before, groups_all;
    const int64_t *group_first; /* [groups + 1] rows, from 0 */
} tsr_input;

typedef struct tsr_inputs {
    int32_t n;
    tsr_input *file;      /* [n] in the order of the job */
    tsr_blob paths;       /* the files' paths point in here */
    tsr_rates rates;      /* of currencies */
    uint32_t earliest;    /* records before it are late: to be set behind tsr_inputs_open() */
    tsr_zone *zone;       /* [sources + 1]: of each source, then the dataset's */
    tsr_blob told;        /* by the root: the headers' text lies in here */
    const char **name;    /* the headers' columns point in here */
    int64_t *group_first; /* of all files of Parquet, one after the other */
    tsr_duck *duck;       /* to open one takes longer than to read a small file; NULL: no file is Parquet */
    int64_t bytes;        /* of all files */
    char **attribute;     /* [attributes] sorted, distinct; borrowed from the params and from: */
    char (*component)[TSR_NAME_BYTES];
    int32_t *form, *rule; /* [attributes] */
    tsr_collect_shape shape;
} tsr_inputs;

/** Collective. The root finds the files (in a pattern, * ? and [...] stand for the files there are, sorted by bytes; a
 *  path that is there is no pattern), looks at each and reads its header; every rank checks every mapping.
 *  @return TSR_OK; TSR_ECONF; TSR_EIO; TSR_EDATA; TSR_ENOMEM */
tsr_status tsr_inputs_open(const tsr_comm *comm, const tsr_ingest_params *params, tsr_inputs *inputs) TSR_NODISCARD;
void tsr_inputs_close(tsr_inputs *inputs);

/** Local. Find inputs->shape: kinds, columns and attributes of all sources together. @return TSR_OK; TSR_ECONF (types
 * that contradict each other); TSR_ENOMEM */
tsr_status tsr_inputs_shape(const tsr_ingest_params *params, tsr_inputs *inputs) TSR_NODISCARD;

/** Local. About how many bytes the rows of all files take as text: packed files are counted four times. */
int64_t tsr_inputs_expected(const tsr_inputs *inputs);

/** Local. The part of a file that a rank reads, in bytes; of Parquet, in rows of whole row groups. begin = end: none.
 */
void tsr_input_share(const tsr_input *input, int32_t number, int rank, int size, int64_t *begin, int64_t *end);

/** Local. The part of a file's bytes whose digest a rank makes. */
void tsr_input_bytes(const tsr_input *input, int32_t number, int rank, int size, int64_t *begin, int64_t *end);

/** Local. The mapping of one file; destroy it after use. */
tsr_status tsr_inputs_mapping(const tsr_inputs *inputs, const tsr_ingest_params *params, int32_t number,
                              tsr_mapping **mapping) TSR_NODISCARD;

#endif
