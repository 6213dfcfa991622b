/**
 * @file preview.h
 * What an ingest would do, seen on the first rows of each source: nothing is written.
 */
#ifndef TSR_PREVIEW_H
#define TSR_PREVIEW_H

#include "tessera/ingest.h"

#define TSR_PREVIEW_ROWS 1000 /* of the first file of each source */

/**
 * Collective. Find all files and check all columns as tsr_ingest_run() does; the root then takes the first rows of each
 * source through the same checks. Ids are taken as they are: sources of identities join nobody here.
 * @param[out] text  on the root, new, tsr_free(); NULL elsewhere: for each source its columns, what they hold, their
 *   fields, types and units; rows used and rejected, by reason; the lines of the first rejects. No value of a file.
 * @return TSR_OK; TSR_ECONF; TSR_EDATA; TSR_EIO; TSR_ENOMEM
 */
tsr_status tsr_ingest_preview(const tsr_comm *comm, const tsr_ingest_params *params, char **text) TSR_NODISCARD;

#endif
