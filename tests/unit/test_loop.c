/* loop.h: which waits make a loop, where its ticks begin and end, and what is kept of them. */
#include "recorder.h"

#include "../../interpose/record/descriptor.h"
#include "../../interpose/record/histogram.h"
#include "../../interpose/record/loop.h"

#define MS 1000000u

static uint32_t deeper(uint64_t place)
{
    uint64_t frames[] = {place, place + 1, place + 2, 0x999, 0x1000};
    return stack_intern(frames, 5, 0);
}

/* The thread waits at the stack and returns with one event; a tick ends before, if it is in one. */
static void turn_flags(struct thread *t, uint32_t stack, uint32_t flags)
{
    struct loop_return r = {.stack = stack, .flags = flags, .events = 1, .waited = clock_ns_to_ticks(MS)};
    if (t->tick_loop)
        loop_wait_begins(t, stack, flags, clock_ticks());
    r.now = clock_ticks();
    loop_wait_ends(t, &r);
}

static void turn(struct thread *t, uint32_t stack)
{
    turn_flags(t, stack, KIWI_CALLF_UNTIMED);
}

static void turns(struct thread *t, uint32_t stack, unsigned n)
{
    while (n--)
        turn(t, stack);
}

static void ago(struct thread *t, unsigned ms)
{
    t->loop.begin -= clock_ns_to_ticks((uint64_t)ms * MS);
    t->loop.cpu_ticks -= clock_ns_to_ticks((uint64_t)ms * MS);
}

static uint32_t loops(void)
{
    return (uint32_t)region.header->tables[KIWI_TABLE_LOOPS].used - 1;
}

static void loop__returns_to_one_place(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(0x400000);
    (void)state;
    turns(t, stack, LOOP_RETURNS - 1);
    assert_int_equal(loops(), 0);
    turn(t, stack);
    assert_int_equal(loops(), 1);
    assert_int_equal(t->tick_loop, 1);
    turns(t, stack, 10);
    assert_int_equal(region_loop(1)->count, 10);
    assert_int_equal(region_loop(1)->served, 10);
    assert_int_equal(region_loop(1)->stack, stack);
    assert_int_equal(region_loop(1)->thread, t->row);
}

static void loop__threads_have_their_own(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    uint32_t stack = stack_made(0x400000);
    (void)state;
    turns(a, stack, LOOP_RETURNS);
    turns(b, stack, LOOP_RETURNS + 1);
    assert_int_equal(loops(), 2);
    assert_int_equal(region_loop(1)->count, 0);
    assert_int_equal(region_loop(2)->count, 1);
}

static void loop__looks_alone_make_none(void **state)
{
    struct thread *t = thread_made("a");
    (void)state;
    for (int i = 0; i < 100; i++)
        turn_flags(t, stack_made(0x400000), KIWI_CALLF_NONBLOCKING);
    assert_int_equal(loops(), 0);
}

static void loop__a_look_at_its_own_place_ends_a_tick(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(0x400000), elsewhere = stack_made(0x500000);
    (void)state;
    turns(t, stack, LOOP_RETURNS);
    turn_flags(t, stack, KIWI_CALLF_NONBLOCKING);
    assert_int_equal(region_loop(1)->count, 1);
    turn_flags(t, elsewhere, KIWI_CALLF_NONBLOCKING);
    assert_int_equal(region_loop(1)->count, 1);
    assert_int_equal(t->tick_loop, 1);
}

static void loop__waits_in_handlers_are_part_of_the_tick(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(0x400000), inner = deeper(0x600000);
    (void)state;
    turns(t, stack, LOOP_RETURNS);
    for (int i = 0; i < 20; i++) {
        turns(t, inner, 3);
        turn(t, stack);
    }
    assert_int_equal(loops(), 1);
    assert_int_equal(region_loop(1)->count, 20);
}

static void loop__gone_over_to_another_place(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t first = stack_made(0x400000), second = stack_made(0x500000), inner = deeper(0x600000);
    (void)state;
    turns(t, first, LOOP_RETURNS + 1);
    turns(t, second, LOOP_RETURNS + 3);
    assert_int_equal(loops(), 2);
    assert_int_equal(region_loop(1)->count, 1);
    assert_int_equal(region_loop(2)->stack, second);
    turns(t, inner, LOOP_LOST + 3);
    assert_int_equal(loops(), 3);
    assert_int_equal(region_loop(3)->stack, inner);
}

static void loop__run_again_from_a_handler(void **state)
{
    struct thread *t = thread_made("a");
    uint64_t outer[] = {0x400000, 0x400001, 0x1000}, again[] = {0x400000, 0x400001, 0x700000, 0x700001, 0x1000};
    uint32_t stack = stack_intern(outer, 3, 0), nested = stack_intern(again, 5, 0);
    (void)state;
    turns(t, stack, LOOP_RETURNS);
    turns(t, nested, 5);
    turn(t, stack);
    assert_int_equal(loops(), 1);
    assert_int_equal(region_loop(1)->count, 6);
}

static void tick__stalls_are_entered_when_it_ends(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(0x400000);
    (void)state;
    turns(t, stack, LOOP_RETURNS);
    loop_stalled(t, KIWI_STALL_CALL, 7, clock_ns_to_ticks(30 * MS));
    loop_stalled(t, KIWI_STALL_CALL, 7, clock_ns_to_ticks(40 * MS));
    ago(t, 80);
    assert_int_equal(region.header->tables[KIWI_TABLE_STALLS].used, 1);
    turn(t, stack);
    const struct kiwi_stall *s = region_stall(1);
    assert_int_equal(s->row, 7);
    assert_int_equal(s->ticks_hit, 1);
    assert_int_equal(s->over, 1);
    assert_int_equal(s->kept, 0);
    assert_true(s->wait_ticks == s->max_ticks && s->max_ticks >= clock_ns_to_ticks(69 * MS));
    assert_int_equal(region_loop(1)->over, 1);
    assert_int_equal(region_loop(1)->blocked, 1);
    assert_int_equal(region_loop(1)->computing, 0);
}

static void tick__none_between_two_runs(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(0x400000);
    (void)state;
    turns(t, stack, LOOP_RETURNS + 1);
    assert_false(loop_may_be_anew(t));
    ago(t, 80);
    loop_stalled(t, KIWI_STALL_CALL, 7, clock_ns_to_ticks(70 * MS));
    descriptor_born(t, 5, KIWI_DESCRIPTOR_PIPE, 0, stack);
    assert_true(loop_may_be_anew(t));
    loop_wait_anew(t, descriptor_younger(5, t->loop.begin));
    turn(t, stack);
    assert_int_equal(region_loop(1)->count, 1);
    assert_int_equal(region_loop(1)->over, 0);
    assert_int_equal(region.header->tables[KIWI_TABLE_STALLS].used, 1);
    assert_int_equal(t->tick_loop, 1);
    assert_false(loop_may_be_anew(t) || descriptor_younger(5, t->loop.begin));
    turn(t, stack);
    assert_int_equal(region_loop(1)->count, 2);
}

/* It opened one, but waits for older ones as well; before, the handler waited for the new one alone. */
static void tick__ends_with_what_was_open_before(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(0x400000);
    (void)state;
    turns(t, stack, LOOP_RETURNS + 1);
    descriptor_born(t, 5, KIWI_DESCRIPTOR_SOCKET, 0, stack);
    loop_wait_anew(t, true);
    turn(t, deeper(0x600000));
    loop_wait_anew(t, false);
    turn(t, stack);
    assert_int_equal(region_loop(1)->count, 2);
}

static void tick__the_worst_are_kept(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(0x400000), kept = 0;
    (void)state;
    turns(t, stack, LOOP_RETURNS);
    for (unsigned i = 1; i <= 3 * KIWI_LOOP_WORST; i++) {
        ago(t, 10 * i);
        t->heap_calls += i;
        turn(t, stack);
    }
    for (uint32_t i = 0; i < KIWI_LOOP_WORST; i++) {
        const struct kiwi_tick *w = region_tick(region_loop(1)->worst + i);
        kept += w->begin_ticks && w->ticks > clock_ns_to_ticks(10ull * (2 * KIWI_LOOP_WORST) * MS) &&
                w->heap_calls > 32;
    }
    assert_int_equal(kept, KIWI_LOOP_WORST);
}

static void tick__durations_are_in_the_histogram(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(0x400000), count = 0;
    (void)state;
    turns(t, stack, LOOP_RETURNS);
    for (unsigned i = 0; i < 50; i++) {
        ago(t, 1 + i % 7);
        turn(t, stack);
    }
    for (uint32_t i = 1; i < region.header->tables[KIWI_TABLE_HISTOGRAMS].used; i++)
        for (unsigned b = 0; b < KIWI_HISTOGRAM_BUCKETS && region_histogram(i)->kind == KIWI_HISTOGRAM_TICK; b++)
            count += region_histogram(i)->counts[b];
    assert_int_equal(count, 50);
}

static void loop__no_room_is_counted_and_harmless(void **state)
{
    uint32_t stack = stack_made(0x400000);
    (void)state;
    struct thread *t = thread_made("a");
    for (unsigned i = 0; i < 200; i++)
        turns(t, stack_made(0x500000 + 16ull * i), LOOP_RETURNS + 1);
    turns(t, stack, LOOP_RETURNS + 1);
    assert_true(region.header->dropped[KIWI_DROP_LOOPS] > 0);
}

int main(void)
{
#define FRESH(name) cmocka_unit_test_setup_teardown(name, recorder_open, recorder_close)
    const struct CMUnitTest tests[] = {
            FRESH(loop__returns_to_one_place),
            FRESH(loop__threads_have_their_own),
            FRESH(loop__looks_alone_make_none),
            FRESH(loop__a_look_at_its_own_place_ends_a_tick),
            FRESH(loop__waits_in_handlers_are_part_of_the_tick),
            FRESH(loop__gone_over_to_another_place),
            FRESH(loop__run_again_from_a_handler),
            FRESH(tick__stalls_are_entered_when_it_ends),
            FRESH(tick__none_between_two_runs),
            FRESH(tick__ends_with_what_was_open_before),
            FRESH(tick__the_worst_are_kept),
            FRESH(tick__durations_are_in_the_histogram),
            FRESH(loop__no_room_is_counted_and_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
