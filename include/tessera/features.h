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
    tsr_texts set;       /* "default" or names of features; attributes by their own name */
    int64_t categories;  /* the most columns that one category attribute, or the shares of channels, become */
    int64_t session_gap; /* minutes without an event that end a session */
    tsr_texts view_events, support_events, dwell_events; /* types of events */
    int32_t transform;                                   /* none | log1p | log | auto */
    tsr_map transforms;                                  /* feature -> none | log1p | log | auto */
    int32_t scale;                                       /* none | standard */
    double clip;                                         /* standard deviations */
    int32_t missing;                                     /* reject | median | mean */
    int64_t embedding_components;                        /* features that an embedding becomes */
} tsr_features_params;

extern const tsr_key tsr_features_keys[];

/* The principal components of an embedding: as many features `name:1`, `name:2`, ... */
typedef struct tsr_embedding_basis {
    tsr_embedding about; /* in the dataset */
    int32_t components;
    int64_t customers; /* that it was found from */
    double *mean;      /* [dimensions] */
    double *vector;    /* [components][dimensions]; all 0 where the vectors do not spread any farther */
} tsr_embedding_basis;

typedef struct tsr_embedding_bases {
    int32_t n;
    tsr_embedding_basis *basis; /* [n] */
} tsr_embedding_bases;

/* How the observation is cut, from the job; times are civil seconds. */
typedef struct tsr_observation {
    tsr_date as_of;           /* first moment not looked at; not set: the midnight after the last transaction */
    tsr_date calibration_end; /* inclusive date; not set: none */
    int32_t returns;          /* value.returns: 0 net_per_day, 1 ignore */
    int32_t period;           /* value.opportunity, purchases of one are one: 0 day, 1 week, 2 month, 3 year */
    bool keep_ids;
    const tsr_embedding_bases *embeddings; /* of those that features.set names; NULL: none */
} tsr_observation;

/* One line of the feature table: what `tessera features` prints. */
typedef struct tsr_feature_about {
    const char *name, *definition, *unit;
    const char *missing;   /* what it is when there is nothing to compute it from */
    const char *transform; /* default of `auto`'s decision: "none", "log1p" or "auto" (by skewness) */
    bool in_default;       /* part of the default set, where the dataset has what it needs */
    uint32_t needs;        /* TSR_HAS_* that a dataset must have; 0: any */
} tsr_feature_about;

/** Local. The table; *n lines. */
const tsr_feature_about *tsr_features_table(int32_t *n);

/** Local. The same of the features that the value model gives; where an attribute has such a name, it is meant. */
const tsr_feature_about *tsr_features_of_value(int32_t *n);

/* The table beside features.h5 that holds them: they are known after the fit only. */
#define TSR_FEATURES_WORTH "worth.h5"

/**
 * Local. The columns of that table which a job asks for, with their positions among the features of the run.
 * @param[out] columns  new [n]; tsr_free(). @return TSR_OK; as tsr_features_run() for a set that cannot be; TSR_ENOMEM
 */
tsr_status tsr_features_valued(const tsr_features_params *params, const tsr_dataset_info *dataset, tsr_column **columns,
                               int32_t *n) TSR_NODISCARD;

/*
 * Columns of features.h5. A purchase is a row with amount > 0, or = 0 on a day without a return (amount < 0).
 *
 *   key u64, id text   only with keep_ids; of a matrix without ids: the row number as text, and its hash
 *   row i64            row in the dataset or matrix, from 0
 *
 * and from a dataset, all before as_of:
 *
 *   revenue i64        net sum of amounts, money units
 *   orders i32         distinct orders with a purchase; without order ids each purchase is an order
 *   recency_days i32   date(as_of) - date(last purchase); -1: no purchase
 *   buy_x i32          purchase days but the first one, as the returns policy leaves them; -1: none left, the rest is 0
 *   buy_tx_days i32    first to last of these days
 *   buy_t_days i32     first of these days to the end of observation, the last day that as_of lets in
 *   buy_spend i64      money of all but the first day
 *   cal_x, cal_tx_days, cal_t_days, cal_spend   the same up to calibration_end (where it is set)
 *   hold_x i32, hold_spend i64                  purchase days and their money after it (where it is set)
 *
 * Where value.opportunity is longer than a day, periods with a purchase stand for the days, and the last whole period
 * ends an observation: one that calibration_end cuts belongs to the holdout.
 *
 * Returns policy: net_per_day adds up the amounts of a day, and drops a day with a return whose sum is not above 0;
 * ignore leaves negative amounts out. Then the features, f64, with attribute `position`: their order, from 1. Those of
 * the value model are links into TSR_FEATURES_WORTH.
 */
typedef struct tsr_features_info {
    int64_t customers;   /* rows of features.h5 */
    int64_t after_as_of; /* customers left out: records from as_of on, and nothing from before */
    int64_t prospects;   /* without a purchase */
    tsr_int128 revenue;  /* sum of column revenue, money units */
    int32_t money_scale;
    int64_t as_of;    /* as used, civil seconds */
    int32_t features; /* number of feature columns */
} tsr_features_info;

/**
 * Collective. Compute all raw features and write features.h5 to @p path, block by block: whole or not at all.
 * Exactly one of @p dataset and @p matrix is given; customers are dealt by cost, rows of a matrix evenly.
 * Same on all ranks: params, observation, path. The customers of the run are those with a record or a vector from
 * before as_of or with an attribute, whatever was recorded later, and those with no record at all.
 * @return TSR_OK; TSR_ECONF (unknown feature or transform, a name taken twice, calibration_end not before as_of, no
 *         as_of for records that are no transactions); TSR_EDATA (no customers, none before as_of, money beyond
 *         64 bits, an infinite value of a matrix); TSR_EIO; TSR_ENOMEM
 *
 * Cost: one pass over the dataset; before it, one over what tells who belongs to the run and which values occur, which
 * as a rule ends early.
 */
tsr_status tsr_features_run(const tsr_comm *comm, const tsr_features_params *params, const tsr_observation *observation,
                            const tsr_dataset *dataset, const tsr_matrix *matrix, const char *path,
                            tsr_features_info *info) TSR_NODISCARD;

/* How features.set names an embedding. */
#define TSR_EMBEDDING_PREFIX "embedding:"

/** Local. How many features it becomes. */
int32_t tsr_embedding_parts(const tsr_features_params *params, const tsr_embedding *embedding);

/** Local. The first day that is not looked at, counted from 1970-01-01: vectors that hold from it or later are missing.
 *  INT64_MAX where there is neither as_of nor a transaction to end with.
 */
int64_t tsr_observation_end_day(const tsr_observation *observation, const tsr_dataset_info *about);

/** Local. Days of the whole opportunities after the last one that calibration_end (civil seconds) leaves whole, up to
 *  as_of; 0: there is none. @param period  value.opportunity */
int32_t tsr_observation_holdout(int32_t period, int64_t calibration_end, int64_t as_of);

/** Local. What of the customers is to be read to know who belongs to the run; 0: all do. */
uint32_t tsr_observation_reads(const tsr_observation *observation, const tsr_dataset_info *about);

/** Local. Does customer @p i of a block that was read so belong to the run? */
bool tsr_observation_counts(const tsr_observation *observation, const tsr_dataset_info *about, const tsr_block *block,
                            int64_t i);

/** Local. Does customer @p i of a block have the vector, from before @p end_day? */
bool tsr_embedding_there(const tsr_embedding *embedding, const tsr_block *block, int64_t i, int64_t end_day);

/** Local. To and from /features/... of a bundle: what a finished stage leaves beside its file. */
tsr_status tsr_features_info_save(const tsr_features_info *info, tsr_bundle *bundle) TSR_NODISCARD;
tsr_status tsr_features_info_load(const tsr_bundle *bundle, tsr_features_info *info) TSR_NODISCARD;

/**
 * Local. Names of the feature columns of an open features.h5, in the order of the run's feature set.
 * @param[out] names  new [n][TSR_NAME_BYTES]; tsr_free()
 * @return TSR_OK; TSR_EDATA (positions that are no order); TSR_ENOMEM
 */
tsr_status tsr_features_names(const tsr_table *features, char (**names)[TSR_NAME_BYTES], int32_t *n) TSR_NODISCARD;

#endif
