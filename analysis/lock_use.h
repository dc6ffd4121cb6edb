/*
 * lock_use.h - what each lock was used for in time: how often taken and waited for, how long held, and who waited for
 * whom.
 *
 *     struct lock_uses *u = lock_uses_open(m);
 *     for (uint32_t i = 0; i < u->count; i++)
 *         use(&u->items[i]);
 *     lock_uses_close(u);
 */
#ifndef KIWI_LOCK_USE_H
#define KIWI_LOCK_USE_H

#include "durations.h"
#include "model.h"

struct lock_use {
    uint32_t object;
    uint32_t contention; /* CONTENTIONS row, 0 = none */
    uint64_t count;      /* acquisitions */
    uint64_t contended, wait_ticks, wait_max_ticks;
    uint64_t waited_ticks; /* during which somebody waited */
    uint64_t held_ticks;   /* estimated from the holds that were timed */
    uint64_t lost_ticks;   /* of the holds that others waited for: the holder had no processor, about. 0 where enough of
                              them took long by themselves */
    uint64_t failed_tries; /* by threads that held another lock */
    const struct kiwi_contention *row;
    uint32_t first_charge, charge_count; /* of charges below */
};

struct lock_charge {
    uint32_t object;
    uint32_t thread; /* row if it is that thread still, else 0 */
    const struct kiwi_charge *row;
    const struct kiwi_acquisition *request;
};

struct lock_uses {
    struct model *m;
    struct lock_use *items; /* locks that were taken or asked for, by object row */
    uint32_t count;
    struct lock_charge *charges; /* by object row, then by thread; tries that failed are among them (KIWI_CAUSE_TRY) */
    uint32_t charge_count;
    struct durations *durations;
    uint64_t *class_busy; /* index = class row: of its threads that are known, time not spent idle; in ticks */
    uint32_t *class_threads, class_count;
};

struct lock_uses *lock_uses_open(struct model *m); /* NULL when out of memory */
void lock_uses_close(struct lock_uses *u);

/* What one thread, or all threads of a class (thread 0), lost by waiting for a lock. */
struct lock_loss {
    uint32_t thread, thread_class;
    uint64_t ticks, waits;
    uint64_t busy; /* of its life, as lock_use_busy */
};

/* The one that lost the largest share of its time, of those that were busy for least_busy ticks; .busy 0 = none. */
struct lock_loss lock_use_worst(const struct lock_uses *u, const struct lock_use *use, uint64_t least_busy);
double lock_loss_share(const struct lock_loss *l); /* 0 .. 1 */

/* Time that a thread lived without sitting idle: in a blocking call while it held no lock. Ticks; 0 = not known. */
uint64_t lock_use_busy(const struct model *m, uint32_t thread);
uint64_t lock_use_ticks(const struct model *m, uint64_t ns); /* a duration in ticks */
double lock_use_share(uint64_t part, uint64_t whole);        /* 0 .. 1 */
/* Ticks that the lock was held, estimated; a hold that others waited for counts even if it was not in the sample. */
uint64_t lock_use_held(const struct lock_use *use);
/* part / whole, both without ticks that neither the program nor the lock is to blame for. */
double lock_use_net_share(double part, double part_off, double whole, double whole_off);
/* The same for the time that it is held, of `whole` ticks; lost_ticks are taken off both. */
double lock_use_net_held(const struct lock_use *use, uint64_t whole);
uint64_t lock_use_recorded(const struct model *m); /* ticks from the start of the recording to its end */
#endif
