/**
 * @file ingest/collect/unify.h
 * From the texts of one rank to those of all: common numbers on the way, dictionaries at the end.
 */
#ifndef TSR_INGEST_UNIFY_H
#define TSR_INGEST_UNIFY_H

#include "ingest/collect/collect_parts.h"

/**
 * Collective. Tell the texts that are new since the last time: afterwards texts[d].number[] holds for each of this
 * rank's its number among all, the same on every rank. With one rank they are the same numbers anyway, and nothing is
 * done.
 */
tsr_status tsr_unify_new(const tsr_comm *comm, tsr_texts_of_all *texts, int32_t dictionaries) TSR_NODISCARD;

/**
 * Local. The texts in the order of their bytes.
 * @param[out] dictionary  freed with the info that it belongs to. @param[out] code  new, [all->n]; tsr_free()
 */
tsr_status tsr_unify_sort(const tsr_strings *all, tsr_dictionary *dictionary, int32_t **code) TSR_NODISCARD;

/** Collective. Decide which attributes are numbers. @return TSR_OK; TSR_EDATA (neither number nor category) */
tsr_status tsr_unify_forms(const tsr_comm *comm, tsr_collect *collect) TSR_NODISCARD;

#endif
