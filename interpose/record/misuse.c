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
    object_refer(k->object);
    m->kind = k->kind;
    m->object = k->object;
    m->stack = k->stack;
    m->other_thread = k->other_thread;
    m->other_serial = k->other_thread ? region_thread(k->other_thread)->serial : 0;
    m->other_row = k->other_row;
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

uint32_t misuse_find_holder(uintptr_t address, uint32_t *row)
{
    *row = 0;
    for (uint32_t i = 1; i < memory.slots; i++) {
        if (!RELAXED_LOAD(&memory.slot_used[i]) || !memory.threads[i])
            continue;
        const struct kiwi_slot *s = region_slot(i);
        uint32_t rows = __atomic_load_n(&s->held_rows, __ATOMIC_ACQUIRE);
        uint32_t room = rows ? __atomic_load_n(&s->held_capacity, __ATOMIC_ACQUIRE) : KIWI_SLOT_HELD;
        if (rows != RELAXED_LOAD(&s->held_rows))
            continue; /* the array grows just now: the room may be that of another one */
        const struct kiwi_held *held = rows ? region_held(rows) : s->held;
        for (uint32_t h = 0; h < RELAXED_LOAD(&s->held_count) && h < room; h++)
            if (held[h].address == address) {
                *row = held[h].row;
                return s->thread;
            }
    }
    return 0;
}
