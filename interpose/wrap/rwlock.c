/*
 * rwlock.c - pthread_rwlock_*.
 */
#include "rwlock.h"

#include "lock.h"

#include <errno.h>

/* __data.__readers: readers in the upper bits, below them the phase (1 = a writer's turn) and whether a writer has or
 * wants it (2); see the comment in glibc's pthread_rwlock_common.c for the states. */
#define RW_WRITE_PHASE 1u
#define RW_WRITE_LOCKED 2u
#define RW_READERS_SHIFT 3

static unsigned readers_word(const pthread_rwlock_t *l)
{
    return RELAXED_LOAD(&l->__data.__readers);
}

/* One unlock too many makes the count of readers huge. */
#define RW_READERS_MOST (1u << 28)

static bool has_readers(const pthread_rwlock_t *l)
{
    unsigned readers = readers_word(l) >> RW_READERS_SHIFT;
    return readers && readers < RW_READERS_MOST;
}

static int writer_of(const pthread_rwlock_t *l)
{
    return RELAXED_LOAD(&l->__data.__cur_writer);
}

void rwlock_facts(uintptr_t address, struct object_facts *facts)
{
    const pthread_rwlock_t *l = (const pthread_rwlock_t *)address;
    *facts = (struct object_facts){.address = address, .kind = KIWI_OBJECT_RWLOCK};
    if (lock_memory_gone(address))
        return;
    facts->type = (uint8_t)RELAXED_LOAD(&l->__data.__flags);
    facts->flags = RELAXED_LOAD(&l->__data.__shared) ? KIWI_OBJECT_SHARED : 0;
}

/* A reader waits for a writer that is in, and where writers come first for one that waits. */
static bool reader_waits(const pthread_rwlock_t *l)
{
    unsigned w = readers_word(l), writer = RW_WRITE_PHASE | RW_WRITE_LOCKED;
    bool writers_first = RELAXED_LOAD(&l->__data.__flags) == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP;
    return (w & writer) == writer || (writers_first && (w & RW_WRITE_LOCKED));
}

static bool writer_waits(const pthread_rwlock_t *l)
{
    unsigned w = readers_word(l);
    return (w >> RW_READERS_SHIFT) || (w & RW_WRITE_LOCKED);
}

bool rwlock_looks_held(uintptr_t address)
{
    return writer_waits((const pthread_rwlock_t *)address);
}

bool rwlock_owned_by(uintptr_t address, enum kiwi_mode mode, int32_t tid)
{
    const pthread_rwlock_t *l = (const pthread_rwlock_t *)address;
    if (lock_memory_gone(address))
        return false;
    if (mode == KIWI_MODE_READ)
        return readers_word(l) >> RW_READERS_SHIFT;
    return writer_of(l) == tid;
}

static pthread_rwlock_t *lock_of(const struct lock_call *c)
{
    return (pthread_rwlock_t *)c->address;
}

/* The real calls, by what was asked. */

static int real_read(const struct lock_call *c)
{
    return real.pthread_rwlock_rdlock(lock_of(c));
}

static int real_write(const struct lock_call *c)
{
    return real.pthread_rwlock_wrlock(lock_of(c));
}

static int real_try_read(const struct lock_call *c)
{
    return real.pthread_rwlock_tryrdlock(lock_of(c));
}

static int real_try_write(const struct lock_call *c)
{
    return real.pthread_rwlock_trywrlock(lock_of(c));
}

static int real_timed_read(const struct lock_call *c)
{
    return real.pthread_rwlock_timedrdlock(lock_of(c), c->until);
}

static int real_timed_write(const struct lock_call *c)
{
    return real.pthread_rwlock_timedwrlock(lock_of(c), c->until);
}

static int real_clock_read(const struct lock_call *c)
{
    return real.pthread_rwlock_clockrdlock(lock_of(c), c->clock, c->until);
}

static int real_clock_write(const struct lock_call *c)
{
    return real.pthread_rwlock_clockwrlock(lock_of(c), c->clock, c->until);
}

#define RW_KIND(mode, how) (ACQUISITION_OBJECT(KIWI_OBJECT_RWLOCK) | ACQUISITION_KIND(mode, how))

/* Reading again is counted; writing again is refused by glibc (EDEADLK); writing while reading waits for itself, and so
 * does reading again behind a writer that waits for this very reader. */
static int held_already(struct lock_call *c, int at)
{
    bool reads = KIWI_HELD_MODE(c->kind) == KIWI_MODE_READ,
         holds_read = KIWI_HELD_MODE(c->t->held[at].flags) == KIWI_MODE_READ;
    if (holds_read && (!reads || reader_waits(lock_of(c))) && KIWI_HELD_HOW(c->kind) != KIWI_HOW_TRY)
        return lock_self_wait(c, at);
    return lock_reenter(c, at);
}

static int acquire_recorded(struct lock_call *c)
{
    const pthread_rwlock_t *l = lock_of(c);
    int at = acquisition_held(c->t, c->address);
    if (unlikely(at >= 0))
        return held_already(c, at);
    if (!c->taken && KIWI_HELD_HOW(c->kind) != KIWI_HOW_TRY)
        c->taken = KIWI_HELD_MODE(c->kind) == KIWI_MODE_READ ? reader_waits(l) : writer_waits(l);
    if (c->taken)
        c->holder = thread_row_of_tid(writer_of(l));
    return lock_acquire(c);
}

/*
 * glibc's destroy leaves no trace, and a static initialiser calls nothing. So destroy leaves a mark of Kiwi's own in
 * the padding, which glibc never reads: whoever makes a new lock there, by whatever means, overwrites it.
 */
static unsigned long destroyed_mark(const pthread_rwlock_t *l)
{
    return 0x6b697769206f7665ul ^ (uintptr_t)l;
}

static bool is_destroyed(const pthread_rwlock_t *l)
{
    return unlikely(RELAXED_LOAD(&l->__data.__pad2) == destroyed_mark(l));
}

/* It works all the same, and is followed as a new lock from here on. */
static COLD void use_destroyed(struct thread *t, pthread_rwlock_t *l, struct call_site site)
{
    lock_after_destroy(t, KIWI_MISUSE_USE_DESTROYED, KIWI_OBJECT_RWLOCK, (uintptr_t)l, site);
    RELAXED_STORE(&l->__data.__pad2, 0);
}

static NOINLINE int acquire(struct lock_call *c)
{
    c->t = thread_enter();
    if (!c->t || record_settings.locks_off)
        return c->call(c);
    guard_set(c->t);
    if (is_destroyed(lock_of(c)))
        use_destroyed(c->t, lock_of(c), c->site);
    return acquire_recorded(c);
}

/* The thread, with its guard set and the lock noted as being taken; NULL = not the quick way. What follows is a try: if
 * it is refused, another thread was quicker, and the full way records the wait. */
static ALWAYS_INLINE struct thread *quick(const pthread_rwlock_t *l, bool waits, struct call_site site, uint32_t kind)
{
    struct thread *t = thread_enter();
    if (unlikely(!t || waits || is_destroyed(l)))
        return NULL;
    guard_set(t);
    if (likely(lock_quick(t, (uintptr_t)l, site, kind)))
        return t;
    guard_clear(t);
    return NULL;
}

EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *l)
{
    struct thread *t = quick(l, reader_waits(l), CALL_SITE(), RW_KIND(KIWI_MODE_READ, KIWI_HOW_LOCK));
    if (likely(t) && likely(!lock_quick_end(t, CALL_SITE(), real.pthread_rwlock_tryrdlock(l))))
        return 0;
    struct lock_call c = {.address = (uintptr_t)l, .site = CALL_SITE(), .call = real_read, .taken = t != NULL};
    c.kind = RW_KIND(KIWI_MODE_READ, KIWI_HOW_LOCK);
    return acquire(&c);
}

EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *l)
{
    struct thread *t = quick(l, writer_waits(l), CALL_SITE(), RW_KIND(KIWI_MODE_WRITE, KIWI_HOW_LOCK));
    if (likely(t) && likely(!lock_quick_end(t, CALL_SITE(), real.pthread_rwlock_trywrlock(l))))
        return 0;
    struct lock_call c = {.address = (uintptr_t)l, .site = CALL_SITE(), .call = real_write, .taken = t != NULL};
    c.kind = RW_KIND(KIWI_MODE_WRITE, KIWI_HOW_LOCK);
    return acquire(&c);
}

EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t *l)
{
    struct lock_call c = {.address = (uintptr_t)l, .site = CALL_SITE(), .call = real_try_read};
    c.kind = RW_KIND(KIWI_MODE_READ, KIWI_HOW_TRY);
    return acquire(&c);
}

EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t *l)
{
    struct lock_call c = {.address = (uintptr_t)l, .site = CALL_SITE(), .call = real_try_write};
    c.kind = RW_KIND(KIWI_MODE_WRITE, KIWI_HOW_TRY);
    return acquire(&c);
}

EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *l, const struct timespec *until)
{
    struct lock_call c = {.address = (uintptr_t)l, .site = CALL_SITE(), .call = real_timed_read, .until = until};
    c.kind = RW_KIND(KIWI_MODE_READ, KIWI_HOW_TIMED);
    return acquire(&c);
}

EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *l, const struct timespec *until)
{
    struct lock_call c = {.address = (uintptr_t)l, .site = CALL_SITE(), .call = real_timed_write, .until = until};
    c.kind = RW_KIND(KIWI_MODE_WRITE, KIWI_HOW_TIMED);
    return acquire(&c);
}

EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t *l, clockid_t clock, const struct timespec *until)
{
    struct lock_call c = {.address = (uintptr_t)l, .site = CALL_SITE(), .call = real_clock_read, .until = until};
    c.clock = clock;
    c.kind = RW_KIND(KIWI_MODE_READ, KIWI_HOW_TIMED);
    return acquire(&c);
}

EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t *l, clockid_t clock, const struct timespec *until)
{
    struct lock_call c = {.address = (uintptr_t)l, .site = CALL_SITE(), .call = real_clock_write, .until = until};
    c.clock = clock;
    c.kind = RW_KIND(KIWI_MODE_WRITE, KIWI_HOW_TIMED);
    return acquire(&c);
}

/* Not on this thread's held array: misuse, unless it was taken before Kiwi knew it. */
static uint32_t note_unheld(struct thread *t, const pthread_rwlock_t *l, struct call_site site)
{
    int writer = writer_of(l);
    if (lock_untracked(t) || leftover_was_freed(t, (uintptr_t)l) || is_destroyed(l))
        return 0;
    if (writer && (writer == t->tid || writer == t->fork_tid))
        return 0;
    bool held = writer || readers_word(l) >> RW_READERS_SHIFT;
    return lock_misuse(t, held ? KIWI_MISUSE_UNLOCK_FOREIGN : KIWI_MISUSE_UNLOCK_UNHELD, KIWI_OBJECT_RWLOCK,
                       (uintptr_t)l, site);
}

static NOINLINE int unlock_full(struct thread *t, pthread_rwlock_t *l, struct call_site site)
{
    uint32_t noted = lock_release(t, (uintptr_t)l) ? 0 : note_unheld(t, l, site);
    int result = real.pthread_rwlock_unlock(l);
    misuse_result(noted, result);
    acquisition_want(t, KIWI_WANT_NONE);
    contention_settle(t);
    guard_clear(t);
    return result;
}

EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *l)
{
    struct thread *t = thread_enter();
    if (unlikely(!t || record_settings.locks_off))
        return real.pthread_rwlock_unlock(l);
    guard_set(t);
    int left = lock_release_quick(t, (uintptr_t)l);
    if (unlikely(left < 0))
        return unlock_full(t, l, CALL_SITE());
    int result = real.pthread_rwlock_unlock(l);
    slot_state_set(t, (uint32_t)left, KIWI_WANT_NONE, 0);
    guard_clear(t);
    return result;
}

EXPORT int pthread_rwlock_init(pthread_rwlock_t *l, const pthread_rwlockattr_t *attr)
{
    struct thread *t = thread_enter();
    lock_init_begin(t, (uintptr_t)l, CALL_SITE());
    int result = real.pthread_rwlock_init(l, attr);
    if (!t || result || record_settings.locks_off)
        return result;
    guard_set(t);
    struct object_facts facts;
    rwlock_facts((uintptr_t)l, &facts);
    object_init(t, &facts, stack_of(t, CALL_SITE()));
    guard_clear(t);
    return result;
}

EXPORT int pthread_rwlock_destroy(pthread_rwlock_t *l)
{
    struct thread *t = thread_enter();
    if (!t || record_settings.locks_off)
        return real.pthread_rwlock_destroy(l);
    guard_set(t);
    uint32_t noted = 0;
    if (is_destroyed(l))
        noted = lock_after_destroy(t, KIWI_MISUSE_DESTROY_AGAIN, KIWI_OBJECT_RWLOCK, (uintptr_t)l, CALL_SITE());
    else if (writer_of(l) || has_readers(l))
        noted = lock_misuse(t, KIWI_MISUSE_DESTROY_HELD, KIWI_OBJECT_RWLOCK, (uintptr_t)l, CALL_SITE());
    int result = real.pthread_rwlock_destroy(l);
    misuse_result(noted, result);
    if (result == 0 && lock_destroyed(t, (uintptr_t)l, CALL_SITE()))
        RELAXED_STORE(&l->__data.__pad2, destroyed_mark(l));
    guard_clear(t);
    return result;
}
