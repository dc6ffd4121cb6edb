/*
 * compiler.h - the few compiler notions the recorder leans on.
 */
#ifndef KIWI_COMPILER_H
#define KIWI_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define NOINLINE __attribute__((noinline))
#define COLD __attribute__((noinline, cold))
#define ALWAYS_INLINE inline __attribute__((always_inline))
/* Wrappers are the only default-visibility symbols; everything else of the library is hidden by -fvisibility=hidden. */
#define EXPORT __attribute__((visibility("default")))
/* -fvisibility=hidden does not reach extern declarations; with this, hot globals are addressed directly. */
#define HIDDEN __attribute__((visibility("hidden")))

/* Relaxed access to words that other threads read or write at the same time; ordering, where needed, is written out. */
#define RELAXED_LOAD(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define RELAXED_STORE(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define RELAXED_ADD(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)

/* Keeps the compiler from moving stores across: enough towards a signal handler of the same thread, and towards a
 * reader of the mapping on x86-64, where stores become visible in program order. */
#define COMPILER_BARRIER() __asm__ __volatile__("" ::: "memory")

/*
 * Asks for the cache line of a lock that is about to be taken, for writing. Without it, looking at the lock first makes
 * two transfers of the line of what is one in the real call; with it, that one overlaps with the recorder's own work. A
 * hint: it never faults, and where the processor does not know it, it does nothing.
 */
static ALWAYS_INLINE void prefetch_for_write(const volatile void *p)
{
#ifdef __x86_64__
    __asm__ __volatile__("prefetchw %0" : : "m"(*(const volatile char *)p));
#else
    __builtin_prefetch((const void *)p, 1);
#endif
}

static inline void relaxed_max(uint64_t *p, uint64_t v)
{
    uint64_t old = RELAXED_LOAD(p);
    while (old < v && !__atomic_compare_exchange_n(p, &old, v, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

static inline uint64_t hash_mix(uint64_t x)
{
    x *= 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio: Knuth's multiplicative hash */
    return x ^ (x >> 32);
}
#endif
