#include "ingest/settle/reconcile.h"

#include <stdlib.h>
#include <string.h>

#include "tessera/ingest.h"

/* The candidates of one value. */
typedef struct group {
    uint32_t bits, time;
    int32_t source;
    int64_t n;
} group;

static int by_code(const void *left, const void *right)
{
    int32_t a = (int32_t)((const tsr_candidate *)left)->bits, b = (int32_t)((const tsr_candidate *)right)->bits;

    return (a > b) - (a < b);
}

static int by_number(const void *left, const void *right)
{
    float a, b;

    memcpy(&a, &((const tsr_candidate *)left)->bits, sizeof a);
    memcpy(&b, &((const tsr_candidate *)right)->bits, sizeof b);
    return (a > b) - (a < b);
}

/* What is kept of a group is its best candidate under the rule. */
static void join(int32_t rule, group *g, const tsr_candidate *c)
{
    bool later = c->time > g->time, before = c->source < g->source;

    g->n++;
    if (rule == TSR_RECONCILE_PRIORITY ? before || (c->source == g->source && later)
                                       : later || (c->time == g->time && before)) {
        g->time = c->time;
        g->source = c->source;
    }
}

/* Is a, of the larger value, better than b? */
static bool is_better(int32_t rule, const group *a, const group *b)
{
    if (rule == TSR_RECONCILE_MOST_FREQUENT && a->n != b->n) return a->n > b->n;
    if (rule == TSR_RECONCILE_PRIORITY) return a->source != b->source ? a->source < b->source : a->time > b->time;
    return a->time != b->time ? a->time > b->time : a->source < b->source;
}

uint32_t tsr_reconcile(int32_t rule, bool categorical, tsr_candidate *all, int64_t n)
{
    group best = {.n = 0};

    qsort(all, (size_t)n, sizeof *all, categorical ? by_code : by_number);
    for (int64_t i = 0, next; i < n; i = next) {
        group g = {.bits = all[i].bits, .time = all[i].time, .source = all[i].source, .n = 1};
        for (next = i + 1; next < n && all[next].bits == all[i].bits; next++) join(rule, &g, &all[next]);
        if (best.n == 0 || is_better(rule, &g, &best)) best = g;
    }
    return best.bits;
}
