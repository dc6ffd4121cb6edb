/* call_use.h: calls of one kind, path and held set are one; their percentiles, errors and place in loops. */
#include "../../analysis/call_use.h"
#include "../../interpose/record/histogram.h"
#include "recorder.h"

#include <errno.h>

static struct kiwi_call *call_made(enum kiwi_call_kind kind, uint32_t stack, uint32_t thread_class, uint64_t waits)
{
    uint32_t row = region_claim(KIWI_TABLE_CALLS, 1);
    struct kiwi_call *c = region_call(row);

    c->kind = kind;
    c->stack = stack;
    c->thread_class = thread_class;
    c->count = waits + 10;
    c->waited = waits;
    for (uint64_t i = 1; i <= waits; i++) {
        histogram_add(row, KIWI_HISTOGRAM_CALL, i * 1000);
        c->ticks += i * 1000;
        c->max_ticks = i * 1000;
    }
    region_publish(&c->state, KIWI_ROW_LIVE);
    return c;
}

static struct model *model_now(struct trace **trace)
{
    char error[128];

    region_publish(&region.header->state, KIWI_ROW_LIVE);
    region.header->clock_kind = KIWI_CLOCK_MONOTONIC_NS;
    *trace = trace_from_memory(region.header, region.size, "calls.trace", error, sizeof error);
    if (!*trace)
        fail_msg("%s", error);
    return model_open(*trace, NULL);
}

static void done(struct call_uses *u, struct model *m, struct trace *trace)
{
    call_uses_close(u);
    model_close(m);
    trace_close(trace);
}

static void uses__of_all_classes_at_one_path_are_one(void **state)
{
    uint32_t a = stack_made(0x400000), b = stack_made(0x500000);
    struct trace *trace;

    (void)state;
    call_made(KIWI_CALL_READ, a, 1, 10);
    call_made(KIWI_CALL_READ, b, 1, 200);
    call_made(KIWI_CALL_READ, a, 2, 20);
    call_made(KIWI_CALL_WRITE, a, 1, 0);
    call_made(KIWI_CALL_READ, a, 1, 0)->flags = KIWI_CALLF_NONBLOCKING;
    struct model *m = model_now(&trace);
    struct call_uses *u = call_uses_open(m);
    assert_int_equal(u->count, 4);
    assert_int_equal(u->items[0].stack, b); /* the longest time first */
    assert_int_equal(u->items[1].members, 2);
    assert_int_equal(u->items[1].count, 50);
    assert_int_equal(u->items[1].waited, 30);
    assert_int_equal(u->items[1].max, 20000);
    assert_false(u->items[1].nonblocking);
    done(u, m, trace);
}

static void uses__percentiles_are_within_three_percent(void **state)
{
    uint32_t a = stack_made(0x400000);
    struct trace *trace;

    (void)state;
    call_made(KIWI_CALL_READ, a, 1, 5000);
    call_made(KIWI_CALL_READ, a, 2, 5000);
    struct model *m = model_now(&trace);
    struct call_uses *u = call_uses_open(m);
    assert_int_equal(call_use_timed(u, &u->items[0]), 10000);
    assert_in_range(call_use_quantile(u, &u->items[0], 50), 2425000, 2575000);
    assert_in_range(call_use_quantile(u, &u->items[0], 99), 4801500, 5000000);
    done(u, m, trace);
}

static void failure_made(uint32_t stack, uint32_t error, uint64_t count)
{
    uint32_t row = region_claim(KIWI_TABLE_FAILURES, 1);
    struct kiwi_failure *f = region_failure(row);

    f->kind = KIWI_CALL_READ;
    f->stack = stack;
    f->error = error;
    f->count = count;
    region_publish(&f->state, KIWI_ROW_LIVE);
}

static void uses__tell_errors_by_number(void **state)
{
    uint32_t a = stack_made(0x400000), b = stack_made(0x500000);
    struct call_error errors[2];
    struct trace *trace;

    (void)state;
    call_made(KIWI_CALL_READ, a, 1, 10)->errors = 9;
    call_made(KIWI_CALL_READ, b, 1, 5);
    failure_made(a, ECONNRESET, 2);
    failure_made(a, EIO, 3);
    failure_made(b, EPIPE, 7);
    failure_made(a, ECONNRESET, 4);
    struct model *m = model_now(&trace);
    struct call_uses *u = call_uses_open(m);
    assert_int_equal(u->items[0].stack, a);
    assert_int_equal(call_use_errors(u, &u->items[0], errors, 2), 2);
    assert_int_equal(errors[0].error, ECONNRESET);
    assert_int_equal(errors[0].count, 6);
    assert_int_equal(errors[1].error, EIO);
    done(u, m, trace);
}

static void uses__know_loops_and_descriptors(void **state)
{
    uint32_t a = stack_made(0x400000), b = stack_made(0x500000), row = region_claim(KIWI_TABLE_LOOPS, 1);
    struct kiwi_loop *l = region_loop(row);
    struct trace *trace;
    char text[64];

    (void)state;
    l->kind = KIWI_LOOP_FOUND;
    l->stack = a;
    l->call_kind = KIWI_CALL_POLL;
    region_publish(&l->state, KIWI_ROW_LIVE);
    call_made(KIWI_CALL_POLL, a, 1, 30)->flags = KIWI_CALLF_TICK;
    call_made(KIWI_CALL_READ, b, 1, 20)->flags = KIWI_CALLF_TICK | KIWI_CALLF_DESCRIPTOR(KIWI_DESCRIPTOR_PIPE) |
                                                 KIWI_CALLF_DESCRIPTOR(KIWI_DESCRIPTOR_SOCKET);
    call_made(KIWI_CALL_READ, a, 1, 10);
    struct model *m = model_now(&trace);
    struct call_uses *u = call_uses_open(m);
    assert_int_equal(u->items[0].loop, CALL_LOOP_WAIT);
    assert_int_equal(u->items[1].loop, CALL_LOOP_TICKS);
    assert_int_equal(u->items[2].loop, CALL_LOOP_NONE);
    assert_string_equal(call_use_descriptors(&u->items[1], text, sizeof text), "pipe, socket");
    assert_string_equal(call_use_descriptors(&u->items[2], text, sizeof text), "");
    assert_string_equal(call_use_descriptors(&u->items[1], text, 6), "pipe,");
    done(u, m, trace);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(uses__of_all_classes_at_one_path_are_one),
            FRESH(uses__percentiles_are_within_three_percent),
            FRESH(uses__tell_errors_by_number),
            FRESH(uses__know_loops_and_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
