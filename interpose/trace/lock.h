/*
 * lock.h - rows for synchronization objects and how they were taken: held sets, witnesses of lock order, waits for
 * conditions.
 */
#ifndef KIWI_TRACE_LOCK_H
#define KIWI_TRACE_LOCK_H

#include "header.h"

/* Synchronization objects: name in the file, enumerator, word for people. */
#define KIWI_OBJECT_KINDS(X)                                                                                           \
    X(1, MUTEX, "mutex")                                                                                               \
    X(2, RWLOCK, "rwlock")                                                                                             \
    X(3, SPIN, "spinlock")                                                                                             \
    X(4, COND, "condition variable")                                                                                   \
    X(5, SEMAPHORE, "semaphore")                                                                                       \
    X(6, BARRIER, "barrier")                                                                                           \
    X(7, ONCE, "once control")                                                                                         \
    X(8, FUTEX, "futex")                                                                                               \
    X(9, CUSTOM, "hand-made lock")                                                                                     \
    X(10, GMUTEX, "GMutex")                                                                                            \
    X(11, LOCAL_STATIC, "local static")

enum kiwi_object_kind {
#define X(id, name, text) KIWI_OBJECT_##name = id,
    KIWI_OBJECT_KINDS(X)
#undef X
};

enum kiwi_mutex_type {
    KIWI_MUTEX_NORMAL = 0,
    KIWI_MUTEX_RECURSIVE = 1,
    KIWI_MUTEX_ERRORCHECK = 2,
    KIWI_MUTEX_ADAPTIVE = 3
};

#define KIWI_OBJECT_ROBUST 1u
#define KIWI_OBJECT_PRIO_INHERIT 2u
#define KIWI_OBJECT_PRIO_PROTECT 4u
#define KIWI_OBJECT_SHARED 8u    /* PTHREAD_PROCESS_SHARED */
#define KIWI_OBJECT_STATIC 16u   /* lies in a module's data: a global or static variable */
#define KIWI_OBJECT_ON_STACK 32u /* lies in a thread's stack */
/* Stands for all locks taken at a call path that met too many to tell apart: `address` has the top bit set and is
 * none. */
#define KIWI_OBJECT_CLASS 128u
/* A semaphore that began at 1 and was never posted by a thread that had not waited for it: used as a lock. Such ones
 * are on the held arrays: they count as gates, and make order. */
#define KIWI_OBJECT_LOCK_LIKE 256u
/* Such a semaphore was given back while a lock was held that had been taken after it, or after one was let go that had
 * been held when it was taken. */
#define KIWI_OBJECT_CROSSED 1024u
/* A semaphore that began at 2 or more (`type`: at what) and was never posted by a thread that had not waited for it: it
 * lets so many threads in. */
#define KIWI_OBJECT_PERMITS 2048u
/* A thread ended while it had such a semaphore: as long as that one is LOCK_LIKE, nobody has given it back. */
#define KIWI_OBJECT_KEPT 4096u
#define KIWI_OBJECT_MONOTONIC 512u  /* a condition variable whose timed waits go by CLOCK_MONOTONIC */
#define KIWI_OBJECT_INITIALISED 64u /* an init call was seen (else a static initialiser, or made before Kiwi started) */

/*
 * Identity is address + generation: init, destroy, and free of the containing block end one object (state ENDED) and
 * the next use of the address begins another. An ended object that no other row names gives its row to the next one at
 * its address; while that happens the state is EMPTY.
 */
struct kiwi_object {
    uint32_t state; /* LIVE or ENDED */
    uint8_t kind;   /* enum kiwi_object_kind */
    uint8_t type;   /* enum kiwi_mutex_type for mutexes; with KIWI_OBJECT_PERMITS how many */
    uint16_t flags; /* KIWI_OBJECT_* */
    uint64_t address;
    uint32_t generation;   /* 1, 2, ... at this address */
    uint32_t init_stack;   /* 0 = no init call seen */
    uint32_t first_stack;  /* first use */
    uint32_t creator;      /* thread row that initialised it or allocated its block; 0 = unknown */
    uint32_t first_thread; /* thread row of the first acquisition */
    uint32_t other_thread; /* another thread that acquired it, 0 = none yet: still private to first_thread. Of a
                            * semaphore that is no lock: who posted it last */
    uint64_t block;        /* heap block that holds it, 0 = unknown */
    uint64_t block_size;   /* bytes as asked for */
    uint64_t block_caller; /* return address of the allocating call */
    uint32_t name;         /* string, 0 = none (kiwi.h) */
    uint32_t waiters;      /* threads that wait for it now; atomic */
    uint64_t created_ticks, ended_ticks;
    uint64_t contended;  /* acquisitions that found it taken; atomic */
    uint64_t wait_ticks; /* total time waited; atomic */
    uint64_t wait_max_ticks;
    uint32_t cond_waiting;   /* cond, barrier, futex, semaphore: threads inside a wait; atomic, with the next */
    uint32_t cond_signalled; /* cond, futex: of these, woken but not yet returned */
    /* Ticks when the first of the present waiters began; semaphore: of the latest post, but for those by which a lock
     * is given back; barrier: when a round was complete. */
    uint64_t wait_since;
};
/* wait_since of a semaphore that was posted, but all who wait now have been seen to sleep since. */
#define KIWI_POSTED_LONG_AGO 1u

enum kiwi_mode { KIWI_MODE_WRITE = 0 /* exclusive */, KIWI_MODE_READ = 1 };
enum kiwi_how {
    KIWI_HOW_LOCK = 0,
    KIWI_HOW_TRY = 1,
    KIWI_HOW_TIMED = 2,
    KIWI_HOW_COND = 3, /* reacquired by cond_wait */
};

struct kiwi_witness {
    uint32_t thread;        /* row */
    uint32_t serial;        /* of that thread, to notice a recycled row */
    uint32_t first_segment; /* 0 = not recorded */
    uint32_t last_segment;
};

/*
 * One acquisition behaviour, and at the same time one link of a held set: threads of class `thread_class` took `object`
 * at `stack` while holding the locks of the chain `parent` (another acquisition row, 0 = holding nothing). Rows with
 * parent != 0 and count > 0 are the lock-order dependencies. Rows with count 0 only name a held set (after a release
 * out of order) or a request that was never granted.
 *
 * Totals of a row = its own fields + the `count` of every cache entry (in SLOTS and CACHES) whose `row` is this one.
 */
struct kiwi_acquisition {
    uint32_t state;
    uint32_t parent;
    uint32_t object;
    uint32_t stack;
    uint32_t thread_class;
    uint8_t mode;   /* enum kiwi_mode */
    uint8_t how;    /* enum kiwi_how */
    uint16_t flags; /* KIWI_ACQ_* */
    /* Granted; folded from cache entries, atomic add. Exact for nested acquisitions and for the first 256 of each call
     * path of a thread; beyond that an estimate from a random sample. */
    uint64_t count;
    uint64_t requested; /* requests that found the lock taken, or were recorded before the first grant; atomic */
    uint64_t wait_ticks, wait_max_ticks; /* of contended requests; atomic */
    uint64_t hold_ticks, hold_max_ticks; /* of the sampled holds; atomic */
    /* last_ticks: when last updated on a slow path. It is later than the first_ticks of a row with this object in its
     * held set if, and only if, this row was used after that one's first use. */
    uint64_t first_ticks, last_ticks;
    struct kiwi_witness witness[2]; /* the first thread, and the latest other one */
    uint32_t hold_samples;          /* holds that were timed; atomic */
    uint16_t threads;               /* distinct threads seen, saturates at 3 */
    uint16_t depth;                 /* locks in the chain, this one included */
};
/* The lock of this row was still private to the thread that made it: edges into it, and edges from it while it was held
 * by this row, order nothing. (Other locks of the same held set count as usual.) */
#define KIWI_ACQ_UNPUBLISHED 1u
#define KIWI_ACQ_DERIVED 2u /* made only to name a held set after a release out of order */
/* No thread but the maker of the lock was seen to have taken it by then: others may not have known it yet. */
#define KIWI_ACQ_MAKER_ALONE 4u
/* The thread had one of so many permits of a semaphore (KIWI_OBJECT_PERMITS), 0 = none. */
#define KIWI_ACQ_PERMITS(flags) ((flags) >> 8)

/* A condition variable that was waited on, or signalled while nobody was blocked on it. Beside its object. */
struct kiwi_cond {
    uint32_t state;
    uint32_t object, generation;
    uint32_t signal_thread, signal_serial; /* who signalled when missed_ticks was set, and where */
    uint32_t signal_stack;
    uint64_t mutex;        /* address: with which the latest wait began */
    uint64_t missed_ticks; /* the latest signal, if it found nobody blocked; 0 = it found somebody, or there was none */
    uint64_t missed;       /* signals that found nobody; atomic */
    uint64_t returned_ticks; /* when a wait on it last ended, however it did */
    uint64_t chose_ticks;    /* the latest signal, no broadcast, for one of several that were blocked; 0 = none */
};

/* looked_ticks of a place passed so often that to note each time would cost too much: as if looked at forever. */
#define KIWI_LOOKED_ALWAYS UINT64_MAX

/* A lock site from which threads went on to wait on a condition variable. Written with the mutex held. */
struct kiwi_wait_site {
    uint32_t state;
    uint32_t row;   /* ACQUISITIONS row: mutex, place and class of threads */
    uint64_t waits; /* passes that led to a wait; atomic, as the next; 0: its mutex is taken there otherwise */
    uint64_t looks; /* passes that did not */
    /* When the latest of those ended (began, if there are no waits); also when the row was made, if the place had been
     * passed before. */
    uint64_t looked_ticks;
    uint64_t looked_before_ticks; /* without waits: when the pass before that one began, 0 = there was none */
};

/*
 * A dependency seen in a stretch of a thread: one more witness of `acquisition` than its row has room for. All of the
 * first ones are kept, then ever fewer, so that a service of any length leaves a sample of its whole life.
 */
struct kiwi_sighting {
    uint32_t state;
    uint32_t acquisition; /* row */
    uint32_t thread;      /* row */
    uint32_t serial;      /* of that thread */
    uint32_t segment;     /* 0 = not recorded */
    uint32_t reserved;
    uint64_t ticks;
};

KIWI_SIZE_IS(struct kiwi_object, 128);
KIWI_SIZE_IS(struct kiwi_acquisition, 128);
KIWI_SIZE_IS(struct kiwi_cond, 64);
KIWI_SIZE_IS(struct kiwi_wait_site, 40);
KIWI_SIZE_IS(struct kiwi_sighting, 32);
#endif
