#include "pipeline/run/values.h"

#include <math.h>
#include <string.h>

#include "tessera/memory.h"

/* Where a column stands in the input; -1: nowhere. */
static int32_t find_in_input(const tsr_input *input, const char *name)
{
    if (input->dataset != NULL) {
        const tsr_dataset_info *about = tsr_dataset_about(input->dataset);
        for (int32_t i = 0; i < about->attributes_n; i++)
            if (strcmp(about->attributes[i].name, name) == 0 && !tsr_in_embedding(name)) return i;
        return -1;
    }
    for (int32_t i = 0; i < input->matrix->cols; i++)
        if (strcmp(input->matrix->names[i], name) == 0) return i;
    return -1;
}

static tsr_status of_dataset(const tsr_dataset *dataset, int32_t at, int64_t first, int64_t rows, double *values)
{
    tsr_block block = {0};
    tsr_status st;

    TSR_TRY(tsr_dataset_read(dataset, first, rows, TSR_READ_ATTRIBUTES, &block));
    for (int64_t i = 0; i < rows; i++) {
        if (block.number[at] != NULL)
            values[i] = block.number[at][i];
        else
            values[i] = block.code[at][i] < 0 ? NAN : block.code[at][i];
    }
done:
    tsr_block_clear(&block);
    return st;
}

static tsr_status of_matrix(const tsr_matrix *matrix, int32_t at, int64_t first, int64_t rows, double *values)
{
    double *all = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&all, rows * matrix->cols, sizeof *all));
    TSR_TRY(tsr_matrix_read(matrix, first, rows, all));
    for (int64_t i = 0; i < rows; i++) values[i] = all[i * matrix->cols + at];
done:
    tsr_free(&all);
    return st;
}

/* Row numbers rise but may have holes (customers after as_of): read runs of consecutive ones. */
static tsr_status of_rows(const tsr_input *input, int32_t at, const int64_t *row, int64_t rows, double *values)
{
    tsr_status st = TSR_OK;

    for (int64_t i = 0, end; st == TSR_OK && i < rows; i = end) {
        end = i + 1;
        while (end < rows && row[end] == row[end - 1] + 1) end++;
        st = input->dataset != NULL ? of_dataset(input->dataset, at, row[i], end - i, values + i)
                                    : of_matrix(input->matrix, at, row[i], end - i, values + i);
    }
    return st;
}

static tsr_status read_values(const tsr_input *input, const char *path, const tsr_span *span, const char *key,
                              const char *name, double *values)
{
    int32_t at = find_in_input(input, name);
    tsr_table *features = NULL;
    int64_t *row = NULL;
    tsr_status st;

    TSR_TRY(tsr_table_open(path, &features));
    const tsr_column *column = tsr_table_find(features, name);
    if (column != NULL && column->type != TSR_TEXT && column->width == 1) {
        TSR_TRY(tsr_table_read(features, name, span->first, span->rows, TSR_F64, values));
        goto done;
    }
    if (at < 0)
        TSR_TRY(TSR_FAIL(TSR_ECONF, "`%s` names %s, which is neither a feature nor an attribute or column of the input",
                         key, name));
    TSR_TRY(tsr_alloc(&row, TSR_BLOCK_ROWS, sizeof *row));
    for (int64_t begun = 0; begun < span->rows; begun += TSR_BLOCK_ROWS) {
        int64_t rows = span->rows - begun < TSR_BLOCK_ROWS ? span->rows - begun : TSR_BLOCK_ROWS;
        TSR_TRY(tsr_table_read(features, "row", span->first + begun, rows, TSR_I64, row));
        TSR_TRY(of_rows(input, at, row, rows, values + begun));
    }
done:
    tsr_free(&row);
    tsr_table_close(&features);
    return st;
}

tsr_status tsr_values_read(const tsr_comm *comm, const tsr_run *run, const tsr_input *input, const tsr_span *span,
                           const char *key, const char *name, double *values)
{
    char *path = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_run_path(run, TSR_STAGE_FEATURES, &path));
    TSR_AGREE(comm, read_values(input, path, span, key, name, values));
done:
    tsr_free(&path);
    return st;
}
