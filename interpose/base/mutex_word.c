/* mutex_word.c - whether a normal mutex may be taken and let go in place. */
#include "mutex_word.h"

#include "real.h"
#include "sys.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <linux/futex.h>
#include <string.h>

int mutex_kind_in_place = MUTEX_KIND_NONE;

static bool is_glibc(const void *function)
{
    const struct link_map *libc = real_module_of((const void *)gnu_get_libc_version);
    return libc && real_module_of(function) == libc;
}

static bool words_are(const pthread_mutex_t *m, int lock, int owner, unsigned users)
{
    pthread_mutex_t expected = PTHREAD_MUTEX_INITIALIZER;
    expected.__data.__lock = lock;
    expected.__data.__owner = owner;
    expected.__data.__nusers = users;
    return !memcmp(m, &expected, sizeof expected);
}

/* Each way of taking it leaves the same words, and each way of letting it go understands those of the other. Neither
 * does what glibc's elision of locks would make of it. */
static bool works_alike(void)
{
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    int tid = sys_gettid();
    if (real.pthread_mutex_lock(&m) || !words_are(&m, 1, tid, 1) || mutex_word_take(&m, tid) || mutex_word_try(&m, tid))
        return false;
    if (mutex_word_let_go(&m) || !words_are(&m, 0, 0, 0))
        return false;
    if (!mutex_word_take(&m, tid) || !words_are(&m, 1, tid, 1) || real.pthread_mutex_trylock(&m) != EBUSY)
        return false;
    return !real.pthread_mutex_unlock(&m) && words_are(&m, 0, 0, 0);
}

COLD bool mutex_word_start(void)
{
    bool lock = is_glibc((const void *)real.pthread_mutex_lock);
    if (lock && is_glibc((const void *)real.pthread_mutex_trylock) &&
        is_glibc((const void *)real.pthread_mutex_unlock) && works_alike())
        RELAXED_STORE(&mutex_kind_in_place, PTHREAD_MUTEX_TIMED_NP);
    return lock;
}

COLD void mutex_word_wake(pthread_mutex_t *m)
{
    sys_call3(SYS_futex, (long)&m->__data.__lock, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}
