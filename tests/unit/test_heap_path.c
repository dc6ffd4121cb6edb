/* heap_path.h: allocations in ticks and scopes by call path, their totals, and buffers that grow. */
#include "recorder.h"

#include "../../interpose/record/heap_path.h"
#include "../../interpose/record/histogram.h"
#include "../../interpose/record/loop.h"
#include "../../interpose/record/scope.h"

static int set_up(void **state)
{
    record_settings.heap = HEAP_SAMPLE;
    return recorder_open(state);
}

static int tear_down(void **state)
{
    record_settings.heap = HEAP_OFF;
    return recorder_close(state);
}

/* As the wrappers do it. */
static void allocate(struct thread *t, uint32_t stack, size_t size)
{
    assert_true(thread_heap_count(t, size));
    if (heap_path_watches(t))
        heap_path_note(t, stack, size);
}

static const struct kiwi_heap_path *path_of(uint32_t loop, uint32_t stack)
{
    for (uint32_t i = 1; i < region.header->tables[KIWI_TABLE_HEAP_PATHS].used; i++)
        if (region_heap_path(i)->loop == loop && region_heap_path(i)->stack == stack)
            return region_heap_path(i);
    fail_msg("no such path");
    return NULL;
}

static void path__counts_by_call_path(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t one = stack_made(0x400000), other = stack_made(0x500000), loop = 0;
    (void)state;
    for (int tick = 0; tick < 3; tick++) {
        loop_said(t, "work", one);
        t->loop.begin += (uint64_t)tick; /* never the same */
        loop = t->tick_loop;
        for (int i = 0; i <= tick; i++)
            allocate(t, one, 100);
        if (tick == 1)
            allocate(t, other, 7);
        loop_said_end(t);
    }
    assert_int_equal(path_of(loop, one)->calls, 6);
    assert_int_equal(path_of(loop, one)->bytes, 600);
    assert_int_equal(path_of(loop, one)->ticks, 3);
    assert_int_equal(path_of(loop, one)->max, 3);
    assert_int_equal(path_of(loop, other)->calls, 1);
    assert_int_equal(path_of(loop, other)->ticks, 1);
    assert_int_equal(region_loop(loop)->heap_ticks, 3);
    assert_int_equal(region_loop(loop)->heap_calls, 7);
    assert_int_equal(region_loop(loop)->heap_bytes, 607);
    assert_int_equal(region_loop(loop)->heap_max, 3);
}

static uint32_t counted(uint32_t loop, enum kiwi_histogram_kind kind)
{
    uint32_t sum = 0;
    for (uint32_t i = 1; i < region.header->tables[KIWI_TABLE_HISTOGRAMS].used; i++)
        for (uint32_t b = 0; region_histogram(i)->contention == loop && b < KIWI_HISTOGRAM_BUCKETS; b++)
            sum += region_histogram(i)->kind == kind ? region_histogram(i)->counts[b] : 0;
    return sum;
}

static void path__ticks_without_any_are_in_no_histogram(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(0x400000), measured = 0;
    (void)state;
    for (unsigned tick = 0; tick < 10 * HEAP_PATH_TIMED; tick++) {
        loop_said(t, "work", stack);
        if (tick % 2) {
            allocate(t, stack, 10);
            if (t->heap_timing && tick > 4 * HEAP_PATH_TIMED) { /* those before had a call that was not timed */
                heap_path_spent(t, clock_ticks());
                measured++;
            }
        }
        t->loop.begin -= 1000;
        loop_said_end(t);
    }
    assert_int_equal(counted(1, KIWI_HISTOGRAM_TICK), 10 * HEAP_PATH_TIMED);
    assert_int_equal(counted(1, KIWI_HISTOGRAM_TICK_CALLS), 5 * HEAP_PATH_TIMED);
    assert_int_equal(counted(1, KIWI_HISTOGRAM_TICK_BYTES), 5 * HEAP_PATH_TIMED);
    assert_int_equal(counted(1, KIWI_HISTOGRAM_TICK_HEAP), 5 * HEAP_PATH_TIMED);
    assert_int_equal(counted(1, KIWI_HISTOGRAM_TICK_SHARE), measured);
    assert_true(!clock_state.tsc || measured);
    assert_int_equal(t->heap_timing, 0);
}

/* As many kinds as there are in a group: a request and its answer, a round of clients. */
static void path__each_kind_of_ticks_that_come_in_turn_is_timed(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(0x400000), timed[HEAP_PATH_TIMED] = {0};
    (void)state;
    if (!clock_state.tsc)
        return;
    for (unsigned tick = 0; tick < 100 * HEAP_PATH_TIMED; tick++) {
        loop_said(t, "work", stack);
        timed[tick % HEAP_PATH_TIMED] += t->loop.heap.timed;
        loop_said_end(t);
    }
    for (unsigned kind = 0; kind < HEAP_PATH_TIMED; kind++)
        assert_in_range(timed[kind], 6, 25);
}

static void path__a_block_belongs_to_the_innermost_scope(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(0x400000);
    (void)state;
    loop_said(t, "loop", stack);
    uint32_t loop = t->tick_loop;
    scope_begin(t, "outer");
    uint32_t outer = t->scope;
    scope_begin(t, "inner");
    uint32_t inner = t->scope;
    allocate(t, stack, 1);
    scope_end(t, "inner");
    allocate(t, stack, 2);
    scope_end(t, "outer");
    allocate(t, stack, 4);
    loop_said_end(t);
    allocate(t, stack, 8); /* in none: the last one that is looked at */
    assert_int_equal(path_of(inner, stack)->bytes, 1);
    assert_int_equal(path_of(outer, stack)->bytes, 2);
    assert_int_equal(path_of(loop, stack)->bytes, 4);
    assert_int_equal(region_loop(inner)->heap_bytes, 1);
    assert_int_equal(region_loop(outer)->heap_bytes, 3);
    assert_int_equal(region_loop(loop)->heap_bytes, 7);
}

static void path__nothing_is_watched_when_the_heap_is_only_counted(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(0x400000);
    (void)state;
    record_settings.heap = HEAP_COUNT;
    thread_heap_next(t, 77);
    loop_said(t, "loop", stack);
    assert_int_equal(t->heap_next, 77);
    assert_false(heap_path_watches(t));
    t->heap_calls += 5;
    loop_said_end(t);
    assert_int_equal(region_loop(1)->heap_calls, 5);
}

static void path__hot_functions_count_outside_as_well(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(0x400000), loop;
    (void)state;
    assert_false(heap_path_watches(t));
    record_settings.heap_hot = true;
    for (unsigned i = 0; i < 10 * HEAP_PATH_CLOCKED; i++)
        allocate(t, stack, 10);
    loop_said(t, "loop", stack);
    loop = t->tick_loop;
    allocate(t, stack, 3);
    loop_said_end(t);
    allocate(t, stack, 4);
    const struct kiwi_heap_path *p = path_of(0, stack);
    assert_int_equal(p->calls, 10 * HEAP_PATH_CLOCKED + 1);
    assert_int_equal(p->bytes, 100 * HEAP_PATH_CLOCKED + 4);
    assert_int_equal(p->ticks, 1); /* all at one moment */
    assert_true(p->first_ticks && p->first_ticks <= p->last_ticks);
    assert_int_equal(path_of(loop, stack)->calls, 1);
    assert_false(heap_path_in_piece(t));
    record_settings.heap_hot = false;
    assert_false(heap_path_watches(t));
}

static void path__timing_ends_with_its_tick_or_scope(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(0x400000);
    (void)state;
    if (!clock_state.tsc)
        return;
    for (unsigned i = 0; i < 2 * HEAP_PATH_TIMED; i++) {
        loop_said(t, "loop", stack);
        scope_begin(t, "outer");
        scope_begin(t, "inner");
        assert_true(!t->loop.heap.timed || t->heap_timing & 1u << HEAP_PATH_TICK);
        scope_end(t, "outer"); /* the inner one is left open */
        assert_true((t->heap_timing & ~(1u << HEAP_PATH_TICK)) == 0);
        loop_said_end(t);
        assert_int_equal(t->heap_timing, 0);
    }
}

/* As many as are counted by call path, in ticks of ten: the tick that reaches the limit is the last one that counts. */
static uint32_t exhaust_exact(struct thread *t, uint32_t stack)
{
    for (unsigned made = 0; made < KIWI_HEAP_PATH_EXACT; made += 10) {
        heap_path_begin(t, &t->loop.heap, HEAP_PATH_TICK);
        t->loop.begin++;
        assert_int_equal(t->heap_weight, 1);
        for (unsigned i = 0; i < 10; i++)
            allocate(t, stack, 8);
        heap_path_end(t, &t->loop.heap, &(struct heap_piece){t->tick_loop, true, 1, NULL});
        heap_path_leave(t, HEAP_PATH_TICK);
    }
    return (KIWI_HEAP_PATH_EXACT + 9) / 10;
}

static struct thread *thread_in_found_loop(uint32_t stack)
{
    struct thread *t = thread_made("a");
    loop_said(t, "loop", stack);
    loop_said_end(t);
    t->tick_loop = t->loop.row;
    t->loop.name = NULL; /* as if it had been found */
    return t;
}

static void path__ticks_are_all_counted_when_the_heap_is_only_counted(void **state)
{
    uint32_t stack = stack_made(0x400000);
    struct thread *t = thread_in_found_loop(stack);
    (void)state;
    record_settings.heap = HEAP_COUNT;
    for (unsigned tick = 0; tick < 100; tick++) {
        heap_path_begin(t, &t->loop.heap, HEAP_PATH_TICK);
        t->heap_calls += 5;
        heap_path_end(t, &t->loop.heap, &(struct heap_piece){t->tick_loop, true, 1, &t->loop});
    }
    assert_int_equal(region_loop(t->tick_loop)->heap_calls, 500);
    assert_int_equal(counted(t->tick_loop, KIWI_HISTOGRAM_TICK_CALLS), 100);
}

static void path__a_tick_in_sixteen_stands_for_all_of_a_busy_loop(void **state)
{
    enum { TICKS = 100 * HEAP_PATH_TIMED_RARELY };
    uint32_t stack = stack_made(0x400000), inside = stack_made(0x500000), counted_ticks = 0;
    struct thread *t = thread_in_found_loop(stack);
    uint32_t first = exhaust_exact(t, stack), loop = t->tick_loop;
    (void)state;
    assert_int_equal(path_of(loop, stack)->calls, 10 * first);
    for (unsigned tick = 0; tick < TICKS; tick++) {
        heap_path_begin(t, &t->loop.heap, HEAP_PATH_TICK);
        t->loop.begin++;
        assert_true(!t->loop.heap.timed || t->heap_weight); /* or not all of its calls would be */
        counted_ticks += t->heap_weight != 0;
        for (unsigned i = 0; i < 10; i++) {
            thread_heap_count(t, 8);
            if (heap_path_watches(t))
                heap_path_note(t, stack, 8);
        }
        scope_begin(t, "inner"); /* counted in any tick */
        allocate(t, inside, 3);
        scope_end(t, "inner");
        heap_path_end(t, &t->loop.heap, &(struct heap_piece){loop, true, 1, &t->loop});
        heap_path_leave(t, HEAP_PATH_TICK);
    }
    const struct kiwi_heap_path *p = path_of(loop, stack);
    assert_in_range(counted_ticks, TICKS / KIWI_HEAP_PATH_COUNTED * 9 / 10, TICKS / KIWI_HEAP_PATH_COUNTED * 11 / 10);
    assert_int_equal(p->calls, 10 * (first + counted_ticks * KIWI_HEAP_PATH_COUNTED));
    assert_int_equal(p->bytes, 8 * p->calls);
    assert_int_equal(p->ticks, first + counted_ticks * KIWI_HEAP_PATH_COUNTED);
    assert_int_equal(p->max, 10);
    assert_int_equal(counted(loop, KIWI_HISTOGRAM_TICK_CALLS), p->ticks);
    assert_int_equal(counted(loop, KIWI_HISTOGRAM_TICK_BYTES), p->ticks);
    assert_int_equal(region_loop(loop)->heap_calls, 10 * first + 11 * TICKS); /* exact */
    assert_int_equal(path_of(2, inside)->calls, TICKS);
    t->loop.name = "loop";
}

static void path__ticks_that_the_program_tells_of_are_always_counted(void **state)
{
    uint32_t stack = stack_made(0x400000);
    struct thread *t = thread_in_found_loop(stack);
    (void)state;
    exhaust_exact(t, stack);
    t->loop.name = "loop";
    assert_int_equal(heap_path_weight(t, 1), 1);
    t->loop.name = NULL;
    unsigned skipped = 0;
    for (unsigned i = 0; i < KIWI_HEAP_PATH_COUNTED; i++)
        skipped += !heap_path_weight(t, HEAP_PATH_TIMED_OFTEN + i);
    assert_int_equal(heap_path_weight(t, HEAP_PATH_TIMED_OFTEN - 1), 1);
    assert_int_equal(skipped, KIWI_HEAP_PATH_COUNTED - 1);
    record_settings.heap = HEAP_EXACT;
    assert_int_equal(heap_path_weight(t, 1), 1);
    record_settings.heap = HEAP_SAMPLE;
    record_settings.heap_hot = true;
    assert_int_equal(heap_path_weight(t, 1), 1);
    record_settings.heap_hot = false;
}

static void grown__steps_are_told_apart(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(0x400000);
    (void)state;
    loop_said(t, "loop", stack);
    heap_path_grown(t, stack, 0, 100, false);
    heap_path_grown(t, stack, 100, 200, true);
    heap_path_grown(t, stack, 3200, 3300, true);
    heap_path_grown(t, stack, 3300, 3300, false); /* not larger */
    heap_path_grown(t, stack, 3300, 100, false);
    heap_path_grown(t, stack, 100, 201, false);
    const struct kiwi_heap_path *p = path_of(t->tick_loop, stack);
    assert_int_equal(p->grown, 4);
    assert_int_equal(p->grown_first, 2);
    assert_int_equal(p->grown_little, 1);
    assert_int_equal(p->moved, 2);
    assert_int_equal(p->grown_bytes, 3400);
    assert_int_equal(p->grown_max, 3300);
    assert_int_equal(p->grown_back, 1);
    assert_int_equal(p->grown_last, 100);
    loop_said_end(t);
}

static void path__a_full_table_is_counted_once_for_each_path(void **state)
{
    struct thread *t = thread_made("a");
    (void)state;
    loop_said(t, "loop", stack_made(0x300000));
    uint32_t rows = (uint32_t)region.header->tables[KIWI_TABLE_HEAP_PATHS].capacity, last = 0;
    for (uint32_t i = 0; i < rows + 10; i++)
        heap_path_note(t, last = stack_made(0x400000 + i * 64u), 1);
    uint64_t dropped = region.header->dropped[KIWI_DROP_HEAP_PATHS];
    assert_true(dropped >= 10);
    heap_path_note(t, last, 1);
    assert_int_equal(region.header->dropped[KIWI_DROP_HEAP_PATHS], dropped);
    loop_said_end(t);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(path__counts_by_call_path),
            FRESH(path__ticks_without_any_are_in_no_histogram),
            FRESH(path__each_kind_of_ticks_that_come_in_turn_is_timed),
            FRESH(path__a_block_belongs_to_the_innermost_scope),
            FRESH(path__nothing_is_watched_when_the_heap_is_only_counted),
            FRESH(path__ticks_are_all_counted_when_the_heap_is_only_counted),
            FRESH(path__hot_functions_count_outside_as_well),
            FRESH(path__timing_ends_with_its_tick_or_scope),
            FRESH(path__a_tick_in_sixteen_stands_for_all_of_a_busy_loop),
            FRESH(path__ticks_that_the_program_tells_of_are_always_counted),
            FRESH(grown__steps_are_told_apart),
            FRESH(path__a_full_table_is_counted_once_for_each_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
