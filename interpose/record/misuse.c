#include "misuse.h"

#include "../base/clock.h"
#include "object.h"

#define RESULT_UNKNOWN 0xffffffffu /* the real call has not returned */

static bool misuse_same(uint32_t row, const void *key)
{
    const struct misuse_facts *k = key;
    const struct kiwi_misuse *m = region_misuse(row);
    return m->kind == (uint32_t)k->kind && m->object == k->object && m->stack == k->stack;
}

static uint32_t misuse_make(const void *key)
{
    const struct misuse_facts *k = key;
    uint32_t row = region_claim(KIWI_TABLE_MISUSES, 1);
    if (!row)
        return 0;
    struct kiwi_misuse *m = region_misuse(row);
    if (k->object)
        object_refer(k->object);
    m->kind = k->kind;
    m->object = k->object;
    m->stack = k->stack;
    m->other_thread = k->other_thread;
    m->other_serial = k->other_thread ? region_thread(k->other_thread)->serial : 0;
    m->other_row = k->other_row;
    m->other_stack = k->other_stack;
    m->other_name = k->other_name;
    m->heap_site = k->heap_site;
    m->flags = k->flags;
    m->result = RESULT_UNKNOWN;
    m->first_ticks = clock_ticks();
    return row;
}

static void misuse_publish(uint32_t row)
{
    region_publish(&region_misuse(row)->state, KIWI_ROW_LIVE);
}

uint32_t misuse_note(struct thread *t, const struct misuse_facts *facts)
{
    static const struct index_ops ops = {misuse_same, misuse_make, misuse_publish};
    uint64_t h = hash_mix(((uint64_t)facts->object << 32 | facts->stack) + facts->kind);
    uint32_t row = index_get(&memory.misuses, h, &ops, facts);
    if (!row)
        return 0;
    struct kiwi_misuse *m = region_misuse(row);
    if (!RELAXED_ADD(&m->count, 1)) {
        m->thread = t->row;
        m->serial = t->serial;
    }
    RELAXED_STORE(&m->last_ticks, clock_ticks());
    event_add(t, KIWI_EVENT_MISUSE, row, facts->object, 0);
    return row;
}

void misuse_result(uint32_t row, int result)
{
    if (row)
        region_misuse(row)->result = (uint32_t)result;
}

/* The array may grow or change while it is read: what comes out was held a moment ago. NULL and 0: it grows just now,
 * and the room may be that of another one. */
static const struct kiwi_held *array_of(const struct thread *t, uint32_t *count)
{
    const struct kiwi_slot *s = t->slot;
    uint32_t rows = __atomic_load_n(&s->held_rows, __ATOMIC_ACQUIRE);
    uint32_t room = rows ? __atomic_load_n(&s->held_capacity, __ATOMIC_ACQUIRE) : KIWI_SLOT_HELD;
    uint32_t held = RELAXED_LOAD(&s->held_count);
    bool grows = rows != RELAXED_LOAD(&s->held_rows);
    *count = grows ? 0 : held < room ? held : room;
    return grows ? NULL : rows ? region_held(rows) : s->held;
}

static bool held_in(const struct thread *t, uintptr_t address, size_t size, struct kiwi_held *found)
{
    uint32_t count;
    const struct kiwi_held *held = array_of(t, &count);
    for (uint32_t i = 0; i < count; i++)
        if (held[i].address - address < size) {
            *found = held[i];
            return true;
        }
    return false;
}

uint32_t misuse_held_at(uint32_t slot, struct kiwi_held *out, uint32_t room, const struct thread **t)
{
    uint32_t count = 0;
    *t = RELAXED_LOAD(&memory.slot_used[slot]) ? memory.threads[slot] : NULL;
    const struct kiwi_held *held = *t ? array_of(*t, &count) : NULL;
    count = count < room ? count : room;
    for (uint32_t i = 0; i < count; i++)
        out[i] = held[i];
    return count;
}

bool misuse_find_holder_in(uintptr_t address, size_t size, uint32_t *slot, struct misuse_holder *h)
{
    for (uint32_t i = *slot ? *slot : 1; i < memory.slots; i++) {
        const struct thread *t = RELAXED_LOAD(&memory.slot_used[i]) ? memory.threads[i] : NULL;
        if (t && RELAXED_LOAD(&t->slot->held_count) && held_in(t, address, size, &h->held)) {
            h->t = t;
            *slot = i + 1;
            return true;
        }
    }
    h->t = NULL;
    return false;
}

bool misuse_find_holder(uintptr_t address, struct misuse_holder *h)
{
    uint32_t slot = 0;
    return misuse_find_holder_in(address, 1, &slot, h);
}

void misuse_blame(struct misuse_facts *facts, uintptr_t address)
{
    struct misuse_holder h;
    if (!misuse_find_holder(address, &h))
        return;
    facts->other_thread = h.t->slot->thread;
    facts->other_row = h.held.row;
    facts->other_stack = h.held.stack;
}
