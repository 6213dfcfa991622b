#include "tessera/synth.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/collect/collect.h"
#include "ingest/synth/synth_contact.h"
#include "ingest/synth/synth_draw.h"
#include "tessera/file.h"
#include "tessera/interrupt.h"
#include "tessera/log.h"
#include "tessera/memory.h"
#include "tessera/meter.h"

#define DEAL_GRAIN         1024
#define CUSTOMERS_MAX      1000000000000
#define WEEKS_MIN          4
#define WEEKS_MAX          4000 /* until 2099: times are 32 bits */
#define PARTITIONS_MAX     65536
#define BYTES_PER_CUSTOMER 160 /* about */
#define MEMORY             (2LL << 30)
#define CUSTOMERS_PER_LOOK 4096

enum { AGE, CHANNEL, NEWSLETTER, ATTRIBUTES };

static const char *const attribute_name[ATTRIBUTES] = {"age", "channel", "newsletter"};
static const int32_t attribute_form[ATTRIBUTES] = {TSR_FORM_NUMBER, TSR_FORM_CATEGORY, TSR_FORM_NUMBER};

tsr_synth_params tsr_synth_params_default(void)
{
    return (tsr_synth_params){.customers = 200000,
                              .seed = 1,
                              .weeks = 78,
                              .r = 0.243,
                              .alpha = 4.414,
                              .a = 0.793,
                              .b = 2.426,
                              .p = 6.25,
                              .q = 3.74,
                              .gamma = 15.44,
                              .groups = true};
}

static tsr_status check_params(const tsr_synth_params *params)
{
    const double shape[] = {params->r, params->alpha, params->a, params->b, params->p, params->q, params->gamma};

    for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++)
        if (!(shape[i] > 0.0 && shape[i] < 1e9))
            return TSR_FAIL(TSR_ECONF, "synth: r, alpha, a, b, p, q and gamma are positive numbers");
    if (params->customers < 1 || params->customers > CUSTOMERS_MAX)
        return TSR_FAIL(TSR_ECONF, "synth: customers must be 1 to %lld", (long long)CUSTOMERS_MAX);
    if (params->weeks < WEEKS_MIN || params->weeks > WEEKS_MAX)
        return TSR_FAIL(TSR_ECONF, "synth: weeks must be %d to %d", WEEKS_MIN, WEEKS_MAX);
    if (params->partitions < 0 || params->partitions > PARTITIONS_MAX)
        return TSR_FAIL(TSR_ECONF, "synth: partitions must be 1 to %d, or 0 for auto", PARTITIONS_MAX);
    return TSR_OK;
}

/* ---- what flows ---- */

typedef struct population {
    const tsr_synth_params *params;
    const char *output;
    char *truth_path;
    tsr_span span; /* customers that this rank draws */
    int64_t drawn; /* of them */
    tsr_collect *collect;
    tsr_synth_truth *truth; /* [span.rows] */
    tsr_dataset_info info;
} population;

/* The same text for the same population: how a rerun knows it. */
static tsr_status print_receipt(const tsr_synth_params *p, char **text)
{
    json_t *list = json_pack("[{s:s, s:{s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:b}}]", "kind", "synth",
                             "settings", "customers", (json_int_t)p->customers, "partitions", (json_int_t)p->partitions,
                             "seed", (json_int_t)p->seed, "weeks", (json_int_t)p->weeks, "r", p->r, "alpha", p->alpha,
                             "a", p->a, "b", p->b, "p", p->p, "q", p->q, "gamma", p->gamma, "groups", p->groups);
    if (p->contact) json_object_set_new(json_object_get(json_array_get(list, 0), "settings"), "contact", json_true());
    if (p->separate) json_object_set_new(json_object_get(json_array_get(list, 0), "settings"), "separate", json_true());
    char *dumped = list != NULL ? json_dumps(list, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    tsr_status st = dumped != NULL ? tsr_strdup(text, dumped) : TSR_FAIL(TSR_ENOMEM, "out of memory: synth's settings");

    free(dumped);
    json_decref(list);
    return st;
}

static bool same_json(const char *a, const char *b)
{
    json_t *left = a != NULL ? json_loads(a, 0, NULL) : NULL, *right = json_loads(b, 0, NULL);
    bool same = left != NULL && right != NULL && json_equal(left, right);

    json_decref(left);
    json_decref(right);
    return same;
}

static tsr_status create_collect(const tsr_comm *comm, population *all)
{
    tsr_collect_shape shape = {.has = TSR_HAS_QUANTITY | (all->params->contact ? TSR_SYNTH_CONTACT_HAS : 0),
                               .attributes = ATTRIBUTES,
                               .attribute_name = attribute_name,
                               .attribute_form = attribute_form};
    tsr_collect_plan plan = {.partitions = all->params->partitions,
                             .expected_bytes = all->params->customers * BYTES_PER_CUSTOMER,
                             .memory = MEMORY,
                             .scratch = all->output};

    return tsr_collect_create(comm, &shape, &plan, &all->collect);
}

static tsr_status prepare(population *all)
{
    tsr_status st;

    TSR_TRY(tsr_path(&all->truth_path, all->output, "truth.h5"));
    TSR_TRY(tsr_alloc(&all->truth, all->span.rows, sizeof *all->truth));
    TSR_TRY(print_receipt(all->params, &all->info.sources));
    all->info.generation = 1;
    all->info.money_scale = 2;
    all->info.resolution = 1;
    strcpy(all->info.id_kind, "given");
    strcpy(all->info.currency, "USD");
    strcpy(all->info.time_zone, "UTC");
done:
    return st;
}

/* truth.h5 is written last, so where it is the population is complete. */
static tsr_status find_unchanged(const tsr_comm *comm, population *all, bool *unchanged)
{
    tsr_dataset *there = NULL;
    char *path = NULL;
    int exists[2] = {0, 0};
    tsr_status st;

    TSR_AGREE(comm, tsr_path(&path, all->output, "dataset.json"));
    if (comm->rank == 0) {
        exists[0] = tsr_file_exists(path);
        exists[1] = tsr_file_exists(all->truth_path);
    }
    MPI_Bcast(exists, 2, MPI_INT, 0, comm->mpi);
    if (!exists[0]) goto done;
    TSR_TRY(tsr_dataset_open(comm, all->output, &there));
    const tsr_dataset_info *info = tsr_dataset_about(there);
    all->info.generation = info->generation + 1;
    *unchanged = exists[1] && same_json(info->sources, all->info.sources);
    if (!*unchanged) TSR_AGREE(comm, comm->rank == 0 ? tsr_file_remove(all->truth_path) : TSR_OK);
done:
    tsr_dataset_close(&there);
    tsr_free(&path);
    return st;
}

/* ---- drawing ---- */

static tsr_slice text_of(const char *text)
{
    return (tsr_slice){text, (int32_t)strlen(text)};
}

static tsr_status keep_customer(const tsr_synth_params *params, tsr_collect *collect, const tsr_synth_customer *from)
{
    char age[16] = "";
    tsr_slice text[ATTRIBUTES];
    tsr_cells cells = {{0}};
    tsr_customer_ref customer;
    tsr_status st;

    TSR_TRY(tsr_collect_customer(collect, text_of(from->id), &customer));
    if (from->age >= 0) snprintf(age, sizeof age, "%d", from->age);
    text[AGE] = text_of(age);
    text[CHANNEL] = text_of(from->channel);
    text[NEWSLETTER] = text_of(from->newsletter ? "1" : "0");
    TSR_TRY(tsr_collect_attributes(collect, customer, 0, 1, 0, text, text));
    for (int64_t i = 0; i < from->records; i++) {
        cells.cell[TSR_TRANSACTION_TIME] = from->record[i].time;
        cells.cell[TSR_TRANSACTION_AMOUNT] = (uint64_t)from->record[i].cents;
        cells.cell[TSR_TRANSACTION_QUANTITY] = (uint32_t)from->record[i].quantity;
        TSR_TRY(tsr_collect_record(collect, TSR_TRANSACTIONS, customer, 0, &cells));
    }
    if (params->contact) st = tsr_synth_contact(params, from, customer, collect);
done:
    return st;
}

/* Customers from all->drawn on, until the collection is full or all are drawn. */
static tsr_status draw_some(population *all)
{
    tsr_synth_customer customer = {.records = 0};
    tsr_status st = TSR_OK;

    for (; st == TSR_OK && all->drawn < all->span.rows && !tsr_collect_full(all->collect); all->drawn++) {
        int64_t i = all->drawn;
        st = tsr_synth_draw(all->params, all->span.first + i, &customer);
        if (st == TSR_OK) st = keep_customer(all->params, all->collect, &customer);
        all->truth[i] = customer.truth;
        if (i % CUSTOMERS_PER_LOOK != 0) continue;
        tsr_progress("synth: draw", i, all->span.rows);
        if (tsr_interrupt_wanted()) break;
    }
    tsr_free(&customer.record);
    return st;
}

static tsr_status draw_all(const tsr_comm *comm, population *all)
{
    bool done = false;
    tsr_status st = TSR_OK;

    tsr_meter_begin("draw");
    while (!done) {
        TSR_AGREE(comm, draw_some(all));
        TSR_TRY(tsr_interrupt_check(comm));
        TSR_TRY(tsr_collect_round(comm, all->collect, all->drawn == all->span.rows, &done));
    }
    tsr_meter_end(comm, all->drawn, NULL);
done:
    tsr_progress_end();
    return st;
}

/* ---- the truth ---- */

enum { KEY, ID, GROUP, RATE, DROPOUT, SPEND, ALIVE, TRUTH_COLUMNS };

/* Blocks of truth.h5, in the order of customers' numbers. */
static tsr_status fill_truth(void *context, int64_t first, int64_t rows, void *const *values)
{
    const population *all = context;
    char id[TSR_SYNTH_ID_BYTES];

    for (int64_t i = 0; i < rows; i++) {
        const tsr_synth_truth *truth = &all->truth[first + i];
        memset(id, 0, sizeof id);
        tsr_synth_id(all->span.first + first + i, id);
        memcpy((char *)values[ID] + i * TSR_SYNTH_ID_BYTES, id, sizeof id);
        ((uint64_t *)values[KEY])[i] = tsr_key_of_id(id, strlen(id));
        ((int8_t *)values[GROUP])[i] = truth->group;
        ((double *)values[RATE])[i] = truth->rate;
        ((double *)values[DROPOUT])[i] = truth->dropout;
        ((double *)values[SPEND])[i] = truth->spend;
        ((int8_t *)values[ALIVE])[i] = truth->alive;
    }
    return TSR_OK;
}

static tsr_status write_truth(const tsr_comm *comm, population *all)
{
    static const char *const plain_names[] = {"all"};
    tsr_column columns[TRUTH_COLUMNS] = {
        [KEY] = {"key", TSR_U64, 1, "", "XXH3-64 of the id", NULL, 0},
        [ID] = {"id", TSR_TEXT, TSR_SYNTH_ID_BYTES, "", "id of the customer", NULL, 0},
        [GROUP] = {"group", TSR_I8, 1, "", "latent behaviour group", tsr_synth_group_names, TSR_SYNTH_GROUPS},
        [RATE] = {"rate", TSR_F64, 1, "purchases per week", "purchase rate while a customer", NULL, 0},
        [DROPOUT] = {"dropout", TSR_F64, 1, "probability", "of leaving after a repeat purchase", NULL, 0},
        [SPEND] = {"spend", TSR_F64, 1, "USD", "mean amount of a purchase", NULL, 0},
        [ALIVE] = {"alive", TSR_I8, 1, "0 or 1", "had not left by the end of the window", NULL, 0}};

    if (!all->params->groups) {
        columns[GROUP].names = plain_names;
        columns[GROUP].names_n = 1;
    }
    return tsr_table_write(comm, all->truth_path, columns, TRUTH_COLUMNS, &all->span, fill_truth, all, NULL);
}

/* ---- the interface ---- */

static tsr_status lock_output(const char *output, int *lock)
{
    tsr_status st = tsr_folder_make(output);

    return st == TSR_OK ? tsr_folder_lock(output, lock) : st;
}

tsr_status tsr_synth_run(const tsr_comm *comm, const tsr_synth_params *params, const char *output, bool *unchanged)
{
    population all = {.params = params, .output = output};
    tsr_collect_result found;
    bool there = false;
    int lock = -1;
    tsr_status st;

    TSR_AGREE(comm, check_params(params));
    all.span = tsr_span_even(params->customers, DEAL_GRAIN, comm->rank, comm->size);
    TSR_AGREE(comm, comm->rank == 0 ? lock_output(output, &lock) : TSR_OK);
    TSR_AGREE(comm, prepare(&all));
    TSR_TRY(find_unchanged(comm, &all, &there));
    if (there) goto done;
    TSR_TRY(create_collect(comm, &all));
    TSR_TRY(draw_all(comm, &all));
    TSR_TRY(tsr_collect_write(comm, all.collect, output, &all.info, &found));
    TSR_TRY(tsr_dataset_commit(comm, output, &all.info, &found.digest));
    TSR_TRY(write_truth(comm, &all));
done:
    if (unchanged != NULL) *unchanged = there;
    tsr_dataset_info_clear(&all.info);
    tsr_free(&all.truth);
    tsr_collect_destroy(&all.collect);
    tsr_free(&all.truth_path);
    tsr_folder_unlock(&lock);
    return st;
}
