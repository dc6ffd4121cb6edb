/*
 * recent_block.h - the latest heap blocks of each thread: in which one a new lock lies, and whether the thread made it.
 *
 *     p = real.malloc(size);
 *     return recent_block_note(t, p, size, caller, depth);    // heap_calls has counted it
 *     ...
 *     const struct recent_block *b = recent_block_around(t, lock);
 *
 * Most threads make their locks early or never, and to keep the blocks takes an eighth of a malloc. So a thread that
 * has got RECENT_BLOCKS_KEPT of them since anybody last asked for one keeps them no more, until somebody asks; each
 * time this happens, it goes on for twice as long.
 */
#ifndef KIWI_RECENT_BLOCK_H
#define KIWI_RECENT_BLOCK_H

#include "thread.h"

#define RECENT_BLOCKS_KEPT (UINT64_C(1) << 20) /* allocations */

/* The place for the block of the present allocation, or the one before: heap_calls has counted it. */
static ALWAYS_INLINE struct recent_block *recent_block_at(struct thread *t, uint64_t call)
{
    return &t->blocks[call % THREAD_BLOCKS];
}

static ALWAYS_INLINE uint32_t stack_depth_now(void)
{
    uint32_t depth;
    __asm__("mov %%esp, %0" : "=r"(depth));
    return depth;
}

/* The same by the caller's stack pointer: what a wrapper puts on the stack itself is no part of it, else a block that
 * took the long way would seem to lie further down than one that its caller's callee got the short way. */
static ALWAYS_INLINE uint32_t stack_depth_below(uintptr_t sp)
{
    return (uint32_t)(sp - 2 * sizeof(void *)); /* the return address, and a register that the short way saves */
}

static ALWAYS_INLINE void *recent_block_set(struct recent_block *b, void *address, size_t size, void *caller,
                                            uint32_t depth)
{
    b->address = (uintptr_t)address;
    b->caller = (uintptr_t)caller;
    b->size = likely(size <= UINT32_MAX) ? (uint32_t)size : UINT32_MAX;
    b->depth = depth;
    return address;
}

/*
 * A constructor may make hundreds of blocks before it first locks its object. The block of the object was got further
 * up the stack than those, by a function that has not returned: it must not be forgotten because of them. Notes the new
 * block, and keeps the one whose place that takes.
 */
void *recent_block_keep(struct thread *t, void *address, size_t size, void *caller, uint32_t depth);
#define OUTER_FRAME 32u /* a function that is called has a deeper frame by at least this */
#define OUTER_SIZE 40u  /* of what has a constructor that makes blocks, and a lock: a mutex alone is as large */

static ALWAYS_INLINE bool recent_block_is_outer(const struct recent_block *b, uint32_t depth)
{
    return unlikely(b->depth > depth + OUTER_FRAME) && b->size >= OUTER_SIZE;
}

/* A heap block that this thread got, the latest that heap_calls counts, at a depth of the stack; cheap enough for every
 * malloc. Returns its address: what allocates ends with this, so that the rare way out is a jump and asks for no
 * registers to be saved. */
static ALWAYS_INLINE void *recent_block_note(struct thread *t, void *address, size_t size, void *caller, uint32_t depth)
{
    if (!t->blocks_kept)
        return address;
    struct recent_block *b = recent_block_at(t, t->heap_calls - 1);
    if (unlikely(recent_block_is_outer(b, depth)))
        return recent_block_keep(t, address, size, caller, depth);
    return recent_block_set(b, address, size, caller, depth);
}

/* The same in two steps, before heap_calls counts it, where blocks are kept: the caller fills in the address. NULL =
 * the other way. The block is smaller than 4 GiB. */
static ALWAYS_INLINE struct recent_block *recent_block_quick(struct thread *t, size_t size, void *caller)
{
    struct recent_block *b = recent_block_at(t, t->heap_calls);
    uint32_t depth = stack_depth_now();
    __asm__("" : "+r"(b)); /* one register to keep, not the two that it was made of */
    if (unlikely(recent_block_is_outer(b, depth)))
        return NULL;
    b->caller = (uintptr_t)caller;
    b->size = (uint32_t)size;
    b->depth = depth;
    return b;
}

/* Bytes of a block that this thread got lately, 0 = not known. */
size_t recent_block_size(const struct thread *t, uintptr_t address);

/* The block of the thread in which the address of a new lock lies, NULL = none that is known. Asks for them to be
 * kept. */
const struct recent_block *recent_block_around(struct thread *t, uintptr_t address);
/* The same of the thread that made this one, or of the main thread, as long as they run. Fills in `copy`. */
const struct recent_block *recent_block_of_maker(struct thread *t, uintptr_t address, struct recent_block *copy);
/* All of the thread's latest THREAD_BLOCKS blocks are known; else one that is not among them may be its own all the
 * same. */
bool recent_blocks_are_all(const struct thread *t);

void recent_blocks_begin(struct thread *t);
/* Now and then: keeps them no more if nobody has asked for so long. */
void recent_blocks_settle(struct thread *t);
#endif
