/**
 * @file features.h
 * Raw features of each customer, from the records before `as_of`: features.h5.
 *
 * A feature is a pure function of one customer's sorted records. One documented table lists them all.
 */
#ifndef TSR_FEATURES_H
#define TSR_FEATURES_H

#include "tessera/bundle.h"
#include "tessera/dataset.h"
#include "tessera/exact.h"
#include "tessera/job.h"
#include "tessera/matrix.h"

typedef struct tsr_features_params {
    tsr_texts set;      /* "default" or names of features; attributes by their own name */
    int32_t transform;  /* none | log1p | log | auto */
    tsr_map transforms; /* feature -> none | log1p | log | auto */
    int32_t scale;      /* none | standard */
    double clip;        /* standard deviations */
    int32_t missing;    /* reject | median | mean */
} tsr_features_params;

extern const tsr_key tsr_features_keys[];

/* How the observation is cut, from the job; times are civil seconds. */
typedef struct tsr_observation {
    tsr_date as_of;           /* first moment not looked at; not set: the midnight after the last transaction */
    tsr_date calibration_end; /* inclusive date; not set: none */
    int32_t returns;          /* value.returns: 0 net_per_day, 1 ignore */
    bool keep_ids;
} tsr_observation;

/* One line of the feature table: what `tessera features` prints. */
typedef struct tsr_feature_about {
    const char *name, *definition, *unit;
    const char *missing;   /* what it is when there is nothing to compute it from */
    const char *transform; /* default of `auto`'s decision: "none", "log1p" or "auto" (by skewness) */
    bool in_default;       /* part of the default set */
} tsr_feature_about;

/** Local. The table; *n lines. */
const tsr_feature_about *tsr_features_table(int32_t *n);

/*
 * Columns of features.h5 beside the features (double, by name):
 *   key u64, id text (both only with keep_ids), row i64 (row in the dataset or matrix)
 *   only from a dataset:
 *   revenue i64      net sum of amounts before as_of, money units
 *   orders i32       distinct orders with a positive amount before as_of
 *   recency_days i32 date(as_of) - date(last purchase); -1: none. A purchase is a row with amount > 0, or = 0 and no
 * return buy_x i32, buy_tx_days i32, buy_t_days i32   repeat purchase days, first to last, first to the end of
 * observation (the day before as_of); buy_x = -1: never bought buy_spend i64    money of the repeat purchase days
 *   cal_x, cal_tx_days, cal_t_days, cal_spend    the same up to calibration_end (only where it is set)
 *   hold_x i32, hold_spend i64                   purchase days and money after it, before as_of
 */
typedef struct tsr_features_info {
    int64_t customers;   /* rows of features.h5 */
    int64_t after_as_of; /* customers left out: no record before as_of */
    int64_t prospects;   /* without a purchase */
    tsr_int128 revenue;  /* sum of column revenue, money units */
    int32_t money_scale;
    int64_t as_of;    /* as used, civil seconds */
    int32_t features; /* number of feature columns */
} tsr_features_info;

/**
 * Collective. Compute all raw features and write features.h5 to @p path, block by block.
 * Exactly one of @p dataset and @p matrix is given. Rows are dealt by cost.
 * @return TSR_OK; TSR_ECONF (unknown feature); TSR_EDATA (no customers, missing values with missing: reject); TSR_EIO
 */
tsr_status tsr_features_run(const tsr_comm *comm, const tsr_features_params *params, const tsr_observation *observation,
                            const tsr_dataset *dataset, const tsr_matrix *matrix, const char *path,
                            tsr_features_info *info) TSR_NODISCARD;

/** Local. To and from /features/... of a bundle: what a finished stage leaves beside its file. */
tsr_status tsr_features_info_save(const tsr_features_info *info, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_features_info_load(const tsr_bundle *bundle, tsr_features_info *info) TSR_NODISCARD;

/**
 * Local. Names of the feature columns of an open features.h5, in the order of the run's feature set (attribute order
 * kept in the file). @param[out] names  new [n][TSR_NAME_BYTES]; tsr_free()
 */
tsr_status tsr_features_names(const tsr_table *features, char (**names)[TSR_NAME_BYTES], int32_t *n) TSR_NODISCARD;

#endif
