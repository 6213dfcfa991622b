#include "tessera/plan.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pipeline/network.h"
#include "tessera/file.h"
#include "tessera/memory.h"
#include "tessera/tiles.h"

#define MIB (1024.0 * 1024)

/* A process that has done nothing yet: program, MPI, HDF5. */
#define PROCESS_BYTES (48 * MIB)
/* Message buffers that MPI keeps for each other rank of the host. */
#define PEER_BYTES (0.25 * MIB)
/* Counts and collected keys of exact quantiles: the same for any number of rows, from about a million values on. */
#define QUANTILE_BYTES (64 * MIB)
/* HDF5 keeps the last chunks of each open column. */
#define CACHE_BYTES (1 * MIB)
/* Columns open at one time beside the features. */
#define CACHED_COLUMNS 12
/* Columns of features.h5 beside the features, in bytes of a row: row, revenue, orders, recency, purchases. */
#define HISTORY_BYTES 72
/* Columns of customers.h5 beside key, id and pca: segment, distance, RFM, value. */
#define RESULT_BYTES 32
/* Distinct histories and sums of spend, sorted and exchanged: measured per customer where nearly half buy again. */
#define HISTORIES_BYTES 44
/* Of a customer while the tree of the rules grows, beside one byte for each feature. */
#define RULES_BYTES 16
/* Bytes of a transaction in memory: time, amount, and order or item where they are there. */
#define TRANSACTION_BYTES 24
/* Of purchases per customer where nothing is known. */
#define TRANSACTIONS_PER_CUSTOMER 5.0

/* One core of 2023; tessera's own bench folder says how they were measured. All per second. */
#define TRANSACTIONS_RATE 8e6  /* records into features */
#define VALUES_RATE       15e6 /* values of features read, scaled or written */
#define PRODUCTS_RATE     2e9  /* multiply-adds of covariance, scores and K-means */
#define SCORES_RATE       1e6  /* customers through the value model and into customers.h5 */
#define ITERATIONS        50   /* of K-means on all customers */

typedef struct forecast {
    int64_t customers, rows, id_bytes;
    double transactions;
    int32_t features, components, k;
    int ranks, node_cores;
    bool money;
    double fixed, keys, tiles, scores, labels, places, weights, histories, rules, sample, blocks, dataset, quantiles,
        caches; /* bytes of one rank */
    double features_file, customers_file;
    double seconds, node_bytes;
    tsr_network network;
} forecast;

/* ---- what is known of the job ---- */

static int32_t count_features(const tsr_settings *settings, int32_t attributes, uint32_t has)
{
    int32_t n = 0, count = 0;
    const tsr_feature_about *table = tsr_features_table(&n);

    for (int32_t i = 0; i < settings->features.set.n; i++) {
        if (strcmp(settings->features.set.text[i], "default") != 0) {
            bool embedding =
                strncmp(settings->features.set.text[i], TSR_EMBEDDING_PREFIX, sizeof TSR_EMBEDDING_PREFIX - 1) == 0;
            count += embedding ? (int32_t)settings->features.embedding_components : 1;
            continue;
        }
        for (int32_t f = 0; f < n; f++) count += table[f].in_default && (table[f].needs & ~has) == 0;
        count += attributes;
    }
    return count;
}

static void know_dataset(const tsr_settings *settings, const tsr_dataset_info *info, forecast *f)
{
    int32_t numbers = 0;

    for (int32_t a = 0; a < info->attributes_n; a++)
        numbers += !info->attributes[a].categorical && !tsr_in_embedding(info->attributes[a].name);
    f->customers = info->customers;
    f->transactions = (double)info->transactions;
    f->id_bytes = info->id_width;
    f->features = count_features(settings, numbers, info->has);
}

/* Collective. With a number of customers given the input need not be there yet. */
static tsr_status look_at_input(const tsr_comm *comm, const tsr_settings *settings, int64_t customers, forecast *f)
{
    tsr_dataset *dataset = NULL;
    tsr_matrix *matrix = NULL;
    const tsr_run_params *run = &settings->run;
    const char *path = run->dataset != NULL ? run->dataset : run->matrix_file;
    int there = comm->rank == 0 && tsr_file_exists(path);
    tsr_status st = TSR_OK;

    tsr_bcast(comm, &there, sizeof there, 0);
    *f = (forecast){.customers = customers, .id_bytes = 16, .money = run->dataset != NULL};
    f->features = count_features(settings, 0, 0);
    f->transactions = f->money ? TRANSACTIONS_PER_CUSTOMER * (double)customers : 0;
    if (!there && customers > 0) return TSR_OK;
    if (run->dataset != NULL) {
        TSR_TRY(tsr_dataset_open(comm, run->dataset, &dataset));
        know_dataset(settings, tsr_dataset_about(dataset), f);
    } else {
        TSR_TRY(tsr_matrix_open(comm, run->matrix_file, run->matrix_path, run->matrix_id, &matrix));
        f->customers = matrix->rows;
        f->features = matrix->cols;
        f->id_bytes = matrix->id_width;
    }
    if (customers > 0 && f->customers > 0) {
        f->transactions *= (double)customers / (double)f->customers;
        f->customers = customers;
    }
done:
    tsr_matrix_close(&matrix);
    tsr_dataset_close(&dataset);
    return st;
}

/* All ranks see the same node, or their texts would differ. */
static void look_at_node(const tsr_comm *comm, forecast *f)
{
    double node[2] = {(double)sysconf(_SC_NPROCESSORS_ONLN),
                      (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGE_SIZE)};

    tsr_bcast(comm, node, sizeof node, 0);
    f->node_cores = (int)node[0];
    f->node_bytes = node[1];
}

/* ---- first principles ---- */

static void forecast_memory(const tsr_settings *settings, forecast *f)
{
    double rows = (double)f->rows, all = (double)f->customers;
    double block = rows < TSR_BLOCK_ROWS ? rows : TSR_BLOCK_ROWS;
    double sample = all < (double)settings->cluster.sample ? all : (double)settings->cluster.sample;

    f->components = settings->reduce.components > 0 ? (int32_t)settings->reduce.components : f->features;
    if (f->components > f->features) f->components = f->features;
    f->k = settings->cluster.start_file != NULL ? 8 : (int32_t)settings->cluster.k.high;
    f->fixed = PROCESS_BYTES + PEER_BYTES * f->ranks;
    f->keys = 8 * rows;
    f->tiles = 2 * rows * f->features;
    f->scores = 2 * rows * f->components;
    f->labels = 2 * rows;
    f->places = 4 * rows;
    f->weights = settings->cluster.weights != NULL ? 4 * rows : 0;
    f->histories = f->money ? HISTORIES_BYTES * rows : 0;
    f->rules = settings->explain.depth > 0 ? rows * (f->features + RULES_BYTES) : 0;
    f->sample = sample * (2.0 * f->components + 12);
    f->blocks = block * (8.0 * f->features + HISTORY_BYTES + (double)f->id_bytes);
    f->quantiles = fmin(QUANTILE_BYTES, 64 * rows * f->features);
    f->caches = fmin(CACHE_BYTES, 8 * rows) * (f->features + CACHED_COLUMNS);
    f->dataset = f->customers > 0 ? block * (16 + (double)f->id_bytes + TRANSACTION_BYTES * f->transactions / all) : 0;
}

static void forecast_files(const tsr_settings *settings, forecast *f)
{
    double key = settings->run.keep_ids ? 8 + (double)f->id_bytes : 0, all = (double)f->customers;

    f->features_file = all * (key + 8.0 * f->features + (f->money ? HISTORY_BYTES : 8));
    f->customers_file = all * (key + 4.0 * f->components + (f->money ? RESULT_BYTES : 8));
}

typedef struct iteration {
    double work, allreduce, waiting; /* seconds */
} iteration;

/* Of K-means on all customers, on as many ranks. */
static iteration one_iteration(const forecast *f, int ranks)
{
    double bytes = 8.0 * (f->k * (f->components + 1) + 4);
    iteration i = {.work = (double)f->customers / ranks * f->components * f->k / PRODUCTS_RATE};

    i.allreduce = tsr_network_allreduce(&f->network, bytes, ranks);
    i.waiting = tsr_network_straggle(&f->network, i.work, ranks);
    return i;
}

static void forecast_time(const tsr_run_params *run, forecast *f)
{
    double rows = (double)f->rows, share = f->customers > 0 ? rows / (double)f->customers : 1;
    double values = rows * f->features;

    f->seconds = share * f->transactions / TRANSACTIONS_RATE; /* features */
    f->seconds += 12 * values / VALUES_RATE;                  /* written once, read for scale, tiles, profile */
    f->seconds += 2 * values * f->features / PRODUCTS_RATE;   /* covariance and scores */
    f->network = (tsr_network){.latency = run->latency_us * 1e-6,
                               .seconds_per_byte = 1e-9 / run->gigabytes,
                               .seconds_per_sum = 1e-9 / run->sum_gigabytes,
                               .jitter = run->jitter};
    iteration each = one_iteration(f, f->ranks);
    f->seconds += ITERATIONS * (each.work + each.allreduce + each.waiting);
    f->seconds += rows / SCORES_RATE;
    f->seconds += f->sample / 20 * f->components * f->k * 40 / PRODUCTS_RATE; /* the choice of k on the sample */
    f->seconds += 1;
}

/* ---- in words ---- */

typedef struct text {
    char *bytes;
    size_t n, room;
} text;

static void say(text *out, const char *format, ...) TSR_PRINTF(2, 3);

static void say(text *out, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int n = vsnprintf(out->bytes + out->n, out->room - out->n, format, arguments);
    va_end(arguments);
    if (n > 0) out->n += (size_t)n < out->room - out->n ? (size_t)n : out->room - out->n - 1;
}

static double peak_bytes(const forecast *f)
{
    double reading = f->blocks + f->dataset, reducing = f->tiles + f->scores + f->keys + f->blocks;
    double clustering =
        f->scores + f->keys + 3 * f->labels + f->places + f->sample + 3 * f->weights; /* doubles, first */
    double explaining = fmax(f->keys + f->blocks / 8, f->rules) + f->quantiles;

    return f->fixed + f->caches + fmax(fmax(reading, f->histories), fmax(reducing, fmax(clustering, explaining)));
}

static void say_bytes(text *out, double bytes, const char *format, ...) TSR_PRINTF(3, 4);

static void say_bytes(text *out, double bytes, const char *format, ...)
{
    char what[64];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    say(out, "  %-44s %12.1f\n", what, bytes / MIB);
}

static void say_memory(text *out, const forecast *f)
{
    say(out, "memory of one rank, MiB\n");
    say_bytes(out, f->fixed, "program, MPI and HDF5");
    say_bytes(out, f->keys, "keys (8 bytes a customer)");
    say_bytes(out, f->tiles, "tiles (2 bytes x %d features)", f->features);
    say_bytes(out, f->scores, "scores (2 bytes x up to %d components)", f->components);
    say_bytes(out, f->labels, "labels (2 bytes)");
    say_bytes(out, f->places, "places of rows while K-means moves them (4 bytes)");
    if (f->weights > 0) say_bytes(out, f->weights, "weights (4 bytes)");
    if (f->histories > 0) say_bytes(out, f->histories, "histories for the value model (%d bytes)", HISTORIES_BYTES);
    if (f->rules > 0) say_bytes(out, f->rules, "bins for the rules (%d bytes)", f->features + RULES_BYTES);
    say_bytes(out, f->sample, "sample for k and starting centroids");
    say_bytes(out, f->blocks, "a block of features");
    say_bytes(out, f->dataset, "a block of the dataset");
    say_bytes(out, f->quantiles, "counts of exact quantiles");
    say_bytes(out, f->caches, "chunks of open files");
    say_bytes(out, peak_bytes(f), "at most at one time");
    say(out, "\n");
}

/* As many ranks on a node as its cores and nine tenths of its memory allow; 0: one rank does not fit. */
static int ranks_per_node(const forecast *f, double bytes_per_rank)
{
    double fit = floor(0.9 * f->node_bytes / bytes_per_rank);

    return fit < f->node_cores ? (int)fit : f->node_cores;
}

static void say_batch(text *out, const forecast *f, const char *indent)
{
    /*
     * A quarter more memory, three times the time: a forecast is no measurement. 128 MiB more, for page cache and MPI's
     * shared memory that a limit may count; ten minutes more: the batch scripts ask for a warning two minutes before
     * the limit, Slurm gives it up to one minute early, and hosts may start slowly.
     */
    double bytes = peak_bytes(f) * 1.25 + 128 * MIB;
    int64_t minutes = (int64_t)ceil(f->seconds * 3 / 60) + 10;
    int each = ranks_per_node(f, bytes);

    if (each < 1) {
        say(out, "%s# one rank needs %.0f MiB, more than a node like this one has: plan more ranks (--ranks)\n", indent,
            bytes / MIB);
        each = 1;
    }
    if (each > f->ranks) each = f->ranks;
    say(out, "%s#SBATCH --nodes=%d\n%s#SBATCH --ntasks=%d\n", indent, (f->ranks + each - 1) / each, indent, f->ranks);
    say(out, "%s#SBATCH --ntasks-per-node=%d\n%s#SBATCH --cpus-per-task=1\n", indent, each, indent);
    say(out, "%s#SBATCH --mem-per-cpu=%.0fM\n", indent, ceil(bytes / MIB));
    say(out, "%s#SBATCH --time=%02lld:%02lld:00\n", indent, (long long)(minutes / 60), (long long)(minutes % 60));
}

static void say_scaling(text *out, const forecast *f)
{
    const int far[] = {f->ranks, 64, 256, 1024, 4096, 10240};
    const tsr_network *n = &f->network;

    say(out,
        "one iteration of K-means on more ranks: a projection for a network of %.3g us a hop, %.3g GB/s and sums of\n",
        n->latency * 1e6, 1e-9 / n->seconds_per_byte);
    say(out,
        "  %.3g GB/s, where ranks' times for equal work differ by %.3g %% (keys plan.*; bench/scaling measures them)\n",
        1e-9 / n->seconds_per_sum, 100 * n->jitter);
    say(out, "  %8s %12s %14s %12s %12s\n", "ranks", "work, us", "allreduce, us", "waiting, us", "efficiency");
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        iteration each = one_iteration(f, far[i]);
        double all = each.work + each.allreduce + each.waiting;
        if (i > 0 && far[i] <= f->ranks) continue;
        say(out, "  %8d %12.1f %14.1f %12.1f %10.1f %%\n", far[i], each.work * 1e6, each.allreduce * 1e6,
            each.waiting * 1e6, all > 0 ? 100 * each.work / all : 100);
    }
    say(out, "\n");
}

static void say_all(text *out, const forecast *f)
{
    say(out, "customers %lld, transactions %.0f, features %d, segments up to %d, ranks %d\n", (long long)f->customers,
        f->transactions, f->features, f->k, f->ranks);
    say(out, "rows of one rank: %lld\n\n", (long long)f->rows);
    say_memory(out, f);
    say(out, "files, MiB\n");
    say_bytes(out, f->features_file, "features.h5");
    say_bytes(out, f->customers_file, "customers.h5");
    say(out, "\ntime, a first estimate: %.0f s\n", f->seconds);
    say(out,
        "  one core per rank, %d iterations of K-means, files in reach at %.0f MB/s per rank; per core and second\n",
        ITERATIONS, 8 * VALUES_RATE / 1e6);
    say(out, "  %.0e transactions, %.1e values, %.0e multiply-adds, %.0e customers valued and written\n\n",
        TRANSACTIONS_RATE, VALUES_RATE, PRODUCTS_RATE, SCORES_RATE);
    say_scaling(out, f);
    say(out, "for a Slurm batch script, on nodes of %d cores and %.0f GiB like this one\n", f->node_cores,
        f->node_bytes / (1024 * MIB));
    say_batch(out, f, "  ");
}

tsr_status tsr_plan(const tsr_comm *comm, const tsr_settings *settings, int64_t customers, int ranks,
                    tsr_plan_form form, char **out)
{
    text words = {.room = 8192};
    forecast f;
    tsr_status st;

    *out = NULL;
    TSR_TRY(look_at_input(comm, settings, customers, &f));
    f.ranks = ranks > 0 ? ranks : comm->size;
    f.rows = tsr_span_even(f.customers, TSR_TILE_ROWS, 0, f.ranks).rows;
    forecast_memory(settings, &f);
    forecast_files(settings, &f);
    forecast_time(&settings->run, &f);
    look_at_node(comm, &f);
    TSR_AGREE(comm, tsr_alloc(&words.bytes, (int64_t)words.room, 1));
    if (form == TSR_PLAN_SLURM)
        say_batch(&words, &f, "");
    else
        say_all(&words, &f);
    *out = words.bytes;
done:
    return st;
}
