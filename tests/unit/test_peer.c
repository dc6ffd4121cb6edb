/* peer.h, of the recorder and of the analyzer: who was dialled from where, and how it is called. */
#include "../../analysis/peer.h"
#include "../../interpose/record/peer.h"
#include "recorder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
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

#define FRESH(name) cmocka_unit_test_setup_teardown(name, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(peer__is_an_address_and_a_place),
            FRESH(peer__families_have_names),
            FRESH(peer__background_connect_is_settled_later),
            FRESH(peer__datagram_sockets_have_none),
            FRESH(peer__brief_connections_are_counted_at_their_close),
    };

    return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
