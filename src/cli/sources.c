#include "sources.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "tessera/log.h"

static void print_line(const tsr_comm *comm, const char *what, const json_t *rows, const json_t *money)
{
    char count[32], sum[32];
    const char *text = json_string_value(money);
    cli_print(comm, "    %-40s %16s %20s\n", what, cli_count((int64_t)json_number_value(rows), count),
              text != NULL ? tsr_grouped_text(text, sum) : "");
}

static void print_if(const tsr_comm *comm, const char *what, const json_t *rows, const json_t *money)
{
    if (json_integer_value(rows) > 0) print_line(comm, what, rows, money);
}

static const char *returns_words(const json_t *source)
{
    const char *policy = json_string_value(json_object_get(json_object_get(source, "returns"), "policy"));
    if (policy != NULL && strcmp(policy, "net_per_day") == 0) return "returns (set off per day)";
    return policy != NULL && strcmp(policy, "drop") == 0 ? "returns (among the rejected)" : "of them returns (kept)";
}

/* The names of the files without their folders: as many as fit in a line. */
static void print_files(const tsr_comm *comm, const json_t *files)
{
    size_t i;
    json_t *file;
    json_array_foreach(files, i, file)
    {
        const char *name = json_string_value(json_object_get(file, "name"));
        const char *slash = name != NULL ? strrchr(name, '/') : NULL;
        if (i == 3) {
            cli_print(comm, ", ... (%zu files)", json_array_size(files));
            return;
        }
        cli_print(comm, "%s%s", i == 0 ? " from " : ", ", slash != NULL ? slash + 1 : name != NULL ? name : "?");
    }
}

static void print_source(const tsr_comm *comm, const json_t *source)
{
    const char *kind = json_string_value(json_object_get(source, "kind")), *reason;
    json_t *rejected = json_object_get(source, "rows_rejected"), *part;

    cli_print(comm, "  %s", kind != NULL ? kind : "rows");
    print_files(comm, json_object_get(source, "files"));
    cli_print(comm, "\n    %-40s %16s %20s\n", "", "rows", "money");
    print_line(comm, "used", json_object_get(source, "rows_used"), json_object_get(source, "money_used"));
    print_if(comm, "of them equal to another row (kept)", json_object_get(source, "rows_repeated"), NULL);
    print_if(comm, returns_words(source), json_object_get(json_object_get(source, "returns"), "rows"),
             json_object_get(json_object_get(source, "returns"), "money"));
    print_if(comm, "duplicates by key (dropped)", json_object_get(source, "rows_duplicate"),
             json_object_get(source, "money_duplicate"));
    json_object_foreach(rejected, reason, part)
    {
        char text[64];
        snprintf(text, sizeof text, "rejected: %.50s", reason);
        print_line(comm, text, json_object_get(part, "rows"), json_object_get(part, "money"));
    }
    print_line(comm, "read", json_object_get(source, "rows_read"), json_object_get(source, "money_read"));
}

void cli_print_sources(const tsr_comm *comm, const char *sources)
{
    size_t i;
    json_t *all = json_loads(sources, 0, NULL), *source;
    json_array_foreach(all, i, source) if (json_object_get(source, "rows_read") != NULL) print_source(comm, source);
    json_decref(all);
}
