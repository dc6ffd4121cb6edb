/*
 * trace_format.h - the trace: the only thing libkiwi.so and the analyzer share.
 *
 * A trace is one sparse file that the recorder keeps mapped and updates in place:
 *
 *     struct kiwi_header        who, when, which clock, how it ended, what was dropped, where each table lies
 *     table 1 .. n              arrays of fixed-width rows, each at a page-aligned offset
 *
 * Invariants
 *   - All integers are little-endian and naturally aligned; a file is readable on any other machine.
 *   - Row 0 of every table is never used, so the index 0 means "none". Strings are byte offsets into
 *     KIWI_TABLE_STRINGS.
 *   - A row is claimed by adding to `used`, filled, and then published by storing its first word (`state`) with release
 *     order. A reader ignores rows whose state is 0 (KIWI_ROW_EMPTY), and so never meets a half-written row.
 *   - Key fields of a published row never change. Counters of a row are updated in place: plain stores by the thread
 *     that owns it, relaxed atomic additions where several threads share it (said at each field).
 *   - Times are ticks of the clock that the header describes (`clock` pairs convert them to nanoseconds). 0 = not
 *     known.
 *   - What does not fit is counted in `dropped`; the file never grows past `file_size`.
 *
 * Versioning: `major` changes when an old reader would misread a file, `minor` when rows or tables are added at the end
 * or reserved fields get a meaning. A reader uses `row_size` from the file as the stride, so rows may grow.
 */
#ifndef KIWI_TRACE_FORMAT_H
#define KIWI_TRACE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define KIWI_TRACE_MAGIC "KIWITRC" /* 8 bytes with its NUL */
#define KIWI_TRACE_MAJOR 1
#define KIWI_TRACE_MINOR 0
#define KIWI_TRACE_BYTE_ORDER 0x0a0b0c0dU

/* One row per table: id, enumerator, row type. The id is what the file carries; never reuse one. */
#define KIWI_TABLES(X)                                                                                                 \
    X(1, STRINGS, uint8_t)                                                                                             \
    X(2, MODULES, struct kiwi_module)                                                                                  \
    X(3, FRAMES, uint64_t)                                                                                             \
    X(4, STACKS, struct kiwi_stack)                                                                                    \
    X(5, CLASSES, struct kiwi_thread_class)                                                                            \
    X(6, THREADS, struct kiwi_thread)                                                                                  \
    X(7, SEGMENTS, struct kiwi_segment)                                                                                \
    X(8, OBJECTS, struct kiwi_object)                                                                                  \
    X(9, ACQUISITIONS, struct kiwi_acquisition)                                                                        \
    X(10, CALLS, struct kiwi_call)                                                                                     \
    X(11, MISUSES, struct kiwi_misuse)                                                                                 \
    X(12, SLOTS, struct kiwi_slot)                                                                                     \
    X(13, CACHES, struct kiwi_cache_entry)                                                                             \
    X(14, HELD, struct kiwi_held)                                                                                      \
    X(15, CONDS, struct kiwi_cond)                                                                                     \
    X(16, WAIT_SITES, struct kiwi_wait_site)                                                                           \
    X(17, CONTENTIONS, struct kiwi_contention)                                                                         \
    X(18, HISTOGRAMS, struct kiwi_histogram)                                                                           \
    X(19, CHARGES, struct kiwi_charge)                                                                                 \
    X(20, SIGHTINGS, struct kiwi_sighting)                                                                             \
    X(21, DESCRIPTORS, struct kiwi_descriptor)                                                                         \
    X(22, PEERS, struct kiwi_peer)                                                                                     \
    X(23, FAILURES, struct kiwi_failure)                                                                               \
    X(24, LOOPS, struct kiwi_loop)                                                                                     \
    X(25, TICKS, struct kiwi_tick)                                                                                     \
    X(26, STALLS, struct kiwi_stall)                                                                                   \
    X(28, HEAP_SITES, struct kiwi_heap_site)

enum kiwi_table_id {
#define X(id, name, type) KIWI_TABLE_##name = id,
    KIWI_TABLES(X)
#undef X
            KIWI_TABLE_LIMIT = 32 /* descriptors in the header; ids are below it */
};

/* What can be lost, by kind: id, enumerator, words for the report. */
#define KIWI_DROPS(X)                                                                                                  \
    X(0, STRINGS, "strings (names and paths)")                                                                         \
    X(1, MODULES, "loaded modules")                                                                                    \
    X(2, STACKS, "call stacks")                                                                                        \
    X(3, CLASSES, "thread classes")                                                                                    \
    X(4, THREADS, "threads")                                                                                           \
    X(5, SEGMENTS, "thread segments (create/join order)")                                                              \
    X(6, OBJECTS, "synchronization objects")                                                                           \
    X(7, ACQUISITIONS, "lock acquisition behaviours")                                                                  \
    X(8, CALLS, "blocking-call behaviours")                                                                            \
    X(9, MISUSES, "misuse records")                                                                                    \
    X(10, SLOTS, "threads beyond the thread-state slots")                                                              \
    X(11, HELD, "held locks beyond the held-lock room")                                                                \
    X(12, NESTED, "calls made inside signal handlers that interrupted the recorder")                                   \
    X(13, TRUNCATED_STACKS, "call stacks cut at the depth limit")                                                      \
    X(14, UNWOUND_SHORT, "call stacks with only the return address")                                                   \
    X(15, DISK_FULL, "rows refused for lack of storage (file system full, or a seccomp filter in force)")              \
    X(16, CONDS, "what signals of condition variables found, and places of waits")                                     \
    X(17, DESCRIPTORS, "descriptors beyond the descriptor room")                                                       \
    X(18, PEERS, "peers that were dialled")                                                                            \
    X(19, FAILURES, "failing calls")                                                                                   \
    X(20, CONTENTIONS, "hold and wait times of locks")                                                                 \
    X(21, CHARGES, "who waited for whom")                                                                              \
    X(22, LOOPS, "event loops and scopes, and their ticks")                                                            \
    X(23, STALLS, "what event loops waited for inside ticks")                                                          \
    X(24, SIGHTINGS, "sightings of lock orders (which threads, and when)")                                             \
    X(25, HEAP_BLOCKS, "sampled heap blocks (none of them is followed to its end)")                                    \
    X(26, HEAP_SITES, "places that allocate")

enum kiwi_drop {
#define X(id, name, text) KIWI_DROP_##name = id,
    KIWI_DROPS(X)
#undef X
            KIWI_DROP_LIMIT = 32
};

enum kiwi_row_state {
    KIWI_ROW_EMPTY = 0,
    KIWI_ROW_LIVE = 1,
    KIWI_ROW_ENDED = 2, /* retired object, ended thread, unloaded module */
};

enum kiwi_clock_kind { KIWI_CLOCK_MONOTONIC_NS = 1, KIWI_CLOCK_TSC = 2 };

/* How the recording ended, as far as the process could say so itself; NONE = it runs, or was killed. */
enum kiwi_end {
    KIWI_END_NONE = 0,
    KIWI_END_EXIT = 1,
    KIWI_END_EXEC = 2,
    KIWI_END_STOPPED = 3, /* Kiwi gave up, see drops */
};

struct kiwi_table {
    uint32_t id;       /* enum kiwi_table_id, 0 = unused descriptor */
    uint32_t row_size; /* bytes */
    uint64_t offset;   /* bytes from the start of the file, page aligned */
    uint64_t capacity; /* rows, row 0 included */
    uint64_t used;     /* rows claimed, row 0 included; atomic, may pass capacity when rows were refused */
    uint64_t ready;    /* bytes from offset that the recorder has backed with storage; atomic */
};

struct kiwi_clock_pair {
    uint64_t ticks;
    uint64_t monotonic_ns;
};

#define KIWI_CLOCK_PAIRS 8 /* [0] is the start; the others are a ring of the latest, next at clock_next */

struct kiwi_header {
    char magic[8];
    uint16_t major, minor;
    uint32_t byte_order;
    uint32_t header_size; /* bytes, sizeof(struct kiwi_header) of the writer */
    uint32_t table_count;
    uint64_t file_size; /* bytes */
    uint32_t state;     /* published last: KIWI_ROW_LIVE once the header is whole */
    uint32_t pid, parent_pid;
    uint32_t clock_kind;
    uint64_t start_realtime_ns; /* CLOCK_REALTIME */
    uint64_t start_ticks;
    uint64_t ticks_per_second; /* estimate at start; the clock pairs are better once a second has passed */
    uint32_t clock_next;       /* atomic */
    uint32_t end_kind;         /* enum kiwi_end; atomic */
    int32_t end_status;        /* exit status if end_kind is EXIT and it was known */
    uint32_t page_size;
    uint64_t end_ticks;
    uint32_t executable, host, command_line, options, parent_trace, directory, version, libc; /* strings */
    uint32_t out_name;        /* string: the name that out= asked for (the trace may lie elsewhere, see docs) */
    uint32_t recording;       /* atomic: 1 recording, 0 stopped or paused */
    uint64_t module_epoch;    /* atomic: bumped at every dlopen/dlclose */
    uint64_t processes;       /* root trace only: processes of this run that recorded; atomic, added to by children */
    uint64_t settled_unknown; /* joins and detaches of threads that were not known (any more); atomic */
    uint64_t reserved[6];
    uint64_t dropped[KIWI_DROP_LIMIT]; /* atomic, relaxed */
    struct kiwi_clock_pair clock[KIWI_CLOCK_PAIRS];
    struct kiwi_table tables[KIWI_TABLE_LIMIT]; /* index = id */
};

#define KIWI_BUILD_ID_BYTES 20

struct kiwi_module {
    uint32_t state;
    uint32_t path;           /* string; "" for the executable is resolved to its path, "[vdso]" for the vDSO */
    uint64_t base;           /* load bias: address in memory = base + address in the file's headers */
    uint64_t start, end;     /* memory covered by its PT_LOAD segments */
    uint64_t loaded_epoch;   /* kiwi_header.module_epoch when first seen */
    uint64_t unloaded_epoch; /* 0 = still loaded; stacks with epoch >= this do not belong to it */
    uint8_t build_id[KIWI_BUILD_ID_BYTES];
    uint32_t build_id_size; /* bytes used of build_id, 0 = none */
};

/* Frames lie in KIWI_TABLE_FRAMES[first .. first+depth), innermost first. Each is a return address (symbolize
 * addr - 1). */
struct kiwi_stack {
    uint32_t state;
    uint32_t depth;
    uint32_t first;
    uint32_t flags; /* KIWI_STACK_* */
    uint64_t hash;
    uint64_t epoch; /* kiwi_header.module_epoch at capture */
};
#define KIWI_STACK_TRUNCATED 1u /* more frames than the depth limit */
#define KIWI_STACK_SHORT 2u     /* could not be unwound: only the return address */
#define KIWI_STACK_HANDLER 4u   /* up to the frame of a signal handler, which may have interrupted anything */

#define KIWI_CLASS_LIVES 32u /* lives[i]: 2^(i+9) <= ticks < 2^(i+10); the first and last take what lies beyond */

struct kiwi_thread_class {
    uint32_t state;
    uint32_t create_stack; /* stack of the pthread_create call; 0 for the main thread and foreign threads */
    uint64_t start_function;
    uint64_t started;                 /* threads; atomic */
    uint64_t ended;                   /* atomic */
    uint64_t first_ticks, last_ticks; /* when the first and the latest of them began */
    uint64_t settled;                 /* joined or detached; atomic */
    uint64_t forgotten;               /* ended, not settled, and their row given to another thread; atomic */
    uint64_t window;                  /* number of the latest time window in which one began: see below */
    uint32_t window_started;          /* threads begun in that window */
    uint32_t busy_windows;            /* windows in which KIWI_CLASS_BUSY or more began ... */
    uint64_t busy_started;            /* ... and the threads begun in them */
    uint32_t lives[KIWI_CLASS_LIVES]; /* of ended threads, by lifetime; atomic */
    uint64_t reserved[5];
};
/* A window is a quarter of a second: its number is ticks / (ticks_per_second / 4). Threads that begin at the same
 * moment count without atomic additions: a few may be missed. */
#define KIWI_CLASS_WINDOWS_PER_SECOND 4u
#define KIWI_CLASS_BUSY 16u

#define KIWI_THREAD_MAIN 1u
#define KIWI_THREAD_DETACHED 2u
#define KIWI_THREAD_JOINED 4u
#define KIWI_THREAD_FOREIGN 8u /* not made by pthread_create: first seen at a wrapped call */
#define KIWI_THREAD_FORKED 16u /* the thread that called fork, in the child */

struct kiwi_thread {
    uint32_t state;  /* LIVE or ENDED */
    uint32_t serial; /* 1, 2, ... in order of creation; rows of ended threads are recycled under pressure */
    int32_t tid;
    uint32_t thread_class;
    uint32_t creator; /* thread row, 0 = unknown */
    uint32_t create_stack;
    uint32_t flags; /* KIWI_THREAD_*, atomic or */
    uint32_t slot;  /* KIWI_TABLE_SLOTS row while alive, 0 after */
    uint64_t start_function;
    uint64_t pthread_id; /* pthread_t */
    uint64_t start_ticks, end_ticks;
    char name[16]; /* NUL-terminated; from pthread_setname_np or prctl, else the kernel's */
    uint32_t last_segment;
    uint32_t joiner;                /* thread row that joined it */
    uint64_t stack_low, stack_high; /* its stack, 0 = unknown */
    uint64_t idle_ticks;            /* spent in blocking calls without holding a lock, as far as those waited */
    uint64_t reserved[2];
};

/*
 * Happens-before between threads by create and join alone. A segment is a stretch of one thread; it comes after
 * `previous` (same thread) and after `other` (the creator's segment at pthread_create, or the last segment of a joined
 * thread). Segments are made only when a thread records a nested acquisition, so most threads of a service have none.
 * One that begins with the end of a wait for a condition variable or a semaphore comes after `other`, the segment of
 * the thread that signalled, in a weaker sense: state KIWI_SEGMENT_SIGNALLED. Noted for the first few of each thread.
 * Rendezvous leave segments beside those of their threads: each comes after one arrival and all earlier ones.
 */
#define KIWI_SEGMENT_SIGNALLED 2u
struct kiwi_segment {
    uint32_t state;    /* LIVE, or KIWI_SEGMENT_SIGNALLED */
    uint32_t thread;   /* row */
    uint32_t previous; /* segment of the same thread, 0 = its first */
    uint32_t other;    /* segment of another thread, 0 = none */
};

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
    X(10, GMUTEX, "GMutex")

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
 * are on the held arrays, so that they count as gates; they make no order and are reported in no finding. */
#define KIWI_OBJECT_LOCK_LIKE 256u
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
    uint8_t type;   /* enum kiwi_mutex_type for mutexes */
    uint16_t flags; /* KIWI_OBJECT_* */
    uint64_t address;
    uint32_t generation;   /* 1, 2, ... at this address */
    uint32_t init_stack;   /* 0 = no init call seen */
    uint32_t first_stack;  /* first use */
    uint32_t creator;      /* thread row that initialised it or allocated its block; 0 = unknown */
    uint32_t first_thread; /* thread row of the first acquisition */
    uint32_t other_thread; /* another thread that acquired it, 0 = none yet: still private to first_thread */
    uint64_t block;        /* heap block that holds it, 0 = unknown */
    uint64_t block_size;   /* bytes as asked for */
    uint64_t block_caller; /* return address of the allocating call */
    uint32_t name;         /* string, 0 = none (kiwi.h) */
    uint32_t waiters;      /* threads that wait for it now; atomic */
    uint64_t created_ticks, ended_ticks;
    uint64_t contended;  /* acquisitions that found it taken; atomic */
    uint64_t wait_ticks; /* total time waited; atomic */
    uint64_t wait_max_ticks;
    uint32_t cond_waiting;   /* cond, barrier: threads inside a wait; atomic, together with the next */
    uint32_t cond_signalled; /* cond: of these, woken but not yet returned */
    uint64_t wait_since;     /* ticks when the first of the present waiters began */
};

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
    uint64_t first_ticks, last_ticks;    /* last_ticks: when last updated on a slow path */
    struct kiwi_witness witness[2];      /* the first thread, and the latest other one */
    uint32_t hold_samples;               /* holds that were timed; atomic */
    uint16_t threads;                    /* distinct threads seen, saturates at 3 */
    uint16_t depth;                      /* locks in the chain, this one included */
};
/* The lock of this row was still private to the thread that made it: edges into it, and edges from it while it was held
 * by this row, order nothing. (Other locks of the same held set count as usual.) */
#define KIWI_ACQ_UNPUBLISHED 1u
#define KIWI_ACQ_DERIVED 2u /* made only to name a held set after a release out of order */
/* No thread but the maker of the lock was seen to have taken it by then: others may not have known it yet. */
#define KIWI_ACQ_MAKER_ALONE 4u

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
    uint64_t reserved;
};

/* A lock site from which threads went on to wait on a condition variable. Written with the mutex held. */
struct kiwi_wait_site {
    uint32_t state;
    uint32_t row;   /* ACQUISITIONS row: mutex, place and class of threads */
    uint64_t waits; /* passes that led to a wait; atomic, as the next */
    uint64_t looks; /* passes that did not */
    /* When the latest of those ended; also when the row was made, if the place had been passed before. */
    uint64_t looked_ticks;
};

/*
 * What is known of a lock's use in time: one row for each lock that was waited for, or of which a hold was timed. A
 * hold that ended while others waited is "pressed": one that was not timed from its beginning counts from the first
 * wait on. Durations are in ticks; all counters are atomic.
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
    uint32_t running;                 /* pressed holds of which the thread used KIWI_HOLD_LONG_NS or more */
    uint64_t first_ticks, last_ticks; /* of timed holds */
    uint64_t takes, take_ticks;       /* takings of the free lock that were timed: how long the call itself took */
    uint32_t heap_looked;             /* holds timed from their beginning that ended while others waited */
    uint32_t heap_holds;              /* of these, with allocations by the holder ... */
    uint64_t heap_calls, heap_bytes;  /* ... so many in all */
    uint32_t heap_stack, heap_thread; /* the first allocation of one of them, and by whom */
    struct kiwi_contention_user users[KIWI_CONTENTION_USERS];
};
#define KIWI_HOLD_LONG_NS 1000000u /* from here on it is asked how long a holder ran, sat in a call, or waited */

/*
 * Log-linear histograms: 32 buckets to each power of two, so that the middle of a bucket is within 1.6 % of what fell
 * into it. A row is one power of two of one histogram. Value v < 32 is bucket v of exponent 0; else exponent e >= 1
 * covers 32 * 2^(e-1) .. 64 * 2^(e-1) - 1 in steps of 2^(e-1).
 */
enum kiwi_histogram_kind {
    KIWI_HISTOGRAM_WAIT = 1,
    KIWI_HISTOGRAM_HOLD = 2,    /* timed from beginning to end */
    KIWI_HISTOGRAM_PRESSED = 3, /* that ended while others waited */
    KIWI_HISTOGRAM_RUNNING = 4, /* of those counted in `running`, the time that the thread used */
    KIWI_HISTOGRAM_TAKE = 5,    /* takings of the free lock */
    KIWI_HISTOGRAM_TICK = 6     /* ticks of an event loop; `contention` is its LOOPS row */
};
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

/*
 * The sampled allocations of one call path. A sample of `size` bytes, drawn with a mean distance of `period` bytes,
 * stands for 1 / (1 - exp(-size / period)) allocations like it; with heap=exact, for itself. Counts of blocks are in
 * units of 1/256 block. All counters are atomic.
 */
#define KIWI_HEAP_LIVES 16u /* lives[i]: 4^(i+4) <= ticks < 4^(i+5); the first and last take what lies beyond */
#define KIWI_HEAP_UNIT 256u
struct kiwi_heap_site {
    uint32_t state;
    uint32_t stack;
    uint32_t thread, serial; /* who allocated here first */
    uint64_t samples;        /* allocations that were looked at */
    uint64_t blocks, bytes;  /* what they stand for; blocks in units, bytes as asked for */
    uint64_t freed_samples;
    uint64_t freed_blocks, freed_bytes; /* of these */
    uint64_t elsewhere;                 /* of these, freed by another thread; units */
    uint64_t resized;                   /* of these, given to realloc; units */
    uint64_t lost_blocks, lost_bytes;   /* at the exit nothing referred to them; not units */
    uint64_t first_ticks, last_ticks;
    uint64_t lives[KIWI_HEAP_LIVES]; /* of the freed ones, by lifetime; units */
    uint64_t reserved[2];
};

/*
 * Blocking calls: id, enumerator, name, group. Groups: POLL waits for many, IO one descriptor, SLEEP, SYNC (another
 * thread), DISK (one descriptor of a file), PATH (a file system, by name), NAME (who answers for hosts and users),
 * PROCESS (another process), STREAM (stdio).
 */
#define KIWI_CALLS(X)                                                                                                  \
    X(1, POLL, "poll", POLL)                                                                                           \
    X(2, PPOLL, "ppoll", POLL)                                                                                         \
    X(3, SELECT, "select", POLL)                                                                                       \
    X(4, PSELECT, "pselect", POLL)                                                                                     \
    X(5, EPOLL_WAIT, "epoll_wait", POLL)                                                                               \
    X(6, EPOLL_PWAIT, "epoll_pwait", POLL)                                                                             \
    X(7, EPOLL_PWAIT2, "epoll_pwait2", POLL)                                                                           \
    X(8, NANOSLEEP, "nanosleep", SLEEP)                                                                                \
    X(9, CLOCK_NANOSLEEP, "clock_nanosleep", SLEEP)                                                                    \
    X(10, USLEEP, "usleep", SLEEP)                                                                                     \
    X(11, SLEEP, "sleep", SLEEP)                                                                                       \
    X(12, READ, "read", IO)                                                                                            \
    X(13, READV, "readv", IO)                                                                                          \
    X(14, WRITE, "write", IO)                                                                                          \
    X(15, WRITEV, "writev", IO)                                                                                        \
    X(16, RECV, "recv", IO)                                                                                            \
    X(17, RECVFROM, "recvfrom", IO)                                                                                    \
    X(18, RECVMSG, "recvmsg", IO)                                                                                      \
    X(19, SEND, "send", IO)                                                                                            \
    X(20, SENDTO, "sendto", IO)                                                                                        \
    X(21, SENDMSG, "sendmsg", IO)                                                                                      \
    X(22, ACCEPT, "accept", IO)                                                                                        \
    X(23, ACCEPT4, "accept4", IO)                                                                                      \
    X(24, CONNECT, "connect", IO)                                                                                      \
    X(25, FSYNC, "fsync", DISK)                                                                                        \
    X(26, FDATASYNC, "fdatasync", DISK)                                                                                \
    X(27, JOIN, "pthread_join", SYNC)                                                                                  \
    X(28, TIMEDJOIN, "pthread_timedjoin_np", SYNC)                                                                     \
    X(29, CLOCKJOIN, "pthread_clockjoin_np", SYNC)                                                                     \
    X(30, COND_WAIT, "pthread_cond_wait", SYNC)                                                                        \
    X(31, COND_TIMEDWAIT, "pthread_cond_timedwait", SYNC)                                                              \
    X(32, COND_CLOCKWAIT, "pthread_cond_clockwait", SYNC)                                                              \
    X(33, RECVMMSG, "recvmmsg", IO)                                                                                    \
    X(34, SENDMMSG, "sendmmsg", IO)                                                                                    \
    X(35, SEM_WAIT, "sem_wait", SYNC)                                                                                  \
    X(36, SEM_TIMEDWAIT, "sem_timedwait", SYNC)                                                                        \
    X(37, SEM_CLOCKWAIT, "sem_clockwait", SYNC)                                                                        \
    X(64, BARRIER_WAIT, "pthread_barrier_wait", SYNC)                                                                  \
    X(65, FUTEX_WAIT, "futex wait", SYNC)                                                                              \
    X(66, CLOSE, "close", IO)                                                                                          \
    X(67, OPEN, "open", DISK)                                                                                          \
    X(128, PREAD, "pread", IO)                                                                                         \
    X(129, PWRITE, "pwrite", IO)                                                                                       \
    X(130, PREADV, "preadv", IO)                                                                                       \
    X(131, PWRITEV, "pwritev", IO)                                                                                     \
    X(132, SENDFILE, "sendfile", IO)                                                                                   \
    X(133, COPY_FILE_RANGE, "copy_file_range", IO)                                                                     \
    X(134, SPLICE, "splice", IO)                                                                                       \
    X(135, VMSPLICE, "vmsplice", IO)                                                                                   \
    X(136, TEE, "tee", IO)                                                                                             \
    X(137, SYNC, "sync", PATH)                                                                                         \
    X(138, SYNCFS, "syncfs", DISK)                                                                                     \
    X(139, SYNC_FILE_RANGE, "sync_file_range", DISK)                                                                   \
    X(140, MSYNC, "msync", PATH)                                                                                       \
    X(141, FALLOCATE, "fallocate", DISK)                                                                               \
    X(142, FTRUNCATE, "ftruncate", DISK)                                                                               \
    X(143, FLOCK, "flock", IO)                                                                                         \
    X(144, LOCKF, "lockf", IO)                                                                                         \
    X(145, STAT, "stat", PATH)                                                                                         \
    X(146, ACCESS, "access", PATH)                                                                                     \
    X(147, READLINK, "readlink", PATH)                                                                                 \
    X(148, TRUNCATE, "truncate", PATH)                                                                                 \
    X(149, RENAME, "rename", PATH)                                                                                     \
    X(150, UNLINK, "unlink", PATH)                                                                                     \
    X(151, LINK, "link", PATH)                                                                                         \
    X(152, MKDIR, "mkdir", PATH)                                                                                       \
    X(153, RMDIR, "rmdir", PATH)                                                                                       \
    X(154, OPENDIR, "opendir", PATH)                                                                                   \
    X(155, READDIR, "readdir", PATH)                                                                                   \
    X(156, REALPATH, "realpath", PATH)                                                                                 \
    X(157, GETADDRINFO, "getaddrinfo", NAME)                                                                           \
    X(158, GETNAMEINFO, "getnameinfo", NAME)                                                                           \
    X(159, GETHOSTBYNAME, "gethostbyname", NAME)                                                                       \
    X(160, GETHOSTBYADDR, "gethostbyaddr", NAME)                                                                       \
    X(161, GETPW, "getpwnam", NAME)                                                                                    \
    X(162, GETGR, "getgrnam", NAME)                                                                                    \
    X(163, WAIT, "wait", PROCESS)                                                                                      \
    X(164, WAITPID, "waitpid", PROCESS)                                                                                \
    X(165, WAITID, "waitid", PROCESS)                                                                                  \
    X(166, SYSTEM, "system", PROCESS)                                                                                  \
    X(167, PCLOSE, "pclose", PROCESS)                                                                                  \
    X(168, SIGWAIT, "sigwait", PROCESS)                                                                                \
    X(169, SIGSUSPEND, "sigsuspend", PROCESS)                                                                          \
    X(170, MQ_SEND, "mq_send", IO)                                                                                     \
    X(171, MQ_RECEIVE, "mq_receive", IO)                                                                               \
    X(172, MSGSND, "msgsnd", PROCESS)                                                                                  \
    X(173, MSGRCV, "msgrcv", PROCESS)                                                                                  \
    X(174, SEMOP, "semop", PROCESS)                                                                                    \
    X(175, FFLUSH, "fflush", STREAM)                                                                                   \
    X(176, FREAD, "fread", STREAM)                                                                                     \
    X(177, FWRITE, "fwrite", STREAM)                                                                                   \
    X(178, FGETS, "fgets", STREAM)                                                                                     \
    X(179, GETLINE, "getline", STREAM)                                                                                 \
    X(180, FPUTS, "fputs", STREAM)                                                                                     \
    X(181, FPRINTF, "fprintf", STREAM)

enum kiwi_call_kind {
#define X(id, name, text, group) KIWI_CALL_##name = id,
    KIWI_CALLS(X)
#undef X
            KIWI_CALL_LIMIT = 256
};
enum kiwi_call_group {
    KIWI_GROUP_POLL = 1,
    KIWI_GROUP_IO,
    KIWI_GROUP_SLEEP,
    KIWI_GROUP_SYNC,
    KIWI_GROUP_DISK,
    KIWI_GROUP_PATH,
    KIWI_GROUP_NAME,
    KIWI_GROUP_PROCESS,
    KIWI_GROUP_STREAM
};

/* A blocking call made at `stack` by threads of a class while holding the chain `held` (0 = no lock). */
struct kiwi_call {
    uint32_t state;
    uint32_t kind; /* enum kiwi_call_kind */
    uint32_t stack;
    uint32_t held; /* acquisition row: innermost lock of the held set */
    uint32_t thread_class;
    uint32_t flags; /* KIWI_CALLF_*, ored over all occurrences; atomic */
    /* Calls begun; folded from cache lines as in kiwi_acquisition; atomic, as all below. Those on non-blocking
     * descriptors are a sample, after the first 256 of a thread. */
    uint64_t count;
    uint64_t waited; /* of these, ended after KIWI_CALL_WAITED_NS or more, and could block */
    uint64_t ticks;  /* total duration of those that waited */
    uint64_t max_ticks;
    uint64_t errors;          /* returned an error other than EAGAIN, EINTR and ETIMEDOUT */
    uint64_t bytes;           /* of those that waited */
    uint64_t disturbed;       /* calls during which another thread wanted one of the held locks */
    uint64_t disturbed_ticks; /* time those others waited in all, as far as it fell into the call */
    uint64_t first_ticks, last_ticks;
    uint32_t last_errno;
    uint32_t thread; /* a thread that made it (row), the latest slow one */
    uint32_t serial; /* of that thread */
    uint32_t peer;   /* UNBOUNDED: PEERS row of one that was waited for, 0 = not known */
    uint64_t tiny;   /* sends of KIWI_TINY_BYTES or less, each right after KIWI_TINY_RUN others; atomic */
};
#define KIWI_TINY_BYTES 64u
#define KIWI_TINY_RUN 3u
#define KIWI_TINY_GAP_NS 500000u
#define KIWI_CALL_WAITED_NS 100000u /* a call that takes this long is taken to have waited */
#define KIWI_CALLF_UNTIMED 1u       /* had no timeout */
#define KIWI_CALLF_TIMED 2u         /* had a timeout other than zero */
#define KIWI_CALLF_MEASURED 8u      /* waits are told from preemption by context switches (I/O under a lock) */
#define KIWI_CALLF_UNBOUNDED 16u    /* waited for a peer that was dialled, without any limit */
#define KIWI_CALLF_NONBLOCKING 4u   /* zero timeout or O_NONBLOCK / MSG_DONTWAIT: can not block */

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
    uint64_t max_ticks;
    uint64_t served;           /* ticks that began with events, not with a timeout */
    uint64_t events;           /* results of those waits */
    uint64_t ready;            /* waits of which the events were there at once, so may have been waiting for the loop */
    uint64_t budget_ns;        /* tick-budget */
    uint64_t over, over_ticks; /* ticks over the budget, of which: */
    uint64_t computing;        /* used the processor for most of the budget */
    uint64_t computing_served; /* of these, began with events */
    uint64_t computing_ticks, computing_max_ticks; /* processor time of those computing */
    uint64_t crowded;                              /* the same for many events, each of them quick */
    uint64_t blocked;                              /* sat in calls and waits for locks for half of the time or more */
    uint64_t first_ticks, last_ticks;
    uint32_t worst; /* first of KIWI_LOOP_WORST rows of TICKS, 0 = none */
    uint32_t reserved0;
    struct kiwi_loop_source sources[KIWI_LOOP_SOURCES];
    uint64_t name_address; /* of the program's own text; the recorder's key */
    uint64_t reserved[5];
};
#define KIWI_LOOP_WORST 16u

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

/* Misuse seen while it happened: id, enumerator, finding id that reports it. */
#define KIWI_MISUSES(X)                                                                                                \
    X(1, RELOCK, "self-deadlock")                /* a normal mutex locked again by its owner */                        \
    X(2, RELOCK_TIMED, "self-deadlock")          /* the same with a timeout */                                         \
    X(3, UNLOCK_UNHELD, "unlock-not-owner")      /* unlock of a lock that nobody holds */                              \
    X(4, UNLOCK_FOREIGN, "unlock-not-owner")     /* unlock of a lock that another thread holds */                      \
    X(5, UNLOCK_REFUSED, "unlock-not-owner")     /* the lock checked for itself and returned EPERM */                  \
    X(6, DESTROY_HELD, "destroy-busy")           /* destroyed while held */                                            \
    X(7, DESTROY_WAITED, "destroy-busy")         /* destroyed while waited on */                                       \
    X(8, USE_DESTROYED, "use-after-destroy")     /* used after its destroy; `other` destroyed it */                    \
    X(9, DESTROY_AGAIN, "use-after-destroy")     /* destroyed again; `other` did so first */                           \
    X(10, INIT_HELD, "use-after-destroy")        /* initialised while held */                                          \
    X(11, FREE_HELD, "free-holding-lock")        /* its heap block was freed while it was held */                      \
    X(12, STACK_HELD, "free-holding-lock")       /* the thread on whose stack it lies ended while it was held */       \
    X(13, EXIT_HELD, "exit-holding-lock")        /* its holder ended; `stack` is where it was taken */                 \
    X(14, FORK_HELD, "fork-holding-lock")        /* in a child: held by a thread that is not in here */                \
    X(15, FORK_WANTED, "fork-holding-lock")      /* in a child: such a lock is asked for */                            \
    X(16, COND_TWO_MUTEXES, "cond-two-mutexes")  /* waited on while others wait on it with another mutex */            \
    X(17, HEAP_IN_HANDLER, "signal-unsafe-call") /* a heap call made in a signal handler; no object */                 \
    X(18, WAKE_IN_HANDLER, "signal-unsafe-call") /* a condition variable signalled in one */                           \
    X(32, DOUBLE_FREE, "double-free")         /* `other` freed it first; `heap_site` made it, as in the next ones */   \
    X(33, INVALID_FREE, "invalid-free")       /* inside a block, on a stack, or in a module's data */                  \
    X(34, MISMATCHED_FREE, "mismatched-free") /* malloc, new and new[] mixed up */                                     \
    X(35, USE_AFTER_FREE, "use-after-free")   /* its contents changed after `other` freed it, at `stack` */

enum kiwi_misuse_kind {
#define X(id, name, finding) KIWI_MISUSE_##name = id,
    KIWI_MISUSES(X)
#undef X
};
#define KIWI_MISUSE_WENT_ON 1u /* FORK_HELD: the child used the heap, or ended by exit() */
/* Flags of misuse of the heap: how the block was freed, and how it was allocated (enum kiwi_heap_form); INVALID_FREE:
 * what the address is. */
#define KIWI_MISUSE_FREED_BY(flags) ((flags)&15u)
#define KIWI_MISUSE_MADE_BY(flags) ((flags) >> 4 & 15u)
#define KIWI_MISUSE_PLACE(flags) ((enum kiwi_free_place)((flags) >> 8 & 15u))
enum kiwi_free_place { KIWI_FREE_IN_BLOCK = 0, KIWI_FREE_ON_STACK = 1, KIWI_FREE_STATIC = 2 };
enum kiwi_heap_form { KIWI_HEAP_MALLOC = 0, KIWI_HEAP_NEW = 1, KIWI_HEAP_NEW_ARRAY = 2 };

struct kiwi_misuse {
    uint32_t state;
    uint32_t kind; /* enum kiwi_misuse_kind */
    uint32_t object;
    uint32_t stack;
    uint32_t thread, serial;             /* who did it, the first time */
    uint32_t other_thread, other_serial; /* who holds or waits, 0 = nobody or unknown */
    uint32_t other_row;                  /* acquisition row of the holder, 0 = unknown */
    /* What the real call returned, 0xffffffff = it had not returned. COND_TWO_MUTEXES: the acquisition row by which the
     * thread held its mutex; other_row is then that of the other waiter. Heap: bytes of the block (at most 4 GiB);
     * INVALID_FREE: how far into it the address lies. */
    uint32_t result;
    uint64_t count; /* atomic */
    uint64_t first_ticks, last_ticks;
    uint32_t other_stack; /* where the other took it (or destroyed it, by kind); 0 = other_row tells, or unknown */
    uint32_t other_name;  /* string: the other thread, where it has no row in this trace (after a fork); else 0 */
    uint32_t flags;       /* KIWI_MISUSE_*; atomic */
    uint32_t heap_site;   /* HEAP_SITES row of the block, 0 = none */
};

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

/* What a descriptor is of: name in the file, enumerator, word for people. */
#define KIWI_DESCRIPTOR_KINDS(X)                                                                                       \
    X(1, FILE, "file")                                                                                                 \
    X(2, PIPE, "pipe")                                                                                                 \
    X(3, SOCKET, "socket")                                                                                             \
    X(4, PAIR, "socket pair")                                                                                          \
    X(5, EVENT, "eventfd")                                                                                             \
    X(6, TIMER, "timerfd")                                                                                             \
    X(7, EPOLL, "epoll")                                                                                               \
    X(8, SIGNAL, "signalfd")                                                                                           \
    X(9, OTHER, "descriptor")

enum kiwi_descriptor_kind {
#define X(id, name, text) KIWI_DESCRIPTOR_##name = id,
    KIWI_DESCRIPTOR_KINDS(X)
#undef X
};

/*
 * A descriptor of the service; row = number + 1. It is filled when an opening call is seen, or by the first close;
 * numbers that were never seen have state 0. While a number changes hands its state is EMPTY.
 */
struct kiwi_descriptor {
    uint32_t state;                                   /* LIVE open, ENDED closed */
    uint16_t kind;                                    /* enum kiwi_descriptor_kind, 0 = not known */
    uint16_t flags;                                   /* KIWI_DESCRIPTOR_*; atomic */
    uint32_t generation;                              /* 1, 2, ... at this number */
    uint32_t peer;                                    /* PEERS row of one that was dialled, 0 = none */
    uint32_t birth_stack, birth_thread, birth_serial; /* 0 = it was not seen to be opened */
    /* Where it was closed; of a live one, the generation before it. */
    uint32_t end_stack, end_thread, end_serial;
    uint64_t birth_ticks, end_ticks;
    uint64_t dial_ticks; /* when connect was called */
    /* Of a stream socket that was dialled or accepted, while calls on it may block: */
    uint64_t sent_ticks; /* when the latest send ended */
    uint32_t exchanges;  /* receives that got something */
    uint32_t asked;      /* sends since the latest answer */
};
#define KIWI_DESCRIPTOR_LISTENING 1u
#define KIWI_DESCRIPTOR_ACCEPTED 2u
#define KIWI_DESCRIPTOR_DIALLED 4u
#define KIWI_DESCRIPTOR_DATAGRAM 8u  /* keeps messages apart: SOCK_DGRAM, SOCK_RAW and the like */
#define KIWI_DESCRIPTOR_INTERNET 16u /* AF_INET or AF_INET6 */
#define KIWI_DESCRIPTOR_PENDING 32u  /* its connect goes on in the background */
#define KIWI_DESCRIPTOR_RCVTIMEO 64u
#define KIWI_DESCRIPTOR_SNDTIMEO 128u

/* A place that dials an address: one row for each pair. */
#define KIWI_PEER_ADDRESS 16
struct kiwi_peer {
    uint32_t state;
    uint16_t family;                    /* as in struct sockaddr: 1 AF_UNIX, 2 AF_INET, 10 AF_INET6 */
    uint16_t port;                      /* in the order of the host */
    uint8_t address[KIWI_PEER_ADDRESS]; /* of the network, in its order; AF_UNIX: a hash of the path */
    uint32_t path;                      /* string, AF_UNIX */
    uint32_t stack;                     /* of connect */
    uint64_t dials;                     /* connects begun; atomic, as all below */
    uint64_t connected;                 /* of these, known to have succeeded */
    uint64_t failed;
    uint64_t first_ticks, last_ticks;
    uint64_t closed;       /* connections that this process closed */
    uint64_t brief;        /* of these, within KIWI_PEER_BRIEF_NS */
    uint64_t window;       /* number of the latest time window with a connect, as of thread classes */
    uint32_t window_dials; /* connects in it that succeeded */
    uint32_t busy_windows; /* windows with KIWI_PEER_BUSY or more ... */
    uint64_t busy_dials;   /* ... and the connects in them */
    uint64_t exchanges;    /* requests that were followed by an answer */
    /* Bursts: KIWI_BURST_LEAST exchanges or more of one thread on one connection, one right after the other. */
    uint64_t bursts, burst_exchanges, burst_bytes, burst_ticks;
    uint32_t burst_max;   /* exchanges in the longest */
    uint32_t burst_stack; /* where its requests were sent */
    uint64_t reserved[3];
};
#define KIWI_BURST_LEAST 10u
#define KIWI_PEER_BRIEF_NS 1000000000u
#define KIWI_PEER_BUSY 2u

/*
 * A call that fails again and again at one place: (kind, stack, error, thread, peer) is a row. A streak is a run of
 * failures with no success of the same call in between, each less than KIWI_STREAK_GAP_NS after the one before and
 * about the same descriptor or peer; the one with most attempts is kept. A gap runs from the begin of one attempt to
 * that of the next.
 */
#define KIWI_STREAK_TIMES 12
struct kiwi_failure {
    uint32_t state;
    uint32_t kind; /* enum kiwi_call_kind */
    uint32_t stack;
    uint32_t error; /* errno */
    uint32_t thread, serial;
    uint32_t peer;       /* PEERS row, 0 = none */
    uint32_t flags;      /* KIWI_FAILURE_*; atomic */
    uint32_t descriptor; /* number, the latest */
    /* BAD_DESCRIPTOR: who used it first; who had closed that number, where; and who had opened it. */
    uint32_t user_thread, user_serial, other_stack, other_thread, other_serial, birth_stack, birth_thread, birth_serial;
    uint32_t reserved0;
    uint64_t count; /* failures in all; atomic */
    uint64_t first_ticks, last_ticks;
    uint64_t attempts, begin_ticks, end_ticks; /* of the longest streak, as all below */
    uint64_t min_ticks, max_ticks;             /* of gaps in which the thread waited */
    uint32_t waited;                           /* gaps in which it did */
    uint32_t rushed;                           /* longest run of gaps without a delay */
    uint32_t even;                             /* longest run of gaps of about the same length, with a delay */
    uint32_t reserved1;
    uint64_t even_ticks; /* the first gap of that run */
    uint64_t reserved[2];
    uint64_t times[KIWI_STREAK_TIMES]; /* when the first attempts began */
};
#define KIWI_FAILURE_BAD_DESCRIPTOR 1u /* the number had been closed; its row is without thread and peer in its key */
#define KIWI_FAILURE_SWEEP 2u          /* that close belongs to a loop over all numbers */
#define KIWI_FAILURE_SPIN 4u           /* EAGAIN, with neither a wait nor a success in between */
#define KIWI_STREAK_GAP_NS 1000000000u
#define KIWI_STREAK_RUSHED_NS 5000000u /* a gap without a wait in which no more than this passed is no delay */

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
    uint32_t reserved0;
    uint64_t reserved[4];
    struct kiwi_held held[KIWI_SLOT_HELD];
    struct kiwi_cache_entry cache[KIWI_SLOT_CACHE];
    struct kiwi_event events[KIWI_SLOT_EVENTS];
};

/* The layout is the contract: a compiler or a careless edit must not move it. */
#define KIWI_SIZE_IS(type, size) _Static_assert(sizeof(type) == (size), #type " is part of the file format")
KIWI_SIZE_IS(struct kiwi_table, 40);
KIWI_SIZE_IS(struct kiwi_module, 72);
KIWI_SIZE_IS(struct kiwi_stack, 32);
KIWI_SIZE_IS(struct kiwi_thread_class, 256);
KIWI_SIZE_IS(struct kiwi_thread, 128);
KIWI_SIZE_IS(struct kiwi_segment, 16);
KIWI_SIZE_IS(struct kiwi_object, 128);
KIWI_SIZE_IS(struct kiwi_acquisition, 128);
KIWI_SIZE_IS(struct kiwi_sighting, 32);
KIWI_SIZE_IS(struct kiwi_call, 128);
KIWI_SIZE_IS(struct kiwi_misuse, 80);
KIWI_SIZE_IS(struct kiwi_held, 32);
KIWI_SIZE_IS(struct kiwi_cond, 64);
KIWI_SIZE_IS(struct kiwi_wait_site, 32);
KIWI_SIZE_IS(struct kiwi_contention, 216);
KIWI_SIZE_IS(struct kiwi_histogram, 144);
KIWI_SIZE_IS(struct kiwi_charge, 128);
KIWI_SIZE_IS(struct kiwi_loop, 288);
KIWI_SIZE_IS(struct kiwi_tick, 128);
KIWI_SIZE_IS(struct kiwi_stall, 80);
KIWI_SIZE_IS(struct kiwi_heap_site, 256);
KIWI_SIZE_IS(struct kiwi_cache_entry, 32);
KIWI_SIZE_IS(struct kiwi_event, 32);
KIWI_SIZE_IS(struct kiwi_slot, 8192);
KIWI_SIZE_IS(struct kiwi_descriptor, 80);
KIWI_SIZE_IS(struct kiwi_peer, 184);
KIWI_SIZE_IS(struct kiwi_failure, 272);
_Static_assert(offsetof(struct kiwi_header, byte_order) == 12, "a foreign reader must find the byte order");
_Static_assert(offsetof(struct kiwi_header, tables) % 8 == 0, "tables are 8-aligned");
#endif
