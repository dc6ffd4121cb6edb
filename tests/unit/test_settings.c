/* settings.h: options that were set, defaults of those that were not. */
#include "../../analysis/settings.h"
#include "../lib/trace_builder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct trace *trace_with(const char *options)
{
    struct trace_builder *b = builder_open();

    builder_header(b)->options = *options ? builder_string(b, options) : 0;
    struct trace *t = builder_trace(b);
    builder_close(b);
    return t;
}

static void settings__are_those_told_and_else_the_defaults(void **state)
{
    struct trace *t = trace_with("out=/a\\:b\\\\c:heap=exact:tick-budget=20us:depth=8:depth=16");
    char text[SETTINGS_TEXT];

    (void)state;
    assert_true(settings_known(t));
    assert_string_equal(settings_value(t, "out", text, sizeof text), "/a:b\\c");
    assert_string_equal(settings_value(t, "depth", text, sizeof text), "16");
    assert_string_equal(settings_value(t, "events", text, sizeof text), "slow");
    assert_string_equal(settings_value(t, "budget", text, sizeof text), "");
    assert_true(settings_is_set(t, "heap"));
    assert_false(settings_is_set(t, "heap-rate"));
    assert_string_equal(settings_budgets(t, text, sizeof text),
                        "tick-budget=20us, hold-budget=2ms, shutdown-budget=5s, retry-gap=1s");
    assert_string_equal(settings_others(t, text, sizeof text), "heap=exact, depth=16");
    assert_string_equal(settings_others(t, text, 8), "heap=ex");
    trace_close(t);
}

static void settings__of_an_unknown_recorder(void **state)
{
    struct trace *t = trace_with("");
    char text[SETTINGS_TEXT];

    (void)state;
    assert_false(settings_known(t));
    assert_string_equal(settings_others(t, text, sizeof text), "");
    assert_string_equal(settings_value(t, "retry-gap", text, sizeof text), "1s");
    trace_close(t);
}

static void settings__survive_odd_texts(void **state)
{
    static const char *const odd[] = {":", "=", "\\", "heap=", "heap=\\", "heap", "::heap=off::", "heap=a\\:"};
    char text[SETTINGS_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct trace *t = trace_with(odd[i]);

        assert_non_null(settings_value(t, "heap", text, sizeof text));
        assert_non_null(settings_others(t, text, sizeof text));
        trace_close(t);
    }
}

static void settings__names_are_those_of_the_registry(void **state)
{
    unsigned count = 0;

    (void)state;
    assert_string_equal(settings_name(0), "out");
    while (settings_name(count))
        count++;
    assert_in_range(count, 10, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(settings__are_those_told_and_else_the_defaults),
            cmocka_unit_test(settings__of_an_unknown_recorder),
            cmocka_unit_test(settings__survive_odd_texts),
            cmocka_unit_test(settings__names_are_those_of_the_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
