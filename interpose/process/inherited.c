#include "inherited.h"

#include "../base/line.h"
#include "../record/acquisition.h"
#include "../record/leftover.h"
#include "../record/misuse.h"

#include <string.h>

#define INHERITED_MAX 32u
#define INHERITED_FRAMES 32u
#define HELD_MAX 16u /* of one thread */

struct frames {
    uint32_t depth, flags;
    uint64_t frames[INHERITED_FRAMES];
};

struct inherited {
    struct kiwi_held held;
    struct frames taken;
    int32_t tid;
    char name[16];
    uint32_t row, object, stack, text; /* in the child's trace */
};

/* One fork at a time (glibc's own lock): the first part belongs to the forking thread, then to the child. */
static struct inherited items[INHERITED_MAX];
static struct frames fork_frames;
static uint32_t collected;
uint32_t inherited_count;

static void copy_frames(struct frames *to, uint32_t row)
{
    const struct kiwi_stack *s = region_stack(row);
    to->depth = !row ? 0 : s->depth < INHERITED_FRAMES ? s->depth : INHERITED_FRAMES;
    to->flags = s->flags | (row && s->depth > INHERITED_FRAMES ? KIWI_STACK_TRUNCATED : 0);
    memcpy(to->frames, region_frames(s->first), to->depth * sizeof *to->frames);
}

static uint32_t intern(const struct frames *f)
{
    return f->depth ? stack_intern(f->frames, f->depth, f->flags) : 0;
}

static bool still_locked(const struct inherited *i)
{
    return !object_owned_by || object_owned_by(&i->held, i->tid);
}

/* A spinlock does not tell by itself: its init call did. */
static bool is_shared(const struct kiwi_held *h, struct object_facts *facts)
{
    uint32_t kind = KIWI_HELD_KIND(h->flags), object = object_find(h->address);
    facts->kind = (uint8_t)(kind ? kind : KIWI_OBJECT_MUTEX);
    object_facts_of(h->address, facts);
    return (facts->flags | (object ? region_object(object)->flags : 0)) & KIWI_OBJECT_SHARED;
}

bool inherited_stays(const struct kiwi_held *held)
{
    struct object_facts facts;
    return is_shared(held, &facts);
}

static void collect_from(const struct thread *t, const struct kiwi_held *held, uint32_t count)
{
    struct object_facts facts;
    for (uint32_t i = 0; i < count && collected < INHERITED_MAX; i++) {
        struct inherited *n = &items[collected];
        *n = (struct inherited){.held = held[i], .tid = t->tid};
        if (!still_locked(n) || is_shared(&held[i], &facts))
            continue;
        copy_frames(&n->taken, held[i].stack);
        if (t->row)
            memcpy(n->name, region_thread(t->row)->name, sizeof n->name - 1);
        collected++;
    }
}

/* What an earlier fork left locked here is so in the next child, too. */
static void keep_earlier(void)
{
    collected = 0;
    for (uint32_t i = 0; i < inherited_count; i++)
        if (still_locked(&items[i]))
            items[collected++] = items[i];
}

void inherited_collect(struct thread *self, struct call_site fork_site)
{
    struct kiwi_held held[HELD_MAX];
    const struct thread *t;
    keep_earlier();
    inherited_count = collected;
    if (!self)
        return;
    for (uint32_t slot = 1; slot < memory.slots; slot++) {
        uint32_t count = misuse_held_at(slot, held, HELD_MAX, &t);
        if (count && t != self)
            collect_from(t, held, count);
    }
    if (collected)
        copy_frames(&fork_frames, stack_of(self, fork_site));
}

static uint32_t name_text(const struct inherited *n)
{
    char text[64];
    struct line l = line_begin(text, sizeof text);
    line_text(&l, "thread \"");
    line_text(&l, n->name);
    line_text(&l, "\" (tid ");
    line_number(&l, (uint64_t)n->tid);
    line_text(&l, ") of the parent process");
    return region_string(text, strlen(text));
}

static bool note_one(struct thread *t, struct inherited *n, uint32_t fork_stack)
{
    struct object_facts facts;
    if (!still_locked(n) || is_shared(&n->held, &facts))
        return false;
    n->stack = intern(&n->taken);
    n->text = name_text(n);
    n->object = object_get(t, &facts, n->stack);
    n->row = !n->object ? 0
                        : misuse_note(t, &(struct misuse_facts){.kind = KIWI_MISUSE_FORK_HELD,
                                                                .object = n->object,
                                                                .stack = fork_stack,
                                                                .other_stack = n->stack,
                                                                .other_name = n->text});
    return n->row;
}

void inherited_note(struct thread *t)
{
    uint32_t stack = collected ? intern(&fork_frames) : 0;
    inherited_count = 0;
    for (uint32_t i = 0; i < collected; i++) {
        struct inherited n = items[i];
        if (note_one(t, &n, stack))
            items[inherited_count++] = n;
    }
    collected = 0;
}

uint32_t inherited_wanted(struct thread *t, uintptr_t address, uint32_t stack)
{
    for (uint32_t i = 0; i < inherited_count; i++) {
        const struct inherited *n = &items[i];
        if (n->held.address == address && object_find(address) == n->object && still_locked(n))
            return misuse_note(t, &(struct misuse_facts){.kind = KIWI_MISUSE_FORK_WANTED,
                                                         .object = n->object,
                                                         .stack = stack,
                                                         .other_stack = n->stack,
                                                         .other_name = n->text});
    }
    return 0;
}

void inherited_end(const struct thread *t, bool by_exit)
{
    for (uint32_t i = 0; i < inherited_count; i++) {
        if (!still_locked(&items[i]))
            misuse_result(items[i].row, 0);
        else if (by_exit || t->heap_calls)
            __atomic_fetch_or(&region_misuse(items[i].row)->flags, KIWI_MISUSE_WENT_ON, __ATOMIC_RELAXED);
    }
}

void inherited_forget(void)
{
    inherited_count = 0;
}
