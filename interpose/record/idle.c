#include "idle.h"

#include "histogram.h"

void idle_end(struct thread *t)
{
    struct thread_idle *w = &t->idle;
    uint64_t sum = 0, most = 0;
    if (!w->count)
        return;
    for (uint32_t i = 0; i < w->count; i++) {
        sum += w->ticks[i];
        most = w->ticks[i] > most ? w->ticks[i] : most;
        if (histogram_room_for_calls())
            histogram_add_near(&w->near, w->row, KIWI_HISTOGRAM_CALL, w->ticks[i], 1);
    }
    struct kiwi_call *row = region_call(w->row);
    RELAXED_ADD(&row->waited, w->count);
    RELAXED_ADD(&row->ticks, sum);
    relaxed_max(&row->max_ticks, most);
    RELAXED_STORE(&row->last_ticks, w->last);
    row->thread = t->row;
    row->serial = t->serial;
    w->count = 0;
}

bool idle_note(struct thread *t, uint32_t row, uint64_t ticks, uint64_t now)
{
    struct thread_idle *w = &t->idle;
    if (unlikely(w->row != row)) {
        idle_end(t);
        *w = (struct thread_idle){.row = row};
    }
    if (unlikely(w->entered < IDLE_EXACT)) {
        w->entered++;
        return false;
    }
    w->ticks[w->count++] = ticks;
    w->last = now;
    if (w->count == THREAD_IDLE)
        idle_end(t);
    return true;
}
