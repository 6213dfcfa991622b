/**
 * @file features_test.h
 * What the tests of features.h5 share: settings, paths, and a look into the table.
 */
#ifndef TSR_FEATURES_TEST_H
#define TSR_FEATURES_TEST_H

#include <string.h>

#include "tessera/features.h"

#define DAY   86400u
#define AS_OF (400 * DAY)
#ifndef TEST_PATHS /* programs that include this may run beside each other */
#define TEST_PATHS "features"
#endif

static char set_name[] = "default", gap_name[] = "gap_sd", *set_text[] = {set_name, gap_name};
static const tsr_features_params params = {.set = {2, set_text}, .transform = 3, .scale = 1, .clip = 8, .missing = 1};

static const tsr_observation observation = {.as_of = {true, AS_OF},
                                            .calibration_end = {true, 250 * DAY},
                                            .keep_ids = true};

static inline const char *path_of(const tsr_comm *comm, const char *name)
{
    static char path[2][64];
    static int turn;

    turn = !turn;
    snprintf(path[turn], sizeof path[turn], TEST_PATHS "_%s_np%d", name, comm->size);
    return path[turn];
}

static inline bool says(tsr_status st, tsr_status expected, const char *text)
{
    return st == expected && strstr(tsr_error_last()->text, text) != NULL;
}

static inline int64_t value_of(const tsr_table *table, const char *column, int64_t row)
{
    int64_t value = INT64_MIN;

    return tsr_table_read(table, column, row, 1, TSR_I64, &value) == TSR_OK ? value : INT64_MIN;
}

#endif
