/*
 * heap_cost.h - what part of the processor time of a thread, or of its process, an estimated cost of the heap is.
 *
 *     struct heap_cost cost = heap_cost_of(m);
 *     if (!cost.batch)
 *         share = heap_cost_share(&cost, use, seconds, &thread);
 */
#ifndef KIWI_HEAP_COST_H
#define KIWI_HEAP_COST_H

#include "heap_use.h"

struct heap_cost {
    struct model *m;
    double cpu_s; /* of all threads, as far as they allocate */
    bool batch;   /* one thread from the beginning to the end, which computes all the time: it has no hot path */
};

struct heap_cost heap_cost_of(struct model *m);
/* 0 .. 1. *thread: of whose time, 0 = of the process: whichever is more. */
double heap_cost_share(const struct heap_cost *c, const struct heap_use *use, double cost_s, uint32_t *thread);
#endif
