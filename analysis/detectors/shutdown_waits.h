/*
 * shutdown_waits.h - what threads waited for between a signal that asked the process to end, and its end.
 *
 *     struct shutdown_waits w;
 *     if (shutdown_waits_make(&w, m, arrival, end)) out of memory;
 *     const struct shutdown_wait *longest = shutdown_waits_longest(&w, thread, serial);
 *     shutdown_waits_release(&w);
 *
 * Waits that ended, and those that went on at the end. All of one thread at one place are one.
 */
#ifndef KIWI_SHUTDOWN_WAITS_H
#define KIWI_SHUTDOWN_WAITS_H

#include "../model.h"

struct shutdown_wait {
    uint32_t kind, row; /* KIWI_SHUTDOWN_CALL or _LOCK; CALLS or ACQUISITIONS */
    uint32_t thread, serial;
    uint32_t other, other_serial; /* of a join: whom it waited for */
    uint64_t count, ticks;        /* one that goes on counts */
    uint64_t begun;               /* of these, begun after the signal */
    bool open;                    /* one of them went on at the end */
    bool known;                   /* the thread had called from there before the signal, too */
};

struct shutdown_waits {
    struct model *m;
    const struct kiwi_shutdown *arrival;
    uint64_t begin, end; /* ticks */
    struct shutdown_wait *items;
    uint32_t count;
};

/* Since the signal with this row of SHUTDOWNS. -1 when out of memory. */
int shutdown_waits_make(struct shutdown_waits *w, struct model *m, const struct kiwi_shutdown *arrival, uint64_t end);
void shutdown_waits_release(struct shutdown_waits *w);

/* NULL: it was not seen to wait. */
const struct shutdown_wait *shutdown_waits_longest(const struct shutdown_waits *w, uint32_t thread, uint32_t serial);
uint32_t shutdown_wait_stack(const struct model *m, const struct shutdown_wait *wait);
enum kiwi_call_group shutdown_wait_group(const struct model *m, const struct shutdown_wait *wait); /* SYNC: a lock */
/* "pthread_join for T3 ...", "nanosleep", "a wait for cache_lock": written into text. */
const char *shutdown_wait_text(struct model *m, const struct shutdown_wait *wait, char *text, size_t size);
#endif
