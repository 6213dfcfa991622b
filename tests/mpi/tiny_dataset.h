/**
 * @file tiny_dataset.h
 * A dataset from records in memory, the same on every rank: sorted and cut into partitions in the plainest way, apart
 * from what the ingest does.
 */
#ifndef TSR_TINY_DATASET_H
#define TSR_TINY_DATASET_H

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "mpi_test.h"
#include "tessera/dataset.h"
#include "tessera/file.h"

#define TINY_ID 16 /* bytes of an id */

typedef struct tiny_record {
    uint64_t key; /* set by tiny_write() */
    char id[TINY_ID];
    bool undated; /* the customer, without a transaction */
    uint32_t time;
    int64_t amount;
    uint64_t order;
} tiny_record;

static int tiny_compare(const void *left, const void *right)
{
    const tiny_record *a = left, *b = right;

    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    if (memcmp(a->id, b->id, TINY_ID) != 0) return memcmp(a->id, b->id, TINY_ID);
    if (a->time != b->time) return a->time < b->time ? -1 : 1;
    if (a->order != b->order) return a->order < b->order ? -1 : 1;
    return (a->amount > b->amount) - (a->amount < b->amount);
}

/* A numeric attribute by id: missing for one in seven. */
static float tiny_age(const char *id)
{
    int number = atoi(id);

    return number % 7 == 0 ? NAN : (float)(18 + number % 50);
}

/* Records first .. end - 1 (sorted) as the block of one partition; arrays are the caller's, large enough. */
static void tiny_block(const tiny_record *records, int64_t first, int64_t end, tsr_block *b)
{
    for (int64_t i = first; i < end; i++) {
        const tiny_record *r = &records[i];
        if (i == first || r->key != r[-1].key || memcmp(r->id, r[-1].id, TINY_ID) != 0) {
            b->key[b->customers] = r->key;
            memcpy(b->id + b->customers * TINY_ID, r->id, TINY_ID);
            if (b->attributes_n > 0) b->number[0][b->customers] = tiny_age(r->id);
            if (b->attributes_n > 0) b->code[1][b->customers] = -1;
            b->offset[b->customers++] = b->transactions;
        }
        if (r->undated) continue;
        b->time[b->transactions] = r->time;
        b->amount[b->transactions] = r->amount;
        b->order[b->transactions++] = r->order;
    }
    b->offset[b->customers] = b->transactions;
}

static tsr_status tiny_partition(const char *folder, const tsr_dataset_info *info, int32_t partition,
                                 const tiny_record *records, int64_t n, tsr_digest_sum *digest)
{
    int64_t first = 0, end;
    tsr_block b = {.id_width = TINY_ID, .attributes_n = info->attributes_n};
    float *number[2] = {NULL, NULL};
    int32_t *code[2] = {NULL, NULL};

    while (first < n && tsr_partition_of(records[first].key, info->partitions) < partition) first++;
    for (end = first; end < n && tsr_partition_of(records[end].key, info->partitions) == partition;) end++;
    size_t room = (size_t)(end - first + 1);
    b.key = calloc(room, sizeof *b.key);
    b.id = calloc(room, TINY_ID);
    b.offset = calloc(room, sizeof *b.offset);
    b.time = calloc(room, sizeof *b.time);
    b.amount = calloc(room, sizeof *b.amount);
    b.order = calloc(room, sizeof *b.order);
    number[0] = calloc(room, sizeof **number);
    code[1] = calloc(room, sizeof **code);
    b.number = number;
    b.code = code;
    tiny_block(records, first, end, &b);
    if (!(info->has & TSR_HAS_ORDER)) {
        free(b.order);
        b.order = NULL;
    }
    tsr_status st = tsr_partition_write(folder, info, partition, &b, digest);
    free(b.key);
    free(b.id);
    free(b.offset);
    free(b.time);
    free(b.amount);
    free(b.order);
    free(number[0]);
    free(code[1]);
    return st;
}

/* Collective. The records are sorted in place. With info->attributes_n = 2: "age", a number, and "city", a code. */
static tsr_status tiny_write(const tsr_comm *comm, const char *folder, tsr_dataset_info *info, tiny_record *records,
                             int64_t n)
{
    tsr_digest_sum digest = {{0}};
    tsr_status st = tsr_folder_make(folder);

    for (int64_t i = 0; i < n; i++) records[i].key = tsr_key_of_id(records[i].id, strlen(records[i].id));
    qsort(records, (size_t)n, sizeof *records, tiny_compare);
    info->generation = 1;
    info->id_width = TINY_ID;
    snprintf(info->id_kind, sizeof info->id_kind, "given");
    snprintf(info->time_zone, sizeof info->time_zone, "UTC");
    for (int32_t p = 0; p < info->partitions && st == TSR_OK; p++)
        if (tsr_partition_rank(p, info->partitions, comm->size) == comm->rank)
            st = tiny_partition(folder, info, p, records, n, &digest);
    st = tsr_agree(comm, st);
    return st == TSR_OK ? tsr_dataset_commit(comm, folder, info, &digest) : st;
}

/* Collective. Remove the folder and its files. */
static void tiny_remove(const tsr_comm *comm, const char *folder)
{
    MPI_Barrier(comm->mpi);
    DIR *files = comm->rank == 0 ? opendir(folder) : NULL;
    for (struct dirent *e; files != NULL && (e = readdir(files)) != NULL;)
        if (e->d_name[0] != '.') unlinkat(dirfd(files), e->d_name, 0);
    if (files != NULL) closedir(files);
    if (comm->rank == 0) rmdir(folder);
    MPI_Barrier(comm->mpi);
}

#endif
