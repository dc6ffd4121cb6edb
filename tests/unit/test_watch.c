/* watch.h: whether a wait for events is for one client, or for several. */
#include "../../interpose/record/watch.h"
#include "recorder.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EP 600 /* no such descriptors are open: what is known of them is in their rows */
#define CLIENT 601
#define OTHER 602

static struct thread *watching(void)
{
    struct thread *t = thread_made("a");

    descriptor_born(t, EP, KIWI_DESCRIPTOR_EPOLL, 0, stack_made(1));
    descriptor_born(t, CLIENT, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_ACCEPTED, stack_made(2));
    watch_changed(EP, EPOLL_CTL_ADD, CLIENT);
    return t;
}

static uint32_t serves(void)
{
    return watch_serves(KIWI_CALL_EPOLL_WAIT, EP, 0);
}

/* With one more descriptor of this kind. */
static uint32_t serves_with(struct thread *t, enum kiwi_descriptor_kind kind, uint32_t flags)
{
    descriptor_born(t, OTHER, kind, flags, stack_made(3));
    watch_changed(EP, EPOLL_CTL_ADD, OTHER);
    uint32_t result = serves();
    watch_changed(EP, EPOLL_CTL_DEL, OTHER);
    return result;
}

static void watch__one_client_and_its_wake_ups(void **state)
{
    struct thread *t = watching();

    (void)state;
    assert_int_equal(serves(), KIWI_LOOP_CLIENT);
    assert_int_equal(serves_with(t, KIWI_DESCRIPTOR_SIGNAL, 0), KIWI_LOOP_CLIENT);
    assert_int_equal(serves_with(t, KIWI_DESCRIPTOR_EVENT, 0), KIWI_LOOP_CLIENT);
    assert_int_equal(serves_with(t, KIWI_DESCRIPTOR_PIPE, 0), KIWI_LOOP_CLIENT);
    assert_int_equal(serves(), KIWI_LOOP_CLIENT);
}

static void watch__more_than_one_client(void **state)
{
    struct thread *t = watching();

    (void)state;
    assert_int_equal(serves_with(t, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_ACCEPTED), KIWI_LOOP_SEVERAL);
    assert_int_equal(serves_with(t, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_LISTENING), KIWI_LOOP_SEVERAL);
    assert_int_equal(serves_with(t, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_DATAGRAM), KIWI_LOOP_SEVERAL);
    assert_int_equal(serves_with(t, KIWI_DESCRIPTOR_TIMER, 0), KIWI_LOOP_SEVERAL);
    assert_int_equal(serves_with(t, KIWI_DESCRIPTOR_PAIR, 0), KIWI_LOOP_SEVERAL);
    watch_changed(EP, EPOLL_CTL_DEL, CLIENT);
    assert_int_equal(serves(), KIWI_LOOP_SEVERAL); /* nobody: it may be anything */
}

static void watch__asks_about_unknown_ones(void **state)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0), pair[2], ends[2];
    struct sockaddr_in any = {.sin_family = AF_INET};

    (void)state;
    assert_int_equal(bind(listener, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(pipe(ends), 0);
    descriptor_born(thread_made("a"), EP, KIWI_DESCRIPTOR_EPOLL, 0, stack_made(1));
    watch_changed(EP, EPOLL_CTL_ADD, pair[0]);
    watch_changed(EP, EPOLL_CTL_ADD, ends[0]);
    assert_int_equal(serves(), KIWI_LOOP_CLIENT);
    watch_changed(EP, EPOLL_CTL_ADD, listener);
    assert_int_equal(serves(), KIWI_LOOP_SEVERAL);
    close(listener);
    for (int i = 0; i < 2; i++) {
        close(pair[i]);
        close(ends[i]);
    }
}

static void watch__poll_of_one(void **state)
{
    (void)state;
    watching();
    assert_int_equal(watch_serves(KIWI_CALL_POLL, 1, CLIENT), KIWI_LOOP_CLIENT);
    assert_int_equal(watch_serves(KIWI_CALL_POLL, 2, CLIENT), KIWI_LOOP_SEVERAL);
    assert_int_equal(watch_serves(KIWI_CALL_POLL, 1, EP), KIWI_LOOP_ALONE);
    assert_int_equal(watch_serves(KIWI_CALL_SELECT, EP, CLIENT), KIWI_LOOP_SEVERAL); /* that is a number of them */
}

static void client_made(struct thread *t, int fd)
{
    descriptor_born(t, fd, KIWI_DESCRIPTOR_SOCKET, KIWI_DESCRIPTOR_ACCEPTED, stack_made(3));
    watch_changed(EP, EPOLL_CTL_ADD, fd);
}

static void client_closed(struct thread *t, int fd)
{
    struct descriptor_closing closing;

    descriptor_close_begin(t, &closing, fd, stack_made(4));
}

static uint32_t watched(void)
{
    return region_descriptor(EP + 1)->exchanges;
}

/* The kernel drops it from the set without being told. */
static void watch__closed_ones_are_not_watched(void **state)
{
    struct thread *t = watching();

    (void)state;
    client_made(t, OTHER);
    assert_int_equal(watched(), 2);
    client_closed(t, OTHER);
    assert_int_equal(watched(), 1);
    assert_int_equal(serves(), KIWI_LOOP_CLIENT);
    client_made(t, OTHER); /* the next client, with the same number */
    client_made(t, OTHER + 1);
    descriptor_close_range(t, OTHER, OTHER + 1, stack_made(4));
    assert_int_equal(watched(), 1);
    client_made(t, OTHER);
    descriptor_born(t, OTHER, KIWI_DESCRIPTOR_SOCKET, 0, stack_made(3)); /* closed inside libc */
    assert_int_equal(watched(), 1);
    client_made(t, OTHER);
    watch_changed(EP, EPOLL_CTL_DEL, OTHER);
    client_closed(t, OTHER); /* not a second time */
    assert_int_equal(watched(), 1);
}

/* The file is open, and so watched, for as long as one of its descriptors is. */
static void watch__copied_ones_are(void **state)
{
    struct thread *t = watching();

    (void)state;
    client_made(t, OTHER);
    descriptor_copied(t, OTHER, OTHER + 1, stack_made(5));
    client_closed(t, OTHER);
    assert_int_equal(watched(), 2);
    client_closed(t, OTHER + 1);
    assert_int_equal(watched(), 2);
}

static void watch__other_sets_are_left_alone(void **state)
{
    struct thread *t = watching();

    (void)state;
    client_made(t, OTHER);
    descriptor_born(t, EP, KIWI_DESCRIPTOR_EPOLL, 0, stack_made(1)); /* with the number of the first */
    watch_changed(EP, EPOLL_CTL_ADD, CLIENT);                        /* in both, for what is known */
    assert_int_equal(watched(), 1);
    client_closed(t, OTHER);
    assert_int_equal(watched(), 1);
    client_closed(t, CLIENT);
    assert_int_equal(watched(), 1);
}

/* Threads that take turns at one epoll. */
static void watch__knows_who_shares_an_epoll(void **state)
{
    struct thread *a = watching(), *b = thread_made("b");

    (void)state;
    watch_polled(KIWI_CALL_EPOLL_WAIT, EP, a->serial);
    watch_polled(KIWI_CALL_EPOLL_PWAIT, EP, a->serial);
    watch_polled(KIWI_CALL_POLL, EP, b->serial); /* that is a number of them */
    assert_false(watch_is_shared(KIWI_CALL_EPOLL_WAIT, EP));
    watch_polled(KIWI_CALL_EPOLL_WAIT, EP, b->serial);
    watch_polled(KIWI_CALL_EPOLL_WAIT, EP, a->serial);
    assert_true(watch_is_shared(KIWI_CALL_EPOLL_PWAIT2, EP));
    assert_false(watch_is_shared(KIWI_CALL_POLL, EP));
    assert_false(watch_is_shared(KIWI_CALL_EPOLL_WAIT, CLIENT));
    assert_false(watch_is_covered(a, KIWI_CALL_EPOLL_WAIT, EP));
    a->slot->call_kind = b->slot->call_kind = KIWI_CALL_EPOLL_WAIT;
    a->slot->call_object = EP;
    b->slot->call_object = OTHER;
    assert_false(watch_is_covered(a, KIWI_CALL_EPOLL_WAIT, EP));
    b->slot->call_object = EP;
    assert_true(watch_is_covered(a, KIWI_CALL_EPOLL_WAIT, EP));
    b->slot->call_kind = 0;
    assert_false(watch_is_covered(a, KIWI_CALL_EPOLL_WAIT, EP));
    descriptor_born(a, EP, KIWI_DESCRIPTOR_EPOLL, 0, stack_made(1)); /* the next one with that number */
    watch_polled(KIWI_CALL_EPOLL_WAIT, EP, b->serial);
    assert_false(watch_is_shared(KIWI_CALL_EPOLL_WAIT, EP));
}

int main(void)
{
#define FRESH(name) cmocka_unit_test_setup_teardown(name, recorder_open, recorder_close)
    const struct CMUnitTest tests[] = {
            FRESH(watch__one_client_and_its_wake_ups), FRESH(watch__more_than_one_client),
            FRESH(watch__asks_about_unknown_ones),     FRESH(watch__poll_of_one),
            FRESH(watch__closed_ones_are_not_watched), FRESH(watch__copied_ones_are),
            FRESH(watch__other_sets_are_left_alone),   FRESH(watch__knows_who_shares_an_epoll),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
