#include "waits.h"
#include "../array.h"
#include "../call_kinds.h"

#include <pthread.h>
#include <stdlib.h>

struct builder {
    const struct model *m;
    struct waits *w;
};

int waits_add(struct waits *w, struct wait one)
{
    struct wait *items = array_room(w->items, w->count, &w->capacity, sizeof *items);

    if (!items)
        return -1;
    w->items = items;
    w->items[w->count++] = one;
    return 0;
}

static bool waits_without_limit(const struct model_waiter *w)
{
    if (w->want != KIWI_WANT_TAKING && w->want != KIWI_WANT_WAITING)
        return false;
    return w->object && w->how != KIWI_HOW_TRY && w->how != KIWI_HOW_TIMED;
}

/* A reader that waits for a rwlock on which writers go first, as one of these does: it waits for all who read now. */
static bool is_behind_writer(const struct builder *b, const struct model_waiter *w)
{
    const struct kiwi_object *o = trace_object(b->m->trace, w->object);
    uint32_t count;
    const struct model_waiter *waiters = model_waiters(b->m, w->object, &count);

    if (!o || o->kind != KIWI_OBJECT_RWLOCK || o->type != PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP ||
        w->want != KIWI_WANT_WAITING)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (waiters[i].mode == KIWI_MODE_WRITE && waiters[i].want == KIWI_WANT_WAITING &&
            waits_without_limit(&waiters[i]))
            return true;
    return false;
}

/* One entry for each thread that has the lock for certain: one that is about to let go may have done so already. */
static int waits_add_lock(struct builder *b, const struct model_waiter *w)
{
    uint32_t count;
    const struct model_holder *holders = model_holders(b->m, w->object, &count);

    for (uint32_t i = 0; i < count; i++) {
        bool both_read = w->mode == KIWI_MODE_READ && holders[i].mode == KIWI_MODE_READ;
        struct wait one = {.waiter = w->slot,
                           .holder = holders[i].slot,
                           .object = w->object,
                           .want_stack = w->stack,
                           .held_stack = holders[i].stack,
                           .since = w->since,
                           .relocks = w->how == KIWI_HOW_COND};

        if (!holders[i].releasing && (!both_read || is_behind_writer(b, w)) && waits_add(b->w, one))
            return -1;
    }
    return 0;
}

static int waits_add_join(struct builder *b, uint32_t slot, const struct kiwi_slot *s)
{
    const struct trace *t = b->m->trace;
    const struct kiwi_thread *joined = s->call_object < UINT32_MAX ? trace_thread(t, (uint32_t)s->call_object) : NULL;
    const struct kiwi_call *call = trace_call(t, s->call_row);
    const struct kiwi_slot *other = joined && joined->state == KIWI_ROW_LIVE ? trace_slot(t, joined->slot) : NULL;

    if (!other || other->thread != s->call_object)
        return 0;
    return waits_add(b->w, (struct wait){.waiter = slot,
                                         .holder = joined->slot,
                                         .want_stack = call ? call->stack : 0,
                                         .since = s->call_since});
}

/* The entry just past the held locks: what the thread let go of last. */
static const struct kiwi_held *slot_last_released(const struct trace *t, const struct kiwi_slot *s)
{
    if (s->held_rows)
        return s->held_count < UINT32_MAX - s->held_rows ? trace_held(t, s->held_rows + s->held_count) : NULL;
    return s->held_count < KIWI_SLOT_HELD ? &s->held[s->held_count] : NULL;
}

/*
 * A thread in a condition variable's wait that has been woken waits for its mutex, inside the C library. All waiters of
 * the variable must have been woken: which of several was, nobody knows.
 */
static int waits_add_relock(struct builder *b, uint32_t slot, const struct kiwi_slot *s)
{
    const struct trace *t = b->m->trace;
    const struct kiwi_object *cond = s->call_object < UINT32_MAX ? trace_object(t, (uint32_t)s->call_object) : NULL;
    const struct kiwi_held *mutex = slot_last_released(t, s);
    const struct kiwi_call *call = trace_call(t, s->call_row);

    if (!cond || cond->kind != KIWI_OBJECT_COND || !mutex || !mutex->address)
        return 0;
    if (!cond->cond_waiting || cond->cond_signalled < cond->cond_waiting)
        return 0;
    return waits_add_lock(b, &(struct model_waiter){.slot = slot,
                                                    .object = model_object_at(b->m, mutex->address),
                                                    .stack = call ? call->stack : 0,
                                                    .since = s->call_since,
                                                    .how = KIWI_HOW_COND,
                                                    .want = KIWI_WANT_WAITING});
}

int waits_make(struct waits *w, const struct model *m)
{
    struct builder b = {.m = m, .w = w};
    int result = 0;

    *w = (struct waits){0};
    for (uint32_t i = 1; !result && i < trace_rows(m->trace, KIWI_TABLE_SLOTS); i++) {
        const struct kiwi_slot *s = trace_slot(m->trace, i);
        struct model_waiter wanted;

        if (s && model_slot_wants(m, i, &wanted) && waits_without_limit(&wanted))
            result = waits_add_lock(&b, &wanted);
        else if (s && s->call_kind == KIWI_CALL_JOIN)
            result = waits_add_join(&b, i, s);
        else if (s && call_kind_is_cond_wait(s->call_kind))
            result = waits_add_relock(&b, i, s);
    }
    if (result)
        waits_release(w);
    return result;
}

void waits_release(struct waits *w)
{
    free(w->items);
    *w = (struct waits){0};
}
