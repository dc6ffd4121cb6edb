#include "charge.h"

struct charge_key {
    uint32_t row, thread, serial, holder_stack, cause, cause_row;
};

static bool charge_same(uint32_t row, const void *key)
{
    const struct charge_key *k = key;
    const struct kiwi_charge *c = region_charge(row);
    return c->row == k->row && c->thread == k->thread && c->serial == k->serial && c->holder_stack == k->holder_stack &&
           c->cause == k->cause && c->cause_row == k->cause_row;
}

static uint32_t charge_make(const void *key)
{
    const struct charge_key *k = key;
    uint32_t row = region_claim(KIWI_TABLE_CHARGES, 1);
    if (!row)
        return 0;
    struct kiwi_charge *c = region_charge(row);
    c->row = k->row;
    c->thread = k->thread;
    c->serial = k->serial;
    c->holder_stack = k->holder_stack;
    c->cause = k->cause;
    c->cause_row = k->cause_row;
    return row;
}

static void charge_publish(uint32_t row)
{
    region_publish(&region_charge(row)->state, KIWI_ROW_LIVE);
}

static uint32_t find_or_make(const struct charge_key *k, bool make)
{
    static const struct index_ops ops = {charge_same, charge_make, charge_publish};
    uint64_t h = hash_mix((uint64_t)k->row << 32 | k->thread);
    h = hash_mix(h ^ ((uint64_t)k->holder_stack << 32 | k->cause_row) ^ (uint64_t)k->serial << 8 ^ k->cause);
    return make ? index_get(&memory.charges, h, &ops, k) : index_find(&memory.charges, h, &ops, k);
}

/* By thread while half of the table is free; then only threads that have a row keep it, the others share one of their
 * class. */
static uint32_t charge_get(struct thread *t, struct charge_key *k)
{
    const struct kiwi_table *table = &region.header->tables[KIWI_TABLE_CHARGES];
    k->thread = t->row;
    k->serial = t->serial;
    if (t->charge && charge_same(t->charge, k))
        return t->charge;
    bool room = RELAXED_LOAD(&table->used) <= table->capacity / 2;
    uint32_t row = find_or_make(k, room);
    if (!row && !room) {
        k->thread = k->serial = 0;
        row = find_or_make(k, true);
    }
    return t->charge = row;
}

static void max_32(uint32_t *p, uint32_t v)
{
    uint32_t old = RELAXED_LOAD(p);
    while (old < v && !__atomic_compare_exchange_n(p, &old, v, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

void charge_wait(struct thread *t, const struct charge_facts *f)
{
    struct charge_key k = {.row = f->row,
                           .holder_stack = f->wait->holder_stack,
                           .cause = f->wait->cause,
                           .cause_row = f->wait->cause_row};
    uint32_t row = charge_get(t, &k);
    if (!row)
        return;
    struct kiwi_charge *c = region_charge(row);
    if (!RELAXED_LOAD(&c->first_ticks))
        RELAXED_STORE(&c->first_ticks, f->until);
    RELAXED_STORE(&c->last_ticks, f->until);
    RELAXED_STORE(&c->holder_thread, f->wait->holder_thread);
    RELAXED_ADD(&c->count, 1);
    RELAXED_ADD(&c->ticks, f->ticks);
    relaxed_max(&c->max_ticks, f->ticks);
    if (!f->overtakes)
        return;
    RELAXED_ADD(&c->overtakes, f->overtakes);
    max_32(&c->overtakes_max, f->overtakes);
    if (f->overtakes >= KIWI_STARVED_OVERTAKES) {
        RELAXED_ADD(&c->starved, 1);
        RELAXED_ADD(&c->starved_ticks, f->ticks);
    }
}

uint32_t charge_of_tries(struct thread *t, uint32_t row)
{
    struct charge_key k = {.row = row, .cause = KIWI_CAUSE_TRY};
    uint32_t charge = charge_get(t, &k);
    return charge && region_charge(charge)->thread ? charge : 0;
}

/* Its own thread alone writes such a row. */
void charge_try(uint32_t charge, uint64_t run, uint64_t begin, uint64_t now)
{
    struct kiwi_charge *c = region_charge(charge);
    if (!c->first_ticks)
        c->first_ticks = now;
    RELAXED_STORE(&c->last_ticks, now);
    RELAXED_STORE(&c->count, c->count + 1);
    if (run < c->run && begin != c->run_begin)
        return;
    RELAXED_STORE(&c->run, run);
    RELAXED_STORE(&c->run_begin, begin);
    RELAXED_STORE(&c->run_end, now);
}
