/*
 * lock_writers.h - rwlocks on which a reader waits behind a writer that waits, and who those writers are.
 *
 *     struct lock_writers w;
 *     if (lock_writers_make(&w, m)) out of memory;
 *     if (lock_writers_keep_out(&w, object))                 // it has such writers
 *         row = lock_writers_choose(&w, object, &others, &thread); // one that none of the others shuts out, 0 = none
 *     lock_writers_release(&w);
 *
 * That is so where the attribute says PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP. A writer that asks with a time
 * limit, or tries only, keeps nobody waiting for good; the maker of a lock that nobody else knew keeps nobody at all.
 */
#ifndef KIWI_LOCK_WRITERS_H
#define KIWI_LOCK_WRITERS_H

#include "../model.h"

struct lock_writers {
    const struct model *m;
    uint32_t *rows; /* acquisitions for writing, by object */
    uint32_t count;
};

/* Who takes part already: their threads (0 = one of several), and the chain rows of what they hold. */
struct lock_others {
    const uint32_t *threads, *held;
    uint32_t thread_count, held_count;
    const struct kiwi_acquisition *reader; /* what is done with the lock held for reading ... */
    uint32_t reader_thread;                /* ... by that one */
};

int lock_writers_make(struct lock_writers *w, const struct model *m); /* -1: out of memory */
void lock_writers_release(struct lock_writers *w);
bool lock_writers_keep_out(const struct lock_writers *w, uint32_t object);
/* Acquisition row of a writer that is none of the others, came neither before nor after all of them, and needs no lock
 * that they hold; its thread in *thread. */
uint32_t lock_writers_choose(const struct lock_writers *w, uint32_t object, const struct lock_others *others,
                             uint32_t *thread);
#endif
