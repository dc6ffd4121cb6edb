/*
 * enter.h - how a wrapper finds out whether it may record.
 *
 *     struct thread *t = thread_enter();
 *     if (!t)
 *         return real.poll(fds, n, timeout);   // not recording, or called from within the recorder: pass through
 *
 * One TLS load and one compare when all is well. NULL while the process starts or does not record, in a signal handler
 * that interrupted the recorder, in a vfork child, and after the thread's last destructor. real.* is ready either way,
 * except inside the very lookup of the real functions (see real_ensure), which only the heap wrappers can meet.
 */
#ifndef KIWI_ENTER_H
#define KIWI_ENTER_H

#include "../base/real.h"
#include "../record/thread.h"

/* Initial-exec (see the Makefile): general-dynamic TLS would call __tls_get_addr, which can allocate, in every
 * wrapper. */
extern HIDDEN __thread struct thread *kiwi_self;

extern struct thread thread_none; /* what it points to before a thread is attached */

struct thread *thread_enter_slow(uintptr_t frame);

static ALWAYS_INLINE struct thread *thread_enter(void)
{
    struct thread *t = kiwi_self;
    if (likely(t->guard == GUARD_IDLE))
        return t;
    return thread_enter_slow((uintptr_t)__builtin_frame_address(0));
}

/* Around the recorder's own work. The guard keeps the frame's address, so that a wrapper entered above it (after a
 * handler's longjmp threw the recorder's frames away) can tell and take over. */
static ALWAYS_INLINE void guard_set(struct thread *t)
{
    t->guard = (uintptr_t)__builtin_frame_address(0);
    COMPILER_BARRIER();
}

static ALWAYS_INLINE void guard_clear(struct thread *t)
{
    COMPILER_BARRIER();
    t->guard = GUARD_IDLE;
}

/* The thread is about to continue with the stack pointer `target` (longjmp); `here` is its frame now. If a signal
 * handler jumps out of the recorder, or out of a call that waits, that is over. */
void thread_jumps(uintptr_t here, uintptr_t target);

/* Attaches the calling thread and sees to its end. NULL: not recorded. */
struct thread *thread_begin(const struct thread_birth *birth);
#endif
