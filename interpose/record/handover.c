#include "handover.h"

#include "memory.h"

void handover_stretch_begin(struct thread *t)
{
    t->segment_stale = true;
    t->epoch++; /* cached dependencies must be seen again in the new segment */
}

void handover_after(struct thread *t, uint32_t segment)
{
    if (t->segment_stale && t->segment_other)
        thread_segment(t); /* keep that order, too */
    t->segment_other = segment | SEGMENT_SIGNALLED;
    handover_stretch_begin(t);
}

void handover_give(struct thread *t, uint32_t object)
{
    struct handover_count *n = &memory.handover_counts[t->slot_index];
    if (!object || (!t->segment && !t->segment_other))
        return; /* nothing that could be ordered was done yet */
    if (t->segment_stale && !t->segment_other) {
        RELAXED_STORE(&memory.handovers[object], t->segment); /* nothing new since the last one */
        return;
    }
    if (n->given >= HANDOVERS_MAX)
        return;
    n->given++;
    uint32_t segment = thread_segment_at_handover(t);
    if (segment)
        RELAXED_STORE(&memory.handovers[object], segment);
    handover_stretch_begin(t);
}

void handover_take(struct thread *t, uint32_t object)
{
    struct handover_count *n = &memory.handover_counts[t->slot_index];
    uint32_t segment = object ? RELAXED_LOAD(&memory.handovers[object]) : 0;
    if (t->slot->held_count)
        return; /* what it holds was taken before the wait, and the signaller may have needed it */
    if (!segment || segment == n->latest || n->taken >= HANDOVERS_MAX || region_segment(segment)->thread == t->row)
        return;
    n->taken++;
    n->latest = segment;
    handover_after(t, segment);
}
