/*
 * Reading alone: rows and fields of a file of transactions (bench_transactions), its amounts read exactly and summed,
 * nothing kept. What DuckDB does for SELECT sum(amount) FROM read_csv(...), plus the digest of the file.
 *   bench_parse --file F
 */
#include <inttypes.h>
#include <stdio.h>

#include "ingest/read/text_reader.h"
#include "measure.h"

#define AMOUNT 2 /* slot */
#define SCALE  2

static tsr_status add_amount(const tsr_slice *field, int32_t fields, int64_t *rows, int64_t *sum)
{
    int64_t units;

    if (fields <= AMOUNT || !tsr_parse_units(tsr_trim(field[AMOUNT]), SCALE, &units))
        return TSR_FAIL(TSR_EDATA, "row %" PRId64 " has no amount", *rows + 1);
    *sum += units;
    ++*rows;
    return TSR_OK;
}

static tsr_status sum_amounts(const char *path, int64_t *rows, int64_t *sum)
{
    const tsr_text_format format = {.delimiter = ',', .header = true, .fields = AMOUNT + 1};
    tsr_text_reader *reader = NULL;
    tsr_file_facts facts;
    tsr_row_block block;
    tsr_row row;
    bool more = true;
    tsr_status st;

    *rows = *sum = 0;
    TSR_TRY(tsr_file_look(path, &facts));
    TSR_TRY(tsr_text_reader_open(path, &facts, &format, 0, facts.bytes, &reader));
    while (more) { /* many rows where they are common ones, else the next */
        TSR_TRY(tsr_text_reader_block(reader, &block));
        for (int32_t i = 0; i < block.rows; i++)
            TSR_TRY(add_amount(block.field + (int64_t)i * block.fields, block.fields, rows, sum));
        if (block.rows > 0) continue;
        TSR_TRY(tsr_text_reader_next(reader, &row, &more));
        if (more) TSR_TRY(add_amount(row.field, row.fields, rows, sum));
    }
done:
    tsr_text_reader_close(&reader);
    return st;
}

int main(int argc, char **argv)
{
    int64_t rows = 0, sum = 0;
    char answer[32];
    bench b;
    tsr_status st = bench_open(argc, argv, &b);

    if (st != TSR_OK) return bench_close(&b, st);
    double start = bench_now(&b);
    st = sum_amounts(bench_option(&b, "file", ""), &rows, &sum);
    double seconds = bench_since(&b, start);
    if (st != TSR_OK) return bench_close(&b, st);
    snprintf(answer, sizeof answer, "%.2f", 0.01 * (double)sum);
    bench_line_begin(&b, "ingest");
    bench_line_text(&b, "task", "sum");
    bench_line_int(&b, "rows", rows);
    bench_line_real(&b, "seconds", seconds);
    bench_line_real(&b, "peak_mb", bench_peak_mb(&b));
    bench_line_text(&b, "answer", answer);
    bench_line_end(&b);
    return bench_close(&b, st);
}
