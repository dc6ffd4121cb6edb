/*
 * mutex.c - pthread_mutex_*.
 *
 * Contention is read off the lock word before the one real call: trying first would cost more than the call itself, and an
 * uncontended mutex needs no clock. A request that finds the word taken is recorded before it waits, so that a hang shows.
 */
#include "mutex.h"

#include "lock.h"

#include <errno.h>

void mutex_facts(uintptr_t address, struct object_facts *facts)
{
    int kind = RELAXED_LOAD(&((const pthread_mutex_t *)address)->__data.__kind);
    uint16_t flags = (uint16_t)((kind & MUTEX_KIND_ROBUST ? KIWI_OBJECT_ROBUST : 0) |
                                (kind & MUTEX_KIND_INHERIT ? KIWI_OBJECT_PRIO_INHERIT : 0) |
                                (kind & MUTEX_KIND_PROTECT ? KIWI_OBJECT_PRIO_PROTECT : 0) |
                                (kind & MUTEX_KIND_SHARED ? KIWI_OBJECT_SHARED : 0));
    *facts = (struct object_facts){address, KIWI_OBJECT_MUTEX, (uint8_t)(kind & MUTEX_KIND_TYPE), flags};
}

static uint32_t object_of(uint32_t row)
{
    return row ? region_acquisition(row)->object : 0;
}

/* A priority-protected mutex keeps its ceiling in the lock word, so the word alone does not tell. */
static ALWAYS_INLINE bool looks_taken(const pthread_mutex_t *m)
{
    return RELAXED_LOAD(&m->__data.__lock) != 0;
}

static bool is_taken(const pthread_mutex_t *m)
{
    return !(RELAXED_LOAD(&m->__data.__kind) & MUTEX_KIND_PROTECT) || mutex_owner(m) != 0;
}

struct request {
    struct thread *t;
    pthread_mutex_t *m;
    struct kiwi_cache_entry *line;
    struct call_site site;
    bool timed;
    const struct timespec *until;
    clockid_t clock; /* -1: pthread_mutex_timedlock */
};

static int call_real(const struct request *r)
{
    if (!r->timed)
        return real.pthread_mutex_lock(r->m);
    if (r->clock < 0)
        return real.pthread_mutex_timedlock(r->m, r->until);
    return real.pthread_mutex_clocklock(r->m, r->clock, r->until);
}

/* The thread holds it already. Re-entry adds no order; a normal mutex will now wait for itself. */
static int lock_again(struct request *r, int at)
{
    struct thread *t = r->t;
    uint32_t row = t->held[at].row, noted = 0;
    bool hangs = mutex_type(r->m) != PTHREAD_MUTEX_RECURSIVE_NP && mutex_type(r->m) != PTHREAD_MUTEX_ERRORCHECK_NP;
    uint64_t since = 0;
    if (hangs && row) {
        struct misuse_facts f = {.kind = r->timed ? KIWI_MISUSE_RELOCK_TIMED : KIWI_MISUSE_RELOCK,
                                 .object = object_of(row),
                                 .stack = stack_of(t, r->site),
                                 .other_thread = t->row,
                                 .other_row = row};
        noted = misuse_note(t, &f);
        r->line = lock_line(t, (uintptr_t)r->m, r->site, ACQUISITION_KIND(0, r->timed ? KIWI_HOW_TIMED : KIWI_HOW_LOCK),
                            mutex_facts);
        since = acquisition_wait_begin(t, r->line->row, r->timed ? KIWI_WANT_TIMED : KIWI_WANT_WAITING, t->row);
    }
    guard_clear(t);
    int result = call_real(r);
    if (t->guard != GUARD_IDLE)
        return result;
    guard_set(t);
    if (since)
        acquisition_wait_end(t, r->line->row, since, t->row);
    misuse_result(noted, result);
    if (result == 0 && (at = acquisition_held(t, (uintptr_t)r->m)) >= 0)
        t->held[at].count++;
    guard_clear(t);
    return result;
}

/* EOWNERDEAD grants a robust mutex, too. */
static bool granted(int result)
{
    return result == 0 || result == EOWNERDEAD;
}

static int lock_contended(struct request *r)
{
    struct thread *t = r->t;
    uint32_t row = r->line->row, holder_row, holder = misuse_find_holder(object_of(row), &holder_row);
    uint64_t since = acquisition_wait_begin(t, row, r->timed ? KIWI_WANT_TIMED : KIWI_WANT_WAITING, holder);
    guard_clear(t); /* signal handlers that run while this thread waits are recorded as usual */
    int result = call_real(r);
    if (t->guard != GUARD_IDLE)
        return result;
    guard_set(t);
    acquisition_wait_end(t, row, since, holder);
    if (granted(result)) {
        /* The line may have been evicted by a handler meanwhile: count on the row itself. */
        if (row)
            RELAXED_ADD(&region_acquisition(row)->count, 1);
        acquisition_taken_slow(t, (uintptr_t)r->m, row, 0, KIWI_HELD_WAITED);
    }
    guard_clear(t);
    return result;
}

EXPORT int pthread_mutex_lock(pthread_mutex_t *m)
{
    struct thread *t = thread_enter();
    if (unlikely(!t))
        return real.pthread_mutex_lock(m);
    struct call_site site = CALL_SITE();
    guard_set(t);
    bool taken = looks_taken(m);
    if (unlikely(taken && acquisition_held(t, (uintptr_t)m) >= 0)) {
        struct request r = {.t = t, .m = m, .site = site, .clock = -1};
        return lock_again(&r, acquisition_held(t, (uintptr_t)m));
    }
    struct kiwi_cache_entry *e = lock_line(t, (uintptr_t)m, site, ACQUISITION_KIND(0, KIWI_HOW_LOCK), mutex_facts);
    if (unlikely(taken && is_taken(m))) {
        struct request r = {.t = t, .m = m, .line = e, .site = site, .clock = -1};
        return lock_contended(&r);
    }
    acquisition_want(t, e->row, KIWI_WANT_TAKING);
    int result = real.pthread_mutex_lock(m);
    if (likely(granted(result)))
        lock_granted(t, (uintptr_t)m, e);
    acquisition_want_end(t);
    guard_clear(t);
    return result;
}

static int lock_timed(pthread_mutex_t *m, clockid_t clock, const struct timespec *until, struct call_site site)
{
    struct thread *t = thread_enter();
    struct request r = {.t = t, .m = m, .site = site, .timed = true, .until = until, .clock = clock};
    if (!t)
        return call_real(&r);
    guard_set(t);
    int at = acquisition_held(t, (uintptr_t)m);
    if (at >= 0)
        return lock_again(&r, at);
    r.line = lock_line(t, (uintptr_t)m, site, ACQUISITION_KIND(0, KIWI_HOW_TIMED), mutex_facts);
    if (looks_taken(m) && is_taken(m))
        return lock_contended(&r);
    acquisition_want(t, r.line->row, KIWI_WANT_TAKING);
    int result = call_real(&r);
    if (granted(result))
        lock_granted(t, (uintptr_t)m, r.line);
    acquisition_want_end(t);
    guard_clear(t);
    return result;
}

EXPORT int pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *until)
{
    return lock_timed(m, -1, until, CALL_SITE());
}

EXPORT int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock, const struct timespec *until)
{
    if (clock < 0) { /* not a clock: let the real call say so */
        real_ensure();
        return real.pthread_mutex_clocklock(m, clock, until);
    }
    return lock_timed(m, clock, until, CALL_SITE());
}

EXPORT int pthread_mutex_trylock(pthread_mutex_t *m)
{
    struct thread *t = thread_enter();
    if (unlikely(!t))
        return real.pthread_mutex_trylock(m);
    struct call_site site = CALL_SITE();
    guard_set(t);
    int at = looks_taken(m) ? acquisition_held(t, (uintptr_t)m) : -1;
    struct kiwi_cache_entry *e = NULL;
    if (at < 0)
        e = lock_line(t, (uintptr_t)m, site, ACQUISITION_KIND(0, KIWI_HOW_TRY), mutex_facts);
    if (e)
        acquisition_want(t, e->row, KIWI_WANT_TAKING);
    int result = real.pthread_mutex_trylock(m);
    if (granted(result) && e)
        lock_granted(t, (uintptr_t)m, e);
    else if (granted(result))
        t->held[at].count++;
    acquisition_want_end(t);
    guard_clear(t);
    return result;
}

/* Not in this thread's held array: misuse, or a lock that was taken before Kiwi knew it (or while it could not record). */
static NOINLINE int unlock_unheld(struct thread *t, pthread_mutex_t *m, struct call_site site)
{
    uint32_t noted = 0, object = object_find((uintptr_t)m);
    int owner = mutex_owner(m);
    bool counted_elsewhere = t->slot->held_lost > 0;
    if (counted_elsewhere)
        t->slot->held_lost--;
    if (object && !counted_elsewhere && owner != t->tid) {
        struct misuse_facts f = {.object = object, .stack = stack_of(t, site)};
        f.other_thread = misuse_find_holder(object, &f.other_row);
        bool checks = mutex_type(m) == PTHREAD_MUTEX_ERRORCHECK_NP || mutex_type(m) == PTHREAD_MUTEX_RECURSIVE_NP ||
                      (RELAXED_LOAD(&m->__data.__kind) & (MUTEX_KIND_ROBUST | MUTEX_KIND_INHERIT));
        f.kind = checks ? KIWI_MISUSE_UNLOCK_REFUSED : owner ? KIWI_MISUSE_UNLOCK_FOREIGN : KIWI_MISUSE_UNLOCK_UNHELD;
        noted = misuse_note(t, &f);
    }
    guard_clear(t);
    int result = real.pthread_mutex_unlock(m);
    misuse_result(noted, result);
    return result;
}

EXPORT int pthread_mutex_unlock(pthread_mutex_t *m)
{
    struct thread *t = thread_enter();
    if (unlikely(!t))
        return real.pthread_mutex_unlock(m);
    guard_set(t);
    int at = acquisition_held(t, (uintptr_t)m);
    if (unlikely(at < 0))
        return unlock_unheld(t, m, CALL_SITE());
    struct kiwi_held *h = &t->held[at];
    if (unlikely(h->count > 1)) {
        h->count--;
        guard_clear(t);
        return real.pthread_mutex_unlock(m);
    }
    acquisition_want(t, h->row, KIWI_WANT_RELEASING);
    acquisition_released(t, at);
    int result = real.pthread_mutex_unlock(m);
    acquisition_want_end(t);
    guard_clear(t);
    return result;
}

EXPORT int pthread_mutex_consistent(pthread_mutex_t *m)
{
    real_ensure();
    return real.pthread_mutex_consistent(m);
}

EXPORT int pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr)
{
    struct thread *t = thread_enter();
    int result = real.pthread_mutex_init(m, attr);
    if (!t || result)
        return result;
    guard_set(t);
    struct object_facts facts;
    mutex_facts((uintptr_t)m, &facts);
    object_init(t, &facts, stack_of(t, CALL_SITE()));
    guard_clear(t);
    return result;
}

/* glibc answers EBUSY for a mutex that is held, and that answer is often dropped. */
static uint32_t note_busy(struct thread *t, pthread_mutex_t *m, struct call_site site)
{
    uint32_t object = object_find((uintptr_t)m);
    if (!object || !mutex_owner(m))
        return 0;
    struct misuse_facts f = {.kind = KIWI_MISUSE_DESTROY_HELD, .object = object, .stack = stack_of(t, site)};
    f.other_thread = misuse_find_holder(object, &f.other_row);
    return misuse_note(t, &f);
}

EXPORT int pthread_mutex_destroy(pthread_mutex_t *m)
{
    struct thread *t = thread_enter();
    if (!t)
        return real.pthread_mutex_destroy(m);
    guard_set(t);
    uint32_t noted = note_busy(t, m, CALL_SITE());
    int result = real.pthread_mutex_destroy(m);
    misuse_result(noted, result);
    if (result == 0)
        object_end((uintptr_t)m);
    guard_clear(t);
    return result;
}
