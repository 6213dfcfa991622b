#include "tessera/tsne.h"

#include <math.h>
#include <string.h>

#include "reduce/affinity.h"
#include "reduce/tsne_parts.h"
#include "tessera/exchange.h"
#include "tessera/interrupt.h"
#include "tessera/log.h"
#include "tessera/maths.h"
#include "tessera/memory.h"
#include "tessera/pca.h"
#include "tessera/reduce.h"
#include "tessera/rng.h"
#include "tessera/sample.h"

#define START_SD     1e-4 /* of the first coordinate at the start: small against the 1 of the kernel */
#define JITTER       1e-4 /* of it: customers who are the same would never part */
#define EXAGGERATION 12.0 /* of similarities in the first quarter, 250 iterations at most */
#define EARLY        250
#define RATE_LEAST   50.0
#define GAIN_LEAST   0.01

const tsr_key tsr_tsne_keys[] = {
    {.path = "tsne.sample",
     .type = TSR_KEY_INT,
     .offset = offsetof(tsr_tsne_params, sample),
     .fallback = "0",
     .low = 0,
     .high = 100000,
     .meaning = "customers on the t-SNE plane of the report; 0: none. The cost grows with the square: about a second "
                "for 2000, half a minute for 10000 on two cores"},
    {.path = "tsne.perplexity",
     .type = TSR_KEY_REAL,
     .offset = offsetof(tsr_tsne_params, perplexity),
     .fallback = "30",
     .low = 2,
     .high = 1000,
     .meaning = "about how many neighbours of a customer count"},
    {.path = "tsne.iterations",
     .type = TSR_KEY_INT,
     .offset = offsetof(tsr_tsne_params, iterations),
     .fallback = "1000",
     .low = 1,
     .high = 100000,
     .meaning = "steps of the descent; the first 250, or the first quarter, gather those who are alike"},
    {.path = NULL},
};

/* ---- the state of a descent: the same on every rank ---- */

tsr_status tsr_plane_make(const tsr_span *span, tsr_plane *p)
{
    const int64_t n = span->rows_global;
    tsr_status st;

    p->n = n;
    p->lanes = (n + TSR_REPEL_LANES - 1) / TSR_REPEL_LANES * TSR_REPEL_LANES;
    p->span = *span;
    TSR_TRY(tsr_alloc(&p->place, 2 * n, sizeof *p->place));
    TSR_TRY(tsr_alloc(&p->speed, 2 * n, sizeof *p->speed));
    TSR_TRY(tsr_alloc(&p->gain, 2 * n, sizeof *p->gain));
    TSR_TRY(tsr_alloc_aligned(&p->x, p->lanes, sizeof *p->x));
    TSR_TRY(tsr_alloc_aligned(&p->y, p->lanes, sizeof *p->y));
    TSR_TRY(tsr_alloc(&p->push, p->span.rows, sizeof *p->push));
    TSR_TRY(tsr_alloc(&p->force, p->span.rows, sizeof *p->force));
    for (int64_t i = 0; i < 2 * n; i++) p->gain[i] = 1;
    for (int64_t i = n; i < p->lanes; i++) p->x[i] = p->y[i] = TSR_REPEL_FAR;
done:
    return st;
}

void tsr_plane_clear(tsr_plane *p)
{
    tsr_free(&p->force);
    tsr_free(&p->push);
    tsr_free(&p->y);
    tsr_free(&p->x);
    tsr_free(&p->gain);
    tsr_free(&p->speed);
    tsr_free(&p->place);
}

/* ---- where it starts ---- */

/* Local. The first two principal components of the sample (one: 0 beside it), the first with a spread of START_SD. */
static tsr_status take_components(const tsr_tiles *sample, double *place)
{
    const tsr_comm alone = {MPI_COMM_SELF, 0, 1}; /* the sample stands whole on every rank */
    const tsr_reduce_params two = {.components = 2};
    tsr_pca *pca = NULL;
    tsr_tiles *scores = NULL;
    tsr_status st;

    TSR_TRY(tsr_pca_fit(&alone, &two, sample, &pca));
    TSR_TRY(tsr_pca_apply(&alone, pca, sample, &scores));
    double unit = pca->variance[0] > 0 ? START_SD * scores->step / sqrt(pca->variance[0]) : 0;
    for (int64_t i = 0; i < sample->span.rows; i++) {
        const int16_t *value = scores->value + i / TSR_TILE_ROWS * scores->cols * TSR_TILE_ROWS + i % TSR_TILE_ROWS;
        for (int32_t c = 0; c < scores->cols; c++) place[2 * i + c] = unit * value[(int64_t)c * TSR_TILE_ROWS];
    }
done:
    tsr_tiles_destroy(&scores);
    tsr_pca_destroy(&pca);
    return st;
}

static void add_jitter(uint64_t seed, int64_t n, double *place)
{
    for (int64_t i = 0; i < n; i++)
        for (uint64_t c = 0; c < 2; c++)
            place[2 * i + (int64_t)c] +=
                START_SD * JITTER * (2 * tsr_draw_uniform(seed, TSR_STREAM_JITTER, (uint64_t)i, c) - 1);
}

/* ---- a step ---- */

/* How those who are like row @p i of this rank draw it: the sums of p w dx and p w dy. */
static void attract(const tsr_affinity *a, const tsr_plane *p, int64_t i, tsr_force *force)
{
    const double x = p->place[2 * (p->span.first + i)], y = p->place[2 * (p->span.first + i) + 1];

    for (int64_t l = a->start[i]; l < a->start[i + 1]; l++) {
        double dx = x - p->place[2 * (int64_t)a->at[l]], dy = y - p->place[2 * (int64_t)a->at[l] + 1];
        double pull = a->p[l] / (1 + dx * dx + dy * dy);
        force->pull[0] += pull * dx;
        force->pull[1] += pull * dy;
    }
}

static void forces_here(const tsr_affinity *a, tsr_repel *repel, tsr_plane *p)
{
    for (int64_t i = 0; i < p->n; i++) {
        p->x[i] = (float)p->place[2 * i];
        p->y[i] = (float)p->place[2 * i + 1];
    }
    repel(p->x, p->y, p->lanes, p->span.first, p->span.rows, p->push);
    for (int64_t i = 0; i < p->span.rows; i++) {
        p->force[i] = (tsr_force){.push = p->push[i]};
        attract(a, p, i, &p->force[i]);
    }
}

tsr_status tsr_plane_gradient(const tsr_comm *comm, const tsr_affinity *affinity, tsr_repel *repel, double exaggeration,
                              tsr_plane *p, double *gradient, double *weight)
{
    const tsr_force *force;
    void *all = NULL;
    int64_t n = 0;
    tsr_status st;

    forces_here(affinity, repel, p);
    TSR_TRY(tsr_gather_all(comm, p->force, p->span.rows, sizeof *p->force, &all, &n));
    force = all;
    *weight = 0;
    for (int64_t i = 0; i < n; i++) *weight += force[i].push.weight;
    for (int64_t i = 0; i < n; i++) {
        gradient[2 * i] = 4 * (exaggeration * force[i].pull[0] - force[i].push.x / *weight);
        gradient[2 * i + 1] = 4 * (exaggeration * force[i].pull[1] - force[i].push.y / *weight);
    }
done:
    tsr_free(&all);
    return st;
}

/* Descent with momentum and gains (Jacobs 1988), as van der Maaten has it. */
static void move(double rate, double momentum, const double *gradient, tsr_plane *p)
{
    for (int64_t i = 0; i < 2 * p->n; i++) {
        bool on = p->speed[i] * gradient[i] < 0; /* still downhill */
        p->gain[i] = fmax(on ? p->gain[i] + 0.2 : p->gain[i] * 0.8, GAIN_LEAST);
        p->speed[i] = momentum * p->speed[i] - rate * p->gain[i] * gradient[i];
        p->place[i] += p->speed[i];
    }
}

/* ---- all steps ---- */

/* Collective. A wish to stop, failures on purpose, and the clock of rank 0, in one reduction. */
static tsr_status look_up(const tsr_comm *comm, const tsr_checkpoint *checkpoint, tsr_plane *p)
{
    bool failed = tsr_fault("tsne_iteration");
    int64_t stop[] = {tsr_interrupt_wanted(),
                      checkpoint != NULL && comm->rank == 0 && tsr_seconds() - p->saved >= checkpoint->seconds, failed};
    tsr_status st = failed ? TSR_FAIL(TSR_EBUG, "t-SNE failed on purpose (TSR_FAULT)") : TSR_OK;

    tsr_sum_int64(comm, stop, 3);
    if (stop[2] > 0) return tsr_agree(comm, st);
    if (checkpoint != NULL && stop[0] + stop[1] > 0) {
        TSR_TRY(tsr_plane_save(comm, checkpoint, p));
        p->saved = tsr_seconds();
    }
    if (stop[0] > 0) return TSR_FAIL(TSR_EINTR, "stopped as asked, in iteration %lld of t-SNE", (long long)p->done);
done:
    return st;
}

static tsr_status descend(const tsr_comm *comm, const tsr_tsne_params *params, const tsr_affinity *affinity,
                          tsr_repel *repel, tsr_plane *p)
{
    const int64_t early = params->iterations / 4 < EARLY ? params->iterations / 4 : EARLY;
    const double rate = fmax((double)p->n / EXAGGERATION / 4, RATE_LEAST);
    double *gradient = NULL, weight = 0;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&gradient, 2 * p->n, sizeof *gradient));
    while (p->done < params->iterations) {
        bool first = p->done < early;
        TSR_TRY(tsr_plane_gradient(comm, affinity, repel, first ? EXAGGERATION : 1, p, gradient, &weight));
        move(rate, first ? 0.5 : 0.8, gradient, p);
        p->done++;
        tsr_progress("t-SNE", p->done, params->iterations);
        TSR_TRY(look_up(comm, params->checkpoint, p));
    }
done:
    tsr_free(&gradient);
    return st;
}

/* ---- how good it is ---- */

static double divergence_of_row(const tsr_affinity *a, const tsr_plane *p, int64_t i, double weight)
{
    const double x = p->place[2 * (p->span.first + i)], y = p->place[2 * (p->span.first + i) + 1];
    double sum = 0;

    for (int64_t l = a->start[i]; l < a->start[i + 1]; l++) {
        double dx = x - p->place[2 * (int64_t)a->at[l]], dy = y - p->place[2 * (int64_t)a->at[l] + 1];
        if (a->p[l] > 0) sum += a->p[l] * tsr_log(a->p[l] * weight * (1 + dx * dx + dy * dy));
    }
    return sum;
}

tsr_status tsr_plane_divergence(const tsr_comm *comm, const tsr_affinity *affinity, const tsr_plane *p, double weight,
                                double *divergence)
{
    double *mine = NULL;
    void *all = NULL;
    int64_t n = 0;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&mine, p->span.rows, sizeof *mine));
    for (int64_t i = 0; i < p->span.rows; i++) mine[i] = divergence_of_row(affinity, p, i, weight);
    TSR_TRY(tsr_gather_all(comm, mine, p->span.rows, sizeof *mine, &all, &n));
    *divergence = 0;
    for (int64_t i = 0; i < n; i++) *divergence += ((double *)all)[i];
done:
    tsr_free(&all);
    tsr_free(&mine);
    return st;
}

/* ---- all of it ---- */

static tsr_status grade(const tsr_comm *comm, const tsr_tiles *sample, const tsr_affinity *affinity, tsr_repel *repel,
                        tsr_plane *p, tsr_tsne *tsne)
{
    double *gradient = NULL, weight = 0;
    tsr_status st;

    TSR_AGREE(comm, tsr_alloc(&gradient, 2 * p->n, sizeof *gradient));
    TSR_TRY(tsr_plane_gradient(comm, affinity, repel, 1, p, gradient, &weight));
    TSR_TRY(tsr_plane_divergence(comm, affinity, p, weight, &tsne->divergence));
    TSR_TRY(tsr_affinity_kept(comm, sample, p->place, TSR_TSNE_NEAR, &tsne->kept));
done:
    tsr_free(&gradient);
    return st;
}

tsr_status tsr_plane_run(const tsr_comm *comm, const tsr_tsne_params *params, uint64_t seed, const tsr_tiles *sample,
                         tsr_tsne *tsne)
{
    const tsr_checkpoint *checkpoint = params->checkpoint;
    tsr_affinity affinity = {0};
    tsr_plane p = {.saved = tsr_seconds()};
    tsr_isa isa;
    tsr_status st;

    tsne->perplexity = fmin(params->perplexity, (double)(sample->span.rows - 1) / 3);
    TSR_TRY(tsr_isa_agree(comm, &isa));
    TSR_TRY(tsr_affinity_find(comm, sample, tsne->perplexity, &affinity));
    TSR_AGREE(comm, tsr_plane_make(&affinity.span, &p));
    TSR_AGREE(comm, take_components(sample, p.place));
    add_jitter(seed, p.n, p.place);
    if (checkpoint != NULL && checkpoint->from != NULL) TSR_AGREE(comm, tsr_plane_restore(checkpoint->from, &p));
    TSR_TRY(descend(comm, params, &affinity, tsr_repel_of(isa), &p));
    TSR_TRY(grade(comm, sample, &affinity, tsr_repel_of(isa), &p, tsne));
    memcpy(tsne->place, p.place, (size_t)(2 * p.n) * sizeof *p.place);
done:
    tsr_affinity_clear(&affinity);
    tsr_plane_clear(&p);
    return st;
}

tsr_status tsr_tsne_run(const tsr_comm *comm, const tsr_tsne_params *params, uint64_t seed, const tsr_tiles *tiles,
                        tsr_tsne *tsne)
{
    tsr_tiles *sample = NULL;
    tsr_status st;

    *tsne = (tsr_tsne){0};
    if (tiles->span.rows_global < TSR_TSNE_LEAST || params->sample < TSR_TSNE_LEAST) return TSR_OK;
    TSR_TRY(tsr_sample_draw(comm, tiles, seed, params->sample, &tsne->row, &sample));
    tsne->rows = sample->span.rows;
    TSR_AGREE(comm, tsr_alloc(&tsne->place, 2 * tsne->rows, sizeof *tsne->place));
    TSR_TRY(tsr_plane_run(comm, params, seed, sample, tsne));
done:
    tsr_tiles_destroy(&sample);
    if (st != TSR_OK) tsr_tsne_clear(tsne);
    return st;
}

void tsr_tsne_clear(tsr_tsne *tsne)
{
    tsr_free(&tsne->place);
    tsr_free(&tsne->row);
    *tsne = (tsr_tsne){0};
}
