#include "contention.h"

#include "../base/clock.h"
#include "acquisition.h"
#include "charge.h"
#include "histogram.h"
#include "loop.h"
#include "processor.h"
#include "shutdown.h"

/* How long after it happened something is entered into the tables. */
enum when {
    AT_ONCE,
    AFTERWARDS, /* with others that it was kept back with */
    LONG_AFTER  /* the same, so long that whoever waits now need not have waited then */
};

#define BRIEF 8u           /* up to so much of KIWI_CALL_WAITED_NS a wait or a hold may be kept back, ... */
#define KEPT_BACK_FROM 64u /* ... after so many entries of the thread */

/* The row of a lock, made if needed; 0 = no room, or it stands for many. A lock of which nothing but a sampled hold is
 * known gets one only while there is plenty of room. */
static uint32_t contention_get(uint32_t object, bool waited)
{
    if (!object || (region_object(object)->flags & KIWI_OBJECT_CLASS))
        return 0;
    uint32_t *place = &memory.contentions[object], row = RELAXED_LOAD(place), none = 0;
    const struct kiwi_table *table = &region.header->tables[KIWI_TABLE_CONTENTIONS];
    if (row || (!waited && RELAXED_LOAD(&table->used) > table->capacity / 2))
        return row;
    row = region_claim(KIWI_TABLE_CONTENTIONS, 1);
    if (!row)
        return 0;
    region_contention(row)->object = object;
    object_refer(object);
    if (!__atomic_compare_exchange_n(place, &none, row, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        return none; /* another thread was first: ours is wasted and stays unpublished */
    region_publish(&region_contention(row)->state, KIWI_ROW_LIVE);
    return row;
}

static uint32_t object_of(uint32_t row)
{
    return row ? region_acquisition(row)->object : 0;
}

/* Waits. */

/* If that is the lock in question, its holder has let go of it meanwhile and is back in the queue. */
static void blame_lock(struct thread_wait *w, uint32_t row, uint32_t object)
{
    if (!row || object_of(row) == object)
        return;
    w->cause = KIWI_CAUSE_LOCK;
    w->cause_row = row;
}

/* The holder goes on while this looks: what is seen may be a moment old, or the entry of another lock by now. */
static void look_at_holder(struct thread_wait *w, struct thread *holder, uintptr_t address, uint32_t object)
{
    struct kiwi_slot *slot = holder->slot;
    uint32_t count = RELAXED_LOAD(&slot->held_count), limit = RELAXED_LOAD(&slot->held_capacity);
    struct kiwi_held *held = holder->held;
    for (uint32_t i = count < limit ? count : limit; i-- > 0;) {
        if (RELAXED_LOAD(&held[i].address) != address)
            continue;
        w->holder_stack = RELAXED_LOAD(&held[i].stack);
        RELAXED_STORE(&holder->pressed_object, object);
        if (!(RELAXED_LOAD(&held[i].flags) & KIWI_HELD_PRESSED))
            RELAXED_STORE(&holder->pressed_since, clock_ticks());
        __atomic_fetch_or(&held[i].flags, KIWI_HELD_PRESSED, __ATOMIC_RELAXED);
        break;
    }
    if (RELAXED_LOAD(&slot->call_kind)) {
        w->cause = KIWI_CAUSE_CALL;
        w->cause_row = RELAXED_LOAD(&slot->call_row);
    } else if (KIWI_WANT_OF(slot) == KIWI_WANT_WAITING || KIWI_WANT_OF(slot) == KIWI_WANT_TIMED) {
        blame_lock(w, RELAXED_LOAD(&slot->want_row), object);
    }
}

void contention_wait_begin(struct thread *t, uint32_t row, uint64_t since, uint32_t holder_row)
{
    uint32_t object = object_of(row), own = contention_get(object, true);
    contention_settle(t);
    t->waiting = (struct thread_wait){.since = since, .contention = own, .holder_thread = holder_row};
    if (!row)
        return;
    t->waiting.grants = own ? RELAXED_LOAD(&region_contention(own)->grants) : UINT64_MAX;
    struct thread *holder = thread_of_row(holder_row);
    if (!holder || holder == t)
        return;
    t->waiting.holder_slot = holder->slot_index;
    look_at_holder(&t->waiting, holder, region_object(object)->address, object);
}

void contention_wait_end(struct thread *t, uint32_t row, uint64_t since, uint64_t now, uint64_t united)
{
    struct thread_unsettled *u = contention_unsettled(t);
    t->latest_wait = (struct thread_span){row, since, now};
    t->blocked_ticks += now - since;
    if (t->tick_loop && row && now - since >= clock_state.waited_ticks)
        loop_stalled(t, KIWI_STALL_LOCK, row, now - since);
    shutdown_waited(t, KIWI_SHUTDOWN_LOCK, row, since, now);
    if (!row)
        return;
    /* A signal handler may have waited for a lock itself: then what was seen of the holder is gone. */
    u->waited = t->waiting.since == since ? t->waiting : (struct thread_wait){.since = since, .grants = UINT64_MAX};
    u->wait_row = row;
    u->wait_until = now;
    u->united = united;
    u->wait = true;
    if (!t->slot->held_count) /* close to the beginning; within another hold it would hide what came before */
        processor_read_sometimes(t, now);
}

/* Most of the wait fell into one call of the holder, or one wait of its own, though it was not in it when the wait
 * began. */
static void look_back(struct thread_wait *w, uint32_t object, uint64_t until)
{
    const struct thread *holder = w->holder_slot ? memory.threads[w->holder_slot] : NULL;
    if (!holder || w->cause != KIWI_CAUSE_RUNNING || RELAXED_LOAD(&holder->row) != w->holder_thread)
        return;
    const struct thread_span *spans[] = {&holder->latest_call, &holder->latest_wait};
    for (uint32_t i = 0; i < 2; i++) {
        uint64_t begin = RELAXED_LOAD(&spans[i]->begin), end = RELAXED_LOAD(&spans[i]->end);
        begin = begin > w->since ? begin : w->since;
        end = end < until ? end : until;
        if (end <= begin || end - begin < (until - w->since) / 2)
            continue;
        if (i) {
            blame_lock(w, RELAXED_LOAD(&spans[i]->row), object);
            continue;
        }
        w->cause = KIWI_CAUSE_CALL;
        w->cause_row = RELAXED_LOAD(&spans[i]->row);
        return;
    }
}

static void enter_wait(struct thread *t, struct thread_unsettled *u, enum when when)
{
    uint32_t own = contention_get(object_of(u->wait_row), true);
    uint64_t ticks = u->wait_until - u->waited.since;
    uint32_t overtakes = 0;
    if (own) {
        struct kiwi_contention *c = region_contention(own);
        uint64_t grants = RELAXED_ADD(&c->grants, when != LONG_AFTER);
        if (grants > u->waited.grants && when == AT_ONCE)
            overtakes = (uint32_t)(grants - u->waited.grants);
        if (u->united)
            RELAXED_ADD(&c->waited_ticks, u->united);
        histogram_add(own, KIWI_HISTOGRAM_WAIT, ticks);
    }
    look_back(&u->waited, object_of(u->wait_row), u->wait_until);
    struct charge_facts f = {
            .row = u->wait_row, .wait = &u->waited, .ticks = ticks, .until = u->wait_until, .overtakes = overtakes};
    charge_wait(t, &f);
}

/* Holds. */

void contention_sampled(struct thread *t, uintptr_t address, struct contention_sample s, uint64_t take)
{
    t->sampled = address;
    t->sampled_weight = s.holds;
    t->sampled_pressed = s.pressed;
    t->sampled_take = take;
}

static uint32_t held_object(const struct thread *t, const struct kiwi_held *h)
{
    uint32_t object = object_of(h->row);
    if (object && !(region_object(object)->flags & KIWI_OBJECT_CLASS))
        return object;
    object = RELAXED_LOAD(&t->pressed_object);
    return region_object(object)->address == h->address ? object : object_find(h->address);
}

/* Only what was counted from the beginning on. */
static void heap_hold_end(struct thread *t, const struct kiwi_held *h)
{
    struct thread_unsettled *u = contention_unsettled(t);
    u->heap = t->heap_lock == h->address && (h->flags & KIWI_HELD_TIMED);
    u->heap_calls = t->heap_calls - t->heap_lock_calls;
    u->heap_bytes = thread_heap_bytes(t) - t->heap_lock_bytes;
    u->heap_stack = t->heap_lock_stack;
    t->heap_lock = 0;
}

/* Somebody may have waited for longer than this hold lasts: of one that is not timed, the part counts in which it was
 * seen. */
static uint64_t pressed_from(const struct thread *t, const struct kiwi_held *h, const struct kiwi_object *o)
{
    if (h->flags & KIWI_HELD_TIMED)
        return h->since;
    uint64_t waited = RELAXED_LOAD(&o->wait_since), seen = RELAXED_LOAD(&t->pressed_since);
    return waited > seen ? waited : seen;
}

void contention_hold_end(struct thread *t, const struct kiwi_held *h, uint64_t now)
{
    if (contention_unsettled(t)->hold)
        contention_enter(t);
    struct thread_unsettled *u = contention_unsettled(t);
    const struct kiwi_object *o;
    bool timed = h->flags & KIWI_HELD_TIMED, sampled = timed && t->sampled == h->address;
    u->object = held_object(t, h);
    o = region_object(u->object);
    u->hold_row = h->row;
    u->stack = h->stack;
    u->hold_until = now;
    u->hold_ticks = timed ? now - h->since : 0;
    u->pressed_ticks = 0;
    u->weight = sampled ? t->sampled_weight : 1;
    u->take = sampled ? t->sampled_take : 0;
    u->pressed_weight = sampled && !(h->flags & KIWI_HELD_PRESSED) ? t->sampled_pressed : 1;
    t->sampled = 0;
    heap_hold_end(t, h);
    if (u->object && RELAXED_LOAD(&o->waiters)) {
        uint64_t from = pressed_from(t, h, o);
        u->pressed_ticks = now > from ? now - from : 1;
    }
    u->hold = true;
}

/* Who uses the lock how much: of those that are not among the four, each takes over the least. */
static void count_user(struct kiwi_contention *c, const struct thread *t, uint32_t weight)
{
    struct kiwi_contention_user *least = &c->users[0];
    for (uint32_t i = 0; i < KIWI_CONTENTION_USERS; i++) {
        struct kiwi_contention_user *u = &c->users[i];
        if (RELAXED_LOAD(&u->thread) == t->row && RELAXED_LOAD(&u->serial) == t->serial) {
            RELAXED_STORE(&u->samples, u->samples + weight);
            return;
        }
        if (RELAXED_LOAD(&u->samples) < RELAXED_LOAD(&least->samples))
            least = u;
    }
    RELAXED_STORE(&least->thread, t->row);
    RELAXED_STORE(&least->serial, t->serial);
    RELAXED_STORE(&least->samples, least->samples + weight);
}

/* Holds of one lock at one place on their way into the tables: those that were kept back come several at a time, and
 * threads that compete for the lock compete for its row as well. */
struct holds {
    uint32_t object, row, own; /* OBJECTS; ACQUISITIONS and CONTENTIONS, 0 = none */
    uint32_t timed, takes, weight, looked;
    uint64_t looked_ticks;
    uint64_t ticks, max_ticks, take_ticks, pressed, pressed_ticks, first, last;
    struct histogram_near hold, take, pressed_for;
};

static void holds_add_timed(struct holds *s, const struct thread_unsettled *u)
{
    s->first = s->timed++ ? s->first : u->hold_until;
    s->last = u->hold_until;
    s->ticks += u->hold_ticks;
    s->max_ticks = u->hold_ticks > s->max_ticks ? u->hold_ticks : s->max_ticks;
    histogram_add_near(&s->hold, s->own, KIWI_HISTOGRAM_HOLD, u->hold_ticks, 1);
    s->weight += u->weight;
    if (!u->take)
        return;
    s->takes++;
    s->take_ticks += u->take;
    histogram_add_near(&s->take, s->own, KIWI_HISTOGRAM_TAKE, u->take, 1);
}

static void enter_heap(const struct thread *t, const struct thread_unsettled *u, uint32_t own)
{
    struct kiwi_contention *c = region_contention(own);
    uint32_t calls = u->heap_calls < UINT32_MAX ? (uint32_t)u->heap_calls : UINT32_MAX;
    RELAXED_ADD(&c->heap_holds, 1);
    RELAXED_ADD(&c->heap_weight, u->pressed_weight);
    RELAXED_ADD(&c->heap_ticks, u->hold_ticks * u->pressed_weight);
    RELAXED_ADD(&c->heap_calls, u->heap_calls * u->pressed_weight);
    RELAXED_ADD(&c->heap_bytes, u->heap_bytes * u->pressed_weight);
    if (!u->heap_stack || RELAXED_LOAD(&c->heap_max) >= calls)
        return;
    RELAXED_STORE(&c->heap_max, calls);
    RELAXED_STORE(&c->heap_thread, t->row);
    RELAXED_STORE(&c->heap_stack, u->heap_stack);
}

static COLD void enter_long(struct thread *t, const struct thread_unsettled *u, uint32_t own)
{
    struct kiwi_contention *c = region_contention(own);
    struct processor_time p = processor_time_in(t, u->hold_until - u->pressed_ticks, u->hold_until);
    RELAXED_ADD(&c->lost_ticks, p.lost * u->pressed_weight);
    if (p.ran < clock_ns_to_ticks(KIWI_HOLD_LONG_NS))
        return;
    RELAXED_ADD(&c->running, u->pressed_weight);
    histogram_add(own, KIWI_HISTOGRAM_RUNNING, p.ran);
    if (u->pressed_ticks > RELAXED_LOAD(&c->pressed_max_ticks)) {
        RELAXED_STORE(&c->pressed_max_stack, u->stack);
        RELAXED_STORE(&c->pressed_max_thread, t->row);
        RELAXED_STORE(&c->pressed_max_serial, t->serial);
    }
    relaxed_max(&c->pressed_max_ticks, u->pressed_ticks);
}

static void holds_add_pressed(struct holds *s, struct thread *t, const struct thread_unsettled *u)
{
    if (u->heap) {
        s->looked++;
        s->looked_ticks += u->hold_ticks * u->pressed_weight;
    }
    if (u->heap && u->heap_calls)
        enter_heap(t, u, s->own);
    s->pressed += u->pressed_weight;
    s->pressed_ticks += u->pressed_ticks * u->pressed_weight;
    histogram_add_near(&s->pressed_for, s->own, KIWI_HISTOGRAM_PRESSED, u->pressed_ticks, u->pressed_weight);
    if (u->pressed_ticks >= clock_ns_to_ticks(KIWI_HOLD_LONG_NS))
        enter_long(t, u, s->own);
}

static void holds_enter_timed(const struct holds *s, const struct thread *t)
{
    if (s->row) {
        struct kiwi_acquisition *a = region_acquisition(s->row);
        RELAXED_ADD(&a->hold_samples, s->timed);
        RELAXED_ADD(&a->hold_ticks, s->ticks);
        relaxed_max(&a->hold_max_ticks, s->max_ticks);
    }
    if (!s->own)
        return;
    struct kiwi_contention *c = region_contention(s->own);
    RELAXED_ADD(&c->holds, s->timed);
    RELAXED_ADD(&c->hold_ticks, s->ticks);
    relaxed_max(&c->hold_max_ticks, s->max_ticks);
    if (!RELAXED_LOAD(&c->first_ticks))
        RELAXED_STORE(&c->first_ticks, s->first);
    RELAXED_STORE(&c->last_ticks, s->last);
    if (s->weight)
        count_user(c, t, s->weight);
    if (s->takes) {
        RELAXED_ADD(&c->takes, s->takes);
        RELAXED_ADD(&c->take_ticks, s->take_ticks);
    }
}

/* Whoever adds ends with this. */
static void holds_enter(struct holds *s, const struct thread *t)
{
    if (s->timed)
        holds_enter_timed(s, t);
    if (s->looked) {
        RELAXED_ADD(&region_contention(s->own)->heap_looked, s->looked);
        RELAXED_ADD(&region_contention(s->own)->heap_looked_ticks, s->looked_ticks);
    }
    if (s->pressed) {
        RELAXED_ADD(&region_contention(s->own)->pressed, s->pressed);
        RELAXED_ADD(&region_contention(s->own)->pressed_ticks, s->pressed_ticks);
    }
    *s = (struct holds){0};
}

static void holds_add(struct holds *s, struct thread *t, const struct thread_unsettled *u)
{
    uint32_t own = contention_get(u->object, u->pressed_ticks != 0);
    if (s->object != u->object || s->row != u->hold_row || s->own != own) {
        holds_enter(s, t);
        s->object = u->object;
        s->row = u->hold_row;
        s->own = own;
    }
    if (u->hold_ticks)
        holds_add_timed(s, u);
    if (u->pressed_ticks && own)
        holds_add_pressed(s, t, u);
}

bool contention_watched(uint32_t row, uint32_t weight)
{
    uint32_t object = object_of(row), own = object ? RELAXED_LOAD(&memory.contentions[object]) : 0;
    if (!own || !RELAXED_LOAD(&region_object(object)->waiters))
        return false;
    RELAXED_ADD(&region_contention(own)->grants, weight);
    return true;
}

static void enter(struct thread *t, struct thread_unsettled *u, struct holds *s, enum when when)
{
    if (u->wait) {
        u->wait = false;
        enter_wait(t, u, when);
    }
    if (u->hold) {
        u->hold = false;
        holds_add(s, t, u);
    }
}

static uint64_t moment_of(const struct thread_unsettled *u)
{
    return u->hold ? u->hold_until : u->wait_until;
}

/* now: ticks, a moment ago. */
static void enter_kept_back(struct thread *t, uint64_t now)
{
    struct thread_unsettled present = *contention_unsettled(t);
    uint32_t count = t->kept_back;
    struct holds holds = {0};
    for (uint32_t i = 0; i < count; i++) {
        struct thread_unsettled *u = &t->unsettled[i];
        enter(t, u, &holds, now - moment_of(u) < clock_state.waited_ticks ? AFTERWARDS : LONG_AFTER);
    }
    holds_enter(&holds, t);
    t->kept_back = 0;
    t->unsettled[0] = present;
}

/* A short wait, hold or both, soon after the last: of a lock that has its row, which stays its own. */
static bool may_keep_back(const struct thread *t, const struct thread_unsettled *u)
{
    uint64_t brief = clock_state.waited_ticks / BRIEF;
    if (t->settled < KEPT_BACK_FROM || moment_of(u) - t->settled_at > brief || (u->heap && u->heap_calls))
        return false;
    if (u->wait && (u->wait_until - u->waited.since > brief || !u->waited.contention))
        return false;
    return !u->hold || (u->hold_ticks <= brief && u->pressed_ticks <= brief && u->object &&
                        RELAXED_LOAD(&memory.contentions[u->object]));
}

void contention_enter(struct thread *t)
{
    struct thread_unsettled *u = contention_unsettled(t);
    uint64_t now = moment_of(u);
    bool keep = may_keep_back(t, u), waited = u->wait;
    t->settled += t->settled < KEPT_BACK_FROM;
    t->settled_at = now;
    if (keep && t->kept_back + 1 < THREAD_UNSETTLED) {
        t->kept_back++;
        u = contention_unsettled(t);
        u->wait = u->hold = false;
        return;
    }
    if (t->kept_back) {
        waited = true;
        enter_kept_back(t, now);
    }
    struct holds holds = {0};
    enter(t, t->unsettled, &holds, keep ? AFTERWARDS : AT_ONCE);
    holds_enter(&holds, t);
    if (waited) /* only now: what the hold is compared with has to be from before it */
        processor_read_sometimes(t, now);
}

void contention_enter_some(struct thread *t)
{
    enter_kept_back(t, t->settled_at);
    processor_read_sometimes(t, t->settled_at);
}

void contention_end(struct thread *t)
{
    contention_settle(t);
    enter_kept_back(t, t->settled_at);
}

/* Calls and tries. */

void contention_call_end(struct thread *t, uint32_t call_row, uint64_t since, uint64_t now)
{
    t->blocked_ticks += now - since;
    if (t->slot->held_count)
        t->latest_call = (struct thread_span){call_row, since, now};
    else if (t->row)
        RELAXED_STORE(&region_thread(t->row)->idle_ticks, region_thread(t->row)->idle_ticks + (now - since));
    if (t->reading.ticks && !t->slot->held_count) /* in a hold it would hide what came before */
        processor_read_sometimes(t, now);
}

void contention_try_failed(struct thread *t, uint32_t row, uint64_t made)
{
    struct thread_try *y = &t->tries[row % THREAD_TRIES];
    uint64_t now = clock_ticks();
    if (!row)
        return;
    if (y->row != row || y->made != made) { /* it got the lock since: a new run begins */
        *y = (struct thread_try){.row = row, .charge = charge_of_tries(t, row), .begin = now, .made = made};
    }
    y->run++;
    if (y->charge)
        charge_try(y->charge, y->run, y->begin, now);
}

void contention_try_made(struct thread *t, uint32_t row)
{
    t->tries[row % THREAD_TRIES].row = 0;
}
