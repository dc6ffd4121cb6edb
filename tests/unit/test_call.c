/* call.h: blocking calls by kind, stack and held set; whether they waited is measured. */
#include "recorder.h"

#include <errno.h>

#define LOCK ((uintptr_t)0x100000)

static void call_of(struct thread *t, uint32_t stack, uint32_t flags, uint64_t ticks, int error)
{
    struct call_record c;
    call_enter(&c, t, KIWI_CALL_READ, stack, flags, 5);
    if (c.since)
        c.since -= ticks;
    call_leave(&c, error, error ? 0 : 100);
}

static const struct kiwi_call *only_call(void)
{
    assert_int_equal(region.header->tables[KIWI_TABLE_CALLS].used, 2);
    assert_int_equal(region_call(1)->state, KIWI_ROW_LIVE);
    return region_call(1);
}

static void call__shows_while_it_lasts(void **state)
{
    struct thread *t = thread_made("a");
    struct call_record c;

    (void)state;
    call_enter(&c, t, KIWI_CALL_POLL, stack_made(1), KIWI_CALLF_UNTIMED, 3);
    assert_int_equal(t->slot->call_kind, KIWI_CALL_POLL);
    assert_int_equal(t->slot->call_row, 1);
    assert_int_equal(t->slot->call_object, 3);
    assert_int_equal(t->slot->call_flags, KIWI_CALLF_UNTIMED);
    assert_true(t->slot->call_since > 0);
    call_leave(&c, 0, 0);
    assert_int_equal(t->slot->call_kind, 0);
}

static void call__handler_inside_gives_the_outer_one_back(void **state)
{
    struct thread *t = thread_made("a");
    struct call_record outer, inner;

    (void)state;
    call_enter(&outer, t, KIWI_CALL_POLL, stack_made(1), KIWI_CALLF_UNTIMED, 3);
    uint64_t since = t->slot->call_since;
    call_enter(&inner, t, KIWI_CALL_WRITE, stack_made(2), 0, 4);
    assert_int_equal(t->slot->call_kind, KIWI_CALL_WRITE);
    assert_int_equal(t->slot->call_row, 2);
    call_leave(&inner, 0, 1);
    assert_int_equal(t->slot->call_kind, KIWI_CALL_POLL);
    assert_int_equal(t->slot->call_row, 1);
    assert_int_equal(t->slot->call_object, 3);
    assert_int_equal(t->slot->call_flags, KIWI_CALLF_UNTIMED);
    assert_int_equal(t->slot->call_since, since);
    call_leave(&outer, 0, 0);
    assert_int_equal(t->slot->call_kind, 0);
}

static void call__quick_ones_did_not_wait(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(1);

    (void)state;
    for (int i = 0; i < 10; i++)
        call_of(t, stack, 0, 0, 0);
    const struct kiwi_call *c = only_call();
    assert_int_equal(c->kind, KIWI_CALL_READ);
    assert_int_equal(c->stack, stack);
    assert_int_equal(c->waited, 0);
    assert_int_equal(c->ticks, 0);
    acquisition_fold_all(t);
    assert_int_equal(c->count, 10);
}

static void call__long_ones_waited(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(1);
    uint64_t ms = clock_ns_to_ticks(1000000);

    (void)state;
    call_of(t, stack, 0, 3 * ms, 0);
    call_of(t, stack, KIWI_CALLF_TIMED, 5 * ms, EAGAIN);
    const struct kiwi_call *c = only_call();
    assert_int_equal(c->waited, 2);
    assert_true(c->ticks >= 8 * ms);
    assert_true(c->max_ticks >= 5 * ms && c->max_ticks < c->ticks);
    assert_int_equal(c->bytes, 100);
    assert_int_equal(c->flags, KIWI_CALLF_TIMED);
    assert_int_equal(c->thread, t->row);
    assert_int_equal(t->slot->event_next, 2);
    assert_int_equal(t->slot->events[0].kind, KIWI_EVENT_CALL);
}

static void call__nonblocking_never_waits(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    call_of(t, stack_made(1), KIWI_CALLF_NONBLOCKING, clock_ns_to_ticks(1000000000), 0);
    assert_int_equal(only_call()->waited, 0);
}

static void call__nonblocking_ones_have_their_own_row(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(1);

    (void)state;
    for (int i = 0; i < 3; i++)
        call_of(t, stack, KIWI_CALLF_NONBLOCKING, 0, 0);
    for (int i = 0; i < 2; i++)
        call_of(t, stack, 0, 0, 0);
    acquisition_fold_all(t);
    assert_int_equal(region.header->tables[KIWI_TABLE_CALLS].used, 3);
    assert_int_equal(region_call(1)->flags, KIWI_CALLF_NONBLOCKING);
    assert_int_equal(region_call(1)->count, 3);
    assert_int_equal(region_call(2)->flags, 0);
    assert_int_equal(region_call(2)->count, 2);
}

static void call__tells_that_it_was_made_in_a_tick(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(1);

    (void)state;
    call_of(t, stack, 0, 0, 0);
    assert_int_equal(only_call()->flags, 0);
    t->tick_loop = 1;
    call_of(t, stack, KIWI_CALLF_TIMED, 0, 0);
    t->tick_loop = 0;
    assert_int_equal(only_call()->flags, KIWI_CALLF_TIMED | KIWI_CALLF_TICK);
}

static uint64_t durations_kept(uint32_t row)
{
    uint64_t count = 0;

    for (uint32_t i = 1; i < region.header->tables[KIWI_TABLE_HISTOGRAMS].used; i++)
        for (uint32_t b = 0; b < KIWI_HISTOGRAM_BUCKETS; b++)
            if (region_histogram(i)->kind == KIWI_HISTOGRAM_CALL && region_histogram(i)->contention == row)
                count += region_histogram(i)->counts[b];
    return count;
}

static void call__durations_of_waits_are_kept(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(1);
    uint64_t ms = clock_ns_to_ticks(1000000);

    (void)state;
    call_of(t, stack, 0, 0, 0);
    call_of(t, stack, 0, 3 * ms, 0);
    call_of(t, stack, 0, 30 * ms, 0);
    assert_int_equal(durations_kept(1), 2);
    region.header->tables[KIWI_TABLE_HISTOGRAMS].used = region_capacity(KIWI_TABLE_HISTOGRAMS) / 2 + 1;
    call_of(t, stack, 0, 3 * ms, 0); /* half of the table is for locks */
    assert_int_equal(only_call()->waited, 3);
    assert_int_equal(durations_kept(1), 2);
}

static void call__real_errors_are_counted(void **state)
{
    static const int errors[] = {EAGAIN, EINTR, ETIMEDOUT, EINPROGRESS, EBADF, EMFILE};
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(1);

    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        call_of(t, stack, 0, 0, errors[i]);
    assert_int_equal(only_call()->errors, 2);
    assert_int_equal(only_call()->last_errno, EMFILE);
}

static void call__held_set_is_part_of_the_key(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(1);

    (void)state;
    call_of(t, stack, 0, 0, 0);
    uint32_t row = lock_taken_at(t, LOCK, stack_made(2))->row;
    call_of(t, stack, 0, 0, 0);
    assert_int_equal(region.header->tables[KIWI_TABLE_CALLS].used, 3);
    assert_int_equal(region_call(1)->held, 0);
    assert_int_equal(region_call(2)->held, row);
}

static void call__others_that_wanted_the_lock_are_noted(void **state)
{
    struct thread *t = thread_made("a"), *other = thread_made("b");
    uint32_t stack = stack_made(1), row = lock_taken_at(t, LOCK, stack_made(2))->row;
    struct call_record c;
    uint64_t ms = clock_ns_to_ticks(1000000);

    (void)state;
    call_enter(&c, t, KIWI_CALL_READ, stack, 0, 5);
    uint64_t since = acquisition_wait_begin(other, row, KIWI_WANT_WAITING, t->row);
    c.since -= 200 * ms;
    c.switches = -1; /* nobody counted: it may have been switched away */
    call_leave(&c, 0, 0);
    acquisition_wait_end(other, row, since, t->row);
    assert_int_equal(only_call()->disturbed, 1);
    assert_true(only_call()->disturbed_ticks < 200 * ms);
}

/* The thread lost its processor in the call, which did not wait for anything. */
static void call__preempted_under_a_lock_did_not_wait(void **state)
{
    struct thread *t = thread_made("a");
    struct call_record c;

    (void)state;
    lock_taken_at(t, LOCK, stack_made(2));
    for (int i = 0; i < 2; i++) { /* the first one only learns that calls of this row take long */
        call_enter(&c, t, KIWI_CALL_READ, stack_made(1), 0, 5);
        c.since -= clock_ns_to_ticks(2000000);
        call_leave(&c, 0, 0);
    }
    assert_int_equal(only_call()->waited, 0);
}

static void call__without_a_thread_is_nothing(void **state)
{
    struct call_record c;

    (void)state;
    errno = ENOTTY;
    call_begin(&c, NULL, KIWI_CALL_POLL, (struct call_site){0, 0}, 0, 0);
    call_end(&c, EBADF, 0);
    assert_int_equal(errno, ENOTTY);
    assert_int_equal(region.header->tables[KIWI_TABLE_CALLS].used, 1);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(call__shows_while_it_lasts),
            FRESH(call__handler_inside_gives_the_outer_one_back),
            FRESH(call__quick_ones_did_not_wait),
            FRESH(call__long_ones_waited),
            FRESH(call__nonblocking_never_waits),
            FRESH(call__nonblocking_ones_have_their_own_row),
            FRESH(call__tells_that_it_was_made_in_a_tick),
            FRESH(call__durations_of_waits_are_kept),
            FRESH(call__real_errors_are_counted),
            FRESH(call__held_set_is_part_of_the_key),
            FRESH(call__others_that_wanted_the_lock_are_noted),
            FRESH(call__preempted_under_a_lock_did_not_wait),
            FRESH(call__without_a_thread_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
