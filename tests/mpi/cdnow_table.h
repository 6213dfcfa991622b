/**
 * @file cdnow_table.h
 * The CDNOW sample as a features.h5, calibration and holdout.
 */
#ifndef TSR_TEST_CDNOW_TABLE_H
#define TSR_TEST_CDNOW_TABLE_H

#include "cdnow.h"
#include "mpi/value_table.h"
#include "mpi_test.h"

static cdnow cdnow_data;

#define HISTORY(prefix, array)                                                                                         \
    {prefix "_x", TSR_I32, &cdnow_data.array[0].x, sizeof cdnow_data.array[0]},                                        \
        {prefix "_tx_days", TSR_I32, &cdnow_data.array[0].tx_days, sizeof cdnow_data.array[0]},                        \
        {prefix "_t_days", TSR_I32, &cdnow_data.array[0].t_days, sizeof cdnow_data.array[0]},                          \
    {                                                                                                                  \
        prefix "_spend", TSR_I64, &cdnow_data.array[0].spend, sizeof cdnow_data.array[0]                               \
    }

static const value_column cdnow_columns[] = {HISTORY("cal", calibration),
                                             HISTORY("buy", all),
                                             {"hold_x", TSR_I32, cdnow_data.hold_x, sizeof cdnow_data.hold_x[0]},
                                             {"hold_spend", TSR_I64, cdnow_data.hold_spend,
                                              sizeof cdnow_data.hold_spend[0]}};

/* Collective. Ends the test where there is no cdnow_data. */
static inline void cdnow_write(const tsr_comm *comm, const char *file)
{
    bool there = cdnow_read(&cdnow_data);

    if (!there && !data_required()) {
        print_message("the data is not at %s: skipped\n", data_path("cdnow"));
        skip();
    }
    CHECK_ALL(comm, there);
    CHECK_ALL(comm, write_features(comm, file, cdnow_columns, 10, CDNOW_CUSTOMERS) == TSR_OK);
}

#endif
