#include "base/launch.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"};

/* Open MPI sets them too once it has started in a process that nobody launched: the first answer stands. */
bool tsr_launch_is_parallel(void)
{
    static enum { UNASKED, ALONE, PARALLEL } answer;

    for (size_t i = 0; i < sizeof names / sizeof names[0] && answer == UNASKED; i++)
        if (getenv(names[i]) != NULL) answer = PARALLEL;
    if (answer == UNASKED) answer = ALONE;
    return answer == PARALLEL;
}

int tsr_launch_rank(void)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *text = getenv(names[i]);
        if (text == NULL || text[0] == '\0') continue;
        char *end;
        long rank = strtol(text, &end, 10);
        if (*end == '\0' && rank >= 0 && rank <= INT_MAX) return (int)rank;
    }
    return 0;
}

/* The parent's stream. A rank's own says nothing: mpirun gives it a terminal for standard output even where that goes
 * to a file, and a pipe for standard error even where that goes to a terminal. */
static bool launcher_has_terminal(int stream)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)getppid(), stream);
    int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return false;
    bool terminal = isatty(fd);
    close(fd);
    return terminal;
}

bool tsr_launch_is_terminal(int stream)
{
    const char *term = getenv("TERM");

    if (term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0) return false;
    return tsr_launch_is_parallel() ? launcher_has_terminal(stream) : isatty(stream);
}
