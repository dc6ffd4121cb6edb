#include "heap_free.h"

#include "../base/clock.h"
#include "gone.h"
#include "heap_site.h"
#include "misuse.h"
#include "object.h"
#include "suspect.h"

#define UNKNOWN_MAX 4096u /* addresses that are not known, of which each costs a search */

bool heap_forms_known;

static void note(struct thread *t, enum kiwi_misuse_kind kind, const struct heap_freeing *f, const struct heap_block *b,
                 uint64_t result)
{
    uint32_t made = b ? region_heap_site(b->site)->stack : 0;
    bool again = kind == KIWI_MISUSE_DOUBLE_FREE;
    struct misuse_facts facts = {.kind = kind,
                                 .stack = stack_of(t, f->site),
                                 .other_thread = again ? b->free_thread
                                                 : b   ? b->thread
                                                       : 0,
                                 .other_stack = again ? b->free_stack : made,
                                 .heap_site = b ? b->site : 0,
                                 .flags = (uint32_t)f->form | (b ? (uint32_t)b->form << 4 : 0)};
    misuse_result(misuse_note(t, &facts), (int)(uint32_t)(result < UINT32_MAX ? result : UINT32_MAX));
}

static void note_invalid(struct thread *t, const struct heap_freeing *f, enum kiwi_free_place place, uintptr_t around)
{
    const struct heap_block *b = around ? block_find(around) : NULL;
    struct heap_freeing one = *f;
    one.form |= (enum kiwi_heap_form)((uint32_t)place << 8);
    note(t, KIWI_MISUSE_INVALID_FREE, &one, b, b ? f->address - around : 0);
}

/* Freed before, and not kept. `judged`: it is said once, where a delete ends in a free. */
static bool is_gone(struct thread *t, const struct heap_freeing *f)
{
    struct gone_block g;
    if (f->address == t->heap_moving || !gone_take(f->address, &g))
        return false;
    enum kiwi_free_place place = g.moved ? KIWI_FREE_MOVED : KIWI_FREE_PASSED;
    struct misuse_facts facts = {.kind = KIWI_MISUSE_DOUBLE_FREE,
                                 .stack = stack_of(t, f->site),
                                 .other_thread = g.thread,
                                 .other_stack = g.stack,
                                 .heap_site = g.site,
                                 .flags = (uint32_t)f->form | (uint32_t)g.made << 4 | (uint32_t)place << 8};
    misuse_result(misuse_note(t, &facts), (int)(uint32_t)(g.size < UINT32_MAX ? g.size : UINT32_MAX));
    return true;
}

/* Before the real call. */
static void goes(const struct thread *t, uintptr_t address, const struct heap_block *b, uint32_t stack, bool moved)
{
    if (record_settings.heap == HEAP_EXACT)
        gone_add(address, &(struct gone_block){.size = b->size,
                                               .site = b->site,
                                               .stack = stack,
                                               .thread = t->row,
                                               .made = b->form,
                                               .moved = moved});
}

bool heap_invalid(struct thread *t, struct heap_freeing *f)
{
    f->known = record_settings.heap == HEAP_EXACT && block_find(f->address);
    if (record_settings.heap != HEAP_EXACT || f->known || (f->form != KIWI_HEAP_MALLOC && !heap_forms_known))
        return false;
    if (f->address == t->heap_judged) { /* a sized delete ends in another one, and that in free */
        t->heap_judged = f->form == KIWI_HEAP_MALLOC ? 0 : f->address;
        return true;
    }
    if (is_gone(t, f)) {
        t->heap_judged = f->form == KIWI_HEAP_MALLOC ? 0 : f->address;
        return true;
    }
    if (RELAXED_ADD(&memory.unknown_frees, 1) > UNKNOWN_MAX)
        return false;
    uintptr_t around = block_around(f->address);
    const struct heap_block *b = around ? block_find(around) : NULL;
    if (b && f->form == KIWI_HEAP_NEW && b->form == KIWI_HEAP_NEW_ARRAY && f->address - around <= 16)
        note(t, KIWI_MISUSE_MISMATCHED_FREE, f, b, b->size); /* behind the count of an array of objects */
    else if (b)
        note_invalid(t, f, KIWI_FREE_IN_BLOCK, around);
    else if (f->address < t->stack_high && f->address >= f->site.sp)
        note_invalid(t, f, KIWI_FREE_ON_STACK, 0);
    else if (object_is_static && object_is_static(f->address))
        note_invalid(t, f, KIWI_FREE_STATIC, 0);
    else
        return false;
    t->heap_judged = f->form == KIWI_HEAP_MALLOC ? 0 : f->address;
    return true;
}

static bool fits(const struct heap_freeing *f, const struct heap_block *b)
{
    return !f->usable || f->usable >= b->size;
}

static void ended(const struct thread *t, const struct heap_block *b, bool resized)
{
    struct heap_end end = {.lifetime = clock_ticks() - b->birth,
                           .freer = b->thread != t->row || b->serial != t->serial ? t : NULL,
                           .resized = resized};
    heap_site_ended(b->site, b->units, b->size, end);
}

static bool mismatched(const struct heap_freeing *f, const struct heap_block *b)
{
    return heap_forms_known && !b->judged && (enum kiwi_heap_form)b->form != f->form;
}

bool heap_freed(struct thread *t, const struct heap_freeing *f, struct quarantine_out *out)
{
    struct heap_block *b = suspect_is_followed(f->address) ? block_find(f->address) : NULL;
    uint32_t live = BLOCK_LIVE;
    if (!b)
        return false;
    if (RELAXED_LOAD(&b->state) == BLOCK_LIVE && !fits(f, b)) {
        block_forget(f->address);
        return false;
    }
    /* Whoever makes it freed owns the record from here on. */
    if (!__atomic_compare_exchange_n(&b->state, &live, BLOCK_FREED, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        if (live == BLOCK_FREED)
            note(t, KIWI_MISUSE_DOUBLE_FREE, f, b, b->size);
        return live == BLOCK_FREED;
    }
    if (mismatched(f, b))
        note(t, KIWI_MISUSE_MISMATCHED_FREE, f, b, b->size);
    ended(t, b, false);
    b->free_stack = stack_of(t, f->site);
    if (!quarantine_takes(b)) {
        goes(t, f->address, b, b->free_stack, false);
        block_end(b);
        return false;
    }
    b->free_thread = t->row;
    b->free_serial = t->serial;
    b->unwatched |= f->held;
    quarantine_add(t, b, out);
    return true;
}

void heap_deleted(struct thread *t, const struct heap_freeing *f)
{
    struct heap_block *b = block_find(f->address);
    if (!b || RELAXED_LOAD(&b->state) != BLOCK_LIVE || !fits(f, b))
        return; /* the free that follows sees to that */
    if (mismatched(f, b))
        note(t, KIWI_MISUSE_MISMATCHED_FREE, f, b, b->size);
    b->judged = true; /* one delete may end in another one, and that in free */
    b->unwatched |= f->held;
    if (b->direct) {
        ended(t, b, false);
        block_end(b);
    }
}

enum heap_move heap_move_begin(struct thread *t, const struct heap_freeing *f, struct heap_block *was)
{
    struct heap_block *b = block_find(f->address);
    if (!b)
        return HEAP_MOVE_UNKNOWN;
    if (RELAXED_LOAD(&b->state) == BLOCK_FREED) {
        *was = *b;
        note(t, KIWI_MISUSE_DOUBLE_FREE, f, b, b->size);
        return HEAP_MOVE_FREED;
    }
    if (!fits(f, b)) {
        block_forget(f->address);
        return HEAP_MOVE_UNKNOWN;
    }
    if (!block_take(f->address, was))
        return HEAP_MOVE_UNKNOWN;
    if (mismatched(f, was))
        note(t, KIWI_MISUSE_MISMATCHED_FREE, f, was, was->size);
    goes(t, f->address, was, stack_of(t, f->site), true); /* until it turns out to have stayed */
    t->heap_moving = f->address;
    return HEAP_MOVE_LIVE;
}

void heap_move_end(struct thread *t, uintptr_t old, const struct heap_block *was, bool moved)
{
    t->heap_moving = 0;
    if (moved) {
        ended(t, was, true);
        return;
    }
    gone_forget(old);
    block_restore(old, was);
}
