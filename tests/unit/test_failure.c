/* failure.h: streaks of a thread, and what of them is kept in the rows. */
#include "../../interpose/record/failure.h"
#include "recorder.h"

#include <errno.h>

static struct failure_facts facts_of(uint32_t stack, int error)
{
    return (struct failure_facts){
            .kind = KIWI_CALL_READ, .stack = stack, .error = error, .call_row = 3, .descriptor = 4, .begin = 1000};
}

static const struct kiwi_failure *row(uint32_t i)
{
    return region_failure(i);
}

static void failure__rows_are_by_place_and_error(void **state)
{
    struct thread *t = thread_made("a");
    struct failure_facts a = facts_of(stack_made(1), EIO), b = facts_of(stack_made(2), EIO),
                         c = facts_of(stack_made(1), EINVAL);

    (void)state;
    failure_note(t, &a);
    failure_note(t, &b);
    failure_note(t, &c);
    failure_note(t, &a);
    assert_int_equal(region.header->tables[KIWI_TABLE_FAILURES].used, 4);
    assert_int_equal(row(1)->count, 2);
    assert_int_equal(row(2)->count, 1);
    assert_int_equal(row(3)->error, EINVAL);
    assert_int_equal(t->streak_count, 3);
}

static void failure__longest_streak_is_kept(void **state)
{
    struct thread *t = thread_made("a");
    struct failure_facts f = facts_of(stack_made(1), EIO);

    (void)state;
    for (unsigned n = 3; n > 0; n--) {
        for (unsigned i = 0; i < 2 * n; i++, f.begin += 100) {
            f.end = f.begin + 50;
            failure_note(t, &f);
        }
        failure_success(t, 3, KIWI_CALL_READ);
        assert_int_equal(t->streak_count, 0);
    }
    assert_int_equal(row(1)->count, 12);
    assert_int_equal(row(1)->attempts, 6);
    assert_int_equal(row(1)->rushed, 5);
    assert_int_equal(row(1)->begin_ticks, 1000);
    assert_int_equal(row(1)->times[5], 1500);
}

/* The one could not be continued any more, by an attempt made now; the other could. */
static void failure__old_streaks_end_by_themselves(void **state)
{
    struct thread *t = thread_made("a");
    struct failure_facts old = facts_of(stack_made(1), EIO), fresh = facts_of(stack_made(2), EIO);

    (void)state;
    fresh.begin = clock_ticks();
    old.begin = fresh.begin - 2 * clock_ns_to_ticks(KIWI_STREAK_GAP_NS);
    old.end = old.begin + 1;
    failure_note(t, &old);
    failure_note(t, &fresh);
    for (unsigned i = 0; i < 100; i++)
        failure_success(t, 77, KIWI_CALL_WRITE);
    assert_int_equal(t->streak_count, 1);
    fresh.begin = clock_ticks();
    failure_note(t, &fresh);
    assert_int_equal(row(2)->attempts, 2);
}

static void failure__success_of_another_call_ends_nothing(void **state)
{
    struct thread *t = thread_made("a");
    struct failure_facts f = facts_of(stack_made(1), EIO);

    (void)state;
    failure_note(t, &f);
    failure_success(t, 8, KIWI_CALL_READ);
    failure_success(t, 0, KIWI_CALL_WRITE);
    assert_int_equal(t->streak_count, 1);
    failure_success(t, 0, KIWI_CALL_READ);
    assert_int_equal(t->streak_count, 0);
}

static void failure__gaps_with_other_work_are_counted(void **state)
{
    struct thread *t = thread_made("a");
    struct failure_facts f = facts_of(stack_made(1), ENOENT);

    (void)state;
    for (int i = 0; i < 10; i++) {
        failure_note(t, &f);
        failure_success(t, 8, KIWI_CALL_NANOSLEEP);
        for (int times = 0; times < i % 3; times++)
            failure_worked(t);
    }
    assert_int_equal(row(1)->attempts, 10);
    assert_int_equal(row(1)->worked, 6);
}

static void failure__more_streaks_than_room(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    for (uint32_t i = 1; i < 20; i++) {
        struct failure_facts f = facts_of(stack_made(i), EIO);
        failure_note(t, &f);
    }
    assert_int_equal(t->streak_count, THREAD_STREAKS);
    assert_int_equal(row(19)->attempts, 1);
}

static void failure__full_table_is_counted(void **state)
{
    struct thread *t = thread_made("a");
    uint64_t capacity = region.header->tables[KIWI_TABLE_FAILURES].capacity;

    (void)state;
    for (uint32_t i = 1; i < capacity + 3; i++) {
        struct failure_facts f = facts_of(stack_made(1 + i % 50), (int)(1 + i / 50));
        failure_note(t, &f);
    }
    assert_int_equal(region.header->dropped[KIWI_DROP_FAILURES], 3);
}

static void failure__retry_gap_ends_a_streak(void **state)
{
    struct thread *t = thread_made("a");
    struct failure_facts f = facts_of(stack_made(1), EIO);

    (void)state;
    record_settings.retry_gap_ns = 3000000000u;
    for (unsigned i = 0; i < 3; i++, f.begin += clock_ns_to_ticks(2000000000u)) {
        f.end = f.begin + 50;
        failure_note(t, &f);
    }
    record_settings.retry_gap_ns = 0; /* the default: a second */
    assert_int_equal(row(1)->attempts, 3);
    f.end = f.begin + 50;
    failure_note(t, &f);
    assert_int_equal(t->streaks[0].attempts, 1);
}

static void failure__paths_are_told_apart_where_they_were_read(void **state)
{
    (void)state;
    assert_int_equal(failure_of_path("/a/b", ENOENT), failure_of_path("/a/b", ENOENT));
    assert_int_not_equal(failure_of_path("/a/b", ENOENT), failure_of_path("/a/c", ENOENT));
    assert_int_equal(failure_of_path(NULL, EINVAL), 0);
    assert_int_equal(failure_of_path((const char *)1, EFAULT), 0);
}

#define FRESH(name) cmocka_unit_test_setup_teardown(name, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(failure__rows_are_by_place_and_error),
            FRESH(failure__longest_streak_is_kept),
            FRESH(failure__old_streaks_end_by_themselves),
            FRESH(failure__success_of_another_call_ends_nothing),
            FRESH(failure__gaps_with_other_work_are_counted),
            FRESH(failure__more_streaks_than_room),
            FRESH(failure__retry_gap_ends_a_streak),
            cmocka_unit_test(failure__paths_are_told_apart_where_they_were_read),
            FRESH(failure__full_table_is_counted),
    };

    return cmocka_run_group_tests_name("failure", tests, NULL, NULL);
}
