/* region.h: rows are claimed until there is no room, and what found none is counted. */
#include "recorder.h"

static void assert_laid_out(uint64_t size)
{
    const struct kiwi_header *h = region.header;
    uint64_t end = h->header_size;

    assert_memory_equal(h->magic, KIWI_TRACE_MAGIC, 8);
    assert_int_equal(h->file_size, size);
#define X(number, name, type)                                                                                          \
    assert_int_equal(h->tables[number].id, number);                                                                    \
    assert_int_equal(h->tables[number].row_size, sizeof(type));                                                        \
    assert_int_equal(h->tables[number].offset % 4096, 0);                                                              \
    assert_true(h->tables[number].offset >= end);                                                                      \
    assert_int_equal(h->tables[number].used, 1);                                                                       \
    end = h->tables[number].offset + h->tables[number].capacity * sizeof(type);                                        \
    assert_true(end <= h->file_size);
    KIWI_TABLES(X)
#undef X
}

static void region__tables_are_laid_out_in_order(void **state)
{
    (void)state;
    assert_laid_out(8u << 20);
}

static void region__tables_give_way_where_their_shares_do_not_fit(void **state)
{
    (void)state;
    for (uint64_t size = REGION_MIN; size >= 1280u << 10; size -= 128u << 10) {
        assert_true(region_open_memory(size));
        assert_laid_out(size);
        assert_true(region_capacity(KIWI_TABLE_FRAMES) > region_capacity(KIWI_TABLE_STACKS));
        region_close_memory();
    }
    assert_false(region_open_memory(64u << 10));
    region_close_memory();
}

static void region__row_0_is_never_given(void **state)
{
    (void)state;
    assert_int_equal(region_claim(KIWI_TABLE_MISUSES, 1), 1);
    assert_int_equal(region_claim(KIWI_TABLE_MISUSES, 3), 2);
    assert_int_equal(region_claim(KIWI_TABLE_MISUSES, 1), 5);
}

static void region__full_table_refuses_and_counts(void **state)
{
    uint32_t capacity = region_capacity(KIWI_TABLE_MISUSES), given = 0;

    (void)state;
    while (region_claim(KIWI_TABLE_MISUSES, 1))
        given++;
    assert_int_equal(given, capacity - 1);
    for (int i = 0; i < 9; i++)
        assert_int_equal(region_claim(KIWI_TABLE_MISUSES, 1), 0);
    assert_int_equal(region.header->dropped[KIWI_DROP_MISUSES], 10);
    assert_int_equal(region.header->tables[KIWI_TABLE_MISUSES].used, capacity);
    assert_int_not_equal(region_claim(KIWI_TABLE_CALLS, 1), 0);
}

static void region__many_rows_at_once_fit_or_not(void **state)
{
    uint32_t capacity = region_capacity(KIWI_TABLE_MISUSES);

    (void)state;
    assert_int_equal(region_claim(KIWI_TABLE_MISUSES, capacity), 0);
    assert_int_equal(region_claim(KIWI_TABLE_MISUSES, capacity - 1), 1);
    assert_int_equal(region_claim(KIWI_TABLE_MISUSES, UINT32_MAX), 0);
}

static void region__strings_end_and_may_be_empty(void **state)
{
    uint32_t a = region_string("service", 7), b = region_string("cut here", 3);
    const char *strings = region.tables[KIWI_TABLE_STRINGS];

    (void)state;
    assert_string_equal(strings + a, "service");
    assert_string_equal(strings + b, "cut");
    assert_int_equal(region_string("", 0), 0);
    assert_int_equal(region_string(NULL, 5), 0);
}

static void region__frozen_uses_the_room_that_is_ready(void **state)
{
    (void)state;
    region_freeze();
    uint32_t given = 0;
    while (region_claim(KIWI_TABLE_ACQUISITIONS, 1))
        given++;
    assert_true(given > 0);
}

static void region__least_size_serves_every_table(void **state)
{
    (void)state;
    assert_int_equal(recorder_open_sized(REGION_MIN), 0);
    for (int i = 0; i < 200; i++) {
        struct thread *t = thread_made("small");
        uint32_t stack = stack_made((uint64_t)i << 8);
        lock_taken_at(t, 0x100000 + (uintptr_t)i * 64, stack);
        lock_let_go(t, 0x100000 + (uintptr_t)i * 64);
        thread_detach(t);
    }
    recorder_close(NULL);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(region__tables_are_laid_out_in_order),
            cmocka_unit_test(region__tables_give_way_where_their_shares_do_not_fit),
            FRESH(region__row_0_is_never_given),
            FRESH(region__full_table_refuses_and_counts),
            FRESH(region__many_rows_at_once_fit_or_not),
            FRESH(region__strings_end_and_may_be_empty),
            FRESH(region__frozen_uses_the_room_that_is_ready),
            cmocka_unit_test(region__least_size_serves_every_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
