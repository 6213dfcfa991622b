/**
 * @file settings.h
 * All settings of a job: the params of every stage, filled from one file by one list of tables.
 */
#ifndef TSR_SETTINGS_H
#define TSR_SETTINGS_H

#include "tessera/features.h"
#include "tessera/ingest.h"
#include "tessera/kmeans.h"
#include "tessera/pca.h"
#include "tessera/playbook.h"
#include "tessera/predict.h"
#include "tessera/quality.h"
#include "tessera/rfm.h"
#include "tessera/surrogate.h"
#include "tessera/tsne.h"
#include "tessera/value.h"

/* The keys of the job itself. */
typedef struct tsr_run_params {
    char *dataset; /* folder; NULL with a matrix */
    char *matrix_file, *matrix_path, *matrix_id;
    char *output;
    int64_t seed;
    tsr_date as_of;
    double checkpoint_seconds;
    bool keep_ids;    /* privacy.keep_ids */
    int64_t min_cell; /* privacy.min_cell */
    char *title;      /* report.title */
    char *language;   /* report.language */

    double latency_us, gigabytes, sum_gigabytes, jitter; /* plan.* */
} tsr_run_params;

typedef struct tsr_settings {
    tsr_run_params run;
    tsr_ingest_params ingest;
    tsr_features_params features;
    tsr_reduce_params reduce;
    tsr_tsne_params tsne;
    tsr_cluster_params cluster;
    tsr_quality_params quality;
    tsr_rfm_params rfm;
    tsr_value_params value;
    tsr_explain_params explain;
    tsr_act_params act;
    tsr_predict_params predict;
    tsr_job *job; /* owns the strings */
} tsr_settings;

#define TSR_SECTIONS_MAX 16

/** Local. The tables of all modules, bound to @p settings; returns how many. */
int32_t tsr_settings_sections(tsr_settings *settings, tsr_section sections[TSR_SECTIONS_MAX]);

/** Collective. Read a job file and check what concerns more than one module (dataset or matrix, dates, ...). */
tsr_status tsr_settings_read(const tsr_comm *comm, const char *path, const char *const *overrides, int32_t n,
                             tsr_settings *settings) TSR_NODISCARD;

/** Local. Free what they own. */
void tsr_settings_clear(tsr_settings *settings);

#endif
