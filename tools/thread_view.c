#include "thread_view.h"
#include "../analysis/call_kinds.h"
#include "../analysis/descriptor_use.h"

#include <stdlib.h>
#include <string.h>

const char *thread_state_word(enum thread_state s)
{
    static const char *const words[] = {
#define X(name, word) [THREAD_##name] = (word),
            THREAD_STATES(X)
#undef X
    };

    return words[s];
}

uint64_t thread_view_age(const struct model *m, uint64_t now_ns, uint64_t ticks)
{
    uint64_t at = ticks ? trace_ns_at(m->trace, ticks) : 0;

    return at > 0 && now_ns > at ? now_ns - at : 0;
}

bool thread_view_has_lock(const struct thread_view *v)
{
    return v->state == THREAD_TAKING || v->state == THREAD_WAITING || v->state == THREAD_RELEASING;
}

/* The call's object is a row of OBJECTS. */
static bool waits_on_object(uint32_t kind)
{
    return (kind >= KIWI_CALL_COND_WAIT && kind <= KIWI_CALL_COND_CLOCKWAIT) || kind == KIWI_CALL_BARRIER_WAIT ||
           kind == KIWI_CALL_FUTEX_WAIT;
}

static void view_call(struct thread_view *v, const struct model *m, uint64_t now_ns)
{
    const struct kiwi_slot *s = v->slot;
    const struct kiwi_call *call = trace_call(m->trace, s->call_row);

    if (s->call_kind == 0)
        return;
    v->call = call_kind_phrase(s->call_kind);
    v->state = THREAD_CALLING;
    v->timed = (s->call_flags & (KIWI_CALLF_TIMED | KIWI_CALLF_NONBLOCKING)) != 0;
    v->stack = call ? call->stack : 0;
    v->for_ns = thread_view_age(m, now_ns, s->call_since);
    if (s->call_kind == KIWI_CALL_JOIN || s->call_kind == KIWI_CALL_TIMEDJOIN || s->call_kind == KIWI_CALL_CLOCKJOIN)
        v->joined = (uint32_t)s->call_object;
    else if (waits_on_object(s->call_kind))
        v->condition = (uint32_t)s->call_object;
    else if (call_kind_has_descriptor(s->call_kind))
        v->descriptor = (int32_t)s->call_object;
    v->about = descriptor_now(m->trace, v->descriptor);
}

/* A loop that is kept for all threads of a class is known by the wait that the thread sits in. */
static bool is_loop_of(const struct thread_view *v, const struct kiwi_loop *l)
{
    if (l->kind == KIWI_LOOP_SCOPE)
        return false;
    if (l->thread)
        return l->thread == v->row && l->serial == v->thread->serial;
    return l->thread_class == v->thread->thread_class && v->state == THREAD_CALLING && l->stack == v->stack;
}

/* The one in whose tick it is, else the one that it last ran. */
static void view_loop(struct thread_view *v, const struct model *m, uint64_t now_ns)
{
    const struct kiwi_loop *now = trace_loop(m->trace, v->slot->tick_loop);

    if (now) {
        v->loop = now;
        v->in_tick = true;
        v->tick_ns = thread_view_age(m, now_ns, v->slot->tick_since);
        return;
    }
    for (uint32_t i = 1; i < trace_rows(m->trace, KIWI_TABLE_LOOPS); i++) {
        const struct kiwi_loop *l = trace_loop(m->trace, i);

        if (l && is_loop_of(v, l) && (!v->loop || l->last_ticks > v->loop->last_ticks))
            v->loop = l;
    }
}

static void view_wanted(struct thread_view *v, const struct model *m, uint64_t now_ns)
{
    struct model_waiter wanted;

    if (!model_slot_wants(m, v->thread->slot, &wanted))
        return;
    v->state = wanted.want == KIWI_WANT_TAKING ? THREAD_TAKING : THREAD_WAITING;
    v->timed = wanted.want == KIWI_WANT_TIMED;
    v->object = wanted.object;
    v->address = wanted.address;
    v->for_reading = wanted.mode == KIWI_MODE_READ;
    v->stack = wanted.stack;
    v->for_ns = thread_view_age(m, now_ns, wanted.since);
    if (v->object)
        v->holders = model_holders(m, v->object, &v->holder_count);
}

/* A lock that the thread is letting go of is among those that it holds. */
static void view_released(struct thread_view *v)
{
    for (unsigned i = 0; i < v->held_count; i++) {
        const struct model_holder *h = &v->held[i];

        if (!h->releasing)
            continue;
        v->state = THREAD_RELEASING;
        v->object = h->object;
        v->address = h->held.address;
        v->for_reading = h->mode == KIWI_MODE_READ;
        v->stack = 0;
        v->for_ns = 0;
    }
}

static bool view_held(struct thread_view *v, const struct model *m)
{
    unsigned room = v->slot->held_count < MODEL_MAX_SLOT_HELD ? v->slot->held_count + 1 : MODEL_MAX_SLOT_HELD;

    v->held = calloc(room, sizeof *v->held);
    if (!v->held)
        return false;
    v->held_count = model_slot_holds(m, v->thread->slot, v->held, room);
    return true;
}

bool thread_view_open(struct thread_view *v, const struct model *m, uint64_t now_ns, uint32_t row)
{
    memset(v, 0, sizeof *v);
    v->row = row;
    v->descriptor = -1;
    v->settled = true;
    v->thread = trace_thread(m->trace, row);
    v->state = v->thread && v->thread->state == KIWI_ROW_LIVE ? THREAD_UNKNOWN : THREAD_EXITED;
    if (v->state == THREAD_EXITED)
        return true;
    v->slot = trace_slot(m->trace, v->thread->slot);
    if (!v->slot || v->slot->state != KIWI_ROW_LIVE || v->slot->thread != row) {
        v->slot = NULL;
        return true;
    }
    v->state = THREAD_RUNNING;
    v->settled = trace_slot_settled(m->trace, v->thread->slot);
    view_call(v, m, now_ns);
    view_loop(v, m, now_ns);
    view_wanted(v, m, now_ns);
    if (!view_held(v, m))
        return false;
    view_released(v);
    return true;
}

void thread_view_close(struct thread_view *v)
{
    free(v->held);
}

const struct model_waiter *thread_view_possible_holder(const struct thread_view *v, const struct model *m,
                                                       uint32_t *from)
{
    uint32_t count = 0;
    const struct model_waiter *waiters = v->object ? model_waiters(m, v->object, &count) : NULL;

    while (*from < count) {
        const struct model_waiter *w = &waiters[(*from)++];

        if (w->want == KIWI_WANT_TAKING && w->thread != v->row)
            return w;
    }
    return NULL;
}

const struct kiwi_event *thread_view_event(const struct thread_view *v, unsigned i)
{
    const struct kiwi_event *e;

    if (!v->slot || i >= KIWI_SLOT_EVENTS || i >= v->slot->event_next)
        return NULL;
    e = &v->slot->events[(v->slot->event_next - 1 - i) % KIWI_SLOT_EVENTS];
    return e->ticks ? e : NULL;
}
