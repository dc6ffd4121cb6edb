/* lock-across-poll and lock-across-block: what costs others time, and what merely has a slow name. */
#include "../../interpose/base/clock.h"
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

/* T2 comes for the lock while T1 is inside the call, and gets it afterwards. */
static void disturbed_call(struct history *h, const char *call, int ms)
{
    history_playf(
            h, "T1 lock A at take; T1 enter %s at site; T2 wants A; T1 leave %d; T1 unlock A; T2 gets A; T2 unlock A",
            call, ms);
}

static void quiet_call(struct history *h, const char *call, int ms)
{
    history_playf(h, "T1 lock A at take; T1 enter %s at site; T1 leave %d; T1 unlock A", call, ms);
}

static void share(struct history *h)
{
    history_play(h, "T2 lock A; T2 unlock A");
}

static void poll__others_lost_time(void **state)
{
    for (int i = 0; i < 3; i++)
        disturbed_call(*state, "epoll_wait", 50);
    const struct finding *f = history_assert_one(*state, FINDING_LOCK_ACROSS_POLL, SEVERITY_HIGH);

    history_assert_at(*state, f, "site");
    history_assert_stack(*state, f, "take");
    history_assert_objects(*state, f, "A");
    assert_int_equal(f->count, 3);
}

/* Leader and followers: T2 wants the lock where T1 took it, for its own turn in the call. */
static void turn(struct history *h, const char *call)
{
    history_playf(h,
                  "T1 lock A at take; T1 enter %s at site; T2 wants A at take; T1 leave 30; T1 unlock A; T2 gets A;"
                  "T2 enter %s at site; T1 wants A at take; T2 leave 30; T2 unlock A; T1 gets A; T1 unlock A",
                  call, call);
}

static void poll__turns_are_low(void **state)
{
    for (int i = 0; i < 4; i++)
        turn(*state, "epoll_wait");
    history_assert_one(*state, FINDING_LOCK_ACROSS_POLL, SEVERITY_LOW);
}

static void poll__turns_that_keep_others_waiting(void **state)
{
    for (int i = 0; i < 4; i++)
        turn(*state, "epoll_wait");
    disturbed_call(*state, "epoll_wait", 30);
    history_assert_one(*state, FINDING_LOCK_ACROSS_POLL, SEVERITY_HIGH);
}

static void block__turns_in_accept_are_low(void **state)
{
    for (int i = 0; i < 4; i++)
        turn(*state, "accept");
    history_assert_one(*state, FINDING_LOCK_ACROSS_BLOCK, SEVERITY_LOW);
}

static void block__turns_in_other_calls_are_not_meant(void **state)
{
    for (int i = 0; i < 4; i++)
        turn(*state, "recv");
    history_assert_one(*state, FINDING_LOCK_ACROSS_BLOCK, SEVERITY_HIGH);
}

static void poll__once_for_long(void **state)
{
    disturbed_call(*state, "poll", 50);
    history_assert_one(*state, FINDING_LOCK_ACROSS_POLL, SEVERITY_HIGH);
}

static void poll__once_for_a_moment_is_low(void **state)
{
    disturbed_call(*state, "poll", 8);
    history_assert_one(*state, FINDING_LOCK_ACROSS_POLL, SEVERITY_LOW);
}

static void poll__shared_lock_nobody_came_for(void **state)
{
    share(*state);
    for (int i = 0; i < 10; i++)
        quiet_call(*state, "poll", 20);
    const struct finding *f = history_assert_one(*state, FINDING_LOCK_ACROSS_POLL, SEVERITY_MEDIUM);

    assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
}

static void poll__private_lock_is_at_most_low(void **state)
{
    for (int i = 0; i < 100; i++)
        quiet_call(*state, "poll", 20);
    history_assert_one(*state, FINDING_LOCK_ACROSS_POLL, SEVERITY_LOW);
}

static void poll__lock_that_all_only_try_for_is_at_most_low(void **state)
{
    for (int i = 0; i < 10; i++)
        history_play(*state, "T1 trylock A at take; T1 enter poll at site; T1 leave 20; T1 unlock A;"
                             "T2 trylock A at take; T2 unlock A");
    history_assert_one(*state, FINDING_LOCK_ACROSS_POLL, SEVERITY_LOW);
}

static void poll__lock_shared_only_later_is_at_most_low(void **state)
{
    for (int i = 0; i < 10; i++)
        quiet_call(*state, "poll", 20);
    share(*state);
    const struct review *r = history_review(*state);

    assert_true(review_worst_severity(r) <= (int)SEVERITY_LOW);
}

static void poll__that_returns_at_once_is_silent(void **state)
{
    share(*state);
    for (int i = 0; i < 100; i++)
        quiet_call(*state, "poll", 0);
    history_assert_silent(*state);
}

static void poll__without_a_lock_is_silent(void **state)
{
    history_play(*state, "T1 lock A; T1 unlock A; T1 enter poll; T1 leave 500");
    history_assert_silent(*state);
}

static void block__sleep_others_lost_time(void **state)
{
    for (int i = 0; i < 3; i++)
        disturbed_call(*state, "nanosleep", 20);
    history_assert_at(*state, history_assert_one(*state, FINDING_LOCK_ACROSS_BLOCK, SEVERITY_HIGH), "site");
}

static void block__one_hiccup_among_short_writes_is_silent(void **state)
{
    for (int i = 0; i < 200; i++)
        quiet_call(*state, "write", 0);
    disturbed_call(*state, "write", 12);
    history_assert_silent(*state);
}

static void block__many_hiccups_of_a_busy_machine_are_silent(void **state)
{
    for (int i = 0; i < 1000; i++)
        quiet_call(*state, "write", 0);
    for (int i = 0; i < 9; i++)
        disturbed_call(*state, "write", 4);
    history_assert_silent(*state);
}

static void block__preemption_is_not_waiting(void **state)
{
    history_play(*state, "T1 lock A; T1 enter write; T1 leave 0; T1 unlock A");
    for (int i = 0; i < 50; i++)
        history_play(*state,
                     "T1 lock A at take; T1 enter write at site; T2 wants A; T1 preempted 4; T1 unlock A; T2 gets A;"
                     "T2 unlock A");
    history_assert_silent(*state);
}

static void block__few_but_very_long_writes_count(void **state)
{
    for (int i = 0; i < 200; i++)
        quiet_call(*state, "write", 0);
    for (int i = 0; i < 5; i++)
        disturbed_call(*state, "write", 60);
    history_assert_one(*state, FINDING_LOCK_ACROSS_BLOCK, SEVERITY_HIGH);
}

static void block__shared_lock_nobody_came_for(void **state)
{
    share(*state);
    for (int i = 0; i < 10; i++)
        quiet_call(*state, "fsync", 15);
    history_assert_one(*state, FINDING_LOCK_ACROSS_BLOCK, SEVERITY_MEDIUM);
}

static void block__small_share_of_a_long_recording_is_low(void **state)
{
    history_lasts(*state, 60000);
    share(*state);
    for (int i = 0; i < 10; i++)
        quiet_call(*state, "fsync", 15);
    history_assert_one(*state, FINDING_LOCK_ACROSS_BLOCK, SEVERITY_LOW);
}

static void block__one_long_call_at_start_is_low(void **state)
{
    share(*state);
    quiet_call(*state, "connect", 300);
    history_assert_one(*state, FINDING_LOCK_ACROSS_BLOCK, SEVERITY_LOW);
}

static void block__charged_to_the_lock_that_others_wanted(void **state)
{
    for (int i = 0; i < 3; i++)
        history_play(*state, "T1 lock A at outer; T1 lock B at inner; T1 enter read at site; T2 wants A; T1 leave 30;"
                             "T1 unlock B; T1 unlock A; T2 gets A; T2 unlock A");
    const struct finding *f = history_assert_one(*state, FINDING_LOCK_ACROSS_BLOCK, SEVERITY_HIGH);

    history_assert_stack(*state, f, "outer");
    history_assert_objects(*state, f, "A B");
    assert_non_null(f->objects);
    assert_int_equal(f->objects[0].row, 1);
}

static void block__locks_of_one_class_are_one_finding(void **state)
{
    for (int i = 0; i < 30; i++)
        history_playf(
                *state,
                "M init C%d at new; T1 lock C%d at take; T1 enter read at site; T2 wants C%d at want; T1 leave 20;"
                "T1 unlock C%d; T2 gets C%d; T2 unlock C%d",
                i, i, i, i, i, i);
    assert_int_equal(history_assert_one(*state, FINDING_LOCK_ACROSS_BLOCK, SEVERITY_HIGH)->count, 30);
}

/* Nothing is pretended here, so the call lasts for microseconds: no reason to say anything. Where this very process was
 * put off meanwhile, the call did last, and the history is played anew. */
static void play_a_call_that_hangs(struct history *h, const char *others)
{
    history_play(h, "T1 lock A; T1 enter read at site");
    usleep(5000);
    history_play(h, others);
}

/* Whether it waited for long nobody has written down. */
static void block__killed_while_somebody_waits(void **state)
{
    play_a_call_that_hangs(*state, "T2 wants A");
    const struct finding *f = history_find(history_review(*state), FINDING_LOCK_ACROSS_BLOCK);

    assert_true(f->severity == SEVERITY_MEDIUM || f->severity == SEVERITY_HIGH); /* put off for long meanwhile */
    history_assert_at(*state, f, "site");
}

static void block__killed_while_somebody_waits_for_another_lock(void **state)
{
    play_a_call_that_hangs(*state, "T2 lock B; T3 wants B");
    const struct review *r = history_review(*state);

    if (r->findings.count)
        assert_int_equal(history_find(r, FINDING_LOCK_ACROSS_BLOCK)->severity, SEVERITY_LOW);
}

static void block__call_still_going_on(void **state)
{
    for (int i = 0; i < 1000; i++) {
        share(*state);
        uint64_t begin = clock_ticks();
        history_play(*state, "T1 lock A; T1 enter read at site; T2 wants A; T3 lock X; T3 enter sleep; T3 leave 0");
        uint64_t lasted = clock_ticks() - begin;
        if (lasted < clock_ns_to_ticks(KIWI_CALL_WAITED_NS)) {
            assert_int_equal(history_review(*state)->findings.count, 0);
            return;
        }
        history_close(*state);
        *state = history_open();
    }
    skip();
}

static void block__own_mutex_of_a_condition_is_silent(void **state)
{
    history_play(*state,
                 "T2 lock M; T2 unlock M; T1 lock M; T1 unlock M; T1 enter pthread_cond_wait; T1 leave 400; T1 lock M;"
                 "T1 unlock M");
    history_assert_silent(*state);
}

static void block__two_places_are_two_findings(void **state)
{
    for (int i = 0; i < 3; i++) {
        disturbed_call(*state, "read", 20);
        history_play(*state,
                     "T1 lock A at take; T1 enter read at elsewhere; T2 wants A; T1 leave 20; T1 unlock A; T2 gets A;"
                     "T2 unlock A");
    }
    assert_int_equal(history_count(history_review(*state), FINDING_LOCK_ACROSS_BLOCK), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, history_set_up, history_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(poll__others_lost_time),
            TEST(poll__turns_are_low),
            TEST(poll__turns_that_keep_others_waiting),
            TEST(block__turns_in_accept_are_low),
            TEST(block__turns_in_other_calls_are_not_meant),
            TEST(poll__once_for_long),
            TEST(poll__once_for_a_moment_is_low),
            TEST(poll__shared_lock_nobody_came_for),
            TEST(poll__private_lock_is_at_most_low),
            TEST(poll__lock_that_all_only_try_for_is_at_most_low),
            TEST(poll__lock_shared_only_later_is_at_most_low),
            TEST(poll__that_returns_at_once_is_silent),
            TEST(poll__without_a_lock_is_silent),
            TEST(block__sleep_others_lost_time),
            TEST(block__one_hiccup_among_short_writes_is_silent),
            TEST(block__many_hiccups_of_a_busy_machine_are_silent),
            TEST(block__preemption_is_not_waiting),
            TEST(block__few_but_very_long_writes_count),
            TEST(block__shared_lock_nobody_came_for),
            TEST(block__small_share_of_a_long_recording_is_low),
            TEST(block__one_long_call_at_start_is_low),
            TEST(block__charged_to_the_lock_that_others_wanted),
            TEST(block__locks_of_one_class_are_one_finding),
            TEST(block__killed_while_somebody_waits),
            TEST(block__killed_while_somebody_waits_for_another_lock),
            TEST(block__call_still_going_on),
            TEST(block__own_mutex_of_a_condition_is_silent),
            TEST(block__two_places_are_two_findings),
    };

    return cmocka_run_group_tests_name("lock_across", tests, NULL, NULL);
}
