/* misuse.h - rows for misuse that was seen while it happened. */
#ifndef KIWI_TRACE_MISUSE_H
#define KIWI_TRACE_MISUSE_H

#include "header.h"

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
    X(35, USE_AFTER_FREE, "use-after-free")   /* its contents changed after `other` freed it, at `stack` */            \
    X(40, FREE_MARKED, "double-free")         /* glibc's books say that it is free; if the call did not return */      \
    X(41, FREE_UNLIKE, "invalid-free")        /* not such as glibc's blocks are; likewise */

enum kiwi_misuse_kind {
#define X(id, name, finding) KIWI_MISUSE_##name = id,
    KIWI_MISUSES(X)
#undef X
};
#define KIWI_MISUSE_WENT_ON 1u /* FORK_HELD: the child used the heap, or ended by exit() */
/* Flags of misuse of the heap: how the block was freed, and how it was allocated (enum kiwi_heap_form); INVALID_FREE:
 * what the address is; DOUBLE_FREE: whether the second free was made (PASSED), and that realloc did the first
 * (MOVED). FREE_MARKED: what tells, the mark (0), the header of what lies behind the block (BEHIND), or that no memory
 * is there (UNMAPPED). FREE_UNLIKE: an address that is no multiple of 16 (0), on the stack (ON_STACK), in a module's
 * data (STATIC), or the header in front of it is none (HEADER). */
#define KIWI_MISUSE_FREED_BY(flags) ((flags)&15u)
#define KIWI_MISUSE_MADE_BY(flags) ((flags) >> 4 & 15u)
#define KIWI_MISUSE_PLACE(flags) ((enum kiwi_free_place)((flags) >> 8 & 15u))
enum kiwi_free_place {
    KIWI_FREE_IN_BLOCK = 0,
    KIWI_FREE_ON_STACK = 1,
    KIWI_FREE_STATIC = 2,
    KIWI_FREE_PASSED = 3,
    KIWI_FREE_MOVED = 4,
    KIWI_FREE_BEHIND = 5,
    KIWI_FREE_UNMAPPED = 6,
    KIWI_FREE_HEADER = 7
};
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
     * INVALID_FREE: how far into it the address lies; FREE_MARKED, FREE_UNLIKE: 0. */
    uint32_t result;
    uint64_t count; /* atomic */
    uint64_t first_ticks, last_ticks;
    uint32_t other_stack; /* where the other took it (or destroyed it, by kind); 0 = other_row tells, or unknown */
    uint32_t other_name;  /* string: the other thread, where it has no row in this trace (after a fork); else 0 */
    uint32_t flags;       /* KIWI_MISUSE_*; atomic */
    uint32_t heap_site;   /* HEAP_SITES row of the block, 0 = none */
};

KIWI_SIZE_IS(struct kiwi_misuse, 80);
#endif
