#include <math.h>
#include <string.h>

#include "pipeline/steps/scoring.h"
#include "tessera/log.h"
#include "tessera/memory.h"

/* ---- worth.h5: features that the value model gives ---- */

typedef struct writer {
    const tsr_span *span;
    tsr_table *features;
    tsr_scoring *scoring;
    tsr_column *column;
    int32_t columns;
} writer;

static double score_of(const char *name, const tsr_value_scores *scores)
{
    const struct {
        const char *name;
        double value;
    } all[] = {{"clv", scores->clv},
               {"expected_purchases", scores->expected_purchases},
               {"expected_spend", scores->expected_spend},
               {"p_alive", scores->p_alive},
               {"p_buy", scores->p_buy}};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i].name, name) == 0) return isnan(all[i].value) ? 0 : all[i].value;
    TSR_ASSERT(!"a feature of the value model that nobody computes");
    return (double)NAN;
}

static tsr_status fill(void *context, int64_t first, int64_t rows, void *const *values)
{
    writer *w = context;
    const tsr_value_scores *scores = NULL;
    tsr_status st = TSR_OK;

    for (int64_t done = 0; done < rows; done += TSR_BLOCK_ROWS) {
        int64_t n = rows - done < TSR_BLOCK_ROWS ? rows - done : TSR_BLOCK_ROWS;
        TSR_TRY(tsr_scoring_block(w->scoring, w->span->first + first + done, n, &scores));
        for (int32_t c = 0; c < w->columns; c++)
            for (int64_t i = 0; i < n; i++) ((double *)values[c])[done + i] = score_of(w->column[c].name, &scores[i]);
    }
    tsr_progress("worth", first + rows, w->span->rows);
done:
    return st;
}

static tsr_status open_writer(const tsr_run *run, const tsr_input *input, const tsr_worth *worth, const char *features,
                              writer *w)
{
    const int64_t rows = w->span->rows < TSR_BLOCK_ROWS ? w->span->rows : TSR_BLOCK_ROWS;
    tsr_status st;

    TSR_TRY(tsr_features_valued(&run->settings->features, tsr_dataset_about(input->dataset), &w->column, &w->columns));
    TSR_TRY(tsr_table_open(features, &w->features));
    TSR_TRY(tsr_scoring_create(w->features, worth, &run->settings->value, false, rows, &w->scoring));
    for (int32_t c = 0; c < w->columns; c++) w->column[c].file = NULL;
done:
    return st;
}

static void close_writer(writer *w)
{
    tsr_scoring_destroy(&w->scoring);
    tsr_table_close(&w->features);
    tsr_free(&w->column);
}

tsr_status tsr_step_worth(const tsr_comm *comm, tsr_run *run, const tsr_input *input, const tsr_population *population,
                          const tsr_worth *worth)
{
    writer w = {.span = &population->span};
    char *features = NULL, *path = NULL;
    tsr_status st;

    if (!run->wanted[TSR_STAGE_WORTH] || run->done[TSR_STAGE_WORTH]) return TSR_OK;
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &features));
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_WORTH, &path));
    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_WORTH));
    TSR_AGREE(comm, open_writer(run, input, worth, features, &w));
    TSR_TRY(tsr_table_write(comm, path, w.column, w.columns, &population->span, fill, &w, NULL));
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_WORTH, &(tsr_outcome){.rows = population->span.rows}));
done:
    close_writer(&w);
    tsr_free(&path);
    tsr_free(&features);
    return st;
}

/* ---- segments by customer lifetime value ---- */

static tsr_status read_clv(const tsr_run *run, const tsr_worth *worth, const char *path, const tsr_span *span,
                           float *clv)
{
    const int64_t block = span->rows < TSR_BLOCK_ROWS ? span->rows : TSR_BLOCK_ROWS;
    const tsr_value_scores *scores = NULL;
    tsr_scoring *scoring = NULL;
    tsr_table *features = NULL;
    tsr_status st;

    TSR_TRY(tsr_table_open(path, &features));
    TSR_TRY(tsr_scoring_create(features, worth, &run->settings->value, false, block, &scoring));
    for (int64_t done = 0; done < span->rows; done += TSR_BLOCK_ROWS) {
        int64_t rows = span->rows - done < TSR_BLOCK_ROWS ? span->rows - done : TSR_BLOCK_ROWS;
        TSR_TRY(tsr_scoring_block(scoring, span->first + done, rows, &scores));
        for (int64_t i = 0; i < rows; i++) clv[done + i] = (float)scores[i].clv; /* as customers.h5 has it */
    }
done:
    tsr_scoring_destroy(&scoring);
    tsr_table_close(&features);
    return st;
}

static tsr_status fit_tiers(const tsr_comm *comm, tsr_run *run, const tsr_span *span, const float *clv,
                            tsr_segmentation *segmentation)
{
    tsr_bundle *keep = NULL;
    tsr_status st;

    TSR_TRY(tsr_run_begin(comm, run, TSR_STAGE_TIERS));
    TSR_TRY(
        tsr_tiers_fit(comm, &run->settings->cluster.tiers, clv, span->rows, &segmentation->tiers, segmentation->label));
    TSR_AGREE(comm, tsr_bundle_create(&keep));
    TSR_AGREE(comm, tsr_tiers_save(&segmentation->tiers, keep));
    TSR_TRY(tsr_run_end(comm, run, TSR_STAGE_TIERS, &(tsr_outcome){.rows = span->rows, .keep = keep}));
done:
    tsr_bundle_destroy(&keep);
    return st;
}

tsr_status tsr_step_tiers(const tsr_comm *comm, tsr_run *run, const tsr_population *population, const tsr_worth *worth,
                          tsr_segmentation *segmentation)
{
    const tsr_bundle *kept = run->kept[TSR_STAGE_TIERS];
    const tsr_span *span = &population->span;
    char *features = NULL;
    float *clv = NULL;
    tsr_status st;

    *segmentation = (tsr_segmentation){0};
    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &features));
    TSR_AGREE(comm, tsr_alloc(&clv, span->rows, sizeof *clv));
    TSR_AGREE(comm, tsr_alloc(&segmentation->label, span->rows, sizeof *segmentation->label));
    TSR_AGREE(comm, read_clv(run, worth, features, span, clv));
    if (kept != NULL) {
        TSR_AGREE(comm, tsr_tiers_load(kept, &segmentation->tiers));
        for (int64_t i = 0; i < span->rows; i++)
            segmentation->label[i] = (uint16_t)tsr_tiers_of(&segmentation->tiers, clv[i]);
    } else {
        TSR_TRY(fit_tiers(comm, run, span, clv, segmentation));
    }
    segmentation->k = segmentation->tiers.k;
done:
    if (st != TSR_OK) tsr_segmentation_clear(segmentation);
    tsr_free(&clv);
    tsr_free(&features);
    return st;
}
