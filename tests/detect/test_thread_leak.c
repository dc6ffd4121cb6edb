/* thread-leak: who is left unjoined for good, and who may still be joined. */
#include "../../interpose/base/clock.h"
#include "../../interpose/record/region.h"
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct finding *assert_leak(struct history *h, enum severity severity, uint64_t count)
{
    const struct review *r = history_review(h);
    const struct finding *f = history_find(r, FINDING_THREAD_LEAK);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(f->severity, severity);
    assert_int_equal(f->count, count);
    return f;
}

static void play_workers(struct history *h, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        history_playf(h, "main create W%u at spawn; W%u end", i, i);
}

static void leak__creator_ended_too(void **state)
{
    history_play(*state, "main create A at boss; A create W1 at spawn; W1 end; A create W2 at spawn; W2 end;"
                         "A end; main join A; main exit 500");
    history_assert_at(*state, assert_leak(*state, SEVERITY_HIGH, 2), "spawn");
}

static void leak__ends_after_its_creator(void **state)
{
    history_play(*state, "main create A at boss; A create W1 at spawn; A end; main join A; W1 end; main exit 500");
    assert_int_equal(assert_leak(*state, SEVERITY_HIGH, 1)->confidence, CONFIDENCE_HIGH);
}

static void leak__one_left_by_main_is_low(void **state)
{
    history_play(*state, "main create W1 at spawn; W1 end; main exit 500");
    assert_leak(*state, SEVERITY_LOW, 1);
}

static void leak__many_left_by_main(void **state)
{
    play_workers(*state, 0, 8);
    history_play(*state, "main exit 500");
    assert_leak(*state, SEVERITY_HIGH, 8);
}

/* The latest of those threads began so much later. */
static void begun_later(uint64_t ms)
{
    for (uint32_t i = 1; i < region.header->tables[KIWI_TABLE_CLASSES].used; i++)
        region_thread_class(i)->last_ticks += ms * clock_state.ticks_per_second / 1000;
}

static void leak__piles_up_under_a_living_creator(void **state)
{
    play_workers(*state, 0, 9);
    begun_later(300);
    assert_int_equal(assert_leak(*state, SEVERITY_HIGH, 9)->confidence, CONFIDENCE_MEDIUM);
}

/* Whoever starts many in a loop may join them in the next one. */
static void leak__one_round_of_short_threads(void **state)
{
    play_workers(*state, 0, 20);
    history_assert_silent(*state);
}

static void leak__living_creator_may_still_join(void **state)
{
    for (unsigned i = 0; i < 20; i++)
        history_playf(*state, "main create W%u at spawn", i);
    for (unsigned i = 0; i < 20; i++)
        history_playf(*state, "W%u end", i);
    history_assert_silent(*state);
}

static void leak__site_whose_threads_are_joined_late(void **state)
{
    play_workers(*state, 0, 20);
    history_play(*state, "main join W0");
    history_assert_silent(*state);
}

static void leak__joined_by_another_thread(void **state)
{
    history_play(
            *state,
            "main create A at boss; A create W1 at spawn; A end; W1 end; main join W1; main join A; main exit 500");
    history_assert_silent(*state);
}

static void leak__detached_is_fine(void **state)
{
    history_play(*state, "main create A at boss; A create W1 at spawn; A detach W1; W1 end; A create W2 at spawn;"
                         "W2 detach W2; W2 end; A end; main detach A; main exit 500");
    history_assert_silent(*state);
}

static void leak__running_at_exit_has_not_ended(void **state)
{
    history_play(*state, "main create A at boss; A create W1 at spawn; A end; main join A; main exit 500");
    history_assert_silent(*state);
}

static void leak__ends_with_the_process(void **state)
{
    history_play(*state, "main create A at boss; A create W1 at spawn; A end; main join A; W1 end; main exit 1");
    history_assert_silent(*state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, history_set_up, history_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(leak__creator_ended_too),
            TEST(leak__ends_after_its_creator),
            TEST(leak__one_left_by_main_is_low),
            TEST(leak__many_left_by_main),
            TEST(leak__piles_up_under_a_living_creator),
            TEST(leak__one_round_of_short_threads),
            TEST(leak__living_creator_may_still_join),
            TEST(leak__site_whose_threads_are_joined_late),
            TEST(leak__joined_by_another_thread),
            TEST(leak__detached_is_fine),
            TEST(leak__running_at_exit_has_not_ended),
            TEST(leak__ends_with_the_process),
    };

    return cmocka_run_group_tests_name("thread-leak", tests, NULL, NULL);
}
