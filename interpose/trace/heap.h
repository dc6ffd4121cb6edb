/* heap.h - rows for the heap: what call paths allocate. */
#ifndef KIWI_TRACE_HEAP_H
#define KIWI_TRACE_HEAP_H

#include "header.h"

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
    uint64_t lost_blocks, lost_bytes;   /* at the exit nothing referred to them, see lost_samples; units, bytes */
    uint64_t first_ticks, last_ticks;
    uint64_t lives[KIWI_HEAP_LIVES]; /* of the freed ones, by lifetime; units */
    /* How far the estimates may be off: sums of w (w - 1) size^2 over the samples, w = what each stands for; in 1,024
     * square bytes. Of blocks: sums of w (w - 1), in units. Freed ones subtract exactly: made - freed is the variance
     * of what lives. */
    uint64_t made_variance, freed_variance;
    uint64_t made_blocks_variance, freed_blocks_variance;
    uint64_t unfollowed_blocks, unfollowed_bytes; /* no room to follow them: their end is not known; units, bytes */
    uint64_t peak_bytes;                          /* of what lived at one time, estimated */
    uint32_t free_thread, free_serial;            /* another thread that freed one, the latest */
    uint64_t others;                              /* allocated by other threads than the first; units */
    uint64_t lost_first_ticks, lost_last_ticks;   /* birth of the oldest and of the youngest lost block */
    uint32_t lost_samples;                        /* that lost_blocks come from */
    uint32_t lost_held;                           /* samples of any site that only these refer to; in lost_bytes too */
};

/*
 * What one call path allocates in the ticks of a loop, or in a scope: each allocation is counted until those in ticks
 * of the loop are KIWI_HEAP_PATH_EXACT, then those in one tick of KIWI_HEAP_PATH_COUNTED. Counters are atomic where the
 * loop's row has no thread. A block belongs to the innermost scope that is open, else to the tick. What is
 * allocated outside of any has rows without a loop: where hot= was given, calls and bytes, times (to some calls), and
 * instead of ticks, moments KIWI_HEAP_MOMENT_NS or more apart (the latest in in_last); and growth of followed blocks.
 */
#define KIWI_HEAP_PATH_EXACT 65536u
#define KIWI_HEAP_PATH_COUNTED 16u
#define KIWI_HEAP_SMALL_STEP 16u
#define KIWI_HEAP_MOMENT_NS 10000000u
struct kiwi_heap_path {
    uint32_t state;
    uint32_t loop; /* LOOPS row; 0 = outside of any: see above */
    uint32_t stack;
    uint32_t grown_back;              /* of those grown, blocks of less than a quarter of grown_last: another buffer */
    uint64_t calls, bytes;            /* allocations, realloc counted as one, and bytes asked for */
    uint64_t ticks;                   /* ticks, or scopes, in which there was one */
    uint64_t in_last, max;            /* allocations in the latest of these so far, and in one at most */
    uint64_t last_ticks, first_ticks; /* when the latest and the first of these began; the first is the next line's */
    uint64_t grown;                   /* of the calls: realloc of a block to a larger one, of which: */
    uint64_t grown_first;             /* to more than twice its size: a buffer that begins */
    uint64_t grown_little;            /* by less than 1/KIWI_HEAP_SMALL_STEP of its size */
    uint64_t moved;                   /* to another address */
    uint64_t grown_bytes;             /* sizes before */
    uint64_t grown_max;               /* largest size reached */
    uint64_t grown_last;              /* size before, of the latest */
};

/*
 * The allocator that serves malloc: one row, made when the recording begins. The figures are the allocator's own, taken
 * at most once a second and when the process exits; all of one moment, unless the trace is read while they are written.
 */
enum kiwi_allocator_unseen {
    KIWI_ALLOCATOR_SEEN = 0,       /* calls of malloc and free come to libkiwi.so first */
    KIWI_ALLOCATOR_EXECUTABLE = 1, /* the executable has a malloc of its own, which they go to */
    KIWI_ALLOCATOR_LIBRARY = 2,    /* a library stands before libkiwi.so: `first` */
};
enum kiwi_allocator_figures {
    KIWI_FIGURES_NONE = 0,    /* it is no jemalloc, or was not asked yet */
    KIWI_FIGURES_TAKEN = 1,   /* below */
    KIWI_FIGURES_REFUSED = 2, /* it has none (built without statistics), or failed to tell */
};
struct kiwi_allocator {
    uint32_t state;
    uint32_t unseen;  /* enum kiwi_allocator_unseen */
    uint32_t first;   /* string: path of the library that meets malloc before libkiwi.so, 0 = none */
    uint32_t serves;  /* string: path of the library that has the malloc behind libkiwi.so, 0 = not known */
    uint32_t figures; /* enum kiwi_allocator_figures; atomic */
    uint32_t looks;   /* how often they were taken */
    uint64_t last_ticks, cost_ticks;                                  /* the latest time; and how long all took */
    uint64_t allocated, active, metadata, resident, mapped, retained; /* bytes, then */
    uint64_t resident_max, allocated_then;                            /* most resident bytes, and allocated ones then */
    uint64_t reserved[3];
};

KIWI_SIZE_IS(struct kiwi_allocator, 128);
KIWI_SIZE_IS(struct kiwi_heap_site, 336);
KIWI_SIZE_IS(struct kiwi_heap_path, 128);
#endif
