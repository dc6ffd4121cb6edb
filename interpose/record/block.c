#include "block.h"

#include "../base/clock.h"
#include "heap_account.h"
#include "heap_site.h"
#include "suspect.h"

#define AROUND_MAX (64u << 10)
#define ALIGNMENT 16u /* of every block */

uint32_t block_capacity = BLOCK_CAPACITY;

uint32_t block_capacity_within(uint32_t wanted, uint64_t space)
{
    uint64_t each = sizeof *memory.blocks + sizeof *memory.block_sets / BLOCK_WAYS;
    while (wanted > BLOCK_CAPACITY && wanted * each > space / 16)
        wanted /= 4;
    return wanted;
}

/*
 * Neighbours in the heap have neighbouring sets: else a program that goes through as many addresses as there are sets
 * would touch every page of the records, however few blocks it has at a time. 128 bytes of the heap share a set, which
 * has room for all blocks of glibc's in them twice over. Pieces of 8 KiB are spread by their hash, and turned by it,
 * for blocks that each begin a page. What finds its set full (tiny blocks of other allocators) goes to a second one, by
 * its hash alone.
 */
#define SET_SHIFT 7
#define PIECE_SETS 64u

static uint32_t first_set(uintptr_t address)
{
    uint64_t place = address >> SET_SHIFT, hash = hash_mix(place / PIECE_SETS), piece = hash >> 16, turn = hash >> 40;
    return (uint32_t)(piece * PIECE_SETS + (place + turn) % PIECE_SETS) & memory.block_mask;
}

static uint32_t second_set(uintptr_t address)
{
    return (uint32_t)(hash_mix(address) >> 16) & memory.block_mask;
}

static ALWAYS_INLINE struct heap_block *find_in(uint32_t set, uintptr_t address)
{
    const struct block_set *s = &memory.block_sets[set];
    for (uint32_t i = 0; i < BLOCK_WAYS; i++)
        if (RELAXED_LOAD(&s->addresses[i]) == address)
            return &memory.blocks[set * BLOCK_WAYS + i];
    return NULL;
}

struct heap_block *block_find(uintptr_t address)
{
    struct heap_block *b = find_in(first_set(address), address);
    return likely(b) ? b : find_in(second_set(address), address);
}

/* Its address is not free for others before its state is none. */
void block_end(struct heap_block *b)
{
    uint32_t i = (uint32_t)(b - memory.blocks);
    uint64_t *place = &memory.block_sets[i / BLOCK_WAYS].addresses[i % BLOCK_WAYS];
    suspect_unfollowed(*place);
    RELAXED_STORE(&b->state, BLOCK_NONE);
    __atomic_store_n(place, 0, __ATOMIC_RELEASE); /* pairs with the claim in room_for */
}

static struct heap_block *room_in(uint32_t set, uintptr_t address)
{
    struct block_set *s = &memory.block_sets[set];
    for (uint32_t i = 0; i < BLOCK_WAYS; i++) {
        uint64_t none = 0;
        if (!RELAXED_LOAD(&s->addresses[i]) &&
            __atomic_compare_exchange_n(&s->addresses[i], &none, address, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return &memory.blocks[set * BLOCK_WAYS + i];
    }
    return NULL;
}

static struct heap_block *room_for(uintptr_t address)
{
    struct heap_block *b = room_in(first_set(address), address);
    return likely(b) ? b : room_in(second_set(address), address);
}

/* Freed where no wrapper saw it, since its address is somebody else's now. false: it is kept, and so is its record. */
static bool stale(uintptr_t address)
{
    struct heap_block *b = block_find(address);
    if (!b)
        return true;
    if (RELAXED_LOAD(&b->state) == BLOCK_FREED)
        return false;
    if (RELAXED_LOAD(&b->state) == BLOCK_LIVE)
        heap_site_ended(b->site, b->units, b->size, (struct heap_end){.lifetime = clock_ticks() - b->birth});
    block_end(b);
    return true;
}

struct heap_block *block_add(struct thread *t, uintptr_t address, size_t size, uint32_t stack, uint32_t units)
{
    bool fresh = stale(address);
    uint32_t site = heap_site_get(t, stack);
    struct heap_block *b = site && fresh ? room_for(address) : NULL;
    uint64_t now = clock_ticks();
    heap_account(t, now);
    if (site)
        heap_site_made(t, site, units, size, now);
    if (!b) {
        if (site) {
            heap_site_unfollowed(site, units, size);
            region_drop(KIWI_DROP_HEAP_BLOCKS);
        }
        return NULL;
    }
    *b = (struct heap_block){
            .site = site, .size = size, .birth = now, .units = units, .thread = t->row, .serial = t->serial};
    suspect_followed(address);
    __atomic_store_n(&b->state, BLOCK_LIVE, __ATOMIC_RELEASE); /* pairs with the loads of who frees it */
    return b;
}

bool block_take(uintptr_t address, struct heap_block *copy)
{
    struct heap_block *b = block_find(address);
    if (!b || __atomic_load_n(&b->state, __ATOMIC_ACQUIRE) != BLOCK_LIVE)
        return false;
    if (copy)
        *copy = *b;
    block_end(b);
    return true;
}

void block_restore(uintptr_t address, const struct heap_block *copy)
{
    struct heap_block *b = room_for(address);
    if (!b) {
        heap_site_unfollowed(copy->site, copy->units, copy->size);
        region_drop(KIWI_DROP_HEAP_BLOCKS);
        return;
    }
    *b = *copy;
    RELAXED_STORE(&b->state, BLOCK_NONE);
    suspect_followed(address);
    __atomic_store_n(&b->state, BLOCK_LIVE, __ATOMIC_RELEASE); /* pairs with the loads of who frees it */
}

bool block_forget(uintptr_t address)
{
    return !stale(address);
}

uintptr_t block_around(uintptr_t address)
{
    uintptr_t at = (address - 1) & ~(uintptr_t)(ALIGNMENT - 1);
    for (uint32_t back = 0; back < AROUND_MAX && at; back += ALIGNMENT, at -= ALIGNMENT) {
        const struct heap_block *b = block_find(at);
        if (!b || __atomic_load_n(&b->state, __ATOMIC_ACQUIRE) != BLOCK_LIVE)
            continue;
        return address - at < b->size ? at : 0; /* blocks do not lie in each other */
    }
    return 0;
}
