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

static void arrive_in(struct thread *t, uint64_t *latest, uint64_t round)
{
    uint64_t old = __atomic_load_n(latest, __ATOMIC_ACQUIRE), next; /* with the release below: its row is whole */
    uint32_t own = thread_segment_at_handover(t);
    do {
        uint32_t segment = handover_join(own, ROUND_OF(old) == round ? SEGMENT_OF(old) : 0);
        if (!segment)
            return;
        next = round << 32 | segment;
    } while (!__atomic_compare_exchange_n(latest, &old, next, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}

uint64_t rounds_arrive(struct thread *t, uint32_t barrier)
{
    struct barrier_rounds *b = &memory.rounds[barrier];
    if (!barrier || !b->parties)
        return 0;
    uint64_t round = (RELAXED_ADD(&b->arrivals, 1) / b->parties + 1) & UINT32_MAX;
    if (handover_has_news(t, barrier)) {
        arrive_in(t, &b->latest[round & 1], round);
        handover_told(t, barrier);
    }
    return round;
}

void rounds_leave(struct thread *t, uint32_t barrier, uint64_t round)
{
    if (!barrier || !round || t->slot->held_count)
        return;
    uint64_t latest = RELAXED_LOAD(&memory.rounds[barrier].latest[round & 1]);
    handover_after(t, barrier, ROUND_OF(latest) == round ? SEGMENT_OF(latest) : 0, 0);
}

uint32_t rounds_gathered(uint32_t barrier)
{
    const struct barrier_rounds *b = &memory.rounds[barrier];
    return barrier && b->parties ? (uint32_t)(RELAXED_LOAD(&b->arrivals) % b->parties) : 0;
}
