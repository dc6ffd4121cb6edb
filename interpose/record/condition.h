/*
 * condition.h - condition variables: who waits with which mutex, and signals that found nobody.
 *
 *     condition_wait_site(t, at);                                // the mutex is held, at index `at` of the held array
 *                                                                // or -1
 *     the call is entered (call_enter)
 *     condition_wait_begin(t, cond, mutex_address, stack);
 *     real wait
 *     condition_wait_end(cond, woken);
 *
 *     condition_signal(t, cond, all, stack);                     // before the real call
 *
 * How many threads wait and how many of them were woken is one 64-bit word per condvar, so that destroy can tell a
 * thread that is still blocked from one that is on its way out. cond is an object row; 0 = nothing is recorded.
 */
#ifndef KIWI_CONDITION_H
#define KIWI_CONDITION_H

#include "acquisition.h"

void condition_wait_site(struct thread *t, int at);
void condition_wait_begin(struct thread *t, uint32_t cond, uintptr_t mutex, uint32_t stack);
/* woken: the wait returned 0. One that timed out leaves the signal to others. */
void condition_wait_end(uint32_t cond, bool woken);

/* Threads that are inside a wait, and those of them that were not woken. */
uint32_t condition_waiting(uint32_t cond);
uint32_t condition_blocked(uint32_t cond);

/* A signal, or a broadcast (all). stack: where it was made; needed only if nobody is blocked. */
void condition_signal(struct thread *t, uint32_t cond, bool all, uint32_t stack);
#endif
