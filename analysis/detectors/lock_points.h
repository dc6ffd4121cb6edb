/*
 * lock_points.h - who took each step of the lock order, and in which stretch of its life: the witnesses and sightings
 * of all rows of a group, each once.
 *
 *     struct lock_points p;
 *     if (lock_points_make(&p, &edges, m)) out of memory;
 *     for (uint32_t i = p.first[group]; i < p.first[group + 1]; i++) use(&p.items[i]);
 *     if (p.others[group]) ...                 // more threads did it, of which nothing is known
 *     lock_points_release(&p);
 */
#ifndef KIWI_LOCK_POINTS_H
#define KIWI_LOCK_POINTS_H

#include "lock_edges.h"

#define LOCK_POINTS_MAX 32u /* of one group; of more an even sample is kept */

struct lock_point {
    uint32_t thread, serial; /* row, and which of its owners */
    uint32_t segment;        /* 0 = not recorded */
    uint32_t edge;           /* index of the edge that was seen */
    uint64_t ticks;          /* when, 0 = not known */
};

struct lock_points {
    struct lock_point *items;
    uint32_t *first; /* groups + 1 entries */
    bool *others;
};

int lock_points_make(struct lock_points *p, const struct lock_edges *e, const struct model *m); /* -1: out of memory */
void lock_points_release(struct lock_points *p);
#endif
