/*
 * local_static.c - a C++ function's static variable: the first thread that comes by makes it, and whoever comes
 * meanwhile waits for the end of that.
 *
 * The compiler calls __cxa_guard_acquire, which answers 1 to the thread that is to make the variable, and then
 * __cxa_guard_release, or __cxa_guard_abort when an exception or a cancellation leaves the constructor. So a guard is
 * held like a lock in between. Whether the variable is made stands in the guard's first byte, which the program itself
 * reads: afterwards there are no calls.
 */
#include "../base/cxx_runtime.h"
#include "lock.h"

#include <sys/single_threaded.h>

#define LOCAL_STATIC_KIND                                                                                              \
    (ACQUISITION_OBJECT(KIWI_OBJECT_LOCAL_STATIC) | ACQUISITION_KIND(KIWI_MODE_WRITE, KIWI_HOW_LOCK))
#define MADE_BY_ANOTHER (-1)

int __cxa_guard_acquire(long long *guard);
void __cxa_guard_release(long long *guard);
void __cxa_guard_abort(long long *guard);

struct acquire_call {
    struct lock_call lock; /* comes first */
    int (*real)(long long *);
};

/* The runtime waits and wakes by calls that are wrapped themselves (futex.c): under the guard they are no signal
 * handler's. */
static int acquire(const struct lock_call *c)
{
    int (*real_acquire)(long long *) = ((const struct acquire_call *)c)->real;
    c->t->asked = (uintptr_t)real_acquire;
    int result = real_acquire((long long *)c->address);
    c->t->asked = 0;
    return result ? 0 : MADE_BY_ANOTHER;
}

/* Another thread is at it. What it did until it said so is done. */
static int acquire_waiting(struct lock_call *c, const struct thread *holder)
{
    struct thread *t = c->t;
    c->taken = true;
    c->holder = holder->slot->thread;
    int result = lock_acquire(c);
    if (result == MADE_BY_ANOTHER && t->guard == GUARD_IDLE) {
        guard_set(t);
        handover_take(t, object_find(c->address));
        guard_clear(t);
    }
    return result;
}

/* Its own constructor needs it: waits for itself, or throws while there is one thread. */
static int acquire_again(struct acquire_call *a, int at)
{
    if (!__libc_single_threaded)
        return lock_self_wait(&a->lock, at) == 0;
    guard_clear(a->lock.t);
    return a->real((long long *)a->lock.address);
}

EXPORT int __cxa_guard_acquire(long long *guard)
{
    struct thread *t = thread_enter();
    struct acquire_call a = {.real = REAL_CXX(__cxa_guard_acquire)};
    if (!t || record_settings.locks_off || __atomic_load_n((const char *)guard, __ATOMIC_RELAXED))
        return a.real(guard);
    a.lock = (struct lock_call){
            .t = t, .address = (uintptr_t)guard, .site = CALL_SITE(), .kind = LOCAL_STATIC_KIND, .call = acquire};
    struct misuse_holder h;
    guard_set(t);
    int at = acquisition_held(t, a.lock.address);
    if (at >= 0)
        return acquire_again(&a, at);
    if (misuse_find_holder(a.lock.address, &h))
        return acquire_waiting(&a.lock, h.t) == 0;
    return lock_acquire(&a.lock) == 0;
}

static void let_go(long long *guard, void (*real_let_go)(long long *))
{
    struct thread *t = thread_enter();
    if (!t || record_settings.locks_off) {
        real_let_go(guard);
        return;
    }
    guard_set(t);
    int at = acquisition_held(t, (uintptr_t)guard);
    uint32_t object = at < 0 ? 0 : lock_held_object(t, at);
    if (object && RELAXED_LOAD(&region_object(object)->waiters))
        handover_give(t, object);
    if (at >= 0)
        acquisition_released(t, at);
    t->asked = (uintptr_t)real_let_go;
    real_let_go(guard);
    t->asked = 0;
    acquisition_want(t, KIWI_WANT_NONE);
    contention_settle(t);
    guard_clear(t);
}

EXPORT void __cxa_guard_release(long long *guard)
{
    let_go(guard, REAL_CXX(__cxa_guard_release));
}

EXPORT void __cxa_guard_abort(long long *guard)
{
    let_go(guard, REAL_CXX(__cxa_guard_abort));
}
