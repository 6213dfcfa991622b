#include "tessera/ingest.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "ingest/collect/append.h"
#include "ingest/mapping/embedding.h"
#include "ingest/mapping/policy.h"
#include "ingest/reading.h"
#include "ingest/settle/identities.h"
#include "ingest/settle/merges.h"
#include "ingest/settle/receipt.h"
#include "ingest/settle/rejects.h"
#include "ingest/sort/spill.h"
#include "tessera/file.h"
#include "tessera/log.h"
#include "tessera/memory.h"
#include "tessera/meter.h"

/* ---- settings ---- */

/* The numbers that all ranks must have in common; texts come from the same job. */
static tsr_status check_same(const tsr_comm *comm, const tsr_ingest_params *params)
{
    int64_t numbers[] = {params->partitions,   params->money_scale,    params->resolution,
                         params->reject_limit, params->identity_limit, params->returns,
                         params->late_days,    params->sources.n,      params->as_of};

    return tsr_same(comm, numbers, sizeof numbers, "the settings of ingest");
}

/* ---- what flows ---- */

typedef struct flow {
    const tsr_ingest_params *params;
    const char *output;
    tsr_inputs inputs;
    tsr_collect *collect;
    tsr_balance *balance;
    tsr_reading reading;
    tsr_dataset *there; /* that new rows are added to; NULL: none */
    tsr_standing standing;
    tsr_joined_shape joined;
    tsr_dataset_info info;
    uint32_t *key; /* [sources] of the plan for cleaning */
} flow;

static const char *scratch_of(const flow *f)
{
    return f->params->scratch != NULL ? f->params->scratch : f->output;
}

static tsr_status prepare(const tsr_comm *comm, flow *f)
{
    const tsr_ingest_params *params = f->params;
    int64_t there = f->there != NULL ? tsr_receipt_bytes(tsr_dataset_about(f->there)->sources) : 0;
    tsr_collect_plan plan = {.partitions = params->partitions,
                             .expected_bytes = there + tsr_inputs_expected(&f->inputs),
                             .memory = params->memory,
                             .scratch = scratch_of(f)};
    tsr_status st;

    TSR_AGREE(comm, tsr_policy_plan(params, &f->key, &plan.clean));
    TSR_TRY(tsr_collect_create(comm, &f->inputs.shape, &plan, &f->collect));
    TSR_AGREE(comm, tsr_balance_create(params->sources.n, params->reject_limit, &f->balance));
    f->reading.collect = f->collect;
    f->reading.balance = f->balance;
    if (f->there != NULL) TSR_TRY(tsr_append_dataset(comm, f->there, &f->inputs.shape, f->collect));
done:
    return st;
}

static void flow_clear(flow *f)
{
    tsr_dataset_info_clear(&f->info);
    tsr_reading_clear(&f->reading);
    tsr_balance_destroy(&f->balance);
    tsr_collect_destroy(&f->collect);
    tsr_joined_shape_clear(&f->joined);
    tsr_inputs_close(&f->inputs);
    tsr_free(&f->standing.known);
    tsr_free(&f->key);
    tsr_dataset_close(&f->there);
}

/* ---- is it there already? ---- */

static void describe(const tsr_dataset_info *info, tsr_ingest_result *result)
{
    result->customers = info->customers;
    result->transactions = info->transactions;
    memcpy(result->records, info->records, sizeof result->records);
    result->money_scale = info->money_scale;
}

/* Is it what the job's rows could be added to? */
static tsr_status check_fits(const flow *f, const tsr_dataset_info *info)
{
    const tsr_ingest_params *params = f->params;
    const char *currency = params->currency != NULL ? params->currency : "", *what = NULL;

    if (info->money_scale != params->money_scale) what = "ingest.money.scale";
    if (strcmp(info->currency, currency) != 0) what = "ingest.money.currency";
    if (strcmp(info->time_zone, params->time_zone) != 0) what = "ingest.time_zone";
    if (strcmp(info->id_kind, "given") != 0) what = "the kind of ids";
    if (what != NULL)
        return TSR_FAIL(TSR_ECONF,
                        "%s holds files that this job does not name, and %s differs: its rows cannot be added. Choose "
                        "another folder, or name all files to make it anew",
                        f->output, what);
    if (f->standing.changed != NULL)
        return TSR_FAIL(TSR_EDATA,
                        "%s: was ingested into %s before with other content, and the dataset holds files that this job "
                        "does not name: adding it would count rows twice. Name all files to make the dataset anew",
                        f->standing.changed, f->output);
    return tsr_embedding_fits(params, info);
}

/* Files that may be known, by their size, are read for their digest. */
static tsr_status compare(const tsr_comm *comm, flow *f, const char *receipt)
{
    tsr_standing sizes = {NULL};
    tsr_status st;

    TSR_AGREE(comm, tsr_receipt_compare(receipt, f->params, &f->inputs, NULL, &sizes));
    TSR_AGREE(comm, tsr_reading_digests(&f->reading, comm->rank, comm->size, sizes.known));
    tsr_reading_sum(comm, &f->reading);
    TSR_AGREE(comm, tsr_receipt_compare(receipt, f->params, &f->inputs, f->reading.digest, &f->standing));
    memset(f->reading.digest, 0, (size_t)f->inputs.n * sizeof *f->reading.digest);
done:
    tsr_free(&sizes.known);
    return st;
}

static void tell_known(const flow *f)
{
    for (int32_t i = 0; i < f->inputs.n; i++)
        if (f->standing.known[i]) tsr_info("%s: is in the dataset already and is left out", f->inputs.file[i].path);
}

/* Records before it are late; 0: none is. */
static uint32_t earliest_of(const tsr_ingest_params *params, const tsr_dataset_info *info)
{
    int64_t days = info->time_last / TSR_SECONDS_PER_DAY - params->late_days;

    return params->late_days == 0 || info->time_first > info->time_last || days <= 0
               ? 0
               : (uint32_t)(days * TSR_SECONDS_PER_DAY);
}

/* New rows go where old ones are: columns and attributes of both. */
static tsr_status join(flow *f, const tsr_dataset_info *info)
{
    tsr_status st = tsr_append_shape(info, &f->inputs.shape, &f->joined);

    if (st != TSR_OK) return st;
    f->inputs.shape = f->joined.shape;
    f->reading.skip = f->standing.known;
    f->inputs.earliest = earliest_of(f->params, info);
    f->reading.seen.clock = info->resolution == 1;
    f->reading.seen.quantity_decimals =
        (info->has & TSR_HAS_QUANTITY) == 0 && tsr_receipt_has_field(info->sources, "quantity");
    return TSR_OK;
}

/* Identities, keys, returns per day: a new row may change what is made of old ones. */
static bool needs_all(const flow *f, const tsr_dataset_info *info)
{
    bool any = tsr_receipt_needs_all(info->sources) || tsr_policy_needs_all(f->params);

    for (int32_t i = 0; i < f->params->sources.n; i++)
        any = any || ((const tsr_source *)f->params->sources.item)[i].kind == TSR_SOURCE_IDENTITIES;
    return any;
}

/* Does a new file of one source come before a file of the other that the dataset holds? */
static bool comes_before(const flow *f, int32_t source, int32_t other)
{
    int32_t first = 0, last = f->inputs.n - 1;

    while (first < f->inputs.n && (f->inputs.file[first].source != source || f->standing.known[first])) first++;
    while (last >= 0 && (f->inputs.file[last].source != other || !f->standing.known[last])) last--;
    return first < last;
}

/* The last value of an attribute stands, in the order of the job's files: what is added would be the last of all. */
static bool out_of_order(const flow *f)
{
    const tsr_source *source = f->params->sources.item;

    for (int32_t i = 0; i < f->params->sources.n; i++)
        for (int32_t k = i; k < f->params->sources.n; k++)
            if (tsr_policy_share_values(&source[i], &source[k]) && comes_before(f, i, k)) return true;
    return false;
}

/* A dataset stands in the folder. The job may describe all of it: then it stays, if nothing changed, grows by new
 * files, or is made anew; where identities join ids, or a new file of attributes comes before one that is there, new
 * files make it anew, too. Or the job names other files: they are added to it, and those it knows are left out. */
static tsr_status look_at_there(const tsr_comm *comm, flow *f, tsr_ingest_result *result)
{
    const tsr_dataset_info *info = tsr_dataset_about(f->there);
    const tsr_standing *standing = &f->standing;
    tsr_status st;

    f->info.generation = info->generation + 1;
    if (comm->rank == 0) tsr_dataset_tidy(f->output, info); /* who made it may have been killed before */
    TSR_TRY(compare(comm, f, info->sources));
    if (standing->covered && !standing->same) {
        tsr_dataset_close(&f->there);
        goto done;
    }
    if (standing->unknown > 0 && (needs_all(f, info) || (standing->covered && out_of_order(f)))) {
        if (!standing->covered)
            st = TSR_FAIL(
                TSR_ECONF,
                "%s holds files that this job does not name, and sources of identities, keys of sources, "
                "ingest.reconcile or ingest.returns: net_per_day look at all rows of a customer: new rows may change "
                "what was made of those that are there. Name the files of both, old and new (a pattern will do): the "
                "dataset is made anew",
                f->output);
        tsr_dataset_close(&f->there);
        goto done;
    }
    if (standing->unknown == 0) {
        result->unchanged = true;
        describe(info, result);
        tsr_receipt_totals(info->sources, result);
        goto done;
    }
    TSR_AGREE(comm, check_fits(f, info));
    tell_known(f);
    TSR_AGREE(comm, join(f, info));
done:
    return st;
}

static tsr_status find_there(const tsr_comm *comm, flow *f, tsr_ingest_result *result)
{
    char *path = NULL;
    tsr_status st;

    f->info.generation = 1;
    f->reading = (tsr_reading){.params = f->params, .inputs = &f->inputs};
    TSR_AGREE(comm, tsr_reading_prepare(&f->reading));
    TSR_AGREE(comm, tsr_path(&path, f->output, "dataset.json"));
    int exists = comm->rank == 0 && tsr_file_exists(path);
    MPI_Bcast(&exists, 1, MPI_INT, 0, comm->mpi);
    if (!exists) goto done;
    st = tsr_dataset_open(comm, f->output, &f->there);
    if (st != TSR_OK) { /* it may be somebody else's: never overwrite what cannot be read */
        tsr_error why = *tsr_error_last();
        st = TSR_FAIL(st, "%s (there is a dataset already: remove it to make it anew)", why.text);
        goto done;
    }
    TSR_TRY(look_at_there(comm, f, result));
done:
    tsr_free(&path);
    return st;
}

/* ---- persons with several ids ---- */

static tsr_status unify_ids(const tsr_comm *comm, flow *f, tsr_ingest_result *result)
{
    tsr_identities ids = {.any = false};
    tsr_status st;

    tsr_meter_begin("identities");
    TSR_TRY(tsr_identities_read(comm, f->params, &f->inputs, &ids));
    if (!ids.any) goto done;
    TSR_TRY(tsr_collect_merge(comm, f->collect, ids.merge, ids.merges));
    TSR_AGREE(comm, tsr_identities_list(&ids));
    TSR_TRY(tsr_merges_write(comm, f->params, ids.merge, ids.merges, f->output, f->info.generation));
    tsr_meter_end(comm, ids.merged, NULL);
    result->merged = ids.merged;
    if (ids.refused > 0)
        tsr_warn("identities: %" PRId64 " groups of more than %" PRId64 " ids were not merged (see merges.csv): shared "
                 "phones or test accounts? see ingest.identity_limit",
                 ids.refused, f->params->identity_limit);
done:
    tsr_identities_clear(&ids);
    return st;
}

/* ---- the account ---- */

static void add_up(const flow *f, tsr_ingest_result *result)
{
    for (int32_t i = 0; i < f->params->sources.n; i++) {
        const tsr_source_total *total = tsr_balance_total(f->balance, i);
        result->rows_read += total->rows_read;
        result->rows_used += total->rows_used;
        result->rows_duplicate += total->cleaned.duplicates;
        result->rows_repeated += total->cleaned.repeated;
        result->money += total->money_used;
    }
    result->rows_rejected = result->rows_read - result->rows_used - result->rows_duplicate;
    result->bytes_read = f->inputs.bytes;
}

static tsr_status write_rejects(const tsr_comm *comm, const flow *f)
{
    if (comm->rank > 0) return TSR_OK;
    return tsr_rejects_write(f->balance, &f->inputs, f->output, &f->info, f->there != NULL);
}

/* Where no row can be used, the list says why; else it is written when the dataset is. */
static tsr_status account(const tsr_comm *comm, flow *f)
{
    tsr_status st;

    tsr_ingest_result so_far = {0};
    TSR_TRY(tsr_balance_settle(comm, f->balance, f->reading.first_line));
    add_up(f, &so_far);
    tsr_status verdict = tsr_rejects_judge(f->balance, &so_far, f->output, &f->info, f->there != NULL);
    if (verdict != TSR_OK) TSR_AGREE(comm, write_rejects(comm, f));
    TSR_AGREE(comm, verdict);
done:
    return st;
}

/* ---- the dataset ---- */

/* What single rows decide about all of them. */
static void decide(const tsr_comm *comm, flow *f)
{
    int seen[2] = {f->reading.seen.clock, f->reading.seen.quantity_decimals};

    MPI_Allreduce(MPI_IN_PLACE, seen, 2, MPI_INT, MPI_LOR, comm->mpi);
    bool days =
        f->params->resolution == TSR_RESOLUTION_DAY || (f->params->resolution == TSR_RESOLUTION_AUTO && !seen[0]);
    f->info.resolution = days ? TSR_SECONDS_PER_DAY : 1;
    if (seen[1]) {
        tsr_warn("quantities have decimals: they were used for amounts, but the dataset keeps no quantity");
        tsr_collect_drop(f->collect, TSR_HAS_QUANTITY);
    }
}

/* Quantities that are not kept cannot tell rows apart. */
static tsr_status check_keys(const flow *f)
{
    bool dropped = (f->inputs.shape.has & TSR_HAS_QUANTITY) != 0 && f->reading.seen.quantity_decimals;

    if (dropped && tsr_policy_key_has(f->params, TSR_TRANSACTION_QUANTITY))
        return TSR_FAIL(TSR_EDATA, "ingest.sources: quantity is in a key, but quantities have decimals: use amount");
    return TSR_OK;
}

/* What is added stands behind what was there. */
static tsr_status print_receipt(flow *f)
{
    char *own = NULL;
    tsr_status st;

    TSR_TRY(tsr_receipt_print(f->params, &f->inputs, f->reading.digest, f->reading.skip, f->balance, &own));
    if (f->there != NULL)
        TSR_TRY(tsr_receipt_join(tsr_dataset_about(f->there)->sources, own, &f->info.sources));
    else
        TSR_TRY(tsr_strdup(&f->info.sources, own));
done:
    tsr_free(&own);
    return st;
}

static tsr_status write_dataset(const tsr_comm *comm, flow *f, tsr_ingest_result *result)
{
    tsr_collect_result found;
    tsr_status st;

    strcpy(f->info.id_kind, "given");
    strcpy(f->info.currency, f->params->currency != NULL ? f->params->currency : "");
    strcpy(f->info.time_zone, f->params->time_zone);
    f->info.money_scale = (int32_t)f->params->money_scale;
    decide(comm, f);
    TSR_AGREE(comm, check_keys(f));
    TSR_TRY(tsr_collect_write(comm, f->collect, f->output, &f->info, &found));
    tsr_balance_clean(f->balance, found.cleaned);
    add_up(f, result);
    result->grown = f->there != NULL;
    TSR_AGREE(comm, print_receipt(f));
    TSR_AGREE(comm, write_rejects(comm, f));
    TSR_TRY(tsr_dataset_commit(comm, f->output, &f->info, &found.digest));
    describe(&f->info, result);
    result->spilled = found.spilled;
done:
    return st;
}

static tsr_status lock_output(const char *output, int *lock)
{
    tsr_status st = tsr_folder_make(output);

    return st == TSR_OK ? tsr_folder_lock(output, lock) : st;
}

/* Hours may pass before rows do not fit in memory. */
static tsr_status check_scratch(const char *folder)
{
    if (access(folder, W_OK | X_OK) == 0) return TSR_OK;
    return TSR_FAIL(TSR_EIO, "%s: %s (rows that do not fit in ingest.memory are kept there: see ingest.scratch)",
                    folder, strerror(errno));
}

tsr_status tsr_ingest_run(const tsr_comm *comm, const tsr_ingest_params *params, const char *output,
                          tsr_ingest_result *result)
{
    flow f = {.params = params, .output = output};
    int lock = -1;
    tsr_status st;

    *result = (tsr_ingest_result){0};
    TSR_AGREE(comm, tsr_ingest_check(params));
    TSR_TRY(check_same(comm, params));
    TSR_AGREE(comm, comm->rank == 0 ? lock_output(output, &lock) : TSR_OK);
    TSR_AGREE(comm, check_scratch(scratch_of(&f)));
    tsr_spill_tidy(scratch_of(&f)); /* on all ranks: a folder of that name may be another one on each host */
    tsr_meter_begin("inputs");
    TSR_TRY(tsr_inputs_open(comm, params, &f.inputs));
    TSR_TRY(find_there(comm, &f, result));
    tsr_meter_end(comm, 0, NULL);
    if (result->unchanged) goto done;
    TSR_TRY(prepare(comm, &f));
    TSR_TRY(unify_ids(comm, &f, result));
    tsr_meter_begin("read");
    TSR_TRY(tsr_reading_run(comm, &f.reading));
    TSR_TRY(account(comm, &f));
    tsr_meter_end(comm, f.reading.rows, NULL);
    TSR_TRY(write_dataset(comm, &f, result));
done:
    tsr_progress_end();
    flow_clear(&f);
    tsr_folder_unlock(&lock);
    return st;
}
