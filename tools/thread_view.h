/*
 * thread_view.h - one thread as the trace shows it: what it does, waits for and holds.
 *
 *     struct thread_view v;
 *     if (!thread_view_open(&v, model, now_ns, row)) out of memory;
 *     ... v.state, v.held ...
 *     thread_view_close(&v);
 */
#ifndef KIWI_THREAD_VIEW_H
#define KIWI_THREAD_VIEW_H

#include "../analysis/model.h"

/* Word in JSON and in text. */
#define THREAD_STATES(X)                                                                                               \
    X(EXITED, "exited")                                                                                                \
    X(UNKNOWN, "unknown") /* alive, but there was no room for its state */                                             \
    X(RUNNING, "running")                                                                                              \
    X(TAKING, "taking")       /* has called lock and is not known to wait: it may own the lock already */              \
    X(WAITING, "waiting")     /* found the lock taken */                                                               \
    X(RELEASING, "releasing") /* has called unlock: it may have let go already */                                      \
    X(CALLING, "calling")     /* in a call that can block */

enum thread_state {
#define X(name, word) THREAD_##name,
    THREAD_STATES(X)
#undef X
};

struct thread_view {
    uint32_t row;
    const struct kiwi_thread *thread;
    const struct kiwi_slot *slot; /* NULL: exited or unknown */
    enum thread_state state;
    bool settled;     /* its state did not change while the trace was read */
    uint32_t object;  /* TAKING, WAITING, RELEASING: the lock, 0 = only its address is known */
    uint64_t address; /* of that lock */
    bool timed;       /* the wait or call has a time limit */
    bool for_reading;
    const char *call;   /* name of the call that it is in, NULL = none; with a lock it is one that locks again */
    uint32_t joined;    /* thread row that it joins, 0 = none */
    uint32_t condition; /* object row of the condition variable, barrier or futex that it waits on, 0 = none */
    int64_t descriptor; /* of the call, -1 = none */
    const struct kiwi_descriptor *about; /* what that number is open for, NULL = not known */
    const struct kiwi_loop *loop;        /* the event loop that it runs, NULL = none */
    bool in_tick;                        /* of that loop; else it waits for events, or has left it */
    uint64_t tick_ns;                    /* in that tick for so long by now, 0 = not known */
    uint32_t stack;                      /* where it takes, waits or calls, 0 = not recorded */
    uint64_t for_ns;                     /* how long by now, 0 = not recorded */
    const struct model_holder *holders;  /* of the lock that it waits for */
    uint32_t holder_count;
    struct model_holder *held; /* outermost first */
    unsigned held_count;
};

const char *thread_state_word(enum thread_state s);
bool thread_view_has_lock(const struct thread_view *v); /* TAKING, WAITING or RELEASING */

/* now_ns: the moment that durations run until, in nanoseconds since the start of the recording. */
bool thread_view_open(struct thread_view *v, const struct model *m, uint64_t now_ns, uint32_t row);
void thread_view_close(struct thread_view *v);

/* Time from `ticks` to now_ns, 0 when either is not known. */
uint64_t thread_view_age(const struct model *m, uint64_t now_ns, uint64_t ticks);

/*
 * Threads that may own the lock that v waits for though they are not recorded as its holders: they are taking it.
 * Returns the next one at or behind *from and moves *from behind it; NULL at the end.
 */
const struct model_waiter *thread_view_possible_holder(const struct thread_view *v, const struct model *m,
                                                       uint32_t *from);

/* The i-th latest event of the thread's flight recorder, NULL when there are no more. */
const struct kiwi_event *thread_view_event(const struct thread_view *v, unsigned i);
#endif
