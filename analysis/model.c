#include "model.h"

#include "addresses.h"
#include "holders.h"
#include "names.h"
#include "order.h"

#include <stdlib.h>

static void add_saturating(uint64_t *total, uint64_t count)
{
    if (__builtin_add_overflow(*total, count, total))
        *total = UINT64_MAX;
}

/* Adds what a cache line counted since it was last folded. */
static void fold_line(struct model *m, const struct kiwi_cache_entry *line)
{
    bool is_call = line->address < KIWI_CALL_LIMIT;

    if (!line->row || !line->count)
        return;
    if (is_call && line->row < m->call_count)
        add_saturating(&m->call_counts[line->row], line->count);
    if (!is_call && line->row < m->acquisition_count)
        add_saturating(&m->acquisitions[line->row].count, line->count);
}

static void fold_lines(struct model *m)
{
    uint32_t slots = trace_rows(m->trace, KIWI_TABLE_SLOTS), lines = trace_rows(m->trace, KIWI_TABLE_CACHES);

    for (uint32_t i = 1; i < slots; i++) {
        const struct kiwi_slot *s = trace_raw_row(m->trace, KIWI_TABLE_SLOTS, i);
        for (unsigned k = 0; k < KIWI_SLOT_CACHE; k++)
            fold_line(m, &s->cache[k]);
    }
    for (uint32_t i = 1; i < lines; i++)
        fold_line(m, trace_cache_entry(m->trace, i));
}

static bool count_totals(struct model *m)
{
    m->acquisition_count = trace_rows(m->trace, KIWI_TABLE_ACQUISITIONS);
    m->call_count = trace_rows(m->trace, KIWI_TABLE_CALLS);
    m->acquisitions = calloc((size_t)m->acquisition_count + 1, sizeof *m->acquisitions);
    m->call_counts = calloc((size_t)m->call_count + 1, sizeof *m->call_counts);
    if (!m->acquisitions || !m->call_counts)
        return false;
    for (uint32_t i = 1; i < m->acquisition_count; i++) {
        const struct kiwi_acquisition *a = trace_acquisition(m->trace, i);
        m->acquisitions[i] = (struct model_acquisition){.count = a ? a->count : 0, .row = a};
    }
    for (uint32_t i = 1; i < m->call_count; i++) {
        const struct kiwi_call *c = trace_call(m->trace, i);
        m->call_counts[i] = c ? c->count : 0;
    }
    fold_lines(m);
    return true;
}

struct model *model_open(struct trace *trace, struct symbols *symbols)
{
    struct model *m = calloc(1, sizeof *m);

    if (!m)
        return NULL;
    m->trace = trace;
    m->symbols = symbols;
    if (count_totals(m) && (m->order = order_open(trace, false)) && (m->signal_order = order_open(trace, true)) &&
        (m->addresses = addresses_open(trace)) && (m->holders = holders_open(m)) && (m->names = names_open(m)))
        return m;
    model_close(m);
    return NULL;
}

void model_close(struct model *m)
{
    if (!m)
        return;
    names_close(m->names);
    holders_close(m->holders);
    addresses_close(m->addresses);
    order_close(m->signal_order);
    order_close(m->order);
    free(m->acquisitions);
    free(m->call_counts);
    free(m);
}

static struct model_held held_of(const struct kiwi_acquisition *a, uint32_t row)
{
    return (struct model_held){.row = row, .object = a->object, .stack = a->stack, .mode = a->mode, .how = a->how};
}

unsigned model_held_set(const struct model *m, uint32_t row, struct model_held *out, unsigned max)
{
    unsigned count = 0, limit = max < MODEL_MAX_HELD ? max : MODEL_MAX_HELD;

    /* A chain in a damaged trace may run in a circle: the limit ends it. */
    while (row && row < m->acquisition_count && m->acquisitions[row].row && count < limit) {
        out[count++] = held_of(m->acquisitions[row].row, row);
        row = m->acquisitions[row].row->parent;
    }
    for (unsigned i = 0; i < count / 2; i++) {
        struct model_held swap = out[i];
        out[i] = out[count - 1 - i];
        out[count - 1 - i] = swap;
    }
    return count;
}

/* Entry i of a slot's held array: in the slot itself, or in its chunk. `since` of a hold that is not timed reads 0. */
static bool slot_entry(const struct model *m, const struct kiwi_slot *s, unsigned i, struct kiwi_held *out)
{
    const struct kiwi_held *held = NULL;

    if (!s->held_rows)
        held = i < KIWI_SLOT_HELD ? &s->held[i] : NULL;
    else if (i <= UINT32_MAX - s->held_rows)
        held = trace_held(m->trace, s->held_rows + i);
    if (!held)
        return false;
    *out = *held;
    if (!(held->flags & KIWI_HELD_TIMED))
        out->since = 0;
    return true;
}

unsigned model_slot_held(const struct model *m, const struct kiwi_slot *s, struct kiwi_held *out, unsigned max)
{
    unsigned count = 0;

    while (count < s->held_count && count < max && slot_entry(m, s, count, &out[count]))
        count++;
    return count;
}

uint32_t model_object_at(const struct model *m, uint64_t address)
{
    return addresses_find(m->addresses, address);
}

/*
 * A lock taken while nothing else was held has perhaps no acquisition row, and the row may be that of a class of
 * locks: in both cases its address tells which one it is.
 */
static uint32_t held_object(const struct model *m, const struct kiwi_held *held)
{
    const struct kiwi_acquisition *a = trace_acquisition(m->trace, held->row);
    const struct kiwi_object *o = a ? trace_object(m->trace, a->object) : NULL;

    return o && !(o->flags & KIWI_OBJECT_CLASS) ? a->object : model_object_at(m, held->address);
}

static struct model_holder holder_of(const struct model *m, uint32_t slot, const struct kiwi_held *held, bool releasing)
{
    return (struct model_holder){
            .thread = trace_slot(m->trace, slot)->thread,
            .slot = slot,
            .object = held_object(m, held),
            .stack = held->stack,
            .mode = KIWI_HELD_MODE(held->flags),
            .how = KIWI_HELD_HOW(held->flags),
            .releasing = releasing,
            .held = *held,
    };
}

/* A lock stands twice in the array for a moment while one below it is taken out: the later place counts. */
static unsigned holds_add(struct model_holder *out, unsigned count, const struct model_holder *one)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < count; i++)
        if (out[i].held.address != one->held.address)
            out[kept++] = out[i];
    out[kept++] = *one;
    return kept;
}

unsigned model_slot_holds(const struct model *m, uint32_t slot, struct model_holder *out, unsigned max)
{
    const struct kiwi_slot *s = trace_slot(m->trace, slot);
    struct model_holder one;
    struct kiwi_held held;
    unsigned count = 0, i = 0;

    if (!s)
        return 0;
    for (; i < s->held_count && count < max && slot_entry(m, s, i, &held); i++) {
        one = holder_of(m, slot, &held, false);
        if (i && held.address == out[count - 1].held.address)
            out[count - 1] = one;
        else
            out[count++] = one;
    }
    if (KIWI_WANT_OF(s) == KIWI_WANT_RELEASING && i == s->held_count && count < max && slot_entry(m, s, i, &held) &&
        held.address) {
        one = holder_of(m, slot, &held, true);
        count = holds_add(out, count, &one);
    }
    return count;
}

/* The request that the recorder has a row for: the thread found the lock taken. */
static bool waits_for_row(const struct model *m, const struct kiwi_slot *s, struct model_waiter *out)
{
    const struct kiwi_acquisition *a = trace_acquisition(m->trace, s->want_row);
    const struct kiwi_object *o = a ? trace_object(m->trace, a->object) : NULL;

    if (!a)
        return false;
    out->object = a->object;
    out->address = o ? o->address : 0;
    out->row = s->want_row;
    out->stack = a->stack;
    out->mode = a->mode;
    out->how = a->how;
    out->since = s->want_since;
    return true;
}

/* The lock about to be taken stands just past the held ones. */
static bool takes_entry(const struct model *m, const struct kiwi_slot *s, struct model_waiter *out)
{
    struct kiwi_held held;

    if (!slot_entry(m, s, s->held_count, &held) || !held.address)
        return false;
    out->object = held_object(m, &held);
    out->address = held.address;
    out->row = held.row;
    out->stack = held.stack;
    out->mode = KIWI_HELD_MODE(held.flags);
    out->how = KIWI_HELD_HOW(held.flags);
    return true;
}

bool model_slot_wants(const struct model *m, uint32_t slot, struct model_waiter *out)
{
    const struct kiwi_slot *s = trace_slot(m->trace, slot);

    if (!s)
        return false;
    *out = (struct model_waiter){.thread = s->thread, .slot = slot, .want = KIWI_WANT_OF(s)};
    switch (KIWI_WANT_OF(s)) {
    case KIWI_WANT_WAITING:
    case KIWI_WANT_TIMED:
        return waits_for_row(m, s, out);
    case KIWI_WANT_TAKING:
        return takes_entry(m, s, out);
    default:
        return false;
    }
}

const struct model_holder *model_holders(const struct model *m, uint32_t object, uint32_t *count)
{
    return holders_of(m->holders, object, count);
}

const struct model_waiter *model_waiters(const struct model *m, uint32_t object, uint32_t *count)
{
    return waiters_of(m->holders, object, count);
}

bool model_segment_before(const struct model *m, uint32_t a, uint32_t b)
{
    return order_before(m->order, a, b);
}

bool model_segment_signalled_before(const struct model *m, uint32_t a, uint32_t b)
{
    return order_before(m->signal_order, a, b);
}

bool model_threads_overlap(const struct model *m, uint32_t thread_a, uint32_t thread_b)
{
    const struct kiwi_thread *a = trace_thread(m->trace, thread_a), *b = trace_thread(m->trace, thread_b);

    if (!a || !b)
        return false;
    uint64_t end_a = a->end_ticks ? a->end_ticks : UINT64_MAX, end_b = b->end_ticks ? b->end_ticks : UINT64_MAX;
    return a->start_ticks < end_b && b->start_ticks < end_a;
}
