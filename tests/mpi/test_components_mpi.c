/* Components of a graph, against union-find in one process: the same at any number of ranks. */
#include "mpi_test.h"

#include <string.h>

#include "tessera/components.h"

#define NODES 3000
#define EDGES 4000

/* Node i of a test, scattered, so that small numbers are not small nodes. */
static tsr_node node_of(int64_t i)
{
    return (tsr_node){(uint64_t)i * UINT64_C(0x9e3779b97f4a7c15) % 97, (uint64_t)i * UINT64_C(0xbf58476d1ce4e5b9)};
}

static int32_t find(int32_t *up, int32_t i)
{
    while (up[i] != i) i = up[i] = up[up[i]];
    return i;
}

/* Edges first, first + step, ... of this rank. @return how many */
static int64_t own_share(const tsr_comm *comm, const int32_t (*pair)[2], int64_t n, tsr_edge *edges)
{
    int64_t own = 0;

    for (int64_t i = comm->rank; i < n; i += comm->size)
        edges[own++] = (tsr_edge){node_of(pair[i][i & 1]), node_of(pair[i][!(i & 1)])};
    return own;
}

/* What each member must be, by union-find: root and size. */
static bool is_right(const tsr_member *m, const int32_t *up, const int64_t *size, const int32_t *least, int32_t nodes)
{
    for (int32_t i = 0; i < nodes; i++) {
        tsr_node node = node_of(i), root = node_of(least[find((int32_t *)(uintptr_t)up, i)]);
        if (tsr_node_compare(&node, &m->node) != 0) continue;
        return tsr_node_compare(&m->root, &root) == 0 && m->size == size[find((int32_t *)(uintptr_t)up, i)];
    }
    return false;
}

/* Collective. Do the components of these pairs agree with union-find? */
static bool agrees(const tsr_comm *comm, const int32_t (*pair)[2], int64_t n, int32_t nodes)
{
    static int32_t up[NODES], least[NODES];
    static int64_t size[NODES];
    static bool seen[NODES];
    static tsr_edge edges[EDGES];
    tsr_member *member = NULL;
    int64_t members, all, expected = 0;
    bool right = true;

    for (int32_t i = 0; i < nodes; i++) {
        up[i] = least[i] = i;
        size[i] = 0;
        seen[i] = false;
    }
    for (int64_t i = 0; i < n; i++) {
        up[find(up, pair[i][0])] = find(up, pair[i][1]);
        seen[pair[i][0]] = seen[pair[i][1]] = true;
    }
    for (int32_t i = 0; i < nodes; i++) {
        tsr_node own = node_of(i), best = node_of(least[find(up, i)]);
        if (tsr_node_compare(&own, &best) < 0) least[find(up, i)] = i;
        size[find(up, i)]++;
        expected += seen[i];
    }
    if (tsr_components_find(comm, edges, own_share(comm, pair, n, edges), &member, &members) != TSR_OK) return false;
    for (int64_t i = 0; i < members && right; i++) right = is_right(&member[i], up, size, least, nodes);
    MPI_Allreduce(&members, &all, 1, MPI_INT64_T, MPI_SUM, comm->mpi);
    tsr_free(&member);
    return right && all == expected;
}

static void components_of_a_random_graph_are_those_of_union_find(void **state)
{
    static int32_t pair[EDGES][2];

    for (int64_t density = 4; density >= 1; density /= 2) { /* from many small components to one large */
        int64_t n = EDGES / 4 * 3 / density;
        for (int64_t i = 0; i < n; i++) {
            pair[i][0] = (int32_t)((uint64_t)(i + 7) * UINT64_C(2862933555777941757) >> 33) % NODES;
            pair[i][1] = (int32_t)((uint64_t)(i + 7) * UINT64_C(3202034522624059733) >> 31) % NODES;
            if (pair[i][0] < 0) pair[i][0] += NODES;
            if (pair[i][1] < 0) pair[i][1] += NODES;
        }
        CHECK_ALL(*state, agrees(*state, (const int32_t(*)[2])pair, n, NODES));
    }
}

static void long_paths_and_stars_are_one_component(void **state)
{
    static int32_t path[NODES - 1][2], hub[NODES - 1][2];

    for (int32_t i = 0; i < NODES - 1; i++) {
        path[i][0] = i;
        path[i][1] = i + 1;
        hub[i][0] = 1234;
        hub[i][1] = i < 1234 ? i : i + 1;
    }
    CHECK_ALL(*state, agrees(*state, (const int32_t(*)[2])path, NODES - 1, NODES));
    CHECK_ALL(*state, agrees(*state, (const int32_t(*)[2])hub, NODES - 1, NODES));
}

static void no_edge_one_edge_and_edges_to_oneself_are_fine(void **state)
{
    static const int32_t once[][2] = {{3, 4}}, self[][2] = {{5, 5}, {6, 7}, {7, 6}, {6, 7}};

    CHECK_ALL(*state, agrees(*state, once, 0, 10));
    CHECK_ALL(*state, agrees(*state, once, 1, 10));
    CHECK_ALL(*state, agrees(*state, self, 4, 10));
}

static void failing_rank_fails_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_edge edge = {node_of(comm->rank), node_of(comm->rank + 1)};
    tsr_member *member = NULL;
    int64_t members;

    for (int nth = 1; nth <= 24; nth += 3) {
        fail_last_rank(comm, "alloc", nth);
        tsr_status st = tsr_components_find(comm, &edge, 1, &member, &members);
        CHECK_ALL(comm, st == TSR_ENOMEM && member == NULL);
    }
    tsr_fault_set(NULL);
    tsr_error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_of_a_random_graph_are_those_of_union_find),
        cmocka_unit_test(long_paths_and_stars_are_one_component),
        cmocka_unit_test(no_edge_one_edge_and_edges_to_oneself_are_fine),
        cmocka_unit_test(failing_rank_fails_all),
    };

    return RUN_MPI_TESTS(tests);
}
