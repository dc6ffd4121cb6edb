#include "lock.h"

#include "glib.h"
#include "mutex.h"
#include "once.h"
#include "rwlock.h"
#include "semaphore.h"
#include "spin.h"

#include <errno.h>

/* What the recorder asks of a lock by its kind. */

static void facts_of(uintptr_t address, struct object_facts *facts)
{
    if (facts->kind == KIWI_OBJECT_MUTEX)
        mutex_facts(address, facts);
    else if (facts->kind == KIWI_OBJECT_RWLOCK)
        rwlock_facts(address, facts);
    else
        *facts = (struct object_facts){.address = address, .kind = facts->kind};
}

static bool is_mutex(const struct kiwi_held *held)
{
    uint32_t kind = KIWI_HELD_KIND(held->flags);
    return !kind || kind == KIWI_OBJECT_MUTEX;
}

static bool shows_waiters(const struct kiwi_held *held)
{
    if (KIWI_HELD_KIND(held->flags) == KIWI_OBJECT_GMUTEX)
        return !lock_memory_gone(held->address) && gmutex_shows_waiters(held->address);
    return is_mutex(held) && mutex_shows_waiters(held->address);
}

static bool let_go(const struct thread *t, const struct kiwi_held *held)
{
    if (KIWI_HELD_KIND(held->flags) == KIWI_OBJECT_SEMAPHORE)
        return !semaphore_is_lock_like(held->address);
    if (KIWI_HELD_KIND(held->flags) == KIWI_OBJECT_ONCE)
        return once_let_go(t, held);
    if (KIWI_HELD_KIND(held->flags) == KIWI_OBJECT_GMUTEX)
        return !lock_memory_gone(held->address) && !gmutex_looks_held(held->address);
    return is_mutex(held) && mutex_let_go(t, held->address);
}

static bool owned_by(const struct kiwi_held *held, int32_t tid)
{
    if (is_mutex(held))
        return mutex_owned_by(held->address, tid);
    switch (KIWI_HELD_KIND(held->flags)) {
    case KIWI_OBJECT_RWLOCK:
        return rwlock_owned_by(held->address, KIWI_HELD_MODE(held->flags), tid);
    case KIWI_OBJECT_SPIN:
        return !lock_memory_gone(held->address) && spin_looks_held(held->address);
    case KIWI_OBJECT_GMUTEX:
        return !lock_memory_gone(held->address) && gmutex_looks_held(held->address);
    default:
        return false; /* a semaphore may be given back by anybody */
    }
}

static bool looks_held(const struct kiwi_object *o)
{
    switch (o->kind) {
    case KIWI_OBJECT_MUTEX:
        return RELAXED_LOAD(&((const pthread_mutex_t *)o->address)->__data.__lock) != 0;
    case KIWI_OBJECT_RWLOCK:
        return rwlock_looks_held(o->address);
    case KIWI_OBJECT_SPIN:
        return spin_looks_held(o->address);
    case KIWI_OBJECT_GMUTEX:
        return gmutex_looks_held(o->address);
    default:
        return false;
    }
}

__attribute__((constructor(101))) static void lock_start(void)
{
    object_facts_of = facts_of;
    object_shows_waiters = shows_waiters;
    object_let_go = let_go;
    object_owned_by = owned_by;
    object_looks_held = looks_held;
}

/* The common way. */

static bool granted(int result)
{
    return result == 0;
}

/* As wait_real of mutex.c: recorded first, then called without the guard. false = the thread's state is gone since. */
static bool wait_recorded(struct lock_call *c, uint32_t row, int *result, uint64_t *now)
{
    struct thread *t = c->t;
    uint64_t since = acquisition_wait_begin(t, row, c->until ? KIWI_WANT_TIMED : KIWI_WANT_WAITING, c->holder);
    guard_clear(t);
    *result = c->call(c);
    if (t->guard != GUARD_IDLE)
        return false;
    guard_set(t);
    *now = acquisition_wait_end(t, row, since, c->holder);
    return true;
}

static int acquire_waiting(struct lock_call *c, struct lock_request *q)
{
    struct thread *t = c->t;
    uint32_t row = lock_instance_row(q);
    uint32_t noted = unlikely(inherited_count) ? inherited_wanted(t, q->address, ACQUISITION_STACK(q->word)) : 0;
    uint64_t now;
    int result;
    if (!wait_recorded(c, row, &result, &now))
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

COLD void lock_quick_uncount(struct thread *t, struct call_site site)
{
    struct stack_entry *e = stack_find(t, site);
    if (e)
        e->tick++;
}

static int finish(struct thread *t, int result, bool room)
{
    if (granted(result) && room)
        acquisition_taken(t);
    else
        acquisition_want(t, KIWI_WANT_NONE);
    guard_clear(t);
    return result;
}

int lock_acquire(struct lock_call *c)
{
    struct thread *t = c->t;
    struct lock_request q;
    if (likely(!c->taken && lock_quick(t, c->address, c->site, c->kind)))
        return finish(t, c->call(c), true);
    lock_request(&q, t, c->address, c->site, c->kind, c->taken);
    if (c->taken)
        return acquire_waiting(c, &q);
    bool room = lock_taking(&q);
    lock_sample(&q);
    bool tries = KIWI_HELD_HOW(c->kind) == KIWI_HOW_TRY && t->slot->held_count;
    int result = c->call(c);
    if (granted(result) && room) {
        if (tries)
            contention_try_made(t, q.line->row);
        lock_taken(&q);
        wait_site_taken(t);
        guard_clear(t);
        return result;
    }
    if (unlikely(inherited_count) && result == EBUSY)
        misuse_result(inherited_wanted(t, c->address, ACQUISITION_STACK(q.word)), result);
    if (tries && result == EBUSY)
        contention_try_failed(t, q.line->row, 0);
    return finish(t, result, false);
}

int lock_reenter(struct lock_call *c, int at)
{
    struct thread *t = c->t;
    int result = c->call(c);
    if (granted(result))
        t->held[at].count++;
    guard_clear(t);
    return result;
}

int lock_self_wait(struct lock_call *c, int at)
{
    struct thread *t = c->t;
    uint32_t word = stack_of(t, c->site) | c->kind;
    acquisition_chain(t);
    uint32_t own = t->held[at].row, noted = 0;
    uint32_t row = acquisition_line(t, c->address, word)->row;
    if (own) {
        struct misuse_facts f = {.kind = c->until ? KIWI_MISUSE_RELOCK_TIMED : KIWI_MISUSE_RELOCK,
                                 .object = region_acquisition(own)->object,
                                 .stack = ACQUISITION_STACK(word),
                                 .other_thread = t->row,
                                 .other_row = own};
        noted = misuse_note(t, &f);
    }
    uint64_t now;
    int result;
    c->holder = t->row;
    if (!wait_recorded(c, row, &result, &now))
        return result;
    misuse_result(noted, result);
    if (granted(result) && (at = acquisition_held(t, c->address)) >= 0)
        t->held[at].count++;
    acquisition_want(t, KIWI_WANT_NONE);
    guard_clear(t);
    return result;
}

void lock_is_monitor(struct thread *t, int at)
{
    struct kiwi_held *h = &t->held[at];
    if ((!is_mutex(h) && KIWI_HELD_KIND(h->flags) != KIWI_OBJECT_GMUTEX) || !h->row)
        return;
    handover_monitor(lock_held_object(t, at));
    if ((h->flags & KIWI_HELD_TIMED) || !handover_worth(t, lock_held_object(t, at)))
        return;
    h->since = clock_ticks();
    h->flags |= KIWI_HELD_TIMED;
}

void lock_passed(struct thread *t, int at)
{
    uint32_t object = lock_held_object(t, at);
    if (object && handover_worth(t, object))
        handover_pass(t, object);
}

bool lock_release(struct thread *t, uintptr_t address)
{
    int at = acquisition_held(t, address);
    if (at < 0)
        return false;
    if (t->held[at].count > 1)
        t->held[at].count--;
    else
        acquisition_released(t, at);
    return true;
}

uint32_t lock_misuse(struct thread *t, enum kiwi_misuse_kind kind, enum kiwi_object_kind object_kind, uintptr_t address,
                     struct call_site site)
{
    struct misuse_facts f = {.kind = kind, .stack = stack_of(t, site)};
    struct object_facts facts = {.address = address, .kind = (uint8_t)object_kind};
    object_facts_of(address, &facts);
    f.object = object_get(t, &facts, f.stack);
    misuse_blame(&f, address);
    return f.object ? misuse_note(t, &f) : 0;
}

uint32_t lock_after_destroy(struct thread *t, enum kiwi_misuse_kind kind, enum kiwi_object_kind object_kind,
                            uintptr_t address, struct call_site site)
{
    struct misuse_facts f = {.kind = kind};
    if (!destroyed_find(address, object_kind, &f))
        return 0;
    f.stack = stack_of(t, site);
    return misuse_note(t, &f);
}

/* In a forked child the locks that the forking thread holds may be made anew: there is no other way to free all. */
void lock_init_begin(struct thread *t, uintptr_t address, struct call_site site)
{
    if (!t || record_settings.locks_off)
        return;
    guard_set(t);
    struct misuse_facts f;
    uint32_t object = object_find(address);
    int own = acquisition_held(t, address);
    if (object && !t->fork_tid && leftover_in_block(object, &f)) {
        f.kind = KIWI_MISUSE_INIT_HELD;
        f.stack = stack_of(t, site);
        misuse_note(t, &f);
    }
    if (own >= 0) {
        acquisition_released(t, own);
        acquisition_want(t, KIWI_WANT_NONE);
    }
    guard_clear(t);
}

bool lock_destroyed(struct thread *t, uintptr_t address, struct call_site site)
{
    return destroyed_note(t, address, stack_of(t, site));
}
