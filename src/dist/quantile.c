#include "tessera/quantile.h"

#include <math.h>

#include "dist/radix.h"
#include "tessera/interrupt.h"
#include "tessera/reduce.h"
#include "tessera/trace.h"

/* As NumPy does it, to the bit: from the nearer end. Equal ends stay what they are (infinities too). */
static double between(double low, double high, double share)
{
    double span = high - low;

    if (low == high || share == 0.0) return low;
    return share < 0.5 ? low + span * share : high - span * (1.0 - share);
}

static void results_write(const tsr_radix *s, double *out, int64_t *count)
{
    for (int64_t pair = 0; pair < s->pairs; pair++) {
        int64_t n = s->counts[pair];
        if (count != NULL) count[s->first_pair + pair] = n;
        for (int32_t i = 0; i < s->np; i++) {
            const tsr_radix_target *t = s->targets + 2 * (pair * s->np + i);
            double place = s->p != NULL && n > 0 ? tsr_radix_place(s->p[i], n) : 0;
            double *to = &out[(s->first_pair + pair) * s->np + i];
            *to = NAN;
            if (tsr_radix_wanted(s, pair, i))
                *to = between(tsr_radix_value(&t[0]), tsr_radix_value(&t[1]), place - floor(place));
        }
    }
}

/* Same on all ranks after tsr_same(): the verdict is too. p NULL: none. */
static tsr_status check_arguments(const tsr_comm *comm, int32_t cols, int32_t groups, const double *p, int32_t np)
{
    int32_t shape[3] = {cols, groups, np};
    tsr_status st;

    TSR_TRY(tsr_same(comm, shape, sizeof shape, "the shape of the quantiles"));
    if (p == NULL) goto done;
    TSR_TRY(tsr_same(comm, p, (size_t)np * sizeof *p, "the list of quantiles"));
    for (int32_t i = 0; i < np; i++)
        if (!(p[i] >= 0.0 && p[i] <= 1.0)) st = TSR_FAIL(TSR_ECONF, "quantile %g is not in 0..1", p[i]);
done:
    return st;
}

/* All pairs, batch after batch. */
static tsr_status select_all(const tsr_comm *comm, tsr_radix *s, double *out, int64_t *count)
{
    int64_t pairs = (int64_t)s->groups * s->cols, batch = TSR_RADIX_SLOTS / (s->np > 0 ? 2 * (int64_t)s->np : 1);
    int64_t most = s->source->blocks * s->source->block_rows;
    const double began = tsr_seconds();
    tsr_status st;

    if (batch < 1) batch = 1;
    if (batch > pairs) batch = pairs;
    TSR_AGREE(comm, tsr_radix_create(s, batch));
    tsr_sum_int64(comm, &most, 1);
    for (s->first_pair = 0; s->first_pair < pairs; s->first_pair += batch) {
        s->pairs = pairs - s->first_pair < batch ? pairs - s->first_pair : batch;
        TSR_TRY(tsr_radix_select(comm, s, most * s->cols));
        results_write(s, out, count);
    }
    tsr_trace_add(TSR_SPAN_STEP, "quantiles", began);
done:
    tsr_radix_destroy(s);
    return st;
}

tsr_status tsr_quantiles(const tsr_comm *comm, const tsr_quantile_source *source, int32_t cols, int32_t groups,
                         const double *p, int32_t np, double *out, int64_t *count)
{
    tsr_radix s = {.source = source, .cols = cols, .groups = groups, .np = np, .p = p};
    tsr_status st;

    TSR_TRY(check_arguments(comm, cols, groups, p, np));
    st = select_all(comm, &s, out, count);
done:
    return st;
}

tsr_status tsr_order_statistics(const tsr_comm *comm, const tsr_quantile_source *source, int32_t cols, int32_t groups,
                                const int64_t *rank, int32_t n, double *out)
{
    tsr_radix s = {.source = source, .cols = cols, .groups = groups, .np = n, .rank = rank};
    size_t bytes = (size_t)groups * (size_t)cols * (size_t)n * sizeof *rank;
    tsr_status st;

    TSR_TRY(check_arguments(comm, cols, groups, NULL, n));
    TSR_TRY(tsr_same(comm, rank, bytes, "the list of order statistics"));
    st = select_all(comm, &s, out, NULL);
done:
    return st;
}
