/* idle.h: what a loop's waits for events come to is the same, but for the latest few. */
#include "recorder.h"

#include "../../interpose/record/idle.h"

/* A call row of that number, as call.c makes them. */
static uint32_t call_row_made(void)
{
    uint32_t row = region_claim(KIWI_TABLE_CALLS, 1);
    region_publish(&region_call(row)->state, KIWI_ROW_LIVE);
    return row;
}

/* Through the first ones, which the caller enters. */
static void settle(struct thread *t, uint32_t row)
{
    for (uint32_t i = 0; i < IDLE_EXACT; i++)
        assert_false(idle_note(t, row, 100, 1000 + i));
    assert_int_equal(region_call(row)->waited, 0);
}

static uint64_t in_histograms(uint32_t row)
{
    uint64_t sum = 0;
    for (uint32_t i = 1; i < region_ready_rows(KIWI_TABLE_HISTOGRAMS); i++) {
        const struct kiwi_histogram *h = region_histogram(i);
        for (uint32_t k = 0; h->kind == KIWI_HISTOGRAM_CALL && h->contention == row && k < KIWI_HISTOGRAM_BUCKETS; k++)
            sum += h->counts[k];
    }
    return sum;
}

static void idle__some_at_a_time(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t row = call_row_made();
    uint64_t sum = 0;
    (void)state;
    settle(t, row);
    for (uint32_t i = 0; i < 3 * THREAD_IDLE; i++) {
        assert_true(idle_note(t, row, 10000 + i, 5000 + i));
        sum += 10000 + i;
    }
    const struct kiwi_call *c = region_call(row);
    assert_int_equal(t->blocked_ticks, sum);
    assert_int_equal(region_thread(t->row)->idle_ticks, sum);
    assert_int_equal(c->waited, 3 * THREAD_IDLE);
    assert_int_equal(c->ticks, sum);
    assert_int_equal(c->max_ticks, 10000 + 3 * THREAD_IDLE - 1);
    assert_int_equal(c->last_ticks, 5000 + 3 * THREAD_IDLE - 1);
    assert_int_equal(c->thread, t->row);
    assert_int_equal(in_histograms(row), 3 * THREAD_IDLE);
}

/* A quiet server waits for seconds: what it has waited must be known, and when. */
static void idle__long_one_ends_a_lot(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t row = call_row_made();
    uint64_t seconds = clock_ns_to_ticks(4000000000u);
    (void)state;
    settle(t, row);
    assert_true(idle_note(t, row, 7, 5000));
    assert_int_equal(region_call(row)->waited, 0);
    assert_true(idle_note(t, row, seconds, 5000 + seconds));
    assert_int_equal(region_call(row)->waited, 2);
    assert_int_equal(region_call(row)->last_ticks, 5000 + seconds);
    assert_int_equal(region_thread(t->row)->idle_ticks, 7 + seconds);
    assert_int_equal(t->slot->event_next, 1);
    assert_int_equal(t->slot->events[0].value, seconds);
}

/* Of each lot the latest: else a busy loop's waits would be all that the flight recorder remembers. */
static void idle__one_event_for_each_lot(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t row = call_row_made();
    (void)state;
    settle(t, row);
    for (uint32_t i = 0; i < 2 * THREAD_IDLE; i++)
        assert_true(idle_note(t, row, 7 + i, 5000 + i));
    assert_int_equal(t->slot->event_next, 2);
    assert_int_equal(t->slot->events[1].kind, KIWI_EVENT_CALL);
    assert_int_equal(t->slot->events[1].row, row);
    assert_int_equal(t->slot->events[1].value, 7 + 2 * THREAD_IDLE - 1);
    assert_int_equal(t->slot->events[1].ticks, 5000 + 2 * THREAD_IDLE - 1);
}

/* events=all asks for each. */
static void idle__none_is_kept_back_if_all_events_are_wanted(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t row = call_row_made();
    (void)state;
    record_settings.events_all = true;
    for (uint32_t i = 0; i < 2 * IDLE_EXACT; i++)
        assert_false(idle_note(t, row, 7, 5000));
    record_settings.events_all = false;
}

static void idle__fewer_are_kept_back(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t row = call_row_made();
    (void)state;
    settle(t, row);
    for (uint32_t i = 0; i + 1 < THREAD_IDLE; i++)
        assert_true(idle_note(t, row, 7, 5000));
    assert_int_equal(region_call(row)->waited, 0);
    idle_end(t);
    assert_int_equal(region_call(row)->waited, THREAD_IDLE - 1);
    idle_end(t);
    assert_int_equal(region_call(row)->waited, THREAD_IDLE - 1);
}

static void idle__another_row_begins_anew(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t row = call_row_made(), other = call_row_made();
    (void)state;
    settle(t, row);
    assert_true(idle_note(t, row, 7, 5000));
    assert_false(idle_note(t, other, 9, 5000));
    assert_int_equal(region_call(row)->waited, 1);
    assert_int_equal(region_call(other)->waited, 0);
}

static void idle__nothing_is_lost_when_the_thread_ends(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t row = call_row_made();
    (void)state;
    settle(t, row);
    assert_true(idle_note(t, row, 7, 5000));
    thread_detach(t);
    assert_int_equal(region_call(row)->waited, 1);
    assert_int_equal(region_call(row)->max_ticks, 7);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(idle__some_at_a_time),
            FRESH(idle__long_one_ends_a_lot),
            FRESH(idle__one_event_for_each_lot),
            FRESH(idle__none_is_kept_back_if_all_events_are_wanted),
            FRESH(idle__fewer_are_kept_back),
            FRESH(idle__another_row_begins_anew),
            FRESH(idle__nothing_is_lost_when_the_thread_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
