/*
 * thread.c - pthread_create, join, detach, exit and names, and what C11 calls them.
 */
#include "../process/enter.h"
#include "../process/process.h"
#include "../record/call.h"
#include "lock.h"

#include <errno.h>
#include <string.h>
#include <threads.h>

#define PACKAGES 64u /* threads being born at once before packages come from the heap */

/* What a new thread needs to know; handed over from pthread_create to the thread's first function. */
struct package {
    void *(*start)(void *);
    int (*start_c11)(void *); /* this one, if start is NULL */
    void *argument;
    uintptr_t frame_size;
    struct thread_birth birth;
    bool pooled;
};

static struct package pool[PACKAGES];
static uint8_t pool_used[PACKAGES];

static struct package *package_take(void)
{
    for (uint32_t i = 0; i < PACKAGES; i++)
        if (!__atomic_exchange_n(&pool_used[i], 1, __ATOMIC_ACQUIRE)) {
            pool[i].pooled = true;
            return &pool[i];
        }
    struct package *p = real.malloc(sizeof *p);
    if (p)
        p->pooled = false;
    return p;
}

static void package_give_back(struct package *p)
{
    if (p->pooled)
        __atomic_store_n(&pool_used[p - pool], 0, __ATOMIC_RELEASE);
    else
        real.free(p);
}

/* glibc puts the thread's descriptor, which pthread_self points to, at the top of its stack. */
static void stack_bounds(struct thread_birth *b, size_t size)
{
    b->stack_high = (uintptr_t)pthread_self();
    b->stack_low = b->stack_high - size;
}

static struct package thread_started(void *arg)
{
    struct package p = *(struct package *)arg;
    package_give_back(arg);
    p.birth.pthread_id = (uintptr_t)pthread_self();
    if (!p.birth.stack_high)
        stack_bounds(&p.birth, p.frame_size);
    if (!thread_begin(&p.birth))
        thread_not_expected(p.birth.row);
    return p;
}

static void *thread_main(void *arg)
{
    struct package p = thread_started(arg);
    void *result = p.start(p.argument);
    process_thread_returned();
    return result;
}

static int thread_main_c11(void *arg)
{
    struct package p = thread_started(arg);
    int result = p.start_c11(p.argument);
    process_thread_returned();
    return result;
}

/* Bytes of stack that a thread with these attributes certainly has; its guard pages are taken off. */
static size_t stack_size(const pthread_attr_t *attr)
{
    static size_t standard; /* the default rarely changes, and a stale figure only moves where unwinding gives up */
    size_t size = 0, guard = 0;
    pthread_attr_t defaults;
    if (!attr && standard)
        return standard;
    if (!attr && pthread_getattr_default_np(&defaults))
        return 64 << 10;
    pthread_attr_getstacksize(attr ? attr : &defaults, &size);
    pthread_attr_getguardsize(attr ? attr : &defaults, &guard);
    size = size > guard ? size - guard : size;
    if (!attr) {
        pthread_attr_destroy(&defaults);
        standard = size;
    }
    return size;
}

static void own_stack(struct thread_birth *b, const pthread_attr_t *attr)
{
    void *low = NULL;
    size_t size = 0;
    if (attr && pthread_attr_getstack(attr, &low, &size) == 0 && low) {
        b->stack_low = (uintptr_t)low;
        b->stack_high = (uintptr_t)low + size;
    }
}

struct creation {
    struct package *package; /* NULL: not recorded */
    uint32_t row, serial;    /* the package is gone once the thread runs */
};

static struct creation creation_begin(const struct package *wanted, const pthread_attr_t *attr, struct call_site site)
{
    struct thread *t = thread_enter();
    struct creation c = {.package = t ? package_take() : NULL};
    struct package *p = c.package;
    if (!p)
        return c;
    guard_set(t);
    int detached = PTHREAD_CREATE_JOINABLE;
    if (attr)
        pthread_attr_getdetachstate(attr, &detached);
    bool pooled = p->pooled;
    *p = *wanted;
    p->pooled = pooled;
    p->frame_size = stack_size(attr);
    p->birth = (struct thread_birth){.creator = t->row,
                                     .create_stack = stack_of(t, site),
                                     .start_function =
                                             wanted->start ? (uintptr_t)wanted->start : (uintptr_t)wanted->start_c11,
                                     .segment = thread_segment_at_handover(t),
                                     .flags = detached == PTHREAD_CREATE_DETACHED ? KIWI_THREAD_DETACHED : 0};
    own_stack(&p->birth, attr);
    thread_expect(&p->birth);
    c.row = p->birth.row;
    c.serial = p->birth.serial;
    thread_created_another(t); /* what this thread does from here on is not ordered before the new one */
    guard_clear(t);
    return c;
}

static int creation_end(const struct creation *c, const pthread_t *id, int result)
{
    if (result == 0) {
        thread_expected_is(c->row, c->serial, id);
    } else {
        thread_not_expected(c->row);
        package_give_back(c->package);
    }
    return result;
}

EXPORT int pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*start)(void *), void *argument)
{
    struct package wanted = {.start = start, .argument = argument};
    struct creation c = creation_begin(&wanted, attr, CALL_SITE());
    if (!c.package)
        return real.pthread_create(id, attr, start, argument);
    return creation_end(&c, id, real.pthread_create(id, attr, thread_main, c.package));
}

EXPORT int thrd_create(thrd_t *id, thrd_start_t start, void *argument)
{
    struct package wanted = {.start_c11 = start, .argument = argument};
    struct creation c = creation_begin(&wanted, NULL, CALL_SITE());
    if (!c.package)
        return real.thrd_create(id, start, argument);
    return creation_end(&c, id, real.thrd_create(id, thread_main_c11, c.package));
}

struct join {
    struct call_record call;
    struct thread *t;
    uint32_t row, serial;
};

static void join_whom(struct join *j, pthread_t id)
{
    j->row = thread_row_of_id((uintptr_t)id);
    j->serial = j->row ? region_thread(j->row)->serial : 0;
}

static void join_begin(struct join *j, pthread_t id, enum kiwi_call_kind kind, uint32_t flags, struct call_site site)
{
    j->t = thread_enter();
    j->row = 0;
    if (!j->t) {
        j->call.t = NULL;
        return;
    }
    guard_set(j->t);
    join_whom(j, id);
    guard_clear(j->t);
    call_begin(&j->call, j->t, kind, site, flags, j->row);
}

static int join_end(struct join *j, int result)
{
    struct thread *t = j->t;
    call_end(&j->call, result, 0);
    if (!t || result || t->guard != GUARD_IDLE)
        return result;
    thread_settled(j->row, j->serial, KIWI_THREAD_JOINED);
    if (!j->row || region_thread(j->row)->serial != j->serial)
        return result; /* or the row has another thread already */
    guard_set(t);
    region_thread(j->row)->joiner = t->row;
    thread_joined(t, j->row);
    event_add(t, KIWI_EVENT_JOIN, j->row, 0, 0);
    guard_clear(t);
    return result;
}

EXPORT int pthread_join(pthread_t id, void **value)
{
    struct join j;
    join_begin(&j, id, KIWI_CALL_JOIN, KIWI_CALLF_UNTIMED, CALL_SITE());
    return join_end(&j, real.pthread_join(id, value));
}

EXPORT int thrd_join(thrd_t id, int *value)
{
    struct join j;
    join_begin(&j, id, KIWI_CALL_JOIN, KIWI_CALLF_UNTIMED, CALL_SITE());
    int result = real.thrd_join(id, value);
    join_end(&j, result == thrd_success ? 0 : EINVAL);
    return result;
}

EXPORT int pthread_tryjoin_np(pthread_t id, void **value)
{
    struct join j = {.t = thread_enter()};
    if (j.t)
        join_whom(&j, id);
    return join_end(&j, real.pthread_tryjoin_np(id, value));
}

EXPORT int pthread_timedjoin_np(pthread_t id, void **value, const struct timespec *until)
{
    struct join j;
    join_begin(&j, id, KIWI_CALL_TIMEDJOIN, until ? KIWI_CALLF_TIMED : KIWI_CALLF_UNTIMED, CALL_SITE());
    return join_end(&j, real.pthread_timedjoin_np(id, value, until));
}

EXPORT int pthread_clockjoin_np(pthread_t id, void **value, clockid_t clock, const struct timespec *until)
{
    struct join j;
    join_begin(&j, id, KIWI_CALL_CLOCKJOIN, until ? KIWI_CALLF_TIMED : KIWI_CALLF_UNTIMED, CALL_SITE());
    return join_end(&j, real.pthread_clockjoin_np(id, value, clock, until));
}

struct detaching {
    struct thread *t;
    uint32_t row, serial; /* asked for before the real call: afterwards the id may already name another thread */
};

static struct detaching detach_begin(pthread_t id)
{
    struct thread *t = thread_enter();
    uint32_t row = t ? thread_row_of_id((uintptr_t)id) : 0;
    return (struct detaching){t, row, row ? region_thread(row)->serial : 0};
}

static int detach_end(const struct detaching *d, int result)
{
    if (d->t && result == 0 && d->t->guard == GUARD_IDLE)
        thread_settled(d->row, d->serial, KIWI_THREAD_DETACHED);
    return result;
}

EXPORT int pthread_detach(pthread_t id)
{
    struct detaching d = detach_begin(id);
    return detach_end(&d, real.pthread_detach(id));
}

EXPORT int thrd_detach(thrd_t id)
{
    struct detaching d = detach_begin(id);
    return detach_end(&d, real.thrd_detach(id));
}

EXPORT void pthread_exit(void *value)
{
    real_ensure();
    real.pthread_exit(value);
    __builtin_unreachable();
}

EXPORT int pthread_setname_np(pthread_t id, const char *name)
{
    struct thread *t = thread_enter();
    int result = real.pthread_setname_np(id, name);
    if (t && result == 0)
        thread_name(thread_row_of_id((uintptr_t)id), name);
    return result;
}

/* glibc allocates while it holds a lock of the thread `id`. Kiwi takes the same lock to learn the stack of a thread
 * that it meets for the first time, so it has to meet the caller before, or not now. */
EXPORT int pthread_getattr_np(pthread_t id, pthread_attr_t *attr)
{
    thread_enter();
    bool before = process_adopting;
    process_adopting = true;
    int result = real.pthread_getattr_np(id, attr);
    process_adopting = before;
    return result;
}

EXPORT int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    real_ensure();
    int result = real.pthread_key_create(key, destructor);
    if (result == EAGAIN && process_yield_key())
        result = real.pthread_key_create(key, destructor);
    return result;
}
