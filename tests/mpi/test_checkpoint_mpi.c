#include "mpi_test.h"

#include <string.h>

#include "tessera/kmeans.h"
#include "tessera/reduce.h"
#include "tessera/weights.h"
#include "tiles_test.h"

enum { ROWS = 1200, COLS = 3, K = 6 };

static const tsr_cluster_params usual = {.k = {3, 5},
                                         .restarts = 2,
                                         .sample = 300,
                                         .sample_criteria = 200,
                                         .gap_references = 2,
                                         .stability_pairs = 2,
                                         .max_iter = 40};

/* The last state that was handed over, and how many were. */
typedef struct shelf {
    tsr_bundle *state;
    int64_t states;
    tsr_status fails;
} shelf;

static tsr_status put_on_shelf(const tsr_comm *comm, void *context, const tsr_bundle *state)
{
    shelf *s = context;
    tsr_status st;

    if (s->fails != TSR_OK)
        return tsr_agree(comm, comm->rank == comm->size - 1 ? TSR_FAIL(s->fails, "the disk is full") : TSR_OK);
    tsr_bundle_destroy(&s->state);
    TSR_AGREE(comm, tsr_bundle_create(&s->state));
    TSR_AGREE(comm, tsr_bundle_merge(s->state, state));
    s->states++;
done:
    return st;
}

/* Everything that a fit leaves, as one number. */
static uint64_t result_hash(const tsr_comm *comm, const tsr_kmeans *m, const tsr_tiles *tiles, const uint16_t *label)
{
    uint64_t hash = test_hash((uint64_t)m->k, m->centroid, (size_t)(m->k * m->cols) * sizeof *m->centroid);
    const int64_t numbers[] = {m->iterations, m->moved, m->repairs, m->stop, m->sample_rows, m->asked_k};
    int64_t labels = 0;

    hash = test_hash(hash, m->sums, (size_t)(m->k * m->cols) * sizeof *m->sums);
    hash = test_hash(hash, m->count, (size_t)m->k * sizeof *m->count);
    hash = test_hash(hash, numbers, sizeof numbers);
    hash = test_hash(hash, m->vote, sizeof m->vote);
    for (int32_t i = 0; i < m->candidates_n; i++) hash = test_hash(hash, &m->candidate[i].inertia, 11 * sizeof(double));
    if (m->jaccard != NULL) hash = test_hash(hash, m->jaccard, (size_t)m->k * sizeof *m->jaccard);
    for (int64_t i = 0; i < tiles->span.rows; i++)
        labels += (int64_t)(test_hash((uint64_t)(tiles->span.first + i) + 1, &label[i], sizeof *label) >> 8);
    tsr_sum_int64(comm, &labels, 1);
    return hash ^ (uint64_t)labels;
}

static tsr_status fit(const tsr_comm *comm, const tsr_cluster_params *params, const tsr_tiles *tiles,
                      const double *start, uint64_t *hash, int64_t *iterations)
{
    tsr_kmeans *model = NULL;
    uint16_t *label = NULL;
    tsr_status st = tsr_kmeans_run(comm, params, 1, tiles, start, start != NULL ? K : 0, &model, &label);

    if (st == TSR_OK) {
        *hash = result_hash(comm, model, tiles, label);
        *iterations = model->iterations;
    }
    tsr_free(&label);
    tsr_kmeans_destroy(&model);
    return st;
}

/* Rows that count differently, by their number. */
static tsr_status weigh(const tsr_comm *comm, tsr_tiles *tiles)
{
    double value[ROWS];

    for (int64_t i = 0; i < tiles->span.rows; i++) value[i] = 0.1 + test_uniform(tiles->span.first + i, 500);
    return tsr_weights_attach(comm, "w", value, tiles);
}

/* Stop in every iteration in turn and go on, from what was saved, with rows dealt otherwise. Every other time tiles are
 * left alone and rows change places before the stop and after it. */
static void stop_everywhere(const tsr_comm *comm, tsr_cluster_params params, test_value value, const double *start,
                            bool weights)
{
    tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1e-3, DEAL_EVENLY, value);
    tsr_tiles *other = test_tiles(comm, ROWS, COLS, 1e-3, DEAL_LAST, value);
    uint64_t wanted = 0, hash = 0;
    int64_t iterations = 0, again = 0;
    char plan[80];

    if (weights) CHECK_ALL(comm, weigh(comm, tiles) == TSR_OK && weigh(comm, other) == TSR_OK);
    tsr_interrupt_install(0);
    CHECK_ALL(comm, fit(comm, &params, tiles, start, &wanted, &iterations) == TSR_OK);
    CHECK_ALL(comm, iterations > 3);
    for (int64_t stop = 1; stop <= iterations; stop++) {
        shelf kept = {0};
        tsr_checkpoint checkpoint = {.seconds = 1e9, .save = put_on_shelf, .context = &kept};

        params.checkpoint = &checkpoint;
        setenv("TESSERA_PRUNE", stop % 2 == 0 ? "on" : "off", 1);
        snprintf(plan, sizeof plan, "point=kmeans_iteration,rank=%d,nth=%d,action=usr1", comm->size - 1, (int)stop);
        tsr_fault_set(plan);
        CHECK_ALL(comm, fit(comm, &params, tiles, start, &hash, &again) == TSR_EINTR);
        tsr_fault_set(NULL);
        tsr_interrupt_clear();
        CHECK_ALL(comm, kept.states == 1);
        checkpoint.from = kept.state;
        checkpoint.save = NULL;
        CHECK_ALL(comm, fit(comm, &params, other, start, &hash, &again) == TSR_OK);
        unsetenv("TESSERA_PRUNE");
        CHECK_ALL(comm, hash == wanted && again == iterations);
        tsr_bundle_destroy(&kept.state);
    }
    test_tiles_free(&other);
    test_tiles_free(&tiles);
}

static void fit_stopped_anywhere_ends_with_the_same_bits(void **state)
{
    const tsr_comm *comm = *state;
    double start[K * COLS];

    for (int i = 0; i < K * COLS; i++) start[i] = test_clouds(i / COLS, i % COLS);
    stop_everywhere(comm, usual, test_clouds, start, false);
}

static void weighted_fit_stopped_anywhere_ends_with_the_same_bits(void **state)
{
    const tsr_comm *comm = *state;
    double start[K * COLS];

    for (int i = 0; i < K * COLS; i++) start[i] = i / COLS < 4 ? test_clouds(i / COLS, i % COLS) : 20;
    stop_everywhere(comm, usual, test_clouds, start, true);
}

static void choice_of_k_survives_the_stop(void **state)
{
    const tsr_comm *comm = *state;

    stop_everywhere(comm, usual, test_uniform, NULL, false);
}

/* Two segments start empty: filled in the first iteration, by either rule. */
static void filled_segments_survive_the_stop(void **state)
{
    const tsr_comm *comm = *state;
    double start[K * COLS];

    for (int i = 0; i < K * COLS; i++) start[i] = i / COLS < 4 ? test_clouds(i / COLS, i % COLS) : 20;
    for (int32_t empty = TSR_EMPTY_FARTHEST; empty <= TSR_EMPTY_SPLIT; empty++) {
        tsr_cluster_params params = usual;
        params.empty = empty;
        stop_everywhere(comm, params, test_clouds, start, false);
    }
}

/* A stop at the maximum and at the tolerance are decided by numbers that only the first run saw. */
static void other_stops_survive_the_stop(void **state)
{
    const tsr_comm *comm = *state;
    tsr_cluster_params params = usual;
    double start[K * COLS];

    for (int i = 0; i < K * COLS; i++) start[i] = test_uniform(i / COLS, i % COLS);
    params.max_iter = 5;
    stop_everywhere(comm, params, test_uniform, start, false);
    params.max_iter = 300;
    params.tol = 1e-3;
    stop_everywhere(comm, params, test_uniform, start, false);
}

/* With 0 seconds between them every iteration is saved; the states are the same at any number of ranks. */
static void states_are_saved_by_the_clock_and_are_the_same_on_any_ranks(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1e-3, DEAL_EVENLY, test_clouds);
    shelf kept = {0};
    const tsr_checkpoint checkpoint = {.seconds = 0, .save = put_on_shelf, .context = &kept};
    tsr_cluster_params params = usual;
    uint8_t digest[TSR_DIGEST_SIZE];
    double start[K * COLS];
    uint64_t hash = 0;
    int64_t iterations = 0;

    for (int i = 0; i < K * COLS; i++) start[i] = test_clouds(i / COLS, i % COLS);
    params.checkpoint = &checkpoint;
    CHECK_ALL(comm, fit(comm, &params, tiles, start, &hash, &iterations) == TSR_OK);
    CHECK_ALL(comm, kept.states == iterations);
    tsr_bundle_digest(kept.state, digest);
    hash = test_hash(1, digest, sizeof digest);
    CHECK_ALL(comm, hash == 0x5f9196baa69c6085);
    tsr_bundle_destroy(&kept.state);
    test_tiles_free(&tiles);
}

static void state_of_another_job_is_refused(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1e-3, DEAL_EVENLY, test_clouds);
    tsr_tiles *wider = test_tiles(comm, ROWS, COLS + 1, 1e-3, DEAL_EVENLY, test_clouds);
    shelf kept = {0};
    tsr_checkpoint checkpoint = {.seconds = 0, .save = put_on_shelf, .context = &kept};
    tsr_cluster_params params = usual;
    uint64_t hash = 0;
    int64_t iterations = 0;

    params.checkpoint = &checkpoint;
    CHECK_ALL(comm, fit(comm, &params, tiles, NULL, &hash, &iterations) == TSR_OK);
    checkpoint.from = kept.state;
    checkpoint.save = NULL;
    CHECK_ALL(comm, fit(comm, &params, wider, NULL, &hash, &iterations) == TSR_EDATA);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "/lloyd/centroids") != NULL);
    tsr_bundle_destroy(&kept.state);
    test_tiles_free(&wider);
    test_tiles_free(&tiles);
}

static void failing_checkpoint_ends_the_fit_on_all_ranks(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, ROWS, COLS, 1e-3, DEAL_EVENLY, test_clouds);
    shelf kept = {.fails = TSR_EIO};
    const tsr_checkpoint checkpoint = {.seconds = 0, .save = put_on_shelf, .context = &kept};
    tsr_cluster_params params = usual;
    uint64_t hash = 0;
    int64_t iterations = 0;

    params.checkpoint = &checkpoint;
    CHECK_ALL(comm, fit(comm, &params, tiles, NULL, &hash, &iterations) == TSR_EIO);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "disk") != NULL);
    test_tiles_free(&tiles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fit_stopped_anywhere_ends_with_the_same_bits),
        cmocka_unit_test(weighted_fit_stopped_anywhere_ends_with_the_same_bits),
        cmocka_unit_test(choice_of_k_survives_the_stop),
        cmocka_unit_test(filled_segments_survive_the_stop),
        cmocka_unit_test(other_stops_survive_the_stop),
        cmocka_unit_test(states_are_saved_by_the_clock_and_are_the_same_on_any_ranks),
        cmocka_unit_test(state_of_another_job_is_refused),
        cmocka_unit_test(failing_checkpoint_ends_the_fit_on_all_ranks),
    };
    return RUN_MPI_TESTS(tests);
}
