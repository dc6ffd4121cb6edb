#include "acquisition.h"

#include "../base/clock.h"
#include "call.h"
#include "contention.h"
#include "handover.h"
#include "lazy.h"

#include "wait_site.h"

#include <string.h>

#define CHAIN_LIMIT 64u /* a longer chain keeps its 64th link as parent: nobody nests deeper by design */
#define HELD_GROWTH 8u
#define SIGHTED_ALL 32u   /* so many witnesses of a dependency are kept, and a sample of later ones */
#define SIGHTED_ENOUGH 4u /* witnesses that tell what a dependency is like */

/* Rows. */

static bool acq_same(uint32_t row, const void *key)
{
    const struct acquisition_key *k = key;
    const struct kiwi_acquisition *a = region_acquisition(row);
    return a->object == k->object && a->stack == k->stack && a->parent == k->parent &&
           a->thread_class == k->thread_class && a->mode == k->mode && a->how == k->how && a->flags == k->flags;
}

/* What is held while a lock is taken there for the first time: whoever takes one of those after something else asks for
 * its row again, so that last_ticks tells whether that was done later as well. */
static void look_again(uint32_t chain)
{
    for (uint32_t row = chain; row; row = region_acquisition(row)->parent)
        object_look_again(region_acquisition(row)->object);
}

static uint32_t acq_make(const void *key)
{
    const struct acquisition_key *k = key;
    uint32_t row = region_claim(KIWI_TABLE_ACQUISITIONS, 1);
    if (!row)
        return 0;
    struct kiwi_acquisition *a = region_acquisition(row);
    object_refer(k->object);
    a->parent = k->parent;
    a->object = k->object;
    a->stack = k->stack;
    a->thread_class = k->thread_class;
    a->mode = k->mode;
    a->how = k->how;
    a->flags = k->flags;
    a->depth = (uint16_t)(k->parent ? region_acquisition(k->parent)->depth + 1 : 1);
    a->first_ticks = clock_ticks();
    look_again(k->parent);
    return row;
}

static void acq_publish(uint32_t row)
{
    region_publish(&region_acquisition(row)->state, KIWI_ROW_LIVE);
}

uint32_t acquisition_row(struct thread *t, const struct acquisition_key *key)
{
    static const struct index_ops ops = {acq_same, acq_make, acq_publish};
    struct acquisition_key k = *key;
    if (k.parent && region_acquisition(k.parent)->depth >= CHAIN_LIMIT)
        k.parent = region_acquisition(k.parent)->parent;
    k.thread_class = t->thread_class;
    uint64_t h = hash_mix((uint64_t)k.object << 32 | k.stack);
    h = hash_mix(h ^ ((uint64_t)k.parent << 32 | k.thread_class << 8 | (uint32_t)k.mode << 4 | k.how) ^ k.flags);
    return index_get(&memory.acquisitions, h, &ops, &k);
}

static void witness_set(struct kiwi_witness *w, const struct thread *t, uint32_t segment)
{
    if (w->thread != t->row || w->serial != t->serial) {
        w->thread = 0; /* a reader between these stores sees no witness, not a mixed one */
        w->first_segment = segment;
        w->serial = t->serial;
        w->last_segment = segment;
        COMPILER_BARRIER();
        w->thread = t->row;
    }
    w->last_segment = segment;
}

/* A service with a thread for each request makes a segment with each of them. When half of the table is used, the rest
 * is for dependencies that are new or known from two threads only; the others keep the witnesses they have. So do those
 * seen now and then while the handovers of this thread were noted: from then on all would look as if nothing ordered
 * them. */
static bool witnessed_enough(const struct thread *t, uint32_t row)
{
    const struct kiwi_table *segments = &region.header->tables[KIWI_TABLE_SEGMENTS];
    if (RELAXED_LOAD(&memory.sighted[row]) >= SIGHTED_ENOUGH && thread_handed_enough(t))
        return true;
    return region_acquisition(row)->threads >= 3 && RELAXED_LOAD(&segments->used) > segments->capacity / 2;
}

/* All of the first ones, then eight at each doubling. */
static bool sighting_due(uint32_t n)
{
    return n < SIGHTED_ALL || !(n & ((1u << (28 - __builtin_clz(n))) - 1));
}

static void sighting(const struct thread *t, uint32_t row, uint32_t segment)
{
    uint32_t made = sighting_due(RELAXED_ADD(&memory.sighted[row], 1)) ? region_claim(KIWI_TABLE_SIGHTINGS, 1) : 0;
    if (!made)
        return;
    struct kiwi_sighting *s = region_sighting(made);
    s->acquisition = row;
    s->thread = t->row;
    s->serial = t->serial;
    s->segment = segment;
    s->ticks = clock_ticks();
    region_publish(&s->state, KIWI_ROW_LIVE);
}

static bool is_witness(const struct kiwi_witness *w, const struct thread *t)
{
    return w->thread == t->row && w->serial == t->serial;
}

/* Only dependencies need to know which threads made them, and when by create/join order. */
static void witness(struct thread *t, uint32_t row)
{
    struct kiwi_acquisition *a = region_acquisition(row);
    RELAXED_STORE(&a->last_ticks, clock_ticks());
    if (a->parent && witnessed_enough(t, row))
        return;
    struct kiwi_witness *first = &a->witness[0], *latest = &a->witness[1];
    if (a->parent && !is_witness(first, t) && !is_witness(latest, t))
        handover_learn(t);
    uint32_t segment = a->parent ? thread_segment(t) : 0;
    struct kiwi_witness *w = !first->thread || is_witness(first, t) ? first : latest;
    if (w == first)
        a->threads = a->threads ? a->threads : 1;
    else if (!latest->thread)
        a->threads = 2;
    else if (!is_witness(latest, t) && a->threads < 3)
        a->threads = 3;
    if (a->parent && (first->thread || w == latest) && (!is_witness(w, t) || w->last_segment != segment))
        sighting(t, row, segment);
    witness_set(w, t, segment);
}

/* Cache. */

static void cache_fold(struct kiwi_cache_entry *e)
{
    if (!e->row || !e->count)
        return;
    uint64_t *total = e->address < KIWI_CALL_LIMIT ? &region_call(e->row)->count : &region_acquisition(e->row)->count;
    RELAXED_ADD(total, e->count);
    e->count = 0;
}

void acquisition_fold_all(struct thread *t)
{
    for (uint32_t i = 0; i <= t->cache_mask; i++) {
        cache_fold(&t->cache[i]);
        t->cache[i] = (struct kiwi_cache_entry){0};
    }
}

/* Rows are never given back, but the threads that own a slot one after the other share them. */
static uint32_t room_get(uint32_t *rooms, uint16_t *step, uint32_t steps, enum kiwi_table_id table, uint32_t rows)
{
    if (*step == steps)
        return 0;
    if (!rooms[*step])
        rooms[*step] = region_claim(table, rows);
    return rooms[*step] ? rooms[(*step)++] : 0;
}

/* Four times the room, once: the lines that are in use come back with their next use. */
static void cache_grow(struct thread *t)
{
    uint32_t lines = (t->cache_mask + 1) * 4;
    t->evictions = 0;
    uint32_t rows = room_get(t->cache_rooms, &t->cache_step, THREAD_CACHE_STEPS, KIWI_TABLE_CACHES, lines);
    if (!rows)
        return;
    acquisition_fold_all(t);
    t->slot->cache_count = lines;
    t->slot->cache_rows = rows;
    t->cache = region_cache(rows);
    t->cache_mask = lines - 1;
}

/* More evictions in a second than there are lines: the working set does not fit. Rare ones over a week are no
 * reason. */
static bool too_many_evictions(struct thread *t)
{
    uint64_t now = clock_ticks();
    if (now - t->eviction_since > clock_state.ticks_per_second) {
        t->eviction_since = now;
        t->evictions = 0;
    }
    return ++t->evictions > t->cache_mask;
}

static struct kiwi_cache_entry *cache_put(struct thread *t, uintptr_t address, uint32_t word, uint32_t row)
{
    struct kiwi_cache_entry *e = cache_bucket(t, address, word, t->chain);
    if (e->row && e[1].row && too_many_evictions(t)) {
        cache_grow(t);
        e = cache_bucket(t, address, word, t->chain);
    }
    if (e->row) { /* the older line moves behind the new one */
        cache_fold(&e[1]);
        uint64_t count = e->count;
        e[1] = *e;
        e->count = 0;
        e[1].count = count;
    }
    uint32_t stamp = address < KIWI_CALL_LIMIT ? call_stamp(t) : acquisition_stamp(t, address);
    *e = (struct kiwi_cache_entry){address, word, t->chain, row, stamp, 0};
    return e;
}

static void plain_lock(uintptr_t address, struct object_facts *facts)
{
    *facts = (struct object_facts){.address = address, .kind = facts->kind};
}
void (*object_facts_of)(uintptr_t address, struct object_facts *facts) = plain_lock;

uint32_t acquisition_classes;

/* From this many distinct hashes of 64 on, a path has met about 130 locks: -64 ln(1 - 56/64), by linear counting. */
#define CLASS_BITS 56

static void class_begin(uint32_t stack, uint32_t named_by)
{
    if (!RELAXED_LOAD(&memory.stack_class[stack]))
        RELAXED_ADD(&acquisition_classes, 1);
    RELAXED_STORE(&memory.stack_class[stack], named_by);
}

static void count_instances(uint32_t stack, uint32_t object)
{
    uint64_t *met = &memory.stack_objects[stack], bit = 1ull << (hash_mix(object) >> 20 & 63);
    if (RELAXED_LOAD(met) & bit)
        return;
    if (__builtin_popcountll(__atomic_or_fetch(met, bit, __ATOMIC_RELAXED)) < CLASS_BITS)
        return;
    uint32_t init = region_object(object)->init_stack;
    class_begin(stack, init ? init : stack);
}

static uint32_t object_for(struct thread *t, uintptr_t address, uint32_t word)
{
    uint32_t stack = ACQUISITION_STACK(word), kind = KIWI_HELD_KIND(word);
    struct object_facts facts = {
            .address = address, .kind = (uint8_t)(kind ? kind : KIWI_OBJECT_MUTEX), .flags = KIWI_OBJECT_CLASS};
    if (!(address & CLASS_ADDRESS))
        object_facts_of(address, &facts);
    uint32_t object = object_get(t, &facts, stack);
    if (object && stack && !(address & CLASS_ADDRESS))
        count_instances(stack, object);
    if (object || !stack || (address & CLASS_ADDRESS))
        return object;
    class_begin(stack, stack); /* no room for one more lock: what is taken here is told by class from now on */
    facts = (struct object_facts){
            .address = CLASS_ADDRESS | stack, .kind = facts.kind, .type = facts.type, .flags = KIWI_OBJECT_CLASS};
    return object_get(t, &facts, stack);
}

/* How far others can know the lock: KIWI_ACQ_UNPUBLISHED, KIWI_ACQ_MAKER_ALONE or 0. */
static uint16_t publication(const struct thread *t, uint32_t object, uint32_t stack)
{
    if (!object_maker_alone(t, object) || lazy_made(object, stack))
        return 0;
    return object_unpublished(t, object, !region_object(object)->first_thread) ? KIWI_ACQ_UNPUBLISHED
                                                                               : KIWI_ACQ_MAKER_ALONE;
}

/* How many the semaphore that let the thread in lets in, as KIWI_ACQ_PERMITS has it. */
static uint16_t permits(const struct thread *t)
{
    for (unsigned i = 0; i < THREAD_PERMITS; i++) {
        const struct kiwi_object *o = t->permits[i].count ? region_object(t->permits[i].object) : NULL;
        if (o && o->address == t->permits[i].address && (RELAXED_LOAD(&o->flags) & KIWI_OBJECT_PERMITS))
            return (uint16_t)(o->type << 8);
    }
    return 0;
}

struct kiwi_cache_entry *acquisition_line_new(struct thread *t, uintptr_t address, uint32_t word)
{
    uint32_t stack = ACQUISITION_STACK(word), object = object_for(t, address, word);
    uint32_t row = 0;
    uint16_t flags = 0;
    if (object) {
        flags = publication(t, object, stack) | permits(t);
        object_seen_by(t, object);
        struct acquisition_key key = {.parent = t->chain,
                                      .object = object,
                                      .stack = stack,
                                      .mode = (uint8_t)(word >> 30 & 1),
                                      .how = (uint8_t)(word >> 28 & 3),
                                      .flags = flags};
        row = acquisition_row(t, &key);
        if (row)
            witness(t, row);
    }
    struct kiwi_cache_entry *e = cache_put(t, address, word, row);
    if (flags & KIWI_ACQ_UNPUBLISHED)
        e->stamp = ~e->stamp; /* good for this one acquisition: the next one asks again */
    return e;
}

struct kiwi_cache_entry *acquisition_cache_put(struct thread *t, uintptr_t address, uint32_t word, uint32_t row)
{
    return cache_put(t, address, word, row);
}

/* Held array. */

static bool held_grow(struct thread *t)
{
    uint32_t rows = t->slot->held_capacity * HELD_GROWTH;
    uint32_t first = room_get(t->held_rooms, &t->held_step, THREAD_HELD_STEPS, KIWI_TABLE_HELD, rows);
    if (!first)
        return false;
    memcpy(region_held(first), t->held, t->slot->held_count * sizeof *t->held);
    t->held = region_held(first);
    t->slot->held_rows = first;
    COMPILER_BARRIER();
    t->slot->held_capacity = rows;
    return true;
}

bool acquisition_room(struct thread *t)
{
    if (held_grow(t))
        return true;
    t->slot->held_lost++;
    region_drop(KIWI_DROP_HELD);
    return false;
}

/* A row for the held lock at `at` under the chain below it. One that had another chain before (a lock below it was
 * released first) gets a row that only names the held set. */
static void chain_link(struct thread *t, uint32_t at)
{
    struct kiwi_held *h = &t->held[at];
    if (!h->row) {
        uint32_t word = h->stack | (h->flags & ~ACQUISITION_STACK(~0u));
        uintptr_t address = acquisition_identity(h->address, word);
        struct kiwi_cache_entry *e = acquisition_find(t, address, word);
        h->row = (e ? e : acquisition_line_new(t, address, word))->row;
    } else {
        const struct kiwi_acquisition *a = region_acquisition(h->row);
        uint64_t *memo = &memory.derived[h->row], known = RELAXED_LOAD(memo);
        if (a->parent != t->chain && known && known >> 32 == t->chain) {
            h->row = (uint32_t)known;
        } else if (a->parent != t->chain) {
            struct acquisition_key key = {.parent = t->chain,
                                          .object = a->object,
                                          .stack = a->stack,
                                          .mode = a->mode,
                                          .how = a->how,
                                          .flags = a->flags | KIWI_ACQ_DERIVED};
            uint32_t row = acquisition_row(t, &key);
            if (row) {
                RELAXED_STORE(memo, (uint64_t)t->chain << 32 | row);
                h->row = row;
            }
        }
    }
    t->chained = at + 1;
    if (h->row)
        t->chain = h->row;
}

bool (*object_let_go)(const struct thread *t, const struct kiwi_held *held);

bool acquisition_strike_stale(struct thread *t)
{
    bool struck = false;
    for (uint32_t i = object_let_go ? t->slot->held_count : 0; i-- > 0;)
        if (object_let_go(t, &t->held[i])) {
            acquisition_released_slow(t, (int)i);
            struck = true;
        }
    if (struck)
        acquisition_want(t, KIWI_WANT_NONE);
    return struck;
}

NOINLINE uint32_t acquisition_chain_make(struct thread *t)
{
    if (!t->chained)
        t->chain = 0;
    for (uint32_t i = t->chained; i < t->slot->held_count; i++)
        chain_link(t, i);
    return t->chain;
}

/*
 * A reader may look at any moment, so: first the lock stands behind the held ones as being released, then the others
 * move down one by one, each standing twice for a moment. The reader drops the double, and sees each lock exactly once.
 */
static void held_move_last(struct thread *t, uint32_t at, uint32_t n)
{
    struct kiwi_held gone = t->held[at];
    if (n < t->slot->held_capacity) {
        t->held[n] = gone;
        slot_state_set(t, n, KIWI_WANT_RELEASING, 0);
    }
    for (uint32_t i = at; i + 1 < n; i++) {
        t->held[i] = t->held[i + 1];
        COMPILER_BARRIER(); /* x86-64 keeps the order of stores */
    }
    t->held[n - 1] = gone;
}

void acquisition_released_slow(struct thread *t, int at)
{
    uint32_t n = t->slot->held_count;
    if (unlikely((uint32_t)at >= n))
        return; /* a child that a signal handler forked in the middle of the caller: nothing is known to be held */
    struct kiwi_held gone = t->held[at];
    if (gone.flags & KIWI_HELD_WAIT_SITE)
        wait_site_looked(&gone);
    if (gone.flags & (KIWI_HELD_TIMED | KIWI_HELD_PRESSED))
        contention_hold_end(t, &gone, clock_ticks());
    if (record_settings.events_all)
        event_add(t, KIWI_EVENT_RELEASE, gone.row, 0, 0);
    held_move_last(t, (uint32_t)at, n);
    slot_state_set(t, n - 1, KIWI_WANT_RELEASING, 1);
    if (t->chained > (uint32_t)at) {
        t->chained = (uint32_t)at;
        t->chain = at ? t->held[at - 1].row : 0;
    }
}

/* Waits. */

uint64_t acquisition_wait_begin(struct thread *t, uint32_t row, enum kiwi_want want, uint32_t holder_row)
{
    contention_before_wait(t);
    uint64_t now = clock_ticks();
    if (row) {
        struct kiwi_acquisition *a = region_acquisition(row);
        RELAXED_ADD(&a->requested, 1);
        if (!RELAXED_ADD(&region_object(a->object)->waiters, 1))
            RELAXED_STORE(&region_object(a->object)->wait_since, now);
        RELAXED_ADD(&region_object(a->object)->contended, 1);
    }
    t->waits_at = (uintptr_t)__builtin_frame_address(0);
    t->slot->want_since = now;
    t->slot->want_holder = holder_row;
    t->slot->want_row = row;
    acquisition_want(t, want);
    contention_wait_begin(t, row, now, holder_row);
    return now;
}

/* Time in which somebody waited, if nobody does any more. */
static uint64_t waiter_gone(struct kiwi_object *o, uint64_t now)
{
    uint64_t since = RELAXED_LOAD(&o->wait_since);
    bool last = RELAXED_ADD(&o->waiters, (uint32_t)-1) == 1;
    return last && now > since ? now - since : 0;
}

uint64_t acquisition_wait_end(struct thread *t, uint32_t row, uint64_t since, uint32_t holder_row)
{
    uint64_t now = clock_ticks(), waited = now - since, united = 0;
    t->slot->want_since = 0;
    if (row) {
        struct kiwi_acquisition *a = region_acquisition(row);
        struct kiwi_object *o = region_object(a->object);
        RELAXED_ADD(&a->wait_ticks, waited);
        relaxed_max(&a->wait_max_ticks, waited);
        united = waiter_gone(o, now);
        RELAXED_ADD(&o->wait_ticks, waited);
        relaxed_max(&o->wait_max_ticks, waited);
    }
    contention_wait_end(t, row, since, now, united);
    event_add_at(t, KIWI_EVENT_LOCK_WAIT, row, waited, holder_row, now);
    return now;
}
