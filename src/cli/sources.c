#include "sources.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "tessera/log.h"

#define REFUSED "rejected: "

enum { NAME_LEAST = 40, MONEY = 21 };

/* The balance of a source as a table. */
typedef struct sheet {
    const tsr_comm *comm;
    int wide;   /* the names of the lines */
    bool money; /* the source has some */
} sheet;

static void print_line(const sheet *s, const char *what, const json_t *rows, const json_t *money)
{
    char count[32], sum[32];
    const char *text = s->money ? json_string_value(money) : NULL;
    cli_print(s->comm, "    %-*s %16s%*s\n", s->wide, what, cli_count((int64_t)json_number_value(rows), count),
              text != NULL ? MONEY : 0, text != NULL ? tsr_grouped_text(text, sum) : "");
}

static void print_if(const sheet *s, const char *what, const json_t *rows, const json_t *money)
{
    if (json_integer_value(rows) > 0) print_line(s, what, rows, money);
}

/* Room for the longest reason. */
static int name_width(json_t *rejected)
{
    const char *reason;
    json_t *part;
    size_t wide = NAME_LEAST;
    json_object_foreach(rejected, reason, part)
    {
        size_t n = strlen(REFUSED) + strlen(reason);
        if (n > wide) wide = n;
    }
    return (int)wide;
}

static bool has_money(const char *kind)
{
    return kind == NULL || strcmp(kind, "transactions") == 0 || strcmp(kind, "campaigns") == 0;
}

static const char *returns_words(const json_t *returns)
{
    const char *policy = json_string_value(json_object_get(returns, "policy"));
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
    const json_t *returns = json_object_get(source, "returns");
    json_t *rejected = json_object_get(source, "rows_rejected"), *part;
    const sheet s = {.comm = comm, .wide = name_width(rejected), .money = has_money(kind)};

    cli_print(comm, "  %s", kind != NULL ? kind : "rows");
    print_files(comm, json_object_get(source, "files"));
    cli_print(comm, "\n    %-*s %16s%*s\n", s.wide, "", "rows", s.money ? MONEY : 0, s.money ? "money" : "");
    print_line(&s, "used", json_object_get(source, "rows_used"), json_object_get(source, "money_used"));
    print_if(&s, "of them equal to another row (kept)", json_object_get(source, "rows_repeated"), NULL);
    print_if(&s, returns_words(returns), json_object_get(returns, "rows"), json_object_get(returns, "money"));
    print_if(&s, "duplicates by key (dropped)", json_object_get(source, "rows_duplicate"),
             json_object_get(source, "money_duplicate"));
    json_object_foreach(rejected, reason, part)
    {
        char text[256];
        snprintf(text, sizeof text, REFUSED "%s", reason);
        print_line(&s, text, json_object_get(part, "rows"), json_object_get(part, "money"));
    }
    print_line(&s, "read", json_object_get(source, "rows_read"), json_object_get(source, "money_read"));
}

void cli_print_sources(const tsr_comm *comm, const char *sources)
{
    size_t i;
    json_t *all = json_loads(sources, 0, NULL), *source;
    json_array_foreach(all, i, source) if (json_object_get(source, "rows_read") != NULL) print_source(comm, source);
    json_decref(all);
}
