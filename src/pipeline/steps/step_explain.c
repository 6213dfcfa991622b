#include <math.h>

#include "pipeline/steps/steps.h"
#include "tessera/memory.h"

#define BLOCK        8192 /* rows at a time: all features of a block are held at once */
#define BINS         255
#define LEAF_DIVISOR 500 /* a rule speaks of at least 0.2 % of the customers */

/* Features as the clustering saw them, in their own units. */
typedef struct reader {
    const tsr_table *features;
    const tsr_scaler *scaler;
    const tsr_span *span;
} reader;

static tsr_status read_block(void *context, int64_t block, double *values, int32_t *group, int64_t *rows)
{
    const reader *r = context;
    int64_t first = block * BLOCK;
    tsr_status st = TSR_OK;

    (void)group;
    *rows = r->span->rows - first < BLOCK ? r->span->rows - first : BLOCK;
    for (int32_t c = 0; st == TSR_OK && c < r->scaler->cols; c++) {
        double *column = values + (int64_t)c * BLOCK;
        st = tsr_table_read(r->features, r->scaler->name[c], r->span->first + first, *rows, TSR_F64, column);
        for (int64_t i = 0; st == TSR_OK && i < *rows; i++)
            if (isnan(column[i])) column[i] = r->scaler->fill[c];
    }
    return st;
}

/* ---- where the rules come from ---- */

static tsr_status open_tables(const char *features, const char *customers, const tsr_span *span, tsr_table **table,
                              int32_t **segment)
{
    tsr_table *labels = NULL;
    tsr_status st;

    TSR_TRY(tsr_table_open(features, table));
    TSR_TRY(tsr_table_open(customers, &labels));
    TSR_TRY(tsr_alloc(segment, span->rows, sizeof **segment));
    TSR_TRY(tsr_table_read(labels, "segment", span->first, span->rows, TSR_I32, *segment));
done:
    tsr_table_close(&labels);
    return st;
}

static tsr_status make_rules(const tsr_comm *comm, const tsr_run *run, const tsr_span *span, const tsr_scaler *scaler,
                             int32_t k, tsr_surrogate *surrogate)
{
    const tsr_bins_params bins = {.bins = BINS, .readable = true};
    int64_t leaf = run->settings->run.min_cell;
    char *features = NULL, *customers = NULL;
    tsr_table *table = NULL;
    tsr_binned *binned = NULL;
    int32_t *segment = NULL;
    tsr_status st;

    if (leaf < span->rows_global / LEAF_DIVISOR) leaf = span->rows_global / LEAF_DIVISOR;
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &features));
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_CUSTOMERS, &customers));
    TSR_AGREE(comm, open_tables(features, customers, span, &table, &segment));
    reader r = {table, scaler, span};
    const tsr_quantile_source source = {&r, (span->rows + BLOCK - 1) / BLOCK, BLOCK, read_block};
    TSR_TRY(tsr_bins_fit(comm, &source, span->rows, scaler->cols, &bins, &binned));
    TSR_TRY(tsr_surrogate_fit(comm, binned, segment, k, (int32_t)run->settings->explain.depth, leaf, surrogate));
done:
    tsr_binned_destroy(&binned);
    tsr_free(&segment);
    tsr_table_close(&table);
    tsr_free(&customers);
    tsr_free(&features);
    return st;
}

tsr_status tsr_step_explain(const tsr_comm *comm, tsr_run *run, const tsr_population *population,
                            const tsr_scaler *scaler, int32_t k, tsr_surrogate *surrogate)
{
    const tsr_bundle *kept = run->kept[TSR_STAGE_EXPLAIN];
    tsr_bundle *keep = NULL;
    tsr_status st;

    *surrogate = (tsr_surrogate){0};
    if (run->settings->explain.depth == 0 || k < 2) return TSR_OK;
    if (kept != NULL) return tsr_agree(comm, tsr_surrogate_load(kept, surrogate));
    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_EXPLAIN));
    TSR_TRY(make_rules(comm, run, &population->span, scaler, k, surrogate));
    TSR_AGREE(comm, tsr_bundle_create(&keep));
    TSR_AGREE(comm, tsr_surrogate_save(surrogate, keep));
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_EXPLAIN, &(tsr_outcome){.rows = population->span.rows, .keep = keep}));
done:
    if (st != TSR_OK) tsr_surrogate_clear(surrogate);
    tsr_bundle_destroy(&keep);
    return st;
}
