/*
 * misuse_rules.c - what was misuse when it was recorded, and in the light of what came after it was not.
 */
#include "misuse.h"

/* A lock may be taken by one thread and given back by another, which outlives it or lets it in again: that is
 * unlock-not-owner alone. */
static bool handed_over(const struct model *m, const struct kiwi_misuse *end)
{
    for (uint32_t i = 1; i < trace_rows(m->trace, KIWI_TABLE_MISUSES); i++) {
        const struct kiwi_misuse *r = trace_misuse(m->trace, i);

        if (r && r->object == end->object && r->last_ticks >= end->first_ticks &&
            (r->kind == KIWI_MISUSE_UNLOCK_FOREIGN || r->kind == KIWI_MISUSE_UNLOCK_UNHELD))
            return true;
    }
    return false;
}

/* A lock that was tried once and kept for ever is a mark that something was done ("I was first"), and nobody waits. */
static bool is_mark(const struct model *m, uint32_t object)
{
    const struct kiwi_object *o = trace_object(m->trace, object);
    uint64_t taken = 0, asked = 0;

    if (!o || (o->flags & KIWI_OBJECT_CLASS))
        return false;
    for (uint32_t i = 1; i < m->acquisition_count; i++) {
        const struct kiwi_acquisition *a = m->acquisitions[i].row;

        if (!a || a->object != object)
            continue;
        taken += m->acquisitions[i].count;
        asked += a->how != KIWI_HOW_TRY;
    }
    return taken <= 1 && !asked;
}

static bool wanted_in_child(const struct model *m, uint32_t object)
{
    for (uint32_t i = 1; i < trace_rows(m->trace, KIWI_TABLE_MISUSES); i++) {
        const struct kiwi_misuse *r = trace_misuse(m->trace, i);

        if (r && r->kind == KIWI_MISUSE_FORK_WANTED && r->object == object && r->result)
            return true;
    }
    return false;
}

/* Locks taken in all, or of one object alone. */
static bool takes_locks(const struct model *m, uint32_t object)
{
    for (uint32_t i = 1; i < m->acquisition_count; i++) {
        const struct kiwi_acquisition *a = m->acquisitions[i].row;

        if (a && m->acquisitions[i].count && (!object || a->object == object))
            return true;
    }
    return false;
}

/* Between fork and exec or _exit a child may do little, and one that keeps to that does no harm. A lock that is taken
 * after all, or is another one now, was made anew. */
static bool goes_on(const struct model *m, const struct kiwi_misuse *r)
{
    const struct kiwi_object *o = trace_object(m->trace, r->object);

    if (!r->result || !o || o->state != KIWI_ROW_LIVE || wanted_in_child(m, r->object) || takes_locks(m, r->object))
        return false;
    if (trace_header(m->trace)->end_kind == KIWI_END_EXEC)
        return false;
    return (r->flags & KIWI_MISUSE_WENT_ON) || takes_locks(m, 0);
}

bool misuse_counts(const struct model *m, const struct kiwi_misuse *r)
{
    switch (r->kind) {
    case KIWI_MISUSE_RELOCK:
        return r->result != 0 || !handed_over(m, r);
    case KIWI_MISUSE_EXIT_HELD:
        return !handed_over(m, r) && !is_mark(m, r->object);
    case KIWI_MISUSE_FORK_HELD:
        return goes_on(m, r);
    case KIWI_MISUSE_FORK_WANTED:
        return r->result != 0;
    default:
        return true;
    }
}
