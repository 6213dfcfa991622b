#include "cli.h"

#include <stdio.h>

#include "base/launch.h"
#include "base/wrap.h"
#include "tessera/features.h"

#define INDENT 4

/* In words. */
static const char *needs_of(const tsr_feature_about *f)
{
    if (f->needs & TSR_HAS_EVENTS) return ", of datasets with events";
    if (f->needs & TSR_HAS_CAMPAIGNS) return ", of datasets with campaigns";
    if (f->needs & TSR_HAS_CATEGORY) return ", of transactions with categories";
    return f->needs & TSR_HAS_PROMOTION ? ", of transactions with promotions" : "";
}

static void print_lines(const tsr_feature_about *table, int32_t n, const char *needs)
{
    for (int32_t i = 0; i < n; i++) {
        const tsr_feature_about *f = &table[i];
        char rest[512];
        snprintf(rest, sizeof rest, "nothing to compute it from: %s; transform: %s", f->missing, f->transform);
        printf("%s [%s]%s%s\n", f->name, f->unit, f->in_default ? "" : ", not in the default set",
               needs != NULL ? needs : needs_of(f));
        tsr_print_wrapped(stdout, INDENT, f->definition);
        tsr_print_wrapped(stdout, INDENT, rest);
    }
}

static tsr_status print_table(const cli_options *options, bool *done)
{
    int32_t n, valued;
    const tsr_feature_about *table = tsr_features_table(&n), *of_value = tsr_features_of_value(&valued);
    (void)options;
    *done = true;
    if (tsr_launch_rank() != 0) return TSR_OK;
    print_lines(table, n, NULL);
    print_lines(of_value, valued, ", of the value model, which is fitted first");
    printf(
        "\nfeatures.set takes these names, the names of a dataset's attributes, and `default`. A category attribute\n"
        "becomes a column `name=value` for each of its values, or the share of customers with the same value\n"
        "(features.categories); missing is 0 in all of them. So do `channel_share` (of the events with a channel)\n"
        "and `category_share` (of the purchase rows with a category). A purchase row has money, or none of it on a\n"
        "day without a return.\n"
        "`embedding:NAME` becomes the principal components of vectors (features.embedding_components).\n");
    return TSR_OK;
}

const cli_command cmd_features = {
    .name = "features",
    .summary = "the features that a job can use, with definitions",
    .description = "Lists every feature: name, unit, definition, what it is where a customer gives nothing to compute\n"
                   "it from, and the transform that features.transform: auto gives it.",
    .local = print_table,
};
