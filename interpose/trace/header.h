/* header.h - the beginning of a trace: its tables, what can be lost, clock, and how the recording ended. */
#ifndef KIWI_TRACE_HEADER_H
#define KIWI_TRACE_HEADER_H

#include <stddef.h>
#include <stdint.h>

/* The layout is the contract: a compiler or a careless edit must not move it. */
#define KIWI_SIZE_IS(type, size) _Static_assert(sizeof(type) == (size), #type " is part of the file format")

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
    X(27, SHUTDOWNS, struct kiwi_shutdown)                                                                             \
    X(28, HEAP_SITES, struct kiwi_heap_site)                                                                           \
    X(29, HEAP_PATHS, struct kiwi_heap_path)                                                                           \
    X(30, ALLOCATORS, struct kiwi_allocator)

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
    X(26, HEAP_SITES, "places that allocate")                                                                          \
    X(27, HEAP_PATHS, "what call paths allocate in ticks and scopes, and with `hot=`")                                 \
    X(29, SHUTDOWNS, "what was waited for after a signal to end")                                                      \
    X(30, ALLOCATORS, "what the allocator says of itself")

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

/* What can end a wait besides the threads that Kiwi knows of. */
enum kiwi_waker {
    KIWI_WAKER_HANDLER = 1, /* a signal handler was installed, other than for faults */
    KIWI_WAKER_THREAD =
            2, /* threads that no wrapper makes: the C library's that notify, by clone, or seen to be there */
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

/* Whether heap blocks to which nothing refers were looked for when the process exited. */
enum kiwi_leak_scan {
    KIWI_LEAK_SCAN_NONE = 0,    /* no: nothing qualified, or it did not exit that way */
    KIWI_LEAK_SCAN_DONE = 1,    /* yes: what it found stands in HEAP_SITES */
    KIWI_LEAK_SCAN_LATE = 2,    /* given up: it took too long */
    KIWI_LEAK_SCAN_LARGE = 3,   /* not begun: too much memory, or too many blocks */
    KIWI_LEAK_SCAN_REFUSED = 4, /* not possible: /proc cannot be read, or no memory */
};

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
    uint32_t leak_scan;       /* enum kiwi_leak_scan */
    uint32_t leak_scan_us;    /* time that it took, microseconds */
    uint32_t end_thread, end_serial; /* EXIT: who ended the process, 0 = not known */
    uint64_t shutdown_budget_ns;     /* shutdown-budget */
    uint64_t retry_gap_ns;           /* retry-gap */
    uint64_t hold_budget_ns;         /* hold-budget */
    uint32_t wakers;                 /* enum kiwi_waker; atomic */
    uint32_t reserved;
    uint64_t dropped[KIWI_DROP_LIMIT]; /* atomic, relaxed */
    struct kiwi_clock_pair clock[KIWI_CLOCK_PAIRS];
    struct kiwi_table tables[KIWI_TABLE_LIMIT]; /* index = id */
};

KIWI_SIZE_IS(struct kiwi_table, 40);
_Static_assert(offsetof(struct kiwi_header, byte_order) == 12, "a foreign reader must find the byte order");
_Static_assert(offsetof(struct kiwi_header, tables) % 8 == 0, "tables are 8-aligned");
#endif
