/* header.h and integrity.h: what is mended, what is refused, what is reported. */
#include "../../analysis/header.h"
#include "../../analysis/integrity.h"
#include "../lib/trace_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Reads the bytes of an untouched builder after spoil had its way with them. */
static bool read_spoilt(void (*spoil)(struct kiwi_header *h), struct kiwi_header *out, struct problems *problems,
                        char *error, size_t error_size)
{
    struct trace_builder *b = builder_open();
    struct source s;
    size_t size;
    const void *bytes;

    builder_mutex(b, 0x1000);
    bytes = builder_bytes(b, &size);
    char *copy = malloc(size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    spoil((struct kiwi_header *)copy);
    source_memory(&s, copy, size);
    bool readable = header_read(&s, out, problems, error, error_size);
    free(copy);
    builder_close(b);
    return readable;
}

static void nothing(struct kiwi_header *h)
{
    (void)h;
}

static void clock_is_wild(struct kiwi_header *h)
{
    h->clock_kind = 77;
    h->ticks_per_second = 0;
}

static void sizes_are_wild(struct kiwi_header *h)
{
    h->state = 5;
    h->header_size = 3;
    h->file_size = UINT64_MAX;
}

static void offset_is_far(struct kiwi_header *h)
{
    h->tables[KIWI_TABLE_OBJECTS].offset = UINT64_C(1) << 62;
}

static void byte_order_is_damaged(struct kiwi_header *h)
{
    h->byte_order ^= 4;
}

static void header__sound_one_has_no_problems(void **state)
{
    struct kiwi_header h;
    struct problems problems = {.count = 0};
    char error[128];

    (void)state;
    assert_true(read_spoilt(nothing, &h, &problems, error, sizeof error));
    assert_int_equal(problems.count, 0);
    assert_int_equal(h.tables[KIWI_TABLE_OBJECTS].id, KIWI_TABLE_OBJECTS);
    problems_release(&problems);
}

static void header__wild_clock_is_mended(void **state)
{
    struct kiwi_header h;
    struct problems problems = {.count = 0};
    char error[128];

    (void)state;
    assert_true(read_spoilt(clock_is_wild, &h, &problems, error, sizeof error));
    assert_int_equal(h.clock_kind, KIWI_CLOCK_MONOTONIC_NS);
    assert_int_equal(h.ticks_per_second, 1000000000);
    assert_int_equal(problems.count, 2);
    assert_string_equal(problems.lines[0], "header: unknown clock kind 77; times are taken as nanoseconds");
    problems_release(&problems);
}

static void header__wild_sizes_are_reported(void **state)
{
    struct kiwi_header h;
    struct problems problems = {.count = 0};
    char error[128];

    (void)state;
    assert_true(read_spoilt(sizes_are_wild, &h, &problems, error, sizeof error));
    assert_int_equal(problems.count, 3);
    assert_string_equal(problems.lines[0], "header: unknown state 5");
    problems_release(&problems);
}

static void header__table_past_the_end_is_left_out(void **state)
{
    struct kiwi_header h;
    struct problems problems = {.count = 0};
    char error[128];

    (void)state;
    assert_true(read_spoilt(offset_is_far, &h, &problems, error, sizeof error));
    assert_int_equal(h.tables[KIWI_TABLE_OBJECTS].id, 0);
    assert_string_equal(problems.lines[0], "table OBJECTS can not be read: it lies past the end of the file");
    problems_release(&problems);
}

static void header__damaged_byte_order_is_not_a_foreign_machine(void **state)
{
    struct kiwi_header h;
    struct problems problems = {.count = 0};
    char error[128];

    (void)state;
    assert_false(read_spoilt(byte_order_is_damaged, &h, &problems, error, sizeof error));
    assert_string_equal(error, "damaged header: byte order mark is 0x0a0b0c09");
}

static void header__tables_are_described(void **state)
{
    (void)state;
    assert_string_equal(table_name(KIWI_TABLE_OBJECTS), "OBJECTS");
    assert_string_equal(table_name(31), "unknown");
    assert_string_equal(table_name(UINT32_MAX), "unknown");
    assert_int_equal(table_row_size(KIWI_TABLE_SLOTS), sizeof(struct kiwi_slot));
    assert_int_equal(table_row_size(31), 0);
    assert_true(table_is_plain(KIWI_TABLE_FRAMES));
    assert_false(table_has_state(KIWI_TABLE_HELD));
    assert_true(table_has_state(KIWI_TABLE_SLOTS));
}

static void count_line(void *context, const char *line)
{
    unsigned *count = context;

    assert_non_null(strstr(line, " row "));
    (*count)++;
}

static void integrity__one_line_for_each_kind_of_damage(void **state)
{
    struct trace_builder *b = builder_open();
    unsigned lines = 0;

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        builder_object_row(b, builder_mutex(b, 0x1000 * (i + 1)))->creator = 100 + i;
    builder_object_row(b, 3)->name = UINT32_MAX;
    struct trace *t = builder_trace(b);
    integrity_check(t, count_line, &lines);
    assert_int_equal(lines, 2);
    trace_close(t);
    builder_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(header__sound_one_has_no_problems),
            cmocka_unit_test(header__wild_clock_is_mended),
            cmocka_unit_test(header__wild_sizes_are_reported),
            cmocka_unit_test(header__table_past_the_end_is_left_out),
            cmocka_unit_test(header__damaged_byte_order_is_not_a_foreign_machine),
            cmocka_unit_test(header__tables_are_described),
            cmocka_unit_test(integrity__one_line_for_each_kind_of_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
