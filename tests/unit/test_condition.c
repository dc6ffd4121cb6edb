/* condition.h: how many wait, and what a signal found. */
#include "../../interpose/record/condition.h"
#include "../../interpose/record/call.h"
#include "recorder.h"

static uint32_t cond_made(struct thread *t)
{
    struct object_facts facts = {.address = 0x9000, .kind = KIWI_OBJECT_COND};
    return object_get(t, &facts, stack_made(1));
}

static const struct kiwi_cond *row(void)
{
    return region_cond(1);
}

static void wait_begins_with(struct thread *t, uint32_t cond, uintptr_t mutex)
{
    struct call_record call;

    lock_taken_at(t, mutex, stack_made(2));
    condition_wait_site(t, 0);
    lock_let_go(t, mutex);
    call_enter(&call, t, KIWI_CALL_COND_WAIT, stack_made(3), KIWI_CALLF_UNTIMED, cond);
    condition_wait_begin(t, cond, mutex, stack_made(3));
}

static void wait_begins(struct thread *t, uint32_t cond)
{
    wait_begins_with(t, cond, 0x8000);
}

static uint32_t misuses(void)
{
    return region.header->tables[KIWI_TABLE_MISUSES].used - 1;
}

static void condition__two_mutexes_are_noted_while_both_are_blocked(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b"), *c = thread_made("c");
    uint32_t cond = cond_made(a);

    (void)state;
    wait_begins_with(a, cond, 0x8000);
    wait_begins_with(b, cond, 0x8000);
    assert_int_equal(misuses(), 0);
    wait_begins_with(c, cond, 0x8800);
    assert_int_equal(misuses(), 1);
    assert_int_equal(region_misuse(1)->kind, KIWI_MISUSE_COND_TWO_MUTEXES);
    assert_int_equal(region_misuse(1)->thread, c->row);
}

static void condition__a_woken_waiter_on_its_way_out_has_no_second_mutex(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b"), *c = thread_made("c");
    uint32_t cond = cond_made(a);

    (void)state;
    wait_begins_with(a, cond, 0x8000);
    condition_signal(c, cond, false, stack_made(4));
    wait_begins_with(b, cond, 0x8800);
    wait_begins_with(c, cond, 0x8800);
    assert_int_equal(misuses(), 0);
}

static void condition__woken_waiters_are_not_blocked(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b"), *c = thread_made("c");
    uint32_t cond = cond_made(a);

    (void)state;
    wait_begins(a, cond);
    wait_begins(b, cond);
    assert_int_equal(condition_blocked(cond), 2);
    condition_signal(c, cond, false, stack_made(4));
    assert_int_equal(condition_waiting(cond), 2);
    assert_int_equal(condition_blocked(cond), 1);
    condition_wait_end(cond, false); /* it timed out, and leaves the signal to the other */
    assert_int_equal(condition_blocked(cond), 0);
    condition_wait_end(cond, true);
    assert_int_equal(condition_waiting(cond), 0);
}

static void condition__only_a_signal_that_found_nobody_is_noted(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    uint32_t cond = cond_made(a);

    (void)state;
    condition_signal(b, cond, true, stack_made(4));
    assert_true(row()->missed_ticks);
    assert_int_equal(row()->signal_thread, b->row);
    assert_int_equal(row()->signal_stack, stack_made(4));
    wait_begins(a, cond);
    assert_int_equal(row()->mutex, 0x8000);
    condition_signal(b, cond, false, 0);
    assert_false(row()->missed_ticks);
    assert_int_equal(row()->missed, 1);
    assert_false(row()->returned_ticks);
    condition_wait_end(cond, true);
    assert_true(row()->returned_ticks);
}

static void condition__signal_for_one_of_several(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b"), *c = thread_made("c");
    uint32_t cond = cond_made(a);

    (void)state;
    wait_begins(a, cond);
    condition_signal(c, cond, false, 0);
    assert_false(row()->chose_ticks);
    condition_wait_end(cond, true);
    wait_begins(a, cond);
    wait_begins(b, cond);
    condition_signal(c, cond, true, 0);
    assert_false(row()->chose_ticks);
    condition_wait_end(cond, true);
    condition_wait_end(cond, true);
    wait_begins(a, cond);
    wait_begins(b, cond);
    condition_signal(c, cond, false, 0);
    assert_true(row()->chose_ticks);
}

static void condition__new_generation_begins_anew(void **state)
{
    struct thread *a = thread_made("a");
    struct object_facts facts = {.address = 0x9000, .kind = KIWI_OBJECT_COND};
    uint32_t cond = cond_made(a);

    (void)state;
    condition_signal(a, cond, false, stack_made(4));
    uint32_t next = object_init(a, &facts, stack_made(5));
    condition_wait_end(next, true);
    for (uint32_t i = 1; i < region.header->tables[KIWI_TABLE_CONDS].used; i++)
        if (region_cond(i)->object == next && region_cond(i)->generation == region_object(next)->generation)
            assert_false(region_cond(i)->missed_ticks);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(condition__woken_waiters_are_not_blocked),
            FRESH(condition__two_mutexes_are_noted_while_both_are_blocked),
            FRESH(condition__a_woken_waiter_on_its_way_out_has_no_second_mutex),
            FRESH(condition__only_a_signal_that_found_nobody_is_noted),
            FRESH(condition__signal_for_one_of_several),
            FRESH(condition__new_generation_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
