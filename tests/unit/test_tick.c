/* tick.h: the quick way counts what the full way counts, and leaves to it whatever needs more. */
#include "recorder.h"

#include "../../interpose/record/tick.h"

#define WORST_FILLED (LOOP_RETURNS + KIWI_LOOP_WORST + 4)

/* The thread waits at the stack and returns with one event; whether its tick ended and the next began the quick way. */
struct way {
    bool ended, began;
};

static struct way turn(struct thread *t, uint32_t stack)
{
    struct loop_return r = {.stack = stack, .flags = KIWI_CALLF_UNTIMED, .events = 1, .sources = {7, 7}};
    struct call_events events = {.count = 1, .sources = {7, 7}};
    struct way way = {false, false};
    uint64_t now = clock_ticks();
    if (t->tick_loop && !(way.ended = tick_quick_end(t, stack, now)))
        loop_wait_begins(t, stack, r.flags, now);
    r.now = clock_ticks();
    if (!(way.began = tick_quick_begin(t, stack, &events, r.now, 0)))
        loop_wait_ends(t, &r);
    return way;
}

/* A loop whose longest ticks are some that took 20 ms. */
static uint32_t loop_with_history(struct thread *t)
{
    uint32_t stack = stack_made(0x400000);
    for (unsigned i = 0; i < WORST_FILLED; i++) {
        turn(t, stack);
        t->loop.begin -= clock_ns_to_ticks(20000000);
    }
    turn(t, stack);
    return stack;
}

static void tick__short_ones_go_the_quick_way(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = loop_with_history(t), quick = 0;
    (void)state;
    turn(t, stack);
    struct kiwi_loop before = *region_loop(1);
    for (int i = 0; i < 1000; i++)
        quick += turn(t, stack).ended;
    const struct kiwi_loop *after = region_loop(1);
    assert_true(quick > 100); /* a busy machine makes any of them longer */
    assert_int_equal(after->count, before.count + 1000);
    assert_int_equal(after->served, before.served + 1000);
    assert_int_equal(after->events, before.events + 1000);
    assert_int_equal(after->sources[0].count, before.sources[0].count + 1000);
    assert_int_equal(after->ready, before.ready + 1000);
    assert_true(after->total_ticks > before.total_ticks);
    assert_int_equal(t->tick_loop, 1);
}

static void tick__every_tick_is_in_the_histogram(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = loop_with_history(t);
    uint64_t counted = 0;
    (void)state;
    for (int i = 0; i < 50; i++)
        turn(t, stack);
    for (uint32_t i = 1; i < region_ready_rows(KIWI_TABLE_HISTOGRAMS); i++)
        for (uint32_t k = 0; region_histogram(i)->kind == KIWI_HISTOGRAM_TICK && k < KIWI_HISTOGRAM_BUCKETS; k++)
            counted += region_histogram(i)->counts[k];
    assert_int_equal(counted, region_loop(1)->count);
}

static void tick__first_long_one_is_kept(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = loop_with_history(t);
    (void)state;
    t->loop.begin -= clock_ns_to_ticks(40000000);
    assert_false(turn(t, stack).ended);
    assert_true(region_loop(1)->max_ticks >= clock_ns_to_ticks(40000000));
}

static void tick__with_a_wait_in_it(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = loop_with_history(t);
    (void)state;
    turn(t, stack);
    loop_stalled(t, KIWI_STALL_CALL, 1, 1000);
    struct way way = turn(t, stack);
    assert_false(way.ended);
    assert_false(way.began); /* it kept somebody waiting */
    assert_int_equal(region_stall(1)->ticks_hit, 1);
}

static void tick__elsewhere_is_not_its_end(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = loop_with_history(t);
    (void)state;
    turn(t, stack);
    assert_false(tick_quick_end(t, stack_made(0x500000), clock_ticks()));
    assert_int_equal(t->tick_loop, 1);
}

int main(void)
{
#define FRESH(name) cmocka_unit_test_setup_teardown(name, recorder_open, recorder_close)
    const struct CMUnitTest tests[] = {
            FRESH(tick__short_ones_go_the_quick_way), FRESH(tick__every_tick_is_in_the_histogram),
            FRESH(tick__first_long_one_is_kept),      FRESH(tick__with_a_wait_in_it),
            FRESH(tick__elsewhere_is_not_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
