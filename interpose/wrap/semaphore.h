/*
 * semaphore.h - semaphores that serve as locks.
 */
#ifndef KIWI_WRAP_SEMAPHORE_H
#define KIWI_WRAP_SEMAPHORE_H

#include "../base/compiler.h"

/* It began at 1, and only threads that had waited for it have posted it so far. */
bool semaphore_is_lock_like(uintptr_t address);
#endif
