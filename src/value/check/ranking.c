#include "value/check/ranking.h"

#include <math.h>
#include <string.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"

tsr_status tsr_ranking_create(tsr_ranking *ranking)
{
    tsr_status st;

    *ranking = (tsr_ranking){0};
    TSR_TRY(tsr_alloc(&ranking->customers, TSR_CLASSES, sizeof *ranking->customers));
    TSR_TRY(tsr_alloc(&ranking->buyers, TSR_CLASSES, sizeof *ranking->buyers));
    TSR_TRY(tsr_alloc(&ranking->amount, TSR_CLASSES, sizeof *ranking->amount));
done:
    if (st != TSR_OK) tsr_ranking_clear(ranking);
    return st;
}

void tsr_ranking_clear(tsr_ranking *ranking)
{
    tsr_free(&ranking->amount);
    tsr_free(&ranking->buyers);
    tsr_free(&ranking->customers);
}

void tsr_ranking_reset(tsr_ranking *ranking)
{
    memset(ranking->customers, 0, TSR_CLASSES * sizeof *ranking->customers);
    memset(ranking->buyers, 0, TSR_CLASSES * sizeof *ranking->buyers);
    memset(ranking->amount, 0, TSR_CLASSES * sizeof *ranking->amount);
}

/* Bits of numbers from 0 up rise with them: the leading 16 of those without a sign. */
int32_t tsr_ranking_class(double score)
{
    float narrow = score > 0 ? (float)score : 0;
    uint32_t bits;

    memcpy(&bits, &narrow, sizeof bits);
    return (int32_t)(bits >> 15);
}

void tsr_ranking_add(tsr_ranking *ranking, double score, bool bought, int64_t amount)
{
    int32_t class = tsr_ranking_class(score);

    ranking->customers[class]++;
    ranking->buyers[class] += bought;
    ranking->amount[class] += amount;
}

void tsr_ranking_reduce(const tsr_comm *comm, tsr_ranking *ranking)
{
    tsr_sum_int64(comm, ranking->customers, TSR_CLASSES);
    tsr_sum_int64(comm, ranking->buyers, TSR_CLASSES);
    tsr_sum_int64(comm, ranking->amount, TSR_CLASSES);
}

/* Pairs of a buyer and another, won by the buyer. Counts below 2^53 are exact, products round once each. */
double tsr_ranking_auc(const tsr_ranking *ranking)
{
    double won = 0, others = 0, buyers = 0;

    for (int32_t c = 0; c < TSR_CLASSES; c++) {
        double b = (double)ranking->buyers[c], o = (double)(ranking->customers[c] - ranking->buyers[c]);
        won += b * (others + o / 2);
        others += o;
        buyers += b;
    }
    return buyers > 0 && others > 0 ? won / (buyers * others) : NAN;
}

/* Twice the area between the curve of cumulative shares and the diagonal; within a class all hold alike. */
double tsr_ranking_gini(const tsr_ranking *ranking)
{
    double customers = 0, amount = 0, area = 0;

    for (int32_t c = TSR_CLASSES - 1; c >= 0; c--) {
        double n = (double)ranking->customers[c], a = (double)ranking->amount[c];
        area += n * (amount + a / 2);
        customers += n;
        amount += a;
    }
    return customers > 0 && amount > 0 ? 2 * area / (customers * amount) - 1 : NAN;
}

double tsr_ranking_share(const tsr_ranking *ranking, double share)
{
    double customers = 0, amount = 0, before = 0, held = 0;

    for (int32_t c = 0; c < TSR_CLASSES; c++) {
        customers += (double)ranking->customers[c];
        amount += (double)ranking->amount[c];
    }
    for (int32_t c = TSR_CLASSES - 1; c >= 0 && before < share * customers; c--) {
        double n = (double)ranking->customers[c], part = n > 0 ? fmin(1, (share * customers - before) / n) : 0;
        held += part * (double)ranking->amount[c];
        before += n;
    }
    return amount > 0 ? held / amount : NAN;
}
