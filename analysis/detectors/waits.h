/*
 * waits.h - who waited for whom at the moment the trace was read, from the states of the live threads.
 *
 *     struct waits w;
 *     if (waits_make(&w, m)) out of memory;
 *     for (uint32_t i = 0; i < w.count; i++) use(w.items[i].waiter, w.items[i].holder);   // rows of SLOTS
 *     waits_release(&w);
 *
 * A thread woken from a condition variable that can not have its mutex back waits for that mutex.
 *
 * One entry per waiter and holder: a lock held by several readers gives several. Only waits without a limit are here,
 * trylock and timed locks never are. A thread that waits for a lock it holds itself appears with waiter == holder.
 */
#ifndef KIWI_WAITS_H
#define KIWI_WAITS_H

#include "../model.h"

struct wait {
    uint32_t waiter, holder; /* rows of SLOTS */
    uint32_t object;         /* 0 when it waits for a thread to end (join), or for a wake-up */
    uint32_t call;           /* the call that a wake-up would end (standstill.h), 0 = none */
    uint32_t want_stack;     /* where it waits: the lock call, or the join */
    uint32_t held_stack;     /* where the holder took the lock */
    uint64_t since;          /* ticks, 0 = not known */
    bool relocks;            /* the re-lock at the end of a condition variable's wait */
    bool unseen;             /* nobody saw who has the lock; that it is this holder is only likely (standstill.h) */
};

struct waits {
    struct wait *items;
    uint32_t count, capacity;
};

int waits_make(struct waits *w, const struct model *m); /* -1 when out of memory */
int waits_add(struct waits *w, struct wait one);        /* likewise */
void waits_release(struct waits *w);
#endif
