#include "predict/split.h"

#include <string.h>

#include "tessera/maths.h"

/* A gain below this share of the node is noise of rounding. */
#define GAIN_LEAST 1e-12

int64_t tsr_cell_rows(const tsr_judge *judge, const int64_t *cell)
{
    int64_t rows = 0;

    if (judge->classes == 0) return cell[0];
    for (int32_t c = 0; c < judge->classes; c++) rows += cell[c];
    return rows;
}

bool tsr_cell_pure(const tsr_judge *judge, const int64_t *cell)
{
    int32_t present = 0;

    if (judge->classes == 0) return false;
    for (int32_t c = 0; c < judge->classes; c++) present += cell[c] > 0;
    return present <= 1;
}

static double gini(const tsr_judge *judge, const int64_t *cell)
{
    double rows = 0, squares = 0;

    for (int32_t c = 0; c < judge->classes; c++) {
        double n = (double)cell[c] * (judge->class_weight != NULL ? judge->class_weight[c] : 1);
        rows += n;
        squares += n * n;
    }
    return rows > 0 ? squares / rows : 0;
}

static double entropy(const tsr_judge *judge, const int64_t *cell)
{
    double rows = 0, sum = 0;

    for (int32_t c = 0; c < judge->classes; c++) {
        double n = (double)cell[c] * (judge->class_weight != NULL ? judge->class_weight[c] : 1);
        rows += n;
        if (n > 0) sum += n * tsr_log2(n);
    }
    return rows > 0 ? sum - rows * tsr_log2(rows) : 0;
}

/* How well one value describes these rows, times their number: gains are differences of it. Sums of squares of a
 * regression's targets would cancel. */
static double merit(const tsr_judge *judge, const int64_t *cell)
{
    if (judge->classes == 0) return cell[0] > 0 ? (double)cell[1] * (double)cell[1] / (double)cell[0] : 0;
    return judge->criterion == TSR_SPLIT_ENTROPY ? entropy(judge, cell) : gini(judge, cell);
}

static void consider(const tsr_judge *judge, const tsr_split *cut, const int64_t *left, const int64_t *total,
                     int64_t *right, double whole, tsr_split *best)
{
    for (int32_t w = 0; w < judge->width; w++) right[w] = total[w] - left[w];
    int64_t rows_left = tsr_cell_rows(judge, left), rows_right = tsr_cell_rows(judge, right);
    if (rows_left < judge->min_leaf || rows_right < judge->min_leaf) return;
    double gain = merit(judge, left) + merit(judge, right) - whole;
    if (!(gain > best->gain) || !(gain > GAIN_LEAST * (double)(rows_left + rows_right))) return;
    *best = *cut;
    best->gain = gain;
}

void tsr_split_search(const tsr_judge *judge, int32_t column, const int64_t *histogram, int32_t bins,
                      const int64_t *total, int64_t *work, tsr_split *best)
{
    const int64_t *missing = histogram + (int64_t)TSR_CODE_MISSING * judge->width;
    bool some_missing = tsr_cell_rows(judge, missing) > 0;
    int64_t *left = work, *right = work + judge->width;
    double whole = merit(judge, total);

    for (int side = 0; side <= (some_missing ? 1 : 0); side++) {
        memset(left, 0, sizeof *left * (size_t)judge->width);
        for (int32_t w = 0; side == 1 && w < judge->width; w++) left[w] = missing[w];
        int32_t last = some_missing && side == 0 ? bins : bins - 1; /* all values against none is a cut, too */
        for (int32_t b = 0; b < last; b++) {
            const int64_t *cell = histogram + (int64_t)b * judge->width;
            if (tsr_cell_rows(judge, cell) == 0) continue;
            for (int32_t w = 0; w < judge->width; w++) left[w] += cell[w];
            tsr_split cut = {.column = column, .code = (uint8_t)b, .missing_left = side == 1};
            if (!some_missing) cut.missing_left = 2 * tsr_cell_rows(judge, left) > tsr_cell_rows(judge, total);
            consider(judge, &cut, left, total, right, whole, best);
        }
    }
}

void tsr_split_left(const tsr_judge *judge, const tsr_split *cut, const int64_t *histogram, int64_t *left)
{
    memset(left, 0, sizeof *left * (size_t)judge->width);
    for (int32_t b = 0; b <= cut->code; b++)
        for (int32_t w = 0; w < judge->width; w++) left[w] += histogram[(int64_t)b * judge->width + w];
    for (int32_t w = 0; cut->missing_left && w < judge->width; w++)
        left[w] += histogram[(int64_t)TSR_CODE_MISSING * judge->width + w];
}
