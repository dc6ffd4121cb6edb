/*
 * heap_path.h - what ticks of event loops and scopes allocate: each allocation counted by call path, and the share of
 * the time that goes into the heap.
 *
 *     heap_path_begin(t, &mark, HEAP_PATH_TICK);      // see every allocation from here on
 *     ...
 *     if (heap_path_watches(t))
 *         heap_path_note(t, stack, size);             // an allocation in it
 *     heap_path_end(t, &mark, &piece);                // into the row and the histograms of the loop
 *
 * What is allocated outside of any costs nothing more: watching is a sampling point that is always reached. Where hot=
 * names functions, it is counted by call path as well, without a loop: which paths lead through them is found out when
 * the trace is read. A block belongs to the innermost scope, else to the tick. Of some ticks
 * and scopes, the heap calls are timed (heap_path_turn). The guard is set in all of these; times are in ticks.
 *
 * How much the ticks allocate in all, and the most that one does, is exact: the difference of two numbers. By call
 * path, and for the histograms, every allocation is
 * counted in scopes, in ticks that the program tells of, and in a loop's ticks until they have made
 * KIWI_HEAP_PATH_EXACT of them (and in the first HEAP_PATH_TIMED_OFTEN of the thread); then in one tick of
 * KIWI_HEAP_PATH_COUNTED, which stands for so many: a server whose ticks are a microsecond long and allocate a few
 * times would spend a tenth of its time on it.
 */
#ifndef KIWI_HEAP_PATH_H
#define KIWI_HEAP_PATH_H

#include "memory.h"

#define HEAP_PATH_TIMED 8u          /* the heap calls of one in so many are timed ... */
#define HEAP_PATH_TIMED_OFTEN 4096u /* ... of so many that the thread has begun, ... */
#define HEAP_PATH_TIMED_RARELY 64u  /* ... then of one in so many */
#define HEAP_PATH_CLOCKED 16u       /* outside of ticks and scopes: calls from one whose time is noted to the next */
#define HEAP_PATH_TICK 0u           /* place of a piece of work in thread.heap_timing; a scope's is 1 + its depth */

/* Reading the clock around each heap call costs as much as the call. pieces: ticks and scopes of the thread, this one
 * included. Both numbers are powers of two: every tick asks. */
/* One of each group, but not always its first: where two kinds of ticks come in turn, that would always be of one
 * kind. */
static inline uint32_t heap_path_phase(uint32_t pieces, uint32_t group)
{
    uint32_t spread = pieces / group * 0x9E3779B1u; /* the golden ratio: its upper bits come in no order */
    return pieces ^ spread >> 16;
}

static inline bool heap_path_turn(uint32_t pieces)
{
    uint32_t group = pieces < HEAP_PATH_TIMED_OFTEN ? HEAP_PATH_TIMED : HEAP_PATH_TIMED_RARELY;
    return !(heap_path_phase(pieces, group) & (group - 1));
}

/* How many ticks this one stands for where it is counted by call path; 0 = it is not looked at. All that are timed are:
 * the first ones, and then the phase is the same. */
static inline uint32_t heap_path_weight(const struct thread *t, uint32_t pieces)
{
    if (pieces < HEAP_PATH_TIMED_OFTEN || RELAXED_LOAD(&region_loop(t->loop.row)->heap_calls) < KIWI_HEAP_PATH_EXACT ||
        t->loop.name || record_settings.heap_hot || record_settings.heap == HEAP_EXACT)
        return 1;
    bool due = !(heap_path_phase(pieces, HEAP_PATH_TIMED_RARELY) & (KIWI_HEAP_PATH_COUNTED - 1));
    return due ? KIWI_HEAP_PATH_COUNTED : 0;
}

/* The next allocation of the thread is looked at, whatever the sampler has drawn. */
static inline void heap_look_at_next(struct thread *t)
{
    if (!t->heap_drawn)
        t->heap_drawn = t->heap_next;
    thread_heap_next(t, 0);
}

/* The LOOPS row to which an allocation belongs now, 0 = none. */
static inline uint32_t heap_path_piece(const struct thread *t)
{
    return t->scope ? t->scope : t->tick_loop;
}

/* In a scope, or in a tick that is looked at. */
static inline bool heap_path_in_piece(const struct thread *t)
{
    return (t->scope || (t->tick_loop && t->heap_weight)) && record_settings.heap >= HEAP_SAMPLE;
}

static inline bool heap_path_watches(const struct thread *t)
{
    return (record_settings.heap_hot && record_settings.heap >= HEAP_SAMPLE) || heap_path_in_piece(t);
}

void heap_path_begin(struct thread *t, struct heap_mark *mark, uint32_t place);

/* A tick or scope that has ended. */
struct heap_piece {
    uint32_t loop; /* LOOPS row */
    bool own;      /* no other thread writes to it */
    uint64_t ticks;
    struct thread_loop *of; /* a tick's; NULL = it is a scope */
};
void heap_path_end(struct thread *t, const struct heap_mark *mark, const struct heap_piece *piece);
/* Ends the timing of this place and all deeper ones. */
void heap_path_leave(struct thread *t, uint32_t place);

/* A timed heap call, which began then, has ended. */
void heap_path_spent(struct thread *t, uint64_t since);
/* An allocation at a stack; realloc counts as one. */
void heap_path_note(struct thread *t, uint32_t stack, size_t size);
/* realloc at a stack made a block of `old` bytes larger. Outside of ticks and scopes: a followed one, into a row of no
 * loop. */
void heap_path_grown(struct thread *t, uint32_t stack, size_t old, size_t size, bool moved);
#endif
