#include "pipeline/summary/rules_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_BYTES 64
#define TEXT_BYTES   256

/* How people say it: %s is "at most 34", "more than 6". Shares are said in percent. */
typedef struct phrase {
    const char *feature, *text;
    bool share, money;
} phrase;

static const phrase PHRASE[] = {
    {"recency", "last order %s days ago", false, false},
    {"frequency", "%s orders", false, false},
    {"monetary", "revenue of %s", false, true},
    {"tenure", "first order %s days ago", false, false},
    {"average_order_value", "%s per order", false, true},
    {"gap_mean", "%s days between orders", false, false},
    {"gap_sd", "days between orders vary by %s", false, false},
    {"return_share", "%s of the money returned", true, false},
    {"night_share", "%s of orders at night", true, false},
    {"night_habit", "%s of orders at night (smoothed)", true, false},
    {"weekend_share", "%s of orders at weekends", true, false},
    {"weekend_habit", "%s of orders at weekends (smoothed)", true, false},
};

static const phrase *phrase_of(const char *feature)
{
    for (size_t i = 0; i < sizeof PHRASE / sizeof PHRASE[0]; i++)
        if (strcmp(PHRASE[i].feature, feature) == 0) return &PHRASE[i];
    return NULL;
}

/* A number with its unit. A share times 100 may end in the dust of binary fractions: 12 digits do not show it. */
static void print_number(double value, const phrase *how, const char *currency, char text[NUMBER_BYTES])
{
    if (how != NULL && how->share)
        snprintf(text, NUMBER_BYTES, "%.12g %%", 100 * value);
    else if (how != NULL && how->money && currency[0] != '\0')
        snprintf(text, NUMBER_BYTES, "%.15g %s", value, currency);
    else
        snprintf(text, NUMBER_BYTES, "%.15g", value);
}

static void print_condition(const tsr_condition *c, const char *feature, const char *currency, char text[TEXT_BYTES])
{
    const phrase *how = phrase_of(feature);
    char above[NUMBER_BYTES], at_most[NUMBER_BYTES], bounds[2 * NUMBER_BYTES + 32];

    print_number(c->above, how, currency, above);
    print_number(c->at_most, how, currency, at_most);
    if (isinf(c->above))
        snprintf(bounds, sizeof bounds, "at most %s", at_most);
    else if (isinf(c->at_most))
        snprintf(bounds, sizeof bounds, "more than %s", above);
    else
        snprintf(bounds, sizeof bounds, "more than %s and at most %s", above, at_most);
    const char *form = how != NULL ? how->text : "%s";
    int before = (int)(strstr(form, "%s") - form);
    if (how == NULL)
        snprintf(text, TEXT_BYTES, "%s %s", feature, bounds);
    else
        snprintf(text, TEXT_BYTES, "%.*s%s%s", before, form, bounds, form + before + 2);
}

static json_t *bound(double value)
{
    return isinf(value) ? json_null() : json_real(value + 0.0);
}

/* A share of so few, or of all but so few, that it would point at them, is moved to what min_cell allows. */
static json_t *share(int64_t part, int64_t whole, int64_t min_cell)
{
    if (whole <= 0) return json_null();
    if (part > 0 && part < min_cell) part = min_cell < whole ? min_cell : whole;
    if (part < whole && whole - part < min_cell) part = whole > min_cell ? whole - min_cell : 0;
    return json_real((double)part / (double)whole);
}

static json_t *rule_json(const tsr_findings *f, const tsr_rule *rule)
{
    const tsr_dataset_info *about = f->input->dataset != NULL ? tsr_dataset_about(f->input->dataset) : NULL;
    int64_t min_cell = f->run->settings->run.min_cell;
    json_t *conditions = json_array();
    char text[(TEXT_BYTES + 8) * TSR_SURROGATE_DEPTH] = "everybody", one[TEXT_BYTES];
    size_t n = 0;

    for (int32_t i = 0; i < rule->conditions; i++) {
        const tsr_condition *c = &rule->condition[i];
        const char *feature = f->scaler->name[c->column];
        print_condition(c, feature, about != NULL ? about->currency : "", one);
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i > 0 ? " and " : "", one);
        json_array_append_new(conditions, json_pack("{s:s, s:o, s:o, s:s}", "feature", feature, "above",
                                                    bound(c->above), "at_most", bound(c->at_most), "text", one));
    }
    return json_pack("{s:s, s:o, s:I, s:o, s:o}", "text", text, "conditions", conditions, "customers",
                     (json_int_t)rule->customers, "precision", share(rule->hits, rule->customers, min_cell), "coverage",
                     share(rule->hits, f->surrogate->size[rule->segment], min_cell));
}

json_t *tsr_rules_json(const tsr_findings *f, int32_t segment)
{
    json_t *rules = json_array();

    for (int32_t i = 0; i < f->surrogate->rules; i++)
        if (f->surrogate->rule[i].segment == segment)
            json_array_append_new(rules, rule_json(f, &f->surrogate->rule[i]));
    return rules;
}

json_t *tsr_rules_fidelity(const tsr_findings *f, int32_t segment)
{
    const tsr_surrogate *s = f->surrogate;

    return s->rules > 0 ? share(s->hit[segment], s->size[segment], f->run->settings->run.min_cell) : json_null();
}

json_t *tsr_surrogate_json(const tsr_findings *f)
{
    const tsr_surrogate *s = f->surrogate;

    if (s->rules == 0) return json_null();
    return json_pack("{s:i, s:i, s:o}", "depth", (int)s->depth, "rules", (int)s->rules, "fidelity",
                     share(s->hits, s->customers, f->run->settings->run.min_cell));
}
