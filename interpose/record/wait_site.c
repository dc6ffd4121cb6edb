#include "wait_site.h"

#include "../base/clock.h"
#include "stack.h"

static bool may_be_site(const struct thread *t, const struct kiwi_held *h)
{
    const struct kiwi_acquisition *a = region_acquisition(h->row);
    return h->row && t->slot->held_count == 1 && KIWI_HELD_HOW(h->flags) == KIWI_HOW_LOCK && !a->parent &&
           !(a->flags & KIWI_ACQ_DERIVED) && !(region_object(a->object)->flags & KIWI_OBJECT_CLASS);
}

/* This hold is the first one by its row. */
static bool is_first_pass(struct thread *t, const struct kiwi_held *h)
{
    const struct kiwi_acquisition *a = region_acquisition(h->row);
    t->chain = t->chained = 0; /* as it was when the lock was taken */
    const struct kiwi_cache_entry *e = acquisition_find(t, h->address, h->stack | (h->flags & ~ACQUISITION_STACK(~0u)));
    acquisition_chain(t);
    return a->threads <= 1 && RELAXED_LOAD(&a->count) + (e ? e->count : 0) <= 1;
}

static uint32_t site_make(struct thread *t, const struct kiwi_held *h)
{
    uint32_t site = region_claim(KIWI_TABLE_WAIT_SITES, 1);
    if (!site)
        return 0;
    struct kiwi_wait_site *w = region_wait_site(site);
    w->row = h->row;
    w->looked_ticks =
            is_first_pass(t, h) ? 0 : clock_ticks(); /* when others went by is not known: at the latest, now */
    region_publish(&w->state, KIWI_ROW_LIVE);
    RELAXED_STORE(&memory.wait_sites[h->row], site);
    return site;
}

/* A wait that follows another one without letting go of the mutex for good: the site is that of the first. */
static uint32_t site_kept(const struct thread *t, const struct kiwi_held *h)
{
    uint32_t before = t->slot->wait_row;
    bool same = before && h->row && region_acquisition(before)->object == region_acquisition(h->row)->object;
    return same ? before : h->row;
}

uint32_t wait_site_enter(struct thread *t, int at)
{
    struct kiwi_held *h = &t->held[at];
    bool known = h->flags & KIWI_HELD_WAIT_SITE;
    h->flags &= ~KIWI_HELD_WAIT_SITE;
    acquisition_chain(t);
    if (KIWI_HELD_HOW(h->flags) == KIWI_HOW_COND)
        return site_kept(t, h);
    if (!may_be_site(t, h))
        return h->row;
    uint32_t site = RELAXED_LOAD(&memory.wait_sites[h->row]);
    if (!site)
        site = site_make(t, h);
    if (!known)
        stack_pin(t, h->stack);
    if (site)
        RELAXED_ADD(&region_wait_site(site)->waits, 1);
    return h->row;
}

void wait_site_looked(const struct kiwi_held *h)
{
    uint32_t site = RELAXED_LOAD(&memory.wait_sites[h->row]);
    if (!site)
        return;
    RELAXED_ADD(&region_wait_site(site)->looks, 1);
    RELAXED_STORE(&region_wait_site(site)->looked_ticks, clock_ticks());
}
