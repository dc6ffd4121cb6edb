/* cond-two-mutexes: at the same time, not one after another. */
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void two__at_the_same_time(void **state)
{
    history_play(*state,
                 "P enter poll; A lock M at take; A blocks-on C at one; B lock N at take2; B blocks-on C at two");
    const struct review *r = history_review(*state);
    const struct finding *f = history_find(r, FINDING_COND_TWO_MUTEXES);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(f->severity, SEVERITY_CRITICAL);
    assert_int_equal(f->confidence, CONFIDENCE_HIGH);
    history_assert_at(*state, f, "two");
    history_assert_stack(*state, f, "take");
    history_assert_objects(*state, f, "C M N");
}

static void two__again_and_again_is_one_finding(void **state)
{
    for (int i = 0; i < 5; i++)
        history_play(*state,
                     "A lock M; A blocks-on C at one; B lock N; B blocks-on C at two; A returns; B returns; A unlock M;"
                     "B unlock N; B lock N; B blocks-on C at two; A lock M; A blocks-on C at three; P broadcasts C;"
                     "A returns; B returns; A unlock M; B unlock N");
    const struct review *r = history_review(*state);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(history_find(r, FINDING_COND_TWO_MUTEXES)->count, 10);
}

static void one_after_another__all_have_left(void **state)
{
    history_play(*state,
                 "A lock M; A blocks-on C; B lock M; B blocks-on C; P broadcasts C; A returns; A unlock M; B returns;"
                 "B unlock M; A lock N; A blocks-on C; B lock N; B blocks-on C");
    history_assert_silent(*state);
}

static void one_after_another__woken_but_not_gone(void **state)
{
    history_play(
            *state,
            "A lock M; A blocks-on C; P broadcasts C; B lock N; B blocks-on C; D lock N; D blocks-on C; A returns");
    history_assert_silent(*state);
}

static void one_after_another__timed_out(void **state)
{
    history_play(*state, "A lock M; A blocks-on C; A times-out; A unlock M; B lock N; B blocks-on C");
    history_assert_silent(*state);
}

static void two__conditions_of_one_mutex(void **state)
{
    history_play(*state, "P enter poll; A lock M; A blocks-on C; B lock M; B blocks-on D");
    history_assert_silent(*state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, history_set_up, history_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(two__at_the_same_time),
            TEST(two__again_and_again_is_one_finding),
            TEST(one_after_another__all_have_left),
            TEST(one_after_another__woken_but_not_gone),
            TEST(one_after_another__timed_out),
            TEST(two__conditions_of_one_mutex),
    };

    return cmocka_run_group_tests_name("cond-two-mutexes", tests, NULL, NULL);
}
