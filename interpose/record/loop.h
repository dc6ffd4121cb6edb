/*
 * loop.h - event loops, found by themselves: how long their ticks are, and what they wait for inside them.
 *
 *     loop_wait_begins(t, stack, flags, now);   // poll, select, epoll_wait is called: a tick may end here
 *     r = real.poll(...)
 *     loop_wait_ends(t, &about_r);              // ... and the next one begins
 *
 * A thread that returns LOOP_RETURNS times to one wait site is a loop from then on. A wait elsewhere belongs to the
 * tick if it is made deeper in the stack (a handler that waits for an answer); so does every blocking call and every
 * wait for a lock (loop_stalled). Looks that do not wait (timeout 0) end a tick at the loop's own site, and are nothing
 * elsewhere. Two sites are one if their two innermost frames are the same: a loop run again from inside a handler.
 *
 * A function that opens descriptors, serves them until they are done, and closes them (runs a command and reads what it
 * prints, say) is a loop while it runs. What its caller does between two runs is none of its ticks: a wait all of whose
 * descriptors were opened since the wait before begins a new run.
 *
 * A quiet tick costs two readings of the clock and some stores into rows that only its thread writes. The guard is set
 * in all of these; times are in ticks.
 */
#ifndef KIWI_LOOP_H
#define KIWI_LOOP_H

#include "memory.h"

#define LOOP_RETURNS 4u /* to one place make a loop */
#define LOOP_LOST 64u   /* returns to a place inside a tick: the loop is not coming back */

struct loop_return {
    uint32_t stack, call; /* rows of the wait; call may be 0 */
    uint32_t flags;       /* KIWI_CALLF_* */
    uint32_t events;      /* 0 = timeout, or an error */
    uint64_t now, waited; /* 0 = not timed */
    uint64_t sources[2];  /* the first and the last event */
};

/* Whether the thread may be about to wait in a new run; it then says so before the wait, if only by `anew`. */
static ALWAYS_INLINE bool loop_may_be_anew(const struct thread *t)
{
    return t->tick_loop && t->loop.born > t->loop.begin;
}

static inline void loop_wait_anew(struct thread *t, bool anew)
{
    t->loop.anew = anew ? t->loop.begin : 0;
}

/* Only needed while the thread is in a tick (thread.tick_loop). */
void loop_wait_begins(struct thread *t, uint32_t stack, uint32_t flags, uint64_t now);
void loop_wait_ends(struct thread *t, const struct loop_return *r);
/* One more event of the row's loop. Several threads may count at once. */
void loop_source(struct kiwi_loop *row, uint64_t id);
/* The thread, inside a tick, has waited. row: of CALLS or ACQUISITIONS by kind. */
void loop_stalled(struct thread *t, enum kiwi_stall_kind kind, uint32_t row, uint64_t ticks);

/* Ticks that the program tells of (kiwi.h) take the place of what is found on this thread. stack: where it does, 0 =
 * not asked for, when it is the loop that it told of last. */
void loop_said(struct thread *t, const char *name, uint32_t stack);
void loop_said_end(struct thread *t);
/* The row for a name that the program gave, made if needed; 0 = no room. */
uint32_t loop_named(struct thread *t, enum kiwi_loop_kind kind, const char *name, uint32_t stack);

/* A call inside a tick took long: whether it waited, or its thread had no processor, is to be measured for the next
 * LOOP_MEASURES calls of its row. */
#define LOOP_MEASURES 64u
static inline void loop_measure(struct thread *t, uint32_t call)
{
    t->loop.measured[call % THREAD_LOOP_MEASURED] = call;
    t->loop.measures[call % THREAD_LOOP_MEASURED] = LOOP_MEASURES;
}

/* Whether it is; this is one of them then. */
static inline bool loop_measures(struct thread *t, uint32_t call)
{
    uint32_t *left = &t->loop.measures[call % THREAD_LOOP_MEASURED];
    if (likely(!*left) || t->loop.measured[call % THREAD_LOOP_MEASURED] != call)
        return false;
    --*left;
    return true;
}
#endif
