#include <math.h>
#include <stdlib.h>

#include "tessera/exchange.h"
#include "tessera/maths.h"
#include "tessera/memory.h"
#include "tessera/quality.h"
#include "tessera/reduce.h"

static tsr_int128 pairs(int64_t n)
{
    return (tsr_int128)n * (n - 1) / 2;
}

/* Pairs that agree, against what chance gives (Hubert & Arabie, 1985). Counts of pairs are exact; the quotient that
 * follows is of order one. */
double tsr_adjusted_rand(const int64_t *table, int32_t rows, int32_t cols)
{
    tsr_int128 both = 0, by_row = 0, by_col = 0;
    int64_t n = 0;

    for (int32_t i = 0; i < rows; i++) {
        int64_t sum = 0;
        for (int32_t j = 0; j < cols; j++) {
            sum += table[(int64_t)i * cols + j];
            both += pairs(table[(int64_t)i * cols + j]);
        }
        by_row += pairs(sum);
        n += sum;
    }
    for (int32_t j = 0; j < cols; j++) {
        int64_t sum = 0;
        for (int32_t i = 0; i < rows; i++) sum += table[(int64_t)i * cols + j];
        by_col += pairs(sum);
    }
    /* Both put every row by itself, or all rows together: the same partition. */
    if (by_row == by_col && (by_row == 0 || by_row == pairs(n))) return 1;
    double chance = tsr_int128_scaled(by_row, 0) / tsr_int128_scaled(pairs(n), 0) * tsr_int128_scaled(by_col, 0);
    return (tsr_int128_scaled(both, 0) - chance) / (tsr_int128_scaled(by_row + by_col, 1) - chance);
}

/* ---- over ranks ---- */

/* Sum of n log(N / n) over the parts of N rows, divided by N: the entropy of a partition. */
static double entropy(const int64_t *part, int64_t parts, int64_t n)
{
    double sum = 0;

    for (int64_t i = 0; i < parts; i++)
        if (part[i] > 0) sum += (double)part[i] / (double)n * tsr_log((double)n / (double)part[i]);
    return sum;
}

/* Mutual information over the mean of the two entropies, as scikit-learn and the V-measure have it. */
static tsr_status normalised_information(const int64_t *table, int32_t rows, int32_t cols, int64_t n, double *nmi)
{
    tsr_status st;
    int64_t *row = NULL, *col = NULL;

    TSR_TRY(tsr_alloc(&row, rows, sizeof *row));
    TSR_TRY(tsr_alloc(&col, cols, sizeof *col));
    for (int64_t i = 0; i < (int64_t)rows * cols; i++) {
        row[i / cols] += table[i];
        col[i % cols] += table[i];
    }
    double by_row = entropy(row, rows, n), by_col = entropy(col, cols, n);
    double both = entropy(table, (int64_t)rows * cols, n);
    *nmi = by_row + by_col > 0 ? fmax(2 * (by_row + by_col - both) / (by_row + by_col), 0) : 1;
done:
    tsr_free(&col);
    tsr_free(&row);
    return st;
}

static int compare_values(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

static int64_t sort_unique(int64_t *value, int64_t n)
{
    int64_t kept = 0;

    qsort(value, (size_t)n, sizeof *value, compare_values);
    for (int64_t i = 0; i < n; i++)
        if (kept == 0 || value[i] != value[kept - 1]) value[kept++] = value[i];
    return kept;
}

/* This rank's different values, sorted. More than can be classes are too many, whatever they are. */
static tsr_status list_values(const int64_t *truth, int64_t rows, int64_t **list, int64_t *n)
{
    tsr_status st;
    int64_t most = 2 * TSR_CLASSES_MAX;

    TSR_TRY(tsr_alloc(list, most, sizeof **list));
    for (int64_t i = 0; i < rows; i++) {
        if (truth[i] == TSR_NO_CLASS || (*n > 0 && (*list)[*n - 1] == truth[i])) continue;
        (*list)[(*n)++] = truth[i];
        if (*n == most) *n = sort_unique(*list, *n);
        if (*n > TSR_CLASSES_MAX && *n == most) break;
    }
    *n = sort_unique(*list, *n);
    if (*n > TSR_CLASSES_MAX)
        st = TSR_FAIL(TSR_EDATA, "given labels have more than %d different values", TSR_CLASSES_MAX);
done:
    return st;
}

static tsr_status find_classes(const tsr_comm *comm, const int64_t *truth, int64_t rows, int64_t **class_of, int64_t *n)
{
    tsr_status st;
    int64_t *mine = NULL, mine_n = 0;
    void *all = NULL;

    TSR_AGREE(comm, list_values(truth, rows, &mine, &mine_n));
    TSR_TRY(tsr_gather_all(comm, mine, mine_n, sizeof *mine, &all, n));
    *n = sort_unique(all, *n);
    *class_of = all;
    if (*n > TSR_CLASSES_MAX)
        st = TSR_FAIL(TSR_EDATA, "given labels have more than %d different values", TSR_CLASSES_MAX);
done:
    tsr_free(&mine);
    return st;
}

static void tabulate(const uint16_t *label, const int64_t *truth, int64_t rows, const int64_t *classes, int64_t n,
                     int64_t *table)
{
    for (int64_t i = 0; i < rows; i++) {
        const int64_t *at = bsearch(&truth[i], classes, (size_t)n, sizeof *classes, compare_values);
        if (at != NULL) table[label[i] * n + (at - classes)]++;
    }
}

tsr_status tsr_agreement_compute(const tsr_comm *comm, const uint16_t *label, int32_t k, const int64_t *truth,
                                 int64_t rows, tsr_agreement *agreement)
{
    tsr_status st;
    int64_t *classes = NULL, *table = NULL, n = 0, counted = 0;

    *agreement = (tsr_agreement){.adjusted_rand = NAN, .normalised_information = NAN};
    TSR_TRY(find_classes(comm, truth, rows, &classes, &n));
    TSR_AGREE(comm, tsr_alloc(&table, (int64_t)k * n, sizeof *table));
    tabulate(label, truth, rows, classes, n, table);
    tsr_sum_int64(comm, table, (int64_t)k * n);
    for (int64_t i = 0; i < (int64_t)k * n; i++) counted += table[i];
    agreement->rows = counted;
    agreement->classes = (int32_t)n;
    if (counted == 0) goto done;
    agreement->adjusted_rand = tsr_adjusted_rand(table, k, (int32_t)n);
    TSR_AGREE(comm, normalised_information(table, k, (int32_t)n, counted, &agreement->normalised_information));
done:
    tsr_free(&table);
    tsr_free(&classes);
    return st;
}
