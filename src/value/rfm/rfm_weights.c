#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "tessera/maths.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "value/rfm/rfm_parts.h"

/* Consistency index of random 3 x 3 comparisons (Saaty, 1980). */
#define RANDOM_INDEX 0.58

/* A variance below this is rounding: the axis is constant. */
#define CONSTANT 0x1p-40

/* Of values on 0..1, larger is better. */
typedef struct moments {
    double n;
    double sum[3], x_log_x[3]; /* sums of x and of x ln x */
    double product[3][3];      /* sums of x_a x_b */
} moments;

static void fill(double weight[3], double value)
{
    for (int a = 0; a < 3; a++) weight[a] = value;
}

/* Shares of what each axis has to say; nothing at all: equal ones. */
static void normalise(double weight[3])
{
    double sum = weight[0] + weight[1] + weight[2];

    for (int a = 0; a < 3; a++) weight[a] = sum > 0 ? weight[a] / sum : 1.0 / 3;
}

static double variance(const moments *m, int a)
{
    double mean = m->sum[a] / m->n;

    return m->product[a][a] / m->n - mean * mean;
}

static bool is_constant(const moments *m, int a)
{
    return !(variance(m, a) > CONSTANT);
}

/* 1 - entropy of the shares x / sum of x, in units of that of equal shares: how unequal they are. */
static void weigh_by_entropy(const moments *m, double weight[3])
{
    for (int a = 0; a < 3; a++) {
        double shares = m->x_log_x[a] / m->sum[a] - tsr_log(m->sum[a]);
        weight[a] = is_constant(m, a) ? 0 : 1 + shares / tsr_log(m->n);
    }
    normalise(weight);
}

static double correlation(const moments *m, int a, int b)
{
    double covariance = m->product[a][b] / m->n - m->sum[a] / m->n * (m->sum[b] / m->n);

    if (is_constant(m, a) || is_constant(m, b)) return 0;
    return covariance / sqrt(variance(m, a) * variance(m, b));
}

/* Standard deviation times the conflict with the others, the sum of 1 - r (Diakoulaki et al., 1995). */
static void weigh_by_critic(const moments *m, double weight[3])
{
    for (int a = 0; a < 3; a++) {
        double conflict = 0;
        for (int b = 0; b < 3; b++) conflict += b == a ? 0 : 1 - correlation(m, a, b);
        weight[a] = is_constant(m, a) ? 0 : sqrt(variance(m, a)) * conflict;
    }
    normalise(weight);
}

static void weigh(const moments *m, double of[TSR_RFM_WEIGHTINGS][TSR_RFM_AXES])
{
    fill(of[TSR_RFM_EQUAL], 1.0 / 3);
    fill(of[TSR_RFM_AHP], NAN);
    if (m->n < 2) {
        fill(of[TSR_RFM_ENTROPY], m->n > 0 ? 1.0 / 3 : (double)NAN);
        fill(of[TSR_RFM_CRITIC], m->n > 0 ? 1.0 / 3 : (double)NAN);
        return;
    }
    weigh_by_entropy(m, of[TSR_RFM_ENTROPY]);
    weigh_by_critic(m, of[TSR_RFM_CRITIC]);
}

/* ---- moments of scores: the counts of cells say it all ---- */

static void add_cell(moments *m, const double x[3], double n)
{
    m->n += n;
    for (int a = 0; a < 3; a++) {
        m->sum[a] += n * x[a];
        m->x_log_x[a] += x[a] > 0 ? n * x[a] * tsr_log(x[a]) : 0;
        for (int b = 0; b < 3; b++) m->product[a][b] += n * x[a] * x[b];
    }
}

static moments moments_of_scores(const tsr_rfm *rfm)
{
    const int bins = rfm->bins;
    moments m = {0};

    for (int cell = 0; cell < bins * bins * bins; cell++) {
        const int score[3] = {cell / (bins * bins), cell / bins % bins, cell % bins};
        double x[3];
        for (int a = 0; a < 3; a++) x[a] = (double)score[a] / (bins - 1);
        add_cell(&m, x, (double)rfm->cell_count[cell]);
    }
    return m;
}

/* ---- moments of values: two passes over the rows ---- */

#define SCALE 60 /* of sums of numbers up to 1 */

/* Places in the sums: x, x ln x, products of two. */
enum { SUM = 0, X_LOG_X = 3, PRODUCT = 6, SUMS = 12 };
static const int8_t product_at[3][3] = {{0, 1, 2}, {1, 3, 4}, {2, 4, 5}};

typedef struct values {
    int64_t low[3], high[3]; /* of days, orders, money units */
    tsr_fixed sum[SUMS];
} values;

typedef void (*value_visitor)(values *v, const int64_t value[3]);

static void take_extremes(values *v, const int64_t value[3])
{
    for (int a = 0; a < 3; a++) {
        if (value[a] < v->low[a]) v->low[a] = value[a];
        if (value[a] > v->high[a]) v->high[a] = value[a];
    }
}

static void add_moments(values *v, const int64_t value[3])
{
    double x[3];

    for (int a = 0; a < 3; a++) {
        double width = (double)v->high[a] - (double)v->low[a];
        double from = a == 0 ? (double)v->high[a] - (double)value[a] : (double)value[a] - (double)v->low[a];
        x[a] = width > 0 ? from / width : 1;
        tsr_fixed_add(&v->sum[SUM + a], x[a], 1);
        if (x[a] > 0) tsr_fixed_add(&v->sum[X_LOG_X + a], x[a] * tsr_log(x[a]), 1);
    }
    for (int a = 0; a < 3; a++)
        for (int b = a; b < 3; b++) tsr_fixed_add(&v->sum[PRODUCT + product_at[a][b]], x[a] * x[b], 1);
}

static tsr_status visit_values(tsr_rfm_reader *reader, value_visitor visit, values *v)
{
    for (int64_t block = 0; block < tsr_rfm_reader_blocks(reader); block++) {
        int64_t rows;
        tsr_status st = tsr_rfm_reader_read(reader, block, &rows);
        if (st != TSR_OK) return st;
        for (int64_t i = 0; i < rows; i++) {
            const int64_t value[3] = {reader->recency_days[i], reader->orders[i], reader->revenue[i]};
            if (value[0] >= 0) visit(v, value);
        }
    }
    return TSR_OK;
}

static tsr_status moments_of_values(const tsr_comm *comm, tsr_rfm_reader *reader, int64_t customers, moments *m)
{
    values v = {{INT64_MAX, INT64_MAX, INT64_MAX}, {INT64_MIN, INT64_MIN, INT64_MIN}, {{0}}};
    tsr_status st;

    *m = (moments){.n = (double)customers};
    for (int i = 0; i < SUMS; i++) v.sum[i] = tsr_fixed_zero(SCALE);
    TSR_AGREE(comm, visit_values(reader, take_extremes, &v));
    tsr_min_int64(comm, v.low, 3);
    tsr_max_int64(comm, v.high, 3);
    TSR_AGREE(comm, visit_values(reader, add_moments, &v));
    TSR_TRY(tsr_sum_fixed(comm, v.sum, SUMS));
    for (int a = 0; a < 3; a++) {
        m->sum[a] = tsr_fixed_value(&v.sum[SUM + a]);
        m->x_log_x[a] = tsr_fixed_value(&v.sum[X_LOG_X + a]);
        for (int b = 0; b < 3; b++) m->product[a][b] = tsr_fixed_value(&v.sum[PRODUCT + product_at[a][b]]);
    }
done:
    return st;
}

/* ---- comparisons that people made ---- */

static bool read_comparison(const char *text, double *value)
{
    char *end;
    double below = 1;

    *value = strtod(text, &end);
    if (end == text) return false;
    if (*end == '/') {
        text = end + 1;
        below = strtod(text, &end);
        if (end == text) return false;
    }
    *value /= below;
    return *end == '\0' && *value >= 1.0 / 9 && *value <= 9;
}

tsr_status tsr_rfm_comparisons(const tsr_texts *texts, double comparison[3])
{
    if (texts->n != 3)
        return TSR_FAIL(TSR_ECONF,
                        "`rfm.ahp` has %" PRId32 " comparisons: give three, recency : frequency, "
                        "recency : money, frequency : money",
                        texts->n);
    for (int i = 0; i < 3; i++)
        if (!read_comparison(texts->text[i], &comparison[i]))
            return TSR_FAIL(TSR_ECONF, "`rfm.ahp`: %s is no comparison from 1/9 to 9", texts->text[i]);
    return TSR_OK;
}

/* The largest eigenvalue of a 3 x 3 matrix of comparisons is 1 + q + 1 / q with q = cube root of (c_rm / (c_rf c_fm)).
 */
double tsr_rfm_consistency(const double c[3])
{
    double q = tsr_pow(c[1] / (c[0] * c[2]), 1.0 / 3);

    return fmax(0, (1 + q + 1 / q - 3) / 2 / RANDOM_INDEX);
}

/* Its eigenvector is that of the geometric means of rows. */
static void weigh_by_comparisons(const double c[3], tsr_rfm_weights *weights)
{
    const double row[3] = {c[0] * c[1], c[2] / c[0], 1 / (c[1] * c[2])};
    double *weight = weights->of_scores[TSR_RFM_AHP];

    for (int a = 0; a < 3; a++) weight[a] = tsr_pow(row[a], 1.0 / 3);
    normalise(weight);
    for (int a = 0; a < 3; a++) weights->of_values[TSR_RFM_AHP][a] = weight[a];
    weights->consistency = tsr_rfm_consistency(c);
}

tsr_status tsr_rfm_weigh(const tsr_comm *comm, tsr_rfm_reader *reader, const double *comparison, tsr_rfm *rfm)
{
    tsr_rfm_weights *weights = &rfm->weights;
    moments of_scores = moments_of_scores(rfm), of_values;
    tsr_status st;

    TSR_TRY(moments_of_values(comm, reader, rfm->customers, &of_values));
    weigh(&of_scores, weights->of_scores);
    weigh(&of_values, weights->of_values);
    weights->consistency = NAN;
    if (comparison != NULL) weigh_by_comparisons(comparison, weights);
    for (int a = 0; a < TSR_RFM_AXES; a++)
        weights->used[a] = rfm->weights_of == TSR_RFM_OF_VALUES ? weights->of_values[rfm->weighting][a]
                                                                : weights->of_scores[rfm->weighting][a];
done:
    return st;
}
