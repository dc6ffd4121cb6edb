/*
 * spin.c - pthread_spin_*. The word is 1 while free; it does not tell the owner.
 */
#include "spin.h"

#include "lock.h"

#include <errno.h>
#include <string.h>

#define SPIN_FREE 1
#define SPIN_KIND(how) (ACQUISITION_OBJECT(KIWI_OBJECT_SPIN) | ACQUISITION_KIND(KIWI_MODE_WRITE, how))

static bool is_free(const struct lock_call *c)
{
    return RELAXED_LOAD((const int *)c->address) == SPIN_FREE;
}

bool spin_looks_held(uintptr_t address)
{
    return RELAXED_LOAD((const int *)address) != SPIN_FREE;
}

static int real_lock(const struct lock_call *c)
{
    return real.pthread_spin_lock((pthread_spinlock_t *)c->address);
}

static int real_try(const struct lock_call *c)
{
    return real.pthread_spin_trylock((pthread_spinlock_t *)c->address);
}

static NOINLINE int acquire(struct lock_call *c)
{
    c->t = thread_enter();
    if (!c->t || record_settings.locks_off)
        return c->call(c);
    guard_set(c->t);
    if (destroyed_suspect(c->address)) /* it works all the same; only an init call makes a new one */
        lock_after_destroy(c->t, KIWI_MISUSE_USE_DESTROYED, KIWI_OBJECT_SPIN, c->address, c->site);
    bool tries = KIWI_HELD_HOW(c->kind) == KIWI_HOW_TRY;
    int at = acquisition_held(c->t, c->address);
    if (unlikely(at >= 0) && is_free(c)) { /* somebody else let it go: it is not held any more */
        acquisition_released(c->t, at);
        acquisition_want(c->t, KIWI_WANT_NONE);
        at = -1;
    }
    if (at >= 0)
        return tries ? lock_reenter(c, at) : lock_self_wait(c, at);
    c->taken = !tries && !is_free(c);
    return lock_acquire(c);
}

/* Called as the last thing of the wrapper, hence by a jump, so that it has the wrapper's caller. */
static NOINLINE int lock_full(pthread_spinlock_t *l)
{
    struct lock_call c = {.address = (uintptr_t)l, .site = CALL_SITE(), .call = real_lock};
    c.kind = SPIN_KIND(KIWI_HOW_LOCK);
    return acquire(&c);
}

/* Whether the real lock is glibc's, which begins with `lock decl (%rdi)`: only then is it known what a taken one looks
 * like, and that nobody in between wants to know of it. */
static bool is_plain;

__attribute__((constructor(101))) static void spin_start(void)
{
    static const unsigned char code[] = {0xf0, 0xff, 0x0f};
    if (real_ensure())
        is_plain = memcmp((const void *)real.pthread_spin_lock, code, sizeof code) == 0;
}

static ALWAYS_INLINE bool take_free_one(pthread_spinlock_t *l)
{
    int free_one = SPIN_FREE;
    return is_plain && __atomic_compare_exchange_n(l, &free_one, 0, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/*
 * A pair of a spinlock is one atomic instruction, and that waits for all stores before it: those that save registers
 * around a call would double its price. So the instruction stands here, and what is to be noted is noted after it.
 */
EXPORT int pthread_spin_lock(pthread_spinlock_t *l)
{
    struct thread *t = kiwi_self;
    if (unlikely(t->guard != GUARD_IDLE))
        return lock_full(l);
    uint64_t state = slot_state(t);
    struct stack_entry *e = likely(!(uint32_t)state) ? lock_quick_path(t, CALL_SITE()) : NULL;
    if (unlikely(!e || !take_free_one(l)))
        return lock_full(l);
    if (likely(t->guard == GUARD_IDLE)) { /* no child that a signal handler has just forked */
        e->tick--;
        lock_note_held(t, state, (uintptr_t)l, e->row, SPIN_KIND(KIWI_HOW_LOCK));
    }
    return 0;
}

EXPORT int pthread_spin_trylock(pthread_spinlock_t *l)
{
    struct lock_call c = {.address = (uintptr_t)l, .site = CALL_SITE(), .call = real_try};
    c.kind = SPIN_KIND(KIWI_HOW_TRY);
    return acquire(&c);
}

static NOINLINE int unlock_full(pthread_spinlock_t *l)
{
    struct thread *t = thread_enter();
    if (!t || record_settings.locks_off)
        return real.pthread_spin_unlock(l);
    guard_set(t);
    uint32_t noted = 0;
    if (!lock_release(t, (uintptr_t)l) && !lock_untracked(t) && !leftover_was_freed(t, (uintptr_t)l))
        noted = lock_misuse(
                t, RELAXED_LOAD((const int *)l) == SPIN_FREE ? KIWI_MISUSE_UNLOCK_UNHELD : KIWI_MISUSE_UNLOCK_FOREIGN,
                KIWI_OBJECT_SPIN, (uintptr_t)l, CALL_SITE());
    int result = real.pthread_spin_unlock(l);
    misuse_result(noted, result);
    acquisition_want(t, KIWI_WANT_NONE);
    contention_settle(t);
    guard_clear(t);
    return result;
}

EXPORT int pthread_spin_unlock(pthread_spinlock_t *l)
{
    struct thread *t = kiwi_self;
    if (unlikely(t->guard != GUARD_IDLE || !lock_let_go(t, (uintptr_t)l)))
        return unlock_full(l);
    return real.pthread_spin_unlock(l);
}

EXPORT int pthread_spin_init(pthread_spinlock_t *l, int shared)
{
    struct thread *t = thread_enter();
    lock_init_begin(t, (uintptr_t)l, CALL_SITE());
    int result = real.pthread_spin_init(l, shared);
    if (!t || result || record_settings.locks_off)
        return result;
    guard_set(t);
    struct object_facts facts = {.address = (uintptr_t)l,
                                 .kind = KIWI_OBJECT_SPIN,
                                 .flags = shared == PTHREAD_PROCESS_SHARED ? KIWI_OBJECT_SHARED : 0};
    object_init(t, &facts, stack_of(t, CALL_SITE()));
    guard_clear(t);
    return result;
}

EXPORT int pthread_spin_destroy(pthread_spinlock_t *l)
{
    struct thread *t = thread_enter();
    if (!t || record_settings.locks_off)
        return real.pthread_spin_destroy(l);
    guard_set(t);
    uint32_t noted = 0;
    if (RELAXED_LOAD((const int *)l) != SPIN_FREE && object_find((uintptr_t)l)) /* not mere zeroes */
        noted = lock_misuse(t, KIWI_MISUSE_DESTROY_HELD, KIWI_OBJECT_SPIN, (uintptr_t)l, CALL_SITE());
    int result = real.pthread_spin_destroy(l);
    misuse_result(noted, result);
    if (result == 0)
        lock_destroyed(t, (uintptr_t)l, CALL_SITE());
    guard_clear(t);
    return result;
}
