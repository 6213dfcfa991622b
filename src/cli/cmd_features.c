#include "cli.h"

#include <stdio.h>

#include "base/launch.h"
#include "tessera/features.h"

static tsr_status print_table(const cli_options *options, bool *done)
{
    int32_t n;
    const tsr_feature_about *table = tsr_features_table(&n);
    (void)options;
    *done = true;
    if (tsr_launch_rank() != 0) return TSR_OK;
    for (int32_t i = 0; i < n; i++) {
        const tsr_feature_about *f = &table[i];
        printf("%s [%s]%s\n    %s\n    nothing to compute it from: %s; transform: %s\n", f->name, f->unit,
               f->in_default ? "" : ", not in the default set", f->definition, f->missing, f->transform);
    }
    printf("\nfeatures.set takes these names, the names of a dataset's numeric attributes, and `default`.\n");
    return TSR_OK;
}

const cli_command cmd_features = {
    .name = "features",
    .summary = "the features that a job can use, with definitions",
    .description = "Lists every feature: name, unit, definition, what it is where a customer gives nothing to compute\n"
                   "it from, and the transform that features.transform: auto gives it.",
    .local = print_table,
};
