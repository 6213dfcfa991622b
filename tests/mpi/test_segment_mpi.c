#include "mpi_test.h"

#include <string.h>

#include "tessera/file.h"
#include "tessera/log.h"
#include "tessera/plan.h"
#include "tessera/segment.h"
#include "tessera/synth.h"

enum { CUSTOMERS = 400, PATH_BYTES = 256 };

/* Each number of ranks works in a folder of its own: tests of several numbers may run at one time. */
static void path_of(const char *name, char path[PATH_BYTES])
{
    int size = 0;

    MPI_Comm_size(MPI_COMM_WORLD, &size);
    snprintf(path, PATH_BYTES, "segment_np%d/%s", size, name);
}

static bool write_job(const tsr_comm *comm, const char *path, const char *text)
{
    return tsr_agree(comm, comm->rank == 0 ? tsr_file_write(path, text, (int64_t)strlen(text)) : TSR_OK) == TSR_OK;
}

/* Collective. A small population, and settings that read it and write to folder @p output. */
static bool prepare(const tsr_comm *comm, int64_t customers, const char *output, tsr_settings *settings)
{
    char data[PATH_BYTES], run[PATH_BYTES], job[PATH_BYTES], text[3 * PATH_BYTES], name[64];
    tsr_synth_params params = tsr_synth_params_default();

    snprintf(name, sizeof name, "data%d", (int)customers);
    path_of(name, data);
    path_of(output, run);
    path_of("job.yaml", job);
    params.customers = customers;
    params.partitions = 3;
    snprintf(text, sizeof text, "dataset: %s\noutput: %s\ncluster:\n  k: 2..4\n  restarts: 2\n", data, run);
    return tsr_synth_run(comm, &params, data, NULL) == TSR_OK && write_job(comm, job, text) &&
           tsr_settings_read(comm, job, NULL, 0, settings) == TSR_OK;
}

static void remove_run(const tsr_comm *comm, const char *output)
{
    static const char *const file[] = {"run.json",
                                       "features.h5",
                                       "customers.h5",
                                       "model.h5",
                                       "segments.json",
                                       "report.html",
                                       "checkpoint/scale.h5",
                                       "checkpoint/pca.h5",
                                       ".lock",
                                       "checkpoint/kmeans.h5",
                                       "checkpoint/quality.h5",
                                       "checkpoint/rfm.h5",
                                       "checkpoint/value.h5",
                                       "checkpoint/explain.h5"};
    char run[PATH_BYTES], path[2 * PATH_BYTES];

    path_of(output, run);
    MPI_Barrier(comm->mpi);
    for (size_t i = 0; comm->rank == 0 && i < sizeof file / sizeof file[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", run, file[i]);
        remove(path);
    }
    snprintf(path, sizeof path, "%s/checkpoint", run);
    if (comm->rank == 0) rmdir(path);
    MPI_Barrier(comm->mpi);
}

/* Collective. What one rank alone makes of the same population: the answer that all others must give. */
static bool digest_of_one_rank(const tsr_comm *comm, int64_t customers, char hex[65])
{
    tsr_comm alone = tsr_comm_open(MPI_COMM_SELF);
    tsr_settings settings;
    char run[PATH_BYTES];
    bool good = true;

    if (comm->rank == 0) {
        remove_run(&alone, "alone");
        path_of("alone", run);
        good = prepare(&alone, customers, "alone", &settings) &&
               tsr_segment(&alone, &settings, &(tsr_segment_options){0}, NULL) == TSR_OK &&
               tsr_run_digest(&alone, run, hex) == TSR_OK && tsr_run_verify(&alone, run) == TSR_OK;
        tsr_settings_clear(&settings);
    }
    tsr_comm_close(&alone);
    tsr_bcast(comm, hex, 65, 0);
    return good;
}

static void any_number_of_ranks_gives_the_digest_of_one(void **state)
{
    const tsr_comm *comm = *state;
    char wanted[65] = "", found[65] = "", run[PATH_BYTES];
    tsr_settings settings;
    bool already = true;

    CHECK_ALL(comm, digest_of_one_rank(comm, CUSTOMERS, wanted));
    remove_run(comm, "plain");
    path_of("plain", run);
    CHECK_ALL(comm, prepare(comm, CUSTOMERS, "plain", &settings));
    CHECK_ALL(comm, tsr_segment(comm, &settings, &(tsr_segment_options){0}, &already) == TSR_OK);
    CHECK_ALL(comm, !already);
    CHECK_ALL(comm, tsr_run_digest(comm, run, found) == TSR_OK);
    CHECK_ALL(comm, strcmp(found, wanted) == 0);
    CHECK_ALL(comm, tsr_run_verify(comm, run) == TSR_OK);
    CHECK_ALL(comm, tsr_run_report(comm, run) == TSR_OK);
    CHECK_ALL(comm, tsr_segment(comm, &settings, &(tsr_segment_options){0}, &already) == TSR_OK);
    CHECK_ALL(comm, already);
    tsr_settings_clear(&settings);
}

/* Fewer customers than a tile holds: most ranks have no rows at all. */
static void ranks_without_rows_take_part(void **state)
{
    const tsr_comm *comm = *state;
    char wanted[65] = "", found[65] = "", run[PATH_BYTES];
    tsr_settings settings;

    CHECK_ALL(comm, digest_of_one_rank(comm, 30, wanted));
    remove_run(comm, "few");
    path_of("few", run);
    CHECK_ALL(comm, prepare(comm, 30, "few", &settings));
    CHECK_ALL(comm, tsr_segment(comm, &settings, &(tsr_segment_options){0}, NULL) == TSR_OK);
    CHECK_ALL(comm, tsr_run_digest(comm, run, found) == TSR_OK);
    CHECK_ALL(comm, strcmp(found, wanted) == 0);
    tsr_settings_clear(&settings);
}

static void a_stage_that_fails_on_one_rank_fails_on_all_and_is_taken_up_again(void **state)
{
    static const char *const stage[] = {"features", "rfm",       "value",   "scale", "tiles",    "pca",   "kmeans",
                                        "quality",  "customers", "profile", "model", "segments", "report"};
    const tsr_comm *comm = *state;
    char wanted[65] = "", found[65] = "", run[PATH_BYTES];
    tsr_settings settings;

    CHECK_ALL(comm, digest_of_one_rank(comm, CUSTOMERS, wanted));
    remove_run(comm, "failing");
    path_of("failing", run);
    CHECK_ALL(comm, prepare(comm, CUSTOMERS, "failing", &settings));
    for (size_t i = 0; i < sizeof stage / sizeof stage[0]; i++) {
        fail_last_rank(comm, stage[i], 1 + (int)(i % 2));
        CHECK_ALL(comm, tsr_segment(comm, &settings, &(tsr_segment_options){0}, NULL) == TSR_EIO);
        CHECK_ALL(comm, tsr_run_digest(comm, run, found) != TSR_OK);
    }
    tsr_fault_set(NULL);
    CHECK_ALL(comm, tsr_segment(comm, &settings, &(tsr_segment_options){0}, NULL) == TSR_OK);
    CHECK_ALL(comm, tsr_run_digest(comm, run, found) == TSR_OK);
    CHECK_ALL(comm, strcmp(found, wanted) == 0);
    tsr_settings_clear(&settings);
}

/* About one in a few hundred allocations and file calls fails, on each rank others: never a hang, never two answers. */
static void random_failures_end_alike_on_all_ranks(void **state)
{
    const tsr_comm *comm = *state;
    char wanted[65] = "", found[65] = "", run[PATH_BYTES], plan[32];
    tsr_settings settings;

    CHECK_ALL(comm, digest_of_one_rank(comm, CUSTOMERS, wanted));
    remove_run(comm, "random");
    path_of("random", run);
    CHECK_ALL(comm, prepare(comm, CUSTOMERS, "random", &settings));
    for (int seed = 1; seed <= 16; seed++) {
        if (seed % 2 == 0) remove_run(comm, "random");
        snprintf(plan, sizeof plan, "%d,%d", 100 * seed, seed);
        tsr_fault_set(plan);
        int status = (int)tsr_segment(comm, &settings, &(tsr_segment_options){0}, NULL);
        tsr_fault_set(NULL);
        CHECK_ALL(comm, same_on_all(comm, &status, sizeof status));
        CHECK_ALL(comm, status == TSR_OK || status == TSR_ENOMEM || status == TSR_EIO);
        tsr_error_clear();
    }
    CHECK_ALL(comm, tsr_segment(comm, &settings, &(tsr_segment_options){0}, NULL) == TSR_OK);
    CHECK_ALL(comm, tsr_run_digest(comm, run, found) == TSR_OK);
    CHECK_ALL(comm, strcmp(found, wanted) == 0);
    tsr_settings_clear(&settings);
}

static void another_job_is_refused_and_named(void **state)
{
    const tsr_comm *comm = *state;
    tsr_settings settings;
    char job[PATH_BYTES];
    const char *const overrides[] = {"cluster.restarts=3"};

    remove_run(comm, "changed");
    path_of("job.yaml", job);
    CHECK_ALL(comm, prepare(comm, CUSTOMERS, "changed", &settings));
    CHECK_ALL(comm, tsr_segment(comm, &settings, &(tsr_segment_options){0}, NULL) == TSR_OK);
    tsr_settings_clear(&settings);
    CHECK_ALL(comm, tsr_settings_read(comm, job, overrides, 1, &settings) == TSR_OK);
    CHECK_ALL(comm, tsr_segment(comm, &settings, &(tsr_segment_options){0}, NULL) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "cluster.restarts") != NULL);
    CHECK_ALL(comm, tsr_segment(comm, &settings, &(tsr_segment_options){.redo = true}, NULL) == TSR_OK);
    tsr_settings_clear(&settings);
}

static bool is_refused(const tsr_comm *comm, const char *text, const char *said)
{
    tsr_settings settings;
    char job[PATH_BYTES];

    path_of("wrong.yaml", job);
    bool refused = write_job(comm, job, text) && tsr_settings_read(comm, job, NULL, 0, &settings) == TSR_ECONF &&
                   strstr(tsr_error_last()->text, said) != NULL;
    tsr_error_clear();
    return refused;
}

static void jobs_that_contradict_themselves_are_refused(void **state)
{
    const tsr_comm *comm = *state;
    char folder[PATH_BYTES];

    path_of("", folder);
    CHECK_ALL(comm, comm->rank != 0 || tsr_folder_make(folder) == TSR_OK);
    MPI_Barrier(comm->mpi);
    CHECK_ALL(comm, is_refused(comm, "output: x\n", "no input"));
    CHECK_ALL(comm, is_refused(comm, "output: x\ndataset: d\nmatrix: {file: f, path: p}\n", "two inputs"));
    CHECK_ALL(comm, is_refused(comm, "output: x\nmatrix: {file: f}\n", "matrix.path"));
    CHECK_ALL(comm, is_refused(comm, "output: x\ndataset: d\nmatrix: {id: i}\n", "need `matrix.file`"));
    CHECK_ALL(comm, is_refused(comm, "output: d\ndataset: d\n", "same folder"));
    CHECK_ALL(comm, is_refused(comm, "output: x\ndataset: d\ncluster: {start: {file: f}}\n", "cluster.start"));
    CHECK_ALL(comm, is_refused(comm, "output: x\nmatrix: {file: f, path: p}\nvalue: {calibration_end: 2020-01-01}\n",
                               "calibration_end"));
    CHECK_ALL(comm, is_refused(comm, "output: x\ndataset: d\nas_of: 2020-01-02\nvalue: {calibration_end: 2020-01-01}\n",
                               "one whole day"));
}

/* The dataset need not exist yet. */
static void plan_deals_rows_and_grows_with_them(void **state)
{
    const tsr_comm *comm = *state;
    tsr_settings settings;
    char job[PATH_BYTES], *text = NULL;
    double memory[2];

    path_of("plan.yaml", job);
    CHECK_ALL(comm, write_job(comm, job, "dataset: not/there\noutput: x\n"));
    CHECK_ALL(comm, tsr_settings_read(comm, job, NULL, 0, &settings) == TSR_OK);
    for (int i = 0; i < 2; i++) {
        CHECK_ALL(comm,
                  tsr_plan(comm, &settings, i == 0 ? 1000000000 : 2000000000, 1000, TSR_PLAN_TEXT, &text) == TSR_OK);
        CHECK_ALL(comm, strstr(text, i == 0 ? "rows of one rank: 1000000\n" : "rows of one rank: 2000000\n") != NULL);
        const char *at = strstr(text, "at most at one time");
        memory[i] = at != NULL ? strtod(at + strlen("at most at one time"), NULL) : 0;
        tsr_free(&text);
    }
    CHECK_ALL(comm, memory[0] > 2.0 * 10 && memory[1] > memory[0] && memory[1] < 2 * memory[0]);
    CHECK_ALL(comm, tsr_plan(comm, &settings, 1000000, 1000, TSR_PLAN_SLURM, &text) == TSR_OK);
    CHECK_ALL(comm, strncmp(text, "#SBATCH --nodes=", 16) == 0 && strstr(text, "\n#SBATCH --ntasks=1000\n") != NULL);
    tsr_free(&text);
    CHECK_ALL(comm, tsr_plan(comm, &settings, 0, 0, TSR_PLAN_TEXT, &text) == TSR_EIO);
    CHECK_ALL(comm, text == NULL);
    tsr_settings_clear(&settings);
}

static double planned_seconds(const tsr_comm *comm, const char *job, const char *set, int ranks)
{
    tsr_settings settings;
    char *text = NULL;
    double seconds = -1;

    if (tsr_settings_read(comm, job, &set, 1, &settings) != TSR_OK) return -1;
    if (tsr_plan(comm, &settings, 100000000, ranks, TSR_PLAN_TEXT, &text) == TSR_OK) {
        const char *at = strstr(text, "first estimate: ");
        if (strstr(text, "a projection") != NULL && at != NULL) seconds = strtod(at + strlen("first estimate: "), NULL);
    }
    tsr_free(&text);
    tsr_settings_clear(&settings);
    return seconds;
}

static void plan_counts_the_network_between_ranks(void **state)
{
    const tsr_comm *comm = *state;
    char job[PATH_BYTES];

    path_of("plan_network.yaml", job);
    CHECK_ALL(comm, write_job(comm, job, "dataset: not/there\noutput: x\n"));
    double near = planned_seconds(comm, job, "plan.latency_us=2", 1024);
    double far = planned_seconds(comm, job, "plan.latency_us=100000", 1024);
    double alone = planned_seconds(comm, job, "plan.latency_us=100000", 1);
    CHECK_ALL(comm, near > 0 && far > near + 10 && planned_seconds(comm, job, "plan.latency_us=2", 1) == alone);
}

int main(void)
{
    tsr_log_init(0, TSR_LOG_QUIET);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_ranks_gives_the_digest_of_one),
        cmocka_unit_test(ranks_without_rows_take_part),
        cmocka_unit_test(a_stage_that_fails_on_one_rank_fails_on_all_and_is_taken_up_again),
        cmocka_unit_test(random_failures_end_alike_on_all_ranks),
        cmocka_unit_test(another_job_is_refused_and_named),
        cmocka_unit_test(jobs_that_contradict_themselves_are_refused),
        cmocka_unit_test(plan_deals_rows_and_grows_with_them),
        cmocka_unit_test(plan_counts_the_network_between_ranks),
    };
    return RUN_MPI_TESTS(tests);
}
