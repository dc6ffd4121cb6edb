/*
 * heap_site.h - what is known of the blocks that one call path allocates: a row of HEAP_SITES.
 */
#ifndef KIWI_HEAP_SITE_H
#define KIWI_HEAP_SITE_H

#include "memory.h"

/* The row of a call path, made if needed; 0 = no room, or no stack. */
uint32_t heap_site_get(const struct thread *t, uint32_t stack);

/* units: what the block stands for (sampler.h). t: who allocates it. */
void heap_site_made(const struct thread *t, uint32_t site, uint32_t units, size_t size, uint64_t now);
/* The block that was just made can not be followed. */
void heap_site_unfollowed(uint32_t site, uint32_t units, size_t size);

struct heap_end {
    uint64_t lifetime;          /* ticks */
    const struct thread *freer; /* another thread than the one that allocated it, NULL = the same, or not known */
    bool resized;               /* by realloc */
};
void heap_site_ended(uint32_t site, uint32_t units, size_t size, struct heap_end end);

/* A block of this site is lost. held: another lost block of this site would lead to it, which itself nothing refers to.
 * units and size are the block's own. */
void heap_site_lost(uint32_t site, uint32_t units, size_t size, uint64_t birth, bool held);
#endif
