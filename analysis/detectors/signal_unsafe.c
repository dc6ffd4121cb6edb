/*
 * signal-unsafe-call: locks taken and heap calls made in a signal handler that may have interrupted anything.
 *
 * Lock and blocking calls carry their stack, which ends at the handler's frame; heap calls are noted by the wrapper.
 * All that one handler function does is one finding. A trylock does not wait, and sem_post is allowed.
 */
#include "detector.h"

#include "../place.h"
#include "wording.h"
#include "../array.h"
#include "../call_kinds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CALLS_MAX 4u /* stacks shown of one handler */

struct unsafe_call {
    uint32_t stack, object; /* object 0: a heap call */
    uint32_t thread;
    uint64_t count, first_ticks, last_ticks;
    const char *what; /* "takes", "waits for", ... */
};

struct handler {
    uint64_t key;
    struct unsafe_call calls[CALLS_MAX];
    uint32_t call_count, more; /* shown; beyond these */
    uint64_t locks, heaps, first_ticks, last_ticks;
};

struct handlers {
    struct model *m;
    struct handler *items;
    uint32_t count, capacity;
};

static bool in_handler(const struct trace *t, uint32_t stack)
{
    const struct kiwi_stack *s = trace_stack(t, stack);

    return s && (s->flags & KIWI_STACK_HANDLER) && s->depth >= 2;
}

/* The outermost frame is the kernel's return from the handler; the one inside it is the handler's. */
static struct symbol_frame handler_frame(struct model *m, uint32_t stack)
{
    unsigned count = place_frames(m->trace, m->symbols, stack);

    for (unsigned i = count; i-- > 0;) {
        struct symbol_frame f = place_frame(m->trace, m->symbols, stack, i);

        if (!f.internal && (f.function || !m->symbols))
            return f;
        if (!m->symbols && i + 2 == count)
            return f;
    }
    return (struct symbol_frame){0};
}

static uint64_t handler_key(struct model *m, uint32_t stack)
{
    struct symbol_frame f = m->symbols ? handler_frame(m, stack) : (struct symbol_frame){0};

    if (f.function)
        return place_hash_text(place_hash_text(0, place_base_name(f.module)), f.function);
    uint32_t depth = 0;
    const uint64_t *frames = trace_frames(m->trace, stack, &depth);
    return frames && depth >= 2 ? place_hash(1, frames[depth - 2]) : 1;
}

static struct handler *handler_of(struct handlers *h, uint64_t key)
{
    for (uint32_t i = 0; i < h->count; i++)
        if (h->items[i].key == key)
            return &h->items[i];
    struct handler *items = array_room(h->items, h->count, &h->capacity, sizeof *items);

    if (!items)
        return NULL;
    h->items = items;
    h->items[h->count] = (struct handler){.key = key, .first_ticks = UINT64_MAX};
    return &h->items[h->count++];
}

static int handlers_add(struct handlers *h, const struct unsafe_call *c)
{
    struct handler *one = handler_of(h, handler_key(h->m, c->stack));

    if (!one)
        return -1;
    if (one->call_count < CALLS_MAX)
        one->calls[one->call_count++] = *c;
    else
        one->more++;
    *(c->object ? &one->locks : &one->heaps) += c->count;
    if (c->first_ticks && c->first_ticks < one->first_ticks)
        one->first_ticks = c->first_ticks;
    if (c->last_ticks > one->last_ticks)
        one->last_ticks = c->last_ticks;
    return 0;
}

static int add_locks(struct handlers *h)
{
    const struct trace *t = h->m->trace;

    for (uint32_t i = 1; i < h->m->acquisition_count; i++) {
        const struct kiwi_acquisition *a = trace_acquisition(t, i);
        uint64_t count;

        if (!a || (a->flags & KIWI_ACQ_DERIVED) || a->how == KIWI_HOW_TRY || a->how == KIWI_HOW_COND ||
            !in_handler(t, a->stack) || !trace_object(t, a->object))
            continue;
        count = h->m->acquisitions[i].count > a->requested ? h->m->acquisitions[i].count : a->requested;
        if (count && handlers_add(h, &(struct unsafe_call){.stack = a->stack,
                                                           .object = a->object,
                                                           .thread = wording_thread_row(h->m, a->witness[0].thread,
                                                                                        a->witness[0].serial),
                                                           .count = count,
                                                           .first_ticks = a->first_ticks,
                                                           .last_ticks = a->last_ticks,
                                                           .what = "takes"}))
            return -1;
    }
    return 0;
}

static int add_misuses(struct handlers *h)
{
    const struct trace *t = h->m->trace;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_MISUSES); i++) {
        const struct kiwi_misuse *r = trace_misuse(t, i);
        bool wake = r && r->kind == KIWI_MISUSE_WAKE_IN_HANDLER && trace_object(t, r->object);

        if (!r || (!wake && r->kind != KIWI_MISUSE_HEAP_IN_HANDLER) || !in_handler(t, r->stack))
            continue;
        if (handlers_add(h, &(struct unsafe_call){.stack = r->stack,
                                                  .object = wake ? r->object : 0,
                                                  .thread = wording_thread_row(h->m, r->thread, r->serial),
                                                  .count = r->count ? r->count : 1,
                                                  .first_ticks = r->first_ticks,
                                                  .last_ticks = r->last_ticks,
                                                  .what = "signals"}))
            return -1;
    }
    return 0;
}

static int add_calls(struct handlers *h)
{
    const struct trace *t = h->m->trace;

    for (uint32_t i = 1; i < h->m->call_count; i++) {
        const struct kiwi_call *c = trace_call(t, i);

        if (!c || !call_kind_is_wake_up(c->kind) || !in_handler(t, c->stack))
            continue;
        if (handlers_add(h, &(struct unsafe_call){.stack = c->stack,
                                                  .object = UINT32_MAX, /* none that is known */
                                                  .thread = wording_thread_row(h->m, c->thread, c->serial),
                                                  .count = h->m->call_counts[i] ? h->m->call_counts[i] : 1,
                                                  .first_ticks = c->first_ticks,
                                                  .last_ticks = c->last_ticks,
                                                  .what = "waits"}))
            return -1;
    }
    return 0;
}

/* Whether the stack shows that this is not done in a handler of that key. A short one shows nothing. One of the handler
 * may lack the mark that it interrupted anything: at times it was let in on purpose. */
static bool is_outside(struct model *m, uint32_t stack, uint64_t key)
{
    const struct kiwi_stack *s = trace_stack(m->trace, stack);

    return s && !(s->flags & KIWI_STACK_SHORT) && !in_handler(m->trace, stack) && handler_key(m, stack) != key;
}

/* A lock of the handler's is also taken outside of any handler: the code that it interrupts may hold it. */
static uint32_t taken_outside(struct model *m, uint32_t object, uint64_t key)
{
    for (uint32_t i = 1; object && i < m->acquisition_count; i++) {
        const struct kiwi_acquisition *a = trace_acquisition(m->trace, i);

        if (a && a->object == object && a->how != KIWI_HOW_COND && m->acquisitions[i].count &&
            is_outside(m, a->stack, key))
            return a->stack;
    }
    return 0;
}

static void describe_call(struct finding *f, struct model *m, const struct handler *h, const struct unsafe_call *c)
{
    uint32_t outside = taken_outside(m, c->object, h->key);

    if (c->object == UINT32_MAX)
        finding_stack(f, m, c->stack, c->thread, "waits in the handler");
    else if (c->object)
        finding_stack(f, m, c->stack, c->thread, "%s %s in the handler", c->what, wording_lock(f, c->object));
    else
        finding_stack(f, m, c->stack, c->thread, "uses the heap in the handler");
    if (outside)
        finding_evidence(
                f,
                "%s is taken at %s as well, outside of the handler: if the signal comes while it is held there, "
                "the handler waits for the code that it interrupted.",
                wording_lock(f, c->object), model_site(m, outside));
}

static const char *handler_name(struct model *m, const struct handler *h, char *text, size_t size)
{
    struct symbol_frame f = handler_frame(m, h->calls[0].stack);

    if (!f.function)
        return place_text(&f, text, size);
    snprintf(text, size, "%s", f.function);
    return text;
}

static int handler_report(struct model *m, const struct handler *h, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_SIGNAL_UNSAFE_CALL);
    char name[WORDING_SIZE];

    if (!f)
        return -1;
    f->confidence = CONFIDENCE_HIGH;
    f->count = h->locks + h->heaps;
    f->cause = h->key;
    for (uint32_t i = 0; i < h->call_count; i++)
        if (h->calls[i].object && h->calls[i].object != UINT32_MAX)
            finding_object(f, m, h->calls[i].object);
    wording_label(f);
    handler_name(m, h, name, sizeof name);
    finding_set(f, &f->title, "The signal handler %s %s", name,
                h->locks && h->heaps ? "takes locks and uses the heap"
                : h->locks           ? "uses locks or waits for other threads"
                                     : "uses the heap");
    finding_set(
            f, &f->why,
            "A handler runs in the middle of whatever its thread was doing. If that holds the lock that the handler "
            "wants (malloc and free have such locks, too), the thread waits for itself for good; else the handler may "
            "find data half changed.");
    finding_set(f, &f->fix,
                "In the handler only set a flag, write to a pipe, or sem_post, and do the work in the loop that sees "
                "it; or "
                "block the signal in all threads and take it with sigwait or signalfd in one of them.");
    for (uint32_t i = 0; i < h->call_count; i++)
        describe_call(f, m, h, &h->calls[i]);
    if (h->locks)
        finding_evidence(f, "Calls on locks, condition variables and semaphores in it: %" PRIu64 ".", h->locks);
    if (h->heaps)
        finding_evidence(f, "Heap calls in it that were looked at: %" PRIu64 ".", h->heaps);
    if (h->more)
        finding_evidence(f, "%u more call paths are not shown.", h->more);
    finding_evidence(f, "The signal was not one that the thread lets in only while it waits (sigsuspend, ppoll).");
    wording_validation(f, m, finding_info(f->id)->id, "it must be silent.");
    wording_seen(f, m, h->first_ticks == UINT64_MAX ? 0 : h->first_ticks, h->last_ticks);
    return 0;
}

int detect_signal_unsafe(struct model *m, struct finding_list *list)
{
    struct handlers h = {.m = m};
    int result = add_locks(&h) || add_misuses(&h) || add_calls(&h) ? -1 : 0;

    for (uint32_t i = 0; i < h.count && !result; i++)
        result = handler_report(m, &h.items[i], list);
    free(h.items);
    return result;
}
