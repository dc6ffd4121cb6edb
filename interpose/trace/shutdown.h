/*
 * shutdown.h - rows of the trace: signals that ask the process to end, and for what it waited after them.
 *
 * Of signals (SIGTERM, SIGINT, SIGQUIT) that the process handles itself. ARRIVAL rows are the first three of them and,
 * overwritten, the latest one. CALL and LOCK rows are by thread and by the signal that came last before the wait ended;
 * a wait that had begun before that signal counts from it on. They are written by their own thread alone.
 */
#ifndef KIWI_TRACE_SHUTDOWN_H
#define KIWI_TRACE_SHUTDOWN_H

#include "header.h"

enum kiwi_shutdown_kind {
    KIWI_SHUTDOWN_ARRIVAL = 1,
    KIWI_SHUTDOWN_CALL = 2, /* `row` of CALLS */
    KIWI_SHUTDOWN_LOCK = 3, /* `row` of ACQUISITIONS */
};
enum kiwi_shutdown_how {
    KIWI_SHUTDOWN_HANDLER = 1, /* a signal handler ran */
    KIWI_SHUTDOWN_SIGWAIT = 2, /* a thread had waited for it */
    KIWI_SHUTDOWN_SIGNALFD = 3,
};
#define KIWI_SHUTDOWN_ARRIVALS 4u
struct kiwi_shutdown {
    uint32_t state;
    uint32_t kind;           /* enum kiwi_shutdown_kind */
    uint32_t arrival;        /* 1, 2, ... in order */
    uint32_t row;            /* ARRIVAL: the signal's number */
    uint32_t thread, serial; /* who got it, or waited */
    uint32_t other;          /* ARRIVAL: enum kiwi_shutdown_how; a join: THREADS row of whom it waited for */
    uint32_t other_serial;   /* of that thread */
    uint64_t count;          /* waits that ended; ARRIVAL: when it was raised again, to die of it, 0 = it was not */
    uint64_t ticks;          /* their time; ARRIVAL: when a listening descriptor was closed since, 0 = none was */
    uint64_t first_ticks;    /* when the first began; ARRIVAL: when it came, 0 = being overwritten */
    uint64_t last_ticks; /* when the latest ended; ARRIVAL: when a thread last took a connection after another one */
};
KIWI_SIZE_IS(struct kiwi_shutdown, 64);
#endif
