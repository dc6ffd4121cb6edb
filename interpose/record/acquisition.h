/*
 * acquisition.h - who takes which lock where, holding what: the held array, the acquisition rows, and the cache in
 * front.
 *
 * Two ways lead through a lock wrapper. A lock that is free and taken while nothing is held is only put on the held
 * array by address and stack: no order can follow from it yet. Everything else, and a random sample of those, goes
 * through a cache line of the thread, which stands for an acquisition row:
 *
 *     stack = stack_of(...);
 *     acquisition_taking(t, lock, stack | kind);  // a hang in the real call shows what was wanted
 *     r = real call
 *     acquisition_taken(t);                       // one more held lock
 *
 * and an unlock wrapper acquisition_released before the real call. All of it runs with the thread's guard set. No
 * locks, no system calls and no shared writes while the call path is known.
 */
#ifndef KIWI_ACQUISITION_H
#define KIWI_ACQUISITION_H

#include "object.h"

struct acquisition_key {
    uint32_t parent, object, stack, thread_class;
    uint8_t mode, how;
    uint16_t flags;
};

/* Tells what lies at a lock's address when its object must be made late; the kind is known. Set by the wrappers. */
extern void (*object_facts_of)(uintptr_t address, struct object_facts *facts);

/* What a cache line stands for besides address, stack and chain. Part of the stack word of the line's key. */
#define ACQUISITION_KIND(mode, how) ((uint32_t)(mode) << 30 | (uint32_t)(how) << 28)
#define ACQUISITION_HOW ACQUISITION_KIND(0, 3u)                         /* mask */
#define ACQUISITION_OBJECT(object_kind) ((uint32_t)(object_kind) << 24) /* for locks other than mutexes */
#define ACQUISITION_STACK(word) ((word)&0x00ffffffu)

/* Calls have no generations. */
static ALWAYS_INLINE uint32_t call_stamp(const struct thread *t)
{
    return t->epoch * 0x9e3779b1u;
}

static ALWAYS_INLINE uint32_t acquisition_stamp(const struct thread *t, uintptr_t address)
{
    return RELAXED_LOAD(&memory.generations[object_generation_slot(address)]) + call_stamp(t);
}

static ALWAYS_INLINE struct kiwi_cache_entry *cache_bucket(const struct thread *t, uintptr_t address, uint32_t stack,
                                                           uint32_t chain)
{
    uint64_t h = (address >> 3) * 0x9e3779b97f4a7c15u ^ (uint64_t)(stack ^ chain << 12) * 0xc2b2ae3d27d4eb4fu;
    return &t->cache[(h >> 40) & t->cache_mask & ~1u];
}

/*
 * Locks by instance, and by class where there are too many: a path that locks one of thousands (a lock per bucket, per
 * connection) would need a row for each of them under each held set. Once a call path has met more than about a hundred
 * locks, they are recorded there as one object of class. Contended requests and misuse still name the instance.
 */
#define CLASS_ADDRESS ((uintptr_t)1 << 63)
extern HIDDEN uint32_t acquisition_classes; /* call paths with a class, so that a process without any pays one load */
static ALWAYS_INLINE uintptr_t acquisition_identity(uintptr_t address, uint32_t word)
{
    if (likely(!RELAXED_LOAD(&acquisition_classes)))
        return address;
    uint32_t named_by = RELAXED_LOAD(&memory.stack_class[ACQUISITION_STACK(word)]);
    return !named_by ? address : CLASS_ADDRESS | named_by;
}

/* Slow path of acquisition_line: object, row, witness, cache line. Never NULL; a line with row 0 means "not
 * recorded". */
struct kiwi_cache_entry *acquisition_line_new(struct thread *t, uintptr_t address, uint32_t word);

static ALWAYS_INLINE struct kiwi_cache_entry *acquisition_find_stamped(struct thread *t, uintptr_t address,
                                                                       uint32_t word, uint32_t stamp)
{
    struct kiwi_cache_entry *e = cache_bucket(t, address, word, t->chain);
    uint64_t key = (uint64_t)t->chain << 32 | word; /* stack and chain lie side by side */
    if (likely(e->address == address && *(const uint64_t *)(const void *)&e->stack == key && e->stamp == stamp))
        return e;
    e++;
    if (likely(e->address == address && *(const uint64_t *)(const void *)&e->stack == key && e->stamp == stamp))
        return e;
    return NULL;
}

/* The line of (lock, stack, mode, how) under the current chain (which acquisition_chain has made). NULL = not
 * cached. */
static ALWAYS_INLINE struct kiwi_cache_entry *acquisition_find(struct thread *t, uintptr_t address, uint32_t word)
{
    return acquisition_find_stamped(t, address, word, acquisition_stamp(t, address));
}

static ALWAYS_INLINE void acquisition_want(struct thread *t, enum kiwi_want want)
{
    slot_state_set(t, t->slot->held_count, want, 0);
}

/* Room for one more held lock, or false: then the lock is not tracked, which is counted. */
bool acquisition_room(struct thread *t);

/* The lock about to be taken stands just past the held ones. word = stack row | ACQUISITION_KIND. */
static ALWAYS_INLINE void acquisition_note_taking(struct thread *t, uint32_t n, uintptr_t address, uint32_t word,
                                                  uint32_t row)
{
    struct kiwi_held *h = &t->held[n];
    h->address = address;
    RELAXED_STORE((uint64_t *)(void *)&h->row, (uint64_t)1 << 32 | row); /* row and count 1 */
    RELAXED_STORE((uint64_t *)(void *)&h->stack,
                  (uint64_t)(word & ~ACQUISITION_STACK(~0u)) << 32 | ACQUISITION_STACK(word));
    slot_state_set(t, n, KIWI_WANT_TAKING, 0);
}

static ALWAYS_INLINE bool acquisition_taking(struct thread *t, uintptr_t address, uint32_t word, uint32_t row)
{
    uint32_t n = t->slot->held_count;
    if (unlikely(n >= t->slot->held_capacity) && !acquisition_room(t))
        return false;
    acquisition_note_taking(t, n, address, word, row);
    return true;
}

/* It was granted: the entry counts as held. */
static ALWAYS_INLINE void acquisition_taken(struct thread *t)
{
    slot_state_set(t, t->slot->held_count + 1, KIWI_WANT_NONE, 0);
}

/* The chain (acquisition row of the innermost held lock) that stands for all held locks, made as far as it is not yet;
 * 0 = nothing held. Whoever keys a row by the held set calls this first. */
uint32_t acquisition_chain_make(struct thread *t);

/* false: it is not there yet, and takes a call to make. What lacks is most often the innermost lock, which was the
 * first one or only tried, at a place and under a chain where it has been before. */
static ALWAYS_INLINE bool acquisition_chain_ready(struct thread *t)
{
    uint32_t n = t->slot->held_count;
    if (likely(t->chained == n))
        return true;
    struct kiwi_held *h = &t->held[n - 1];
    if (unlikely(t->chained + 1 != n || h->row || (!t->chained && t->chain)))
        return false;
    uint32_t word = h->stack | (h->flags & ~ACQUISITION_STACK(~0u));
    struct kiwi_cache_entry *e = acquisition_find(t, acquisition_identity(h->address, word), word);
    if (unlikely(!e || !e->row))
        return false;
    t->chained = n;
    t->chain = h->row = e->row;
    return true;
}

static ALWAYS_INLINE uint32_t acquisition_chain(struct thread *t)
{
    if (likely(acquisition_chain_ready(t)))
        return t->slot->held_count ? t->chain : 0;
    return acquisition_chain_make(t);
}

static ALWAYS_INLINE struct kiwi_cache_entry *acquisition_line(struct thread *t, uintptr_t address, uint32_t word)
{
    acquisition_chain(t);
    address = acquisition_identity(address, word);
    struct kiwi_cache_entry *e = acquisition_find(t, address, word);
    return likely(e != NULL) ? e : acquisition_line_new(t, address, word);
}

/*
 * Tells for certain that the thread does not own a lock which its held array shows: another thread unlocked it (a mutex
 * used as a semaphore). Set by the wrappers; NULL in tests.
 */
extern bool (*object_let_go)(const struct thread *t, const struct kiwi_held *held);
/* Strikes such locks off, before a new row would make them part of a held set. true = there was one. */
bool acquisition_strike_stale(struct thread *t);

/* Index of the lock in the held array, or -1. The innermost hold wins. */
static ALWAYS_INLINE int acquisition_held(const struct thread *t, uintptr_t address)
{
    int n = (int)t->slot->held_count;
    if (likely(n && t->held[n - 1].address == address))
        return n - 1;
    for (int i = n - 2; i >= 0; i--)
        if (t->held[i].address == address)
            return i;
    return -1;
}

/* The end of such a hold is noted in contention.h. */
#define KIWI_HELD_SLOW (KIWI_HELD_TIMED | KIWI_HELD_PRESSED | KIWI_HELD_WAIT_SITE)

/* The hold at `at` ends: takes it off the array, whatever its recursion count. It stays readable just past the held
 * ones until the next lock is taken, and the state says KIWI_WANT_RELEASING until the caller ends that. */
void acquisition_released_slow(struct thread *t, int at);

static ALWAYS_INLINE void acquisition_released(struct thread *t, int at)
{
    if (unlikely(at + 1 != (int)t->slot->held_count || (t->held[at].flags & KIWI_HELD_SLOW))) {
        acquisition_released_slow(t, at);
        return;
    }
    slot_state_set(t, (uint32_t)at, KIWI_WANT_RELEASING, 1);
    if (t->chained > (uint32_t)at) {
        t->chained = (uint32_t)at;
        t->chain = at ? t->held[at - 1].row : 0;
    }
}

/* A request that found the lock taken: marks the thread as waiting, and its object. Returns the start in ticks. */
uint64_t acquisition_wait_begin(struct thread *t, uint32_t row, enum kiwi_want want, uint32_t holder_row);
/* Only the accounts: the caller then says what the thread does with the lock, so that there is no moment at which it
 * owns a lock and nothing tells. Returns the end in ticks. */
uint64_t acquisition_wait_end(struct thread *t, uint32_t row, uint64_t since, uint32_t holder_row);

/* A line for something else that is counted per (stack, chain): see call.h. */
struct kiwi_cache_entry *acquisition_cache_put(struct thread *t, uintptr_t address, uint32_t word, uint32_t row);

/* Adds the counts of all cache lines to their rows and empties the cache. */
void acquisition_fold_all(struct thread *t);
/* The row for a key, made if needed; 0 = no room. For scripted tests and derived chains. */
uint32_t acquisition_row(struct thread *t, const struct acquisition_key *key);
#endif
