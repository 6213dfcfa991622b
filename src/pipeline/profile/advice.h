/**
 * @file advice.h
 * What to call the segments, which of them to leave alone, and what to do with whom.
 */
#ifndef TSR_ADVICE_H
#define TSR_ADVICE_H

#include <jansson.h>

#include "pipeline/profile/actions.h"
#include "pipeline/profile/profile.h"
#include "pipeline/steps/steps.h"
#include "tessera/names.h"

#define TSR_STABLE    0.6 /* Jaccard index from which on half-samples find a segment again (Hennig, 2007) */
#define TSR_SEPARABLE 0.1 /* simplified silhouette from which on a segment lies apart, where no other is known */

typedef struct tsr_advice {
    tsr_likeness likeness;        /* its arrays are owned, the names in it borrowed from the profile */
    char (*name)[TSR_NAME_BYTES]; /* [k], all different; owned */
    bool named_by_job;            /* tiers: a name tells nothing of who is in one */
    tsr_actions_count actions;    /* plays 0: there is no playbook */
    const tsr_playbook *playbook; /* borrowed */
} tsr_advice;

/**
 * Collective. Names from the profile, or of the tiers where there are some, plays from customers.h5. Same on all ranks:
 * all but population->span.
 * @param playbook     NULL: none
 * @param[out] advice  tsr_advice_clear()
 * @return TSR_OK; TSR_EIO; TSR_ECONF (rules for names); TSR_EDATA; TSR_ENOMEM
 */
tsr_status tsr_advice_take(const tsr_comm *comm, const tsr_run *run, const tsr_population *population,
                           const tsr_profile *profile, const tsr_tiers *tiers, const tsr_playbook *playbook,
                           tsr_advice *advice) TSR_NODISCARD;
void tsr_advice_clear(tsr_advice *advice);

/* What is wrong with a segment. */
typedef struct tsr_flags {
    bool small;         /* fewer customers than cluster.min_share */
    bool unstable;      /* not found again in half-samples: do not target */
    bool not_separable; /* its customers lie no nearer to each other than to another segment */
} tsr_flags;

/** Local. */
tsr_flags tsr_advice_flags(const tsr_run *run, const tsr_segmentation *segmentation, const tsr_quality *quality,
                           const tsr_profile *profile, int32_t segment);

/** Local. The largest k that was tried whose segments are all large and stable enough, on the sample; 0: none, or none
 *  was tried. @param model  NULL: no K-means */
int32_t tsr_advice_manageable(const tsr_run *run, const tsr_kmeans *model);

/** Local. The name that a segment is shown by: of fewer than @p min_cell customers one that says nothing of them. */
void tsr_advice_name(const tsr_advice *advice, const tsr_profile *profile, int32_t segment, long min_cell,
                     char name[TSR_NAME_BYTES]);

/** Local. name, slug, distinguishing features and action of a segment into its object. */
void tsr_advice_segment_json(const tsr_advice *advice, const tsr_profile *profile, int32_t segment, long min_cell,
                             json_t *json);

/** Local. The whole playbook: plays in their order, customers by play and by what stands against contact. New. */
json_t *tsr_advice_playbook_json(const tsr_advice *advice);

#endif
