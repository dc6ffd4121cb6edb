/* wait_site.h: places from which threads went on to wait. */
#include "../../interpose/record/wait_site.h"
#include "recorder.h"

#define MUTEX 0x8000u

static void take(struct thread *t)
{
    lock_taken_at(t, MUTEX, stack_made(2));
    wait_site_taken(t);
}

static uint32_t take_and_wait(struct thread *t)
{
    take(t);
    uint32_t row = wait_site_enter(t, 0);
    lock_let_go(t, MUTEX);
    return row;
}

static void site__is_made_by_the_first_wait(void **state)
{
    struct thread *t = thread_made("t");

    (void)state;
    take(t);
    lock_let_go(t, 0x8000);
    assert_int_equal(region.header->tables[KIWI_TABLE_WAIT_SITES].used, 1);
    uint32_t row = take_and_wait(t);
    const struct kiwi_wait_site *w = region_wait_site(memory.wait_sites[row]);
    assert_int_equal(w->row, row);
    assert_int_equal(w->waits, 1);
    assert_true(w->looked_ticks); /* somebody had been here before */
}

static void site__counts_passes_that_did_not_wait(void **state)
{
    struct thread *t = thread_made("t");
    const struct kiwi_wait_site *w = region_wait_site(memory.wait_sites[take_and_wait(t)]);

    (void)state;
    assert_false(w->looked_ticks);
    take(t);
    lock_let_go(t, MUTEX);
    assert_int_equal(w->looks, 1);
    assert_true(w->looked_ticks);
    take_and_wait(t);
    assert_int_equal(w->looks, 1);
    assert_int_equal(w->waits, 2);
}

static void site__none_for_a_nested_mutex(void **state)
{
    struct thread *t = thread_made("t");

    (void)state;
    lock_taken_at(t, 0x7000, stack_made(1));
    take(t);
    wait_site_enter(t, 1);
    assert_int_equal(region.header->tables[KIWI_TABLE_WAIT_SITES].used, 1);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(site__is_made_by_the_first_wait),
            FRESH(site__counts_passes_that_did_not_wait),
            FRESH(site__none_for_a_nested_mutex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
