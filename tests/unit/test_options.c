/* options.h: values, text form, complaints, lists and out= patterns. */
#include "../../interpose/base/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct heard {
    unsigned count;
    char last[OPTIONS_LINE];
};

static void hear(void *arg, const char *line)
{
    struct heard *h = arg;

    h->count++;
    strcpy(h->last, line);
}

static struct options standard(void)
{
    struct options o;

    options_defaults(&o);
    return o;
}

static enum options_result set_fresh(const char *name, const char *value)
{
    struct options o = standard();

    return options_set(&o, name, value);
}

static void options__every_default_is_valid(void **state)
{
    (void)state;
    for (unsigned i = 0; i < option_count; i++) {
        if (set_fresh(option_table[i].name, option_table[i].standard) != OPTIONS_OK)
            fail_msg("default of %s is refused", option_table[i].name);
    }
}

static void options__defaults_are_the_documented_ones(void **state)
{
    struct options o = standard();

    (void)state;
    assert_string_equal(o.out, "kiwi.%e.%p.trace");
    assert_string_equal(o.follow, "all");
    assert_int_equal(o.size, 64 << 20);
    assert_int_equal(o.heap, OPTIONS_HEAP_SAMPLE);
    assert_int_equal(o.events, OPTIONS_EVENTS_SLOW);
    assert_int_equal(o.depth, 32);
    assert_int_equal(o.verbose, 0);
    assert_int_equal(o.tick_budget, 50 * 1000000);
    assert_int_equal(o.shutdown_budget, UINT64_C(5000000000));
    assert_int_equal(o.retry_gap, UINT64_C(1000000000));
    assert_int_equal(options_domains(&o), OPTIONS_LOCKS | OPTIONS_HEAP | OPTIONS_IO | OPTIONS_ATOMICS);
}

static void options__sizes_take_units(void **state)
{
    struct options o = standard();

    (void)state;
    assert_int_equal(options_set(&o, "size", "2G"), OPTIONS_OK);
    assert_int_equal(o.size, UINT64_C(2) << 30);
    assert_int_equal(options_set(&o, "size", "2.5m"), OPTIONS_OK);
    assert_int_equal(o.size, 5 << 19);
    assert_int_equal(options_set(&o, "size", "2097152"), OPTIONS_OK);
    assert_int_equal(o.size, 2 << 20);
}

static void options__times_need_units(void **state)
{
    struct options o = standard();

    (void)state;
    assert_int_equal(options_set(&o, "tick-budget", "0.25s"), OPTIONS_OK);
    assert_int_equal(o.tick_budget, 250000000);
    assert_int_equal(options_set(&o, "tick-budget", "20us"), OPTIONS_OK);
    assert_int_equal(o.tick_budget, 20000);
    assert_int_equal(options_set(&o, "tick-budget", "20"), OPTIONS_BAD_VALUE);
    assert_int_equal(o.tick_budget, 20000);
}

static void options__bad_numbers_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "M",
                                      "-1",
                                      "1Q",
                                      "0",
                                      "1K",
                                      "5G",
                                      " 4M",
                                      "4M ",
                                      "4MM",
                                      "1.",
                                      ".5M",
                                      "1.5",
                                      "0x4",
                                      "1e6",
                                      "99999999999999999999",
                                      "18446744073709551615G",
                                      "4\n"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (set_fresh("size", bad[i]) != OPTIONS_BAD_VALUE)
            fail_msg("size=%s is accepted", bad[i]);
    }
}

static void options__ranges_include_their_ends(void **state)
{
    (void)state;
    assert_int_equal(set_fresh("depth", "4"), OPTIONS_OK);
    assert_int_equal(set_fresh("depth", "64"), OPTIONS_OK);
    assert_int_equal(set_fresh("depth", "3"), OPTIONS_BAD_VALUE);
    assert_int_equal(set_fresh("depth", "65"), OPTIONS_BAD_VALUE);
    assert_int_equal(set_fresh("size", "4G"), OPTIONS_OK);
    assert_int_equal(set_fresh("size", "2M"), OPTIONS_OK);
}

static void options__choices_are_whole_words(void **state)
{
    struct options o = standard();

    (void)state;
    assert_int_equal(options_set(&o, "heap", "off"), OPTIONS_OK);
    assert_int_equal(o.heap, OPTIONS_HEAP_OFF);
    assert_int_equal(options_set(&o, "heap", "of"), OPTIONS_BAD_VALUE);
    assert_int_equal(options_set(&o, "heap", "offf"), OPTIONS_BAD_VALUE);
    assert_int_equal(options_set(&o, "heap", "sample|exact"), OPTIONS_BAD_VALUE);
    assert_int_equal(options_set(&o, "heap", ""), OPTIONS_BAD_VALUE);
    assert_int_equal(o.heap, OPTIONS_HEAP_OFF);
}

static void options__domains_are_enabled_minus_disabled(void **state)
{
    struct options o = standard();

    (void)state;
    assert_int_equal(options_set(&o, "enable", "locks,heap"), OPTIONS_OK);
    assert_int_equal(options_domains(&o), OPTIONS_LOCKS | OPTIONS_HEAP);
    assert_int_equal(options_set(&o, "disable", "heap,io"), OPTIONS_OK);
    assert_int_equal(options_domains(&o), OPTIONS_LOCKS);
    assert_int_equal(options_set(&o, "disable", "heap,"), OPTIONS_BAD_VALUE);
    assert_int_equal(options_set(&o, "disable", "all"), OPTIONS_OK);
    assert_int_equal(options_domains(&o), 0);
}

static void options__text_that_does_not_fit_is_refused(void **state)
{
    char text[OPTIONS_TEXT + 1];

    (void)state;
    memset(text, 'x', sizeof text);
    text[OPTIONS_TEXT] = '\0';
    assert_int_equal(set_fresh("hot", text), OPTIONS_BAD_VALUE);
    text[OPTIONS_TEXT - 1] = '\0';
    assert_int_equal(set_fresh("hot", text), OPTIONS_OK);
    assert_int_equal(set_fresh("out", ""), OPTIONS_BAD_VALUE);
    assert_int_equal(set_fresh("hot", ""), OPTIONS_OK);
}

static void options__unknown_place_holders_are_refused(void **state)
{
    (void)state;
    assert_int_equal(set_fresh("out", "a%%%p.%e.%h.%t"), OPTIONS_OK);
    assert_int_equal(set_fresh("out", "a%x"), OPTIONS_BAD_VALUE);
    assert_int_equal(set_fresh("out", "a%"), OPTIONS_BAD_VALUE);
    assert_int_equal(set_fresh("out", "%%%"), OPTIONS_BAD_VALUE);
}

static void parse__sets_all_entries_and_the_last_wins(void **state)
{
    struct options o = standard();

    (void)state;
    assert_int_equal(options_parse(&o, "depth=8:size=3M::depth=9:", NULL, NULL), 0);
    assert_int_equal(o.depth, 9);
    assert_int_equal(o.size, 3 << 20);
    assert_int_equal(options_parse(&o, NULL, NULL, NULL), 0);
    assert_int_equal(options_parse(&o, "", NULL, NULL), 0);
}

static void parse__backslash_keeps_a_colon(void **state)
{
    struct options o = standard();

    (void)state;
    assert_int_equal(options_parse(&o, "hot=ns\\:\\:f\\\\g\\h:depth=8", NULL, NULL), 0);
    assert_string_equal(o.hot, "ns::f\\g\\h");
    assert_int_equal(o.depth, 8);
}

static void parse__unknown_name_is_one_line(void **state)
{
    struct options o = standard();
    struct heard h = {0};

    (void)state;
    assert_int_equal(options_parse(&o, "foo=1:depth=8", hear, &h), 1);
    assert_int_equal(h.count, 1);
    assert_string_equal(h.last, "kiwi: unknown option 'foo' ignored (see 'kiwi run --help')");
    assert_int_equal(o.depth, 8);
}

static void parse__bad_value_keeps_the_default(void **state)
{
    struct options o = standard();
    struct heard h = {0};

    (void)state;
    assert_int_equal(options_parse(&o, "size=12\tQ", hear, &h), 1);
    assert_string_equal(h.last, "kiwi: option size ignored: want a size from 2M to 4G, not '12?Q'");
    assert_int_equal(o.size, 64 << 20);
    assert_int_equal(options_parse(&o, "heap=maybe", hear, &h), 1);
    assert_string_equal(h.last, "kiwi: option heap ignored: want sample, exact, count or off, not 'maybe'");
    assert_int_equal(options_parse(&o, "tick-budget=1", hear, &h), 1);
    assert_string_equal(h.last,
                        "kiwi: option tick-budget ignored: want a time with its unit from 1us to 3600s, not '1'");
    assert_int_equal(options_parse(&o, "verbose", hear, &h), 1);
    assert_string_equal(h.last, "kiwi: option verbose ignored: has no value");
}

static void parse__endless_garbage_is_bounded(void **state)
{
    static char text[100000];
    struct options o = standard();
    struct heard h = {0};

    (void)state;
    memset(text, 'g', sizeof text - 1);
    assert_int_equal(options_parse(&o, text, hear, &h), 1);
    memcpy(text, "out=", 4);
    assert_int_equal(options_parse(&o, text, hear, &h), 1);
    assert_string_equal(o.out, "kiwi.%e.%p.trace");
    memset(text, ':', sizeof text - 1);
    assert_int_equal(options_parse(&o, text, hear, &h), 0);
}

static void format__gives_the_same_options_again(void **state)
{
    struct options o = standard(), again = standard();
    char text[4 * OPTIONS_TEXT];

    (void)state;
    assert_int_equal(
            options_parse(
                    &o,
                    "out=/a\\:b\\\\%p:follow=ng*:max-files=7:size=3073K:heap=exact:heap-rate=4K:events=off:depth=4:"
                    "hot=a\\:\\:b<c,d>,e:verbose=2:enable=locks,io:disable=atomics:tick-budget=1500us:hold-budget="
                    "1ms:shutdown-budget=1ms:retry-gap=1234567ns",
                    NULL, NULL),
            0);
    assert_true(options_format(&o, text, sizeof text));
    assert_int_equal(options_parse(&again, text, NULL, NULL), 0);
    assert_memory_equal(&o, &again, sizeof o);
}

static void format__leaves_defaults_out(void **state)
{
    struct options o = standard();
    char text[64];

    (void)state;
    assert_true(options_format(&o, text, sizeof text));
    assert_string_equal(text, "out=kiwi.%e.%p.trace");
    assert_false(options_format(&o, text, 8));
}

static void value__is_printed_with_the_largest_exact_unit(void **state)
{
    static const char *const same[][2] = {{"size", "64M"},      {"size", "3073K"},       {"size", "2097153"},
                                          {"retry-gap", "90s"}, {"retry-gap", "1500us"}, {"enable", "all"},
                                          {"enable", "none"},   {"enable", "locks,io"},  {"heap", "count"}};
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        struct options o = standard();

        assert_int_equal(options_set(&o, same[i][0], same[i][1]), OPTIONS_OK);
        assert_true(option_value(option_find(same[i][0]), &o, text, sizeof text));
        assert_string_equal(text, same[i][1]);
    }
}

static void want__fits_a_line_for_every_option(void **state)
{
    char text[96];

    (void)state;
    for (unsigned i = 0; i < option_count; i++) {
        option_want(&option_table[i], text, sizeof text);
        assert_true(strlen(text) > 0 && strlen(text) < sizeof text - 1);
    }
}

static void list__commas_in_brackets_do_not_split(void **state)
{
    const char *list = ",a<b,c>,f(int, long),ns::operator<,x::operator->,operator(),operator,,last>,";
    static const char *const items[] = {"a<b,c>",     "f(int, long)", "ns::operator<", "x::operator->",
                                        "operator()", "operator,",    "last>"};
    char item[32];

    (void)state;
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        assert_true(options_list_next(&list, item, sizeof item));
        assert_string_equal(item, items[i]);
    }
    assert_false(options_list_next(&list, item, sizeof item));
}

static void match__star_and_question_mark(void **state)
{
    (void)state;
    assert_true(options_match("", ""));
    assert_false(options_match("", "a"));
    assert_true(options_match("*", ""));
    assert_true(options_match("a*c?e*", "abbcbcde"));
    assert_false(options_match("a*c?e", "abbcbcdef"));
    assert_true(options_match("worker", "worker"));
    assert_false(options_match("worker", "workers"));
}

static void follow__patterns_match_base_name_or_path(void **state)
{
    struct options o = standard();

    (void)state;
    assert_true(options_follows(&o, "/bin/sh"));
    assert_int_equal(options_set(&o, "follow", "root"), OPTIONS_OK);
    assert_false(options_follows(&o, "/bin/sh"));
    assert_int_equal(options_set(&o, "follow", "post*,/opt/*/w"), OPTIONS_OK);
    assert_true(options_follows(&o, "/usr/lib/postgres"));
    assert_true(options_follows(&o, "/opt/x/w"));
    assert_false(options_follows(&o, "/bin/sh"));
    assert_false(options_follows(&o, "w"));
}

static void out__place_holders_are_expanded(void **state)
{
    const struct options_names names = {
            .pid = 4711, .executable = "/usr/bin/memcached", .host = "a/b", .start_seconds = 1732182000};
    char path[64];

    (void)state;
    assert_true(options_expand_out(path, sizeof path, "kiwi.%e.%p.trace", &names));
    assert_string_equal(path, "kiwi.memcached.4711.trace");
    assert_true(options_expand_out(path, sizeof path, "/x/%h-%t-100%%", &names));
    assert_string_equal(path, "/x/a_b-20241121T094000Z-100%");
    assert_false(options_expand_out(path, 10, "kiwi.%e", &names));
}

static void out__dates_are_right_on_leap_days(void **state)
{
    static const struct {
        uint64_t seconds;
        const char *text;
    } known[] = {{0, "19700101T000000Z"},          {951782399, "20000228T235959Z"},  {951782400, "20000229T000000Z"},
                 {1709251199, "20240229T235959Z"}, {1735689599, "20241231T235959Z"}, {4107542400, "21000301T000000Z"}};
    char path[32];

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct options_names names = {.executable = "", .host = "", .start_seconds = known[i].seconds};

        assert_true(options_expand_out(path, sizeof path, "%t", &names));
        assert_string_equal(path, known[i].text);
    }
}

static void out__tells_whether_processes_differ(void **state)
{
    (void)state;
    assert_true(options_out_has_pid("a%p"));
    assert_false(options_out_has_pid("a%%p"));
    assert_false(options_out_has_pid("a"));
    assert_true(options_out_has_pid("%%%p"));
}

static void out__is_made_absolute_once(void **state)
{
    struct options o = standard();
    const struct options_names names = {.pid = 1, .executable = "e", .host = "h"};
    char path[64], deep[OPTIONS_TEXT];

    (void)state;
    assert_int_equal(options_set(&o, "out", "t.%p"), OPTIONS_OK);
    assert_true(options_out_absolute(&o, "/50%p"));
    assert_string_equal(o.out, "/50%%p/t.%p");
    assert_true(options_out_absolute(&o, "/other"));
    assert_true(options_expand_out(path, sizeof path, o.out, &names));
    assert_string_equal(path, "/50%p/t.1");
    assert_int_equal(options_set(&o, "out", "t"), OPTIONS_OK);
    assert_true(options_out_absolute(&o, "/"));
    assert_string_equal(o.out, "/t");
    assert_int_equal(options_set(&o, "out", "t"), OPTIONS_OK);
    memset(deep, 'd', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    assert_false(options_out_absolute(&o, deep));
    assert_string_equal(o.out, "t");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(options__every_default_is_valid),
            cmocka_unit_test(options__defaults_are_the_documented_ones),
            cmocka_unit_test(options__sizes_take_units),
            cmocka_unit_test(options__times_need_units),
            cmocka_unit_test(options__bad_numbers_are_refused),
            cmocka_unit_test(options__ranges_include_their_ends),
            cmocka_unit_test(options__choices_are_whole_words),
            cmocka_unit_test(options__domains_are_enabled_minus_disabled),
            cmocka_unit_test(options__text_that_does_not_fit_is_refused),
            cmocka_unit_test(options__unknown_place_holders_are_refused),
            cmocka_unit_test(parse__sets_all_entries_and_the_last_wins),
            cmocka_unit_test(parse__backslash_keeps_a_colon),
            cmocka_unit_test(parse__unknown_name_is_one_line),
            cmocka_unit_test(parse__bad_value_keeps_the_default),
            cmocka_unit_test(parse__endless_garbage_is_bounded),
            cmocka_unit_test(format__gives_the_same_options_again),
            cmocka_unit_test(format__leaves_defaults_out),
            cmocka_unit_test(value__is_printed_with_the_largest_exact_unit),
            cmocka_unit_test(want__fits_a_line_for_every_option),
            cmocka_unit_test(list__commas_in_brackets_do_not_split),
            cmocka_unit_test(match__star_and_question_mark),
            cmocka_unit_test(follow__patterns_match_base_name_or_path),
            cmocka_unit_test(out__place_holders_are_expanded),
            cmocka_unit_test(out__dates_are_right_on_leap_days),
            cmocka_unit_test(out__tells_whether_processes_differ),
            cmocka_unit_test(out__is_made_absolute_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
