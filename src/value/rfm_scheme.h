/**
 * @file value/rfm_scheme.h
 * Schemes of named RFM groups: text in, a table of 125 cells out.
 *
 * A line is a cell, a tab and a name. A cell is three signs (recency, frequency, money), each 1..5 or '*' for any.
 * '#' at the start of a line begins a comment. Every cell is named exactly once. Groups are numbered in the order of
 * their first line; Prospect, for who has not bought yet, is added as the last one.
 */
#ifndef TSR_VALUE_RFM_SCHEME_H
#define TSR_VALUE_RFM_SCHEME_H

#include "tessera/rfm.h"

#define TSR_RFM_PROSPECT "Prospect"

/**
 * Local. Fill group, groups and name of @p rfm.
 * @param source  where the text comes from, for messages
 * @param text    [bytes]
 * @return TSR_OK; TSR_ECONF (source, line, what is wrong)
 */
tsr_status tsr_rfm_scheme_parse(const char *source, const char *text, int64_t bytes, tsr_rfm *rfm) TSR_NODISCARD;

/** Collective. Parse a scheme of the house by name, or a file that the root reads.
 *  @return TSR_OK; TSR_ECONF; TSR_EIO; TSR_ENOMEM */
tsr_status tsr_rfm_scheme_load(const tsr_comm *comm, const char *name_or_path, tsr_rfm *rfm) TSR_NODISCARD;

#endif
