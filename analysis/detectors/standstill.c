#include "standstill.h"

#include "../place.h"

#include <stdlib.h>
#include <string.h>

struct standstill {
    const struct model *m;
    struct waits *w;
    bool *waits, *wanted; /* by slot: waits for a lock or a join; has a lock that somebody waits for */
    uint32_t slots;
};

/* A condition variable whose waiters were signalled lets them go on. */
static bool cond_sleeps(const struct trace *t, const struct kiwi_slot *s)
{
    const struct kiwi_object *o = s->call_object < UINT32_MAX ? trace_object(t, (uint32_t)s->call_object) : NULL;

    return o && o->kind == KIWI_OBJECT_COND && !o->cond_signalled;
}

/* A semaphore may be posted and a futex woken by a signal handler; the other calls may not be made in one. */
static bool a_handler_may_wake(const struct trace *t)
{
    return trace_header(t)->wakers & KIWI_WAKER_HANDLER;
}

/* It serves as a lock, as far as this waiter goes: one that has taken it already, and waits at it all the same, waits
 * for an event. So Python's threads do, and a signal handler may well give that one. */
static bool is_lock_for(const struct model *m, uint32_t row, const struct kiwi_slot *waiter)
{
    const struct kiwi_object *o = trace_object(m->trace, row);
    uint32_t count;
    const struct model_holder *holders = model_holders(m, row, &count);

    for (uint32_t i = 0; i < count; i++) {
        const struct kiwi_slot *s = trace_slot(m->trace, holders[i].slot);

        if (s && s->thread == waiter->thread)
            return false;
    }
    return o && o->flags & KIWI_OBJECT_LOCK_LIKE;
}

/* Another process may post it; so may one that made it, where it was not seen being made. Who has taken one that serves
 * as a lock is a thread, and gives it back. */
static bool is_own_semaphore(const struct model *m, const struct kiwi_slot *s)
{
    uint32_t row = model_object_at(m, s->call_object);
    const struct kiwi_object *o = trace_object(m->trace, row);

    return o && !(o->flags & KIWI_OBJECT_SHARED) && (is_lock_for(m, row, s) || !a_handler_may_wake(m->trace));
}

/* So may it signal such a condition variable, or come to such a barrier. */
static bool is_shared(const struct trace *t, const struct kiwi_slot *s)
{
    const struct kiwi_object *o = s->call_object < UINT32_MAX ? trace_object(t, (uint32_t)s->call_object) : NULL;

    return o && (o->flags & KIWI_OBJECT_SHARED);
}

static const struct kiwi_object *futex_of(const struct trace *t, const struct kiwi_slot *s)
{
    bool waits = s->call_kind == KIWI_CALL_FUTEX_WAIT && (s->call_flags & KIWI_CALLF_UNTIMED);
    const struct kiwi_object *o =
            waits && s->call_object < UINT32_MAX ? trace_object(t, (uint32_t)s->call_object) : NULL;

    return o && o->kind == KIWI_OBJECT_FUTEX ? o : NULL;
}

static bool was_woken(const struct trace *t, const struct kiwi_slot *s)
{
    const struct kiwi_object *o = futex_of(t, s);

    return o && o->cond_signalled;
}

/* The lock made of a futex that a thread waits for, 0 = none. */
static uint32_t lock_word_of(const struct trace *t, const struct kiwi_slot *s)
{
    const struct kiwi_object *o = futex_of(t, s);

    return o && (o->flags & KIWI_OBJECT_LOCK_LIKE) ? (uint32_t)s->call_object : 0;
}

/* It was posted since: this thread may be on its way out. So it may if it serves as a lock and nobody has it; but in a
 * process that runs, its state would not have stayed as it was. */
static bool may_pass_semaphore(const struct model *m, const struct kiwi_slot *s)
{
    uint32_t holders, row = model_object_at(m, s->call_object);
    const struct kiwi_object *o = trace_object(m->trace, row);

    if (!o || o->wait_since >= s->call_since)
        return true;
    return is_lock_for(m, row, s) && !(o->flags & KIWI_OBJECT_KEPT) && !trace_is_live(m->trace) &&
           (!model_holders(m, row, &holders) || !holders);
}

/* The round is complete. */
static bool may_pass_barrier(const struct trace *t, const struct kiwi_slot *s)
{
    const struct kiwi_object *o = s->call_object < UINT32_MAX ? trace_object(t, (uint32_t)s->call_object) : NULL;

    return !o || o->wait_since >= s->call_since;
}

/* No other process has that memory: a variable of a module, on a stack, or in a heap block. */
static bool lies_here(const struct model *m, const struct kiwi_slot *s)
{
    uint32_t row = s->call_object < UINT32_MAX ? (uint32_t)s->call_object : 0;
    const struct kiwi_object *o = trace_object(m->trace, row);

    return o && (o->flags & (KIWI_OBJECT_STATIC | KIWI_OBJECT_ON_STACK) || o->block || model_stack_owner(m, row));
}

/* Another process may have the word mapped as well. The C++ library waits at all of its atomics, semaphores and futures
 * as if one had; the latter lie in memory of their own. */
static bool may_be_elsewhere(const struct model *m, const struct kiwi_slot *s)
{
    static const char future[] = "std::__atomic_futex_unsigned_base";
    struct symbol_frame f;

    if (!(s->call_flags & KIWI_CALLF_NOT_PRIVATE) || lies_here(m, s))
        return false;
    f = place_frame(m->trace, m->symbols, trace_call(m->trace, s->call_row)->stack, 0);
    return !f.function || strncmp(f.function, future, sizeof future - 1) != 0;
}

/* Only another thread can end this call. */
static bool sleeps(const struct model *m, const struct kiwi_slot *s)
{
    const struct trace *t = m->trace;

    if (!(s->call_flags & KIWI_CALLF_UNTIMED) || !trace_call(t, s->call_row))
        return false;
    switch (s->call_kind) {
    case KIWI_CALL_COND_WAIT:
        return cond_sleeps(t, s) && !is_shared(t, s);
    case KIWI_CALL_SEM_WAIT:
        return is_own_semaphore(m, s) && !may_pass_semaphore(m, s);
    case KIWI_CALL_BARRIER_WAIT:
        return !is_shared(t, s) && !may_pass_barrier(t, s);
    case KIWI_CALL_FUTEX_WAIT:
        return !is_shared(t, s) && !was_woken(t, s) && !may_be_elsewhere(m, s) &&
               (lock_word_of(t, s) || !a_handler_may_wake(t));
    default:
        return false;
    }
}

/* A thread that was made and has not begun: its row waits for it. */
static bool one_is_to_begin(const struct trace *t)
{
    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_THREADS); i++) {
        const struct kiwi_thread *row = trace_raw_row(t, KIWI_TABLE_THREADS, i);

        if (row && row->state == KIWI_ROW_EMPTY && row->serial)
            return true;
    }
    return false;
}

static bool all_stand(const struct standstill *b)
{
    const struct trace *t = b->m->trace;
    const struct kiwi_header *h = trace_header(t);

    if (h->dropped[KIWI_DROP_SLOTS] || h->dropped[KIWI_DROP_THREADS] || h->end_kind == KIWI_END_STOPPED)
        return false; /* there are others, or it went on unrecorded */
    if (h->wakers & KIWI_WAKER_THREAD)
        return false; /* one that is not known may be at anything */
    if (one_is_to_begin(t))
        return false;
    for (uint32_t i = 1; i < b->slots; i++) {
        const struct kiwi_slot *s = trace_slot(t, i);

        if (s && ((!b->waits[i] && !sleeps(b->m, s)) || !trace_slot_settled(t, i)))
            return false;
    }
    return true;
}

/* The semaphore that a thread sleeps at, if it serves as a lock. */
static uint32_t semaphore_of(const struct standstill *b, const struct kiwi_slot *s)
{
    uint32_t row = s->call_kind == KIWI_CALL_SEM_WAIT ? model_object_at(b->m, s->call_object) : 0;

    return row && is_lock_for(b->m, row, s) ? row : 0;
}

static struct wait sleep_of(const struct standstill *b, uint32_t slot, const struct kiwi_slot *s)
{
    return (struct wait){.waiter = slot,
                         .call = s->call_kind,
                         .want_stack = trace_call(b->m->trace, s->call_row)->stack,
                         .since = s->call_since};
}

static int add_semaphore(struct standstill *b, uint32_t slot, const struct kiwi_slot *s)
{
    uint32_t count, row = semaphore_of(b, s);
    const struct model_holder *holders = row ? model_holders(b->m, row, &count) : NULL;
    struct wait one = sleep_of(b, slot, s);

    one.object = row;
    for (uint32_t i = 0; holders && i < count; i++) {
        one.holder = holders[i].slot;
        one.held_stack = holders[i].stack;
        if (one.holder != slot && waits_add(b->w, one))
            return -1;
    }
    return 0;
}

static int add_sleeper(struct standstill *b, uint32_t slot, const struct kiwi_slot *s)
{
    struct wait one = sleep_of(b, slot, s);
    uint32_t known = b->w->count;

    for (uint32_t i = 0; i < known; i++) {
        one.holder = b->w->items[i].waiter;
        if (b->w->items[i].object && b->w->items[i].holder == slot && one.holder != slot && waits_add(b->w, one))
            return -1;
    }
    return 0;
}

static int add_unseen(struct standstill *b, uint32_t slot, uint32_t holder)
{
    const struct kiwi_slot *s = trace_slot(b->m->trace, slot);
    struct wait one = sleep_of(b, slot, s);

    one.call = 0;
    one.object = lock_word_of(b->m->trace, s);
    one.holder = holder;
    one.unseen = true;
    return waits_add(b->w, one);
}

/* The next slot, at or after `from`, that waits for a lock made of a futex; 0 = none. `but`: not for this one. */
static uint32_t next_unseen(const struct standstill *b, uint32_t from, uint32_t but)
{
    for (uint32_t i = from; i < b->slots; i++) {
        const struct kiwi_slot *s = trace_slot(b->m->trace, i);
        uint32_t word = s ? lock_word_of(b->m->trace, s) : 0;

        if (word && word != but)
            return i;
    }
    return 0;
}

static uint32_t joiner_of(const struct standstill *b, uint32_t slot)
{
    for (uint32_t i = 0; i < b->w->count; i++)
        if (b->w->items[i].holder == slot && !b->w->items[i].object && !b->w->items[i].call)
            return b->w->items[i].waiter;
    return 0;
}

/* Some thread sleeps for a reason that is not known: it may be the one that has the lock. */
static bool others_sleep(const struct standstill *b)
{
    for (uint32_t i = 1; i < b->slots; i++) {
        const struct kiwi_slot *s = trace_slot(b->m->trace, i);

        if (s && !b->waits[i] && !lock_word_of(b->m->trace, s))
            return true;
    }
    return false;
}

/* Each waiter with the next one that wants another such lock; where all want the same, with who is to join one. */
static int add_lock_words(struct standstill *b)
{
    if (others_sleep(b))
        return 0;
    for (uint32_t i = next_unseen(b, 1, 0); i; i = next_unseen(b, i + 1, 0)) {
        uint32_t word = lock_word_of(b->m->trace, trace_slot(b->m->trace, i)), holder = next_unseen(b, i + 1, word);

        if (!holder)
            holder = next_unseen(b, 1, word);
        if (!holder)
            holder = joiner_of(b, i);
        if (holder && add_unseen(b, i, holder))
            return -1;
    }
    return 0;
}

static void mark(struct standstill *b)
{
    for (uint32_t i = 0; i < b->w->count; i++) {
        const struct wait *w = &b->w->items[i];

        b->waits[w->waiter] = true;
        b->wanted[w->holder] = b->wanted[w->holder] || w->object;
    }
}

static int add_all(struct standstill *b)
{
    const struct trace *t = b->m->trace;

    mark(b);
    if (!all_stand(b))
        return 0;
    for (uint32_t i = 1; i < b->slots; i++) {
        const struct kiwi_slot *s = trace_slot(t, i);

        if (s && !b->waits[i] && add_semaphore(b, i, s))
            return -1;
    }
    if (add_lock_words(b))
        return -1;
    mark(b);
    for (uint32_t i = 1; i < b->slots; i++) {
        const struct kiwi_slot *s = trace_slot(t, i);

        if (s && !b->waits[i] && b->wanted[i] && add_sleeper(b, i, s))
            return -1;
    }
    return 0;
}

static int standstill_make(struct standstill *b, const struct model *m, struct waits *w)
{
    *b = (struct standstill){.m = m, .w = w, .slots = trace_rows(m->trace, KIWI_TABLE_SLOTS)};
    b->waits = calloc(2ul * b->slots + 1, sizeof *b->waits);
    b->wanted = b->waits ? b->waits + b->slots : NULL;
    return b->waits ? 0 : -1;
}

int standstill_add(struct waits *w, const struct model *m)
{
    struct standstill b;
    int result = standstill_make(&b, m, w) || add_all(&b) ? -1 : 0;

    free(b.waits);
    return result;
}

static bool any_thread(const struct standstill *b)
{
    for (uint32_t i = 1; i < b->slots; i++)
        if (trace_slot(b->m->trace, i))
            return true;
    return false;
}

int standstill_is_total(const struct model *m, bool *total)
{
    struct waits w;
    struct standstill b;
    int result;

    if (waits_make(&w, m))
        return -1;
    result = standstill_make(&b, m, &w);
    if (!result) {
        mark(&b);
        *total = any_thread(&b) && all_stand(&b);
    }
    free(b.waits);
    waits_release(&w);
    return result;
}

bool standstill_explained_by(enum finding_id id)
{
    return id == FINDING_DEADLOCK || id == FINDING_SELF_DEADLOCK || id == FINDING_LOST_WAKEUP ||
           id == FINDING_SLOW_SHUTDOWN;
}
