/* lazy.h: locks that GLib makes at their first use, told by the frames of their making and of their taking. */
#include "../../interpose/record/lazy.h"
#include "../../interpose/record/module.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define OBJECT 1u

static uint64_t in_library, in_test = (uintptr_t)&in_library;

static int set_up(void **state)
{
    void *library = dlopen("libglib-2.0.so.0", RTLD_NOW);
    *state = library ? dlsym(library, "g_rec_mutex_lock") : NULL;
    if (!*state)
        return 0;
    in_library = (uintptr_t)*state;
    if (!region_open_memory(REGION_MIN))
        return -1;
    module_reset();
    return module_note(in_library) && region_claim(KIWI_TABLE_OBJECTS, 1) == OBJECT ? 0 : -1;
}

static int tear_down(void **state)
{
    if (*state)
        region_close_memory();
    return 0;
}

static uint32_t stack(const uint64_t *frames, uint32_t depth)
{
    uint32_t row = region_claim(KIWI_TABLE_STACKS, 1), first = region_claim(KIWI_TABLE_FRAMES, depth);

    assert_true(row && first);
    for (uint32_t i = 0; i < depth; i++)
        region_frames(first)[i] = frames[i];
    *region_stack(row) = (struct kiwi_stack){.depth = depth, .first = first};
    return row;
}
#define STACK(...) stack((const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* Without the library there is nothing to tell. */
#define MADE_AT(...)                                                                                                   \
    if (!*state)                                                                                                       \
        skip();                                                                                                        \
    region_object(OBJECT)->init_stack = STACK(__VA_ARGS__)

static void lazy__made_by_the_call_that_takes_it(void **state)
{
    MADE_AT(in_library + 8, in_library + 16, in_test, in_test + 8);
    assert_true(lazy_made(OBJECT, STACK(in_library + 24, in_test, in_test + 8)));
}

static void lazy__left_the_library_by_a_jump(void **state)
{
    MADE_AT(in_library + 8, in_test, in_test + 8);
    assert_true(lazy_made(OBJECT, STACK(in_test, in_test + 8)));
}

static void lazy__stacks_are_cut_at_a_depth(void **state)
{
    MADE_AT(in_library + 8, in_library + 16, in_test);
    assert_true(lazy_made(OBJECT, STACK(in_library + 24, in_test, in_test + 8)));
}

static void lazy__made_by_an_earlier_call(void **state)
{
    MADE_AT(in_library + 8, in_test + 16, in_test + 8);
    assert_false(lazy_made(OBJECT, STACK(in_library + 24, in_test, in_test + 8)));
}

static void lazy__made_by_the_program(void **state)
{
    MADE_AT(in_test, in_test + 8);
    assert_false(lazy_made(OBJECT, STACK(in_test, in_test + 8)));
}

static void lazy__nothing_is_known_of_its_making(void **state)
{
    if (!*state)
        skip();
    assert_false(lazy_made(OBJECT, STACK(in_library + 24, in_test)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(lazy__made_by_the_call_that_takes_it),
            TEST(lazy__left_the_library_by_a_jump),
            TEST(lazy__stacks_are_cut_at_a_depth),
            TEST(lazy__made_by_an_earlier_call),
            TEST(lazy__made_by_the_program),
            TEST(lazy__nothing_is_known_of_its_making),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
