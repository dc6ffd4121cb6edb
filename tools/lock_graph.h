/*
 * lock_graph.h - the lock order of a trace as a graph that graphviz draws: an arrow from each lock that was held to
 * each lock that was wanted meanwhile, with circles marked.
 *
 *     struct lock_graph g = {.model = m, .limit = 200};
 *     if (lock_graph_print(&g, out)) ...          // -1: out of memory, or out can not be written
 */
#ifndef KIWI_LOCK_GRAPH_H
#define KIWI_LOCK_GRAPH_H

#include "../analysis/model.h"

#include <stdio.h>

struct lock_graph {
    struct model *model;
    bool circles;   /* only locks and steps of circles */
    unsigned limit; /* arrows shown, 0 = all: those of circles first, then those taken most often */
    unsigned left_out;
};

int lock_graph_print(struct lock_graph *g, FILE *out);
#endif
