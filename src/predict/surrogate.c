#include "tessera/surrogate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tessera/memory.h"
#include "tessera/reduce.h"

const tsr_key tsr_explain_keys[] = {
    {.path = "explain.depth",
     .type = TSR_KEY_INT,
     .offset = offsetof(tsr_explain_params, depth),
     .fallback = "4",
     .low = 0,
     .high = TSR_SURROGATE_DEPTH,
     .meaning = "questions that a rule of a segment asks at most: depth of the tree that explains them; 0: no rules"},
    {.path = NULL},
};

/* Whether splits look at customers or at segments, each of which then counts alike. */
typedef enum balance { BY_CUSTOMERS, BETWEEN, BY_SEGMENTS, BALANCES } balance;

/* ---- growing ---- */

/* Labels as the tree wants them, and how many customers each segment has. */
static tsr_status take_labels(const int32_t *segment, int64_t rows, int32_t k, uint16_t *label, int64_t *size)
{
    if (k < 1 || k > TSR_LABELS_MAX)
        return TSR_FAIL(TSR_ECONF, "%d segments: rules are for 1 to %d", k, TSR_LABELS_MAX);
    for (int64_t i = 0; i < rows; i++) {
        if (segment[i] < 0 || segment[i] >= k) return TSR_FAIL(TSR_EDATA, "segment %d of %d", segment[i], k);
        label[i] = (uint16_t)segment[i];
        size[segment[i]]++;
    }
    return TSR_OK;
}

static tsr_status grow(const tsr_comm *comm, const tsr_binned *x, const uint16_t *label, const tsr_surrogate *s,
                       int64_t min_leaf, balance how, tsr_forest **tree)
{
    tsr_forest_params params = tsr_forest_params_default();
    tsr_examples examples = {.x = x, .classes = s->k > 1 ? s->k : 2, .label = label};
    double *weight = NULL;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&weight, examples.classes, sizeof *weight));
    for (int32_t c = 0; c < s->k; c++) {
        double rarity = s->size[c] > 0 ? (double)s->customers / (double)s->size[c] : 0;
        weight[c] = how == BY_CUSTOMERS ? 1 : how == BETWEEN ? sqrt(rarity) : rarity;
    }
    params.depth = s->depth;
    params.min_leaf = min_leaf;
    params.class_weight = weight;
    TSR_TRY(tsr_forest_fit(comm, &params, &examples, tree));
done:
    tsr_free(&weight);
    return st;
}

/* ---- from leaves to rules ---- */

/* What is known of a node: customers of each segment below it, and whom it stands for. */
typedef struct reading {
    const tsr_forest *tree;
    int32_t k;
    const int64_t *leaf; /* [leaves][k] */
    tsr_surrogate *out;
} reading;

static int32_t majority(const int64_t *count, int32_t k)
{
    int32_t best = 0;

    for (int32_t c = 1; c < k; c++)
        if (count[c] > count[best]) best = c;
    return best;
}

/* The segment of all leaves below a node; -1: they differ. Nodes that say one thing are one rule. */
static int32_t common_segment(const reading *r, int32_t at)
{
    const tsr_tree_node *node = &r->tree->node[at];

    if (node->column < 0) return majority(r->leaf + (int64_t)node->child * r->k, r->k);
    int32_t left = common_segment(r, node->child), right = common_segment(r, node->child + 1);
    return left == right ? left : -1;
}

static void count_below(const reading *r, int32_t at, int32_t segment, tsr_rule *rule)
{
    const tsr_tree_node *node = &r->tree->node[at];
    const int64_t *count = r->leaf + (int64_t)node->child * r->k;

    if (node->column >= 0) {
        count_below(r, node->child, segment, rule);
        count_below(r, node->child + 1, segment, rule);
        return;
    }
    rule->hits += count[segment];
    for (int32_t c = 0; c < r->k; c++) rule->customers += count[c];
}

/* A turn narrows what the path already asks of the column. */
static void narrow(tsr_rule *rule, const tsr_tree_node *node, bool left)
{
    int32_t i = 0;

    while (i < rule->conditions && rule->condition[i].column != node->column) i++;
    if (i == rule->conditions) rule->condition[rule->conditions++] = (tsr_condition){node->column, -INFINITY, INFINITY};
    tsr_condition *c = &rule->condition[i];
    if (left && node->threshold < c->at_most) c->at_most = node->threshold;
    if (!left && node->threshold > c->above) c->above = node->threshold;
}

static void read_rules(const reading *r, int32_t at, const tsr_rule *path)
{
    const tsr_tree_node *node = &r->tree->node[at];
    int32_t segment = common_segment(r, at);

    if (segment >= 0) {
        tsr_rule *rule = &r->out->rule[r->out->rules];
        *rule = *path;
        rule->segment = segment;
        count_below(r, at, segment, rule);
        if (rule->customers > 0) r->out->rules++;
        return;
    }
    for (int side = 0; side < 2; side++) {
        tsr_rule turn = *path;
        narrow(&turn, node, side == 0);
        read_rules(r, node->child + side, &turn);
    }
}

static int by_segment(const void *left, const void *right)
{
    const tsr_rule *a = left, *b = right;

    if (a->segment != b->segment) return a->segment < b->segment ? -1 : 1;
    if (a->hits != b->hits) return a->hits > b->hits ? -1 : 1;
    return a->customers < b->customers ? -1 : a->customers > b->customers;
}

static tsr_status make_rules(const tsr_forest *tree, const int64_t *leaf, tsr_surrogate *out)
{
    const reading r = {tree, out->k, leaf, out};
    const tsr_rule everybody = {0};
    tsr_status st;

    TSR_TRY(tsr_alloc(&out->rule, tree->first_leaf[1], sizeof *out->rule));
    TSR_TRY(tsr_alloc(&out->hit, out->k, sizeof *out->hit));
    read_rules(&r, 0, &everybody);
    qsort(out->rule, (size_t)out->rules, sizeof *out->rule, by_segment);
    for (int32_t i = 0; i < out->rules; i++) {
        out->hits += out->rule[i].hits;
        out->hit[out->rule[i].segment] += out->rule[i].hits;
    }
done:
    return st;
}

/* The share of all customers that rules put where they are, plus the mean of that share over segments. */
static double worth(const tsr_surrogate *s)
{
    double sum = 0;
    int32_t segments = 0;

    for (int32_t c = 0; c < s->k; c++) {
        if (s->size[c] == 0) continue;
        sum += (double)s->hit[c] / (double)s->size[c];
        segments++;
    }
    return (double)s->hits / (double)s->customers + sum / segments;
}

/* The rules of a tree, where they are better than those there are. */
static tsr_status take_better(const tsr_forest *tree, const int64_t *leaf, tsr_surrogate *best)
{
    tsr_surrogate other = *best;
    tsr_status st;

    other.rule = NULL;
    other.hit = NULL;
    other.rules = 0;
    other.hits = 0;
    TSR_TRY(make_rules(tree, leaf, &other));
    if (best->rules == 0 || worth(&other) > worth(best)) {
        tsr_surrogate swap = *best;
        *best = other;
        other = swap;
    }
done:
    tsr_free(&other.hit);
    tsr_free(&other.rule);
    return st;
}

static void count_leaves(const tsr_forest *tree, const tsr_binned *x, const int32_t *segment, int32_t k, int64_t *leaf)
{
    for (int64_t i = 0; i < x->rows; i++) leaf[(int64_t)tsr_forest_leaf(tree, 0, x, i) * k + segment[i]]++;
}

static tsr_status set_up(tsr_surrogate *out, int64_t rows, uint16_t **label)
{
    tsr_status st;

    if (out->depth < 1 || out->depth > TSR_SURROGATE_DEPTH)
        return TSR_FAIL(TSR_ECONF, "a tree of rules has a depth of 1 to %d", TSR_SURROGATE_DEPTH);
    TSR_TRY(tsr_alloc(&out->size, out->k, sizeof *out->size));
    TSR_TRY(tsr_alloc(label, rows, sizeof **label));
done:
    return st;
}

tsr_status tsr_surrogate_fit(const tsr_comm *comm, const tsr_binned *x, const int32_t *segment, int32_t k,
                             int32_t depth, int64_t min_leaf, tsr_surrogate *out)
{
    tsr_forest *tree = NULL;
    uint16_t *label = NULL;
    int64_t *leaf = NULL;
    tsr_status st;

    *out = (tsr_surrogate){.k = k, .depth = depth};
    TSR_AGREE(comm, set_up(out, x->rows, &label));
    TSR_AGREE(comm, take_labels(segment, x->rows, k, label, out->size));
    tsr_sum_int64(comm, out->size, k);
    for (int32_t c = 0; c < k; c++) out->customers += out->size[c];
    for (balance how = 0; how < BALANCES; how++) {
        TSR_TRY(grow(comm, x, label, out, min_leaf, how, &tree));
        TSR_AGREE(comm, tsr_alloc(&leaf, (int64_t)tree->first_leaf[1] * k, sizeof *leaf));
        count_leaves(tree, x, segment, k, leaf);
        tsr_sum_int64(comm, leaf, (int64_t)tree->first_leaf[1] * k);
        TSR_AGREE(comm, take_better(tree, leaf, out));
        tsr_free(&leaf);
        tsr_forest_destroy(&tree);
    }
done:
    if (st != TSR_OK) tsr_surrogate_clear(out);
    tsr_free(&leaf);
    tsr_free(&label);
    tsr_forest_destroy(&tree);
    return st;
}

void tsr_surrogate_clear(tsr_surrogate *s)
{
    tsr_free(&s->hit);
    tsr_free(&s->size);
    tsr_free(&s->rule);
}

/* ---- bundle ---- */

/* A rule as numbers: segment, customers, hits; and its conditions: column, above, at most. */
enum { RULE_COUNTS = 3, BOUNDS = 2 };

tsr_status tsr_surrogate_save(const tsr_surrogate *s, tsr_bundle *bundle)
{
    int64_t *count = NULL;
    int32_t *column = NULL;
    double *bound = NULL;
    tsr_status st;

    TSR_TRY(tsr_alloc(&count, (int64_t)s->rules * RULE_COUNTS, sizeof *count));
    TSR_TRY(tsr_alloc(&column, (int64_t)s->rules * TSR_SURROGATE_DEPTH, sizeof *column));
    TSR_TRY(tsr_alloc(&bound, (int64_t)s->rules * TSR_SURROGATE_DEPTH * BOUNDS, sizeof *bound));
    for (int32_t i = 0; i < s->rules; i++) {
        const tsr_rule *rule = &s->rule[i];
        memcpy(count + (int64_t)i * RULE_COUNTS, (int64_t[]){rule->segment, rule->customers, rule->hits},
               sizeof *count * RULE_COUNTS);
        for (int32_t c = 0; c < TSR_SURROGATE_DEPTH; c++) {
            const tsr_condition *its = &rule->condition[c];
            int64_t at = (int64_t)i * TSR_SURROGATE_DEPTH + c;
            column[at] = c < rule->conditions ? its->column : -1;
            bound[at * BOUNDS] = its->above;
            bound[at * BOUNDS + 1] = its->at_most;
        }
    }
    TSR_TRY(tsr_bundle_put_int(bundle, "/surrogate/depth", s->depth));
    TSR_TRY(tsr_bundle_put(bundle, "/surrogate/rules", TSR_I64, s->rules, RULE_COUNTS, count, "customers",
                           "segment that a rule points to, customers whom it describes, of them in the segment"));
    TSR_TRY(tsr_bundle_put(bundle, "/surrogate/columns", TSR_I32, s->rules, TSR_SURROGATE_DEPTH, column, NULL,
                           "features that a rule asks about, in the order of /scaler/name; -1: none"));
    TSR_TRY(tsr_bundle_put(bundle, "/surrogate/bounds", TSR_F64, s->rules, (int64_t)TSR_SURROGATE_DEPTH * BOUNDS, bound,
                           NULL, "for each of them: above, at most; in the units of the feature"));
    TSR_TRY(tsr_bundle_put(bundle, "/surrogate/size", TSR_I64, s->k, 0, s->size, "customers", NULL));
    TSR_TRY(tsr_bundle_put(bundle, "/surrogate/hits", TSR_I64, s->k, 0, s->hit, "customers",
                           "described by rules of their own segment"));
done:
    tsr_free(&bound);
    tsr_free(&column);
    tsr_free(&count);
    return st;
}

static void load_rule(const int64_t *count, const int32_t *column, const double *bound, tsr_rule *rule)
{
    rule->segment = (int32_t)count[0];
    rule->customers = count[1];
    rule->hits = count[2];
    for (; rule->conditions < TSR_SURROGATE_DEPTH && column[rule->conditions] >= 0; rule->conditions++) {
        int32_t c = rule->conditions;
        rule->condition[c] = (tsr_condition){column[c], bound[c * BOUNDS], bound[c * BOUNDS + 1]};
    }
}

static tsr_status copy_counts(const tsr_bundle *bundle, const char *path, int64_t **counts, int32_t *k)
{
    const void *values;
    int64_t n;
    tsr_status st;

    TSR_TRY(tsr_bundle_get(bundle, path, TSR_I64, &n, NULL, &values));
    TSR_TRY(tsr_alloc(counts, n, sizeof **counts));
    memcpy(*counts, values, sizeof **counts * (size_t)n);
    *k = (int32_t)n;
done:
    return st;
}

tsr_status tsr_surrogate_load(const tsr_bundle *bundle, tsr_surrogate *s)
{
    const void *count, *column, *bound;
    int64_t depth, rules, columns, bounds;
    tsr_status st;

    *s = (tsr_surrogate){0};
    TSR_TRY(tsr_bundle_get_int(bundle, "/surrogate/depth", &depth));
    TSR_TRY(tsr_bundle_get(bundle, "/surrogate/rules", TSR_I64, &rules, NULL, &count));
    TSR_TRY(tsr_bundle_get(bundle, "/surrogate/columns", TSR_I32, &columns, NULL, &column));
    TSR_TRY(tsr_bundle_get(bundle, "/surrogate/bounds", TSR_F64, &bounds, NULL, &bound));
    if (columns != rules || bounds != rules) TSR_TRY(TSR_FAIL(TSR_EDATA, "/surrogate: rules of different numbers"));
    TSR_TRY(copy_counts(bundle, "/surrogate/size", &s->size, &s->k));
    TSR_TRY(copy_counts(bundle, "/surrogate/hits", &s->hit, &s->k));
    TSR_TRY(tsr_alloc(&s->rule, rules, sizeof *s->rule));
    s->depth = (int32_t)depth;
    s->rules = (int32_t)rules;
    for (int32_t i = 0; i < s->rules; i++)
        load_rule((const int64_t *)count + (int64_t)i * RULE_COUNTS,
                  (const int32_t *)column + (int64_t)i * TSR_SURROGATE_DEPTH,
                  (const double *)bound + (int64_t)i * TSR_SURROGATE_DEPTH * BOUNDS, &s->rule[i]);
    for (int32_t c = 0; c < s->k; c++) {
        s->customers += s->size[c];
        s->hits += s->hit[c];
    }
done:
    if (st != TSR_OK) tsr_surrogate_clear(s);
    return st;
}
