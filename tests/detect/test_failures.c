/* bad-fd, error-loop, retry-storm: streaks of failures and what is between them. */
#include "../../interpose/base/clock.h"
#include "../../interpose/record/failure.h"
#include "../../interpose/record/peer.h"
#include "../../interpose/record/stack.h"
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <errno.h>
#include <time.h>
#include <netinet/in.h>
#include <string.h>

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

/* A stretch of pretended time. */
struct scene {
    struct thread *t;
    struct failure_facts facts;
    uint64_t now;
};

static uint64_t us(uint64_t n)
{
    return clock_ns_to_ticks(n * 1000);
}

/* An attempt that takes 50 us, and a wait of so many us after it. */
static void attempt(struct scene *s, uint64_t wait_us)
{
    s->facts.begin = s->now;
    s->facts.end = s->now + us(50);
    failure_note(s->t, &s->facts);
    s->now += us(50) + us(wait_us);
    if (wait_us >= 100)
        s->t->blocked_ticks += us(wait_us);
}

static struct scene failing(enum kiwi_call_kind kind, int error, uint64_t place)
{
    return (struct scene){thread_made(),
                          {.kind = kind, .stack = site(place), .error = error, .call_row = 1, .descriptor = 7},
                          clock_ticks()};
}

static struct scene refused(uint64_t place)
{
    return failing(KIWI_CALL_RECV, ECONNREFUSED, place);
}

/* The one finding there is. */
static const struct finding *only(struct history *h, enum finding_id id)
{
    const struct review *r = history_review(h);

    assert_int_equal(r->findings.count, 1);
    return history_find(r, id);
}

static void loop__emfile_at_full_speed(void **state)
{
    struct scene s = failing(KIWI_CALL_ACCEPT4, EMFILE, 0x400010);

    for (int i = 0; i < 5000; i++)
        attempt(&s, 0);
    assert_int_equal(only(*state, FINDING_ERROR_LOOP)->severity, SEVERITY_HIGH);
}

static void loop__with_waits_is_medium(void **state)
{
    struct scene s = failing(KIWI_CALL_RECV, ENOTCONN, 0x400010);

    for (int i = 0; i < 500; i++)
        attempt(&s, 1000);
    assert_int_equal(only(*state, FINDING_ERROR_LOOP)->severity, SEVERITY_MEDIUM);
}

static void loop__slow_failures(void **state)
{
    struct scene s = failing(KIWI_CALL_ACCEPT4, EMFILE, 0x400010);

    for (int i = 0; i < 500; i++)
        attempt(&s, 100000);
    history_assert_silent(*state);
}

/* Asks for a name, and does what a request is about. */
static void ask_and_work(struct scene *s, int times, bool works)
{
    for (int i = 0; i < times; i++) {
        attempt(s, 20);
        if (works) {
            failure_worked(s->t);
            failure_success(s->t, 9, KIWI_CALL_WRITE);
        }
    }
}

static void loop__name_is_asked_for_in_each_request(void **state)
{
    struct scene flag = failing(KIWI_CALL_ACCESS, ENOENT, 0x400010), made = failing(KIWI_CALL_MKDIR, EEXIST, 0x400020);

    ask_and_work(&flag, 5000, true);
    ask_and_work(&made, 5000, true);
    struct scene link = failing(KIWI_CALL_READLINK, EINVAL, 0x400030);
    ask_and_work(&link, 5000, false);
    history_assert_silent(*state);
}

static void loop__name_is_waited_for(void **state)
{
    struct scene s = failing(KIWI_CALL_ACCESS, ENOENT, 0x400010);

    ask_and_work(&s, 100, true);
    ask_and_work(&s, 5000, false);
    assert_int_equal(only(*state, FINDING_ERROR_LOOP)->severity, SEVERITY_HIGH);
}

static void loop__other_errors_count_whatever_else_is_done(void **state)
{
    struct scene s = failing(KIWI_CALL_ACCESS, EACCES, 0x400010);

    ask_and_work(&s, 5000, true);
    assert_int_equal(only(*state, FINDING_ERROR_LOOP)->severity, SEVERITY_HIGH);
}

static void loop__success_in_between(void **state)
{
    struct scene s = failing(KIWI_CALL_RECV, EPROTO, 0x400010);

    for (int i = 0; i < 5000; i++) {
        attempt(&s, 0);
        if (i % 100 == 0)
            failure_success(s.t, 1, KIWI_CALL_RECV);
    }
    assert_int_equal(s.t->streak_count, 1);
    history_assert_silent(*state);
}

static void loop__many_descriptors_once_each(void **state)
{
    struct scene s = failing(KIWI_CALL_RECV, EPROTO, 0x400010);

    for (int i = 0; i < 5000; i++) {
        s.facts.descriptor = 10 + (uint32_t)i;
        attempt(&s, 0);
    }
    history_assert_silent(*state);
}

static void spin__eagain_for_long(void **state)
{
    struct thread *t = thread_made();
    struct timespec a_while = {0, 10000000};

    for (int i = 0; i < 25; i++) {
        t->again += FAILURE_AGAIN_STEP;
        failure_again(t, KIWI_CALL_RECV, site(0x400010), 5);
        nanosleep(&a_while, NULL);
    }
    assert_non_null(only(*state, FINDING_ERROR_LOOP));
}

static void spin__again_and_again_from_nothing(void **state)
{
    struct thread *t = thread_made();

    t->again = FAILURE_AGAIN_STEP;
    for (int i = 0; i < 100; i++)
        failure_again(t, KIWI_CALL_RECV, site(0x400010), 5);
    history_assert_silent(*state);
}

static void storm__no_delay(void **state)
{
    struct scene s = refused(0x400010);

    for (int i = 0; i < 10; i++)
        attempt(&s, 0);
    assert_int_equal(only(*state, FINDING_RETRY_STORM)->severity, SEVERITY_HIGH);
}

static void storm__nine_without_delay(void **state)
{
    struct scene s = refused(0x400010);

    for (int i = 0; i < 9; i++)
        attempt(&s, 0);
    history_assert_silent(*state);
}

static void storm__even_gaps(void **state)
{
    struct scene s = refused(0x400010);

    for (int i = 0; i < 7; i++)
        attempt(&s, 100000);
    assert_int_equal(only(*state, FINDING_RETRY_STORM)->severity, SEVERITY_MEDIUM);
}

static void storm__slow_probe(void **state)
{
    struct scene s = refused(0x400010);

    for (int i = 0; i < 50; i++)
        attempt(&s, 1000000);
    history_assert_silent(*state);
}

static void storm__doubling(void **state)
{
    struct scene s = refused(0x400010);

    for (uint64_t wait = 5000; wait < 900000; wait *= 2)
        attempt(&s, wait);
    history_assert_silent(*state);
}

static void storm__capped_doubling(void **state)
{
    struct scene s = refused(0x400010);

    for (uint64_t wait = 20000, i = 0; i < 40; i++) {
        attempt(&s, wait);
        wait = wait < 500000 ? wait * 2 : wait;
    }
    history_assert_silent(*state);
}

static void storm__server_that_comes_up(void **state)
{
    struct scene s = refused(0x400010);

    for (int i = 0; i < 3; i++)
        attempt(&s, 100000);
    failure_success(s.t, 1, KIWI_CALL_RECV);
    assert_int_equal(s.t->streak_count, 0);
    history_assert_silent(*state);
}

static void storm__no_cap(void **state)
{
    struct scene s = refused(0x400010);

    for (uint64_t i = 0; i < 120; i++)
        attempt(&s, 1000 + i % 7 * 17000);
    assert_non_null(only(*state, FINDING_RETRY_STORM));
}

static void play_clients(uint64_t apart_us)
{
    uint64_t now = clock_ticks();

    for (uint64_t n = 0; n < 4; n++) {
        struct scene s = refused(0x400010);

        s.now = now + us(n * apart_us);
        for (uint64_t wait = 40000; wait < 900000; wait *= 2)
            attempt(&s, wait);
    }
}

static void storm__threads_in_step(void **state)
{
    play_clients(500);
    assert_int_equal(only(*state, FINDING_RETRY_STORM)->severity, SEVERITY_MEDIUM);
}

static void storm__threads_apart(void **state)
{
    play_clients(30000);
    history_assert_silent(*state);
}

static void storm__peers_are_told_apart(void **state)
{
    struct thread *t = thread_made();

    for (uint16_t i = 0; i < 30; i++) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(5000 + i))};

        /* Not a socket that is known, and none that the kernel knows: taken for one that makes no connection. */
        descriptor_born(t, 900, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_INTERNET, site(0x400100));
        peer_dialled(t, 900,
                     &(struct peer_dial){(const struct sockaddr *)&a, sizeof a, site(0x400010), 0, ECONNREFUSED});
    }
    history_assert_silent(*state);
}

static void storm__one_peer_dialled_at_once(void **state)
{
    struct thread *t = thread_made();
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(5432), .sin_addr.s_addr = htonl(0x0a000007)};

    for (int i = 0; i < 30; i++) {
        descriptor_born(t, 900, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_INTERNET, site(0x400100));
        peer_dialled(t, 900,
                     &(struct peer_dial){(const struct sockaddr *)&a, sizeof a, site(0x400010), 0, ECONNREFUSED});
    }
    const struct finding *f = only(*state, FINDING_RETRY_STORM);

    assert_non_null(strstr(f->title, "10.0.0.7:5432"));
}

/* close at two places, or at one and the same. */
static void close_at(struct thread *t, int fd, uint64_t place, int error)
{
    struct descriptor_closing c;

    descriptor_close_begin(t, &c, fd, site(place));
    descriptor_close_end(t, &c, error, place);
}

static void bad_fd__closed_twice(void **state)
{
    struct thread *t = thread_made();

    descriptor_born(t, 5, KIWI_DESCRIPTOR_FILE, 0, site(0x400010));
    close_at(t, 5, 0x400020, 0);
    close_at(t, 5, 0x400030, EBADF);
    const struct finding *f = only(*state, FINDING_BAD_FD);

    assert_int_equal(f->severity, SEVERITY_MEDIUM);
    assert_int_equal(f->stack_count, 3);
}

static void bad_fd__read_after_close(void **state)
{
    struct thread *a = thread_made(), *b = thread_made();

    descriptor_born(a, 5, KIWI_DESCRIPTOR_FILE, 0, site(0x400010));
    close_at(a, 5, 0x400020, 0);
    descriptor_misused(b, &(struct failure_facts){
                                  .kind = KIWI_CALL_READ, .stack = site(0x400030), .error = EBADF, .descriptor = 5});
    assert_non_null(only(*state, FINDING_BAD_FD));
}

/* Who goes on with a closed descriptor in a loop makes one mistake, not two. */
static void bad_fd__used_in_a_loop(void **state)
{
    struct scene s = failing(KIWI_CALL_READ, EBADF, 0x400030);

    descriptor_born(s.t, 5, KIWI_DESCRIPTOR_SOCKET, 0, site(0x400010));
    close_at(s.t, 5, 0x400020, 0);
    s.facts.descriptor = 5;
    for (int i = 0; i < 500; i++) {
        descriptor_misused(s.t, &s.facts);
        attempt(&s, 1000);
    }
    assert_int_equal(only(*state, FINDING_ERROR_LOOP)->stack_count, 2);
}

static void bad_fd__number_used_again(void **state)
{
    struct thread *t = thread_made();

    for (int i = 0; i < 100; i++) {
        descriptor_born(t, 5, KIWI_DESCRIPTOR_FILE, 0, site(0x400010));
        close_at(t, 5, 0x400020, 0);
    }
    history_assert_silent(*state);
}

static void bad_fd__opened_unseen(void **state)
{
    struct thread *t = thread_made();

    descriptor_born(t, 5, KIWI_DESCRIPTOR_FILE, 0, site(0x400010));
    close_at(t, 5, 0x400020, 0);
    close_at(t, 5, 0x400030, 0);
    history_assert_silent(*state);
}

static void bad_fd__never_open(void **state)
{
    struct thread *t = thread_made();

    close_at(t, 77, 0x400020, EBADF);
    close_at(t, 77, 0x400020, EBADF);
    descriptor_misused(t, &(struct failure_facts){
                                  .kind = KIWI_CALL_READ, .stack = site(0x400030), .error = EBADF, .descriptor = 90});
    history_assert_silent(*state);
}

static void bad_fd__sweep_of_all_numbers(void **state)
{
    struct thread *t = thread_made();

    for (int fd = 3; fd < 8; fd++) {
        descriptor_born(t, fd, KIWI_DESCRIPTOR_FILE, 0, site(0x400010));
        close_at(t, fd, 0x400020, 0);
    }
    for (int fd = 3; fd < 64; fd++)
        close_at(t, fd, 0x400030, EBADF);
    history_assert_silent(*state);
}

static void bad_fd__both_ends_twice_in_a_loop(void **state)
{
    struct thread *t = thread_made();

    for (int round = 0; round < 2; round++)
        for (int fd = 5; fd < 7; fd++) {
            if (!round)
                descriptor_born(t, fd, KIWI_DESCRIPTOR_PIPE, 0, site(0x400010));
            close_at(t, fd, 0x400020 + (uint64_t)round, round ? EBADF : 0);
        }
    assert_non_null(only(*state, FINDING_BAD_FD));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, history_set_up, history_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(loop__emfile_at_full_speed),
            TEST(loop__with_waits_is_medium),
            TEST(loop__slow_failures),
            TEST(loop__success_in_between),
            TEST(loop__name_is_asked_for_in_each_request),
            TEST(loop__name_is_waited_for),
            TEST(loop__other_errors_count_whatever_else_is_done),
            TEST(loop__many_descriptors_once_each),
            TEST(spin__eagain_for_long),
            TEST(spin__again_and_again_from_nothing),
            TEST(storm__no_delay),
            TEST(storm__nine_without_delay),
            TEST(storm__even_gaps),
            TEST(storm__slow_probe),
            TEST(storm__doubling),
            TEST(storm__capped_doubling),
            TEST(storm__server_that_comes_up),
            TEST(storm__no_cap),
            TEST(storm__threads_in_step),
            TEST(storm__threads_apart),
            TEST(storm__peers_are_told_apart),
            TEST(storm__one_peer_dialled_at_once),
            TEST(bad_fd__closed_twice),
            TEST(bad_fd__read_after_close),
            TEST(bad_fd__used_in_a_loop),
            TEST(bad_fd__number_used_again),
            TEST(bad_fd__opened_unseen),
            TEST(bad_fd__never_open),
            TEST(bad_fd__sweep_of_all_numbers),
            TEST(bad_fd__both_ends_twice_in_a_loop),
    };

    return cmocka_run_group_tests_name("failures", tests, NULL, NULL);
}
