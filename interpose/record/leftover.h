/*
 * leftover.h - locks that are still held when their holder ends, or when the memory around them goes away.
 *
 * Everything here runs with the guard set, and before the memory is given up: the locks' own words may be read.
 */
#ifndef KIWI_LEFTOVER_H
#define KIWI_LEFTOVER_H

#include "misuse.h"
#include "object.h"

/* Tells for certain, from the lock's own word, that the thread with this id of the kernel owns what a held array shows.
 * Set by the wrappers; NULL in tests: the array is believed. */
extern bool (*object_owned_by)(const struct kiwi_held *held, int32_t tid);
/* Whether the word of a live object looks held at all; cheap, asked first. NULL in tests: yes. */
extern bool (*object_looks_held)(const struct kiwi_object *o);

/* The thread has run its last destructor. Notes what it still holds, and what anybody holds on its stack. */
void leftover_thread_ends(struct thread *t);

/* The block with this live object is about to be freed: whether somebody holds it, and who. The caller adds the stack
 * of the free. */
bool leftover_in_block(uint32_t object, struct misuse_facts *facts);
/* It is freed. A lock that the calling thread holds leaves its held array. */
void leftover_freed(struct thread *t, const struct misuse_facts *facts);
/* An unlock of a lock that is not on the thread's held array: whether that is because it was freed while held, which is
 * reported already. */
bool leftover_was_freed(struct thread *t, uintptr_t address);
#endif
