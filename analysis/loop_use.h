/*
 * loop_use.h - the event loops of a trace: the threads of one class that wait for events at one place are one.
 *
 *     struct loop_uses *u = loop_uses_open(m);
 *     for (uint32_t i = 0; i < u->count; i++)
 *         use(&u->items[i]);
 *     loop_uses_close(u);
 *
 * What is a loop to the recorder need not be an event loop: a client that waits for its answer with poll returns to
 * one place, too. loop_use_serves tells. Times are in ticks of the clock.
 */
#ifndef KIWI_LOOP_USE_H
#define KIWI_LOOP_USE_H

#include "durations.h"
#include "model.h"

struct loop_use {
    uint32_t index; /* in items as opened */
    uint32_t stack, thread_class;
    uint32_t first, members;      /* rows[first ...] */
    const struct kiwi_loop *main; /* the member with most ticks */
    uint32_t thread;              /* row of its thread, 0 = several, or gone */
    uint64_t count, served, events, ready, total, max, budget, over, over_total;
    uint64_t computing, computing_served, computing_total, computing_max, crowded, blocked;
    uint64_t first_ticks, last_ticks, lived; /* lived: between a member's first and last tick, in all */
    uint32_t sources;                        /* different events of one member, at most KIWI_LOOP_SOURCES */
    uint64_t heap_ticks, heap_calls, heap_bytes, heap_max; /* as in kiwi_loop */
    uint32_t serves;                                       /* KIWI_LOOP_* bits */
    uint64_t others;                                       /* returns with another event than its commonest */
};

struct loop_uses {
    struct model *m;
    struct loop_use *items;
    uint32_t count;
    uint32_t *rows;   /* LOOPS rows, those of one use side by side */
    uint32_t *of_row; /* by LOOPS row: 1 + index into items, 0 = none */
    uint32_t row_count;
    struct durations *durations;
};

struct loop_uses *loop_uses_open(struct model *m); /* NULL when out of memory */
/* The scopes of a trace (kiwi.h) instead, by name and class of threads; what has to do with events is 0. */
struct loop_uses *loop_uses_open_scopes(struct model *m);
void loop_uses_close(struct loop_uses *u);

/* How many kinds of events it serves. */
enum loop_serves {
    LOOP_SERVES_CLIENT, /* a thread that works for one connection, which keeps nobody else waiting */
    LOOP_SERVES_ONE,    /* a thread that waits for input, or for its next job */
    LOOP_SERVES_TWO,    /* a loop, or two ends of which one is waited for */
    LOOP_SERVES_MANY,   /* an event loop */
};
enum loop_serves loop_use_serves(const struct loop_use *use);

/* The duration that so many of a hundred ticks stayed below; 0 if there are none. */
uint64_t loop_use_quantile(const struct loop_uses *u, const struct loop_use *use, unsigned percent);
/* How many ticks are in another histogram of it. */
uint64_t loop_use_count_of(const struct loop_uses *u, const struct loop_use *use, enum kiwi_histogram_kind kind);
/* The same of another histogram of its ticks: 0 if it is empty. */
uint64_t loop_use_quantile_of(const struct loop_uses *u, const struct loop_use *use, enum kiwi_histogram_kind kind,
                              unsigned percent);
/* Not all of its ticks were looked at, maybe: those that the program tells of, and scopes, are. */
bool loop_use_is_sampled(const struct loop_use *use);
/* Allocations in those of its ticks that were looked at, as many as each of these stands for: what the figures by call
 * path are parts of. Not that of all ticks where few make most of them, and one of these is looked at or not. */
uint64_t loop_use_heap_looked(const struct loop_uses *u, const struct loop_use *use);
/* At least so many ticks that allocate were looked at. */
uint64_t loop_use_heap_samples(const struct loop_use *use);
/* "Half of 5000 ticks took up to 12 us, the longest 1.2 ms." */
const char *loop_use_durations(const struct loop_uses *u, const struct loop_use *use, char *text, size_t size);
const char *loop_use_wait(const struct loop_use *use); /* what it waits in: "epoll_wait" */
/* "the epoll_wait loop at run_loop server.c:12" */
const char *loop_use_text(const struct loop_uses *u, const struct loop_use *use, char *text, size_t size);
#endif
