/*
 * shutdown.h - signals that ask the process to end, and for what it waited after them.
 *
 *     shutdown_arrived(SIGTERM, KIWI_SHUTDOWN_HANDLER, self);         in a signal handler, too
 *     ...
 *     shutdown_waited(t, KIWI_SHUTDOWN_CALL, call_row, since, now);   every wait of KIWI_CALL_WAITED_NS or more
 *
 * Until such a signal has come, the latter are one load each, off the quick path. A service may handle SIGTERM and go
 * on: what tells that (connections taken by a thread that had taken one before) and what tells the contrary (a
 * listening descriptor is closed) is noted at the signal's row.
 */
#ifndef KIWI_SHUTDOWN_H
#define KIWI_SHUTDOWN_H

#include "memory.h"

/* Whether this signal asks a process to end. */
bool shutdown_is_signal(int signal);

/* Safe wherever a signal handler may run, that is, in the middle of the recorder. t: of the calling thread; one that is
 * not attached gives no name to it. The process is known to be the trace's own. */
void shutdown_arrived(int signal, enum kiwi_shutdown_how how, const struct thread *t);

/* A signal to end has come, or there was one earlier on. */
static inline bool shutdown_has_begun(void)
{
    return unlikely(RELAXED_LOAD(&memory.shutdown_arrivals));
}

/* All with the thread's guard set; times in ticks. */
void shutdown_waited_slow(struct thread *t, enum kiwi_shutdown_kind kind, uint32_t row, uint64_t since, uint64_t now);
static inline void shutdown_waited(struct thread *t, enum kiwi_shutdown_kind kind, uint32_t row, uint64_t since,
                                   uint64_t now)
{
    if (shutdown_has_begun())
        shutdown_waited_slow(t, kind, row, since, now);
}

void shutdown_took_slow(struct thread *t);
/* The thread has accepted a connection. */
static inline void shutdown_took(struct thread *t)
{
    if (shutdown_has_begun())
        shutdown_took_slow(t);
}

/* The process is about to die of such a signal, which it raised itself. Safe as shutdown_arrived. */
void shutdown_gives_in(void);

/* A listening descriptor is about to be closed. */
void shutdown_closes(void);
#endif
