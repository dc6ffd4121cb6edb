#include "waits.h"

#include <stdlib.h>

/* One lock in some thread's hands. */
struct holding {
    uint64_t address;
    uint32_t object, row, slot;
};

struct holdings {
    struct holding *items;
    uint32_t count, capacity;
};

#define WAITS_MAX_HELD 65536u /* of one thread; a damaged file must not make us ask for more */

static int holding_compare(const void *a, const void *b)
{
    const struct holding *x = a, *y = b;

    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return (x->slot > y->slot) - (x->slot < y->slot);
}

static int holdings_add(struct holdings *all, struct holding one)
{
    if (all->count == all->capacity) {
        uint32_t capacity = all->capacity ? 2 * all->capacity : 64;
        struct holding *items = reallocarray(all->items, capacity, sizeof *items);

        if (!items)
            return -1;
        all->items = items;
        all->capacity = capacity;
    }
    all->items[all->count++] = one;
    return 0;
}

/* What the thread of a slot holds for certain: a lock that it is about to let go may be free already. */
static int holdings_add_slot(struct holdings *all, const struct model *m, uint32_t slot, const struct kiwi_slot *s)
{
    uint32_t capacity = s->held_count < WAITS_MAX_HELD ? s->held_count : WAITS_MAX_HELD;
    struct kiwi_held *held;
    int result = 0;

    if (!capacity)
        return 0;
    held = calloc(capacity, sizeof *held);
    if (!held)
        return -1;
    unsigned count = model_slot_held(m, s, held, capacity);
    for (unsigned i = 0; i < count && !result; i++) {
        bool leaving = s->want == KIWI_WANT_RELEASING && s->want_address == held[i].address;

        if (held[i].address && !leaving)
            result = holdings_add(all, (struct holding){held[i].address, held[i].object, held[i].row, slot});
    }
    free(held);
    return result;
}

static int holdings_make(struct holdings *all, const struct model *m)
{
    for (uint32_t i = 1; i < trace_rows(m->trace, KIWI_TABLE_SLOTS); i++) {
        const struct kiwi_slot *s = trace_slot(m->trace, i);

        if (s && s->state == KIWI_ROW_LIVE && holdings_add_slot(all, m, i, s))
            return -1;
    }
    if (all->count)
        qsort(all->items, all->count, sizeof *all->items, holding_compare);
    return 0;
}

static uint32_t holdings_find(const struct holdings *all, uint64_t address)
{
    uint32_t low = 0, high = all->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (all->items[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int waits_add(struct waits *w, uint32_t *capacity, struct wait one)
{
    if (w->count == *capacity) {
        uint32_t more = *capacity ? 2 * *capacity : 64;
        struct wait *items = reallocarray(w->items, more, sizeof *items);

        if (!items)
            return -1;
        w->items = items;
        *capacity = more;
    }
    w->items[w->count++] = one;
    return 0;
}

static bool row_is_read(const struct model *m, uint32_t row)
{
    const struct kiwi_acquisition *a = trace_acquisition(m->trace, row);

    return a && a->mode == KIWI_MODE_READ;
}

static bool waits_without_limit(const struct model *m, const struct kiwi_slot *s)
{
    const struct kiwi_acquisition *a = trace_acquisition(m->trace, s->want_row);

    if (s->want != KIWI_WANT_TAKING && s->want != KIWI_WANT_WAITING)
        return false;
    return !a || (a->how != KIWI_HOW_TRY && a->how != KIWI_HOW_TIMED);
}

static int waits_add_lock(struct waits *w, uint32_t *capacity, const struct model *m, const struct holdings *all,
                          uint32_t slot, const struct kiwi_slot *s)
{
    const struct kiwi_acquisition *wanted = trace_acquisition(m->trace, s->want_row);
    const struct kiwi_object *object = wanted ? trace_object(m->trace, wanted->object) : NULL;
    uint64_t address = s->want_address ? s->want_address : object ? object->address : 0;
    bool reads = wanted && wanted->mode == KIWI_MODE_READ;

    if (!address)
        return 0;
    for (uint32_t i = holdings_find(all, address); i < all->count && all->items[i].address == address; i++) {
        const struct holding *h = &all->items[i];
        struct wait one = {.waiter = slot, .holder = h->slot, .object = wanted ? wanted->object : h->object,
                           .want_row = s->want_row, .held_row = h->row, .since = s->want_since,
                           .seen_waiting = s->want == KIWI_WANT_WAITING, .by_reader = row_is_read(m, h->row)};

        if (!(reads && one.by_reader) && waits_add(w, capacity, one))
            return -1;
    }
    return 0;
}

static int waits_add_join(struct waits *w, uint32_t *capacity, const struct model *m, uint32_t slot,
                          const struct kiwi_slot *s)
{
    const struct kiwi_thread *joined =
        s->call_object < UINT32_MAX ? trace_thread(m->trace, (uint32_t)s->call_object) : NULL;
    const struct kiwi_slot *other = joined && joined->state == KIWI_ROW_LIVE ? trace_slot(m->trace, joined->slot) : NULL;

    if (!other || other->state != KIWI_ROW_LIVE || other->thread != s->call_object)
        return 0;
    return waits_add(w, capacity,
                     (struct wait){.waiter = slot, .holder = joined->slot, .call_row = s->call_row,
                                   .since = s->call_since, .seen_waiting = true});
}

int waits_make(struct waits *w, const struct model *m)
{
    struct holdings all = {0};
    uint32_t capacity = 0;
    int result = holdings_make(&all, m);

    *w = (struct waits){0};
    for (uint32_t i = 1; !result && i < trace_rows(m->trace, KIWI_TABLE_SLOTS); i++) {
        const struct kiwi_slot *s = trace_slot(m->trace, i);

        if (!s || s->state != KIWI_ROW_LIVE)
            continue;
        if (waits_without_limit(m, s))
            result = waits_add_lock(w, &capacity, m, &all, i, s);
        else if (s->call_kind == KIWI_CALL_JOIN)
            result = waits_add_join(w, &capacity, m, i, s);
    }
    free(all.items);
    if (result)
        waits_release(w);
    return result;
}

void waits_release(struct waits *w)
{
    free(w->items);
    *w = (struct waits){0};
}
