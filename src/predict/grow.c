#include "predict/grow.h"

#include <math.h>
#include <string.h>

#include "predict/draws.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

#define HISTOGRAM_BYTES ((int64_t)64 << 20) /* of the nodes that are counted together */

/* A row of the sample of one tree. Those of a node lie together. */
typedef struct entry {
    uint32_t row;
    uint16_t label, draws;
} entry;

/* A node of the level in hand. But for roots they come in pairs, left and right. */
typedef struct shoot {
    int32_t plant, node;
    int32_t slot;       /* of its histogram in the level; -1: none */
    int32_t parent;     /* slot of its parent's in the level before; -1: not kept */
    bool ends;          /* is a leaf whatever its histogram */
    uint64_t path;      /* 1, and a bit for each turn from the root: keys its draws */
    int64_t begin, end; /* its entries on this rank */
} shoot;

typedef struct level {
    shoot *shoot;   /* [n] */
    int64_t *total; /* [n][width] */
    int64_t n, room;
} level;

typedef struct garden {
    const tsr_comm *comm;
    const tsr_forest_params *params;
    const tsr_examples *ex;
    tsr_judge judge;
    int32_t first, n; /* trees */
    int32_t outputs, tried;
    int64_t slot_cells; /* int64 of one node's histogram: [tried][TSR_CODES][width] */
    tsr_plant *plant;
    entry **entry;           /* [n] of each tree */
    entry *aside;            /* [rows] while a node is cut */
    int32_t *useful, *order; /* [useful_n] columns that vary; the same while some are drawn */
    int32_t useful_n;
    int32_t *column; /* [shoots of a piece][tried] */
    int64_t column_room;
    int64_t *now, *before; /* histograms of the piece in hand, and of the level before */
    int64_t now_room, before_room;
    int64_t *work; /* [3][width] */
    level here, next;
} garden;

/* ---- the sample of a tree ---- */

static int64_t take_sample(const garden *g, int32_t tree, entry *to)
{
    const tsr_examples *ex = g->ex;
    int64_t n = 0;

    for (int64_t i = 0; i < ex->x->rows; i++) {
        if (ex->held != NULL && ex->held[i] != 0) continue;
        int32_t draws = g->params->bootstrap ? tsr_forest_draws(g->params, ex->key[i], tree) : 1;
        if (draws == 0) continue;
        to[n++] = (entry){(uint32_t)i, ex->classes > 0 ? ex->label[i] : 0, (uint16_t)draws};
    }
    return n;
}

/* ---- nodes and leaves ---- */

static tsr_status grown(void *array, int64_t *room, int64_t needed, size_t bytes)
{
    if (needed <= *room) return TSR_OK;
    int64_t more = needed > 2 * *room ? needed : 2 * *room;
    tsr_status st = tsr_resize(array, more, bytes);
    if (st == TSR_OK) *room = more;
    return st;
}

static tsr_status add_nodes(tsr_plant *plant, int32_t n)
{
    tsr_status st = grown(&plant->node, &plant->node_room, (int64_t)plant->nodes + n, sizeof *plant->node);

    if (st != TSR_OK) return st;
    memset(plant->node + plant->nodes, 0, sizeof *plant->node * (size_t)n);
    plant->nodes += n;
    return TSR_OK;
}

/* A node stays as it is: a leaf. */
static tsr_status seal(const garden *g, const shoot *s, const int64_t *total)
{
    tsr_plant *plant = &g->plant[s->plant];
    tsr_tree_node *node = &plant->node[s->node];
    tsr_status st = grown(&plant->value, &plant->leaf_room, plant->leaves + 1, sizeof(float) * (size_t)g->outputs);

    if (st != TSR_OK) return st;
    float *value = plant->value + (int64_t)plant->leaves * g->outputs;
    node->column = -1;
    node->child = plant->leaves++;
    node->rows = tsr_cell_rows(&g->judge, total);
    for (int32_t c = 0; c < g->judge.classes; c++) value[c] = (float)((double)total[c] / (double)node->rows);
    if (g->judge.classes == 0) value[0] = (float)(g->ex->origin + (double)total[1] / (double)total[0] * g->ex->step);
    return TSR_OK;
}

static bool must_end(const garden *g, const int64_t *total, int32_t depth)
{
    return depth >= g->params->depth || tsr_cell_rows(&g->judge, total) < 2 * g->params->min_leaf ||
           tsr_cell_pure(&g->judge, total);
}

static tsr_status push(const garden *g, level *to, const shoot *s, const int64_t *total)
{
    int64_t room = to->room;
    tsr_status st = grown(&to->shoot, &room, to->n + 1, sizeof *to->shoot);

    if (st == TSR_OK) st = grown(&to->total, &to->room, to->n + 1, sizeof *to->total * (size_t)g->judge.width);
    if (st != TSR_OK) return st;
    to->shoot[to->n] = *s;
    memcpy(to->total + to->n * g->judge.width, total, sizeof *total * (size_t)g->judge.width);
    to->n++;
    return TSR_OK;
}

/* ---- counting ---- */

static void count_classes(const entry *from, const entry *end, const uint8_t *code, int32_t classes, int64_t *cell)
{
    for (; from < end; from++) cell[(int64_t)code[from->row] * classes + from->label] += from->draws;
}

static void sum_targets(const entry *from, const entry *end, const uint8_t *code, const int32_t *target, int64_t *cell)
{
    for (; from < end; from++) {
        int64_t *at = cell + 2 * (int64_t)code[from->row];
        at[0] += from->draws;
        at[1] += (int64_t)from->draws * target[from->row];
    }
}

static void count_node(const garden *g, const shoot *s, const int32_t *column, int64_t *histogram)
{
    const tsr_examples *ex = g->ex;
    const entry *from = g->entry[s->plant] + s->begin, *end = g->entry[s->plant] + s->end;

    memset(histogram, 0, sizeof *histogram * (size_t)g->slot_cells);
    for (int32_t i = 0; i < g->tried; i++) {
        const uint8_t *code = ex->x->code + (int64_t)column[i] * ex->x->rows;
        int64_t *cell = histogram + (int64_t)i * TSR_CODES * g->judge.width;
        if (ex->classes > 0)
            count_classes(from, end, code, ex->classes, cell);
        else
            sum_targets(from, end, code, ex->target, cell);
    }
}

/* Which of a piece's nodes are counted: they come first, so that one reduction holds them all. The others are their
 * parent minus their sibling. Returns the number of slots; *counted: of those that are counted. */
static int32_t deal_slots(const garden *g, shoot *s, const int64_t *total, int64_t n, bool pairs, int32_t *counted)
{
    int32_t slots = 0;

    for (int64_t i = 0; i < n; i++) {
        bool derived = false, needed = !s[i].ends;
        if (pairs && s[i].parent >= 0) {
            int64_t mine = tsr_cell_rows(&g->judge, total + i * g->judge.width);
            int64_t other = tsr_cell_rows(&g->judge, total + (i ^ 1) * g->judge.width);
            bool smaller = mine < other || (mine == other && i % 2 == 0);
            derived = !smaller;
            needed = smaller ? !s[i].ends || !s[i ^ 1].ends : !s[i].ends;
        }
        s[i].slot = !needed ? -1 : derived ? -2 : slots++;
    }
    *counted = slots;
    for (int64_t i = 0; i < n; i++)
        if (s[i].slot == -2) s[i].slot = slots++;
    return slots;
}

static void subtract(const garden *g, const shoot *s, const shoot *sibling)
{
    const int64_t *parent = g->before + s->parent * g->slot_cells, *other = g->now + sibling->slot * g->slot_cells;
    int64_t *mine = g->now + s->slot * g->slot_cells;

    for (int64_t i = 0; i < g->slot_cells; i++) mine[i] = parent[i] - other[i];
}

/* Histograms of a piece of the level: shoots from .. from + n - 1. */
static tsr_status count_piece(garden *g, int64_t from, int64_t n, bool pairs)
{
    shoot *s = g->here.shoot + from;
    int32_t counted;
    tsr_status st;

    int32_t slots = deal_slots(g, s, g->here.total + from * g->judge.width, n, pairs, &counted);
    st = grown(&g->now, &g->now_room, slots * g->slot_cells, sizeof *g->now);
    if (st == TSR_OK) st = grown(&g->column, &g->column_room, n * g->tried, sizeof *g->column);
    TSR_AGREE(g->comm, st);
    for (int64_t i = 0; i < n; i++) {
        int32_t *column = g->column + i * g->tried;
        if (s[i].slot < 0) continue;
        tsr_node_columns(g->params->seed, g->first + s[i].plant, s[i].path, g->useful, g->useful_n, g->tried, g->order,
                         column);
        if (s[i].slot < counted) count_node(g, &s[i], column, g->now + s[i].slot * g->slot_cells);
    }
    if (g->comm->size > 1) tsr_sum_int64(g->comm, g->now, counted * g->slot_cells);
    for (int64_t i = 0; i < n; i++)
        if (s[i].slot >= counted) subtract(g, &s[i], &s[i ^ 1]);
done:
    return st;
}

/* ---- cutting ---- */

/* The histogram of a node over the i-th column that it tries. */
static const int64_t *cells_of(const garden *g, const shoot *s, int32_t i)
{
    return g->now + s->slot * g->slot_cells + (int64_t)i * TSR_CODES * g->judge.width;
}

static int32_t find_cut(const garden *g, const shoot *s, const int32_t *column, const int64_t *total, tsr_split *cut)
{
    int32_t at = -1;

    *cut = (tsr_split){.column = -1};
    for (int32_t i = 0; i < g->tried; i++) {
        int32_t found = cut->column;
        tsr_split_search(&g->judge, column[i], cells_of(g, s, i), g->ex->x->bins[column[i]], total, g->work, cut);
        if (cut->column != found) at = i;
    }
    return at;
}

static bool goes_left(const tsr_split *cut, uint8_t code)
{
    return code == TSR_CODE_MISSING ? cut->missing_left : code <= cut->code;
}

/* Entries that go left first, each side in its order; returns where the right ones begin. */
static int64_t part(const garden *g, const shoot *s, const tsr_split *cut)
{
    const uint8_t *code = g->ex->x->code + (int64_t)cut->column * g->ex->x->rows;
    entry *e = g->entry[s->plant];
    int64_t left = s->begin, right = 0;

    for (int64_t i = s->begin; i < s->end; i++) { /* without branches: half of them would be guessed wrong */
        entry one = e[i];
        bool goes = goes_left(cut, code[one.row]);
        e[left] = one;
        g->aside[right] = one;
        left += goes;
        right += !goes;
    }
    memcpy(e + left, g->aside, sizeof *e * (size_t)right);
    return left;
}

static double threshold_of(const tsr_binned *x, const tsr_split *cut)
{
    bool last = cut->code == x->bins[cut->column] - 1;

    return last ? INFINITY : x->edge[(int64_t)cut->column * TSR_BINS_MAX + cut->code];
}

/* A node and its two children, which are the next level's. */
static tsr_status branch(garden *g, const shoot *s, const int64_t *total, const tsr_split *cut, const int64_t *cell,
                         int32_t depth, bool keeps)
{
    tsr_plant *plant = &g->plant[s->plant];
    int64_t *left = g->work, *right = g->work + g->judge.width;
    tsr_status st = add_nodes(plant, 2);

    if (st != TSR_OK) return st;
    plant->node[s->node] = (tsr_tree_node){.column = cut->column,
                                           .child = plant->nodes - 2,
                                           .code = cut->code,
                                           .missing_left = cut->missing_left,
                                           .threshold = threshold_of(g->ex->x, cut),
                                           .gain = cut->gain,
                                           .rows = tsr_cell_rows(&g->judge, total)};
    tsr_split_left(&g->judge, cut, cell, left);
    for (int32_t w = 0; w < g->judge.width; w++) right[w] = total[w] - left[w];
    int64_t middle = part(g, s, cut);
    for (int side = 0; st == TSR_OK && side < 2; side++) {
        const int64_t *sum = side == 0 ? left : right;
        shoot child = {.plant = s->plant,
                       .node = plant->nodes - 2 + side,
                       .slot = -1,
                       .parent = keeps ? s->slot : -1,
                       .ends = must_end(g, sum, depth + 1),
                       .path = 2 * s->path + (uint64_t)side,
                       .begin = side == 0 ? s->begin : middle,
                       .end = side == 0 ? middle : s->end};
        st = push(g, &g->next, &child, sum);
    }
    return st;
}

static tsr_status cut_piece(garden *g, int64_t from, int64_t n, int32_t depth, bool keeps)
{
    tsr_status st = TSR_OK;

    for (int64_t i = from; st == TSR_OK && i < from + n; i++) {
        const shoot *s = &g->here.shoot[i];
        const int64_t *total = g->here.total + i * g->judge.width;
        tsr_split cut;
        int32_t at = s->ends ? -1 : find_cut(g, s, g->column + (i - from) * g->tried, total, &cut);
        st = at < 0 ? seal(g, s, total) : branch(g, s, total, &cut, cells_of(g, s, at), depth, keeps);
    }
    return st;
}

static tsr_status grow_level(garden *g, int32_t depth)
{
    int64_t slots = HISTOGRAM_BYTES / (g->slot_cells * (int64_t)sizeof(int64_t)) / 2 * 2;
    bool keeps = g->tried == g->useful_n;
    tsr_status st = TSR_OK;

    if (slots < 2) slots = 2;
    keeps = keeps && g->here.n <= slots;
    for (int64_t from = 0; from < g->here.n; from += slots) {
        int64_t n = g->here.n - from < slots ? g->here.n - from : slots;
        TSR_TRY(count_piece(g, from, n, depth > 0));
        TSR_AGREE(g->comm, cut_piece(g, from, n, depth, keeps));
    }
done:
    return st;
}

/* The children take the place of their parents. */
static void step_down(garden *g)
{
    level done = g->here;
    int64_t *histogram = g->now, room = g->now_room;

    g->here = g->next;
    g->next = done;
    g->next.n = 0;
    g->now = g->before;
    g->now_room = g->before_room;
    g->before = histogram;
    g->before_room = room;
}

/* ---- from root to leaves ---- */

static tsr_status set_up(garden *g)
{
    const int64_t rows = g->ex->x->rows;
    tsr_status st;

    TSR_TRY(tsr_alloc(&g->entry, g->n, sizeof *g->entry));
    TSR_TRY(tsr_alloc(&g->aside, rows, sizeof *g->aside));
    TSR_TRY(tsr_alloc(&g->useful, g->ex->x->cols, sizeof *g->useful));
    TSR_TRY(tsr_alloc(&g->order, g->ex->x->cols, sizeof *g->order));
    for (int32_t c = 0; c < g->ex->x->cols; c++)
        if (g->ex->x->varies[c]) g->useful[g->useful_n++] = c;
    if (g->useful_n == 0) g->useful_n = 1; /* the first, which cuts nothing */
    g->tried = g->params->mtry > 0 && g->params->mtry < g->useful_n ? g->params->mtry : g->useful_n;
    g->slot_cells = (int64_t)g->tried * TSR_CODES * g->judge.width;
    TSR_TRY(tsr_alloc(&g->work, 3 * (int64_t)g->judge.width, sizeof *g->work));
    int64_t *total = g->work;
    for (int32_t t = 0; t < g->n; t++) {
        shoot root = {.plant = t, .slot = -1, .parent = -1, .path = 1};
        TSR_TRY(tsr_alloc(&g->entry[t], rows, sizeof **g->entry));
        root.end = take_sample(g, g->first + t, g->entry[t]);
        memset(total, 0, sizeof *total * (size_t)g->judge.width);
        for (const entry *e = g->entry[t]; e < g->entry[t] + root.end; e++) {
            if (g->judge.classes > 0) {
                total[e->label] += e->draws;
            } else {
                total[0] += e->draws;
                total[1] += (int64_t)e->draws * g->ex->target[e->row];
            }
        }
        TSR_TRY(add_nodes(&g->plant[t], 1));
        TSR_TRY(push(g, &g->here, &root, total));
    }
done:
    return st;
}

static tsr_status check_roots(garden *g)
{
    for (int32_t t = 0; t < g->n; t++) {
        const int64_t *total = g->here.total + (int64_t)t * g->judge.width;
        if (tsr_cell_rows(&g->judge, total) == 0) return TSR_FAIL(TSR_EDATA, "there are no rows to learn from");
        g->here.shoot[t].ends = must_end(g, total, 0);
    }
    return TSR_OK;
}

static void clear(garden *g)
{
    for (int32_t t = 0; g->entry != NULL && t < g->n; t++) tsr_free(&g->entry[t]);
    tsr_free(&g->entry);
    tsr_free(&g->aside);
    tsr_free(&g->order);
    tsr_free(&g->useful);
    tsr_free(&g->column);
    tsr_free(&g->now);
    tsr_free(&g->before);
    tsr_free(&g->work);
    tsr_free(&g->here.shoot);
    tsr_free(&g->here.total);
    tsr_free(&g->next.shoot);
    tsr_free(&g->next.total);
}

void tsr_plant_clear(tsr_plant *plant)
{
    tsr_free(&plant->value);
    tsr_free(&plant->node);
}

tsr_status tsr_grow(const tsr_comm *comm, const tsr_forest_params *params, const tsr_examples *ex, int32_t first,
                    int32_t n, tsr_plant *plant)
{
    garden g = {.comm = comm, .params = params, .ex = ex, .first = first, .n = n, .plant = plant};
    tsr_status st;

    g.judge = (tsr_judge){.classes = ex->classes,
                          .width = ex->classes > 0 ? ex->classes : 2,
                          .criterion = params->criterion,
                          .min_leaf = params->min_leaf,
                          .class_weight = params->class_weight};
    g.outputs = ex->classes > 0 ? ex->classes : 1;
    TSR_AGREE(comm, set_up(&g));
    tsr_sum_int64(comm, g.here.total, g.here.n * g.judge.width);
    TSR_AGREE(comm, check_roots(&g));
    for (int32_t depth = 0; g.here.n > 0; depth++) {
        TSR_TRY(grow_level(&g, depth));
        step_down(&g);
    }
done:
    clear(&g);
    return st;
}
