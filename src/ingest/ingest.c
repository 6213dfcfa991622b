#include "tessera/ingest.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "ingest/input_reader.h"
#include "ingest/receipt.h"
#include "tessera/file.h"
#include "tessera/interrupt.h"
#include "tessera/log.h"
#include "tessera/memory.h"

#define ROWS_BETWEEN_LOOKS 8192

/* ---- settings ---- */

#define IN_SOURCE(field) offsetof(tsr_source, field)
#define IN_PARAMS(field) offsetof(tsr_ingest_params, field)

static const tsr_key source_keys[] = {
    {"kind", TSR_KEY_CHOICE, IN_SOURCE(kind), "transactions", 0, 0, "customers|transactions",
     "what a row is: a customer with attributes, or a transaction", NULL, 0},
    {"files", TSR_KEY_PATHS, IN_SOURCE(files), NULL, 0, 0, NULL,
     "paths or patterns (* ? [...]); plain text, gzip or zstd (seen by the first bytes)", NULL, 0},
    {"format", TSR_KEY_CHOICE, IN_SOURCE(format), "text", 0, 0, "text|parquet",
     "delimited text in UTF-8, or Parquet (read by DuckDB's library: see TESSERA_DUCKDB_ROOT)", NULL, 0},
    {"delimiter", TSR_KEY_TEXT, IN_SOURCE(delimiter), "\",\"", 0, 0, NULL,
     "between fields: one character, tab, or blank (runs of spaces and tabs, no quotes)", NULL, 0},
    {"header", TSR_KEY_BOOL, IN_SOURCE(header), "true", 0, 0, NULL, "the first row names the columns", NULL, 0},
    {"multiline", TSR_KEY_BOOL, IN_SOURCE(multiline), "false", 0, 0, NULL,
     "quoted fields may hold line breaks: each file is then read by one rank", NULL, 0},
    {"columns", TSR_KEY_MAP, IN_SOURCE(columns), NULL, 0, 0, NULL,
     "field: column, by name in the header or number from 1. Fields of transactions: id, time, amount or quantity and "
     "price, order, item, category, promotion; of customers: id, and attributes by names of your own",
     NULL, 0},
    {"types", TSR_KEY_MAP, IN_SOURCE(types), "{}", 0, 0, NULL,
     "attribute: number or category; default: number where every value is one", NULL, 0},
    {"time_format", TSR_KEY_TEXT, IN_SOURCE(time_format), "iso", 0, 0, NULL,
     "pattern of strptime, epoch, epoch_ms, or iso: YYYY-MM-DD [HH:MM[:SS]] [Z or +HH:MM]", NULL, 0},
    {"time_zone", TSR_KEY_TEXT, IN_SOURCE(time_zone), "null", 0, 0, NULL,
     "IANA zone of the times in the files; null: the dataset's", NULL, 0},
    {"reject", TSR_KEY_TEXTS, IN_SOURCE(reject), "[]", 0, 0, NULL,
     "rules for rows to refuse: `amount < 0`, `order starts_with \"C\"`, `missing item`, joined by and / or", NULL, 0},
    {NULL, TSR_KEY_BOOL, 0, NULL, 0, 0, NULL, NULL, NULL, 0},
};

const tsr_key tsr_ingest_keys[] = {
    {"ingest.partitions", TSR_KEY_INT, IN_PARAMS(partitions), "auto", 1, 65536, NULL,
     "partition files; auto: about 512 MiB each", NULL, 0},
    {"ingest.memory", TSR_KEY_BYTES, IN_PARAMS(memory), "2GiB", 0, 0, NULL,
     "memory for rows per rank; a warning says when a rank needs more", NULL, 0},
    {"ingest.money.scale", TSR_KEY_INT, IN_PARAMS(money_scale), "2", 0, 9, NULL,
     "decimals of the money unit: amounts are whole multiples of 10^-scale", NULL, 0},
    {"ingest.money.currency", TSR_KEY_TEXT, IN_PARAMS(currency), "null", 0, 0, NULL, "ISO 4217 code", NULL, 0},
    {"ingest.time_zone", TSR_KEY_TEXT, IN_PARAMS(time_zone), "UTC", 0, 0, NULL,
     "IANA zone whose calendar days are the days of the dataset", NULL, 0},
    {"ingest.resolution", TSR_KEY_CHOICE, IN_PARAMS(resolution), "auto", 0, 0, "auto|day|second",
     "of times; auto: day where no row has a time of day", NULL, 0},
    {"ingest.reject_limit", TSR_KEY_INT, IN_PARAMS(reject_limit), "1000", 0, 100000000, NULL,
     "rows per reason and source that rejects.csv lists; all are counted", NULL, 0},
    {"ingest.sources", TSR_KEY_GROUPS, IN_PARAMS(sources), "[]", 0, 0, NULL, "where the rows come from", source_keys,
     sizeof(tsr_source)},
    {NULL, TSR_KEY_BOOL, 0, NULL, 0, 0, NULL, NULL, NULL, 0},
};

static tsr_status check_params(const tsr_ingest_params *params)
{
    if (params->sources.n == 0) return TSR_FAIL(TSR_ECONF, "ingest.sources: the job names no source");
    if (params->currency != NULL && strlen(params->currency) > 7)
        return TSR_FAIL(TSR_ECONF, "ingest.money.currency: \"%s\" is not an ISO 4217 code", params->currency);
    if (strlen(params->time_zone) > 63)
        return TSR_FAIL(TSR_ECONF, "ingest.time_zone: \"%s\" is not an IANA zone", params->time_zone);
    for (int32_t i = 0; i < params->sources.n; i++) {
        tsr_status st = tsr_source_check((const tsr_source *)params->sources.item + i, i);
        if (st != TSR_OK) return st;
    }
    return TSR_OK;
}

/* The numbers that all ranks must have in common; texts come from the same job. */
static tsr_status check_same(const tsr_comm *comm, const tsr_ingest_params *params)
{
    int64_t numbers[] = {params->partitions, params->money_scale, params->resolution, params->reject_limit,
                         params->sources.n};

    return tsr_same(comm, numbers, sizeof numbers, "the settings of ingest");
}

/* ---- what flows ---- */

typedef struct flow {
    const tsr_ingest_params *params;
    const char *output;
    tsr_inputs inputs;
    tsr_collect *collect;
    tsr_balance *balance;
    tsr_seen seen;
    uint64_t *digest;    /* [files] */
    int64_t *breaks;     /* [files] line breaks in this rank's part */
    int64_t *first_line; /* [files] number of the first line of this rank's part */
    int64_t done, to_do; /* bytes of this rank */
    tsr_dataset_info info;
} flow;

static tsr_status prepare(flow *f)
{
    tsr_status st;

    TSR_TRY(tsr_collect_create(&f->inputs.shape, &f->collect));
    TSR_TRY(tsr_balance_create(f->params->sources.n, f->params->reject_limit, &f->balance));
    TSR_TRY(tsr_alloc(&f->digest, f->inputs.n, sizeof *f->digest));
    TSR_TRY(tsr_alloc(&f->breaks, f->inputs.n, sizeof *f->breaks));
    TSR_TRY(tsr_alloc(&f->first_line, f->inputs.n, sizeof *f->first_line));
done:
    return st;
}

static void flow_clear(flow *f)
{
    tsr_dataset_info_clear(&f->info);
    tsr_free(&f->first_line);
    tsr_free(&f->breaks);
    tsr_free(&f->digest);
    tsr_balance_destroy(&f->balance);
    tsr_collect_destroy(&f->collect);
    tsr_inputs_close(&f->inputs);
}

/* ---- is it there already? ---- */

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

static tsr_status digest_files(const flow *f, int rank, int size)
{
    int64_t begin, end;
    tsr_status st = TSR_OK;

    for (int32_t i = 0; st == TSR_OK && i < f->inputs.n; i++) {
        tsr_input_bytes(&f->inputs.file[i], i, rank, size, &begin, &end);
        if (begin < end) st = digest_file(&f->inputs.file[i], begin, end, &f->digest[i]);
    }
    return st;
}

static void sum_digests(const tsr_comm *comm, flow *f)
{
    MPI_Allreduce(MPI_IN_PLACE, f->digest, f->inputs.n, MPI_UINT64_T, MPI_SUM, comm->mpi);
}

static void describe(const tsr_dataset_info *info, tsr_ingest_result *result)
{
    result->customers = info->customers;
    result->transactions = info->transactions;
    result->money_scale = info->money_scale;
}

/* Look at the dataset in the folder: the same settings and the same bytes make the same dataset. */
static tsr_status find_unchanged(const tsr_comm *comm, flow *f, tsr_ingest_result *result)
{
    tsr_dataset *there = NULL;
    char *path = NULL;
    tsr_status st;

    f->info.generation = 1;
    TSR_AGREE(comm, tsr_path(&path, f->output, "dataset.json"));
    int exists = comm->rank == 0 && tsr_file_exists(path);
    MPI_Bcast(&exists, 1, MPI_INT, 0, comm->mpi);
    if (!exists) goto done;
    st = tsr_dataset_open(comm, f->output, &there);
    if (st != TSR_OK) { /* it may be somebody else's: never overwrite what cannot be read */
        tsr_error why = *tsr_error_last();
        st = TSR_FAIL(st, "%s (there is a dataset already: remove it to make it anew)", why.text);
        goto done;
    }
    const tsr_dataset_info *info = tsr_dataset_about(there);
    f->info.generation = info->generation + 1;
    if (!tsr_receipt_fits(info->sources, f->params, &f->inputs, NULL)) goto done;
    TSR_AGREE(comm, digest_files(f, comm->rank, comm->size));
    sum_digests(comm, f);
    result->unchanged = tsr_receipt_fits(info->sources, f->params, &f->inputs, f->digest);
    memset(f->digest, 0, (size_t)f->inputs.n * sizeof *f->digest);
    if (!result->unchanged) goto done;
    describe(info, result);
    tsr_receipt_totals(info->sources, result);
done:
    tsr_dataset_close(&there);
    tsr_free(&path);
    return st;
}

/* ---- reading ---- */

static tsr_status read_rows(flow *f, int32_t number, tsr_input_reader *reader, const tsr_mapping *mapping)
{
    tsr_row row;
    bool more;

    for (int64_t rows = 0;; rows++) {
        tsr_status st = tsr_input_reader_next(reader, &row, &more);
        if (st == TSR_OK && more) st = tsr_mapping_take(mapping, &row, f->collect, f->balance, &f->seen);
        if (st != TSR_OK) return st;
        if (!more) break;
        if (rows % ROWS_BETWEEN_LOOKS != 0) continue;
        if (tsr_interrupt_wanted()) break; /* the check behind the reading makes it a decision of all */
        tsr_progress("ingest: read", f->done + tsr_input_reader_done(reader), f->to_do);
    }
    f->breaks[number] = tsr_input_reader_breaks(reader);
    f->digest[number] = tsr_input_reader_digest(reader);
    return TSR_OK;
}

static tsr_status read_file(flow *f, int32_t number, int64_t begin, int64_t end)
{
    const tsr_input *input = &f->inputs.file[number];
    tsr_input_reader *reader = NULL;
    tsr_mapping *mapping = NULL;
    tsr_status st;

    TSR_TRY(tsr_inputs_mapping(&f->inputs, f->params, number, &mapping));
    TSR_TRY(tsr_input_reader_open(input, mapping, begin, end, &reader));
    TSR_TRY(read_rows(f, number, reader, mapping));
    TSR_TRY(tsr_file_unchanged(input->path, &input->facts));
    f->done += end - begin;
done:
    tsr_input_reader_close(&reader);
    tsr_mapping_destroy(&mapping);
    return st;
}

static tsr_status read_share(flow *f, int rank, int size)
{
    int64_t begin, end;
    tsr_status st = TSR_OK;

    for (int32_t i = 0; i < f->inputs.n; i++) {
        tsr_input_share(&f->inputs.file[i], i, rank, size, &begin, &end);
        f->to_do += end - begin;
    }
    for (int32_t i = 0; st == TSR_OK && i < f->inputs.n; i++) {
        tsr_input_share(&f->inputs.file[i], i, rank, size, &begin, &end);
        if (begin < end) st = read_file(f, i, begin, end);
        if (!f->inputs.file[i].parquet) continue;
        tsr_input_bytes(&f->inputs.file[i], i, rank, size, &begin,
                        &end); /* the rows of Parquet say nothing of its bytes */
        if (st == TSR_OK && begin < end) st = digest_file(&f->inputs.file[i], begin, end, &f->digest[i]);
    }
    return st;
}

static tsr_status read_all(const tsr_comm *comm, flow *f)
{
    tsr_status st;

    TSR_AGREE(comm, read_share(f, comm->rank, comm->size));
    tsr_progress_end();
    TSR_TRY(tsr_interrupt_check(comm));
    sum_digests(comm, f);
    MPI_Exscan(f->breaks, f->first_line, f->inputs.n, MPI_INT64_T, MPI_SUM, comm->mpi);
    for (int32_t i = 0; i < f->inputs.n; i++) f->first_line[i] = (comm->rank > 0 ? f->first_line[i] : 0) + 1;
done:
    return st;
}

/* ---- the account ---- */

static tsr_status write_rejects(const flow *f)
{
    const char **name = NULL;
    char *text = NULL, *path = NULL;
    int64_t bytes;
    tsr_status st;

    TSR_TRY(tsr_alloc(&name, f->inputs.n, sizeof *name));
    for (int32_t i = 0; i < f->inputs.n; i++) name[i] = f->inputs.file[i].path;
    TSR_TRY(tsr_balance_csv(f->balance, name, &text, &bytes));
    TSR_TRY(tsr_path(&path, f->output, "rejects.csv"));
    TSR_TRY(tsr_file_write(path, text, bytes));
done:
    tsr_free(&path);
    tsr_free(&text);
    tsr_free(&name);
    return st;
}

static void add_up(const flow *f, tsr_ingest_result *result)
{
    for (int32_t i = 0; i < f->params->sources.n; i++) {
        const tsr_source_total *total = tsr_balance_total(f->balance, i);
        result->rows_read += total->rows_read;
        result->rows_used += total->rows_used;
        result->money += total->money_used;
    }
    result->rows_rejected = result->rows_read - result->rows_used;
    result->bytes_read = f->inputs.bytes;
}

/* Nothing usable is an error; little usable deserves a word. */
static tsr_status judge(const flow *f, const tsr_ingest_result *result)
{
    int32_t n, most = 0;
    const tsr_refusal *refusal = tsr_balance_refusals(f->balance, &n);

    for (int32_t i = 1; i < n; i++)
        if (refusal[i].rows > refusal[most].rows) most = i;
    if (result->rows_read == 0) return TSR_FAIL(TSR_EDATA, "no row: the sources of the job are empty");
    if (result->rows_used == 0)
        return TSR_FAIL(TSR_EDATA,
                        "no usable row: all %" PRId64 " rows were rejected, most for \"%s\" (see rejects.csv in %s)",
                        result->rows_read, refusal[most].reason, f->output);
    if (result->rows_rejected > result->rows_used)
        tsr_warn("%" PRId64 " of %" PRId64 " rows were rejected, most for \"%s\" (see rejects.csv in %s)",
                 result->rows_rejected, result->rows_read, refusal[most].reason, f->output);
    return TSR_OK;
}

static tsr_status account(const tsr_comm *comm, flow *f, tsr_ingest_result *result)
{
    tsr_status st;

    TSR_TRY(tsr_balance_settle(comm, f->balance, f->first_line));
    add_up(f, result);
    TSR_AGREE(comm, comm->rank == 0 ? write_rejects(f) : TSR_OK);
    TSR_AGREE(comm, judge(f, result));
done:
    return st;
}

/* ---- the dataset ---- */

/* What single rows decide about all of them. */
static void decide(const tsr_comm *comm, flow *f)
{
    int seen[2] = {f->seen.clock, f->seen.quantity_decimals};

    MPI_Allreduce(MPI_IN_PLACE, seen, 2, MPI_INT, MPI_LOR, comm->mpi);
    bool days =
        f->params->resolution == TSR_RESOLUTION_DAY || (f->params->resolution == TSR_RESOLUTION_AUTO && !seen[0]);
    f->info.resolution = days ? TSR_SECONDS_PER_DAY : 1;
    if (seen[1]) {
        tsr_warn("quantities have decimals: they were used for amounts, but the dataset keeps no quantity");
        tsr_collect_drop(f->collect, TSR_HAS_QUANTITY);
    }
}

static void warn_of_memory(const tsr_comm *comm, const flow *f)
{
    int64_t bytes = tsr_collect_bytes(f->collect);

    MPI_Allreduce(MPI_IN_PLACE, &bytes, 1, MPI_INT64_T, MPI_MAX, comm->mpi);
    if (2 * bytes > f->params->memory) /* once as read, once as exchanged */
        tsr_warn("a rank needs %" PRId64 " MiB for its rows, more than ingest.memory: use more ranks", 2 * bytes >> 20);
}

static tsr_status write_dataset(const tsr_comm *comm, flow *f, tsr_ingest_result *result)
{
    tsr_status st;

    strcpy(f->info.id_kind, "given");
    strcpy(f->info.currency, f->params->currency != NULL ? f->params->currency : "");
    strcpy(f->info.time_zone, f->params->time_zone);
    f->info.money_scale = (int32_t)f->params->money_scale;
    decide(comm, f);
    warn_of_memory(comm, f);
    TSR_AGREE(comm, tsr_receipt_print(f->params, &f->inputs, f->digest, f->balance, &f->info.sources));
    TSR_TRY(tsr_collect_write(comm, f->collect, f->output, f->params->partitions, &f->info));
    describe(&f->info, result);
done:
    return st;
}

static tsr_status lock_output(const char *output, int *lock)
{
    tsr_status st = tsr_folder_make(output);

    return st == TSR_OK ? tsr_folder_lock(output, lock) : st;
}

tsr_status tsr_ingest_run(const tsr_comm *comm, const tsr_ingest_params *params, const char *output,
                          tsr_ingest_result *result)
{
    flow f = {.params = params, .output = output};
    int lock = -1;
    tsr_status st;

    *result = (tsr_ingest_result){0};
    TSR_AGREE(comm, check_params(params));
    TSR_TRY(check_same(comm, params));
    TSR_AGREE(comm, comm->rank == 0 ? lock_output(output, &lock) : TSR_OK);
    TSR_TRY(tsr_inputs_open(comm, params, &f.inputs));
    TSR_AGREE(comm, prepare(&f));
    TSR_TRY(find_unchanged(comm, &f, result));
    if (result->unchanged) goto done;
    TSR_TRY(read_all(comm, &f));
    TSR_TRY(account(comm, &f, result));
    TSR_TRY(write_dataset(comm, &f, result));
done:
    tsr_progress_end();
    flow_clear(&f);
    tsr_folder_unlock(&lock);
    return st;
}
