/* descriptor_use.h: which descriptors are listed, in what order, and what is said of them. */
#include "../../analysis/descriptor_use.h"
#include "recorder.h"

static struct kiwi_descriptor *descriptor_made(uint32_t number, uint32_t state, uint32_t end_stack)
{
    assert_true(region_reach(KIWI_TABLE_DESCRIPTORS, number + 1));
    struct kiwi_descriptor *d = region_descriptor(number + 1);

    d->kind = KIWI_DESCRIPTOR_SOCKET;
    d->end_stack = end_stack;
    region_publish(&d->state, state);
    return d;
}

static void misuse_made(uint32_t number, uint32_t end_stack, uint32_t flags)
{
    struct kiwi_failure *f = region_failure(region_claim(KIWI_TABLE_FAILURES, 1));

    f->kind = KIWI_CALL_WRITE;
    f->flags = flags;
    f->descriptor = number;
    f->other_stack = end_stack;
    f->count = f->attempts = 1;
    region_publish(&f->state, KIWI_ROW_LIVE);
}

static struct model *model_now(struct trace **trace)
{
    char error[128];

    region_publish(&region.header->state, KIWI_ROW_LIVE);
    region.header->clock_kind = KIWI_CLOCK_MONOTONIC_NS;
    *trace = trace_from_memory(region.header, region.size, "fds.trace", error, sizeof error);
    if (!*trace)
        fail_msg("%s", error);
    return model_open(*trace, NULL);
}

static void done(struct descriptor_uses *u, struct model *m, struct trace *trace)
{
    descriptor_uses_close(u);
    model_close(m);
    trace_close(trace);
}

static void uses__are_the_open_ones_then_the_misused(void **state)
{
    uint32_t a = stack_made(0x400000), b = stack_made(0x500000);
    struct trace *trace;

    (void)state;
    descriptor_made(9, KIWI_ROW_LIVE, 0);
    descriptor_made(3, KIWI_ROW_ENDED, a); /* as it should be */
    descriptor_made(4, KIWI_ROW_ENDED, a);
    descriptor_made(5, KIWI_ROW_LIVE, a);
    descriptor_made(6, KIWI_ROW_ENDED, b); /* the misuse was of the one before */
    descriptor_made(7, KIWI_ROW_ENDED, a); /* a daemon's loop over all numbers */
    misuse_made(4, a, KIWI_FAILURE_BAD_DESCRIPTOR);
    misuse_made(6, a, KIWI_FAILURE_BAD_DESCRIPTOR);
    misuse_made(7, a, KIWI_FAILURE_BAD_DESCRIPTOR | KIWI_FAILURE_SWEEP);
    struct model *m = model_now(&trace);
    struct descriptor_uses *u = descriptor_uses_open(m);
    assert_int_equal(u->open, 2);
    assert_int_equal(u->closed, 4);
    assert_int_equal(u->count, 3);
    assert_int_equal(u->items[0].number, 5);
    assert_int_equal(u->items[1].number, 9);
    assert_int_equal(u->items[2].number, 4);
    assert_non_null(u->items[2].misuse);
    assert_non_null(descriptor_now(trace, 5));
    assert_null(descriptor_now(trace, 4));
    assert_null(descriptor_now(trace, -1));
    assert_null(descriptor_now(trace, 1 << 30));
    done(u, m, trace);
}

static void uses__say_what_they_are(void **state)
{
    char text[DESCRIPTOR_FLAGS_SIZE];
    struct trace *trace;

    (void)state;
    descriptor_made(3, KIWI_ROW_LIVE, 0)->flags = 0x3fff;
    descriptor_made(4, KIWI_ROW_LIVE, 0)->kind = 0;
    struct model *m = model_now(&trace);
    struct descriptor_uses *u = descriptor_uses_open(m);
    assert_string_equal(descriptor_use_kind(&u->items[0]), "socket");
    assert_string_equal(descriptor_use_flags(&u->items[0], text, sizeof text),
                        "listening, accepted, dialled, connecting, internet, datagrams, non-blocking, to another "
                        "process, bound, receive timeout, send timeout, TCP timeout, keep-alive");
    assert_string_equal(descriptor_use_flags(&u->items[0], text, 12), "listening, ");
    assert_string_equal(descriptor_use_kind(&u->items[1]), "descriptor");
    assert_string_equal(descriptor_use_flags(&u->items[1], text, sizeof text), "");
    assert_string_equal(descriptor_use_peer(u, &u->items[1], text, sizeof text), "");
    assert_string_equal(descriptor_use_flag(KIWI_DESCRIPTOR_NONBLOCKING), "non-blocking");
    assert_null(descriptor_use_flag(0x8000));
    assert_string_equal(descriptor_kind_word(77), "descriptor");
    done(u, m, trace);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(uses__are_the_open_ones_then_the_misused),
            FRESH(uses__say_what_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
