/* peer.h, of the recorder and of the analyzer: who was dialled from where, and how it is called. */
#include "../../analysis/peer.h"
#include "../../interpose/record/peer.h"
#include "recorder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

#define FD 600 /* not a descriptor of this process */

static void dial(struct thread *t, const void *address, size_t length, uint32_t stack, int error)
{
    descriptor_born(t, FD, KIWI_DESCRIPTOR_SOCKET, 0, stack_made(9));
    peer_dialled(t, FD, &(struct peer_dial){address, (socklen_t)length, stack, 0, error});
}

static const char *text_of(uint32_t peer)
{
    static char text[PEER_TEXT];
    char error[256];
    struct trace *t = trace_from_memory(region.header, region.size, "test", error, sizeof error);

    region.header->state = KIWI_ROW_LIVE;
    if (!t)
        t = trace_from_memory(region.header, region.size, "test", error, sizeof error);
    assert_non_null(t);
    peer_text(t, peer, text, sizeof text);
    trace_close(t);
    return text;
}

static void peer__is_an_address_and_a_place(void **state)
{
    struct thread *t = thread_made("a");
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(0x7f000001)};
    struct sockaddr_in b = a;

    (void)state;
    b.sin_port = htons(81);
    dial(t, &a, sizeof a, stack_made(1), 0);
    dial(t, &a, sizeof a, stack_made(1), ECONNREFUSED);
    dial(t, &b, sizeof b, stack_made(1), 0);
    dial(t, &a, sizeof a, stack_made(2), 0);
    assert_int_equal(region.header->tables[KIWI_TABLE_PEERS].used, 4);
    assert_int_equal(region_peer(1)->dials, 2);
    assert_int_equal(region_peer(1)->connected, 1);
    assert_int_equal(region_peer(1)->failed, 1);
    assert_string_equal(text_of(1), "127.0.0.1:80");
    assert_string_equal(text_of(2), "127.0.0.1:81");
    assert_string_equal(text_of(99), "an unknown peer");
}

static void peer__families_have_names(void **state)
{
    struct thread *t = thread_made("a");
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(443), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_un path = {AF_UNIX, "/run/app.sock"}, abstract = {AF_UNIX, "\0app"};

    (void)state;
    dial(t, &six, sizeof six, stack_made(1), 0);
    dial(t, &path, sizeof path, stack_made(1), 0);
    dial(t, &abstract, sizeof abstract.sun_family + 4, stack_made(1), 0);
    assert_string_equal(text_of(1), "[::1]:443");
    assert_string_equal(text_of(2), "/run/app.sock");
    assert_string_equal(text_of(3), "@app");
}

static void peer__background_connect_is_settled_later(void **state)
{
    struct thread *t = thread_made("a");
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(80)};

    (void)state;
    dial(t, &a, sizeof a, stack_made(1), EINPROGRESS);
    assert_int_equal(region_peer(1)->connected + region_peer(1)->failed, 0);
    peer_answered(t, FD, ECONNREFUSED);
    peer_answered(t, FD, ECONNREFUSED);
    assert_int_equal(region_peer(1)->failed, 1);
    dial(t, &a, sizeof a, stack_made(1), EINPROGRESS);
    peer_answered(t, FD, 0);
    assert_int_equal(region_peer(1)->connected, 1);
}

static void peer__datagram_sockets_have_none(void **state)
{
    struct thread *t = thread_made("a");
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(53)};

    (void)state;
    descriptor_born(t, FD, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_DATAGRAM, stack_made(9));
    peer_dialled(t, FD, &(struct peer_dial){(const struct sockaddr *)&a, sizeof a, stack_made(1), 0, 0});
    assert_int_equal(region.header->tables[KIWI_TABLE_PEERS].used, 1);
}

static void peer__brief_connections_are_counted_at_their_close(void **state)
{
    struct thread *t = thread_made("a");
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(80)};

    (void)state;
    dial(t, &a, sizeof a, stack_made(1), 0);
    peer_closing(FD);
    dial(t, &a, sizeof a, stack_made(1), 0);
    region_descriptor(FD + 1)->dial_ticks -= 2 * clock_state.ticks_per_second;
    peer_closing(FD);
    assert_int_equal(region_peer(1)->closed, 2);
    assert_int_equal(region_peer(1)->brief, 1);
}

/* Who is at the other end of an accepted connection. */

static const char *text_behind(int fd)
{
    static char text[PEER_TEXT];

    return peer_text_of(NULL, descriptor_row(fd), text, sizeof text);
}

struct ends {
    int listener, dialled, accepted;
};

/* -1 in listener: there is no such network here. */
static struct ends connected(int family, void *address, socklen_t size)
{
    struct ends e = {.listener = socket(family, SOCK_STREAM, 0)};

    if (e.listener < 0 || bind(e.listener, address, size)) {
        e.listener = -1;
        return e;
    }
    e.dialled = socket(family, SOCK_STREAM, 0);
    assert_int_equal(listen(e.listener, 1), 0);
    assert_int_equal(getsockname(e.listener, address, &size), 0);
    assert_int_equal(connect(e.dialled, address, size), 0);
    e.accepted = accept(e.listener, NULL, NULL);
    assert_true(e.accepted >= 0);
    return e;
}

static void closed(struct ends e)
{
    close(e.listener);
    close(e.dialled);
    close(e.accepted);
}

static void is_told(struct thread *t, struct ends e, const char *expected)
{
    descriptor_born(t, e.accepted, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_ACCEPTED, stack_made(1));
    assert_string_equal(text_behind(e.accepted), "");
    peer_accepted(t, e.accepted);
    assert_string_equal(text_behind(e.accepted), expected);
    closed(e);
}

static void accepted__are_told_by_address(void **state)
{
    struct thread *t = thread_made("a");
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t size = sizeof four, size_six = sizeof six;
    struct ends e = connected(AF_INET, &four, sizeof four);
    char text[PEER_TEXT];

    (void)state;
    assert_int_equal(getsockname(e.dialled, (struct sockaddr *)&four, &size), 0);
    snprintf(text, sizeof text, "127.0.0.1:%d", ntohs(four.sin_port));
    is_told(t, e, text);
    e = connected(AF_INET6, &six, sizeof six);
    if (e.listener < 0)
        return;
    assert_int_equal(getsockname(e.dialled, (struct sockaddr *)&six, &size_six), 0);
    snprintf(text, sizeof text, "[::1]:%d", ntohs(six.sin6_port));
    is_told(t, e, text);
}

static void accepted__are_told_by_process(void **state)
{
    struct sockaddr_un any = {.sun_family = AF_UNIX};
    char text[PEER_TEXT];

    (void)state;
    snprintf(any.sun_path + 1, sizeof any.sun_path - 1, "kiwi-test-peer-%d", (int)getpid());
    snprintf(text, sizeof text, "pid %d", (int)getpid());
    is_told(thread_made("a"), connected(AF_UNIX, &any, sizeof any), text);
}

static void accepted__copies_are_the_same(void **state)
{
    struct thread *t = thread_made("a");
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct ends e = connected(AF_INET, &four, sizeof four);
    char text[PEER_TEXT];

    (void)state;
    descriptor_born(t, e.accepted, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_ACCEPTED, stack_made(1));
    peer_accepted(t, e.accepted);
    descriptor_copied(t, e.accepted, FD, stack_made(2));
    snprintf(text, sizeof text, "%s", text_behind(e.accepted));
    assert_string_equal(text_behind(FD), text);
    descriptor_born(t, FD, KIWI_DESCRIPTOR_SOCKET, 0, stack_made(3));
    assert_string_equal(text_behind(FD), ""); /* the number's next owner */
    closed(e);
}

/* A server that takes nothing but clients is asked about some of them. */
static void accepted__are_sampled_when_there_are_very_many(void **state)
{
    struct thread *t = thread_made("a");
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct ends e = connected(AF_INET, &four, sizeof four);
    struct kiwi_descriptor *d;
    unsigned told = 0;

    (void)state;
    descriptor_born(t, e.accepted, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_ACCEPTED, stack_made(1));
    d = region_descriptor((uint32_t)e.accepted + 1);
    for (unsigned i = 0; i < 4000; i++) { /* all at the same moment, as the row has it */
        d->from_family = 0;
        peer_accepted(t, e.accepted);
        told += d->from_family != 0;
    }
    assert_in_range(told, 1000, 1100);
    d->birth_ticks += clock_state.ticks_per_second;
    d->from_family = 0;
    peer_accepted(t, e.accepted);
    assert_int_equal(d->from_family, AF_INET);
    closed(e);
}

#define FRESH(name) cmocka_unit_test_setup_teardown(name, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(peer__is_an_address_and_a_place),
            FRESH(peer__families_have_names),
            FRESH(peer__background_connect_is_settled_later),
            FRESH(peer__datagram_sockets_have_none),
            FRESH(peer__brief_connections_are_counted_at_their_close),
            FRESH(accepted__are_told_by_address),
            FRESH(accepted__are_told_by_process),
            FRESH(accepted__copies_are_the_same),
            FRESH(accepted__are_sampled_when_there_are_very_many),
    };

    return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
