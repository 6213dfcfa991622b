#include "value/maximize.h"

#include <lbfgs.h>
#include <math.h>
#include <string.h>

#include "tessera/reduce.h"
#include "tessera/serve.h"

/* Where there is nothing to evaluate: far above any mean of -log-likelihood, so that a step there is shortened. */
#define NOWHERE 1e10

/* ---- on all ranks ---- */

static tsr_status evaluate(const tsr_comm *comm, void *context, const double *theta, int32_t n, double *out,
                           int32_t nout)
{
    const tsr_search *search = context;
    tsr_fixed sums[1 + TSR_MAXIMIZE_PARAMETERS];
    tsr_status st;

    (void)n;
    for (int32_t i = 0; i < nout; i++) sums[i] = tsr_fixed_zero(TSR_LIKELIHOOD_SCALE);
    search->likelihood(search->context, theta, sums);
    TSR_TRY(tsr_sum_fixed(comm, sums, nout));
    for (int32_t i = 0; i < nout; i++) out[i] = tsr_fixed_value(&sums[i]);
done:
    return st;
}

/* ---- on the root ---- */

typedef struct solver {
    tsr_server *server;
    const tsr_search *search;
    tsr_status status;
    int64_t evaluations;
    /* the best point so far of this start */
    double u[TSR_MAXIMIZE_PARAMETERS], objective, log_likelihood, gradient;
} solver;

/* (|u| - wall)^2 beyond the wall; adds its slope. */
static double add_wall(const double *u, int32_t n, double *slope)
{
    double height = 0;

    for (int32_t i = 0; i < n; i++) {
        double beyond = fabs(u[i]) - TSR_WALL;
        if (!(beyond > 0)) continue;
        height += beyond * beyond;
        slope[i] += copysign(2 * beyond, u[i]);
    }
    return height;
}

/* Near the maximum the objective says no more: among points equal to rounding the smaller slope wins. */
static void keep_best(solver *s, const double *u, int32_t n, double objective, double log_likelihood,
                      const double *slope)
{
    double rounding = 1e-14 * (1 + fabs(s->objective)), gradient = 0;

    for (int32_t i = 0; i < n; i++) gradient = fmax(gradient, fabs(slope[i]));
    if (!(objective < s->objective - rounding || (objective <= s->objective + rounding && gradient < s->gradient)))
        return;
    memcpy(s->u, u, (size_t)n * sizeof *u);
    s->objective = objective;
    s->log_likelihood = log_likelihood;
    s->gradient = gradient;
}

/* The library minimises, so: minus the mean log-likelihood, plus the wall. */
static lbfgsfloatval_t objective_at(void *instance, const lbfgsfloatval_t *u, lbfgsfloatval_t *slope, const int n,
                                    const lbfgsfloatval_t step)
{
    solver *s = instance;
    double theta[TSR_MAXIMIZE_PARAMETERS], out[1 + TSR_MAXIMIZE_PARAMETERS];
    double customers = (double)s->search->customers;
    bool good = s->status == TSR_OK;

    (void)step;
    memset(slope, 0, (size_t)n * sizeof *slope);
    for (int i = 0; i < n; i++) {
        theta[i] = s->search->origin[i] + u[i];
        good = good && fabs(u[i]) <= 3 * TSR_WALL;
    }
    if (!good) return NOWHERE;
    s->status = tsr_server_evaluate(s->server, theta, n, out, n + 1);
    if (s->status != TSR_OK) return NOWHERE;
    s->evaluations++;
    for (int i = 0; i <= n; i++) good = good && isfinite(out[i]);
    if (!good) return NOWHERE;
    for (int i = 0; i < n; i++) slope[i] = -out[1 + i] / customers;
    double objective = -out[0] / customers + add_wall(u, n, slope);
    keep_best(s, u, n, objective, out[0], slope);
    return objective;
}

/* Ends the search after a failed evaluation. */
static int give_up(void *instance, const lbfgsfloatval_t *u, const lbfgsfloatval_t *slope, const lbfgsfloatval_t fx,
                   const lbfgsfloatval_t norm_u, const lbfgsfloatval_t norm_slope, const lbfgsfloatval_t step, int n,
                   int iteration, int evaluations)
{
    const solver *s = instance;

    (void)u, (void)slope, (void)fx, (void)norm_u, (void)norm_slope, (void)step, (void)n, (void)iteration;
    (void)evaluations;
    return s->status != TSR_OK;
}

/* What the library calls an error is mostly a line search at the limit of rounding: the gradient judges, not its code.
 */
static tsr_status run_start(solver *s, const double *start)
{
    lbfgs_parameter_t settings;
    /* 16-byte alignment and room for a multiple of 8: what the library wants where it was built with SSE. */
    _Alignas(16) lbfgsfloatval_t u[TSR_MAXIMIZE_PARAMETERS] = {0};
    lbfgsfloatval_t objective;
    int32_t n = s->search->n;

    lbfgs_parameter_init(&settings);
    settings.epsilon = TSR_CONVERGED / 100;
    settings.max_iterations = 500;
    s->objective = NOWHERE;
    s->log_likelihood = NAN;
    s->gradient = INFINITY;
    memcpy(s->u, start, (size_t)n * sizeof *start);
    memcpy(u, start, (size_t)n * sizeof *start);
    int code = lbfgs(n, u, &objective, objective_at, give_up, s, &settings);
    if (s->status != TSR_OK) return s->status;
    if (code == LBFGSERR_OUTOFMEMORY) return TSR_FAIL(TSR_ENOMEM, "out of memory in the search for a maximum");
    return TSR_OK;
}

/* result: theta [n], log-likelihood, gradient, evaluations. */
static tsr_status solve(tsr_server *server, void *context, double *result, int32_t nresult)
{
    const tsr_search *search = context;
    solver s = {.server = server, .search = search};
    double best = INFINITY;
    tsr_status st;

    (void)nresult;
    for (int32_t i = 0; i < search->starts; i++) {
        TSR_TRY(run_start(&s, search->start[i]));
        if (i > 0 && !(s.objective < best)) continue;
        best = s.objective;
        for (int32_t j = 0; j < search->n; j++) result[j] = search->origin[j] + s.u[j];
        result[search->n] = s.log_likelihood;
        result[search->n + 1] = s.gradient;
        if (s.gradient <= TSR_CONVERGED) break;
    }
    result[search->n + 2] = (double)s.evaluations;
done:
    return st;
}

tsr_status tsr_maximize(const tsr_comm *comm, const tsr_search *search, tsr_maximum *maximum)
{
    double result[TSR_MAXIMIZE_PARAMETERS + 3];
    int32_t n = search->n;
    tsr_status st;

    TSR_ASSERT(n <= TSR_MAXIMIZE_PARAMETERS && search->starts > 0 && search->customers > 0);
    TSR_TRY(tsr_serve(comm, solve, (void *)search, evaluate, (void *)search, result, n + 3));
    *maximum = (tsr_maximum){.log_likelihood = result[n],
                             .gradient = result[n + 1],
                             .evaluations = (int64_t)result[n + 2],
                             .converged = result[n + 1] <= TSR_CONVERGED};
    memcpy(maximum->theta, result, (size_t)n * sizeof *result);
done:
    return st;
}
