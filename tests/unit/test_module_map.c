/* module_map.h: addresses that several modules used in turn. */
#include "../../analysis/module_map.h"
#include "../lib/trace_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    struct trace_builder *builder;
    struct trace *trace;
    struct module_map *map;
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

    module_map_close(f->map);
    trace_close(f->trace);
    builder_close(f->builder);
    free(f);
    return 0;
}

static struct module_map *make(struct fixture *f)
{
    f->trace = builder_trace(f->builder);
    f->map = module_map_open(f->trace);
    assert_non_null(f->map);
    return f->map;
}

static uint32_t module_in(struct fixture *f, uint64_t base, uint64_t size, uint64_t loaded, uint64_t unloaded)
{
    uint32_t row = builder_module(f->builder, "/lib/x.so", base, size);
    struct kiwi_module *m = builder_at(f->builder, KIWI_TABLE_MODULES, row);

    m->loaded_epoch = loaded;
    m->unloaded_epoch = unloaded;
    m->state = unloaded ? KIWI_ROW_ENDED : KIWI_ROW_LIVE;
    return row;
}

static void module_map__address_is_in_its_module_alone(void **state)
{
    struct fixture *f = *state;
    uint32_t b = module_in(f, 0x20000, 0x1000, 1, 0), a = module_in(f, 0x10000, 0x1000, 1, 0);
    struct module_map *m = make(f);

    assert_int_equal(module_map_find(m, 0x10000, 1), a);
    assert_int_equal(module_map_find(m, 0x10fff, 1), a);
    assert_int_equal(module_map_find(m, 0x11000, 1), 0);
    assert_int_equal(module_map_find(m, 0x20800, 1), b);
    assert_int_equal(module_map_find(m, 0, 1), 0);
    assert_int_equal(module_map_find(m, UINT64_MAX, 1), 0);
}

static void module_map__epoch_tells_modules_at_one_address_apart(void **state)
{
    struct fixture *f = *state;
    uint32_t first = module_in(f, 0x10000, 0x2000, 1, 5), second = module_in(f, 0x10000, 0x1000, 5, 9);
    struct module_map *m = make(f);

    assert_int_equal(module_map_find(m, 0x10100, 1), first);
    assert_int_equal(module_map_find(m, 0x10100, 4), first);
    assert_int_equal(module_map_find(m, 0x10100, 5), second);
    assert_int_equal(module_map_find(m, 0x10100, 9), 0);
    assert_int_equal(module_map_find(m, 0x11100, 6), 0);
}

static void module_map__latest_prefers_what_is_still_loaded(void **state)
{
    struct fixture *f = *state;
    uint32_t now = module_in(f, 0x10000, 0x1000, 5, 0), gone = module_in(f, 0x20000, 0x1000, 1, 7);

    module_in(f, 0x10000, 0x1000, 1, 5);
    struct module_map *m = make(f);

    assert_int_equal(module_map_find(m, 0x10100, MODULE_MAP_LATEST), now);
    assert_int_equal(module_map_find(m, 0x20100, MODULE_MAP_LATEST), gone);
}

static void module_map__module_noticed_late_is_still_found(void **state)
{
    struct fixture *f = *state;
    uint32_t row = module_in(f, 0x10000, 0x1000, 8, 0);

    assert_int_equal(module_map_find(make(f), 0x10100, 7), row);
}

static void module_map__small_module_inside_a_large_span_is_found(void **state)
{
    struct fixture *f = *state;
    uint32_t large = module_in(f, 0x10000, 0x10000, 1, 0), small = module_in(f, 0x12000, 0x1000, 1, 0);
    struct module_map *m = make(f);

    assert_int_equal(module_map_find(m, 0x12800, 1), small);
    assert_int_equal(module_map_find(m, 0x14000, 1), large);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
            TEST(module_map__address_is_in_its_module_alone),
            TEST(module_map__epoch_tells_modules_at_one_address_apart),
            TEST(module_map__latest_prefers_what_is_still_loaded),
            TEST(module_map__module_noticed_late_is_still_found),
            TEST(module_map__small_module_inside_a_large_span_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
