/*
 * lock.h - what the wrappers of all lock kinds share: begin, wait, granted, release.
 *
 * Every function here runs with the guard set by the caller and touches neither errno nor the lock.
 */
#ifndef KIWI_WRAP_LOCK_H
#define KIWI_WRAP_LOCK_H

#include "../base/clock.h"
#include "../process/enter.h"
#include "../record/acquisition.h"
#include "../record/misuse.h"
#include "../record/stack.h"

/* The cache line of an acquisition at this site, made if it is new. Never NULL. */
static ALWAYS_INLINE struct kiwi_cache_entry *lock_line(struct thread *t, uintptr_t address, struct call_site site,
                                                        uint32_t kind_word,
                                                        void (*facts_of)(uintptr_t address, struct object_facts *facts))
{
    uint32_t word = stack_of(t, site) | kind_word;
    struct kiwi_cache_entry *e = acquisition_find(t, address, word);
    if (likely(e))
        return e;
    struct object_facts facts;
    facts_of(address, &facts);
    return acquisition_line_new(t, &facts, word);
}

static ALWAYS_INLINE void lock_granted(struct thread *t, uintptr_t address, struct kiwi_cache_entry *e)
{
    e->count++;
    acquisition_taken(t, address, e->row);
}
#endif
