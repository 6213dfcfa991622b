/**
 * @file value_mpi.h
 * What tests of value fits over ranks share: usual settings, nearness, and a file of their own.
 */
#ifndef TSR_TEST_VALUE_MPI_H
#define TSR_TEST_VALUE_MPI_H

#include <math.h>

#include "mpi_test.h"
#include "tessera/value.h"

static const tsr_value_params weekly = {.model = TSR_VALUE_BG_NBD,
                                        .time_unit = TSR_UNIT_WEEK,
                                        .horizon = 52,
                                        .discount_rate = .1,
                                        .steps = 12,
                                        .margin = 1};

static inline bool near(double value, double expected, double tolerance)
{
    if (fabs(value - expected) <= tolerance) return true;
    print_error("%.17g is not %.17g\n", value, expected);
    return false;
}

static char path[64]; /* of this number of ranks: tests of several may run at once */

/* Before the tests. @param suffix  with its dot */
static inline void name_file(char name[64], const char *stem, const char *suffix)
{
    const char *ranks = getenv("OMPI_COMM_WORLD_SIZE");

    snprintf(name, 64, "%s_%s%s", stem, ranks != NULL ? ranks : "1", suffix);
}

#endif
