/* shutdown.h: signals that ask the process to end, and what is waited for after them. */
#include "../../interpose/record/shutdown.h"
#include "recorder.h"

#include <signal.h>

#define MS 1000000u

static uint64_t ms(uint64_t n)
{
    return clock_ns_to_ticks(n * MS);
}

static uint32_t call_row(struct thread *t, enum kiwi_call_kind kind, uint64_t place)
{
    struct call_record c;
    call_enter(&c, t, kind, stack_made(place), KIWI_CALLF_UNTIMED, 0);
    call_leave(&c, 0, 0);
    return c.row;
}

static const struct kiwi_shutdown *row(uint32_t i)
{
    return region_shutdown(i);
}

static uint64_t rows(void)
{
    return region.header->tables[KIWI_TABLE_SHUTDOWNS].used - 1;
}

static void arrival__says_what_came_and_to_whom(void **state)
{
    struct thread *t = thread_made("a");
    uint64_t before = clock_ticks();

    (void)state;
    shutdown_arrived(SIGTERM, KIWI_SHUTDOWN_SIGNALFD, t);
    assert_int_equal(rows(), 1);
    assert_int_equal(row(1)->kind, KIWI_SHUTDOWN_ARRIVAL);
    assert_int_equal(row(1)->arrival, 1);
    assert_int_equal(row(1)->row, SIGTERM);
    assert_int_equal(row(1)->other, KIWI_SHUTDOWN_SIGNALFD);
    assert_int_equal(row(1)->serial, t->serial);
    assert_true(row(1)->first_ticks >= before);
    assert_int_equal(row(1)->first_ticks, memory.shutdown_ticks);
}

static void arrival__the_first_ones_and_the_latest_are_kept(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        shutdown_arrived(SIGINT, KIWI_SHUTDOWN_HANDLER, t);
    assert_int_equal(rows(), KIWI_SHUTDOWN_ARRIVALS);
    assert_int_equal(row(3)->arrival, 3);
    assert_int_equal(row(KIWI_SHUTDOWN_ARRIVALS)->arrival, 100);
}

static void wait__before_any_signal_is_not_noted(void **state)
{
    struct thread *t = thread_made("a");
    uint64_t now = clock_ticks();

    (void)state;
    shutdown_waited(t, KIWI_SHUTDOWN_CALL, call_row(t, KIWI_CALL_SLEEP, 1), now - ms(5), now);
    assert_int_equal(rows(), 0);
}

static void wait__counts_from_the_signal_on(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t call = call_row(t, KIWI_CALL_SLEEP, 1);

    (void)state;
    shutdown_arrived(SIGTERM, KIWI_SHUTDOWN_HANDLER, t);
    uint64_t came = memory.shutdown_ticks;
    shutdown_waited(t, KIWI_SHUTDOWN_CALL, call, came - ms(50), came + ms(3));
    shutdown_waited(t, KIWI_SHUTDOWN_CALL, call, came + ms(10), came + ms(14));
    assert_int_equal(rows(), 2);
    assert_int_equal(row(2)->count, 2);
    assert_int_equal(row(2)->ticks, ms(3) + (ms(14) - ms(10)));
    assert_int_equal(row(2)->first_ticks, came);
    assert_int_equal(row(2)->last_ticks, came + ms(14));
}

static void wait__rows_are_by_thread_and_call_and_kind(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    uint32_t one = call_row(a, KIWI_CALL_SLEEP, 1), other = call_row(a, KIWI_CALL_READ, 2);

    (void)state;
    shutdown_arrived(SIGTERM, KIWI_SHUTDOWN_HANDLER, a);
    uint64_t came = memory.shutdown_ticks;
    shutdown_waited(a, KIWI_SHUTDOWN_CALL, one, came, came + ms(1));
    shutdown_waited(a, KIWI_SHUTDOWN_CALL, other, came, came + ms(1));
    shutdown_waited(b, KIWI_SHUTDOWN_CALL, one, came, came + ms(1));
    shutdown_waited(a, KIWI_SHUTDOWN_LOCK, one, came, came + ms(1));
    shutdown_waited(a, KIWI_SHUTDOWN_CALL, one, came, came + ms(1));
    assert_int_equal(rows(), 5);
}

static void wait__join_says_for_whom(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    uint32_t call = call_row(a, KIWI_CALL_JOIN, 1);

    (void)state;
    shutdown_arrived(SIGTERM, KIWI_SHUTDOWN_HANDLER, a);
    uint64_t came = memory.shutdown_ticks;
    a->slot->call_object = b->row;
    shutdown_waited(a, KIWI_SHUTDOWN_CALL, call, came, came + ms(1));
    assert_int_equal(row(2)->other, b->row);
    assert_int_equal(row(2)->other_serial, b->serial);
}

/* However often a service gets such a signal, it does not fill the table. */
static void wait__later_signals_begin_anew(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t call = call_row(t, KIWI_CALL_SLEEP, 1);

    (void)state;
    for (unsigned i = 0; i < 50; i++) {
        shutdown_arrived(SIGTERM, KIWI_SHUTDOWN_HANDLER, t);
        shutdown_waited(t, KIWI_SHUTDOWN_CALL, call, memory.shutdown_ticks, memory.shutdown_ticks + ms(2));
    }
    assert_int_equal(rows(), 2 * KIWI_SHUTDOWN_ARRIVALS);
    assert_int_equal(row((uint32_t)rows())->arrival, 50);
    assert_int_equal(row((uint32_t)rows())->count, 1);
}

static void intake__of_one_thread_again_and_again_is_service(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");

    (void)state;
    shutdown_took(a);
    shutdown_arrived(SIGTERM, KIWI_SHUTDOWN_HANDLER, a);
    shutdown_took(a);
    shutdown_took(a); /* so soon, it may have been under way */
    memory.shutdown_ticks -= ms(2000);
    shutdown_took(a);
    shutdown_took(b);
    assert_int_equal(row(1)->last_ticks, 0);
    shutdown_took(b);
    assert_int_not_equal(row(1)->last_ticks, 0);
}

static void closing__of_a_listener_is_noted(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    shutdown_closes();
    shutdown_arrived(SIGTERM, KIWI_SHUTDOWN_HANDLER, t);
    assert_int_equal(row(1)->ticks, 0);
    shutdown_closes();
    assert_int_not_equal(row(1)->ticks, 0);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(arrival__says_what_came_and_to_whom),
            FRESH(arrival__the_first_ones_and_the_latest_are_kept),
            FRESH(wait__before_any_signal_is_not_noted),
            FRESH(wait__counts_from_the_signal_on),
            FRESH(wait__rows_are_by_thread_and_call_and_kind),
            FRESH(wait__join_says_for_whom),
            FRESH(wait__later_signals_begin_anew),
            FRESH(intake__of_one_thread_again_and_again_is_service),
            FRESH(closing__of_a_listener_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
