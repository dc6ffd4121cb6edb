/* lock-order-cycle: which histories are a danger, and which only look like one. */
#include "../../analysis/detectors/lock_cycles.h"
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct finding *assert_cycle(struct history *h, const char *grade, const char *objects)
{
    const struct review *r = history_review(h);
    const struct finding *f = history_find(r, FINDING_LOCK_ORDER_CYCLE);

    assert_int_equal(r->findings.count, 1);
    assert_string_equal(f->grade, grade);
    history_assert_objects(h, f, objects);
    return f;
}

#define NEST(t, a, b) t " lock " a "; " t " lock " b "; " t " unlock " b "; " t " unlock " a ";"

static void order__two_threads_two_orders(void **state)
{
    history_play(*state, NEST("T1", "A", "B") "T2 lock B; T2 lock A at g; T2 unlock A; T2 unlock B");
    const struct finding *f = assert_cycle(*state, "G3", "A B");

    assert_int_equal(f->severity, SEVERITY_CRITICAL);
    assert_int_equal(f->confidence, CONFIDENCE_HIGH);
    history_assert_stack(*state, f, "g");
    history_assert_stack(*state, f, "T1 lock A");
    history_assert_stack(*state, f, "T1 lock B");
    history_assert_stack(*state, f, "T2 lock B");
}

static void order__rarer_step_comes_first(void **state)
{
    for (int i = 0; i < 5; i++)
        history_play(*state, NEST("T1", "A", "B"));
    history_play(*state, "T2 lock B; T2 lock A at rare; T2 unlock A; T2 unlock B");
    history_assert_at(*state, assert_cycle(*state, "G3", "A B"), "rare");
}

static void order__threads_that_did_not_meet_are_grade_4(void **state)
{
    history_play(*state, NEST("T1", "A", "B") "T1 end;" NEST("T2", "B", "A"));
    assert_int_equal(assert_cycle(*state, "G4", "A B")->confidence, CONFIDENCE_MEDIUM);
}

static void order__one_thread_alone_is_silent(void **state)
{
    for (int i = 0; i < 10000; i++)
        history_playf(*state, NEST("T1", "A%d", "B%d") NEST("T1", "B%d", "A%d"), i, i, i, i, i, i, i, i);
    history_assert_silent(*state);
}

static void order__one_thread_alone_with_all_locks_of_a_pool_is_silent(void **state)
{
    for (int i = 0; i < 60; i++)
        for (int k = 0; k < 60; k++)
            if (i != k)
                history_playf(*state, NEST("T1", "L%d", "L%d"), i, k, k, i);
    history_assert_silent(*state);
}

static void order__gate_lock_hides_cycle(void **state)
{
    history_play(*state,
                 "T1 lock G;" NEST("T1", "A", "B") "T1 unlock G; T2 lock G;" NEST("T2", "B", "A") "T2 unlock G");
    history_assert_silent(*state);
}

static void order__ten_thousand_gated_inversions_are_silent(void **state)
{
    for (int i = 0; i < 5000; i++)
        history_playf(
                *state,
                "T1 lock G;" NEST("T1", "A%d", "B%d") "T1 unlock G; T2 lock G;" NEST("T2", "B%d", "A%d") "T2 unlock G",
                i, i, i, i, i, i, i, i);
    history_assert_silent(*state);
}

static void order__gate_of_one_thread_only_hides_nothing(void **state)
{
    history_play(*state, "T1 lock G;" NEST("T1", "A", "B") "T1 unlock G;" NEST("T2", "B", "A"));
    assert_cycle(*state, "G3", "A B");
}

static void order__readers_of_a_gate_pass_together(void **state)
{
    history_play(*state, "T1 rwlock G; T1 rdlock G;" NEST("T1", "A", "B") "T1 unlock G; T2 rdlock G;" NEST(
                                 "T2", "B", "A") "T2 unlock G");
    assert_cycle(*state, "G3", "A B");
}

static void order__joined_before_the_other_began(void **state)
{
    history_play(*state, "M lock X; M unlock X; M create T1;" NEST(
                                 "T1", "A", "B") "T1 end; M join T1; M create T2;" NEST("T2", "B", "A"));
    history_assert_silent(*state);
}

static void order__join_by_the_one_who_inverts(void **state)
{
    history_play(*state, "M create T1;" NEST("T1", "A", "B") "T1 end; M join T1;" NEST("M", "B", "A"));
    history_assert_silent(*state);
}

static void order__setting_up_before_threads_exist(void **state)
{
    history_play(*state, NEST("M", "A", "B") "M create T1;" NEST("T1", "B", "A"));
    history_assert_silent(*state);
}

static void order__creator_goes_on_after_create(void **state)
{
    history_play(*state, "M create T1;" NEST("M", "A", "B") NEST("T1", "B", "A"));
    assert_cycle(*state, "G3", "A B");
}

static void order__siblings_are_not_ordered(void **state)
{
    history_play(*state, "M lock X; M lock Y; M unlock Y; M unlock X; M create T1; M create T2;" NEST("T1", "A", "B")
                                 NEST("T2", "B", "A"));
    assert_cycle(*state, "G3", "A B");
}

static void order__trylock_waits_for_nobody(void **state)
{
    history_play(*state, NEST("T1", "A", "B") "T2 lock B; T2 trylock A; T2 unlock A; T2 unlock B");
    history_assert_silent(*state);
}

static void order__lock_taken_by_trylock_counts_as_held(void **state)
{
    history_play(*state, NEST("T1", "A", "B") "T2 trylock B; T2 lock A; T2 unlock A; T2 unlock B");
    assert_cycle(*state, "G3", "A B");
}

static void order__timed_lock_is_a_stall(void **state)
{
    history_play(*state, NEST("T1", "A", "B") "T2 lock B; T2 timedlock A; T2 unlock A; T2 unlock B");
    const struct finding *f = assert_cycle(*state, "G5", "A B");

    assert_int_equal(f->severity, SEVERITY_LOW);
    assert_int_equal(f->confidence, CONFIDENCE_LOW);
}

static void order__reentry_of_a_recursive_lock_adds_nothing(void **state)
{
    history_play(*state, "T1 recursive A; T1 lock A; T1 lock B; T1 lock A; T1 unlock A; T1 unlock B; T1 unlock A;"
                         "T2 lock A; T2 lock B; T2 lock A; T2 unlock A; T2 unlock B; T2 unlock A");
    history_assert_silent(*state);
}

static void order__readers_let_readers_in(void **state)
{
    history_play(*state, "T1 rwlock A; T1 rwlock B; T1 rdlock A; T1 rdlock B; T1 unlock B; T1 unlock A;"
                         "T2 rdlock B; T2 rdlock A; T2 unlock A; T2 unlock B");
    history_assert_silent(*state);
}

static void order__reader_against_writer(void **state)
{
    history_play(*state, "T1 rwlock R; T1 rdlock R; T1 lock J; T1 unlock J; T1 unlock R;"
                         "T2 lock J; T2 wrlock R; T2 unlock R; T2 unlock J");
    assert_cycle(*state, "G3", "R J");
}

static void order__one_read_step_breaks_the_circle(void **state)
{
    history_play(*state, "T1 rwlock R; T1 rdlock R; T1 lock J; T1 unlock J; T1 unlock R;"
                         "T2 lock J; T2 rdlock R; T2 unlock R; T2 unlock J");
    history_assert_silent(*state);
}

static void order__three_locks_three_threads(void **state)
{
    history_play(*state, NEST("T1", "A", "B") NEST("T2", "B", "C") NEST("T3", "C", "A"));
    assert_cycle(*state, "G3", "A B C");
}

static void order__four_locks_four_threads(void **state)
{
    history_play(*state, NEST("T1", "A", "B") NEST("T2", "B", "C") NEST("T3", "C", "D") NEST("T4", "D", "A"));
    assert_cycle(*state, "G3", "A B C D");
}

/* Thread i takes locks i and i + 1, the last one begins again; As many threads as locks, or fewer. */
static void play_ring(struct history *h, int locks, int threads, bool gated)
{
    for (int i = 0; i < locks; i++) {
        int thread = 1 + i % threads, next = (i + 1) % locks;

        if (gated)
            history_playf(h, "T%d lock G", thread);
        history_playf(h, "T%d lock L%d; T%d lock L%d; T%d unlock L%d; T%d unlock L%d", thread, i, thread, next, thread,
                      next, thread, i);
        if (gated)
            history_playf(h, "T%d unlock G", thread);
    }
}

static void order__ring_of_any_length(void **state)
{
    play_ring(*state, 40, 40, false);
    const struct review *r = history_review(*state);
    const struct finding *f = history_find(r, FINDING_LOCK_ORDER_CYCLE);

    assert_int_equal(r->findings.count, 1);
    assert_string_equal(f->grade, "G3");
    assert_int_equal(f->object_count, 40);
    assert_int_equal(f->count, 1);
}

static void order__ring_one_longer_than_all_are_looked_for(void **state)
{
    play_ring(*state, LOCK_CYCLE_SHORT + 1, LOCK_CYCLE_SHORT + 1, false);
    assert_non_null(history_find(history_review(*state), FINDING_LOCK_ORDER_CYCLE));
}

static void order__longest_ring(void **state)
{
    play_ring(*state, LOCK_CYCLE_MAX, LOCK_CYCLE_MAX, false);
    assert_non_null(history_find(history_review(*state), FINDING_LOCK_ORDER_CYCLE));
}

static void order__ring_behind_a_gate_is_silent(void **state)
{
    play_ring(*state, 20, 20, true);
    history_assert_silent(*state);
}

static void order__ring_with_a_thread_too_few_is_silent(void **state)
{
    play_ring(*state, 20, 19, false);
    history_assert_silent(*state);
}

static void order__ring_with_a_short_cut_is_told_once(void **state)
{
    play_ring(*state, 20, 20, false);
    history_play(*state, NEST("T30", "L1", "L0"));
    assert_cycle(*state, "G3", "L0 L1");
}

static void order__two_rings(void **state)
{
    play_ring(*state, 20, 20, false);
    for (int i = 0; i < 15; i++)
        history_playf(*state, "T%d lock K%d at f%d; T%d lock K%d at g%d; T%d unlock K%d; T%d unlock K%d", 40 + i, i, i,
                      40 + i, (i + 1) % 15, i, 40 + i, (i + 1) % 15, 40 + i, i);
    const struct review *r = history_review(*state);

    assert_int_equal(r->findings.count, 2);
    assert_int_equal(r->findings.items[0]->object_count + r->findings.items[1]->object_count, 35);
}

static void order__three_steps_by_two_threads_are_silent(void **state)
{
    history_play(*state, NEST("T1", "A", "B") NEST("T1", "B", "C") NEST("T2", "C", "A"));
    history_assert_silent(*state);
}

static void order__transitive_steps_never_held_together(void **state)
{
    history_play(*state, "T1 lock A; T1 lock B; T1 unlock A; T1 lock C; T1 unlock C; T1 unlock B;"
                         "T2 lock C; T2 lock A; T2 unlock A; T2 unlock C");
    history_assert_silent(*state);
}

static void order__held_set_is_kept_after_release_out_of_order(void **state)
{
    history_play(*state,
                 "T1 lock X; T1 lock A; T1 unlock X; T1 lock B; T1 unlock B; T1 unlock A;" NEST("T2", "B", "A"));
    assert_cycle(*state, "G3", "A B");
}

static void order__outer_lock_counts_for_inner_requests(void **state)
{
    history_play(*state,
                 "T1 lock A; T1 lock M; T1 lock B; T1 unlock B; T1 unlock M; T1 unlock A;" NEST("T2", "B", "A"));
    assert_cycle(*state, "G3", "A B");
}

static void order__reused_address_is_another_lock(void **state)
{
    history_play(*state, "T1 init A;" NEST("T1", "A", "B") "T1 destroy A; T1 init A;" NEST("T2", "B", "A"));
    history_assert_silent(*state);
}

static void order__freed_block_ends_its_lock(void **state)
{
    history_play(*state, NEST("T1", "A", "B") "T1 free A;" NEST("T2", "B", "A"));
    history_assert_silent(*state);
}

static void order__unpublished_lock_orders_nothing(void **state)
{
    history_play(*state, "T1 new S; T1 lock S; T1 lock R; T1 unlock R; T1 unlock S;" NEST("T2", "R", "S"));
    history_assert_silent(*state);
}

/* What T1 let go of may have handed S on, or not: setting it up takes S and a log's lock, too. */
static void order__lock_of_its_maker_alone_is_a_guess(void **state)
{
    history_play(*state,
                 "T1 new S; T1 lock S; T1 unlock S; T1 lock L; T1 unlock L;" NEST("T1", "S", "R") NEST("T2", "R", "S"));
    const struct finding *f = assert_cycle(*state, "G5", "R S");

    assert_int_equal(f->severity, SEVERITY_LOW);
    assert_int_equal(f->confidence, CONFIDENCE_LOW);
}

static void order__lock_that_another_took_orders(void **state)
{
    history_play(*state, "T1 new S; T1 lock S; T1 unlock S; T1 lock L; T1 unlock L;" NEST("T1", "S", "R")
                                 NEST("T2", "R", "S") NEST("T1", "S", "R"));
    assert_cycle(*state, "G3", "R S");
}

static void order__lock_that_a_new_thread_may_know_orders(void **state)
{
    history_play(*state, "T1 new S; T1 lock S; T1 unlock S; T1 create T2;" NEST("T1", "S", "R") NEST("T2", "R", "S"));
    assert_cycle(*state, "G3", "R S");
}

static void order__unpublished_lock_does_not_hide_the_outer_ones(void **state)
{
    history_play(*state, "T1 lock A; T1 new S; T1 lock S; T1 lock B; T1 unlock B; T1 unlock S; T1 unlock A;" NEST(
                                 "T2", "B", "A"));
    assert_cycle(*state, "G3", "A B");
}

static void order__signal_between_is_a_guess(void **state)
{
    history_play(*state, NEST("T1", "A", "B") "T1 wakes C; T2 woken C;" NEST("T2", "B", "A"));
    const struct finding *f = assert_cycle(*state, "G5", "A B");

    assert_int_equal(f->severity, SEVERITY_LOW);
    assert_int_equal(f->confidence, CONFIDENCE_LOW);
}

static void order__signals_in_a_chain_are_a_guess(void **state)
{
    history_play(*state, NEST("T1", "A", "B") "T1 wakes C; T3 woken C; T3 wakes D; T2 woken D;" NEST("T2", "B", "A"));
    assert_cycle(*state, "G5", "A B");
}

static void order__signal_does_not_order_what_follows_it(void **state)
{
    history_play(*state,
                 NEST("T1", "A", "B") "T1 wakes C; T2 woken C;" NEST("T2", "B", "A") NEST("T1", "A", "B") "T1 lock A");
    assert_cycle(*state, "G3", "A B");
}

static void order__signal_waited_for_with_a_lock_held(void **state)
{
    history_play(*state, NEST("T1", "A", "B") "T1 wakes C; T2 lock B; T2 woken C; T2 lock A; T2 unlock A; T2 unlock B");
    assert_cycle(*state, "G3", "A B");
}

static void order__signals_of_a_busy_thread_order_nothing(void **state)
{
    for (int i = 0; i < 100; i++)
        history_play(*state, NEST("T1", "A", "B") "T1 wakes C");
    history_play(*state, "T2 woken C;" NEST("T2", "B", "A"));
    assert_cycle(*state, "G3", "A B");
}

/* Each round takes the locks in one order, in all threads. */
static void play_round(struct history *h, int round, int threads)
{
    const char *x = round % 2 ? "A" : "B", *y = round % 2 ? "B" : "A";

    for (int t = 0; t < threads; t++)
        history_playf(h, "T%d lock %s at f; T%d lock %s at g; T%d unlock %s; T%d unlock %s; T%d arrives R at %d", t, x,
                      t, y, t, y, t, x, t, threads);
    for (int t = 0; t < threads; t++)
        history_playf(h, "T%d leaves R at %d", t, threads);
}

static void order__rounds_of_a_barrier(void **state)
{
    for (int round = 0; round < 40; round++)
        play_round(*state, round, 3);
    history_assert_silent(*state);
}

static void order__more_rounds_than_are_noted(void **state)
{
    for (int round = 0; round < 500; round++)
        play_round(*state, round, 3);
    history_assert_silent(*state);
}

static void order__barrier_between_others_orders_nothing(void **state)
{
    for (int i = 0; i < 5; i++)
        history_play(*state, NEST("T1", "A", "B") "T1 arrives R at 2; T3 arrives R at 2; T1 leaves R at 2;"
                                                  "T3 leaves R at 2;" NEST("T2", "B", "A"));
    assert_cycle(*state, "G3", "A B");
}

static void order__flag_under_a_mutex_is_a_guess(void **state)
{
    history_play(*state, NEST("T1", "A", "B") "T1 lock M; T1 passes M; T1 unlock M; T2 lock M; T2 passes M;"
                                              "T2 unlock M;" NEST("T2", "B", "A"));
    assert_cycle(*state, "G5", "A B");
}

static void order__flag_does_not_order_what_follows_it(void **state)
{
    history_play(*state, NEST("T1", "A", "B") "T1 lock M; T1 passes M; T1 unlock M; T2 lock M; T2 passes M;"
                                              "T2 unlock M;" NEST("T1", "A", "B") NEST("T2", "B", "A"));
    assert_cycle(*state, "G3", "A B");
}

static void order__counter_of_those_who_are_done_is_a_guess(void **state)
{
    for (int t = 0; t < 4; t++)
        history_playf(*state, NEST("T%d", "A", "B") "T%d lock M; T%d passes M; T%d unlock M", t, t, t, t, t, t, t);
    history_play(*state, "M lock M; M passes M; M unlock M;" NEST("M", "B", "A"));
    assert_cycle(*state, "G5", "A B");
}

#define TELLS(t) t " lock M; " t " passes M; " t " unlock M;"

/* Two threads of a pool that tell each other more than is noted, and take A before B all that time; then `often` times
 * B before A. */
static void play_phases(struct history *h, int often)
{
    for (int i = 0; i < 100; i++)
        history_play(h, NEST("T1", "A", "B") TELLS("T1") TELLS("T2") NEST("T2", "A", "B") TELLS("T2") TELLS("T1"));
    for (int i = 0; i < often; i++)
        history_play(h, NEST("T2", "B", "A") TELLS("T2") TELLS("T1"));
}

static void order__phases_of_a_busy_pool_are_a_guess(void **state)
{
    play_phases(*state, 20);
    assert_int_equal(assert_cycle(*state, "G5", "A B")->severity, SEVERITY_LOW);
}

static void order__is_no_phase_if_the_first_step_comes_again(void **state)
{
    play_phases(*state, 20);
    history_play(*state, NEST("T1", "A", "B"));
    assert_cycle(*state, "G3", "A B");
}

static void order__rare_step_is_no_phase(void **state)
{
    play_phases(*state, 3);
    assert_cycle(*state, "G3", "A B");
}

static void order__two_bursts_of_threads_that_tell_each_other_nothing_are_no_phases(void **state)
{
    for (int i = 0; i < 100; i++)
        history_play(*state, NEST("T1", "A", "B"));
    for (int i = 0; i < 100; i++)
        history_play(*state, NEST("T2", "B", "A"));
    assert_cycle(*state, "G3", "A B");
}

static void order__kept_promise_is_a_guess(void **state)
{
    history_play(*state, NEST("T1", "A", "B") "T1 keeps P;" NEST("T2", "B", "A"));
    assert_cycle(*state, "G5", "A B");
}

static void order__promise_does_not_order_what_follows_it(void **state)
{
    history_play(*state, NEST("T1", "A", "B") "T1 keeps P;" NEST("T2", "B", "A") NEST("T1", "A", "B"));
    assert_cycle(*state, "G3", "A B");
}

static void order__promise_does_not_order_what_was_seen_before(void **state)
{
    history_play(*state, NEST("T2", "B", "A") NEST("T1", "A", "B") "T1 keeps P;" NEST("T2", "B", "A"));
    assert_cycle(*state, "G3", "A B");
}

static void order__condition_takes_its_lock_back(void **state)
{
    history_play(*state, "T1 lock M; T1 lock A; T1 condwait M; T1 unlock M; T1 unlock A;" NEST("T2", "M", "A"));
    const struct finding *f = assert_cycle(*state, "G3", "A M");

    history_assert_stack(*state, f, "T1 condwait M");
}

static void order__request_that_was_never_granted_counts(void **state)
{
    history_play(*state, "T1 lock A; T1 wants B; T1 gives-up; T1 unlock A;" NEST("T2", "B", "A"));
    assert_cycle(*state, "G3", "A B");
}

/* transfer(from, to) over locks of unknown origin: some were met first at one of its two sites, some at the other. */
static void order__first_use_does_not_split_a_cause(void **state)
{
    history_play(*state, "T1 lock A at from; T1 lock B at to; T1 unlock B; T1 unlock A;"
                         "T2 lock B at from; T2 lock A at to; T2 unlock A; T2 unlock B;"
                         "T1 lock D at from; T1 unlock D;"
                         "T1 lock C at from; T1 lock D at to; T1 unlock D; T1 unlock C;"
                         "T2 lock D at from; T2 lock C at to; T2 unlock C; T2 unlock D");
    const struct review *r = history_review(*state);

    assert_int_equal(history_count(r, FINDING_LOCK_ORDER_CYCLE), 1);
    assert_int_equal(history_find(r, FINDING_LOCK_ORDER_CYCLE)->count, 2);
}

static void order__instances_of_one_place_are_one_finding(void **state)
{
    for (int i = 0; i < 60; i++)
        history_playf(*state,
                      "M init S%d at session_new; T1 lock R at list; T1 lock S%d at visit; T1 unlock S%d; T1 unlock R;"
                      "T2 lock S%d at close; T2 lock R at unlink; T2 unlock R; T2 unlock S%d",
                      i, i, i, i, i);
    const struct review *r = history_review(*state);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(r->findings.items[0]->count, 60);
}

static void order__locks_that_are_not_told_apart_order_nothing(void **state)
{
    for (int i = 0; i < 2000; i++)
        history_playf(
                *state,
                "T1 init A%d at new; T1 init B%d at new; T1 lock A%d at outer; T1 lock B%d at inner; T1 unlock B%d;"
                "T1 unlock A%d; T2 init C%d at new; T2 init D%d at new; T2 lock C%d at outer; T2 lock D%d at inner;"
                "T2 unlock D%d; T2 unlock C%d",
                i, i, i, i, i, i, i, i, i, i, i, i);
    const struct review *r = history_review(*state);

    assert_int_equal(r->findings.count, 0);
    assert_int_equal(r->health.unseen.count, 1);
}

static void order__two_causes_are_two_findings(void **state)
{
    history_play(*state, NEST("T1", "A", "B") NEST("T2", "B", "A") NEST("T1", "C", "D") NEST("T2", "D", "C"));
    assert_int_equal(history_count(history_review(*state), FINDING_LOCK_ORDER_CYCLE), 2);
}

static void order__many_threads_of_one_kind_keep_two_witnesses(void **state)
{
    for (int i = 0; i < 50; i++)
        history_playf(*state, "M create W%d; W%d lock A at f; W%d lock B at f2; W%d unlock B; W%d unlock A; W%d end", i,
                      i, i, i, i, i);
    for (int i = 50; i < 100; i++)
        history_playf(*state, "M create W%d; W%d lock B at g; W%d lock A at g2; W%d unlock A; W%d unlock B; W%d end", i,
                      i, i, i, i, i);
    const struct finding *f = assert_cycle(*state, "G4", "A B");

    assert_int_equal(f->severity, SEVERITY_CRITICAL);
}

static void order__joined_generations_of_threads_are_ordered(void **state)
{
    history_play(*state, NEST("M", "X", "Y"));
    for (int i = 0; i < 6; i++)
        history_playf(
                *state,
                "M create W%d; W%d lock A at f; W%d lock B at f2; W%d unlock B; W%d unlock A; W%d end; M join W%d", i,
                i, i, i, i, i, i);
    for (int i = 6; i < 12; i++)
        history_playf(
                *state,
                "M create W%d; W%d lock B at g; W%d lock A at g2; W%d unlock A; W%d unlock B; W%d end; M join W%d", i,
                i, i, i, i, i, i);
    history_assert_silent(*state);
}

static void order__rounds_of_joined_workers(void **state)
{
    for (int i = 0; i < 5; i++)
        history_playf(*state,
                      "M lock A at f; M lock B at f2; M unlock B; M unlock A; M create W%d; W%d lock B at g;"
                      "W%d lock A at g2; W%d unlock A; W%d unlock B; W%d end; M join W%d",
                      i, i, i, i, i, i, i);
    history_play(*state, "M lock A at f; M lock B at f2; M unlock B; M unlock A");
    history_assert_silent(*state);
}

static void order__rounds_that_overlap_are_a_cycle(void **state)
{
    for (int i = 0; i < 5; i++)
        history_playf(*state,
                      "M create W%d; W%d lock B at g; W%d lock A at g2; W%d unlock A; W%d unlock B; W%d end;"
                      "M lock A at f; M lock B at f2; M unlock B; M unlock A; M join W%d",
                      i, i, i, i, i, i, i);
    assert_cycle(*state, "G3", "A B");
}

static void order__a_knot_of_locks_ends_in_time(void **state)
{
    for (int t = 0; t < 6; t++)
        for (int i = 0; i < 40; i++)
            for (int k = 0; k < 40; k++)
                if (i != k && (i * 7 + k * 13 + t) % 5 == 0)
                    history_playf(*state, "T%d lock L%d at t%d; T%d lock L%d at u%d; T%d unlock L%d; T%d unlock L%d", t,
                                  i, t, t, k, t, t, k, t, i);
    const struct review *r = history_review(*state);

    assert_true(r->findings.count >= 1);
    assert_int_equal(history_count(r, FINDING_LOCK_ORDER_CYCLE), r->findings.count);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, history_set_up, history_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(order__two_threads_two_orders),
            TEST(order__rarer_step_comes_first),
            TEST(order__threads_that_did_not_meet_are_grade_4),
            TEST(order__one_thread_alone_is_silent),
            TEST(order__one_thread_alone_with_all_locks_of_a_pool_is_silent),
            TEST(order__gate_lock_hides_cycle),
            TEST(order__ten_thousand_gated_inversions_are_silent),
            TEST(order__gate_of_one_thread_only_hides_nothing),
            TEST(order__readers_of_a_gate_pass_together),
            TEST(order__joined_before_the_other_began),
            TEST(order__join_by_the_one_who_inverts),
            TEST(order__setting_up_before_threads_exist),
            TEST(order__creator_goes_on_after_create),
            TEST(order__siblings_are_not_ordered),
            TEST(order__trylock_waits_for_nobody),
            TEST(order__lock_taken_by_trylock_counts_as_held),
            TEST(order__timed_lock_is_a_stall),
            TEST(order__reentry_of_a_recursive_lock_adds_nothing),
            TEST(order__readers_let_readers_in),
            TEST(order__reader_against_writer),
            TEST(order__one_read_step_breaks_the_circle),
            TEST(order__three_locks_three_threads),
            TEST(order__four_locks_four_threads),
            TEST(order__ring_of_any_length),
            TEST(order__ring_one_longer_than_all_are_looked_for),
            TEST(order__longest_ring),
            TEST(order__ring_behind_a_gate_is_silent),
            TEST(order__ring_with_a_thread_too_few_is_silent),
            TEST(order__ring_with_a_short_cut_is_told_once),
            TEST(order__two_rings),
            TEST(order__three_steps_by_two_threads_are_silent),
            TEST(order__transitive_steps_never_held_together),
            TEST(order__held_set_is_kept_after_release_out_of_order),
            TEST(order__outer_lock_counts_for_inner_requests),
            TEST(order__reused_address_is_another_lock),
            TEST(order__freed_block_ends_its_lock),
            TEST(order__unpublished_lock_orders_nothing),
            TEST(order__lock_of_its_maker_alone_is_a_guess),
            TEST(order__lock_that_another_took_orders),
            TEST(order__lock_that_a_new_thread_may_know_orders),
            TEST(order__unpublished_lock_does_not_hide_the_outer_ones),
            TEST(order__signal_between_is_a_guess),
            TEST(order__signals_in_a_chain_are_a_guess),
            TEST(order__signal_does_not_order_what_follows_it),
            TEST(order__signal_waited_for_with_a_lock_held),
            TEST(order__signals_of_a_busy_thread_order_nothing),
            TEST(order__rounds_of_a_barrier),
            TEST(order__more_rounds_than_are_noted),
            TEST(order__barrier_between_others_orders_nothing),
            TEST(order__flag_under_a_mutex_is_a_guess),
            TEST(order__flag_does_not_order_what_follows_it),
            TEST(order__counter_of_those_who_are_done_is_a_guess),
            TEST(order__phases_of_a_busy_pool_are_a_guess),
            TEST(order__is_no_phase_if_the_first_step_comes_again),
            TEST(order__rare_step_is_no_phase),
            TEST(order__two_bursts_of_threads_that_tell_each_other_nothing_are_no_phases),
            TEST(order__kept_promise_is_a_guess),
            TEST(order__promise_does_not_order_what_follows_it),
            TEST(order__promise_does_not_order_what_was_seen_before),
            TEST(order__condition_takes_its_lock_back),
            TEST(order__request_that_was_never_granted_counts),
            TEST(order__first_use_does_not_split_a_cause),
            TEST(order__instances_of_one_place_are_one_finding),
            TEST(order__locks_that_are_not_told_apart_order_nothing),
            TEST(order__two_causes_are_two_findings),
            TEST(order__many_threads_of_one_kind_keep_two_witnesses),
            TEST(order__joined_generations_of_threads_are_ordered),
            TEST(order__rounds_of_joined_workers),
            TEST(order__rounds_that_overlap_are_a_cycle),
            TEST(order__a_knot_of_locks_ends_in_time),
    };

    return cmocka_run_group_tests_name("lock_order", tests, NULL, NULL);
}
