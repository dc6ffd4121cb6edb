/* text.h, arena.h, problems.h, demangle.h: text that people read. */
#include "../../analysis/demangle.h"
#include "../../analysis/problems.h"
#include "../../analysis/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_cleaned(const char *from, const char *to)
{
    char text[128];

    strcpy(text, from);
    text_clean(text, strlen(text));
    assert_string_equal(text, to);
}

static void text__controls_become_question_marks(void **state)
{
    (void)state;
    assert_cleaned("plain text", "plain text");
    assert_cleaned("a\tb\nc\x1b[1m\x7f", "a?b?c?[1m?");
    assert_cleaned("c1 \xc2\x9b"
                   "31m",
                   "c1 ??31m");
}

static void text__only_well_formed_utf8_stays(void **state)
{
    (void)state;
    assert_cleaned("\xc3\xa9 \xe2\x82\xac \xf0\x9f\xa5\x9d", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\xa5\x9d");
    assert_cleaned("\xc0\xaf", "??");           /* overlong */
    assert_cleaned("\xe0\x80\xaf", "???");      /* overlong */
    assert_cleaned("\xed\xa0\x80", "???");      /* surrogate */
    assert_cleaned("\xf4\x90\x80\x80", "????"); /* past U+10FFFF */
    assert_cleaned("\xe2\x82", "??");           /* cut */
    assert_cleaned("\x80\xff", "??");
}

static void text__nuls_stay(void **state)
{
    char table[] = "one\0t\x01o\0\xe2\x82";

    (void)state;
    text_clean(table, sizeof table);
    assert_memory_equal(table, "one\0t?o\0??", sizeof table);
}

static void arena__blocks_stay_and_are_aligned(void **state)
{
    struct arena a = {0};
    char *small = arena_copy(&a, "small"), *large = arena_alloc(&a, 100000), *after = arena_format(&a, "%d-%s", 7, "x");

    (void)state;
    assert_string_equal(small, "small");
    assert_string_equal(after, "7-x");
    assert_int_equal((uintptr_t)large % 16, 0);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(large[i], 0);
    assert_null(arena_alloc(&a, SIZE_MAX));
    arena_release(&a);
    assert_null(a.chunks);
}

static void problems__list_is_bounded(void **state)
{
    struct problems p = {.count = 0};

    (void)state;
    for (unsigned i = 0; i < 3 * PROBLEMS_MAX; i++)
        problems_add(&p, "problem %u", i);
    assert_int_equal(p.count, PROBLEMS_MAX);
    assert_string_equal(p.lines[0], "problem 0");
    assert_string_equal(p.lines[PROBLEMS_MAX - 1], "more problems than can be listed");
    problems_release(&p);
}

static void demangle__names_are_as_people_write_them(void **state)
{
    struct arena a = {0};

    (void)state;
    assert_string_equal(demangle(&a, "main"), "main");
    assert_string_equal(demangle(&a, "_ZN5cache4findERKSs"), "cache::find(std::string const&)");
    assert_string_equal(demangle(&a, "_ZN12_GLOBAL__N_12muE"), "(anonymous namespace)::mu");
    assert_string_equal(demangle(&a, "_ZN4pool3runIiEEPT_S2_"), "pool::run<int>(int*)"); /* not its return type */
    assert_string_equal(demangle(&a, "_ZN4core3ptr13drop_in_place17h0123456789abcdefE"), "core::ptr::drop_in_place");
    assert_string_equal(demangle(&a, "_RNvCs1234_7mycrate3foo"), "mycrate::foo");
    assert_string_equal(demangle(&a, "_Zbroken"), "_Zbroken");
    assert_string_equal(demangle(&a, "bad\x1bname"), "bad?name");
    arena_release(&a);
}

static void demangle__endless_names_end(void **state)
{
    struct arena a = {0};
    char name[20000];

    (void)state;
    memset(name, 'P', sizeof name - 1);
    memcpy(name, "_Z1f", 4);
    name[sizeof name - 1] = '\0';
    assert_non_null(demangle(&a, name));
    name[4000] = '\0';
    assert_non_null(demangle(&a, name));
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(text__controls_become_question_marks),
            cmocka_unit_test(text__only_well_formed_utf8_stays),
            cmocka_unit_test(text__nuls_stay),
            cmocka_unit_test(arena__blocks_stay_and_are_aligned),
            cmocka_unit_test(problems__list_is_bounded),
            cmocka_unit_test(demangle__names_are_as_people_write_them),
            cmocka_unit_test(demangle__endless_names_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
