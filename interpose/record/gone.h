/*
 * gone.h - followed blocks that the allocator had back at once, since they were too large to be kept or realloc moved
 * them, and who gave them back: what frees one again is told by its address.
 *
 *     gone_add(address, &block, end);     // before the real call: from then on the address may be somebody else's
 *     real.free(address);
 *
 * Only with heap=exact, where whoever is handed an address passes gone_forget. The latest ones of each hash are known.
 */
#ifndef KIWI_GONE_H
#define KIWI_GONE_H

#include "block.h"

#define GONE_BLOCKS 256u /* a power of two */
#define GONE_BUSY 1u     /* the address of an entry that is being written */

struct gone_block {
    uint64_t address; /* 0 = none; atomic */
    uint64_t size;
    uint32_t site;          /* HEAP_SITES row */
    uint32_t stack, thread; /* who gave it back */
    uint8_t made;           /* enum kiwi_heap_form */
    bool moved;             /* by realloc */
};

void gone_add(uintptr_t address, const struct gone_block *g);
/* Takes the entry of an address; false = there is none. */
bool gone_take(uintptr_t address, struct gone_block *g);

/* Its entry, or that of another address. */
static ALWAYS_INLINE struct gone_block *gone_place(uintptr_t address)
{
    return &memory.gone[(address >> 4 ^ address >> 12) & (GONE_BLOCKS - 1)];
}

/* The allocator has given the address out again, or realloc left its block there. */
static ALWAYS_INLINE void gone_forget(uintptr_t address)
{
    struct gone_block *g = gone_place(address);
    uint64_t known = address;
    if (unlikely(RELAXED_LOAD(&g->address) == address))
        __atomic_compare_exchange_n(&g->address, &known, 0, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}
#endif
