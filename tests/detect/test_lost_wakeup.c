/* lost-wakeup: a signal that nobody took up, and all those that somebody did. */
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct finding *assert_lost(struct history *h)
{
    const struct review *r = history_review(h);
    const struct finding *f = history_find(r, FINDING_LOST_WAKEUP);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(f->severity, SEVERITY_HIGH);
    assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
    return f;
}

/* W has waited and was woken once. */
static void play_start(struct history *h)
{
    history_play(h, "W lock M at site; W blocks-on C at wait; P lock M at put; P signals C at put; P unlock M;"
                    "W returns; W unlock M");
}

static void play_put(struct history *h)
{
    history_play(h, "P lock M at put; P signals C at put; P unlock M");
}

static void play_wait(struct history *h, const char *thread)
{
    history_playf(h, "%s lock M at site; %s blocks-on C at wait", thread, thread);
}

static void lost__signal_before_the_first_wait(void **state)
{
    history_play(*state, "W lock X; W unlock X");
    play_put(*state);
    play_wait(*state, "W");
    history_play(*state, "P exit 500");
    const struct finding *f = assert_lost(*state);
    history_assert_at(*state, f, "wait");
    history_assert_stack(*state, f, "put");
    history_assert_objects(*state, f, "C M");
}

static void lost__signal_while_the_waiter_is_at_work(void **state)
{
    play_start(*state);
    play_put(*state);
    play_wait(*state, "W");
    assert_lost(*state);
}

static void lost__signal_between_two_waits_of_one_hold(void **state)
{
    history_play(*state,
                 "W lock M at site; W blocks-on C at wait; P signals C; W returns; P signals C; W blocks-on C at wait");
    assert_lost(*state);
}

static void lost__signaller_waits_elsewhere(void **state)
{
    play_start(*state);
    play_put(*state);
    play_wait(*state, "W");
    history_play(*state, "P lock M at answer; P blocks-on D at other");
    assert_lost(*state);
}

static void lost__several_waiters_are_one_finding(void **state)
{
    history_play(*state, "V lock X; V unlock X");
    play_start(*state);
    play_put(*state);
    play_wait(*state, "W");
    play_wait(*state, "V");
    assert_lost(*state);
}

static void idle__pool_that_comes_after_its_work(void **state)
{
    history_play(*state, "W lock X; W unlock X; V lock X; V unlock X");
    play_put(*state);
    play_put(*state);
    play_wait(*state, "W");
    play_wait(*state, "V");
    history_assert_silent(*state);
}

static void lost__threads_that_wait_for_one_start_signal(void **state)
{
    history_play(*state, "W lock X; W unlock X; V lock X; V unlock X");
    play_put(*state);
    play_wait(*state, "W");
    play_wait(*state, "V");
    assert_lost(*state);
}

static void idle__item_taken_without_waiting(void **state)
{
    play_start(*state);
    play_put(*state);
    history_play(*state, "W lock M at site; W unlock M");
    play_wait(*state, "W");
    history_assert_silent(*state);
}

static void idle__looked_elsewhere(void **state)
{
    play_start(*state);
    play_put(*state);
    history_play(*state, "W lock M at tried; W unlock M; W lock M at tried; W unlock M");
    play_wait(*state, "W");
    history_assert_silent(*state);
}

static void lost__what_was_done_noted_before_the_wait(void **state)
{
    play_start(*state);
    play_put(*state);
    history_play(*state, "W lock M at done; W unlock M");
    play_wait(*state, "W");
    assert_lost(*state);
}

static void idle__may_have_looked_elsewhere_before_its_first_wait(void **state)
{
    history_play(*state, "W lock M at tried; W unlock M; W lock M at tried; W unlock M");
    play_put(*state);
    play_wait(*state, "W");
    history_assert_silent(*state);
}

static void idle__item_taken_where_it_waits_with_a_limit(void **state)
{
    play_start(*state);
    history_play(*state, "W lock M at brief; W blocks-on C at pause; P lock M at put; P signals C at put; P unlock M;"
                         "W returns; W unlock M");
    play_put(*state);
    history_play(*state, "W lock M at brief; W unlock M");
    play_wait(*state, "W");
    history_assert_silent(*state);
}

static void lost__looked_elsewhere_before_the_signal(void **state)
{
    play_start(*state);
    history_play(*state, "W lock M at submit; W unlock M; W lock M at submit; W unlock M");
    play_put(*state);
    play_wait(*state, "W");
    assert_lost(*state);
}

static void lost__first_wait_at_a_second_place(void **state)
{
    play_start(*state);
    play_put(*state);
    history_play(*state, "W lock M at other; W blocks-on C at pause");
    assert_lost(*state);
}

static void lost__submitted_once_before_the_signal(void **state)
{
    history_play(*state, "W lock M at submit; W unlock M");
    play_put(*state);
    play_wait(*state, "W");
    assert_lost(*state);
}

/* The first job is there when the worker comes, and it takes the mutex again at another place when that is done. */
static void idle__first_job_taken_before_its_first_wait(void **state)
{
    history_play(*state, "W lock X; W unlock X");
    play_put(*state);
    history_play(*state, "W lock M at begin; W unlock M");
    play_wait(*state, "W");
    history_assert_silent(*state);
}

static void lost__signaller_looked_before_it_signalled(void **state)
{
    play_start(*state);
    history_play(*state, "P lock M at put; P unlock M");
    play_put(*state);
    play_wait(*state, "W");
    assert_lost(*state);
}

static void lost__another_kind_of_thread_uses_the_mutex(void **state)
{
    play_start(*state);
    play_put(*state);
    history_play(*state, "P lock M at size; P unlock M");
    play_wait(*state, "W");
    assert_lost(*state);
}

static void idle__item_taken_by_another_thread(void **state)
{
    history_play(*state, "V lock M at site; V unlock M");
    play_start(*state);
    play_put(*state);
    history_play(*state, "V lock M at site; V unlock M");
    play_wait(*state, "W");
    history_assert_silent(*state);
}

static void idle__looked_before_the_place_was_known(void **state)
{
    history_play(*state, "W lock X; W unlock X");
    play_put(*state);
    history_play(*state, "W lock M at site; W unlock M; W lock M at site; W unlock M");
    play_wait(*state, "W");
    history_assert_silent(*state);
}

static void idle__signal_found_somebody(void **state)
{
    play_start(*state);
    play_put(*state);
    play_wait(*state, "W");
    play_put(*state);
    history_play(*state, "W returns; W unlock M");
    play_wait(*state, "W");
    history_assert_silent(*state);
}

static void idle__a_wait_returned_since(void **state)
{
    history_play(*state, "V lock X; V unlock X");
    play_start(*state);
    play_wait(*state, "V");
    play_put(*state);
    play_put(*state); /* finds nobody: V is on its way out */
    history_play(*state, "V returns; V unlock M");
    play_wait(*state, "W");
    history_assert_silent(*state);
}

static void idle__own_signal(void **state)
{
    play_start(*state);
    history_play(*state, "W lock M at done; W signals C; W unlock M");
    play_wait(*state, "W");
    history_assert_silent(*state);
}

static void idle__signal_from_a_fellow_worker(void **state)
{
    history_play(*state, "V lock X; V unlock X");
    play_start(*state);
    history_play(*state, "V lock M at done; V signals C; V unlock M");
    play_wait(*state, "V");
    play_wait(*state, "W");
    history_assert_silent(*state);
}

static void idle__thread_made_after_the_signal(void **state)
{
    play_put(*state);
    history_play(*state, "P create W");
    play_wait(*state, "W");
    history_assert_silent(*state);
}

static void idle__wait_has_only_begun_at_exit(void **state)
{
    play_start(*state);
    play_put(*state);
    play_wait(*state, "W");
    history_play(*state, "P exit 1");
    history_assert_silent(*state);
}

static void idle__no_signal_at_all(void **state)
{
    history_play(*state, "P enter poll");
    play_wait(*state, "W");
    history_assert_silent(*state);
}

static void idle__nested_mutex_is_not_judged(void **state)
{
    history_play(*state, "W lock X; W unlock X");
    play_put(*state);
    history_play(*state, "W lock N; W lock M at site; W blocks-on C at wait");
    history_assert_silent(*state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, history_set_up, history_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(lost__signal_before_the_first_wait),
            TEST(lost__signal_while_the_waiter_is_at_work),
            TEST(lost__signal_between_two_waits_of_one_hold),
            TEST(lost__signaller_waits_elsewhere),
            TEST(lost__several_waiters_are_one_finding),
            TEST(lost__threads_that_wait_for_one_start_signal),
            TEST(idle__pool_that_comes_after_its_work),
            TEST(lost__looked_elsewhere_before_the_signal),
            TEST(lost__first_wait_at_a_second_place),
            TEST(lost__submitted_once_before_the_signal),
            TEST(idle__first_job_taken_before_its_first_wait),
            TEST(lost__signaller_looked_before_it_signalled),
            TEST(lost__another_kind_of_thread_uses_the_mutex),
            TEST(lost__what_was_done_noted_before_the_wait),
            TEST(idle__item_taken_without_waiting),
            TEST(idle__looked_elsewhere),
            TEST(idle__may_have_looked_elsewhere_before_its_first_wait),
            TEST(idle__item_taken_where_it_waits_with_a_limit),
            TEST(idle__item_taken_by_another_thread),
            TEST(idle__looked_before_the_place_was_known),
            TEST(idle__signal_found_somebody),
            TEST(idle__a_wait_returned_since),
            TEST(idle__own_signal),
            TEST(idle__signal_from_a_fellow_worker),
            TEST(idle__thread_made_after_the_signal),
            TEST(idle__wait_has_only_begun_at_exit),
            TEST(idle__no_signal_at_all),
            TEST(idle__nested_mutex_is_not_judged),
    };

    return cmocka_run_group_tests_name("lost-wakeup", tests, NULL, NULL);
}
