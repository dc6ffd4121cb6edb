/*
 * glib.c - g_mutex_* and g_cond_*, in programs that use GLib.
 *
 * What GLib's own functions do with their locks is not seen: inside the library they call each other directly. Its
 * GRecMutex and GRWLock are pthread locks, which it locks through the wrappers of those.
 */
#include "glib.h"

#include "../base/real.h"
#include "cond.h"
#include "lock.h"

#include <errno.h>

#define GMUTEX_OBJECT ACQUISITION_OBJECT(KIWI_OBJECT_GMUTEX)
#define GMUTEX_KIND(how) (GMUTEX_OBJECT | ACQUISITION_KIND(KIWI_MODE_WRITE, how))

#define GLIB "libglib-2.0.so.0"

/* The library may have been loaded after the start, for a plugin alone; its names are looked up at the first call
 * then. */
#define ENSURE(name)                                                                                                   \
    do {                                                                                                               \
        if (unlikely(!real.name))                                                                                      \
            real_find_late("g_", GLIB, __builtin_return_address(0));                                                   \
    } while (0)

static GMutex *mutex_of(const struct lock_call *c)
{
    return (GMutex *)c->address;
}

/* Under the guard GLib may not enter a futex call, which is wrapped itself: then a free mutex is asked for with a try,
 * which is how g_mutex_lock begins, too. */
static int real_lock(const struct lock_call *c)
{
    real.g_mutex_lock(mutex_of(c));
    return 0;
}

static int real_try(const struct lock_call *c)
{
    return real.g_mutex_trylock(mutex_of(c)) ? 0 : EBUSY;
}

/*
 * Zeroes are a new mutex, with no call. So g_mutex_clear leaves a mark of Kiwi's own in the half that GLib does not
 * use: whoever makes a new one there, by whatever means, overwrites it.
 */
static uint32_t cleared_mark(const GMutex *m)
{
    return 0x6b697769u ^ (uint32_t)(uintptr_t)m;
}

static bool is_cleared(const GMutex *m)
{
    return unlikely(RELAXED_LOAD(&m->rest) == cleared_mark(m));
}

static void unmark(GMutex *m)
{
    if (is_cleared(m))
        RELAXED_STORE(&m->rest, 0);
}

/* GLib sets its own half only. Where that is none but a pointer, it is not zero. */
static void tidy(GMutex *m)
{
    if (!RELAXED_LOAD(&m->word))
        RELAXED_STORE(&m->rest, 0);
}

/* It works all the same, and is followed as a new lock from here on. */
static COLD void use_cleared(struct thread *t, GMutex *m, struct call_site site)
{
    lock_after_destroy(t, KIWI_MISUSE_USE_DESTROYED, KIWI_OBJECT_GMUTEX, (uintptr_t)m, site);
    unmark(m);
}

/* The lock's index on the held array, or -1. What somebody else has let go of since is struck off. */
static int held_still(struct thread *t, const GMutex *m)
{
    int at = acquisition_held(t, (uintptr_t)m);
    if (at < 0 || RELAXED_LOAD(&m->word))
        return at;
    acquisition_released(t, at);
    acquisition_want(t, KIWI_WANT_NONE);
    return -1;
}

/* The word does not tell whose it is. Among more threads than this, looking for the one that holds it takes longer than
 * it is worth. */
#define THREADS_LOOKED_AT 128u

static uint32_t holder_of(uintptr_t address)
{
    struct misuse_holder h;
    return RELAXED_LOAD(&memory.slots_taken) <= THREADS_LOOKED_AT && misuse_find_holder(address, &h) ? h.t->slot->thread
                                                                                                     : 0;
}

/* It waits, with the guard cleared. */
static int acquire_taken(struct lock_call *c)
{
    c->taken = true;
    c->call = real_lock;
    c->holder = holder_of(c->address);
    return lock_acquire(c);
}

static int acquire_recorded(struct lock_call *c)
{
    bool tries = KIWI_HELD_HOW(c->kind) == KIWI_HOW_TRY;
    int at = held_still(c->t, mutex_of(c));
    if (unlikely(at >= 0))
        return tries ? lock_reenter(c, at) : lock_self_wait(c, at);
    if (!tries && gmutex_looks_held(c->address))
        return acquire_taken(c);
    c->call = real_try;
    int result = lock_acquire(c);
    if (tries || result != EBUSY)
        return result;
    c->t = thread_enter(); /* somebody was quicker */
    if (!c->t)
        return real_lock(c);
    guard_set(c->t);
    return acquire_taken(c);
}

static NOINLINE int acquire(struct lock_call *c)
{
    c->t = thread_enter();
    if (!c->t || record_settings.locks_off)
        return c->call(c);
    guard_set(c->t);
    if (is_cleared(mutex_of(c)))
        use_cleared(c->t, mutex_of(c), c->site);
    return acquire_recorded(c);
}

EXPORT void g_mutex_lock(GMutex *m)
{
    ENSURE(g_mutex_lock);
    struct thread *t = thread_enter();
    if (likely(t && !RELAXED_LOAD((const uint64_t *)(const void *)m))) { /* free, and without a mark */
        guard_set(t);
        if (likely(lock_quick(t, (uintptr_t)m, CALL_SITE(), GMUTEX_KIND(KIWI_HOW_LOCK)))) {
            if (likely(!lock_quick_end(t, CALL_SITE(), real.g_mutex_trylock(m) ? 0 : EBUSY)))
                return;
        } else {
            guard_clear(t);
        }
    }
    struct lock_call c = {.address = (uintptr_t)m, .site = CALL_SITE(), .call = real_lock};
    c.kind = GMUTEX_KIND(KIWI_HOW_LOCK);
    acquire(&c);
}

EXPORT int g_mutex_trylock(GMutex *m)
{
    ENSURE(g_mutex_trylock);
    struct lock_call c = {.address = (uintptr_t)m, .site = CALL_SITE(), .call = real_try};
    c.kind = GMUTEX_KIND(KIWI_HOW_TRY);
    return acquire(&c) == 0;
}

/* GLib ends the process for a mutex that nobody holds, and lets go of anybody's. */
static uint32_t note_unheld(struct thread *t, const GMutex *m, struct call_site site)
{
    if (lock_untracked(t) || leftover_was_freed(t, (uintptr_t)m) || is_cleared(m))
        return 0;
    return lock_misuse(t, gmutex_looks_held((uintptr_t)m) ? KIWI_MISUSE_UNLOCK_FOREIGN : KIWI_MISUSE_UNLOCK_UNHELD,
                       KIWI_OBJECT_GMUTEX, (uintptr_t)m, site);
}

/* The release is recorded; whom it wakes, a wrapped futex call does. */
static void unlock_real(struct thread *t, GMutex *m)
{
    guard_clear(t);
    real.g_mutex_unlock(m);
    if (unlikely(t->guard != GUARD_IDLE)) /* the child that a signal handler has just forked */
        return;
    slot_state_set(t, t->slot->held_count, KIWI_WANT_NONE, 0);
}

static NOINLINE void unlock_full(struct thread *t, GMutex *m, struct call_site site)
{
    int at = acquisition_held(t, (uintptr_t)m);
    if (at >= 0 && (t->held[at].flags & KIWI_HELD_TIMED))
        lock_passed(t, at);
    uint32_t noted = lock_release(t, (uintptr_t)m) ? 0 : note_unheld(t, m, site);
    unlock_real(t, m);
    if (t->guard != GUARD_IDLE)
        return;
    guard_set(t);
    misuse_result(noted, 0);
    contention_settle(t);
    guard_clear(t);
}

EXPORT void g_mutex_unlock(GMutex *m)
{
    ENSURE(g_mutex_unlock);
    struct thread *t = thread_enter();
    if (unlikely(!t || record_settings.locks_off)) {
        real.g_mutex_unlock(m);
        return;
    }
    guard_set(t);
    if (likely(lock_release_quick(t, (uintptr_t)m) >= 0))
        unlock_real(t, m);
    else
        unlock_full(t, m, CALL_SITE());
}

static void initialised(struct thread *t, uintptr_t address, enum kiwi_object_kind kind, struct call_site site)
{
    struct object_facts facts = {.address = address, .kind = (uint8_t)kind};
    if (!t || record_settings.locks_off || !address)
        return;
    guard_set(t);
    object_init(t, &facts, stack_of(t, site));
    guard_clear(t);
}

EXPORT void g_mutex_init(GMutex *m)
{
    ENSURE(g_mutex_init);
    struct thread *t = thread_enter();
    lock_init_begin(t, (uintptr_t)m, CALL_SITE());
    real.g_mutex_init(m);
    tidy(m);
    initialised(t, (uintptr_t)m, KIWI_OBJECT_GMUTEX, CALL_SITE());
}

EXPORT GMutex *g_mutex_new(void)
{
    ENSURE(g_mutex_new);
    struct thread *t = thread_enter();
    GMutex *m = real.g_mutex_new();
    tidy(m);
    initialised(t, (uintptr_t)m, KIWI_OBJECT_GMUTEX, CALL_SITE());
    return m;
}

/* GLib ends the process for one that is held: recorded before. Returns the misuse row. */
static uint32_t note_clear(struct thread *t, GMutex *m, struct call_site site)
{
    uintptr_t address = (uintptr_t)m;
    if (is_cleared(m))
        return lock_after_destroy(t, KIWI_MISUSE_DESTROY_AGAIN, KIWI_OBJECT_GMUTEX, address, site);
    return !gmutex_looks_held(address) ? 0
                                       : lock_misuse(t, KIWI_MISUSE_DESTROY_HELD, KIWI_OBJECT_GMUTEX, address, site);
}

/* With `mark` the memory is still the caller's afterwards. */
static void clear_by(void (*call)(GMutex *), GMutex *m, bool mark, struct call_site site)
{
    struct thread *t = thread_enter();
    if (!t || record_settings.locks_off) {
        call(m);
        return;
    }
    guard_set(t);
    uint32_t noted = note_clear(t, m, site);
    guard_clear(t);
    if (!mark)
        unmark(m);
    call(m);
    if (t->guard != GUARD_IDLE)
        return;
    guard_set(t);
    misuse_result(noted, 0);
    if (lock_destroyed(t, (uintptr_t)m, site) && mark && !RELAXED_LOAD((const uint64_t *)(const void *)m))
        RELAXED_STORE(&m->rest, cleared_mark(m));
    guard_clear(t);
}

EXPORT void g_mutex_clear(GMutex *m)
{
    ENSURE(g_mutex_clear);
    clear_by(real.g_mutex_clear, m, true, CALL_SITE());
}

EXPORT void g_mutex_free(GMutex *m)
{
    ENSURE(g_mutex_free);
    clear_by(real.g_mutex_free, m, false, CALL_SITE());
}

/* Conditions. */

static struct object_facts facts_of(const GCond *c)
{
    return (struct object_facts){.address = (uintptr_t)c, .kind = KIWI_OBJECT_COND, .flags = KIWI_OBJECT_MONOTONIC};
}

static void wait_begin(struct cond_wait *w, const GCond *c, const GMutex *m, bool timed, struct call_site site)
{
    *w = (struct cond_wait){.cond = facts_of(c), .mutex = (uintptr_t)m, .mutex_kind = GMUTEX_OBJECT};
    cond_wait_begin(w, thread_enter(), timed ? KIWI_CALL_COND_TIMEDWAIT : KIWI_CALL_COND_WAIT,
                    timed ? KIWI_CALLF_TIMED : KIWI_CALLF_UNTIMED, site);
}

EXPORT void g_cond_wait(GCond *c, GMutex *m)
{
    ENSURE(g_cond_wait);
    struct cond_wait w;
    wait_begin(&w, c, m, false, CALL_SITE());
    real.g_cond_wait(c, m);
    cond_wait_end(&w, 0);
}

EXPORT int g_cond_wait_until(GCond *c, GMutex *m, int64_t until_us)
{
    ENSURE(g_cond_wait_until);
    struct cond_wait w;
    wait_begin(&w, c, m, true, CALL_SITE());
    int woken = real.g_cond_wait_until(c, m, until_us);
    cond_wait_end(&w, woken ? 0 : ETIMEDOUT);
    return woken;
}

EXPORT int g_cond_timed_wait(GCond *c, GMutex *m, void *until)
{
    ENSURE(g_cond_timed_wait);
    struct cond_wait w;
    wait_begin(&w, c, m, until, CALL_SITE());
    int woken = real.g_cond_timed_wait(c, m, until);
    cond_wait_end(&w, woken ? 0 : ETIMEDOUT);
    return woken;
}

EXPORT void g_cond_signal(GCond *c)
{
    ENSURE(g_cond_signal);
    struct object_facts facts = facts_of(c);
    cond_note_signal(thread_enter(), &facts, false, CALL_SITE());
    real.g_cond_signal(c);
}

EXPORT void g_cond_broadcast(GCond *c)
{
    ENSURE(g_cond_broadcast);
    struct object_facts facts = facts_of(c);
    cond_note_signal(thread_enter(), &facts, true, CALL_SITE());
    real.g_cond_broadcast(c);
}

EXPORT void g_cond_init(GCond *c)
{
    ENSURE(g_cond_init);
    real.g_cond_init(c);
    initialised(thread_enter(), (uintptr_t)c, KIWI_OBJECT_COND, CALL_SITE());
}

EXPORT GCond *g_cond_new(void)
{
    ENSURE(g_cond_new);
    GCond *c = real.g_cond_new();
    initialised(thread_enter(), (uintptr_t)c, KIWI_OBJECT_COND, CALL_SITE());
    return c;
}

static void note_end(const GCond *c, struct call_site site)
{
    struct thread *t = thread_enter();
    if (!t || record_settings.locks_off)
        return;
    guard_set(t);
    misuse_result(cond_note_waited(t, (uintptr_t)c, site), 0);
    object_end((uintptr_t)c);
    guard_clear(t);
}

EXPORT void g_cond_clear(GCond *c)
{
    ENSURE(g_cond_clear);
    note_end(c, CALL_SITE());
    real.g_cond_clear(c);
}

EXPORT void g_cond_free(GCond *c)
{
    ENSURE(g_cond_free);
    note_end(c, CALL_SITE());
    real.g_cond_free(c);
}
