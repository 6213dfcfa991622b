/**
 * @file ingest/receipt.h
 * What a dataset was made from, as the JSON text `sources` of dataset.json: for each source its settings, its files
 * with size and digest, and the balance of its rows and money.
 */
#ifndef TSR_INGEST_RECEIPT_H
#define TSR_INGEST_RECEIPT_H

#include "ingest/balance.h"
#include "ingest/inputs.h"

/** Local. @param digest  [inputs->n] of the files. @param text  new, tsr_free() */
tsr_status tsr_receipt_print(const tsr_ingest_params *params, const tsr_inputs *inputs, const uint64_t *digest,
                             const tsr_balance *balance, char **text) TSR_NODISCARD;

/** Local. Was @p receipt made from the same settings and files of the same names and sizes? @param digest
 *  [inputs->n], NULL: whatever the files hold */
bool tsr_receipt_fits(const char *receipt, const tsr_ingest_params *params, const tsr_inputs *inputs,
                      const uint64_t *digest);

/** Local. Rows, money and bytes of all sources, as a receipt tells. */
void tsr_receipt_totals(const char *receipt, tsr_ingest_result *result);

#endif
