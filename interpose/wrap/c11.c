/*
 * c11.c - mtx_*, cnd_* and call_once: the objects of <threads.h> are glibc's pthread objects under other names
 * (it converts the pointers itself), but it calls its own functions for them and not the wrappers. So these do what the
 * wrappers of the pthread names do, and translate the result as glibc does. thrd_* are in
 * thread.c and sleep.c.
 */
#include "cond.h"
#include "lock.h"
#include "mutex.h"
#include "once.h"

#include <errno.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t) &&
                       sizeof(once_flag) == sizeof(pthread_once_t),
               "the C11 objects are the pthread ones");

static pthread_mutex_t *mutex_of(mtx_t *m)
{
    return (pthread_mutex_t *)(void *)m;
}

static pthread_cond_t *cond_of(cnd_t *c)
{
    return (pthread_cond_t *)(void *)c;
}

static int c11_result(int error)
{
    switch (error) {
    case 0:
        return thrd_success;
    case ENOMEM:
        return thrd_nomem;
    case ETIMEDOUT:
        return thrd_timedout;
    case EBUSY:
        return thrd_busy;
    default:
        return thrd_error;
    }
}

EXPORT int mtx_init(mtx_t *m, int type)
{
    struct thread *t = thread_enter();
    int result = real.mtx_init(m, type);
    if (result == thrd_success)
        mutex_initialised(t, mutex_of(m), CALL_SITE());
    return result;
}

EXPORT void mtx_destroy(mtx_t *m)
{
    mutex_destroy_at(mutex_of(m), CALL_SITE());
}

EXPORT int mtx_lock(mtx_t *m)
{
    return c11_result(mutex_lock_at(mutex_of(m), CALL_SITE()));
}

EXPORT int mtx_trylock(mtx_t *m)
{
    return c11_result(mutex_trylock_at(mutex_of(m), CALL_SITE()));
}

EXPORT int mtx_timedlock(mtx_t *m, const struct timespec *until)
{
    return c11_result(mutex_timedlock_at(mutex_of(m), until, CALL_SITE()));
}

EXPORT int mtx_unlock(mtx_t *m)
{
    return c11_result(mutex_unlock_at(mutex_of(m), CALL_SITE()));
}

EXPORT int cnd_init(cnd_t *c)
{
    struct thread *t = thread_enter();
    int result = real.cnd_init(c);
    if (result == thrd_success)
        cond_initialised(t, cond_of(c), CALL_SITE());
    return result;
}

EXPORT void cnd_destroy(cnd_t *c)
{
    cond_destroy_at(cond_of(c), CALL_SITE());
}

EXPORT int cnd_wait(cnd_t *c, mtx_t *m)
{
    return c11_result(cond_wait_at(cond_of(c), mutex_of(m), CALL_SITE()));
}

EXPORT int cnd_timedwait(cnd_t *c, mtx_t *m, const struct timespec *until)
{
    return c11_result(cond_timedwait_at(cond_of(c), mutex_of(m), until, CALL_SITE()));
}

EXPORT int cnd_signal(cnd_t *c)
{
    return c11_result(cond_signal_at(cond_of(c), CALL_SITE()));
}

EXPORT int cnd_broadcast(cnd_t *c)
{
    return c11_result(cond_broadcast_at(cond_of(c), CALL_SITE()));
}

EXPORT void call_once(once_flag *flag, void (*function)(void))
{
    once_call((pthread_once_t *)(void *)flag, function, CALL_SITE());
}
