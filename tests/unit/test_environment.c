/* environment.h: getenv, setenv and unsetenv go on as if setenv had been called. */
#include "../../interpose/base/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static size_t count_environment(void)
{
    size_t count = 0;
    while (environ && environ[count])
        count++;
    return count;
}

static void environment__appends(void **state)
{
    (void)state;
    static char entry[] = "KIWI_TEST_NEW=1";
    size_t before = count_environment();
    char *first = before ? environ[0] : NULL;
    environment_put(entry, sizeof "KIWI_TEST_NEW");
    assert_int_equal(count_environment(), before + 1);
    assert_ptr_equal(environ[before], entry);
    assert_true(!before || environ[0] == first);
    assert_string_equal(getenv("KIWI_TEST_NEW"), "1");
}

static void environment__replaces(void **state)
{
    (void)state;
    static char old[] = "KIWI_TEST=old", entry[] = "KIWI_TEST=new", longer[] = "KIWI_TEST_LONGER=other";
    environment_put(longer, sizeof "KIWI_TEST_LONGER");
    environment_put(old, sizeof "KIWI_TEST");
    size_t before = count_environment();
    environment_put(entry, sizeof "KIWI_TEST");
    assert_int_equal(count_environment(), before);
    assert_string_equal(getenv("KIWI_TEST"), "new");
    assert_string_equal(getenv("KIWI_TEST_LONGER"), "other");
}

static void environment__goes_on_with_setenv(void **state)
{
    (void)state;
    static char entry[] = "KIWI_TEST_GOES_ON=1";
    environment_put(entry, sizeof "KIWI_TEST_GOES_ON");
    assert_int_equal(setenv("KIWI_TEST_AFTERWARDS", "2", 1), 0);
    assert_int_equal(setenv("KIWI_TEST_GOES_ON", "3", 1), 0);
    assert_string_equal(getenv("KIWI_TEST_AFTERWARDS"), "2");
    assert_string_equal(getenv("KIWI_TEST_GOES_ON"), "3");
    assert_string_equal(entry, "KIWI_TEST_GOES_ON=1");
    assert_int_equal(unsetenv("KIWI_TEST_GOES_ON"), 0);
    assert_null(getenv("KIWI_TEST_GOES_ON"));
}

static void environment__begins_with_none(void **state)
{
    (void)state;
    static char entry[] = "KIWI_TEST_FIRST=1";
    char **all = environ;
    environ = NULL;
    environment_put(entry, sizeof "KIWI_TEST_FIRST");
    assert_string_equal(getenv("KIWI_TEST_FIRST"), "1");
    assert_int_equal(count_environment(), 1);
    environ = all;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(environment__appends),
            cmocka_unit_test(environment__replaces),
            cmocka_unit_test(environment__goes_on_with_setenv),
            cmocka_unit_test(environment__begins_with_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
