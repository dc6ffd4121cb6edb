/*
 * block.h - the heap blocks that are followed: sampled ones, or all of them with heap=exact.
 *
 * The blocks belong to the service's own allocator, and every function of it may be called with them at any time. Kiwi
 * keeps a record beside them, found by address: a set of eight addresses, one cache line, that threads fill and empty
 * without a lock. That a block may be among them is seen by one bit (suspect.h): frees of all others pass for the price
 * of that.
 *
 *     block_add(t, address, size, stack, units);          // after malloc returned it
 *     block_freed(t, &facts, &out)                        // before free: true = the block is kept for now
 *     free what `out` names
 *
 * A block that is freed by code past the wrappers leaves its record behind, which the next owner of the address
 * replaces; where the allocator tells sizes, a record that does not fit is dropped too.
 */
#ifndef KIWI_BLOCK_H
#define KIWI_BLOCK_H

#include "memory.h"

enum block_state { BLOCK_NONE = 0, BLOCK_LIVE = 1, BLOCK_FREED = 2 };

struct heap_block {
    uint32_t state; /* enum block_state; atomic */
    uint32_t site;  /* HEAP_SITES row */
    uint64_t size;  /* bytes as asked for */
    uint64_t birth; /* ticks */
    uint32_t units;
    uint32_t thread, serial; /* who allocated it */
    uint8_t form;            /* enum kiwi_heap_form */
    bool judged;             /* its delete has begun, and what was to be said about that is */
    bool unwatched;          /* that its contents change after the free is no news */
    bool direct;             /* not got through malloc: its allocator's own free must have it at once */
    uint32_t free_stack, free_thread, free_serial;
    uint64_t print; /* fingerprint of its contents when it was freed */
};

/* Records, a power of two; set before recorder_memory_open. */
extern HIDDEN uint32_t block_capacity;
#define BLOCK_CAPACITY (64u << 10)      /* of samples */
#define BLOCK_CAPACITY_EXACT (4u << 20) /* reserved, not used, until there are so many */
/* As many of those that are wanted as take a sixteenth of `space` bytes, the limit of the process, but not fewer than
 * samples need. Blocks for which there is no room are counted as dropped. */
uint32_t block_capacity_within(uint32_t wanted, uint64_t space);

/* A new block, made by this thread at a stack. NULL = no room (counted). */
struct heap_block *block_add(struct thread *t, uintptr_t address, size_t size, uint32_t stack, uint32_t units);
/* The record of an address, or NULL. */
struct heap_block *block_find(uintptr_t address);
/* Takes the record away: the block is about to be freed, or moved. copy: what it said, may be NULL. false = there is
 * none, or it is freed already. */
bool block_take(uintptr_t address, struct heap_block *copy);
/* Puts it back: realloc failed. */
void block_restore(uintptr_t address, const struct heap_block *copy);
/* An unrecorded free: the record is stale. true = the block was freed before and is kept: it must not be freed
 * again. */
bool block_forget(uintptr_t address);

/* The live block in which an address lies behind its start; 0 = none found. Looks no further back than 64 KiB. */
uintptr_t block_around(uintptr_t address);

static inline uintptr_t block_address(const struct heap_block *b)
{
    uint32_t i = (uint32_t)(b - memory.blocks);
    return RELAXED_LOAD(&memory.block_sets[i / BLOCK_WAYS].addresses[i % BLOCK_WAYS]);
}

/* Ends a record, whatever its state. */
void block_end(struct heap_block *b);
#endif
