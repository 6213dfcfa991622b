/**
 * @file ingest/mapping/source.h
 * From the rows of a source file to customers, transactions and refusals: the mapping of columns.
 */
#ifndef TSR_INGEST_SOURCE_H
#define TSR_INGEST_SOURCE_H

#include "ingest/collect/collect.h"
#include "ingest/parse/clock.h"
#include "ingest/parse/currency.h"
#include "ingest/read/parquet_facts.h"
#include "ingest/read/typed.h"
#include "ingest/settle/balance.h"
#include "tessera/ingest.h"

/* The names of the columns of one file, from its header; n = 0: it has none. */
typedef struct tsr_header {
    int32_t n;
    const char *const *name; /* [n] */
    const char *holds;       /* [n] tsr_holds, where the file says so; NULL: text */
} tsr_header;

#define TSR_RETURN_REASON "return (ingest.returns: drop)"
#define TSR_LATE_REASON   "late (ingest.late_days)"
#define TSR_EARLY_REASON  "not before as_of"

/* What a mapping stands on, beside the source itself. Borrowed. */
typedef struct tsr_mapping_place {
    const char *path; /* of the file */
    int32_t source;   /* number in ingest.sources */
    int32_t file;     /* number among all files, in the order of the job */
    int32_t money_scale;
    bool days;                 /* times are cut to days */
    bool drop_returns;         /* negative amounts are refused, for TSR_RETURN_REASON */
    uint32_t earliest;         /* records before it are late; 0: none */
    int64_t as_of;             /* what customers are from then on is not known yet; 0: it is */
    const tsr_rates *rates;    /* of money in other currencies */
    const tsr_zone *from, *to; /* of the source, of the dataset */
    const tsr_collect_shape *shape;
} tsr_mapping_place;

typedef struct tsr_mapping tsr_mapping;

/** Local. Check what does not depend on a file: kind, fields, delimiter, types. @return TSR_OK; TSR_ECONF */
tsr_status tsr_source_check(const tsr_source *source, int32_t number) TSR_NODISCARD;

/** Local. The delimiter of a source that passed the check. */
char tsr_source_delimiter(const tsr_source *source);

/** Local. Which kind and optional columns this source brings (TSR_HAS_*). */
uint32_t tsr_source_has(const tsr_source *source);

/** Local. Find the columns of one file. @return TSR_OK; TSR_ECONF (a column that is not there; a rule); TSR_ENOMEM */
tsr_status tsr_mapping_create(const tsr_source *source, const tsr_mapping_place *place, const tsr_header *header,
                              tsr_mapping **mapping) TSR_NODISCARD;
void tsr_mapping_destroy(tsr_mapping **mapping);

/** Local. How the reader shall read the file. */
tsr_text_format tsr_mapping_format(const tsr_mapping *mapping);

/** Local. [columns of the file] what the mapping wants of each. Borrowed; of a file without a header: none. */
const tsr_use *tsr_mapping_uses(const tsr_mapping *mapping);

/* What was seen on the way and decides something about the whole dataset. */
typedef struct tsr_seen {
    bool clock;             /* a time of day */
    bool quantity_decimals; /* a quantity that is no whole number */
} tsr_seen;

/** Local. The pair in a row of a source of identities, trimmed; false where the row cannot be used. */
bool tsr_mapping_pair(const tsr_mapping *mapping, const tsr_row *row, tsr_slice *id, tsr_slice *other);

/** Local. Put one row where it belongs. @return TSR_OK (also where the row is refused); TSR_ENOMEM; TSR_EDATA */
tsr_status tsr_mapping_take(const tsr_mapping *mapping, const tsr_row *row, tsr_collect *collect, tsr_balance *balance,
                            tsr_seen *seen) TSR_NODISCARD;

/** Local. The same of many rows. */
tsr_status tsr_mapping_take_block(const tsr_mapping *mapping, const tsr_row_block *block, tsr_collect *collect,
                                  tsr_balance *balance, tsr_seen *seen) TSR_NODISCARD;

#endif
