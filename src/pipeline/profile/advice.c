#include "pipeline/profile/advice.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tessera/features.h"
#include "tessera/memory.h"

#define SHARES 5
#define TOP    5 /* features listed as distinguishing */

static const char *const share_name[SHARES] = {"share", "revenue_share", "buyers_share", "churn_risk", "p_alive"};

static void fill_shares(const tsr_profile *profile, const tsr_part *part, double *share)
{
    const tsr_part *all = &profile->total;
    bool money = profile->money && all->revenue != 0;

    share[0] = (double)part->customers / (double)all->customers;
    share[1] = money ? tsr_int128_scaled(part->revenue, 0) / tsr_int128_scaled(all->revenue, 0) : (double)NAN;
    share[2] = profile->money ? (double)part->buyers / (double)part->customers : (double)NAN;
    share[3] = part->churn_risk;
    share[4] = part->p_alive;
}

static tsr_status make_likeness(const tsr_profile *profile, tsr_likeness *likeness)
{
    int32_t n = profile->features + SHARES;
    const char **variable = NULL;
    double *value = NULL;
    tsr_status st;

    *likeness = (tsr_likeness){.k = profile->k, .n = n, .features = profile->features};
    TSR_TRY(tsr_alloc(&variable, n, sizeof *variable));
    likeness->variable = variable;
    TSR_TRY(tsr_alloc(&value, (int64_t)profile->k * n, sizeof *value));
    likeness->value = value;
    for (int32_t i = 0; i < n; i++)
        variable[i] = i < profile->features ? profile->name[i] : share_name[i - profile->features];
    for (int32_t s = 0; s < profile->k; s++) {
        double *of_segment = value + (int64_t)s * n;
        for (int32_t i = 0; i < profile->features; i++) of_segment[i] = profile->segment[s].feature[i].effect;
        fill_shares(profile, &profile->segment[s], of_segment + profile->features);
    }
done:
    return st;
}

/* Features of other runs are no mistake in the rules: they are missing here. */
static bool is_known(void *context, const char *name)
{
    int32_t n = 0;
    const tsr_feature_about *table = tsr_features_table(&n);

    (void)context;
    for (int32_t i = 0; i < n; i++)
        if (strcmp(table[i].name, name) == 0) return true;
    table = tsr_features_of_value(&n);
    for (int32_t i = 0; i < n; i++)
        if (strcmp(table[i].name, name) == 0) return true;
    return false;
}

/* Tiers have the names of the job. */
static tsr_status give_names(const tsr_comm *comm, const tsr_run *run, const tsr_tiers *tiers, tsr_advice *advice)
{
    tsr_status st;

    if (tiers->k == 0)
        return tsr_names_give(comm, run->settings->act.names, is_known, NULL, &advice->likeness, &advice->name);
    TSR_AGREE(comm, tsr_alloc(&advice->name, tiers->k, sizeof *advice->name));
    memcpy(advice->name, tiers->name, (size_t)tiers->k * sizeof *advice->name);
done:
    return st;
}

tsr_status tsr_advice_take(const tsr_comm *comm, const tsr_run *run, const tsr_population *population,
                           const tsr_profile *profile, const tsr_tiers *tiers, const tsr_playbook *playbook,
                           tsr_advice *advice)
{
    char *customers = NULL;
    tsr_status st;

    *advice = (tsr_advice){.playbook = playbook, .named_by_job = tiers->k > 0};
    TSR_AGREE(comm, make_likeness(profile, &advice->likeness));
    TSR_TRY(give_names(comm, run, tiers, advice));
    if (playbook == NULL) goto done;
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_CUSTOMERS, &customers));
    TSR_TRY(tsr_actions_tally(comm, customers, &population->span, profile->k, playbook->n, &advice->actions));
done:
    tsr_free(&customers);
    if (st != TSR_OK) tsr_advice_clear(advice);
    return st;
}

void tsr_advice_clear(tsr_advice *advice)
{
    tsr_free(&advice->actions.play);
    tsr_free(&advice->name);
    tsr_free(&advice->likeness.value);
    tsr_free(&advice->likeness.variable);
}

/* ---- the guard against too many segments ---- */

static bool is_inseparable(const tsr_quality *quality, int32_t segment)
{
    const tsr_silhouette *s = &quality->euclidean;

    if (s->sample > 0 && !isnan(s->segment[segment])) return s->segment[segment] - s->segment_error[segment] <= 0;
    return quality->segment_silhouette[segment] < TSR_SEPARABLE;
}

tsr_flags tsr_advice_flags(const tsr_run *run, const tsr_segmentation *segmentation, const tsr_quality *quality,
                           const tsr_profile *profile, int32_t segment)
{
    const double *jaccard = segmentation->model != NULL ? segmentation->model->jaccard : NULL;
    double share = (double)profile->segment[segment].customers / (double)profile->total.customers;

    return (tsr_flags){.small = share < run->settings->cluster.min_share,
                       .unstable = jaccard != NULL && (jaccard[segment] < TSR_STABLE),
                       .not_separable = (quality->k > 0) && is_inseparable(quality, segment)};
}

int32_t tsr_advice_manageable(const tsr_run *run, const tsr_kmeans *model)
{
    int32_t k = 0;

    for (int32_t i = 0; model != NULL && i < model->candidates_n; i++) {
        const tsr_candidate *c = &model->candidate[i];
        if (c->smallest_share < run->settings->cluster.min_share || c->jaccard < TSR_STABLE) continue;
        k = c->k;
    }
    return k;
}

/* ---- as JSON ---- */

static json_t *distinguishing_of(const tsr_advice *advice, const tsr_profile *profile, int32_t segment)
{
    json_t *list = json_array();
    int32_t feature[TOP], n = tsr_likeness_top(&advice->likeness, segment, TOP, feature);

    for (int32_t i = 0; i < n; i++) {
        const tsr_feature_profile *own = &profile->segment[segment].feature[feature[i]];
        const tsr_feature_profile *all = &profile->total.feature[feature[i]];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:f, s:f, s:f, s:f}", "feature", profile->name[feature[i]],
                                        "direction", own->effect > 0 ? "high" : "low", "effect", own->effect, "median",
                                        own->p50, "population_median", all->p50, "difference", own->mean - all->mean));
    }
    return list;
}

static json_t *play_of(const tsr_play *play)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:f}", "name", play->name, "objective", play->objective,
                     "action", play->action, "channel", play->channel, "cadence", play->cadence, "guardrail",
                     play->guardrail, "kpi", play->kpi, "holdout", play->holdout);
}

/* The play of most customers, the first of equals. A share so large that the rest are few does not say how few. */
static json_t *action_of(const tsr_advice *advice, int32_t segment, long min_cell)
{
    const int64_t *count = advice->actions.play + (int64_t)segment * advice->actions.plays;
    int64_t customers = 0;
    int32_t most = 0;

    for (int32_t p = 0; p < advice->actions.plays; p++) {
        customers += count[p];
        if (count[p] > count[most]) most = p;
    }
    int64_t rest = customers - count[most];
    json_t *json = play_of(&advice->playbook->play[most]);
    bool hidden = count[most] < min_cell || (rest > 0 && rest < min_cell);
    json_object_set_new(json, "share", hidden ? json_null() : json_real((double)count[most] / (double)customers));
    json_object_set_new(json, "mixed", json_boolean(2 * count[most] < customers));
    return json;
}

void tsr_advice_name(const tsr_advice *advice, const tsr_profile *profile, int32_t segment, long min_cell,
                     char name[TSR_NAME_BYTES])
{
    if (profile->segment[segment].customers < min_cell && !advice->named_by_job)
        snprintf(name, TSR_NAME_BYTES, "Segment %d", segment + 1);
    else
        snprintf(name, TSR_NAME_BYTES, "%s", advice->name[segment]);
}

void tsr_advice_segment_json(const tsr_advice *advice, const tsr_profile *profile, int32_t segment, long min_cell,
                             json_t *json)
{
    char slug[32], name[TSR_NAME_BYTES];

    /* Neutral: a name like "Lost" is not for the platforms of others. */
    snprintf(slug, sizeof slug, "seg_%02d", segment + 1);
    tsr_advice_name(advice, profile, segment, min_cell, name);
    json_object_set_new(json, "name", json_string(name));
    json_object_set_new(json, "slug", json_string(slug));
    json_object_set_new(json, "distinguishing", distinguishing_of(advice, profile, segment));
    if (advice->playbook != NULL) json_object_set_new(json, "action", action_of(advice, segment, min_cell));
}

json_t *tsr_advice_playbook_json(const tsr_advice *advice)
{
    const tsr_playbook *playbook = advice->playbook;
    json_t *plays = json_array(), *customers = json_object(), *contact = json_object();

    for (int32_t p = 0; p < playbook->n; p++) {
        int64_t sum = 0;
        for (int32_t s = 0; s < advice->likeness.k; s++) sum += advice->actions.play[(int64_t)s * playbook->n + p];
        json_t *play = play_of(&playbook->play[p]);
        const tsr_rule *rule = playbook->play[p].rule;
        json_object_set_new(play, "rule", json_string(rule != NULL ? tsr_rule_text(rule) : "*"));
        json_array_append_new(plays, play);
        json_object_set_new(customers, playbook->play[p].name, json_integer(sum));
    }
    for (int c = 0; c < TSR_CONTACTS; c++)
        json_object_set_new(contact, tsr_contact_names[c], json_integer(advice->actions.contact[c]));
    return json_pack("{s:o, s:o, s:o}", "plays", plays, "customers", customers, "contact", contact);
}
