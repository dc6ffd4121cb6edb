/* mutex_unlock.c - pthread_mutex_unlock, and the two ends of a mutex's life. How it is taken: mutex.c. */
#include "mutex.h"

#include "lock.h"
#include "../base/mutex_word.h"

#include <errno.h>

/* The object at the lock's address, made now if nothing needed it before. */
static uint32_t object_here(struct thread *t, pthread_mutex_t *m, uint32_t stack)
{
    struct object_facts facts;
    mutex_facts_here(m, &facts);
    return object_get(t, &facts, stack);
}

static bool checks_owner(const pthread_mutex_t *m)
{
    int type = mutex_type(m);
    return type == PTHREAD_MUTEX_ERRORCHECK_NP || type == PTHREAD_MUTEX_RECURSIVE_NP ||
           (RELAXED_LOAD(&m->__data.__kind) & (MUTEX_KIND_ROBUST | MUTEX_KIND_INHERIT));
}

/* Not in this thread's held array: misuse, or a lock that was taken before Kiwi knew it (or while it could not
 * record). */
static uint32_t note_unheld(struct thread *t, pthread_mutex_t *m, struct call_site site)
{
    int owner = mutex_owner(m);
    bool counted_elsewhere = lock_untracked(t) || leftover_was_freed(t, (uintptr_t)m) || mutex_is_destroyed(m);
    if (record_settings.locks_off || counted_elsewhere || mutex_owned_here(t, owner))
        return 0;
    struct misuse_facts f = {.stack = stack_of(t, site)};
    f.object = object_here(t, m, f.stack);
    misuse_blame(&f, (uintptr_t)m);
    f.kind = checks_owner(m) ? KIWI_MISUSE_UNLOCK_REFUSED
             : owner         ? KIWI_MISUSE_UNLOCK_FOREIGN
                             : KIWI_MISUSE_UNLOCK_UNHELD;
    return f.object ? misuse_note(t, &f) : 0;
}

uint32_t mutex_note_wait(struct thread *t, pthread_mutex_t *m, struct call_site site)
{
    uint32_t noted = 0;
    if (!t || acquisition_held(t, (uintptr_t)m) >= 0)
        return 0;
    guard_set(t);
    noted = note_unheld(t, m, site);
    guard_clear(t);
    return noted;
}

static NOINLINE int unlock_unheld(struct thread *t, pthread_mutex_t *m, struct call_site site)
{
    uint32_t noted = note_unheld(t, m, site);
    guard_clear(t);
    int result = real.pthread_mutex_unlock(m);
    misuse_result(noted, result);
    return result;
}

static ALWAYS_INLINE int unlock_real(pthread_mutex_t *m)
{
    if (unlikely(!mutex_is_plain(m)))
        return real.pthread_mutex_unlock(m);
    if (mutex_word_let_go(m))
        mutex_word_wake(m);
    return 0;
}

static NOINLINE int unlock_full(struct thread *t, pthread_mutex_t *m, struct call_site site)
{
    int at = acquisition_held(t, (uintptr_t)m);
    if (unlikely(at < 0))
        return unlock_unheld(t, m, site);
    if (t->held[at].count > 1) {
        t->held[at].count--;
        guard_clear(t);
        return real.pthread_mutex_unlock(m);
    }
    if (t->held[at].flags & KIWI_HELD_TIMED)
        lock_passed(t, at);
    acquisition_released(t, at);
    int result = unlock_real(m);
    acquisition_want(t, KIWI_WANT_NONE);
    contention_settle(t);
    guard_clear(t);
    return result;
}

static NOINLINE int unlock_anyhow(pthread_mutex_t *m, uintptr_t sp, uintptr_t rbp)
{
    struct thread *t = thread_enter();
    if (unlikely(!t))
        return real.pthread_mutex_unlock(m);
    guard_set(t);
    int left = lock_release_quick(t, (uintptr_t)m);
    if (unlikely(left < 0))
        return unlock_full(t, m, (struct call_site){sp, rbp});
    int result = unlock_real(m);
    slot_state_set(t, (uint32_t)left, KIWI_WANT_NONE, 0);
    guard_clear(t);
    return result;
}

static NOINLINE int unlock_chained_waking(struct thread *t, pthread_mutex_t *m, uint32_t left)
{
    mutex_word_wake(m);
    slot_state_set(t, left, KIWI_WANT_NONE, 0);
    guard_clear(t);
    return 0;
}

/* A normal mutex on which a chain hangs, or that is not the last one taken, in place. */
static NOINLINE int unlock_chained(struct thread *t, pthread_mutex_t *m, uintptr_t sp, uintptr_t rbp)
{
    guard_set(t);
    int left = lock_release_quick(t, (uintptr_t)m);
    if (left < 0)
        left = lock_release_beneath(t, (uintptr_t)m);
    if (unlikely(left < 0))
        return unlock_full(t, m, (struct call_site){sp, rbp});
    if (mutex_word_let_go(m))
        return unlock_chained_waking(t, m, (uint32_t)left);
    slot_state_set(t, (uint32_t)left, KIWI_WANT_NONE, 0);
    guard_clear(t);
    return 0;
}

static ALWAYS_INLINE void unlock_ended(struct thread *t)
{
    if (likely(t->guard == GUARD_IDLE))
        slot_state_put(t, slot_state(t) & ~SLOT_WANT);
}

static NOINLINE int unlock_waking(struct thread *t, pthread_mutex_t *m)
{
    mutex_word_wake(m);
    unlock_ended(t);
    return 0;
}

/* The lock that was taken last, where no chain hangs on it: without the guard, as it was taken. A signal handler that
 * took a lock meanwhile may have hung one on it. */
static ALWAYS_INLINE int unlock_here(pthread_mutex_t *m, const struct call_site *given)
{
    struct thread *t = kiwi_self;
    struct call_site site = given ? *given : CALL_SITE();
    if (unlikely(t->guard != GUARD_IDLE || !mutex_is_plain(m)))
        return unlock_anyhow(m, site.sp, site.rbp);
    uint64_t state = slot_state(t);
    uint32_t n = (uint32_t)state - 1;
    const struct kiwi_held *h = &t->held[n];
    if (unlikely((int32_t)n < (int32_t)t->chained || h->address != (uintptr_t)m || h->count != 1 ||
                 (h->flags & KIWI_HELD_SLOW)))
        return unlock_chained(t, m, site.sp, site.rbp);
    slot_state_put(t, state - SLOT_ONE_HELD + SLOT_ONE_RELEASE + SLOT_WANTS(KIWI_WANT_RELEASING));
    lock_chain_ends(t, n);
    if (mutex_word_let_go(m))
        return unlock_waking(t, m);
    unlock_ended(t);
    return 0;
}

EXPORT int pthread_mutex_unlock(pthread_mutex_t *m)
{
    return unlock_here(m, NULL);
}

int mutex_unlock_at(pthread_mutex_t *m, struct call_site site)
{
    return unlock_here(m, &site);
}

EXPORT int pthread_mutex_consistent(pthread_mutex_t *m)
{
    real_ensure();
    return real.pthread_mutex_consistent(m);
}

void mutex_initialised(struct thread *t, const pthread_mutex_t *m, struct call_site site)
{
    if (!t || record_settings.locks_off)
        return;
    guard_set(t);
    struct object_facts facts;
    mutex_facts_here(m, &facts);
    object_init(t, &facts, stack_of(t, site));
    guard_clear(t);
}

EXPORT int pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr)
{
    struct thread *t = thread_enter();
    lock_init_begin(t, (uintptr_t)m, CALL_SITE());
    int result = real.pthread_mutex_init(m, attr);
    if (!result)
        mutex_initialised(t, m, CALL_SITE());
    return result;
}

/* glibc answers EBUSY for a mutex that is held, and that answer is often dropped. */
static uint32_t note_busy(struct thread *t, pthread_mutex_t *m, struct call_site site)
{
    int owner = mutex_owner(m);
    if (!owner || owner == MUTEX_NOT_RECOVERABLE)
        return 0;
    struct misuse_facts f = {.kind = KIWI_MISUSE_DESTROY_HELD, .stack = stack_of(t, site)};
    f.object = object_here(t, m, f.stack);
    misuse_blame(&f, (uintptr_t)m);
    return f.object ? misuse_note(t, &f) : 0;
}

int mutex_destroy_at(pthread_mutex_t *m, struct call_site site)
{
    struct thread *t = thread_enter();
    if (!t || record_settings.locks_off)
        return real.pthread_mutex_destroy(m);
    guard_set(t);
    bool again = mutex_is_destroyed(m);
    uint32_t noted = again ? lock_after_destroy(t, KIWI_MISUSE_DESTROY_AGAIN, KIWI_OBJECT_MUTEX, (uintptr_t)m, site)
                           : note_busy(t, m, site);
    int result = real.pthread_mutex_destroy(m);
    misuse_result(noted, result);
    if (result == 0)
        lock_destroyed(t, (uintptr_t)m, site);
    guard_clear(t);
    return result;
}

EXPORT int pthread_mutex_destroy(pthread_mutex_t *m)
{
    return mutex_destroy_at(m, CALL_SITE());
}
