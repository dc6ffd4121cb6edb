#include "holders.h"

#include <stdlib.h>

struct holders {
    struct model_holder *holders; /* by object, then slot */
    struct model_waiter *waiters;
    uint32_t holder_count, waiter_count;
    uint32_t holder_capacity;
};

static int compare(uint32_t object_a, uint32_t slot_a, uint32_t object_b, uint32_t slot_b)
{
    if (object_a != object_b)
        return object_a < object_b ? -1 : 1;
    return slot_a < slot_b ? -1 : slot_a > slot_b;
}

static int compare_holders(const void *a, const void *b)
{
    const struct model_holder *x = a, *y = b;
    return compare(x->object, x->slot, y->object, y->slot);
}

static int compare_waiters(const void *a, const void *b)
{
    const struct model_waiter *x = a, *y = b;
    return compare(x->object, x->slot, y->object, y->slot);
}

static uint32_t count_held(const struct model *m, uint32_t slots)
{
    uint64_t total = 0;

    for (uint32_t i = 1; i < slots; i++) {
        const struct kiwi_slot *s = trace_slot(m->trace, i);
        if (s)
            total += 1 + (s->held_count < MODEL_MAX_SLOT_HELD ? s->held_count : MODEL_MAX_SLOT_HELD);
    }
    /* Chunks of held locks do not overlap in a sound trace. */
    uint64_t most = (uint64_t)slots * KIWI_SLOT_HELD + trace_rows(m->trace, KIWI_TABLE_HELD);
    return (uint32_t)(total < most ? total : most);
}

static void add_holders(struct holders *h, const struct model *m, uint32_t slot, struct model_holder *room)
{
    unsigned count = model_slot_holds(m, slot, room, MODEL_MAX_SLOT_HELD);

    for (unsigned i = 0; i < count && h->holder_count < h->holder_capacity; i++)
        if (room[i].object)
            h->holders[h->holder_count++] = room[i];
}

static void add_waiter(struct holders *h, const struct model *m, uint32_t slot)
{
    struct model_waiter waiter;

    if (model_slot_wants(m, slot, &waiter) && waiter.object)
        h->waiters[h->waiter_count++] = waiter;
}

struct holders *holders_open(const struct model *m)
{
    uint32_t slots = trace_rows(m->trace, KIWI_TABLE_SLOTS);
    struct holders *h = calloc(1, sizeof *h);
    struct model_holder *room = calloc(MODEL_MAX_SLOT_HELD, sizeof *room);

    if (!h || !room)
        goto fail;
    h->holder_capacity = count_held(m, slots);
    h->holders = calloc((size_t)h->holder_capacity + 1, sizeof *h->holders);
    h->waiters = calloc((size_t)slots + 1, sizeof *h->waiters);
    if (!h->holders || !h->waiters)
        goto fail;
    for (uint32_t i = 1; i < slots; i++) {
        add_holders(h, m, i, room);
        add_waiter(h, m, i);
    }
    qsort(h->holders, h->holder_count, sizeof *h->holders, compare_holders);
    qsort(h->waiters, h->waiter_count, sizeof *h->waiters, compare_waiters);
    free(room);
    return h;
fail:
    free(room);
    holders_close(h);
    return NULL;
}

void holders_close(struct holders *h)
{
    if (!h)
        return;
    free(h->holders);
    free(h->waiters);
    free(h);
}

const struct model_holder *holders_of(const struct holders *h, uint32_t object, uint32_t *count)
{
    uint32_t low = 0, high = h->holder_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (h->holders[middle].object < object)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (low + *count < h->holder_count && h->holders[low + *count].object == object)
        ++*count;
    return *count ? &h->holders[low] : NULL;
}

const struct model_waiter *waiters_of(const struct holders *h, uint32_t object, uint32_t *count)
{
    uint32_t low = 0, high = h->waiter_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (h->waiters[middle].object < object)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (low + *count < h->waiter_count && h->waiters[low + *count].object == object)
        ++*count;
    return *count ? &h->waiters[low] : NULL;
}
