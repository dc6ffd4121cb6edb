/*
 * lock.h - what the wrappers of all lock kinds share.
 *
 * Every function here runs with the guard set by the caller and touches neither errno nor the lock.
 */
#ifndef KIWI_WRAP_LOCK_H
#define KIWI_WRAP_LOCK_H

#include "../base/clock.h"
#include "../base/sys.h"
#include "../process/enter.h"
#include "../process/inherited.h"
#include "../record/acquisition.h"
#include "../record/contention.h"
#include "../record/destroyed.h"
#include "../record/handover.h"
#include "../record/leftover.h"
#include "../record/misuse.h"
#include "../record/stack.h"
#include "../record/wait_site.h"

/* A request on its way to the held array. */
struct lock_request {
    struct thread *t;
    uintptr_t address;
    struct kiwi_cache_entry *line;
    uint32_t word;       /* stack row | ACQUISITION_KIND */
    uint32_t weight;     /* acquisitions that this one stands for, 0 = it is among those that another one stands for */
    bool timed;          /* its hold is a sample ... */
    uint32_t stands_for; /* ... of so many */
    uint64_t made;       /* changes with every lock that is taken at this call path */
    uint64_t asked;      /* ticks just before the real call, 0 = not timed */
};

/* The cache entry of a known call path whose turn to be recorded in full has not come; NULL = not the quick way. */
static ALWAYS_INLINE struct stack_entry *lock_quick_path(struct thread *t, struct call_site site)
{
    if (unlikely(t->quick_epoch != RELAXED_LOAD(&stack_module_epoch)))
        return NULL;
    struct stack_entry *e = t->stacks[stack_bucket(site)];
    if (unlikely(!e || !stack_entry_matches(e, site)) && (!e || !e->next || !(e = stack_search(t, site))))
        return NULL;
    return unlikely(e->tick <= 1) ? NULL : e;
}

#define HELD_ONCE ((uint64_t)1 << 32) /* count and row of a hold that needed no row yet */

/*
 * The quick way in: a free lock that makes no order (nothing is held yet, or it is only tried), a known call path, not
 * sampled. `e` is what lock_quick_path gave. Notes the lock as being taken behind the `n` held ones; the caller then
 * makes the real call and says that it is held. Few stores on purpose: the lock's own atomic instruction waits for all
 * of them.
 */
static ALWAYS_INLINE void lock_quick_taking(struct thread *t, uint32_t n, struct stack_entry *e, uintptr_t address,
                                            uint32_t kind)
{
    struct kiwi_held *h = &t->held[n];
    e->tick--;
    h->address = address;
    RELAXED_STORE((uint64_t *)(void *)&h->row, HELD_ONCE);
    RELAXED_STORE((uint64_t *)(void *)&h->stack, (uint64_t)kind << 32 | e->row);
    slot_state_set(t, n, KIWI_WANT_TAKING, 0);
}

/* Taken so many times in a row, and nothing else meanwhile: to look at what it guards until that changes. */
#define LOCK_POLLS 3u

static ALWAYS_INLINE bool lock_quick(struct thread *t, uintptr_t address, struct call_site site, uint32_t kind)
{
    struct stack_entry *e = likely(!t->slot->held_count) ? lock_quick_path(t, site) : NULL;
    if (unlikely(!e))
        return false;
    lock_quick_taking(t, 0, e, address, kind);
    return true;
}

/* The real call refused a lock that lock_quick counted at this site. */
void lock_quick_uncount(struct thread *t, struct call_site site);

/* After the real call of the quick way, for locks that grant with 0 alone. */
static ALWAYS_INLINE int lock_quick_end(struct thread *t, struct call_site site, int result)
{
    if (unlikely(result))
        lock_quick_uncount(t, site);
    slot_state_set(t, result == 0, KIWI_WANT_NONE, 0);
    guard_clear(t);
    return result;
}

/* No longer among the held ones, `left` of which remain: if a chain hangs on it, it ends below. */
static ALWAYS_INLINE void lock_chain_ends(struct thread *t, uint32_t left)
{
    if (unlikely(t->chained > left)) {
        t->chained = left;
        t->chain = left ? t->held[left - 1].row : 0;
    }
}

/* Before the real unlock of the lock that was taken last, if it is held once and not timed: takes it off the held array
 * and returns how many are left, for the state afterwards; else -1. */
static ALWAYS_INLINE int lock_release_quick(struct thread *t, uintptr_t address)
{
    uint32_t n = t->slot->held_count - 1;
    const struct kiwi_held *h = &t->held[n];
    if (unlikely((int32_t)n < 0 || h->address != address || h->count != 1 || (h->flags & KIWI_HELD_SLOW)))
        return -1;
    lock_chain_ends(t, n);
    slot_state_set(t, n, KIWI_WANT_RELEASING, 1);
    return (int)n;
}

/* The same for the lock below that one, which goes first when locks are handed over from one to the next. The last one
 * moves into its place, as acquisition_released_slow moves them: a reader sees each lock at any moment. */
static ALWAYS_INLINE int lock_release_beneath(struct thread *t, uintptr_t address)
{
    uint32_t n = t->slot->held_count;
    struct kiwi_held *h = &t->held[n - 2];
    if (n < 2 || n >= t->slot->held_capacity || h->address != address || h->count != 1 || (h->flags & KIWI_HELD_SLOW))
        return -1;
    h[2] = h[0];
    slot_state_set(t, n, KIWI_WANT_RELEASING, 0);
    h[0] = h[1];
    COMPILER_BARRIER();
    h[1] = h[2];
    lock_chain_ends(t, n - 2);
    slot_state_set(t, n - 1, KIWI_WANT_RELEASING, 1);
    return (int)n - 1;
}

/*
 * The same two steps in one store each and without the guard, for locks that cost so little that it would show: the
 * lock is already taken, or will be let go for certain. What a signal handler did in between, it has undone, but for
 * the place behind the held locks, and a chain that it needed; so those are looked at once more. `state`: slot_state,
 * from before.
 */
static ALWAYS_INLINE void lock_note_held(struct thread *t, uint64_t state, uintptr_t address, uint32_t stack,
                                         uint32_t kind)
{
    do {
        struct kiwi_held *h = &t->held[(uint32_t)state];
        h->address = address;
        RELAXED_STORE((uint64_t *)(void *)&h->row, HELD_ONCE);
        RELAXED_STORE((uint64_t *)(void *)&h->stack, (uint64_t)kind << 32 | stack);
        slot_state_put(t, state + SLOT_ONE_HELD);
    } while (unlikely(t->held[(uint32_t)state].address != address));
}

/* false: it is not the lock that was taken last, or something more than that depends on it. */
static ALWAYS_INLINE bool lock_let_go(struct thread *t, uintptr_t address)
{
    uint64_t state = slot_state(t);
    const struct kiwi_held *h = &t->held[(uint32_t)state - 1];
    if (unlikely(!(uint32_t)state || h->address != address || *(const uint64_t *)(const void *)&h->row != HELD_ONCE ||
                 (h->flags & KIWI_HELD_SLOW)))
        return false;
    slot_state_put(t, state - SLOT_ONE_HELD + SLOT_ONE_RELEASE);
    lock_chain_ends(t, (uint32_t)state - 1);
    return true;
}

/* A lock that came the full way for another reason than that its turn has come is one of those not recorded. */
static inline uint32_t lock_weight(struct thread *t, struct stack_entry *e)
{
    if (likely(e->tick <= 1))
        return stack_sample(t, e);
    e->tick--;
    return 0;
}

/* A call path that has to wait is sampled more often from then on: see contention.h. Three waits close together bring
 * it from the rarest to the most frequent sample, one now and then does not: its gaps grow again as it goes on without
 * (stack_sample). */
#define CONTENTION_STEP 4u
static inline void lock_sample_often(struct thread *t, struct stack_entry *e)
{
    if (!e || e->interval <= CONTENTION_SAMPLE)
        return;
    uint32_t interval = e->interval / CONTENTION_STEP;
    e->interval = (uint16_t)(interval > CONTENTION_SAMPLE ? interval : CONTENTION_SAMPLE);
    e->samples = 0;
    uint32_t tick = 1 + thread_random(t) % (2u * e->interval - 1);
    e->tick = e->tick < tick ? e->tick : tick;
}

/* The full way: a cache line of the thread stands for the acquisition row. `taken`: it will probably wait; such ones
 * are all counted. */
static inline void lock_request(struct lock_request *r, struct thread *t, uintptr_t address, struct call_site site,
                                uint32_t kind, bool taken)
{
    struct stack_entry *e = stack_find(t, site);
    r->t = t;
    r->address = address;
    r->word = (e ? e->row : stack_capture(t, site)) | kind;
    r->made = e ? (uint64_t)e->samples << 32 | e->tick : 0;
    bool makes_order = t->slot->held_count && (kind & ACQUISITION_HOW) != ACQUISITION_KIND(0, KIWI_HOW_TRY);
    r->weight = e && !makes_order && !taken ? lock_weight(t, e) : 1;
    if (taken)
        lock_sample_often(t, e);
    r->timed = false;
    r->asked = 0;
    acquisition_chain(t);
    bool again = !t->slot->held_count && t->held->address == address && t->held->stack == ACQUISITION_STACK(r->word) &&
                 thread_releases(t) == t->poll_releases + 1;
    r->line = acquisition_find(t, acquisition_identity(address, r->word), r->word);
    if (!r->line) {
        if (t->slot->held_count)
            acquisition_strike_stale(t);
        r->line = acquisition_line(t, address, r->word);
    }
    t->polls = again ? t->polls + 1 : 0;
    t->poll_releases = thread_releases(t);
    if (unlikely(t->polls == LOCK_POLLS && r->line->row))
        handover_monitor(region_acquisition(r->line->row)->object);
}

/* The same with the row of this very lock, where others may be recorded by class: for waits, which need to know
 * whose. */
static inline uint32_t lock_instance_row(struct lock_request *r)
{
    if (likely(acquisition_identity(r->address, r->word) == r->address))
        return r->line->row;
    struct kiwi_cache_entry *e = acquisition_find(r->t, r->address, r->word);
    return (e ? e : acquisition_line_new(r->t, r->address, r->word))->row;
}

/* Before and after a real call that is not expected to wait. */
static inline bool lock_taking(const struct lock_request *r)
{
    return acquisition_taking(r->t, r->address, r->word, r->line->row);
}

/* The object of a held lock, 0 = it has no row. */
static inline uint32_t lock_held_object(const struct thread *t, int at)
{
    uint32_t row = t->held[at].row;
    return row ? region_acquisition(row)->object : 0;
}

/* The mutex held at `at` orders those who pass it (handover.h); from now on, and this time as well. */
void lock_is_monitor(struct thread *t, int at);
/* Before a timed hold ends. */
void lock_passed(struct thread *t, int at);

#define HOLD_SAMPLE 8u        /* one hold in so many of those recorded in full is timed ... */
#define HOLD_SAMPLE_FIRST 16u /* ... after the first ones on each path */

static inline void lock_sample_hold(struct lock_request *r)
{
    bool first = r->line->count < HOLD_SAMPLE_FIRST;
    r->timed = r->weight && (first || r->t->hold_tick++ % HOLD_SAMPLE == 0);
    r->stands_for = first ? r->weight : r->weight * HOLD_SAMPLE;
}

/* The same right before the real call of a lock that seems to be free. */
static inline void lock_sample(struct lock_request *r)
{
    lock_sample_hold(r);
    if (r->timed)
        r->asked = clock_ticks();
}

static inline void lock_hold_timed(struct thread *t, struct kiwi_held *h, uint64_t now)
{
    heap_hold_begin(t, h->address);
    h->since = now;
    h->flags |= KIWI_HELD_TIMED;
}

static inline void lock_taken(const struct lock_request *r)
{
    struct thread *t = r->t;
    uint32_t n = t->slot->held_count;
    struct kiwi_held *h = &t->held[n];
    r->line->count += r->weight;
    if (unlikely(record_settings.events_all))
        event_add(t, KIWI_EVENT_ACQUIRE, h->row, 0, 0);
    bool watched = r->weight && contention_watched(h->row, r->weight);
    if (r->timed || watched) {
        struct contention_sample s = {.holds = r->timed ? r->stands_for : r->weight, .pressed = r->weight};
        lock_hold_timed(t, h, clock_ticks());
        contention_sampled(t, h->address, s, r->asked ? h->since - r->asked : 0);
    } else if (record_settings.events_all || (!n && h->row && handover_worth(t, region_acquisition(h->row)->object))) {
        lock_hold_timed(t, h, clock_ticks());
    }
    if (h->row && t->chained == n) {
        t->chained = n + 1;
        t->chain = h->row;
    }
    acquisition_taken(t);
}

/* A lock that was waited for is held from `now` on. */
static inline void lock_waited(const struct lock_request *r, uint32_t row, uint64_t now)
{
    /* The line may have been evicted by a handler meanwhile: count on the row itself. */
    if (row)
        RELAXED_ADD(&region_acquisition(row)->count, 1);
    struct kiwi_held *h = &r->t->held[r->t->slot->held_count];
    h->flags |= KIWI_HELD_WAITED;
    lock_hold_timed(r->t, h, now);
    acquisition_taken(r->t);
}

/* Whether an unlock of a lock that is not on the held array may belong to one that found no room there, or that the
 * parent took before it forked. Counts it off. */
static inline bool lock_untracked(struct thread *t)
{
    if (t->slot->held_lost)
        t->slot->held_lost--;
    else if (t->inherited)
        t->inherited--;
    else
        return false;
    return true;
}

/* A lock that is still on the held array may lie in memory that the service has unmapped since. */
static inline bool lock_memory_gone(uintptr_t address)
{
    return !region.frozen && !sys_readable(address);
}

/*
 * The common way of the locks that have no quick way of their own (rwlocks, spinlocks). `call` makes the real call;
 * `taken` says that it will probably wait, for the lock that `holder` (thread row, 0 = unknown) has.
 */
struct lock_call {
    struct thread *t;
    uintptr_t address;
    struct call_site site;
    uint32_t kind; /* ACQUISITION_OBJECT | ACQUISITION_KIND */
    bool taken;
    uint32_t holder;
    int (*call)(const struct lock_call *c);
    const struct timespec *until;
    clockid_t clock;
};

/* The guard is set; it is cleared when these return the real call's result. */
int lock_acquire(struct lock_call *c);
/* The thread holds it already: the hold at `at` of its array is counted once more if the call succeeds. */
int lock_reenter(struct lock_call *c, int at);
/* It waits for itself: noted as misuse before the call. */
int lock_self_wait(struct lock_call *c, int at);

/* Takes one hold off the array before the real unlock; false = this thread holds no such lock. */
bool lock_release(struct thread *t, uintptr_t address);
/* Misuse of a lock of a kind: the object is made now if nothing needed it before. Returns the misuse row. */
uint32_t lock_misuse(struct thread *t, enum kiwi_misuse_kind kind, enum kiwi_object_kind object_kind, uintptr_t address,
                     struct call_site site);
/* The object at the address was destroyed, and nothing new was made of it: notes its use, or that it is destroyed
 * again. Returns the misuse row, 0 = that is not so. */
uint32_t lock_after_destroy(struct thread *t, enum kiwi_misuse_kind kind, enum kiwi_object_kind object_kind,
                            uintptr_t address, struct call_site site);
/* Before a lock is initialised, without the guard: nobody may hold it. `t` may be NULL. */
void lock_init_begin(struct thread *t, uintptr_t address, struct call_site site);
/* After its real destroy succeeded. false: nothing was known of it. */
bool lock_destroyed(struct thread *t, uintptr_t address, struct call_site site);
#endif
