/*
 * rwlock.h - glibc's rwlock seen from outside; like the mutex's, its words are part of the ABI.
 */
#ifndef KIWI_WRAP_RWLOCK_H
#define KIWI_WRAP_RWLOCK_H

#include "../record/object.h"

#include <pthread.h>

void rwlock_facts(uintptr_t address, struct object_facts *facts);
/* Whether its words look held; the memory must be there. */
bool rwlock_looks_held(uintptr_t address);
/* The thread with this id of the kernel certainly owns what it took in that mode. Readers are not told apart: one of
 * them does. */
bool rwlock_owned_by(uintptr_t address, enum kiwi_mode mode, int32_t tid);
#endif
