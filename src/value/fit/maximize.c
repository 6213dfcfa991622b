#include "value/fit/maximize.h"

#include <lbfgs.h>
#include <math.h>
#include <string.h>

#include "tessera/interrupt.h"
#include "tessera/reduce.h"
#include "tessera/serve.h"
#include "tessera/trace.h"
#include "value/fit/cholesky.h"

/* Where there is nothing to evaluate: far above any mean of -log-likelihood, so that a step there is shortened. */
#define NOWHERE 1e10

#define WALL_RISE 0.1
#define AT_WALL   0.5 /* nearer to the wall than this is at it */

#define NEWTON_STEPS 50
#define RIDGE_LEAST  1e-8 /* of second derivatives of mean log-likelihoods */
#define RIDGE_MOST   1e4
#define DIFFERENCE   1e-4 /* of log parameters, for second derivatives */
#define SAME_MAXIMUM 1e-9 /* of mean log-likelihoods */

#define PILOT_CONVERGED 1e-5 /* gradient of the sample per customer: nearer is lost on the way to everybody */
#define CHORD_STEPS     12
#define FAR_BELOW       1e-9 /* of mean log-likelihoods: more than rounding */

/* ---- on all ranks ---- */

static tsr_status evaluate(const tsr_comm *comm, void *context, const double *theta, int32_t n, double *out,
                           int32_t nout)
{
    const tsr_search *search = context;
    tsr_fixed sums[1 + TSR_MAXIMIZE_PARAMETERS];
    tsr_status st;

    for (int32_t i = 0; i < nout; i++) sums[i] = tsr_fixed_zero(TSR_LIKELIHOOD_SCALE);
    search->likelihood(search->context, theta[n - 1] != 0, theta, sums);
    TSR_TRY(tsr_sum_fixed(comm, sums, nout));
    for (int32_t i = 0; i < nout; i++) out[i] = tsr_fixed_value(&sums[i]);
done:
    return st;
}

/* ---- on the root ---- */

/* A point and what is known there; slope is that of the objective. */
typedef struct point {
    double u[TSR_MAXIMIZE_PARAMETERS], slope[TSR_MAXIMIZE_PARAMETERS];
    double objective, log_likelihood;
    double gradient; /* largest |slope| */
} point;

typedef struct solver {
    tsr_server *server;
    const tsr_search *search;
    tsr_status status;
    int64_t evaluations; /* of all customers */
    bool pilot;          /* at work on the sample */
    point best;          /* of this start */
} solver;

/* Rises with the third power: smooth enough for a method that learns curvatures on its way. Adds its slope. */
static double add_wall(const double *u, int32_t n, double *slope)
{
    double height = 0;

    for (int32_t i = 0; i < n; i++) {
        double beyond = fabs(u[i]) - TSR_WALL;
        if (!(beyond > 0)) continue;
        height += WALL_RISE * beyond * beyond * beyond;
        slope[i] += copysign(3 * WALL_RISE * beyond * beyond, u[i]);
    }
    return height;
}

/* Minus the mean log-likelihood, plus the wall, at p->u; NOWHERE where there is none. */
static void evaluate_point(solver *s, point *p)
{
    double theta[TSR_MAXIMIZE_PARAMETERS + 1], out[1 + TSR_MAXIMIZE_PARAMETERS]; /* the last one: of the sample? */
    double customers = (double)(s->pilot ? s->search->pilot_customers : s->search->customers);
    int32_t n = s->search->n;
    bool good = s->status == TSR_OK;

    memset(p->slope, 0, sizeof p->slope);
    p->objective = NOWHERE;
    p->gradient = INFINITY;
    for (int32_t i = 0; i < n; i++) {
        theta[i] = s->search->origin[i] + p->u[i];
        good = good && fabs(p->u[i]) <= 3 * TSR_WALL;
    }
    if (!good) return;
    theta[n] = s->pilot;
    s->status = tsr_server_evaluate(s->server, theta, n + 1, out, n + 1);
    if (s->status != TSR_OK) return;
    s->evaluations += !s->pilot;
    for (int32_t i = 0; i <= n; i++) good = good && isfinite(out[i]);
    if (!good) return;
    for (int32_t i = 0; i < n; i++) p->slope[i] = -out[1 + i] / customers;
    p->log_likelihood = out[0];
    p->objective = -out[0] / customers + add_wall(p->u, n, p->slope);
    p->gradient = 0;
    for (int32_t i = 0; i < n; i++) p->gradient = fmax(p->gradient, fabs(p->slope[i]));
}

/* ---- L-BFGS ---- */

/* Near the maximum the objective says no more: among points equal to rounding the smaller slope wins. */
static void keep_best(solver *s, const point *p)
{
    double rounding = 1e-14 * (1 + fabs(s->best.objective));

    if (p->objective < s->best.objective - rounding ||
        (p->objective <= s->best.objective + rounding && p->gradient < s->best.gradient))
        s->best = *p;
}

static lbfgsfloatval_t objective_at(void *instance, const lbfgsfloatval_t *u, lbfgsfloatval_t *slope, const int n,
                                    const lbfgsfloatval_t step)
{
    solver *s = instance;
    point p = {0};

    (void)step;
    memcpy(p.u, u, (size_t)n * sizeof *u);
    evaluate_point(s, &p);
    memcpy(slope, p.slope, (size_t)n * sizeof *slope);
    keep_best(s, &p);
    return p.objective;
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

static tsr_status run_library(solver *s, const double *start)
{
    lbfgs_parameter_t settings;
    /* 16-byte alignment and room for a multiple of 8: what the library wants where it was built with SSE. */
    _Alignas(16) lbfgsfloatval_t u[TSR_MAXIMIZE_PARAMETERS] = {0};
    lbfgsfloatval_t objective;

    lbfgs_parameter_init(&settings);
    settings.epsilon = s->pilot ? PILOT_CONVERGED / 10 : TSR_CONVERGED / 100;
    settings.max_iterations = 500;
    memcpy(u, start, (size_t)s->search->n * sizeof *u);
    int code = lbfgs(s->search->n, u, &objective, objective_at, give_up, s, &settings);
    if (s->status != TSR_OK) return s->status;
    if (code == LBFGSERR_OUTOFMEMORY) return TSR_FAIL(TSR_ENOMEM, "out of memory in the search for a maximum");
    return TSR_OK;
}

/* ---- Newton ---- */

typedef struct square {
    double at[TSR_MAXIMIZE_PARAMETERS][TSR_MAXIMIZE_PARAMETERS];
} square;

/*
 * Second derivatives at the best point, from differences of the slope. Of very many customers, whose sums round off
 * little, differences to one side only, a thousand times as small: off by 1e-7 at half the cost.
 */
static square curvature_at_best(solver *s)
{
    bool one_side = s->search->pilot_customers > 0 && !s->pilot;
    double step = one_side ? DIFFERENCE / 1000 : DIFFERENCE;
    int32_t n = s->search->n;
    square h = {0};

    for (int32_t i = 0; i < n; i++) {
        point low = s->best, high = s->best;
        high.u[i] += step;
        evaluate_point(s, &high);
        low.u[i] -= one_side ? 0 : step;
        if (!one_side) evaluate_point(s, &low);
        for (int32_t j = 0; j < n; j++) h.at[i][j] = (high.slope[j] - low.slope[j]) / (high.u[i] - low.u[i]);
    }
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j < i; j++) h.at[i][j] = h.at[j][i] = (h.at[i][j] + h.at[j][i]) / 2;
    return h;
}

/* One step with a ridge on the diagonal, which flat directions need. False where it does not help: where the slope is
 * no smaller and the objective hardly lower. */
static bool step_helps(solver *s, square curvature, double ridge)
{
    int32_t n = s->search->n;
    point next = s->best;
    double step[TSR_MAXIMIZE_PARAMETERS], l[TSR_MAXIMIZE_PARAMETERS * TSR_MAXIMIZE_PARAMETERS];

    memcpy(step, s->best.slope, sizeof step);
    for (int32_t i = 0; i < n; i++) curvature.at[i][i] += ridge;
    tsr_cholesky(&curvature.at[0][0], n, TSR_MAXIMIZE_PARAMETERS, 0, l);
    if (!tsr_cholesky_solve(l, n, step)) return false;
    for (int32_t i = 0; i < n; i++) next.u[i] -= step[i];
    evaluate_point(s, &next);
    if (!(next.gradient < s->best.gradient) && !(next.objective < s->best.objective - FAR_BELOW)) return false;
    s->best = next;
    return true;
}

/*
 * In a narrow valley a line search drowns in the rounding of the likelihood long before its derivatives do, and on a
 * ridge that sinks toward infinity the slope hardly changes on the way back. Newton's method, held by the smallest
 * ridge that helps (Levenberg 1944, Marquardt 1963), goes through both; it stops where none helps.
 */
static tsr_status polish(solver *s)
{
    bool helped = true;

    for (int i = 0; i < NEWTON_STEPS && helped && s->best.gradient > TSR_CONVERGED; i++) {
        square curvature = curvature_at_best(s);
        helped = false;
        for (double ridge = 0; ridge <= RIDGE_MOST && !helped; ridge = fmax(10 * ridge, RIDGE_LEAST))
            helped = step_helps(s, curvature, ridge);
    }
    return s->status;
}

/* ---- very many customers ---- */

static point nowhere_from(const double *start, int32_t n)
{
    point p = {.objective = NOWHERE, .log_likelihood = NAN, .gradient = INFINITY};

    memcpy(p.u, start, (size_t)n * sizeof *start);
    return p;
}

static square curvature_of_pilot(solver *s)
{
    s->pilot = true;
    square curvature = curvature_at_best(s);
    s->pilot = false;
    return curvature;
}

/* What a step says of the curvature: BFGS. */
static void learn(square *h, const point *before, const point *after, int32_t n)
{
    double step[TSR_MAXIMIZE_PARAMETERS], change[TSR_MAXIMIZE_PARAMETERS], image[TSR_MAXIMIZE_PARAMETERS];
    double along = 0, bent = 0;

    for (int32_t i = 0; i < n; i++) {
        step[i] = after->u[i] - before->u[i];
        change[i] = after->slope[i] - before->slope[i];
    }
    for (int32_t i = 0; i < n; i++) {
        image[i] = 0;
        for (int32_t j = 0; j < n; j++) image[i] += h->at[i][j] * step[j];
        along += step[i] * change[i];
        bent += step[i] * image[i];
    }
    if (!(along > 0 && bent > 0)) return;
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j < n; j++) h->at[i][j] += change[i] * change[j] / along - image[i] * image[j] / bent;
}

/*
 * The maximum of a sample lies near that of all, and the curvature there is much the same: a few steps with it, each of
 * one look at everybody that corrects it, end where a search on all of them would. Where a step does not help the
 * sample's curvature is made anew. True where they converged.
 */
static bool descend_from_pilot(solver *s, const double *start)
{
    bool fresh = true;

    s->pilot = true;
    s->best = nowhere_from(start, s->search->n);
    s->status = run_library(s, start);
    if (s->status == TSR_OK && isfinite(s->best.gradient) && s->best.gradient > PILOT_CONVERGED) s->status = polish(s);
    s->pilot = false;
    if (s->status != TSR_OK || !(s->best.gradient <= PILOT_CONVERGED)) return false;
    square curvature = curvature_of_pilot(s);
    evaluate_point(s, &s->best);
    for (int i = 0; i < CHORD_STEPS && s->best.gradient > TSR_CONVERGED; i++) {
        const point before = s->best;
        bool helped = step_helps(s, curvature, 0);
        if (!helped && fresh) return false;
        if (helped)
            learn(&curvature, &before, &s->best, s->search->n);
        else
            curvature = curvature_of_pilot(s);
        fresh = !helped;
    }
    return s->best.gradient <= TSR_CONVERGED;
}

/* ---- all starts ---- */

/* What the library calls an error is mostly a line search that stuck: the gradient judges, not its code. */
static tsr_status run_start(solver *s, const double *start)
{
    tsr_status st;

    if (s->search->pilot_customers > 0 && descend_from_pilot(s, start)) return s->status;
    if (s->status != TSR_OK) return s->status;
    s->best = nowhere_from(start, s->search->n);
    TSR_TRY(run_library(s, start));
    if (isfinite(s->best.gradient)) st = polish(s);
done:
    return st;
}

/* The higher maximum wins; of two equal ones the one that converged better. */
static bool is_better(const solver *s, double objective, double gradient)
{
    if (fabs(s->best.objective - objective) <= SAME_MAXIMUM) return s->best.gradient < gradient;
    return s->best.objective < objective;
}

/* What the root sends to all: theta, log-likelihood, gradient, evaluations, at_limit, has_covariance, covariance. */
typedef struct layout {
    int32_t summary, limit, whole, covariance, size;
} layout;

static layout layout_of(int32_t n)
{
    return (layout){
        .summary = n, .limit = n + 3, .whole = 2 * n + 3, .covariance = 2 * n + 4, .size = 2 * n + 4 + n * (n + 1) / 2};
}

_Static_assert(2 * TSR_MAXIMIZE_PARAMETERS + 4 + TSR_MAXIMIZE_PARAMETERS * (TSR_MAXIMIZE_PARAMETERS + 1) / 2 <=
                   TSR_SERVE_RESULTS,
               "a result is broadcast at once");

/* A parameter at the wall is held where it is: its row becomes that of the unit matrix, and its covariances zero. */
static void invert(square curvature, const solver *s, const bool *limit, double *whole, double *covariance)
{
    double l[TSR_MAXIMIZE_PARAMETERS * TSR_MAXIMIZE_PARAMETERS];
    int32_t n = s->search->n;

    *whole = 1;
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j < n; j++)
            if (limit[i] || limit[j]) curvature.at[i][j] = i == j;
    tsr_cholesky(&curvature.at[0][0], n, TSR_MAXIMIZE_PARAMETERS, 0, l);
    for (int32_t i = 0; i < n; i++) {
        double column[TSR_MAXIMIZE_PARAMETERS] = {0};
        column[i] = 1;
        if (!tsr_cholesky_solve(l, n, column)) *whole = 0;
        for (int32_t j = 0; j <= i; j++)
            *covariance++ = limit[i] || limit[j] || *whole == 0 ? 0 : column[j] / (double)s->search->customers;
    }
}

/*
 * An error as wide as the walls are apart is none: of beta of Pareto/NBD, say, where nobody seems to leave. What is
 * altogether flat, and by rounding no peak, is found with a little more curvature all around.
 */
static void hold_wide(const solver *s, square curvature, int32_t from, double *result, bool *limit)
{
    layout at = layout_of(s->search->n);

    for (int32_t i = 0; i < s->search->n; i++)
        curvature.at[i][i] += 1 / (16 * TSR_WALL * TSR_WALL * (double)s->search->customers);
    invert(curvature, s, limit, &result[at.whole], &result[at.covariance]);
    for (int32_t i = 0, k = at.covariance; i < s->search->n; i++, k += i + 1)
        limit[i] = limit[i] || (i >= from && result[k] > TSR_WALL * TSR_WALL);
}

/* Coefficients are held first: those of a category whose customers never came again drag along what is known well. */
static tsr_status find_covariance(solver *s, double *result)
{
    layout at = layout_of(s->search->n);
    bool limit[TSR_MAXIMIZE_PARAMETERS] = {false};

    if (!isfinite(s->best.gradient)) return TSR_OK;
    square curvature = curvature_at_best(s);
    if (s->status != TSR_OK) return s->status;
    for (int32_t i = 0; i < s->search->n; i++) limit[i] = fabs(s->best.u[i]) > TSR_WALL - AT_WALL;
    hold_wide(s, curvature, s->search->n - s->search->coefficients, result, limit);
    hold_wide(s, curvature, 0, result, limit);
    for (int32_t i = 0; i < s->search->n; i++) result[at.limit + i] = limit[i];
    invert(curvature, s, limit, &result[at.whole], &result[at.covariance]);
    return TSR_OK;
}

static tsr_status solve(tsr_server *server, void *context, double *result, int32_t nresult)
{
    const tsr_search *search = context;
    solver s = {.server = server, .search = search};
    point kept = {.objective = INFINITY, .log_likelihood = NAN, .gradient = INFINITY};
    int32_t n = search->n;
    tsr_status st;

    for (int32_t i = 0; i < nresult; i++) result[i] = 0;
    for (int32_t i = 0; i < search->starts && !(kept.gradient <= TSR_CONVERGED); i++) {
        TSR_TRY(run_start(&s, search->start[i]));
        if (i == 0 || is_better(&s, kept.objective, kept.gradient)) kept = s.best;
    }
    s.best = kept;
    TSR_TRY(find_covariance(&s, result));
    for (int32_t j = 0; j < n; j++) result[j] = search->origin[j] + kept.u[j];
    result[n] = kept.log_likelihood;
    result[n + 1] = kept.gradient;
    result[n + 2] = (double)s.evaluations;
done:
    return st;
}

tsr_status tsr_maximize(const tsr_comm *comm, const tsr_search *search, tsr_maximum *maximum)
{
    double result[TSR_SERVE_RESULTS];
    int32_t n = search->n;
    layout at = layout_of(n);
    const double began = tsr_seconds();
    tsr_status st;

    TSR_ASSERT(n <= TSR_MAXIMIZE_PARAMETERS && search->starts > 0 && search->customers > 0);
    TSR_TRY(tsr_serve(comm, solve, (void *)search, evaluate, (void *)search, result, at.size));
    tsr_trace_add(TSR_SPAN_STEP, "maximum likelihood", began);
    *maximum = (tsr_maximum){.log_likelihood = result[at.summary],
                             .gradient = result[at.summary + 1],
                             .evaluations = (int64_t)result[at.summary + 2],
                             .converged = result[at.summary + 1] <= TSR_CONVERGED,
                             .has_covariance = result[at.whole] != 0};
    memcpy(maximum->theta, result, (size_t)n * sizeof *result);
    for (int32_t i = 0, k = at.covariance; i < n; i++) {
        maximum->at_limit[i] = result[at.limit + i] != 0;
        for (int32_t j = 0; j <= i; j++, k++) maximum->covariance[i][j] = maximum->covariance[j][i] = result[k];
    }
done:
    return st;
}
