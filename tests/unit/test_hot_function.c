/* hot_function.h: which call paths lead through the functions that hot= names; this program's own are looked at. */
#include "../../analysis/hot_function.h"
#include "own_program.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

__attribute__((noinline)) static int hot_outer(int n)
{
    return n + 1;
}

__attribute__((noinline)) static int hot_inner(int n)
{
    return n + 2;
}

static uint32_t path(struct own_program *h, uint32_t stack, uint32_t loop, uint64_t calls, uint64_t when)
{
    uint32_t row;
    struct kiwi_heap_path *p = builder_row(h->builder, KIWI_TABLE_HEAP_PATHS, &row);

    p->state = KIWI_ROW_LIVE;
    p->stack = stack;
    p->loop = loop;
    p->calls = calls;
    p->bytes = 10 * calls;
    p->ticks = 1;
    p->first_ticks = when;
    p->last_ticks = when + 1000000000;
    return row;
}

static struct hot_functions *open_with(struct own_program *h, const char *options)
{
    builder_header(h->builder)->options = builder_string(h->builder, options);
    return hot_functions_open(own_program_read(h));
}

static void hot__counts_for_each_function_on_the_path(void **state)
{
    struct own_program *h = *state;
    uint64_t at = BUILDER_START;
    uint32_t both = builder_stack(h->builder, 2, into(hot_inner), into(hot_outer));
    uint32_t outer = builder_stack(h->builder, 1, into(hot_outer));

    path(h, both, 0, 5, at);
    path(h, outer, 0, 100, at + 1000000000);
    path(h, both, 0, 0, at); /* only growth */
    struct hot_functions *f = open_with(h, "depth=8:hot=hot_inner,hot_out*,none,");
    assert_int_equal(f->count, 3);
    assert_string_equal(f->items[0].pattern, "hot_inner");
    assert_int_equal(f->items[0].calls, 5);
    assert_int_equal(f->items[1].calls, 105);
    assert_int_equal(f->items[1].bytes, 1050);
    assert_int_equal(f->items[1].count, 2);
    assert_int_equal(hot_function_paths(f, &f->items[1])->stack, outer); /* most allocations first */
    assert_true(hot_function_span(f, &f->items[1]) > 1.99 && hot_function_span(f, &f->items[1]) < 2.01);
    assert_int_equal(f->items[2].calls, 0);
    hot_functions_close(f);
}

static void hot__one_path_in_and_out_of_loops_is_one(void **state)
{
    struct own_program *h = *state;
    uint32_t stack = builder_stack(h->builder, 1, into(hot_inner)), loop;

    ((struct kiwi_loop *)builder_row(h->builder, KIWI_TABLE_LOOPS, &loop))->state = KIWI_ROW_LIVE;
    path(h, stack, 0, 5, BUILDER_START);
    path(h, stack, loop, 7, BUILDER_START);
    struct hot_functions *f = open_with(h, "hot=hot_inner");
    assert_int_equal(f->items[0].count, 1);
    assert_int_equal(hot_function_paths(f, &f->items[0])->calls, 12);
    assert_int_equal(hot_function_paths(f, &f->items[0])->moments, 2);
    hot_functions_close(f);
}

static void hot__commas_in_brackets_split_nothing(void **state)
{
    struct hot_functions *f = open_with(*state, "hot=a\\:\\:b<c,d>\\:\\:e(f,g),,h");

    assert_int_equal(f->count, 2);
    assert_string_equal(f->items[0].pattern, "a::b<c,d>::e(f,g)");
    assert_string_equal(f->items[1].pattern, "h");
    hot_functions_close(f);
}

static void hot__none_are_named(void **state)
{
    struct hot_functions *f = open_with(*state, "depth=8");

    assert_int_equal(f->count, 0);
    hot_functions_close(f);
    hot_functions_close(NULL);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, own_program_open, own_program_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(hot__counts_for_each_function_on_the_path),
            FRESH(hot__one_path_in_and_out_of_loops_is_one),
            FRESH(hot__commas_in_brackets_split_nothing),
            FRESH(hot__none_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) + (hot_inner(0) + hot_outer(0) != 3);
}
