/*
 * semaphore.c - sem_*: a wait is a blocking call; a semaphore that serves as a lock is held meanwhile.
 *
 * What a semaphore is for shows in who posts it: a lock is given back by the thread that took it. So one that begins at
 * 1 counts as a lock until another thread posts it; from then on it is a signal, and leaves the held arrays. One that
 * begins at more lets so many threads in, likewise.
 */
#include "semaphore.h"

#include "../record/call.h"
#include "../record/handover.h"
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

#define SEM_KIND(how) (ACQUISITION_OBJECT(KIWI_OBJECT_SEMAPHORE) | ACQUISITION_KIND(KIWI_MODE_WRITE, how))

static uint32_t semaphore_object(uintptr_t address)
{
    uint32_t object = object_find(address);
    return object && region_object(object)->kind == KIWI_OBJECT_SEMAPHORE ? object : 0;
}

static COLD uint32_t look_up(struct known_object *k, uintptr_t address, uint32_t stamp)
{
    uint32_t object = semaphore_object(address);
    k->address = 0; /* for a signal handler that looks meanwhile */
    COMPILER_BARRIER();
    k->stamp = stamp;
    k->object = object;
    COMPILER_BARRIER();
    k->address = object ? address : 0;
    return object;
}

/* The same, from among those that the thread has met lately. */
static ALWAYS_INLINE uint32_t known_semaphore(struct thread *t, uintptr_t address)
{
    struct known_object *k = &t->semaphores[address / sizeof(sem_t) % THREAD_SEMAPHORES];
    uint32_t stamp = acquisition_stamp(t, address);
    return likely(k->address == address && k->stamp == stamp) ? k->object : look_up(k, address, stamp);
}

static ALWAYS_INLINE bool is_lock_like(uint32_t object)
{
    return object && (RELAXED_LOAD(&region_object(object)->flags) & KIWI_OBJECT_LOCK_LIKE);
}

bool semaphore_is_lock_like(uintptr_t address)
{
    return is_lock_like(semaphore_object(address));
}

struct wait {
    struct thread *t;
    sem_t *s;
    struct call_site site;
    enum kiwi_how how;
    struct call_record call;
    uint32_t asleep_at; /* object; 0 = not counted among those who wait */
    bool taken;         /* it was free */
};

/* The first word of glibc's struct new_sem: the value in the low half, how many wait in the high one. */
static uint64_t word_of(const sem_t *s)
{
    return RELAXED_LOAD((const uint64_t *)(const void *)s);
}

static bool positive(const sem_t *s)
{
    return (uint32_t)word_of(s) > 0;
}

/* A wait on a free one is not worth a call record: it is tried, and who loses the race for it is seen to wait. As in
 * glibc's own wait, a pending cancellation is acted upon first. */
static ALWAYS_INLINE bool take_free(sem_t *s)
{
    int saved = errno;
    pthread_testcancel();
    if (likely(!real.sem_trywait(s)))
        return true;
    errno = saved;
    return false;
}

/*
 * A post wakes one waiter, and nobody knows which: all who came before it may be on their way out. Until one more has
 * to wait, and as many wait by the semaphore's own count as are known to: so nobody is.
 */
static void fall_asleep(struct wait *w)
{
    struct thread *t = w->call.t;
    if (!t || t->guard != GUARD_IDLE)
        return;
    guard_set(t);
    uint32_t object = semaphore_object((uintptr_t)w->s);
    if (object) {
        struct kiwi_object *o = region_object(object);
        uint64_t posted = __atomic_load_n(&o->wait_since, __ATOMIC_ACQUIRE);
        uint32_t waiting = RELAXED_LOAD(&o->cond_waiting);
        if (posted && word_of(w->s) == (uint64_t)waiting << 32)
            __atomic_compare_exchange_n(&o->wait_since, &posted, KIWI_POSTED_LONG_AGO, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED);
        RELAXED_ADD(&o->cond_waiting, 1);
        w->asleep_at = object;
    }
    guard_clear(t);
}

static void wake_up(const struct wait *w)
{
    struct kiwi_object *o = w->asleep_at ? region_object(w->asleep_at) : NULL;
    if (o && o->address == (uintptr_t)w->s && RELAXED_LOAD(&o->cond_waiting))
        RELAXED_ADD(&o->cond_waiting, (uint32_t)-1);
}

/* Its words stay as they are, and only an init call makes a new one. */
static void check_destroyed(struct thread *t, const sem_t *s, struct call_site site)
{
    if (!t || !destroyed_suspect((uintptr_t)s))
        return;
    guard_set(t);
    lock_after_destroy(t, KIWI_MISUSE_USE_DESTROYED, KIWI_OBJECT_SEMAPHORE, (uintptr_t)s, site);
    guard_clear(t);
}

static void wait_begin(struct wait *w, sem_t *s, enum kiwi_call_kind kind, uint32_t flags, struct call_site site)
{
    enum kiwi_how how = kind == KIWI_CALL_SEM_WAIT ? KIWI_HOW_LOCK : KIWI_HOW_TIMED;
    *w = (struct wait){.t = thread_enter(), .s = s, .site = site, .how = how};
    if (record_settings.locks_off)
        w->t = NULL;
    check_destroyed(w->t, s, site);
    bool quick = positive(s) && !(w->t && w->t->inside);
    w->taken = quick && w->t && how == KIWI_HOW_LOCK && take_free(s);
    quick = how == KIWI_HOW_LOCK ? w->taken : quick; /* a lost race for a limited time is no loss */
    call_begin(&w->call, quick ? NULL : w->t, kind, site, flags, (uintptr_t)s);
    fall_asleep(w);
}

static void hold(struct thread *t, uintptr_t address, struct call_site site, enum kiwi_how how)
{
    struct lock_request q;
    int at = acquisition_held(t, address);
    if (at >= 0) {
        t->held[at].count++;
        return;
    }
    lock_request(&q, t, address, site, SEM_KIND(how), false);
    if (lock_taking(&q))
        lock_taken(&q);
}

/*
 * Semaphores that let several threads in: who is in is kept by thread. One that is posted by a thread that was not let
 * in is a signal, or counts things that threads hand over; so is one too many for a thread, as far as is known then.
 */

static bool is_permits(uint32_t object)
{
    return object && (RELAXED_LOAD(&region_object(object)->flags) & KIWI_OBJECT_PERMITS);
}

static void no_permits(uint32_t object)
{
    __atomic_fetch_and(&region_object(object)->flags, (uint16_t)~KIWI_OBJECT_PERMITS, __ATOMIC_RELAXED);
}

static void let_in(struct thread *t, uintptr_t address, uint32_t object)
{
    struct thread_permit *free = NULL;
    for (struct thread_permit *p = t->permits; p < t->permits + THREAD_PERMITS; p++) {
        if (p->count && p->object == object && p->address == address) {
            p->count++;
            return;
        }
        if (!p->count || !is_permits(p->object))
            free = p;
    }
    if (free)
        *free = (struct thread_permit){address, object, 1};
    else
        no_permits(object);
}

static void let_out(struct thread *t, uintptr_t address, uint32_t object)
{
    for (struct thread_permit *p = t->permits; p < t->permits + THREAD_PERMITS; p++)
        if (p->count && p->object == object && p->address == address) {
            p->count--;
            return;
        }
    no_permits(object);
}

static int wait_end(struct wait *w, int result)
{
    struct thread *t = w->t;
    call_end(&w->call, result ? errno : 0, 0);
    wake_up(w);
    if (!t || result || t->guard != GUARD_IDLE)
        return result;
    guard_set(t);
    uint32_t object = known_semaphore(t, (uintptr_t)w->s);
    if (w->call.t) /* it had to wait for a post */
        handover_take(t, object);
    if (is_lock_like(object))
        hold(t, (uintptr_t)w->s, w->site, w->how);
    else if (is_permits(object))
        let_in(t, (uintptr_t)w->s, object);
    guard_clear(t);
    return result;
}

/* Called as the last thing of the wrapper, hence by a jump, so that it has the wrapper's caller. */
static NOINLINE int wait_full(sem_t *s)
{
    struct wait w;
    wait_begin(&w, s, KIWI_CALL_SEM_WAIT, KIWI_CALLF_UNTIMED, CALL_SITE());
    return wait_end(&w, w.taken ? 0 : real.sem_wait(s));
}

/* The quick way: one that serves as a lock and is free. */
EXPORT int sem_wait(sem_t *s)
{
    struct thread *t = kiwi_self;
    if (unlikely(t->guard != GUARD_IDLE || t->slot->held_count || !positive(s)))
        return wait_full(s);
    struct stack_entry *e = lock_quick_path(t, CALL_SITE());
    if (unlikely(!e || !is_lock_like(known_semaphore(t, (uintptr_t)s))))
        return wait_full(s);
    if (unlikely(!take_free(s)))
        return wait_full(s);
    if (likely(t->guard == GUARD_IDLE && !t->slot->held_count)) {
        e->tick--;
        lock_note_held(t, slot_state(t), (uintptr_t)s, e->row, SEM_KIND(KIWI_HOW_LOCK));
    }
    return 0;
}

EXPORT int sem_timedwait(sem_t *s, const struct timespec *until)
{
    struct wait w;
    wait_begin(&w, s, KIWI_CALL_SEM_TIMEDWAIT, KIWI_CALLF_TIMED, CALL_SITE());
    return wait_end(&w, real.sem_timedwait(s, until));
}

EXPORT int sem_clockwait(sem_t *s, clockid_t clock, const struct timespec *until)
{
    struct wait w;
    wait_begin(&w, s, KIWI_CALL_SEM_CLOCKWAIT, KIWI_CALLF_TIMED, CALL_SITE());
    return wait_end(&w, real.sem_clockwait(s, clock, until));
}

EXPORT int sem_trywait(sem_t *s)
{
    struct wait w = {.t = thread_enter(), .s = s, .site = CALL_SITE(), .how = KIWI_HOW_TRY};
    if (record_settings.locks_off)
        w.t = NULL;
    check_destroyed(w.t, s, w.site);
    return wait_end(&w, real.sem_trywait(s));
}

/*
 * Locks are given back in the reverse order, as a rule. What is taken under a mutex and kept beyond it, to be given
 * back under that mutex again, is a state that many threads share (the first reader of many keeps writers out) and one
 * of them happened to begin and to end alone.
 */
static void note_crossing(const struct thread *t, uintptr_t address)
{
    int at = acquisition_held(t, address);
    uint32_t row = at < 0 ? 0 : t->held[at].row;
    const struct kiwi_acquisition *a = row ? region_acquisition(row) : NULL;
    uint32_t object = 0;
    if (at < 0 ||
        ((uint32_t)at + 1 == t->slot->held_count && (!a || (a->depth == at + 1 && !(a->flags & KIWI_ACQ_DERIVED)))))
        return;
    if ((object = semaphore_object(address)))
        __atomic_fetch_or(&region_object(object)->flags, KIWI_OBJECT_CROSSED, __ATOMIC_RELAXED);
}

static void note_post(const struct thread *t, struct kiwi_object *o)
{
    if (RELAXED_LOAD(&o->other_thread) != t->row)
        RELAXED_STORE(&o->other_thread, t->row);
    RELAXED_STORE(&o->wait_since, clock_ticks());
}

static NOINLINE int post_full(sem_t *s)
{
    struct thread *t = thread_enter();
    if (!t || record_settings.locks_off)
        return real.sem_post(s);
    check_destroyed(t, s, CALL_SITE());
    guard_set(t);
    note_crossing(t, (uintptr_t)s);
    bool released = lock_release(t, (uintptr_t)s);
    uint32_t object = released ? 0 : known_semaphore(t, (uintptr_t)s);
    if (is_lock_like(object))
        __atomic_fetch_and(&region_object(object)->flags, (uint16_t)~KIWI_OBJECT_LOCK_LIKE, __ATOMIC_RELAXED);
    else if (is_permits(object))
        let_out(t, (uintptr_t)s, object);
    handover_give(t, object);
    if (object)
        note_post(t, region_object(object));
    slot_state_set(t, t->slot->held_count, KIWI_WANT_NONE, 1);
    guard_clear(t);
    return real.sem_post(s);
}

/* Recorded before the real call: the thread that it wakes may destroy the semaphore. */
EXPORT int sem_post(sem_t *s)
{
    struct thread *t = kiwi_self;
    if (unlikely(t->guard != GUARD_IDLE || !lock_let_go(t, (uintptr_t)s)))
        return post_full(s);
    return real.sem_post(s);
}

#define PERMITS_MAX 255u /* more never keep threads from closing a circle */

EXPORT int sem_init(sem_t *s, int shared, unsigned value)
{
    struct thread *t = thread_enter();
    int result = real.sem_init(s, shared, value);
    if (!t || result || record_settings.locks_off)
        return result;
    uint16_t use = shared || !value || value > PERMITS_MAX ? 0
                   : value == 1                            ? KIWI_OBJECT_LOCK_LIKE
                                                           : KIWI_OBJECT_PERMITS;
    guard_set(t);
    struct object_facts facts = {.address = (uintptr_t)s,
                                 .kind = KIWI_OBJECT_SEMAPHORE,
                                 .type = (uint8_t)(value <= PERMITS_MAX ? value : 0),
                                 .flags = (uint16_t)((shared ? KIWI_OBJECT_SHARED : 0) | use)};
    object_init(t, &facts, stack_of(t, CALL_SITE()));
    guard_clear(t);
    return result;
}

/* As many as the value are on their way out. */
static bool waited_on(const sem_t *s)
{
    uint64_t word = word_of(s);
    return word >> 32 > (uint32_t)word;
}

static uint32_t note_destroy(struct thread *t, const sem_t *s, struct call_site site)
{
    struct misuse_facts f = {.kind = KIWI_MISUSE_DESTROY_WAITED, .object = semaphore_object((uintptr_t)s)};
    if (!f.object || !waited_on(s))
        return 0;
    f.stack = stack_of(t, site);
    return misuse_note(t, &f);
}

EXPORT int sem_destroy(sem_t *s)
{
    struct thread *t = thread_enter();
    if (!t || record_settings.locks_off)
        return real.sem_destroy(s);
    guard_set(t);
    uint32_t noted = note_destroy(t, s, CALL_SITE());
    int result = real.sem_destroy(s);
    misuse_result(noted, result);
    if (result == 0)
        lock_destroyed(t, (uintptr_t)s, CALL_SITE());
    guard_clear(t);
    return result;
}

/* glibc gives the same address for the same name, however often it is opened. */
static void opened(struct thread *t, uintptr_t address, struct call_site site)
{
    if (!t || record_settings.locks_off)
        return;
    guard_set(t);
    struct object_facts facts = {.address = address, .kind = KIWI_OBJECT_SEMAPHORE, .flags = KIWI_OBJECT_SHARED};
    if (!semaphore_object(address))
        object_init(t, &facts, stack_of(t, site));
    guard_clear(t);
}

EXPORT sem_t *sem_open(const char *name, int flags, ...)
{
    struct thread *t = thread_enter();
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
    unsigned value = flags & O_CREAT ? va_arg(list, unsigned) : 0;
    va_end(list);
    sem_t *s = real.sem_open(name, flags, mode, value);
    if (s != SEM_FAILED)
        opened(t, (uintptr_t)s, CALL_SITE());
    return s;
}

/* It stays until each open of that name is closed. */
EXPORT int sem_close(sem_t *s)
{
    struct thread *t = thread_enter();
    int result = real.sem_close(s);
    if (!t || result || record_settings.locks_off)
        return result;
    guard_set(t);
    if (lock_memory_gone((uintptr_t)s))
        object_end((uintptr_t)s);
    guard_clear(t);
    return result;
}
