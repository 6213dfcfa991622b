#include "tessera/calibrate.h"

#include <math.h>
#include <string.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"

#define BINS TSR_CALIBRATION_BINS

/* Predictions in whole steps: sums of them are exact. */
#define STEPS 0x1p30

/* Of a bin: rows, hits, sum of predictions in steps. */
enum { ROWS, HITS, STEPS_SUM, CELL };

/* Neighbours whose rates fall become one point; returns how many points are left. */
static int32_t pool(int64_t (*cell)[CELL], double *score, double *rate)
{
    int32_t n = 0;

    for (int32_t b = 0; b < BINS; b++) {
        if (cell[b][ROWS] == 0) continue;
        memcpy(cell[n++], cell[b], sizeof cell[b]);
        while (n > 1 && (double)cell[n - 2][HITS] * (double)cell[n - 1][ROWS] >=
                            (double)cell[n - 1][HITS] * (double)cell[n - 2][ROWS]) {
            for (int i = 0; i < CELL; i++) cell[n - 2][i] += cell[n - 1][i];
            n--;
        }
    }
    for (int32_t i = 0; i < n; i++) {
        score[i] = (double)cell[i][STEPS_SUM] / STEPS / (double)cell[i][ROWS];
        rate[i] = (double)cell[i][HITS] / (double)cell[i][ROWS];
    }
    return n;
}

static tsr_status create(int32_t classes, tsr_calibration *c)
{
    tsr_status st;

    *c = (tsr_calibration){.classes = classes};
    TSR_TRY(tsr_alloc(&c->points, classes, sizeof *c->points));
    TSR_TRY(tsr_alloc(&c->score, (int64_t)classes * BINS, sizeof *c->score));
    TSR_TRY(tsr_alloc(&c->rate, (int64_t)classes * BINS, sizeof *c->rate));
done:
    return st;
}

tsr_status tsr_calibration_fit(const tsr_comm *comm, const tsr_graded *rows, const double *p, const uint16_t *label,
                               int32_t classes, tsr_calibration *c)
{
    int64_t(*cell)[CELL] = NULL;
    tsr_status st;

    TSR_AGREE(comm, create(classes, c));
    TSR_AGREE(comm, tsr_alloc(&cell, BINS, sizeof *cell));
    for (int32_t k = 0; k < classes; k++) {
        memset(cell, 0, sizeof *cell * BINS);
        for (int64_t i = 0; i < rows->rows; i++) {
            double mine = p[i * classes + k];
            if (rows->part[i] != rows->which || isnan(mine)) continue;
            int32_t bin = mine < 1 ? (int32_t)(mine * BINS) : BINS - 1;
            cell[bin][ROWS]++;
            cell[bin][HITS] += label[i] == k;
            cell[bin][STEPS_SUM] += llrint(mine * STEPS);
        }
        tsr_sum_int64(comm, &cell[0][0], (int64_t)BINS * CELL);
        c->points[k] = pool(cell, c->score + (int64_t)k * BINS, c->rate + (int64_t)k * BINS);
    }
done:
    if (st != TSR_OK) tsr_calibration_clear(c);
    tsr_free(&cell);
    return st;
}

static double lookup(const double *score, const double *rate, int32_t points, double p)
{
    int32_t low = 0, high = points - 1;

    if (points == 0) return p;
    if (p <= score[0]) return rate[0];
    if (p >= score[high]) return rate[high];
    while (high - low > 1) {
        int32_t middle = (low + high) / 2;
        if (score[middle] <= p)
            low = middle;
        else
            high = middle;
    }
    return rate[low] + (p - score[low]) / (score[high] - score[low]) * (rate[high] - rate[low]);
}

void tsr_calibration_apply(const tsr_calibration *c, int64_t rows, double *p)
{
    for (int64_t i = 0; i < rows; i++) {
        double *row = p + i * c->classes, sum = 0;
        if (isnan(row[0])) continue;
        for (int32_t k = 0; k < c->classes; k++) {
            row[k] = lookup(c->score + (int64_t)k * BINS, c->rate + (int64_t)k * BINS, c->points[k], row[k]);
            sum += row[k];
        }
        for (int32_t k = 0; k < c->classes; k++) row[k] = sum > 0 ? row[k] / sum : 1.0 / c->classes;
    }
}

void tsr_calibration_clear(tsr_calibration *c)
{
    tsr_free(&c->rate);
    tsr_free(&c->score);
    tsr_free(&c->points);
}
