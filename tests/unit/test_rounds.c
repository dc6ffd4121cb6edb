/* rounds.h: what happened before a barrier comes before what happened after it, whoever did it. */
#include "recorder.h"

#include "../../interpose/record/handover.h"
#include "../../interpose/record/rounds.h"

#define BARRIER ((uintptr_t)0x6600000080)

static uint32_t barrier_made(struct thread *t, uint32_t parties)
{
    struct object_facts facts = {.address = BARRIER, .kind = KIWI_OBJECT_BARRIER};
    uint32_t row = object_init(t, &facts, stack_made(1));
    rounds_begin(row, parties);
    return row;
}

/* Breadth-first would be overkill: the histories here are a few rows long. */
static bool comes_after(uint32_t later, uint32_t earlier)
{
    if (!later || later == earlier)
        return later == earlier && later;
    const struct kiwi_segment *s = region_segment(later);
    return comes_after(s->previous, earlier) || comes_after(s->other, earlier);
}

static void rounds__order_everybody_before_everybody(void **state)
{
    struct thread *t[3] = {thread_made("a"), thread_made("b"), thread_made("c")};
    uint32_t barrier = barrier_made(t[0], 3), before[3], after[3];
    uint64_t round[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        t[i]->segment_stale = true;
        before[i] = thread_segment(t[i]);
    }
    for (int i = 0; i < 3; i++)
        round[i] = rounds_arrive(t[i], barrier);
    for (int i = 0; i < 3; i++) {
        rounds_leave(t[i], barrier, round[i]);
        after[i] = thread_segment(t[i]);
    }
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            assert_true(comes_after(after[i], before[k]));
            assert_false(comes_after(before[i], before[k]) && i != k);
            assert_false(comes_after(after[i], after[k]) && i != k);
        }
}

static void rounds__tell_a_fast_thread_from_the_next_round(void **state)
{
    struct thread *fast = thread_made("fast"), *slow = thread_made("slow");
    uint32_t barrier = barrier_made(fast, 2);

    (void)state;
    fast->segment_stale = slow->segment_stale = true;
    thread_segment(fast);
    thread_segment(slow);
    uint64_t first = rounds_arrive(fast, barrier), same = rounds_arrive(slow, barrier);
    assert_int_equal(first, same);
    rounds_leave(fast, barrier, first);
    uint32_t between = thread_segment(fast);
    assert_int_not_equal(rounds_arrive(fast, barrier), first);
    rounds_leave(slow, barrier, same);
    assert_false(comes_after(thread_segment(slow), between));
}

static void rounds__without_the_number_of_parties_order_nothing(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    uint32_t barrier = barrier_made(a, 0);

    (void)state;
    a->segment_stale = b->segment_stale = true;
    uint32_t of_a = thread_segment(a);
    assert_int_equal(rounds_arrive(a, barrier), 0);
    rounds_leave(b, barrier, rounds_arrive(b, barrier));
    assert_false(comes_after(thread_segment(b), of_a));
    assert_int_equal(rounds_arrive(a, 0), 0);
    assert_int_equal(rounds_gathered(barrier), 0);
}

static void rounds__know_who_still_waits_for_others(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    uint32_t barrier = barrier_made(a, 2);

    (void)state;
    assert_int_equal(rounds_gathered(barrier), 0);
    rounds_arrive(a, barrier);
    assert_int_equal(rounds_gathered(barrier), 1);
    rounds_arrive(b, barrier);
    assert_int_equal(rounds_gathered(barrier), 0);
}

static void rounds__are_noted_a_few_times_only(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    uint32_t barrier = barrier_made(a, 2);

    (void)state;
    a->segment_stale = b->segment_stale = true;
    thread_segment(a);
    thread_segment(b);
    for (int i = 0; i < 1000; i++) {
        uint64_t round = rounds_arrive(a, barrier);
        rounds_arrive(b, barrier);
        rounds_leave(a, barrier, round);
        rounds_leave(b, barrier, round);
        thread_segment(a);
        thread_segment(b);
    }
    assert_in_range(region.header->tables[KIWI_TABLE_SEGMENTS].used, 2, 2 + 2 * 3 * HANDOVERS_MAX);
}

static void rounds__do_not_order_what_a_lock_holder_does_next(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    uint32_t barrier = barrier_made(a, 2);

    (void)state;
    a->segment_stale = b->segment_stale = true;
    uint32_t of_a = thread_segment(a);
    thread_segment(b);
    lock_taken_at(b, 0x6600001000, stack_made(7));
    rounds_arrive(a, barrier);
    rounds_leave(b, barrier, rounds_arrive(b, barrier));
    assert_false(comes_after(thread_segment(b), of_a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(rounds__order_everybody_before_everybody, recorder_open, recorder_close),
            cmocka_unit_test_setup_teardown(rounds__tell_a_fast_thread_from_the_next_round, recorder_open,
                                            recorder_close),
            cmocka_unit_test_setup_teardown(rounds__without_the_number_of_parties_order_nothing, recorder_open,
                                            recorder_close),
            cmocka_unit_test_setup_teardown(rounds__know_who_still_waits_for_others, recorder_open, recorder_close),
            cmocka_unit_test_setup_teardown(rounds__are_noted_a_few_times_only, recorder_open, recorder_close),
            cmocka_unit_test_setup_teardown(rounds__do_not_order_what_a_lock_holder_does_next, recorder_open,
                                            recorder_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
