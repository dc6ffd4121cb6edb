/* finding.h, place.h and explain.h: the registry, how findings are filled, where they are. */
#include "../../analysis/explain.h"
#include "../../analysis/explain_heap.h"
#include "../../analysis/finding.h"
#include "../../analysis/place.h"
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
    struct finding_list list;
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

    finding_list_release(&f->list);
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

static void finding__ids_are_found_by_name(void **state)
{
    (void)state;
    for (int i = 0; i < FINDING_COUNT; i++)
        assert_int_equal(finding_by_name(finding_info((enum finding_id)i)->id), i);
    assert_int_equal(finding_by_name("no-such-finding"), -1);
    assert_int_equal(finding_by_name(""), -1);
    assert_int_equal(finding_info(FINDING_LOCK_ORDER_CYCLE)->severity, SEVERITY_CRITICAL);
    assert_string_equal(finding_info(FINDING_LOCK_ACROSS_POLL)->category, "async");
}

static void finding__every_id_is_explained(void **state)
{
    (void)state;
    for (int i = 0; i < FINDING_COUNT; i++) {
        const char *text = explain_text((enum finding_id)i);
        bool decided = explain_decided((enum finding_id)i);

        assert_true(strlen(text) > 60);
        assert_int_equal(text[strlen(text) - 1], '\n');
        assert_int_equal(strstr(text, "How it is decided") != NULL, decided);
        assert_int_equal(strstr(text, "does not decide it yet") == NULL, decided);
        for (const char *line = text; *line; line = strchr(line, '\n') + 1)
            assert_true(strcspn(line, "\n") <= 79);
    }
    assert_true(explain_decided(FINDING_DEADLOCK));
    assert_false(explain_decided(FINDING_WEAK_LOCK));
}

static void finding__starts_with_the_usual_values(void **state)
{
    struct fixture *x = *state;
    struct finding *f = finding_add(&x->list, FINDING_DESTROY_BUSY);

    assert_non_null(f);
    assert_int_equal(f->severity, SEVERITY_CRITICAL);
    assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
    assert_int_equal(f->count, 1);
    assert_string_equal(f->title, finding_info(FINDING_DESTROY_BUSY)->title);
    assert_false(f->incomplete);
}

static void finding__is_filled_piece_by_piece(void **state)
{
    struct fixture *x = *state;
    uint32_t thread = builder_thread(x->builder, "main"), mutex = builder_mutex(x->builder, 0x5000);
    uint32_t stack = builder_stack(x->builder, 2, 0x401005ul, 0x401105ul);
    struct model *m;
    struct finding *f;

    builder_acquire(x->builder, thread, 0, mutex, stack);
    m = make(x);
    f = finding_add(&x->list, FINDING_DEADLOCK);
    finding_set(f, &f->title, "%s and %d", "one", 2);
    finding_set(f, &f->title, "again: %s", f->title);
    finding_evidence(f, "first");
    finding_evidence(f, "second %d", 2);
    finding_object(f, m, mutex);
    finding_object(f, m, mutex);
    finding_stack(f, m, stack, thread, "waits for %s", "it");
    finding_stack(f, m, stack, 0, "elsewhere");

    assert_string_equal(f->title, "again: one and 2");
    assert_int_equal(f->evidence_count, 2);
    assert_string_equal(f->evidence[1], "second 2");
    assert_int_equal(f->object_count, 1);
    assert_string_equal(f->objects[0].kind, "mutex");
    assert_int_equal(f->objects[0].address, 0x5000);
    assert_int_equal(f->stack_count, 2);
    assert_string_equal(f->stacks[0].label, "waits for it");
    assert_non_null(strstr(f->stacks[0].thread, "main"));
    assert_string_equal(f->stacks[1].thread, "");
    assert_false(f->incomplete);
}

static void place__raw_frames_have_module_and_offset(void **state)
{
    struct fixture *x = *state;
    uint32_t stack = builder_stack(x->builder, 3, 0x401005ul, 0x7f0000000123ul, 0x99ul);
    struct symbol_frame f;
    char text[64];

    builder_module(x->builder, "/usr/bin/service", 0x400000, 0x10000);
    builder_module(x->builder, "/usr/lib/libx.so", 0x7f0000000000, 0x1000);
    make(x);
    assert_int_equal(place_frames(x->trace, NULL, stack), 3);
    f = place_location(x->trace, NULL, stack);
    assert_string_equal(f.module, "/usr/bin/service");
    assert_string_equal(place_text(&f, text, sizeof text), "service+0x1005");
    f = place_frame(x->trace, NULL, stack, 1);
    assert_string_equal(place_text(&f, text, sizeof text), "libx.so+0x123");
    f = place_frame(x->trace, NULL, stack, 2);
    assert_string_equal(place_text(&f, text, sizeof text), "0x99");
    f = place_frame(x->trace, NULL, stack, 3);
    assert_string_equal(place_text(&f, text, sizeof text), "an unknown place");
    f = place_location(x->trace, NULL, 77);
    assert_string_equal(place_text(&f, text, sizeof text), "an unknown place");
}

static void place__hash_does_not_depend_on_where_modules_lie(void **state)
{
    struct fixture *x = *state;
    uint32_t a = builder_stack(x->builder, 2, 0x401005ul, 0x402005ul),
             b = builder_stack(x->builder, 2, 0x401005ul, 0x402006ul);
    struct trace_builder *other = builder_open();
    uint32_t moved = builder_stack(other, 2, 0x501005ul, 0x502005ul);
    struct trace *t;

    builder_module(x->builder, "/usr/bin/service", 0x400000, 0x10000);
    builder_module(other, "/opt/bin/service", 0x500000, 0x10000);
    make(x);
    t = builder_trace(other);
    assert_true(place_stack_hash(x->trace, a) == place_stack_hash(t, moved));
    assert_true(place_stack_hash(x->trace, a) != place_stack_hash(x->trace, b));
    assert_true(place_location_hash(x->trace, NULL, a) == place_location_hash(x->trace, NULL, b));
    trace_close(t);
    builder_close(other);
}

static void place__text_says_what_is_known(void **state)
{
    char text[64];

    (void)state;
    assert_string_equal(
            place_text(&(struct symbol_frame){.function = "f", .file = "/a/b.c", .line = 3}, text, sizeof text),
            "f b.c:3");
    assert_string_equal(place_text(&(struct symbol_frame){.function = "f", .module = "/x/y"}, text, sizeof text),
                        "f in y");
    assert_string_equal(place_base_name("/a/b"), "b");
    assert_string_equal(place_base_name("b"), "b");
    assert_string_equal(place_base_name(NULL), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(finding__ids_are_found_by_name), cmocka_unit_test(finding__every_id_is_explained),
            TEST(finding__starts_with_the_usual_values),      TEST(finding__is_filled_piece_by_piece),
            TEST(place__raw_frames_have_module_and_offset),   TEST(place__hash_does_not_depend_on_where_modules_lie),
            cmocka_unit_test(place__text_says_what_is_known),
    };

    return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
