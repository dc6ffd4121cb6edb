/*
 * lock_edges.h - the lock-order dependencies of a trace that can be part of a cycle, one entry per way of meeting.
 *
 *     struct lock_edges e;
 *     if (lock_edges_make(&e, m)) out of memory;
 *     for (uint32_t i = e.graph.first[lock]; i < e.graph.first[lock + 1]; i++)
 *         use(&e.groups[e.graph.label[i]]);            // lock was held, groups[].to was wanted
 *     lock_edges_release(&e);
 *
 * An edge is a pair of an acquisition and one lock held at that moment; it keeps the whole held set (`chain`), the
 * modes and the threads that were seen doing it. Edges that can not be told apart by whether they can meet others form
 * a group. Edges that are in no cycle of locks at all are left out early: what remains is small.
 */
#ifndef KIWI_LOCK_EDGES_H
#define KIWI_LOCK_EDGES_H

#include "../graph.h"
#include "../model.h"

struct lock_edge {
    uint32_t from, to;  /* objects: held, wanted */
    uint32_t row;       /* acquisition row of the wanted lock; its parent is the held set */
    uint32_t held_row;  /* acquisition row by which `from` was taken */
    uint64_t held_hash; /* of the held set: locks and modes */
    uint8_t from_mode, to_mode;
    uint8_t permits; /* the thread had one of so many of a semaphore, 0 = none */
    bool timed;      /* wanted for a limited time only */
    bool early;      /* one of the two was seen in the hands of its maker alone so far */
};

struct lock_group {
    uint32_t from, to;
    uint32_t first, count; /* edges [first, first + count); the first stands for all */
    bool used;             /* the caller's mark */
};

struct lock_edges {
    struct lock_edge *edges;
    uint32_t edge_count;
    struct lock_group *groups;
    uint32_t group_count;
    struct graph graph; /* nodes: objects; labels: groups */
};

int lock_edges_make(struct lock_edges *e, const struct model *m); /* -1 when out of memory */
void lock_edges_release(struct lock_edges *e);

/* Acquisitions that the edges of a group stand for. */
uint64_t lock_group_count(const struct lock_edges *e, const struct model *m, const struct lock_group *g);
#endif
