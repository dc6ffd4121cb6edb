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

static uint32_t take_elsewhere(struct thread *t)
{
    lock_taken_at(t, MUTEX, stack_made(3));
    wait_site_taken(t);
    uint32_t row = t->held[0].row;
    lock_let_go(t, MUTEX);
    return row;
}

static void look_site__is_made_where_a_waiter_takes_its_mutex(void **state)
{
    struct thread *t = thread_made("t"), *other = thread_made("other");

    (void)state;
    assert_false(memory.wait_sites[take_elsewhere(t)]);
    take_and_wait(t);
    assert_false(memory.wait_sites[take_elsewhere(other)]); /* has not waited */
    uint32_t site = memory.wait_sites[take_elsewhere(t)];
    assert_true(site);
    assert_int_equal(region_wait_site(site)->waits, 0);
    assert_int_equal(region_wait_site(site)->looks, 1);
    assert_true(region_wait_site(site)->looked_ticks);
    take_elsewhere(t);
    assert_int_equal(region_wait_site(site)->looks, 2);
}

static void look_site__becomes_a_wait_site_as_if_it_had_been_one(void **state)
{
    struct thread *t = thread_made("t");

    (void)state;
    take_and_wait(t);
    for (int i = 0; i < 2; i++) {
        lock_taken_at(t, MUTEX, stack_made(4 + i));
        wait_site_taken(t);
        uint32_t site = memory.wait_sites[t->held[0].row];
        assert_int_equal(region_wait_site(site)->looks, 1);
        uint64_t looked = region_wait_site(site)->looked_ticks;
        if (i) { /* the second one has been looked at before */
            lock_let_go(t, MUTEX);
            lock_taken_at(t, MUTEX, stack_made(4 + i));
            wait_site_taken(t);
        }
        wait_site_enter(t, 0);
        lock_let_go(t, MUTEX);
        assert_int_equal(region_wait_site(site)->waits, 1);
        assert_int_equal(region_wait_site(site)->looks, i);
        assert_int_equal(region_wait_site(site)->looked_ticks, i ? looked : 0);
    }
}

static void look_site__a_thread_makes_few(void **state)
{
    struct thread *t = thread_made("t");

    (void)state;
    take_and_wait(t);
    uint32_t before = region.header->tables[KIWI_TABLE_WAIT_SITES].used;
    for (uint32_t i = 0; i < 100; i++) {
        lock_taken_at(t, MUTEX, stack_made(10 + i));
        wait_site_taken(t);
        lock_let_go(t, MUTEX);
    }
    assert_int_equal(region.header->tables[KIWI_TABLE_WAIT_SITES].used, before + 16);
}

static void look_site__is_given_up_if_passed_all_the_time(void **state)
{
    struct thread *t = thread_made("t");

    (void)state;
    take_and_wait(t);
    uint32_t row = take_elsewhere(t);
    const struct kiwi_wait_site *w = region_wait_site(memory.wait_sites[row]);
    assert_true(memory.stack_pinned[region_acquisition(row)->stack]);
    for (int i = 0; i < 20000; i++)
        take_elsewhere(t);
    assert_int_equal(w->looked_ticks, UINT64_MAX);
    assert_false(memory.stack_pinned[region_acquisition(row)->stack]);
    lock_taken_at(t, MUTEX, stack_made(3));
    wait_site_taken(t);
    wait_site_enter(t, 0); /* a wait site from now on */
    assert_int_equal(w->waits, 1);
    assert_true(w->looked_ticks && w->looked_ticks < UINT64_MAX);
    assert_true(memory.stack_pinned[region_acquisition(row)->stack]);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(site__is_made_by_the_first_wait),
            FRESH(site__counts_passes_that_did_not_wait),
            FRESH(site__none_for_a_nested_mutex),
            FRESH(look_site__is_made_where_a_waiter_takes_its_mutex),
            FRESH(look_site__a_thread_makes_few),
            FRESH(look_site__becomes_a_wait_site_as_if_it_had_been_one),
            FRESH(look_site__is_given_up_if_passed_all_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
