/* exports.h: the same answers as dlsym, which allocates. */
#include "../../interpose/base/exports.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What this very program defines, as a sanitizer may, is in front of all others. */
static bool dlsym_has(const char *name)
{
    bool has = dlsym(RTLD_NEXT, name) != NULL;
    dlerror();
    return has;
}

static void exports__agree_with_dlsym_on_wrapped_names(void **state)
{
    (void)state;
#define CHECK(name) assert_int_equal(exports_behind(#name), dlsym_has(#name));
#define WRAP(name) CHECK(name)
#define WRAPV(name, version) CHECK(name)
#define WRAPO(name, signature) CHECK(name)
#define WRAPL(name, signature) CHECK(name)
#include "../../interpose/wrapped.def"
#undef WRAP
#undef WRAPV
#undef WRAPO
#undef WRAPL
}

static void exports__are_found_in_each_library(void **state)
{
    (void)state;
    assert_true(exports_behind("qsort"));                   /* libc */
    assert_true(exports_behind("_cmocka_run_group_tests")); /* libcmocka */
    assert_true(exports_behind("__tls_get_addr"));          /* the loader */
    assert_true(exports_behind("__vdso_clock_gettime"));    /* from the kernel */
    assert_true(exports_anywhere("qsort"));
}

static void exports__are_not_what_nobody_defines(void **state)
{
    (void)state;
    assert_false(exports_behind("no_such_name"));
    assert_false(exports_behind(""));
    assert_false(exports_behind("qsor"));
    assert_false(exports_behind("qsort_"));
    assert_false(exports_anywhere("qsort_"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(exports__agree_with_dlsym_on_wrapped_names),
            cmocka_unit_test(exports__are_found_in_each_library),
            cmocka_unit_test(exports__are_not_what_nobody_defines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
