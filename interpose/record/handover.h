/*
 * handover.h - order by signals: what a thread did before it woke another one is over when that one goes on.
 *
 *     handover_give(t, cond);      // before the signal, with somebody waiting
 *     handover_take(t, cond);      // after the wait, by the thread that was woken
 *
 *     handover_monitor(mutex);     // its critical sections tell each other something: see below
 *     handover_pass(t, mutex);     // at the end of each of them, still owning the mutex
 *
 *     handover_publish(t);         // before a future becomes ready
 *
 * Order like that of create and join, but weaker: whether the program relies on it nobody knows, so the analyzer keeps
 * the two apart (KIWI_SEGMENT_SIGNALLED). Barriers are in rounds.h.
 *
 * A monitor is a mutex that guards what threads tell each other: condition variables are waited on or signalled with
 * it, or it is polled. Every critical section of it comes after all earlier ones, which is how a flag or a counter
 * reaches a thread that did not have to wait for it. A mutex that only guards data orders its users just as well, but
 * by chance: taken for order, that would hide every real inversion.
 *
 * Only the first few handovers of each thread count. That is enough for phases, such as loading before serving, and
 * costs a busy queue nothing. Later ones order nothing, which is always true; dependencies that were seen often enough
 * by then are left as they are (thread_handed_enough).
 */
#ifndef KIWI_HANDOVER_H
#define KIWI_HANDOVER_H

#include "thread.h"

/* object: row of a condition variable, semaphore, barrier or mutex, 0 = none. With the thread's guard set. A thread
 * that held other locks while it waited takes nothing: that order would not have kept the two from blocking each
 * other. */
void handover_give(struct thread *t, uint32_t object);
void handover_take(struct thread *t, uint32_t object);

/* Those who wait on a condition variable arrive there; who wakes all of them comes after them, as the last one at a
 * barrier made by hand does. */
void handover_waits(struct thread *t, uint32_t object);
void handover_wakes_all(struct thread *t, uint32_t object);

/* What a thread did before it keeps a promise is over for all who look at that later, and who looks is not seen: so it
 * comes before a lock order that another thread makes for the first time from then on (the first few of each thread: a
 * service keeps promises all the time, and they order nothing else). Before the promise is kept;
 * handover_publishes says whether there is anything to tell. */
bool handover_publishes(const struct thread *t);
void handover_publish(struct thread *t);
/* Before a thread notes an order that is new to it. */
void handover_learn(struct thread *t);

void handover_monitor(uint32_t object);
/* handover_pass would tell something, to others or to this thread. */
bool handover_worth(const struct thread *t, uint32_t object);
void handover_pass(struct thread *t, uint32_t object);
/* A thread that ends passes the mutex that it let go of last: often it says so that it is done. */
void handover_end(struct thread *t);

/*
 * The parts of it, for other kinds of rendezvous: arrivals form a chain, each after one thread and the link before it.
 * Has the thread done or learned anything since it told so at this object? Then it joins its own part with the arrivals
 * before, in a segment that is no part of its own line: what it does next, with a lock in hand perhaps, need not come
 * after them.
 */
bool handover_has_news(const struct thread *t, uint32_t object);
uint32_t handover_join(uint32_t own, uint32_t before);
void handover_told(struct thread *t, uint32_t object);
/* The thread begins a new stretch, after a segment that it got from the object. strength: SEGMENT_SIGNALLED, or 0 if it
 * is as certain as a join. */
bool handover_after(struct thread *t, uint32_t object, uint32_t segment, uint32_t strength);
#endif
