/* base/mutex_word.h: a normal mutex taken and let go in place is what glibc makes of it, word by word. */
#include "../../interpose/base/mutex_word.h"
#include "../../interpose/base/real.h"
#include "../../interpose/base/sys.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Each step in place on the one and by glibc on the other leaves the same bytes; then they change their parts. */
static void both_ways(void)
{
    pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
    int tid = sys_gettid();
    for (int round = 0; round < 3; round++) {
        assert_true(mutex_word_take(&a, tid));
        assert_int_equal(real.pthread_mutex_lock(&b), 0);
        assert_memory_equal(&a, &b, sizeof a);
        assert_false(mutex_word_take(&a, tid));
        assert_int_equal(real.pthread_mutex_trylock(&b), EBUSY);
        assert_false(mutex_word_take(&b, tid));
        assert_false(mutex_word_try(&b, tid));
        assert_int_equal(real.pthread_mutex_trylock(&a), EBUSY);
        assert_memory_equal(&a, &b, sizeof a);
        assert_false(round & 1 ? mutex_word_let_go(&b) : mutex_word_let_go(&a));
        assert_int_equal(real.pthread_mutex_unlock(round & 1 ? &a : &b), 0);
        assert_memory_equal(&a, &b, sizeof a);
        assert_true(mutex_word_try(&a, tid));
        assert_int_equal(real.pthread_mutex_trylock(&b), 0);
        assert_memory_equal(&a, &b, sizeof a);
        assert_false(mutex_word_let_go(&a));
        assert_false(mutex_word_let_go(&b));
        assert_memory_equal(&a, &b, sizeof a);
    }
    assert_int_equal(real.pthread_mutex_destroy(&a), 0);
}

/* glibc's lock ends the program then, and is left to do so; its try takes it. */
static void mutex_word__leaves_what_was_written_over(void **state)
{
    (void)state;
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, before;
    m.__data.__owner = 1;
    before = m;
    assert_false(mutex_word_take(&m, sys_gettid()));
    assert_memory_equal(&m, &before, sizeof m);
    assert_true(mutex_word_try(&m, sys_gettid()));
    assert_false(mutex_word_let_go(&m));
}

struct waiter {
    pthread_mutex_t m;
    bool has_it; /* atomic */
};

static void *wait_for_it(void *p)
{
    struct waiter *w = p;
    real.pthread_mutex_lock(&w->m);
    RELAXED_STORE(&w->has_it, true);
    real.pthread_mutex_unlock(&w->m);
    return NULL;
}

static void mutex_word__leaves_what_glibc_leaves(void **state)
{
    (void)state;
    both_ways();
}

/* With a second thread alive, by atomic instructions. */
static void mutex_word__wakes_who_waits(void **state)
{
    (void)state;
    struct waiter w = {.m = PTHREAD_MUTEX_INITIALIZER};
    for (int round = 0; round < 20; round++) {
        pthread_t thread;
        RELAXED_STORE(&w.has_it, false);
        assert_true(mutex_word_take(&w.m, sys_gettid()));
        assert_int_equal(pthread_create(&thread, NULL, wait_for_it, &w), 0);
        both_ways();
        while (RELAXED_LOAD(&w.m.__data.__lock) != 2)
            sys_call3(SYS_sched_yield, 0, 0, 0);
        assert_false(RELAXED_LOAD(&w.has_it));
        assert_true(mutex_word_let_go(&w.m));
        mutex_word_wake(&w.m);
        assert_int_equal(pthread_join(thread, NULL), 0); /* hangs if it was not woken */
        assert_true(w.has_it);
    }
}

static int not_glibcs(pthread_mutex_t *m)
{
    (void)m;
    return 0;
}

static void mutex_word__is_left_to_other_libraries(void **state)
{
    (void)state;
    if (!mutex_word_start())
        skip(); /* a sanitizer's comes first */
    RELAXED_STORE(&mutex_kind_in_place, MUTEX_KIND_NONE);
    int (**const calls[])(pthread_mutex_t *) = {&real.pthread_mutex_lock, &real.pthread_mutex_trylock,
                                                &real.pthread_mutex_unlock};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        int (*glibcs)(pthread_mutex_t *) = *calls[i];
        *calls[i] = not_glibcs;
        assert_int_equal(mutex_word_start(), i != 0);
        *calls[i] = glibcs;
        assert_int_equal(mutex_kind_in_place, MUTEX_KIND_NONE);
    }
    assert_true(mutex_word_start());
    assert_int_equal(mutex_kind_in_place, PTHREAD_MUTEX_TIMED_NP);
}

/* Of all that programs can make, normal ones that only this process uses. */
static void mutex_word__is_for_normal_mutexes(void **state)
{
    (void)state;
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
    pthread_mutexattr_t attribute;
    pthread_mutexattr_init(&attribute);
    if (!mutex_word_start())
        skip();
    assert_true(mutex_is_plain(&m));
    assert_false(mutex_is_plain(&adaptive));
    for (int type = PTHREAD_MUTEX_NORMAL; type <= PTHREAD_MUTEX_ERRORCHECK; type++) {
        pthread_mutexattr_settype(&attribute, type);
        pthread_mutex_init(&m, &attribute);
        assert_false(mutex_is_plain(&m)); /* a type that was asked for says no to elision, too */
    }
    pthread_mutexattr_settype(&attribute, PTHREAD_MUTEX_DEFAULT);
    pthread_mutexattr_setpshared(&attribute, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&m, &attribute);
    assert_false(mutex_is_plain(&m));
    pthread_mutexattr_setpshared(&attribute, PTHREAD_PROCESS_PRIVATE);
    pthread_mutexattr_setrobust(&attribute, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&m, &attribute);
    assert_false(mutex_is_plain(&m));
    pthread_mutexattr_setrobust(&attribute, PTHREAD_MUTEX_STALLED);
    pthread_mutexattr_setprotocol(&attribute, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(&m, &attribute);
    assert_false(mutex_is_plain(&m));
    pthread_mutex_destroy(&m);
    assert_false(mutex_is_plain(&m));
}

static int ready(void **state)
{
    (void)state;
    return real_ensure() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(mutex_word__leaves_what_glibc_leaves),
            cmocka_unit_test(mutex_word__leaves_what_was_written_over),
            cmocka_unit_test(mutex_word__wakes_who_waits),
            cmocka_unit_test(mutex_word__is_left_to_other_libraries),
            cmocka_unit_test(mutex_word__is_for_normal_mutexes),
    };
    return cmocka_run_group_tests(tests, ready, NULL);
}
