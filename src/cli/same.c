#include "cli.h"

#include <stdio.h>
#include <string.h>

#include "build.h"
#include "tessera/memory.h"

/* The words of the command line, each with the zero at its end. */
static tsr_status join_words(const cli_options *options, char **text, size_t *n)
{
    char *at;

    *n = 0;
    for (int i = 0; i < options->words_n; i++) *n += strlen(options->words[i]) + 1;
    tsr_status st = tsr_alloc(text, (int64_t)*n, 1);
    if (st != TSR_OK) return st;
    at = *text;
    for (int i = 0; i < options->words_n; i++) at = stpcpy(at, options->words[i]) + 1;
    return TSR_OK;
}

tsr_status cli_check_same(const tsr_comm *comm, const cli_options *options)
{
    static const char build[] = TSR_BUILD_VERSION " " TSR_BUILD_COMMIT " " TSR_BUILD_TYPE " " __VERSION__;
    char *words = NULL;
    size_t n = 0;
    tsr_status st;

    TSR_TRY(tsr_same(comm, build, sizeof build, "the program"));
    TSR_AGREE(comm, join_words(options, &words, &n));
    TSR_TRY(tsr_same(comm, words, n, "the command line"));
done:
    tsr_free(&words);
    return st;
}
