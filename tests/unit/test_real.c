/* real.h: every function that the registry says is there has its real one, and the right version of it. */
#include "../../interpose/base/real.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void real__every_row_is_found(void **state)
{
    (void)state;
    assert_true(real_ensure());
    assert_int_equal(real_state, REAL_READY);
#define WRAP(name) assert_non_null((void *)real.name);
#define WRAPV(name, version) assert_non_null((void *)real.name);
#define WRAPO(name, signature)
#define WRAPL(name, signature)
#include "../../interpose/wrapped.def"
#undef WRAP
#undef WRAPV
#undef WRAPO
#undef WRAPL
}

static void real__versions_are_the_wanted_ones(void **state)
{
    (void)state;
    assert_true(real_ensure());
#define WRAP(name)
#define WRAPV(name, version) assert_ptr_equal((void *)real.name, dlvsym(RTLD_NEXT, #name, version));
#define WRAPO(name, signature)
#define WRAPL(name, signature)
#include "../../interpose/wrapped.def"
#undef WRAP
#undef WRAPV
#undef WRAPO
#undef WRAPL
    void *old = dlvsym(RTLD_NEXT, "pthread_cond_wait", "GLIBC_2.2.5");
    if (old)
        assert_ptr_not_equal((void *)real.pthread_cond_wait, old);
}

static void real__fortified_names_are_glibcs(void **state)
{
    (void)state;
    assert_true(real_ensure());
    assert_non_null((void *)real.__poll_chk);
    assert_non_null((void *)real.__ppoll_chk);
    assert_non_null((void *)real.__read_chk);
    assert_non_null((void *)real.__recv_chk);
    assert_non_null((void *)real.__recvfrom_chk);
    assert_non_null((void *)real.__longjmp_chk);
}

/* This program has no C++ runtime: the lookup must say so, and leave no error behind for the program to find. */
static void real__missing_names_leave_no_error(void **state)
{
    (void)state;
    assert_true(real_ensure());
    assert_null(dlerror());
    if (dlsym(RTLD_DEFAULT, "_Znwm"))
        skip(); /* a sanitizer has its own */
    assert_null((void *)real._Znwm);
    dlerror(); /* of this look itself */
}

static void real__works(void **state)
{
    (void)state;
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    assert_int_equal(real.pthread_mutex_lock(&m), 0);
    assert_int_equal(real.pthread_mutex_unlock(&m), 0);
    void *p = real.malloc(10);
    assert_non_null(p);
    real.free(p);
    assert_int_equal(real.poll(NULL, 0, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(real__every_row_is_found),
            cmocka_unit_test(real__versions_are_the_wanted_ones),
            cmocka_unit_test(real__fortified_names_are_glibcs),
            cmocka_unit_test(real__missing_names_leave_no_error),
            cmocka_unit_test(real__works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
