#include "blame.h"

#include "wording.h"

#include <inttypes.h>
#include <stdio.h>

#define CHAIN_MAX 5u      /* holders that waited for other holders, and so on */
#define HELD_IN_CALLS 0.8 /* of the time that a lock was held */

/* Time charged to the same holder's place, or waited at the same place. */
static uint64_t ticks_at(const struct lock_uses *u, const struct lock_use *use, uint32_t stack, bool holder)
{
    const struct lock_charge *c = &u->charges[use->first_charge];
    uint64_t ticks = 0;

    for (uint32_t i = 0; i < use->charge_count; i++)
        if (c[i].row->cause != KIWI_CAUSE_TRY && (holder ? c[i].row->holder_stack : c[i].request->stack) == stack)
            ticks += c[i].row->ticks;
    return ticks;
}

static void add_charge(struct blame *b, const struct lock_uses *u, const struct lock_use *use,
                       const struct lock_charge *c)
{
    uint64_t at;

    b->ticks += c->row->ticks;
    b->waits += c->row->count;
    if (c->row->cause == KIWI_CAUSE_CALL)
        b->call_ticks += c->row->ticks;
    if (c->row->cause == KIWI_CAUSE_LOCK)
        b->lock_ticks += c->row->ticks;
    if (!c->row->holder_stack)
        b->unknown_ticks += c->row->ticks;
    if (!b->worst || c->row->ticks > b->worst->row->ticks)
        b->worst = c;
    if (c->row->holder_stack && c->row->holder_stack != b->holder_stack &&
        (at = ticks_at(u, use, c->row->holder_stack, true)) > b->holder_ticks) {
        b->holder_stack = c->row->holder_stack;
        b->holder_ticks = at;
    }
    if (c->request->stack != b->waiter_stack && (at = ticks_at(u, use, c->request->stack, false)) > b->waiter_ticks) {
        b->waiter_stack = c->request->stack;
        b->waiter_ticks = at;
    }
}

struct blame blame_of(const struct lock_uses *u, const struct lock_use *use)
{
    struct blame b = {0};

    for (uint32_t i = 0; i < use->charge_count; i++)
        if (u->charges[use->first_charge + i].row->cause != KIWI_CAUSE_TRY)
            add_charge(&b, u, use, &u->charges[use->first_charge + i]);
    return b;
}

static bool holds(const struct model *m, uint32_t held_row, uint32_t object)
{
    struct model_held held[MODEL_MAX_HELD];
    unsigned count = model_held_set(m, held_row, held, MODEL_MAX_HELD);

    for (unsigned i = 0; i < count; i++)
        if (held[i].object == object)
            return true;
    return false;
}

static uint64_t ticks_in_calls(const struct model *m, uint32_t object)
{
    uint64_t ticks = 0;

    for (uint32_t i = 1; i < trace_rows(m->trace, KIWI_TABLE_CALLS); i++) {
        const struct kiwi_call *c = trace_call(m->trace, i);

        if (c && c->held && c->waited && holds(m, c->held, object))
            ticks += c->ticks;
    }
    return ticks;
}

static bool is_across(const struct finding *f, uint32_t object)
{
    if ((f->id != FINDING_LOCK_ACROSS_POLL && f->id != FINDING_LOCK_ACROSS_BLOCK) || f->severity < SEVERITY_MEDIUM)
        return false;
    for (unsigned i = 0; i < f->object_count; i++)
        if (f->objects[i].row == object)
            return true;
    return false;
}

bool blame_is_told(const struct lock_uses *u, const struct lock_use *use, const struct finding_list *list)
{
    for (unsigned i = 0; i < list->count; i++)
        if (is_across(list->items[i], use->object))
            return (double)ticks_in_calls(u->m, use->object) >= HELD_IN_CALLS * (double)lock_use_held(use);
    return false;
}

/* The charge of the longest time among the waits of one request row: what its holder did. */
static const struct kiwi_charge *worst_of_row(const struct lock_uses *u, uint32_t row)
{
    const struct kiwi_charge *worst = NULL;

    for (uint32_t i = 0; i < u->charge_count; i++) {
        const struct kiwi_charge *c = u->charges[i].row;

        if (c->row == row && c->cause != KIWI_CAUSE_TRY && (!worst || c->ticks > worst->ticks))
            worst = c;
    }
    return worst;
}

/* The holder waited for a lock itself: whose, and what was that one doing? */
static void follow(struct finding *f, const struct lock_uses *u, const struct kiwi_charge *c)
{
    for (unsigned i = 0; c && c->cause == KIWI_CAUSE_LOCK && i < CHAIN_MAX; i++) {
        const struct kiwi_acquisition *a = trace_acquisition(u->m->trace, c->cause_row);

        if (!a)
            return;
        finding_evidence(f, "The holder itself waited for %s at %s.", model_object_name(u->m, a->object),
                         model_site(u->m, a->stack));
        c = worst_of_row(u, c->cause_row);
    }
    if (c && c->cause == KIWI_CAUSE_CALL) {
        const struct kiwi_call *call = trace_call(u->m->trace, c->cause_row);

        if (call)
            finding_evidence(f, "The holder sat in %s at %s.", model_call(u->m, call->kind, call->stack),
                             model_site(u->m, call->stack));
    }
}

void blame_report(struct finding *f, const struct lock_uses *u, const struct lock_use *use, const struct blame *b)
{
    struct model *m = u->m;

    if (b->holder_stack)
        finding_stack(f, m, b->holder_stack,
                      b->worst && b->worst->row->holder_stack == b->holder_stack ? b->worst->row->holder_thread : 0,
                      "%s was taken here while others waited", wording_lock(f, use->object));
    if (b->waiter_stack)
        finding_stack(f, m, b->waiter_stack, b->worst ? b->worst->thread : 0, "others waited here");
    if (b->holder_stack && b->ticks)
        finding_evidence(f, "%s of these waits are charged to holders that took it at %s.",
                         model_duration(m, b->holder_ticks), model_site(m, b->holder_stack));
    if (b->call_ticks)
        finding_evidence(f, "During %s of it the holder sat in a blocking call.", model_duration(m, b->call_ticks));
    if (b->lock_ticks)
        finding_evidence(f, "During %s of it the holder waited for another lock.", model_duration(m, b->lock_ticks));
    if (b->worst)
        follow(f, u, b->worst->row);
}
