/*
 * barrier.c - pthread_barrier_*. A wait is no cancellation point, and its threads may destroy the barrier as soon as
 * one of them is told that it is the serial one: after the real call nothing looks at it any more.
 */
#include "../record/call.h"
#include "../record/rounds.h"
#include "lock.h"

static bool is_recorded(const struct thread *t)
{
    return t && !record_settings.locks_off;
}

struct arrival {
    struct thread *t; /* NULL: not recorded */
    struct call_record call;
    uint32_t barrier; /* object */
    uint64_t round;
};

static void arrive(struct arrival *a, struct thread *t, pthread_barrier_t *b, struct call_site site)
{
    a->t = is_recorded(t) ? t : NULL;
    if (!a->t)
        return;
    guard_set(t);
    if (destroyed_suspect((uintptr_t)b))
        lock_after_destroy(t, KIWI_MISUSE_USE_DESTROYED, KIWI_OBJECT_BARRIER, (uintptr_t)b, site);
    uint32_t stack = stack_of(t, site);
    struct object_facts facts = {.address = (uintptr_t)b, .kind = KIWI_OBJECT_BARRIER};
    a->barrier = object_get(t, &facts, stack);
    a->round = rounds_arrive(t, a->barrier);
    if (a->barrier)
        RELAXED_ADD(&region_object(a->barrier)->cond_waiting, 1);
    slot_state_set(t, t->slot->held_count, KIWI_WANT_NONE, 1);
    call_enter(&a->call, t, KIWI_CALL_BARRIER_WAIT, stack, KIWI_CALLF_UNTIMED, a->barrier);
    if (a->barrier && !rounds_gathered(a->barrier)) /* this was the last one, or how many there are is not known */
        RELAXED_STORE(&region_object(a->barrier)->wait_since, clock_ticks());
    guard_clear(t);
}

static void leave(struct arrival *a)
{
    struct thread *t = a->t;
    if (!t || t->guard != GUARD_IDLE)
        return;
    guard_set(t);
    call_leave(&a->call, 0, 0);
    if (a->barrier)
        RELAXED_ADD(&region_object(a->barrier)->cond_waiting, (uint32_t)-1);
    rounds_leave(t, a->barrier, a->round);
    guard_clear(t);
}

EXPORT int pthread_barrier_wait(pthread_barrier_t *b)
{
    struct arrival a;
    arrive(&a, thread_enter(), b, CALL_SITE());
    int result = real.pthread_barrier_wait(b);
    leave(&a);
    return result;
}

static bool is_shared(const pthread_barrierattr_t *attr)
{
    int shared = PTHREAD_PROCESS_PRIVATE;
    return attr && pthread_barrierattr_getpshared(attr, &shared) == 0 && shared == PTHREAD_PROCESS_SHARED;
}

EXPORT int pthread_barrier_init(pthread_barrier_t *b, const pthread_barrierattr_t *attr, unsigned count)
{
    struct thread *t = thread_enter();
    int result = real.pthread_barrier_init(b, attr, count);
    if (!is_recorded(t) || result)
        return result;
    guard_set(t);
    bool shared = is_shared(attr); /* other processes arrive, too, and are not counted here */
    struct object_facts facts = {
            .address = (uintptr_t)b, .kind = KIWI_OBJECT_BARRIER, .flags = shared ? KIWI_OBJECT_SHARED : 0};
    rounds_begin(object_init(t, &facts, stack_of(t, CALL_SITE())), shared ? 0 : count);
    guard_clear(t);
    return result;
}

/* glibc waits here for threads that are on their way out, and for ever for one that still waits for others to come. */
static uint32_t note_waited(struct thread *t, pthread_barrier_t *b, struct call_site site)
{
    uint32_t barrier = object_find((uintptr_t)b);
    if (!barrier || region_object(barrier)->kind != KIWI_OBJECT_BARRIER || !rounds_gathered(barrier))
        return 0;
    struct misuse_facts f = {.kind = KIWI_MISUSE_DESTROY_WAITED, .object = barrier, .stack = stack_of(t, site)};
    return misuse_note(t, &f);
}

EXPORT int pthread_barrier_destroy(pthread_barrier_t *b)
{
    struct thread *t = thread_enter();
    uint32_t noted = 0;
    if (is_recorded(t)) {
        guard_set(t);
        noted = note_waited(t, b, CALL_SITE());
        guard_clear(t);
    }
    int result = real.pthread_barrier_destroy(b);
    if (is_recorded(t) && t->guard == GUARD_IDLE) {
        guard_set(t);
        misuse_result(noted, result);
        if (result == 0)
            lock_destroyed(t, (uintptr_t)b, CALL_SITE());
        guard_clear(t);
    }
    return result;
}
