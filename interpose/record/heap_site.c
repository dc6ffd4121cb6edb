#include "heap_site.h"

#include "../base/clock.h"

uint32_t heap_site_get(const struct thread *t, uint32_t stack)
{
    if (!stack)
        return 0;
    uint32_t *place = &memory.heap_sites[stack], row = RELAXED_LOAD(place), none = 0;
    if (row)
        return row;
    row = region_claim(KIWI_TABLE_HEAP_SITES, 1);
    if (!row)
        return 0;
    struct kiwi_heap_site *s = region_heap_site(row);
    s->stack = stack;
    s->thread = t->row;
    s->serial = t->serial;
    s->first_ticks = clock_ticks();
    if (!__atomic_compare_exchange_n(place, &none, row, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        return none; /* another thread was first: ours is wasted and stays unpublished */
    region_publish(&s->state, KIWI_ROW_LIVE);
    return row;
}

/* Bytes that the sample stands for. */
static uint64_t scaled(uint32_t units, size_t size)
{
    return (uint64_t)((unsigned __int128)units * size / KIWI_HEAP_UNIT);
}

/* Horvitz and Thompson's variance for a sample that is drawn with probability p = 1/w: (1 - p) / p^2 times the square
 * of what it measures, that is w (w - 1) size^2. Summed over the samples alone it is an unbiased estimate. */
static uint64_t bytes_variance(uint32_t units, size_t size)
{
    return (uint64_t)((unsigned __int128)scaled(units, size) * scaled(units - KIWI_HEAP_UNIT, size) >> 10);
}

static uint64_t blocks_variance(uint32_t units)
{
    return (uint64_t)units * (units - KIWI_HEAP_UNIT) / KIWI_HEAP_UNIT;
}

void heap_site_made(const struct thread *t, uint32_t site, uint32_t units, size_t size, uint64_t now)
{
    struct kiwi_heap_site *s = region_heap_site(site);
    RELAXED_ADD(&s->samples, 1);
    RELAXED_ADD(&s->blocks, units);
    uint64_t bytes = RELAXED_ADD(&s->bytes, scaled(units, size)) + scaled(units, size);
    uint64_t gone = RELAXED_LOAD(&s->freed_bytes) + RELAXED_LOAD(&s->unfollowed_bytes);
    if (bytes > gone)
        relaxed_max(&s->peak_bytes, bytes - gone);
    if (units != KIWI_HEAP_UNIT) {
        RELAXED_ADD(&s->made_variance, bytes_variance(units, size));
        RELAXED_ADD(&s->made_blocks_variance, blocks_variance(units));
    }
    if (s->thread != t->row || s->serial != t->serial)
        RELAXED_ADD(&s->others, units);
    RELAXED_STORE(&s->last_ticks, now);
}

static void variance_gone(struct kiwi_heap_site *s, uint32_t units, size_t size)
{
    if (units == KIWI_HEAP_UNIT)
        return;
    RELAXED_ADD(&s->freed_variance, bytes_variance(units, size));
    RELAXED_ADD(&s->freed_blocks_variance, blocks_variance(units));
}

void heap_site_unfollowed(uint32_t site, uint32_t units, size_t size)
{
    struct kiwi_heap_site *s = region_heap_site(site);
    RELAXED_ADD(&s->unfollowed_blocks, units);
    RELAXED_ADD(&s->unfollowed_bytes, scaled(units, size));
    variance_gone(s, units, size);
}

static uint32_t life_of(uint64_t ticks)
{
    uint32_t power = ticks ? (63 - (uint32_t)__builtin_clzll(ticks)) / 2 : 0; /* of 4 */
    uint32_t i = power > 4 ? power - 4 : 0;
    return i < KIWI_HEAP_LIVES ? i : KIWI_HEAP_LIVES - 1;
}

void heap_site_ended(uint32_t site, uint32_t units, size_t size, struct heap_end end)
{
    struct kiwi_heap_site *s = region_heap_site(site);
    RELAXED_ADD(&s->freed_samples, 1);
    RELAXED_ADD(&s->freed_blocks, units);
    RELAXED_ADD(&s->freed_bytes, scaled(units, size));
    RELAXED_ADD(&s->lives[life_of(end.lifetime)], units);
    variance_gone(s, units, size);
    if (end.freer) {
        RELAXED_ADD(&s->elsewhere, units);
        RELAXED_STORE(&s->free_thread, end.freer->row);
        RELAXED_STORE(&s->free_serial, end.freer->serial);
    }
    if (end.resized)
        RELAXED_ADD(&s->resized, units);
}

/* Only the thread that ends the process comes here. */
void heap_site_lost(uint32_t site, uint32_t units, size_t size, uint64_t birth, bool held)
{
    struct kiwi_heap_site *s = region_heap_site(site);
    s->lost_bytes += scaled(units, size);
    if (held) {
        s->lost_held++;
        return;
    }
    if (!s->lost_samples++ || birth < s->lost_first_ticks)
        s->lost_first_ticks = birth;
    if (birth > s->lost_last_ticks)
        s->lost_last_ticks = birth;
    s->lost_blocks += units;
}
