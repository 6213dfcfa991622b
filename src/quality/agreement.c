#include "tessera/memory.h"
#include "tessera/quality.h"

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
