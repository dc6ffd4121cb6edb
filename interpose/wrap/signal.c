/*
 * signal.c - calls during which a signal handler is likely to run on this very thread: pausing, and sending signals.
 *
 * Nothing is put in the place of handlers. These only mark the thread, as calls that wait do, so that a heap call which
 * comes meanwhile is known to be worth a look at the stack.
 */
#include "../process/enter.h"

#include <signal.h>

struct mark {
    struct thread *t;
    uintptr_t outer;
};

static ALWAYS_INLINE void mark_begin(struct mark *m)
{
    m->t = thread_enter();
    if (!m->t)
        return;
    m->outer = m->t->inside;
    m->t->inside = (uintptr_t)m;
}

/* A fork in the handler may have wiped the thread's state. */
static ALWAYS_INLINE void mark_end(const struct mark *m)
{
    if (m->t && m->t->guard == GUARD_IDLE)
        m->t->inside = m->outer;
}

EXPORT int kill(pid_t pid, int signal)
{
    struct mark m;
    mark_begin(&m);
    int result = real.kill(pid, signal);
    mark_end(&m);
    return result;
}

EXPORT int raise(int signal)
{
    struct mark m;
    mark_begin(&m);
    int result = real.raise(signal);
    mark_end(&m);
    return result;
}

EXPORT int pthread_kill(pthread_t id, int signal)
{
    struct mark m;
    mark_begin(&m);
    int result = real.pthread_kill(id, signal);
    mark_end(&m);
    return result;
}

EXPORT int pause(void)
{
    struct mark m;
    mark_begin(&m);
    int result = real.pause();
    mark_end(&m);
    return result;
}
