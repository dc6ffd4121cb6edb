/* thread-churn: a rate that lasts, of threads that do not. */
#include "../../interpose/base/clock.h"
#include "../../interpose/record/stack.h"
#include "../../interpose/record/thread_class.h"
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SITE 0x400010ull

static uint32_t site(void)
{
    uint64_t frames[2] = {SITE, SITE + 0x1000};

    return stack_intern(frames, 2, 0);
}

/* `count` threads in a burst every `every_ms`, so many times; each lives for life_ms. The time is pretended. */
static void play(uint32_t start_function, unsigned bursts, unsigned count, unsigned every_ms, unsigned life_ms)
{
    uint32_t row = thread_class_get(start_function, site());
    uint64_t now = clock_ticks();

    for (unsigned i = 0; i < bursts; i++, now += clock_ns_to_ticks(every_ms * 1000000ull))
        for (unsigned n = 0; n < count; n++) {
            thread_class_began(row, now);
            thread_class_ended(row, clock_ns_to_ticks(life_ms * 1000000ull));
        }
}

static void churn__thread_per_request(void **state)
{
    play(1, 200, 1, 5, 1);
    const struct review *r = history_review(*state);
    const struct finding *f = history_find(r, FINDING_THREAD_CHURN);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(f->severity, SEVERITY_MEDIUM);
    assert_int_equal(f->count, 200);
}

static void churn__bursts_of_helpers_again_and_again(void **state)
{
    play(1, 20, 32, 250, 100);
    assert_int_equal(history_count(history_review(*state), FINDING_THREAD_CHURN), 1);
}

static void churn__pool_made_at_start(void **state)
{
    play(1, 1, 2000, 0, 60000);
    history_assert_silent(*state);
}

static void churn__burst_of_short_ones_at_start(void **state)
{
    play(1, 1, 500, 0, 1);
    history_assert_silent(*state);
}

static void churn__few_a_second(void **state)
{
    play(1, 400, 2, 50, 5); /* 40 a second: a build tool */
    history_assert_silent(*state);
}

static void churn__many_that_stay(void **state)
{
    play(1, 200, 1, 5, 2000);
    history_assert_silent(*state);
}

static void churn__several_kinds_that_are_rare_each(void **state)
{
    for (uint32_t i = 1; i <= 8; i++)
        play(i, 50, 1, 40, 1);
    history_assert_silent(*state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, history_set_up, history_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(churn__thread_per_request),
            TEST(churn__bursts_of_helpers_again_and_again),
            TEST(churn__pool_made_at_start),
            TEST(churn__burst_of_short_ones_at_start),
            TEST(churn__few_a_second),
            TEST(churn__many_that_stay),
            TEST(churn__several_kinds_that_are_rare_each),
    };

    return cmocka_run_group_tests_name("thread-churn", tests, NULL, NULL);
}
