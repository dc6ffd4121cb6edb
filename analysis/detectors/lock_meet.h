/*
 * lock_meet.h - can threads be at several steps of the lock order at the same time, and which ones?
 *
 *     struct lock_meet k;
 *     if (lock_meet_open(&k, &edges, m)) out of memory;
 *     if (lock_meet_pair(&k, a, b)) ...                                  // two groups
 *     if (lock_meet_choose(&k, groups, count, LOCK_MEET_TOGETHER, choice)) ...
 *     lock_meet_close(&k);
 *
 * Two witnesses meet unless they are one thread, or create and join (or, where asked for, signals) put one before the
 * other.
 */
#ifndef KIWI_LOCK_MEET_H
#define KIWI_LOCK_MEET_H

#include "lock_points.h"

#define LOCK_MEET_SIGNALS 1u  /* what signals order does not meet */
#define LOCK_MEET_TOGETHER 2u /* threads that were alive at one time, all of them known */

/* Who stands at a step. */
struct lock_party {
    uint32_t thread; /* row, 0 = one of several, or the row has another thread by now */
    uint32_t edge;   /* what it was seen doing */
};

struct lock_meet {
    const struct model *m;
    const struct lock_edges *e;
    struct lock_points points;
    uint64_t *known; /* pairs asked about before */
    uint32_t steps;  /* of one choice */
    bool cut;        /* a choice was given up: there may be one */
};

int lock_meet_open(struct lock_meet *k, const struct lock_edges *e, const struct model *m); /* -1: out of memory */
void lock_meet_close(struct lock_meet *k);
/* By create and join alone. */
bool lock_meet_pair(struct lock_meet *k, uint32_t a, uint32_t b);
/* Finds a party for each group, all of them different threads; count is at most LOCK_MEET_MAX. */
bool lock_meet_choose(struct lock_meet *k, const uint32_t *groups, uint32_t count, unsigned flags,
                      struct lock_party *choice);
#define LOCK_MEET_MAX 64u
#endif
