/* cxx_runtime.h: names that only one module has. That C++ plugins work is tested in tests/wrap/plugin.sh. */
#include "../../interpose/base/cxx_runtime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A library that this program is linked to, and a name of its own. */
#define OWN_NAME "_cmocka_run_group_tests"
#define IN_ITS_MODULE ((const void *)_cmocka_run_group_tests)

static void cxx_runtime__finds_what_the_caller_has(void **state)
{
    (void)state;
    void *place = NULL;
    assert_true(real_ensure());
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(cxx_runtime_find(&place, OWN_NAME, IN_ITS_MODULE), IN_ITS_MODULE);
        assert_null(place); /* another module may have another one */
        assert_null(dlerror());
    }
}

/* Asked from here: the caller has none of its own. */
static void cxx_runtime__finds_what_any_module_has(void **state)
{
    (void)state;
    void *place = NULL;
    assert_true(real_ensure());
    for (int i = 0; i < 3; i++)
        assert_ptr_equal(cxx_runtime_find(&place, OWN_NAME, (const void *)cxx_runtime__finds_what_the_caller_has),
                         IN_ITS_MODULE);
    assert_null(dlerror());
}

static void cxx_runtime__keeps_nothing_of_a_module_that_goes(void **state)
{
    (void)state;
    void *place = NULL;
    assert_true(real_ensure());
    cxx_runtime_close_begin();
    assert_ptr_equal(cxx_runtime_find(&place, OWN_NAME, IN_ITS_MODULE), IN_ITS_MODULE);
    cxx_runtime_close_end();
    assert_ptr_equal(cxx_runtime_find(&place, OWN_NAME, IN_ITS_MODULE), IN_ITS_MODULE);
}

/* More names and callers than are kept. */
static void cxx_runtime__finds_many(void **state)
{
    (void)state;
    void *place = NULL;
    char names[100][sizeof OWN_NAME];
    assert_true(real_ensure());
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 100; i++) {
            memcpy(names[i], OWN_NAME, sizeof OWN_NAME);
            assert_ptr_equal(cxx_runtime_find(&place, names[i], IN_ITS_MODULE), IN_ITS_MODULE);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(cxx_runtime__finds_what_the_caller_has),
            cmocka_unit_test(cxx_runtime__finds_what_any_module_has),
            cmocka_unit_test(cxx_runtime__keeps_nothing_of_a_module_that_goes),
            cmocka_unit_test(cxx_runtime__finds_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
