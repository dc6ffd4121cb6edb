/* slot.h - what a live thread does now: locks held and wanted, call, cache lines, latest events. */
#ifndef KIWI_TRACE_SLOT_H
#define KIWI_TRACE_SLOT_H

#include "header.h"
#include "lock.h"

/*
 * One lock that a thread holds. A lock taken while nothing else was held, and free at the time, is only noted here by
 * address and stack (row 0): its acquisition row is made when something depends on it (another lock, a blocking call, a
 * wait), and for a sample of the rest.
 */
struct kiwi_held {
    uint64_t address;
    uint32_t row;   /* acquisition row, 0 = none made: `address` and `stack` tell */
    uint32_t count; /* recursion: how often it must be unlocked */
    uint64_t since; /* ticks; only with KIWI_HELD_TIMED */
    uint32_t stack; /* stack row */
    uint32_t flags; /* KIWI_HELD_* and ACQUISITION_KIND bits */
};
#define KIWI_HELD_WAITED 1u                         /* it was contended when taken */
#define KIWI_HELD_TIMED 2u                          /* `since` tells when it was taken */
#define KIWI_HELD_WAIT_SITE 8u                      /* taken at a wait site, and not yet given to a wait */
#define KIWI_HELD_PRESSED 4u                        /* another thread has come to wait for it */
#define KIWI_HELD_MODE(flags) ((flags) >> 30 & 1u)  /* enum kiwi_mode */
#define KIWI_HELD_HOW(flags) ((flags) >> 28 & 3u)   /* enum kiwi_how */
#define KIWI_HELD_KIND(flags) ((flags) >> 24 & 15u) /* enum kiwi_object_kind, 0 = mutex */

/*
 * A line of a thread's acquisition cache. Only `address`, `row` and `count` matter to a reader; the rest is the
 * recorder's key. address < KIWI_CALL_LIMIT: the line stands for a call kind, `row` is a call row and `count` its
 * calls.
 */
struct kiwi_cache_entry {
    uint64_t address;
    uint32_t stack;
    uint32_t chain;
    uint32_t row; /* acquisition row, 0 = unused line */
    uint32_t stamp;
    uint64_t count; /* acquisitions since last folded into the row; plain increments by the owner */
};

/* Flight recorder events: id, enumerator, name. */
#define KIWI_EVENTS(X)                                                                                                 \
    X(1, LOCK_WAIT, "lock-wait")     /* row: acquisition; value: ticks waited; value2: holder's thread row */          \
    X(2, CALL, "call")               /* row: call; value: ticks; value2: result */                                     \
    X(3, ACQUIRE, "acquire")         /* events=all. row: acquisition */                                                \
    X(4, RELEASE, "release")         /* events=all. row: acquisition */                                                \
    X(5, CREATE, "create")           /* row: thread created */                                                         \
    X(6, JOIN, "join")               /* row: thread joined */                                                          \
    X(7, MISUSE, "misuse")           /* row: misuse */                                                                 \
    X(8, FORK, "fork")               /* value: pid of the child */                                                     \
    X(9, COND_SIGNAL, "cond-signal") /* events=all. row: object; value: 1 broadcast */                                 \
    X(10, MARK, "mark")              /* value: user data */

enum kiwi_event_kind {
#define X(id, name, text) KIWI_EVENT_##name = id,
    KIWI_EVENTS(X)
#undef X
};

struct kiwi_event {
    uint64_t ticks; /* stored last; 0 = empty */
    uint32_t kind;
    uint32_t row;
    uint64_t value, value2;
};

#define KIWI_SLOT_HELD 40
#define KIWI_SLOT_CACHE 64
#define KIWI_SLOT_EVENTS 148

/*
 * What a thread is doing with a lock besides those it holds. WAITING and TIMED: the lock of want_row. TAKING and
 * RELEASING: the entry held[held_count], just past the held ones, describes it (as struct kiwi_held).
 */
enum kiwi_want {
    KIWI_WANT_NONE = 0,
    KIWI_WANT_TAKING = 1,    /* called, not known to wait: it may own the lock already */
    KIWI_WANT_WAITING = 2,   /* found it taken and waits since want_since, without limit */
    KIWI_WANT_TIMED = 3,     /* the same with a timeout */
    KIWI_WANT_RELEASING = 4, /* unlock was called: it may have let go already */
};

#define KIWI_WANT_OF(slot) ((enum kiwi_want)((slot)->want & 0xffu))

/* State of one live thread. Written by that thread alone. */
struct kiwi_slot {
    uint32_t state;         /* LIVE while a thread owns the slot */
    uint32_t thread;        /* row */
    uint32_t held_count;    /* these two change together, by one store */
    uint32_t want;          /* enum kiwi_want in the low 8 bits (KIWI_WANT_OF); above, a count of releases */
    uint32_t held_capacity; /* of the held array in use */
    uint32_t held_rows;     /* 0: held[] below; else first row in KIWI_TABLE_HELD */
    uint32_t held_lost;     /* held locks that found no room */
    uint32_t want_row;      /* acquisition row, for WAITING and TIMED */
    uint64_t want_since;    /* ticks, 0 = not timed */
    uint64_t want_holder;   /* thread row that held it when the wait began, 0 = unknown */
    uint32_t call_kind;     /* blocking call in progress, 0 = none */
    uint32_t call_row;
    uint64_t call_since;
    uint64_t call_object; /* descriptor, cond object row, joined thread row: by kind */
    uint32_t call_flags;
    uint32_t cache_rows;  /* 0: cache[] below; else first row in KIWI_TABLE_CACHES */
    uint32_t cache_count; /* entries, a power of two */
    uint32_t event_next;  /* events written in all; the ring position is event_next % KIWI_SLOT_EVENTS */
    uint32_t wait_row;    /* cond calls: acquisition row by which the mutex was held, 0 = none made */
    uint32_t tick_loop;   /* LOOPS row of the loop in whose tick the thread is, 0 = in none */
    uint64_t tick_since;  /* ticks, for tick_loop */
    uint64_t reserved[3];
    struct kiwi_held held[KIWI_SLOT_HELD];
    struct kiwi_cache_entry cache[KIWI_SLOT_CACHE];
    struct kiwi_event events[KIWI_SLOT_EVENTS];
};

KIWI_SIZE_IS(struct kiwi_held, 32);
KIWI_SIZE_IS(struct kiwi_cache_entry, 32);
KIWI_SIZE_IS(struct kiwi_event, 32);
KIWI_SIZE_IS(struct kiwi_slot, 8192);
#endif
