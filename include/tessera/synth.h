/**
 * @file synth.h
 * A population with known truth: BG/NBD purchases, Gamma-Gamma spend, latent behaviour groups.
 *
 * Times are drawn to the second; value models count whole days and purchases of one day as one. At CDNOW's parameters
 * that joins one repeat purchase in seventy, and a fit to 100,000 customers without groups finds r .244, alpha 4.61,
 * a .81, b 2.55 for .243, 4.414, .793, 2.426, and p 6.27, q 3.76, gamma 15.59 for 6.25, 3.74, 15.44.
 */
#ifndef TSR_SYNTH_H
#define TSR_SYNTH_H

#include "tessera/dataset.h"

/* A latent group scales rate and spend of its members and gives them habits: days, hours, baskets, returns, age,
 * channel. */
typedef struct tsr_synth_params {
    int64_t customers;
    int64_t partitions; /* 0: auto */
    uint64_t seed;
    int64_t weeks;         /* observation window; customers arrive in its first quarter */
    double r, alpha, a, b; /* BG/NBD of the baseline, per week; CDNOW: .243 4.414 .793 2.426 */
    double p, q, gamma;    /* Gamma-Gamma; CDNOW: 6.25 3.74 15.44 */
    bool groups;           /* false: one group, so that the fit must find the parameters above */
    bool contact;          /* also events, campaigns and consent; customers and purchases are the same without */
    bool separate;         /* groups whose habits leave no doubt, so that segments must find them */
} tsr_synth_params;

/** Local. The published CDNOW parameters, 200,000 customers, seed 1, 78 weeks, with groups. */
tsr_synth_params tsr_synth_params_default(void);

/**
 * Collective. Write the dataset in folder @p output and the truth (key, id, group with names, rate per week, dropout
 * probability, mean spend, alive at the end) in output/truth.h5, in the order of ids. A population from the same
 * parameters that is there already is left as it is.
 * @param[out] unchanged  it was; may be NULL
 * @return TSR_OK; TSR_ECONF (parameters); TSR_EIO; TSR_EDATA (a damaged dataset is there); TSR_ENOMEM; TSR_EINTR
 */
tsr_status tsr_synth_run(const tsr_comm *comm, const tsr_synth_params *params, const char *output,
                         bool *unchanged) TSR_NODISCARD;

/**
 * Collective. Write a dataset as its sources would be: customers, transactions, events, campaigns and consent, one CSV
 * file of each per rank, and job.yaml, which ingests them to a dataset of the same digest in folder/dataset. Order ids
 * cannot be had back: their hashes are written. Same on all ranks: dataset, folder.
 * @return TSR_OK; TSR_EIO; TSR_EDATA; TSR_ENOMEM
 */
tsr_status tsr_synth_sources(const tsr_comm *comm, const char *dataset, const char *folder) TSR_NODISCARD;

#endif
