/**
 * @file products_kernel.h
 * Exact products of columns, in integers. A step is x = 256 h + l with h in -128..127 and l in 0..255, so that
 * x_i x_j = 256 x_i h_j + x_i l_j. Two rows' values of a column lie side by side, so that one instruction multiplies
 * and adds two rows for as many columns j as a register has lanes: |x_i l_j| < 2^23, and the sum of TSR_PRODUCT_ROWS of
 * them stays below 2^31. Then sums of 64 bits take over.
 *
 * A variant defines PRODUCTS (the name of the kernel), `ints` (LANES integers of 32 bits) and the functions
 *
 *     ints ints_load(const int32_t *)
 *     ints ints_all(int32_t)
 *     ints ints_add_products(ints sum, ints a, ints b)      sum + a b, in pairs of 16 bits
 *
 * Bound: two such instructions for two rows of LANES products; not memory, from 16 columns on.
 */
#define KERNEL     static inline __attribute__((always_inline))
#define PAIRS      (TSR_PRODUCT_ROWS / 2)
#define BLOCK      (LANES / 2) /* columns i whose sums are in registers: for h and for l, as many as LANES */
#define PANEL      (PAIRS * LANES)
#define ONES       0x10001 /* a pair of ones */
#define TILE_PAIRS (TSR_TILE_ROWS / 2)

/* Eight columns of a tile: one pair of rows for all of them becomes a neighbour. to: pair p at p x LANES. */
KERNEL void turn(const int16_t *value, const int32_t n, int32_t *to)
{
    __m256i a[8], b[8];

    for (int i = 0; i < 8; i++)
        a[i] = i < n ? _mm256_loadu_si256((const __m256i *)(value + i * TSR_TILE_ROWS)) : _mm256_setzero_si256();
    for (int i = 0; i < 8; i += 2) {
        b[i] = _mm256_unpacklo_epi32(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_epi32(a[i], a[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        for (int h = 0; h < 2; h++) {
            a[i + 2 * h] = _mm256_unpacklo_epi64(b[i + h], b[i + 2 + h]);
            a[i + 2 * h + 1] = _mm256_unpackhi_epi64(b[i + h], b[i + 2 + h]);
        }
    }
    for (int p = 0; p < 4; p++) {
        _mm256_storeu_si256((__m256i *)(to + p * LANES), _mm256_permute2x128_si256(a[p], a[p + 4], 0x20));
        _mm256_storeu_si256((__m256i *)(to + (p + 4) * LANES), _mm256_permute2x128_si256(a[p], a[p + 4], 0x31));
    }
}

/* Tiles as panels of LANES columns: x, h and l of one pair of rows after the other; and the sums of columns. */
static void split(const int16_t *value, int64_t tiles, int32_t cols, int32_t *x, int32_t *high, int32_t *low,
                  int64_t *sum)
{
    for (int32_t j = 0; j < cols; j += LANES, x += PANEL, high += PANEL, low += PANEL) {
        const int32_t n = cols - j < LANES ? cols - j : LANES;
        int32_t total[LANES];
        ints s = ints_all(0);

        for (int64_t t = 0; t < tiles; t++) {
            for (int32_t i = 0; i < LANES; i += 8) {
                const int16_t *from = value + (t * cols + j + i) * TSR_TILE_ROWS;
                int32_t *to = x + t * TILE_PAIRS * LANES + i;
                if (n - i >= 8)
                    turn(from, 8, to);
                else
                    turn(from, n - i, to);
            }
        }
        for (int64_t p = 0; p < tiles * TILE_PAIRS; p++) {
            int16_t v[2 * LANES], h[2 * LANES], l[2 * LANES];

            memcpy(v, x + p * LANES, sizeof v);
            for (int i = 0; i < 2 * LANES; i++) h[i] = (int16_t)(v[i] >> 8);
            for (int i = 0; i < 2 * LANES; i++) l[i] = (int16_t)(v[i] & 255);
            memcpy(high + p * LANES, h, sizeof h);
            memcpy(low + p * LANES, l, sizeof l);
            s = ints_add_products(s, ints_load(x + p * LANES), ints_all(ONES));
        }
        memcpy(total, &s, sizeof total);
        for (int32_t i = 0; i < n; i++) sum[j + i] += total[i];
    }
}

/* product[i][j] += sum over pairs of rows of x_i (256 h_j + l_j), for BLOCK columns i and a panel of columns j. */
KERNEL void multiply_block(const int32_t *x, const int32_t *high, const int32_t *low, int64_t pairs, int64_t *product,
                           int64_t wide)
{
    ints h[BLOCK], l[BLOCK];

#pragma GCC unroll 8
    for (int i = 0; i < BLOCK; i++) h[i] = l[i] = ints_all(0);
    for (int64_t p = 0; p < pairs; p++) {
        const ints a = ints_load(high + p * LANES), b = ints_load(low + p * LANES);
#pragma GCC unroll 8
        for (int i = 0; i < BLOCK; i++) {
            const ints v = ints_all(x[p * LANES + i]);
            h[i] = ints_add_products(h[i], v, a);
            l[i] = ints_add_products(l[i], v, b);
        }
    }
    /* Unrolled, or the sums would live in memory all the time. */
#pragma GCC unroll 8
    for (int i = 0; i < BLOCK; i++) {
        int32_t u[LANES], v[LANES];
        memcpy(u, &h[i], sizeof u);
        memcpy(v, &l[i], sizeof v);
        for (int j = 0; j < LANES; j++) product[i * wide + j] += 256 * (int64_t)u[j] + v[j];
    }
}

void PRODUCTS(const int16_t *value, int64_t tiles, int32_t cols, int32_t *work, int64_t *product, int64_t *sum)
{
    const int64_t panels = (cols + LANES - 1) / LANES, wide = TSR_PRODUCT_WIDE(cols), pairs = tiles * TILE_PAIRS;
    int32_t *x = work, *high = x + panels * PANEL, *low = high + panels * PANEL;

    split(value, tiles, cols, x, high, low, sum);
    for (int64_t j = 0; j < panels; j++) {
        for (int64_t i = 0; i <= j; i++) {
            for (int64_t b = 0; b < LANES; b += BLOCK)
                multiply_block(x + i * PANEL + b, high + j * PANEL, low + j * PANEL, pairs,
                               product + (i * LANES + b) * wide + j * LANES, wide);
        }
    }
}
