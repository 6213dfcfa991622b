#include "tessera/rfm.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "value/rfm/rfm_parts.h"
#include "value/rfm/rfm_scheme.h"

#define AT(field) offsetof(tsr_rfm_params, field)

/* Above it, comparisons contradict each other (Saaty, 1980). */
#define CONSISTENT 0.1

const tsr_key tsr_rfm_keys[] = {
    {"rfm.scheme", TSR_KEY_PATH, AT(scheme), "table_c", 0, 0, NULL,
     "names of RFM groups: table_c (11 groups), grid_a (10, without money), ranges_b (11, mean of frequency and "
     "money), "
     "ranges_d (10 and others), quartiles_e (5 and others), eight_f (8), none (by the mean score), or a file of cells "
     "and names",
     NULL, 0},
    {"rfm.rule", TSR_KEY_CHOICE, AT(rule), "auto", 0, 0, "auto|value|rfm_package|rank|rank_width|distinct|mean|median",
     "how scores are cut: value: at quantiles; rfm_package: quantiles + 1, as in R; rank: equal counts, ties by key; "
     "rank_width: equal widths of ranks; distinct: quantiles that differ; mean, median: two classes; auto: the "
     "scheme's",
     NULL, 0},
    {"rfm.bins", TSR_KEY_INT, AT(bins), "auto", 2, TSR_RFM_BINS_MAX, NULL,
     "classes per axis, 2 to 9; auto: as the scheme says", NULL, 0},
    {"rfm.nested", TSR_KEY_BOOL, AT(nested), "false", 0, 0, NULL,
     "cut frequency within the classes of recency, and money within those of both", NULL, 0},
    {"rfm.thresholds.recency_days", TSR_KEY_TEXTS, AT(threshold[0]), "null", 0, 0, NULL,
     "given edges of recency in days, rising, one less than classes; an edge belongs below; null: from the data", NULL,
     0},
    {"rfm.thresholds.orders", TSR_KEY_TEXTS, AT(threshold[1]), "null", 0, 0, NULL,
     "given edges of the number of orders, rising; null: from the data", NULL, 0},
    {"rfm.thresholds.revenue", TSR_KEY_TEXTS, AT(threshold[2]), "null", 0, 0, NULL,
     "given edges of revenue in currency units, rising; null: from the data", NULL, 0},
    {"rfm.weights", TSR_KEY_CHOICE, AT(weights), "equal", 0, 0, "equal|entropy|critic|ahp",
     "weights of the three scores in rfm_score; all of them are printed", NULL, 0},
    {"rfm.weights_of", TSR_KEY_CHOICE, AT(weights_of), "scores", 0, 0, "scores|values",
     "what entropy and critic look at; of values, a few large customers decide", NULL, 0},
    {"rfm.ahp", TSR_KEY_TEXTS, AT(ahp), "null", 0, 0, NULL,
     "three comparisons from 1/9 to 9: how much more recency counts than frequency, recency than money, frequency than "
     "money",
     NULL, 0},
    {NULL, TSR_KEY_BOOL, 0, NULL, 0, 0, NULL, NULL, NULL, 0},
};

const char *tsr_rfm_rule_name(int32_t rule)
{
    static const char *const names[TSR_RFM_RULES] = {"auto",       "value",    "rfm_package", "rank",
                                                     "rank_width", "distinct", "mean",        "median"};

    return names[rule];
}

const char *tsr_rfm_weighting_name(int32_t weighting)
{
    static const char *const names[TSR_RFM_WEIGHTINGS] = {"equal", "entropy", "critic", "ahp"};

    return names[weighting];
}

/* ---- one customer ---- */

double tsr_rfm_value(const tsr_rfm_customer *customer, int axis, int32_t money_scale)
{
    if (axis == 0) return customer->recency_days;
    return axis == 1 ? customer->orders : (double)customer->revenue / tsr_power_of_ten(money_scale);
}

int8_t tsr_rfm_axis_score(const tsr_rfm *rfm, int axis, int32_t part, double value, uint64_t key)
{
    const tsr_rfm_axis *a = &rfm->axis[axis];
    const double *edge = a->edge[a->parts > 1 ? part : 0];
    const uint64_t *edge_key = a->edge_key[a->parts > 1 ? part : 0];
    int below = 0, classes = 1;

    for (int i = 0; i < rfm->bins - 1; i++) {
        bool beyond_key = a->has_keys && key > edge_key[i];
        classes += !isnan(edge[i]);
        below += edge[i] < value || (edge[i] == value && (a->closed || beyond_key));
    }
    return (int8_t)(axis == 0 ? classes - below : 1 + below);
}

tsr_rfm_scores tsr_rfm_score(const tsr_rfm *rfm, const tsr_rfm_customer *customer, int32_t money_scale)
{
    const int bins = rfm->bins;
    int score[TSR_RFM_AXES], part = 0;
    double weighted = 0;

    if (customer->recency_days < 0) return (tsr_rfm_scores){.group = (int8_t)(rfm->groups - 1)};
    for (int a = 0; a < TSR_RFM_AXES; a++) {
        score[a] = tsr_rfm_axis_score(rfm, a, part, tsr_rfm_value(customer, a, money_scale), customer->key);
        part = part * bins + score[a] - 1;
        weighted += rfm->weights.used[a] * score[a];
    }
    return (tsr_rfm_scores){(int8_t)score[0], (int8_t)score[1], (int8_t)score[2], rfm->group[part], weighted};
}

/* ---- reading customers ---- */

tsr_status tsr_rfm_reader_open(tsr_rfm_reader *reader, const char *features, const tsr_span *span, const uint64_t *key,
                               int32_t money_scale)
{
    tsr_status st;

    *reader = (tsr_rfm_reader){.span = *span, .key = key, .money_scale = money_scale};
    TSR_TRY(tsr_table_open(features, &reader->table));
    TSR_TRY(tsr_alloc(&reader->recency_days, TSR_BLOCK_ROWS, sizeof *reader->recency_days));
    TSR_TRY(tsr_alloc(&reader->orders, TSR_BLOCK_ROWS, sizeof *reader->orders));
    TSR_TRY(tsr_alloc(&reader->revenue, TSR_BLOCK_ROWS, sizeof *reader->revenue));
done:
    return st;
}

void tsr_rfm_reader_close(tsr_rfm_reader *reader)
{
    tsr_free(&reader->revenue);
    tsr_free(&reader->orders);
    tsr_free(&reader->recency_days);
    tsr_table_close(&reader->table);
}

int64_t tsr_rfm_reader_blocks(const tsr_rfm_reader *reader)
{
    return (reader->span.rows + TSR_BLOCK_ROWS - 1) / TSR_BLOCK_ROWS;
}

tsr_status tsr_rfm_reader_read(tsr_rfm_reader *reader, int64_t block, int64_t *rows)
{
    int64_t at = block * TSR_BLOCK_ROWS, left = reader->span.rows - at, first = reader->span.first + at;
    tsr_status st;

    *rows = left < TSR_BLOCK_ROWS ? left : TSR_BLOCK_ROWS;
    TSR_TRY(tsr_table_read(reader->table, "recency_days", first, *rows, TSR_I32, reader->recency_days));
    TSR_TRY(tsr_table_read(reader->table, "orders", first, *rows, TSR_I32, reader->orders));
    st = tsr_table_read(reader->table, "revenue", first, *rows, TSR_I64, reader->revenue);
done:
    return st;
}

tsr_rfm_customer tsr_rfm_reader_customer(const tsr_rfm_reader *reader, int64_t block, int64_t i)
{
    return (tsr_rfm_customer){reader->recency_days[i], reader->orders[i], reader->revenue[i],
                              reader->key[block * TSR_BLOCK_ROWS + i]};
}

/* ---- edges ---- */

static tsr_status read_threshold(const tsr_key *key, const char *text, double before, double *edge)
{
    char *end;

    *edge = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(*edge))
        return TSR_FAIL(TSR_ECONF, "`%s`: %s is no number", key->path, text);
    if (!(*edge > before)) return TSR_FAIL(TSR_ECONF, "`%s`: thresholds must rise, but %s does not", key->path, text);
    return TSR_OK;
}

static const tsr_key *key_of_threshold(int axis)
{
    const tsr_key *key = tsr_rfm_keys;

    while (key->offset != AT(threshold[0]) + (size_t)axis * sizeof(tsr_texts)) key++;
    return key;
}

static tsr_status take_thresholds(const tsr_texts *given, int number, int bins, tsr_rfm_axis *axis)
{
    const tsr_key *key = key_of_threshold(number);
    double before = -INFINITY;
    tsr_status st = TSR_OK;

    if (given->n != bins - 1)
        return TSR_FAIL(TSR_ECONF, "`%s` has %" PRId32 " thresholds: %d classes need %d", key->path, given->n, bins,
                        bins - 1);
    for (int i = 0; st == TSR_OK && i < bins - 1; i++) {
        st = read_threshold(key, given->text[i], before, &axis->edge[0][i]);
        before = axis->edge[0][i];
    }
    return st;
}

static int32_t parts_of(const tsr_rfm *rfm, int axis)
{
    int32_t parts = 1;

    for (int a = 0; rfm->nested && a < axis; a++) parts *= rfm->bins;
    return parts;
}

static tsr_status find_edges(const tsr_comm *comm, const tsr_rfm_params *params, tsr_rfm_reader *reader, tsr_rfm *rfm)
{
    tsr_status st = TSR_OK;

    for (int a = 0; st == TSR_OK && a < TSR_RFM_AXES; a++) {
        if (params->threshold[a].n > 0) continue;
        rfm->axis[a].parts = parts_of(rfm, a);
        st = tsr_rfm_cut(comm, reader, a, rfm);
    }
    return st;
}

/* ---- counts ---- */

static tsr_status count_rows(tsr_rfm_reader *reader, tsr_rfm *rfm)
{
    const int bins = rfm->bins;

    for (int64_t block = 0; block < tsr_rfm_reader_blocks(reader); block++) {
        int64_t rows;
        tsr_status st = tsr_rfm_reader_read(reader, block, &rows);
        if (st != TSR_OK) return st;
        for (int64_t i = 0; i < rows; i++) {
            tsr_rfm_customer customer = tsr_rfm_reader_customer(reader, block, i);
            tsr_rfm_scores s = tsr_rfm_score(rfm, &customer, reader->money_scale);
            rfm->count[s.group]++;
            if (s.r == 0) continue;
            rfm->customers++;
            rfm->cell_count[((s.r - 1) * bins + s.f - 1) * bins + s.m - 1]++;
        }
    }
    return TSR_OK;
}

void tsr_rfm_count_scores(tsr_rfm *rfm)
{
    const int bins = rfm->bins;

    for (int cell = 0; cell < bins * bins * bins; cell++) {
        rfm->axis[0].count[cell / (bins * bins)] += rfm->cell_count[cell];
        rfm->axis[1].count[cell / bins % bins] += rfm->cell_count[cell];
        rfm->axis[2].count[cell % bins] += rfm->cell_count[cell];
    }
}

/* ---- the fit ---- */

static tsr_status check_texts(const tsr_comm *comm, const tsr_texts *texts, const char *what)
{
    tsr_status st = tsr_same(comm, &texts->n, sizeof texts->n, what);

    for (int32_t i = 0; st == TSR_OK && i < texts->n; i++)
        st = tsr_same(comm, texts->text[i], strlen(texts->text[i]) + 1, what);
    return st;
}

static tsr_status check_same(const tsr_comm *comm, const tsr_rfm_params *params)
{
    const int64_t numbers[] = {params->rule, params->bins, params->nested, params->weights, params->weights_of};
    tsr_status st;

    TSR_TRY(tsr_same(comm, params->scheme, strlen(params->scheme), "rfm.scheme"));
    TSR_TRY(tsr_same(comm, numbers, sizeof numbers, "the settings of RFM"));
    for (int a = 0; a < TSR_RFM_AXES; a++) TSR_TRY(check_texts(comm, &params->threshold[a], "rfm.thresholds"));
    st = check_texts(comm, &params->ahp, "rfm.ahp");
done:
    return st;
}

static bool makes_two_classes(int32_t rule)
{
    return rule == TSR_RFM_MEAN || rule == TSR_RFM_MEDIAN;
}

/* Without a scheme the rule alone may say how many classes there are. */
static int64_t bins_of(const tsr_rfm_params *params)
{
    bool of_rule = params->bins == 0 && strcmp(params->scheme, TSR_RFM_NO_SCHEME) == 0;

    return of_rule && makes_two_classes(params->rule) ? 2 : params->bins;
}

static tsr_status take_comparisons(const tsr_rfm_params *params, double comparison[3])
{
    if (params->ahp.n == 0 && params->weights == TSR_RFM_AHP)
        return TSR_FAIL(TSR_ECONF, "`rfm.weights` is ahp: give its comparisons as `rfm.ahp`");
    if (params->ahp.n == 0) return TSR_OK;
    tsr_status st = tsr_rfm_comparisons(&params->ahp, comparison);
    if (st != TSR_OK || params->weights != TSR_RFM_AHP || tsr_rfm_consistency(comparison) <= CONSISTENT) return st;
    return TSR_FAIL(TSR_ECONF,
                    "`rfm.ahp`: the comparisons contradict each other: consistency ratio %.3f, at most %g; the second "
                    "one should be near the first times the third, %.3g",
                    tsr_rfm_consistency(comparison), CONSISTENT, comparison[0] * comparison[2]);
}

/* What the params say beside what the scheme says. */
static tsr_status resolve(const tsr_rfm_params *params, tsr_rfm *rfm, double comparison[3])
{
    tsr_status st = TSR_OK;

    if (params->rule != TSR_RFM_AUTO) rfm->rule = params->rule;
    if (makes_two_classes(rfm->rule) && rfm->bins != 2)
        return TSR_FAIL(TSR_ECONF, "`rfm.rule` %s makes two classes, but the scheme %s names cells of %d",
                        tsr_rfm_rule_name(rfm->rule), rfm->scheme, (int)rfm->bins);
    rfm->nested = params->nested;
    rfm->weighting = params->weights;
    rfm->weights_of = params->weights_of;
    for (int a = 0; st == TSR_OK && a < TSR_RFM_AXES; a++) {
        if (params->threshold[a].n == 0) continue;
        rfm->axis[a].parts = 1;
        st = take_thresholds(&params->threshold[a], a, rfm->bins, &rfm->axis[a]);
    }
    return st == TSR_OK ? take_comparisons(params, comparison) : st;
}

/* All that needs no customers. */
static tsr_status prepare(const tsr_comm *comm, const tsr_rfm_params *params, tsr_rfm *rfm, double comparison[3])
{
    tsr_status st;

    memset(rfm, 0, sizeof *rfm);
    TSR_TRY(check_same(comm, params));
    TSR_TRY(tsr_rfm_scheme_load(comm, params->scheme, bins_of(params), rfm));
    TSR_AGREE(comm, resolve(params, rfm, comparison));
done:
    return st;
}

tsr_status tsr_rfm_check(const tsr_comm *comm, const tsr_rfm_params *params, bool keep_keys)
{
    double comparison[3];
    tsr_rfm rfm;
    tsr_status st = prepare(comm, params, &rfm, comparison);

    if (st != TSR_OK || rfm.rule != TSR_RFM_RANK || keep_keys) return st;
    return TSR_FAIL(TSR_ECONF,
                    "`rfm.rule` rank cuts ties by the customers' keys and keeps those at the edges: it needs "
                    "`privacy.keep_ids: true`; without keys, `value` or `rank_width` do");
}

tsr_status tsr_rfm_fit(const tsr_comm *comm, const tsr_rfm_params *params, const char *features, const tsr_span *span,
                       const uint64_t *key, int32_t money_scale, tsr_rfm *rfm)
{
    tsr_rfm_reader reader = {0};
    double comparison[3];
    tsr_status st;

    TSR_TRY(prepare(comm, params, rfm, comparison));
    TSR_AGREE(comm, tsr_rfm_reader_open(&reader, features, span, key, money_scale));
    TSR_TRY(find_edges(comm, params, &reader, rfm));
    TSR_AGREE(comm, count_rows(&reader, rfm));
    tsr_sum_int64(comm, &rfm->customers, 1);
    tsr_sum_int64(comm, rfm->count, TSR_RFM_GROUPS_MAX);
    tsr_sum_int64(comm, rfm->cell_count, TSR_RFM_CELLS_MAX);
    tsr_rfm_count_scores(rfm);
    st = tsr_rfm_weigh(comm, &reader, params->ahp.n > 0 ? comparison : NULL, rfm);
done:
    tsr_rfm_reader_close(&reader);
    return st;
}
