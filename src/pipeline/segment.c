#include "tessera/segment.h"

#include <string.h>

#include "pipeline/profile/results.h"
#include "pipeline/summary/summary.h"
#include "tessera/file.h"
#include "tessera/log.h"
#include "tessera/memory.h"
#include "tessera/report.h"
#include "tessera/segments.h"

static tsr_status deal(const tsr_comm *comm, const tsr_run *run, const tsr_input *input, tsr_population *population)
{
    char *features = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &features));
    TSR_TRY(tsr_population_read(comm, input, features, population));
done:
    tsr_free(&features);
    return st;
}

static tsr_status write_customers(const tsr_comm *comm, tsr_run *run, const tsr_results_input *rows)
{
    tsr_outcome outcome = {.rows = rows->population->span.rows};
    uint8_t digest[TSR_DIGEST_SIZE];
    char *path = NULL;
    tsr_status st;

    if (run->done[TSR_STAGE_CUSTOMERS]) return TSR_OK;
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_CUSTOMERS, &path));
    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_CUSTOMERS));
    TSR_TRY(tsr_results_write(comm, run, rows, path, digest));
    outcome.digest = digest;
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_CUSTOMERS, &outcome));
done:
    tsr_free(&path);
    return st;
}

/* Collective. Sums of value over each segment and over all, from the fit and from fits nearby. */
static tsr_status take_intervals(const tsr_comm *comm, const tsr_run *run, const tsr_population *population,
                                 const char *features, const char *customers, const tsr_worth *worth,
                                 tsr_profile *profile)
{
    tsr_value_interval *interval = NULL;
    double *sum = NULL;
    int64_t *size = NULL;
    int32_t k = profile->k;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&interval, k + 1, sizeof *interval));
    TSR_AGREE(comm, tsr_alloc(&sum, (int64_t)k * TSR_VALUE_SUMS, sizeof *sum));
    TSR_AGREE(comm, tsr_alloc(&size, k, sizeof *size));
    for (int32_t s = 0; s < k; s++) {
        const tsr_part *part = &profile->segment[s];
        double *of = sum + (int64_t)s * TSR_VALUE_SUMS;
        of[TSR_SUM_PURCHASES] = part->expected_purchases;
        of[TSR_SUM_BUYERS] = part->expected_buyers;
        of[TSR_SUM_CLV] = part->clv_total;
        of[TSR_SUM_CLV_INFINITE] = part->clv_infinite_total;
        size[s] = part->buyers;
    }
    TSR_TRY(tsr_value_intervals(comm, &run->settings->value, &worth->model, (uint64_t)run->settings->run.seed, features,
                                customers, &population->span, population->key, k, sum, size, interval));
    for (int32_t s = 0; s < k; s++) profile->segment[s].interval = interval[s];
    profile->total.interval = interval[k];
done:
    tsr_free(&size);
    tsr_free(&sum);
    tsr_free(&interval);
    return st;
}

/* How the value of each segment, and of all, is spread over its customers. */
static tsr_status take_concentration(const tsr_comm *comm, const tsr_span *span, const char *customers,
                                     tsr_profile *profile)
{
    const int32_t k = profile->k;
    tsr_concentration *found = NULL;
    double *total = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&found, k + 1, sizeof *found));
    TSR_AGREE(comm, tsr_alloc(&total, k + 1, sizeof *total));
    for (int32_t s = 0; s < k; s++) total[s] = profile->segment[s].clv_total;
    total[k] = profile->total.clv_total;
    TSR_TRY(tsr_value_concentration(comm, customers, span, k, total, found));
    for (int32_t s = 0; s < k; s++) profile->segment[s].concentration = found[s];
    profile->total.concentration = found[k];
done:
    tsr_free(&total);
    tsr_free(&found);
    return st;
}

static tsr_status take_profile(const tsr_comm *comm, tsr_run *run, const tsr_population *population,
                               const tsr_scaler *scaler, int32_t k, int32_t money_scale, const tsr_worth *worth,
                               tsr_profile *profile)
{
    char *features = NULL, *customers = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &features));
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_CUSTOMERS, &customers));
    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_PROFILE));
    TSR_TRY(tsr_profile_run(comm, features, customers, &population->span, scaler, k, money_scale, profile));
    if (worth->fitted) TSR_TRY(take_intervals(comm, run, population, features, customers, worth, profile));
    if (worth->fitted) TSR_TRY(take_concentration(comm, &population->span, customers, profile));
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_PROFILE, &(tsr_outcome){.rows = population->span.rows}));
done:
    tsr_free(&customers);
    tsr_free(&features);
    return st;
}

/* Collective. */
static tsr_status take_maps(const tsr_comm *comm, const tsr_run *run, const tsr_population *population, int32_t k,
                            const tsr_rfm *rfm, const tsr_tsne *tsne, tsr_maps *maps, tsr_tsne_map *plane)
{
    char *features = NULL, *customers = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &features));
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_CUSTOMERS, &customers));
    TSR_TRY(tsr_maps_run(comm, features, customers, &population->span, k, rfm, maps));
    TSR_TRY(tsr_tsne_map_run(comm, tsne, customers, &population->span, k, plane));
done:
    tsr_free(&customers);
    tsr_free(&features);
    return st;
}

static tsr_status write_model(const tsr_comm *comm, tsr_run *run, const tsr_findings *findings)
{
    uint8_t digest[TSR_DIGEST_SIZE];
    tsr_bundle *model = NULL;
    char *path = NULL;
    tsr_status st;

    if (run->done[TSR_STAGE_MODEL]) return TSR_OK;
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_MODEL, &path));
    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_MODEL));
    TSR_AGREE(comm, tsr_summary_model(findings, &model));
    TSR_TRY(tsr_bundle_write(comm, model, path));
    tsr_bundle_digest(model, digest);
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_MODEL, &(tsr_outcome){.digest = digest}));
done:
    tsr_bundle_destroy(&model);
    tsr_free(&path);
    return st;
}

/* Collective. The root writes the text of a finished stage. */
static tsr_status write_text(const tsr_comm *comm, tsr_run *run, tsr_stage stage, const char *text)
{
    uint8_t digest[TSR_DIGEST_SIZE];
    char *path = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_run_path(run, stage, &path));
    TSR_AGREE(comm, comm->rank == 0 ? tsr_file_write(path, text, (int64_t)strlen(text)) : TSR_OK);
    tsr_digest_bytes(text, strlen(text), digest);
    TSR_TRY(tsr_run_end(comm, run, stage, &(tsr_outcome){.digest = digest}));
done:
    tsr_free(&path);
    return st;
}

static tsr_status write_segments(const tsr_comm *comm, tsr_run *run, const tsr_findings *findings, char **segments)
{
    tsr_status st;

    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_SEGMENTS));
    TSR_AGREE(comm, tsr_summary_segments(findings, segments));
    TSR_TRY(write_text(comm, run, TSR_STAGE_SEGMENTS, *segments));
done:
    return st;
}

/* All but the page. */
static tsr_status conclude(const tsr_comm *comm, tsr_run *run, const tsr_findings *findings, char **segments)
{
    json_t *facts = NULL; /* for run.json */
    tsr_status st;

    TSR_TRY(write_model(comm, run, findings));
    TSR_TRY(write_segments(comm, run, findings, segments));
    TSR_AGREE(comm, tsr_summary_facts(findings, &facts));
    tsr_run_conclude(run, facts);
done:
    json_decref(facts);
    return st;
}

/* The page shows the digest of the result, so run.json is complete but for the page itself. */
static tsr_status write_report(const tsr_comm *comm, tsr_run *run, const char *segments)
{
    char *html = NULL, *manifest = NULL;
    tsr_status st;

    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_REPORT));
    TSR_AGREE(comm, tsr_json_text(run->manifest, &manifest));
    TSR_AGREE(comm, tsr_report_html(segments, manifest, &html));
    TSR_TRY(write_text(comm, run, TSR_STAGE_REPORT, html));
done:
    tsr_free(&html);
    tsr_free(&manifest);
    return st;
}

/* All files but the page are there: read the aggregates back. */
static tsr_status read_segments(const tsr_comm *comm, const tsr_run *run, char **segments)
{
    char *path = NULL;
    int64_t bytes = 0;
    tsr_status st;

    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_SEGMENTS, &path));
    TSR_AGREE(comm, comm->rank == 0 ? tsr_file_read(path, segments, &bytes) : TSR_OK);
    bytes += comm->rank == 0; /* the zero at its end travels too */
    TSR_TRY(tsr_bcast_block(comm, (void **)segments, &bytes, 0));
done:
    tsr_free(&path);
    return st;
}

/* How customers were put into segments; all owned. */
typedef struct grouping {
    tsr_tiles *tiles;              /* the features, scaled, in 16-bit steps; gone where there are scores */
    tsr_pca *pca;                  /* principal components of the tiles                                  */
    tsr_tiles *scores;             /* the customers in principal components                              */
    tsr_segmentation segmentation; /* centroids or tiers, and the segment of each customer               */
    tsr_tsne tsne;                 /* a plane for some of the customers                                  */
    tsr_quality quality;           /* how good the segments are                                          */
} grouping;

/* What was clustered; NULL: nothing. */
static tsr_tiles *space_of(const grouping *g)
{
    return g->scores != NULL ? g->scores : g->tiles;
}

/* From features to segments by likeness. */
static tsr_status cluster(const tsr_comm *comm, tsr_run *run, const tsr_input *input, const tsr_population *population,
                          tsr_scaler *scaler, grouping *g)
{
    tsr_status st;

    TSR_TRY(tsr_step_tiles(comm, run, scaler, population, &g->tiles));
    TSR_TRY(tsr_step_pca(comm, run, g->tiles, &g->pca, &g->scores));
    if (g->scores != NULL) tsr_tiles_destroy(&g->tiles);
    TSR_TRY(tsr_step_weights(comm, run, input, space_of(g)));
    TSR_TRY(tsr_step_kmeans(comm, run, input, scaler, g->pca, space_of(g), &g->segmentation));
    TSR_TRY(tsr_step_tsne(comm, run, space_of(g), &g->tsne));
    TSR_TRY(tsr_step_quality(comm, run, input, population, space_of(g), &g->segmentation, &g->quality));
done:
    return st;
}

static void drop_space(grouping *g)
{
    tsr_tiles_destroy(&g->scores);
    tsr_tiles_destroy(&g->tiles);
}

static void grouping_clear(grouping *g)
{
    drop_space(g);
    tsr_quality_clear(&g->quality);
    tsr_tsne_clear(&g->tsne);
    tsr_segmentation_clear(&g->segmentation);
    tsr_pca_destroy(&g->pca);
}

/* The flow of data, from customers to segments.json. */
static tsr_status find_segments(const tsr_comm *comm, tsr_run *run, const tsr_input *input, char **segments)
{
    tsr_features_info info;               /* of features.h5: raw features of each customer   */
    tsr_embedding_bases bases = {.n = 0}; /* what is left of vectors: their principal components */
    tsr_population population = {0};      /* its rows, dealt evenly to ranks, and their keys */
    tsr_rfm rfm;                          /* edges and groups of recency, frequency, money   */
    tsr_worth worth;                      /* models of purchases and spend                   */
    tsr_scaler *scaler = NULL;            /* how features become comparable                  */
    grouping group = {0};                 /* who is in which segment, and why                */
    tsr_playbook *playbook = NULL;        /* what to do with whom                            */
    tsr_profile profile = {0};            /* what the segments are like                      */
    tsr_surrogate surrogate = {0};        /* rules that say who is in them                   */
    tsr_maps maps = {0};                  /* where customers lie, in counts                  */
    tsr_tsne_map plane = {0};             /* the plane of t-SNE in counts                    */
    tsr_advice advice = {0};              /* their names and actions                         */
    tsr_status st;

    TSR_TRY(tsr_step_features(comm, run, input, &info, &bases));
    TSR_TRY(deal(comm, run, input, &population));
    TSR_TRY(tsr_actions_playbook(comm, run, input, &playbook));
    TSR_TRY(tsr_step_rfm(comm, run, &population, &info, &rfm));
    TSR_TRY(tsr_step_value(comm, run, input, &population, &info, &worth));
    TSR_TRY(tsr_step_worth(comm, run, input, &population, &worth));
    TSR_TRY(tsr_step_scale(comm, run, &population, &scaler));
    if (run->wanted[TSR_STAGE_TIERS])
        TSR_TRY(tsr_step_tiers(comm, run, &population, &worth, &group.segmentation));
    else
        TSR_TRY(cluster(comm, run, input, &population, scaler, &group));
    const tsr_segmentation *segmentation = &group.segmentation;
    const tsr_results_input rows = {input, &population, segmentation, space_of(&group), group.scores,
                                    &rfm,  &worth,      playbook,     info.as_of};
    TSR_TRY(write_customers(comm, run, &rows));
    drop_space(&group);
    TSR_TRY(take_profile(comm, run, &population, scaler, segmentation->k, info.money_scale, &worth, &profile));
    TSR_TRY(tsr_step_explain(comm, run, &population, scaler, segmentation->k, &surrogate));
    TSR_TRY(take_maps(comm, run, &population, segmentation->k, &rfm, &group.tsne, &maps, &plane));
    TSR_TRY(tsr_advice_take(comm, run, &population, &profile, &segmentation->tiers, playbook, &advice));
    const tsr_findings findings = {run,          input,          &info,  &bases, scaler,   group.pca,
                                   segmentation, &group.quality, &rfm,   &worth, &profile, &surrogate,
                                   &maps,        &group.tsne,    &plane, &advice};
    TSR_TRY(conclude(comm, run, &findings, segments));
done:
    tsr_advice_clear(&advice);
    tsr_maps_clear(&maps);
    tsr_surrogate_clear(&surrogate);
    tsr_profile_clear(&profile);
    tsr_playbook_destroy(&playbook);
    grouping_clear(&group);
    tsr_scaler_destroy(&scaler);
    tsr_population_clear(&population);
    tsr_embeddings_clear(&bases);
    return st;
}

tsr_status tsr_segment(const tsr_comm *comm, const tsr_settings *settings, const tsr_segment_options *options,
                       bool *already)
{
    tsr_input input = {0}; /* dataset or matrix, starting centroids        */
    tsr_run *run = NULL;   /* the run directory, and what is finished in it */
    char *segments = NULL; /* segments.json                                 */
    bool finished = false;
    tsr_status st;

    TSR_TRY(tsr_actions_check(comm, &settings->act));
    if (settings->run.dataset != NULL) TSR_TRY(tsr_rfm_check(comm, &settings->rfm, settings->run.keep_ids));
    TSR_TRY(tsr_input_open(comm, settings, &input));
    TSR_TRY(tsr_run_open(comm, settings, options, &input, &run));
    finished = tsr_run_finished(run);
    if (finished) goto done;
    if (tsr_run_concluded(run))
        TSR_TRY(read_segments(comm, run, &segments));
    else
        TSR_TRY(find_segments(comm, run, &input, &segments));
    TSR_TRY(write_report(comm, run, segments));
    TSR_TRY(tsr_run_finish(comm, run));
done:
    if (already != NULL) *already = finished;
    tsr_free(&segments);
    tsr_run_close(&run);
    tsr_input_close(&input);
    return st;
}
