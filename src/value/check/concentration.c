#include "tessera/concentration.h"

#include <math.h>

#include "tessera/memory.h"
#include "tessera/table.h"
#include "value/check/ranking.h"

#define BATCH    16
#define SUM_BITS 61 /* of the sum over all customers of a group */

/* Groups first .. first + n - 1; group k is all customers. */
typedef struct batch {
    int32_t k, first, n;
    tsr_ranking rank[BATCH];
    int32_t exponent[BATCH]; /* units of 2^-exponent */
    int32_t *segment;        /* [TSR_BLOCK_ROWS] */
    float *clv;
} batch;

static tsr_status create(batch *b)
{
    tsr_status st;

    for (int i = 0; i < BATCH && i <= b->k; i++) TSR_TRY(tsr_ranking_create(&b->rank[i]));
    TSR_TRY(tsr_alloc(&b->segment, TSR_BLOCK_ROWS, sizeof *b->segment));
    TSR_TRY(tsr_alloc(&b->clv, TSR_BLOCK_ROWS, sizeof *b->clv));
done:
    return st;
}

static void clear(batch *b)
{
    tsr_free(&b->clv);
    tsr_free(&b->segment);
    for (int i = BATCH - 1; i >= 0; i--) tsr_ranking_clear(&b->rank[i]);
}

static void begin(batch *b, int32_t first, const double *total)
{
    b->first = first;
    b->n = b->k + 1 - first < BATCH ? b->k + 1 - first : BATCH;
    for (int32_t i = 0; i < b->n; i++) {
        bool known = total[first + i] > 0 && isfinite(total[first + i]);
        int exponent = SUM_BITS;
        if (known) (void)frexp(total[first + i], &exponent);
        b->exponent[i] = SUM_BITS - exponent; /* of an unknown total: whole currency units */
        tsr_ranking_reset(&b->rank[i]);
    }
}

static void add(batch *b, int32_t group, double clv)
{
    int32_t at = group - b->first;

    if (at < 0 || at >= b->n) return;
    tsr_ranking_add(&b->rank[at], clv, false, llrint(ldexp(clv, b->exponent[at])));
}

static tsr_status add_rows(batch *b, const tsr_table *table, const tsr_span *span)
{
    tsr_status st = TSR_OK;

    for (int64_t at = 0; at < span->rows; at += TSR_BLOCK_ROWS) {
        int64_t rows = span->rows - at < TSR_BLOCK_ROWS ? span->rows - at : TSR_BLOCK_ROWS;
        TSR_TRY(tsr_table_read(table, "segment", span->first + at, rows, TSR_I32, b->segment));
        TSR_TRY(tsr_table_read(table, "clv", span->first + at, rows, TSR_F32, b->clv));
        for (int64_t i = 0; i < rows; i++) {
            if (!isfinite(b->clv[i])) continue;
            double clv = b->clv[i] > 0 ? (double)b->clv[i] : 0;
            add(b, b->segment[i], clv);
            add(b, b->k, clv);
        }
    }
done:
    return st;
}

static void summarise(const tsr_ranking *rank, tsr_concentration *out)
{
    for (int i = 0; i < TSR_LORENZ_POINTS; i++)
        out->lorenz[i] = 1 - tsr_ranking_share(rank, 1 - (double)i / (TSR_LORENZ_POINTS - 1));
    out->gini = tsr_ranking_gini(rank);
    out->top_decile = tsr_ranking_share(rank, 0.1);
}

tsr_status tsr_value_concentration(const tsr_comm *comm, const char *customers, const tsr_span *span, int32_t k,
                                   const double *total, tsr_concentration *concentration)
{
    batch b = {.k = k};
    tsr_table *table = NULL;
    tsr_status st;

    TSR_AGREE(comm, create(&b));
    TSR_AGREE(comm, tsr_table_open(customers, &table));
    for (int32_t first = 0; first <= k; first += BATCH) {
        begin(&b, first, total);
        TSR_AGREE(comm, add_rows(&b, table, span));
        for (int32_t i = 0; i < b.n; i++) {
            tsr_ranking_reduce(comm, &b.rank[i]);
            summarise(&b.rank[i], &concentration[first + i]);
        }
    }
done:
    tsr_table_close(&table);
    clear(&b);
    return st;
}
