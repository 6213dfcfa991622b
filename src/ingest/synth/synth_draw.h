/**
 * @file ingest/synth/synth_draw.h
 * One synthetic customer, drawn from its number alone.
 *
 * Purchases follow BG/NBD: rate ~ Gamma(r, alpha) per week times the factor of the group, exponential times between
 * purchases, and after each repeat purchase the customer leaves with probability ~ Beta(a, b). Spend follows
 * Gamma-Gamma: purchases ~ Gamma(p, nu), nu ~ Gamma(q, gamma), times the factor of the group, in whole cents, at least
 * one. A group moves purchases within their week to its days, and within their day to its hours; without groups times
 * stay as drawn.
 */
#ifndef TSR_INGEST_SYNTH_DRAW_H
#define TSR_INGEST_SYNTH_DRAW_H

#include "tessera/synth.h"

#define TSR_SYNTH_GROUPS   6
#define TSR_SYNTH_BEGIN    1672617600 /* Monday 2023-01-02 00:00 */
#define TSR_SYNTH_ID_BYTES 24

/* What is true of a customer and not seen in the data. */
typedef struct tsr_synth_truth {
    int8_t group;   /* names: tsr_synth_group_names */
    int8_t alive;   /* had not left by the end of the window */
    double rate;    /* purchases per week */
    double dropout; /* probability of leaving after a repeat purchase */
    double spend;   /* mean amount of a purchase */
} tsr_synth_truth;

typedef struct tsr_synth_record {
    uint32_t time;
    int32_t quantity;
    int64_t cents; /* negative: a return */
} tsr_synth_record;

/* One customer; `record` grows and is used again for the next one. */
typedef struct tsr_synth_customer {
    char id[TSR_SYNTH_ID_BYTES];
    uint64_t key;
    tsr_synth_truth truth;
    int32_t age; /* years; -1 missing */
    const char *channel;
    bool newsletter;
    tsr_synth_record *record; /* [records] */
    int64_t records, room;
} tsr_synth_customer;

extern const char *const tsr_synth_group_names[TSR_SYNTH_GROUPS];

/** Local. The id of customer @p number: C00000001 for 0. */
void tsr_synth_id(int64_t number, char id[TSR_SYNTH_ID_BYTES]);

/** Local. Draw customer @p number (from 0). @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_synth_draw(const tsr_synth_params *params, int64_t number, tsr_synth_customer *customer) TSR_NODISCARD;

#endif
