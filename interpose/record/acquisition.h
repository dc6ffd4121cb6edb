/*
 * acquisition.h - who takes which lock where, holding what: the held array, the acquisition rows, and the cache in front.
 *
 * A lock wrapper runs
 *
 *     line = acquisition_line(t, lock, stack);     // hit: one probe of the thread's cache
 *     acquisition_want(t, line, KIWI_WANT_TAKING); // a hang in the real call shows what was wanted
 *     r = real call
 *     acquisition_taken(t, lock, line, since)      // held array, count
 *     acquisition_want_end(t)
 *
 * and an unlock wrapper acquisition_released before the real call. All of it runs with the thread's guard set. No locks, no
 * system calls and no shared writes on a hit.
 */
#ifndef KIWI_ACQUISITION_H
#define KIWI_ACQUISITION_H

#include "object.h"

#define HOLD_SAMPLE 64u /* one hold in so many is timed */

struct acquisition_key {
    uint32_t parent, object, stack, thread_class;
    uint8_t mode, how;
    uint16_t flags;
};

/* What a cache line stands for besides address, stack and chain. Part of the stack word of the line's key. */
#define ACQUISITION_KIND(mode, how) ((uint32_t)(mode) << 30 | (uint32_t)(how) << 28)
#define ACQUISITION_STACK(word) ((word) & 0x0fffffffu)

static ALWAYS_INLINE uint32_t acquisition_stamp(const struct thread *t, uintptr_t address)
{
    return RELAXED_LOAD(&memory.generations[object_generation_slot(address)]) + t->epoch * 0x9e3779b1u;
}

static ALWAYS_INLINE struct kiwi_cache_entry *cache_bucket(const struct thread *t, uintptr_t address, uint32_t stack,
                                                           uint32_t chain)
{
    uint64_t h = (address >> 3) * 0x9e3779b97f4a7c15u ^ (uint64_t)(stack ^ chain << 12) * 0xc2b2ae3d27d4eb4fu;
    return &t->cache[(h >> 40) & t->cache_mask & ~1u];
}

/* Slow path of acquisition_line: object, row, witness, cache line. Never NULL; a line with row 0 means "not recorded". */
struct kiwi_cache_entry *acquisition_line_new(struct thread *t, const struct object_facts *facts, uint32_t kind_stack);

/* The line of (lock, stack, mode, how) under the current chain. `word` = stack row | ACQUISITION_KIND. */
static ALWAYS_INLINE struct kiwi_cache_entry *acquisition_find(struct thread *t, uintptr_t address, uint32_t word)
{
    struct kiwi_cache_entry *e = cache_bucket(t, address, word, t->chain);
    uint32_t stamp = acquisition_stamp(t, address);
    if (likely(e->address == address && e->stack == word && e->chain == t->chain && e->stamp == stamp))
        return e;
    e++;
    if (likely(e->address == address && e->stack == word && e->chain == t->chain && e->stamp == stamp))
        return e;
    return NULL;
}

static ALWAYS_INLINE void acquisition_want(struct thread *t, uint32_t row, enum kiwi_want want)
{
    t->slot->want_row = row;
    COMPILER_BARRIER();
    RELAXED_STORE(&t->slot->want, want);
}

static ALWAYS_INLINE void acquisition_want_end(struct thread *t)
{
    RELAXED_STORE(&t->slot->want, KIWI_WANT_NONE);
}

/* Puts the lock on the held array; since = ticks or 0. The caller adds to the count of the line. */
void acquisition_taken_slow(struct thread *t, uintptr_t address, uint32_t row, uint64_t since, uint32_t flags);

static ALWAYS_INLINE void acquisition_taken(struct thread *t, uintptr_t address, uint32_t row)
{
    uint32_t n = t->slot->held_count;
    if (unlikely(!row || n >= t->slot->held_capacity || t->hold_tick++ % HOLD_SAMPLE == 0)) {
        acquisition_taken_slow(t, address, row, 0, 0);
        return;
    }
    struct kiwi_held *h = &t->held[n];
    h->address = address;
    h->row = row;
    h->count = 1;
    h->since = 0;
    h->flags = 0;
    COMPILER_BARRIER(); /* a signal handler or a reader sees either no entry or a whole one */
    RELAXED_STORE(&t->slot->held_count, n + 1);
    t->chain = row;
}

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

/* The hold at `at` ends: takes it off the array, whatever its recursion count. */
void acquisition_released_slow(struct thread *t, int at);

static ALWAYS_INLINE void acquisition_released(struct thread *t, int at)
{
    t->releases++;
    const struct kiwi_held *h = &t->held[at];
    if (unlikely(at + 1 != (int)t->slot->held_count || h->since)) {
        acquisition_released_slow(t, at);
        return;
    }
    RELAXED_STORE(&t->slot->held_count, (uint32_t)at);
    t->chain = at ? t->held[at - 1].row : 0;
}

/* A request that found the lock taken: marks the thread as waiting, and its object. Returns the start in ticks. */
uint64_t acquisition_wait_begin(struct thread *t, uint32_t row, enum kiwi_want want, uint32_t holder_row);
void acquisition_wait_end(struct thread *t, uint32_t row, uint64_t since, uint32_t holder_row);

/* A line for something else that is counted per (stack, chain): see call.h. */
struct kiwi_cache_entry *acquisition_cache_put(struct thread *t, uintptr_t address, uint32_t word, uint32_t row);

/* Adds the counts of all cache lines to their rows and empties the cache. */
void acquisition_fold_all(struct thread *t);
/* The row for a key, made if needed; 0 = no room. For scripted tests and derived chains. */
uint32_t acquisition_row(struct thread *t, const struct acquisition_key *key);
#endif
