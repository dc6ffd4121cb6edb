/*
 * mutex.c - how mutexes are taken. How they are let go, made and destroyed: mutex_unlock.c.
 *
 * Contention is read off the lock word first; a mutex that looks free is tried, which costs what locking it would, and
 * only what the try refuses is waited for. So no wait goes unseen, an uncontended mutex needs no clock, and a request
 * that finds the lock taken is recorded before it waits, so that a hang shows.
 *
 * A free normal mutex is taken in place (base/mutex_word.h), and let go likewise; all others, and whatever waits, by
 * glibc. The functions that programs call hold the commonest case alone and leave the rest to others by tail calls, so
 * that they need no registers saved: the lock's atomic instruction waits for every store before it.
 */
#include "mutex.h"

#include "lock.h"
#include "../base/mutex_word.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/single_threaded.h>

void mutex_facts_here(const pthread_mutex_t *m, struct object_facts *facts)
{
    int kind = RELAXED_LOAD(&m->__data.__kind);
    uint16_t flags = (uint16_t)((kind & MUTEX_KIND_ROBUST ? KIWI_OBJECT_ROBUST : 0) |
                                (kind & MUTEX_KIND_INHERIT ? KIWI_OBJECT_PRIO_INHERIT : 0) |
                                (kind & MUTEX_KIND_PROTECT ? KIWI_OBJECT_PRIO_PROTECT : 0) |
                                (kind & MUTEX_KIND_SHARED ? KIWI_OBJECT_SHARED : 0));
    *facts = (struct object_facts){(uintptr_t)m, KIWI_OBJECT_MUTEX, (uint8_t)(kind & MUTEX_KIND_TYPE), flags};
}

/* Slow paths only. */
void mutex_facts(uintptr_t address, struct object_facts *facts)
{
    if (lock_memory_gone(address))
        *facts = (struct object_facts){.address = address, .kind = KIWI_OBJECT_MUTEX};
    else
        mutex_facts_here((const pthread_mutex_t *)address, facts);
}

/* The word of a normal mutex is 2 from the first waiter on; other kinds keep a flag beside the owner. */
bool mutex_shows_waiters(uintptr_t address)
{
    const pthread_mutex_t *m = (const pthread_mutex_t *)address;
    if (lock_memory_gone(address))
        return false;
    int kind = RELAXED_LOAD(&m->__data.__kind), word = RELAXED_LOAD(&m->__data.__lock);
    if (kind & MUTEX_KIND_PROTECT)
        return false;
    return kind & (MUTEX_KIND_ROBUST | MUTEX_KIND_INHERIT) ? ((unsigned)word & FUTEX_WAITERS) != 0 : word > 1;
}

bool mutex_let_go(const struct thread *t, uintptr_t address)
{
    return !lock_memory_gone(address) && !mutex_owned_here(t, mutex_owner((const pthread_mutex_t *)address));
}

bool mutex_owned_by(uintptr_t address, int32_t tid)
{
    return !lock_memory_gone(address) && mutex_owner((const pthread_mutex_t *)address) == tid;
}

static void note_destroyed(struct thread *t, const pthread_mutex_t *m, struct call_site site)
{
    lock_after_destroy(t, KIWI_MISUSE_USE_DESTROYED, KIWI_OBJECT_MUTEX, (uintptr_t)m, site);
}

static bool looks_taken(const pthread_mutex_t *m)
{
    return RELAXED_LOAD(&m->__data.__lock) != 0;
}

/* A priority-protected mutex keeps its ceiling in the lock word, so there the word alone does not tell. */
static bool is_taken(const pthread_mutex_t *m)
{
    return !(RELAXED_LOAD(&m->__data.__kind) & MUTEX_KIND_PROTECT) || mutex_owner(m) != 0;
}

/* The lock's index on the held array, or -1. What another thread has unlocked since (used as a semaphore, or by code
 * that calls past the wrappers) is struck off: the thread does not hold it any more. */
static int held_still(struct thread *t, const pthread_mutex_t *m)
{
    int at = acquisition_held(t, (uintptr_t)m);
    if (at < 0 || mutex_owned_here(t, mutex_owner(m)))
        return at;
    acquisition_released(t, at);
    acquisition_want(t, KIWI_WANT_NONE);
    return -1;
}

/* EOWNERDEAD grants a robust mutex, too. */
static ALWAYS_INLINE bool granted(int result)
{
    return result == 0 || result == EOWNERDEAD;
}

struct request {
    pthread_mutex_t *m;
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

static uint32_t kind_of(const struct request *r)
{
    return ACQUISITION_KIND(KIWI_MODE_WRITE, r->timed ? KIWI_HOW_TIMED : KIWI_HOW_LOCK);
}

/* The one real call of a request that will wait: recorded before it, without the guard, so that signal handlers that
 * run meanwhile are recorded as usual. Returns with the guard set, or cleared for good if the thread's state is
 * gone. */
static int wait_real(struct thread *t, const struct request *r, uint32_t row, uint32_t holder, uint64_t *now)
{
    uint64_t since = acquisition_wait_begin(t, row, r->timed ? KIWI_WANT_TIMED : KIWI_WANT_WAITING, holder);
    guard_clear(t);
    int result = call_real(r);
    if (t->guard == GUARD_IDLE) {
        guard_set(t);
        *now = acquisition_wait_end(t, row, since, holder);
    }
    return result;
}

static int recursed(struct thread *t, pthread_mutex_t *m, int result)
{
    int at = granted(result) ? acquisition_held(t, (uintptr_t)m) : -1;
    if (at >= 0)
        t->held[at].count++;
    acquisition_want(t, KIWI_WANT_NONE);
    guard_clear(t);
    return result;
}

/* A normal mutex that its owner locks again waits for itself. */
static int lock_self(struct thread *t, const struct request *r, const struct kiwi_held *h)
{
    uint32_t word = stack_of(t, r->site) | kind_of(r), own;
    acquisition_chain(t);
    own = h->row;
    struct kiwi_cache_entry *e = acquisition_line(t, (uintptr_t)r->m, word);
    uint32_t noted = 0, row = e->row;
    if (own) {
        struct misuse_facts f = {.kind = r->timed ? KIWI_MISUSE_RELOCK_TIMED : KIWI_MISUSE_RELOCK,
                                 .object = region_acquisition(own)->object,
                                 .stack = ACQUISITION_STACK(word),
                                 .other_thread = t->row,
                                 .other_row = own};
        noted = misuse_note(t, &f);
    }
    uint64_t now;
    int result = wait_real(t, r, row, t->row, &now);
    misuse_result(noted, result);
    return result;
}

/* The thread holds it already. Re-entry adds no order. */
static NOINLINE int lock_again(struct thread *t, const struct request *r, int at)
{
    int type = mutex_type(r->m);
    if (type == PTHREAD_MUTEX_RECURSIVE_NP || type == PTHREAD_MUTEX_ERRORCHECK_NP)
        return recursed(t, r->m, call_real(r));
    int result = lock_self(t, r, &t->held[at]);
    return t->guard == GUARD_WIPED ? result : recursed(t, r->m, result);
}

static NOINLINE int lock_contended(struct thread *t, const struct request *r, struct lock_request *q)
{
    uint32_t row = lock_instance_row(q), holder = thread_row_of_tid(mutex_owner(r->m));
    uint32_t noted = unlikely(inherited_count) ? inherited_wanted(t, q->address, ACQUISITION_STACK(q->word)) : 0;
    uint64_t now;
    int result = wait_real(t, r, row, holder, &now);
    if (t->guard == GUARD_WIPED)
        return result;
    misuse_result(noted, result);
    if (granted(result) && acquisition_taking(t, q->address, q->word, row)) {
        lock_waited(q, row, now);
        wait_site_taken(t);
    } else {
        acquisition_want(t, KIWI_WANT_NONE);
    }
    guard_clear(t);
    return result;
}

/* Nothing else is recorded: the real call refuses it. */
static COLD int use_destroyed(struct thread *t, const struct request *r)
{
    note_destroyed(t, r->m, r->site);
    guard_clear(t);
    return call_real(r);
}

#define LOCK_KIND ACQUISITION_KIND(KIWI_MODE_WRITE, KIWI_HOW_LOCK)
#define TRY_KIND ACQUISITION_KIND(KIWI_MODE_WRITE, KIWI_HOW_TRY)

static bool lock_is_glibcs;

/* Takes a mutex that looks free. EBUSY, which locking never answers: another thread was quicker. As long as there is
 * one thread, the real lock needs no atomic instruction, and meets nobody; another library's may have no try beside it,
 * and is to meet every call. With robust and priority-protected mutexes glibc's try is not quite a lock that does not
 * wait; its answers differ. A free one with an owner was written over: glibc's lock ends the program then, its try does
 * not. */
static ALWAYS_INLINE int lock_free_one(const struct thread *t, pthread_mutex_t *m)
{
    if (likely(mutex_is_plain(m)))
        return likely(mutex_word_take(m, t->tid)) ? 0 : EBUSY;
    if (__libc_single_threaded || !lock_is_glibcs ||
        (RELAXED_LOAD(&m->__data.__kind) & (MUTEX_KIND_ROBUST | MUTEX_KIND_INHERIT | MUTEX_KIND_PROTECT)))
        return real.pthread_mutex_lock(m);
    int result = unlikely(mutex_owner(m)) ? EBUSY : real.pthread_mutex_trylock(m);
    return likely(!result) || result == EBUSY ? result : real.pthread_mutex_lock(m);
}

/* `refused`: it looked free, but was taken before the try. */
static NOINLINE int lock_full(struct thread *t, pthread_mutex_t *m, struct call_site site, bool refused)
{
    struct lock_request q;
    struct request r = {.m = m, .site = site, .clock = -1};
    if (record_settings.locks_off) {
        guard_clear(t);
        return real.pthread_mutex_lock(m);
    }
    if (mutex_is_destroyed(m))
        return use_destroyed(t, &r);
    bool taken = looks_taken(m);
    int at = held_still(t, m);
    if (unlikely(at >= 0))
        return lock_again(t, &r, at);
    taken = refused || (taken && is_taken(m));
    lock_request(&q, t, (uintptr_t)m, site, LOCK_KIND, taken);
    if (taken)
        return lock_contended(t, &r, &q);
    bool room = lock_taking(&q);
    lock_sample(&q);
    int result = lock_free_one(t, m);
    if (unlikely(result == EBUSY)) {
        acquisition_want(t, KIWI_WANT_NONE);
        return lock_contended(t, &r, &q);
    }
    if (granted(result) && room) {
        lock_taken(&q);
        wait_site_taken(t);
    } else {
        acquisition_want(t, KIWI_WANT_NONE);
    }
    guard_clear(t);
    return result;
}

/* The quick way failed, or a robust mutex lost its owner. */
static NOINLINE int lock_odd(struct thread *t, const pthread_mutex_t *m, struct call_site site, int result)
{
    if (result == EINVAL && mutex_is_destroyed(m))
        note_destroyed(t, m, site);
    if (granted(result))
        acquisition_taken(t);
    else
        acquisition_want(t, KIWI_WANT_NONE);
    guard_clear(t);
    return result;
}

/* A try on the quick way that found it taken after all: from the beginning, with the guard set. `counted`: the path it
 * was counted on, or NULL. */
static NOINLINE int lock_refused(struct thread *t, pthread_mutex_t *m, struct call_site site,
                                 struct stack_entry *counted)
{
    if (counted)
        counted->tick++;
    acquisition_want(t, KIWI_WANT_NONE);
    return lock_full(t, m, site, true);
}

/* A free lock taken while others are held, on a path whose acquisition row is in the cache: an order check by
 * compare. `plain`: a constant, whether it is a normal mutex, to be taken in place. The site comes as two words: as a
 * struct, gcc 12 stores its halves and loads them back as one, which the processor can not forward. */
static ALWAYS_INLINE int lock_nested_on(struct thread *t, pthread_mutex_t *m, struct call_site site,
                                        struct stack_entry *e, bool plain)
{
    uint32_t n = t->slot->held_count;
    if (unlikely(!e || n >= t->slot->held_capacity || record_settings.events_all))
        return lock_full(t, m, site, false);
    uint32_t word = e->row | LOCK_KIND;
    struct kiwi_cache_entry *line = acquisition_find(t, acquisition_identity((uintptr_t)m, word), word);
    if (unlikely(!line || !line->row))
        return lock_full(t, m, site, false);
    acquisition_note_taking(t, n, (uintptr_t)m, word, line->row);
    if (plain) {
        if (unlikely(!mutex_word_take(m, t->tid)))
            return lock_refused(t, m, site, NULL);
    } else {
        int result = lock_free_one(t, m);
        if (unlikely(result))
            return result == EBUSY ? lock_refused(t, m, site, NULL) : lock_odd(t, m, site, result);
    }
    line->count++;
    t->chained = n + 1;
    t->chain = t->held[n].row;
    slot_state_set(t, n + 1, KIWI_WANT_NONE, 0);
    guard_clear(t);
    return 0;
}

static NOINLINE int lock_nested_searching(struct thread *t, pthread_mutex_t *m, uintptr_t sp, uintptr_t rbp)
{
    struct call_site site = {sp, rbp};
    struct stack_entry *e = stack_search(t, site);
    acquisition_chain(t);
    return mutex_is_plain(m) ? lock_nested_on(t, m, site, e, true) : lock_nested_on(t, m, site, e, false);
}

static ALWAYS_INLINE int lock_nested(struct thread *t, pthread_mutex_t *m, struct call_site site, bool plain)
{
    struct stack_entry *e = t->stacks[stack_bucket(site)];
    guard_set(t);
    if (unlikely(!e || t->module_epoch != RELAXED_LOAD(&stack_module_epoch) || !t->slot->held_count))
        return lock_full(t, m, site, false);
    if (unlikely(!stack_entry_matches(e, site) || !acquisition_chain_ready(t)))
        return lock_nested_searching(t, m, site.sp, site.rbp);
    return lock_nested_on(t, m, site, e, plain);
}

static NOINLINE int lock_nested_in_place(struct thread *t, pthread_mutex_t *m, uintptr_t sp, uintptr_t rbp)
{
    return lock_nested(t, m, (struct call_site){sp, rbp}, true);
}

static NOINLINE int lock_nested_anyhow(struct thread *t, pthread_mutex_t *m, uintptr_t sp, uintptr_t rbp)
{
    return lock_nested(t, m, (struct call_site){sp, rbp}, false);
}

/* A signal handler that took a lock during the quick way left that one in this one's place, the last of those held. Or
 * it made this process by a fork: then nothing is known to be held. */
static NOINLINE int lock_disturbed(struct thread *t, const pthread_mutex_t *m, uintptr_t sp, uintptr_t rbp,
                                   uint32_t kind)
{
    struct call_site site = {sp, rbp};
    if (t->guard != GUARD_IDLE)
        return 0;
    guard_set(t);
    struct kiwi_held *h = &t->held[t->slot->held_count - 1];
    h->address = (uintptr_t)m;
    RELAXED_STORE((uint64_t *)(void *)&h->row, HELD_ONCE);
    h->flags = kind;
    h->stack = stack_of(t, site);
    guard_clear(t);
    return 0;
}

/*
 * The first lock, free, on a known path. Without the guard: its two stores would be two of the few that the lock's
 * atomic instruction waits for. So a signal handler that comes in between is recorded as usual, and what it leaves is
 * looked at afterwards: another lock in this one's place, or a child that it has forked.
 */
static ALWAYS_INLINE int lock_quick_first(struct thread *t, pthread_mutex_t *m, struct call_site site,
                                          struct stack_entry *e)
{
    lock_quick_taking(t, 0, e, (uintptr_t)m, LOCK_KIND);
    int result = lock_free_one(t, m);
    if (unlikely(t->guard != GUARD_IDLE))
        return result == EBUSY ? real.pthread_mutex_lock(m) : result;
    if (unlikely(result)) {
        guard_set(t);
        return result == EBUSY ? lock_refused(t, m, site, e) : lock_odd(t, m, site, result);
    }
    slot_state_set(t, 1, KIWI_WANT_NONE, 0);
    return likely(t->held->address == (uintptr_t)m) ? 0 : lock_disturbed(t, m, site.sp, site.rbp, LOCK_KIND);
}

/* In place the same without the calls. */
static NOINLINE int lock_was_taken(struct thread *t, pthread_mutex_t *m, uintptr_t sp, uintptr_t rbp,
                                   struct stack_entry *e)
{
    struct call_site site = {sp, rbp};
    if (unlikely(t->guard != GUARD_IDLE))
        return real.pthread_mutex_lock(m);
    guard_set(t);
    return lock_refused(t, m, site, e);
}

static ALWAYS_INLINE int lock_in_place(struct thread *t, pthread_mutex_t *m, struct call_site site,
                                       struct stack_entry *e)
{
    lock_quick_taking(t, 0, e, (uintptr_t)m, LOCK_KIND);
    if (unlikely(!mutex_word_take(m, t->tid)))
        return lock_was_taken(t, m, site.sp, site.rbp, e);
    if (unlikely(t->guard != GUARD_IDLE))
        return 0;
    slot_state_set(t, 1, KIWI_WANT_NONE, 0);
    return likely(t->held->address == (uintptr_t)m) ? 0 : lock_disturbed(t, m, site.sp, site.rbp, LOCK_KIND);
}

/* Any kind of mutex, anything held, any path. */
static NOINLINE int lock_anyhow(pthread_mutex_t *m, uintptr_t sp, uintptr_t rbp)
{
    struct call_site site = {sp, rbp};
    struct thread *t = thread_enter();
    if (unlikely(!t))
        return real.pthread_mutex_lock(m);
    struct stack_entry *e = likely(!t->slot->held_count) ? lock_quick_path(t, site) : NULL;
    if (likely(e) && likely(!looks_taken(m)))
        return lock_quick_first(t, m, site, e);
    if (!looks_taken(m))
        return lock_nested_anyhow(t, m, site.sp, site.rbp);
    guard_set(t);
    return lock_full(t, m, site, false);
}

/* What lock_here does, of a path that is not the first in its bucket: a function that locks for several others. */
static NOINLINE int lock_searching(struct thread *t, pthread_mutex_t *m, uintptr_t sp, uintptr_t rbp)
{
    struct call_site site = {sp, rbp};
    struct stack_entry *e = stack_search(t, site);
    if (likely(e) && likely(e->tick > 1) && likely(!looks_taken(m)))
        return lock_in_place(t, m, site, e);
    guard_set(t);
    return lock_full(t, m, site, false);
}

/* A free normal mutex, while nothing is held. For this wrapper's caller if no other site is given: a constant, once
 * this is inlined. */
static ALWAYS_INLINE int lock_here(pthread_mutex_t *m, const struct call_site *given)
{
    prefetch_for_write(m);
    struct thread *t = kiwi_self;
    struct call_site site = given ? *given : CALL_SITE();
    if (unlikely(t->guard != GUARD_IDLE || !mutex_is_plain(m) || t->quick_epoch != RELAXED_LOAD(&stack_module_epoch)))
        return lock_anyhow(m, site.sp, site.rbp);
    if (t->slot->held_count && likely(!looks_taken(m)))
        return lock_nested_in_place(t, m, site.sp, site.rbp);
    struct stack_entry *e = t->stacks[stack_bucket(site)];
    if (unlikely(!e))
        return lock_anyhow(m, site.sp, site.rbp);
    if (unlikely(!stack_entry_matches(e, site)))
        return e->next ? lock_searching(t, m, site.sp, site.rbp) : lock_anyhow(m, site.sp, site.rbp);
    if (unlikely(e->tick <= 1) || unlikely(looks_taken(m)) || unlikely(t->slot->held_count))
        return lock_anyhow(m, site.sp, site.rbp);
    return lock_in_place(t, m, site, e);
}

EXPORT int pthread_mutex_lock(pthread_mutex_t *m)
{
    return lock_here(m, NULL);
}

int mutex_lock_at(pthread_mutex_t *m, struct call_site site)
{
    return lock_here(m, &site);
}

static int lock_timed(const struct request *r)
{
    struct thread *t = thread_enter();
    if (!t || record_settings.locks_off)
        return call_real(r);
    struct lock_request q;
    guard_set(t);
    if (mutex_is_destroyed(r->m))
        return use_destroyed(t, r);
    int at = held_still(t, r->m);
    if (at >= 0)
        return lock_again(t, r, at);
    bool taken = looks_taken(r->m) && is_taken(r->m);
    lock_request(&q, t, (uintptr_t)r->m, r->site, kind_of(r), taken);
    if (taken)
        return lock_contended(t, r, &q);
    bool room = lock_taking(&q);
    lock_sample(&q);
    int result = call_real(r);
    if (granted(result) && room)
        lock_taken(&q);
    else
        acquisition_want(t, KIWI_WANT_NONE);
    guard_clear(t);
    return result;
}

int mutex_timedlock_at(pthread_mutex_t *m, const struct timespec *until, struct call_site site)
{
    struct request r = {.m = m, .site = site, .timed = true, .until = until, .clock = -1};
    return lock_timed(&r);
}

EXPORT int pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *until)
{
    return mutex_timedlock_at(m, until, CALL_SITE());
}

EXPORT int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock, const struct timespec *until)
{
    struct request r = {.m = m, .site = CALL_SITE(), .timed = true, .until = until, .clock = clock};
    if (clock < 0) { /* a clock of a process or a wrong number: the real call says that it will not have it */
        real_ensure();
        return real.pthread_mutex_clocklock(m, clock, until);
    }
    return lock_timed(&r);
}

static NOINLINE int try_full(struct thread *t, pthread_mutex_t *m, struct call_site site)
{
    struct lock_request q;
    if (mutex_is_destroyed(m)) {
        note_destroyed(t, m, site);
        guard_clear(t);
        return real.pthread_mutex_trylock(m);
    }
    held_still(t, m);
    lock_request(&q, t, (uintptr_t)m, site, TRY_KIND, false);
    bool room = lock_taking(&q);
    lock_sample(&q);
    int result = real.pthread_mutex_trylock(m);
    if (granted(result) && room)
        lock_taken(&q);
    else
        acquisition_want(t, KIWI_WANT_NONE);
    guard_clear(t);
    return result;
}

/* A try that meets a taken lock usually fails, and leaves nothing to record unless the thread holds another one. */
static NOINLINE int try_taken(struct thread *t, pthread_mutex_t *m, struct call_site site)
{
    struct lock_request q;
    if (held_still(t, m) >= 0)
        return recursed(t, m, real.pthread_mutex_trylock(m));
    bool room = acquisition_taking(t, (uintptr_t)m, TRY_KIND, 0);
    int result = real.pthread_mutex_trylock(m);
    bool got = granted(result) && room;
    if (unlikely(inherited_count) && result == EBUSY)
        misuse_result(inherited_wanted(t, (uintptr_t)m, stack_of(t, site)), result);
    if (!got)
        acquisition_want(t, KIWI_WANT_NONE);
    if (got || t->slot->held_count)
        lock_request(&q, t, (uintptr_t)m, site, TRY_KIND, true);
    if (got) {
        contention_try_made(t, q.line->row);
        lock_taking(&q);
        lock_taken(&q);
    } else if (t->slot->held_count && result == EBUSY) {
        contention_try_failed(t, q.line->row, q.made);
    }
    guard_clear(t);
    return result;
}

static NOINLINE int try_anyhow(pthread_mutex_t *m, uintptr_t sp, uintptr_t rbp)
{
    struct call_site site = {sp, rbp};
    struct thread *t = thread_enter();
    if (unlikely(!t || record_settings.locks_off))
        return real.pthread_mutex_trylock(m);
    guard_set(t);
    uint32_t n = t->slot->held_count;
    struct stack_entry *e = likely(n < t->slot->held_capacity) ? lock_quick_path(t, site) : NULL;
    if (looks_taken(m))
        return try_taken(t, m, site);
    if (unlikely(!e))
        return try_full(t, m, site);
    lock_quick_taking(t, n, e, (uintptr_t)m, TRY_KIND);
    int result = real.pthread_mutex_trylock(m);
    if (unlikely(result))
        return lock_odd(t, m, site, result);
    slot_state_set(t, n + 1, KIWI_WANT_NONE, 0);
    guard_clear(t);
    return 0;
}

static NOINLINE int try_refused(struct thread *t)
{
    if (likely(t->guard == GUARD_IDLE))
        acquisition_want(t, KIWI_WANT_NONE);
    return EBUSY;
}

/* As lock_in_place, whatever is held: a try makes no order. (Behind so few locks that the place is there also in a
 * child that goes on here: process_forked.) */
static ALWAYS_INLINE int try_in_place(struct thread *t, pthread_mutex_t *m, struct call_site site,
                                      struct stack_entry *e)
{
    uint32_t n = t->slot->held_count;
    if (unlikely(e->tick <= 1 || n >= KIWI_SLOT_HELD) || unlikely(looks_taken(m)))
        return try_anyhow(m, site.sp, site.rbp);
    lock_quick_taking(t, n, e, (uintptr_t)m, TRY_KIND);
    if (unlikely(!mutex_word_try(m, t->tid)))
        return try_refused(t);
    if (unlikely(t->guard != GUARD_IDLE))
        return 0;
    slot_state_set(t, n + 1, KIWI_WANT_NONE, 0);
    return likely(t->held[n].address == (uintptr_t)m) ? 0 : lock_disturbed(t, m, site.sp, site.rbp, TRY_KIND);
}

static NOINLINE int try_searching(struct thread *t, pthread_mutex_t *m, uintptr_t sp, uintptr_t rbp)
{
    struct call_site site = {sp, rbp};
    struct stack_entry *e = stack_search(t, site);
    return likely(e != NULL) ? try_in_place(t, m, site, e) : try_anyhow(m, sp, rbp);
}

static ALWAYS_INLINE int try_here(pthread_mutex_t *m, const struct call_site *given)
{
    prefetch_for_write(m);
    struct thread *t = kiwi_self;
    struct call_site site = given ? *given : CALL_SITE();
    if (unlikely(t->guard != GUARD_IDLE || !mutex_is_plain(m) || t->quick_epoch != RELAXED_LOAD(&stack_module_epoch)))
        return try_anyhow(m, site.sp, site.rbp);
    struct stack_entry *e = t->stacks[stack_bucket(site)];
    if (unlikely(!e))
        return try_anyhow(m, site.sp, site.rbp);
    if (unlikely(!stack_entry_matches(e, site)))
        return try_searching(t, m, site.sp, site.rbp);
    return try_in_place(t, m, site, e);
}

EXPORT int pthread_mutex_trylock(pthread_mutex_t *m)
{
    return try_here(m, NULL);
}

int mutex_trylock_at(pthread_mutex_t *m, struct call_site site)
{
    return try_here(m, &site);
}

__attribute__((constructor(101))) static void mutex_start(void)
{
    if (real_ensure())
        lock_is_glibcs = mutex_word_start();
}
