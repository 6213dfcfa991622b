/**
 * @file plan.h
 * Forecast of a job from first principles: memory, rows, files and time per rank.
 */
#ifndef TSR_PLAN_H
#define TSR_PLAN_H

#include "tessera/settings.h"

typedef enum tsr_plan_form {
    TSR_PLAN_TEXT, /* all of it, for people */
    TSR_PLAN_SLURM /* the #SBATCH lines alone, for nodes like rank 0's: cores and memory of that machine */
} tsr_plan_form;

/** Collective. @p customers 0: those of the dataset or matrix; @p ranks 0: the ranks of @p comm.
 *  @param[out] text  new on every rank; tsr_free() */
tsr_status tsr_plan(const tsr_comm *comm, const tsr_settings *settings, int64_t customers, int ranks,
                    tsr_plan_form form, char **text) TSR_NODISCARD;

#endif
