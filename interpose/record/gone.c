#include "gone.h"

/* From the one address to GONE_BUSY: no other thread touches the entry until it has an address again. */
static bool claim(struct gone_block *g, uint64_t address)
{
    return address != GONE_BUSY &&
           __atomic_compare_exchange_n(&g->address, &address, GONE_BUSY, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void release(struct gone_block *g, uint64_t address)
{
    __atomic_store_n(&g->address, address, __ATOMIC_RELEASE); /* pairs with claim */
}

void gone_add(uintptr_t address, const struct gone_block *g)
{
    struct gone_block *place = gone_place(address);
    if (!claim(place, RELAXED_LOAD(&place->address)))
        return; /* another thread is at it: one of the two is not known */
    place->size = g->size;
    place->site = g->site;
    place->stack = g->stack;
    place->thread = g->thread;
    place->made = g->made;
    place->moved = g->moved;
    release(place, address);
}

bool gone_take(uintptr_t address, struct gone_block *g)
{
    struct gone_block *place = gone_place(address);
    if (RELAXED_LOAD(&place->address) != address || !claim(place, address))
        return false;
    *g = *place;
    release(place, 0);
    return true;
}
