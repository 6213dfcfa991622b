#include "pipeline/steps/embeddings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tessera/memory.h"
#include "tessera/pca.h"
#include "tessera/reduce.h"
#include "tessera/rng.h"

#define SAMPLE 262144
#define VALUES ((int64_t)1 << 24) /* of a block: 64 MiB */

/* The vectors that one basis is found from. */
typedef struct fitting {
    const tsr_dataset *dataset;
    const tsr_embedding *about;
    tsr_span dealt; /* customers of this rank */
    uint64_t seed;
    double share; /* of customers in the sample */
    const tsr_observation *observation;
    int64_t end_day;
    uint32_t members; /* what is read to know who belongs to the run; 0: all do */
    tsr_block block;
    int64_t room;    /* customers of a block */
    double *column;  /* [room] */
    int64_t *chosen; /* [room] customers of the block */
    int64_t n;       /* of them */
    int64_t rows;
    double largest;
    tsr_tiles *tiles; /* NULL: the vectors are still counted */
} fitting;

static bool is_asked(const tsr_features_params *params, const tsr_embedding *embedding)
{
    const size_t n = sizeof TSR_EMBEDDING_PREFIX - 1;

    for (int32_t i = 0; i < params->set.n; i++)
        if (strncmp(params->set.text[i], TSR_EMBEDDING_PREFIX, n) == 0 &&
            strcmp(params->set.text[i] + n, embedding->name) == 0)
            return true;
    return false;
}

static bool belongs(const fitting *f, int64_t i)
{
    return f->members == 0 || tsr_observation_counts(f->observation, tsr_dataset_about(f->dataset), &f->block, i);
}

static void choose(fitting *f)
{
    f->n = 0;
    for (int64_t i = 0; i < f->block.customers; i++)
        if (tsr_draw_uniform(f->seed, TSR_STREAM_SAMPLE, f->block.key[i], 0) < f->share &&
            tsr_embedding_there(f->about, &f->block, i, f->end_day) && belongs(f, i))
            f->chosen[f->n++] = i;
}

static void take_columns(fitting *f)
{
    for (int32_t c = 0; c < f->about->dimensions; c++) {
        const float *value = f->block.number[f->about->first + c];
        for (int64_t r = 0; r < f->n; r++) {
            f->column[r] = (double)value[f->chosen[r]];
            f->largest = fabs(f->column[r]) > f->largest ? fabs(f->column[r]) : f->largest;
        }
        if (f->tiles != NULL) tsr_tiles_put(f->tiles, f->rows, f->n, c, f->column);
    }
}

/* Once to count, once to fill the tiles. */
static tsr_status pass(fitting *f)
{
    tsr_status st = TSR_OK;

    f->rows = 0;
    for (int64_t at = 0; at < f->dealt.rows; at += f->room) {
        int64_t rows = f->dealt.rows - at < f->room ? f->dealt.rows - at : f->room;
        TSR_TRY(tsr_dataset_read(f->dataset, f->dealt.first + at, rows, f->members | TSR_READ_EMBEDDINGS, &f->block));
        choose(f);
        take_columns(f);
        f->rows += f->n;
    }
done:
    tsr_block_clear(&f->block);
    return st;
}

/* Those who come later are not known yet: they do not thin out the sample. */
static tsr_status count_members(fitting *f, int64_t *n)
{
    tsr_status st = TSR_OK;

    *n = f->members == 0 ? f->dealt.rows : 0;
    for (int64_t at = 0; f->members != 0 && at < f->dealt.rows; at += f->room) {
        int64_t rows = f->dealt.rows - at < f->room ? f->dealt.rows - at : f->room;
        TSR_TRY(tsr_dataset_read(f->dataset, f->dealt.first + at, rows, f->members, &f->block));
        for (int64_t i = 0; i < rows; i++) *n += belongs(f, i);
    }
done:
    tsr_block_clear(&f->block);
    return st;
}

static tsr_status draw_share(const tsr_comm *comm, fitting *f)
{
    int64_t members;
    tsr_status st = TSR_OK;

    f->share = 1.0;
    if (tsr_dataset_about(f->dataset)->customers <= SAMPLE) return TSR_OK;
    TSR_AGREE(comm, count_members(f, &members));
    tsr_sum_int64(comm, &members, 1);
    if (members > SAMPLE) f->share = (double)SAMPLE / (double)members;
done:
    return st;
}

/* Shares that add up to 1, say, have one direction less than numbers. What is left of it is rounding, which scaling
 * would blow up to a feature like others: such a component is 0 for everybody, and left out as a constant. */
static bool is_rounding(const tsr_pca *pca, int32_t component, double step)
{
    return pca->variance[component] <= step * step;
}

static tsr_status keep_basis(const tsr_pca *pca, double step, tsr_embedding_basis *basis)
{
    const int64_t cells = (int64_t)pca->components * pca->cols;
    tsr_status st;

    basis->components = pca->components;
    TSR_TRY(tsr_alloc(&basis->mean, pca->cols, sizeof *basis->mean));
    TSR_TRY(tsr_alloc(&basis->vector, cells, sizeof *basis->vector));
    memcpy(basis->mean, pca->mean, (size_t)pca->cols * sizeof *basis->mean);
    memcpy(basis->vector, pca->vector, (size_t)cells * sizeof *basis->vector);
    for (int32_t i = 0; i < pca->components; i++)
        if (is_rounding(pca, i, step))
            memset(basis->vector + (int64_t)i * pca->cols, 0, (size_t)pca->cols * sizeof *basis->vector);
done:
    return st;
}

/* Chunks of the file are read whole: small blocks would read each many times. */
static tsr_status prepare(fitting *f)
{
    tsr_status st;

    f->room = VALUES / tsr_dataset_about(f->dataset)->attributes_n;
    if (f->room > TSR_BLOCK_ROWS) f->room = TSR_BLOCK_ROWS;
    TSR_TRY(tsr_alloc(&f->column, f->room, sizeof *f->column));
    TSR_TRY(tsr_alloc(&f->chosen, f->room, sizeof *f->chosen));
done:
    return st;
}

static tsr_status fit_one(const tsr_comm *comm, fitting *f, const tsr_reduce_params *reduce, tsr_embedding_basis *basis)
{
    tsr_pca *pca = NULL;
    tsr_span span;
    tsr_status st;

    TSR_AGREE(comm, prepare(f));
    TSR_TRY(draw_share(comm, f));
    TSR_AGREE(comm, pass(f));
    tsr_max_double(comm, &f->largest, 1);
    span = tsr_span_of(comm, f->rows);
    basis->customers = span.rows_global;
    if (span.rows_global < 2) {
        st = TSR_FAIL(TSR_EDATA, "features.set: embedding:%s: fewer than two customers have a vector before as_of",
                      f->about->name);
        goto done;
    }
    TSR_AGREE(comm, tsr_tiles_create(&span, f->about->dimensions, tsr_step_for(f->largest), NULL, &f->tiles));
    TSR_AGREE(comm, pass(f));
    TSR_TRY(tsr_pca_fit(comm, reduce, f->tiles, &pca));
    TSR_AGREE(comm, keep_basis(pca, f->tiles->step, basis));
done:
    tsr_pca_destroy(&pca);
    tsr_tiles_destroy(&f->tiles);
    tsr_free(&f->chosen);
    tsr_free(&f->column);
    return st;
}

tsr_status tsr_embeddings_fit(const tsr_comm *comm, const tsr_features_params *params,
                              const tsr_observation *observation, const tsr_dataset *dataset, uint64_t seed,
                              tsr_embedding_bases *bases)
{
    const tsr_dataset_info *info = tsr_dataset_about(dataset);
    tsr_status st = TSR_OK;

    *bases = (tsr_embedding_bases){.n = 0};
    for (tsr_embedding e = {.dimensions = 0}; tsr_embedding_next(info, &e);) {
        tsr_reduce_params reduce = {.variance = 1.0, .components = tsr_embedding_parts(params, &e)};
        fitting f = {.dataset = dataset,
                     .about = &e,
                     .seed = seed,
                     .observation = observation,
                     .members = tsr_observation_reads(observation, info),
                     .end_day = tsr_observation_end_day(observation, info)};
        if (!is_asked(params, &e)) continue;
        TSR_AGREE(comm, tsr_resize(&bases->basis, bases->n + 1, sizeof *bases->basis));
        tsr_embedding_basis *basis = &bases->basis[bases->n++];
        *basis = (tsr_embedding_basis){.about = e};
        TSR_TRY(tsr_dataset_deal(comm, dataset, &f.dealt));
        TSR_TRY(fit_one(comm, &f, &reduce, basis));
    }
done:
    return st;
}

void tsr_embeddings_clear(tsr_embedding_bases *bases)
{
    for (int32_t i = 0; i < bases->n; i++) {
        tsr_free(&bases->basis[i].mean);
        tsr_free(&bases->basis[i].vector);
    }
    tsr_free(&bases->basis);
    bases->n = 0;
}

tsr_status tsr_embeddings_save(const tsr_embedding_bases *bases, tsr_bundle *bundle)
{
    char path[TSR_NAME_BYTES + 32];
    tsr_status st = TSR_OK;

    for (int32_t i = 0; i < bases->n; i++) {
        const tsr_embedding_basis *basis = &bases->basis[i];
        snprintf(path, sizeof path, "/embeddings/%s/mean", basis->about.name);
        TSR_TRY(tsr_bundle_put(bundle, path, TSR_F64, basis->about.dimensions, 0, basis->mean, NULL,
                               "centre of the vectors"));
        snprintf(path, sizeof path, "/embeddings/%s/components", basis->about.name);
        TSR_TRY(tsr_bundle_put(bundle, path, TSR_F64, basis->components, basis->about.dimensions, basis->vector, "1",
                               "principal components of the vectors, one per row; 0: no such spread"));
    }
done:
    return st;
}
