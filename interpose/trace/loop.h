/* loop.h - rows for event loops, their longest ticks, and what they waited for inside. */
#ifndef KIWI_TRACE_LOOP_H
#define KIWI_TRACE_LOOP_H

#include "header.h"

/*
 * An event loop: a thread that keeps returning to one place where it waits for events (poll, select and epoll
 * families). A tick runs from the wait's return to the next wait. By thread while there is room, by class of threads
 * (thread 0) beyond: then the counters are atomic. The first few ticks of a thread are not counted: they make it a
 * loop; nor is the last one, which does not end. Durations are in ticks of the clock.
 */
enum kiwi_loop_kind {
    KIWI_LOOP_FOUND = 1,
    KIWI_LOOP_SAID = 2, /* ticks that the program tells of (kiwi.h); `stack` is where it first did */
    KIWI_LOOP_SCOPE = 3 /* not a loop: a scope (kiwi.h); only count, durations and times are used */
};
#define KIWI_LOOP_SOURCES 4
struct kiwi_loop_source {
    uint64_t id;    /* descriptor, or data of an epoll event */
    uint64_t count; /* returns that began or ended with it; the least of the four is taken over by who is not among
                       them */
};
struct kiwi_loop {
    uint32_t state;
    uint32_t kind;  /* enum kiwi_loop_kind */
    uint32_t stack; /* of the wait */
    uint32_t name;  /* string, 0 = none */
    uint32_t thread, serial;
    uint32_t thread_class;
    uint32_t call_kind;   /* of the wait, enum kiwi_call_kind */
    uint64_t count;       /* ticks of the loop that have ended */
    uint64_t total_ticks; /* their durations */
    uint64_t served;      /* ticks that began with events, not with a timeout */
    uint64_t events;      /* results of those waits */
    uint64_t ready;       /* waits of which the events were there at once, so may have been waiting for the loop */
    uint64_t last_ticks;
    struct kiwi_loop_source sources[KIWI_LOOP_SOURCES];
    uint64_t max_ticks;
    uint64_t budget_ns;                            /* tick-budget */
    uint64_t over, over_ticks;                     /* ticks over the budget, of which: */
    uint64_t computing;                            /* used the processor for most of the budget */
    uint64_t computing_served;                     /* of these, began with events */
    uint64_t computing_ticks, computing_max_ticks; /* processor time of those computing */
    uint64_t crowded;                              /* the same for many events, each of them quick */
    uint64_t blocked;                              /* sat in calls and waits for locks for half of the time or more */
    uint64_t first_ticks;
    uint32_t worst; /* first of KIWI_LOOP_WORST rows of TICKS, 0 = none */
    /* KIWI_LOOP_CLIENT, _ALONE, _SEVERAL, _SHARED: whom it waited for next, whenever a tick was too long or waited;
     * atomic */
    uint32_t serves;
    uint64_t name_address;           /* of the program's own text; the recorder's key */
    uint64_t heap_ticks;             /* ticks, or scopes, in which the heap was used ... */
    uint64_t heap_calls, heap_bytes; /* ... for so many allocations in all, and bytes asked for */
    uint64_t heap_max;               /* allocations in one of them, at most */
    uint64_t reserved;
};
#define KIWI_LOOP_WORST 16u
#define KIWI_LOOP_CLIENT 1u  /* one connection, beside what wakes the thread up */
#define KIWI_LOOP_SEVERAL 2u /* more than that, or not known */
#define KIWI_LOOP_ALONE 4u   /* one descriptor, in poll, that is no connection */
#define KIWI_LOOP_SHARED 8u  /* beside them: other threads wait for events of the same epoll */

enum kiwi_stall_kind {
    KIWI_STALL_CALL = 1, /* a blocking call that waited: row of CALLS */
    KIWI_STALL_LOCK = 2, /* a lock that was taken: row of ACQUISITIONS */
};

/* One of the longest ticks of a loop. An unused row, or one that is being written, has `begin_ticks` 0. */
#define KIWI_TICK_PARTS 3
struct kiwi_tick_part {
    uint32_t kind; /* enum kiwi_stall_kind, 0 = none */
    uint32_t row;
    uint64_t ticks;
};
struct kiwi_tick {
    uint32_t state;
    uint32_t loop;
    uint64_t begin_ticks;
    uint64_t ticks;         /* duration */
    uint64_t cpu_ticks;     /* processor time, at least; KIWI_TICK_UNKNOWN = not asked: it was within the budget */
    uint64_t blocked_ticks; /* in blocking calls that waited */
    uint64_t lock_ticks;    /* waiting for locks */
    uint64_t heap_calls;
    uint32_t events;
    uint32_t thread, serial;
    uint32_t reserved0;
    struct kiwi_tick_part parts[KIWI_TICK_PARTS]; /* what it waited for longest */
    uint64_t reserved;
};
#define KIWI_TICK_UNKNOWN UINT64_MAX

/* What a loop waited for inside its ticks, other than in its own wait. */
struct kiwi_stall {
    uint32_t state;
    uint32_t loop;
    uint32_t kind; /* enum kiwi_stall_kind */
    uint32_t row;
    uint64_t ticks_hit;  /* ticks of the loop in which it did; atomic, as all below */
    uint64_t wait_ticks; /* for so long in all */
    uint64_t max_ticks;  /* in one tick at most */
    uint64_t over;       /* ticks of the loop over the budget of which this was a third or more */
    uint64_t kept;       /* times that the loop, coming back from it, found events there at once */
    uint64_t first_ticks, last_ticks;
    uint32_t thread, serial; /* the latest */
};

KIWI_SIZE_IS(struct kiwi_loop, 288);
KIWI_SIZE_IS(struct kiwi_tick, 128);
KIWI_SIZE_IS(struct kiwi_stall, 80);
#endif
