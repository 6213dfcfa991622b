#include "mpi_test.h"

#include <math.h>
#include <signal.h>
#include <string.h>

#include "core/kernels.h"
#include "reduce/tsne_parts.h"
#include "tessera/maths.h"
#include "tessera/tsne.h"
#include "tiles_test.h"

/* Of places, rows and figures of 150 of 400 customers after 60 iterations. */
#define BITS 0x9ed91fb8445918ebu

static const tsr_tsne_params some = {.sample = 150, .perplexity = 12, .iterations = 60};

/* Three sheets of whole numbers, which another program can make too. */
static double sheets(int64_t row, int32_t col)
{
    const int64_t group = row % 3, u = row / 3 % 7, v = row / 3 / 7;
    const int64_t value[] = {8 * u + group * v, 11 * v + group * u, group == 0 ? 90 : 0, (group == 1 ? 70 : 0) + u * v};

    return (double)value[col];
}

static double half_twins(int64_t row, int32_t col)
{
    return row % 2 == 0 ? 7 : (double)(row + col);
}

static tsr_tiles *whole(int64_t rows, double step, test_value value)
{
    const tsr_comm alone = {MPI_COMM_SELF, 0, 1};

    return test_tiles(&alone, rows, 4, step, DEAL_EVENLY, value);
}

static double plane_noise(int64_t row, int32_t col)
{
    return 5 * test_uniform(row, col + 50) - 2.5;
}

/* ---- parts ---- */

static void similarities_of_a_row_have_the_wanted_perplexity(void **state)
{
    enum { N = 60 };
    const tsr_comm *comm = *state;
    double value[N], work[N], sum = 0, entropy = 0;
    bool falling = true;

    for (int j = 0; j < N; j++) value[j] = 1e6 + 37.0 * j * j;
    tsr_affinity_row(value, N, 20, work);
    for (int j = 0; j < N; j++) {
        sum += value[j];
        if (value[j] > 0) entropy -= value[j] * tsr_log(value[j]);
        falling &= j == 0 || value[j] <= value[j - 1];
    }
    CHECK_ALL(comm, fabs(sum - 1) < 1e-12 && falling);
    CHECK_ALL(comm, fabs(tsr_exp(entropy) - 20) < 1e-6);
}

static void neighbours_at_one_distance_are_equally_alike(void **state)
{
    const tsr_comm *comm = *state;
    double value[] = {0, 0, 0, 0, 0}, work[5];

    tsr_affinity_row(value, 5, 2, work);
    for (int j = 0; j < 5; j++) CHECK_ALL(comm, fabs(value[j] - 0.2) < 1e-15);
}

/* Each rank has its rows; p_ij found at i must be p_ji found at j, and all of them make 1. */
static void similarities_are_symmetric_and_make_one(void **state)
{
    enum { N = 70 };
    const tsr_comm *comm = *state;
    tsr_tiles *sample = whole(N, 1e-3, test_clouds);
    tsr_affinity a = {0};
    double full[N][N] = {{0}}, all[N][N], sum = 0;
    bool symmetric = true, rising = true;

    CHECK_ALL(comm, tsr_affinity_find(comm, sample, 7, &a) == TSR_OK);
    for (int64_t i = 0; i < a.span.rows; i++)
        for (int64_t l = a.start[i]; l < a.start[i + 1]; l++) {
            full[a.span.first + i][a.at[l]] = a.p[l];
            rising &= l == a.start[i] || a.at[l] > a.at[l - 1];
        }
    MPI_Allreduce(full, all, N * N, MPI_DOUBLE, MPI_SUM, comm->mpi);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            symmetric &= all[i][j] == all[j][i] && (i != j || all[i][j] == 0);
            sum += all[i][j];
        }
    CHECK_ALL(comm, symmetric && rising);
    CHECK_ALL(comm, fabs(sum - 1) < 1e-12);
    tsr_affinity_clear(&a);
    test_tiles_free(&sample);
}

/* The sums of repel.h in double, one after the other. */
static void kernels_push_alike_to_the_bit(void **state)
{
    enum { N = 1037, LANES = 1040 };
    const tsr_comm *comm = *state;
    float *x = NULL, *y = NULL;
    tsr_repulsion first[N], other[N];
    bool right = true;

    CHECK_ALL(comm, tsr_alloc_aligned(&x, LANES, sizeof *x) == TSR_OK);
    CHECK_ALL(comm, tsr_alloc_aligned(&y, LANES, sizeof *y) == TSR_OK);
    for (int i = 0; i < LANES; i++) {
        x[i] = i < N ? (float)plane_noise(i, 0) : TSR_REPEL_FAR;
        y[i] = i < N ? (float)plane_noise(i, 1) : TSR_REPEL_FAR;
    }
    tsr_repel_baseline(x, y, LANES, 0, N, first);
    for (int i = 0; i < N; i += 103) {
        double sum_x = 0, sum_w = 0;
        for (int j = 0; j < N; j++) {
            double dx = (double)x[i] - x[j], dy = (double)y[i] - y[j], w = 1 / (1 + dx * dx + dy * dy);
            sum_w += i == j ? 0 : w;
            sum_x += w * w * dx;
        }
        right &= fabs(first[i].weight - sum_w) < 1e-5 * sum_w && fabs(first[i].x - sum_x) < 1e-5 * sum_w;
    }
    CHECK_ALL(comm, right);
    for (int isa = 0; isa <= TSR_ISA_AVX512; isa++) {
        if (!tsr_isa_runs((tsr_isa)isa)) continue;
        memset(other, 0, sizeof other);
        tsr_repel_of((tsr_isa)isa)(x, y, LANES, 0, 5, other);
        tsr_repel_of((tsr_isa)isa)(x, y, LANES, 5, N - 5, other + 5);
        CHECK_ALL(comm, memcmp(first, other, sizeof first) == 0);
    }
    tsr_free(&y);
    tsr_free(&x);
}

static double divergence_at(const tsr_comm *comm, const tsr_affinity *a, tsr_plane *p, double *gradient)
{
    double weight, divergence = NAN;

    CHECK_ALL(comm, tsr_plane_gradient(comm, a, tsr_repel_baseline, 1, p, gradient, &weight) == TSR_OK);
    CHECK_ALL(comm, tsr_plane_divergence(comm, a, p, weight, &divergence) == TSR_OK);
    return divergence;
}

static void gradient_is_the_slope_of_the_divergence(void **state)
{
    enum { N = 40 };
    const double h = 1e-2;
    const tsr_comm *comm = *state;
    tsr_tiles *sample = whole(N, 1e-3, test_clouds);
    tsr_affinity a = {0};
    tsr_plane p = {0};
    double gradient[2 * N], other[2 * N];

    CHECK_ALL(comm, tsr_affinity_find(comm, sample, 13, &a) == TSR_OK); /* 39 neighbours: all */
    CHECK_ALL(comm, tsr_plane_make(&a.span, &p) == TSR_OK);
    for (int i = 0; i < 2 * N; i++) p.place[i] = plane_noise(i / 2, i % 2);
    (void)divergence_at(comm, &a, &p, gradient);
    for (int i = 0; i < 2 * N; i += 7) {
        double here = p.place[i];
        p.place[i] = here + h;
        double above = divergence_at(comm, &a, &p, other);
        p.place[i] = here - h;
        double below = divergence_at(comm, &a, &p, other);
        p.place[i] = here;
        CHECK_ALL(comm, fabs((above - below) / (2 * h) - gradient[i]) < 2e-5);
        CHECK_ALL(comm, fabs(gradient[i]) < 0.2);
    }
    tsr_plane_clear(&p);
    tsr_affinity_clear(&a);
    test_tiles_free(&sample);
}

/* ---- the whole ---- */

/*
 * scikit-learn 1.2.1 on the same 150 rows: TSNE(method="exact", init="pca", perplexity=P, learning_rate="auto")
 * .fit(x).kl_divergence_ for P of 49, where all other rows are neighbours here too, and of 15, where 45 of them are.
 */
static void divergence_is_that_of_another_program(void **state)
{
    static const struct {
        double perplexity, divergence, within;
    } golden[] = {{49, 0.023338495, 0.005}, {15, 0.15871633, 0.02}};
    const tsr_comm *comm = *state, alone = {MPI_COMM_SELF, 0, 1}; /* bits_are_the_same_everywhere: it is enough */
    tsr_tiles *tiles = whole(150, 1, sheets);
    double place[300];

    for (size_t i = 0; i < 2; i++) {
        const tsr_tsne_params params = {.sample = 150, .perplexity = golden[i].perplexity, .iterations = 1000};
        tsr_tsne tsne = {.place = place};
        CHECK_ALL(comm, tsr_plane_run(&alone, &params, 1, tiles, &tsne) == TSR_OK);
        CHECK_ALL(comm, fabs(tsne.divergence / golden[i].divergence - 1) < golden[i].within);
        CHECK_ALL(comm, tsne.kept > 0.9 && tsne.kept <= 1);
    }
    test_tiles_free(&tiles);
}

static uint64_t hash_of(const tsr_tsne *tsne)
{
    uint64_t hash = test_hash(1, tsne->place, (size_t)(2 * tsne->rows) * sizeof *tsne->place);

    hash = test_hash(hash, tsne->row, (size_t)tsne->rows * sizeof *tsne->row);
    hash = test_hash(hash, &tsne->divergence, sizeof tsne->divergence);
    return test_hash(hash, &tsne->kept, sizeof tsne->kept);
}

/* Golden: the same on every number of ranks, every kernel and every processor. */
static void bits_are_the_same_everywhere(void **state)
{
    const tsr_comm *comm = *state;

    for (int deal = 0; deal < 2; deal++) {
        tsr_tiles *tiles = test_tiles(comm, 400, 5, 1e-3, (test_deal)deal, test_clouds);
        tsr_tsne tsne;

        CHECK_ALL(comm, tsr_tsne_run(comm, &some, 3, tiles, &tsne) == TSR_OK);
        CHECK_ALL(comm, tsne.rows == 150 && isfinite(tsne.divergence));
        if (comm->rank == 0 && hash_of(&tsne) != BITS) print_error("%016" PRIx64 "\n", hash_of(&tsne));
        CHECK_ALL(comm, hash_of(&tsne) == BITS);
        tsr_tsne_clear(&tsne);
        test_tiles_free(&tiles);
    }
}

/* Half of the customers are one and the same, and one column is all there is. */
static void twins_on_a_line_part_and_keep_their_neighbours(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 120, 1, 1, DEAL_EVENLY, half_twins);
    const tsr_tsne_params params = {.sample = 120, .perplexity = 30, .iterations = 300};
    tsr_tsne tsne;
    bool finite = true, apart = true;

    CHECK_ALL(comm, tsr_tsne_run(comm, &params, 3, tiles, &tsne) == TSR_OK);
    for (int64_t i = 0; i < 2 * tsne.rows; i++) finite &= isfinite(tsne.place[i]);
    for (int64_t i = 1; i < tsne.rows; i++)
        apart &= tsne.place[2 * i] != tsne.place[0] || tsne.place[2 * i + 1] != tsne.place[1];
    CHECK_ALL(comm, finite && apart && tsne.kept > 0.5 && tsne.kept <= 1);
    tsr_tsne_clear(&tsne);
    test_tiles_free(&tiles);
}

static void too_few_customers_give_no_picture(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, TSR_TSNE_LEAST - 1, 2, 1e-3, DEAL_LAST, test_clouds);
    tsr_tsne tsne;

    CHECK_ALL(comm, tsr_tsne_run(comm, &some, 3, tiles, &tsne) == TSR_OK);
    CHECK_ALL(comm, tsne.rows == 0 && tsne.place == NULL);
    tsr_tsne_clear(&tsne);
    test_tiles_free(&tiles);
}

/* ---- left in the middle ---- */

typedef struct keeper {
    tsr_bundle *kept;
    int64_t saves, stop_at;
} keeper;

/* The checkpoint asks to stop by itself, so that the next iteration is the last one. */
static tsr_status keep(const tsr_comm *comm, void *context, const tsr_bundle *state)
{
    keeper *k = context;
    tsr_status st;

    tsr_bundle_destroy(&k->kept);
    TSR_AGREE(comm, tsr_bundle_create(&k->kept));
    TSR_AGREE(comm, tsr_bundle_merge(k->kept, state));
    if (++k->saves == k->stop_at) raise(SIGUSR1);
done:
    return st;
}

static void resumed_descent_ends_with_the_same_bits(void **state)
{
    const tsr_comm *comm = *state;
    tsr_tiles *tiles = test_tiles(comm, 400, 5, 1e-3, DEAL_EVENLY, test_clouds);
    keeper k = {.stop_at = 20};
    const tsr_checkpoint often = {.save = keep, .context = &k};
    tsr_tsne_params params = some;
    tsr_tsne tsne;

    tsr_interrupt_install(0);
    params.checkpoint = &often;
    CHECK_ALL(comm, tsr_tsne_run(comm, &params, 3, tiles, &tsne) == TSR_EINTR);
    CHECK_ALL(comm, tsne.rows == 0 && k.saves == 21);
    tsr_interrupt_clear();
    tsr_error_clear();
    const tsr_checkpoint again = {.from = k.kept, .seconds = 1e9, .save = keep, .context = &k};
    params.checkpoint = &again;
    CHECK_ALL(comm, tsr_tsne_run(comm, &params, 3, tiles, &tsne) == TSR_OK);
    CHECK_ALL(comm, k.saves == 21 && hash_of(&tsne) == BITS);
    tsr_tsne_clear(&tsne);
    tsr_bundle_destroy(&k.kept);
    test_tiles_free(&tiles);
}

static void memory_short_on_one_rank_fails_on_all(void **state)
{
    const tsr_comm *comm = *state;
    const tsr_tsne_params few = {.sample = 30, .perplexity = 5, .iterations = 2};

    for (int nth = 1; nth <= 60; nth += 4) {
        tsr_tiles *tiles = test_tiles(comm, 40, 3, 1e-3, DEAL_EVENLY, test_clouds);
        tsr_tsne tsne;

        fail_last_rank(comm, "alloc", nth);
        CHECK_ALL(comm, tsr_tsne_run(comm, &few, 3, tiles, &tsne) == TSR_ENOMEM);
        CHECK_ALL(comm, tsne.rows == 0 && tsne.place == NULL && tsne.row == NULL);
        tsr_fault_set(NULL);
        tsr_error_clear();
        test_tiles_free(&tiles);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(similarities_of_a_row_have_the_wanted_perplexity),
        cmocka_unit_test(neighbours_at_one_distance_are_equally_alike),
        cmocka_unit_test(similarities_are_symmetric_and_make_one),
        cmocka_unit_test(kernels_push_alike_to_the_bit),
        cmocka_unit_test(gradient_is_the_slope_of_the_divergence),
        cmocka_unit_test(divergence_is_that_of_another_program),
        cmocka_unit_test(bits_are_the_same_everywhere),
        cmocka_unit_test(twins_on_a_line_part_and_keep_their_neighbours),
        cmocka_unit_test(too_few_customers_give_no_picture),
        cmocka_unit_test(resumed_descent_ends_with_the_same_bits),
        cmocka_unit_test(memory_short_on_one_rank_fails_on_all),
    };
    return RUN_MPI_TESTS(tests);
}
