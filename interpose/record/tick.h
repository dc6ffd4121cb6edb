/*
 * tick.h - the quick way for ticks of a found event loop: a tick that is neither among the longest nor over the budget,
 * and in which nothing waited, is only counted.
 *
 *     if (!tick_quick_end(t, stack, now))
 *         loop_wait_begins(t, stack, flags, now);       // the full way: loop.h
 *
 * thread_loop.quick says how long a tick may be for that: 0 unless the row is the thread's own, so that plain stores
 * do, and never longer than the longest tick so far. False means that nothing was done.
 */
#ifndef KIWI_TICK_H
#define KIWI_TICK_H

#include "../base/clock.h"
#include "call.h"
#include "heap_path.h"
#include "histogram.h"
#include "loop.h"

/* The thread is in no tick, for others to see, too. */
static ALWAYS_INLINE void tick_leave(struct thread *t)
{
    t->tick_loop = 0;
    RELAXED_STORE(&t->slot->tick_loop, 0);
}

static ALWAYS_INLINE void tick_enter(struct thread *t, uint32_t loop, uint64_t since)
{
    t->tick_loop = loop;
    t->slot->tick_since = since;
    COMPILER_BARRIER(); /* a reader that sees the loop sees since when */
    RELAXED_STORE(&t->slot->tick_loop, loop);
}

static ALWAYS_INLINE void tick_add(uint64_t *counter, uint64_t n)
{
    RELAXED_STORE(counter, *counter + n);
}

static ALWAYS_INLINE void tick_source(struct kiwi_loop *row, uint64_t id)
{
    for (uint32_t i = 0; i < KIWI_LOOP_SOURCES; i++)
        if (row->sources[i].id == id && row->sources[i].count) {
            tick_add(&row->sources[i].count, 1);
            return;
        }
    loop_source(row, id);
}

static ALWAYS_INLINE void tick_count(const struct thread_loop *l, struct kiwi_loop *row, uint64_t ticks, uint64_t now)
{
    tick_add(&row->count, 1);
    tick_add(&row->total_ticks, ticks);
    RELAXED_STORE(&row->last_ticks, now);
    if (unlikely(!l->events))
        return;
    tick_add(&row->served, 1);
    tick_add(&row->events, l->events);
    tick_source(row, l->sources[0]);
    if (l->events > 1 && l->sources[1] != l->sources[0])
        tick_source(row, l->sources[1]);
}

static ALWAYS_INLINE bool tick_quick_end(struct thread *t, uint32_t stack, uint64_t now)
{
    struct thread_loop *l = &t->loop;
    uint64_t ticks = now - l->begin;
    uint32_t exponent = histogram_exponent(ticks), at = exponent % THREAD_LOOP_HISTOGRAMS;
    if (unlikely(stack != l->stack || ticks > l->quick || l->part_count || l->exponents[at] != exponent ||
                 l->anew == l->begin))
        return false;
    tick_leave(t);
    if (unlikely(l->heap.timed))
        heap_path_leave(t, HEAP_PATH_TICK);
    l->stall_count = 0;
    tick_count(l, region_loop(l->row), ticks, now);
    uint32_t *count = &region_histogram(l->histograms[at])->counts[histogram_bucket(ticks, exponent)];
    RELAXED_STORE(count, *count + (*count != UINT32_MAX));
    if (t->heap_calls != l->heap.calls)
        heap_path_end(t, &l->heap, &(struct heap_piece){l->row, true, ticks, l});
    return true;
}

/* As heap_path_begin. Where nothing was allocated since the last tick began, its mark still holds. */
static ALWAYS_INLINE void tick_heap(struct thread *t)
{
    struct heap_mark *mark = &t->loop.heap;
    uint32_t pieces = t->heap_pieces + 1;
    if (unlikely(t->heap_calls != mark->calls || t->heap_timing || heap_path_turn(pieces) ||
                 heap_path_weight(t, pieces) != t->heap_weight)) {
        heap_path_begin(t, mark, HEAP_PATH_TICK);
        return;
    }
    t->heap_pieces = pieces;
    mark->timed = false;
}

/* waited: how long the wait took that has ended. */
static ALWAYS_INLINE bool tick_quick_begin(struct thread *t, uint32_t stack, const struct call_events *events,
                                           uint64_t now, uint64_t waited)
{
    struct thread_loop *l = &t->loop;
    if (unlikely(stack != l->stack || !l->quick || l->stall_count || now - l->cpu_ticks > l->reading_gap))
        return false;
    l->other_returns = 0;
    l->begin = now;
    tick_enter(t, l->row, now);
    l->events = events->count > 0 ? (uint32_t)events->count : 0;
    l->sources[0] = events->sources[0];
    l->sources[1] = events->sources[1];
    l->blocked = l->locked = 0;
    l->part_count = 0;
    tick_heap(t);
    if (events->count > 0 && waited < clock_state.waited_ticks)
        tick_add(&region_loop(l->row)->ready, 1);
    return true;
}
#endif
