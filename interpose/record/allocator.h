/*
 * allocator.h - the allocator that serves malloc: whether its calls are seen, and what it says of itself.
 *
 * Figures are asked for at a safe moment alone: after an allocation of the service's own has returned, with nothing on
 * the stack that could hold the allocator's locks (its own code, or a signal handler that may have interrupted it), all
 * signals blocked, and no more often than every ALLOCATOR_NS or a thousand times what it takes.
 */
#ifndef KIWI_ALLOCATOR_H
#define KIWI_ALLOCATOR_H

#include "../base/clock.h"
#include "memory.h"
#include "stack.h"

#define ALLOCATOR_NS 1000000000u

/* Bytes, in jemalloc's words. */
struct allocator_figures {
    size_t allocated, active, metadata, resident, mapped, retained;
};

/* What the wrappers found out before recording began; kept over forks. */
struct allocator_facts {
    enum kiwi_allocator_unseen unseen;
    const char *first, *serves;                     /* paths, as in struct kiwi_allocator; NULL = none */
    bool (*ask)(struct allocator_figures *figures); /* NULL = it cannot be asked; false: it does not tell */
    bool (*is_its_code)(uintptr_t address);
};
extern HIDDEN struct allocator_facts allocator_facts;

/* A recording begins, in this process or in a forked child. */
void allocator_begin(void);

static ALWAYS_INLINE bool allocator_is_due(void)
{
    return unlikely(allocator_facts.ask != NULL) && clock_ticks() >= RELAXED_LOAD(&memory.allocator_due);
}

/* Asks for the figures, if this is a safe moment. site: the call that just allocated. The guard is set. */
void allocator_look(struct thread *t, struct call_site site);
/* The same when the process exits, and whenever it was that they were asked for last. */
void allocator_look_last(struct thread *t, struct call_site site);
#endif
