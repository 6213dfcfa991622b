/*
 * How long do the fits of customer value take, and scores of customers?
 *   bench_value --customers N [--folder DIR] [--model bg_nbd]
 * Customers of a BG/NBD population with Gamma-Gamma spend, by weeks, in continuous time: no two histories are equal.
 * Rank 0 writes what was drawn to DIR for peers: sorted histories to fit (x int32, tx, t, total float64), and in the
 * order of the draw the whole days and cents of customers to score.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crowd.h"
#include "measure.h"
#include "tessera/reduce.h"
#include "value/fit/fit.h"

/* ---- for peers ---- */

static tsr_status write_column(const char *folder, const char *name, const void *values, size_t size, int64_t n)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    bool good = file != NULL && fwrite(values, size, (size_t)n, file) == (size_t)n;
    if (file != NULL && fclose(file) != 0) good = false;
    return good ? TSR_OK : TSR_FAIL(TSR_EIO, "%s cannot be written", path);
}

static tsr_status write_crowd(const char *folder, const crowd *c)
{
    const tsr_histories *h = &c->histories;
    tsr_status st;

    TSR_TRY(write_column(folder, "x.i32", h->x, sizeof *h->x, h->n));
    TSR_TRY(write_column(folder, "tx.f64", h->tx, sizeof *h->tx, h->n));
    TSR_TRY(write_column(folder, "t.f64", h->t, sizeof *h->t, h->n));
    TSR_TRY(write_column(folder, "spend_x.i32", c->spends.x, sizeof *c->spends.x, c->spends.n));
    TSR_TRY(write_column(folder, "spend_total.f64", c->spends.total, sizeof *c->spends.total, c->spends.n));
    TSR_TRY(write_column(folder, "scored_x.i32", c->x, sizeof *c->x, c->n));
    TSR_TRY(write_column(folder, "scored_tx_days.i32", c->tx_days, sizeof *c->tx_days, c->n));
    TSR_TRY(write_column(folder, "scored_t_days.i32", c->t_days, sizeof *c->t_days, c->n));
    TSR_TRY(write_column(folder, "scored_cents.i64", c->cents, sizeof *c->cents, c->n));
done:
    return st;
}

/* ---- what is measured ---- */

enum { TIMES = 5, FIGURES = 6 }; /* that customers are scored; of a row */

static const char *const figure_name[FIGURES] = {"p_alive",        "p_buy", "churn_risk", "expected_purchases",
                                                 "expected_spend", "clv"};

typedef struct result {
    tsr_value_model model;
    double seconds_purchases, seconds_spend, seconds_predict, seconds_score, seconds_for_ever;
    double total[FIGURES]; /* of all customers */
} result;

/* The median. @param for_ever  with the value for ever, for which the literature has no formula that a peer could
 * compute */
static tsr_status score_all(const bench *b, crowd *c, const tsr_value_model *model, int64_t steps, bool for_ever,
                            double *seconds)
{
    tsr_value_params params = {.horizon = 52, .discount_rate = .1, .steps = steps, .margin = 1};
    double took[TIMES];
    tsr_scorer *scorer = NULL;
    tsr_status st;

    for (int i = 0; i < TIMES; i++) {
        double began = bench_now(b);
        TSR_AGREE(&b->comm, tsr_scorer_create(model, &params, for_ever ? TSR_SCORE_FOR_EVER : 0, &scorer));
        tsr_scorer_score(scorer, c->n, c->x, c->tx_days, c->t_days, c->cents, NULL, c->scores);
        tsr_scorer_destroy(&scorer);
        took[i] = bench_since(b, began);
    }
    *seconds = bench_median(took, TIMES);
done:
    tsr_scorer_destroy(&scorer);
    return st;
}

/* That everybody computes the same can be seen from the sums. */
static tsr_status add_up(const bench *b, const crowd *c, double total[FIGURES])
{
    tsr_fixed sum[FIGURES];

    for (int k = 0; k < FIGURES; k++) sum[k] = tsr_fixed_zero(20);
    for (int64_t i = 0; i < c->n; i++) {
        const tsr_value_scores *s = &c->scores[i];
        const double figure[FIGURES] = {s->p_alive,        s->p_buy, s->churn_risk, s->expected_purchases,
                                        s->expected_spend, s->clv};
        for (int k = 0; k < FIGURES; k++) tsr_fixed_add(&sum[k], figure[k], 1);
    }
    tsr_status st = tsr_sum_fixed(&b->comm, sum, FIGURES);
    for (int k = 0; k < FIGURES; k++) total[k] = tsr_fixed_value(&sum[k]);
    return st;
}

static tsr_status measure(const bench *b, crowd *c, result *r)
{
    tsr_status st;

    double began = bench_now(b);
    TSR_TRY(tsr_purchases_fit(&b->comm, &c->histories, &r->model));
    r->seconds_purchases = bench_since(b, began);
    began = bench_now(b);
    TSR_TRY(tsr_spend_fit(&b->comm, &c->spends, &r->model));
    r->seconds_spend = bench_since(b, began);
    TSR_TRY(score_all(b, c, &r->model, 1, false, &r->seconds_predict));
    TSR_TRY(score_all(b, c, &r->model, 12, true, &r->seconds_for_ever));
    TSR_TRY(score_all(b, c, &r->model, 12, false, &r->seconds_score));
    TSR_TRY(add_up(b, c, r->total));
done:
    return st;
}

static void print(const bench *b, const crowd *c, const result *r)
{
    const char *const *name;
    int32_t n = tsr_value_parameters(r->model.model, &name);
    double rows = (double)c->histories.customers / b->comm.size;

    bench_line_begin(b, "value");
    bench_line_text(b, "algorithm", tsr_value_model_name(r->model.model));
    bench_line_int(b, "customers", c->histories.customers);
    bench_line_real(b, "seconds_purchases", r->seconds_purchases);
    bench_line_real(b, "seconds_spend", r->seconds_spend);
    bench_line_int(b, "evaluations", r->model.evaluations);
    bench_line_int(b, "converged", r->model.converged && r->model.spend_converged);
    bench_line_real(b, "predictions_per_second_and_core", rows / r->seconds_predict);
    bench_line_real(b, "scores_per_second_and_core", rows / r->seconds_score);
    bench_line_real(b, "scores_with_value_for_ever_per_second_and_core", rows / r->seconds_for_ever);
    for (int32_t i = 0; i < n; i++) bench_line_real(b, name[i], r->model.parameter[i]);
    bench_line_real(b, "p", r->model.spend[0]);
    bench_line_real(b, "q", r->model.spend[1]);
    bench_line_real(b, "gamma", r->model.spend[2]);
    bench_line_real(b, "log_likelihood", r->model.log_likelihood);
    for (int k = 0; k < FIGURES; k++) bench_line_real(b, figure_name[k], r->total[k]);
    bench_line_end(b);
}

static tsr_status choose_model(const char *name, int32_t *model)
{
    for (*model = 0; *model < TSR_VALUE_MODELS; ++*model)
        if (strcmp(tsr_value_model_name(*model), name) == 0) return TSR_OK;
    return TSR_FAIL(TSR_ECONF, "--model %s: there is none", name);
}

static tsr_status check_folder(const bench *b, const char *folder)
{
    if (folder[0] == '\0' || b->comm.size == 1) return TSR_OK;
    return TSR_FAIL(TSR_ECONF, "--folder: one rank writes");
}

int main(int argc, char **argv)
{
    bench b;
    crowd c = {0};
    result r = {.model = {.time_unit = TSR_UNIT_WEEK, .money_scale = 2}};
    tsr_status st;

    TSR_TRY(bench_open(argc, argv, &b));
    const char *folder = bench_option(&b, "folder", "");
    TSR_AGREE(&b.comm, check_folder(&b, folder));
    TSR_AGREE(&b.comm, choose_model(bench_option(&b, "model", "bg_nbd"), &r.model.model));
    TSR_TRY(crowd_make(&b.comm, TSR_VALUE_BG_NBD, 20, bench_number(&b, "customers", 100000), &c));
    if (folder[0] != '\0') {
        TSR_AGREE(&b.comm, write_crowd(folder, &c));
    } else {
        TSR_TRY(measure(&b, &c, &r));
        print(&b, &c, &r);
    }
done:
    crowd_clear(&c);
    return bench_close(&b, st);
}
