/**
 * @file dataset_test.h
 * A dataset of made-up customers, written by all ranks, and its folder.
 */
#ifndef TSR_DATASET_TEST_H
#define TSR_DATASET_TEST_H

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tessera/dataset.h"
#include "tessera/file.h"

/* A population made up from customer numbers: customer c has c % 5 transactions. */
#define CUSTOMERS 3001

static char *colours[] = {"blue", "green", "red \xc3\xa9"};
static char *colours_other[] = {"amber", "blue", "green", "red \xc3\xa9", "white"};
static char *goods[] = {"A1", "B2"};

typedef struct person {
    uint64_t key;
    char id[12];
    int64_t number;
} person;

static inline int by_key(const void *a, const void *b)
{
    const person *x = a, *y = b;

    return x->key != y->key ? (x->key < y->key ? -1 : 1) : strcmp(x->id, y->id);
}

/* All customers in (key, id) order. Every 100th shares its key with the one before. */
static inline void make_people(person *people, int64_t n)
{
    for (int64_t c = 0; c < n; c++) {
        memset(people[c].id, 0, sizeof people[c].id);
        snprintf(people[c].id, sizeof people[c].id, "C%d", (int)c);
        people[c].number = c;
        people[c].key = c % 100 == 99 ? people[c - 1].key : tsr_key_of_id(people[c].id, strlen(people[c].id));
    }
    qsort(people, (size_t)n, sizeof *people, by_key);
}

typedef struct shape {
    int32_t partitions, generation;
    bool other_dictionary; /* the same strings under other codes */
    int64_t customers;
} shape;

static inline tsr_dataset_info make_info(const shape *s)
{
    tsr_dataset_info info = {.partitions = s->partitions,
                             .generation = s->generation,
                             .id_width = 12,
                             .id_kind = "given",
                             .money_scale = 2,
                             .currency = "EUR",
                             .time_zone = "Europe/Berlin",
                             .resolution = 1,
                             .has = TSR_HAS_ORDER | TSR_HAS_ITEM | TSR_HAS_QUANTITY};
    char **words = s->other_dictionary ? colours_other : colours;

    info.attributes_n = 2;
    assert_int_equal(tsr_alloc(&info.attributes, 2, sizeof(tsr_attribute)), TSR_OK);
    strcpy(info.attributes[0].name, "age");
    strcpy(info.attributes[1].name, "colour");
    info.attributes[1].categorical = true;
    info.attributes[1].dictionary.n = s->other_dictionary ? 5 : 3;
    assert_int_equal(tsr_alloc(&info.attributes[1].dictionary.text, 5, sizeof(char *)), TSR_OK);
    for (int32_t i = 0; i < info.attributes[1].dictionary.n; i++)
        assert_int_equal(tsr_strdup(&info.attributes[1].dictionary.text[i], words[i]), TSR_OK);
    info.dictionary[TSR_ITEMS].n = 2;
    assert_int_equal(tsr_alloc(&info.dictionary[TSR_ITEMS].text, 2, sizeof(char *)), TSR_OK);
    for (int32_t i = 0; i < 2; i++) assert_int_equal(tsr_strdup(&info.dictionary[TSR_ITEMS].text[i], goods[i]), TSR_OK);
    assert_int_equal(tsr_strdup(&info.sources, "{\"rows\":[1,2]}"), TSR_OK);
    return info;
}

static inline void fill_record(tsr_block *b, int64_t number, int64_t j, int64_t at)
{
    b->time[at] = (uint32_t)(86400 * 365 * 20 + number * 1000 + j * 86400);
    b->amount[at] = (j == 2 ? -1 : 1) * (number * 300000 + j);
    b->order[at] = (uint64_t)(number * 10 + j);
    b->item[at] = (int32_t)((number + j) % 3) - 1;
    b->quantity[at] = (int32_t)(number * j);
}

static inline tsr_block make_block(const shape *s, const person *people, int64_t n)
{
    tsr_block b = {.customers = n, .id_width = 12, .attributes_n = 2};

    for (int64_t i = 0; i < n; i++) b.transactions += people[i].number % 5;
    assert_int_equal(tsr_alloc(&b.key, n, 8), TSR_OK);
    assert_int_equal(tsr_alloc(&b.id, n, 12), TSR_OK);
    assert_int_equal(tsr_alloc(&b.number, 2, sizeof(float *)), TSR_OK);
    assert_int_equal(tsr_alloc(&b.code, 2, sizeof(int32_t *)), TSR_OK);
    assert_int_equal(tsr_alloc(&b.number[0], n, 4), TSR_OK);
    assert_int_equal(tsr_alloc(&b.code[1], n, 4), TSR_OK);
    assert_int_equal(tsr_alloc(&b.offset, n + 1, 8), TSR_OK);
    assert_int_equal(tsr_alloc(&b.time, b.transactions, 4), TSR_OK);
    assert_int_equal(tsr_alloc(&b.amount, b.transactions, 8), TSR_OK);
    assert_int_equal(tsr_alloc(&b.order, b.transactions, 8), TSR_OK);
    assert_int_equal(tsr_alloc(&b.item, b.transactions, 4), TSR_OK);
    assert_int_equal(tsr_alloc(&b.quantity, b.transactions, 4), TSR_OK);
    for (int64_t i = 0; i < n; i++) {
        int64_t number = people[i].number;
        b.key[i] = people[i].key;
        memcpy(b.id + 12 * i, people[i].id, 12);
        b.number[0][i] = number % 9 == 0 ? NAN : (float)number / 4;
        b.code[1][i] = (int32_t)(number % 4) - 1;
        if (s->other_dictionary && b.code[1][i] >= 0) b.code[1][i]++;
        b.offset[i + 1] = b.offset[i] + number % 5;
        for (int64_t j = 0; j < number % 5; j++) fill_record(&b, number, j, b.offset[i] + j);
    }
    return b;
}

/* Write this rank's partitions. */
static inline tsr_status write_mine(const tsr_comm *comm, const char *folder, const shape *s,
                                    const tsr_dataset_info *info, const person *people, tsr_digest_sum *sum)
{
    tsr_status st = TSR_OK;
    int64_t first = 0;

    for (int32_t p = 0; p < s->partitions && st == TSR_OK; p++) {
        int64_t n = 0;
        while (first + n < s->customers && tsr_partition_of(people[first + n].key, s->partitions) == p) n++;
        if (tsr_partition_rank(p, s->partitions, comm->size) == comm->rank) {
            tsr_block block = make_block(s, people + first, n);
            st = tsr_partition_write(folder, info, p, &block, sum);
            tsr_block_clear(&block);
        }
        first += n;
    }
    return st;
}

static inline tsr_status write_dataset(const tsr_comm *comm, const char *folder, const shape *s)
{
    tsr_status st = TSR_OK;
    tsr_dataset_info info = make_info(s);
    tsr_digest_sum sum = {{0}};
    person *people = calloc((size_t)CUSTOMERS, sizeof *people);

    make_people(people, s->customers);
    TSR_AGREE(comm, comm->rank == 0 ? tsr_folder_make(folder) : TSR_OK);
    TSR_AGREE(comm, write_mine(comm, folder, s, &info, people, &sum));
    TSR_TRY(tsr_dataset_commit(comm, folder, &info, &sum));
done:
    free(people);
    tsr_dataset_info_clear(&info);
    return st;
}

/* Files of the folder; removes them and the folder too where asked. */
static inline int files_of(const char *folder, bool away)
{
    int n = 0;
    DIR *files = opendir(folder);

    for (struct dirent *e; files && (e = readdir(files)) != NULL;) {
        if (e->d_name[0] == '.') continue;
        n++;
        if (away) unlinkat(dirfd(files), e->d_name, 0);
    }
    if (files) closedir(files);
    if (away) rmdir(folder);
    return n;
}

static inline const char *folder_of(const tsr_comm *comm, const char *name)
{
    static char folder[256];

    snprintf(folder, sizeof folder, "dataset_np%d_%s", comm->size, name);
    if (comm->rank == 0) files_of(folder, true);
    MPI_Barrier(comm->mpi);
    return folder;
}

static inline void remove_folder(const tsr_comm *comm, const char *folder)
{
    MPI_Barrier(comm->mpi);
    if (comm->rank == 0) files_of(folder, true);
}

#endif
