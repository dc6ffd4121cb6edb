/* exchange.h: requests, answers, and bursts of them. */
#include "../../interpose/record/exchange.h"
#include "../../interpose/record/peer.h"
#include "recorder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define FD 600

static struct kiwi_call send_call = {.kind = KIWI_CALL_SEND}, recv_call = {.kind = KIWI_CALL_RECV};

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

static uint64_t now = 1000;

static void sends(struct thread *t, uint64_t bytes)
{
    exchange_note(t, FD, &send_call, &(struct exchange_facts){now, now + 10, bytes});
    now += 20;
}

static void receives(struct thread *t, uint64_t bytes)
{
    exchange_note(t, FD, &recv_call, &(struct exchange_facts){now, now + 10, bytes});
    now += 20;
}

static void exchange__is_a_send_and_a_receive(void **state)
{
    struct thread *t = dialling();
    const struct kiwi_descriptor *d = region_descriptor(FD + 1);

    (void)state;
    sends(t, 100);
    sends(t, 100);
    assert_int_equal(d->asked, 2);
    receives(t, 50);
    receives(t, 50);
    assert_int_equal(d->asked, 0);
    assert_int_equal(region_peer(1)->exchanges, 1);
    receives(t, 0); /* end of file */
    assert_int_equal(d->exchanges, 2);
}

static void play_bursts(struct thread *t, unsigned bursts, unsigned length)
{
    for (unsigned i = 0; i < bursts; i++, t->blocked_ticks += 1000)
        for (unsigned n = 0; n < length; n++) {
            sends(t, 8);
            receives(t, 32);
        }
    exchange_end(t);
}

static void exchange__bursts_end_with_a_wait(void **state)
{
    const struct kiwi_peer *p = region_peer(1);

    (void)state;
    play_bursts(dialling(), 5, 20);
    assert_int_equal(p->bursts, 5);
    assert_int_equal(p->burst_exchanges, 100);
    assert_int_equal(p->burst_max, 20);
    assert_int_equal(p->burst_bytes, 100 * 40);
    assert_int_equal(p->burst_stack, send_call.stack);
}

static void exchange__few_are_no_burst(void **state)
{
    (void)state;
    play_bursts(dialling(), 50, KIWI_BURST_LEAST);
    assert_int_equal(region_peer(1)->bursts, 0);
}

static void exchange__tiny_sends_in_a_row_are_counted(void **state)
{
    struct thread *t = dialling();

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        sends(t, 8);
    assert_int_equal(send_call.tiny, 10 - KIWI_TINY_RUN);
    receives(t, 10);
    for (unsigned i = 0; i < KIWI_TINY_RUN; i++)
        sends(t, 8); /* an answer was in between */
    sends(t, 5000);
    now += clock_ns_to_ticks(2 * KIWI_TINY_GAP_NS);
    sends(t, 8); /* some time was */
    assert_int_equal(send_call.tiny, 10 - KIWI_TINY_RUN);
}

/* A connection to itself, which the kernel accounts for. */
struct polled {
    struct thread *t;
    int ends[2];
    uint32_t stack;
};

static struct polled polled_made(void)
{
    struct polled p = {.t = dialling(), .stack = stack_made(3)};
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    assert_int_equal(bind(listener, (struct sockaddr *)&a, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &size), 0);
    p.ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(setsockopt(p.ends[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), 0);
    assert_true(connect(p.ends[0], (struct sockaddr *)&a, size) == 0 || errno == EINPROGRESS);
    p.ends[1] = accept(listener, NULL, NULL);
    assert_true(p.ends[1] >= 0);
    close(listener);
    descriptor_born(p.t, p.ends[0], KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_INTERNET, stack_made(9));
    peer_dialled(p.t, p.ends[0], &(struct peer_dial){(const struct sockaddr *)&a, sizeof a, stack_made(8), 0, 0});
    assert_true(descriptor_ask(p.ends[0]));
    return p;
}

static void polled_waits(struct polled *p, bool asks, unsigned times)
{
    char byte = 0;

    for (unsigned i = 0; i < times; i++) {
        if (asks) {
            assert_int_equal(send(p->ends[0], &byte, 1, 0), 1);
            assert_int_equal(read(p->ends[1], &byte, 1), 1); /* or the next one may travel with it */
        }
        exchange_polled(p->t, p->ends[0], p->stack, &(struct exchange_wait){now, now + 10, 0});
        now += 20;
    }
}

static const struct kiwi_peer *polled_over(struct polled *p)
{
    exchange_end(p->t);
    close(p->ends[0]);
    close(p->ends[1]);
    return region_peer(region_descriptor((uint32_t)p->ends[0] + 1)->peer);
}

static void polled__asked_before_each_wait(void **state)
{
    struct polled p = polled_made();

    (void)state;
    polled_waits(&p, true, 20);
    p.t->blocked_ticks += 1000;
    polled_waits(&p, true, 30);
    const struct kiwi_peer *row = polled_over(&p);

    assert_int_equal(row->bursts, 2);
    assert_int_equal(row->burst_exchanges, 50);
    assert_int_equal(row->burst_max, 30);
    assert_int_equal(row->burst_stack, p.stack);
}

static void polled__two_waits_for_each_answer(void **state)
{
    struct polled p = polled_made();

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        polled_waits(&p, true, 1);
        polled_waits(&p, false, 1);
    }
    const struct kiwi_peer *row = polled_over(&p);

    assert_int_equal(row->bursts, 1);
    assert_int_equal(row->burst_exchanges, 20);
}

static void polled__long_answer_is_no_burst(void **state)
{
    struct polled p = polled_made();

    (void)state;
    polled_waits(&p, true, 1);
    polled_waits(&p, false, 100);
    assert_int_equal(polled_over(&p)->bursts, 0);
}

static void polled__few_are_no_burst(void **state)
{
    struct polled p = polled_made();

    (void)state;
    for (unsigned i = 0; i < 20; i++, p.t->blocked_ticks += 1000)
        polled_waits(&p, true, KIWI_BURST_LEAST - 1);
    assert_int_equal(polled_over(&p)->bursts, 0);
}

static void exchange__copies_may_be_answered_elsewhere(void **state)
{
    struct thread *t = dialling();

    (void)state;
    descriptor_copied(t, FD, FD + 1, stack_made(3));
    for (unsigned i = 0; i < 10; i++)
        sends(t, 8);
    assert_int_equal(send_call.tiny, 0);
}

static void exchange__unasked_word_after_a_while_is_a_push(void **state)
{
    struct thread *t = dialling();
    uint64_t late = clock_ns_to_ticks(KIWI_PEER_PUSH_NS);

    (void)state;
    sends(t, 10);
    exchange_note(t, FD, &recv_call, &(struct exchange_facts){now, now + late, 10}); /* an answer */
    exchange_note(t, FD, &recv_call, &(struct exchange_facts){now, now + late, 10});
    receives(t, 10);
    assert_int_equal(region_peer(1)->exchanges, 1);
    assert_int_equal(region_peer(1)->pushes, 1);
}

static void exchange__message_dials_unless_it_answers(void **state)
{
    struct thread *t = dialling();
    const struct kiwi_descriptor *d = region_descriptor(FD + 1);

    (void)state;
    descriptor_born(t, FD, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_INTERNET | KIWI_DESCRIPTOR_DATAGRAM, stack_made(9));
    receives(t, 10);
    sends(t, 10);
    assert_false(d->flags & KIWI_DESCRIPTOR_DIALLED);
    descriptor_born(t, FD, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_INTERNET | KIWI_DESCRIPTOR_DATAGRAM, stack_made(9));
    for (unsigned i = 0; i < 10; i++)
        sends(t, 10);
    assert_true(d->flags & KIWI_DESCRIPTOR_DIALLED);
    assert_int_equal(d->asker, t->serial);
    assert_int_equal(send_call.tiny, 0);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

/* fprintf, then fgets: what the C library sends for them is not seen. */
static void exchange__requests_by_streams_are_asked(void **state)
{
    struct thread *t = dialling();
    const struct kiwi_descriptor *d = region_descriptor(FD + 1);

    (void)state;
    recv_call.kind = KIWI_CALL_FGETS;
    exchange_asks(t, FD);
    assert_int_equal(d->asked, 1);
    assert_int_equal(d->asker, t->serial);
    receives(t, 10);
    assert_int_equal(d->asked, 0);
    assert_int_equal(region_peer(1)->exchanges, 1);
    exchange_asks(t, FD + 1); /* not known */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(exchange__is_a_send_and_a_receive),
            FRESH(exchange__bursts_end_with_a_wait),
            FRESH(exchange__few_are_no_burst),
            FRESH(exchange__tiny_sends_in_a_row_are_counted),
            FRESH(polled__asked_before_each_wait),
            FRESH(polled__two_waits_for_each_answer),
            FRESH(polled__long_answer_is_no_burst),
            FRESH(polled__few_are_no_burst),
            FRESH(exchange__copies_may_be_answered_elsewhere),
            FRESH(exchange__unasked_word_after_a_while_is_a_push),
            FRESH(exchange__message_dials_unless_it_answers),
            FRESH(exchange__requests_by_streams_are_asked),
    };

    return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
