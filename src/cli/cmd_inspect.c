#include "inspect.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tessera/file.h"
#include "tessera/memory.h"

typedef enum thing { THING_FILE, THING_DATASET, THING_RUN } thing;

static tsr_status has_file(const char *folder, const char *name, bool *has)
{
    char *path = NULL;
    tsr_status st = tsr_path(&path, folder, "%s", name);
    if (st == TSR_OK) *has = tsr_file_exists(path);
    tsr_free(&path);
    return st;
}

static tsr_status recognise(const char *path, thing *what)
{
    struct stat about;
    bool dataset = false, run = false;
    tsr_status st = TSR_OK;
    if (stat(path, &about) != 0) return TSR_FAIL(TSR_EIO, "%s: %s", path, strerror(errno));
    *what = THING_FILE;
    if (!S_ISDIR(about.st_mode)) return TSR_OK;
    TSR_TRY(has_file(path, "dataset.json", &dataset));
    TSR_TRY(has_file(path, "run.json", &run));
    *what = run ? THING_RUN : THING_DATASET;
    if (!run && !dataset)
        st = TSR_FAIL(TSR_EDATA, "%s: neither a dataset (dataset.json) nor a run (run.json) lies in this folder", path);
done:
    return st;
}

static tsr_status run(const tsr_comm *comm, const cli_options *options)
{
    const char *path = options->operand;
    thing what = THING_FILE;
    tsr_status st = tsr_agree(comm, comm->rank == 0 ? recognise(path, &what) : TSR_OK);
    if (st != TSR_OK) return st;
    tsr_bcast(comm, &what, sizeof what, 0);
    switch (what) {
    case THING_DATASET: return cli_inspect_dataset(comm, path, options);
    case THING_RUN: return cli_inspect_run(comm, path, options);
    case THING_FILE: break;
    }
    return cli_inspect_file(comm, path, options);
}

const cli_command cmd_inspect = {
    .name = "inspect",
    .operand = "PATH",
    .summary = "what is in a dataset, a run or an HDF5 file; checks digests",
    .description = "Prints a short overview of a dataset folder, a run directory or an HDF5 file of theirs.\n"
                   "--digest ends with the digest on a line of its own: equal digests, equal results. --verify\n"
                   "reads everything again and compares; under mpirun the ranks share that work.",
    .accepts = CLI_ACCEPTS(CLI_DIGEST) | CLI_ACCEPTS(CLI_VERIFY),
    .run = run,
};
