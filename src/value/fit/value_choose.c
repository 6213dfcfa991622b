#include <math.h>

#include "tessera/maths.h"
#include "tessera/value.h"
#include "value/fit/covariates.h"
#include "value/histories/purchase.h"

double tsr_value_bic(const tsr_value_model *model)
{
    return tsr_model_degrees(model) * tsr_log((double)model->customers) - 2 * model->log_likelihood;
}

/* Smaller is better: the error of the holdout, for which the expected number is the best prediction; without a holdout
 * what BIC says. BG/BB's likelihood is a probability, the others' are densities: their BICs cannot be compared. */
static double badness(const tsr_value_candidate *c)
{
    double figure = c->validated ? c->validation.rmse : tsr_value_bic(&c->model);

    if (!c->validated && c->model.model == TSR_VALUE_BG_BB) return INFINITY;
    return isfinite(figure) ? figure : INFINITY;
}

/* The benchmark is not chosen: it says how much the others know. Who did not converge is chosen where nobody did. */
static int32_t best_of(const tsr_value_candidate *candidate, int32_t n)
{
    int32_t best = -1;

    for (int32_t i = 0; i < n; i++) {
        const tsr_value_candidate *c = &candidate[i];
        if (c->model.model == TSR_VALUE_NBD) continue;
        bool better = best < 0 || (c->model.converged && !candidate[best].model.converged) ||
                      (c->model.converged == candidate[best].model.converged && badness(c) < badness(&candidate[best]));
        if (better) best = i;
    }
    return best;
}

/* BG/BB applies where time is counted in opportunities: then all models count the same. It has no covariates: asked for
 * alone with some it is fitted, which says so. */
static bool is_fitted(const tsr_value_params *params, int32_t m)
{
    bool asked = params->model == TSR_VALUE_AUTO || params->model == m || m == TSR_VALUE_NBD;

    if (params->model == TSR_VALUE_AUTO && params->covariates.n > 0 && tsr_purchase_model_of(m)->effects == 0)
        return false;
    return asked && (m != TSR_VALUE_BG_BB || params->opportunity == params->time_unit);
}

tsr_status tsr_value_choose(const tsr_comm *comm, const tsr_value_params *params, const char *features,
                            const tsr_span *span, int32_t money_scale, int32_t holdout_days,
                            tsr_value_candidate candidate[TSR_VALUE_MODELS], int32_t *n, int32_t *chosen)
{
    tsr_value_params one = *params;
    tsr_status st = TSR_OK;

    *n = 0;
    for (int32_t m = 0; m < TSR_VALUE_MODELS; m++) {
        tsr_value_candidate *c = &candidate[*n];
        if (!is_fitted(params, m)) continue;
        *c = (tsr_value_candidate){.validated = holdout_days > 0};
        one.model = m;
        TSR_TRY(tsr_value_fit(comm, &one, features, span, money_scale, TSR_PERIOD_ALL, &c->model));
        if (c->validated)
            TSR_TRY(tsr_value_validate(comm, &one, features, span, money_scale, holdout_days, &c->validation));
        ++*n;
    }
    *chosen = params->model == TSR_VALUE_AUTO ? best_of(candidate, *n) : 0;
    for (int32_t i = 0; i < *n; i++)
        if (candidate[i].model.model == params->model) *chosen = i;
done:
    return st;
}
