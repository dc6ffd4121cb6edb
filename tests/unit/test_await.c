/* await.h: waits for the answer of a peer, and what would end them. */
#include "../../interpose/record/await.h"
#include "../../interpose/record/exchange.h"
#include "../../interpose/record/peer.h"
#include "recorder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define FD 600 /* no such descriptor is open: the kernel is asked in vain */
#define LONG_NS (2 * KIWI_UNBOUNDED_NS)

static struct kiwi_call send_call, recv_call;

static struct thread *dialling(void)
{
    struct thread *t = thread_made("a");
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(80)};

    send_call = (struct kiwi_call){.kind = KIWI_CALL_SEND, .stack = stack_made(1)};
    recv_call = (struct kiwi_call){.kind = KIWI_CALL_RECV, .stack = stack_made(2)};
    descriptor_born(t, FD, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_INTERNET, stack_made(9));
    peer_dialled(t, FD, &(struct peer_dial){(const struct sockaddr *)&a, sizeof a, stack_made(8), 0, 0});
    return t;
}

static void passes(struct thread *t, struct kiwi_call *call)
{
    exchange_note(t, FD, call, &(struct exchange_facts){1000, 1010, 10});
}

/* A receive that waits: is it marked? */
static bool waits(const struct thread *t, uint64_t ns)
{
    recv_call.flags = 0;
    await_ended(t, FD, &recv_call, clock_ns_to_ticks(ns) + 1);
    return recv_call.flags & KIWI_CALLF_UNBOUNDED;
}

static void await__long_wait_for_an_answer_is_marked(void **state)
{
    struct thread *t = dialling();

    (void)state;
    passes(t, &send_call);
    assert_true(waits(t, LONG_NS));
    assert_int_equal(recv_call.peer, 1);
    assert_false(waits(t, KIWI_UNBOUNDED_NS / 2));
}

static void await__nothing_is_due(void **state)
{
    struct thread *t = dialling(), *other = thread_made("b");

    (void)state;
    assert_true(waits(t, LONG_NS)); /* the first word */
    assert_false(waits(other, LONG_NS));
    passes(t, &send_call);
    assert_false(waits(other, LONG_NS)); /* it hands on what comes */
    passes(t, &recv_call);
    assert_false(waits(t, LONG_NS));
    passes(t, &send_call);
    descriptor_flag(FD, KIWI_DESCRIPTOR_DIALLED, false);
    assert_false(waits(t, LONG_NS));
}

static void await__limits(void **state)
{
    struct thread *t = dialling();

    (void)state;
    passes(t, &send_call);
    descriptor_flag(FD, KIWI_DESCRIPTOR_RCVTIMEO, true);
    assert_false(waits(t, LONG_NS));
    descriptor_flag(FD, KIWI_DESCRIPTOR_RCVTIMEO, false);
    descriptor_flag(FD, KIWI_DESCRIPTOR_PROBED, true);
    assert_false(waits(t, LONG_NS));
    descriptor_flag(FD, KIWI_DESCRIPTOR_PROBED, false);
    descriptor_flag(FD, KIWI_DESCRIPTOR_SNDTIMEO | KIWI_DESCRIPTOR_USERTIMEO, true); /* for what is sent */
    assert_true(waits(t, LONG_NS));
    await_ended(t, FD, &send_call, clock_ns_to_ticks(LONG_NS));
    assert_int_equal(send_call.flags, 0);
}

static void await__alarm_is_a_limit(void **state)
{
    struct thread *t = dialling();

    (void)state;
    passes(t, &send_call);
    await_alarm(UINT64_MAX);
    assert_false(waits(t, LONG_NS));
    await_alarm(3600ull * 1000000000);
    assert_false(waits(t, LONG_NS));
    await_alarm(0);
    assert_true(waits(t, LONG_NS));
}

/* On a connection to the process itself, which reads nothing. */
static void send_waits(struct thread *t, int fd, uint64_t ns, uint32_t flags)
{
    send_call.flags = 0;
    await_ended(t, fd, &send_call, clock_ns_to_ticks(ns));
    assert_int_equal(send_call.flags, flags);
}

static void await__send_without_room_is_marked(void **state)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct thread *t = dialling();
    socklen_t size = sizeof a;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
    static char much[65536];

    (void)state;
    assert_int_equal(bind(listener, (struct sockaddr *)&a, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &size), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, size), 0);
    descriptor_born(t, fd, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_INTERNET, stack_made(9));
    peer_dialled(t, fd, &(struct peer_dial){(const struct sockaddr *)&a, sizeof a, stack_made(8), 0, 0});
    assert_int_equal(send(fd, much, 16, MSG_DONTWAIT), 16);
    send_waits(t, fd, 50 * LONG_NS, 0); /* it lost its processor */
    while (send(fd, much, sizeof much, MSG_DONTWAIT) > 0)
        ;
    send_waits(t, fd, LONG_NS, KIWI_CALLF_UNBOUNDED);
    close(fd);
    close(listener);
}

static void await__send_to_whom_the_kernel_says_nothing_of(void **state)
{
    struct thread *t = dialling();

    (void)state;
    send_waits(t, FD, KIWI_UNBOUNDED_DIAL_NS / 2, 0);
    send_waits(t, FD, KIWI_UNBOUNDED_DIAL_NS, KIWI_CALLF_UNBOUNDED);
}

static void await__connect_takes_longer(void **state)
{
    struct thread *t = dialling();
    struct kiwi_call call = {.kind = KIWI_CALL_CONNECT};

    (void)state;
    await_ended(t, FD, &call, clock_ns_to_ticks(KIWI_UNBOUNDED_DIAL_NS / 2));
    assert_int_equal(call.flags, 0);
    await_ended(t, FD, &call, clock_ns_to_ticks(KIWI_UNBOUNDED_DIAL_NS) + 1);
    assert_int_equal(call.flags, KIWI_CALLF_UNBOUNDED);
}

static void await__any_of_several_peers(void **state)
{
    struct thread *t = dialling();
    struct await_one two[2] = {{FD, true}, {FD + 1, false}};

    (void)state;
    assert_true(await_any(t, two, 1));
    assert_false(await_any(t, two, 2)); /* the other may be anything */
    assert_false(await_any(t, two, 0));
    descriptor_flag(FD, KIWI_DESCRIPTOR_USERTIMEO, true);
    assert_false(await_any(t, two, 1));
}

static void await__answer_that_another_thread_asked_for(void **state)
{
    struct thread *t = dialling(), *other = thread_made("b");
    struct await_one one = {FD, false};

    (void)state;
    RELAXED_STORE(&memory.descriptors[FD], DESCRIPTOR_BLOCKING);
    assert_true(await_any(t, &one, 1)); /* the first word is its own */
    assert_false(await_any(other, &one, 1));
    exchange_sends(other, FD, KIWI_CALL_RECV);
    assert_true(await_any(t, &one, 1));
    exchange_sends(other, FD, KIWI_CALL_SEND);
    assert_false(await_any(t, &one, 1));
}

static void await__limit_of_a_copy(void **state)
{
    struct thread *t = dialling();

    (void)state;
    descriptor_copied(t, FD, FD + 1, stack_made(3));
    descriptor_flag_all(FD + 1, KIWI_DESCRIPTOR_RCVTIMEO, true);
    assert_false(waits(t, LONG_NS));
    descriptor_flag_all(FD + 1, KIWI_DESCRIPTOR_RCVTIMEO, false);
    assert_true(waits(t, LONG_NS));
}

static void await__epoll_with_one_peer(void **state)
{
    struct thread *t = dialling();

    (void)state;
    descriptor_born(t, FD + 1, KIWI_DESCRIPTOR_EPOLL, 0, stack_made(3));
    descriptor_born(t, FD + 2, KIWI_DESCRIPTOR_EVENT, 0, stack_made(3));
    assert_false(await_epoll(t, FD + 1));
    await_watched(FD + 1, EPOLL_CTL_ADD, FD);
    RELAXED_STORE(&memory.descriptors[FD], DESCRIPTOR_BLOCKING);
    assert_true(await_epoll(t, FD + 1));
    await_watched(FD + 1, EPOLL_CTL_DEL, FD);
    assert_false(await_epoll(t, FD + 1));
    await_watched(FD + 1, EPOLL_CTL_ADD, FD);
    await_watched(FD + 1, EPOLL_CTL_ADD, FD + 2); /* something to wake it up */
    assert_false(await_epoll(t, FD + 1));
}

static void await__watchdog_is_seen(void **state)
{
    struct thread *t = dialling(), *watchdog = thread_made("w");
    struct call_record c;

    (void)state;
    await_shut(watchdog, FD);
    assert_int_equal(region_peer(1)->guarded, 0);
    call_enter(&c, t, KIWI_CALL_RECV, stack_made(2), 0, FD);
    await_shut(watchdog, FD);
    await_shut(t, FD);
    call_leave(&c, 0, 0);
    assert_int_equal(region_peer(1)->guarded, 1);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(await__long_wait_for_an_answer_is_marked),
            FRESH(await__nothing_is_due),
            FRESH(await__limits),
            FRESH(await__alarm_is_a_limit),
            FRESH(await__send_without_room_is_marked),
            FRESH(await__send_to_whom_the_kernel_says_nothing_of),
            FRESH(await__connect_takes_longer),
            FRESH(await__any_of_several_peers),
            FRESH(await__answer_that_another_thread_asked_for),
            FRESH(await__limit_of_a_copy),
            FRESH(await__epoll_with_one_peer),
            FRESH(await__watchdog_is_seen),
    };

    return cmocka_run_group_tests_name("await", tests, NULL, NULL);
}
