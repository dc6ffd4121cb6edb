/*
 * blame.h - what the holders of a lock were doing while others waited for it.
 *
 *     struct blame b = blame_of(u, use);
 *     ... b.call_ticks of b.ticks fell into blocking calls ...
 *     if (blame_is_told(u, use, list)) ...      // waits that go away with another finding
 *     blame_report(f, u, use, &b);
 */
#ifndef KIWI_BLAME_H
#define KIWI_BLAME_H

#include "../finding.h"
#include "../lock_use.h"

struct blame {
    uint64_t ticks, waits;               /* of all waits that are charged */
    uint64_t call_ticks, lock_ticks;     /* while the holder sat in a call; while it waited for another lock */
    uint64_t unknown_ticks;              /* who held it is not known */
    const struct lock_charge *worst;     /* the charge with the longest time in all, NULL = none */
    uint32_t holder_stack, waiter_stack; /* the places with the most time, 0 = none known */
    uint64_t holder_ticks, waiter_ticks;
};

struct blame blame_of(const struct lock_uses *u, const struct lock_use *use);

/* Most of the time that the lock was held went into blocking calls, and a lock-across-* in the list says so. */
bool blame_is_told(const struct lock_uses *u, const struct lock_use *use, const struct finding_list *list);

/* Stacks of the holder's and the waiter's place, and sentences about the rest. */
void blame_report(struct finding *f, const struct lock_uses *u, const struct lock_use *use, const struct blame *b);
#endif
