/* heap_recursion.h: call paths that differ by recursion alone are one; this program's own functions are the frames. */
#include "../../analysis/heap_recursion.h"
#include "own_program.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FUNCTION(name, value)                                                                                          \
    __attribute__((noinline)) static int name(int n)                                                                   \
    {                                                                                                                  \
        return n + (value);                                                                                            \
    }
FUNCTION(atom, 1)
FUNCTION(list, 2)
FUNCTION(vector, 3)
FUNCTION(expression, 4)
FUNCTION(serve, 5)
FUNCTION(check, 6)

static struct kiwi_heap_site *site(struct own_program *h, uint32_t stack, uint64_t blocks)
{
    uint32_t row;
    struct kiwi_heap_site *s = builder_row(h->builder, KIWI_TABLE_HEAP_SITES, &row);

    s->state = KIWI_ROW_LIVE;
    s->stack = stack;
    s->samples = 10;
    s->blocks = blocks * KIWI_HEAP_UNIT;
    s->bytes = blocks * 24;
    s->freed_blocks = s->blocks - KIWI_HEAP_UNIT;
    s->freed_bytes = s->bytes - 24;
    s->lives[1] = s->freed_blocks;
    s->first_ticks = BUILDER_START + row;
    s->last_ticks = BUILDER_START + 1000 * row;
    return s;
}

static bool all(const struct heap_use *use, const void *facts)
{
    (void)use;
    (void)facts;
    return true;
}

static bool of_stack(const struct heap_use *use, const void *stack)
{
    return use->site->stack == *(const uint32_t *)stack;
}

static const struct heap_use *on_stack(const struct heap_uses *u, uint32_t stack)
{
    for (uint32_t i = 0; i < u->count; i++)
        if (u->items[i].site->stack == stack)
            return &u->items[i];
    return NULL;
}

static void recursion__paths_are_put_together(void **state)
{
    struct own_program *h = *state;
    uint64_t a = into(atom), l = into(list), v = into(vector), e = into(expression), out = into(serve);
    uint32_t flat = builder_stack(h->builder, 3, a, e, out);
    uint32_t nested = builder_stack(h->builder, 5, a, e, l, e, out);
    uint32_t deep = builder_stack(h->builder, 9, a, e, v, e, l, e, v, e, out);

    site(h, flat, 100);
    site(h, nested, 300);
    site(h, deep, 50);
    struct heap_uses *u = heap_uses_open(own_program_read(h));
    assert_int_equal(u->count, 3);
    double made = u->made.blocks;
    assert_int_equal(heap_uses_recursion(u, all, NULL), 0);
    assert_int_equal(u->count, 1);
    const struct heap_use *use = &u->items[0];
    assert_int_equal(use->site->stack, nested); /* most were made there */
    assert_int_equal(use->paths, 3);
    assert_int_equal(use->site->samples, 30);
    assert_true(use->made.blocks > made - 0.5 && use->made.blocks < made + 0.5);
    assert_true(use->freed_blocks > 446.5 && use->freed_blocks < 447.5);
    assert_int_equal(use->site->last_ticks - use->site->first_ticks, 2999);
    assert_int_equal(heap_use_lived(use, 80), heap_use_lived(on_stack(u, nested), 80));
    heap_uses_close(u);
}

/* Another place in the recursion, another way into it, and what only happens to have a function in common. */
static void recursion__other_paths_stay_apart(void **state)
{
    struct own_program *h = *state;
    uint64_t a = into(atom), l = into(list), e = into(expression), out = into(serve), other = into(check);
    uint32_t stacks[] = {
            builder_stack(h->builder, 5, a, e, l, e, out),     builder_stack(h->builder, 5, l, e, l, e, out),
            builder_stack(h->builder, 5, a, e, l, e, other),   builder_stack(h->builder, 4, a, l, e, out),
            builder_stack(h->builder, 5, a + 4, e, l, e, out),
    };

    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++)
        site(h, stacks[i], 100);
    struct heap_uses *u = heap_uses_open(own_program_read(h));
    assert_int_equal(heap_uses_recursion(u, all, NULL), 0);
    assert_int_equal(u->count, sizeof stacks / sizeof *stacks);
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++)
        assert_int_equal(on_stack(u, stacks[i])->paths, 1);
    heap_uses_close(u);
}

static void recursion__only_what_is_wanted(void **state)
{
    struct own_program *h = *state;
    uint64_t a = into(atom), l = into(list), e = into(expression);
    uint32_t flat = builder_stack(h->builder, 2, a, e), nested = builder_stack(h->builder, 4, a, e, l, e);

    site(h, flat, 100);
    site(h, nested, 300);
    struct heap_uses *u = heap_uses_open(own_program_read(h));
    assert_int_equal(heap_uses_recursion(u, of_stack, &flat), 0);
    assert_int_equal(u->count, 2);
    assert_int_equal(u->items[1].paths, 1);
    heap_uses_close(u);
}

/* Threads: who came first on the busiest path is the one; the rest is what others made. */
static void recursion__blocks_of_other_threads_are_others(void **state)
{
    struct own_program *h = *state;
    uint64_t a = into(atom), l = into(list), e = into(expression);
    uint32_t first = builder_thread(h->builder, "first"), second = builder_thread(h->builder, "second");
    struct kiwi_heap_site *most = site(h, builder_stack(h->builder, 2, a, e), 300);
    struct kiwi_heap_site *less = site(h, builder_stack(h->builder, 4, a, e, l, e), 100);

    most->thread = most->serial = first;
    less->thread = less->serial = second;
    less->others = 40 * KIWI_HEAP_UNIT;
    struct heap_uses *u = heap_uses_open(own_program_read(h));
    assert_int_equal(heap_uses_recursion(u, all, NULL), 0);
    assert_int_equal(u->count, 1);
    assert_int_equal(u->items[0].thread, first);
    assert_true(u->items[0].others > 0.149 && u->items[0].others < 0.151); /* 60 of 400 at the least */
    heap_uses_close(u);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, own_program_open, own_program_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(recursion__paths_are_put_together),
            FRESH(recursion__other_paths_stay_apart),
            FRESH(recursion__only_what_is_wanted),
            FRESH(recursion__blocks_of_other_threads_are_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
