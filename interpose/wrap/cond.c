/*
 * cond.c - pthread_cond_*.
 *
 * A wait is a release and a reacquisition of its mutex, while every other lock stays held. glibc takes the mutex back
 * inside, not through the wrapper, and on cancellation as well: then the cleanup handler puts it back on the held array
 * before the service's own handlers run. (This file is compiled without -fexceptions, see the Makefile.)
 */
#include "../record/condition.h"
#include "../record/handover.h"
#include "cond.h"
#include "lock.h"
#include "mutex.h"

#include <errno.h>

/* Its attributes stand in the lowest bits of __wrefs (glibc's nptl/pthread_cond_common.c). */
#define COND_SHARED 1u
#define COND_MONOTONIC 2u

static struct object_facts facts_of(const pthread_cond_t *c)
{
    unsigned refs = RELAXED_LOAD(&c->__data.__wrefs);
    uint16_t flags = (uint16_t)((refs & COND_SHARED ? KIWI_OBJECT_SHARED : 0) |
                                (refs & COND_MONOTONIC ? KIWI_OBJECT_MONOTONIC : 0));
    return (struct object_facts){.address = (uintptr_t)c, .kind = KIWI_OBJECT_COND, .flags = flags};
}

/* Destroy leaves its flag behind in __wrefs, above which the waiters are counted. */
#define COND_DESTROYED 4u
#define COND_WREFS_SHIFT 3

static bool is_destroyed(const pthread_cond_t *c)
{
    unsigned wrefs = RELAXED_LOAD(&c->__data.__wrefs);
    return unlikely(wrefs & COND_DESTROYED) && !(wrefs >> COND_WREFS_SHIFT);
}

static void check_destroyed(struct thread *t, const pthread_cond_t *c, struct call_site site)
{
    if (!t || record_settings.locks_off || !is_destroyed(c))
        return;
    guard_set(t);
    lock_after_destroy(t, KIWI_MISUSE_USE_DESTROYED, KIWI_OBJECT_COND, (uintptr_t)c, site);
    guard_clear(t);
}

void cond_wait_begin(struct cond_wait *w, struct thread *t, enum kiwi_call_kind kind, uint32_t flags,
                     struct call_site site)
{
    w->t = record_settings.locks_off ? NULL : t;
    if (!w->t)
        return;
    guard_set(t);
    uint32_t stack = stack_of(t, site);
    w->object = object_get(t, &w->cond, stack);
    w->word = stack | w->mutex_kind | ACQUISITION_KIND(0, KIWI_HOW_COND);
    int at = acquisition_held(t, w->mutex);
    w->held_count = at >= 0 ? t->held[at].count : 0;
    condition_wait_site(t, at);
    if (at >= 0) {
        acquisition_chain(t);
        handover_monitor(lock_held_object(t, at));
        acquisition_released(t, at); /* and being released until the call is known: the thread owns it all that time */
    }
    handover_waits(t, w->object);
    call_enter(&w->call, t, kind, stack, flags, w->object);
    acquisition_want(t, KIWI_WANT_NONE);
    condition_wait_begin(t, w->object, w->mutex, stack);
    guard_clear(t);
}

/*
 * The mutex is held again, whatever ended the wait, but for one that is nobody's any more (ENOTRECOVERABLE). The call
 * goes on until the lock is noted: there is no moment at which the thread owns it and nothing tells.
 */
void cond_wait_end(struct cond_wait *w, int result)
{
    struct thread *t = w->t;
    bool again = w->held_count && result != ENOTRECOVERABLE;
    if (!t || t->guard != GUARD_IDLE)
        return;
    guard_set(t);
    if (result == 0)
        handover_take(t, w->object);
    struct lock_request q = {.t = t, .address = w->mutex, .word = w->word, .weight = 1};
    if (again) {
        q.line = acquisition_line(t, q.address, q.word);
        again = lock_taking(&q);
        lock_sample_hold(&q);
    }
    call_leave(&w->call, 0, 0);
    condition_wait_end(w->object, result == 0);
    if (again) {
        t->held[t->slot->held_count].count = w->held_count;
        lock_taken(&q);
    }
    guard_clear(t);
}

static void wait_cancelled(void *w)
{
    cond_wait_end(w, ECANCELED);
}

static void wait_begin(struct cond_wait *w, pthread_cond_t *c, pthread_mutex_t *m, enum kiwi_call_kind kind,
                       struct call_site site)
{
    struct thread *t = thread_enter();
    check_destroyed(t, c, site);
    *w = (struct cond_wait){.cond = facts_of(c), .mutex = (uintptr_t)m};
    w->misuse = mutex_note_wait(t, m, site);
    cond_wait_begin(w, t, kind, kind == KIWI_CALL_COND_WAIT ? KIWI_CALLF_UNTIMED : KIWI_CALLF_TIMED, site);
}

int cond_wait_at(pthread_cond_t *c, pthread_mutex_t *m, struct call_site site)
{
    struct cond_wait w;
    int result;
    wait_begin(&w, c, m, KIWI_CALL_COND_WAIT, site);
    pthread_cleanup_push(wait_cancelled, &w);
    result = real.pthread_cond_wait(c, m);
    pthread_cleanup_pop(0);
    misuse_result(w.misuse, result == EPERM ? EPERM : 0);
    cond_wait_end(&w, result);
    return result;
}

EXPORT int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
    return cond_wait_at(c, m, CALL_SITE());
}

int cond_timedwait_at(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until, struct call_site site)
{
    struct cond_wait w;
    int result;
    wait_begin(&w, c, m, KIWI_CALL_COND_TIMEDWAIT, site);
    pthread_cleanup_push(wait_cancelled, &w);
    result = real.pthread_cond_timedwait(c, m, until);
    pthread_cleanup_pop(0);
    misuse_result(w.misuse, result == EPERM ? EPERM : 0);
    cond_wait_end(&w, result);
    return result;
}

EXPORT int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until)
{
    return cond_timedwait_at(c, m, until, CALL_SITE());
}

EXPORT int pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock, const struct timespec *until)
{
    struct cond_wait w;
    int result;
    wait_begin(&w, c, m, KIWI_CALL_COND_CLOCKWAIT, CALL_SITE());
    pthread_cleanup_push(wait_cancelled, &w);
    result = real.pthread_cond_clockwait(c, m, clock, until);
    pthread_cleanup_pop(0);
    misuse_result(w.misuse, result == EPERM ? EPERM : 0);
    cond_wait_end(&w, result);
    return result;
}

void cond_note_signal(struct thread *t, const struct object_facts *facts, bool all, struct call_site site)
{
    if (!t || record_settings.locks_off)
        return;
    guard_set(t);
    uint32_t object = object_find(facts->address), blocked = condition_blocked(object), stack = 0;
    if (unlikely(record_settings.events_all))
        event_add(t, KIWI_EVENT_COND_SIGNAL, object, all, 0);
    if (t->slot->held_count && !thread_handed_enough(t)) { /* tells whoever comes to the mutex later, too */
        acquisition_chain(t);
        lock_is_monitor(t, (int)t->slot->held_count - 1);
    }
    if (!blocked || unlikely(t->inside))
        stack = stack_of(t, site);
    if (!object)
        object = object_get(t, facts, stack);
    if (all)
        handover_wakes_all(t, object);
    if (condition_waiting(object))
        handover_give(t, object);
    condition_signal(t, object, all, stack);
    if (unlikely(stack && (region_stack(stack)->flags & KIWI_STACK_HANDLER)))
        misuse_note(t, &(struct misuse_facts){.kind = KIWI_MISUSE_WAKE_IN_HANDLER, .object = object, .stack = stack});
    slot_state_set(t, t->slot->held_count, KIWI_WANT_NONE, 1);
    guard_clear(t);
}

static void note_signal(const pthread_cond_t *c, bool all, struct call_site site)
{
    struct thread *t = thread_enter();
    struct object_facts facts = facts_of(c);
    check_destroyed(t, c, site);
    cond_note_signal(t, &facts, all, site);
}

int cond_signal_at(pthread_cond_t *c, struct call_site site)
{
    note_signal(c, false, site);
    return real.pthread_cond_signal(c);
}

int cond_broadcast_at(pthread_cond_t *c, struct call_site site)
{
    note_signal(c, true, site);
    return real.pthread_cond_broadcast(c);
}

EXPORT int pthread_cond_signal(pthread_cond_t *c)
{
    return cond_signal_at(c, CALL_SITE());
}

EXPORT int pthread_cond_broadcast(pthread_cond_t *c)
{
    return cond_broadcast_at(c, CALL_SITE());
}

void cond_initialised(struct thread *t, const pthread_cond_t *c, struct call_site site)
{
    if (!t)
        return;
    guard_set(t);
    struct object_facts facts = facts_of(c);
    object_init(t, &facts, stack_of(t, site));
    guard_clear(t);
}

EXPORT int pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *attr)
{
    struct thread *t = thread_enter();
    int result = real.pthread_cond_init(c, attr);
    if (!result)
        cond_initialised(t, c, CALL_SITE());
    return result;
}

uint32_t cond_note_waited(struct thread *t, uintptr_t address, struct call_site site)
{
    uint32_t object = object_find(address);
    if (!condition_blocked(object))
        return 0;
    struct misuse_facts f = {.kind = KIWI_MISUSE_DESTROY_WAITED, .object = object, .stack = stack_of(t, site)};
    return misuse_note(t, &f);
}

/* glibc waits here for threads that are on their way out, and for ever for one that nobody wakes: recorded first. */
int cond_destroy_at(pthread_cond_t *c, struct call_site site)
{
    struct thread *t = thread_enter();
    uint32_t noted = 0;
    if (t) {
        guard_set(t);
        noted = is_destroyed(c) ? lock_after_destroy(t, KIWI_MISUSE_DESTROY_AGAIN, KIWI_OBJECT_COND, (uintptr_t)c, site)
                                : cond_note_waited(t, (uintptr_t)c, site);
        guard_clear(t);
    }
    int result = real.pthread_cond_destroy(c);
    if (t && t->guard == GUARD_IDLE) {
        guard_set(t);
        misuse_result(noted, result);
        if (result == 0)
            lock_destroyed(t, (uintptr_t)c, site);
        guard_clear(t);
    }
    return result;
}

EXPORT int pthread_cond_destroy(pthread_cond_t *c)
{
    return cond_destroy_at(c, CALL_SITE());
}
