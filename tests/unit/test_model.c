/* model.h: totals, held sets, who holds and waits, names. */
#include "../../analysis/addresses.h"
#include "../../analysis/holders.h"
#include "../../analysis/model.h"
#include "../../analysis/names.h"
#include "../lib/trace_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct trace_builder *builder;
    struct trace *trace;
    struct model *model;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    if (!f)
        return -1;
    f->builder = builder_open();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    model_close(f->model);
    trace_close(f->trace);
    builder_close(f->builder);
    free(f);
    return 0;
}

static struct model *make(struct fixture *f)
{
    f->trace = builder_trace(f->builder);
    f->model = model_open(f->trace, NULL);
    assert_non_null(f->model);
    return f->model;
}

static void model__totals_fold_all_cache_lines(void **state)
{
    struct fixture *f = *state;
    struct trace_builder *b = f->builder;
    uint32_t thread = builder_thread(b, "main"), mutex = builder_mutex(b, 0x5000), line;
    uint32_t row = builder_acquire(b, thread, 0, mutex, 0);
    uint32_t call = builder_call(b, thread, KIWI_CALL_POLL, row, 0, 5);

    builder_slot_row(b, thread)->cache[7] = (struct kiwi_cache_entry){.address = 0x5000, .row = row, .count = 40};
    struct kiwi_cache_entry *moved = builder_row(b, KIWI_TABLE_CACHES, &line);
    *moved = (struct kiwi_cache_entry){.address = 0x5000, .row = row, .count = 100};
    moved = builder_row(b, KIWI_TABLE_CACHES, &line);
    *moved = (struct kiwi_cache_entry){.address = KIWI_CALL_POLL, .row = call, .count = 9};
    moved = builder_row(b, KIWI_TABLE_CACHES, &line);
    *moved = (struct kiwi_cache_entry){.address = 0x5000, .row = 4000000, .count = 9}; /* damage */
    struct model *m = make(f);

    assert_int_equal(m->acquisitions[row].count, 141);
    assert_ptr_equal(m->acquisitions[row].row, trace_acquisition(f->trace, row));
    assert_null(m->acquisitions[0].row);
    assert_int_equal(m->call_counts[call], 10);
}

static void model__totals_saturate(void **state)
{
    struct fixture *f = *state;
    uint32_t thread = builder_thread(f->builder, "main");
    uint32_t row = builder_acquire(f->builder, thread, 0, builder_mutex(f->builder, 0x5000), 0);

    builder_acquisition_row(f->builder, row)->count = UINT64_MAX - 3;
    builder_slot_row(f->builder, thread)->cache[0] =
            (struct kiwi_cache_entry){.address = 0x5000, .row = row, .count = 40};
    assert_true(make(f)->acquisitions[row].count == UINT64_MAX);
}

static void model__held_set_is_outermost_first(void **state)
{
    struct fixture *f = *state;
    struct trace_builder *b = f->builder;
    struct model_held held[MODEL_MAX_HELD];
    uint32_t thread = builder_thread(b, "main"), one = builder_mutex(b, 0x1000), two = builder_mutex(b, 0x2000);
    uint32_t outer = builder_acquire(b, thread, 0, one, 0);
    uint32_t inner = builder_acquire(b, thread, outer, two, 0);

    builder_acquisition_row(b, inner)->mode = KIWI_MODE_READ;
    builder_acquisition_row(b, inner)->how = KIWI_HOW_TRY;
    struct model *m = make(f);

    assert_int_equal(model_held_set(m, inner, held, MODEL_MAX_HELD), 2);
    assert_int_equal(held[0].row, outer);
    assert_int_equal(held[0].object, one);
    assert_int_equal(held[1].object, two);
    assert_int_equal(held[1].mode, KIWI_MODE_READ);
    assert_int_equal(held[1].how, KIWI_HOW_TRY);
    /* With little room the innermost locks count. */
    assert_int_equal(model_held_set(m, inner, held, 1), 1);
    assert_int_equal(held[0].object, two);
    assert_int_equal(model_held_set(m, 0, held, MODEL_MAX_HELD), 0);
    assert_int_equal(model_held_set(m, 999, held, MODEL_MAX_HELD), 0);
}

static void model__circular_chain_ends(void **state)
{
    struct fixture *f = *state;
    struct model_held held[MODEL_MAX_HELD + 1];
    uint32_t thread = builder_thread(f->builder, "main"), mutex = builder_mutex(f->builder, 0x1000);
    uint32_t a = builder_acquire(f->builder, thread, 0, mutex, 0), b = builder_acquire(f->builder, thread, a, mutex, 0);

    builder_acquisition_row(f->builder, a)->parent = b;
    assert_int_equal(model_held_set(make(f), b, held, MODEL_MAX_HELD + 1), MODEL_MAX_HELD);
}

static void model__slot_held_follows_the_chunk(void **state)
{
    struct fixture *f = *state;
    struct trace_builder *b = f->builder;
    struct kiwi_held held[200];
    uint32_t thread = builder_thread(b, "main"), other = builder_thread(b, "other"), first = 0;

    for (uint32_t i = 0; i < 100; i++) {
        uint32_t row;
        struct kiwi_held *h = builder_row(b, KIWI_TABLE_HELD, &row);
        h->address = 1000 + i;
        h->since = 5;
        h->flags = i ? KIWI_HELD_TIMED : 0;
        first = first ? first : row;
    }
    builder_slot_row(b, thread)->held_rows = first;
    builder_slot_row(b, thread)->held_count = 100;
    builder_slot_row(b, other)->held_count = UINT32_MAX; /* damage */
    struct model *m = make(f);

    assert_int_equal(model_slot_held(m, trace_slot(f->trace, 1), held, 200), 100);
    assert_int_equal(held[99].address, 1099);
    assert_int_equal(held[99].since, 5);
    assert_int_equal(held[0].since, 0); /* not timed */
    assert_int_equal(model_slot_held(m, trace_slot(f->trace, 1), held, 10), 10);
    assert_int_equal(model_slot_held(m, trace_slot(f->trace, 2), held, 200), KIWI_SLOT_HELD);
}

static void model__holders_and_waiters_are_found_by_object(void **state)
{
    struct fixture *f = *state;
    struct trace_builder *b = f->builder;
    uint32_t t1 = builder_thread(b, "one"), t2 = builder_thread(b, "two"), t3 = builder_thread(b, "three"), count;
    uint32_t m1 = builder_mutex(b, 0x1000), m2 = builder_mutex(b, 0x2000), m3 = builder_mutex(b, 0x3000);
    uint32_t a1 = builder_acquire(b, t1, 0, m1, 0), a2 = builder_acquire(b, t2, 0, m2, 0);
    uint32_t w12 = builder_acquire(b, t1, a1, m2, 0), w32 = builder_acquire(b, t3, 0, m2, 0);

    builder_hold(b, t1, a1);
    builder_wait(b, t1, w12, 700);
    builder_wait(b, t3, w32, 800);
    builder_want(b, t2, a2, KIWI_WANT_RELEASING);
    struct model *m = make(f);

    const struct model_holder *holder = model_holders(m, m1, &count);
    assert_int_equal(count, 1);
    assert_int_equal(holder->thread, t1);
    assert_int_equal(holder->held.row, a1);
    assert_false(holder->releasing);
    holder = model_holders(m, m2, &count);
    assert_int_equal(count, 1);
    assert_int_equal(holder->thread, t2);
    assert_true(holder->releasing);
    assert_null(model_holders(m, m3, &count));
    assert_int_equal(count, 0);
    const struct model_waiter *waiter = model_waiters(m, m2, &count);
    assert_int_equal(count, 2);
    assert_int_equal(waiter[0].thread, t1);
    assert_int_equal(waiter[0].since, 700);
    assert_int_equal(waiter[1].thread, t3);
    assert_int_equal(waiter[1].row, w32);
    assert_null(model_waiters(m, m1, &count));
}

static void model__locks_without_a_row_are_known_by_address(void **state)
{
    struct fixture *f = *state;
    struct trace_builder *b = f->builder;
    struct model_holder held[4];
    struct model_waiter wanted;
    uint32_t t1 = builder_thread(b, "one"), t2 = builder_thread(b, "two"),
             stack = builder_stack(b, 1, UINT64_C(0x401000)), count;
    uint32_t old = builder_mutex(b, 0x1000), now = builder_mutex(b, 0x1000);

    builder_object_row(b, old)->state = KIWI_ROW_ENDED;
    builder_object_row(b, now)->generation = 2;
    struct kiwi_slot *s1 = builder_slot_row(b, t1), *s2 = builder_slot_row(b, t2);
    s1->held[0] = (struct kiwi_held){.address = 0x1000, .count = 1, .stack = stack, .flags = 1u << 30};
    s1->held[1] = (struct kiwi_held){.address = 0x2000, .count = 1};
    s1->held_count = 2;
    s2->want = KIWI_WANT_TAKING | 7u << 8;
    s2->held[0] = (struct kiwi_held){.address = 0x1000, .count = 1, .stack = stack};
    struct model *m = make(f);

    assert_int_equal(model_object_at(m, 0x1000), now);
    assert_int_equal(model_object_at(m, 0x2000), 0);
    assert_int_equal(addresses_find(m->addresses, 0x1000), now);
    assert_int_equal(addresses_find(m->addresses, 0), 0);
    assert_int_equal(addresses_find(m->addresses, UINT64_MAX), 0);
    assert_null(holders_of(m->holders, 0, &count));
    assert_null(waiters_of(m->holders, UINT32_MAX, &count));
    const struct model_holder *holder = model_holders(m, now, &count);
    assert_int_equal(count, 1);
    assert_int_equal(holder->thread, t1);
    assert_int_equal(holder->stack, stack);
    assert_int_equal(holder->mode, KIWI_MODE_READ);
    assert_int_equal(model_slot_holds(m, 1, held, 4), 2);
    assert_int_equal(held[1].object, 0);
    assert_string_equal(model_lock_name(m, held[1].object, held[1].held.address), "lock 0x2000");
    assert_true(model_slot_wants(m, 2, &wanted));
    assert_int_equal(wanted.object, now);
    assert_int_equal(wanted.want, KIWI_WANT_TAKING);
    assert_false(model_slot_wants(m, 1, &wanted));
    assert_false(model_slot_wants(m, 99, &wanted));
}

static void model__held_lock_of_a_class_is_known_by_address(void **state)
{
    struct fixture *f = *state;
    struct trace_builder *b = f->builder;
    uint32_t thread = builder_thread(b, "one"), stack = builder_stack(b, 1, UINT64_C(0x401000)), count;
    uint32_t class = builder_mutex(b, UINT64_C(1) << 63 | stack), instance = builder_mutex(b, 0x1000);
    uint32_t row = builder_acquire(b, thread, 0, class, stack);

    builder_object_row(b, class)->flags = KIWI_OBJECT_CLASS;
    builder_hold(b, thread, row);
    builder_slot_row(b, thread)->held[0].address = 0x1000;
    struct model *m = make(f);

    assert_non_null(model_holders(m, instance, &count));
    assert_int_equal(count, 1);
    assert_null(model_holders(m, class, &count));
    assert_string_equal(model_object_name(m, class), "one of many locks (mutex) of 0x401000");
}

static void model__threads_overlap_when_both_were_alive(void **state)
{
    struct fixture *f = *state;
    uint32_t main_thread = builder_thread(f->builder, "main"), a = builder_thread(f->builder, "a");
    uint32_t b = builder_thread(f->builder, "b");

    builder_end_thread(f->builder, a, BUILDER_START + 100);
    builder_thread_row(f->builder, b)->start_ticks = BUILDER_START + 200;
    struct model *m = make(f);

    assert_true(model_threads_overlap(m, main_thread, a));
    assert_true(model_threads_overlap(m, b, main_thread));
    assert_false(model_threads_overlap(m, a, b));
    assert_false(model_threads_overlap(m, b, a));
    assert_false(model_threads_overlap(m, 0, b));
}

static void model__objects_are_named_by_what_is_known(void **state)
{
    struct fixture *f = *state;
    struct trace_builder *b = f->builder;
    uint32_t thread = builder_thread(b, "main"), stack = builder_stack(b, 1, UINT64_C(0x401000));
    uint32_t bare = builder_mutex(b, 0x1000), used = builder_mutex(b, 0x2000),
             made = builder_object(b, KIWI_OBJECT_COND, 0x3000);
    uint32_t block = builder_mutex(b, 0x4028), named = builder_mutex(b, 0x5000), local = builder_mutex(b, 0x7fff1000);

    builder_acquire(b, thread, 0, used, stack);
    builder_object_row(b, made)->init_stack = stack;
    builder_object_row(b, block)->block = 0x4000;
    builder_object_row(b, block)->block_size = 96;
    builder_object_row(b, block)->block_caller = 0x402000;
    builder_object_row(b, named)->name = builder_string(b, "session table");
    builder_object_row(b, local)->flags = KIWI_OBJECT_ON_STACK;
    builder_object_row(b, local)->init_stack = stack;
    builder_thread_row(b, thread)->stack_low = 0x7fff0000;
    builder_thread_row(b, thread)->stack_high = 0x7fff8000;
    struct model *m = make(f);

    assert_string_equal(model_object_name(m, bare), "mutex 0x1000");
    assert_string_equal(model_object_name(m, used), "mutex first locked at 0x401000");
    assert_string_equal(model_object_name(m, made), "condition variable initialised at 0x401000");
    assert_string_equal(model_object_name(m, block), "mutex at +0x28 in a 96-byte block allocated at 0x402000");
    assert_string_equal(model_object_name(m, named), "session table");
    assert_string_equal(model_object_name(m, local), "mutex in the stack of T1 at 0x401000");
    assert_string_equal(model_object_name(m, 0), "an unknown object");
    assert_ptr_equal(model_object_name(m, used), model_object_name(m, used));
    assert_string_equal(model_object_kind(m, made), "condition variable");
    assert_string_equal(model_object_kind(m, 999), "lock");
    names_close(NULL);
    assert_string_equal(model_site(m, stack), "0x401000");
    assert_string_equal(model_site(m, 0), "an unknown place");
}

static void model__threads_are_named(void **state)
{
    struct fixture *f = *state;
    struct trace_builder *b = f->builder;
    uint32_t first = builder_thread(b, "svc"), worker = builder_thread(b, "worker"), plain = builder_thread(b, "");

    builder_thread_row(b, worker)->start_function = 0x405000;
    builder_thread_row(b, plain)->start_function = 0;
    struct model *m = make(f);

    assert_string_equal(model_thread_name(m, first), "T1 \"svc\" (tid 1001, main thread)");
    assert_string_equal(model_thread_name(m, worker), "T2 \"worker\" (tid 1002, start 0x405000)");
    assert_string_equal(model_thread_name(m, plain), "T3 (tid 1003)");
    assert_string_equal(model_thread_name(m, 0), "an unknown thread");
}

static void model__durations_have_three_digits(void **state)
{
    struct fixture *f = *state;
    struct model *m = make(f);

    assert_string_equal(model_duration(m, 0), "0 ns");
    assert_string_equal(model_duration(m, 999), "999 ns");
    assert_string_equal(model_duration(m, 1250), "1.25 us");
    assert_string_equal(model_duration(m, 12500), "12.5 us");
    assert_string_equal(model_duration(m, 1250000), "1.25 ms");
    assert_string_equal(model_duration(m, 999999), "1.00 ms");
    assert_string_equal(model_duration(m, 999999999), "1.00 s");
    assert_string_equal(model_duration(m, UINT64_C(99900000000)), "99.9 s");
    assert_string_equal(model_duration(m, UINT64_C(3725000000000)), "62 min 5 s");
    assert_string_equal(model_duration(m, UINT64_C(90061000000000)), "25 h 1 min");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
            TEST(model__totals_fold_all_cache_lines),
            TEST(model__totals_saturate),
            TEST(model__held_set_is_outermost_first),
            TEST(model__circular_chain_ends),
            TEST(model__slot_held_follows_the_chunk),
            TEST(model__holders_and_waiters_are_found_by_object),
            TEST(model__locks_without_a_row_are_known_by_address),
            TEST(model__held_lock_of_a_class_is_known_by_address),
            TEST(model__threads_overlap_when_both_were_alive),
            TEST(model__objects_are_named_by_what_is_known),
            TEST(model__threads_are_named),
            TEST(model__durations_have_three_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
