#include "tessera/rfm.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "tessera/memory.h"
#include "tessera/quantile.h"
#include "tessera/reduce.h"
#include "value/rfm_scheme.h"

const tsr_key tsr_rfm_keys[] = {
    {.path = "rfm.scheme",
     .type = TSR_KEY_PATH,
     .offset = offsetof(tsr_rfm_params, scheme),
     .fallback = "table_c",
     .meaning = "names of RFM groups: table_c (11 groups), grid_a (10 groups), or a file of cells and names"},
    {.path = NULL}};

static const double probabilities[] = {0.2, 0.4, 0.6, 0.8};

/* ---- one customer ---- */

/* Rule V: 1 + the number of edges below the value. */
static int8_t score_of(const double edge[4], double value)
{
    int8_t score = 1;

    for (int i = 0; i < 4; i++) score = (int8_t)(score + (edge[i] < value));
    return score;
}

tsr_rfm_scores tsr_rfm_score(const tsr_rfm *rfm, int32_t recency_days, int32_t orders, int64_t revenue,
                             int32_t money_scale)
{
    if (recency_days < 0) return (tsr_rfm_scores){.group = (int8_t)(rfm->groups - 1)};
    tsr_rfm_scores s = {.r = (int8_t)(6 - score_of(rfm->edge[0], recency_days)),
                        .f = score_of(rfm->edge[1], orders),
                        .m = score_of(rfm->edge[2], (double)revenue / tsr_power_of_ten(money_scale))};
    s.group = rfm->group[((s.r - 1) * 5 + s.f - 1) * 5 + s.m - 1];
    return s;
}

/* ---- edges ---- */

static const char *const columns[3] = {"recency_days", "orders", "revenue"};

typedef struct rfm_source {
    const tsr_table *table;
    const tsr_span *span;
    int32_t money_scale;
} rfm_source;

/* Prospects have no recency: they count in none of the three. */
static tsr_status read_block(void *context, int64_t block, double *values, int32_t *group, int64_t *rows)
{
    const rfm_source *source = context;
    int64_t at = block * TSR_BLOCK_ROWS, left = source->span->rows - at;
    double units = tsr_power_of_ten(source->money_scale);
    tsr_status st;

    (void)group;
    *rows = left < TSR_BLOCK_ROWS ? left : TSR_BLOCK_ROWS;
    for (int c = 0; c < 3; c++)
        TSR_TRY(tsr_table_read(source->table, columns[c], source->span->first + at, *rows, TSR_F64,
                               values + c * TSR_BLOCK_ROWS));
    for (int64_t i = 0; i < *rows; i++) {
        bool bought = values[i] >= 0;
        values[2 * TSR_BLOCK_ROWS + i] /= units;
        for (int c = 0; c < 3 && !bought; c++) values[c * TSR_BLOCK_ROWS + i] = NAN;
    }
done:
    return st;
}

static tsr_status find_edges(const tsr_comm *comm, const tsr_table *table, const tsr_span *span, int32_t money_scale,
                             tsr_rfm *rfm)
{
    rfm_source context = {.table = table, .span = span, .money_scale = money_scale};
    tsr_quantile_source source = {.context = &context,
                                  .blocks = (span->rows + TSR_BLOCK_ROWS - 1) / TSR_BLOCK_ROWS,
                                  .block_rows = TSR_BLOCK_ROWS,
                                  .read = read_block};

    return tsr_quantiles(comm, &source, 3, 1, probabilities, 4, &rfm->edge[0][0], NULL);
}

/* ---- counts ---- */

typedef struct rfm_rows {
    int32_t *recency_days, *orders; /* [TSR_BLOCK_ROWS] */
    int64_t *revenue;
} rfm_rows;

static tsr_status count_block(const tsr_table *table, int64_t first, int64_t rows, int32_t money_scale,
                              const rfm_rows *block, tsr_rfm *rfm)
{
    tsr_status st;

    TSR_TRY(tsr_table_read(table, columns[0], first, rows, TSR_I32, block->recency_days));
    TSR_TRY(tsr_table_read(table, columns[1], first, rows, TSR_I32, block->orders));
    TSR_TRY(tsr_table_read(table, columns[2], first, rows, TSR_I64, block->revenue));
    for (int64_t i = 0; i < rows; i++) {
        tsr_rfm_scores s = tsr_rfm_score(rfm, block->recency_days[i], block->orders[i], block->revenue[i], money_scale);
        rfm->count[s.group]++;
        if (s.r == 0) continue;
        rfm->customers++;
        rfm->score_count[0][s.r - 1]++;
        rfm->score_count[1][s.f - 1]++;
        rfm->score_count[2][s.m - 1]++;
    }
done:
    return st;
}

static tsr_status count_rows(const tsr_table *table, const tsr_span *span, int32_t money_scale, tsr_rfm *rfm)
{
    rfm_rows block = {0};
    tsr_status st;

    TSR_TRY(tsr_alloc(&block.recency_days, TSR_BLOCK_ROWS, sizeof *block.recency_days));
    TSR_TRY(tsr_alloc(&block.orders, TSR_BLOCK_ROWS, sizeof *block.orders));
    TSR_TRY(tsr_alloc(&block.revenue, TSR_BLOCK_ROWS, sizeof *block.revenue));
    for (int64_t at = 0; at < span->rows; at += TSR_BLOCK_ROWS) {
        int64_t rows = span->rows - at < TSR_BLOCK_ROWS ? span->rows - at : TSR_BLOCK_ROWS;
        TSR_TRY(count_block(table, span->first + at, rows, money_scale, &block, rfm));
    }
done:
    tsr_free(&block.revenue);
    tsr_free(&block.orders);
    tsr_free(&block.recency_days);
    return st;
}

tsr_status tsr_rfm_fit(const tsr_comm *comm, const tsr_rfm_params *params, const char *features, const tsr_span *span,
                       int32_t money_scale, tsr_rfm *rfm)
{
    tsr_table *table = NULL;
    tsr_status st;

    *rfm = (tsr_rfm){0};
    TSR_TRY(tsr_same(comm, params->scheme, strlen(params->scheme), "rfm.scheme"));
    TSR_TRY(tsr_rfm_scheme_load(comm, params->scheme, rfm));
    TSR_AGREE(comm, tsr_table_open(features, &table));
    TSR_TRY(find_edges(comm, table, span, money_scale, rfm));
    TSR_AGREE(comm, count_rows(table, span, money_scale, rfm));
    tsr_sum_int64(comm, &rfm->customers, 1);
    tsr_sum_int64(comm, rfm->count, TSR_RFM_GROUPS_MAX);
    tsr_sum_int64(comm, &rfm->score_count[0][0], 15);
done:
    tsr_table_close(&table);
    return st;
}

/* ---- to and from a bundle ---- */

tsr_status tsr_rfm_save(const tsr_rfm *rfm, tsr_bundle *bundle)
{
    tsr_status st;

    TSR_TRY(tsr_bundle_put_text(bundle, "/rfm/scheme", rfm->scheme));
    TSR_TRY(tsr_bundle_put(bundle, "/rfm/edges", TSR_F64, 3, 4, rfm->edge, "days; orders; currency",
                           "quantiles .2 .4 .6 .8 of recency, frequency, money: a score is 1 + the edges below "
                           "the value, 6 minus that for recency"));
    TSR_TRY(tsr_bundle_put(bundle, "/rfm/group", TSR_I8, 125, 0, rfm->group, NULL,
                           "number in names of cell ((r-1) 5 + f-1) 5 + m-1"));
    TSR_TRY(tsr_bundle_put(bundle, "/rfm/names", TSR_TEXT, rfm->groups, TSR_NAME_BYTES, rfm->name, NULL,
                           "groups; the last one: has not bought yet"));
    TSR_TRY(tsr_bundle_put(bundle, "/rfm/customers", TSR_I64, 1, 0, &rfm->customers, "customers", "with a purchase"));
    TSR_TRY(tsr_bundle_put(bundle, "/rfm/count", TSR_I64, rfm->groups, 0, rfm->count, "customers", "per group"));
    st = tsr_bundle_put(bundle, "/rfm/score_count", TSR_I64, 3, 5, rfm->score_count, "customers",
                        "per score 1..5 of recency, frequency, money");
done:
    return st;
}

/* Copy an array whose size must be @p values. */
static tsr_status load_array(const tsr_bundle *bundle, const char *path, tsr_type type, int64_t values, size_t bytes,
                             void *into)
{
    const void *from;
    int64_t rows, cols;

    tsr_status st = tsr_bundle_get(bundle, path, type, &rows, &cols, &from);
    if (st != TSR_OK) return st;
    if (rows * (cols > 0 ? cols : 1) != values) return TSR_FAIL(TSR_EDATA, "%s has another shape than expected", path);
    memcpy(into, from, bytes);
    return TSR_OK;
}

tsr_status tsr_rfm_load(const tsr_bundle *bundle, tsr_rfm *rfm)
{
    const void *names;
    const char *scheme;
    int64_t groups, width;
    tsr_status st;

    *rfm = (tsr_rfm){0};
    TSR_TRY(tsr_bundle_get_text(bundle, "/rfm/scheme", &scheme));
    snprintf(rfm->scheme, sizeof rfm->scheme, "%s", scheme);
    TSR_TRY(tsr_bundle_get(bundle, "/rfm/names", TSR_TEXT, &groups, &width, &names));
    if (groups < 1 || groups > TSR_RFM_GROUPS_MAX || width != TSR_NAME_BYTES) {
        st = TSR_FAIL(TSR_EDATA, "/rfm/names has another shape than expected");
        goto done;
    }
    rfm->groups = (int32_t)groups;
    memcpy(rfm->name, names, (size_t)(groups * width));
    TSR_TRY(load_array(bundle, "/rfm/edges", TSR_F64, 12, sizeof rfm->edge, rfm->edge));
    TSR_TRY(load_array(bundle, "/rfm/group", TSR_I8, 125, sizeof rfm->group, rfm->group));
    TSR_TRY(load_array(bundle, "/rfm/customers", TSR_I64, 1, sizeof rfm->customers, &rfm->customers));
    TSR_TRY(load_array(bundle, "/rfm/count", TSR_I64, groups, (size_t)groups * sizeof rfm->count[0], rfm->count));
    st = load_array(bundle, "/rfm/score_count", TSR_I64, 15, sizeof rfm->score_count, rfm->score_count);
done:
    return st;
}
