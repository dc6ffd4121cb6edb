/* place.h: names of functions for people, texts of places. */
#include "../../analysis/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_function(const char *name, const char *want)
{
    struct symbol_frame f = {.function = name};
    char text[200];

    assert_string_equal(place_function(&f, text, sizeof text), want);
}

static void place__short_names_are_whole(void **state)
{
    (void)state;
    assert_function("conn_new", "conn_new");
    assert_function("Cache::get(int, char const*) const", "Cache::get(int, char const*) const");
    assert_function(NULL, "");
}

static void place__long_names_lose_parameters(void **state)
{
    (void)state;
    assert_function("ddl_log_alter_table(st_ddl_log_state*, handlerton*, st_mysql_const_lex_string const*)",
                    "ddl_log_alter_table");
    assert_function("store::Cache::find(std::string const&, std::vector<int, std::allocator<int> > const&) const",
                    "store::Cache::find");
}

static void place__then_template_arguments(void **state)
{
    (void)state;
    assert_function("std::_Rb_tree<int, std::pair<int const, long>, std::less<int>, std::allocator<long> >::find(int)",
                    "std::_Rb_tree<...>::find");
    assert_function("operator<< <aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbbbbbb>(int)",
                    "operator<< <...>");
    assert_function("Pointer<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>::operator->() const",
                    "Pointer<...>::operator->");
}

static void place__text_never_overruns(void **state)
{
    struct symbol_frame f = {
            .function = "Pointer<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>::operator->"};
    char text[64];

    (void)state;
    for (size_t size = 1; size < sizeof text; size++) {
        memset(text, '#', sizeof text);
        assert_true(strlen(place_function(&f, text, size)) < size);
        assert_int_equal(text[size], '#');
    }
}

static void place__a_library_of_the_system_is_told_from_programs_and_others(void **state)
{
    static const struct {
        const char *module;
        bool library;
    } cases[] = {
            {"/lib/x86_64-linux-gnu/libcurl.so.4", true},
            {"/usr/lib/x86_64-linux-gnu/libpq.so.5", true},
            {"/usr/lib/postgresql/15/bin/postgres", false},
            {"/usr/local/lib/libmine.so", false},
            {"/opt/service/libmine.so", false},
            {NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct symbol_frame f = {.module = cases[i].module};
        assert_int_equal(place_is_library(&f), cases[i].library);
    }
}

static void place__says_what_is_known(void **state)
{
    static const struct {
        struct symbol_frame frame;
        const char *text;
    } cases[] = {
            {{.function = "get", .file = "/src/cache.c", .line = 7, .module = "/usr/bin/svc"}, "get cache.c:7"},
            {{.function = "get", .module = "/usr/bin/svc"}, "get in svc"},
            {{.function = "get"}, "get in an unknown module"},
            {{.module = "/usr/bin/svc", .offset = 0x12}, "svc+0x12"},
            {{.offset = 0x12}, "0x12"},
            {{.offset = 0}, "an unknown place"},
    };
    char text[100];

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(place_text(&cases[i].frame, text, sizeof text), cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(place__short_names_are_whole),
            cmocka_unit_test(place__long_names_lose_parameters),
            cmocka_unit_test(place__then_template_arguments),
            cmocka_unit_test(place__text_never_overruns),
            cmocka_unit_test(place__says_what_is_known),
            cmocka_unit_test(place__a_library_of_the_system_is_told_from_programs_and_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
