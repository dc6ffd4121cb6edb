/*
 * hot_function.h - what the functions allocate that were named with hot= when the trace was recorded.
 *
 *     struct hot_functions *h = hot_functions_open(m);
 *     h->items[i].calls, hot_function_paths(h, &h->items[i])           // most allocations first
 *     hot_functions_close(h);
 *
 * An allocation counts for every named function on its call stack, whether it is in a tick, in a scope or in neither.
 * How often a function ran is not known, so there are totals and no figures of one run.
 */
#ifndef KIWI_HOT_FUNCTION_H
#define KIWI_HOT_FUNCTION_H

#include "model.h"

struct hot_function_path {
    uint32_t stack;
    uint64_t calls, bytes;
    uint64_t moments; /* ticks and scopes, or moments KIWI_HEAP_MOMENT_NS apart, in which it allocated */
};

struct hot_function {
    const char *pattern; /* as it was written */
    uint64_t calls, bytes;
    uint64_t first_ticks, last_ticks; /* 0 = there was none */
    uint32_t first, count;            /* of its paths */
};

struct hot_functions {
    struct model *m;
    char *text; /* the option, cut into its patterns */
    struct hot_function *items;
    uint32_t count;
    struct hot_function_path *paths;
};

struct hot_functions *hot_functions_open(struct model *m); /* NULL when out of memory */
void hot_functions_close(struct hot_functions *h);

static inline const struct hot_function_path *hot_function_paths(const struct hot_functions *h,
                                                                 const struct hot_function *f)
{
    return &h->paths[f->first];
}

/* Seconds from the first to the latest allocation; to some calls, or to a tick. */
double hot_function_span(const struct hot_functions *h, const struct hot_function *f);
#endif
