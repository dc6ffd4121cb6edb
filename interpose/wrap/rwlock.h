/*
 * rwlock.h - glibc's rwlock seen from outside; like the mutex's, its words are part of the ABI.
 */
#ifndef KIWI_WRAP_RWLOCK_H
#define KIWI_WRAP_RWLOCK_H

#include "../record/object.h"

#include <pthread.h>

void rwlock_facts(uintptr_t address, struct object_facts *facts);
#endif
