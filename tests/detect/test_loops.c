/* blocked-loop and slow-tick: what makes a loop, and what stalls it. */
#include "../../interpose/record/region.h"
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A loop that serves three clients and has done so for a while. */
static void loop(struct history *h)
{
    for (int i = 0; i < 4; i++)
        history_play(h, "T1 polls a at loop; T1 polls b at loop; T1 polls c at loop");
}

static void serve(struct history *h, int times, const char *tick)
{
    for (int i = 0; i < times; i++)
        history_playf(h, "T1 polls a at loop; %s; T1 finds b at loop", tick);
}

static void blocked__sleep_in_a_tick(void **state)
{
    loop(*state);
    serve(*state, 3, "T1 enter usleep at throttle; T1 leave 120");
    const struct finding *f = history_assert_one(*state, FINDING_BLOCKED_LOOP, SEVERITY_HIGH);

    assert_int_equal(f->count, 3);
    assert_int_equal(f->confidence, CONFIDENCE_HIGH);
    history_assert_at(*state, f, "throttle");
    history_assert_stack(*state, f, "loop");
}

static void blocked__disk_dns_and_sockets(void **state)
{
    loop(*state);
    serve(*state, 3, "T1 enter fsync at store; T1 leave 60");
    serve(*state, 3, "T1 enter connect at dial; T1 leave 70");
    serve(*state, 3, "T1 enter recv at ask; T1 leave 80");
    const struct review *r = history_review(*state);

    assert_int_equal(r->findings.count, 3);
    assert_int_equal(history_count(r, FINDING_BLOCKED_LOOP), 3);
}

static void blocked__one_very_long_wait(void **state)
{
    loop(*state);
    serve(*state, 1, "T1 enter connect at dial; T1 leave 5000");
    history_assert_one(*state, FINDING_BLOCKED_LOOP, SEVERITY_HIGH);
}

static void blocked__many_short_waits_while_others_come(void **state)
{
    loop(*state);
    serve(*state, 30, "T1 enter fsync at store; T1 leave 8");
    history_assert_one(*state, FINDING_BLOCKED_LOOP, SEVERITY_MEDIUM);
}

static void blocked__accidents_are_no_finding(void **state)
{
    loop(*state);
    serve(*state, 2, "T1 enter fsync at store; T1 leave 60");
    history_assert_silent(*state);
}

static void blocked__short_waits_that_nobody_noticed(void **state)
{
    loop(*state);
    for (int i = 0; i < 30; i++)
        history_play(*state, "T1 polls a at loop; T1 enter fsync at store; T1 leave 8; T1 polls b at loop");
    history_assert_silent(*state);
}

static void blocked__reads_of_what_is_ready(void **state)
{
    loop(*state);
    serve(*state, 50, "T1 enter read at serve; T1 leave 0");
    history_assert_silent(*state);
}

static void blocked__preempted_reads(void **state)
{
    loop(*state);
    serve(*state, 5, "T1 enter write at serve; T1 preempted 15");
    history_assert_silent(*state);
}

static void blocked__worker_that_serves_one_connection_at_a_time(void **state)
{
    for (int i = 0; i < 10; i++)
        history_playf(*state, "T1 awaits c%d at serve; T1 enter fsync at work; T1 leave 100", i % 4);
    history_assert_silent(*state);
}

static void blocked__worker_that_polls_for_its_next_job(void **state)
{
    for (int i = 0; i < 10; i++)
        history_play(*state, "T1 polls job at next; T1 enter fsync at work; T1 leave 100");
    history_play(*state, "T1 polls stop at next");
    history_assert_silent(*state);
}

static void blocked__relay_of_two_ends(void **state)
{
    for (int i = 0; i < 10; i++)
        history_play(*state, "T1 polls a at relay; T1 enter write at pass; T1 leave 100; T1 finds b at relay");
    history_assert_silent(*state);
}

static void blocked__sleep_that_paces_a_loop(void **state)
{
    for (int i = 0; i < 10; i++)
        history_play(*state, "T1 polls a at loop; T1 enter usleep at frame; T1 leave 100;"
                             "T1 polls b at loop; T1 enter usleep at frame; T1 leave 100;"
                             "T1 polls c at loop; T1 enter usleep at frame; T1 leave 100");
    history_assert_silent(*state);
}

/* What the loop polls: connections that were dialled, the first of them, and that were accepted. */
static void connections(unsigned dialled)
{
    assert_true(region_reach(KIWI_TABLE_DESCRIPTORS, 600 + KIWI_LOOP_SOURCES));
    for (unsigned i = 0; i < KIWI_LOOP_SOURCES; i++) {
        region_loop(1)->sources[i].id = 600 + i;
        region_descriptor(601 + i)->flags = i < dialled ? KIWI_DESCRIPTOR_DIALLED : KIWI_DESCRIPTOR_ACCEPTED;
        region_descriptor(601 + i)->state = KIWI_ROW_LIVE;
    }
}

/* Rounds: three peers are asked, answer one after the other, and it sleeps until the next round. */
static void rounds(struct history *h, unsigned dialled)
{
    for (int i = 0; i < 10; i++)
        history_play(h, "T1 polls a at gather; T1 polls b at gather; T1 polls c at gather; T1 enter usleep at pause;"
                        "T1 leave 100");
    history_play(h, "T1 polls a at gather");
    connections(dialled);
}

static void blocked__sleep_between_rounds_of_asking(void **state)
{
    rounds(*state, 3);
    history_assert_silent(*state);
}

static void blocked__sleep_while_a_client_may_come(void **state)
{
    rounds(*state, 2);
    history_assert_one(*state, FINDING_BLOCKED_LOOP, SEVERITY_HIGH);
}

static void blocked__sleep_while_answers_come(void **state)
{
    loop(*state);
    serve(*state, 4, "T1 enter usleep at throttle; T1 leave 120");
    connections(4);
    history_assert_one(*state, FINDING_BLOCKED_LOOP, SEVERITY_HIGH);
}

static void blocked__start_and_shutdown(void **state)
{
    history_play(*state, "T1 polls a at loop; T1 enter fsync at start; T1 leave 900;"
                         "T1 polls b at loop; T1 enter fsync at start; T1 leave 900;"
                         "T1 polls c at loop; T1 enter fsync at start; T1 leave 900");
    loop(*state);
    history_play(*state, "T1 enter fsync at stop; T1 leave 5000");
    history_assert_silent(*state);
}

/* A lock that another thread held while it slept. */
static void blocked__lock_whose_holder_sleeps(void **state)
{
    struct history *h = *state;

    loop(h);
    for (int i = 0; i < 3; i++)
        history_play(h, "T2 lock A at keep; T2 enter sleep at nap; T1 polls a at loop; T1 needs A at need;"
                        "T1 waited 100; T2 leave 100; T2 unlock A; T1 gets A; T1 unlock A; T1 finds b at loop");
    const struct review *r = history_review(h);
    const struct finding *f = history_find(r, FINDING_BLOCKED_LOOP);

    assert_int_equal(f->severity, SEVERITY_HIGH);
    history_assert_at(h, f, "need");
    history_assert_stack(h, f, "keep");
    history_assert_objects(h, f, "A");
}

/* The same, but nobody knows what the holder did: it may have lost its processor. */
static void blocked__lock_whose_holder_was_preempted(void **state)
{
    struct history *h = *state;

    loop(h);
    for (int i = 0; i < 3; i++)
        history_play(h, "T2 lock A at keep; T1 polls a at loop; T1 needs A at need;"
                        "T1 waited 100; T2 unlock A; T1 gets A; T1 unlock A; T1 finds b at loop");
    assert_int_equal(history_count(history_review(h), FINDING_BLOCKED_LOOP), 0);
}

static void slow__computing(void **state)
{
    loop(*state);
    serve(*state, 3, "T1 computes 200");
    const struct finding *f = history_assert_one(*state, FINDING_SLOW_TICK, SEVERITY_HIGH);

    assert_int_equal(f->count, 3);
    history_assert_at(*state, f, "loop");
}

static void slow__no_processor(void **state)
{
    loop(*state);
    serve(*state, 10, "T1 suspended 200");
    history_assert_silent(*state);
}

static void slow__accidents_are_no_finding(void **state)
{
    loop(*state);
    serve(*state, 2, "T1 computes 200");
    history_assert_silent(*state);
}

static void slow__one_kind_of_event_and_now_and_then(void **state)
{
    for (int i = 0; i < 30; i++)
        history_playf(*state, "T1 polls a at loop; T1 computes %d", i > 10 && i % 6 == 0 ? 200 : 0);
    history_play(*state, "T1 polls a at loop");
    history_assert_one(*state, FINDING_SLOW_TICK, SEVERITY_HIGH);
}

static void slow__worker_whose_jobs_are_long(void **state)
{
    for (int i = 0; i < 30; i++)
        history_play(*state, "T1 polls job at next; T1 computes 200");
    history_assert_silent(*state);
}

static void slow__periodic_work_after_timeouts(void **state)
{
    for (int i = 0; i < 40; i++)
        history_playf(*state, "T1 polls %s at next; T1 computes %d", i % 8 ? "wake" : "nothing", i % 8 ? 0 : 200);
    history_assert_silent(*state);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, history_set_up, history_tear_down)
    const struct CMUnitTest tests[] = {
            CASE(blocked__sleep_in_a_tick),
            CASE(blocked__disk_dns_and_sockets),
            CASE(blocked__one_very_long_wait),
            CASE(blocked__many_short_waits_while_others_come),
            CASE(blocked__accidents_are_no_finding),
            CASE(blocked__short_waits_that_nobody_noticed),
            CASE(blocked__reads_of_what_is_ready),
            CASE(blocked__preempted_reads),
            CASE(blocked__worker_that_polls_for_its_next_job),
            CASE(blocked__worker_that_serves_one_connection_at_a_time),
            CASE(blocked__relay_of_two_ends),
            CASE(blocked__sleep_that_paces_a_loop),
            CASE(blocked__sleep_between_rounds_of_asking),
            CASE(blocked__sleep_while_a_client_may_come),
            CASE(blocked__sleep_while_answers_come),
            CASE(blocked__start_and_shutdown),
            CASE(blocked__lock_whose_holder_sleeps),
            CASE(blocked__lock_whose_holder_was_preempted),
            CASE(slow__computing),
            CASE(slow__no_processor),
            CASE(slow__accidents_are_no_finding),
            CASE(slow__one_kind_of_event_and_now_and_then),
            CASE(slow__worker_whose_jobs_are_long),
            CASE(slow__periodic_work_after_timeouts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
