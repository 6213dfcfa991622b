#include "ingest/reading.h"

#include "tessera/interrupt.h"
#include "tessera/log.h"
#include "tessera/memory.h"

#define ROWS_BETWEEN_LOOKS 8192

tsr_status tsr_reading_prepare(tsr_reading *reading)
{
    int32_t n = reading->inputs->n;
    tsr_status st;

    TSR_TRY(tsr_alloc(&reading->digest, n, sizeof *reading->digest));
    TSR_TRY(tsr_alloc(&reading->breaks, n, sizeof *reading->breaks));
    TSR_TRY(tsr_alloc(&reading->first_line, n, sizeof *reading->first_line));
done:
    return st;
}

static void close_file(tsr_reading *reading)
{
    tsr_input_reader_close(&reading->reader);
    tsr_mapping_destroy(&reading->mapping);
}

void tsr_reading_clear(tsr_reading *reading)
{
    close_file(reading);
    tsr_free(&reading->first_line);
    tsr_free(&reading->breaks);
    tsr_free(&reading->digest);
}

/* ---- digests ---- */

static tsr_status digest_file(const tsr_input *input, int64_t begin, int64_t end, uint64_t *digest)
{
    tsr_file_facts plain = input->facts;
    tsr_byte_source *bytes = NULL;
    char *buffer = NULL;
    int64_t got = 0;
    tsr_status st;

    plain.packing = TSR_PACKING_PLAIN; /* the digest is of the file as it is */
    TSR_TRY(tsr_alloc(&buffer, TSR_SOURCE_BLOCK, 1));
    TSR_TRY(tsr_byte_source_open(input->path, &plain, begin, end, &bytes));
    for (int64_t at = begin; at < end; at += got) {
        TSR_TRY(tsr_byte_source_read(bytes, buffer, TSR_SOURCE_BLOCK, &got));
        if (got == 0) break;
    }
    *digest = tsr_byte_source_digest(bytes);
done:
    tsr_byte_source_close(&bytes);
    tsr_free(&buffer);
    return st;
}

tsr_status tsr_reading_digests(tsr_reading *reading, int rank, int size, const bool *only)
{
    int64_t begin, end;
    tsr_status st = TSR_OK;

    for (int32_t i = 0; st == TSR_OK && i < reading->inputs->n; i++) {
        reading->digest[i] = 0;
        if (only != NULL && !only[i]) continue;
        tsr_input_bytes(&reading->inputs->file[i], i, rank, size, &begin, &end);
        if (begin < end) st = digest_file(&reading->inputs->file[i], begin, end, &reading->digest[i]);
    }
    return st;
}

void tsr_reading_sum(const tsr_comm *comm, tsr_reading *reading)
{
    MPI_Allreduce(MPI_IN_PLACE, reading->digest, reading->inputs->n, MPI_UINT64_T, MPI_SUM, comm->mpi);
}

/* ---- rows ---- */

/* Bytes of a part of a file; of Parquet, whose parts are rows, their share of them. */
static int64_t bytes_of(const tsr_input *input, int64_t part)
{
    int64_t rows = input->parquet ? input->group_first[input->groups] : 0;

    return rows > 0 ? (int64_t)((double)input->facts.bytes * (double)part / (double)rows) : part;
}

static void look_at_own(const tsr_reading *reading, int64_t own[2])
{
    own[0] = reading->done;
    own[1] = reading->rows;
    if (reading->reader == NULL) return;
    const tsr_input *input = &reading->inputs->file[reading->file];
    int64_t part = tsr_input_reader_done(reading->reader) - (input->parquet ? 0 : reading->begin);
    own[0] += bytes_of(input, part < reading->end - reading->begin ? part : reading->end - reading->begin);
}

/* What all ranks told in the last round, and what this one has done since. */
static void show_progress(const tsr_reading *reading)
{
    int64_t own[2];

    look_at_own(reading, own);
    tsr_progress_bytes("ingest: read", reading->all[0] + own[0] - reading->told[0], reading->to_do,
                       reading->all[1] + own[1] - reading->told[1]);
}

/* A rank that has nothing left to read still shows what the others do. */
static void tell_progress(const tsr_comm *comm, tsr_reading *reading)
{
    look_at_own(reading, reading->told);
    MPI_Allreduce(reading->told, reading->all, 2, MPI_INT64_T, MPI_SUM, comm->mpi);
    show_progress(reading);
}

/* Many rows where they are common ones, else the next. */
static tsr_status take_rows(tsr_reading *reading, bool *more)
{
    tsr_row_block block;
    tsr_row row;
    tsr_status st;

    TSR_TRY(tsr_input_reader_block(reading->reader, &block));
    *more = block.rows > 0;
    if (*more) {
        reading->rows += block.rows;
        return tsr_mapping_take_block(reading->mapping, &block, reading->collect, reading->balance, &reading->seen);
    }
    TSR_TRY(tsr_input_reader_next(reading->reader, &row, more));
    if (!*more) goto done;
    reading->rows++;
    st = tsr_mapping_take(reading->mapping, &row, reading->collect, reading->balance, &reading->seen);
done:
    return st;
}

/* Rows of the file at hand, until it ends or the collection is full. */
static tsr_status read_rows(tsr_reading *reading, bool *ended)
{
    int64_t look = reading->rows;
    bool more;

    for (*ended = false; !tsr_collect_full(reading->collect);) {
        tsr_status st = take_rows(reading, &more);
        if (st != TSR_OK) return st;
        if (!more) {
            *ended = true;
            return TSR_OK;
        }
        if (reading->rows < look) continue;
        look = reading->rows + ROWS_BETWEEN_LOOKS;
        if (tsr_interrupt_wanted()) return TSR_OK; /* the check behind the round makes it a decision of all */
        show_progress(reading);
    }
    return TSR_OK;
}

static tsr_status open_file(tsr_reading *reading)
{
    const tsr_input *input = &reading->inputs->file[reading->file];
    tsr_status st;

    TSR_TRY(tsr_inputs_mapping(reading->inputs, reading->params, reading->file, &reading->mapping));
    TSR_TRY(tsr_input_reader_open(input, reading->mapping, reading->begin, reading->end, &reading->reader));
done:
    return st;
}

static tsr_status end_file(tsr_reading *reading)
{
    const tsr_input *input = &reading->inputs->file[reading->file];
    tsr_status st = tsr_file_unchanged(input->path, &input->facts);

    reading->breaks[reading->file] = tsr_input_reader_breaks(reading->reader);
    reading->digest[reading->file] = tsr_input_reader_digest(reading->reader);
    reading->done += bytes_of(input, reading->end - reading->begin);
    close_file(reading);
    return st;
}

/* The rows of Parquet say nothing of its bytes. */
static tsr_status digest_parquet(tsr_reading *reading, int rank, int size)
{
    const tsr_input *input = &reading->inputs->file[reading->file];
    int64_t begin, end;

    if (!input->parquet || (reading->skip != NULL && reading->skip[reading->file])) return TSR_OK;
    tsr_input_bytes(input, reading->file, rank, size, &begin, &end);
    if (begin == end) return TSR_OK;
    tsr_status st = digest_file(input, begin, end, &reading->digest[reading->file]);
    return st == TSR_OK ? tsr_file_unchanged(input->path, &input->facts) : st;
}

static void find_share(tsr_reading *reading, int32_t file, int rank, int size)
{
    tsr_input_share(&reading->inputs->file[file], file, rank, size, &reading->begin, &reading->end);
    if (reading->skip != NULL && reading->skip[file]) reading->begin = reading->end = 0;
}

static tsr_status read_file(tsr_reading *reading, bool *ended)
{
    tsr_status st = TSR_OK;

    if (reading->reader == NULL) st = open_file(reading);
    if (st == TSR_OK) st = read_rows(reading, ended);
    return st == TSR_OK && *ended ? end_file(reading) : st;
}

/* What is wrong with a file that changes meanwhile is that it changes. */
static tsr_status blame_change(const tsr_reading *reading, tsr_status st)
{
    const tsr_input *input = &reading->inputs->file[reading->file];
    tsr_status changed = st == TSR_EDATA || st == TSR_EIO ? tsr_file_unchanged(input->path, &input->facts) : TSR_OK;

    return changed != TSR_OK ? changed : st;
}

/* Read on until the collection is full or nothing is left. */
static tsr_status read_some(tsr_reading *reading, int rank, int size, bool *done)
{
    bool ended = true;
    tsr_status st = TSR_OK;

    for (; reading->file < reading->inputs->n; reading->file++) {
        find_share(reading, reading->file, rank, size);
        if (reading->begin < reading->end) st = read_file(reading, &ended);
        if (st == TSR_OK && !ended) return st;
        if (st == TSR_OK) st = digest_parquet(reading, rank, size);
        if (st != TSR_OK) return blame_change(reading, st);
    }
    *done = true;
    return st;
}

static void count_bytes(tsr_reading *reading)
{
    for (int32_t i = 0; i < reading->inputs->n; i++)
        if (reading->skip == NULL || !reading->skip[i]) reading->to_do += reading->inputs->file[i].facts.bytes;
}

tsr_status tsr_reading_run(const tsr_comm *comm, tsr_reading *reading)
{
    bool done = false, all_done = false;
    tsr_status st = TSR_OK;

    count_bytes(reading);
    while (!all_done) {
        TSR_AGREE(comm, read_some(reading, comm->rank, comm->size, &done));
        TSR_TRY(tsr_interrupt_check(comm));
        tell_progress(comm, reading);
        TSR_TRY(tsr_collect_round(comm, reading->collect, done, &all_done));
    }
    tsr_reading_sum(comm, reading);
    MPI_Exscan(reading->breaks, reading->first_line, reading->inputs->n, MPI_INT64_T, MPI_SUM, comm->mpi);
    for (int32_t i = 0; i < reading->inputs->n; i++)
        reading->first_line[i] = (comm->rank > 0 ? reading->first_line[i] : 0) + 1;
done:
    tsr_progress_end();
    return st;
}
