/*
 * idle.h - the waits of an event loop for events, entered into their call's row some at a time.
 *
 *     if (!idle_note(t, call_row, ticks, now))
 *         ...                                  // entered like any other wait
 *
 * A server under load may wait at every second tick. To enter each such wait would take as long as all else that is
 * recorded in a tick, as the rows have left the cache since the last one; and of all waits they tell the least. The
 * first ones of a loop are entered one by one, and so are long ones, which end a lot. Of threads that run when the
 * process ends the latest short ones, fewer than THREAD_IDLE, are missing; the calls themselves are counted as all
 * others are.
 */
#ifndef KIWI_IDLE_H
#define KIWI_IDLE_H

#include "../base/clock.h"
#include "thread.h"

#define IDLE_EXACT 256u
#define IDLE_LONG 8u /* times KIWI_CALL_WAITED_NS: nothing that is worth mentioning is kept back */

/* Enters what was kept back. */
void idle_end(struct thread *t);
/* The same at the end of a lot; the latest one becomes an event of the flight recorder. */
void idle_enter(struct thread *t);
bool idle_note_first(struct thread *t, uint32_t row);

/* A wait that ended at `now`, by the thread itself, which holds no lock. false: it has not been taken over. */
static ALWAYS_INLINE bool idle_note(struct thread *t, uint32_t row, uint64_t ticks, uint64_t now)
{
    struct thread_idle *w = &t->idle;
    if (unlikely(w->row != row || w->entered < IDLE_EXACT))
        return idle_note_first(t, row);
    w->ticks[w->count++] = ticks;
    w->last = now;
    t->blocked_ticks += ticks;
    if (unlikely(w->count == THREAD_IDLE || ticks >= IDLE_LONG * clock_state.waited_ticks))
        idle_enter(t);
    return true;
}
#endif
