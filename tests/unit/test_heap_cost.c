/* heap_cost.h: shares of processor time, of the thread that allocates or of the process; batch jobs. */
#include "../../analysis/heap_cost.h"
#include "recorder.h"

#include "../../interpose/record/heap_site.h"

#define S 1000000000ull

static struct model *model_now(struct trace **trace)
{
    char error[128];

    region_publish(&region.header->state, KIWI_ROW_LIVE);
    region.header->clock_kind = KIWI_CLOCK_MONOTONIC_NS;
    *trace = trace_from_memory(region.header, region.size, "cost.trace", error, sizeof error);
    if (!*trace)
        fail_msg("%s", error);
    return model_open(*trace, NULL);
}

static void cost__share_of_the_thread_or_of_the_process(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    uint32_t site = heap_site_get(a, stack_made(0x400000)), thread;
    struct trace *trace;

    (void)state;
    heap_site_made(a, site, KIWI_HEAP_UNIT, 64, 1);
    region_thread(a->row)->cpu_ns = 1 * S;
    region_thread(b->row)->cpu_ns = 3 * S;
    struct model *m = model_now(&trace);
    struct heap_cost cost = heap_cost_of(m);
    struct heap_uses *u = heap_uses_open(m);
    assert_false(cost.batch);
    assert_float_equal(cost.cpu_s, 4, 0.001);
    assert_float_equal(heap_cost_share(&cost, &u->items[0], 0.2, &thread), 0.2, 0.001);
    assert_int_equal(thread, a->row);
    u->items[0].others = 1; /* the first thread did nothing there */
    assert_float_equal(heap_cost_share(&cost, &u->items[0], 0.2, &thread), 0.05, 0.001);
    assert_int_equal(thread, 0);
    assert_float_equal(heap_cost_share(&cost, &u->items[0], 100, &thread), 1, 0.001);
    heap_uses_close(u);
    model_close(m);
    trace_close(trace);
}

static bool is_batch(void)
{
    struct trace *trace;
    struct model *m = model_now(&trace);
    bool batch = heap_cost_of(m).batch;

    model_close(m);
    trace_close(trace);
    return batch;
}

static void batch__one_thread_that_never_waits(void **state)
{
    struct thread *a = thread_made("a");

    (void)state;
    region_thread(a->row)->cpu_ns = 10 * S;
    assert_true(is_batch());
    region_thread(a->row)->idle_ticks = region.header->ticks_per_second;
    assert_false(is_batch());
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(cost__share_of_the_thread_or_of_the_process),
            FRESH(batch__one_thread_that_never_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
