/* no-timeout: waits for peers that nothing would end, and those that look like it. */
#include "../../interpose/base/clock.h"
#include "../../interpose/record/await.h"
#include "../../interpose/record/call.h"
#include "../../interpose/record/exchange.h"
#include "../../interpose/record/peer.h"
#include "../../interpose/record/stack.h"
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>

#define FD 600
#define SEND_AT 0x400020
#define RECEIVE_AT 0x400030

static uint64_t ms(uint64_t n)
{
    return clock_ns_to_ticks(n * 1000000);
}

static uint32_t site(uint64_t at)
{
    uint64_t frames[2] = {at, at + 0x1000};

    return stack_intern(frames, 2, 0);
}

static struct thread *thread_made(void)
{
    static uintptr_t next = 0x7000;
    struct thread_birth birth = {.start_function = 0x5000, .tid = (int32_t)next++, .name = "t"};

    return thread_attach(&birth);
}

static struct thread *client(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(5432), .sin_addr.s_addr = htonl(0x0a000007)};
    struct thread *t = thread_made();

    descriptor_born(t, FD, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_INTERNET, site(0x400100));
    peer_dialled(t, FD, &(struct peer_dial){(const struct sockaddr *)&a, sizeof a, site(0x400010), 0, 0});
    return t;
}

/* A call on the connection that ends after so long. */
static void passes(struct thread *t, enum kiwi_call_kind kind, uint64_t at, uint64_t after_ms)
{
    struct call_record c;
    uint64_t now = clock_ticks() + ms(10000);

    call_enter(&c, t, kind, site(at), 0, FD);
    call_leave(&c, 0, 0);
    struct kiwi_call *row = region_call(c.row);

    if (after_ms) {
        row->waited++;
        row->thread = t->row;
        row->serial = t->serial;
        row->max_ticks = row->max_ticks > ms(after_ms) ? row->max_ticks : ms(after_ms);
        await_ended(t, FD, row, ms(after_ms));
    }
    exchange_note(t, FD, row, &(struct exchange_facts){now, now + ms(after_ms), 10});
}

static void sends(struct thread *t)
{
    passes(t, KIWI_CALL_SEND, SEND_AT, 0);
}

static void receives(struct thread *t, uint64_t after_ms)
{
    passes(t, KIWI_CALL_RECV, RECEIVE_AT, after_ms);
}

/* It is in such a call when the trace ends, for so long. */
static void sits(struct thread *t, enum kiwi_call_kind kind, uint32_t flags, uint64_t for_ms)
{
    struct call_record c;

    call_enter(&c, t, kind, site(RECEIVE_AT), flags, FD);
    t->slot->call_since -= ms(for_ms);
}

static const struct finding *found(struct history *h)
{
    return history_assert_one(h, FINDING_NO_TIMEOUT, SEVERITY_MEDIUM);
}

static void waits__for_an_answer(void **state)
{
    struct thread *t = client();

    sends(t);
    receives(t, 300);
    const struct finding *f = found(*state);

    assert_non_null(strstr(f->title, "10.0.0.7:5432"));
    assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
}

static void waits__for_the_first_word(void **state)
{
    receives(client(), 300);
    found(*state);
}

static void waits__quick_answers(void **state)
{
    struct thread *t = client();

    for (unsigned i = 0; i < 100; i++) {
        sends(t);
        receives(t, 2);
    }
    history_assert_silent(*state);
}

/* The wait for the event was long, that for the answer was not. */
static void waits__event_after_an_answer(void **state)
{
    struct thread *t = client();

    sends(t);
    receives(t, 1);
    receives(t, 3000);
    history_assert_silent(*state);
}

static void waits__subscription_whose_events_are_many(void **state)
{
    struct thread *t = client();

    sends(t);
    receives(t, 300);
    for (unsigned i = 0; i < 3; i++)
        receives(t, 300);
    history_assert_silent(*state);
}

static void waits__limited_on_the_socket(void **state)
{
    struct thread *t = client();

    descriptor_flag(FD, KIWI_DESCRIPTOR_RCVTIMEO, true);
    sends(t);
    receives(t, 300);
    sends(t);
    sits(t, KIWI_CALL_RECV, 0, 5000);
    history_assert_silent(*state);
}

static void waits__for_what_others_asked(void **state)
{
    struct thread *t = client(), *reader = thread_made();

    sends(t);
    receives(reader, 300);
    sends(t);
    sits(reader, KIWI_CALL_RECV, 0, 5000);
    history_assert_silent(*state);
}

static void waits__watched_over(void **state)
{
    struct thread *t = client(), *watchdog = thread_made();
    struct call_record c;

    sends(t);
    call_enter(&c, t, KIWI_CALL_RECV, site(RECEIVE_AT), 0, FD);
    await_shut(watchdog, FD);
    call_leave(&c, 0, 0);
    receives(t, 300);
    sends(t);
    sits(t, KIWI_CALL_RECV, 0, 5000);
    history_assert_silent(*state);
}

static void hangs__in_a_receive(void **state)
{
    struct thread *t = client();

    sends(t);
    sits(t, KIWI_CALL_READ, 0, 5000);
    found(*state);
}

static void hangs__in_a_send(void **state)
{
    sits(client(), KIWI_CALL_SENDMSG, 0, 5000);
    found(*state);
}

static void hangs__killed_when_a_send_had_just_begun(void **state)
{
    sits(client(), KIWI_CALL_SENDMSG, 0, 0);
    history_assert_silent(*state);
}

static void hangs__killed_when_a_receive_had_just_begun(void **state)
{
    struct thread *t = client();

    sends(t);
    sits(t, KIWI_CALL_READ, 0, 0);
    found(*state);
}

static void hangs__in_a_send_that_the_kernel_gives_up(void **state)
{
    struct thread *t = client();

    descriptor_flag(FD, KIWI_DESCRIPTOR_USERTIMEO, true);
    sits(t, KIWI_CALL_SENDMSG, 0, 5000);
    history_assert_silent(*state);
}

static void hangs__in_connect(void **state)
{
    struct thread *t = thread_made();

    descriptor_born(t, FD, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_INTERNET, site(0x400100));
    sits(t, KIWI_CALL_CONNECT, 0, 5000);
    found(*state);
}

static void hangs__in_connect_with_an_alarm(void **state)
{
    struct thread *t = thread_made();

    descriptor_born(t, FD, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_INTERNET, site(0x400100));
    sits(t, KIWI_CALL_CONNECT, KIWI_CALLF_TIMED, 5000);
    history_assert_silent(*state);
}

static void hangs__in_select(void **state)
{
    sits(client(), KIWI_CALL_SELECT, KIWI_CALLF_UNTIMED | KIWI_CALLF_UNBOUNDED, 5000);
    found(*state);
}

static void hangs__in_an_event_loop(void **state)
{
    sits(client(), KIWI_CALL_EPOLL_WAIT, KIWI_CALLF_UNTIMED, 5000);
    history_assert_silent(*state);
}

static void hangs__with_an_accepted_client(void **state)
{
    struct thread *t = thread_made();

    descriptor_born(t, FD, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_INTERNET | KIWI_DESCRIPTOR_ACCEPTED, site(0x400100));
    sends(t);
    sits(t, KIWI_CALL_RECV, 0, 5000);
    history_assert_silent(*state);
}

static void hangs__within_the_process(void **state)
{
    struct thread *t = client();

    descriptor_flag(FD, KIWI_DESCRIPTOR_INTERNET, false); /* AF_UNIX, and not OUTSIDE */
    sends(t);
    sits(t, KIWI_CALL_RECV, 0, 5000);
    history_assert_silent(*state);
}

static void hangs__in_another_process(void **state)
{
    struct thread *t = client();

    descriptor_flag(FD, KIWI_DESCRIPTOR_INTERNET, false);
    descriptor_flag(FD, KIWI_DESCRIPTOR_OUTSIDE, true);
    sends(t);
    sits(t, KIWI_CALL_RECV, 0, 5000);
    found(*state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, history_set_up, history_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(waits__for_an_answer),
            TEST(waits__for_the_first_word),
            TEST(waits__quick_answers),
            TEST(waits__event_after_an_answer),
            TEST(waits__subscription_whose_events_are_many),
            TEST(waits__limited_on_the_socket),
            TEST(waits__for_what_others_asked),
            TEST(waits__watched_over),
            TEST(hangs__in_a_receive),
            TEST(hangs__in_a_send),
            TEST(hangs__killed_when_a_send_had_just_begun),
            TEST(hangs__killed_when_a_receive_had_just_begun),
            TEST(hangs__in_a_send_that_the_kernel_gives_up),
            TEST(hangs__in_connect),
            TEST(hangs__in_connect_with_an_alarm),
            TEST(hangs__in_select),
            TEST(hangs__in_an_event_loop),
            TEST(hangs__with_an_accepted_client),
            TEST(hangs__within_the_process),
            TEST(hangs__in_another_process),
    };

    return cmocka_run_group_tests_name("no_timeout", tests, NULL, NULL);
}
