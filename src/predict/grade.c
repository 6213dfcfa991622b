#include "tessera/grade.h"

#include <math.h>
#include <string.h>

#include "tessera/maths.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

#define AUC_BINS    65536
#define SUM_SCALE   40 /* of probabilities and logarithms: 2^-40 */
#define NUMBER_BITS 50 /* of the largest error, or its square */
#define P_LEAST     1e-15

static bool counts(const tsr_graded *rows, int64_t i, double p)
{
    return rows->part[i] == rows->which && !isnan(p);
}

static int32_t most_likely(const double *p, int32_t classes)
{
    int32_t best = 0;

    for (int32_t c = 1; c < classes; c++)
        if (p[c] > p[best]) best = c;
    return best;
}

/* ---- AUC ---- */

/* Pairs of one row of the class and one of the others that the probability puts in order; half for ties. */
static double area(const int64_t *count)
{
    double below = 0, pairs = 0, in = 0, out = 0;

    for (int32_t b = 0; b < AUC_BINS; b++) {
        double hits = (double)count[2 * b + 1], misses = (double)count[2 * b];
        pairs += hits * (below + misses / 2);
        below += misses;
        in += hits;
        out += misses;
    }
    return in > 0 && out > 0 ? pairs / (in * out) : (double)NAN;
}

static double auc_of(const tsr_comm *comm, const tsr_graded *rows, const double *p, const uint16_t *label,
                     int32_t classes, int32_t c, int64_t *count)
{
    memset(count, 0, sizeof *count * 2 * AUC_BINS);
    for (int64_t i = 0; i < rows->rows; i++) {
        double mine = p[i * classes + c];
        if (!counts(rows, i, mine)) continue;
        int64_t bin = (int64_t)(mine * AUC_BINS);
        count[2 * (bin < AUC_BINS ? bin : AUC_BINS - 1) + (label[i] == c)]++;
    }
    tsr_sum_int64(comm, count, 2 * AUC_BINS);
    return area(count);
}

static tsr_status score_auc(const tsr_comm *comm, const tsr_graded *rows, const double *p, const uint16_t *label,
                            int32_t classes, tsr_grade *score)
{
    int64_t *count = NULL;
    double sum = 0;
    int32_t n = 0;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&count, 2 * AUC_BINS, sizeof *count));
    for (int32_t c = classes == 2 ? 1 : 0; c < classes; c++) {
        double one = auc_of(comm, rows, p, label, classes, c, count);
        if (isnan(one)) continue;
        sum += one;
        n++;
    }
    score->auc = n > 0 ? sum / n : (double)NAN;
done:
    tsr_free(&count);
    return st;
}

/* ---- sums over rows ---- */

enum { LOG_LOSS, BRIER, PREDICTED, SUMS = PREDICTED + TSR_RELIABILITY_BINS };

/* Counts of the reliability bins: rows, hits; then the confusion. */
typedef struct tally {
    tsr_fixed sum[SUMS];
    int64_t *count;
} tally;

static void add_row(const double *p, int32_t label, int32_t classes, tally *t)
{
    int32_t best = most_likely(p, classes), shown = classes == 2 ? 1 : best;
    double mine = p[label] > P_LEAST ? p[label] : P_LEAST, brier = 0;
    int32_t bin = (int32_t)(p[shown] * TSR_RELIABILITY_BINS);

    if (bin >= TSR_RELIABILITY_BINS) bin = TSR_RELIABILITY_BINS - 1;
    for (int32_t c = classes == 2 ? 1 : 0; c < classes; c++) brier += (p[c] - (label == c)) * (p[c] - (label == c));
    tsr_fixed_add(&t->sum[LOG_LOSS], -tsr_log(mine), 1);
    tsr_fixed_add(&t->sum[BRIER], brier, 1);
    tsr_fixed_add(&t->sum[PREDICTED + bin], p[shown], 1);
    t->count[2 * bin]++;
    t->count[2 * bin + 1] += label == shown;
    t->count[2 * TSR_RELIABILITY_BINS + (int64_t)label * classes + best]++;
}

static void read_tally(const tally *t, tsr_grade *score)
{
    const int32_t k = score->classes;
    double distance = 0;
    int64_t hits = 0;

    memcpy(score->confusion, t->count + 2 * TSR_RELIABILITY_BINS, sizeof *t->count * (size_t)k * (size_t)k);
    for (int32_t b = 0; b < TSR_RELIABILITY_BINS; b++) {
        tsr_reliability *bin = &score->bin[b];
        bin->rows = t->count[2 * b];
        bin->predicted = tsr_fixed_value(&t->sum[PREDICTED + b]) / (double)bin->rows;
        bin->observed = (double)t->count[2 * b + 1] / (double)bin->rows;
        if (bin->rows > 0) distance += (double)bin->rows * fabs(bin->predicted - bin->observed);
        score->rows += bin->rows;
    }
    for (int32_t c = 0; c < k; c++) hits += score->confusion[(int64_t)c * k + c];
    score->accuracy = (double)hits / (double)score->rows;
    score->log_loss = tsr_fixed_value(&t->sum[LOG_LOSS]) / (double)score->rows;
    score->brier = tsr_fixed_value(&t->sum[BRIER]) / (double)score->rows;
    score->calibration_error = distance / (double)score->rows;
}

static tsr_status make_tally(int32_t classes, tally *t, tsr_grade *score)
{
    tsr_status st;

    for (int s = 0; s < SUMS; s++) t->sum[s] = tsr_fixed_zero(SUM_SCALE);
    TSR_TRY(tsr_alloc(&score->confusion, (int64_t)classes * classes, sizeof *score->confusion));
    TSR_TRY(tsr_alloc(&t->count, 2 * TSR_RELIABILITY_BINS + (int64_t)classes * classes, sizeof *t->count));
done:
    return st;
}

tsr_status tsr_grade_classes(const tsr_comm *comm, const tsr_graded *rows, const double *p, const uint16_t *label,
                             int32_t classes, tsr_grade *score)
{
    tally t = {.count = NULL};
    tsr_status st;

    *score = (tsr_grade){.classes = classes};
    TSR_AGREE(comm, make_tally(classes, &t, score));
    for (int64_t i = 0; i < rows->rows; i++)
        if (counts(rows, i, p[i * classes])) add_row(p + i * classes, label[i], classes, &t);
    TSR_TRY(tsr_sum_fixed(comm, t.sum, SUMS));
    tsr_sum_int64(comm, t.count, 2 * TSR_RELIABILITY_BINS + (int64_t)classes * classes);
    read_tally(&t, score);
    TSR_TRY(score_auc(comm, rows, p, label, classes, score));
done:
    if (st != TSR_OK) tsr_grade_clear(score);
    tsr_free(&t.count);
    return st;
}

/* ---- numbers ---- */

tsr_status tsr_grade_numbers(const tsr_comm *comm, const tsr_graded *rows, const double *predicted, const double *truth,
                             tsr_grade *score)
{
    enum { ERROR, SQUARE, TRUTH, TRUTH_SQUARE, ALL };
    double most[2] = {0, 0};
    tsr_fixed sum[ALL];
    tsr_status st;

    *score = (tsr_grade){.classes = 0};
    for (int64_t i = 0; i < rows->rows; i++) {
        if (!counts(rows, i, predicted[i])) continue;
        most[0] = fmax(most[0], fabs(truth[i] - predicted[i]));
        most[1] = fmax(most[1], fabs(truth[i]));
        score->rows++;
    }
    tsr_max_double(comm, most, 2);
    for (int s = 0; s < ALL; s++) {
        double largest = most[s / 2] > 0 ? most[s / 2] : 1;
        sum[s] = tsr_fixed_zero(tsr_fixed_scale_for(s % 2 == 0 ? largest : largest * largest, NUMBER_BITS));
    }
    for (int64_t i = 0; i < rows->rows; i++) {
        if (!counts(rows, i, predicted[i])) continue;
        double error = truth[i] - predicted[i];
        tsr_fixed_add(&sum[ERROR], fabs(error), 1);
        tsr_fixed_add(&sum[SQUARE], error * error, 1);
        tsr_fixed_add(&sum[TRUTH], truth[i], 1);
        tsr_fixed_add(&sum[TRUTH_SQUARE], truth[i] * truth[i], 1);
    }
    TSR_TRY(tsr_sum_fixed(comm, sum, ALL));
    tsr_sum_int64(comm, &score->rows, 1);
    double n = (double)score->rows, mean = tsr_fixed_value(&sum[TRUTH]) / n;
    double variance = tsr_fixed_value(&sum[TRUTH_SQUARE]) / n - mean * mean, error = tsr_fixed_value(&sum[SQUARE]) / n;
    score->mae = tsr_fixed_value(&sum[ERROR]) / n;
    score->rmse = sqrt(error);
    score->r_squared = variance > 0 ? 1 - error / variance : (double)NAN;
done:
    return st;
}

void tsr_grade_clear(tsr_grade *score)
{
    tsr_free(&score->confusion);
}
