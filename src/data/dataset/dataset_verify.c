#include <string.h>

#include "data/dataset/dataset_balance.h"
#include "tessera/reduce.h"

/* Of transactions: as_of is midnight after the last one where a job does not say. */
typedef struct time_range {
    int64_t first, last;
} time_range;

static void see_times(const tsr_block *block, time_range *range)
{
    for (int64_t i = 0; i < block->transactions; i++) {
        int64_t time = block->time[i];
        if (time < range->first) range->first = time;
        if (time > range->last) range->last = time;
    }
}

static tsr_status check_times(const tsr_comm *comm, const tsr_dataset *dataset, time_range *range)
{
    const tsr_dataset_info *info = &dataset->info;

    tsr_min_int64(comm, &range->first, 1);
    tsr_max_int64(comm, &range->last, 1);
    if (info->transactions == 0) return TSR_OK;
    if (range->first == (int64_t)info->time_first && range->last == (int64_t)info->time_last) return TSR_OK;
    return TSR_FAIL(TSR_EDATA, "%s/dataset.json: its transactions have another range of time; ingest again",
                    dataset->folder);
}

static tsr_status verify_part(const tsr_dataset *dataset, const tsr_part *part, tsr_digest_sum *sum, tsr_stored *stored,
                              time_range *range)
{
    tsr_status st = TSR_OK;
    tsr_block block = {0};
    tsr_digest_sum own = {{0}};

    for (int64_t done = 0; done < part->customers; done += TSR_BLOCK_ROWS) {
        int64_t rows = part->customers - done < TSR_BLOCK_ROWS ? part->customers - done : TSR_BLOCK_ROWS;
        TSR_TRY(tsr_dataset_read(dataset, part->customer_0 + done, rows, TSR_READ_ALL, &block));
        see_times(&block, range);
        TSR_TRY(tsr_records_hash(&dataset->info, &block, &own));
        tsr_stored_add(stored, &block);
    }
    if (memcmp(&own, &part->digest, sizeof own) != 0)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: its content does not have the digest that dataset.json says; ingest again",
                         part->file));
    tsr_digest_add(sum, &own);
done:
    tsr_block_clear(&block);
    return st;
}

static tsr_status verify_mine(const tsr_comm *comm, const tsr_dataset *dataset, tsr_digest_sum *sum, tsr_stored *stored,
                              time_range *range)
{
    tsr_status st = TSR_OK;

    for (int32_t p = 0; p < dataset->info.partitions && st == TSR_OK; p++)
        if (tsr_partition_rank(p, dataset->info.partitions, comm->size) == comm->rank)
            st = verify_part(dataset, &dataset->parts[p], sum, stored, range);
    return st;
}

tsr_status tsr_dataset_verify(const tsr_comm *comm, const tsr_dataset *dataset)
{
    tsr_status st = TSR_OK;
    tsr_digest_sum sum = {{0}};
    tsr_stored stored = {.rows = {0}};
    time_range range = {INT64_MAX, INT64_MIN};
    uint8_t digest[TSR_DIGEST_SIZE];

    TSR_AGREE(comm, verify_mine(comm, dataset, &sum, &stored, &range));
    tsr_digest_reduce(comm, &sum);
    tsr_dataset_digest_of(&dataset->info, &sum, digest);
    if (memcmp(digest, dataset->info.digest, sizeof digest) != 0)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s/dataset.json: its digest does not belong to the partition files; ingest again",
                         dataset->folder));
    TSR_TRY(check_times(comm, dataset, &range));
    TSR_TRY(tsr_stored_sum(comm, &stored));
    st = tsr_stored_check(dataset, &stored);
done:
    return st;
}
