/* lock-order-instances: which nestings of locks of one kind are a fault, and which have an order. */
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Locks of unknown origin, in address order A < B < C ... by their first mention. */
static void name_locks(struct history *h, const char *names)
{
    for (; *names; names++)
        history_playf(h, "N lock %c; N unlock %c", *names, *names);
}

static void transfer(struct history *h, const char *thread, const char *pair)
{
    history_playf(h, "%s lock %c at from; %s lock %c at to; %s unlock %c; %s unlock %c", thread, pair[0], thread,
                  pair[1], thread, pair[1], thread, pair[0]);
}

static const struct finding *assert_instances(struct history *h)
{
    const struct review *r = history_review(h);
    const struct finding *f = history_find(r, FINDING_LOCK_ORDER_INSTANCES);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(f->severity, SEVERITY_HIGH);
    history_assert_stack(h, f, "to");
    history_assert_stack(h, f, "from");
    return f;
}

static void instances__both_directions_by_two_threads(void **state)
{
    name_locks(*state, "ABCDEF");
    transfer(*state, "T1", "AB");
    transfer(*state, "T1", "BC");
    transfer(*state, "T1", "AC");
    transfer(*state, "T2", "FE");
    transfer(*state, "T2", "ED");
    transfer(*state, "T2", "FD");
    assert_int_equal(assert_instances(*state)->confidence, CONFIDENCE_MEDIUM);
}

/* Hand over hand: who wants the second one has let go of the one before the first. */
static void walk(struct history *h, const char *thread, const char *pair)
{
    history_playf(h, "%s lock H at head; %s lock %c at from; %s unlock H; %s lock %c at to", thread, thread, pair[0],
                  thread, thread, pair[1]);
    history_playf(h, "%s unlock %c; %s unlock %c", thread, pair[1], thread, pair[0]);
}

static void instances__walk_through_a_structure(void **state)
{
    name_locks(*state, "HABCDEF");
    walk(*state, "T1", "AB");
    walk(*state, "T1", "BC");
    walk(*state, "T1", "AC");
    walk(*state, "T2", "FE");
    walk(*state, "T2", "ED");
    walk(*state, "T2", "FD");
    assert_int_equal(history_review(*state)->findings.count, 0);
}

static void instances__pair_in_both_orders_by_one_thread(void **state)
{
    name_locks(*state, "ABCD");
    transfer(*state, "T1", "AB");
    transfer(*state, "T1", "BA");
    transfer(*state, "T2", "CD");
    assert_int_equal(assert_instances(*state)->confidence, CONFIDENCE_HIGH);
}

static void instances__cycle_that_ran_is_that(void **state)
{
    name_locks(*state, "AB");
    transfer(*state, "T1", "AB");
    transfer(*state, "T2", "BA");
    const struct review *r = history_review(*state);

    assert_int_equal(history_count(r, FINDING_LOCK_ORDER_CYCLE), 1);
    assert_int_equal(history_count(r, FINDING_LOCK_ORDER_INSTANCES), 0);
}

static void instances__by_address_is_silent(void **state)
{
    name_locks(*state, "ABCD");
    transfer(*state, "T1", "AB");
    transfer(*state, "T1", "BC");
    transfer(*state, "T2", "AC");
    transfer(*state, "T2", "CD");
    history_assert_silent(*state);
}

static void instances__by_an_id_is_silent(void **state)
{
    static const char by_id[] = "CAFBED"; /* any two of them are taken in this order */

    name_locks(*state, "ABCDEF");
    for (int i = 0; i < 6; i++)
        for (int k = i + 1; k < 6; k++)
            transfer(*state, (i + k) % 2 ? "T1" : "T2", (char[]){by_id[i], by_id[k], 0});
    history_assert_silent(*state);
}

static void instances__parents_before_children_are_silent(void **state)
{
    name_locks(*state, "ABCDEFG");
    transfer(*state, "T1", "DB");
    transfer(*state, "T1", "DF");
    transfer(*state, "T2", "BA");
    transfer(*state, "T2", "BC");
    transfer(*state, "T1", "FG");
    transfer(*state, "T2", "FE");
    history_assert_silent(*state);
}

static void instances__two_kinds_at_one_place_are_silent(void **state)
{
    name_locks(*state, "ABCDEF"); /* A, C, E are of one kind, always the outer ones */
    transfer(*state, "T1", "AB");
    transfer(*state, "T1", "CB");
    transfer(*state, "T2", "ED");
    transfer(*state, "T2", "CD");
    history_assert_silent(*state);
}

static void instances__one_thread_alone_is_silent(void **state)
{
    name_locks(*state, "ABC");
    transfer(*state, "T1", "AB");
    transfer(*state, "T1", "CB");
    transfer(*state, "T1", "BA");
    history_assert_silent(*state);
}

static void instances__gate_makes_it_silent(void **state)
{
    name_locks(*state, "ABCDG");
    history_play(*state, "T1 lock G");
    transfer(*state, "T1", "AB");
    transfer(*state, "T1", "BA");
    history_play(*state, "T1 unlock G; T2 lock G");
    transfer(*state, "T2", "CD");
    history_play(*state, "T2 unlock G");
    history_assert_silent(*state);
}

/* a = b: the one that is assigned to for writing, the other for reading */
static void assign(struct history *h, const char *thread, const char *pair, const char *outer, const char *inner)
{
    history_playf(h, "%s %s %c at from; %s %s %c at to; %s unlock %c; %s unlock %c", thread, outer, pair[0], thread,
                  inner, pair[1], thread, pair[1], thread, pair[0]);
}

static void assign_both_ways(struct history *h, const char *outer, const char *inner)
{
    history_play(h, "N rwlock A; N rwlock B; N rwlock C; N rwlock D");
    assign(h, "T1", "AB", outer, inner);
    assign(h, "T1", "BA", outer, inner);
    assign(h, "T2", "CD", outer, inner);
}

static void instances__reading_inside_of_writing(void **state)
{
    assign_both_ways(*state, "wrlock", "rdlock");
    assert_int_equal(assert_instances(*state)->confidence, CONFIDENCE_HIGH);
}

static void instances__writing_inside_of_reading(void **state)
{
    assign_both_ways(*state, "rdlock", "wrlock");
    assert_int_equal(assert_instances(*state)->confidence, CONFIDENCE_HIGH);
}

static void instances__readers_are_silent(void **state)
{
    assign_both_ways(*state, "rdlock", "rdlock");
    history_assert_silent(*state);
}

/* Two parents, each above its own children, could as well be two pairs of roles that anybody may swap. */
static void instances__two_stars_may_be_a_tree(void **state)
{
    name_locks(*state, "ABCDEFG");
    transfer(*state, "T1", "AB");
    transfer(*state, "T1", "AC");
    transfer(*state, "T2", "GE");
    transfer(*state, "T2", "GF");
    history_assert_silent(*state);
}

static void instances__trylock_makes_it_silent(void **state)
{
    name_locks(*state, "ABCD");
    history_play(*state, "T1 lock A at from; T1 trylock B at to; T1 unlock B; T1 unlock A;"
                         "T1 lock B at from; T1 trylock A at to; T1 unlock A; T1 unlock B");
    transfer(*state, "T2", "CD");
    history_assert_silent(*state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, history_set_up, history_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(instances__both_directions_by_two_threads),
            TEST(instances__walk_through_a_structure),
            TEST(instances__pair_in_both_orders_by_one_thread),
            TEST(instances__cycle_that_ran_is_that),
            TEST(instances__by_address_is_silent),
            TEST(instances__by_an_id_is_silent),
            TEST(instances__parents_before_children_are_silent),
            TEST(instances__two_kinds_at_one_place_are_silent),
            TEST(instances__one_thread_alone_is_silent),
            TEST(instances__gate_makes_it_silent),
            TEST(instances__reading_inside_of_writing),
            TEST(instances__writing_inside_of_reading),
            TEST(instances__readers_are_silent),
            TEST(instances__two_stars_may_be_a_tree),
            TEST(instances__trylock_makes_it_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
