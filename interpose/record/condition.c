#include "condition.h"

#include "../base/clock.h"
#include "misuse.h"
#include "wait_site.h"

#include <string.h>

#define ONE_WAITING 1ull
#define ONE_SIGNALLED (1ull << 32)

static uint32_t waiting_of(uint64_t w)
{
    return (uint32_t)w;
}

static uint32_t signalled_of(uint64_t w)
{
    return (uint32_t)(w >> 32);
}

static uint64_t *waiters_word(uint32_t cond)
{
    _Static_assert(offsetof(struct kiwi_object, cond_signalled) == offsetof(struct kiwi_object, cond_waiting) + 4 &&
                           offsetof(struct kiwi_object, cond_waiting) % 8 == 0,
                   "the two counts are one atomic word");
    return (uint64_t *)(void *)&region_object(cond)->cond_waiting;
}

static uint64_t one_woken(uint64_t w)
{
    return signalled_of(w) < waiting_of(w) ? w + ONE_SIGNALLED : w;
}

static uint64_t all_woken(uint64_t w)
{
    return (uint64_t)waiting_of(w) << 32 | waiting_of(w);
}

/* A waiter that was woken uses up a signal; one that timed out leaves it to the others. */
static uint64_t one_returned(uint64_t w)
{
    uint32_t waiting = waiting_of(w) ? waiting_of(w) - 1 : 0, signalled = signalled_of(w) ? signalled_of(w) - 1 : 0;
    return (uint64_t)signalled << 32 | waiting;
}

static uint64_t one_gave_up(uint64_t w)
{
    uint32_t waiting = waiting_of(w) ? waiting_of(w) - 1 : 0;
    return (uint64_t)(signalled_of(w) < waiting ? signalled_of(w) : waiting) << 32 | waiting;
}

/* Returns what it was before. */
static uint64_t change(uint32_t cond, uint64_t (*next)(uint64_t))
{
    uint64_t *w = waiters_word(cond), old = RELAXED_LOAD(w);
    while (!__atomic_compare_exchange_n(w, &old, next(old), true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    return old;
}

static uint32_t blocked_of(uint64_t w)
{
    return waiting_of(w) > signalled_of(w) ? waiting_of(w) - signalled_of(w) : 0;
}

uint32_t condition_waiting(uint32_t cond)
{
    return cond ? waiting_of(RELAXED_LOAD(waiters_word(cond))) : 0;
}

uint32_t condition_blocked(uint32_t cond)
{
    return cond ? blocked_of(RELAXED_LOAD(waiters_word(cond))) : 0;
}

/* The row beside the object's. An object row that was used again begins anew. */
static struct kiwi_cond *cond_row(uint32_t cond)
{
    uint32_t row = RELAXED_LOAD(&memory.conds[cond]);
    if (!row) {
        uint32_t none = 0, made = region_claim(KIWI_TABLE_CONDS, 1);
        if (!made)
            return NULL;
        if (__atomic_compare_exchange_n(&memory.conds[cond], &none, made, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            row = made;
        else
            row = none; /* another thread was first: ours is wasted and stays unpublished */
    }
    struct kiwi_cond *c = region_cond(row);
    uint32_t generation = region_object(cond)->generation;
    if (c->object != cond || c->generation != generation) {
        memset((char *)c + sizeof c->state, 0, sizeof *c - sizeof c->state);
        c->object = cond;
        c->generation = generation;
        region_publish(&c->state, KIWI_ROW_LIVE);
    }
    return c;
}

/* Does the thread of the slot wait for the condvar with another mutex? */
static bool waits_with_other(const struct kiwi_slot *s, uint32_t cond, uintptr_t mutex)
{
    uint32_t kind = RELAXED_LOAD(&s->call_kind), row = RELAXED_LOAD(&s->wait_row);
    if (kind != KIWI_CALL_COND_WAIT && kind != KIWI_CALL_COND_TIMEDWAIT && kind != KIWI_CALL_COND_CLOCKWAIT)
        return false;
    if (!row || RELAXED_LOAD(&s->call_object) != cond)
        return false;
    const struct kiwi_object *o = region_object(region_acquisition(row)->object);
    return !(o->flags & KIWI_OBJECT_CLASS) && o->address != mutex;
}

/* A thread that is blocked in a wait for the condvar with another mutex; NULL = none (any more). As many as were woken
 * may be on their way out. */
static const struct kiwi_slot *other_waiter(uint32_t cond, uintptr_t mutex)
{
    const struct kiwi_slot *found = NULL;
    uint32_t others = 0;
    for (uint32_t i = 1; i < memory.slots; i++)
        if (RELAXED_LOAD(&memory.slot_used[i]) && memory.threads[i] && waits_with_other(region_slot(i), cond, mutex)) {
            found = region_slot(i);
            others++;
        }
    return others > signalled_of(RELAXED_LOAD(waiters_word(cond))) ? found : NULL;
}

/* Looks at all threads, so only where the mutex is another one than that of the wait before. The other thread's own row
 * names its mutex. */
static COLD void note_two_mutexes(struct thread *t, uint32_t cond, uintptr_t mutex, uint32_t stack)
{
    uint32_t row = t->slot->wait_row;
    const struct kiwi_slot *s = other_waiter(cond, mutex);
    if (!s || !row || region_object(region_acquisition(row)->object)->address != mutex)
        return;
    struct misuse_facts f = {.kind = KIWI_MISUSE_COND_TWO_MUTEXES,
                             .object = cond,
                             .stack = stack,
                             .other_thread = s->thread,
                             .other_row = s->wait_row};
    misuse_result(misuse_note(t, &f), (int)row);
}

void condition_wait_site(struct thread *t, int at)
{
    t->slot->wait_row = at >= 0 ? wait_site_enter(t, at) : 0;
}

/*
 * Of two waits that begin at the same time with two mutexes, one sees the other: each is seen in its slot before it is
 * counted (a full barrier), and the later one to exchange the mutex finds that of the earlier one.
 */
void condition_wait_begin(struct thread *t, uint32_t cond, uintptr_t mutex, uint32_t stack)
{
    if (!cond)
        return;
    struct kiwi_cond *c = cond_row(cond);
    uint64_t before = __atomic_fetch_add(waiters_word(cond), ONE_WAITING, __ATOMIC_SEQ_CST);
    if (!c || RELAXED_LOAD(&c->mutex) == mutex)
        return;
    uintptr_t other = __atomic_exchange_n(&c->mutex, mutex, __ATOMIC_SEQ_CST);
    if (other != mutex && blocked_of(before) && !(region_object(cond)->flags & KIWI_OBJECT_SHARED))
        note_two_mutexes(t, cond, mutex, stack);
}

void condition_wait_end(uint32_t cond, bool woken)
{
    if (!cond)
        return;
    struct kiwi_cond *c = cond_row(cond);
    if (c)
        RELAXED_STORE(&c->returned_ticks, clock_ticks());
    change(cond, woken ? one_returned : one_gave_up);
}

void condition_signal(struct thread *t, uint32_t cond, bool all, uint32_t stack)
{
    if (!cond)
        return;
    uint32_t blocked = blocked_of(change(cond, all ? all_woken : one_woken));
    bool missed = !blocked;
    struct kiwi_cond *c = missed || RELAXED_LOAD(&memory.conds[cond]) ? cond_row(cond) : NULL;
    if (!c)
        return;
    if (missed) {
        c->signal_thread = t->row;
        c->signal_serial = t->serial;
        c->signal_stack = stack;
        RELAXED_ADD(&c->missed, 1);
        RELAXED_STORE(&c->missed_ticks, clock_ticks());
    } else if (RELAXED_LOAD(&c->missed_ticks)) {
        RELAXED_STORE(&c->missed_ticks, 0);
    }
    if (blocked > 1 && !all)
        RELAXED_STORE(&c->chose_ticks, clock_ticks());
}
