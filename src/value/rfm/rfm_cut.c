#include <math.h>

#include "tessera/memory.h"
#include "tessera/quantile.h"
#include "tessera/reduce.h"
#include "value/rfm/rfm_parts.h"

/* Edges of a part are few and parts are at most 81: all that is counted fits a few KiB, reduced at once. */
typedef struct cutter {
    const tsr_comm *comm;
    tsr_rfm_reader *reader;
    const tsr_rfm *rfm;
    tsr_rfm_axis *axis;
    int number;   /* of the axis */
    int32_t cuts; /* edges of a part: bins - 1 */
} cutter;

/* ---- rows ---- */

/* What the quantiles look at: values of who bought, and the part each belongs to. */
static tsr_status read_values(void *context, int64_t block, double *values, int32_t *part, int64_t *rows)
{
    const cutter *c = context;

    tsr_status st = tsr_rfm_reader_read(c->reader, block, rows);
    if (st != TSR_OK) return st;
    for (int64_t i = 0; i < *rows; i++) {
        tsr_rfm_customer customer = tsr_rfm_reader_customer(c->reader, block, i);
        bool bought = customer.recency_days >= 0;
        values[i] = bought ? tsr_rfm_value(&customer, c->number, c->reader->money_scale) : (double)NAN;
        part[i] = 0;
        for (int before = 0; bought && c->axis->parts > 1 && before < c->number; before++) {
            double value = tsr_rfm_value(&customer, before, c->reader->money_scale);
            part[i] = part[i] * c->rfm->bins +
                      tsr_rfm_axis_score(c->rfm, before, before > 0 ? part[i] : 0, value, customer.key) - 1;
        }
    }
    return TSR_OK;
}

static tsr_quantile_source source_of(cutter *c)
{
    return (tsr_quantile_source){c, tsr_rfm_reader_blocks(c->reader), TSR_BLOCK_ROWS, read_values};
}

typedef void (*row_visitor)(void *context, int64_t row, int32_t part, double value);

/* Local. Show every row of who bought to a visitor. */
static tsr_status visit_rows(cutter *c, row_visitor visit, void *context)
{
    double *value = NULL;
    int32_t *part = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&value, TSR_BLOCK_ROWS, sizeof *value));
    TSR_TRY(tsr_alloc(&part, TSR_BLOCK_ROWS, sizeof *part));
    for (int64_t block = 0; block < tsr_rfm_reader_blocks(c->reader); block++) {
        int64_t rows;
        TSR_TRY(read_values(c, block, value, part, &rows));
        for (int64_t i = 0; i < rows; i++)
            if (!isnan(value[i])) visit(context, block * TSR_BLOCK_ROWS + i, part[i], value[i]);
    }
done:
    tsr_free(&part);
    tsr_free(&value);
    return st;
}

/* ---- quantiles of values: value, rfm_package, distinct, median ---- */

static tsr_status cut_at_quantiles(cutter *c)
{
    const int32_t parts = c->axis->parts, bins = c->rfm->bins;
    tsr_quantile_source source = source_of(c);
    double p[TSR_RFM_BINS_MAX + 1], out[TSR_RFM_PARTS_MAX * (TSR_RFM_BINS_MAX + 1)];
    tsr_status st;

    /* The smallest and the largest value are wanted too: a distinct edge lies between them, so that no class is empty.
     */
    for (int32_t i = 0; i <= bins; i++) p[i] = (double)i / bins;
    TSR_TRY(tsr_quantiles(c->comm, &source, 1, parts, p, bins + 1, out, NULL));
    for (int32_t part = 0; part < parts; part++) {
        const double *q = out + part * (bins + 1);
        for (int32_t i = 1; i < bins; i++) {
            bool dropped = c->rfm->rule == TSR_RFM_DISTINCT && (q[i] == q[i - 1] || q[i] == q[bins]);
            c->axis->edge[part][i - 1] = dropped ? (double)NAN : q[i] + (c->rfm->rule == TSR_RFM_PACKAGE);
        }
    }
done:
    return st;
}

/* ---- means ---- */

typedef struct part_sums {
    tsr_int128 sum[TSR_RFM_PARTS_MAX]; /* money units, orders or days */
    tsr_int128 rows[TSR_RFM_PARTS_MAX];
    double unit; /* of a value */
} part_sums;

static void add_value(void *context, int64_t row, int32_t part, double value)
{
    part_sums *s = context;

    (void)row;
    s->sum[part] += llrint(value * s->unit);
    s->rows[part] += 1;
}

static tsr_status cut_at_means(cutter *c)
{
    const int32_t parts = c->axis->parts;
    part_sums s = {.unit = c->number == 2 ? tsr_power_of_ten(c->reader->money_scale) : 1};
    tsr_status st;

    TSR_AGREE(c->comm, visit_rows(c, add_value, &s));
    TSR_TRY(tsr_sum_int128(c->comm, s.sum, parts));
    TSR_TRY(tsr_sum_int128(c->comm, s.rows, parts));
    for (int32_t part = 0; part < parts; part++)
        c->axis->edge[part][0] = tsr_int128_scaled(s.sum[part], 0) / s.unit / tsr_int128_scaled(s.rows[part], 0);
done:
    return st;
}

/* ---- ranks ---- */

enum { CUTS_MAX = TSR_RFM_PARTS_MAX * (TSR_RFM_BINS_MAX - 1) };

/* Rows of each part on either side of some edges; for one edge per part, or for all. */
typedef struct sides {
    int32_t cuts;             /* per part */
    const double *edge;       /* [part][cuts] */
    int64_t below[CUTS_MAX];  /* values below it */
    int64_t at[CUTS_MAX];     /* values equal to it */
    int64_t before[CUTS_MAX]; /* of them, on ranks before this one */
    int64_t wanted[CUTS_MAX]; /* the number among the equal ones, over all ranks, whose row is looked for */
    int64_t row[CUTS_MAX];    /* its row on this rank; -1: elsewhere */
} sides;

static void add_side(void *context, int64_t row, int32_t part, double value)
{
    sides *s = context;

    (void)row;
    for (int32_t i = part * s->cuts; i < (part + 1) * s->cuts; i++) {
        s->below[i] += value < s->edge[i];
        s->at[i] += value == s->edge[i];
    }
}

static void find_row(void *context, int64_t row, int32_t part, double value)
{
    sides *s = context;

    for (int32_t i = part * s->cuts; i < (part + 1) * s->cuts; i++)
        if (value == s->edge[i] && s->before[i]++ == s->wanted[i]) s->row[i] = row;
}

static tsr_status count_sides(cutter *c, sides *s)
{
    const int n = c->axis->parts * s->cuts;
    tsr_status st;

    TSR_AGREE(c->comm, visit_rows(c, add_side, s));
    MPI_Exscan(s->at, s->before, n, MPI_INT64_T, MPI_SUM, c->comm->mpi);
    for (int i = 0; i < n && c->comm->rank == 0; i++) s->before[i] = 0;
    tsr_sum_int64(c->comm, s->below, n);
done:
    return st;
}

/* Customers of each part. */
static tsr_status count_parts(cutter *c, int64_t *count)
{
    tsr_quantile_source source = source_of(c);
    double nothing[TSR_RFM_PARTS_MAX];
    const double middle = .5;

    return tsr_quantiles(c->comm, &source, 1, c->axis->parts, &middle, 1, nothing, count);
}

/* Rank 1 + place of the last customer below each edge, for shares i / bins of `most`. */
static tsr_status take_places(cutter *c, const int64_t *most, int64_t *place)
{
    const int32_t parts = c->axis->parts, bins = c->rfm->bins;
    tsr_quantile_source source = source_of(c);
    double out[CUTS_MAX];
    tsr_status st;

    for (int32_t part = 0; part < parts; part++)
        for (int32_t i = 1; i < bins; i++) {
            tsr_int128 share = (tsr_int128)most[part] * i;
            place[part * c->cuts + i - 1] = most[part] < 0 ? -1 : (int64_t)(share / bins);
        }
    TSR_TRY(tsr_order_statistics(c->comm, &source, 1, parts, place, c->cuts, out));
    for (int32_t i = 0; i < parts * c->cuts; i++) c->axis->edge[i / c->cuts][i % c->cuts] = out[i];
done:
    return st;
}

/* Rows stand in the order of keys, so the row of the last customer below an edge says which keys lie below. */
static tsr_status take_edge_keys(cutter *c, const int64_t *place, sides *s)
{
    const int32_t n = c->axis->parts * c->cuts;
    double edge[CUTS_MAX];
    int64_t key[CUTS_MAX];
    tsr_status st;

    for (int32_t i = 0; i < n; i++) edge[i] = c->axis->edge[i / c->cuts][i % c->cuts];
    s->cuts = c->cuts;
    s->edge = edge;
    TSR_TRY(count_sides(c, s));
    for (int32_t i = 0; i < n; i++) {
        s->wanted[i] = place[i] - s->below[i];
        s->row[i] = -1;
    }
    TSR_AGREE(c->comm, visit_rows(c, find_row, s));
    for (int32_t i = 0; i < n; i++) key[i] = s->row[i] >= 0 ? (int64_t)c->reader->key[s->row[i]] : 0;
    tsr_sum_int64(c->comm, key, n); /* one rank alone has it */
    for (int32_t i = 0; i < n; i++) c->axis->edge_key[i / c->cuts][i % c->cuts] = (uint64_t)key[i];
    c->axis->has_keys = true;
done:
    return st;
}

/* A customer's rank is above the edge 1 + (n - 1) i / b exactly where the place, from 0, is above (n - 1) i / b. */
static tsr_status cut_at_ranks(cutter *c)
{
    int64_t most[TSR_RFM_PARTS_MAX], place[CUTS_MAX];
    sides *s = NULL;
    tsr_status st;

    TSR_AGREE(c->comm, tsr_alloc(&s, 1, sizeof *s));
    TSR_TRY(count_parts(c, most));
    for (int32_t part = 0; part < c->axis->parts; part++) most[part]--;
    TSR_TRY(take_places(c, most, place));
    TSR_TRY(take_edge_keys(c, place, s));
done:
    tsr_free(&s);
    return st;
}

/* The lowest rank of ties is 1 + the values below: it is above 1 + q, with q = (largest rank - 1) i / b, exactly where
 * the value is above the one at place floor(q). */
static tsr_status cut_at_rank_widths(cutter *c)
{
    tsr_quantile_source source = source_of(c);
    int64_t last[TSR_RFM_PARTS_MAX], most[TSR_RFM_PARTS_MAX], place[CUTS_MAX];
    double largest[TSR_RFM_PARTS_MAX];
    sides *s = NULL;
    tsr_status st;

    TSR_AGREE(c->comm, tsr_alloc(&s, 1, sizeof *s));
    TSR_TRY(count_parts(c, last));
    for (int32_t part = 0; part < c->axis->parts; part++) last[part]--;
    TSR_TRY(tsr_order_statistics(c->comm, &source, 1, c->axis->parts, last, 1, largest));
    s->cuts = 1;
    s->edge = largest;
    TSR_TRY(count_sides(c, s));
    for (int32_t part = 0; part < c->axis->parts; part++) most[part] = last[part] < 0 ? -1 : s->below[part];
    st = take_places(c, most, place);
done:
    tsr_free(&s);
    return st;
}

tsr_status tsr_rfm_cut(const tsr_comm *comm, tsr_rfm_reader *reader, int axis, tsr_rfm *rfm)
{
    cutter c = {comm, reader, rfm, &rfm->axis[axis], axis, rfm->bins - 1};
    bool better = rfm->rule == TSR_RFM_MEAN || rfm->rule == TSR_RFM_MEDIAN;

    /* Better than a mean is fewer days, but more orders and money. */
    c.axis->closed = rfm->rule == TSR_RFM_PACKAGE || (better && axis == 0);
    switch (rfm->rule) {
    case TSR_RFM_MEAN: return cut_at_means(&c);
    case TSR_RFM_RANK: return cut_at_ranks(&c);
    case TSR_RFM_RANK_WIDTH: return cut_at_rank_widths(&c);
    default: return cut_at_quantiles(&c);
    }
}
