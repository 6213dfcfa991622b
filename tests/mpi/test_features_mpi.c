/* Dataset in, features.h5 out: the same table on any number of ranks and partitions. */
#include "mpi_test.h"

#include <math.h>
#include <string.h>

#include "features_test.h"
#include "tessera/calendar.h"
#include "tiny_dataset.h"

#define CUSTOMERS 700

/* Of features.h5 of the population below, from any number of ranks and partitions. */
#define TABLE_DIGEST "bed584d3ff056af79d1e359c879ed4637e1196fdc37976fabc86d4669dbbe35c"

static tsr_attribute attributes[2] = {{.name = "age"}, {.name = "city", .categorical = true}};

/* ---- a population with prospects, returns, free rows, latecomers and equal orders ---- */

static int64_t populate(tiny_record *records)
{
    int64_t n = 0;

    for (uint32_t c = 0; c < CUSTOMERS; c++) {
        uint32_t rows = c % 11 == 0 ? 0 : c * c % 9 + 1;
        for (uint32_t r = 0; r < rows || r == 0; r++) {
            tiny_record *record = &records[n++];
            *record = (tiny_record){.undated = rows == 0};
            snprintf(record->id, sizeof record->id, "%u", c);
            if (rows == 0) continue;
            record->time = (c * 37 % 390 + r * (c % 17)) * DAY + c * 1000 % DAY;
            if (c % 13 == 0) record->time += AS_OF; /* nothing before as_of */
            record->amount = (int64_t)(c * 31 + r * 17) % 900 - (r % 5 == 4 ? 1200 : 0) - (c % 29 == 1 ? 2000 : 0);
            if (c % 19 == 3) record->amount = 0;
            record->order = c * 100 + r / 2;
        }
    }
    return n;
}

static tsr_dataset_info describe(int32_t partitions)
{
    return (tsr_dataset_info){.partitions = partitions,
                              .money_scale = 2,
                              .resolution = 1,
                              .has = TSR_HAS_ORDER,
                              .attributes_n = 2,
                              .attributes = attributes};
}

static bool write_population(const tsr_comm *comm, int32_t partitions)
{
    static tiny_record records[CUSTOMERS * 9];
    tsr_dataset_info info = describe(partitions);

    return tiny_write(comm, path_of(comm, "dataset"), &info, records, populate(records)) == TSR_OK;
}

/* Collective. features.h5 of the dataset on disk. */
static tsr_status run(const tsr_comm *comm, const tsr_features_params *with, const tsr_observation *seen,
                      tsr_features_info *info)
{
    tsr_dataset *dataset = NULL;
    tsr_status st = tsr_dataset_open(comm, path_of(comm, "dataset"), &dataset);

    if (st == TSR_OK) st = tsr_features_run(comm, with, seen, dataset, NULL, path_of(comm, "table.h5"), info);
    tsr_dataset_close(&dataset);
    return st;
}

static void clean(const tsr_comm *comm)
{
    tiny_remove(comm, path_of(comm, "dataset"));
    if (comm->rank == 0) remove(path_of(comm, "table.h5"));
    MPI_Barrier(comm->mpi);
}

static bool table_hex(const tsr_comm *comm, char hex[65])
{
    uint8_t digest[TSR_DIGEST_SIZE];

    if (tsr_table_digest(comm, path_of(comm, "table.h5"), digest) != TSR_OK) return false;
    tsr_digest_hex(digest, hex);
    return true;
}

/* ---- tests ---- */

static void table_is_the_same_at_every_np_and_partition_count(void **state)
{
    const tsr_comm *comm = *state;
    const int32_t partitions[] = {1, 4, 61};
    tsr_features_info info;
    char hex[65];

    for (int i = 0; i < 3; i++) {
        CHECK_ALL(comm, write_population(comm, partitions[i]));
        CHECK_ALL(comm, run(comm, &params, &observation, &info) == TSR_OK);
        CHECK_ALL(comm, table_hex(comm, hex));
        if (comm->rank == 0 && strcmp(hex, TABLE_DIGEST) != 0) print_error("digest %s\n", hex);
        CHECK_ALL(comm, strcmp(hex, TABLE_DIGEST) == 0);
        CHECK_ALL(comm, same_on_all(comm, &info, sizeof info));
        clean(comm);
    }
}

/* Counted here from the records, in the plainest way. */
static void info_counts_customers_prospects_latecomers_and_money(void **state)
{
    const tsr_comm *comm = *state;
    static tiny_record records[CUSTOMERS * 9];
    int64_t n = populate(records), money = 0, late = 0, prospects = 0;
    tsr_features_info info;

    for (int64_t i = 0; i < n;) {
        int64_t end = i, seen = 0, bought = 0;
        bool undated = records[i].undated;
        for (; end < n && strcmp(records[end].id, records[i].id) == 0; end++) {
            if (undated || records[end].time >= AS_OF) continue;
            seen++;
            money += records[end].amount;
            bought += records[end].amount >= 0; /* no day has both a return and a free row */
        }
        bool known = undated || seen > 0 || !isnan(tiny_age(records[i].id));
        late += !known;
        prospects += known && bought == 0;
        i = end;
    }
    CHECK_ALL(comm, late > 0 && prospects > 64); /* not only the undated */
    CHECK_ALL(comm, write_population(comm, 4));
    CHECK_ALL(comm, run(comm, &params, &observation, &info) == TSR_OK);
    CHECK_ALL(comm, info.customers == CUSTOMERS - late && info.after_as_of == late);
    CHECK_ALL(comm, info.prospects == prospects);
    CHECK_ALL(comm, info.revenue == money);
    CHECK_ALL(comm, info.money_scale == 2 && info.as_of == AS_OF);
    clean(comm);
}

static void columns_are_described_and_names_come_in_the_order_of_the_set(void **state)
{
    const tsr_comm *comm = *state;
    const char *const expected[] = {"recency",  "frequency",   "monetary",      "tenure", "return_share",
                                    "momentum", "night_habit", "weekend_habit", "age",    "gap_sd"};
    tsr_features_info info;
    tsr_table *table = NULL;
    char(*names)[TSR_NAME_BYTES] = NULL;
    int32_t n = 0;

    CHECK_ALL(comm, write_population(comm, 2));
    CHECK_ALL(comm, run(comm, &params, &observation, &info) == TSR_OK);
    CHECK_ALL(comm, tsr_table_open(path_of(comm, "table.h5"), &table) == TSR_OK);
    CHECK_ALL(comm, tsr_features_names(table, &names, &n) == TSR_OK);
    CHECK_ALL(comm, n == 10 && info.features == 10);
    for (int32_t i = 0; i < n; i++) CHECK_ALL(comm, strcmp(names[i], expected[i]) == 0);
    const tsr_column *columns = tsr_table_columns(table, &n);
    for (int32_t i = 0; i < n; i++) CHECK_ALL(comm, columns[i].description[0] != '\0');
    tsr_free(&names);
    tsr_table_close(&table);
    clean(comm);
}

/* One customer by hand: days 10 (two rows), 200, 300; seen from day 400, calibrated to day 250. */
static void columns_of_one_customer_are_as_documented(void **state)
{
    const tsr_comm *comm = *state;
    tiny_record records[] = {{.id = "a", .time = 10 * DAY + 5, .amount = 1000, .order = 1},
                             {.id = "a", .time = 10 * DAY + 6, .amount = 500, .order = 1},
                             {.id = "a", .time = 200 * DAY, .amount = 700, .order = 2},
                             {.id = "a", .time = 300 * DAY, .amount = 900, .order = 3},
                             {.id = "a", .time = 301 * DAY, .amount = -100, .order = 3},
                             {.id = "b", .time = 260 * DAY, .amount = -50, .order = 4}};
    tsr_dataset_info about = describe(1);
    tsr_features_info info;
    tsr_table *t = NULL;
    char id[2][TINY_ID];

    about.attributes_n = 0;
    CHECK_ALL(comm, tiny_write(comm, path_of(comm, "dataset"), &about, records, 6) == TSR_OK);
    CHECK_ALL(comm, run(comm, &params, &observation, &info) == TSR_OK);
    CHECK_ALL(comm, tsr_table_open(path_of(comm, "table.h5"), &t) == TSR_OK);
    CHECK_ALL(comm, tsr_table_rows(t) == 2 && tsr_table_read(t, "id", 0, 2, TSR_TEXT, id) == TSR_OK);
    int a = strcmp(id[0], "a") == 0 ? 0 : 1, b = 1 - a;
    CHECK_ALL(comm, value_of(t, "row", a) == a && value_of(t, "revenue", a) == 3000);
    CHECK_ALL(comm, value_of(t, "orders", a) == 3 && value_of(t, "recency_days", a) == 100);
    CHECK_ALL(comm, value_of(t, "buy_x", a) == 2 && value_of(t, "buy_tx_days", a) == 290);
    CHECK_ALL(comm, value_of(t, "buy_t_days", a) == 389 && value_of(t, "buy_spend", a) == 1600);
    CHECK_ALL(comm, value_of(t, "cal_x", a) == 1 && value_of(t, "cal_tx_days", a) == 190);
    CHECK_ALL(comm, value_of(t, "cal_t_days", a) == 240 && value_of(t, "cal_spend", a) == 700);
    CHECK_ALL(comm, value_of(t, "hold_x", a) == 1 && value_of(t, "hold_spend", a) == 900);
    CHECK_ALL(comm, value_of(t, "revenue", b) == -50 && value_of(t, "orders", b) == 0);
    CHECK_ALL(comm, value_of(t, "recency_days", b) == -1 && value_of(t, "buy_x", b) == -1);
    CHECK_ALL(comm, value_of(t, "buy_t_days", b) == 0 && value_of(t, "cal_x", b) == -1);
    CHECK_ALL(comm, value_of(t, "hold_x", b) == 0 && value_of(t, "hold_spend", b) == 0);
    tsr_table_close(&t);
    clean(comm);
}

/* The days of the columns, by date: of those born by the end of calibration. */
static void calendar_counts_the_purchase_days_of_the_columns(void **state)
{
    const tsr_comm *comm = *state;
    int64_t births = 0, before = 0, after = 0, bought = 0, x = 0, hold = 0;
    tsr_dataset *dataset = NULL;
    tsr_calendar calendar;
    tsr_features_info info;
    tsr_table *t = NULL;

    CHECK_ALL(comm, write_population(comm, 3));
    CHECK_ALL(comm, run(comm, &params, &observation, &info) == TSR_OK);
    CHECK_ALL(comm, tsr_dataset_open(comm, path_of(comm, "dataset"), &dataset) == TSR_OK);
    CHECK_ALL(comm, tsr_calendar_run(comm, &observation, dataset, &calendar) == TSR_OK);
    CHECK_ALL(comm, same_on_all(comm, calendar.repeats, (size_t)calendar.days * sizeof *calendar.repeats));
    int64_t last = observation.calibration_end.seconds / DAY - calendar.first_day;
    for (int64_t d = 0; d < calendar.days; d++) {
        births += calendar.births[d];
        CHECK_ALL(comm, d <= last || calendar.births[d] == 0);
        before += d <= last ? calendar.repeats[d] : 0;
        after += d <= last ? 0 : calendar.repeats[d];
    }
    CHECK_ALL(comm, tsr_table_open(path_of(comm, "table.h5"), &t) == TSR_OK);
    for (int64_t row = 0; row < tsr_table_rows(t); row++) {
        if (value_of(t, "cal_x", row) < 0) continue;
        bought++;
        x += value_of(t, "cal_x", row);
        hold += value_of(t, "hold_x", row);
    }
    CHECK_ALL(comm, births == bought && before == x && after == hold && hold > 0 && x > 0);
    tsr_table_close(&t);
    tsr_calendar_clear(&calendar);
    tsr_dataset_close(&dataset);
    clean(comm);
}

/* Collective. night_share of three customers who bought at midnight but for the last one's second time. */
static bool nights_are(const tsr_comm *comm, uint32_t last, const double expected[3])
{
    tiny_record records[6] = {{.id = "a"}, {.id = "a"}, {.id = "b"}, {.id = "b"}, {.id = "c"}, {.id = "c"}};
    char name[] = "night_share", *set[] = {name};
    tsr_features_params nights = params;
    tsr_dataset_info info = describe(2);
    tsr_features_info made;
    tsr_table *t = NULL;
    double share[3] = {-1, -1, -1};

    nights.set = (tsr_texts){1, set};
    for (uint32_t i = 0; i < 6; i++) {
        records[i].time = i == 5 ? last : (10 + i) * DAY;
        records[i].amount = 100;
        records[i].order = i;
    }
    if (tiny_write(comm, path_of(comm, "dataset"), &info, records, 6) != TSR_OK) return false;
    bool fine = run(comm, &nights, &observation, &made) == TSR_OK && made.customers == 3 &&
                tsr_table_open(path_of(comm, "table.h5"), &t) == TSR_OK &&
                tsr_table_read(t, "night_share", 0, 3, TSR_F64, share) == TSR_OK;
    tsr_table_close(&t);
    clean(comm);
    for (int i = 0; i < 3; i++) fine = fine && share[i] == expected[i];
    return fine;
}

static void nights_are_known_where_a_purchase_before_as_of_has_a_time_of_day(void **state)
{
    const tsr_comm *comm = *state;
    const double unknown[] = {0, 0, 0}, known[] = {1, 0.5, 1}; /* by key: b, c, a */

    CHECK_ALL(comm, nights_are(comm, 20 * DAY, unknown));
    CHECK_ALL(comm, nights_are(comm, AS_OF + DAY / 2, unknown));
    CHECK_ALL(comm, nights_are(comm, 20 * DAY + DAY / 2, known));
}

static void calibration_before_the_first_transaction_is_refused(void **state)
{
    const tsr_comm *comm = *state;
    tsr_observation early = observation;
    tsr_features_info info;

    CHECK_ALL(comm, write_population(comm, 2));
    early.calibration_end.seconds = -(int64_t)DAY;
    CHECK_ALL(comm, says(run(comm, &params, &early, &info), TSR_ECONF, "before the first transaction"));
    clean(comm);
}

static void neither_id_nor_key_is_written_without_keep_ids(void **state)
{
    const tsr_comm *comm = *state;
    tsr_observation unseen = observation;
    tsr_features_info info;
    tsr_table *t = NULL;

    unseen.keep_ids = false;
    unseen.calibration_end.set = false;
    CHECK_ALL(comm, write_population(comm, 2));
    CHECK_ALL(comm, run(comm, &params, &unseen, &info) == TSR_OK);
    CHECK_ALL(comm, tsr_table_open(path_of(comm, "table.h5"), &t) == TSR_OK);
    CHECK_ALL(comm, tsr_table_find(t, "id") == NULL && tsr_table_find(t, "key") == NULL);
    CHECK_ALL(comm, tsr_table_find(t, "row") != NULL && tsr_table_find(t, "cal_x") == NULL);
    tsr_table_close(&t);
    clean(comm);
}

static void more_ranks_than_customers_work(void **state)
{
    const tsr_comm *comm = *state;
    tiny_record record = {.id = "only", .time = 10 * DAY, .amount = 100, .order = 1};
    tsr_dataset_info about = describe(3);
    tsr_features_info info;

    CHECK_ALL(comm, tiny_write(comm, path_of(comm, "dataset"), &about, &record, 1) == TSR_OK);
    CHECK_ALL(comm, run(comm, &params, &observation, &info) == TSR_OK);
    CHECK_ALL(comm, info.customers == 1 && info.revenue == 100);
    clean(comm);
}

static void nobody_before_as_of_is_an_error(void **state)
{
    const tsr_comm *comm = *state;
    tiny_record record = {.id = "late", .time = 500 * DAY, .amount = 100, .order = 1};
    tsr_dataset_info about = describe(1), empty = describe(1);
    tsr_features_info info;

    CHECK_ALL(comm, tiny_write(comm, path_of(comm, "dataset"), &about, &record, 1) == TSR_OK);
    CHECK_ALL(comm, says(run(comm, &params, &observation, &info), TSR_EDATA, "before as_of"));
    CHECK_ALL(comm, !tsr_file_exists(path_of(comm, "table.h5")));
    CHECK_ALL(comm, tiny_write(comm, path_of(comm, "dataset"), &empty, &record, 0) == TSR_OK);
    CHECK_ALL(comm, says(run(comm, &params, &observation, &info), TSR_EDATA, "no customers"));
    clean(comm);
}

static void bad_settings_are_refused_on_all_ranks(void **state)
{
    const tsr_comm *comm = *state;
    char wrong[] = "recensy", *text[] = {wrong};
    tsr_features_params unknown = params;
    tsr_observation late = observation;
    tsr_features_info info;

    unknown.set = (tsr_texts){1, text};
    late.calibration_end.seconds = 399 * DAY;
    CHECK_ALL(comm, write_population(comm, 1));
    CHECK_ALL(comm, says(run(comm, &unknown, &observation, &info), TSR_ECONF, "`recency`"));
    CHECK_ALL(comm, says(run(comm, &params, &late, &info), TSR_ECONF, "calibration_end"));
    if (comm->size > 1) {
        late = observation;
        late.as_of.seconds += comm->rank;
        CHECK_ALL(comm, run(comm, &params, &late, &info) == TSR_ECONF);
    }
    clean(comm);
}

static void failure_of_one_rank_is_the_status_of_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_features_info info;
    int failed = 0, passed = 0;

    CHECK_ALL(comm, write_population(comm, 3));
    for (int nth = 1; nth < 400 && passed == 0; nth += 3) {
        fail_last_rank(comm, "alloc", nth);
        tsr_status st = run(comm, &params, &observation, &info);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, same_on_all(comm, &st, sizeof st));
        CHECK_ALL(comm, st == TSR_OK || st == TSR_ENOMEM);
        CHECK_ALL(comm, st == TSR_OK || !tsr_file_exists(path_of(comm, "table.h5")));
        failed += st != TSR_OK;
        passed += st == TSR_OK;
    }
    CHECK_ALL(comm, failed > 5 && passed == 1);
    clean(comm);
}

/* Several calls fail, on each rank other ones: whatever happens, all ranks come to the same end. */
static void random_failures_keep_the_ranks_together(void **state)
{
    const tsr_comm *comm = *state;
    tsr_features_info info;

    CHECK_ALL(comm, write_population(comm, 3));
    for (int seed = 1; seed <= 12; seed++) {
        char plan[32];
        snprintf(plan, sizeof plan, "%d,%d", 20 * seed, seed);
        tsr_fault_set(plan);
        tsr_status st = run(comm, &params, &observation, &info);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, same_on_all(comm, &st, sizeof st));
    }
    clean(comm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_the_same_at_every_np_and_partition_count),
        cmocka_unit_test(info_counts_customers_prospects_latecomers_and_money),
        cmocka_unit_test(columns_are_described_and_names_come_in_the_order_of_the_set),
        cmocka_unit_test(columns_of_one_customer_are_as_documented),
        cmocka_unit_test(calendar_counts_the_purchase_days_of_the_columns),
        cmocka_unit_test(nights_are_known_where_a_purchase_before_as_of_has_a_time_of_day),
        cmocka_unit_test(calibration_before_the_first_transaction_is_refused),
        cmocka_unit_test(neither_id_nor_key_is_written_without_keep_ids),
        cmocka_unit_test(more_ranks_than_customers_work),
        cmocka_unit_test(nobody_before_as_of_is_an_error),
        cmocka_unit_test(bad_settings_are_refused_on_all_ranks),
        cmocka_unit_test(failure_of_one_rank_is_the_status_of_all),
        cmocka_unit_test(random_failures_keep_the_ranks_together),
    };
    return RUN_MPI_TESTS(tests);
}
