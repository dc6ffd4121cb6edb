#include "thread.h"

#include "../base/clock.h"
#include "acquisition.h"
#include "contention.h"
#include "exchange.h"
#include "handover.h"
#include "heap_account.h"
#include "idle.h"
#include "memory.h"
#include "recent_block.h"
#include "stack.h"
#include "thread_class.h"

#include <string.h>
#include <sys/prctl.h>

struct record_settings record_settings;

#define THREAD_BYTES ((sizeof(struct thread) + 63) & ~(size_t)63)

bool thread_room(void)
{
    return RELAXED_LOAD(&memory.slots_taken) + 1 < memory.slots;
}

/* Lock-free: a byte per slot, taken by exchange. */
static bool slot_take(uint32_t slot)
{
    if (RELAXED_LOAD(&memory.slot_used[slot]) || __atomic_exchange_n(&memory.slot_used[slot], 1, __ATOMIC_ACQUIRE))
        return false;
    RELAXED_ADD(&memory.slots_taken, 1);
    return true;
}

/* Slot 0 is never used (row 0 means none). */
static uint32_t slot_take_lowest(void)
{
    for (uint32_t i = 1; i < memory.slots && thread_room(); i++)
        if (slot_take(i))
            return i;
    region_drop(KIWI_DROP_SLOTS);
    return 0;
}

/* The slot of the latest thread on this stack. glibc gives the stack of a thread that ended to the next one. */
static uint32_t *slot_on_stack(uintptr_t stack_high)
{
    return &memory.stack_slots[hash_mix(stack_high >> 12) >> 20 & (THREAD_IDS - 1)];
}

static uint32_t slot_take_for(uintptr_t stack_high)
{
    uint32_t before = RELAXED_LOAD(slot_on_stack(stack_high));
    uint32_t slot = before && before < memory.slots && slot_take(before) ? before : slot_take_lowest();
    RELAXED_STORE(slot_on_stack(stack_high), slot);
    return slot;
}

static void slot_give_back(uint32_t slot)
{
    __atomic_store_n(&memory.slot_used[slot], 0, __ATOMIC_RELEASE); /* pairs with the exchange in slot_take */
    RELAXED_ADD(&memory.slots_taken, (uint32_t)-1);
}

/* Slots are handed out lowest first. One that can not be had is the end of them: nobody shall ask again at each
 * call. */
static bool slot_room(uint32_t slot)
{
    if (region_reach(KIWI_TABLE_SLOTS, slot))
        return true;
    RELAXED_STORE(&memory.slots, slot);
    return false;
}

static uint32_t next_serial;
static uint32_t recycle_at;

#define SETTLED_TRIES 256u

static bool is_settled(const struct kiwi_thread *r)
{
    return RELAXED_LOAD(&r->flags) & (KIWI_THREAD_JOINED | KIWI_THREAD_DETACHED);
}

/* A row of a thread that ended; the oldest ones first, but those that may still be joined only when there are few
 * others. Only when the table is full. Its state is EMPTY from then on. */
static uint32_t row_recycle(void)
{
    uint32_t rows = region_ready_rows(KIWI_TABLE_THREADS);
    if (rows > region_capacity(KIWI_TABLE_THREADS))
        rows = region_capacity(KIWI_TABLE_THREADS); /* the last page may have room for more */
    for (uint32_t tries = 0; tries < rows + SETTLED_TRIES; tries++) {
        uint32_t row = RELAXED_ADD(&recycle_at, 1) % rows;
        struct kiwi_thread *r = region_thread(row);
        uint32_t ended = KIWI_ROW_ENDED;
        if (!row || RELAXED_LOAD(&r->state) != KIWI_ROW_ENDED || (tries < SETTLED_TRIES && !is_settled(r)))
            continue;
        if (!__atomic_compare_exchange_n(&r->state, &ended, KIWI_ROW_EMPTY, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        if (!is_settled(r) && !(r->flags & (KIWI_THREAD_FOREIGN | KIWI_THREAD_MAIN)))
            thread_class_forgotten(r->thread_class);
        return row;
    }
    region_drop(KIWI_DROP_THREADS);
    return 0;
}

static uint32_t row_take(void)
{
    struct kiwi_table *t = &region.header->tables[KIWI_TABLE_THREADS];
    uint32_t row = __atomic_exchange_n(&memory.spare_thread_row, 0, __ATOMIC_ACQUIRE);
    if (!row && RELAXED_LOAD(&t->used) < t->capacity)
        row = region_claim(KIWI_TABLE_THREADS, 1);
    return row ? row : row_recycle();
}

void thread_expect(struct thread_birth *b)
{
    b->serial = RELAXED_ADD(&next_serial, 1) + 1;
    b->row = row_take();
    if (!b->row)
        return;
    struct kiwi_thread *r = region_thread(b->row);
    memset((char *)r + sizeof r->state, 0, sizeof *r - sizeof r->state);
    r->flags = b->flags & KIWI_THREAD_FOREIGN; /* thread_row_of_id asks */
    r->serial = b->serial;
}

/* Creator, joiner and the thread itself may all be at the row: its maker has cleared it, and flags are only added. */
static void row_fill(struct kiwi_thread *r, const struct thread *t, const struct thread_birth *b)
{
    r->tid = t->tid;
    r->thread_class = t->thread_class;
    r->creator = b->creator;
    r->create_stack = b->create_stack;
    if ((__atomic_fetch_or(&r->flags, b->flags, __ATOMIC_RELAXED) | b->flags) & KIWI_THREAD_DETACHED)
        thread_class_settled(t->thread_class); /* at its creation, or by its creator just now */
    r->slot = t->slot_index;
    r->start_function = b->start_function;
    r->start_ticks = clock_ticks();
    thread_class_began(t->thread_class, r->start_ticks);
    r->stack_low = b->stack_low;
    r->stack_high = b->stack_high;
    if (b->name)
        strncpy(r->name, b->name, sizeof r->name - 1);
    else if (!region.frozen)
        sys_call3(SYS_prctl, PR_GET_NAME, (long)r->name, 0);
    region_publish(&r->state, KIWI_ROW_LIVE);
}

static void working_state_reset(struct thread *t, uint32_t slot, uintptr_t stack_low, uintptr_t stack_high)
{
    t->guard = GUARD_WIPED;
    memset(&t->held, 0, offsetof(struct thread, first_arena) - offsetof(struct thread, held));
    t->slot_index = slot;
    t->stack_low = stack_low;
    t->stack_high = stack_high;
    thread_epoch_set(t, stack_module_epoch);
    recent_blocks_begin(t);
    stack_cache_begin(t);
}

static void slot_reset(struct thread *t)
{
    struct kiwi_slot *s = t->slot;
    memset((char *)s + sizeof s->state, 0, sizeof *s - sizeof s->state);
    s->held_capacity = KIWI_SLOT_HELD;
    s->cache_count = KIWI_SLOT_CACHE;
    t->held = s->held;
    t->cache = s->cache;
    t->cache_mask = KIWI_SLOT_CACHE - 1;
}

#define ID_PROBES 16u

static uint32_t *id_place(uintptr_t id, uint32_t probe)
{
    return &memory.thread_ids[((uint32_t)(hash_mix(id >> 6) >> 20) + probe) & (THREAD_IDS - 1)];
}

/* A row whose thread has not begun yet is EMPTY. */
static bool id_done(const struct kiwi_thread *r)
{
    uint32_t flags = RELAXED_LOAD(&r->flags);
    return (flags & KIWI_THREAD_JOINED) ||
           (RELAXED_LOAD(&r->state) == KIWI_ROW_ENDED && (flags & KIWI_THREAD_DETACHED));
}

/* Takes over the place of a thread that nobody can ask for any more; else, when all are taken, the first. A thread and
 * its creator may be here at once, with different rows where a signal handler has come first. */
static void id_note(uintptr_t id, uint32_t row)
{
    for (uint32_t i = 0; i < ID_PROBES; i++) {
        uint32_t *p = id_place(id, i), old = RELAXED_LOAD(p);
        if (old == row)
            return;
        if ((!old || id_done(region_thread(old))) &&
            __atomic_compare_exchange_n(p, &old, row, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            return;
    }
    RELAXED_STORE(id_place(id, 0), row);
}

/* The youngest. But what runs under the id of a thread that has not begun is a signal handler: it comes before the
 * thread's function, and is recorded as a thread of its own until that is called. */
static uint32_t id_rank(const struct kiwi_thread *r)
{
    bool expected = RELAXED_LOAD(&r->state) == KIWI_ROW_EMPTY && !(RELAXED_LOAD(&r->flags) & KIWI_THREAD_FOREIGN);
    return expected ? UINT32_MAX : r->serial;
}

uint32_t thread_row_of_id(uintptr_t id)
{
    uint32_t found = 0, best = 0;
    for (uint32_t i = 0; i < ID_PROBES; i++) {
        uint32_t row = RELAXED_LOAD(id_place(id, i));
        const struct kiwi_thread *r = region_thread(row);
        if (!row || r->pthread_id != id || id_done(r) || id_rank(r) <= best)
            continue;
        found = row;
        best = id_rank(r);
    }
    return found;
}

/* glibc keeps the thread id in its descriptor, to which pthread_self points. The place is checked once against the
 * kernel; where it does not hold, and for a thread that is asked for by a test, the kernel is asked. */
#define TID_OFFSET 720
int32_t thread_tid(void)
{
    static int8_t known; /* 1 it holds, -1 it does not */
    uintptr_t self;
    __asm__("mov %%fs:16, %0" : "=r"(self)); /* tcbhead_t.self, fixed by the ABI of thread-local storage */
    int32_t noted = *(const int32_t *)(self + TID_OFFSET);
    if (known > 0)
        return noted;
    int32_t tid = sys_gettid();
    if (!known)
        known = noted == tid ? 1 : -1;
    return tid;
}

/* A thread that has begun has noted its id itself. The caller's variable may be gone by then, with all that the new
 * thread was given, and its row may have another thread. */
void thread_expected_is(uint32_t row, uint32_t serial, const uintptr_t *id)
{
    struct kiwi_thread *r = region_thread(row);
    if (!row || RELAXED_LOAD(&r->serial) != serial || __atomic_load_n(&r->state, __ATOMIC_ACQUIRE) != KIWI_ROW_EMPTY)
        return;
    r->pthread_id = *id;
    id_note(r->pthread_id, row);
}

void thread_not_expected(uint32_t row)
{
    if (!row)
        return;
    RELAXED_STORE(&region_thread(row)->serial, 0);
    RELAXED_STORE(&region_thread(row)->pthread_id, 0);
    __atomic_store_n(&memory.spare_thread_row, row, __ATOMIC_RELEASE); /* pairs with row_take; an older spare is lost */
}

/* Ids of one time are mostly neighbours, so the low bits keep them apart; a thread that lost its place is not found. */
static uint32_t *tid_place(int32_t tid)
{
    return &memory.tid_slots[(uint32_t)tid & (THREAD_IDS - 1)];
}

uint32_t thread_row_of_tid(int32_t tid)
{
    uint32_t slot = RELAXED_LOAD(tid_place(tid));
    const struct thread *t = slot ? memory.threads[slot] : NULL;
    return t && RELAXED_LOAD(&t->tid) == tid ? RELAXED_LOAD(&region_slot(slot)->thread) : 0;
}

struct thread *thread_attach(const struct thread_birth *given)
{
    struct thread_birth birth = *given;
    uint32_t slot = slot_take_for(birth.stack_high);
    if (!slot)
        return NULL;
    if (!slot_room(slot)) {
        slot_give_back(slot);
        return NULL;
    }
    struct thread *t = (struct thread *)(memory.thread_pool + slot * THREAD_BYTES);
    t->slot = region_slot(slot); /* whoever finds the thread relies on it, and on its never changing */
    __atomic_store_n(&memory.threads[slot], t, __ATOMIC_RELEASE);
    working_state_reset(t, slot, birth.stack_low, birth.stack_high);
    slot_reset(t);
    t->tid = birth.tid ? birth.tid : thread_tid();
    RELAXED_STORE(tid_place(t->tid), slot);
    t->fork_tid = birth.fork_tid;
    t->random = (uint32_t)clock_ticks() | 1;
    t->segment_other = birth.segment;
    memory.handover_counts[slot] = (struct handover_count){0};
    t->segment_stale = true;
    t->foreign = birth.flags & KIWI_THREAD_FOREIGN;
    if (!birth.serial)
        thread_expect(&birth);
    t->row = birth.row;
    t->serial = birth.serial;
    t->thread_class = thread_class_get(birth.start_function, birth.create_stack);
    if (t->row) {
        region_thread(t->row)->pthread_id = birth.pthread_id;
        id_note(birth.pthread_id, t->row); /* before it is published: its creator relies on that */
        row_fill(region_thread(t->row), t, &birth);
    }
    t->slot->thread = t->row;
    region_publish(&t->slot->state, KIWI_ROW_LIVE);
    t->guard = GUARD_IDLE;
    return t;
}

void thread_detach(struct thread *t)
{
    t->guard = GUARD_ENDED;
    contention_end(t);
    exchange_end(t);
    idle_end(t);
    handover_end(t);
    acquisition_fold_all(t);
    heap_account_end(t);
    stack_cache_end(t);
    if (t->row) {
        struct kiwi_thread *r = region_thread(t->row);
        r->end_ticks = clock_ticks();
        thread_class_ended(t->thread_class, r->end_ticks - r->start_ticks);
        r->slot = 0;
        r->last_segment = thread_segment_at_handover(t);
        region_publish(&r->state, KIWI_ROW_ENDED);
    }
    region_publish(&t->slot->state, KIWI_ROW_EMPTY);
    slot_give_back(t->slot_index);
}

void thread_detach_unasked(struct thread *t)
{
    if (t->row)
        __atomic_fetch_or(&region_thread(t->row)->flags, KIWI_THREAD_DETACHED, __ATOMIC_RELAXED);
    thread_detach(t);
}

void thread_settled(uint32_t row, uint32_t serial, uint32_t flag)
{
    struct kiwi_thread *r = region_thread(row);
    if (!row || r->serial != serial) { /* or the row has another thread already */
        RELAXED_ADD(&region.header->settled_unknown, 1);
        return;
    }
    if (!(__atomic_fetch_or(&r->flags, flag, __ATOMIC_RELAXED) & (KIWI_THREAD_JOINED | KIWI_THREAD_DETACHED)))
        thread_class_settled(r->thread_class); /* 0 before it has begun: then it sees the flag itself */
}

void thread_name(uint32_t row, const char *name)
{
    if (row)
        strncpy(region_thread(row)->name, name, sizeof region_thread(row)->name - 1);
}

struct thread *thread_of_row(uint32_t row)
{
    uint32_t slot = row ? RELAXED_LOAD(&region_thread(row)->slot) : 0;
    return slot ? memory.threads[slot] : NULL;
}

static uint32_t segment_make(struct thread *t)
{
    uint32_t row = region_claim(KIWI_TABLE_SEGMENTS, 1);
    if (!row)
        return 0;
    struct kiwi_segment *s = region_segment(row);
    s->thread = t->row;
    s->previous = t->segment;
    s->other = t->segment_other & ~SEGMENT_SIGNALLED;
    region_publish(&s->state, t->segment_other & SEGMENT_SIGNALLED ? KIWI_SEGMENT_SIGNALLED : KIWI_ROW_LIVE);
    memory.handover_counts[t->slot_index].made += t->segment_handed;
    if (t->segment_handed && t->row && thread_handed_enough(t))
        __atomic_fetch_or(&region_thread(t->row)->flags, KIWI_THREAD_HANDED, __ATOMIC_RELAXED);
    t->segment_handed = false;
    return row;
}

bool thread_handed_enough(const struct thread *t)
{
    return RELAXED_LOAD(&memory.handover_counts[t->slot_index].made) >= HANDOVERS_MAX;
}

uint32_t thread_segment(struct thread *t)
{
    if (t->segment_stale) {
        uint32_t made = segment_make(t);
        if (made) {
            t->segment = made;
            t->segment_other = 0;
            t->segment_stale = false;
            if (t->row)
                region_thread(t->row)->last_segment = made;
        } else {
            return 0;
        }
    }
    return t->segment;
}

/* A thread that never needed a segment stands where its creator stood. */
uint32_t thread_segment_at_handover(struct thread *t)
{
    if (t->segment_stale && t->segment_other && (t->segment || (t->segment_other & SEGMENT_SIGNALLED)))
        return thread_segment(t); /* after both: its own past and the thread it joined, or that woke it */
    return t->segment ? t->segment : t->segment_other;
}

void thread_created_another(struct thread *t)
{
    t->creates++;
    slot_state_set(t, t->slot->held_count, KIWI_WANT_NONE, 1);
    t->segment_stale = true;
    t->epoch++; /* cached dependencies must be seen again in the new segment */
}

void thread_joined(struct thread *t, uint32_t joined_row)
{
    uint32_t last = joined_row ? RELAXED_LOAD(&region_thread(joined_row)->last_segment) : 0;
    if (!last || last == t->segment || last == t->segment_other)
        return; /* the joined thread made no segment: it stands where this one stood */
    /* Two joins before the next dependency: keep the order by giving each its own segment. */
    if (t->segment_stale && t->segment_other)
        thread_segment(t);
    t->segment_other = last;
    t->segment_stale = true;
    t->epoch++;
}

/* A later pair of both clocks makes the conversion of ticks exact; one every 100 ms of activity is plenty. */
void clock_pair_note(uint64_t now)
{
    static uint64_t last;
    uint64_t seen = RELAXED_LOAD(&last);
    if (region.frozen || now - seen < clock_state.ticks_per_second / 10 ||
        !__atomic_compare_exchange_n(&last, &seen, now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return;
    struct kiwi_header *h = region.header;
    struct kiwi_clock_pair *p = &h->clock[1 + RELAXED_ADD(&h->clock_next, 1) % (KIWI_CLOCK_PAIRS - 1)];
    struct clock_sample both = clock_sample();
    p->ticks = 0; /* a reader skips a pair without ticks */
    COMPILER_BARRIER();
    p->monotonic_ns = both.monotonic_ns;
    COMPILER_BARRIER();
    p->ticks = both.ticks;
}

void event_add_at(struct thread *t, enum kiwi_event_kind kind, uint32_t row, uint64_t value, uint64_t value2,
                  uint64_t now)
{
    if (record_settings.events_off)
        return;
    struct kiwi_event *e = &t->slot->events[t->slot->event_next % KIWI_SLOT_EVENTS];
    RELAXED_STORE(&e->ticks, 0);
    COMPILER_BARRIER();
    e->kind = kind;
    e->row = row;
    e->value = value;
    e->value2 = value2;
    COMPILER_BARRIER(); /* x86-64 keeps store order: a reader that sees the time sees the event */
    RELAXED_STORE(&e->ticks, now);
    t->slot->event_next++;
    clock_pair_note(now);
}

void event_add(struct thread *t, enum kiwi_event_kind kind, uint32_t row, uint64_t value, uint64_t value2)
{
    event_add_at(t, kind, row, value, value2, clock_ticks());
}
