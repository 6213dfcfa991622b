#include "pipeline/steps/scoring.h"

#include "tessera/memory.h"

struct tsr_scoring {
    const tsr_table *features;
    const tsr_covariates *about; /* of the model */
    tsr_scorer *scorer;
    int32_t *x, *tx, *t; /* one block of each */
    int64_t *spend;
    double *covariates; /* [rows][about->n]; NULL: none */
    tsr_value_scores *scores;
};

tsr_status tsr_scoring_create(const tsr_table *features, const tsr_worth *worth, const tsr_value_params *params,
                              bool for_ever, int64_t rows, tsr_scoring **scoring)
{
    tsr_scoring *s = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&s, 1, sizeof *s));
    s->features = features;
    s->about = &worth->model.covariates;
    TSR_TRY(tsr_alloc(&s->x, rows, sizeof *s->x));
    TSR_TRY(tsr_alloc(&s->tx, rows, sizeof *s->tx));
    TSR_TRY(tsr_alloc(&s->t, rows, sizeof *s->t));
    TSR_TRY(tsr_alloc(&s->spend, rows, sizeof *s->spend));
    if (s->about->n > 0) TSR_TRY(tsr_alloc(&s->covariates, rows * s->about->n, sizeof *s->covariates));
    TSR_TRY(tsr_alloc(&s->scores, rows, sizeof *s->scores));
    TSR_TRY(tsr_scorer_create(&worth->model, params, for_ever ? TSR_SCORE_FOR_EVER : 0, &s->scorer));
done:
    if (st != TSR_OK) tsr_scoring_destroy(&s);
    *scoring = s;
    return st;
}

tsr_status tsr_scoring_block(tsr_scoring *s, int64_t first, int64_t rows, const tsr_value_scores **scores)
{
    tsr_status st;

    TSR_TRY(tsr_table_read(s->features, "buy_x", first, rows, TSR_I32, s->x));
    TSR_TRY(tsr_table_read(s->features, "buy_tx_days", first, rows, TSR_I32, s->tx));
    TSR_TRY(tsr_table_read(s->features, "buy_t_days", first, rows, TSR_I32, s->t));
    TSR_TRY(tsr_table_read(s->features, "buy_spend", first, rows, TSR_I64, s->spend));
    if (s->covariates != NULL) TSR_TRY(tsr_covariates_columns(s->about, s->features, first, rows, s->covariates));
    tsr_scorer_score(s->scorer, rows, s->x, s->tx, s->t, s->spend, s->covariates, s->scores);
    *scores = s->scores;
done:
    return st;
}

void tsr_scoring_destroy(tsr_scoring **scoring)
{
    tsr_scoring *s = *scoring;

    if (s == NULL) return;
    tsr_scorer_destroy(&s->scorer);
    tsr_free(&s->scores);
    tsr_free(&s->covariates);
    tsr_free(&s->spend);
    tsr_free(&s->t);
    tsr_free(&s->tx);
    tsr_free(&s->x);
    tsr_free(scoring);
}
