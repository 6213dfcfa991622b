#include "tessera/forest.h"

#include <string.h>

#include "predict/grow.h"
#include "tessera/exchange.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "tessera/rows.h"

#define COPY_BYTES   ((int64_t)256 << 20) /* of a matrix that is copied to all ranks, at most */
#define SAMPLE_BYTES ((int64_t)256 << 20) /* of the samples of trees grown together, on one rank */
#define ENTRY_BYTES  8                    /* of a row of a sample */
#define TARGET_MOST  (1 << 28)

tsr_forest_params tsr_forest_params_default(void)
{
    return (tsr_forest_params){.trees = 1, .depth = 6, .min_leaf = 20, .seed = 1};
}

static tsr_status check(const tsr_forest_params *p, const tsr_examples *ex)
{
    if (p->trees < 1 || p->depth < 1 || p->depth > TSR_DEPTH_MAX || p->min_leaf < 1 || p->mtry < 0)
        return TSR_FAIL(TSR_ECONF, "a forest has at least one tree, a depth of 1 to %d, leaves of at least one row",
                        TSR_DEPTH_MAX);
    if (ex->classes != 0 && (ex->classes < 2 || ex->classes > TSR_LABELS_MAX))
        return TSR_FAIL(TSR_EDATA, "the label has %d classes: 2 to %d are possible", ex->classes, TSR_LABELS_MAX);
    for (int64_t i = 0; ex->classes > 0 && i < ex->x->rows; i++)
        if (ex->label[i] >= ex->classes) return TSR_FAIL(TSR_EBUG, "a label beyond the classes");
    for (int64_t i = 0; ex->classes == 0 && i < ex->x->rows; i++)
        if (ex->target[i] > TARGET_MOST || ex->target[i] < -TARGET_MOST)
            return TSR_FAIL(TSR_EBUG, "a target beyond 2^28 steps");
    return TSR_OK;
}

/* ---- all rows on every rank ---- */

typedef struct copy {
    tsr_binned x;
    uint64_t *key;
    uint8_t *held;
    uint16_t *label;
    int32_t *target;
} copy;

static void copy_clear(copy *all)
{
    tsr_free(&all->target);
    tsr_free(&all->label);
    tsr_free(&all->held);
    tsr_free(&all->key);
    tsr_free(&all->x.code);
}

static tsr_status gather(const tsr_comm *comm, const void *mine, int64_t rows, size_t bytes, void *all)
{
    int64_t n;

    return mine != NULL ? tsr_gather_all(comm, mine, rows, bytes, all, &n) : TSR_OK;
}

static tsr_status copy_to_all(const tsr_comm *comm, const tsr_examples *ex, int64_t rows_global, copy *all,
                              tsr_examples *whole)
{
    int64_t rows = ex->x->rows;
    uint8_t *column = NULL;
    tsr_status st;

    *whole = *ex;
    all->x = *ex->x; /* bins and edges are borrowed */
    all->x.code = NULL;
    all->x.rows = rows_global;
    TSR_AGREE(comm, tsr_alloc_aligned(&all->x.code, rows_global * ex->x->cols, 1));
    for (int32_t c = 0; c < ex->x->cols; c++) {
        TSR_TRY(gather(comm, ex->x->code + c * rows, rows, 1, &column));
        memcpy(all->x.code + c * rows_global, column, (size_t)rows_global);
        tsr_free(&column);
    }
    TSR_TRY(gather(comm, ex->key, rows, sizeof *ex->key, &all->key));
    TSR_TRY(gather(comm, ex->held, rows, sizeof *ex->held, &all->held));
    TSR_TRY(gather(comm, ex->label, rows, sizeof *ex->label, &all->label));
    TSR_TRY(gather(comm, ex->target, rows, sizeof *ex->target, &all->target));
    *whole = (tsr_examples){&all->x, all->key, all->held, ex->classes, all->label, all->target, ex->origin, ex->step};
done:
    tsr_free(&column);
    return st;
}

/* ---- plants of all ranks ---- */

/* Trees of a rank one after the other, as they travel and as a forest holds them. */
typedef struct bale {
    int32_t *nodes, *leaves; /* of each tree */
    tsr_tree_node *node;
    float *value;
    int64_t trees, node_n, leaf_n;
} bale;

static void bale_clear(bale *b)
{
    tsr_free(&b->value);
    tsr_free(&b->node);
    tsr_free(&b->leaves);
    tsr_free(&b->nodes);
}

static tsr_status bind(const tsr_plant *plant, int32_t n, int32_t outputs, bale *b)
{
    size_t leaf_bytes = sizeof(float) * (size_t)outputs;
    tsr_status st;

    TSR_TRY(tsr_alloc(&b->nodes, n, sizeof *b->nodes));
    TSR_TRY(tsr_alloc(&b->leaves, n, sizeof *b->leaves));
    for (int32_t t = 0; t < n; t++) {
        b->node_n += b->nodes[t] = plant[t].nodes;
        b->leaf_n += b->leaves[t] = plant[t].leaves;
    }
    TSR_TRY(tsr_alloc(&b->node, b->node_n, sizeof *b->node));
    TSR_TRY(tsr_alloc(&b->value, b->leaf_n, leaf_bytes));
    tsr_tree_node *node = b->node;
    float *value = b->value;
    for (int32_t t = 0; t < n; t++) {
        memcpy(node, plant[t].node, sizeof *node * (size_t)plant[t].nodes);
        memcpy(value, plant[t].value, leaf_bytes * (size_t)plant[t].leaves);
        node += plant[t].nodes;
        value += (int64_t)plant[t].leaves * outputs;
    }
    b->trees = n;
done:
    return st;
}

static tsr_status gather_bales(const tsr_comm *comm, const bale *mine, int32_t outputs, bale *all)
{
    tsr_status st;

    TSR_TRY(tsr_gather_all(comm, mine->nodes, mine->trees, sizeof *mine->nodes, (void **)&all->nodes, &all->trees));
    TSR_TRY(tsr_gather_all(comm, mine->leaves, mine->trees, sizeof *mine->leaves, (void **)&all->leaves, &all->trees));
    TSR_TRY(tsr_gather_all(comm, mine->node, mine->node_n, sizeof *mine->node, (void **)&all->node, &all->node_n));
    TSR_TRY(tsr_gather_all(comm, mine->value, mine->leaf_n, sizeof(float) * (size_t)outputs, (void **)&all->value,
                           &all->leaf_n));
done:
    return st;
}

/* The forest takes over what the bale owns. */
static tsr_status plant_out(const tsr_examples *ex, bale *b, tsr_forest **out)
{
    double sum = 0;
    tsr_status st;

    TSR_TRY(tsr_alloc(out, 1, sizeof **out));
    tsr_forest *f = *out;
    f->classes = ex->classes;
    f->outputs = ex->classes > 0 ? ex->classes : 1;
    f->cols = ex->x->cols;
    f->trees = (int32_t)b->trees;
    TSR_TRY(tsr_alloc(&f->first, b->trees + 1, sizeof *f->first));
    TSR_TRY(tsr_alloc(&f->first_leaf, b->trees + 1, sizeof *f->first_leaf));
    TSR_TRY(tsr_alloc(&f->importance, f->cols, sizeof *f->importance));
    for (int32_t t = 0; t < f->trees; t++) {
        f->first[t + 1] = f->first[t] + b->nodes[t];
        f->first_leaf[t + 1] = f->first_leaf[t] + b->leaves[t];
    }
    for (int64_t i = 0; i < b->node_n; i++)
        if (b->node[i].column >= 0) f->importance[b->node[i].column] += b->node[i].gain;
    for (int32_t c = 0; c < f->cols; c++) sum += f->importance[c];
    for (int32_t c = 0; c < f->cols && sum > 0; c++) f->importance[c] /= sum;
    f->node = b->node;
    f->value = b->value;
    b->node = NULL;
    b->value = NULL;
done:
    return st;
}

/* ---- fit ---- */

static tsr_status grow_in_batches(const tsr_comm *comm, const tsr_forest_params *params, const tsr_examples *ex,
                                  int32_t first, int32_t n, tsr_plant *plant)
{
    int64_t rows = ex->x->rows;
    tsr_status st = TSR_OK;

    tsr_max_int64(comm, &rows, 1);
    int64_t batch = comm->size == 1 ? 1 : SAMPLE_BYTES / (ENTRY_BYTES * (rows + 1));
    if (batch < 1) batch = 1;
    for (int64_t t = 0; t < n; t += batch)
        TSR_TRY(tsr_grow(comm, params, ex, first + (int32_t)t, (int32_t)(n - t < batch ? n - t : batch), plant + t));
done:
    return st;
}

/* Each rank grows some trees of its own from all rows. */
static tsr_status grow_apart(const tsr_comm *comm, const tsr_forest_params *params, const tsr_examples *ex,
                             int64_t rows_global, tsr_plant *plant, bale *all)
{
    const tsr_comm alone = {MPI_COMM_SELF, 0, 1};
    tsr_span mine = tsr_span_even(params->trees, 1, comm->rank, comm->size);
    int32_t outputs = ex->classes > 0 ? ex->classes : 1;
    tsr_examples whole;
    bale bound = {0};
    copy rows = {0};
    tsr_status st;

    TSR_TRY(copy_to_all(comm, ex, rows_global, &rows, &whole));
    TSR_AGREE(comm, grow_in_batches(&alone, params, &whole, (int32_t)mine.first, (int32_t)mine.rows, plant));
    TSR_AGREE(comm, bind(plant, (int32_t)mine.rows, outputs, &bound));
    TSR_TRY(gather_bales(comm, &bound, outputs, all));
done:
    bale_clear(&bound);
    copy_clear(&rows);
    return st;
}

tsr_status tsr_forest_fit(const tsr_comm *comm, const tsr_forest_params *params, const tsr_examples *ex,
                          tsr_forest **forest)
{
    int64_t rows = ex->x->rows, row_bytes = ex->x->cols + 16 + ENTRY_BYTES;
    tsr_plant *plant = NULL;
    bale all = {0};
    tsr_status st;

    *forest = NULL;
    TSR_AGREE(comm, check(params, ex));
    TSR_AGREE(comm, tsr_alloc(&plant, params->trees, sizeof *plant));
    tsr_sum_int64(comm, &rows, 1);
    if (comm->size > 1 && params->trees >= comm->size && rows * row_bytes <= COPY_BYTES) {
        TSR_TRY(grow_apart(comm, params, ex, rows, plant, &all));
    } else {
        TSR_TRY(grow_in_batches(comm, params, ex, 0, params->trees, plant));
        TSR_AGREE(comm, bind(plant, params->trees, ex->classes > 0 ? ex->classes : 1, &all));
    }
    TSR_AGREE(comm, plant_out(ex, &all, forest));
done:
    if (st != TSR_OK) tsr_forest_destroy(forest);
    bale_clear(&all);
    for (int32_t t = 0; plant != NULL && t < params->trees; t++) tsr_plant_clear(&plant[t]);
    tsr_free(&plant);
    return st;
}

void tsr_forest_destroy(tsr_forest **forest)
{
    if (*forest == NULL) return;
    tsr_free(&(*forest)->importance);
    tsr_free(&(*forest)->value);
    tsr_free(&(*forest)->node);
    tsr_free(&(*forest)->first_leaf);
    tsr_free(&(*forest)->first);
    tsr_free(forest);
}
