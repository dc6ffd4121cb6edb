/*
 * quarantine.h - followed blocks that were freed and are kept from the allocator for a while.
 *
 * Meanwhile a second free of them is seen, and does no harm; and when they leave, a fingerprint of their contents tells
 * whether somebody wrote to them. They are not filled with a pattern: code that only reads what it has freed finds what
 * it left there, and goes on as it would without Kiwi.
 */
#ifndef KIWI_QUARANTINE_H
#define KIWI_QUARANTINE_H

#include "block.h"

#define QUARANTINE_BLOCKS 16384u           /* with heap=exact; 256 else */
#define QUARANTINE_BYTES (8u << 20)        /* in all */
#define QUARANTINE_BLOCK_BYTES (32u << 10) /* larger ones are not kept */

/* What must be given back to the allocator now, by who called. */
#define QUARANTINE_OUT 8u
struct quarantine_out {
    uint32_t count;
    uintptr_t addresses[QUARANTINE_OUT];
};

bool quarantine_takes(const struct heap_block *b);
/* The block's state is BLOCK_FREED and who freed it is filled in. */
void quarantine_add(struct thread *t, struct heap_block *b, struct quarantine_out *out);
/* All that are kept, some at a time: *from is 0 at first. false = there are no more. t may be NULL: then nobody looks
 * at them. */
bool quarantine_empty(struct thread *t, uint32_t *from, struct quarantine_out *out);
/* Looks at all that are kept; the process ends. */
void quarantine_check(struct thread *t);
#endif
