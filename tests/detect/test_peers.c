/* conn-churn, chatty-io, no-timeout: what is done with a peer, and how often. */
#include "../../interpose/base/clock.h"
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

static uint64_t ms(uint64_t n)
{
    return clock_ns_to_ticks(n * 1000000);
}

/* Dials, and gives the row of the peer. */
static struct kiwi_peer *dial(struct thread *t)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(5432), .sin_addr.s_addr = htonl(0x0a000007)};

    descriptor_born(t, FD, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_INTERNET, site(0x400100));
    peer_dialled(t, FD, &(struct peer_dial){(const struct sockaddr *)&a, sizeof a, site(0x400010), 0, 0});
    return region_peer(1);
}

static const struct finding *only(struct history *h, enum finding_id id)
{
    const struct review *r = history_review(h);

    assert_int_equal(r->findings.count, 1);
    return history_find(r, id);
}

/* The windows can not be pretended to be others: their counts are set. */
static void churn_rows(struct thread *t, unsigned connects, unsigned windows, unsigned brief)
{
    struct kiwi_peer *p = NULL;

    for (unsigned i = 0; i < connects; i++) {
        p = dial(t);
        if (i >= brief)
            region_descriptor(FD + 1)->dial_ticks -= ms(2000);
        peer_closing(FD);
    }
    p->busy_windows = windows;
}

static void churn__connection_for_each_request(void **state)
{
    churn_rows(thread_made(), 100, 8, 100);
    const struct finding *f = only(*state, FINDING_CONN_CHURN);

    assert_int_equal(f->severity, SEVERITY_MEDIUM);
    assert_int_equal(f->count, 100);
    assert_non_null(strstr(f->title, "10.0.0.7:5432"));
}

static void churn__burst_at_start(void **state)
{
    churn_rows(thread_made(), 100, 1, 100);
    history_assert_silent(*state);
}

static void churn__connections_that_stay(void **state)
{
    churn_rows(thread_made(), 100, 8, 20);
    history_assert_silent(*state);
}

static void churn__few(void **state)
{
    churn_rows(thread_made(), 20, 8, 20);
    history_assert_silent(*state);
}

/* As a proxy dials that has one connection for each of its clients. */
static void churn__many_requests_on_each(void **state)
{
    churn_rows(thread_made(), 100, 8, 100);
    region_peer(1)->exchanges = 100 * 16;
    history_assert_silent(*state);
}

static void churn__few_requests_on_each(void **state)
{
    churn_rows(thread_made(), 100, 8, 100);
    region_peer(1)->exchanges = 100 * 15;
    only(*state, FINDING_CONN_CHURN);
}

/* One had the many requests, and lasted; which the mean hides. */
static void churn__one_that_was_closed_had_the_requests(void **state)
{
    churn_rows(thread_made(), 100, 8, 99);
    region_peer(1)->exchanges = 5000;
    only(*state, FINDING_CONN_CHURN);
}

static void churn__one_that_is_open_had_the_requests(void **state)
{
    struct thread *t = thread_made();

    churn_rows(t, 100, 8, 100);
    dial(t)->exchanges = 5000;
    region_descriptor(FD + 1)->dial_ticks -= ms(2000);
    only(*state, FINDING_CONN_CHURN);
}

struct talk {
    struct thread *t;
    struct kiwi_call ask, hear;
    uint64_t now;
};

static struct talk talk_begin(void)
{
    struct talk k = {thread_made(), {.kind = KIWI_CALL_SEND}, {.kind = KIWI_CALL_RECV}, clock_ticks()};

    dial(k.t);
    k.ask.stack = site(0x400020);
    k.hear.stack = site(0x400030);
    return k;
}

static void exchanges(struct talk *k, unsigned n, uint64_t bytes)
{
    for (unsigned i = 0; i < n; i++, k->now += 100) {
        exchange_note(k->t, FD, &k->ask, &(struct exchange_facts){k->now, k->now + 10, 8});
        exchange_note(k->t, FD, &k->hear, &(struct exchange_facts){k->now + 20, k->now + 50, bytes});
    }
    k->t->blocked_ticks += ms(5);
}

static void chatty__items_one_by_one(void **state)
{
    struct talk k = talk_begin();

    for (unsigned i = 0; i < 20; i++)
        exchanges(&k, 40, 48);
    exchange_end(k.t);
    const struct finding *f = only(*state, FINDING_CHATTY_IO);

    assert_int_equal(f->severity, SEVERITY_MEDIUM);
    assert_int_equal(f->count, 20);
}

static void chatty__two_round_trips_a_request(void **state)
{
    struct talk k = talk_begin();

    for (unsigned i = 0; i < 200; i++)
        exchanges(&k, 2, 48);
    exchange_end(k.t);
    history_assert_silent(*state);
}

static void chatty__one_bulk_load(void **state)
{
    struct talk k = talk_begin();

    exchanges(&k, 100000, 48);
    exchange_end(k.t);
    history_assert_silent(*state);
}

static void chatty__jobs_as_they_come(void **state)
{
    struct talk k = talk_begin();

    for (unsigned i = 0; i < 40; i++)
        exchanges(&k, i % 8 ? 11 + i % 3 : 90, 48);
    exchange_end(k.t);
    history_assert_silent(*state);
}

static void chatty__large_chunks(void **state)
{
    struct talk k = talk_begin();

    for (unsigned i = 0; i < 20; i++)
        exchanges(&k, 40, 65536);
    exchange_end(k.t);
    history_assert_silent(*state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, history_set_up, history_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(churn__connection_for_each_request),
            TEST(churn__burst_at_start),
            TEST(churn__connections_that_stay),
            TEST(churn__few),
            TEST(churn__many_requests_on_each),
            TEST(churn__few_requests_on_each),
            TEST(churn__one_that_was_closed_had_the_requests),
            TEST(churn__one_that_is_open_had_the_requests),
            TEST(chatty__items_one_by_one),
            TEST(chatty__two_round_trips_a_request),
            TEST(chatty__one_bulk_load),
            TEST(chatty__jobs_as_they_come),
            TEST(chatty__large_chunks),
    };

    return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
