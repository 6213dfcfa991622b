#include "ingest/synth/synth_draw.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tessera/memory.h"
#include "tessera/rng.h"

#define WEEK_SECONDS  604800
#define DAY_SECONDS   86400
#define CENTS_MAX     1e15
#define HABIT_DRAWS   ((uint64_t)1 << 40) /* habits draw from here on: groups leave the process itself as it is */
#define RETURN_DAYS   20
#define AGE_MISSING   0.08
#define AGE_MIN       18
#define AGE_MAX       95
#define WEEKEND_FIRST 5

const char *const tsr_synth_group_names[TSR_SYNTH_GROUPS] = {"regulars",   "big spenders",     "bargain hunters",
                                                             "night owls", "weekend families", "try and return"};

static const char *const channels[] = {"web", "shop", "app"};

typedef struct habits {
    double share; /* of customers */
    double rate, spend;
    double weekend, night, returns; /* shares of purchases */
    double basket;                  /* mean pieces of a purchase, at least 1 */
    double age_mean, age_sd;
    double web, shop; /* shares of channels; the rest: app */
    double newsletter;
} habits;

static const habits group_habits[TSR_SYNTH_GROUPS] = {
    {.share = .26,
     .rate = 2.5,
     .spend = 1.0,
     .weekend = .29,
     .night = .05,
     .returns = .03,
     .basket = 2.0,
     .age_mean = 47,
     .age_sd = 12,
     .web = .50,
     .shop = .40,
     .newsletter = .60},
    {.share = .09,
     .rate = 1.5,
     .spend = 3.2,
     .weekend = .25,
     .night = .06,
     .returns = .04,
     .basket = 1.5,
     .age_mean = 54,
     .age_sd = 10,
     .web = .35,
     .shop = .60,
     .newsletter = .45},
    {.share = .20,
     .rate = 2.0,
     .spend = 0.4,
     .weekend = .30,
     .night = .10,
     .returns = .06,
     .basket = 5.0,
     .age_mean = 38,
     .age_sd = 11,
     .web = .75,
     .shop = .05,
     .newsletter = .85},
    {.share = .12,
     .rate = 1.8,
     .spend = 0.9,
     .weekend = .30,
     .night = .80,
     .returns = .05,
     .basket = 1.6,
     .age_mean = 29,
     .age_sd = 7,
     .web = .20,
     .shop = .02,
     .newsletter = .25},
    {.share = .18,
     .rate = 1.4,
     .spend = 1.5,
     .weekend = .85,
     .night = .03,
     .returns = .02,
     .basket = 4.0,
     .age_mean = 41,
     .age_sd = 7,
     .web = .25,
     .shop = .70,
     .newsletter = .50},
    {.share = .15,
     .rate = 1.0,
     .spend = 1.1,
     .weekend = .28,
     .night = .10,
     .returns = .40,
     .basket = 2.5,
     .age_mean = 33,
     .age_sd = 9,
     .web = .55,
     .shop = .05,
     .newsletter = .35},
};

/* Without groups: the parameters as they are. */
static const habits plain_habits = {
    .rate = 1.0, .spend = 1.0, .basket = 2.0, .age_mean = 42, .age_sd = 13, .web = .5, .shop = .3, .newsletter = .5};

/* What most of a group do, all of them do, and what few do, nobody; spend and baskets lie far apart. */
static habits separate(const habits *h)
{
    habits apart = *h;

    apart.weekend = h->weekend > 0.5;
    apart.night = h->night > 0.5;
    apart.returns = h->returns > 0.2;
    apart.newsletter = h->newsletter > 0.5;
    apart.spend = h->spend * h->spend * h->spend;
    apart.basket = h->basket * h->basket;
    return apart;
}

/* ---- who the customer is ---- */

static int8_t draw_group(tsr_rng *rng)
{
    double u = tsr_rng_open(rng);
    int8_t group = 0;

    while (group < TSR_SYNTH_GROUPS - 1 && u >= group_habits[group].share) u -= group_habits[group++].share;
    return group;
}

static void draw_person(tsr_rng *rng, const habits *h, tsr_synth_customer *customer)
{
    double age = floor(h->age_mean + h->age_sd * tsr_rng_normal(rng));
    bool missing = tsr_rng_open(rng) < AGE_MISSING;
    double u = tsr_rng_open(rng);

    customer->age = missing ? -1 : (int32_t)fmin(fmax(age, AGE_MIN), AGE_MAX);
    customer->channel = channels[u < h->web ? 0 : u < h->web + h->shop ? 1 : 2];
    customer->newsletter = tsr_rng_open(rng) < h->newsletter;
}

/* ---- what the customer does ---- */

typedef struct drawing {
    const tsr_synth_params *params;
    const habits *habits;
    tsr_rng process, habit;
    tsr_synth_customer *customer;
    double nu; /* rate of the amounts */
} drawing;

static tsr_status add_record(tsr_synth_customer *customer, const tsr_synth_record *record)
{
    if (customer->records == customer->room) {
        tsr_status st = tsr_resize(&customer->record, 2 * customer->room + 16, sizeof *record);
        if (st != TSR_OK) return st;
        customer->room = 2 * customer->room + 16;
    }
    customer->record[customer->records++] = *record;
    return TSR_OK;
}

/* An hour of the day: nights are 22:00 to 05:59, days 08:00 to 20:59. */
static int64_t draw_second_of_day(tsr_rng *rng, double night)
{
    bool at_night = tsr_rng_open(rng) < night;
    double u = tsr_rng_open(rng);

    if (at_night) return (int64_t)(22 * 3600 + u * 8 * 3600) % DAY_SECONDS;
    return (int64_t)(8 * 3600 + u * 13 * 3600);
}

/* Seconds since the window began. A group keeps the week and chooses the day and the hour. */
static int64_t place_in_time(drawing *d, double weeks)
{
    if (!d->params->groups) return (int64_t)(weeks * WEEK_SECONDS);
    bool weekend = tsr_rng_open(&d->habit) < d->habits->weekend;
    double u = tsr_rng_open(&d->habit);
    int64_t day = weekend ? WEEKEND_FIRST + (int64_t)(u * 2) : (int64_t)(u * WEEKEND_FIRST);
    return (int64_t)weeks * WEEK_SECONDS + day * DAY_SECONDS + draw_second_of_day(&d->habit, d->habits->night);
}

static tsr_status add_return(drawing *d, const tsr_synth_record *bought, int64_t second)
{
    if (tsr_rng_open(&d->habit) >= d->habits->returns) return TSR_OK;
    int64_t day = second / DAY_SECONDS + 1 + (int64_t)(tsr_rng_open(&d->habit) * RETURN_DAYS);
    int64_t back = day * DAY_SECONDS + draw_second_of_day(&d->habit, 0.0);
    if (back >= d->params->weeks * WEEK_SECONDS) return TSR_OK;
    return add_record(d->customer, &(tsr_synth_record){.time = TSR_SYNTH_BEGIN + (uint32_t)back,
                                                       .quantity = -bought->quantity,
                                                       .cents = -bought->cents});
}

static tsr_status add_purchase(drawing *d, double weeks)
{
    double amount = tsr_rng_gamma(&d->process, d->params->p) / d->nu * d->habits->spend;
    int64_t cents = llrint(fmin(fmax(amount * 100.0, 1.0), CENTS_MAX));
    int64_t second = place_in_time(d, weeks);
    double more = floor(tsr_rng_exponential(&d->habit) * (d->habits->basket - 0.5));
    tsr_synth_record bought = {.time = TSR_SYNTH_BEGIN + (uint32_t)second,
                               .quantity = 1 + (int32_t)more,
                               .cents = cents};
    tsr_status st = add_record(d->customer, &bought);

    return st == TSR_OK ? add_return(d, &bought, second) : st;
}

static tsr_status draw_purchases(drawing *d)
{
    tsr_synth_truth *truth = &d->customer->truth;
    double weeks = tsr_rng_open(&d->process) * (double)d->params->weeks / 4.0;
    tsr_status st = add_purchase(d, weeks);

    truth->alive = 1;
    while (st == TSR_OK && truth->alive) {
        weeks += tsr_rng_exponential(&d->process) / truth->rate;
        if (!(weeks < (double)d->params->weeks)) break;
        st = add_purchase(d, weeks);
        if (tsr_rng_open(&d->process) < truth->dropout) truth->alive = 0;
    }
    return st;
}

void tsr_synth_id(int64_t number, char id[TSR_SYNTH_ID_BYTES])
{
    snprintf(id, TSR_SYNTH_ID_BYTES, "C%08" PRId64, number + 1);
}

tsr_status tsr_synth_draw(const tsr_synth_params *params, int64_t number, tsr_synth_customer *customer)
{
    drawing d = {.params = params, .habits = &plain_habits, .customer = customer};
    habits apart;
    tsr_synth_truth *truth = &customer->truth;

    tsr_synth_id(number, customer->id);
    customer->key = tsr_key_of_id(customer->id, strlen(customer->id));
    customer->records = 0;
    d.process = (tsr_rng){.seed = params->seed, .key = customer->key, .stream = TSR_STREAM_SYNTH};
    d.habit = d.process;
    d.habit.draw = HABIT_DRAWS;
    truth->group = params->groups ? draw_group(&d.habit) : 0;
    if (params->groups) d.habits = &group_habits[truth->group];
    if (params->separate) {
        apart = separate(d.habits);
        d.habits = &apart;
    }
    truth->rate = tsr_rng_gamma(&d.process, params->r) / params->alpha * d.habits->rate;
    truth->dropout = tsr_rng_beta(&d.process, params->a, params->b);
    d.nu = tsr_rng_gamma(&d.process, params->q) / params->gamma;
    truth->spend = params->p / d.nu * d.habits->spend;
    draw_person(&d.habit, d.habits, customer);
    return draw_purchases(&d);
}
