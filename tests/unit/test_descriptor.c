/* descriptor.h: whether calls on a descriptor can block, learnt once and forgotten in time. */
#include "recorder.h"

#include "../../interpose/record/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int made_nonblocking(int fd)
{
    assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
    return fd;
}

static void descriptor__is_learnt_from_its_flags(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(descriptor_mode(ends[0]), DESCRIPTOR_UNKNOWN);
    assert_false(descriptor_ask(ends[0]));
    assert_true(descriptor_ask(made_nonblocking(ends[1])));
    assert_int_equal(descriptor_mode(ends[0]), DESCRIPTOR_BLOCKING);
    assert_int_equal(descriptor_mode(ends[1]), DESCRIPTOR_NONBLOCKING);
    close(ends[0]);
    close(ends[1]);
}

static void descriptor__of_a_regular_file_blocks_whatever_its_flags(void **state)
{
    char name[] = "/tmp/kiwi-descriptor-XXXXXX";
    int fd = mkstemp(name);

    (void)state;
    assert_true(fd >= 0);
    unlink(name);
    assert_false(descriptor_ask(made_nonblocking(fd)));
    close(fd);
}

static void descriptor__opened_to_block_is_known_without_asking(void **state)
{
    struct thread *t = thread_made("a");
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    descriptor_opened(t, made_nonblocking(ends[0]), O_RDONLY, 7); /* nobody could have changed it yet */
    assert_int_equal(descriptor_mode(ends[0]), DESCRIPTOR_BLOCKING);
    descriptor_opened(t, ends[0], O_RDONLY | O_NONBLOCK, 7);
    assert_int_equal(descriptor_mode(ends[0]), DESCRIPTOR_NONBLOCKING);
    assert_true(descriptor_row(ends[0])->flags & KIWI_DESCRIPTOR_NONBLOCKING);
    close(ends[0]);
    close(ends[1]);
}

static void descriptor__accepted_is_known_without_asking(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    descriptor_accepted(t, 40, true, 7); /* no such descriptor: asking would fail */
    assert_int_equal(descriptor_mode(40), DESCRIPTOR_NONBLOCKING);
    assert_true(descriptor_tracked(40));
    descriptor_accepted(t, 40, false, 7);
    assert_int_equal(descriptor_mode(40), DESCRIPTOR_BLOCKING);
    assert_true(descriptor_tracked(40));
}

/* How many opens of a pipe at the call path it takes until it is seen that it is no regular file. */
static uint32_t unseen_opens(struct thread *t, int pipe_end, uint32_t stack)
{
    for (uint32_t n = 0; n < 1000; n++) {
        descriptor_opened(t, pipe_end, O_RDONLY | O_NONBLOCK, stack);
        if (descriptor_mode(pipe_end) == DESCRIPTOR_NONBLOCKING)
            return n;
    }
    return 1000;
}

static void descriptor__of_a_path_that_opens_regular_files_is_looked_at_now_and_then(void **state)
{
    char name[] = "/tmp/kiwi-descriptor-XXXXXX";
    int file = mkstemp(name), ends[2];
    struct thread *t = thread_made("a");

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_true(file >= 0);
    unlink(name);
    for (int i = 0; i < 8; i++) {
        descriptor_opened(t, file, O_RDONLY | O_NONBLOCK, 7);
        assert_int_equal(descriptor_mode(file), DESCRIPTOR_BLOCKING);
    }
    assert_int_equal(unseen_opens(t, ends[0], 7), 15);
    assert_int_equal(unseen_opens(t, ends[0], 7), 0); /* from then on each is looked at again */
    assert_int_equal(unseen_opens(t, ends[0], 8), 0); /* another call path */
    close(file);
    close(ends[0]);
    close(ends[1]);
}

static void descriptor__that_is_closed_is_left_unknown(void **state)
{
    (void)state;
    assert_false(descriptor_ask(MEMORY_DESCRIPTORS - 1));
    assert_int_equal(descriptor_mode(MEMORY_DESCRIPTORS - 1), DESCRIPTOR_UNKNOWN);
}

static void descriptor__out_of_range_is_taken_to_block(void **state)
{
    (void)state;
    assert_int_equal(descriptor_mode(-1), DESCRIPTOR_BLOCKING);
    assert_int_equal(descriptor_mode((int)MEMORY_DESCRIPTORS), DESCRIPTOR_BLOCKING);
    descriptor_forget(-1);
    descriptor_forget((int)MEMORY_DESCRIPTORS);
}

static void descriptor__ranges_are_forgotten(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    descriptor_ask(ends[0]);
    descriptor_ask(ends[1]);
    descriptor_forget_range((uint32_t)ends[1], ~0u);
    assert_int_equal(descriptor_mode(ends[0]), DESCRIPTOR_BLOCKING);
    assert_int_equal(descriptor_mode(ends[1]), DESCRIPTOR_UNKNOWN);
    descriptor_forget(ends[0]);
    assert_int_equal(descriptor_mode(ends[0]), DESCRIPTOR_UNKNOWN);
    close(ends[0]);
    close(ends[1]);
}

static void descriptor__past_the_last_number_closes_none(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    descriptor_born(t, 5, KIWI_DESCRIPTOR_PIPE, 0, 0);
    descriptor_close_range(t, ~0u, ~0u, 0);
    assert_int_equal(descriptor_row(5)->state, KIWI_ROW_LIVE);
    descriptor_close_range(t, 5, ~0u, 0);
    assert_int_equal(descriptor_row(5)->state, KIWI_ROW_ENDED);
}

/* The caller stands in for a wrapper. */
static __attribute__((noinline)) void receive(struct thread *t, int fd, int error)
{
    struct call_record c = {.since = 0};
    call_begin_on(&c, t, KIWI_CALL_RECV, CALL_SITE(), 0, fd);
    assert_int_equal(c.since, 0);
    assert_int_equal(t->slot->call_kind, 0);
    call_end(&c, error, 0);
}

/* Each place that calls receive has a row of its own. */
static uint64_t all_calls(struct thread *t, uint64_t *errors)
{
    uint64_t calls = 0;
    acquisition_fold_all(t);
    *errors = 0;
    for (uint32_t row = 1; row < region.header->tables[KIWI_TABLE_CALLS].used; row++) {
        const struct kiwi_call *c = region_call(row);
        assert_int_equal(c->waited, 0);
        assert_int_equal(c->flags, KIWI_CALLF_NONBLOCKING);
        calls += c->count;
        *errors += c->errors;
    }
    return calls;
}

/* 256 are counted one by one; 100,000 by a sample whose sum has a standard deviation of about 2,500. */
static void calls__on_a_nonblocking_one_are_counted_by_sample(void **state)
{
    struct thread *t = thread_made("a");
    uint64_t errors;
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    t->guard = GUARD_IDLE;
    for (int i = 0; i < 200; i++)
        receive(t, ends[0], EAGAIN);
    assert_int_equal(all_calls(t, &errors), 200);
    for (int i = 0; i < 100000; i++)
        receive(t, ends[0], EAGAIN);
    assert_in_range(all_calls(t, &errors), 80000, 120000);
    assert_int_equal(errors, 0);
    close(ends[0]);
    close(ends[1]);
}

static void calls__outside_the_sample_still_note_their_errors(void **state)
{
    struct thread *t = thread_made("a");
    uint64_t errors;
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    t->guard = GUARD_IDLE;
    for (int i = 0; i < 1000; i++)
        receive(t, ends[0], i % 2 ? ECONNRESET : EAGAIN);
    all_calls(t, &errors);
    assert_int_equal(errors, 500);
    close(ends[0]);
    close(ends[1]);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(descriptor__is_learnt_from_its_flags),
            FRESH(descriptor__of_a_regular_file_blocks_whatever_its_flags),
            FRESH(descriptor__opened_to_block_is_known_without_asking),
            FRESH(descriptor__accepted_is_known_without_asking),
            FRESH(descriptor__of_a_path_that_opens_regular_files_is_looked_at_now_and_then),
            FRESH(descriptor__that_is_closed_is_left_unknown),
            FRESH(descriptor__out_of_range_is_taken_to_block),
            FRESH(descriptor__ranges_are_forgotten),
            FRESH(descriptor__past_the_last_number_closes_none),
            FRESH(calls__on_a_nonblocking_one_are_counted_by_sample),
            FRESH(calls__outside_the_sample_still_note_their_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
