#include "cli.h"

#include <cblas.h>
#include <hdf5.h>
#include <jansson.h>
#include <sleef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "tessera/maths.h"
#include "tessera/memory.h"

/* One fact of --version and of run.json. */
typedef struct fact {
    const char *name;
    char text[MPI_MAX_LIBRARY_VERSION_STRING];
} fact;

enum { BUILD, COMPILER, MPI_LIBRARY, HDF5_LIBRARY, BLAS, BLAS_KERNEL, SLEEF, PROCESSOR, FACTS };

static const char *processor(void)
{
    if (!tsr_maths_canonical()) return "without FMA: results are right, but not the same bits as elsewhere";
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) return "FMA, AVX2, AVX-512";
    if (__builtin_cpu_supports("avx2")) return "FMA, AVX2";
#endif
    return "FMA";
}

/* "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..." -> its first two words */
static void print_blas_version(char *text, size_t bytes)
{
    const char *config = openblas_get_config(), *end = strchr(config, ' ');
    if (end != NULL) end = strchr(end + 1, ' ');
    snprintf(text, bytes, "%.*s", end != NULL ? (int)(end - config) : (int)strlen(config), config);
}

static void collect(fact facts[FACTS])
{
    static const char *const names[FACTS] = {"build", "compiler",    "mpi",   "hdf5",
                                             "blas",  "blas_kernel", "sleef", "processor"};
    unsigned major, minor, release;
    int length;

    for (int i = 0; i < FACTS; i++) facts[i].name = names[i];
    snprintf(facts[BUILD].text, sizeof facts->text, "%s, commit %s", TSR_BUILD_TYPE, TSR_BUILD_COMMIT);
#if defined(__clang__)
    snprintf(facts[COMPILER].text, sizeof facts->text, "%s", __VERSION__);
#else
    snprintf(facts[COMPILER].text, sizeof facts->text, "GCC %s", __VERSION__);
#endif
    MPI_Get_library_version(facts[MPI_LIBRARY].text, &length);
    facts[MPI_LIBRARY].text[strcspn(facts[MPI_LIBRARY].text, ",\n")] = '\0';
    H5get_libversion(&major, &minor, &release);
    snprintf(facts[HDF5_LIBRARY].text, sizeof facts->text, "HDF5 %u.%u.%u", major, minor, release);
    print_blas_version(facts[BLAS].text, sizeof facts->text);
    snprintf(facts[BLAS_KERNEL].text, sizeof facts->text, "%s, one thread per rank", openblas_get_corename());
    snprintf(facts[SLEEF].text, sizeof facts->text, "SLEEF %d.%d.%d", SLEEF_VERSION_MAJOR, SLEEF_VERSION_MINOR,
             SLEEF_VERSION_PATCHLEVEL);
    snprintf(facts[PROCESSOR].text, sizeof facts->text, "%s", processor());
}

tsr_status cli_version_text(char **text)
{
    fact *facts = NULL;
    tsr_status st = TSR_OK;
    *text = NULL;
    TSR_TRY(tsr_alloc(&facts, FACTS, sizeof *facts));
    collect(facts);

    int64_t room = 64 + FACTS * (24 + (int64_t)sizeof facts->text);
    TSR_TRY(tsr_alloc(text, room, 1));
    int n = snprintf(*text, (size_t)room, "tessera %s\n", TSR_BUILD_VERSION);
    for (int i = 0; i < FACTS; i++)
        n += snprintf(*text + n, (size_t)(room - n), "  %-12s %s\n", facts[i].name, facts[i].text);
done:
    tsr_free(&facts);
    return st;
}

tsr_status cli_version_json(char **json)
{
    fact *facts = NULL;
    char *text = NULL;
    json_t *object = json_object();
    tsr_status st = TSR_OK;
    *json = NULL;
    TSR_TRY(tsr_alloc(&facts, FACTS, sizeof *facts));
    collect(facts);
    json_object_set_new(object, "version", json_string(TSR_BUILD_VERSION));
    for (int i = 0; i < FACTS; i++) json_object_set_new(object, facts[i].name, json_string(facts[i].text));
    text = json_dumps(object, JSON_SORT_KEYS);
    st = text != NULL ? tsr_strdup(json, text) : TSR_FAIL(TSR_ENOMEM, "out of memory while describing the build");
done:
    free(text);
    json_decref(object);
    tsr_free(&facts);
    return st;
}
