#include "pipeline/summary/summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pipeline/summary/rfm_json.h"
#include "pipeline/summary/rules_json.h"
#include "pipeline/summary/value_json.h"
#include "pipeline/summary/warnings.h"
#include "tessera/memory.h"
#include "tessera/segments.h"

static json_t *real(double value)
{
    return isfinite(value) ? json_real(value + 0.0) : json_null();
}

static json_t *money_text(tsr_int128 units, int32_t scale)
{
    char text[48];

    tsr_int128_print(units, scale, text);
    return json_string(text);
}

/* ---- the parts of segments.json ---- */

static json_t *silhouette_of(const tsr_silhouette *s)
{
    if (s->sample == 0) return json_null();
    return json_pack("{s:o, s:o, s:o, s:I}", "value", real(s->value), "low", real(s->low), "high", real(s->high),
                     "sample", (json_int_t)s->sample);
}

static json_t *agreement_of(const tsr_findings *f)
{
    const tsr_agreement *a = &f->quality->agreement;

    if (a->classes == 0) return json_null();
    return json_pack("{s:s, s:o, s:o, s:i, s:I}", "truth", f->run->settings->quality.truth, "adjusted_rand",
                     real(a->adjusted_rand), "normalised_information", real(a->normalised_information), "classes",
                     (int)a->classes, "customers", (json_int_t)a->rows);
}

static json_t *quality_of(const tsr_findings *f)
{
    const tsr_quality *q = f->quality;

    if (q->k == 0) return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i}", "inertia", real(q->inertia), "explained_variance",
                     real(q->explained_variance), "silhouette_squared", real(q->silhouette_squared),
                     "silhouette_simplified", real(q->silhouette_simplified), "silhouette",
                     silhouette_of(&q->euclidean), "davies_bouldin", real(q->davies_bouldin), "calinski_harabasz",
                     real(q->calinski_harabasz), "agreement", agreement_of(f), "k", (int)q->k);
}

static json_t *candidate_of(const tsr_candidate *c)
{
    return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "k", (int)c->k, "inertia",
                     real(c->inertia), "explained_variance", real(c->explained_variance), "silhouette_simplified",
                     real(c->silhouette_simplified), "silhouette_squared", real(c->silhouette_squared),
                     "davies_bouldin", real(c->davies_bouldin), "calinski_harabasz", real(c->calinski_harabasz), "gap",
                     real(c->gap), "gap_error", real(c->gap_error), "stability", real(c->stability), "stability_sd",
                     real(c->stability_sd), "jaccard", real(c->jaccard));
}

static json_t *choice_of(const tsr_kmeans *model)
{
    json_t *choice = json_array();

    for (int32_t i = 0; model != NULL && i < model->candidates_n; i++)
        json_array_append_new(choice, candidate_of(&model->candidate[i]));
    return choice;
}

/* The k that each criterion names, and which of them decided. */
static json_t *votes_of(const tsr_findings *f)
{
    const tsr_kmeans *model = f->segmentation->model;
    json_t *votes = json_object();

    if (model == NULL || model->candidates_n == 0) {
        json_decref(votes);
        return json_null();
    }
    for (int c = 0; c < TSR_CRITERIA; c++)
        json_object_set_new(votes, tsr_criterion_name((tsr_criterion)c),
                            model->vote[c] > 0 ? json_integer(model->vote[c]) : json_null());
    json_object_set_new(votes, "decided_by", json_string(tsr_run_setting(f->run, "cluster.choose")));
    return votes;
}

/* How tiers were cut; the least value of each stands with its segment. */
static json_t *tiers_of(const tsr_findings *f)
{
    const tsr_tiers_params *params = &f->run->settings->cluster.tiers;
    json_t *cuts = json_array();

    for (int32_t i = 0; i < params->cuts.n; i++)
        json_array_append_new(cuts, json_real(strtod(params->cuts.text[i], NULL)));
    return json_pack("{s:s, s:o, s:i, s:b}", "by", tsr_run_setting(f->run, "cluster.tiers.by"), "cuts", cuts, "empty",
                     (int)f->segmentation->tiers.left_out, "rest", f->segmentation->tiers.rest);
}

static json_t *pca_of(const tsr_findings *f)
{
    const tsr_pca *pca = f->pca;
    json_t *shares = json_array();
    double total = 0;

    for (int32_t c = 0; c < pca->cols; c++) total += pca->variance[c];
    for (int32_t c = 0; c < pca->cols; c++) json_array_append_new(shares, real(pca->variance[c] / total));
    return json_pack("{s:i, s:o, s:o, s:o}", "components", (int)pca->components, "variance_share", shares, "loadings",
                     tsr_maps_loadings(pca, f->scaler), "map", tsr_maps_density(f->maps));
}

static json_t *features_of(const tsr_profile *profile, const tsr_part *part)
{
    json_t *features = json_object();

    for (int32_t i = 0; i < profile->features; i++) {
        const tsr_feature_profile *p = &part->feature[i];
        json_object_set_new(features, profile->name[i],
                            json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "mean", real(p->mean), "p10", real(p->p10),
                                      "p25", real(p->p25), "p50", real(p->p50), "p75", real(p->p75), "p90",
                                      real(p->p90), "effect", real(p->effect)));
    }
    return features;
}

static json_t *interval_of(const double interval[2])
{
    return json_pack("[o, o]", real(interval[0]), real(interval[1]));
}

/* Sums and their names; who does not buy is the rest. */
static const char *const sum_interval[TSR_VALUE_SUMS] = {[TSR_SUM_PURCHASES] = "expected_purchases_interval",
                                                         [TSR_SUM_BUYERS] = "expected_buyers_interval",
                                                         [TSR_SUM_CLV] = "clv_interval",
                                                         [TSR_SUM_CLV_INFINITE] = "clv_infinite_interval"};
static const char *const mean_interval[TSR_VALUE_SUMS] = {[TSR_SUM_PURCHASES] = "expected_purchases_interval",
                                                          [TSR_SUM_BUYERS] = "p_buy_interval",
                                                          [TSR_SUM_CLV] = "clv_interval",
                                                          [TSR_SUM_CLV_INFINITE] = "clv_infinite_interval"};

/* Per customer who has bought. */
static void add_value_means(json_t *means, const tsr_part *part)
{
    const double n = (double)part->buyers, *buy = part->interval.of[TSR_SUM_BUYERS];

    json_object_set_new(means, "p_buy", real(part->p_buy));
    json_object_set_new(means, "clv_infinite", real(part->clv_infinite));
    json_object_set_new(means, "expected_purchases", real(part->expected_purchases / n));
    for (int i = 0; i < TSR_VALUE_SUMS; i++) {
        const double *sum = part->interval.of[i];
        json_object_set_new(means, mean_interval[i], interval_of((const double[]){sum[0] / n, sum[1] / n}));
    }
    json_object_set_new(means, "churn_risk_interval", interval_of((const double[]){1 - buy[1] / n, 1 - buy[0] / n}));
}

/* A tenth of too few customers says what single ones are worth. */
static json_t *concentration_of(const tsr_part *part, long min_cell)
{
    const tsr_concentration *c = &part->concentration;
    bool shown = part->buyers >= (TSR_LORENZ_POINTS - 1) * min_cell;
    json_t *lorenz = json_array();

    for (int i = 0; shown && i < TSR_LORENZ_POINTS; i++) json_array_append_new(lorenz, real(c->lorenz[i]));
    return json_pack("{s:o, s:o, s:o}", "gini", real(part->buyers >= min_cell ? c->gini : (double)NAN),
                     "top_decile_share", real(shown ? c->top_decile : (double)NAN), "lorenz", lorenz);
}

/* The same figures for a segment and for all customers. */
static json_t *part_of(const tsr_findings *f, const tsr_part *part)
{
    const tsr_profile *profile = f->profile;
    json_t *json = json_pack("{s:I, s:o, s:o}", "customers", (json_int_t)part->customers, "share",
                             real((double)part->customers / (double)profile->total.customers), "features",
                             features_of(profile, part));

    if (!profile->money) return json;
    json_object_set_new(json, "buyers", json_integer(part->buyers));
    json_object_set_new(json, "revenue", money_text(part->revenue, f->info->money_scale));
    json_object_set_new(json, "revenue_share",
                        real(tsr_int128_scaled(part->revenue, 0) / tsr_int128_scaled(profile->total.revenue, 0)));
    json_object_set_new(json, "means",
                        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "recency_days", real(part->recency_days),
                                  "frequency", real(part->frequency), "monetary", real(part->monetary), "order_value",
                                  real(part->order_value), "clv", real(part->clv), "p_alive", real(part->p_alive),
                                  "churn_risk", real(part->churn_risk)));
    if (!profile->value) return json;
    add_value_means(json_object_get(json, "means"), part);
    json_object_set_new(json, "clv_total", real(part->clv_total));
    json_object_set_new(json, "clv_infinite_total", real(part->clv_infinite_total));
    json_object_set_new(json, "expected_purchases", real(part->expected_purchases));
    json_object_set_new(json, "expected_buyers", real(part->expected_buyers));
    for (int i = 0; i < TSR_VALUE_SUMS; i++)
        json_object_set_new(json, sum_interval[i], interval_of(part->interval.of[i]));
    json_object_set_new(json, "clv_concentration", concentration_of(part, (long)f->run->settings->run.min_cell));
    return json;
}

static tsr_flags flags_of(const tsr_findings *f, int32_t segment)
{
    return tsr_advice_flags(f->run, f->segmentation, f->quality, f->profile, segment);
}

static json_t *flags_json(tsr_flags flags)
{
    json_t *list = json_array();

    if (flags.small) json_array_append_new(list, json_string("small"));
    if (flags.unstable) json_array_append_new(list, json_string("unstable"));
    if (flags.not_separable) json_array_append_new(list, json_string("not_separable"));
    return list;
}

/* Which segments to leave alone, and with how many it would be better. */
static json_t *guard_of(const tsr_findings *f)
{
    int32_t flagged = 0, manageable = tsr_advice_manageable(f->run, f->segmentation->model);

    for (int32_t s = 0; s < f->profile->k; s++) {
        tsr_flags flags = flags_of(f, s);
        flagged += flags.small || flags.unstable || flags.not_separable;
    }
    return json_pack("{s:i, s:o, s:f, s:o}", "flagged", (int)flagged, "manageable_k",
                     manageable > 0 ? json_integer(manageable) : json_null(), "stable_from", TSR_STABLE, "min_share",
                     real(f->run->settings->cluster.min_share));
}

/* Of all customers of a segment, as the column has it. */
static double weight_of(const tsr_kmeans *model, int32_t segment)
{
    return (double)model->weight[segment] * model->quantum;
}

/* How much customers counted, where the job says so. */
static json_t *weights_of(const tsr_findings *f)
{
    const tsr_kmeans *model = f->segmentation->model;
    const char *column = f->run->settings->cluster.weights;
    double total = 0;

    for (int32_t s = 0; s < model->k; s++)
        total += model->weight != NULL ? weight_of(model, s) : (double)model->count[s] * model->quantum;
    return json_pack("{s:s, s:o, s:o, s:b}", "column", column, "quantum", real(model->quantum), "total", real(total),
                     "equal", model->weight == NULL);
}

/* How well K-means set a segment apart. */
static void add_likeness(const tsr_findings *f, int32_t segment, json_t *json)
{
    const tsr_kmeans *model = f->segmentation->model;
    const tsr_silhouette *euclidean = &f->quality->euclidean;

    json_object_set_new(json, "silhouette_simplified", real(f->quality->segment_silhouette[segment]));
    if (euclidean->sample > 0)
        json_object_set_new(json, "silhouette",
                            json_pack("{s:o, s:o}", "value", real(euclidean->segment[segment]), "error",
                                      real(euclidean->segment_error[segment])));
    if (model->weight != NULL) json_object_set_new(json, "weight", real(weight_of(model, segment)));
    if (model->jaccard != NULL) json_object_set_new(json, "jaccard", real(model->jaccard[segment]));
}

static json_t *segments_of(const tsr_findings *f)
{
    json_t *segments = json_array();

    for (int32_t s = 0; s < f->profile->k; s++) {
        const tsr_part *part = &f->profile->segment[s];
        json_t *json = part_of(f, part);
        json_object_set_new(json, "segment", json_integer(s));
        json_object_set_new(json, "flags", flags_json(flags_of(f, s)));
        tsr_advice_segment_json(f->advice, f->profile, s, (long)f->run->settings->run.min_cell, json);
        if (f->segmentation->model != NULL) add_likeness(f, s, json);
        if (f->segmentation->tiers.k > 0) json_object_set_new(json, "clv_from", real(f->segmentation->tiers.least[s]));
        if (f->maps->groups > 0) json_object_set_new(json, "rfm_groups", tsr_maps_mix(f->maps, f->rfm, s));
        if (f->maps->scores) json_object_set_new(json, "map", tsr_maps_place(f->maps, s));
        json_object_set_new(json, "rules", tsr_rules_json(f, s));
        json_object_set_new(json, "rules_fidelity", tsr_rules_fidelity(f, s));
        json_array_append_new(segments, json);
    }
    return segments;
}

/* A date and time of day as people write it; midnight is left out. */
static void print_time(int64_t seconds, char *text, size_t n)
{
    time_t moment = (time_t)seconds;
    struct tm civil;

    gmtime_r(&moment, &civil); /* civil seconds: the zone is already in them */
    strftime(text, n, seconds % 86400 == 0 ? "%Y-%m-%d" : "%Y-%m-%d %H:%M:%S", &civil);
}

/* Up to which day there is data, and how long before the last day looked at. */
static json_t *freshness_of(const tsr_findings *f)
{
    const int64_t day = 86400, as_of = f->info->as_of, newest = tsr_dataset_about(f->input->dataset)->time_last;
    const int64_t last = newest < as_of ? newest : as_of - 1;
    char date[128];

    print_time(last - last % day, date, sizeof date);
    return json_pack("{s:s, s:I}", "until", date, "days", (json_int_t)((as_of - 1) / day - last / day));
}

static void add_as_of(const tsr_findings *f, json_t *json)
{
    char as_of[128];

    if (f->input->dataset == NULL || !(f->profile->money || f->run->settings->run.as_of.set)) return;
    print_time(f->info->as_of, as_of, sizeof as_of);
    json_object_set_new(json, "as_of", json_string(as_of));
}

static void add_money_parts(const tsr_findings *f, json_t *json)
{
    const tsr_dataset_info *about = tsr_dataset_about(f->input->dataset);

    json_object_set_new(json, "freshness", freshness_of(f));
    json_object_set_new(json, "currency", json_string(about->currency));
    json_object_set_new(json, "revenue", money_text(f->info->revenue, f->info->money_scale));
    json_object_set_new(json, "prospects", json_integer(f->info->prospects));
    json_object_set_new(json, "after_as_of", json_integer(f->info->after_as_of));
    json_t *rfm = tsr_rfm_json(f->rfm, (long)f->run->settings->run.min_cell);
    json_object_set_new(rfm, "grid", tsr_maps_grid(f->maps, f->info->money_scale));
    json_object_set_new(json, "rfm", rfm);
    json_object_set_new(json, "value",
                        f->worth->fitted ? tsr_value_json(f->run->settings, f->worth, f->profile) : json_null());
}

tsr_status tsr_summary_segments(const tsr_findings *f, char **text)
{
    long min_cell = (long)f->run->settings->run.min_cell;
    json_t *json = json_object();
    tsr_status st;

    *text = NULL;
    json_object_set_new(json, "customers", json_integer(f->info->customers));
    json_object_set_new(json, "min_cell", json_integer(min_cell));
    json_object_set_new(json, "method", json_string(tsr_run_setting(f->run, "cluster.method")));
    json_object_set_new(json, "tiers", f->segmentation->tiers.k > 0 ? tiers_of(f) : json_null());
    json_object_set_new(json, "quality", quality_of(f));
    if (f->run->settings->cluster.weights != NULL) json_object_set_new(json, "weights", weights_of(f));
    json_object_set_new(json, "choice", choice_of(f->segmentation->model));
    json_object_set_new(json, "choice_votes", votes_of(f));
    json_object_set_new(json, "guard", guard_of(f));
    if (f->advice->playbook != NULL) json_object_set_new(json, "playbook", tsr_advice_playbook_json(f->advice));
    json_object_set_new(json, "pca", f->pca != NULL ? pca_of(f) : json_null());
    if (f->tsne->rows > 0) json_object_set_new(json, "tsne", tsr_tsne_map_json(f->tsne, f->plane));
    json_object_set_new(json, "surrogate", tsr_surrogate_json(f));
    add_as_of(f, json);
    if (f->profile->money) add_money_parts(f, json);
    json_object_set_new(json, "total", part_of(f, &f->profile->total));
    if (json_object_set_new(json, "segments", segments_of(f)) != 0)
        TSR_TRY(TSR_FAIL(TSR_ENOMEM, "no memory for segments.json"));
    TSR_TRY(tsr_segments_mask(json, min_cell));
    TSR_TRY(tsr_json_text(json, text));
done:
    json_decref(json);
    return st;
}

/* ---- run.json ---- */

static json_t *fit_of(const tsr_segmentation *segmentation)
{
    const tsr_kmeans *model = segmentation->model;

    if (model == NULL) return json_pack("{s:i}", "k", (int)segmentation->k);
    return json_pack("{s:I, s:f, s:s, s:i, s:I, s:I}", "iterations", (json_int_t)model->iterations, "seconds",
                     model->seconds, "stop", tsr_stop_name(model->stop), "k", (int)model->k, "repairs",
                     (json_int_t)model->repairs, "sample", (json_int_t)model->sample_rows);
}

tsr_status tsr_summary_facts(const tsr_findings *f, json_t **facts)
{
    *facts = json_pack("{s:o, s:{s:I, s:I, s:I}, s:o}", "cluster", fit_of(f->segmentation), "counts", "customers",
                       (json_int_t)f->info->customers, "prospects", (json_int_t)f->info->prospects, "after_as_of",
                       (json_int_t)f->info->after_as_of, "warnings", tsr_warnings_of(f));
    return *facts != NULL ? TSR_OK : TSR_FAIL(TSR_ENOMEM, "no memory for run.json");
}
