#include "cli.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* OpenBLAS takes its kernel from the processor's model number. On a model newer than itself it falls back to one of the
 * oldest, several times slower. Which kernel runs changes no result of ours (block products are exact), only the time.
 * The variable is read while the library is loaded: setting it in a running process is too late. */

static bool uses_avx2(const char *core)
{
    static const char *const cores[] = {"Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids"};
    for (size_t i = 0; i < sizeof cores / sizeof *cores; i++)
        if (strcmp(core, cores[i]) == 0) return true;
    return false;
}

/* The kernel that fits the processor better than `core`; NULL: none. */
static const char *better_core(const char *core)
{
#if defined(__x86_64__)
    if (uses_avx2(core)) return NULL;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#else
    (void)core;
#endif
    return NULL;
}

void cli_fit_blas(char **argv)
{
    openblas_set_num_threads(1); /* one rank per core: more threads would fight over it */
    if (getenv("OPENBLAS_CORETYPE") != NULL || getenv("TESSERA_BLAS_FITTED") != NULL) return;
    const char *core = better_core(openblas_get_corename());
    if (core == NULL) return;
    setenv("OPENBLAS_CORETYPE", core, 1);
    setenv("TESSERA_BLAS_FITTED", "1", 1); /* never a second time, whatever the library makes of the name */
    setenv("OPENBLAS_NUM_THREADS", "1", 0);
    setenv("OMP_NUM_THREADS", "1", 0);
    execv("/proc/self/exe", argv); /* returns only where it failed: then the slow kernel does the work */
}
