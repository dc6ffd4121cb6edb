/* thread.h - rows for threads: classes of them, each one, and what is known of before and after. */
#ifndef KIWI_TRACE_THREAD_H
#define KIWI_TRACE_THREAD_H

#include "header.h"

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
#define KIWI_THREAD_HANDED 32u /* so many signals have ordered it that later ones are not noted: see kiwi_segment */

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
    uint64_t heap_calls, cpu_ns;    /* allocations and processor time when it was last asked: both from its beginning */
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

KIWI_SIZE_IS(struct kiwi_thread_class, 256);
KIWI_SIZE_IS(struct kiwi_thread, 128);
KIWI_SIZE_IS(struct kiwi_segment, 16);
#endif
