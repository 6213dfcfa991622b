/**
 * @file ingest/unify.h
 * From the numbers of one rank to those of all: dictionaries, and the forms of attributes.
 */
#ifndef TSR_INGEST_UNIFY_H
#define TSR_INGEST_UNIFY_H

#include "ingest/collect_parts.h"

/**
 * Collective. The distinct texts of all ranks, sorted by bytes.
 * @param[out] dictionary  new, the same on all ranks; freed with the info that it belongs to
 * @param[out] code        new, [local->n]: the code of each local text; tsr_free()
 * @return TSR_OK; TSR_ENOMEM; TSR_EDATA (more than 2^31 texts)
 */
tsr_status tsr_unify_texts(const tsr_comm *comm, const tsr_strings *local, tsr_dictionary *dictionary,
                           int32_t **code) TSR_NODISCARD;

/**
 * Collective. Decide what is a number and what a category, and turn the texts of one attribute into values.
 * @param[out] about  name, kind and dictionary, the same on all ranks
 * @param[out] value  new, [texts]: the bits of a float, or a code; tsr_free()
 */
tsr_status tsr_unify_attribute(const tsr_comm *comm, const tsr_attribute_values *local, tsr_attribute *about,
                               uint32_t **value) TSR_NODISCARD;

#endif
