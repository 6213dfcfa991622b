/**
 * @file value/rfm/rfm_scheme.h
 * Schemes of named RFM groups: text in, a table of cells out.
 *
 * Settings come first, one per line, a word and its value:
 *
 *     bins 5          classes per axis, 2 to 9 (5)
 *     rule value      the rule that the scheme is meant for (value)
 *     axes r f m      or `r fm`: the second sign is of the mean of the scores of frequency and money, halves included
 *     match once      every cell is named exactly once; or `match first`: the first line that fits a cell names it
 *
 * Then a cell, a tab and a name per line; after another tab the name in another language. A cell is a sign for each
 * axis: a digit, '*' for any, or a range [2-4]. '#' at the start of a line begins a comment. No line may be left
 * without a cell, and no cell without a name. Groups are numbered in the order of their first line; Prospect, for who
 * has not bought yet, is added as the last one.
 */
#ifndef TSR_VALUE_RFM_SCHEME_H
#define TSR_VALUE_RFM_SCHEME_H

#include "tessera/rfm.h"

#define TSR_RFM_PROSPECT  "Prospect"
#define TSR_RFM_NO_SCHEME "none"

/**
 * Local. Fill bins, rule, group, groups and names of @p rfm.
 * @param source  where the text comes from, for messages
 * @param text    [bytes]
 * @return TSR_OK; TSR_ECONF (source:line:column, what is wrong)
 */
tsr_status tsr_rfm_scheme_parse(const char *source, const char *text, int64_t bytes, tsr_rfm *rfm) TSR_NODISCARD;

/**
 * Collective. Parse a scheme of the house by name, or a file that the root reads; TSR_RFM_NO_SCHEME names cells by the
 * rounded mean of their scores.
 * @param bins  0: as the scheme says (5 without a scheme)
 * @return TSR_OK; TSR_ECONF (also: another number of classes than the scheme's; neither a name nor a file);
 *         TSR_EIO; TSR_ENOMEM
 */
tsr_status tsr_rfm_scheme_load(const tsr_comm *comm, const char *name_or_path, int64_t bins,
                               tsr_rfm *rfm) TSR_NODISCARD;

#endif
