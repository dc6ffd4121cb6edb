/* contention.h - rows for locks' use in time: holds, waits, and what they are charged to. */
#ifndef KIWI_TRACE_CONTENTION_H
#define KIWI_TRACE_CONTENTION_H

#include "header.h"

/*
 * What is known of a lock's use in time: one row for each lock that was waited for, or of which a hold was timed. A
 * hold that ended while others waited is "pressed": one that was not timed from its beginning counts from the moment
 * at which that was seen. Durations are in ticks; all counters are atomic.
 */
#define KIWI_CONTENTION_USERS 4
struct kiwi_contention_user {
    uint32_t thread, serial;
    uint64_t samples; /* acquisitions, estimated; the least of the four is taken over by who is not among them */
};
struct kiwi_contention {
    uint32_t state;
    uint32_t object;
    uint64_t waited_ticks; /* during which at least one thread waited */
    uint64_t grants;       /* acquisitions made while others waited */
    uint64_t holds;        /* timed from beginning to end: a sample, and those taken after a wait */
    uint64_t hold_ticks, hold_max_ticks;
    uint64_t pressed, pressed_ticks, pressed_max_ticks;
    uint32_t pressed_max_stack; /* where the longest of them was taken, and by whom */
    uint32_t pressed_max_thread, pressed_max_serial;
    uint32_t running; /* pressed holds, with their weights, of which the thread used KIWI_HOLD_LONG_NS or more */
    uint64_t first_ticks, last_ticks; /* of timed holds */
    uint64_t takes, take_ticks;       /* takings of the free lock that were timed: how long the call itself took */
    uint32_t heap_looked;             /* holds timed from their beginning that ended while others waited */
    uint32_t heap_holds;              /* of these, with allocations by the holder ... */
    uint64_t heap_calls, heap_bytes;  /* ... so many in all the holds that they stand for */
    uint32_t heap_stack, heap_thread; /* the first allocation of the one with most of them, and by whom */
    struct kiwi_contention_user users[KIWI_CONTENTION_USERS];
    uint64_t lost_ticks; /* of pressed holds of KIWI_HOLD_LONG_NS or more: the holder had no processor, estimated */
    uint64_t heap_looked_ticks;     /* what heap_looked stand for took, ... */
    uint64_t heap_ticks;            /* ... and of that, heap_holds */
    uint32_t heap_weight, heap_max; /* holds that heap_holds stand for; the most allocations in one */
};
#define KIWI_HOLD_LONG_NS 1000000u /* from here on it is asked how long a holder ran, sat in a call, or waited */

/*
 * Log-linear histograms: 32 buckets to each power of two, so that the middle of a bucket is within 1.6 % of what fell
 * into it. A row is one power of two of one histogram. Value v < 32 is bucket v of exponent 0; else exponent e >= 1
 * covers 32 * 2^(e-1) .. 64 * 2^(e-1) - 1 in steps of 2^(e-1).
 */
enum kiwi_histogram_kind {
    KIWI_HISTOGRAM_WAIT = 1,
    KIWI_HISTOGRAM_HOLD = 2,        /* timed from beginning to end */
    KIWI_HISTOGRAM_PRESSED = 3,     /* that ended while others waited */
    KIWI_HISTOGRAM_RUNNING = 4,     /* of those counted in `running`, the time that the thread used */
    KIWI_HISTOGRAM_TAKE = 5,        /* takings of the free lock */
    KIWI_HISTOGRAM_TICK = 6,        /* ticks of an event loop; `contention` is its LOOPS row, as in the next ones */
    KIWI_HISTOGRAM_TICK_CALLS = 7,  /* allocations in a tick or scope; those with none are in no bucket; not ticks */
    KIWI_HISTOGRAM_TICK_BYTES = 8,  /* bytes asked for, likewise */
    KIWI_HISTOGRAM_TICK_HEAP = 9,   /* durations of the ticks and scopes that allocated */
    KIWI_HISTOGRAM_TICK_SHARE = 10, /* part of them that went into heap calls, in 1/KIWI_TICK_SHARE_ONE; of some */
    KIWI_HISTOGRAM_CALL = 11 /* calls that waited; `contention` is their CALLS row. While half of the table is free */
};
#define KIWI_TICK_SHARE_ONE 1000u
#define KIWI_HISTOGRAM_BUCKETS 32
struct kiwi_histogram {
    uint32_t state;
    uint32_t contention; /* CONTENTIONS row, or what `kind` says */
    uint8_t kind;        /* enum kiwi_histogram_kind */
    uint8_t exponent;
    uint16_t reserved0;
    uint32_t reserved;
    uint32_t counts[KIWI_HISTOGRAM_BUCKETS]; /* atomic; each stays at its largest value */
};

enum kiwi_cause {
    KIWI_CAUSE_RUNNING = 0, /* nothing else is known */
    KIWI_CAUSE_CALL = 1,    /* the holder sat in a blocking call: cause_row of CALLS */
    KIWI_CAUSE_LOCK = 2,    /* it waited for another lock itself: cause_row of ACQUISITIONS */
    KIWI_CAUSE_TRY = 3      /* not a wait: tries that failed while the thread held another lock */
};

/*
 * A wait, charged to what the holder was doing: requests of acquisition row `row` by a thread, for a lock that was held
 * since `holder_stack`. By thread while there is room, by class of threads (thread 0) beyond. Of tries that failed,
 * `count` is their number, and the longest run without a success in between is kept.
 */
struct kiwi_charge {
    uint32_t state;
    uint32_t row;            /* ACQUISITIONS row of the request */
    uint32_t thread, serial; /* who waited; 0 = several of the row's class */
    uint32_t holder_stack;   /* where the holder took it, 0 = not known */
    uint32_t holder_thread;  /* the latest, 0 = not known */
    uint32_t cause;          /* enum kiwi_cause */
    uint32_t cause_row;
    uint64_t count, ticks, max_ticks; /* waits; atomic, as all below */
    uint64_t overtakes;               /* times that another thread got the lock during these waits */
    uint32_t overtakes_max;
    uint32_t starved;                 /* waits with KIWI_STARVED_OVERTAKES or more */
    uint64_t starved_ticks;           /* their time */
    uint64_t run, run_begin, run_end; /* the longest run of failed tries: tries, from, to */
    uint64_t first_ticks, last_ticks;
    uint64_t reserved;
};
#define KIWI_STARVED_OVERTAKES 4u

KIWI_SIZE_IS(struct kiwi_contention, 248);
KIWI_SIZE_IS(struct kiwi_histogram, 144);
KIWI_SIZE_IS(struct kiwi_charge, 128);
#endif
