/**
 * @file ingest/mapping/embedding.h
 * Sources of kind embeddings: vectors of one length, ready from a language or vision model, one per customer.
 *
 * A vector is kept as numeric attributes `name.0000` ... and `name.day`, the day of its row (counted from 1970-01-01;
 * 0: not said). Every row has all of them, so the last row of a customer stands as a whole.
 */
#ifndef TSR_INGEST_EMBEDDING_H
#define TSR_INGEST_EMBEDDING_H

#include "ingest/parse/parse.h"
#include "tessera/dataset.h"
#include "tessera/ingest.h"

#define TSR_DIMENSIONS_MAX 4096

/** Local. Check the settings of such a source, and against those before it. @return TSR_OK; TSR_ECONF */
tsr_status tsr_embedding_check(const tsr_ingest_params *params, int32_t number) TSR_NODISCARD;

/** Local. Do vectors that are added have as many numbers as those of that name in the dataset? @return TSR_OK;
 * TSR_ECONF */
tsr_status tsr_embedding_fits(const tsr_ingest_params *params, const tsr_dataset_info *there) TSR_NODISCARD;

/** Local. How many attributes the source makes. */
int32_t tsr_embedding_attributes(const tsr_source *source);

/** Local. The name of one: of a component, and at source->dimensions of the day. */
void tsr_embedding_name(const tsr_source *source, int32_t component, char name[TSR_NAME_BYTES]);

/** Local. Cut a list of numbers ("[0.1, -0.2]"; blanks, commas or semicolons between them, brackets or not).
 *  @param piece  [most], as many as fit. @return how many numbers the list has */
int32_t tsr_embedding_split(tsr_slice list, int32_t most, tsr_slice *piece);

#endif
