#include <math.h>

#include "pipeline/profile/profile_reader.h"

double tsr_money(tsr_int128 units, int32_t money_scale)
{
    return tsr_int128_scaled(units, 0) / tsr_power_of_ten(money_scale);
}

static double per(double sum, int64_t n)
{
    return n > 0 ? sum / (double)n : (double)NAN;
}

static void fill_part(tsr_part *part, const tsr_int128 *counts, const tsr_fixed *worth, const tsr_profile_reader *r,
                      int32_t money_scale)
{
    part->customers = (int64_t)counts[CUSTOMERS];
    part->buyers = (int64_t)counts[BUYERS];
    part->orders = (int64_t)counts[ORDERS];
    part->revenue = counts[REVENUE];
    double money = r->money ? tsr_money(part->revenue, money_scale) : (double)NAN;
    part->recency_days = per(tsr_int128_scaled(counts[RECENCY], 0), part->buyers);
    part->frequency = r->money ? per((double)part->orders, part->customers) : (double)NAN;
    part->monetary = per(money, part->customers);
    part->order_value = per(money, part->orders);
    part->clv_total = r->value ? tsr_fixed_value(&worth[CLV]) : (double)NAN;
    part->expected_purchases = r->value ? tsr_fixed_value(&worth[PURCHASES]) : (double)NAN;
    part->expected_buyers = r->value ? tsr_fixed_value(&worth[BUY]) : (double)NAN;
    part->clv_infinite_total = r->value ? tsr_fixed_value(&worth[FOREVER]) : (double)NAN;
    part->clv = per(part->clv_total, part->buyers);
    part->clv_infinite = per(part->clv_infinite_total, part->buyers);
    part->p_buy = per(part->expected_buyers, part->buyers);
    part->p_alive = r->value ? per(tsr_fixed_value(&worth[ALIVE]), part->buyers) : (double)NAN;
    part->churn_risk = r->value ? per(tsr_fixed_value(&worth[CHURN]), part->buyers) : (double)NAN;
}

/* The difference of a segment's mean from that of all customers, in standard deviations of all customers. */
static void fill_effects(const tsr_profile_reader *r, int32_t c, tsr_profile *profile)
{
    double n = (double)profile->total.customers, square = tsr_fixed_value(&r->squares[c]) / n;
    tsr_fixed all = tsr_fixed_zero(r->scaled_sums[c].scale);

    for (int32_t s = 0; s < r->k; s++) tsr_fixed_join(&all, &r->scaled_sums[(int64_t)s * r->cols + c]);
    double mean = tsr_fixed_value(&all) / n, sd = sqrt(square - mean * mean);
    for (int32_t s = 0; s < r->k; s++) {
        const tsr_part *part = &profile->segment[s];
        double own = per(tsr_fixed_value(&r->scaled_sums[(int64_t)s * r->cols + c]), part->customers);
        part->feature[c].effect = r->scaled[c] >= 0 && sd > 0 ? (own - mean) / sd : (double)NAN;
    }
    profile->total.feature[c].effect = r->scaled[c] >= 0 ? 0 : (double)NAN;
}

void tsr_profile_fill(const tsr_profile_reader *r, int32_t money_scale, const int64_t *present,
                      const int64_t *present_total, tsr_profile *profile)
{
    tsr_int128 counts[COUNTS] = {0};
    tsr_fixed worth[VALUES];

    for (int v = 0; v < VALUES; v++) worth[v] = tsr_fixed_zero(r->worth[v].scale);
    for (int32_t s = 0; s < r->k; s++) {
        fill_part(&profile->segment[s], r->counts + (int64_t)s * COUNTS, r->worth + (int64_t)s * VALUES, r,
                  money_scale);
        for (int i = 0; i < COUNTS; i++) counts[i] += r->counts[(int64_t)s * COUNTS + i];
        for (int v = 0; v < VALUES; v++) tsr_fixed_join(&worth[v], &r->worth[(int64_t)s * VALUES + v]);
    }
    fill_part(&profile->total, counts, worth, r, money_scale);
    /* of customers without a transaction nothing is said of money, as of a matrix */
    profile->money = r->money && (profile->total.buyers > 0 || profile->total.revenue != 0);
    for (int32_t c = 0; c < r->cols; c++) {
        tsr_fixed all = tsr_fixed_zero(r->sums[c].scale);
        for (int32_t s = 0; s < r->k; s++) {
            int64_t at = (int64_t)s * r->cols + c;
            profile->segment[s].feature[c].mean = per(tsr_fixed_value(&r->sums[at]), present[at]);
            tsr_fixed_join(&all, &r->sums[at]);
        }
        profile->total.feature[c].mean = per(tsr_fixed_value(&all), present_total[c]);
        fill_effects(r, c, profile);
    }
}
