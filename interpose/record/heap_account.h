/*
 * heap_account.h - what a thread has allocated and what processor time it has used, at one moment.
 *
 * Together they tell what part of a thread's work an allocation can be. Brought up to date with the thread's sampled
 * allocations, at most every HEAP_ACCOUNT_NS, and at its end. The guard is set.
 */
#ifndef KIWI_HEAP_ACCOUNT_H
#define KIWI_HEAP_ACCOUNT_H

#include "memory.h"

#define HEAP_ACCOUNT_NS 10000000u

void heap_account(struct thread *t, uint64_t now);
/* The thread ends; called by itself. */
void heap_account_end(struct thread *t);
#endif
