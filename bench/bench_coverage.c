/*
 * Do fits find the parameters that customers were drawn from, as far off as their standard errors say?
 *   bench_coverage --customers N --seeds 100 [--first 1] [--model bg_nbd]
 * Of each parameter the number of seeds within 1.96 and within 3 standard errors, in the logarithm (of q - 1 for q), in
 * which the errors are made; and of seeds where all are within 3.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "crowd.h"
#include "measure.h"
#include "tessera/maths.h"
#include "value/fit/fit.h"

enum { PURCHASES = 4, NUMBERS = 7 };

typedef struct coverage {
    int64_t seeds, fitted, all_within_3;
    int64_t within_95[NUMBERS], within_3[NUMBERS];
    double farthest[NUMBERS], mean[NUMBERS], square[NUMBERS]; /* of the distances in standard errors */
} coverage;

/* Distances of a fit from the truth in standard errors. False: it has none. */
static bool find_distances(const tsr_value_model *m, double z[NUMBERS])
{
    const double *truth = crowd_truth(m->model);

    for (int i = 0; i < PURCHASES; i++)
        z[i] = (tsr_log(m->parameter[i]) - tsr_log(truth[i])) / sqrt(m->covariance[i][i]);
    for (int i = 0; i < NUMBERS - PURCHASES; i++) {
        double from = i == 1 ? 1 : 0; /* q */
        z[PURCHASES + i] =
            (tsr_log(m->spend[i] - from) - tsr_log(crowd_spending[i] - from)) / sqrt(m->spend_covariance[i][i]);
    }
    return m->converged && m->spend_converged && m->has_errors && m->has_spend_errors;
}

static void count_seed(const tsr_value_model *m, coverage *c)
{
    double z[NUMBERS];
    bool all = true;

    c->seeds++;
    if (!find_distances(m, z)) return;
    c->fitted++;
    for (int i = 0; i < NUMBERS; i++) {
        c->within_95[i] += fabs(z[i]) <= 1.96;
        c->within_3[i] += fabs(z[i]) <= 3;
        c->farthest[i] = fmax(c->farthest[i], fabs(z[i]));
        c->mean[i] += z[i];
        c->square[i] += z[i] * z[i];
        all = all && fabs(z[i]) <= 3;
    }
    c->all_within_3 += all;
}

static tsr_status fit_seed(const bench *b, int32_t model, uint64_t seed, int64_t customers, coverage *found)
{
    tsr_value_model m = {.model = model, .time_unit = TSR_UNIT_WEEK, .money_scale = 2};
    crowd c;
    tsr_status st;

    TSR_TRY(crowd_make(&b->comm, model, seed, customers, &c));
    TSR_TRY(tsr_purchases_fit(&b->comm, &c.histories, &m));
    TSR_TRY(tsr_spend_fit(&b->comm, &c.spends, &m));
    count_seed(&m, found);
done:
    crowd_clear(&c);
    return st;
}

static void print_number(const bench *b, const coverage *c, const char *name, int i)
{
    const char *const what[] = {"within_95_", "within_3_", "farthest_", "mean_", "deviation_"};
    double n = (double)c->fitted, mean = c->mean[i] / n;
    const double value[] = {(double)c->within_95[i], (double)c->within_3[i], c->farthest[i], mean,
                            sqrt(c->square[i] / n - mean * mean)};
    char key[64];

    for (int k = 0; k < 5; k++) {
        snprintf(key, sizeof key, "%s%s", what[k], name);
        bench_line_real(b, key, value[k]);
    }
}

static void print(const bench *b, int32_t model, int64_t customers, int64_t first, const coverage *c)
{
    const char *const *name, *const spend[] = {"p", "q", "gamma"};

    tsr_value_parameters(model, &name);
    bench_line_begin(b, "coverage");
    bench_line_text(b, "algorithm", tsr_value_model_name(model));
    bench_line_int(b, "customers", customers);
    bench_line_int(b, "first_seed", first);
    bench_line_int(b, "seeds", c->seeds);
    bench_line_int(b, "fitted", c->fitted);
    bench_line_int(b, "all_within_3", c->all_within_3);
    for (int i = 0; i < PURCHASES; i++) print_number(b, c, name[i], i);
    for (int i = PURCHASES; i < NUMBERS; i++) print_number(b, c, spend[i - PURCHASES], i);
    bench_line_end(b);
}

static tsr_status choose_model(const char *name, int32_t *model)
{
    for (*model = 0; *model <= TSR_VALUE_PARETO_NBD; ++*model)
        if (strcmp(tsr_value_model_name(*model), name) == 0) return TSR_OK;
    return TSR_FAIL(TSR_ECONF, "--model %s: bg_nbd, mbg_nbd or pareto_nbd", name);
}

int main(int argc, char **argv)
{
    bench b;
    coverage c = {0};
    int32_t model;
    tsr_status st;

    TSR_TRY(bench_open(argc, argv, &b));
    TSR_AGREE(&b.comm, choose_model(bench_option(&b, "model", "bg_nbd"), &model));
    int64_t customers = bench_number(&b, "customers", 20000), first = bench_number(&b, "first", 1);
    int64_t seeds = bench_number(&b, "seeds", 100);
    for (int64_t seed = first; seed < first + seeds; seed++)
        TSR_TRY(fit_seed(&b, model, (uint64_t)seed, customers, &c));
    print(&b, model, customers, first, &c);
done:
    return bench_close(&b, st);
}
