/* wording.h: how titles name the locks of a finding. */
#include "../../analysis/detectors/wording.h"
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
    char text[WORDING_SIZE];
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

static uint32_t in_block(struct fixture *f, uint64_t block, uint64_t offset, uint64_t size)
{
    uint32_t row = builder_mutex(f->builder, block + offset);
    struct kiwi_object *o = builder_object_row(f->builder, row);

    o->block = block;
    o->block_size = size;
    o->block_caller = 0x402000;
    return row;
}

static const char *title(struct fixture *f, const uint32_t *objects, unsigned count)
{
    f->trace = builder_trace(f->builder);
    f->model = model_open(f->trace, NULL);
    assert_non_null(f->model);
    return wording_title(f->model, objects, count, f->text, sizeof f->text);
}

static void wording__elements_of_one_block_are_counted(void **state)
{
    uint32_t rows[20];

    for (unsigned i = 0; i < 20; i++)
        rows[i] = in_block(*state, 0x10000, i * 40, 800);
    assert_string_equal(title(*state, rows, 20), "20 mutexes in an 800-byte block allocated at 0x402000");
}

static void wording__few_are_counted_in_words(void **state)
{
    uint32_t rows[5];

    for (unsigned i = 0; i < 5; i++)
        rows[i] = in_block(*state, 0x10000, i * 40, 200);
    assert_string_equal(title(*state, rows, 5), "five mutexes in a 200-byte block allocated at 0x402000");
}

static void wording__two_of_one_block_are_named(void **state)
{
    uint32_t rows[] = {in_block(*state, 0x10000, 0, 96), in_block(*state, 0x10000, 40, 96)};

    assert_string_equal(title(*state, rows, 2), "mutex at +0x0 in a 96-byte block allocated at 0x402000 and "
                                                "mutex at +0x28 in a 96-byte block allocated at 0x402000");
}

static void wording__the_same_member_of_many_blocks(void **state)
{
    uint32_t rows[] = {in_block(*state, 0x10000, 40, 96), in_block(*state, 0x20000, 40, 96)};

    assert_string_equal(title(*state, rows, 2), "two mutexes, each at +0x28 in a 96-byte block allocated at 0x402000");
}

static void wording__members_of_different_blocks_are_not_put_together(void **state)
{
    uint32_t rows[] = {in_block(*state, 0x10000, 0, 96), in_block(*state, 0x20000, 40, 96),
                       in_block(*state, 0x30000, 8, 96)};

    assert_string_equal(title(*state, rows, 3), "mutex at +0x0 in a 96-byte block allocated at 0x402000, "
                                                "mutex at +0x28 in a 96-byte block allocated at 0x402000 and "
                                                "mutex at +0x8 in a 96-byte block allocated at 0x402000");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(wording__elements_of_one_block_are_counted),
            TEST(wording__few_are_counted_in_words),
            TEST(wording__two_of_one_block_are_named),
            TEST(wording__the_same_member_of_many_blocks),
            TEST(wording__members_of_different_blocks_are_not_put_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
