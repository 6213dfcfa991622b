#include <string.h>

#include "data/dataset/dataset_balance.h"

static tsr_status verify_part(const tsr_dataset *dataset, const tsr_part *part, tsr_digest_sum *sum, tsr_stored *stored)
{
    tsr_status st = TSR_OK;
    tsr_block block = {0};
    tsr_digest_sum own = {{0}};
    uint32_t low = dataset->info.time_first, high = dataset->info.time_last;

    for (int64_t done = 0; done < part->customers; done += TSR_BLOCK_ROWS) {
        int64_t rows = part->customers - done < TSR_BLOCK_ROWS ? part->customers - done : TSR_BLOCK_ROWS;
        TSR_TRY(tsr_dataset_read(dataset, part->customer_0 + done, rows, TSR_READ_ALL, &block));
        for (int64_t i = 0; i < block.transactions; i++)
            if (block.time[i] < low || block.time[i] > high)
                TSR_TRY(TSR_FAIL(TSR_EDATA, "%s: a transaction lies outside the dataset's range of time", part->file));
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

static tsr_status verify_mine(const tsr_comm *comm, const tsr_dataset *dataset, tsr_digest_sum *sum, tsr_stored *stored)
{
    tsr_status st = TSR_OK;

    for (int32_t p = 0; p < dataset->info.partitions && st == TSR_OK; p++)
        if (tsr_partition_rank(p, dataset->info.partitions, comm->size) == comm->rank)
            st = verify_part(dataset, &dataset->parts[p], sum, stored);
    return st;
}

tsr_status tsr_dataset_verify(const tsr_comm *comm, const tsr_dataset *dataset)
{
    tsr_status st = TSR_OK;
    tsr_digest_sum sum = {{0}};
    tsr_stored stored = {.rows = {0}};
    uint8_t digest[TSR_DIGEST_SIZE];

    TSR_AGREE(comm, verify_mine(comm, dataset, &sum, &stored));
    tsr_digest_reduce(comm, &sum);
    tsr_dataset_digest_of(&dataset->info, &sum, digest);
    if (memcmp(digest, dataset->info.digest, sizeof digest) != 0)
        TSR_TRY(TSR_FAIL(TSR_EDATA, "%s/dataset.json: its digest does not belong to the partition files; ingest again",
                         dataset->folder));
    TSR_TRY(tsr_stored_sum(comm, &stored));
    st = tsr_stored_check(dataset, &stored);
done:
    return st;
}
