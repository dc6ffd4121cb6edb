#include "destroyed.h"

static uint8_t *filter_of(uintptr_t address)
{
    return &memory.destroyed_filter[object_generation_slot(address)];
}

bool destroyed_note(struct thread *t, uintptr_t address, uint32_t stack)
{
    uint32_t object = object_find(address);
    if (!object)
        return false;
    struct destroy *d = &memory.destroys[object];
    if (!d->thread)
        object_count_up(filter_of(address));
    RELAXED_STORE(&d->stack, stack);
    RELAXED_STORE(&d->thread, t->row);
    object_end(address);
    return true;
}

bool destroyed_find(uintptr_t address, enum kiwi_object_kind kind, struct misuse_facts *facts)
{
    uint32_t object = object_latest(address);
    uint32_t thread = object ? RELAXED_LOAD(&memory.destroys[object].thread) : 0;
    if (!thread || region_object(object)->kind != kind || RELAXED_LOAD(&region_object(object)->state) != KIWI_ROW_ENDED)
        return false;
    facts->object = object;
    facts->other_thread = thread;
    facts->other_stack = RELAXED_LOAD(&memory.destroys[object].stack);
    return true;
}

void destroyed_forget(uint32_t object)
{
    struct destroy *d = &memory.destroys[object];
    if (!RELAXED_LOAD(&d->thread))
        return;
    RELAXED_STORE(&d->thread, 0);
    object_count_down(filter_of(region_object(object)->address));
}
