/*
 * graph.h - a directed graph in index arrays, and its strongly connected components.
 *
 *     struct graph g;
 *     if (graph_make(&g, nodes, edges, count)) out of memory;
 *     for (uint32_t e = g.first[n]; e < g.first[n + 1]; e++) visit(g.to[e], g.label[e]);
 *     graph_release(&g);
 *
 * Edges of a node are sorted by target; parallel edges stay, in the order in which they were given, and so do edges
 * from a node to itself. Space and time are linear in nodes + edges.
 */
#ifndef KIWI_GRAPH_H
#define KIWI_GRAPH_H

#include <stdint.h>

struct graph_edge {
    uint32_t from, to;
    uint32_t label; /* the caller's */
};

struct graph {
    uint32_t nodes, edges;
    uint32_t *first; /* nodes + 1 entries */
    uint32_t *to, *label;
};

/* Copies the edges; every from and to is below nodes. Returns 0, or -1 when out of memory. */
int graph_make(struct graph *g, uint32_t nodes, const struct graph_edge *edges, uint32_t count);
void graph_release(struct graph *g);

/* First edge from -> to or behind, as an index: edges [it, ...) with g->to[it] == to are those. */
uint32_t graph_find(const struct graph *g, uint32_t from, uint32_t to);

/*
 * component[n] = number of n's strongly connected component (nodes entries, caller's), size[c] = its nodes (nodes
 * entries, caller's, may be NULL). Returns the number of components, or -1 when out of memory.
 */
int64_t graph_components(const struct graph *g, uint32_t *component, uint32_t *size);
#endif
