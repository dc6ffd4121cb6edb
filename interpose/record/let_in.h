/*
 * let_in.h - signals that a thread keeps blocked, and lets in by sigprocmask only just before it waits.
 *
 *     struct let_in_call c;
 *     let_in_begin(t, &c, frame, could);   // what this call may let in
 *     r = real.pthread_sigmask(...);       // a handler may run in here already
 *     let_in_end(t, &c, did);              // what it did let in: 0 = nothing
 *
 * A handler of such a signal interrupts nothing but the wait, whatever it does itself: that is, if the thread has
 * neither allocated nor let go of a lock nor waited in between, and holds no lock.
 */
#ifndef KIWI_LET_IN_H
#define KIWI_LET_IN_H

#include "thread.h"

struct let_in_call {
    uint64_t outer; /* what a call may let in that a handler interrupted to make this one */
    uintptr_t outer_at;
};

/* frame: an address in the caller's frame. Sets of signals: bit 0 is signal 1. */
void let_in_begin(struct thread *t, struct let_in_call *c, uintptr_t frame, uint64_t could);
void let_in_end(struct thread *t, const struct let_in_call *c, uint64_t did);

/* A handler runs, called from the signal frame at `context` for one of these signals: whether it interrupted only the
 * thread's letting it in, or its wait after that. */
bool let_in_is_quiet(struct thread *t, uintptr_t context, uint64_t signals);
#endif
