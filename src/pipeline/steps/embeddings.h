/**
 * @file pipeline/steps/embeddings.h
 * The principal components of the embeddings that features.set names.
 */
#ifndef TSR_PIPELINE_EMBEDDINGS_H
#define TSR_PIPELINE_EMBEDDINGS_H

#include "tessera/features.h"

/**
 * Collective. Find a basis for each, from the vectors before as_of; of more than 262,144 customers by those whom a draw
 * of (seed, key) chooses. Same on all ranks: params, observation, seed.
 * @param[out] bases  new content: tsr_embeddings_clear(), also after a failure
 * @return TSR_OK; TSR_EDATA (fewer than two customers have a vector); TSR_EIO; TSR_ENOMEM
 * Cost: two passes over the vectors, dimensions^2 products per customer of the sample.
 */
tsr_status tsr_embeddings_fit(const tsr_comm *comm, const tsr_features_params *params,
                              const tsr_observation *observation, const tsr_dataset *dataset, uint64_t seed,
                              tsr_embedding_bases *bases) TSR_NODISCARD;

/** Local. Free what it owns; it is empty afterwards. */
void tsr_embeddings_clear(tsr_embedding_bases *bases);

/** Local. To /embeddings/NAME/... of a bundle. */
tsr_status tsr_embeddings_save(const tsr_embedding_bases *bases, tsr_bundle *bundle) TSR_NODISCARD;

#endif
