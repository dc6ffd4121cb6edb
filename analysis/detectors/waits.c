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

/* The entry just past the held locks. */
static const struct kiwi_held *slot_entry_behind(const struct trace *t, const struct kiwi_slot *s)
{
    if (s->held_rows)
        return s->held_count < UINT32_MAX - s->held_rows ? trace_held(t, s->held_rows + s->held_count) : NULL;
    return s->held_count < KIWI_SLOT_HELD ? &s->held[s->held_count] : NULL;
}

/* The lock that a thread asks for without a limit of time; false if there is none, or none that is recorded. */
static bool slot_wants(const struct model *m, const struct kiwi_slot *s, struct kiwi_acquisition *wanted)
{
    const struct kiwi_held *entry = NULL;
    uint32_t row = s->want_row;
    const struct kiwi_acquisition *a;

    if (s->want == KIWI_WANT_TAKING) { /* described by the entry behind the held ones */
        entry = slot_entry_behind(m->trace, s);
        row = entry ? entry->row : 0;
    } else if (s->want != KIWI_WANT_WAITING) {
        return false;
    }
    a = trace_acquisition(m->trace, row);
    if (!a || a->how == KIWI_HOW_TRY || a->how == KIWI_HOW_TIMED)
        return false;
    *wanted = *a;
    return true;
}

/* One entry for each thread that has the lock for certain: one that is about to let go may have done so already. */
static int waits_add_lock(struct builder *b, uint32_t slot, uint64_t since, const struct kiwi_acquisition *wanted)
{
    uint32_t count;
    const struct model_holder *holders = model_holders(b->m, wanted->object, &count);

    for (uint32_t i = 0; i < count; i++) {
        const struct kiwi_held *held = &holders[i].held;
        bool both_read = wanted->mode == KIWI_MODE_READ && KIWI_HELD_MODE(held->flags) == KIWI_MODE_READ;
        struct wait one = {.waiter = slot, .holder = holders[i].slot, .object = wanted->object,
                           .want_stack = wanted->stack, .held_stack = held->stack, .since = since,
                           .relocks = wanted->how == KIWI_HOW_COND};

        if (!holders[i].releasing && !both_read && waits_add(b, one))
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
    return waits_add(b, (struct wait){.waiter = slot, .holder = joined->slot, .want_stack = call ? call->stack : 0,
                                      .since = s->call_since});
}

int waits_make(struct waits *w, const struct model *m)
{
    struct builder b = {.m = m, .w = w};
    int result = 0;

    *w = (struct waits){0};
    for (uint32_t i = 1; !result && i < trace_rows(m->trace, KIWI_TABLE_SLOTS); i++) {
        const struct kiwi_slot *s = trace_slot(m->trace, i);
        struct kiwi_acquisition wanted;

        if (s && slot_wants(m, s, &wanted))
            result = waits_add_lock(&b, i, s->want == KIWI_WANT_WAITING ? s->want_since : 0, &wanted);
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
