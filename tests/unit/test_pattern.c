/* pattern.h: wildcards, ends of paths, functions with and without their parameters. */
#include "../../analysis/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void pattern__without_wildcards_is_the_whole_text(void **state)
{
    (void)state;
    assert_true(pattern_matches("cache_lock", "cache_lock"));
    assert_false(pattern_matches("cache", "cache_lock"));
    assert_false(pattern_matches("cache_lock", "cache"));
    assert_false(pattern_matches("cache_lock", NULL));
    assert_true(pattern_matches("", ""));
}

static void pattern__star_is_any_and_question_mark_is_one(void **state)
{
    (void)state;
    assert_true(pattern_matches("*", ""));
    assert_true(pattern_matches("*lock", "cache_lock"));
    assert_true(pattern_matches("a*b*c", "a-b-b-c"));
    assert_true(pattern_matches("*ab", "aab"));
    assert_true(pattern_matches("shard?", "shard7"));
    assert_false(pattern_matches("shard?", "shard"));
    assert_false(pattern_matches("a*b*c", "a-c-b"));
    assert_true(pattern_matches("**x**", "x"));
}

static void pattern__brackets_and_backslashes_are_themselves(void **state)
{
    (void)state;
    assert_true(pattern_matches("shards[3].lock", "shards[3].lock"));
    assert_false(pattern_matches("shards[3].lock", "shards3.lock"));
    assert_true(pattern_matches("shards[*].lock", "shards[12].lock"));
    assert_true(pattern_matches("a\\*", "a\\b"));
}

static void pattern__stars_are_not_exponential(void **state)
{
    char text[4001];

    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_false(pattern_matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

static void pattern__path_may_be_an_end(void **state)
{
    (void)state;
    assert_true(pattern_matches_path("conn.c", "/src/net/conn.c"));
    assert_true(pattern_matches_path("net/*.c", "/src/net/conn.c"));
    assert_true(pattern_matches_path("/src/*", "/src/net/conn.c"));
    assert_true(pattern_matches_path("libz.so*", "/usr/lib/libz.so.1"));
    assert_false(pattern_matches_path("onn.c", "/src/net/conn.c"));
    assert_false(pattern_matches_path("conn.c", NULL));
}

static void pattern__function_by_its_bare_name(void **state)
{
    static const char template[] = "unsigned long Rules::match<std::pair<int, char> >(std::pair<int, char> const&)";

    (void)state;
    assert_true(pattern_matches_function("Rules::match", template));
    assert_true(pattern_matches_function("Rules::match<*>", template));
    assert_true(pattern_matches_function("unsigned long Rules::match<*>", template));
    assert_false(pattern_matches_function("match", template));
    assert_false(pattern_matches_function("Rules", template));
    assert_true(pattern_matches_function("Rules::word", "Rules::word[abi:cxx11]()"));
    assert_true(pattern_matches_function("Set<*>::add", "Set<std::pair<int, int> >::add(int)"));
    assert_false(pattern_matches_function("Set", "Set<int>::add(int)"));
    assert_true(pattern_matches_function("(anonymous namespace)::get", "int (anonymous namespace)::get<int>(int)"));
    assert_true(pattern_matches_function("operator new", "operator new(unsigned long)"));
    assert_false(pattern_matches_function("new", "operator new(unsigned long)"));
    assert_true(pattern_matches_function("Text::operator unsigned long", "Text::operator unsigned long() const"));
    assert_true(pattern_matches_function("operator<< <*>", "std::ostream& operator<< <int>(std::ostream&, int)"));
    assert_true(pattern_matches_function("parse", "parse.constprop.0.isra.0"));
    assert_true(pattern_matches_function("parse", "parse.cold"));
    assert_false(pattern_matches_function("parse", "parse.other"));
}

static void pattern__function_with_or_without_parameters(void **state)
{
    (void)state;
    assert_true(pattern_matches_function("Cache::get", "Cache::get(int, char const*) const"));
    assert_true(pattern_matches_function("Cache::get(int, *", "Cache::get(int, char const*) const"));
    assert_true(pattern_matches_function("Cache::*", "Cache::get(void (*)(int))"));
    assert_true(pattern_matches_function("Cache::get", "Cache::get(int) [clone .cold]"));
    assert_true(pattern_matches_function("Cache::operator()", "Cache::operator()(int) const"));
    assert_true(pattern_matches_function("Cache::operator()", "Cache::operator()"));
    assert_true(pattern_matches_function("(anonymous namespace)::get", "(anonymous namespace)::get(int)"));
    assert_true(pattern_matches_function("main::{lambda()#1}::operator()", "main::{lambda()#1}::operator()() const"));
    assert_false(pattern_matches_function("Cache", "Cache::get(int)"));
    assert_false(pattern_matches_function("", "get"));
    assert_true(pattern_matches_function("", ""));
    assert_false(pattern_matches_function("Cache::get", NULL));
}

static void pattern__odd_names_keep_their_length(void **state)
{
    static const char *const names[] = {"plain", ")", "()", "a)", "(", "", "x::y<(z)3>"};

    (void)state;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(pattern_function_length(names[i]), strlen(names[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(pattern__without_wildcards_is_the_whole_text),
            cmocka_unit_test(pattern__star_is_any_and_question_mark_is_one),
            cmocka_unit_test(pattern__brackets_and_backslashes_are_themselves),
            cmocka_unit_test(pattern__stars_are_not_exponential),
            cmocka_unit_test(pattern__path_may_be_an_end),
            cmocka_unit_test(pattern__function_with_or_without_parameters),
            cmocka_unit_test(pattern__function_by_its_bare_name),
            cmocka_unit_test(pattern__odd_names_keep_their_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
