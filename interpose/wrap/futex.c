/*
 * futex.c - syscall(SYS_futex, ...): how Rust's locks, C++20's atomic waits, latches and semaphores, and hand-made
 * locks wait and wake. What the word means is the program's own affair, so nobody owns a futex: a wait is a blocking
 * call on an object, and a wake-up puts what was done before it in front of what the woken one does next.
 *
 * The C library's own futexes do not come through here.
 */
#include "futex.h"

#include "../record/call.h"
#include "../record/handover.h"
#include "lock.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13 /* Linux 5.14 */
#endif

static bool is_wait(int command)
{
    return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET || command == FUTEX_LOCK_PI ||
           command == FUTEX_LOCK_PI2 || command == FUTEX_WAIT_REQUEUE_PI;
}

static bool is_wake(int command)
{
    return command == FUTEX_WAKE || command == FUTEX_WAKE_BITSET || command == FUTEX_WAKE_OP ||
           command == FUTEX_REQUEUE || command == FUTEX_CMP_REQUEUE || command == FUTEX_UNLOCK_PI;
}

static bool is_wake_of_all(int command, int count)
{
    return (command == FUTEX_WAKE || command == FUTEX_WAKE_BITSET) && count == INT_MAX;
}

/* At most; what moves waiters to another word, or does more than wake, may wake any. */
static uint32_t how_many(int command, long count)
{
    return command == FUTEX_WAKE || command == FUTEX_WAKE_BITSET ? (uint32_t)count : UINT32_MAX;
}

/* Only FUTEX_WAIT counts its timeout from now. */
static uint32_t time_flags(int command, const struct timespec *timeout)
{
    if (command == FUTEX_WAIT)
        return call_limit(kiwi_self, timeout);
    return timeout ? KIWI_CALLF_TIMED : KIWI_CALLF_UNTIMED;
}

/* Inside a wait that is recorded already, a futex is only how that is made. */
static bool part_of_another(const struct thread *t)
{
    return t->slot->call_kind || KIWI_WANT_OF(t->slot) != KIWI_WANT_NONE;
}

struct wait {
    struct thread *t; /* NULL: not recorded */
    struct call_record call;
    uint32_t object;
};

/*
 * Whether a wait looks like one for a lock that is taken: those with three states (free, taken, taken and waited for)
 * wait as long as the word is 2. Rust's Mutex is one. A word that is waited for at any other value is something else.
 */
static bool is_lock_wait(long operation, long expected)
{
    int command = (int)operation & FUTEX_CMD_MASK;
    return (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET) && (operation & FUTEX_PRIVATE_FLAG) &&
           (uint32_t)expected == 2;
}

static void note_use(uint32_t object, bool lock)
{
    struct kiwi_object *o = region_object(object);
    if (!lock && o->kind == KIWI_OBJECT_FUTEX && (RELAXED_LOAD(&o->flags) & KIWI_OBJECT_LOCK_LIKE))
        __atomic_fetch_and(&o->flags, (uint16_t)~KIWI_OBJECT_LOCK_LIKE, __ATOMIC_RELAXED);
}

static void wait_begin(struct wait *w, uintptr_t address, uint32_t flags, bool lock, struct call_site site)
{
    struct thread *t = thread_enter();
    w->t = NULL;
    if (!t || record_settings.locks_off || part_of_another(t))
        return;
    guard_set(t);
    uint32_t stack = stack_of(t, site);
    struct object_facts facts = {
            .address = address, .kind = KIWI_OBJECT_FUTEX, .flags = lock ? KIWI_OBJECT_LOCK_LIKE : 0};
    w->t = t;
    w->object = object_find(address); /* perhaps it is known as what it is the word of */
    if (!w->object)
        w->object = object_get(t, &facts, stack);
    if (w->object) {
        note_use(w->object, lock);
        RELAXED_ADD(&region_object(w->object)->cond_waiting, 1);
    }
    handover_waits(t, w->object);
    call_enter(&w->call, t, KIWI_CALL_FUTEX_WAIT, stack, lock ? flags : flags | KIWI_CALLF_NO_LOCK, w->object);
    guard_clear(t);
}

/* How many of those that wait were woken and are not back yet: futexes have no use for the field else. */
static void woken(struct kiwi_object *o, uint32_t count)
{
    uint32_t waiting = RELAXED_LOAD(&o->cond_waiting), before = RELAXED_LOAD(&o->cond_signalled);
    RELAXED_STORE(&o->cond_signalled, count < waiting - before && before < waiting ? before + count : waiting);
}

static void back_from_wait(struct kiwi_object *o, bool was_woken)
{
    uint32_t before = RELAXED_LOAD(&o->cond_signalled),
             left = __atomic_sub_fetch(&o->cond_waiting, 1, __ATOMIC_RELAXED);
    if (o->kind != KIWI_OBJECT_FUTEX)
        return; /* a condition variable of GLib's, say */
    if (!left)
        RELAXED_STORE(&o->cond_signalled, 0);
    else if (was_woken && before)
        RELAXED_STORE(&o->cond_signalled, before - 1);
}

static void wait_end(struct wait *w, long result)
{
    struct thread *t = w->t;
    if (!t || t->guard != GUARD_IDLE)
        return;
    guard_set(t);
    bool was_woken = result >= 0; /* EAGAIN: it did not sleep, and takes no wake-up from one that does */
    call_leave(&w->call, result < 0 ? errno : 0, 0);
    if (w->object)
        back_from_wait(region_object(w->object), was_woken);
    if (result == 0)
        handover_take(t, w->object);
    guard_clear(t);
}

/*
 * Before the real call: the memory may be another's as soon as somebody is woken. Who wakes all is the last one at a
 * barrier, or opens a gate: he comes after those who wait there. (Who wakes one is often the owner of a lock.)
 */
static void note_wake(uintptr_t address, bool all, uint32_t count)
{
    struct thread *t = thread_enter();
    if (!t || record_settings.locks_off || part_of_another(t))
        return;
    guard_set(t);
    uint32_t object = object_find(address);
    if (object && region_object(object)->kind == KIWI_OBJECT_FUTEX &&
        RELAXED_LOAD(&region_object(object)->cond_waiting)) {
        if (all)
            handover_wakes_all(t, object);
        handover_give(t, object);
        woken(region_object(object), count);
    }
    slot_state_set(t, t->slot->held_count, KIWI_WANT_NONE, 1);
    guard_clear(t);
}

long syscall_futex(long number, long word, long operation, long a3, long a4, long a5, long a6)
{
    int command = (int)operation & FUTEX_CMD_MASK;
    struct wait w = {0};
    if (is_wait(command)) {
        uint32_t flags = operation & FUTEX_PRIVATE_FLAG ? 0 : KIWI_CALLF_NOT_PRIVATE;
        wait_begin(&w, (uintptr_t)word, flags | time_flags(command, (const struct timespec *)a4),
                   is_lock_wait(operation, a3), CALL_SITE());
    }
    if (is_wake(command))
        note_wake((uintptr_t)word, is_wake_of_all(command, (int)a3), how_many(command, a3));
    long result = real.syscall(number, word, operation, a3, a4, a5, a6);
    wait_end(&w, result);
    return result;
}
