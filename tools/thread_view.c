#include "thread_view.h"

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

static const char *call_name(uint32_t kind)
{
    switch (kind) {
#define X(id, name, text, group)                                                                                       \
    case id:                                                                                                           \
        return text;
        KIWI_CALLS(X)
#undef X
    default:
        return "an unknown call";
    }
}

static bool has_descriptor(uint32_t kind)
{
    switch (kind) {
#define X(id, name, text, group)                                                                                       \
    case id:                                                                                                           \
        return KIWI_GROUP_##group == KIWI_GROUP_IO || KIWI_GROUP_##group == KIWI_GROUP_DISK;
        KIWI_CALLS(X)
#undef X
    default:
        return false;
    }
}

uint64_t thread_view_age(const struct model *m, uint64_t now_ns, uint64_t ticks)
{
    uint64_t at = ticks ? trace_ns_at(m->trace, ticks) : 0;

    return at > 0 && now_ns > at ? now_ns - at : 0;
}

uint32_t thread_view_stack(const struct model *m, uint32_t acquisition)
{
    const struct kiwi_acquisition *a = trace_acquisition(m->trace, acquisition);

    return a ? a->stack : 0;
}

static uint32_t wanted_object(const struct model *m, const struct kiwi_slot *s)
{
    const struct kiwi_acquisition *a = trace_acquisition(m->trace, s->want_row);

    return a ? a->object : 0;
}

static void view_call(struct thread_view *v, const struct model *m, uint64_t now_ns)
{
    const struct kiwi_slot *s = v->slot;
    const struct kiwi_call *call = trace_call(m->trace, s->call_row);

    if (s->call_kind == 0)
        return;
    v->call = call_name(s->call_kind);
    v->state = THREAD_CALLING;
    v->timed = (s->call_flags & (KIWI_CALLF_TIMED | KIWI_CALLF_NONBLOCKING)) != 0;
    v->stack = call ? call->stack : 0;
    v->for_ns = thread_view_age(m, now_ns, s->call_since);
    if (s->call_kind == KIWI_CALL_JOIN || s->call_kind == KIWI_CALL_TIMEDJOIN || s->call_kind == KIWI_CALL_CLOCKJOIN)
        v->joined = (uint32_t)s->call_object;
    else if (s->call_kind >= KIWI_CALL_COND_WAIT && s->call_kind <= KIWI_CALL_COND_CLOCKWAIT)
        v->condition = (uint32_t)s->call_object;
    else if (has_descriptor(s->call_kind))
        v->descriptor = (int32_t)s->call_object;
}

static void view_want(struct thread_view *v, const struct model *m, uint64_t now_ns)
{
    const struct kiwi_slot *s = v->slot;
    const struct kiwi_acquisition *a = trace_acquisition(m->trace, s->want_row);

    if (s->want == KIWI_WANT_NONE)
        return;
    v->state = s->want == KIWI_WANT_TAKING      ? THREAD_TAKING
               : s->want == KIWI_WANT_RELEASING ? THREAD_RELEASING
                                                : THREAD_WAITING;
    v->timed = s->want == KIWI_WANT_TIMED;
    v->object = wanted_object(m, s);
    v->for_reading = a && a->mode == KIWI_MODE_READ;
    v->stack = thread_view_stack(m, s->want_row);
    v->for_ns = thread_view_age(m, now_ns, s->want_since);
    v->holders = model_holders(m, v->object, &v->holder_count);
}

static bool view_held(struct thread_view *v, const struct model *m)
{
    unsigned room = v->slot->held_count;

    if (room > MODEL_MAX_SLOT_HELD)
        room = MODEL_MAX_SLOT_HELD;
    if (room == 0)
        return true;
    v->held = calloc(room, sizeof *v->held);
    if (!v->held)
        return false;
    v->held_count = model_slot_held(m, v->slot, v->held, room);
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
    view_want(v, m, now_ns);
    return view_held(v, m);
}

void thread_view_close(struct thread_view *v)
{
    free(v->held);
}

uint32_t thread_view_in_transition(const struct model *m, uint32_t object, uint32_t from)
{
    uint32_t count = trace_rows(m->trace, KIWI_TABLE_SLOTS);

    for (uint32_t i = from > 0 ? from : 1; object && i < count; i++) {
        const struct kiwi_slot *s = trace_slot(m->trace, i);

        if (s && s->state == KIWI_ROW_LIVE && (s->want == KIWI_WANT_TAKING || s->want == KIWI_WANT_RELEASING) &&
            wanted_object(m, s) == object)
            return i;
    }
    return 0;
}

const struct kiwi_event *thread_view_event(const struct thread_view *v, unsigned i)
{
    const struct kiwi_event *e;

    if (!v->slot || i >= KIWI_SLOT_EVENTS || i >= v->slot->event_next)
        return NULL;
    e = &v->slot->events[(v->slot->event_next - 1 - i) % KIWI_SLOT_EVENTS];
    return e->ticks ? e : NULL;
}
