#include "pipeline/run/input.h"

#include <math.h>
#include <string.h>

#include "ingest/read/byte_source.h"
#include "tessera/file.h"
#include "tessera/memory.h"

/* Rows of a matrix whose values make about one block of bytes, at least one row. */
static int64_t block_rows(const tsr_matrix *matrix)
{
    int64_t rows = (8 << 20) / ((int64_t)sizeof(double) * (matrix->cols > 0 ? matrix->cols : 1));

    return rows > 0 ? rows : 1;
}

/* The bytes of one row: its number, its id, its values with one NaN and no -0. Returns their count. */
static size_t row_bytes(const tsr_matrix *matrix, int64_t row, const char *id, double *value, char *bytes)
{
    size_t n = sizeof row, width = (size_t)matrix->id_width;

    for (int32_t c = 0; c < matrix->cols; c++) {
        if (isnan(value[c])) value[c] = (double)NAN;
        value[c] += 0.0;
    }
    memcpy(bytes, &row, sizeof row);
    memcpy(bytes + n, id, width);
    memcpy(bytes + n + width, value, sizeof *value * (size_t)matrix->cols);
    return n + width + sizeof *value * (size_t)matrix->cols;
}

static tsr_status add_rows(const tsr_matrix *matrix, int64_t first, int64_t rows, double *values, char *ids,
                           char *bytes, tsr_digest_sum *sum)
{
    tsr_status st = tsr_matrix_read(matrix, first, rows, values);

    if (st == TSR_OK && matrix->id_width > 0) st = tsr_matrix_ids(matrix, first, rows, ids);
    for (int64_t i = 0; st == TSR_OK && i < rows; i++) {
        size_t n = row_bytes(matrix, first + i, ids + i * matrix->id_width, values + i * matrix->cols, bytes);
        tsr_digest_row(sum, bytes, n);
    }
    return st;
}

/* This rank's share of the digest of a matrix. */
static tsr_status digest_rows(const tsr_matrix *matrix, const tsr_span *span, tsr_digest_sum *sum)
{
    int64_t step = block_rows(matrix);
    double *values = NULL;
    char *ids = NULL, *bytes = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&values, step * matrix->cols, sizeof *values));
    TSR_TRY(tsr_alloc(&ids, step, (size_t)matrix->id_width + 1));
    TSR_TRY(tsr_alloc(&bytes, 1, sizeof(int64_t) + (size_t)matrix->id_width + sizeof(double) * (size_t)matrix->cols));
    for (int64_t done = 0; done < span->rows; done += step) {
        int64_t rows = span->rows - done < step ? span->rows - done : step;
        TSR_TRY(add_rows(matrix, span->first + done, rows, values, ids, bytes, sum));
    }
done:
    tsr_free(&bytes);
    tsr_free(&ids);
    tsr_free(&values);
    return st;
}

static void hex_of(const void *bytes, size_t n, char hex[65])
{
    uint8_t digest[TSR_DIGEST_SIZE];

    tsr_digest_bytes(bytes, n, digest);
    tsr_digest_hex(digest, hex);
}

static tsr_status open_matrix(const tsr_comm *comm, const tsr_run_params *run, tsr_input *input)
{
    tsr_digest_sum sum = {{0}};
    tsr_status st;

    TSR_TRY(tsr_matrix_open(comm, run->matrix_file, run->matrix_path, run->matrix_id, &input->matrix));
    tsr_span span = tsr_span_even(input->matrix->rows, 1, comm->rank, comm->size);
    TSR_AGREE(comm, digest_rows(input->matrix, &span, &sum));
    tsr_digest_reduce(comm, &sum);
    hex_of(&sum, sizeof sum, input->digest);
done:
    return st;
}

/* Contents alone do not say what an amount is worth. */
static tsr_status open_dataset(const tsr_comm *comm, const tsr_run_params *run, tsr_input *input)
{
    tsr_status st;
    struct {
        uint8_t digest[TSR_DIGEST_SIZE];
        int64_t money_scale;
    } content = {{0}, 0};

    TSR_TRY(tsr_dataset_open(comm, run->dataset, &input->dataset));
    const tsr_dataset_info *info = tsr_dataset_about(input->dataset);
    memcpy(content.digest, info->digest, TSR_DIGEST_SIZE);
    content.money_scale = info->money_scale;
    hex_of(&content, sizeof content, input->digest);
done:
    return st;
}

static tsr_status open_start(const tsr_comm *comm, const tsr_cluster_params *cluster, tsr_input *input)
{
    tsr_matrix *matrix = NULL;
    tsr_status st;

    TSR_TRY(tsr_matrix_open(comm, cluster->start_file, cluster->start_path, NULL, &matrix));
    if (matrix->rows < 1 || matrix->rows > TSR_K_MAX)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: %s has %lld rows: starting centroids are 1 to %d", cluster->start_file,
                         cluster->start_path, (long long)matrix->rows, TSR_K_MAX));
    input->start_k = (int32_t)matrix->rows;
    input->start_cols = matrix->cols;
    TSR_AGREE(comm, tsr_alloc(&input->start, matrix->rows * matrix->cols, sizeof *input->start));
    TSR_AGREE(comm, tsr_matrix_read(matrix, 0, matrix->rows, input->start));
    hex_of(input->start, sizeof *input->start * (size_t)(matrix->rows * matrix->cols), input->start_digest);
done:
    tsr_matrix_close(&matrix);
    return st;
}

/* What is no file is of the house: a scheme by its name. */
static tsr_status digest_file(const tsr_comm *comm, const char *path, char hex[65])
{
    char *bytes = NULL;
    int64_t n = 0;
    tsr_status st;

    hex[0] = '\0';
    TSR_AGREE(comm,
              comm->rank == 0 && path != NULL && tsr_file_exists(path) ? tsr_file_read(path, &bytes, &n) : TSR_OK);
    if (bytes != NULL) hex_of(bytes, (size_t)n, hex);
    tsr_bcast(comm, hex, 65, 0);
done:
    tsr_free(&bytes);
    return st;
}

/* A table of labels may be large, and nothing is computed from it but the comparison: size and time tell of changes. */
static tsr_status look_at_truth(const tsr_comm *comm, const char *path, char hex[65])
{
    tsr_file_facts facts = {0};
    tsr_status st;

    TSR_AGREE(comm, comm->rank == 0 && path != NULL ? tsr_file_look(path, &facts) : TSR_OK);
    if (path != NULL) hex_of(&facts, sizeof facts, hex);
    tsr_bcast(comm, hex, 65, 0);
done:
    return st;
}

tsr_status tsr_input_open(const tsr_comm *comm, const tsr_settings *settings, tsr_input *input)
{
    tsr_status st;

    memset(input, 0, sizeof *input);
    if (settings->run.dataset != NULL)
        TSR_TRY(open_dataset(comm, &settings->run, input));
    else
        TSR_TRY(open_matrix(comm, &settings->run, input));
    if (settings->cluster.start_file != NULL) TSR_TRY(open_start(comm, &settings->cluster, input));
    TSR_TRY(look_at_truth(comm, settings->quality.truth_table, input->truth_digest));
    TSR_TRY(digest_file(comm, settings->rfm.scheme, input->scheme_digest));
    TSR_TRY(digest_file(comm, settings->act.playbook, input->playbook_digest));
    TSR_TRY(digest_file(comm, settings->act.names, input->names_digest));
done:
    if (st != TSR_OK) tsr_input_close(input);
    return st;
}

void tsr_input_close(tsr_input *input)
{
    tsr_free(&input->start);
    tsr_matrix_close(&input->matrix);
    tsr_dataset_close(&input->dataset);
}

int32_t tsr_input_money_scale(const tsr_input *input)
{
    return input->dataset != NULL ? tsr_dataset_about(input->dataset)->money_scale : 0;
}
