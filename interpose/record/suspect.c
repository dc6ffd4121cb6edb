#include "suspect.h"

#include "../base/sys.h"
#include "memory.h"
#include "object.h"

#include <string.h>
#include <sys/mman.h>

#define PAGES_BEFORE 31u /* a lock's block may begin so many pages before it */

struct suspects suspects __attribute__((aligned(4096)));
static bool everything;
static uintptr_t always_start;
static size_t always_size;

static uint32_t *word_of(uintptr_t address)
{
    return &suspects.bits[address >> 10 & (SUSPECT_GRAINS / 32 - 1)];
}

static uint32_t bit_of(uintptr_t address)
{
    return 1u << (address >> 5 & 31);
}

static uint16_t *locks_of(uintptr_t address)
{
    return &suspects.locks[address >> 12 & (SUSPECT_PAGES - 1)];
}

static uint8_t *count_of(uintptr_t address)
{
    return &memory.grains[address >> 5 & (SUSPECT_GRAINS - 1)];
}

void suspect_followed(uintptr_t address)
{
    if (everything)
        return;
    object_count_up(count_of(address));
    __atomic_fetch_or(word_of(address), bit_of(address), __ATOMIC_SEQ_CST);
}

/* Who follows another block of the grain counts it before it sets the bit, so that one of the two sees the other. */
void suspect_unfollowed(uintptr_t address)
{
    if (everything)
        return;
    object_count_down(count_of(address));
    if (RELAXED_LOAD(count_of(address)))
        return;
    __atomic_fetch_and(word_of(address), ~bit_of(address), __ATOMIC_SEQ_CST);
    if (__atomic_load_n(count_of(address), __ATOMIC_SEQ_CST))
        __atomic_fetch_or(word_of(address), bit_of(address), __ATOMIC_SEQ_CST);
}

/*
 * Four counts at a time, since locks are made and ended at a rate: one 64-bit addition has no carry between them while
 * none passes 65,535, and where one does, what the same number of subtractions leaves is right again.
 */
#define LANES 4u
#define EACH_LANE UINT64_C(0x0001000100010001)

static void add_window(uintptr_t address, uint64_t sign)
{
    uint64_t last = address >> 12, first = last - PAGES_BEFORE;
    for (uint64_t at = first & ~(uint64_t)(LANES - 1); at <= last; at += LANES) {
        uint64_t lanes = EACH_LANE;
        if (at < first)
            lanes <<= 16 * (first - at);
        if (at + LANES - 1 > last)
            lanes &= UINT64_MAX >> 16 * (at + LANES - 1 - last);
        RELAXED_ADD((uint64_t *)(void *)locks_of(at << 12), sign * lanes);
    }
}

void suspect_lock(uintptr_t address)
{
    add_window(address, 1);
}

void suspect_unlocked(uintptr_t address)
{
    add_window(address, (uint64_t)-1);
}

void suspect_all(void)
{
    everything = true;
    memset(suspects.bits, 0xff, sizeof suspects.bits);
}

static void mark_always(void)
{
    for (size_t at = 0; at < always_size; at += 4096)
        RELAXED_ADD(locks_of(always_start + at), 1);
}

void suspect_always(uintptr_t start, size_t size)
{
    if (always_size)
        return;
    always_start = start;
    always_size = size;
    mark_always();
}

void suspect_begin(void)
{
    everything = false;
    /* This gives back what was touched. */
    if (sys_madvise(&suspects, sizeof suspects, MADV_DONTNEED) != 0)
        memset(&suspects, 0, sizeof suspects);
    mark_always();
}
