/*
 * failure.h - calls that fail again and again: how often, how fast, and with what delay in between.
 *
 *     failure_note(t, &(struct failure_facts){.kind = KIWI_CALL_CONNECT, .stack = s, .error = ECONNREFUSED, ...});
 *     failure_success(t, call_row, kind);     // ends the streaks of that call
 *
 * A row of the trace per call, place, error, thread and peer, made at the first failure. What the streak that goes on
 * is like is kept with the thread, and copied to the row while it is the longest of the row. EAGAIN is no failure; a
 * thread that gets it thousands of times with neither a wait nor a success in between is noted by failure_again.
 *
 * All of it is off the usual path: a success costs a look at one counter of the thread, EAGAIN an addition.
 */
#ifndef KIWI_FAILURE_H
#define KIWI_FAILURE_H

#include "thread.h"

struct failure_facts {
    enum kiwi_call_kind kind;
    uint32_t stack;
    int error;
    uint32_t call_row;   /* CALLS row, 0 = none */
    uint32_t peer;       /* PEERS row, 0 = none */
    uint32_t descriptor; /* number; or failure_of_path */
    uint64_t begin;      /* ticks when the attempt began, 0 = a moment ago */
    uint64_t end;        /* and failed, 0 = now */
};

/* With the thread's guard set, as all below. */
void failure_note(struct thread *t, const struct failure_facts *facts);
/* A call succeeded. call_row 0: not known, so all streaks of its kind end. Only where t->streak_count. Now and then it
 * ends those that no attempt can continue any more, so that one failure of long ago does not keep the thread busy. */
void failure_success(struct thread *t, uint32_t call_row, enum kiwi_call_kind kind);
/* And it was one that opens, reads or writes: the thread does more than try again. */
static inline void failure_worked(struct thread *t)
{
    t->works++;
}

/* In the place of a descriptor, for calls that name a file: attempts at one path belong together. error: what the real
 * call failed with; 0 where the kernel need not have read the path for that. */
uint32_t failure_of_path(const char *path, int error);

#define FAILURE_AGAIN_STEP 1024u
/* t->again has reached another multiple of FAILURE_AGAIN_STEP, at this place. */
void failure_again(struct thread *t, enum kiwi_call_kind kind, uint32_t stack, uint32_t descriptor);

struct descriptor_past {
    uint32_t end_stack, end_thread, end_serial, birth_stack, birth_thread, birth_serial;
};
/* A call was given a number that had been closed. Returns the row, 0 = no room. */
uint32_t failure_bad_descriptor(struct thread *t, const struct failure_facts *facts,
                                const struct descriptor_past *past);
/* The close at this stack is part of a loop over all numbers: what it hit is nobody's mistake. */
void failure_is_sweep(struct thread *t, uint32_t stack);
#endif
