/**
 * @file plan.h
 * Forecast of a job from first principles: memory, rows, files and time per rank.
 */
#ifndef TSR_PLAN_H
#define TSR_PLAN_H

#include "tessera/settings.h"

/** Collective. Text for people; @p customers 0: those of the dataset or matrix; @p ranks 0: the ranks of @p comm.
 *  @param[out] text  new on every rank; tsr_free() */
tsr_status tsr_plan(const tsr_comm *comm, const tsr_settings *settings, int64_t customers, int ranks,
                    char **text) TSR_NODISCARD;

#endif
