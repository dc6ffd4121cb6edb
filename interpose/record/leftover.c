#include "leftover.h"

#include "acquisition.h"

bool (*object_owned_by)(const struct kiwi_held *held, int32_t tid);
bool (*object_looks_held)(const struct kiwi_object *o);

static bool still_owned(const struct thread *t, const struct kiwi_held *h)
{
    return !object_owned_by || object_owned_by(h, t->tid) || (t->fork_tid && object_owned_by(h, t->fork_tid));
}

static bool on_own_stack(const struct thread *t, uintptr_t address)
{
    return address >= t->stack_low && address < t->stack_high;
}

/* The lock itself, where its acquisitions are recorded by class. */
static uint32_t object_of(const struct kiwi_held *h)
{
    uint32_t object = object_find(h->address);
    return object || !h->row ? object : region_acquisition(h->row)->object;
}

/* The kernel hands a robust mutex on, and so the next owner learns of it. */
static bool is_robust(uint32_t object)
{
    return region_object(object)->flags & KIWI_OBJECT_ROBUST;
}

/* It may still be given back by another thread, and was no lock then. */
static void note_kept(uint32_t object)
{
    if (object && region_object(object)->kind == KIWI_OBJECT_SEMAPHORE)
        __atomic_fetch_or(&region_object(object)->flags, KIWI_OBJECT_KEPT, __ATOMIC_RELAXED);
}

static void note_own(struct thread *t, const struct kiwi_held *h)
{
    uint32_t object = object_of(h);
    note_kept(object);
    if (!object || is_robust(object) || on_own_stack(t, h->address) || !still_owned(t, h))
        return;
    misuse_note(t, &(struct misuse_facts){
                           .kind = KIWI_MISUSE_EXIT_HELD, .object = object, .stack = h->stack, .other_row = h->row});
}

/* The lock's frame has returned: its words may be overwritten by now. So another thread's held array is believed; but a
 * lock of its own that the thread left held in a frame long gone is nobody's concern. */
static void note_on_stack(struct thread *t)
{
    struct misuse_holder h;
    for (uint32_t slot = 0; misuse_find_holder_in(t->stack_low, t->stack_high - t->stack_low, &slot, &h);) {
        uint32_t object = object_find(h.held.address);
        if (!object || is_robust(object) || (h.t == t && !still_owned(t, &h.held)))
            continue;
        misuse_note(t, &(struct misuse_facts){.kind = KIWI_MISUSE_STACK_HELD,
                                              .object = object,
                                              .stack = h.held.stack,
                                              .other_thread = h.t->slot->thread,
                                              .other_row = h.held.row});
    }
}

/* Locks that are kept while the process ends hurt nobody; nor does the stack of the main thread go away. */
void leftover_thread_ends(struct thread *t)
{
    bool is_main = t->row && (RELAXED_LOAD(&region_thread(t->row)->flags) & KIWI_THREAD_MAIN);
    if (RELAXED_LOAD(&region.header->end_kind) != KIWI_END_NONE)
        return;
    if (t->slot->held_count) {
        acquisition_chain_make(t);
        for (uint32_t i = 0; i < t->slot->held_count; i++)
            note_own(t, &t->held[i]);
    }
    if (t->stack_objects && !is_main)
        note_on_stack(t);
}

bool leftover_in_block(uint32_t object, struct misuse_facts *facts)
{
    const struct kiwi_object *o = region_object(object);
    struct misuse_holder h;
    if ((object_looks_held && !object_looks_held(o)) || !misuse_find_holder(o->address, &h) ||
        !still_owned(h.t, &h.held))
        return false;
    *facts = (struct misuse_facts){.kind = KIWI_MISUSE_FREE_HELD,
                                   .object = object,
                                   .other_thread = h.t->slot->thread,
                                   .other_row = h.held.row,
                                   .other_stack = h.held.stack};
    return true;
}

void leftover_freed(struct thread *t, const struct misuse_facts *facts)
{
    uintptr_t address = region_object(facts->object)->address;
    int at = acquisition_held(t, address);
    misuse_note(t, facts);
    if (at < 0)
        return;
    acquisition_released(t, at);
    acquisition_want(t, KIWI_WANT_NONE);
    t->freed_lock = address;
}

bool leftover_was_freed(struct thread *t, uintptr_t address)
{
    bool was = t->freed_lock == address;
    if (was)
        t->freed_lock = 0;
    return was;
}
