/* self-deadlock, unlock-not-owner, exit-holding-lock and their like: what was recorded as misuse, judged by what came
 * after it. */
#include "../../interpose/record/region.h"
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct finding *assert_only(struct history *h, enum finding_id id, enum severity severity)
{
    const struct review *r = history_review(h);
    const struct finding *f = history_find(r, id);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(f->severity, severity);
    assert_int_equal(f->confidence, CONFIDENCE_HIGH);
    return f;
}

static void exit_holding__is_reported_where_it_was_taken(void **state)
{
    history_play(*state, "T1 lock A; T1 unlock A; T1 lock A at import; T1 end; T2 trylock B");
    const struct finding *f = assert_only(*state, FINDING_EXIT_HOLDING_LOCK, SEVERITY_HIGH);

    history_assert_at(*state, f, "import");
    history_assert_objects(*state, f, "A");
}

static void exit_holding__who_waits_is_shown(void **state)
{
    history_play(*state, "T1 lock A at import; T1 end; T2 wants A at reader");
    history_assert_stack(*state, assert_only(*state, FINDING_EXIT_HOLDING_LOCK, SEVERITY_HIGH), "reader");
}

static void exit_holding__detached_as_the_process_ends_is_low(void **state)
{
    history_play(*state, "T1 create T2; T1 detach T2; T1 lock A; T1 unlock A; T2 lock A at begin; T2 end; T1 exit 10");
    assert_only(*state, FINDING_EXIT_HOLDING_LOCK, SEVERITY_LOW);
}

/* Kiwi's own search for lost blocks is no time of the process. */
static void exit_holding__what_the_leak_scan_took_does_not_count(void **state)
{
    history_play(*state, "T1 create T2; T1 detach T2; T2 lock A at begin; T2 end; T1 exit 500");
    region.header->leak_scan_us = 460000;
    assert_only(*state, FINDING_EXIT_HOLDING_LOCK, SEVERITY_LOW);
}

static void exit_holding__detached_long_before_the_end_is_not(void **state)
{
    history_play(*state, "T1 create T2; T1 detach T2; T2 lock A at begin; T2 end; T1 exit 500");
    assert_only(*state, FINDING_EXIT_HOLDING_LOCK, SEVERITY_HIGH);
}

static void exit_holding__joined_as_the_process_ends_is_not(void **state)
{
    history_play(*state, "T1 create T2; T2 lock A at begin; T2 end; T1 join T2; T1 exit 10");
    assert_only(*state, FINDING_EXIT_HOLDING_LOCK, SEVERITY_HIGH);
}

static void exit_holding__several_threads_at_one_place_are_one(void **state)
{
    history_play(*state, "T1 lock A at import; T1 end; T2 lock A at import; T2 end");
    assert_int_equal(assert_only(*state, FINDING_EXIT_HOLDING_LOCK, SEVERITY_HIGH)->count, 2);
}

static void exit_holding__handed_over_is_not_this(void **state)
{
    history_play(*state, "T1 lock A; T1 end; T2 unlock-foreign A");
    const struct review *r = history_review(*state);

    assert_int_equal(history_count(r, FINDING_EXIT_HOLDING_LOCK), 0);
    assert_int_equal(history_count(r, FINDING_UNLOCK_NOT_OWNER), 1);
}

static void exit_holding__mark_that_something_was_done(void **state)
{
    history_play(*state, "T1 trylock A; T1 end");
    history_assert_silent(*state);
}

static void exit_holding__lock_that_is_only_tried_is_no_mark(void **state)
{
    history_play(*state, "T1 trylock A; T1 unlock A; T1 trylock A at import; T1 end");
    history_assert_at(*state, assert_only(*state, FINDING_EXIT_HOLDING_LOCK, SEVERITY_HIGH), "import");
}

static void exit_holding__live_holder_is_silent(void **state)
{
    history_play(*state, "T1 lock A; T2 lock B; T2 unlock B; T2 end");
    history_assert_silent(*state);
}

static void free_holding__is_reported_where_it_was_freed(void **state)
{
    history_play(*state, "T1 new A; T1 lock A at use; T1 free A at drop; T1 end");
    const struct finding *f = assert_only(*state, FINDING_FREE_HOLDING_LOCK, SEVERITY_CRITICAL);

    history_assert_at(*state, f, "drop");
    history_assert_stack(*state, f, "use");
}

static void free_holding__held_by_another(void **state)
{
    history_play(*state, "T1 new A; T2 lock A at use; T1 free A at drop");
    history_assert_stack(*state, assert_only(*state, FINDING_FREE_HOLDING_LOCK, SEVERITY_CRITICAL), "use");
}

static void free_holding__unlocked_before_is_silent(void **state)
{
    history_play(*state, "T1 new A; T1 new B; T1 lock A; T1 lock B; T1 unlock B; T1 free B; T1 unlock A; T1 free A");
    history_assert_silent(*state);
}

static void fork_holding__child_that_waits(void **state)
{
    history_play(*state, "main fork-held A at fork; main fork-wanted A at child; main wants A at child");
    history_assert_at(*state, assert_only(*state, FINDING_FORK_HOLDING_LOCK, SEVERITY_CRITICAL), "child");
}

static void fork_holding__child_that_goes_on(void **state)
{
    history_play(*state, "main fork-held A at fork; main fork-held B at fork; main lock C; main unlock C");
    const struct finding *f = assert_only(*state, FINDING_FORK_HOLDING_LOCK, SEVERITY_MEDIUM);

    history_assert_at(*state, f, "fork");
    history_assert_objects(*state, f, "A B");
}

static void fork_holding__child_that_does_nothing_is_silent(void **state)
{
    history_play(*state, "main fork-held A at fork; main enter read; main leave 5");
    history_assert_silent(*state);
}

static void fork_holding__lock_made_anew_is_silent(void **state)
{
    history_play(*state, "main fork-held A; main fork-held B; main init A; main lock B; main unlock B;"
                         "main lock C; main unlock C");
    history_assert_silent(*state);
}

static void self__relock_that_waits(void **state)
{
    history_play(*state, "T1 lock A; T1 wants A at f");
    const struct review *r = history_review(*state);
    const struct finding *f = history_find(r, FINDING_SELF_DEADLOCK);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(f->severity, SEVERITY_CRITICAL);
    assert_int_equal(f->confidence, CONFIDENCE_HIGH);
    history_assert_at(*state, f, "f");
    history_assert_stack(*state, f, "T1 lock A");
    history_assert_objects(*state, f, "A");
}

static void self__note_and_wait_are_one_finding(void **state)
{
    history_play(*state, "T1 lock A; T1 relock A at f; T1 wants A at f; T2 wants A");
    const struct review *r = history_review(*state);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(history_find(r, FINDING_SELF_DEADLOCK)->count, 1);
}

static void self__reader_that_wants_to_write(void **state)
{
    history_play(*state, "T1 rwlock R; T1 rdlock R; T1 wants-wr R at f");
    history_assert_at(*state, history_find(history_review(*state), FINDING_SELF_DEADLOCK), "f");
}

static void self__timed_relock_only_stalls(void **state)
{
    history_play(*state, "T1 lock A; T1 relock-timed A");
    assert_int_equal(history_find(history_review(*state), FINDING_SELF_DEADLOCK)->severity, SEVERITY_HIGH);
}

static void self__one_place_is_one_finding(void **state)
{
    for (int i = 0; i < 20; i++)
        history_playf(*state, "M init A%d at new; T%d lock A%d at first; T%d relock A%d at again", i, i, i, i, i);
    const struct review *r = history_review(*state);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(r->findings.items[0]->count, 20);
}

/* The calls came back. */
static void relocks_returned(void)
{
    for (uint32_t i = 1; i <= region.header->tables[KIWI_TABLE_MISUSES].used; i++)
        if (region_misuse(i)->kind == KIWI_MISUSE_RELOCK)
            region_misuse(i)->result = 0;
}

static void self__let_in_by_another_thread(void **state)
{
    history_play(*state, "T1 lock A; T1 relock A at again; T2 unlock-foreign A at complete");
    relocks_returned();
    history_assert_at(*state, assert_only(*state, FINDING_UNLOCK_NOT_OWNER, SEVERITY_CRITICAL), "complete");
}

static void self__let_in_by_nobody_known(void **state)
{
    history_play(*state, "T2 lock A; T1 unlock-foreign A; T1 lock B; T1 relock B at again");
    relocks_returned();
    history_assert_at(*state, history_find(history_review(*state), FINDING_SELF_DEADLOCK), "again");
}

static void unlock__kinds_and_severities(void **state)
{
    history_play(*state, "T1 unlock-unheld A at f; T2 lock B; T1 unlock-foreign B at g; T1 unlock-refused C at h");
    const struct review *r = history_review(*state);

    assert_int_equal(r->findings.count, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(r->findings.items[i]->id, FINDING_UNLOCK_NOT_OWNER);
    assert_int_equal(r->findings.items[0]->severity, SEVERITY_CRITICAL);
    assert_int_equal(r->findings.items[1]->severity, SEVERITY_CRITICAL);
    assert_int_equal(r->findings.items[2]->severity, SEVERITY_MEDIUM);
    history_assert_at(*state, r->findings.items[2], "h");
}

static void destroy__names_the_holder(void **state)
{
    history_play(*state, "T2 lock A at f; T1 destroy-held A at g");
    const struct finding *f = history_find(history_review(*state), FINDING_DESTROY_BUSY);

    assert_int_equal(f->severity, SEVERITY_CRITICAL);
    history_assert_at(*state, f, "g");
    history_assert_stack(*state, f, "f");
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, history_set_up, history_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(exit_holding__is_reported_where_it_was_taken),
            FRESH(exit_holding__who_waits_is_shown),
            FRESH(exit_holding__detached_as_the_process_ends_is_low),
            FRESH(exit_holding__what_the_leak_scan_took_does_not_count),
            FRESH(exit_holding__detached_long_before_the_end_is_not),
            FRESH(exit_holding__joined_as_the_process_ends_is_not),
            FRESH(exit_holding__several_threads_at_one_place_are_one),
            FRESH(exit_holding__handed_over_is_not_this),
            FRESH(exit_holding__mark_that_something_was_done),
            FRESH(exit_holding__lock_that_is_only_tried_is_no_mark),
            FRESH(exit_holding__live_holder_is_silent),
            FRESH(free_holding__is_reported_where_it_was_freed),
            FRESH(free_holding__held_by_another),
            FRESH(free_holding__unlocked_before_is_silent),
            FRESH(fork_holding__child_that_waits),
            FRESH(fork_holding__child_that_goes_on),
            FRESH(fork_holding__child_that_does_nothing_is_silent),
            FRESH(fork_holding__lock_made_anew_is_silent),
            FRESH(self__relock_that_waits),
            FRESH(self__note_and_wait_are_one_finding),
            FRESH(self__reader_that_wants_to_write),
            FRESH(self__timed_relock_only_stalls),
            FRESH(self__one_place_is_one_finding),
            FRESH(self__let_in_by_another_thread),
            FRESH(self__let_in_by_nobody_known),
            FRESH(unlock__kinds_and_severities),
            FRESH(destroy__names_the_holder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
