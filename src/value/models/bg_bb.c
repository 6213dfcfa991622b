/*
 * BG/BB: at each of n opportunities a customer who is still there buys with probability p ~ Beta(alpha, beta); before
 * each one the customer leaves with probability theta ~ Beta(gamma, delta). Fader, Hardie & Shang (2010), Marketing
 * Science 29(6) 1086-1108.
 *
 * Time is counted in opportunities: x of them were taken, the last one at tx, of t in all.
 */
#include <math.h>

#include "tessera/maths.h"
#include "value/histories/purchase.h"
#include "value/models/dropout.h"

enum { ALPHA, BETA, GAMMA, DELTA };

static int32_t whole(double time)
{
    return (int32_t)llrint(time);
}

/* ln B(a + i, b + j) / B(a, b) and its derivatives in a and b. */
typedef struct step {
    double value, da, db;
} step;

static step beta_step(double a, double b, double i, double j)
{
    double psi = tsr_digamma(a + b) - tsr_digamma(a + b + i + j);

    return (step){tsr_lgamma(a + i) - tsr_lgamma(a) + tsr_lgamma(b + j) - tsr_lgamma(b) + tsr_lgamma(a + b) -
                      tsr_lgamma(a + b + i + j),
                  tsr_digamma(a + i) - tsr_digamma(a) + psi, tsr_digamma(b + j) - tsr_digamma(b) + psi};
}

/* What can have happened: ln of its probability and its derivatives in the parameters. */
typedef struct course {
    double value, slope[4];
} course;

/* Took x of the first m opportunities, and then left (or not: at the end of the observation). */
static course course_of(const double *parameter, int32_t x, int32_t m, bool left)
{
    step bought = beta_step(parameter[ALPHA], parameter[BETA], x, m - x);
    step stayed = beta_step(parameter[GAMMA], parameter[DELTA], left, m);

    return (course){bought.value + stayed.value, {bought.da, bought.db, stayed.da, stayed.db}};
}

/* From leaving after m opportunities to leaving after m + 1, in which nothing was bought. Returns the ratio. */
static double advance(const double *parameter, int32_t x, int32_t m, course *c)
{
    double b = parameter[BETA] + m - x, ab = parameter[ALPHA] + parameter[BETA] + m;
    double d = parameter[DELTA] + m, gd = parameter[GAMMA] + parameter[DELTA] + 1 + m;

    c->slope[ALPHA] -= 1 / ab;
    c->slope[BETA] += 1 / b - 1 / ab;
    c->slope[GAMMA] -= 1 / gd;
    c->slope[DELTA] += 1 / d - 1 / gd;
    return b / ab * (d / gd);
}

/* Sums over all courses: weights relative to that of leaving right after the last purchase, which is the largest of
 * those that left. Returns ln L; *alive: the share of staying. */
static double add_courses(const double *parameter, int32_t x, int32_t tx, int32_t n, double slope[4], double *alive)
{
    course stay = course_of(parameter, x, n, false);
    double total = 0, weight = 1, sum[4] = {0}, left = -INFINITY;

    if (tx < n) {
        course leave = course_of(parameter, x, tx, true);
        left = leave.value;
        for (int32_t m = tx; m < n; m++) {
            total += weight;
            for (int k = 0; k < 4; k++) sum[k] += weight * leave.slope[k];
            weight *= advance(parameter, x, m, &leave);
        }
        left += tsr_log(total);
    }
    double value = tsr_logaddexp(stay.value, left);
    *alive = tsr_exp(stay.value - value);
    for (int k = 0; k < 4; k++) slope[k] = *alive * stay.slope[k] + (total > 0 ? (1 - *alive) * sum[k] / total : 0);
    return value;
}

static void add_likelihood(const double *parameter, const tsr_histories *h, tsr_fixed *sums)
{
    for (int64_t i = 0; i < h->n; i++) {
        double slope[4], alive;
        double value = add_courses(parameter, h->x[i], whole(h->tx[i]), whole(h->t[i]), slope, &alive);
        tsr_fixed_add(&sums[0], value, h->count[i]);
        for (int k = 0; k < 4; k++) tsr_fixed_add(&sums[1 + k], parameter[k] * slope[k], h->count[i]);
    }
}

/* ---- who is there at the next opportunity ---- */

/* P(still there at opportunity n + 1 + j | there at n + j). */
static double stays(const double *parameter, double n, double j)
{
    return (parameter[DELTA] + n + j) / (parameter[GAMMA] + parameter[DELTA] + n + j);
}

static void p_alive(const double *parameter, const int32_t *x, const double *tx, const double *t, int32_t n, double *p)
{
    for (int32_t i = 0; i < n; i++) {
        double slope[4];
        (void)add_courses(parameter, x[i], whole(tx[i]), whole(t[i]), slope, &p[i]);
        p[i] *= stays(parameter, whole(t[i]), 0);
    }
}

static double predict(const double *parameter, int32_t x, double t, const double *ahead, int32_t n, double *expected)
{
    double seen = whole(t), chance = (parameter[ALPHA] + x) / (parameter[ALPHA] + parameter[BETA] + seen);
    double there = 1, never = 1, gone = 0, sum = 0; /* gone: left before, without a purchase */
    int32_t j = 0;

    for (int32_t i = 0; i < n; i++) {
        for (; j < whole(ahead[i]); j++) {
            sum += chance * there;
            never *= (parameter[BETA] + seen - x + j) / (parameter[ALPHA] + parameter[BETA] + seen + j);
            double next = there * stays(parameter, seen, j + 1);
            if (j + 1 < whole(ahead[n - 1])) {
                gone += (there - next) * never;
                there = next;
            }
        }
        expected[i] = sum;
    }
    return j > 0 ? 1 - gone - there * never : 0;
}

/* Who is there at the next opportunity is there j later with E (1-theta)^j: a geometric series for each theta. */
static double residual(const double *parameter, int32_t x, double t, double interest)
{
    double seen = whole(t), chance = (parameter[ALPHA] + x) / (parameter[ALPHA] + parameter[BETA] + seen);

    return chance * tsr_dropout_discounted(parameter[GAMMA], parameter[DELTA] + seen + 1, interest);
}

/* ---- new customers ---- */

/* p[k] += weight P(k of m opportunities are taken). */
static void add_taken(const double *parameter, int32_t m, double weight, int32_t n, double *p)
{
    double alpha = parameter[ALPHA], beta = parameter[BETA],
           term = weight * tsr_exp(beta_step(alpha, beta, 0, m).value);

    for (int32_t k = 0; k < n && k <= m; k++) {
        p[k] += term;
        term *= (double)(m - k) / (k + 1) * (alpha + k) / (beta + m - k - 1);
    }
}

static void count(const double *parameter, double t, int32_t n, double *p)
{
    int32_t seen = whole(t);
    double there = 1;

    for (int32_t k = 0; k < n; k++) p[k] = 0;
    for (int32_t m = 0; m < seen; m++) {
        double next = there * stays(parameter, m, 0);
        add_taken(parameter, m, there - next, n, p);
        there = next;
    }
    add_taken(parameter, seen, there, n, p);
}

const tsr_purchase_model tsr_bg_bb = {.name = "bg_bb",
                                      .parameters = 4,
                                      .parameter_name = {"alpha", "beta", "gamma", "delta"},
                                      .is_time = {false, false, false, false},
                                      .add_likelihood = add_likelihood,
                                      .p_alive = p_alive,
                                      .predict = predict,
                                      .residual = residual,
                                      .count = count};
