#include "tessera/settings.h"

#include <stddef.h>
#include <string.h>

#include "tessera/report.h"

#define SECONDS_PER_DAY 86400

/* Seeds are written in YAML, JSON and HDF5: all of them hold 2^53 without loss. */
#define SEED_MAX 0x1p53

#define AT(field) offsetof(tsr_run_params, field)

static const tsr_key run_keys[] = {
    {"dataset", TSR_KEY_PATH, AT(dataset), "null", 0, 0, NULL,
     "folder of the dataset that `tessera ingest` writes and `tessera segment` reads", NULL, 0},
    {"matrix.file", TSR_KEY_PATH, AT(matrix_file), "null", 0, 0, NULL,
     "HDF5 file with a ready matrix of features, instead of a dataset", NULL, 0},
    {"matrix.path", TSR_KEY_TEXT, AT(matrix_path), "null", 0, 0, NULL,
     "the two-dimensional dataset in that file, one row per customer", NULL, 0},
    {"matrix.id", TSR_KEY_TEXT, AT(matrix_id), "null", 0, 0, NULL,
     "the dataset in that file that holds the customers' ids; null: the row number", NULL, 0},
    {"output", TSR_KEY_PATH, AT(output), NULL, 0, 0, NULL, "folder that the run writes: the run directory", NULL, 0},
    {"seed", TSR_KEY_INT, AT(seed), "1", 0, SEED_MAX, NULL, "key of all random draws", NULL, 0},
    {"as_of", TSR_KEY_DATE, AT(as_of), "null", 0, 0, NULL,
     "first moment not looked at; null: the midnight after the last transaction", NULL, 0},
    {"checkpoint_seconds", TSR_KEY_REAL, AT(checkpoint_seconds), "300", 1, 86400, NULL,
     "seconds between checkpoints inside long stages", NULL, 0},
    {"privacy.keep_ids", TSR_KEY_BOOL, AT(keep_ids), "true", 0, 0, NULL,
     "false: neither id nor key of a customer in any file of the run", NULL, 0},
    {"privacy.min_cell", TSR_KEY_INT, AT(min_cell), "10", 1, 1000000, NULL,
     "figures about fewer customers than this are masked in segments.json and report.html", NULL, 0},
    {"report.title", TSR_KEY_TEXT, AT(title), "Customer segments", 0, 0, NULL, "title of report.html", NULL, 0},
    {"report.language", TSR_KEY_TEXT, AT(language), "en", 0, 0, NULL, "language of report.html: en, el or zh", NULL, 0},
    {"plan.latency_us", TSR_KEY_REAL, AT(latency_us), "2", 0, 1e6, NULL,
     "for `tessera plan` only: microseconds of one hop of a short message. bench/scaling measures all four; these are "
     "a cluster network of 100 Gbit/s's",
     NULL, 0},
    {"plan.gb_per_second", TSR_KEY_REAL, AT(gigabytes), "12.5", 1e-3, 1e6, NULL,
     "for `tessera plan` only: bytes of long messages between two ranks, in units of 10^9 per second", NULL, 0},
    {"plan.sum_gb_per_second", TSR_KEY_REAL, AT(sum_gigabytes), "10", 1e-3, 1e6, NULL,
     "for `tessera plan` only: bytes that one rank adds up in a reduction, in units of 10^9 per second", NULL, 0},
    {"plan.jitter", TSR_KEY_REAL, AT(jitter), "0.01", 0, 1, NULL,
     "for `tessera plan` only: how much the times of ranks for equal work differ, as a share (standard deviation)",
     NULL, 0},
    {NULL, TSR_KEY_BOOL, 0, NULL, 0, 0, NULL, NULL, NULL, 0},
};

int32_t tsr_settings_sections(tsr_settings *settings, tsr_section sections[TSR_SECTIONS_MAX])
{
    const tsr_section all[] = {
        {run_keys, &settings->run},
        {tsr_ingest_keys, &settings->ingest},
        {tsr_features_keys, &settings->features},
        {tsr_reduce_keys, &settings->reduce},
        {tsr_tsne_keys, &settings->tsne},
        {tsr_cluster_keys, &settings->cluster},
        {tsr_quality_keys, &settings->quality},
        {tsr_rfm_keys, &settings->rfm},
        {tsr_value_keys, &settings->value},
        {tsr_explain_keys, &settings->explain},
        {tsr_act_keys, &settings->act},
        {tsr_predict_keys, &settings->predict},
    };

    memcpy(sections, all, sizeof all);
    return (int32_t)(sizeof all / sizeof all[0]);
}

static tsr_status check_input(const tsr_settings *settings)
{
    const tsr_run_params *run = &settings->run;

    if (run->dataset == NULL && run->matrix_file == NULL)
        return TSR_FAIL(TSR_ECONF, "the job names no input: give `dataset`, or `matrix.file` and `matrix.path`");
    if (run->dataset != NULL && run->matrix_file != NULL)
        return TSR_FAIL(TSR_ECONF, "the job names two inputs: give either `dataset` or `matrix.file`");
    if (run->matrix_file != NULL && run->matrix_path == NULL)
        return TSR_FAIL(TSR_ECONF, "`matrix.file` needs `matrix.path`, the dataset in that file");
    if (run->matrix_file == NULL && (run->matrix_path != NULL || run->matrix_id != NULL))
        return TSR_FAIL(TSR_ECONF, "`matrix.path` and `matrix.id` need `matrix.file`");
    if (run->dataset != NULL && strcmp(run->dataset, run->output) == 0)
        return TSR_FAIL(TSR_ECONF, "`output` and `dataset` are the same folder: %s", run->output);
    return TSR_OK;
}

static tsr_status check_dates(const tsr_settings *settings)
{
    const tsr_date *as_of = &settings->run.as_of, *end = &settings->value.calibration_end;

    if (end->set && settings->run.matrix_file != NULL)
        return TSR_FAIL(TSR_ECONF, "`value.calibration_end` needs a dataset: a matrix has no purchases");
    if (end->set && as_of->set && end->seconds + SECONDS_PER_DAY >= as_of->seconds)
        return TSR_FAIL(TSR_ECONF, "`value.calibration_end` must lie at least one whole day before `as_of`: nothing is "
                                   "left to validate on");
    return TSR_OK;
}

static tsr_status check_value(const tsr_value_params *value)
{
    if (value->model == TSR_VALUE_BG_BB && value->opportunity != value->time_unit)
        return TSR_FAIL(TSR_ECONF, "`value.model: bg_bb` counts time in opportunities: set `value.opportunity` and "
                                   "`value.time_unit` to the same period");
    return TSR_OK;
}

static tsr_status check_clusters(const tsr_cluster_params *cluster)
{
    if ((cluster->start_file == NULL) != (cluster->start_path == NULL))
        return TSR_FAIL(TSR_ECONF, "`cluster.start` needs both `file` and `path`");
    if (cluster->k.low < 2 || cluster->k.high < cluster->k.low || cluster->k.high > TSR_K_MAX)
        return TSR_FAIL(TSR_ECONF, "`cluster.k` is %lld..%lld: give one number or a rising range between 2 and %d",
                        (long long)cluster->k.low, (long long)cluster->k.high, TSR_K_MAX);
    return TSR_OK;
}

/* What tiers of customer lifetime value need, and what they cannot use. */
static tsr_status check_tiers(const tsr_settings *settings)
{
    const tsr_cluster_params *cluster = &settings->cluster;

    if (cluster->method != TSR_METHOD_TIERS) return TSR_OK;
    if (settings->run.dataset == NULL || settings->value.model == TSR_VALUE_NONE)
        return TSR_FAIL(TSR_ECONF, "`cluster.method: clv_tiers` needs a `dataset` and a `value.model`");
    if (cluster->weights != NULL || cluster->start_file != NULL)
        return TSR_FAIL(TSR_ECONF, "`cluster.method: clv_tiers` has no use for `cluster.%s`",
                        cluster->weights != NULL ? "weights" : "start");
    if (settings->quality.truth != NULL)
        return TSR_FAIL(TSR_ECONF, "`quality.truth` is compared with segments of `cluster.method: kmeans`");
    return tsr_tiers_check(&cluster->tiers);
}

static tsr_status check_truth(const tsr_quality_params *quality)
{
    if (quality->truth_table != NULL && quality->truth == NULL)
        return TSR_FAIL(TSR_ECONF, "`quality.truth_table` needs `quality.truth`: the name of its column");
    return TSR_OK;
}

static tsr_status check(const tsr_settings *settings)
{
    tsr_status st = check_input(settings);

    if (st == TSR_OK) st = check_dates(settings);
    if (st == TSR_OK) st = check_value(&settings->value);
    if (st == TSR_OK) st = check_clusters(&settings->cluster);
    if (st == TSR_OK) st = check_tiers(settings);
    if (st == TSR_OK) st = check_truth(&settings->quality);
    if (st == TSR_OK) st = tsr_report_language_check(settings->run.language);
    return st;
}

tsr_status tsr_settings_read(const tsr_comm *comm, const char *path, const char *const *overrides, int32_t n,
                             tsr_settings *settings)
{
    tsr_section sections[TSR_SECTIONS_MAX];
    int32_t sections_n = tsr_settings_sections(settings, sections);
    tsr_status st = TSR_OK;

    memset(settings, 0, sizeof *settings);
    TSR_TRY(tsr_job_read(comm, path, overrides, n, sections, sections_n, &settings->job));
    TSR_AGREE(comm, check(settings));
    if (settings->run.as_of.set) settings->ingest.as_of = settings->run.as_of.seconds;
done:
    if (st != TSR_OK) tsr_settings_clear(settings);
    return st;
}

void tsr_settings_clear(tsr_settings *settings)
{
    tsr_job_destroy(&settings->job);
    memset(settings, 0, sizeof *settings);
}
