#include "rounds.h"

#include "handover.h"
#include "memory.h"

#define SEGMENT_OF(word) ((uint32_t)(word))
#define ROUND_OF(word) ((word) >> 32)

void rounds_begin(uint32_t barrier, uint32_t parties)
{
    if (barrier)
        memory.rounds[barrier] = (struct barrier_rounds){.parties = parties};
}

/* One segment that comes after the thread's own and after the arrivals before it. It is no part of the thread's own
 * line: what the thread does next, with a lock in hand perhaps, need not come after them. 0 = nothing that could be
 * ordered was done. */
static uint32_t arrival_segment(struct thread *t, uint32_t own, uint32_t before)
{
    if (!own || !before || own == before)
        return own ? own : before;
    uint32_t row = region_claim(KIWI_TABLE_SEGMENTS, 1);
    if (!row)
        return own;
    struct kiwi_segment *s = region_segment(row);
    s->thread = t->row;
    s->previous = own;
    s->other = before;
    region_publish(&s->state, KIWI_SEGMENT_SIGNALLED);
    return row;
}

static void arrive_in(struct thread *t, uint64_t *latest, uint64_t round)
{
    uint64_t old = __atomic_load_n(latest, __ATOMIC_ACQUIRE); /* with the release below: its row is whole */
    uint32_t own = thread_segment_at_handover(t);
    for (;;) {
        uint32_t segment = arrival_segment(t, own, ROUND_OF(old) == round ? SEGMENT_OF(old) : 0);
        if (!segment)
            return;
        if (__atomic_compare_exchange_n(latest, &old, round << 32 | segment, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            break;
    }
    handover_stretch_begin(t);
}

uint64_t rounds_arrive(struct thread *t, uint32_t barrier)
{
    struct barrier_rounds *b = &memory.rounds[barrier];
    struct handover_count *n = &memory.handover_counts[t->slot_index];
    if (!barrier || !b->parties)
        return 0;
    uint64_t round = (RELAXED_ADD(&b->arrivals, 1) / b->parties + 1) & UINT32_MAX;
    if (n->given < HANDOVERS_MAX) {
        n->given++;
        arrive_in(t, &b->latest[round & 1], round);
    }
    return round;
}

void rounds_leave(struct thread *t, uint32_t barrier, uint64_t round)
{
    struct handover_count *n = &memory.handover_counts[t->slot_index];
    if (!barrier || !round || t->slot->held_count || n->taken >= HANDOVERS_MAX)
        return;
    uint64_t latest = RELAXED_LOAD(&memory.rounds[barrier].latest[round & 1]);
    uint32_t segment = ROUND_OF(latest) == round ? SEGMENT_OF(latest) : 0;
    if (!segment || segment == t->segment)
        return;
    n->taken++;
    handover_after(t, segment);
}

uint32_t rounds_gathered(uint32_t barrier)
{
    const struct barrier_rounds *b = &memory.rounds[barrier];
    return barrier && b->parties ? (uint32_t)(RELAXED_LOAD(&b->arrivals) % b->parties) : 0;
}
