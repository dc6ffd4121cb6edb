#include "handover.h"

#include "memory.h"
#include "object.h"

static void stretch_begin(struct thread *t)
{
    t->segment_stale = true;
    t->segment_handed = true;
    t->epoch++; /* cached dependencies must be seen again in the new segment */
}

/* What is left of the table belongs to create and join. */
static bool may_order(const struct thread *t)
{
    const struct kiwi_table *segments = &region.header->tables[KIWI_TABLE_SEGMENTS];
    return !thread_handed_enough(t) && RELAXED_LOAD(&segments->used) <= segments->capacity / 2;
}

static bool has_nothing(const struct thread *t)
{
    return !t->segment && !t->segment_other;
}

void handover_give(struct thread *t, uint32_t object)
{
    if (!object || has_nothing(t))
        return; /* nothing that could be ordered was done yet */
    if (t->segment_stale && !t->segment_other) {
        RELAXED_STORE(&memory.handovers[object], t->segment); /* nothing new since the last one */
        return;
    }
    if (!may_order(t))
        return;
    uint32_t segment = thread_segment_at_handover(t);
    if (segment)
        RELAXED_STORE(&memory.handovers[object], segment);
    stretch_begin(t);
}

/* A thread whose own handovers are no longer noted goes on without saying so: nothing comes after it. */
static bool giver_is_done(uint32_t segment)
{
    const struct thread *giver = thread_of_row(region_segment(segment)->thread);
    return !giver || !thread_handed_enough(giver);
}

bool handover_after(struct thread *t, uint32_t object, uint32_t segment, uint32_t strength)
{
    struct handover_count *n = &memory.handover_counts[t->slot_index];
    if (!segment || segment == n->latest || !may_order(t) || region_segment(segment)->thread == t->row ||
        !giver_is_done(segment))
        return false;
    n->latest = segment;
    n->from = object;
    if (t->segment_stale && t->segment_other)
        thread_segment(t); /* keep that order, too */
    t->segment_other = segment | strength;
    stretch_begin(t);
    return true;
}

void handover_take(struct thread *t, uint32_t object)
{
    if (t->slot->held_count)
        return; /* what it holds was taken before the wait, and the signaller may have needed it */
    handover_after(t, object, object ? RELAXED_LOAD(&memory.handovers[object]) : 0, SEGMENT_SIGNALLED);
}

bool handover_has_news(const struct thread *t, uint32_t object)
{
    const struct handover_count *n = &memory.handover_counts[t->slot_index];
    if (!object || has_nothing(t) || !may_order(t))
        return false;
    /* What it learned here since it came last, others did before that. */
    return !t->segment_stale || n->arrived != t->segment || n->arrived_at != object ||
           (t->segment_other && n->from != object);
}

uint32_t handover_join(uint32_t own, uint32_t before)
{
    if (!own || !before || own == before)
        return own ? own : before;
    uint32_t row = region_claim(KIWI_TABLE_SEGMENTS, 1);
    if (!row)
        return own;
    region_segment(row)->previous = own;
    region_segment(row)->other = before;
    region_publish(&region_segment(row)->state, KIWI_ROW_LIVE);
    return row;
}

void handover_told(struct thread *t, uint32_t object)
{
    struct handover_count *n = &memory.handover_counts[t->slot_index];
    n->arrived = t->segment;
    n->arrived_at = object;
    stretch_begin(t);
}

/* `own` joined with what is there already. */
static void chain_add(uint32_t *latest, uint32_t own)
{
    uint32_t before = __atomic_load_n(latest, __ATOMIC_ACQUIRE); /* with the release below: its row is whole */
    while (!__atomic_compare_exchange_n(latest, &before, handover_join(own, before), false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
        ;
}

void handover_waits(struct thread *t, uint32_t object)
{
    if (!handover_has_news(t, object))
        return;
    chain_add(&memory.arrivals[object], thread_segment_at_handover(t));
    handover_told(t, object);
}

void handover_wakes_all(struct thread *t, uint32_t object)
{
    if (object && RELAXED_LOAD(&memory.arrivals[object]))
        handover_after(t, object, __atomic_exchange_n(&memory.arrivals[object], 0, __ATOMIC_ACQUIRE),
                       SEGMENT_SIGNALLED);
}

bool handover_publishes(const struct thread *t)
{
    const struct handover_count *n = &memory.handover_counts[t->slot_index];
    if (has_nothing(t) || !may_order(t))
        return false;
    return !t->segment_stale || t->segment_other || n->published != t->segment; /* something new since */
}

void handover_publish(struct thread *t)
{
    uint32_t own = thread_segment_at_handover(t);
    if (!own)
        return;
    chain_add(&memory.published, own);
    memory.handover_counts[t->slot_index].published = t->segment;
    stretch_begin(t);
}

#define LEARNS_MAX 4u

void handover_learn(struct thread *t)
{
    struct handover_count *n = &memory.handover_counts[t->slot_index];
    uint32_t published = __atomic_load_n(&memory.published, __ATOMIC_ACQUIRE); /* with chain_add */
    if (likely(published == n->learned) || n->learns >= LEARNS_MAX)
        return;
    n->learned = published;
    n->learns += handover_after(t, 0, published, SEGMENT_SIGNALLED);
}

bool handover_worth(const struct thread *t, uint32_t object)
{
    return RELAXED_LOAD(&memory.monitors[object]) && (t->segment || RELAXED_LOAD(&memory.handovers[object])) &&
           !thread_handed_enough(t);
}

void handover_monitor(uint32_t object)
{
    if (object && !RELAXED_LOAD(&memory.monitors[object]))
        RELAXED_STORE(&memory.monitors[object], 1);
}

/*
 * The mutex has a chain of those who passed it. A thread whose own part is in the chain already only takes note of the
 * rest: no segments are made for going in and out.
 */
void handover_pass(struct thread *t, uint32_t object)
{
    struct handover_count *n = &memory.handover_counts[t->slot_index];
    uint32_t chain = object ? RELAXED_LOAD(&memory.handovers[object]) : 0;
    bool added = n->given_to == object && n->given == t->segment && t->segment_stale;
    if (t->slot->held_count > 1)
        chain = 0; /* as in handover_take */
    if (added && n->from == object && t->segment_other && chain)
        t->segment_other = (n->latest = chain) | SEGMENT_SIGNALLED; /* it goes on from there */
    else
        handover_after(t, object, chain, SEGMENT_SIGNALLED);
    if (!object || !t->segment || added || !may_order(t))
        return;
    uint32_t segment = thread_segment_at_handover(t);
    if (!segment || segment == chain)
        return;
    RELAXED_STORE(&memory.handovers[object], segment);
    n->given_to = object;
    n->given = t->segment;
    stretch_begin(t);
}

/* The entry just past the held ones tells what the thread let go of last. Its part goes into the chain although nobody
 * may know yet what the mutex is for. It is not owned any more: a thread that passes at the same moment may overwrite
 * that, and then the order is not known. */
void handover_end(struct thread *t)
{
    const struct kiwi_held *last = &t->held[0];
    uint32_t kind = KIWI_HELD_KIND(last->flags);
    if (has_nothing(t) || t->slot->held_count || !last->address ||
        (kind > KIWI_OBJECT_MUTEX && kind != KIWI_OBJECT_GMUTEX))
        return;
    handover_pass(t, last->row ? region_acquisition(last->row)->object : object_find(last->address));
}
