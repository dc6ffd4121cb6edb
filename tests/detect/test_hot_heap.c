/* hot-alloc, alloc-churn, realloc-growth: what makes allocations a finding. */
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = history_open();
    return 0;
}

static int tear_down(void **state)
{
    history_close(*state);
    return 0;
}

/* A loop that serves two clients; each tick takes a millisecond. */
static void serve(struct history *h, int times, const char *tick)
{
    for (int i = 0; i < times; i++)
        history_playf(h, "T1 polls %s at loop; T1 computes 1; %s", i % 2 ? "a" : "b", tick);
    history_play(h, "T1 polls a at loop");
}

static void assert_silent(struct history *h)
{
    const struct review *r = history_review(h);

    if (r->findings.count)
        fail_msg("found: %s", r->findings.items[0]->title);
}

static void hot__many_in_each_tick(void **state)
{
    serve(*state, 300, "T1 allocates 4000 at parse");
    const struct review *r = history_review(*state);
    const struct finding *f = history_find(r, FINDING_HOT_ALLOC);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(f->severity, SEVERITY_HIGH); /* 200 us of 1 ms */
    assert_true(f->count > 290 * 4000);
    history_assert_at(*state, f, "parse");
}

/* Of so many ticks not all are looked at: whether one of the large ones is, is left to chance. */
static void hot__rare_large_ticks_do_not_hide_the_others(void **state)
{
    for (int i = 0; i < 9000; i++)
        history_playf(*state, "T1 polls %s at loop; T1 allocates %s", i % 2 ? "a" : "b",
                      i > 5000 && i % 1300 == 7 ? "250000 at reload" : "30 at parse");
    history_play(*state, "T1 polls a at loop");
    const struct review *r = history_review(*state);
    const struct finding *f = history_find(r, FINDING_HOT_ALLOC);

    assert_int_equal(r->findings.count, 1);
    history_assert_stack(*state, f, "parse");
}

static void hot__less_than_the_high_share_is_medium(void **state)
{
    serve(*state, 300, "T1 allocates 1000 at parse; T1 allocates 500 at format");
    const struct finding *f = history_find(history_review(*state), FINDING_HOT_ALLOC);

    assert_int_equal(f->severity, SEVERITY_MEDIUM);
    history_assert_at(*state, f, "parse");
    history_assert_stack(*state, f, "format");
}

/* 20 % of each tick, and 0.2 % of a processor. */
static void hot__in_a_loop_that_is_nearly_idle_is_medium(void **state)
{
    serve(*state, 300, "T1 idles 100; T1 allocates 4000 at parse");
    const struct finding *f = history_find(history_review(*state), FINDING_HOT_ALLOC);

    assert_int_equal(f->severity, SEVERITY_MEDIUM);
    history_assert_at(*state, f, "parse");
}

static void growth__in_a_loop_that_is_nearly_idle_is_medium(void **state)
{
    serve(*state, 300, "T1 idles 100; T1 appends 4000 at body_add");
    const struct review *r = history_review(*state);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(history_find(r, FINDING_REALLOC_GROWTH)->severity, SEVERITY_MEDIUM);
}

static void silent__a_few_in_ticks_that_do_more(void **state)
{
    serve(*state, 300, "T1 allocates 300 at parse"); /* 15 us of 1 ms */
    assert_silent(*state);
}

static void silent__most_ticks_do_not(void **state)
{
    for (int i = 0; i < 100; i++)
        serve(*state, 4, i % 4 ? "T1 computes 1" : "T1 allocates 4000 at accept");
    assert_silent(*state);
}

static void silent__start_up(void **state)
{
    serve(*state, 100, "T1 allocates 4000 at fill");
    serve(*state, 400, "T1 computes 1");
    assert_silent(*state);
}

static void silent__too_few_ticks(void **state)
{
    serve(*state, 150, "T1 allocates 4000 at parse");
    assert_silent(*state);
}

static void silent__outside_of_ticks(void **state)
{
    history_play(*state, "T1 allocates 4000 at build");
    for (int i = 0; i < 300; i++)
        history_play(*state, "T2 allocates 4000 at build");
    assert_silent(*state);
}

static void churn__a_share_of_the_threads_time(void **state)
{
    history_play(*state, "T1 lock A; T1 unlock A; T2 churns 40 at scratch; T2 uses 1000"); /* 80 ms of it */
    const struct review *r = history_review(*state);
    const struct finding *f = history_find(r, FINDING_ALLOC_CHURN);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(f->severity, SEVERITY_MEDIUM);
    assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
    assert_int_equal(f->count, 4000000);
    history_assert_at(*state, f, "scratch");
}

/* What ticks are told to allocate at a place is not told again; at another place it is. */
static void churn__of_a_hot_place_is_one_finding(void **state)
{
    serve(*state, 300, "T1 allocates 4000 at parse");
    history_play(*state, "T2 lock A; T2 unlock A; T1 churns 40 at parse; T1 churns 40 at format; T1 uses 1000");
    const struct review *r = history_review(*state);

    assert_int_equal(r->findings.count, 2);
    history_assert_at(*state, history_find(r, FINDING_HOT_ALLOC), "parse");
    history_assert_at(*state, history_find(r, FINDING_ALLOC_CHURN), "format");
}

static void silent__churn_beside_much_work(void **state)
{
    history_play(*state, "T1 lock A; T1 unlock A; T2 churns 40 at scratch; T2 uses 4000");
    assert_silent(*state);
}

static void silent__blocks_that_live_on(void **state)
{
    history_play(*state, "T1 lock A; T1 unlock A; T2 retains 40 at scratch; T2 uses 1000");
    assert_silent(*state);
}

static void silent__a_batch_job_of_one_thread(void **state)
{
    history_play(*state, "T1 churns 40 at scratch; T1 uses 1000");
    assert_silent(*state);
}

static void silent__processor_time_is_not_known(void **state)
{
    history_play(*state, "T1 lock A; T1 unlock A; T2 churns 40 at scratch");
    assert_silent(*state);
}

static void growth__by_small_steps(void **state)
{
    serve(*state, 150, "T1 appends 40 at body_add");
    const struct review *r = history_review(*state);
    const struct finding *f = history_find(r, FINDING_REALLOC_GROWTH);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(f->severity, SEVERITY_MEDIUM);
    assert_int_equal(f->confidence, CONFIDENCE_HIGH);
    history_assert_at(*state, f, "body_add");
}

/* The time of the ticks that goes into the heap goes into these steps. */
static void growth__that_takes_much_of_the_ticks_is_one_finding(void **state)
{
    serve(*state, 300, "T1 appends 4000 at body_add");
    const struct review *r = history_review(*state);
    const struct finding *f = history_find(r, FINDING_REALLOC_GROWTH);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(f->severity, SEVERITY_HIGH);
    assert_non_null(strstr(f->evidence[f->evidence_count - 1], "of their time"));
    history_assert_at(*state, f, "body_add");
}

static void growth__beside_other_allocations_is_told_with_these(void **state)
{
    serve(*state, 300, "T1 appends 4000 at body_add; T1 allocates 2000 at parse");
    const struct review *r = history_review(*state);
    const struct finding *hot = history_find(r, FINDING_HOT_ALLOC);

    assert_int_equal(r->findings.count, 2);
    assert_int_equal(history_find(r, FINDING_REALLOC_GROWTH)->severity, SEVERITY_MEDIUM);
    history_assert_at(*state, hot, "parse");
    assert_int_equal(hot->stack_count, 1);
}

static void silent__doubling(void **state)
{
    serve(*state, 150, "T1 doubles 40 at body_add");
    assert_silent(*state);
}

static void silent__few_steps_for_each_buffer(void **state)
{
    serve(*state, 150, "T1 appends 12 at body_add");
    assert_silent(*state);
}

static void silent__growth_at_start_up(void **state)
{
    serve(*state, 150, "T1 appends 40 at load");
    serve(*state, 300, "T1 computes 1");
    assert_silent(*state);
}

static void silent__growth_outside_of_ticks(void **state)
{
    for (int i = 0; i < 300; i++)
        history_play(*state, "T1 appends 40 at load");
    assert_silent(*state);
}

static void growth__of_followed_blocks_outside_of_ticks(void **state)
{
    for (int i = 0; i < 5; i++)
        history_play(*state, "T1 lock A; T1 unlock A; T2 appends 200 at row_add");
    history_play(*state, "T2 retains 40 at row_add; T2 uses 1000");
    const struct review *r = history_review(*state);
    const struct finding *f = history_find(r, FINDING_REALLOC_GROWTH);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(f->severity, SEVERITY_MEDIUM);
    assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
    history_assert_at(*state, f, "row_add");
}

static void silent__doubling_outside_of_ticks(void **state)
{
    for (int i = 0; i < 5; i++)
        history_play(*state, "T1 lock A; T1 unlock A; T2 doubles 200 at row_add");
    history_play(*state, "T2 retains 40 at row_add; T2 uses 1000");
    assert_silent(*state);
}

static void silent__one_table_that_grows(void **state)
{
    history_play(*state, "T1 lock A; T1 unlock A; T2 appends 1000 at load; T2 retains 40 at load; T2 uses 1000");
    assert_silent(*state);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(hot__many_in_each_tick),
            FRESH(hot__rare_large_ticks_do_not_hide_the_others),
            FRESH(hot__less_than_the_high_share_is_medium),
            FRESH(hot__in_a_loop_that_is_nearly_idle_is_medium),
            FRESH(growth__in_a_loop_that_is_nearly_idle_is_medium),
            FRESH(silent__a_few_in_ticks_that_do_more),
            FRESH(silent__most_ticks_do_not),
            FRESH(silent__start_up),
            FRESH(silent__too_few_ticks),
            FRESH(silent__outside_of_ticks),
            FRESH(churn__a_share_of_the_threads_time),
            FRESH(churn__of_a_hot_place_is_one_finding),
            FRESH(silent__churn_beside_much_work),
            FRESH(silent__blocks_that_live_on),
            FRESH(silent__a_batch_job_of_one_thread),
            FRESH(silent__processor_time_is_not_known),
            FRESH(growth__by_small_steps),
            FRESH(growth__that_takes_much_of_the_ticks_is_one_finding),
            FRESH(growth__beside_other_allocations_is_told_with_these),
            FRESH(silent__doubling),
            FRESH(silent__few_steps_for_each_buffer),
            FRESH(silent__growth_at_start_up),
            FRESH(silent__growth_outside_of_ticks),
            FRESH(growth__of_followed_blocks_outside_of_ticks),
            FRESH(silent__doubling_outside_of_ticks),
            FRESH(silent__one_table_that_grows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
