#include "shutdown_waits.h"

#include "../call_kinds.h"
#include "wording.h"

#include <stdio.h>
#include <stdlib.h>

#define COMPARE(a, b, field)                                                                                           \
    if ((a)->field != (b)->field)                                                                                      \
    return (a)->field < (b)->field ? -1 : 1

static int by_place(const void *left, const void *right)
{
    const struct shutdown_wait *a = left, *b = right;

    COMPARE(a, b, thread);
    COMPARE(a, b, serial);
    COMPARE(a, b, kind);
    COMPARE(a, b, row);
    COMPARE(a, b, other);
    COMPARE(a, b, other_serial);
    return 0;
}

static void add(struct shutdown_waits *w, const struct shutdown_wait *given)
{
    struct shutdown_wait *wait = &w->items[w->count++];

    *wait = *given;
    if (given->kind == KIWI_SHUTDOWN_CALL) {
        const struct kiwi_call *c = trace_call(w->m->trace, given->row);

        wait->known = c && c->first_ticks < w->begin;
    }
}

/* Those after several signals, and the one that goes on. */
static void merge(struct shutdown_waits *w)
{
    uint32_t kept = 0;

    qsort(w->items, w->count, sizeof *w->items, by_place);
    for (uint32_t i = 0; i < w->count; i++) {
        const struct shutdown_wait *given = &w->items[i];
        struct shutdown_wait *have = kept ? &w->items[kept - 1] : NULL;

        if (!have || by_place(have, given) != 0) {
            w->items[kept++] = *given;
            continue;
        }
        have->count += given->count;
        have->ticks += given->ticks;
        have->begun += given->begun;
        have->open |= given->open;
    }
    w->count = kept;
}

static void add_ended(struct shutdown_waits *w, const struct kiwi_shutdown *r, uint32_t arrival)
{
    bool counts = r->kind == KIWI_SHUTDOWN_CALL || r->kind == KIWI_SHUTDOWN_LOCK;

    if (!counts || r->arrival < arrival || !r->count)
        return;
    add(w, &(struct shutdown_wait){.kind = r->kind,
                                   .row = r->row,
                                   .thread = r->thread,
                                   .serial = r->serial,
                                   .other = r->other,
                                   .other_serial = r->other_serial,
                                   .count = r->count,
                                   .ticks = r->ticks,
                                   .begun = r->count - (r->first_ticks <= w->begin)});
}

static uint32_t serial_of(const struct trace *t, uint32_t thread)
{
    const struct kiwi_thread *row = trace_thread(t, thread);

    return row ? row->serial : 0;
}

static bool is_join(uint32_t kind)
{
    return kind == KIWI_CALL_JOIN || kind == KIWI_CALL_TIMEDJOIN || kind == KIWI_CALL_CLOCKJOIN;
}

/* Since the signal, or since it began if that was later; 0 = the trace says nothing of it. */
static uint64_t open_ticks(const struct shutdown_waits *w, uint64_t since)
{
    uint64_t from = since > w->begin ? since : w->begin;

    return since && w->end > from ? w->end - from : 0;
}

static uint64_t ended_ticks(const struct shutdown_waits *w, uint32_t thread, uint32_t serial)
{
    uint64_t ticks = 0;

    for (uint32_t i = 0; i < w->count; i++)
        if (!w->items[i].open && w->items[i].thread == thread && w->items[i].serial == serial)
            ticks += w->items[i].ticks;
    return ticks;
}

/* The signal's handler interrupted this one: what it waited for itself is not of it. */
static uint64_t without_handler(const struct shutdown_waits *w, const struct shutdown_wait *wait, uint64_t since)
{
    const struct kiwi_shutdown *a = w->arrival;
    uint64_t inner = ended_ticks(w, wait->thread, wait->serial);

    if (a->other != KIWI_SHUTDOWN_HANDLER || a->serial != wait->serial || since > w->begin)
        return wait->ticks;
    return wait->ticks > inner ? wait->ticks - inner : 0;
}

/* Who calls exit in the middle of another call does so in a handler. */
static bool has_exited(const struct trace *t, const struct kiwi_slot *s)
{
    const struct kiwi_header *h = trace_header(t);

    return h->end_kind == KIWI_END_EXIT && s->thread == h->end_thread && serial_of(t, s->thread) == h->end_serial;
}

static void add_open(struct shutdown_waits *w, const struct kiwi_slot *s)
{
    const struct trace *t = w->m->trace;
    bool wants = KIWI_WANT_OF(s) == KIWI_WANT_WAITING || KIWI_WANT_OF(s) == KIWI_WANT_TIMED;
    struct shutdown_wait wait = {.thread = s->thread, .serial = serial_of(t, s->thread), .count = 1, .open = true};
    uint64_t since = 0;

    if (s->call_kind) {
        since = s->call_since;
        wait.kind = KIWI_SHUTDOWN_CALL;
        wait.row = s->call_row;
        if (is_join(s->call_kind)) {
            wait.other = (uint32_t)s->call_object;
            wait.other_serial = serial_of(t, wait.other);
        }
    } else if (wants) {
        since = s->want_since;
        wait.kind = KIWI_SHUTDOWN_LOCK;
        wait.row = s->want_row;
    }
    wait.ticks = open_ticks(w, since);
    wait.begun = since > w->begin;
    wait.ticks = without_handler(w, &wait, since);
    if (wait.ticks && wait.row && !has_exited(t, s))
        add(w, &wait);
}

int shutdown_waits_make(struct shutdown_waits *w, struct model *m, const struct kiwi_shutdown *arrival, uint64_t end)
{
    uint32_t rows = trace_rows(m->trace, KIWI_TABLE_SHUTDOWNS), slots = trace_rows(m->trace, KIWI_TABLE_SLOTS);

    *w = (struct shutdown_waits){.m = m, .arrival = arrival, .begin = arrival->first_ticks, .end = end};
    w->items = calloc((size_t)rows + slots + 1, sizeof *w->items);
    if (!w->items)
        return -1;
    for (uint32_t i = 1; i < rows; i++) {
        const struct kiwi_shutdown *r = trace_shutdown(m->trace, i);

        if (r)
            add_ended(w, r, arrival->arrival);
    }
    for (uint32_t i = 1; i < slots; i++) {
        const struct kiwi_slot *s = trace_slot(m->trace, i);

        if (s)
            add_open(w, s);
    }
    merge(w);
    return 0;
}

void shutdown_waits_release(struct shutdown_waits *w)
{
    free(w->items);
    *w = (struct shutdown_waits){0};
}

const struct shutdown_wait *shutdown_waits_longest(const struct shutdown_waits *w, uint32_t thread, uint32_t serial)
{
    const struct shutdown_wait *longest = NULL;

    for (uint32_t i = 0; i < w->count; i++) {
        const struct shutdown_wait *wait = &w->items[i];

        if (wait->thread == thread && wait->serial == serial && (!longest || wait->ticks > longest->ticks))
            longest = wait;
    }
    return longest;
}

uint32_t shutdown_wait_stack(const struct model *m, const struct shutdown_wait *wait)
{
    if (wait->kind == KIWI_SHUTDOWN_CALL) {
        const struct kiwi_call *c = trace_call(m->trace, wait->row);

        return c ? c->stack : 0;
    }
    const struct kiwi_acquisition *a = trace_acquisition(m->trace, wait->row);

    return a ? a->stack : 0;
}

static uint32_t call_kind(const struct model *m, const struct shutdown_wait *wait)
{
    const struct kiwi_call *c = wait->kind == KIWI_SHUTDOWN_CALL ? trace_call(m->trace, wait->row) : NULL;

    return c ? c->kind : 0;
}

enum kiwi_call_group shutdown_wait_group(const struct model *m, const struct shutdown_wait *wait)
{
    return call_kind_group(call_kind(m, wait));
}

const char *shutdown_wait_text(struct model *m, const struct shutdown_wait *wait, char *text, size_t size)
{
    uint32_t kind = call_kind(m, wait), other = wording_thread_row(m, wait->other, wait->other_serial);

    if (wait->kind == KIWI_SHUTDOWN_LOCK) {
        const struct kiwi_acquisition *a = trace_acquisition(m->trace, wait->row);

        snprintf(text, size, "a wait for %s", a ? model_object_name(m, a->object) : "a lock");
    } else if (is_join(kind) && other) {
        snprintf(text, size, "%s for %s", call_kind_name(kind), model_thread_name(m, other));
    } else {
        snprintf(text, size, "%s", call_kind_phrase(kind));
    }
    return text;
}
