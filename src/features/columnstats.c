#include "features/columnstats.h"

#include <math.h>

#include "tessera/exact.h"
#include "tessera/maths.h"
#include "tessera/memory.h"
#include "tessera/quantile.h"
#include "tessera/reduce.h"

#define DEAL_ROWS       1024               /* rows go to ranks in such pieces */
#define FIXED_BITS      52                 /* of the largest value: 2^40 rows add up below 2^94 */
#define QUANTILE_VALUES ((int64_t)1 << 23) /* 64 MiB: of all columns of one block of the selection */

/* What a pass does with rows first .. first + rows - 1 (of the table) of one column. */
typedef void (*block_visitor)(void *context, const double *values, int64_t first, int64_t rows);

/* ---- reading ---- */

static tsr_status open_table(const char *path, tsr_reader *reader)
{
    tsr_status st = tsr_table_open(path, &reader->table);

    return st == TSR_OK ? tsr_alloc(&reader->values, TSR_BLOCK_ROWS, sizeof *reader->values) : st;
}

tsr_status tsr_reader_open(const tsr_comm *comm, const char *path, tsr_reader *reader)
{
    *reader = (tsr_reader){0};
    tsr_status st = tsr_agree(comm, open_table(path, reader));

    if (st == TSR_OK)
        reader->span = tsr_span_even(tsr_table_rows(reader->table), DEAL_ROWS, comm->rank, comm->size);
    else
        tsr_reader_close(reader);
    return st;
}

void tsr_reader_close(tsr_reader *reader)
{
    tsr_free(&reader->values);
    tsr_table_close(&reader->table);
}

static tsr_status visit_column(const tsr_reader *reader, const char *name, block_visitor visit, void *context)
{
    int64_t end = reader->span.first + reader->span.rows;

    for (int64_t first = reader->span.first; first < end; first += TSR_BLOCK_ROWS) {
        int64_t rows = end - first < TSR_BLOCK_ROWS ? end - first : TSR_BLOCK_ROWS;
        tsr_status st = tsr_table_read(reader->table, name, first, rows, TSR_F64, reader->values);
        if (st != TSR_OK) return st;
        visit(context, reader->values, first, rows);
    }
    return TSR_OK;
}

/* ---- ranges ---- */

static void keep_first(int64_t *first, int64_t row)
{
    if (row < *first) *first = row;
}

static void visit_range(void *context, const double *values, int64_t first, int64_t rows)
{
    tsr_range_stats *s = context;

    for (int64_t i = 0; i < rows; i++) {
        double v = values[i];
        if (isnan(v)) {
            s->missing_here++;
            keep_first(&s->first_missing, first + i);
        } else if (fabs(v) > TSR_VALUE_MAX) {
            keep_first(&s->first_infinite, first + i);
        } else {
            s->present++;
            if (v < s->low) s->low = v;
            if (v > s->high) s->high = v;
            if (v <= 0) keep_first(&s->first_without_logarithm, first + i);
        }
    }
}

static tsr_status own_ranges(const tsr_reader *reader, const char (*names)[TSR_NAME_BYTES], int32_t n,
                             tsr_range_stats *stats)
{
    tsr_status st = TSR_OK;

    for (int32_t c = 0; c < n && st == TSR_OK; c++) {
        stats[c] = (tsr_range_stats){.low = INFINITY,
                                     .high = -INFINITY,
                                     .first_missing = TSR_NO_ROW,
                                     .first_infinite = TSR_NO_ROW,
                                     .first_without_logarithm = TSR_NO_ROW};
        st = visit_column(reader, names[c], visit_range, &stats[c]);
    }
    return st;
}

/* All columns in three reductions. @param whole  [5 n]: counts, then first rows; @param ends  [2 n] */
static void join_ranges(const tsr_comm *comm, tsr_range_stats *stats, int32_t n, int64_t *whole, double *ends)
{
    int64_t *count = whole, *first = whole + 2 * n;

    for (int32_t c = 0; c < n; c++) {
        const tsr_range_stats *s = &stats[c];
        count[2 * c] = s->present;
        count[2 * c + 1] = s->missing_here;
        first[3 * c] = s->first_missing;
        first[3 * c + 1] = s->first_infinite;
        first[3 * c + 2] = s->first_without_logarithm;
        ends[2 * c] = -s->low;
        ends[2 * c + 1] = s->high;
    }
    tsr_sum_int64(comm, count, 2 * (int64_t)n);
    tsr_min_int64(comm, first, 3 * (int64_t)n);
    tsr_max_double(comm, ends, 2 * (int64_t)n);
    for (int32_t c = 0; c < n; c++) {
        tsr_range_stats *s = &stats[c];
        s->present = count[2 * c];
        s->missing = count[2 * c + 1];
        s->first_missing = first[3 * c];
        s->first_infinite = first[3 * c + 1];
        s->first_without_logarithm = first[3 * c + 2];
        s->low = -ends[2 * c] + 0.0; /* no -0 */
        s->high = ends[2 * c + 1] + 0.0;
    }
}

tsr_status tsr_column_ranges(const tsr_comm *comm, const tsr_reader *reader, const char (*names)[TSR_NAME_BYTES],
                             int32_t n, tsr_range_stats *stats)
{
    int64_t *whole = NULL;
    double *ends = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&whole, 5 * (int64_t)n, sizeof *whole));
    TSR_AGREE(comm, tsr_alloc(&ends, 2 * (int64_t)n, sizeof *ends));
    TSR_AGREE(comm, own_ranges(reader, names, n, stats));
    join_ranges(comm, stats, n, whole, ends);
done:
    tsr_free(&ends);
    tsr_free(&whole);
    return st;
}

/* ---- transforms ---- */

double tsr_transform_forward(int32_t transform, double raw)
{
    switch (transform) {
    case TSR_TRANSFORM_LOG1P: return raw < 0 ? -tsr_log1p(-raw) : tsr_log1p(raw);
    case TSR_TRANSFORM_LOG: return raw > 0 ? tsr_log(raw) : -INFINITY;
    default: return raw;
    }
}

double tsr_transform_backward(int32_t transform, double value)
{
    switch (transform) {
    case TSR_TRANSFORM_LOG1P: return value < 0 ? -tsr_expm1(-value) : tsr_expm1(value);
    case TSR_TRANSFORM_LOG: return tsr_exp(value);
    default: return value;
    }
}

/* ---- moments ---- */

/* Sums of one column: of the values in the first pass, of squares and cubes of the scaled deviations in the second. */
typedef struct moment_sums {
    const tsr_moments *column;
    tsr_fixed *sum; /* [1] or [2] */
    double unit;    /* deviations x unit are below 1 */
} moment_sums;

static void add_value(const moment_sums *sums, double raw, int64_t times)
{
    tsr_fixed_add(&sums->sum[0], tsr_transform_forward(sums->column->transform, raw), times);
}

static void add_deviation(const moment_sums *sums, double raw, int64_t times)
{
    double z = (tsr_transform_forward(sums->column->transform, raw) - sums->column->mean) * sums->unit;

    tsr_fixed_add(&sums->sum[0], z * z, times);
    tsr_fixed_add(&sums->sum[1], z * z * z, times);
}

static void visit_values(void *context, const double *values, int64_t first, int64_t rows)
{
    (void)first;
    for (int64_t i = 0; i < rows; i++)
        if (!isnan(values[i])) add_value(context, values[i], 1);
}

static void visit_deviations(void *context, const double *values, int64_t first, int64_t rows)
{
    (void)first;
    for (int64_t i = 0; i < rows; i++)
        if (!isnan(values[i])) add_deviation(context, values[i], 1);
}

static tsr_status own_sums(const tsr_reader *reader, const tsr_moments *column, tsr_fixed *sum)
{
    moment_sums sums = {.column = column, .sum = sum};
    double largest = fmax(fabs(column->low), fabs(column->high));

    *sum = tsr_fixed_zero(tsr_fixed_scale_for(largest, FIXED_BITS));
    if (!isnan(column->fill)) add_value(&sums, column->fill, column->missing_here);
    return visit_column(reader, column->name, visit_values, &sums);
}

/* Of an offset column the sum has more digits than a double, and its rounding error would be that of the mean: so the
 * division comes first, in integers. */
static double mean_of(const tsr_fixed *sum, int64_t count)
{
    tsr_int128 whole = sum->sum / count, rest = sum->sum % count;

    TSR_ASSERT(sum->bad == 0); /* the range was looked at before */
    return tsr_int128_scaled(whole, sum->scale) + ldexp((double)rest / (double)count, -sum->scale);
}

/* The power of two above all deviations from the mean. */
static int deviation_exponent(const tsr_moments *column)
{
    int exponent;

    (void)frexp(fmax(column->high - column->mean, column->mean - column->low), &exponent);
    return exponent;
}

static tsr_status own_deviations(const tsr_reader *reader, const tsr_moments *column, tsr_fixed *sum)
{
    moment_sums sums = {.column = column, .sum = sum, .unit = ldexp(1.0, -deviation_exponent(column))};

    sum[0] = sum[1] = tsr_fixed_zero(FIXED_BITS);
    if (!isnan(column->fill)) add_deviation(&sums, column->fill, column->missing_here);
    return visit_column(reader, column->name, visit_deviations, &sums);
}

static tsr_status first_pass(const tsr_comm *comm, const tsr_reader *reader, tsr_moments *column, int32_t n,
                             tsr_fixed *sum)
{
    tsr_status st = TSR_OK;

    for (int32_t c = 0; c < n && st == TSR_OK; c++) st = own_sums(reader, &column[c], &sum[c]);
    TSR_AGREE(comm, st);
    TSR_TRY(tsr_sum_fixed(comm, sum, n));
    for (int32_t c = 0; c < n; c++) column[c].mean = mean_of(&sum[c], column[c].count);
done:
    return st;
}

static tsr_status second_pass(const tsr_comm *comm, const tsr_reader *reader, tsr_moments *column, int32_t n,
                              tsr_fixed *sum)
{
    tsr_status st = TSR_OK;

    for (int32_t c = 0; c < n && st == TSR_OK; c++) st = own_deviations(reader, &column[c], &sum[2 * c]);
    TSR_AGREE(comm, st);
    TSR_TRY(tsr_sum_fixed(comm, sum, 2 * n));
    for (int32_t c = 0; c < n; c++) {
        double m2 = mean_of(&sum[2 * c], column[c].count);
        double m3 = mean_of(&sum[2 * c + 1], column[c].count);
        /* Of a sample (divisor n - 1), as the covariance: so components of standardised features are those of the
         * correlations. */
        double sample = (double)column[c].count / (double)(column[c].count > 1 ? column[c].count - 1 : 1);
        column[c].sd = ldexp(sqrt(m2 * sample), deviation_exponent(&column[c]));
        column[c].skewness = m3 / (m2 * sqrt(m2));
    }
done:
    return st;
}

tsr_status tsr_column_moments(const tsr_comm *comm, const tsr_reader *reader, tsr_moments *column, int32_t n)
{
    tsr_fixed *sum = NULL;
    tsr_status st = tsr_agree(comm, tsr_alloc(&sum, 2 * (int64_t)n, sizeof *sum));

    if (st == TSR_OK && n > 0) st = first_pass(comm, reader, column, n, sum);
    if (st == TSR_OK && n > 0) st = second_pass(comm, reader, column, n, sum);
    tsr_free(&sum);
    return st;
}

/* ---- medians ---- */

typedef struct median_source {
    const tsr_reader *reader;
    const char *const *names;
    int32_t n;
    int64_t block_rows;
} median_source;

static tsr_status read_median_block(void *context, int64_t block, double *values, int32_t *group, int64_t *rows)
{
    const median_source *source = context;
    int64_t first = block * source->block_rows, left = source->reader->span.rows - first;

    (void)group;
    *rows = left < source->block_rows ? left : source->block_rows;
    for (int32_t c = 0; c < source->n; c++) {
        tsr_status st = tsr_table_read(source->reader->table, source->names[c], source->reader->span.first + first,
                                       *rows, TSR_F64, values + c * source->block_rows);
        if (st != TSR_OK) return st;
    }
    return TSR_OK;
}

tsr_status tsr_column_medians(const tsr_comm *comm, const tsr_reader *reader, const char *const *names, int32_t n,
                              double *median)
{
    const double half = 0.5;

    if (n == 0) return TSR_OK;
    median_source source = {.reader = reader, .names = names, .n = n, .block_rows = QUANTILE_VALUES / n};
    if (source.block_rows > TSR_BLOCK_ROWS) source.block_rows = TSR_BLOCK_ROWS;
    if (source.block_rows < 1) source.block_rows = 1;
    tsr_quantile_source rows = {.context = &source,
                                .blocks = (reader->span.rows + source.block_rows - 1) / source.block_rows,
                                .block_rows = source.block_rows,
                                .read = read_median_block};
    return tsr_quantiles(comm, &rows, n, 1, &half, 1, median, NULL);
}
