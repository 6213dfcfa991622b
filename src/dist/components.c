#include "tessera/components.h"

#include <stdlib.h>
#include <string.h>

#include "tessera/exchange.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

/* Directed: b is a neighbour of a. */
typedef struct edge_list {
    tsr_edge *edge;
    int64_t n, room;
} edge_list;

int tsr_node_compare(const tsr_node *a, const tsr_node *b)
{
    if (a->high != b->high) return a->high < b->high ? -1 : 1;
    return (a->low > b->low) - (a->low < b->low);
}

int tsr_node_rank(const tsr_node *node, int size)
{
    return (int)(node->low % (uint64_t)size);
}

static bool same(const tsr_node *a, const tsr_node *b)
{
    return a->high == b->high && a->low == b->low;
}

static int by_both(const void *left, const void *right)
{
    const tsr_edge *a = left, *b = right;
    int order = tsr_node_compare(&a->a, &b->a);

    return order != 0 ? order : tsr_node_compare(&a->b, &b->b);
}

static tsr_status add(edge_list *list, const tsr_node *a, const tsr_node *b)
{
    if (list->n == list->room) {
        int64_t room = list->room > 0 ? 2 * list->room : 1024;
        tsr_status st = tsr_resize(&list->edge, room, sizeof *list->edge);
        if (st != TSR_OK) return st;
        list->room = room;
    }
    list->edge[list->n++] = (tsr_edge){*a, *b};
    return TSR_OK;
}

static void clear(edge_list *list)
{
    tsr_free(&list->edge);
    *list = (edge_list){0};
}

/* Equal edges once. */
static void sort_out(edge_list *list)
{
    int64_t kept = 0;

    if (list->n > 1) qsort(list->edge, (size_t)list->n, sizeof *list->edge, by_both);
    for (int64_t i = 0; i < list->n; i++)
        if (kept == 0 || by_both(&list->edge[kept - 1], &list->edge[i]) != 0) list->edge[kept++] = list->edge[i];
    list->n = kept;
}

/* ---- to the rank of the first node ---- */

static tsr_status pack(const edge_list *list, int size, int64_t *counts, tsr_edge **packed)
{
    int64_t *next = NULL, at = 0;
    tsr_status st;

    TSR_TRY(tsr_alloc(packed, list->n, sizeof **packed));
    TSR_TRY(tsr_alloc(&next, size, sizeof *next));
    for (int64_t i = 0; i < list->n; i++) counts[tsr_node_rank(&list->edge[i].a, size)]++;
    for (int r = 0; r < size; r++) {
        next[r] = at;
        at += counts[r];
    }
    for (int64_t i = 0; i < list->n; i++) (*packed)[next[tsr_node_rank(&list->edge[i].a, size)]++] = list->edge[i];
done:
    tsr_free(&next);
    return st;
}

/* Each edge goes to the rank of its node a; sorted, and each once. */
static tsr_status gather_by_node(const tsr_comm *comm, edge_list *list)
{
    int64_t *counts = NULL, *received = NULL;
    tsr_edge *packed = NULL;
    void *arrived = NULL;
    tsr_status st;

    sort_out(list);
    TSR_AGREE(comm, tsr_alloc(&counts, comm->size, sizeof *counts));
    TSR_AGREE(comm, tsr_alloc(&received, comm->size, sizeof *received));
    TSR_AGREE(comm, pack(list, comm->size, counts, &packed));
    clear(list);
    TSR_TRY(tsr_exchange(comm, packed, counts, sizeof *packed, &arrived, received));
    list->edge = arrived;
    for (int r = 0; r < comm->size; r++) list->n += received[r];
    list->room = list->n;
    sort_out(list);
done:
    tsr_free(&packed);
    tsr_free(&received);
    tsr_free(&counts);
    return st;
}

/* ---- stars ---- */

/* The edges of one node: list->edge[first .. end - 1]. The smallest of it and its neighbours: these are sorted. */
static tsr_node smallest_of(const tsr_edge *edge)
{
    return tsr_node_compare(&edge->b, &edge->a) < 0 ? edge->b : edge->a;
}

static int64_t end_of_node(const edge_list *list, int64_t first)
{
    int64_t end = first;

    while (end < list->n && same(&list->edge[end].a, &list->edge[first].a)) end++;
    return end;
}

/* Larger neighbours go to the smallest one. */
static tsr_status large_star(const edge_list *list, edge_list *out)
{
    tsr_status st = TSR_OK;

    for (int64_t first = 0, end; first < list->n && st == TSR_OK; first = end) {
        tsr_node least = smallest_of(&list->edge[first]);
        end = end_of_node(list, first);
        for (int64_t i = first; i < end && st == TSR_OK; i++)
            if (tsr_node_compare(&list->edge[i].b, &list->edge[i].a) > 0) st = add(out, &list->edge[i].b, &least);
    }
    return st;
}

/* A node and its smaller neighbours go to the smallest one; edges lead to smaller nodes only. */
static tsr_status small_star(const edge_list *list, edge_list *out)
{
    tsr_status st = TSR_OK;

    for (int64_t first = 0, end; first < list->n && st == TSR_OK; first = end) {
        tsr_node least = list->edge[first].b;
        end = end_of_node(list, first);
        st = add(out, &list->edge[first].a, &least);
        for (int64_t i = first + 1; i < end && st == TSR_OK; i++) st = add(out, &list->edge[i].b, &least);
    }
    return st;
}

/* Both directions, or from the larger node to the smaller one; no node is its own neighbour. */
static tsr_status turn(const edge_list *list, bool both, edge_list *out)
{
    tsr_status st = TSR_OK;

    for (int64_t i = 0; i < list->n && st == TSR_OK; i++) {
        const tsr_node *a = &list->edge[i].a, *b = &list->edge[i].b;
        int order = tsr_node_compare(a, b);
        if (order == 0) continue;
        st = add(out, order > 0 ? a : b, order > 0 ? b : a);
        if (st == TSR_OK && both) st = add(out, order > 0 ? b : a, order > 0 ? a : b);
    }
    return st;
}

typedef tsr_status (*star)(const edge_list *list, edge_list *out);

static tsr_status step(const tsr_comm *comm, edge_list *list, star make, bool both)
{
    edge_list turned = {0}, made = {0};
    tsr_status st;

    TSR_AGREE(comm, turn(list, both, &turned));
    TSR_TRY(gather_by_node(comm, &turned));
    TSR_AGREE(comm, make(&turned, &made));
    sort_out(&made);
    clear(list);
    *list = made;
    made = (edge_list){0};
done:
    clear(&made);
    clear(&turned);
    return st;
}

/* Of a set of edges, whatever rank holds them; they are distinct within a rank. */
static void fingerprint(const tsr_comm *comm, const edge_list *list, int64_t print[2])
{
    uint64_t sum = 0;

    for (int64_t i = 0; i < list->n; i++) {
        const tsr_edge *e = &list->edge[i];
        uint64_t mixed = (e->a.high * 3 + e->a.low) * UINT64_C(0x9e3779b97f4a7c15) ^ (e->b.high * 5 + e->b.low);
        mixed = (mixed ^ mixed >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
        sum += mixed ^ mixed >> 32;
    }
    print[0] = list->n;
    memcpy(&print[1], &sum, sizeof sum);
    MPI_Allreduce(MPI_IN_PLACE, &print[0], 1, MPI_INT64_T, MPI_SUM, comm->mpi);
    MPI_Allreduce(MPI_IN_PLACE, &print[1], 1, MPI_UINT64_T, MPI_SUM, comm->mpi);
}

static tsr_status make_stars(const tsr_comm *comm, edge_list *list)
{
    int64_t before[2], after[2] = {-1, -1};
    tsr_status st = TSR_OK;

    do {
        memcpy(before, after, sizeof before);
        TSR_TRY(step(comm, list, large_star, true));
        TSR_TRY(step(comm, list, small_star, false));
        TSR_TRY(gather_by_node(comm, list));
        fingerprint(comm, list, after);
    } while (memcmp(before, after, sizeof before) != 0);
done:
    return st;
}

/* ---- members ---- */

static tsr_status all_nodes(const tsr_edge *edges, int64_t n, edge_list *nodes)
{
    tsr_status st = TSR_OK;

    for (int64_t i = 0; i < n && st == TSR_OK; i++) {
        st = add(nodes, &edges[i].a, &edges[i].a);
        if (st == TSR_OK) st = add(nodes, &edges[i].b, &edges[i].b);
    }
    return st;
}

/* Nodes and stars are sorted by the same node and lie on the same rank: each node has one edge to its root, or is one.
 */
static tsr_status name_roots(const edge_list *nodes, const edge_list *stars, tsr_member **member)
{
    tsr_status st = tsr_alloc(member, nodes->n, sizeof **member);

    for (int64_t i = 0, s = 0; st == TSR_OK && i < nodes->n; i++) {
        const tsr_node *node = &nodes->edge[i].a;
        while (s < stars->n && tsr_node_compare(&stars->edge[s].a, node) < 0) s++;
        bool leaf = s < stars->n && same(&stars->edge[s].a, node);
        (*member)[i] = (tsr_member){.node = *node, .root = leaf ? stars->edge[s].b : *node, .size = 1};
    }
    return st;
}

/* Root -> leaf, at the rank of the root: the runs are the components. Leaves are told the size by the way back. */
static tsr_status tell_sizes(const tsr_comm *comm, const tsr_member *member, int64_t members, edge_list *told)
{
    edge_list by_root = {0};
    tsr_status st = TSR_OK;

    for (int64_t i = 0; i < members && st == TSR_OK; i++) st = add(&by_root, &member[i].root, &member[i].node);
    TSR_AGREE(comm, st);
    TSR_TRY(gather_by_node(comm, &by_root));
    for (int64_t first = 0, end; first < by_root.n && st == TSR_OK; first = end) {
        end = end_of_node(&by_root, first);
        tsr_node size = {0, (uint64_t)(end - first)};
        for (int64_t i = first; i < end && st == TSR_OK; i++) st = add(told, &by_root.edge[i].b, &size);
    }
    TSR_AGREE(comm, st);
    TSR_TRY(gather_by_node(comm, told));
done:
    clear(&by_root);
    return st;
}

tsr_status tsr_components_find(const tsr_comm *comm, const tsr_edge *edges, int64_t n, tsr_member **member,
                               int64_t *members)
{
    edge_list nodes = {0}, stars = {0}, sizes = {0};
    tsr_status st = TSR_OK;

    *member = NULL;
    *members = 0;
    TSR_AGREE(comm, all_nodes(edges, n, &nodes));
    TSR_TRY(gather_by_node(comm, &nodes));
    for (int64_t i = 0; i < n && st == TSR_OK; i++) st = add(&stars, &edges[i].a, &edges[i].b);
    TSR_AGREE(comm, st);
    TSR_TRY(make_stars(comm, &stars));
    TSR_AGREE(comm, name_roots(&nodes, &stars, member));
    *members = nodes.n;
    TSR_TRY(tell_sizes(comm, *member, *members, &sizes));
    for (int64_t i = 0; i < *members; i++) (*member)[i].size = (int64_t)sizes.edge[i].b.low;
done:
    clear(&sizes);
    clear(&stars);
    clear(&nodes);
    if (st != TSR_OK) tsr_free(member);
    return st;
}
