#include "pipeline/run/population.h"

#include <string.h>

#include "tessera/memory.h"
#include "tessera/tiles.h"

static tsr_status keys_of_matrix(const tsr_matrix *matrix, int64_t first, int64_t rows, uint64_t *key)
{
    int64_t width = matrix->id_width > 0 ? matrix->id_width : 24;
    char *ids = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&ids, rows, (size_t)width));
    TSR_TRY(tsr_matrix_ids(matrix, first, rows, ids));
    for (int64_t i = 0; i < rows; i++) {
        const char *id = ids + i * width;
        key[i] = tsr_key_of_id(id, strnlen(id, (size_t)width));
    }
done:
    tsr_free(&ids);
    return st;
}

static tsr_status keys_of_dataset(const tsr_dataset *dataset, int64_t first, int64_t rows, uint64_t *key)
{
    tsr_block block = {0};
    tsr_status st;

    TSR_TRY(tsr_dataset_read(dataset, first, rows, 0, &block));
    memcpy(key, block.key, sizeof *key * (size_t)rows);
done:
    tsr_block_clear(&block);
    return st;
}

/* Row numbers rise but may have holes (customers after as_of): read runs of consecutive ones. */
static tsr_status keys_of_rows(const tsr_input *input, const int64_t *row, int64_t rows, uint64_t *key)
{
    tsr_status st = TSR_OK;

    for (int64_t i = 0, end; st == TSR_OK && i < rows; i = end) {
        end = i + 1;
        while (end < rows && row[end] == row[end - 1] + 1) end++;
        st = input->dataset != NULL ? keys_of_dataset(input->dataset, row[i], end - i, key + i)
                                    : keys_of_matrix(input->matrix, row[i], end - i, key + i);
    }
    return st;
}

static tsr_status read_keys(const tsr_input *input, const tsr_table *features, const tsr_span *span, uint64_t *key)
{
    int64_t *row = NULL;
    tsr_status st;

    if (tsr_table_find(features, "key") != NULL)
        return tsr_table_read(features, "key", span->first, span->rows, TSR_U64, key);
    TSR_TRY(tsr_alloc(&row, TSR_BLOCK_ROWS, sizeof *row));
    for (int64_t done = 0; done < span->rows; done += TSR_BLOCK_ROWS) {
        int64_t rows = span->rows - done < TSR_BLOCK_ROWS ? span->rows - done : TSR_BLOCK_ROWS;
        TSR_TRY(tsr_table_read(features, "row", span->first + done, rows, TSR_I64, row));
        TSR_TRY(keys_of_rows(input, row, rows, key + done));
    }
done:
    tsr_free(&row);
    return st;
}

tsr_status tsr_population_read(const tsr_comm *comm, const tsr_input *input, const char *features,
                               tsr_population *population)
{
    tsr_table *table = NULL;
    tsr_status st;

    memset(population, 0, sizeof *population);
    TSR_AGREE(comm, tsr_table_open(features, &table));
    population->span = tsr_span_even(tsr_table_rows(table), TSR_TILE_ROWS, comm->rank, comm->size);
    TSR_AGREE(comm, tsr_alloc(&population->key, population->span.rows, sizeof *population->key));
    TSR_AGREE(comm, read_keys(input, table, &population->span, population->key));
done:
    tsr_table_close(&table);
    if (st != TSR_OK) tsr_population_clear(population);
    return st;
}

void tsr_population_clear(tsr_population *population)
{
    tsr_free(&population->key);
}
