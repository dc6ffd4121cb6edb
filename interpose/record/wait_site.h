/*
 * wait_site.h - the places where a mutex is taken to look at a state and, if need be, to wait for it to change.
 *
 * A lock site becomes a wait site when the mutex taken there is first given to a condition variable's wait. From then
 * on every pass through it is recorded in full, so that it is known when somebody last looked without having to wait:
 * what tells an idle pool from a lost wake-up. Only mutexes taken while nothing else was held have wait sites.
 *
 * The state may be looked at elsewhere, too (try_pop, and only then pop). So where a thread takes the mutex that it
 * last waited with, that place becomes a look site: a wait site without waits, whose passes are noted when they begin.
 * (One that signals does so later.)
 *
 * The guard is set, and the mutex is held, in all of these.
 */
#ifndef KIWI_WAIT_SITE_H
#define KIWI_WAIT_SITE_H

#include "acquisition.h"

/* The thread is about to wait with the mutex at index `at` of its held array. Returns the acquisition row by which it
 * took the mutex (0 = none), whether or not that is a wait site. */
uint32_t wait_site_enter(struct thread *t, int at);

/* A hold that began at a wait site ends without a wait. */
void wait_site_looked(const struct kiwi_held *held);

/* Of wait_site_taken: there is such a site, or one is to be made. */
void wait_site_passed(struct thread *t, struct kiwi_held *held);

/* The mutex just taken, last on the held array: notes whether that was at a wait site. */
static inline void wait_site_taken(struct thread *t)
{
    uint32_t n = t->slot->held_count;
    struct kiwi_held *h = &t->held[n ? n - 1 : 0];
    if (n && unlikely(RELAXED_LOAD(&memory.wait_sites[h->row]) || h->address == t->waited_mutex))
        wait_site_passed(t, h);
}
#endif
