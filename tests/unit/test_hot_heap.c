/* hot_heap.h: paths of a loop's members are one, and its share of a tick is the measured or the estimated one. */
#include "../../analysis/hot_heap.h"
#include "../../interpose/record/histogram.h"
#include "recorder.h"

static uint32_t loop_made(uint32_t thread)
{
    uint32_t row = region_claim(KIWI_TABLE_LOOPS, 1);
    struct kiwi_loop *l = region_loop(row);

    l->kind = KIWI_LOOP_FOUND;
    l->stack = 1;
    l->thread = thread;
    l->count = 10;
    l->max_ticks = 2000;
    l->heap_ticks = 10;
    l->heap_calls = 100;
    l->heap_max = 10;
    region_publish(&l->state, KIWI_ROW_LIVE);
    return row;
}

static void path_made(uint32_t loop, uint32_t stack, uint64_t calls)
{
    struct kiwi_heap_path *p = region_heap_path(region_claim(KIWI_TABLE_HEAP_PATHS, 1));

    p->loop = loop;
    p->stack = stack;
    p->calls = calls;
    p->max = calls;
    region_publish(&p->state, KIWI_ROW_LIVE);
}

static struct model *model_now(struct trace **trace)
{
    char error[128];

    region_publish(&region.header->state, KIWI_ROW_LIVE);
    region.header->clock_kind = KIWI_CLOCK_MONOTONIC_NS;
    region.header->ticks_per_second = 1000000000;
    *trace = trace_from_memory(region.header, region.size, "heap.trace", error, sizeof error);
    if (!*trace)
        fail_msg("%s", error);
    return model_open(*trace, NULL);
}

static void paths__of_all_members_are_one(void **state)
{
    struct trace *trace;
    uint32_t a = loop_made(1), b = loop_made(2), count;

    (void)state;
    path_made(a, stack_made(0x400000), 5);
    path_made(b, stack_made(0x400000), 7);
    path_made(b, stack_made(0x500000), 20);
    path_made(999, stack_made(0x600000), 20); /* of no loop: a damaged trace */
    struct model *m = model_now(&trace);
    struct loop_uses *u = loop_uses_open(m);
    struct hot_heap *h = hot_heap_open(u);
    const struct hot_path *p = hot_heap_paths(h, &u->items[0], &count);
    assert_int_equal(u->count, 1);
    assert_int_equal(count, 2);
    assert_int_equal(p[0].calls, 20);
    assert_int_equal(p[1].calls, 12);
    assert_int_equal(p[1].max, 7);
    hot_heap_close(h);
    loop_uses_close(u);
    model_close(m);
    trace_close(trace);
}

static double share_of(uint32_t loop, double *measured)
{
    struct trace *trace;
    struct model *m = model_now(&trace);
    struct loop_uses *u = loop_uses_open(m);
    double share = hot_heap_share(u, &u->items[0]);

    (void)loop;
    *measured = hot_heap_measured(u, &u->items[0]);
    loop_uses_close(u);
    model_close(m);
    trace_close(trace);
    return share;
}

static void share__is_estimated_or_measured(void **state)
{
    uint32_t loop = loop_made(1);
    double measured;

    (void)state;
    for (int i = 0; i < 10; i++) {
        histogram_add(loop, KIWI_HISTOGRAM_TICK_CALLS, 4);
        histogram_add(loop, KIWI_HISTOGRAM_TICK_HEAP, 1000);
    }
    assert_float_equal(share_of(loop, &measured), 4 * HOT_ALLOCATION_NS / 1000, 0.01);
    assert_float_equal(measured, HOT_NOT_MEASURED, 0.001);
    for (int i = 0; i < 10; i++)
        histogram_add(loop, KIWI_HISTOGRAM_TICK_SHARE, KIWI_TICK_SHARE_ONE / 2);
    assert_float_equal(share_of(loop, &measured), 0.5, 0.02);
    assert_float_equal(measured, 0.5, 0.02);
}

static void share__measured_bounds_the_estimate(void **state)
{
    uint32_t loop = loop_made(1);
    double measured;

    (void)state;
    for (int i = 0; i < 10; i++) {
        histogram_add(loop, KIWI_HISTOGRAM_TICK_CALLS, 4);
        histogram_add(loop, KIWI_HISTOGRAM_TICK_HEAP, 1000);
        histogram_add(loop, KIWI_HISTOGRAM_TICK_SHARE, KIWI_TICK_SHARE_ONE / 100);
    }
    assert_float_equal(share_of(loop, &measured), HOT_OUTSIDE / 100, 0.005);
    assert_float_equal(measured, 0.01, 0.001);
}

static void share__measured_as_none_is_measured(void **state)
{
    uint32_t loop = loop_made(1);
    double measured;

    (void)state;
    for (int i = 0; i < 10; i++) {
        histogram_add(loop, KIWI_HISTOGRAM_TICK_CALLS, 4);
        histogram_add(loop, KIWI_HISTOGRAM_TICK_HEAP, 1000);
        histogram_add(loop, KIWI_HISTOGRAM_TICK_SHARE, 0);
    }
    assert_float_equal(share_of(loop, &measured), 0, 0.001);
    assert_float_equal(measured, 0, 0.001);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(paths__of_all_members_are_one),
            FRESH(share__is_estimated_or_measured),
            FRESH(share__measured_bounds_the_estimate),
            FRESH(share__measured_as_none_is_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
