#include "loop.h"

#include "../base/clock.h"
#include "../base/sys.h"
#include "heap_path.h"
#include "histogram.h"
#include "tick.h"
#include "watch.h"

#include <string.h>

#define BUDGET_NS 50000000u /* where nobody has set one */
#define COMPUTING_SHARE 5u  /* computing: but for this part of it, a whole budget on the processor */
#define CROWD 8u            /* events in one tick, each taking less than ... */
#define CROWD_SHARE 10u     /* ... this part of the budget */
#define READINGS 16u        /* of the processor time in a span of one budget, at most */
#define STALL_SHARE 3u      /* part of an overlong tick for which a wait is to blame */

#define NAME_MAX_BYTES 63u

struct loop_key {
    uint32_t kind, stack, thread, serial, thread_class, call_kind;
    const char *name;
};

static bool loop_same(uint32_t row, const void *key)
{
    const struct loop_key *k = key;
    const struct kiwi_loop *l = region_loop(row);
    return l->kind == k->kind && (k->name || l->stack == k->stack) && l->name_address == (uintptr_t)k->name &&
           l->thread == k->thread && l->serial == k->serial && l->thread_class == k->thread_class;
}

static uint32_t loop_make(const void *key)
{
    const struct loop_key *k = key;
    uint32_t row = region_claim(KIWI_TABLE_LOOPS, 1);
    if (!row)
        return 0;
    struct kiwi_loop *l = region_loop(row);
    l->kind = k->kind;
    l->stack = k->stack;
    l->thread = k->thread;
    l->serial = k->serial;
    l->thread_class = k->thread_class;
    l->call_kind = k->call_kind;
    l->budget_ns = record_settings.tick_budget_ns ? record_settings.tick_budget_ns : BUDGET_NS;
    l->first_ticks = clock_ticks();
    l->name_address = (uintptr_t)k->name;
    l->name = k->name ? region_string(k->name, strnlen(k->name, NAME_MAX_BYTES)) : 0;
    if (k->kind == KIWI_LOOP_SCOPE)
        return row;
    uint32_t worst = region_claim(KIWI_TABLE_TICKS, KIWI_LOOP_WORST);
    for (uint32_t i = 0; worst && i < KIWI_LOOP_WORST; i++) {
        region_tick(worst + i)->loop = row;
        region_publish(&region_tick(worst + i)->state, KIWI_ROW_LIVE);
    }
    l->worst = worst;
    return row;
}

static void loop_publish(uint32_t row)
{
    region_publish(&region_loop(row)->state, KIWI_ROW_LIVE);
}

/* By thread while there is plenty of room, so that no other thread writes to the row. */
static uint32_t loop_get(const struct thread *t, struct loop_key *key)
{
    static const struct index_ops ops = {loop_same, loop_make, loop_publish};
    const struct kiwi_table *table = &region.header->tables[KIWI_TABLE_LOOPS];
    key->thread_class = t->thread_class;
    if (RELAXED_LOAD(&table->used) <= table->capacity / 2) {
        key->thread = t->row;
        key->serial = t->serial;
    }
    uint64_t place = key->name ? (uintptr_t)key->name : key->stack;
    return index_get(&memory.loops,
                     hash_mix((place << 8 | key->kind) ^ hash_mix((uint64_t)key->thread << 32 | key->serial)) ^
                             hash_mix(key->thread_class),
                     &ops, key);
}

static void loop_take_row(struct thread_loop *l, uint32_t row)
{
    l->row = row;
    memset(l->histograms, 0, sizeof l->histograms);
    memset(l->exponents, 0xff, sizeof l->exponents); /* THREAD_LOOP_NO_ROW */
    l->heap_calls = l->heap_bytes = l->heap_ticks = (struct histogram_near){0};
    l->floor = l->quick = 0;
    l->own = row && region_loop(row)->thread;
    l->budget = row ? clock_ns_to_ticks(region_loop(row)->budget_ns) : 0;
    l->reading_gap = l->budget / READINGS;
}

/* The place has become the thread's loop. */
static COLD void loop_found(struct thread *t, uint32_t call)
{
    struct loop_key key = {.kind = KIWI_LOOP_FOUND, .stack = t->loop.stack};
    key.call_kind = call ? region_call(call)->kind : 0;
    loop_take_row(&t->loop, loop_get(t, &key));
    t->loop.returns = 0; /* without a row: to be tried again */
}

uint32_t loop_named(struct thread *t, enum kiwi_loop_kind kind, const char *name, uint32_t stack)
{
    struct loop_key key = {.kind = kind, .name = name, .stack = stack};
    return loop_get(t, &key);
}

/* A row of one thread needs no atomic addition. */
static ALWAYS_INLINE void add(const struct thread_loop *l, uint64_t *counter, uint64_t n)
{
    if (likely(l->own))
        RELAXED_STORE(counter, *counter + n);
    else
        RELAXED_ADD(counter, n);
}

/* Sites. */

#define SITE_FRAMES 2u

static bool same_site(uint32_t a, uint32_t b)
{
    const struct kiwi_stack *x = region_stack(a), *y = region_stack(b);
    if (!a || !b || x->depth < SITE_FRAMES || y->depth < SITE_FRAMES)
        return false;
    return memcmp(region_frames(x->first), region_frames(y->first), SITE_FRAMES * sizeof(uint64_t)) == 0;
}

static bool is_own_site(const struct thread_loop *l, uint32_t stack)
{
    return stack == l->stack || same_site(stack, l->stack);
}

static bool is_deeper(const struct thread_loop *l, uint32_t stack)
{
    return stack && region_stack(stack)->depth > l->depth;
}

static COLD void site_take(struct thread *t, uint32_t stack, uint32_t returns)
{
    tick_leave(t);
    t->loop = (struct thread_loop){.stack = stack, .depth = stack ? region_stack(stack)->depth : 0, .returns = returns};
}

/* A wait that is not the loop's own has ended. */
static COLD void waited_elsewhere(struct thread *t, const struct loop_return *r)
{
    struct thread_loop *l = &t->loop;
    if (r->flags & KIWI_CALLF_NONBLOCKING)
        return;
    if (r->stack != l->other) {
        l->other = r->stack;
        l->other_returns = 0;
    }
    l->other_returns++;
    if (l->other_returns >= (!l->row ? 1 : is_deeper(l, r->stack) ? LOOP_LOST : LOOP_RETURNS))
        site_take(t, r->stack, l->other_returns);
}

/* What the loop waited for. */

struct stall_key {
    uint32_t loop, kind, row;
};

static bool stall_same(uint32_t row, const void *key)
{
    const struct stall_key *k = key;
    const struct kiwi_stall *s = region_stall(row);
    return s->loop == k->loop && s->kind == k->kind && s->row == k->row;
}

static uint32_t stall_make(const void *key)
{
    const struct stall_key *k = key;
    uint32_t row = region_claim(KIWI_TABLE_STALLS, 1);
    if (!row)
        return 0;
    struct kiwi_stall *s = region_stall(row);
    s->loop = k->loop;
    s->kind = k->kind;
    s->row = k->row;
    s->first_ticks = clock_ticks();
    return row;
}

static void stall_publish(uint32_t row)
{
    region_publish(&region_stall(row)->state, KIWI_ROW_LIVE);
}

static uint32_t stall_enter(struct thread *t, const struct kiwi_tick_part *p, uint64_t tick, uint64_t now)
{
    static const struct index_ops ops = {stall_same, stall_make, stall_publish};
    struct stall_key key = {t->loop.row, p->kind, p->row};
    uint64_t h = hash_mix(((uint64_t)key.loop << 32 | key.row) ^ (uint64_t)key.kind << 60);
    uint32_t row = index_get(&memory.stalls, h, &ops, &key);
    if (!row)
        return 0;
    struct kiwi_stall *s = region_stall(row);
    RELAXED_ADD(&s->ticks_hit, 1);
    RELAXED_ADD(&s->wait_ticks, p->ticks);
    relaxed_max(&s->max_ticks, p->ticks);
    if (tick > t->loop.budget && p->ticks >= tick / STALL_SHARE)
        RELAXED_ADD(&s->over, 1);
    RELAXED_STORE(&s->last_ticks, now);
    RELAXED_STORE(&s->thread, t->row);
    RELAXED_STORE(&s->serial, t->serial);
    return row;
}

/* The wait that is about to begin is for all whom this tick has kept waiting. Who waits for but one descriptor at a
 * time, if for another one each time, is a worker that serves a connection, and keeps nobody else waiting. */
static COLD void serves_note(struct thread *t)
{
    struct kiwi_loop *row = region_loop(t->loop.row);
    uint32_t known = RELAXED_LOAD(&row->serves), serves = 0;
    if (row->kind != KIWI_LOOP_FOUND || !t->slot->call_kind)
        return;
    if (!(known & KIWI_LOOP_SEVERAL))
        serves = watch_serves(row->call_kind, t->slot->call_object, t->loop.sources[0]);
    if (!(known & KIWI_LOOP_SHARED) && watch_is_shared(row->call_kind, t->slot->call_object))
        serves |= KIWI_LOOP_SHARED;
    if (watch_is_covered(t, row->call_kind, t->slot->call_object))
        t->loop.stall_count = 0; /* what is there at once now has just come */
    if (serves & ~known)
        __atomic_fetch_or(&row->serves, serves, __ATOMIC_RELAXED);
}

/* Into the tables only when the tick ends: the last one of a thread, in which it shuts down, does not. */
static COLD void stalls_enter(struct thread *t, uint64_t tick, uint64_t now)
{
    struct thread_loop *l = &t->loop;
    for (uint32_t i = 0; i < l->part_count; i++) {
        uint32_t row = stall_enter(t, &l->parts[i], tick, now);
        if (row)
            l->stalls[l->stall_count++] = row;
    }
}

void loop_stalled(struct thread *t, enum kiwi_stall_kind kind, uint32_t row, uint64_t ticks)
{
    struct thread_loop *l = &t->loop;
    struct kiwi_tick_part *least = &l->parts[0];
    *(kind == KIWI_STALL_LOCK ? &l->locked : &l->blocked) += ticks;
    for (uint32_t i = 0; i < l->part_count; i++) {
        struct kiwi_tick_part *p = &l->parts[i];
        if (p->kind == (uint32_t)kind && p->row == row) {
            p->ticks += ticks;
            return;
        }
        if (p->ticks < least->ticks)
            least = p;
    }
    if (l->part_count < THREAD_LOOP_PARTS)
        least = &l->parts[l->part_count++];
    else if (least->ticks >= ticks)
        return;
    *least = (struct kiwi_tick_part){kind, row, ticks};
}

/* Ticks. */

static uint64_t cpu_now(void)
{
    return region.frozen ? 0 : sys_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static COLD void cpu_read(struct thread_loop *l, uint64_t now)
{
    l->cpu_ns = cpu_now();
    l->cpu_ticks = now;
}

/* At least so much of the tick was spent on the processor. */
static uint64_t cpu_in_tick(const struct thread_loop *l)
{
    uint64_t now = cpu_now(), before = l->begin - l->cpu_ticks;
    if (!now || !l->cpu_ns)
        return KIWI_TICK_UNKNOWN;
    uint64_t used = clock_ns_to_ticks(now - l->cpu_ns);
    return used > before ? used - before : 0;
}

static void part_keep(struct kiwi_tick *w, const struct kiwi_tick_part *p)
{
    struct kiwi_tick_part *least = &w->parts[0];
    for (uint32_t i = 1; i < KIWI_TICK_PARTS; i++)
        if (w->parts[i].ticks < least->ticks)
            least = &w->parts[i];
    if (p->ticks > least->ticks)
        *least = *p;
}

/* Takes the place of the shortest one that is kept. Several threads of a class may do so at once: then one is lost. */
static COLD void worst_keep(struct thread *t, uint64_t ticks, uint64_t cpu)
{
    struct thread_loop *l = &t->loop;
    uint32_t first = region_loop(l->row)->worst, least = first;
    l->floor = UINT64_MAX;
    if (!first)
        return;
    for (uint32_t i = first; i < first + KIWI_LOOP_WORST; i++)
        if (RELAXED_LOAD(&region_tick(i)->ticks) < RELAXED_LOAD(&region_tick(least)->ticks))
            least = i;
    struct kiwi_tick *w = region_tick(least);
    RELAXED_STORE(&w->begin_ticks, 0);
    COMPILER_BARRIER(); /* a reader skips a row without a beginning */
    w->ticks = ticks;
    w->cpu_ticks = cpu;
    w->blocked_ticks = l->blocked;
    w->lock_ticks = l->locked;
    w->heap_calls = t->heap_calls - l->heap.calls;
    w->events = l->events;
    w->thread = t->row;
    w->serial = t->serial;
    memset(w->parts, 0, sizeof w->parts);
    for (uint32_t i = 0; i < l->part_count; i++)
        part_keep(w, &l->parts[i]);
    COMPILER_BARRIER();
    RELAXED_STORE(&w->begin_ticks, l->begin);
    for (uint32_t i = first; i < first + KIWI_LOOP_WORST; i++)
        if (RELAXED_LOAD(&region_tick(i)->ticks) < l->floor)
            l->floor = RELAXED_LOAD(&region_tick(i)->ticks);
    if (l->own && !l->name)
        l->quick = l->floor < l->budget ? l->floor : l->budget;
}

static COLD uint64_t over_budget(struct thread *t, struct kiwi_loop *row, uint64_t ticks)
{
    struct thread_loop *l = &t->loop;
    uint64_t cpu = cpu_in_tick(l);
    add(l, &row->over, 1);
    add(l, &row->over_ticks, ticks);
    if (l->blocked + l->locked >= ticks / 2) {
        add(l, &row->blocked, 1);
    } else if (cpu != KIWI_TICK_UNKNOWN && cpu >= l->budget - l->budget / COMPUTING_SHARE) {
        if (l->events >= CROWD && cpu / l->events < l->budget / CROWD_SHARE) {
            add(l, &row->crowded, 1);
            return cpu;
        }
        add(l, &row->computing, 1);
        add(l, &row->computing_served, l->events ? 1 : 0);
        add(l, &row->computing_ticks, cpu);
        relaxed_max(&row->computing_max_ticks, cpu);
    }
    return cpu;
}

NOINLINE void loop_source(struct kiwi_loop *row, uint64_t id)
{
    struct kiwi_loop_source *least = &row->sources[0];
    for (uint32_t i = 0; i < KIWI_LOOP_SOURCES; i++) {
        struct kiwi_loop_source *s = &row->sources[i];
        if (RELAXED_LOAD(&s->count) && RELAXED_LOAD(&s->id) == id) {
            RELAXED_ADD(&s->count, 1);
            return;
        }
        if (RELAXED_LOAD(&s->count) < RELAXED_LOAD(&least->count))
            least = s;
    }
    RELAXED_STORE(&least->id, id);
    RELAXED_ADD(&least->count, 1);
}

static ALWAYS_INLINE void source_count(const struct thread_loop *l, struct kiwi_loop *row, uint64_t id)
{
    if (likely(row->sources[0].id == id && row->sources[0].count))
        add(l, &row->sources[0].count, 1);
    else
        loop_source(row, id);
}

static void events_count(const struct thread_loop *l, struct kiwi_loop *row)
{
    add(l, &row->served, 1);
    add(l, &row->events, l->events);
    source_count(l, row, l->sources[0]);
    if (l->events > 1 && l->sources[1] != l->sources[0])
        source_count(l, row, l->sources[1]);
}

static COLD uint32_t histogram_found(struct thread_loop *l, uint32_t exponent)
{
    uint32_t row = histogram_row(l->row, KIWI_HISTOGRAM_TICK, exponent);
    l->histograms[exponent % THREAD_LOOP_HISTOGRAMS] = row;
    l->exponents[exponent % THREAD_LOOP_HISTOGRAMS] = row ? exponent : THREAD_LOOP_NO_ROW;
    return row;
}

static ALWAYS_INLINE void duration_count(struct thread_loop *l, uint64_t ticks)
{
    uint32_t exponent = histogram_exponent(ticks), row = l->histograms[exponent % THREAD_LOOP_HISTOGRAMS];
    if (unlikely(!row || l->exponents[exponent % THREAD_LOOP_HISTOGRAMS] != exponent) &&
        !(row = histogram_found(l, exponent)))
        return;
    uint32_t *count = &region_histogram(row)->counts[histogram_bucket(ticks, exponent)];
    if (likely(l->own))
        RELAXED_STORE(count, *count + (*count != UINT32_MAX));
    else
        RELAXED_ADD(count, 1);
}

static void tick_end(struct thread *t, uint64_t now)
{
    struct thread_loop *l = &t->loop;
    struct kiwi_loop *row = region_loop(l->row);
    uint64_t ticks = now - l->begin, cpu = KIWI_TICK_UNKNOWN;
    tick_leave(t);
    if (l->heap.timed)
        heap_path_leave(t, HEAP_PATH_TICK);
    l->stall_count = 0;
    add(l, &row->count, 1);
    add(l, &row->total_ticks, ticks);
    if (ticks > RELAXED_LOAD(&row->max_ticks))
        relaxed_max(&row->max_ticks, ticks);
    RELAXED_STORE(&row->last_ticks, now);
    if (l->events)
        events_count(l, row);
    duration_count(l, ticks);
    if (t->heap_calls != l->heap.calls)
        heap_path_end(t, &l->heap, &(struct heap_piece){l->row, l->own, ticks, l});
    if (unlikely(ticks > l->budget))
        cpu = over_budget(t, row, ticks);
    if (unlikely(l->part_count))
        stalls_enter(t, ticks, now);
    if (unlikely(ticks > l->budget || l->part_count))
        serves_note(t);
    if (unlikely(ticks > l->floor))
        worst_keep(t, ticks, cpu);
}

/* What has run since the wait was no tick. */
static COLD void tick_drop(struct thread *t)
{
    tick_leave(t);
    if (t->loop.heap.timed)
        heap_path_leave(t, HEAP_PATH_TICK);
    t->loop.stall_count = 0;
}

static void tick_begin(struct thread *t, const struct loop_return *r)
{
    struct thread_loop *l = &t->loop;
    l->begin = r->now ? r->now : clock_ticks();
    tick_enter(t, l->row, l->begin);
    l->events = r->events;
    l->sources[0] = r->sources[0];
    l->sources[1] = r->sources[1];
    heap_path_begin(t, &l->heap, HEAP_PATH_TICK);
    l->blocked = l->locked = 0;
    l->part_count = 0;
    if (unlikely(l->begin - l->cpu_ticks > l->reading_gap))
        cpu_read(l, l->begin);
    if (r->events && r->waited < clock_state.waited_ticks) {
        add(l, &region_loop(l->row)->ready, 1);
        for (uint32_t i = 0; i < l->stall_count; i++)
            RELAXED_ADD(&region_stall(l->stalls[i])->kept, 1);
    }
    l->stall_count = 0;
}

void loop_wait_begins(struct thread *t, uint32_t stack, uint32_t flags, uint64_t now)
{
    if (unlikely(t->loop.name != NULL))
        return;
    if (likely(stack == t->loop.stack) || same_site(stack, t->loop.stack)) {
        if (unlikely(t->loop.anew == t->loop.begin))
            tick_drop(t);
        else
            tick_end(t, now);
    } else if (!(flags & KIWI_CALLF_NONBLOCKING) && !is_deeper(&t->loop, stack))
        tick_leave(t); /* the loop was left */
}

void loop_wait_ends(struct thread *t, const struct loop_return *r)
{
    struct thread_loop *l = &t->loop;
    if (unlikely(!r->stack || l->name))
        return;
    if (unlikely(!is_own_site(l, r->stack))) {
        waited_elsewhere(t, r);
        return;
    }
    l->other_returns = 0;
    if (unlikely(!l->row)) {
        if (++l->returns >= LOOP_RETURNS)
            loop_found(t, r->call);
        if (!l->row)
            return;
    }
    tick_begin(t, r);
}

void loop_said(struct thread *t, const char *name, uint32_t stack)
{
    struct thread_loop *l = &t->loop;
    if (l->name != name) {
        tick_leave(t);
        *l = (struct thread_loop){.name = name};
        loop_take_row(l, loop_named(t, KIWI_LOOP_SAID, name, stack));
    }
    if (l->row)
        tick_begin(t, &(struct loop_return){.now = clock_ticks()});
}

void loop_said_end(struct thread *t)
{
    if (t->loop.name && t->tick_loop)
        tick_end(t, clock_ticks());
}
