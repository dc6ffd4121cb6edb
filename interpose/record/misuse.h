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
};

/* Returns the row, so that the result of the real call can be added; 0 = no room. */
uint32_t misuse_note(struct thread *t, const struct misuse_facts *facts);
void misuse_result(uint32_t row, int result);

/* Looks through all live threads for who holds the lock at an address. Returns its thread row (0 = nobody seen)
 * and acquisition row (0 = none made). */
uint32_t misuse_find_holder(uintptr_t address, uint32_t *row);
#endif
