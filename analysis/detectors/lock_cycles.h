/*
 * lock_cycles.h - circles of lock-order dependencies that different threads could really close.
 *
 *     struct lock_cycles c;
 *     if (lock_cycles_find(&c, &edges, m)) out of memory;
 *     for (uint32_t i = 0; i < c.count; i++) use(&c.items[i]);
 *     lock_cycles_release(&c);
 *
 * A cycle of n links needs n different threads, each holding the lock that the one before wants. It is left out when
 *   - two of them hold a lock in common (a gate: they never get there together), unless both hold it for reading;
 *   - a semaphore lets in fewer threads than there are steps, and all of them were taken by such;
 *   - a lock is wanted for reading and held for reading, unless a writer of another thread comes between
 *     (lock_writers);
 *   - pthread_create and pthread_join put one thread's part wholly before another's;
 *   - a thread that took both steps at a semaphore once gave that back out of turn (KIWI_OBJECT_CROSSED): what it keeps
 *     others away from may be a state that threads enter and leave together.
 * Shortest come first. A longer cycle that shares a step (this lock held, that one wanted) with a shorter one is left
 * out: it may well go away with the shorter one. Up to LOCK_CYCLE_SHORT links all are looked for; of longer ones, for
 * each lock, one that is as short as any through that lock (philosophers around a table).
 */
#ifndef KIWI_LOCK_CYCLES_H
#define KIWI_LOCK_CYCLES_H

#include "lock_edges.h"
#include "lock_meet.h"

#define LOCK_CYCLE_SHORT 8u          /* links */
#define LOCK_CYCLE_MAX LOCK_MEET_MAX /* links */
#define LOCK_CYCLES_KEPT 4096u
#define LOCK_CYCLES_STEPS 4000000u     /* of the search in all: some seconds */
#define LOCK_CYCLES_STEPS_EACH 100000u /* from one lock at one length: no knot starves the others */
#define LOCK_CYCLES_LOOKS 50000000u    /* at the edges of larger knots, for long cycles: less than a second */

enum lock_grade {
    LOCK_GRADE_G3,
    LOCK_GRADE_G4,
    LOCK_GRADE_G4_SEMAPHORE,
    LOCK_GRADE_G4_WRITERS,
    LOCK_GRADE_G5_EARLY,
    LOCK_GRADE_G5_SIGNALLED,
    LOCK_GRADE_G5_PHASES,
    LOCK_GRADE_G5_TIMED
};

struct lock_cycle {
    uint32_t length;
    enum lock_grade grade;
    uint32_t groups[LOCK_CYCLE_MAX];  /* groups[i].to == groups[i + 1].from, and round */
    uint32_t edges[LOCK_CYCLE_MAX];   /* of these groups: what the threads were seen doing */
    uint32_t threads[LOCK_CYCLE_MAX]; /* a thread row for each link; 0 = only known as one of several */
    uint32_t writers
            [LOCK_CYCLE_MAX]; /* the acquisition that keeps a reader out of what another reader holds, 0 = none */
};

struct lock_cycles {
    struct lock_cycle *items;
    uint32_t count;
    bool cut; /* the search stopped early: there may be more */
};

int lock_cycles_find(struct lock_cycles *c, struct lock_edges *e, const struct model *m); /* -1 when out of memory */
void lock_cycles_release(struct lock_cycles *c);
#endif
