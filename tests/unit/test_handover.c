/* handover.h: the first few signals of a thread order what was done before them. */
#include "recorder.h"

#include "../../interpose/record/handover.h"

#define COND ((uintptr_t)0x6600000040)

static uint32_t cond_made(struct thread *t, uintptr_t address)
{
    struct object_facts facts = {.address = address, .kind = KIWI_OBJECT_COND};
    return object_get(t, &facts, stack_made(1));
}

static void handover__puts_the_woken_after_the_waker(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    uint32_t cond = cond_made(a, COND), before = thread_segment(a);

    (void)state;
    handover_give(a, cond);
    handover_take(b, cond);
    const struct kiwi_segment *after = region_segment(thread_segment(b));
    assert_int_equal(after->state, KIWI_SEGMENT_SIGNALLED);
    assert_int_equal(after->other, before);
    assert_int_equal(after->previous, 0);
    const struct kiwi_segment *later = region_segment(thread_segment(a));
    assert_int_equal(later->state, KIWI_ROW_LIVE);
    assert_int_equal(later->previous, before);
    assert_int_equal(later->other, 0);
}

static void handover__keeps_the_order_of_a_join(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b"), *c = thread_made("c");
    uint32_t cond = cond_made(a, COND), of_a = thread_segment(a), of_c = thread_segment(c), c_row = c->row;

    (void)state;
    handover_give(a, cond);
    thread_detach(c);
    thread_joined(b, c_row);
    handover_take(b, cond);
    const struct kiwi_segment *last = region_segment(thread_segment(b));
    assert_int_equal(last->other, of_a);
    assert_int_equal(region_segment(last->previous)->other, of_c);
    assert_int_equal(region_segment(last->previous)->state, KIWI_ROW_LIVE);
}

static void handover__of_nothing_done_is_none(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    uint32_t cond = cond_made(a, COND);

    (void)state;
    handover_give(a, cond);
    handover_give(a, 0);
    handover_take(b, cond);
    handover_take(b, 0);
    assert_int_equal(region_segment(thread_segment(b))->state, KIWI_ROW_LIVE);
}

static void handover__to_oneself_is_none(void **state)
{
    struct thread *a = thread_made("a");
    uint32_t cond = cond_made(a, COND), before = thread_segment(a);

    (void)state;
    handover_give(a, cond);
    handover_take(a, cond);
    const struct kiwi_segment *s = region_segment(thread_segment(a));
    assert_int_equal(s->state, KIWI_ROW_LIVE);
    assert_int_equal(s->previous, before);
}

static void handover__once_for_each_signal(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    uint32_t cond = cond_made(a, COND);

    (void)state;
    thread_segment(a);
    handover_give(a, cond);
    handover_take(b, cond);
    uint32_t first = thread_segment(b);
    handover_take(b, cond);
    assert_int_equal(thread_segment(b), first);
}

static void handover__is_for_the_first_few(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    uint32_t cond = cond_made(a, COND), used = 0;

    (void)state;
    for (unsigned i = 0; i < 4 * HANDOVERS_MAX; i++) {
        thread_segment(a);
        handover_give(a, cond);
        handover_take(b, cond);
        used = thread_segment(b);
    }
    assert_in_range(used, 1, 3 * HANDOVERS_MAX);
    assert_true(thread_handed_enough(a) && thread_handed_enough(b));
}

static void handover__next_object_there_knows_nothing_of_it(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");

    (void)state;
    uint32_t cond = cond_made(a, COND);
    thread_segment(a);
    handover_give(a, cond);
    object_end(COND);
    handover_take(b, cond_made(b, COND));
    assert_int_equal(region_segment(thread_segment(b))->state, KIWI_ROW_LIVE);
}

static uint32_t mutex_made(struct thread *t)
{
    struct object_facts facts = {.address = COND + 0x100, .kind = KIWI_OBJECT_MUTEX};
    return object_get(t, &facts, stack_made(2));
}

/* Is segment a an ancestor of b? */
static bool before(uint32_t a, uint32_t b)
{
    if (!b || a == b)
        return a == b;
    return before(a, region_segment(b)->previous) || before(a, region_segment(b)->other);
}

static void handover__waking_all_comes_after_those_who_wait(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b"), *c = thread_made("c");
    uint32_t cond = cond_made(a, COND), of_a = thread_segment(a), of_b = thread_segment(b);

    (void)state;
    handover_waits(a, cond);
    handover_waits(b, cond);
    handover_wakes_all(c, cond);
    assert_true(before(of_a, thread_segment(c)) && before(of_b, thread_segment(c)));
    assert_int_equal(region_segment(thread_segment(c))->state, KIWI_SEGMENT_SIGNALLED);
    assert_false(before(of_a, thread_segment(b)));
}

static void handover__monitor_tells_whoever_passes_later(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b"), *c = thread_made("c");
    uint32_t m = mutex_made(a), of_a = thread_segment(a), of_b = thread_segment(b);

    (void)state;
    handover_monitor(m);
    assert_true(handover_worth(a, m));
    handover_pass(a, m);
    handover_pass(b, m);
    handover_pass(c, m);
    assert_true(before(of_a, thread_segment(c)) && before(of_b, thread_segment(c)));
    assert_false(before(of_b, thread_segment(a)));
}

static void handover__passing_again_and_again_costs_no_segments(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    uint32_t m = mutex_made(a);

    (void)state;
    thread_segment(a);
    thread_segment(b);
    for (int i = 0; i < 1000; i++) {
        handover_pass(a, m);
        handover_pass(b, m);
    }
    assert_in_range(region.header->tables[KIWI_TABLE_SEGMENTS].used, 3, 8);
}

static void handover__thread_that_ends_leaves_word(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    uint32_t of_a = thread_segment(a), stack = stack_made(3);

    (void)state;
    lock_taken_at(a, COND, stack);
    lock_let_go(a, COND);
    thread_detach(a);
    handover_pass(b, object_find(COND));
    assert_true(before(of_a, thread_segment(b)));
}

static void handover__a_promise_comes_before_what_is_new_afterwards(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b"), *c = thread_made("c");
    uint32_t of_a = thread_segment(a), early = thread_segment(c);

    (void)state;
    handover_learn(b);
    assert_int_equal(b->segment_other, 0);
    assert_false(handover_publishes(b)); /* nothing was done yet */
    assert_true(handover_publishes(a));
    handover_publish(a);
    assert_false(handover_publishes(a)); /* nothing new since */
    handover_learn(b);
    handover_learn(c);
    assert_true(before(of_a, thread_segment(b)));
    assert_int_equal(region_segment(thread_segment(b))->state, KIWI_SEGMENT_SIGNALLED);
    assert_true(before(of_a, thread_segment(c)));
    assert_false(before(of_a, early));
    assert_false(before(thread_segment(a), thread_segment(c)));
}

static void handover__learns_of_the_first_few_promises(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    uint32_t told = 0;

    (void)state;
    for (int i = 0; i < 20; i++) {
        uint32_t of_a = thread_segment(a);
        handover_publish(a);
        handover_learn(b);
        told += before(of_a, thread_segment(b));
    }
    assert_int_equal(told, 4);
}

static void handover__promises_of_several_threads_add_up(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b"), *c = thread_made("c");
    uint32_t of_a = thread_segment(a), of_b = thread_segment(b);

    (void)state;
    handover_publish(a);
    handover_publish(b);
    handover_learn(c);
    assert_true(before(of_a, thread_segment(c)));
    assert_true(before(of_b, thread_segment(c)));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(handover__puts_the_woken_after_the_waker),
            FRESH(handover__keeps_the_order_of_a_join),
            FRESH(handover__of_nothing_done_is_none),
            FRESH(handover__to_oneself_is_none),
            FRESH(handover__once_for_each_signal),
            FRESH(handover__is_for_the_first_few),
            FRESH(handover__next_object_there_knows_nothing_of_it),
            FRESH(handover__waking_all_comes_after_those_who_wait),
            FRESH(handover__monitor_tells_whoever_passes_later),
            FRESH(handover__passing_again_and_again_costs_no_segments),
            FRESH(handover__thread_that_ends_leaves_word),
            FRESH(handover__a_promise_comes_before_what_is_new_afterwards),
            FRESH(handover__learns_of_the_first_few_promises),
            FRESH(handover__promises_of_several_threads_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
