#include "shutdown_hang.h"

#include "../call_kinds.h"

#define CHAIN_MAX 4u /* threads that wait for each other to end */

static const struct kiwi_slot *slot_of(const struct trace *t, uint32_t thread)
{
    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_SLOTS); i++) {
        const struct kiwi_slot *s = trace_slot(t, i);

        if (s && thread && s->thread == thread)
            return s;
    }
    return NULL;
}

static bool waits_for_ever(const struct kiwi_slot *s)
{
    if (!s || !s->call_kind || (s->call_flags & (KIWI_CALLF_TIMED | KIWI_CALLF_NONBLOCKING)))
        return false;
    switch (call_kind_group(s->call_kind)) {
    case KIWI_GROUP_SYNC:
    case KIWI_GROUP_IO:
    case KIWI_GROUP_POLL:
    case KIWI_GROUP_FILE_LOCK:
        return true;
    default:
        return s->call_kind == KIWI_CALL_SIGWAIT || s->call_kind == KIWI_CALL_SIGSUSPEND;
    }
}

static bool waits_for_work(const struct kiwi_slot *s)
{
    enum kiwi_call_group group = call_kind_group(s->call_kind);

    return group == KIWI_GROUP_POLL || group == KIWI_GROUP_PROCESS || s->call_kind == KIWI_CALL_ACCEPT ||
           s->call_kind == KIWI_CALL_ACCEPT4;
}

/* The thread at the end of a chain of joins waits for ever. */
static bool is_joined_in_vain(const struct trace *t, const struct kiwi_slot *s)
{
    for (unsigned i = 0; s && s->call_kind == KIWI_CALL_JOIN && i < CHAIN_MAX; i++)
        s = slot_of(t, (uint32_t)s->call_object);
    return waits_for_ever(s);
}

static bool all_wait(const struct trace *t)
{
    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_SLOTS); i++) {
        const struct kiwi_slot *s = trace_slot(t, i);

        if (s && s->thread && !waits_for_ever(s))
            return false;
    }
    return true;
}

bool shutdown_hangs(const struct model *m, uint64_t begin, uint32_t thread)
{
    const struct trace *t = m->trace;
    const struct kiwi_slot *s = slot_of(t, thread);
    const struct kiwi_call *c = s ? trace_call(t, s->call_row) : NULL;

    if (!c || !waits_for_ever(s) || waits_for_work(s) || s->call_since <= begin || c->first_ticks < begin)
        return false;
    return s->call_kind == KIWI_CALL_JOIN ? is_joined_in_vain(t, s) : all_wait(t);
}
