/*
 * contention.h - what waiting for locks costs whom, and what the holders were doing meanwhile.
 *
 *     since = acquisition_wait_begin(...);     calls contention_wait_begin: who holds it, and what does he do now?
 *     r = real lock
 *     acquisition_wait_end(...);               calls contention_wait_end: only notes the time
 *     ... the critical section ...
 *     acquisition_released(...);               calls contention_hold_end: was anybody waiting, for how long by now?
 *     r = real unlock
 *     contention_settle(t);                    enters all of it into the tables
 *
 * The tables are filled after the unlock, so that a critical section that others wait for is not made longer. What a
 * thread has noted and not yet entered is entered with its next wait or release, and at its end.
 *
 * Where two threads take a lock in turns every few hundred nanoseconds, entering a wait takes as long as the section,
 * and moves lines of the tables from one processor to the other each time. So brief waits and holds that follow each
 * other closely are kept back, and entered some at a time: before the thread has to wait once more, if it can be.
 * Anything longer enters them first; a thread that is killed takes at most THREAD_UNSETTLED - 1 of them with it.
 *
 * A waiter marks the holder's entry on the held array (KIWI_HELD_PRESSED), and the holder's unlock then takes the slow
 * way once: such holds are all entered. Of those that begin while others wait already, and of the grants that overtake
 * the waiters, a sample is: a call path that has to wait again and again is sampled once in CONTENTION_SAMPLE
 * (lock_request). Entering them all would cost a busy lock more than the lock itself.
 */
#ifndef KIWI_CONTENTION_H
#define KIWI_CONTENTION_H

#include "heap_path.h"

/* The guard is set in all of these. row: acquisition row of the request, 0 = nothing is recorded. Times in ticks. */
void contention_wait_begin(struct thread *t, uint32_t row, uint64_t since, uint32_t holder_row);
/* alone: nobody else waits now; united: for how long somebody did. */
void contention_wait_end(struct thread *t, uint32_t row, uint64_t since, uint64_t now, uint64_t united);
/* A hold that is timed or pressed ends. Before the real unlock. */
void contention_hold_end(struct thread *t, const struct kiwi_held *held, uint64_t now);
#define CONTENTION_SAMPLE 16u

/* A lock was taken that was free, and this is a sample that stands for `weight` such: true = others wait for it, so
 * that its hold shall be timed. */
bool contention_watched(uint32_t row, uint32_t weight);
/* A try failed while the thread holds another lock. made: any number that changes when the thread gets a lock at this
 * call path; or else it says contention_try_made. */
void contention_try_failed(struct thread *t, uint32_t row, uint64_t made);
void contention_try_made(struct thread *t, uint32_t row);
/* What a hold whose beginning was timed stands for: holds that are timed, and holds that began while others waited. */
struct contention_sample {
    uint32_t holds, pressed;
};
/* take: how long the real call took, 0 = not known. */
void contention_sampled(struct thread *t, uintptr_t address, struct contention_sample s, uint64_t take);
/* A blocking call of at least KIWI_CALL_WAITED_NS has ended. */
void contention_call_end(struct thread *t, uint32_t call_row, uint64_t since, uint64_t now);

/* A hold that is timed begins: counts the allocations in it, and has the first of them looked at. */
static inline void heap_hold_begin(struct thread *t, uintptr_t address)
{
    if (record_settings.heap == HEAP_OFF)
        return;
    heap_look_at_next(t);
    t->heap_lock = address;
    t->heap_lock_calls = t->heap_calls;
    t->heap_lock_bytes = thread_heap_bytes(t);
    t->heap_lock_stack = 0;
}

static ALWAYS_INLINE struct thread_unsettled *contention_unsettled(struct thread *t)
{
    return &t->unsettled[t->kept_back];
}

void contention_enter(struct thread *t);

static ALWAYS_INLINE void contention_settle(struct thread *t)
{
    const struct thread_unsettled *u = contention_unsettled(t);
    if (unlikely(u->wait || u->hold))
        contention_enter(t);
}

void contention_enter_some(struct thread *t);

/* Before a wait, whose time does not count yet: what was kept back is best entered while somebody else has the lock. */
static ALWAYS_INLINE void contention_before_wait(struct thread *t)
{
    if (unlikely(t->kept_back >= THREAD_UNSETTLED / 2))
        contention_enter_some(t);
}

/* The thread ends: what was kept back as well. */
void contention_end(struct thread *t);
#endif
