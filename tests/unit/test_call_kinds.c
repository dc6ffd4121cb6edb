/* The registry of calls as the analyzer asks it. */
#include "../../analysis/call_kinds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void knows_the_registry(void **state)
{
    (void)state;
    assert_string_equal(call_kind_name(KIWI_CALL_EPOLL_WAIT), "epoll_wait");
    assert_int_equal(call_kind_group(KIWI_CALL_EPOLL_WAIT), KIWI_GROUP_POLL);
    assert_false(call_kind_has_descriptor(KIWI_CALL_EPOLL_WAIT));
    assert_true(call_kind_has_descriptor(KIWI_CALL_RECV));
    assert_true(call_kind_has_descriptor(KIWI_CALL_FSYNC));
    assert_false(call_kind_has_descriptor(KIWI_CALL_JOIN));
    assert_true(call_kind_has_descriptor(KIWI_CALL_FCNTL_LOCK));
}

static void knows_who_is_woken_up(void **state)
{
    (void)state;
    assert_true(call_kind_is_cond_wait(KIWI_CALL_COND_CLOCKWAIT));
    assert_false(call_kind_is_cond_wait(KIWI_CALL_SEM_WAIT));
    assert_true(call_kind_is_wake_up(KIWI_CALL_COND_TIMEDWAIT));
    assert_true(call_kind_is_wake_up(KIWI_CALL_SEM_CLOCKWAIT));
    assert_false(call_kind_is_wake_up(KIWI_CALL_BARRIER_WAIT));
    assert_false(call_kind_is_wake_up(KIWI_CALL_EPOLL_WAIT));
}

static void says_what_a_name_does_not(void **state)
{
    (void)state;
    assert_string_equal(call_kind_phrase(KIWI_CALL_RECV), "recv");
    assert_string_equal(call_kind_phrase(KIWI_CALL_FLOCK), "flock (a wait for a file lock)");
    assert_string_equal(call_kind_phrase(KIWI_CALL_FCNTL_LOCK), "fcntl(F_SETLKW) (a wait for a file lock)");
}

/* A trace of a later version, or a damaged one. */
static void names_what_it_does_not_know(void **state)
{
    static const uint32_t unknown[] = {0, 60, KIWI_CALL_LIMIT - 1, KIWI_CALL_LIMIT, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        assert_string_equal(call_kind_name(unknown[i]), "a call");
        assert_string_equal(call_kind_phrase(unknown[i]), "a call");
        assert_int_equal(call_kind_group(unknown[i]), KIWI_GROUP_SYNC);
        assert_false(call_kind_has_descriptor(unknown[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(knows_the_registry),
            cmocka_unit_test(knows_who_is_woken_up),
            cmocka_unit_test(says_what_a_name_does_not),
            cmocka_unit_test(names_what_it_does_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
