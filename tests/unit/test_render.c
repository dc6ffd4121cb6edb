/* render.h: the shape of the three formats, widths, colours, hostile names, failing output. */
#include "../../analysis/render/render.h"
#include "../../analysis/symbols.h"
#include "../lib/trace_builder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

struct fixture {
    struct trace_builder *builder;
    struct trace *trace;
    struct symbols *symbols; /* NULL = none */
    struct model *model;
    struct review *review;
    char *text;
    size_t size;
};

static int set_up(void **state)
{
    struct fixture *x = calloc(1, sizeof *x);

    if (!x)
        return -1;
    x->builder = builder_open();
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *x = *state;

    free(x->text);
    review_free(x->review);
    model_close(x->model);
    symbols_close(x->symbols);
    trace_close(x->trace);
    builder_close(x->builder);
    free(x);
    return 0;
}

static void make(struct fixture *x)
{
    if (!x->trace)
        x->trace = builder_trace(x->builder);
    x->model = model_open(x->trace, x->symbols);
    x->review = x->model ? review_make(&x->model, 1, NULL) : NULL;
    assert_non_null(x->review);
}

static void with_findings(struct fixture *x)
{
    struct trace_builder *b = x->builder;
    uint32_t one = builder_thread(b, "one"), two = builder_thread(b, "two");
    uint32_t a = builder_mutex(b, 0x5000), c = builder_mutex(b, 0x6000);
    uint32_t ta, tc;

    builder_module(b, "/usr/bin/service", 0x400000, 0x100000);
    builder_segment(b, one, 0, 0);
    builder_segment(b, two, 0, 0);
    ta = builder_acquire(b, one, 0, a, builder_stack(b, 2, 0x401005ul, 0x40f005ul));
    builder_acquire(b, one, ta, c, builder_stack(b, 2, 0x402005ul, 0x40f005ul));
    tc = builder_acquire(b, two, 0, c, builder_stack(b, 2, 0x403005ul, 0x40f005ul));
    builder_acquire(b, two, tc, a, builder_stack(b, 2, 0x404005ul, 0x40f005ul));
    builder_misuse(b, one, KIWI_MISUSE_UNLOCK_REFUSED, a, builder_stack(b, 1, 0x405005ul));
    make(x);
}

typedef int renderer(const struct review *r, FILE *out, const struct render_options *o);

static const char *render(struct fixture *x, renderer *function, const struct render_options *o)
{
    FILE *out;

    free(x->text);
    x->text = NULL;
    out = open_memstream(&x->text, &x->size);
    assert_non_null(out);
    assert_int_equal(function(x->review, out, o), 0);
    assert_int_equal(fclose(out), 0);
    return x->text;
}

static void assert_in_order(const char *text, const char *const *parts, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const char *found = strstr(text, parts[i]);

        if (!found)
            fail_msg("'%s' is missing or not in its place", parts[i]);
        text = found + strlen(parts[i]);
    }
}

static unsigned longest_line(const char *text)
{
    unsigned longest = 0;

    for (; *text; text += strcspn(text, "\n") + (text[strcspn(text, "\n")] != '\0'))
        if (strcspn(text, "\n") > longest)
            longest = (unsigned)strcspn(text, "\n");
    return longest;
}

static void text__has_the_shape_of_a_review(void **state)
{
    static const char *const parts[] = {"## Review Summary\nVerdict: REQUEST_CHANGES\nRisk: CRITICAL\nTop concern: ",
                                        "Confidence: High\n",
                                        "## Findings\n### [CRITICAL] ",
                                        "Finding: lock-order-cycle",
                                        "Location: /usr/bin/service+0x",
                                        "Why it matters: ",
                                        "Evidence:\n  - ",
                                        "#0  service+0x",
                                        "Fix: ",
                                        "Validation: ",
                                        "--only=lock-order-cycle",
                                        "### [MEDIUM] ",
                                        "## Required Before Merge\n  - [CRITICAL] ",
                                        "## Follow-up (Non-blocking)\n  - [MEDIUM] ",
                                        "## Recording Health\n  - "};

    with_findings(*state);
    assert_in_order(render(*state, review_render_text, NULL), parts, sizeof parts / sizeof *parts);
}

static void text__keeps_to_its_width(void **state)
{
    with_findings(*state);
    assert_true(longest_line(render(*state, review_render_text, NULL)) <= 100);
    assert_true(longest_line(render(*state, review_render_text, &(struct render_options){.width = 60})) <= 60);
    assert_true(longest_line(render(*state, review_render_text, &(struct render_options){.width = 1})) <= 60);
}

static void text__colours_only_if_asked(void **state)
{
    with_findings(*state);
    assert_null(strchr(render(*state, review_render_text, NULL), '\033'));
    assert_non_null(strchr(render(*state, review_render_text, &(struct render_options){.colour = true}), '\033'));
}

static void text__without_findings(void **state)
{
    static const char *const parts[] = {"Verdict: APPROVE\nRisk: NONE\nTop concern: none", "## Findings\nNone.",
                                        "## Required Before Merge\n  Nothing.",
                                        "## Follow-up (Non-blocking)\n  Nothing.", "## Recording Health"};

    make(*state);
    assert_in_order(render(*state, review_render_text, NULL), parts, sizeof parts / sizeof *parts);
}

static void markdown__has_the_shape_of_a_review(void **state)
{
    static const char *const parts[] = {"## Review Summary\n\n- **Verdict:** REQUEST_CHANGES\n- **Risk:** CRITICAL",
                                        "## Findings\n\n### [CRITICAL] ",
                                        "**Location:** ",
                                        "**Why it matters:** ",
                                        "**Evidence:**\n\n- ",
                                        "```text\n",
                                        "```\n",
                                        "**Fix:** ",
                                        "**Validation:** ",
                                        "## Required Before Merge\n\n- ",
                                        "## Follow-up (Non-blocking)\n\n- ",
                                        "## Recording Health\n\n- "};

    with_findings(*state);
    assert_in_order(render(*state, review_render_markdown, NULL), parts, sizeof parts / sizeof *parts);
}

static void markdown__names_are_not_markup(void **state)
{
    struct fixture *x = *state;
    uint32_t main = builder_thread(x->builder, "main"), a = builder_mutex(x->builder, 0x5000);
    const char *text;

    builder_module(x->builder, "/usr/bin/*a_b*<c>|d", 0x400000, 0x100000);
    builder_misuse(x->builder, main, KIWI_MISUSE_DESTROY_HELD, a, builder_stack(x->builder, 1, 0x405005ul));
    make(x);
    text = render(x, review_render_markdown, NULL);
    assert_non_null(strstr(text, "\\*a\\_b\\*\\<c\\>\\|d"));
}

static json_t *parse(struct fixture *x)
{
    json_error_t error;
    json_t *root = json_loads(render(x, review_render_json, NULL), 0, &error);

    if (!root)
        fail_msg("not JSON: %s", error.text);
    return root;
}

static const char *string_at(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    if (!text)
        fail_msg("no string '%s'", key);
    return text;
}

static void json__is_as_promised(void **state)
{
    json_t *root, *first, *second;

    with_findings(*state);
    root = parse(*state);
    assert_string_equal(string_at(root, "schema"), "kiwi-report/1");
    assert_string_equal(string_at(json_object_get(root, "review"), "verdict"), "REQUEST_CHANGES");
    assert_string_equal(string_at(json_object_get(root, "review"), "risk"), "CRITICAL");
    assert_int_equal(json_array_size(json_object_get(root, "findings")), 2);
    assert_int_equal(json_array_size(json_object_get(root, "required_before_merge")), 1);
    assert_int_equal(json_array_size(json_object_get(root, "follow_up")), 1);
    assert_int_equal(json_array_size(json_object_get(root, "processes")), 1);
    first = json_array_get(json_object_get(root, "findings"), 0);
    assert_string_equal(string_at(first, "id"), "lock-order-cycle");
    assert_string_equal(string_at(first, "grade"), "G3");
    assert_string_equal(string_at(first, "category"), "synchronization");
    assert_int_equal(json_array_size(json_object_get(first, "objects")), 2);
    assert_int_equal(json_array_size(json_object_get(first, "stacks")), 4);
    assert_true(json_is_null(json_object_get(json_object_get(first, "location"), "function")));
    assert_string_equal(string_at(json_object_get(first, "location"), "module"), "/usr/bin/service");
    second = json_array_get(json_object_get(root, "findings"), 1);
    assert_null(json_object_get(second, "grade"));
    assert_string_equal(string_at(second, "first_seen"), "2023-11-14T22:13:20.000Z");
    json_decref(root);
}

static void json__losses_by_kind(void **state)
{
    struct fixture *x = *state;
    json_t *root, *dropped;

    builder_header(x->builder)->dropped[KIWI_DROP_HELD] = 5;
    builder_header(x->builder)->dropped[31] = 2; /* from a newer recorder */
    make(x);
    root = parse(x);
    dropped = json_object_get(json_object_get(root, "health"), "dropped");
    assert_int_equal(json_object_size(dropped), 2);
    assert_int_equal(json_integer_value(json_object_get(dropped, "held")), 5);
    json_decref(root);
}

static void json__any_bytes_are_utf8(void **state)
{
    struct fixture *x = *state;
    json_t *root;

    builder_header(x->builder)->host = builder_string(x->builder, "h\xff\xc3(\n\x1b[2J\"\\");
    make(x);
    root = parse(x);
    assert_non_null(string_at(json_array_get(json_object_get(root, "processes"), 0), "host"));
    json_decref(root);
}

/* Two call paths with five callers in common, and what a LOW finding shows of them. */
static void render__frames_seen_before_are_not_shown_again(void **state)
{
    struct fixture *x = *state;
    struct trace_builder *b = x->builder;
    uint32_t main = builder_thread(b, "main"), lock = builder_mutex(b, 0x5000), one, two;
    struct finding *f;
    const char *text;

    builder_module(b, "/usr/bin/service", 0x400000, 0x100000);
    one = builder_stack(b, 7, 0x401005ul, 0x402005ul, 0x403005ul, 0x404005ul, 0x405005ul, 0x406005ul, 0x407005ul);
    two = builder_stack(b, 6, 0x408005ul, 0x403005ul, 0x404005ul, 0x405005ul, 0x406005ul, 0x407005ul);
    builder_misuse(b, main, KIWI_MISUSE_DESTROY_HELD, lock, one);
    make(x);
    f = x->review->findings.items[0];
    finding_stack(f, x->model, two, main, "another path");
    finding_stack(f, x->model, one, main, "a third");
    text = render(x, review_render_text, NULL);
    assert_non_null(strstr(text, "#0  service+0x8005\n      ... 5 more, as in the first stack\n"));
    assert_non_null(strstr(text, "a third:\n      #0  service+0x1005\n      ... 6 more, as in the first stack\n"));
    f->severity = SEVERITY_LOW;
    text = render(x, review_render_text, NULL);
    assert_non_null(strstr(text, "#4  service+0x5005\n      ... 2 more\n"));
    assert_null(strstr(text, "a third"));
}

/* Of a library's frames in a row, the first and the last. */
static void render__many_frames_of_a_library_are_two(void **state)
{
    struct fixture *x = *state;
    struct trace_builder *b = x->builder;
    uint32_t main = builder_thread(b, "main"), lock = builder_mutex(b, 0x5000), stack;
    const char *text;

    builder_module(b, "/usr/bin/service", 0x400000, 0x100000);
    builder_module(b, "/usr/lib/libstdc++.so.6", 0x700000, 0x100000);
    stack = builder_stack(b, 12, 0x701005ul, 0x702005ul, 0x703005ul, 0x704005ul, 0x705005ul, 0x401005ul, 0x706005ul,
                          0x707005ul, 0x708005ul, 0x402005ul, 0x709005ul, 0x70a005ul);
    builder_misuse(b, main, KIWI_MISUSE_DESTROY_HELD, lock, stack);
    x->trace = builder_trace(b);
    x->symbols = symbols_open(x->trace); /* which know whose a module is */
    make(x);
    text = render(x, review_render_text, NULL);
    assert_non_null(strstr(text, "      #0  libstdc++.so.6+0x1005\n      ... 3 of the library's\n"
                                 "      #4  libstdc++.so.6+0x5005\n      #5  service+0x1005\n"
                                 "      #6  libstdc++.so.6+0x6005\n      #7  libstdc++.so.6+0x7005\n"
                                 "      #8  libstdc++.so.6+0x8005\n      #9  service+0x2005\n"));
    text = render(x, review_render_markdown, NULL);
    assert_non_null(strstr(text, "    #0  libstdc++.so.6+0x1005\n    ... 3 of the library's\n"));
    x->review->findings.items[0]->severity = SEVERITY_LOW; /* five lines */
    text = render(x, review_render_text, NULL);
    assert_non_null(strstr(text, "      #6  libstdc++.so.6+0x6005\n      ... "));
}

static void render__what_became_of_the_baseline(void **state)
{
    static struct baseline_entry entries[] = {
            {.severity = SEVERITY_HIGH, .title = "gone", .asked = true},
            {.severity = SEVERITY_HIGH, .title = "as it was", .asked = true, .seen = true, .now = SEVERITY_HIGH},
            {.severity = SEVERITY_HIGH, .title = "worse", .asked = true, .seen = true, .now = SEVERITY_CRITICAL},
            {.severity = SEVERITY_HIGH, .title = "not asked for"},
    };
    static const struct baseline known = {.entries = entries, .count = 4};
    static const char *const parts[] = {"2 new, 0 known, 1 fixed since (or their code did not run)\n",
                                        "- Fixed: ", "gone\n", "- Was HIGH, is now CRITICAL: worse\n", "Findings\n"};
    struct fixture *x = *state;
    json_t *root;

    with_findings(x);
    x->review->baseline = &known;
    assert_in_order(render(x, review_render_text, NULL), parts, 5);
    assert_in_order(render(x, review_render_markdown, NULL), parts, 5);
    assert_null(strstr(x->text, "as it was"));
    assert_null(strstr(x->text, "not asked for"));
    root = parse(x);
    assert_int_equal(json_array_size(json_object_get(json_object_get(root, "baseline"), "fixed")), 1);
    assert_int_equal(json_array_size(json_object_get(json_object_get(root, "baseline"), "changed")), 1);
    json_decref(root);
}

static void render__a_full_disk_is_an_error(void **state)
{
    static renderer *const renderers[] = {review_render_text, review_render_markdown, review_render_json,
                                          review_render_suppressions};
    struct fixture *x = *state;

    with_findings(x);
    for (unsigned i = 0; i < sizeof renderers / sizeof *renderers; i++) {
        FILE *full = fopen("/dev/full", "w");

        if (!full)
            skip();
        errno = 0;
        assert_int_equal(renderers[i](x->review, full, NULL), -1);
        assert_int_equal(errno, ENOSPC);
        fclose(full);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(text__has_the_shape_of_a_review),
            TEST(text__keeps_to_its_width),
            TEST(text__colours_only_if_asked),
            TEST(text__without_findings),
            TEST(markdown__has_the_shape_of_a_review),
            TEST(markdown__names_are_not_markup),
            TEST(json__is_as_promised),
            TEST(json__losses_by_kind),
            TEST(json__any_bytes_are_utf8),
            TEST(render__frames_seen_before_are_not_shown_again),
            TEST(render__many_frames_of_a_library_are_two),
            TEST(render__what_became_of_the_baseline),
            TEST(render__a_full_disk_is_an_error),
    };

    return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
