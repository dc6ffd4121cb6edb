/* loop_use.h: threads of a class at one place are one loop; what it serves; its percentiles. */
#include "../../analysis/loop_use.h"
#include "../../interpose/record/histogram.h"
#include "recorder.h"

static struct kiwi_loop *loop_made(uint32_t stack, uint32_t thread_class, uint64_t count)
{
    uint32_t row = region_claim(KIWI_TABLE_LOOPS, 1);
    struct kiwi_loop *l = region_loop(row);

    l->kind = KIWI_LOOP_FOUND;
    l->stack = stack;
    l->thread_class = thread_class;
    l->call_kind = KIWI_CALL_POLL;
    l->count = count;
    for (uint64_t i = 1; i <= count; i++) {
        histogram_add(row, KIWI_HISTOGRAM_TICK, i * 1000);
        l->max_ticks = i * 1000;
    }
    region_publish(&l->state, KIWI_ROW_LIVE);
    return l;
}

static struct model *model_now(struct trace **trace)
{
    char error[128];

    region_publish(&region.header->state, KIWI_ROW_LIVE);
    region.header->clock_kind = KIWI_CLOCK_MONOTONIC_NS;
    *trace = trace_from_memory(region.header, region.size, "loops.trace", error, sizeof error);
    if (!*trace)
        fail_msg("%s", error);
    return model_open(*trace, NULL);
}

static void uses__of_a_class_at_one_place_are_one(void **state)
{
    uint32_t a = stack_made(0x400000), b = stack_made(0x500000);
    struct trace *trace;

    (void)state;
    loop_made(a, 1, 10);
    loop_made(b, 1, 20);
    loop_made(a, 1, 30);
    loop_made(a, 2, 40);
    loop_made(b, 2, 0); /* no tick has ended */
    struct model *m = model_now(&trace);
    struct loop_uses *u = loop_uses_open(m);
    assert_int_equal(u->count, 3);
    assert_int_equal(u->items[0].members, 2);
    assert_int_equal(u->items[0].count, 40);
    assert_int_equal(u->of_row[1], u->of_row[3]);
    assert_int_not_equal(u->of_row[1], u->of_row[2]);
    assert_int_equal(u->of_row[5], 0);
    loop_uses_close(u);
    model_close(m);
    trace_close(trace);
}

static void uses__percentiles_are_within_three_percent(void **state)
{
    uint32_t a = stack_made(0x400000);
    struct trace *trace;

    (void)state;
    loop_made(a, 1, 5000);
    loop_made(a, 1, 5000);
    struct model *m = model_now(&trace);
    struct loop_uses *u = loop_uses_open(m);
    assert_int_equal(u->count, 1);
    assert_in_range(loop_use_quantile(u, &u->items[0], 50), 2425000, 2575000);
    assert_in_range(loop_use_quantile(u, &u->items[0], 99), 4801500, 5098500);
    loop_uses_close(u);
    model_close(m);
    trace_close(trace);
}

static void uses__serve_one_two_or_many(void **state)
{
    struct kiwi_loop *l = loop_made(stack_made(0x400000), 1, 10);
    struct loop_use use = {.main = l, .sources = 1, .others = 0};

    (void)state;
    assert_int_equal(loop_use_serves(&use), LOOP_SERVES_ONE);
    use.sources = 2; /* the second event was the end */
    use.others = 1;
    assert_int_equal(loop_use_serves(&use), LOOP_SERVES_ONE);
    use.others = 10;
    assert_int_equal(loop_use_serves(&use), LOOP_SERVES_TWO);
    use.sources = 3;
    assert_int_equal(loop_use_serves(&use), LOOP_SERVES_MANY);
    use.serves = KIWI_LOOP_ALONE; /* one connection after the other */
    assert_int_equal(loop_use_serves(&use), LOOP_SERVES_ONE);
    use.serves |= KIWI_LOOP_SEVERAL;
    l->call_kind = KIWI_CALL_EPOLL_WAIT;
    use.sources = 2;
    assert_int_equal(loop_use_serves(&use), LOOP_SERVES_MANY);
}

static void uses__serve_one_client(void **state)
{
    struct kiwi_loop *l = loop_made(stack_made(0x400000), 1, 10);
    struct loop_use use = {.main = l, .sources = 4, .others = 100, .count = 100, .served = 90};

    (void)state;
    l->call_kind = KIWI_CALL_EPOLL_WAIT;
    assert_int_equal(loop_use_serves(&use), LOOP_SERVES_MANY);
    use.serves = KIWI_LOOP_CLIENT;
    assert_int_equal(loop_use_serves(&use), LOOP_SERVES_CLIENT);
    use.served = 50; /* it has timers */
    assert_int_equal(loop_use_serves(&use), LOOP_SERVES_MANY);
    use.served = 90;
    use.serves |= KIWI_LOOP_SHARED; /* by threads that all have no other */
    assert_int_equal(loop_use_serves(&use), LOOP_SERVES_CLIENT);
    use.serves |= KIWI_LOOP_SEVERAL;
    assert_int_equal(loop_use_serves(&use), LOOP_SERVES_MANY);
}

int main(void)
{
#define FRESH(name) cmocka_unit_test_setup_teardown(name, recorder_open, recorder_close)
    const struct CMUnitTest tests[] = {
            FRESH(uses__of_a_class_at_one_place_are_one),
            FRESH(uses__percentiles_are_within_three_percent),
            FRESH(uses__serve_one_two_or_many),
            FRESH(uses__serve_one_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
