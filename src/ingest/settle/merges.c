#include "ingest/settle/merges.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tessera/dataset.h"
#include "tessera/exchange.h"
#include "tessera/file.h"
#include "tessera/memory.h"

#define SAMPLES 64        /* ids of a rank, from which the ranges are cut */
#define PIECE   (1 << 20) /* bytes on their way to the root */

int tsr_slice_compare(const tsr_slice *a, const tsr_slice *b)
{
    int order = memcmp(a->at, b->at, (size_t)(a->n < b->n ? a->n : b->n));

    return order != 0 ? order : (a->n > b->n) - (a->n < b->n);
}

static int by_merged(const void *left, const void *right)
{
    return tsr_slice_compare(&((const tsr_merge *)left)->merged, &((const tsr_merge *)right)->merged);
}

static int by_bytes(const void *left, const void *right)
{
    return tsr_slice_compare(left, right);
}

/* ---- on the way ---- */

typedef struct merge_head {
    int32_t source, merged, kept; /* bytes of both ids follow */
} merge_head;

tsr_status tsr_merge_pack(const tsr_merge *merge, tsr_blob *to)
{
    merge_head head = {merge->source, merge->merged.n, merge->kept.n};
    tsr_status st;

    TSR_TRY(tsr_blob_add(to, &head, sizeof head));
    TSR_TRY(tsr_blob_add(to, merge->merged.at, merge->merged.n));
    TSR_TRY(tsr_blob_add(to, merge->kept.at, merge->kept.n));
done:
    return st;
}

static const char *next_merge(const char *at, tsr_merge *merge)
{
    merge_head head;

    memcpy(&head, at, sizeof head);
    merge->source = head.source;
    merge->merged = (tsr_slice){at + sizeof head, head.merged};
    merge->kept = (tsr_slice){merge->merged.at + head.merged, head.kept};
    return merge->kept.at + head.kept;
}

tsr_status tsr_merges_unpack(const tsr_blob *packed, tsr_merge **merge, int64_t *merges)
{
    const char *end = packed->bytes + packed->n;
    tsr_merge one;

    *merges = 0;
    for (const char *at = packed->bytes; at < end; ++*merges) at = next_merge(at, &one);
    tsr_status st = tsr_alloc(merge, *merges, sizeof **merge);
    if (st != TSR_OK) return st;
    *merges = 0;
    for (const char *at = packed->bytes; at < end; ++*merges) at = next_merge(at, &(*merge)[*merges]);
    return TSR_OK;
}

/* ---- ranges of ids ---- */

static tsr_status take_samples(const tsr_merge *merge, int64_t n, tsr_blob *to)
{
    tsr_status st = TSR_OK;

    for (int64_t i = 0; i < SAMPLES && i < n && st == TSR_OK; i++) {
        tsr_merge sample = {.merged = merge[n <= SAMPLES ? i : n * i / SAMPLES].merged, .kept = {"", 0}};
        st = tsr_merge_pack(&sample, to);
    }
    return st;
}

/* Where the range of each rank but the first begins, in the samples of all. */
static tsr_status cut_ranges(const tsr_merge *sample, int64_t samples, int size, tsr_slice **start)
{
    tsr_slice *sorted = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(start, size, sizeof **start));
    TSR_TRY(tsr_alloc(&sorted, samples, sizeof *sorted));
    for (int64_t i = 0; i < samples; i++) sorted[i] = sample[i].merged;
    qsort(sorted, (size_t)samples, sizeof *sorted, by_bytes);
    for (int r = 1; r < size && samples > 0; r++) (*start)[r] = sorted[samples * r / size];
done:
    tsr_free(&sorted);
    return st;
}

/* To the rank of their range; @p merge is sorted. */
static tsr_status deal(const tsr_merge *merge, int64_t n, const tsr_slice *start, int size, tsr_blob *to)
{
    tsr_status st = TSR_OK;

    for (int64_t i = 0, r = 0; i < n && st == TSR_OK; i++) {
        while (r + 1 < size && tsr_slice_compare(&start[r + 1], &merge[i].merged) <= 0) r++;
        st = tsr_merge_pack(&merge[i], &to[r]);
    }
    return st;
}

/* ---- text ---- */

static tsr_status add_field(tsr_slice text, tsr_blob *to)
{
    tsr_status st;

    TSR_TRY(tsr_blob_add(to, "\"", 1));
    for (int32_t i = 0; i < text.n; i++) {
        TSR_TRY(tsr_blob_add(to, text.at + i, 1));
        if (text.at[i] == '"') TSR_TRY(tsr_blob_add(to, "\"", 1));
    }
    TSR_TRY(tsr_blob_add(to, "\"", 1));
done:
    return st;
}

static tsr_status add_line(const tsr_ingest_params *params, const tsr_merge *merge, tsr_blob *to)
{
    static const char *const rules[] = {"pair of ids", "exact", "case", "email", "phone"};
    const tsr_source *all = params->sources.item;
    char rule[96];
    int n;
    tsr_status st;

    TSR_TRY(add_field(merge->kept, to));
    TSR_TRY(tsr_blob_add(to, ",", 1));
    TSR_TRY(add_field(merge->merged, to));
    if (merge->source < 0)
        n = snprintf(rule, sizeof rule, ",refused: %d ids of one person (ingest.identity_limit)\n", -merge->source);
    else
        n = snprintf(rule, sizeof rule, ",ingest.sources[%d]: %s\n", merge->source, rules[all[merge->source].match]);
    TSR_TRY(tsr_blob_add(to, rule, n));
done:
    return st;
}

static tsr_status make_text(const tsr_ingest_params *params, tsr_merge *merge, int64_t n, bool header, tsr_blob *text)
{
    static const char names[] = "kept,merged,rule\n";
    tsr_status st = header ? tsr_blob_add(text, names, sizeof names - 1) : TSR_OK;

    qsort(merge, (size_t)n, sizeof *merge, by_merged);
    for (int64_t i = 0; i < n && st == TSR_OK; i++) st = add_line(params, &merge[i], text);
    return st;
}

/* ---- the file ---- */

static tsr_status put(FILE *file, const char *path, const char *bytes, int64_t n)
{
    if (fwrite(bytes, 1, (size_t)n, file) == (size_t)n) return TSR_OK;
    return TSR_FAIL(TSR_EIO, "%s: the list of merged ids cannot be written", path);
}

/* The root takes what all ranks have, even when it cannot write it. */
static tsr_status receive(const tsr_comm *comm, FILE *file, const char *path, char *piece)
{
    tsr_status st = TSR_OK;

    for (int r = 1; r < comm->size; r++) {
        int64_t left;
        MPI_Recv(&left, 1, MPI_INT64_T, r, 0, comm->mpi, MPI_STATUS_IGNORE);
        for (int64_t n; left > 0; left -= n) {
            n = left < PIECE ? left : PIECE;
            MPI_Recv(piece, (int)n, MPI_BYTE, r, 0, comm->mpi, MPI_STATUS_IGNORE);
            if (st == TSR_OK) st = put(file, path, piece, n);
        }
    }
    return st;
}

static void send(const tsr_comm *comm, const tsr_blob *text)
{
    MPI_Send(&text->n, 1, MPI_INT64_T, 0, 0, comm->mpi);
    for (int64_t at = 0; at < text->n; at += PIECE)
        MPI_Send(text->bytes + at, (int)(text->n - at < PIECE ? text->n - at : PIECE), MPI_BYTE, 0, 0, comm->mpi);
}

static tsr_status open_list(const char *path, FILE **file)
{
    tsr_status st = tsr_file_remove(path); /* a process that is being killed may still write to it */
    mode_t before = umask(S_IRWXG | S_IRWXO);

    if (st == TSR_OK) *file = fopen(path, "wb");
    umask(before);
    if (st != TSR_OK) return st;
    return *file != NULL ? TSR_OK : TSR_FAIL(TSR_EIO, "%s: the list of merged ids cannot be made", path);
}

static tsr_status close_list(FILE **file, const char *temporary, const char *path)
{
    int failed = fclose(*file);

    *file = NULL;
    if (failed != 0) return TSR_FAIL(TSR_EIO, "%s: the list of merged ids cannot be written", temporary);
    return tsr_file_commit(temporary, path);
}

/* The texts of all ranks, one behind the other. */
static tsr_status write_list(const tsr_comm *comm, const tsr_blob *text, const char *folder, int32_t generation)
{
    char *path = NULL, *temporary = NULL, *piece = NULL, name[64];
    FILE *file = NULL;
    bool root = comm->rank == 0;
    tsr_status st;

    tsr_list_name(TSR_MERGES, generation, name);
    TSR_AGREE(comm, tsr_path(&path, folder, "%s", name));
    TSR_AGREE(comm, tsr_path(&temporary, folder, "%s" TSR_PART, name));
    TSR_AGREE(comm, tsr_alloc(&piece, root ? PIECE : 0, 1));
    TSR_AGREE(comm, root ? open_list(temporary, &file) : TSR_OK);
    st = root ? put(file, temporary, text->bytes, text->n) : TSR_OK;
    if (!root) send(comm, text);
    tsr_status others = root ? receive(comm, file, temporary, piece) : TSR_OK;
    TSR_AGREE(comm, st != TSR_OK ? st : others);
    TSR_AGREE(comm, root ? close_list(&file, temporary, path) : TSR_OK);
done:
    if (file != NULL) fclose(file);
    if (st != TSR_OK && root && temporary != NULL) unlink(temporary);
    tsr_free(&piece);
    tsr_free(&temporary);
    tsr_free(&path);
    return st;
}

tsr_status tsr_merges_write(const tsr_comm *comm, const tsr_ingest_params *params, tsr_merge *merge, int64_t n,
                            const char *folder, int32_t generation)
{
    tsr_blob own = {0}, text = {0}, samples = {0}, received = {0}, *to = NULL;
    tsr_merge *sample = NULL, *mine = NULL;
    tsr_slice *start = NULL;
    int64_t sampled, mine_n;
    tsr_status st;

    qsort(merge, (size_t)n, sizeof *merge, by_merged);
    TSR_AGREE(comm, take_samples(merge, n, &own));
    TSR_TRY(tsr_gather_all(comm, own.bytes, own.n, 1, (void **)&samples.bytes, &samples.n));
    TSR_AGREE(comm, tsr_merges_unpack(&samples, &sample, &sampled));
    TSR_AGREE(comm, cut_ranges(sample, sampled, comm->size, &start));
    TSR_AGREE(comm, tsr_alloc(&to, comm->size, sizeof *to));
    TSR_AGREE(comm, deal(merge, n, start, comm->size, to));
    TSR_TRY(tsr_blobs_exchange(comm, to, &received, NULL));
    TSR_AGREE(comm, tsr_merges_unpack(&received, &mine, &mine_n));
    TSR_AGREE(comm, make_text(params, mine, mine_n, comm->rank == 0, &text));
    TSR_TRY(write_list(comm, &text, folder, generation));
done:
    tsr_free(&start);
    tsr_free(&mine);
    tsr_free(&sample);
    tsr_free(&received.bytes);
    tsr_free(&samples.bytes);
    tsr_blobs_destroy(&to, comm->size);
    tsr_free(&text.bytes);
    tsr_free(&own.bytes);
    return st;
}
