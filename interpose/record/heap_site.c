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

void heap_site_made(uint32_t site, uint32_t units, size_t size, uint64_t now)
{
    struct kiwi_heap_site *s = region_heap_site(site);
    RELAXED_ADD(&s->samples, 1);
    RELAXED_ADD(&s->blocks, units);
    RELAXED_ADD(&s->bytes, scaled(units, size));
    RELAXED_STORE(&s->last_ticks, now);
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
    if (end.elsewhere)
        RELAXED_ADD(&s->elsewhere, units);
    if (end.resized)
        RELAXED_ADD(&s->resized, units);
}
