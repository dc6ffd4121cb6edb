/*
 * misuse_rules.c - what was misuse when it was recorded, and in the light of what came after it was not.
 */
#include "misuse.h"

/* A lock may be taken by one thread and given back by another that outlives it: that is unlock-not-owner alone. */
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

bool misuse_counts(const struct model *m, const struct kiwi_misuse *r)
{
    switch (r->kind) {
    case KIWI_MISUSE_EXIT_HELD:
        return !handed_over(m, r) && !is_mark(m, r->object);
    default:
        return true;
    }
}
