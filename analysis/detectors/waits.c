#include "waits.h"

#include <stdlib.h>

struct builder {
    const struct model *m;
    struct waits *w;
    uint32_t capacity;
};

static int waits_add(struct builder *b, struct wait one)
{
    struct waits *w = b->w;

    if (w->count == b->capacity) {
        uint32_t capacity = b->capacity ? 2 * b->capacity : 64;
        struct wait *items = reallocarray(w->items, capacity, sizeof *items);

        if (!items)
            return -1;
        w->items = items;
        b->capacity = capacity;
    }
    w->items[w->count++] = one;
    return 0;
}

static bool waits_without_limit(const struct kiwi_slot *s, const struct kiwi_acquisition *wanted)
{
    if (s->want != KIWI_WANT_TAKING && s->want != KIWI_WANT_WAITING)
        return false;
    return wanted && wanted->how != KIWI_HOW_TRY && wanted->how != KIWI_HOW_TIMED;
}

/* One entry for each thread that has the lock for certain: one that is about to let go may have done so already. */
static int waits_add_lock(struct builder *b, uint32_t slot, const struct kiwi_slot *s, const struct kiwi_acquisition *wanted)
{
    uint32_t count;
    const struct model_holder *holders = model_holders(b->m, wanted->object, &count);

    for (uint32_t i = 0; i < count; i++) {
        const struct kiwi_acquisition *held = trace_acquisition(b->m->trace, holders[i].held.row);
        struct wait one = {.waiter = slot, .holder = holders[i].slot, .object = wanted->object, .want_row = s->want_row,
                           .held_row = holders[i].held.row, .since = s->want_since,
                           .by_reader = held && held->mode == KIWI_MODE_READ};

        if (holders[i].releasing || (one.by_reader && wanted->mode == KIWI_MODE_READ))
            continue;
        if (waits_add(b, one))
            return -1;
    }
    return 0;
}

static int waits_add_join(struct builder *b, uint32_t slot, const struct kiwi_slot *s)
{
    const struct trace *t = b->m->trace;
    const struct kiwi_thread *joined = s->call_object < UINT32_MAX ? trace_thread(t, (uint32_t)s->call_object) : NULL;
    const struct kiwi_slot *other = joined && joined->state == KIWI_ROW_LIVE ? trace_slot(t, joined->slot) : NULL;

    if (!other || other->thread != s->call_object)
        return 0;
    return waits_add(b, (struct wait){.waiter = slot, .holder = joined->slot, .call_row = s->call_row,
                                      .since = s->call_since});
}

int waits_make(struct waits *w, const struct model *m)
{
    struct builder b = {.m = m, .w = w};
    int result = 0;

    *w = (struct waits){0};
    for (uint32_t i = 1; !result && i < trace_rows(m->trace, KIWI_TABLE_SLOTS); i++) {
        const struct kiwi_slot *s = trace_slot(m->trace, i);
        const struct kiwi_acquisition *wanted = s ? trace_acquisition(m->trace, s->want_row) : NULL;

        if (s && waits_without_limit(s, wanted))
            result = waits_add_lock(&b, i, s, wanted);
        else if (s && s->call_kind == KIWI_CALL_JOIN)
            result = waits_add_join(&b, i, s);
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
