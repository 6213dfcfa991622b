/**
 * @file ingest/settle/receipt.h
 * What a dataset was made from, as the JSON text `sources` of dataset.json: for each source its settings, its files
 * with size and digest, and the balance of its rows and money.
 */
#ifndef TSR_INGEST_RECEIPT_H
#define TSR_INGEST_RECEIPT_H

#include "ingest/settle/balance.h"
#include "ingest/take/inputs.h"

/** Local. @param digest  [inputs->n] of the files. @param skip  [inputs->n] files that were left out, and sources of
 *  such files alone; NULL: none. @param text  new, tsr_free() */
tsr_status tsr_receipt_print(const tsr_ingest_params *params, const tsr_inputs *inputs, const uint64_t *digest,
                             const bool *skip, const tsr_balance *balance, char **text) TSR_NODISCARD;

/* How the files of a job stand to a dataset that is there already. */
typedef struct tsr_standing {
    bool *known;     /* [inputs->n] the dataset holds rows of a file of this content (or size: not yet looked at) */
    int32_t unknown; /* files that it does not hold */
    bool covered; /* every file of the dataset is one of the job, by content or by name: the job describes all of it */
    bool same;    /* every file of the dataset is one of the job by content, with the settings of its source */
    const char *changed; /* a file of the job whose name the dataset knows with other content; NULL: none */
} tsr_standing;

/**
 * Local. Compare. @param digest  [inputs->n]; NULL: sizes alone decide what is known
 * @param[out] standing  new `known`: tsr_free(); the rest is borrowed from @p inputs
 */
tsr_status tsr_receipt_compare(const char *receipt, const tsr_ingest_params *params, const tsr_inputs *inputs,
                               const uint64_t *digest, tsr_standing *standing) TSR_NODISCARD;

/** Local. One receipt behind another: a dataset that was made in several steps. @param joined  new, tsr_free() */
tsr_status tsr_receipt_join(const char *first, const char *second, char **joined) TSR_NODISCARD;

/** Local. Bytes of all files of a receipt. */
int64_t tsr_receipt_bytes(const char *receipt);

/** Local. Did one of the sources have this field of transactions? */
bool tsr_receipt_has_field(const char *receipt, const char *field);

/** Local. Was it made by rules that need all rows of a customer at once (identities, keys, returns per day,
 *  several values of attributes)? */
bool tsr_receipt_needs_all(const char *receipt);

/** Local. Rows, money and bytes of all sources, as a receipt tells. */
void tsr_receipt_totals(const char *receipt, tsr_ingest_result *result);

#endif
