#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/launch.h"
#include "cli.h"

#define PLAIN "\033[0m"

static bool coloured;

/* https://no-color.org: any value that is not empty. */
void cli_choose_colours(void)
{
    const char *no = getenv("NO_COLOR");

    coloured = (no == NULL || no[0] == '\0') && tsr_launch_is_terminal(STDOUT_FILENO);
}

/* Bold: what the summary is about and what all customers come to. Dim: rules and heads. Yellow: warnings. */
static const char *colour_of(const char *line, bool first)
{
    if (first || strncmp(line, "  all ", 6) == 0) return "\033[1m";
    if (strncmp(line, "  warning ", 10) == 0 || strncmp(line, "            ", 12) == 0) return "\033[33m";
    if (strncmp(line, "  segment ", 10) == 0 || strncmp(line, "  ─", 5) == 0 || strncmp(line, "  digest ", 9) == 0)
        return "\033[2m";
    return NULL;
}

void cli_print_coloured(const tsr_comm *comm, const char *text)
{
    bool first = true;

    while (*text != '\0') {
        int n = (int)strcspn(text, "\n");
        const char *colour = coloured && n > 0 ? colour_of(text, first) : NULL;
        cli_print(comm, colour != NULL ? "%s%.*s" PLAIN : "%s%.*s", colour != NULL ? colour : "", n, text);
        first = first && n == 0;
        text += n;
        if (*text == '\n') {
            cli_print(comm, "\n");
            text++;
        }
    }
}
