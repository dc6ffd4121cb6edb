/*
 * heap_use.h - what the call paths of a trace allocate, and what of it lives, with how far the estimates may be off.
 *
 *     struct heap_uses *u = heap_uses_open(m);
 *     for (uint32_t i = 0; i < u->count; i++)
 *         use(&u->items[i]);
 *     heap_uses_close(u);
 *
 * Most recordings look at a sample of the allocations; with heap=exact they look at all, and every error is 0. Errors
 * are two standard deviations.
 */
#ifndef KIWI_HEAP_USE_H
#define KIWI_HEAP_USE_H

#include "model.h"

/* How far an estimate may be off: its variance as far as samples were met, and that of one sample. */
struct heap_spread {
    double variance, one;
};

struct heap_amount {
    double blocks, bytes;
    double blocks_error, bytes_error; /* what there was lies within so much of it, in 19 of 20 cases */
    struct heap_spread blocks_spread, bytes_spread;
};

struct heap_use {
    const struct kiwi_heap_site *site;
    uint32_t row;                  /* of HEAP_SITES */
    uint32_t paths;                /* that are put together in this one (heap_recursion.h) */
    struct heap_amount live, made; /* live: at the end of the recording */
    double freed_blocks, freed_bytes, peak_bytes, unfollowed_bytes;
    double elsewhere;     /* share of the freed blocks that another thread freed */
    double others;        /* share of the blocks that other threads than `thread` allocated */
    uint32_t thread;      /* row of who allocated here first, 0 = gone */
    uint32_t free_thread; /* row of another one that freed, 0 = none, or gone */
};

struct heap_uses {
    struct model *m;
    struct heap_use *items;
    struct kiwi_heap_site *sums; /* of paths that are put together; NULL = none are */
    uint32_t count;
    struct heap_amount live, made; /* of all together */
};

struct heap_uses *heap_uses_open(struct model *m); /* NULL when out of memory */
void heap_uses_close(struct heap_uses *u);
/* All of it but `row` and `paths`, from a row of the trace, or from a sum of rows, which has to live as long. */
void heap_use_fill(struct heap_use *use, const struct model *m, const struct kiwi_heap_site *s);

/* How long the freed blocks lived: so many of a hundred of them less than the returned ticks, and not less than a
 * quarter of that. 0 = none was freed, UINT64_MAX = longer than is told apart. */
uint64_t heap_use_lived(const struct heap_use *use, unsigned percent);
/* Every allocation was looked at. */
bool heap_uses_exact(const struct heap_uses *u);
#endif
