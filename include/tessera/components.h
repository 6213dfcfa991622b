/**
 * @file components.h
 * Connected components of a graph that is spread over ranks: who belongs together, as pairs say.
 *
 * Large-star and small-star by turns (Kiveris, Lattanzi, Mirrokni, Rastogi, Vassilvitskii: Connected Components in
 * MapReduce and Beyond, 2014): every node ends at the smallest node of its component, in about log(n) rounds, whatever
 * the order of edges or the number of ranks.
 */
#ifndef TSR_COMPONENTS_H
#define TSR_COMPONENTS_H

#include "tessera/comm.h"

/* 128 bits, so that hashes of ids may be taken for the ids. Ordered by high, then low. */
typedef struct tsr_node {
    uint64_t high, low;
} tsr_node;

typedef struct tsr_edge {
    tsr_node a, b;
} tsr_edge;

/* A node of some edge, and its component. */
typedef struct tsr_member {
    tsr_node node, root; /* root: the smallest node of the component */
    int64_t size;        /* nodes of the component */
} tsr_member;

/** Local. -1, 0 or 1. */
int tsr_node_compare(const tsr_node *a, const tsr_node *b);

/** Local. The rank that holds a node's answer. */
int tsr_node_rank(const tsr_node *node, int size);

/**
 * Collective. May differ: edges, n (0 is allowed). Edges of a node with itself make a component of one.
 * @param[out] member  new, the nodes that this rank holds (tsr_node_rank), sorted; tsr_free()
 * @return TSR_OK; TSR_ENOMEM
 * Cost: about 2 log2(longest path) rounds of two exchanges of the edges that are left; the edges of one node lie on one
 * rank.
 */
tsr_status tsr_components_find(const tsr_comm *comm, const tsr_edge *edges, int64_t n, tsr_member **member,
                               int64_t *members) TSR_NODISCARD;

#endif
