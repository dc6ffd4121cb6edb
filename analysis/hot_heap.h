/*
 * hot_heap.h - what the ticks of loops, or the scopes, of a trace allocate, by call path.
 *
 *     struct hot_heap *h = hot_heap_open(uses);
 *     const struct hot_path *p = hot_heap_paths(h, use, &count);      // most allocations first
 *     hot_heap_close(h);
 *
 * Figures of one tick are over the ticks that allocate at all (loop_use.heap_ticks); scopes are ticks here.
 */
#ifndef KIWI_HOT_HEAP_H
#define KIWI_HOT_HEAP_H

#include "loop_use.h"

#define HOT_ALLOCATION_NS 50.0 /* taken for an allocation and its free, in a busy allocator */

struct hot_path {
    uint32_t use; /* index of the loop_use */
    uint32_t stack;
    uint64_t calls, bytes, ticks, max; /* max: of one tick */
    uint64_t first_ticks, last_ticks;
    uint64_t grown, grown_first, grown_back, grown_little, moved, grown_bytes, grown_max; /* as in kiwi_heap_path */
};

struct hot_heap;
struct hot_heap *hot_heap_open(const struct loop_uses *u); /* NULL when out of memory */
void hot_heap_close(struct hot_heap *h);
/* Those of one loop: the address of the first, and how many. */
const struct hot_path *hot_heap_paths(const struct hot_heap *h, const struct loop_use *use, uint32_t *count);

#define HOT_TIMED 10u       /* ticks whose heap calls were timed, or it is not measured */
#define HOT_OUTSIDE 4.0     /* cold memory costs up to so many times what is spent in the calls, these included */
#define HOT_NOT_MEASURED -1 /* not 0: so little may have been measured */

/* Part of the time of the median tick that allocates: in heap calls, as measured. */
double hot_heap_measured(const struct loop_uses *u, const struct loop_use *use);
/* The same, or what its allocations cost by HOT_ALLOCATION_NS if that is more: most of the cost of cold memory lies
 * outside of the calls. But where these were measured, no more than HOT_OUTSIDE times that. */
double hot_heap_share(const struct loop_uses *u, const struct loop_use *use);
#endif
