/**
 * @file history.h
 * One customer's records before `as_of`, walked once: the counts and sums from which every feature is made.
 *
 * A purchase is a row with amount > 0, or with amount = 0 on a day without a return (a row with amount < 0). A day is a
 * calendar day, counted from 1970-01-01.
 */
#ifndef TSR_FEATURES_HISTORY_H
#define TSR_FEATURES_HISTORY_H

#include "features/activity.h"
#include "tessera/dataset.h"
#include "tessera/features.h"

/* What the walk needs to know beside the records: the observation against a dataset. Plain data. */
typedef struct tsr_window {
    int64_t as_of;         /* first civil second not looked at */
    int64_t as_of_day;     /* calendar day of as_of */
    int64_t end_day;       /* last day looked at: as_of_day - 1 where as_of is a midnight */
    int64_t observed_days; /* from the first transaction of the dataset to as_of: the longest silence there can be */
    bool calibrated;       /* there is a calibration_end */
    int64_t calibration_day;
    int32_t period;                 /* of features/period.h: purchases of one are one for the value models */
    bool ignore_returns;            /* returns: ignore; otherwise net_per_day */
    bool clock;                     /* times of the transactions hold hours, not only days */
    double money_unit;              /* money units per currency unit, 10^money_scale */
    int64_t session_gap;            /* seconds */
    const uint8_t *event_bits;      /* of tsr_event_classes(); borrowed; NULL: none */
    const tsr_attribute *attribute; /* of the dataset; borrowed */
} tsr_window;

/** Local. as_of not set: the midnight after the dataset's last transaction (1970-01-01 where there is none). */
tsr_window tsr_window_of(const tsr_observation *observation, const tsr_dataset_info *dataset);

/* Periods with a purchase (mostly days) in a stretch of time, for the value models; returns treated as the window says.
 * A last period that the observation cuts off is not looked at, but for who came in it. The holdout begins with the
 * period after the last whole one of the calibration. */
typedef struct tsr_buying {
    int64_t periods;            /* with a purchase; 0: none, then the rest is 0 */
    int64_t first, last;        /* their numbers */
    int64_t first_spend, spend; /* of the first one; of all */
} tsr_buying;

typedef struct tsr_history {
    int64_t rows;           /* records before as_of */
    int64_t net;            /* sum of all amounts, money units */
    int64_t paid, returned; /* sums of the positive amounts, and of the negative ones with their sign turned */
    int64_t orders;         /* distinct orders with a purchase */
    int64_t night_orders;   /* of them, first purchase at 22:00 to 05:59 */
    int64_t weekend_orders; /* on a Saturday or Sunday */
    int64_t days;           /* distinct purchase days; 0: a prospect, and what follows is 0 */
    int64_t first_day, last_day;
    int64_t gap_squares;    /* sum of squared gaps between successive purchase days; the gaps add up to last - first */
    int64_t earlier, later; /* purchase days after the first one, in the two halves of first_day .. end_day */
    tsr_buying all, calibration, holdout;
    tsr_activity activity;
    tsr_contacts contacts;
    tsr_basket basket;
    bool overflow; /* a sum of money does not fit 64 bits */
} tsr_history;

/* Room to sort one customer's orders and categories; starts as {0}, grows with the largest customer. */
typedef struct tsr_order_sorter {
    struct tsr_order *order;
    int32_t *category;
    int64_t room;
} tsr_order_sorter;

/** Local. */
void tsr_order_sorter_clear(tsr_order_sorter *sorter);

/** Local. Does the customer belong to the run: a record of any kind before as_of, an attribute, a vector
 *  from before as_of, or no record at all? What was not read does not count. */
bool tsr_history_counts(const tsr_window *window, const tsr_block *block, int64_t customer);

/** Local. Walk customer @p customer of @p block. @return TSR_OK; TSR_ENOMEM; TSR_EDATA (overflow) */
tsr_status tsr_history_read(const tsr_window *window, const tsr_block *block, int64_t customer,
                            tsr_order_sorter *sorter, tsr_history *history) TSR_NODISCARD;

/**
 * Local. The purchase days of a customer before as_of, as the value models count them (tsr_buying).
 * @param[out] day  rising, counted from 1970-01-01; room for as many as the customer has records
 * @return how many
 */
int64_t tsr_history_days(const tsr_window *window, const tsr_block *block, int64_t customer, int32_t *day);

#endif
