/*
 * handover.h - order by signals: what a thread did before it woke another one is over when that one goes on.
 *
 *     handover_give(t, cond);      // before the signal, with somebody waiting
 *     handover_take(t, cond);      // after the wait, by the thread that was woken
 *
 * Order like that of create and join, but weaker: whether the program relies on it nobody knows, so the analyzer keeps
 * the two apart (KIWI_SEGMENT_SIGNALLED). Only the first few of each thread count. That is enough for phases, such as
 * loading before serving, and costs a busy queue nothing. Later signals order nothing, which is always true.
 */
#ifndef KIWI_HANDOVER_H
#define KIWI_HANDOVER_H

#include "thread.h"

#define HANDOVERS_MAX 8u /* given, and as many taken, by one thread */

/* object: row of a condition variable or semaphore, 0 = none. With the thread's guard set. A thread that held other
 * locks while it waited takes nothing: that order would not have kept the two from blocking each other. */
void handover_give(struct thread *t, uint32_t object);
void handover_take(struct thread *t, uint32_t object);

/* The parts of it, for other kinds of signals: the thread begins a new stretch, after the segment of another thread. */
void handover_after(struct thread *t, uint32_t segment);
void handover_stretch_begin(struct thread *t);
#endif
