/*
 * object.h - identity of synchronization objects: address + generation.
 *
 * An address becomes an object at its init call or first use. Init, destroy and free of the containing block end it;
 * the next use of the address is a new object. Caches notice through a small table of generation counters by address
 * hash, so nothing has to be told to other threads.
 */
#ifndef KIWI_OBJECT_H
#define KIWI_OBJECT_H

#include "memory.h"

/* What the caller knows about an object at init or first use. */
struct object_facts {
    uintptr_t address;
    uint8_t kind;   /* enum kiwi_object_kind */
    uint8_t type;   /* enum kiwi_mutex_type */
    uint16_t flags; /* KIWI_OBJECT_* */
};

/* Where the generations at an address are counted, with those at others. */
static inline uint32_t object_generation_slot(uintptr_t address)
{
    return (uint32_t)(hash_mix(address >> 3) >> 20) & (FILTER_GENERATIONS - 1);
}

/* The current object at the address, made if there is none; 0 = no room. `stack` is where it is used first. */
uint32_t object_get(struct thread *t, const struct object_facts *facts, uint32_t stack);
/* The current object at the address, or 0. */
uint32_t object_find(uintptr_t address);
/* The same, or the last one there was if it has ended. */
uint32_t object_latest(uintptr_t address);
/* Begins a new generation at the address (init call at `stack`), ending the old one. Returns its row or 0. */
uint32_t object_init(struct thread *t, const struct object_facts *facts, uint32_t stack);
/* Another row names the object for good. One that ended without that gives its row to the next object at its
 * address. */
static inline void object_refer(uint32_t object)
{
    memory.births[object].referred = 1;
}

/* Counts that may saturate: then they are no longer exact, and stay. */
void object_count_up(uint8_t *n);
void object_count_down(uint8_t *n);

/* What threads keep in their caches of the lock is looked up anew at their next use of it. */
void object_look_again(uint32_t object);

/* Ends the current generation, if there is one. */
void object_end(uintptr_t address);

/* Memory at [address, address+size) goes away: ends every object in it. */
void object_end_range(uintptr_t address, size_t size);

/* Calls `visit` with every live object there. */
void object_each_in(uintptr_t address, size_t size, void (*visit)(uint32_t object, void *arg), void *arg);

/* A module that lay at [start, end) is gone: ends its static objects. Looks at every object, so it is for dlclose
 * only. */
void object_end_static(uintptr_t start, uintptr_t end);

/* The object can be known to no other thread yet: it lies in memory that this thread made, nobody else ever took it, no
 * thread was made since, and it is either in its first hold (`first`) or nothing was let go since it was made. */
bool object_unpublished(const struct thread *t, uint32_t object, bool first);
/* Less certain: the thread made the object, no thread was made since, and nobody else was seen to take it. It may have
 * been handed on all the same. */
bool object_maker_alone(const struct thread *t, uint32_t object);
/* The thread takes the object: notes its first and its second user. */
void object_seen_by(const struct thread *t, uint32_t object);

/* Tells whether a lock that the caller holds shows waiters in its own word: more came since it was taken. Set by the
 * wrappers; NULL in tests. */
extern bool (*object_shows_waiters)(const struct kiwi_held *held);

/* Tells whether an address lies in a module's writable data; set by the module map (false in tests). */
extern bool (*object_is_static)(uintptr_t address);
#endif
