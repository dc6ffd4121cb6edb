#include "idle.h"

#include "histogram.h"
#include "processor.h"

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
    relaxed_max(&row->last_ticks, w->last); /* others wait there, too */
    row->thread = t->row;
    row->serial = t->serial;
    if (t->row)
        RELAXED_STORE(&region_thread(t->row)->idle_ticks, region_thread(t->row)->idle_ticks + sum);
    w->count = 0;
}

bool idle_note_first(struct thread *t, uint32_t row)
{
    struct thread_idle *w = &t->idle;
    if (w->row != row) {
        idle_end(t);
        *w = (struct thread_idle){.row = row};
    }
    if (w->entered < IDLE_EXACT && !record_settings.events_all)
        w->entered++;
    return false;
}

void idle_enter(struct thread *t)
{
    uint64_t ticks = t->idle.ticks[t->idle.count - 1], now = t->idle.last;
    idle_end(t);
    if (t->reading.ticks)
        processor_read_sometimes(t, now);
    event_add_at(t, KIWI_EVENT_CALL, t->idle.row, ticks, 0, now);
}
