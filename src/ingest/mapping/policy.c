#include "ingest/mapping/policy.h"

#include <string.h>

#include "ingest/parse/currency.h"
#include "tessera/memory.h"

static const tsr_source *source_at(const tsr_ingest_params *params, int32_t i)
{
    return (const tsr_source *)params->sources.item + i;
}

/* The kind of records of a source; -1: it has none. */
static int32_t kind_of(const tsr_source *source)
{
    int32_t kind = source->kind - TSR_SOURCE_TRANSACTIONS;

    return kind >= 0 && kind < TSR_KINDS ? kind : -1;
}

static bool is_mapped(const tsr_source *source, const char *field)
{
    for (int32_t i = 0; i < source->columns.n; i++)
        if (strcmp(source->columns.name[i], field) == 0) return true;
    return false;
}

/* ---- keys ---- */

/* The column of a kind that a field of a key is; -1: none. What quantity and price make is the amount. */
static int32_t column_of(const tsr_source *source, const char *field)
{
    const tsr_kind_about *kind = tsr_kind_of(kind_of(source));
    bool made = strcmp(field, "amount") == 0 && is_mapped(source, "price");

    for (int32_t c = 0; c < kind->columns; c++)
        if (strcmp(kind->column[c].name, field) == 0 && (is_mapped(source, field) || made)) return c;
    return -1;
}

static uint32_t key_of(const tsr_source *source)
{
    uint32_t key = 0;

    for (int32_t i = 0; i < source->key.n; i++)
        if (strcmp(source->key.text[i], "id") != 0) key |= 1u << column_of(source, source->key.text[i]);
    return key;
}

static tsr_status check_key(const tsr_source *source, int32_t number)
{
    if (source->key.n > 0 && kind_of(source) < 0)
        return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].key: only records have keys, not customers and identities",
                        number);
    for (int32_t i = 0; i < source->key.n; i++)
        if (strcmp(source->key.text[i], "id") != 0 && column_of(source, source->key.text[i]) < 0)
            return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].key: \"%s\" is not a field of its columns", number,
                            source->key.text[i]);
    if (source->key.n == 1 && strcmp(source->key.text[0], "id") == 0)
        return TSR_FAIL(TSR_ECONF, "ingest.sources[%d].key: id alone would keep one row of each customer", number);
    return TSR_OK;
}

bool tsr_policy_key_has(const tsr_ingest_params *params, int32_t column)
{
    for (int32_t i = 0; i < params->sources.n; i++)
        if (kind_of(source_at(params, i)) == TSR_TRANSACTIONS && (key_of(source_at(params, i)) >> column & 1) != 0)
            return true;
    return false;
}

/* ---- several values of an attribute ---- */

static const char *const rule_names[TSR_RECONCILE_RULES] = {"last", "latest", "priority", "most_frequent"};

static int32_t rule_of(const char *name)
{
    int32_t rule = 0;

    while (rule < TSR_RECONCILE_RULES && strcmp(rule_names[rule], name) != 0) rule++;
    return rule;
}

int32_t tsr_policy_reconcile(const tsr_ingest_params *params, const char *attribute)
{
    for (int32_t i = 0; i < params->reconcile.n; i++)
        if (strcmp(params->reconcile.name[i], attribute) == 0) return rule_of(params->reconcile.text[i]);
    return TSR_RECONCILE_LAST;
}

bool tsr_is_customer_field(const char *name)
{
    return strcmp(name, "id") == 0 || strcmp(name, "time") == 0;
}

static tsr_status check_reconcile(const tsr_ingest_params *params, const char *attribute, const char *rule)
{
    bool any = false, timed = false;

    for (int32_t i = 0; i < params->sources.n; i++) {
        const tsr_source *source = source_at(params, i);
        if (source->kind != TSR_SOURCE_CUSTOMERS || !is_mapped(source, attribute)) continue;
        any = true;
        timed = timed || is_mapped(source, "time");
    }
    if (!any || tsr_is_customer_field(attribute))
        return TSR_FAIL(TSR_ECONF, "ingest.reconcile: no source of customers has an attribute \"%s\"", attribute);
    if (rule_of(rule) == TSR_RECONCILE_RULES)
        return TSR_FAIL(TSR_ECONF,
                        "ingest.reconcile.%s: \"%s\" is no rule: use last, latest, priority or most_frequent",
                        attribute, rule);
    if (rule_of(rule) == TSR_RECONCILE_LATEST && !timed)
        return TSR_FAIL(TSR_ECONF, "ingest.reconcile.%s: latest needs a column `time` in a source that has it",
                        attribute);
    return TSR_OK;
}

/* ---- the interface ---- */

tsr_status tsr_policy_check(const tsr_ingest_params *params)
{
    tsr_rates rates;
    tsr_status st;

    for (int32_t i = 0; i < params->sources.n; i++) {
        TSR_TRY(check_key(source_at(params, i), i));
        if (is_mapped(source_at(params, i), "currency") && kind_of(source_at(params, i)) >= 0 &&
            params->currency == NULL)
            TSR_TRY(TSR_FAIL(TSR_ECONF,
                             "ingest.sources[%d].columns: currency needs the dataset's own in ingest.money.currency",
                             i));
    }
    for (int32_t i = 0; i < params->reconcile.n; i++)
        TSR_TRY(check_reconcile(params, params->reconcile.name[i], params->reconcile.text[i]));
    st = tsr_rates_read(params->currency, &params->rates, &rates);
    tsr_rates_clear(&rates);
done:
    return st;
}

tsr_status tsr_policy_plan(const tsr_ingest_params *params, uint32_t **key, tsr_clean_plan *plan)
{
    tsr_status st = tsr_alloc(key, params->sources.n, sizeof **key);

    *plan = (tsr_clean_plan){.sources = params->sources.n, .net = params->returns == TSR_RETURNS_NET_PER_DAY};
    for (int32_t i = 0; st == TSR_OK && i < params->sources.n; i++) {
        if (source_at(params, i)->key.n == 0) continue;
        (*key)[i] = key_of(source_at(params, i));
        plan->kinds |= 1u << kind_of(source_at(params, i));
        plan->key = *key;
    }
    return st;
}

bool tsr_policy_share_values(const tsr_source *one, const tsr_source *other)
{
    if (one->kind != other->kind) return false;
    if (one->kind == TSR_SOURCE_EMBEDDINGS) return strcmp(one->name, other->name) == 0;
    for (int32_t i = 0; one->kind == TSR_SOURCE_CUSTOMERS && i < one->columns.n; i++)
        if (!tsr_is_customer_field(one->columns.name[i]) && is_mapped(other, one->columns.name[i])) return true;
    return false;
}

bool tsr_policy_needs_all(const tsr_ingest_params *params)
{
    bool needs = params->returns == TSR_RETURNS_NET_PER_DAY || params->reconcile.n > 0;

    for (int32_t i = 0; i < params->sources.n; i++) needs = needs || source_at(params, i)->key.n > 0;
    return needs;
}
