#include "tessera/weights.h"

#include <math.h>

#include "tessera/exchange.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

#define LARGEST_BITS 30
#define SUM_BITS     47

static tsr_status check(const char *name, const double *value, const tsr_tiles *tiles, double *largest)
{
    TSR_ASSERT(tiles->weight == NULL);
    for (int64_t i = 0; i < tiles->span.rows; i++) {
        if (isnan(value[i]))
            return TSR_FAIL(TSR_EDATA,
                            "cluster.weights: %s is missing for customer %lld of the run; give every customer one",
                            name, (long long)(tiles->span.first + i + 1));
        if (isinf(value[i]) || value[i] < 0)
            return TSR_FAIL(TSR_EDATA,
                            "cluster.weights: %s is %g for customer %lld of the run; use finite numbers from 0 on",
                            name, value[i], (long long)(tiles->span.first + i + 1));
        *largest = fmax(*largest, value[i]);
    }
    return TSR_OK;
}

static int64_t quanta(double value, int exponent)
{
    int64_t n = llrint(ldexp(value, -exponent));

    return n > 0 ? n : 1;
}

/* weight x (sum of weight x square) - (sum of weight x value)^2 must fit 127 bits: 2 bits + 30 + log2(cols). */
static int sum_bits(int32_t cols)
{
    int bits = SUM_BITS;

    for (int64_t room = 4; room < cols; room *= 4) bits--;
    return bits;
}

/* The exponent of the quantum. A larger one leaves at least half as many quanta, down to one for each row. */
static tsr_status find_exponent(const tsr_comm *comm, const double *value, const tsr_tiles *tiles, double largest,
                                int *exponent)
{
    tsr_status st;
    tsr_int128 sum = 0, limit = (tsr_int128)1 << sum_bits(tiles->cols);

    (void)frexp(largest, exponent);
    *exponent -= LARGEST_BITS;
    for (;; (*exponent)++) {
        sum = 0;
        for (int64_t i = 0; i < tiles->span.rows; i++) sum += quanta(value[i], *exponent);
        TSR_TRY(tsr_sum_int128(comm, &sum, 1));
        if (sum < limit) break;
        while (sum >= 2 * limit) {
            sum /= 2;
            (*exponent)++;
        }
    }
done:
    return st;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Of the weights of all ranks; 0: there are none. */
static tsr_status find_divisor(const tsr_comm *comm, const tsr_tiles *tiles, int64_t *divisor)
{
    tsr_status st;
    int64_t mine = 0, n = 0;
    void *all = NULL;

    for (int64_t i = 0; i < tiles->span.rows && mine != 1; i++) mine = common_divisor(mine, tiles->weight[i]);
    TSR_TRY(tsr_gather_all(comm, &mine, 1, sizeof mine, &all, &n));
    *divisor = 0;
    for (int64_t i = 0; i < n; i++) *divisor = common_divisor(*divisor, ((const int64_t *)all)[i]);
done:
    tsr_free(&all);
    return st;
}

tsr_status tsr_weights_attach(const tsr_comm *comm, const char *name, const double *value, tsr_tiles *tiles)
{
    tsr_status st;
    double largest = 0;
    int64_t divisor = 0, differ = 0;
    int exponent = 0;

    TSR_AGREE(comm, check(name, value, tiles, &largest));
    tsr_max_double(comm, &largest, 1);
    if (largest == 0) TSR_TRY(TSR_FAIL(TSR_EDATA, "cluster.weights: %s is 0 for every customer", name));
    TSR_TRY(find_exponent(comm, value, tiles, largest, &exponent));
    TSR_AGREE(comm, tsr_alloc(&tiles->weight, tiles->span.rows, sizeof *tiles->weight));
    for (int64_t i = 0; i < tiles->span.rows; i++) tiles->weight[i] = (int32_t)quanta(value[i], exponent);
    TSR_TRY(find_divisor(comm, tiles, &divisor));
    tiles->quantum = ldexp((double)divisor, exponent);
    for (int64_t i = 0; i < tiles->span.rows; i++) {
        tiles->weight[i] = (int32_t)(tiles->weight[i] / divisor);
        differ |= tiles->weight[i] != 1;
    }
    tsr_max_int64(comm, &differ, 1);
    if (differ == 0) tsr_free(&tiles->weight);
done:
    if (st != TSR_OK) tsr_free(&tiles->weight);
    return st;
}
