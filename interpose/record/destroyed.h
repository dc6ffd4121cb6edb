/*
 * destroyed.h - which objects were ended by a destroy call, by whom and where, until something new is made of them.
 *
 * A static initialiser, zeroes or a constructor make a new lock without any call: whether that happened only the
 * object's own words can say, so the wrappers ask those first.
 */
#ifndef KIWI_DESTROYED_H
#define KIWI_DESTROYED_H

#include "misuse.h"
#include "object.h"

/* The real destroy call succeeded: ends the object at the address, if there is one. `stack` is the call's. */
bool destroyed_note(struct thread *t, uintptr_t address, uint32_t stack);

/* Whether a destroyed object may lie there: one byte of a table tells. For objects whose words do not. */
static ALWAYS_INLINE bool destroyed_suspect(uintptr_t address)
{
    return unlikely(RELAXED_LOAD(&memory.destroyed_filter[object_generation_slot(address)]));
}

/* Fills in the destroyed object at the address and who destroyed it; false if what was there last, an object of that
 * kind, was not ended by a destroy. */
bool destroyed_find(uintptr_t address, enum kiwi_object_kind kind, struct misuse_facts *facts);

/* A new object begins at the address of this row. */
void destroyed_forget(uint32_t object);
#endif
