#include "object.h"

#include "../base/clock.h"
#include "destroyed.h"
#include "recent_block.h"
#include "suspect.h"

#include <string.h>

static bool never_static(uintptr_t address)
{
    (void)address;
    return false;
}
bool (*object_is_static)(uintptr_t address) = never_static;
bool (*object_shows_waiters)(const struct kiwi_held *held);

static bool object_same(uint32_t row, const void *key)
{
    return region_object(row)->address == ((const struct object_facts *)key)->address;
}

static void object_fill(struct kiwi_object *o, const struct object_facts *f)
{
    o->kind = f->kind;
    o->type = f->type;
    o->flags = f->flags;
    o->address = f->address;
    o->created_ticks = clock_ticks();
}

/* The last eighth of the table is for what stands for many locks: a service with a million of them needs it most. */
static uint32_t row_claim(bool for_class)
{
    const struct kiwi_table *objects = &region.header->tables[KIWI_TABLE_OBJECTS];
    if (for_class || RELAXED_LOAD(&objects->used) < objects->capacity - objects->capacity / 8)
        return region_claim(KIWI_TABLE_OBJECTS, 1);
    region_drop(KIWI_DROP_OBJECTS);
    return 0;
}

static uint32_t object_make(const void *key)
{
    uint32_t row = row_claim(((const struct object_facts *)key)->flags & KIWI_OBJECT_CLASS);
    if (!row)
        return 0;
    object_fill(region_object(row), key);
    region_object(row)->generation = 1;
    return row;
}

/* A service that makes a lock for each connection would use up the table with locks of which nothing is told. */
static bool object_take_over(uint32_t row, const struct object_facts *f)
{
    struct kiwi_object *o = region_object(row);
    uint32_t ended = KIWI_ROW_ENDED, generation = o->generation;
    if (memory.births[row].referred || RELAXED_LOAD(&o->waiters) || RELAXED_LOAD(&o->cond_waiting) ||
        !__atomic_compare_exchange_n(&o->state, &ended, KIWI_ROW_EMPTY, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return false;
    memset((char *)o + sizeof o->state, 0, sizeof *o - sizeof o->state);
    object_fill(o, f);
    o->generation = generation + 1;
    return true;
}

static void object_publish(uint32_t row)
{
    region_publish(&region_object(row)->state, KIWI_ROW_LIVE);
}

static const struct index_ops object_ops = {object_same, object_make, object_publish};

static uint64_t object_hash(uintptr_t address)
{
    return hash_mix(address >> 3);
}

uint32_t object_latest(uintptr_t address)
{
    struct object_facts key = {.address = address};
    return index_find(&memory.objects, object_hash(address), &object_ops, &key);
}

uint32_t object_find(uintptr_t address)
{
    uint32_t row = object_latest(address);
    return row && RELAXED_LOAD(&region_object(row)->state) != KIWI_ROW_ENDED ? row : 0;
}

static uint32_t line_slot(uintptr_t address)
{
    return (uint32_t)(hash_mix(address >> 6) >> 16) & (FILTER_LINES - 1);
}

/* A saturated count is no longer exact and stays. It must not wrap either when threads meet at its end: zero would hide
 * the locks there from object_end_range for ever. */
void object_count_up(uint8_t *n)
{
    uint8_t v = RELAXED_LOAD(n);
    while (v < 255 && !__atomic_compare_exchange_n(n, &v, v + 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

void object_count_down(uint8_t *n)
{
    uint8_t v = RELAXED_LOAD(n);
    while (v && v < 255 && !__atomic_compare_exchange_n(n, &v, v - 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

/* Where a new object lies and who made it: what its name and the publication rule need. */
static void place_object(struct thread *t, uint32_t row, bool initialised)
{
    struct kiwi_object *o = region_object(row);
    memory.handovers[row] = memory.arrivals[row] = 0;
    memory.monitors[row] = 0;
    if (o->kind == KIWI_OBJECT_BARRIER)
        memory.rounds[row].parties = 0;
    if (o->flags & KIWI_OBJECT_CLASS)
        return;
    if (object_is_static(o->address)) {
        o->flags |= KIWI_OBJECT_STATIC;
        return;
    }
    struct recent_block copy;
    bool own_stack = o->address >= t->stack_low && o->address < t->stack_high;
    const struct recent_block *b = own_stack ? NULL : recent_block_around(t, o->address);
    bool own = b;
    if (!b && !own_stack) {
        b = recent_block_of_maker(t, o->address, &copy);
        own = !b && !recent_blocks_are_all(t);
    }
    if (own_stack) {
        o->flags |= KIWI_OBJECT_ON_STACK;
        t->stack_objects = true;
    } else if (b) {
        o->block = b->address;
        o->block_size = b->size;
        o->block_caller = b->caller;
    }
    if (initialised || own || own_stack)
        o->creator = t->row;
    memory.births[row].releases = thread_releases(t);
    memory.births[row].creates = t->creates & INT32_MAX;
    suspect_lock(o->address);
    object_count_up(&memory.lines[line_slot(o->address)]);
}

static uint32_t next_generation(struct thread *t, const struct object_facts *facts, uint32_t old, bool initialised)
{
    destroyed_forget(old);
    if (object_take_over(old, facts)) {
        place_object(t, old, initialised);
        object_publish(old);
        return old;
    }
    uint32_t row = object_make(facts);
    if (!row)
        return 0;
    region_object(row)->generation = region_object(old)->generation + 1;
    if (!index_replace(&memory.objects, object_hash(facts->address), old, row))
        return object_latest(facts->address); /* another thread was first: ours is wasted and stays unpublished */
    place_object(t, row, initialised);
    object_publish(row);
    return row;
}

static uint32_t first_generation(struct thread *t, const struct object_facts *facts, bool initialised)
{
    uint64_t used = RELAXED_LOAD(&region.header->tables[KIWI_TABLE_OBJECTS].used);
    uint32_t row = index_get(&memory.objects, object_hash(facts->address), &object_ops, facts);
    if (row && row >= used && !region_object(row)->first_stack && !region_object(row)->init_stack)
        place_object(t, row, initialised);
    return row;
}

static uint32_t object_obtain(struct thread *t, const struct object_facts *facts, bool initialised)
{
    uint32_t old = object_latest(facts->address);
    if (!old)
        return first_generation(t, facts, initialised);
    if (region_object(old)->kind != facts->kind)
        object_end(facts->address); /* its memory serves another purpose now, without a destroy or free that was seen */
    if (RELAXED_LOAD(&region_object(old)->state) == KIWI_ROW_ENDED)
        return next_generation(t, facts, old, initialised);
    return old;
}

uint32_t object_get(struct thread *t, const struct object_facts *facts, uint32_t stack)
{
    uint32_t row = object_obtain(t, facts, false);
    if (row && !region_object(row)->first_stack)
        region_object(row)->first_stack = stack;
    return row;
}

/* Where many locks are made that nobody may ever take, those in use shall find room. */
static bool half_full(void)
{
    const struct kiwi_table *objects = &region.header->tables[KIWI_TABLE_OBJECTS];
    return RELAXED_LOAD(&objects->used) > objects->capacity / 2;
}

uint32_t object_init(struct thread *t, const struct object_facts *facts, uint32_t stack)
{
    object_end(facts->address);
    if (half_full() && !object_latest(facts->address)) {
        region_drop(KIWI_DROP_OBJECTS);
        return 0;
    }
    uint32_t row = object_obtain(t, facts, true);
    if (row) {
        region_object(row)->flags |= KIWI_OBJECT_INITIALISED;
        region_object(row)->init_stack = stack;
    }
    return row;
}

void object_look_again(uint32_t object)
{
    RELAXED_ADD(&memory.generations[object_generation_slot(region_object(object)->address)], 1);
}

void object_end(uintptr_t address)
{
    uint32_t row = object_find(address);
    if (!row)
        return;
    struct kiwi_object *o = region_object(row);
    uint32_t live = KIWI_ROW_LIVE;
    if (!__atomic_compare_exchange_n(&o->state, &live, KIWI_ROW_ENDED, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        return; /* another thread ended it */
    o->ended_ticks = clock_ticks();
    RELAXED_ADD(&memory.generations[object_generation_slot(address)], 1);
    if (o->flags & KIWI_OBJECT_STATIC)
        return;
    suspect_unlocked(address);
    object_count_down(&memory.lines[line_slot(address)]);
}

void object_each_in(uintptr_t address, size_t size, void (*visit)(uint32_t object, void *arg), void *arg)
{
    uintptr_t end = address + size;
    uint32_t object;
    for (uintptr_t page = address & ~(uintptr_t)4095; page < end; page += 4096) {
        if (!suspect_page(page))
            continue;
        uintptr_t from = page < address ? address & ~(uintptr_t)63 : page;
        uintptr_t to = end < page + 4096 ? end : page + 4096;
        for (uintptr_t line = from; line < to; line += 64) {
            if (!RELAXED_LOAD(&memory.lines[line_slot(line)]))
                continue;
            /* in steps of 4: a spinlock is only 4-aligned */
            for (uintptr_t at = line < address ? address : line; at < line + 64 && at < to; at += 4)
                if ((object = object_find(at)))
                    visit(object, arg);
        }
    }
}

static void end_one(uint32_t object, void *arg)
{
    (void)arg;
    object_end(region_object(object)->address);
}

void object_end_range(uintptr_t address, size_t size)
{
    object_each_in(address, size, end_one, NULL);
}

void object_end_static(uintptr_t start, uintptr_t end)
{
    const struct kiwi_table *objects = &region.header->tables[KIWI_TABLE_OBJECTS];
    uint64_t used = RELAXED_LOAD(&objects->used), rows = used < objects->capacity ? used : objects->capacity;
    for (uint32_t row = 1; row < rows; row++) {
        const struct kiwi_object *o = region_object(row);
        if (RELAXED_LOAD(&o->state) == KIWI_ROW_LIVE && (o->flags & KIWI_OBJECT_STATIC) && o->address >= start &&
            o->address < end)
            object_end(o->address);
    }
}

bool object_maker_alone(const struct thread *t, uint32_t object)
{
    const struct kiwi_object *o = region_object(object);
    uint32_t first = RELAXED_LOAD(&o->first_thread);
    if (!object || !t->row || (o->flags & (KIWI_OBJECT_STATIC | KIWI_OBJECT_CLASS)) || o->creator != t->row ||
        (first && first != t->row) || RELAXED_LOAD(&o->other_thread))
        return false;
    return memory.births[object].creates == (t->creates & INT32_MAX);
}

bool object_unpublished(const struct thread *t, uint32_t object, bool first)
{
    return object_maker_alone(t, object) && (first || memory.births[object].releases == thread_releases(t));
}

void object_seen_by(const struct thread *t, uint32_t object)
{
    struct kiwi_object *o = region_object(object);
    if (!o->first_thread) {
        o->first_thread = t->row;
    } else if (o->first_thread != t->row && !o->other_thread) {
        RELAXED_STORE(&o->other_thread, t->row);
        if (o->creator) /* what its maker has cached no longer holds */
            RELAXED_ADD(&memory.generations[object_generation_slot(o->address)], 1);
    }
}
