/* order.h: what create and join order, and nothing else. */
#include "../../analysis/order.h"
#include "../lib/trace_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    struct trace_builder *builder;
    struct trace *trace;
    struct order *order;
    uint32_t threads[3];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    if (!f)
        return -1;
    f->builder = builder_open();
    for (unsigned i = 0; i < 3; i++)
        f->threads[i] = builder_thread(f->builder, "t");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    order_close(f->order);
    trace_close(f->trace);
    builder_close(f->builder);
    free(f);
    return 0;
}

static struct order *make(struct fixture *f)
{
    f->trace = builder_trace(f->builder);
    f->order = order_open(f->trace, false);
    assert_non_null(f->order);
    return f->order;
}

static void order__program_order_of_one_thread(void **state)
{
    struct fixture *f = *state;
    uint32_t a = builder_segment(f->builder, f->threads[0], 0, 0);
    uint32_t b = builder_segment(f->builder, f->threads[0], a, 0);
    uint32_t c = builder_segment(f->builder, f->threads[0], b, 0);
    struct order *o = make(f);

    assert_true(order_before(o, a, b));
    assert_true(order_before(o, a, c));
    assert_false(order_before(o, c, a));
    assert_false(order_before(o, b, b));
}

static void order__create_orders_what_came_before_it_alone(void **state)
{
    struct fixture *f = *state;
    uint32_t before = builder_segment(f->builder, f->threads[0], 0, 0);
    uint32_t child = builder_segment(f->builder, f->threads[1], 0, before);
    uint32_t after = builder_segment(f->builder, f->threads[0], before, 0);
    struct order *o = make(f);

    assert_true(order_before(o, before, child));
    assert_false(order_before(o, child, after));
    assert_false(order_before(o, after, child));
}

static void order__join_orders_the_joined_before_what_follows(void **state)
{
    struct fixture *f = *state;
    uint32_t before = builder_segment(f->builder, f->threads[0], 0, 0);
    uint32_t first = builder_segment(f->builder, f->threads[1], 0, before);
    uint32_t joined = builder_segment(f->builder, f->threads[0], before, first);
    uint32_t second = builder_segment(f->builder, f->threads[2], 0, joined);
    struct order *o = make(f);

    assert_true(order_before(o, first, second));
    assert_false(order_before(o, second, first));
}

static void order__unknown_segments_are_ordered_with_nothing(void **state)
{
    struct fixture *f = *state;
    uint32_t a = builder_segment(f->builder, f->threads[0], 0, 0);
    struct order *o = make(f);

    assert_false(order_before(o, 0, a));
    assert_false(order_before(o, a, 0));
    assert_false(order_before(o, a, 4711));
    assert_false(order_before(o, UINT32_MAX, UINT32_MAX - 1));
}

static void order__circles_of_a_damaged_trace_end(void **state)
{
    struct fixture *f = *state;
    uint32_t a = builder_segment(f->builder, f->threads[0], 3, 2);
    uint32_t b = builder_segment(f->builder, f->threads[1], a, 99);
    uint32_t c = builder_segment(f->builder, f->threads[2], b, 3);
    struct order *o = make(f);

    assert_true(order_before(o, a, c));
    assert_true(order_before(o, c, a));
}

static void order__long_chains_are_answered_from_memory(void **state)
{
    struct fixture *f = *state;
    uint32_t last = 0, count = BUILDER_ROWS - 1;

    for (uint32_t i = 0; i < count; i++)
        last = builder_segment(f->builder, f->threads[0], last, 0);
    struct order *o = make(f);

    /* A walk for every question would take minutes. */
    for (uint32_t i = 1; i < last; i++)
        assert_true(order_before(o, i, last));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
            TEST(order__program_order_of_one_thread),
            TEST(order__create_orders_what_came_before_it_alone),
            TEST(order__join_orders_the_joined_before_what_follows),
            TEST(order__unknown_segments_are_ordered_with_nothing),
            TEST(order__circles_of_a_damaged_trace_end),
            TEST(order__long_chains_are_answered_from_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
