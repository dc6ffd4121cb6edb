/* scope.h: scopes of a thread, nested and ended out of order; ticks that the program tells of. */
#include "recorder.h"

#include "../../interpose/record/loop.h"
#include "../../interpose/record/scope.h"

static const struct kiwi_loop *scope_of(const char *name)
{
    for (uint32_t i = 1; i < region.header->tables[KIWI_TABLE_LOOPS].used; i++)
        if (strcmp(region.tables[KIWI_TABLE_STRINGS] + region_loop(i)->name, name) == 0)
            return region_loop(i);
    fail_msg("no scope '%s'", name);
    return NULL;
}

static void scope__counts_and_durations(void **state)
{
    struct thread *t = thread_made("a");
    (void)state;
    for (int i = 0; i < 7; i++) {
        scope_begin(t, "work");
        t->scopes[0].begin -= clock_ns_to_ticks(1000000);
        assert_int_not_equal(t->scope, 0);
        scope_end(t, "work");
    }
    assert_int_equal(t->scope, 0);
    assert_int_equal(scope_of("work")->count, 7);
    assert_int_equal(scope_of("work")->kind, KIWI_LOOP_SCOPE);
    assert_true(scope_of("work")->total_ticks >= 7 * clock_ns_to_ticks(1000000));
}

static void scope__inner_ones_left_open_are_dropped(void **state)
{
    struct thread *t = thread_made("a");
    (void)state;
    scope_begin(t, "outer");
    scope_begin(t, "inner");
    scope_begin(t, "innermost");
    scope_end(t, "outer");
    scope_end(t, "inner");
    assert_int_equal(t->scope_depth, 0);
    assert_int_equal(scope_of("outer")->count, 1);
    assert_int_equal(scope_of("inner")->count, 0);
    assert_int_equal(scope_of("innermost")->count, 0);
}

static void scope__deeper_than_there_is_room(void **state)
{
    struct thread *t = thread_made("a");
    (void)state;
    for (unsigned i = 0; i < 3 * THREAD_SCOPES; i++)
        scope_begin(t, "deep");
    for (unsigned i = 0; i < 3 * THREAD_SCOPES; i++)
        scope_end(t, "deep");
    scope_end(t, "deep");
    assert_int_equal(t->scope_depth, 0);
    assert_int_equal(scope_of("deep")->count, THREAD_SCOPES);
}

static void tick__told_by_the_program(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(0x400000), elsewhere = stack_made(0x500000);
    (void)state;
    loop_said_end(t);
    for (int i = 0; i < 5; i++) {
        loop_said(t, "jobs", stack);
        loop_wait_ends(t, &(struct loop_return){.stack = elsewhere, .flags = KIWI_CALLF_UNTIMED, .events = 1});
        assert_int_not_equal(t->tick_loop, 0);
        loop_said_end(t);
        assert_int_equal(t->tick_loop, 0);
    }
    assert_int_equal(region.header->tables[KIWI_TABLE_LOOPS].used, 2);
    assert_int_equal(scope_of("jobs")->kind, KIWI_LOOP_SAID);
    assert_int_equal(scope_of("jobs")->count, 5);
    assert_int_equal(scope_of("jobs")->stack, stack);
}

int main(void)
{
#define FRESH(name) cmocka_unit_test_setup_teardown(name, recorder_open, recorder_close)
    const struct CMUnitTest tests[] = {
            FRESH(scope__counts_and_durations),
            FRESH(scope__inner_ones_left_open_are_dropped),
            FRESH(scope__deeper_than_there_is_room),
            FRESH(tick__told_by_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
