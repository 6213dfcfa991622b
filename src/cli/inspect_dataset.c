#include "inspect.h"

#include <stdio.h>

#include "sources.h"
#include "tessera/dataset.h"

static void print_attributes(const tsr_comm *comm, const tsr_dataset_info *info)
{
    static const char *const columns[] = {"order", "item", "quantity", "category", "promotion"};
    cli_print(comm, "  columns       id, time, amount");
    for (int i = 0; i < 5; i++)
        if ((info->has & (1u << i)) != 0) cli_print(comm, ", %s", columns[i]);
    cli_print(comm, "\n");
    for (int32_t i = 0; i < info->attributes_n; i++) {
        const tsr_attribute *a = &info->attributes[i];
        if (tsr_in_embedding(a->name)) continue;
        if (a->categorical)
            cli_print(comm, "  attribute     %s, %d categories\n", a->name, a->dictionary.n);
        else
            cli_print(comm, "  attribute     %s, %s\n", a->name, a->empty ? "without a value" : "a number");
    }
    for (tsr_embedding e = {.dimensions = 0}; tsr_embedding_next(info, &e);)
        cli_print(comm, "  embedding     %s, %d dimensions\n", e.name, e.dimensions);
}

static void print_overview(const tsr_comm *comm, const char *folder, const tsr_dataset_info *info)
{
    char count[32], first[32], last[32];
    bool with_time = info->resolution < 86400;

    cli_print(comm, "dataset %s\n", folder);
    cli_print(comm, "  customers     %s (ids as %s)\n", cli_count(info->customers, count),
              info->id_kind[0] != '\0' ? info->id_kind : "given");
    cli_print(comm, "  transactions  %s\n", cli_count(info->transactions, count));
    if (info->time_first <= info->time_last)
        cli_print(comm, "  time          %s to %s, by the %s, %s\n", cli_date(info->time_first, with_time, first),
                  cli_date(info->time_last, with_time, last), with_time ? "second" : "day", info->time_zone);
    cli_print(comm, "  money         %d decimals%s%s\n", info->money_scale, info->currency[0] != '\0' ? ", " : "",
              info->currency);
    cli_print(comm, "  partitions    %d, generation %d\n", info->partitions, info->generation);
    print_attributes(comm, info);
}

tsr_status cli_inspect_dataset(const tsr_comm *comm, const char *folder, const cli_options *options)
{
    tsr_dataset *dataset = NULL;
    char hex[2 * TSR_DIGEST_SIZE + 1];
    tsr_status st = TSR_OK;

    TSR_TRY(tsr_dataset_open(comm, folder, &dataset));
    const tsr_dataset_info *info = tsr_dataset_about(dataset);
    print_overview(comm, folder, info);
    if (info->sources != NULL) cli_print_sources(comm, info->sources);
    if (cli_given(options, CLI_VERIFY)) {
        TSR_TRY(tsr_dataset_verify(comm, dataset));
        cli_print(comm, "verified: rows, order, checksums and digest are as written, and the balance of the sources is "
                        "that of the records\n");
    }
    tsr_digest_hex(info->digest, hex);
    if (cli_given(options, CLI_DIGEST)) cli_print(comm, "%s\n", hex);
done:
    tsr_dataset_close(&dataset);
    return st;
}
