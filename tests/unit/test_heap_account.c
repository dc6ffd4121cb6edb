/* heap_account.h: allocations and processor time of a thread go into its row together, and not too often. */
#include "recorder.h"

#include "../../interpose/record/heap_account.h"

static void account__not_more_often_than_its_gap(void **state)
{
    struct thread *t = thread_made("a");
    const struct kiwi_thread *row = region_thread(t->row);
    uint64_t now = clock_ticks(), gap = clock_ns_to_ticks(HEAP_ACCOUNT_NS);

    (void)state;
    t->heap_calls = 5;
    heap_account(t, now);
    assert_int_equal(row->heap_calls, 5);
    assert_int_not_equal(row->cpu_ns, 0);
    t->heap_calls = 7;
    heap_account(t, now + gap - 1);
    assert_int_equal(row->heap_calls, 5);
    heap_account(t, now + gap);
    assert_int_equal(row->heap_calls, 7);
}

static void account__at_the_end_of_a_thread_that_allocated(void **state)
{
    struct thread *t = thread_made("a"), *idle = thread_made("b");
    uint32_t row = t->row, idle_row = idle->row;

    (void)state;
    record_settings.heap = HEAP_SAMPLE;
    t->heap_calls = 9;
    thread_detach(t);
    thread_detach(idle);
    record_settings.heap = HEAP_OFF;
    assert_int_equal(region_thread(row)->heap_calls, 9);
    assert_int_equal(region_thread(idle_row)->cpu_ns, 0);
}

static void account__makes_no_system_call_when_that_is_forbidden(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    region_freeze();
    t->heap_calls = 5;
    heap_account(t, clock_ticks());
    assert_int_equal(region_thread(t->row)->cpu_ns, 0);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(account__not_more_often_than_its_gap),
            FRESH(account__at_the_end_of_a_thread_that_allocated),
            FRESH(account__makes_no_system_call_when_that_is_forbidden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
