#include "scope.h"

#include "../base/clock.h"
#include "heap_path.h"
#include "histogram.h"
#include "loop.h"

#include <string.h>

static void innermost_set(struct thread *t)
{
    uint32_t depth = t->scope_depth < THREAD_SCOPES ? t->scope_depth : THREAD_SCOPES;
    t->scope = depth ? t->scopes[depth - 1].row : 0;
}

void scope_begin(struct thread *t, const char *name)
{
    if (t->scope_depth++ >= THREAD_SCOPES)
        return;
    struct thread_scope *s = &t->scopes[t->scope_depth - 1];
    if (s->name != name) {
        s->name = name;
        s->row = loop_named(t, KIWI_LOOP_SCOPE, name, 0);
    }
    innermost_set(t);
    heap_path_begin(t, &s->heap, 1 + t->scope_depth);
    s->begin = clock_ticks();
}

static void scope_count(struct thread *t, const struct thread_scope *s, uint64_t now)
{
    struct kiwi_loop *row = region_loop(s->row);
    uint64_t ticks = now - s->begin;
    if (!s->row)
        return;
    if (RELAXED_LOAD(&row->thread) == t->row && t->row) {
        RELAXED_STORE(&row->count, row->count + 1);
        RELAXED_STORE(&row->total_ticks, row->total_ticks + ticks);
    } else {
        RELAXED_ADD(&row->count, 1);
        RELAXED_ADD(&row->total_ticks, ticks);
    }
    if (ticks > RELAXED_LOAD(&row->max_ticks))
        relaxed_max(&row->max_ticks, ticks);
    RELAXED_STORE(&row->last_ticks, now);
    histogram_add(s->row, KIWI_HISTOGRAM_TICK, ticks);
    heap_path_end(t, &s->heap, &(struct heap_piece){s->row, row->thread != 0, ticks, NULL});
}

/* The two may be different literals with the same text. */
static bool same_name(const char *a, const char *b)
{
    return a == b || strcmp(a, b) == 0;
}

void scope_end(struct thread *t, const char *name)
{
    uint64_t now = clock_ticks();
    if (t->scope_depth > THREAD_SCOPES) {
        t->scope_depth--; /* one that found no room; ends come in the order of begins there, or are lost */
        return;
    }
    for (uint32_t i = t->scope_depth; i-- > 0;) {
        if (!same_name(t->scopes[i].name, name))
            continue;
        t->scope_depth = i;
        scope_count(t, &t->scopes[i], now);
        heap_path_leave(t, 2 + i);
        break;
    }
    innermost_set(t);
}
