#include "shutdown.h"

#include "../base/clock.h"

#include <signal.h>

#define INTAKE_SETTLES_NS 1000000000u /* what is taken this soon after the signal may have been under way */

bool shutdown_is_signal(int signal)
{
    return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT;
}

/* Arrivals. */

/* The first signals have a row each; the last row is for all that follow. 0 = no room. */
static uint32_t arrival_row(uint32_t arrival)
{
    if (arrival > KIWI_SHUTDOWN_ARRIVALS)
        return RELAXED_LOAD(&memory.shutdown_row);
    return region_claim(KIWI_TABLE_SHUTDOWNS, 1);
}

void shutdown_arrived(int signal, enum kiwi_shutdown_how how, const struct thread *t)
{
    uint32_t arrival = RELAXED_ADD(&memory.shutdown_arrivals, 1) + 1, row = arrival_row(arrival);
    uint64_t now = clock_ticks();
    RELAXED_STORE(&memory.shutdown_ticks, now);
    RELAXED_STORE(&memory.shutdown_row, row);
    if (!row)
        return;
    struct kiwi_shutdown *s = region_shutdown(row);
    RELAXED_STORE(&s->first_ticks, 0);
    COMPILER_BARRIER();
    s->kind = KIWI_SHUTDOWN_ARRIVAL;
    s->arrival = arrival;
    s->row = (uint32_t)signal;
    s->other = how;
    s->thread = t->row;
    s->serial = t->serial;
    s->last_ticks = s->ticks = s->count = 0;
    COMPILER_BARRIER(); /* a reader that sees the time sees the rest */
    RELAXED_STORE(&s->first_ticks, now);
    region_publish(&s->state, KIWI_ROW_LIVE);
}

void shutdown_took_slow(struct thread *t)
{
    uint32_t arrivals = RELAXED_LOAD(&memory.shutdown_arrivals), row = RELAXED_LOAD(&memory.shutdown_row);
    uint64_t now = clock_ticks();
    if (now - RELAXED_LOAD(&memory.shutdown_ticks) < clock_ns_to_ticks(INTAKE_SETTLES_NS))
        return;
    if (t->intakes_since != arrivals)
        t->intakes = 0;
    t->intakes_since = arrivals;
    if (++t->intakes > 1 && row)
        RELAXED_STORE(&region_shutdown(row)->last_ticks, now);
}

void shutdown_gives_in(void)
{
    uint32_t row = RELAXED_LOAD(&memory.shutdown_row);
    if (row)
        RELAXED_STORE(&region_shutdown(row)->count, clock_ticks());
}

void shutdown_closes(void)
{
    uint32_t row = RELAXED_LOAD(&memory.shutdown_row);
    if (row && !RELAXED_LOAD(&region_shutdown(row)->ticks))
        RELAXED_STORE(&region_shutdown(row)->ticks, clock_ticks());
}

/* Waits. */

struct wait_key {
    uint32_t kind, row, slot, thread, serial, other, other_serial;
};

/* Of the first signals each has rows of its own; those of later ones begin anew. */
static uint32_t slot_of(uint32_t arrival)
{
    return arrival < KIWI_SHUTDOWN_ARRIVALS ? arrival : KIWI_SHUTDOWN_ARRIVALS;
}

static bool wait_same(uint32_t row, const void *key)
{
    const struct wait_key *k = key;
    const struct kiwi_shutdown *s = region_shutdown(row);
    return s->kind == k->kind && s->row == k->row && slot_of(s->arrival) == k->slot && s->thread == k->thread &&
           s->serial == k->serial && s->other == k->other && s->other_serial == k->other_serial;
}

static uint32_t wait_make(const void *key)
{
    const struct wait_key *k = key;
    uint32_t row = region_claim(KIWI_TABLE_SHUTDOWNS, 1);
    if (!row)
        return 0;
    struct kiwi_shutdown *s = region_shutdown(row);
    s->kind = k->kind;
    s->row = k->row;
    s->arrival = k->slot;
    s->thread = k->thread;
    s->serial = k->serial;
    s->other = k->other;
    s->other_serial = k->other_serial;
    return row;
}

static void wait_publish(uint32_t row)
{
    region_publish(&region_shutdown(row)->state, KIWI_ROW_LIVE);
}

static bool is_join(uint32_t kind)
{
    return kind == KIWI_CALL_JOIN || kind == KIWI_CALL_TIMEDJOIN || kind == KIWI_CALL_CLOCKJOIN;
}

static struct kiwi_shutdown *wait_row(const struct thread *t, enum kiwi_shutdown_kind kind, uint32_t row,
                                      uint32_t arrival)
{
    static const struct index_ops ops = {wait_same, wait_make, wait_publish};
    struct wait_key key = {.kind = kind, .row = row, .slot = slot_of(arrival), .thread = t->row, .serial = t->serial};
    if (kind == KIWI_SHUTDOWN_CALL && is_join(region_call(row)->kind)) {
        key.other = (uint32_t)t->slot->call_object; /* the latest call is still there */
        key.other_serial = key.other ? region_thread(key.other)->serial : 0;
    }
    uint64_t h = hash_mix((uint64_t)row << 8 | (uint64_t)kind << 4 | key.slot) ^
                 hash_mix((uint64_t)key.serial << 32 | key.other_serial);
    uint32_t found = index_get(&memory.shutdowns, h, &ops, &key);
    if (!found)
        return NULL;
    struct kiwi_shutdown *s = region_shutdown(found);
    if (s->arrival == arrival)
        return s;
    s->arrival = arrival;
    s->count = s->ticks = s->first_ticks = 0;
    return s;
}

void shutdown_waited_slow(struct thread *t, enum kiwi_shutdown_kind kind, uint32_t row, uint64_t since, uint64_t now)
{
    uint64_t from = RELAXED_LOAD(&memory.shutdown_ticks);
    from = from > since ? from : since;
    if (!row || now <= from)
        return;
    struct kiwi_shutdown *s = wait_row(t, kind, row, RELAXED_LOAD(&memory.shutdown_arrivals));
    if (!s)
        return;
    if (!s->first_ticks)
        s->first_ticks = from;
    s->count++;
    s->ticks += now - from;
    RELAXED_STORE(&s->last_ticks, now);
}
