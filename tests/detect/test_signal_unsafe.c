/* signal-unsafe-call: what a handler must not do, and what it may. */
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct finding *assert_unsafe(struct history *h, uint64_t count)
{
    const struct review *r = history_review(h);
    const struct finding *f = history_find(r, FINDING_SIGNAL_UNSAFE_CALL);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(f->severity, SEVERITY_HIGH);
    assert_int_equal(f->count, count);
    return f;
}

static void handler__takes_a_lock(void **state)
{
    history_play(*state,
                 "T1 lock A at work; T1 unlock A; T1 interrupted; T1 lock A at handler; T1 unlock A; T1 resumed");
    const struct finding *f = assert_unsafe(*state, 1);
    history_assert_at(*state, f, "handler");
    history_assert_objects(*state, f, "A");
}

static bool says(const struct finding *f, const char *text)
{
    for (uint32_t i = 0; i < f->evidence_count; i++)
        if (strstr(f->evidence[i], text))
            return true;
    return false;
}

static void handler__says_where_its_lock_is_taken_outside(void **state)
{
    history_play(*state,
                 "T1 lock A at work; T1 unlock A; T1 interrupted; T1 lock A at handler; T1 unlock A; T1 resumed");
    assert_true(says(assert_unsafe(*state, 1), "outside of the handler"));
}

static void handler__is_not_outside_of_itself(void **state)
{
    history_play(*state, "T1 interrupted; T1 lock A at handler; T1 unlock A; T1 resumed;" /* and let in on purpose: */
                         "T1 lock A at handler; T1 unlock A");
    assert_false(says(assert_unsafe(*state, 1), "outside of the handler"));
}

static void handler__may_be_what_a_short_stack_is_in(void **state)
{
    history_play(*state, "T1 interrupted; T1 lock A at handler; T1 unlock A; T1 resumed;"
                         "T1 hurried; T1 lock A at helper; T1 unlock A; T1 resumed");
    assert_false(says(assert_unsafe(*state, 1), "outside of the handler"));
}

static void handler__uses_the_heap(void **state)
{
    history_play(*state, "T1 interrupted; T1 heap x at handler; T1 heap x at handler; T1 resumed");
    history_assert_at(*state, assert_unsafe(*state, 2), "handler");
}

static void handler__waits_for_a_semaphore(void **state)
{
    history_play(*state, "T1 interrupted; T1 enter sem_wait at handler; T1 leave 10; T1 resumed");
    history_assert_at(*state, assert_unsafe(*state, 1), "handler");
}

static void handler__does_what_it_may(void **state)
{
    history_play(*state, "T1 interrupted; T1 trylock A at handler; T1 unlock A; T1 enter write at handler; T1 leave 1;"
                         "T1 resumed; T1 lock A at work; T1 unlock A");
    history_assert_silent(*state);
}

static void handler__two_of_them_are_two_findings(void **state)
{
    history_play(*state, "T1 interrupted; T1 lock A at one; T1 unlock A; T1 lock A at two; T1 unlock A; T1 resumed");
    assert_int_equal(history_count(history_review(*state), FINDING_SIGNAL_UNSAFE_CALL), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, history_set_up, history_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(handler__takes_a_lock),
            TEST(handler__says_where_its_lock_is_taken_outside),
            TEST(handler__is_not_outside_of_itself),
            TEST(handler__may_be_what_a_short_stack_is_in),
            TEST(handler__uses_the_heap),
            TEST(handler__waits_for_a_semaphore),
            TEST(handler__does_what_it_may),
            TEST(handler__two_of_them_are_two_findings),
    };

    return cmocka_run_group_tests_name("signal-unsafe-call", tests, NULL, NULL);
}
