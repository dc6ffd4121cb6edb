#include "heap_path.h"

#include "../base/clock.h"
#include "histogram.h"

struct path_key {
    uint32_t loop, stack;
};

static bool path_same(uint32_t row, const void *key)
{
    const struct path_key *k = key;
    const struct kiwi_heap_path *p = region_heap_path(row);
    return p->loop == k->loop && p->stack == k->stack;
}

static uint32_t path_make(const void *key)
{
    const struct path_key *k = key;
    uint32_t row = region_claim(KIWI_TABLE_HEAP_PATHS, 1);
    if (!row)
        return 0;
    struct kiwi_heap_path *p = region_heap_path(row);
    p->loop = k->loop;
    p->stack = k->stack;
    return row;
}

static void path_publish(uint32_t row)
{
    region_publish(&region_heap_path(row)->state, KIWI_ROW_LIVE);
}

static COLD struct heap_line *line_fill(struct heap_line *l, uint32_t loop, uint32_t stack)
{
    static const struct index_ops ops = {path_same, path_make, path_publish};
    struct path_key key = {loop, stack};
    l->loop = loop;
    l->stack = stack;
    l->row = index_get(&memory.heap_paths, hash_mix((uint64_t)loop << 32 | stack), &ops, &key);
    l->own = region_loop(loop)->thread != 0;
    return l;
}

/* The line of the thread's cache; its row may be 0: no room. */
static ALWAYS_INLINE const struct heap_line *line_of(struct thread *t, uint32_t loop, uint32_t stack)
{
    struct heap_line *l = &t->heap_lines[(stack ^ loop * 7) % THREAD_HEAP_LINES];
    return likely(l->stack == stack && l->loop == loop) ? l : line_fill(l, loop, stack);
}

static ALWAYS_INLINE uint64_t add(const struct heap_line *l, uint64_t *counter, uint64_t n)
{
    if (unlikely(!l->own))
        return RELAXED_ADD(counter, n) + n;
    uint64_t sum = *counter + n;
    RELAXED_STORE(counter, sum);
    return sum;
}

/* What an allocation counts for. */
static ALWAYS_INLINE uint32_t weight_of(const struct thread *t)
{
    return t->tick_loop && !t->scope ? t->heap_weight : 1;
}

/* Tells one tick from the next. */
static uint64_t piece_begin(const struct thread *t)
{
    uint32_t depth = t->scope_depth < THREAD_SCOPES ? t->scope_depth : THREAD_SCOPES;
    return t->scope && depth ? t->scopes[depth - 1].begin : t->loop.begin;
}

/* In no tick and no scope. */
static void note_outside(const struct heap_line *l, struct kiwi_heap_path *p, size_t size)
{
    uint64_t calls = add(l, &p->calls, 1);
    add(l, &p->bytes, size);
    if (calls > HEAP_PATH_CLOCKED && calls % HEAP_PATH_CLOCKED)
        return;
    uint64_t now = clock_ticks();
    if (!RELAXED_LOAD(&p->first_ticks))
        RELAXED_STORE(&p->first_ticks, now);
    if (now - RELAXED_LOAD(&p->in_last) >= clock_ns_to_ticks(KIWI_HEAP_MOMENT_NS)) {
        RELAXED_STORE(&p->in_last, now);
        add(l, &p->ticks, 1);
    }
    RELAXED_STORE(&p->last_ticks, now);
}

void heap_path_note(struct thread *t, uint32_t stack, size_t size)
{
    const struct heap_line *l = line_of(t, heap_path_piece(t), stack);
    struct kiwi_heap_path *p = region_heap_path(l->row);
    uint64_t begin = piece_begin(t), weight = weight_of(t);
    if (unlikely(!l->row || !stack))
        return;
    if (!l->loop) {
        note_outside(l, p, size);
        return;
    }
    if (RELAXED_LOAD(&p->last_ticks) != begin) {
        if (unlikely(!RELAXED_LOAD(&p->ticks))) /* first_ticks is in another cache line */
            RELAXED_STORE(&p->first_ticks, begin);
        RELAXED_STORE(&p->last_ticks, begin);
        RELAXED_STORE(&p->in_last, 0);
        add(l, &p->ticks, weight);
    }
    add(l, &p->calls, weight);
    add(l, &p->bytes, weight * size);
    uint64_t in_last = add(l, &p->in_last, 1);
    if (in_last > RELAXED_LOAD(&p->max))
        relaxed_max(&p->max, in_last);
}

void heap_path_grown(struct thread *t, uint32_t stack, size_t old, size_t size, bool moved)
{
    const struct heap_line *l = line_of(t, heap_path_piece(t), stack);
    struct kiwi_heap_path *p = region_heap_path(l->row);
    uint32_t weight = weight_of(t);
    if (unlikely(!l->row || !stack) || size <= old)
        return;
    add(l, &p->grown, weight);
    add(l, &p->grown_bytes, weight * old);
    if (moved)
        add(l, &p->moved, weight);
    if (4 * old < RELAXED_LOAD(&p->grown_last))
        RELAXED_ADD(&p->grown_back, 1); /* since the latest that was looked at: a buffer, however few are */
    RELAXED_STORE(&p->grown_last, old);
    if (2 * old < size)
        add(l, &p->grown_first, weight);
    else if (size - old < old / KIWI_HEAP_SMALL_STEP)
        add(l, &p->grown_little, weight);
    if (size > RELAXED_LOAD(&p->grown_max))
        relaxed_max(&p->grown_max, size);
}

/* Timing. */

/* What reading the clock twice takes: the least of a few times. */
static uint64_t clock_cost(void)
{
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < 8; i++) {
        uint64_t since = clock_ticks(), ticks = clock_ticks() - since;
        least = ticks < least ? ticks : least;
    }
    return least;
}

static COLD bool is_timed(struct thread *t, uint32_t place)
{
    if (!clock_state.tsc)
        return false; /* a system call for each reading */
    if (!t->heap_clock)
        t->heap_clock = clock_cost();
    t->heap_timing |= 1u << place;
    return true;
}

void heap_path_leave(struct thread *t, uint32_t place)
{
    t->heap_timing &= (1u << place) - 1;
}

void heap_path_begin(struct thread *t, struct heap_mark *mark, uint32_t place)
{
    *mark = (struct heap_mark){.calls = t->heap_calls, .bytes = thread_heap_bytes(t)};
    if (record_settings.heap < HEAP_SAMPLE)
        return;
    uint32_t pieces = ++t->heap_pieces;
    if (place == HEAP_PATH_TICK)
        t->heap_weight = heap_path_weight(t, pieces);
    if (place != HEAP_PATH_TICK || t->heap_weight)
        heap_look_at_next(t);
    if (unlikely(t->heap_timing))
        heap_path_leave(t, place); /* a tick that was left, not ended */
    mark->timed = heap_path_turn(pieces) && is_timed(t, place);
    mark->spent = t->heap_spent;
    mark->timed_calls = t->heap_timed;
}

void heap_path_spent(struct thread *t, uint64_t since)
{
    uint64_t ticks = clock_ticks() - since;
    t->heap_spent += ticks > t->heap_clock ? ticks - t->heap_clock : 0;
    t->heap_timed++;
}

void heap_path_end(struct thread *t, const struct heap_mark *mark, const struct heap_piece *piece)
{
    uint64_t calls = t->heap_calls - mark->calls, bytes = thread_heap_bytes(t) - mark->bytes;
    if (!calls || !piece->loop || record_settings.heap == HEAP_OFF)
        return;
    struct kiwi_loop *row = region_loop(piece->loop);
    const struct heap_line l = {.own = piece->own};
    add(&l, &row->heap_ticks, 1);
    add(&l, &row->heap_calls, calls);
    add(&l, &row->heap_bytes, bytes);
    if (calls > RELAXED_LOAD(&row->heap_max))
        relaxed_max(&row->heap_max, calls);
    struct histogram_near far[3] = {{.rows = {0}}};
    struct thread_loop *of = piece->of;
    uint32_t weight = of && record_settings.heap >= HEAP_SAMPLE ? t->heap_weight : 1; /* else all are counted */
    if (!weight)
        return; /* not timed either */
    histogram_add_near(of ? &of->heap_calls : &far[0], piece->loop, KIWI_HISTOGRAM_TICK_CALLS, calls, weight);
    histogram_add_near(of ? &of->heap_bytes : &far[1], piece->loop, KIWI_HISTOGRAM_TICK_BYTES, bytes, weight);
    histogram_add_near(of ? &of->heap_ticks : &far[2], piece->loop, KIWI_HISTOGRAM_TICK_HEAP, piece->ticks, weight);
    /* Not all calls can be: an operator new that is jemalloc's own is counted alone. */
    if (mark->timed && piece->ticks && t->heap_timed - mark->timed_calls >= calls)
        histogram_add(piece->loop, KIWI_HISTOGRAM_TICK_SHARE,
                      (t->heap_spent - mark->spent) * KIWI_TICK_SHARE_ONE / piece->ticks);
}
