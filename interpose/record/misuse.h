/*
 * misuse.h - lock misuse, recorded while it happens: once per kind, object and stack, then counted.
 */
#ifndef KIWI_MISUSE_H
#define KIWI_MISUSE_H

#include "thread.h"

struct misuse_facts {
    enum kiwi_misuse_kind kind;
    uint32_t object, stack;
    uint32_t other_thread; /* thread row of the holder or waiter, 0 = unknown */
    uint32_t other_row;    /* its acquisition row, 0 = unknown */
    uint32_t other_stack;  /* stack row that tells instead, 0 = none */
    uint32_t other_name;   /* string, for a thread without a row */
    uint32_t heap_site, flags;
};

/* Returns the row, so that the result of the real call can be added; 0 = no room. */
uint32_t misuse_note(struct thread *t, const struct misuse_facts *facts);
void misuse_result(uint32_t row, int result);

/* A live thread that has a lock on its held array. */
struct misuse_holder {
    const struct thread *t; /* NULL = nobody was seen */
    struct kiwi_held held;  /* a copy */
};

/* Looks through all live threads for who holds the lock at an address; false = nobody seen. */
bool misuse_find_holder(uintptr_t address, struct misuse_holder *h);
/* The same for the first lock found in [address, address + size), from the thread at slot `slot` on. Sets `slot` to
 * where to go on. */
bool misuse_find_holder_in(uintptr_t address, size_t size, uint32_t *slot, struct misuse_holder *h);
/* Copies what the thread at a slot holds, at most `room` locks. Returns the number; *t is the thread. */
uint32_t misuse_held_at(uint32_t slot, struct kiwi_held *out, uint32_t room, const struct thread **t);
/* Fills in who holds the lock at an address, if anybody does. */
void misuse_blame(struct misuse_facts *facts, uintptr_t address);
#endif
