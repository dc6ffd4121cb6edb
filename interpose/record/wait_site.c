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

static uint32_t site_make(const struct kiwi_held *h, uint64_t looked)
{
    uint32_t site = region_claim(KIWI_TABLE_WAIT_SITES, 1);
    if (!site)
        return 0;
    struct kiwi_wait_site *w = region_wait_site(site);
    w->row = h->row;
    w->looked_ticks = looked;
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

/* A look site that is passed more often is given up. */
#define LOOKS_CHECKED 16384u /* after so many each */
#define LOOKS_A_SECOND 10000u

/* The pass that was noted as a look leads to a wait after all. */
static void look_undone(const struct thread *t, uint32_t site)
{
    struct kiwi_wait_site *w = region_wait_site(site);
    uint64_t looked = RELAXED_LOAD(&w->looked_ticks);
    if (RELAXED_LOAD(&w->waits) || !looked)
        return;
    if (looked == KIWI_LOOKED_ALWAYS) {
        RELAXED_STORE(&w->looked_ticks, clock_ticks());
    } else if (looked == t->look) {
        RELAXED_ADD(&w->looks, (uint64_t)-1);
        RELAXED_STORE(&w->looked_ticks, t->look_before);
    }
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
    if (!site) /* when others went by is not known: at the latest, now */
        site = site_make(h, is_first_pass(t, h) ? 0 : clock_ticks());
    else
        look_undone(t, site);
    t->waited_mutex = h->address;
    if (!known)
        stack_pin(t, h->stack);
    if (site)
        RELAXED_ADD(&region_wait_site(site)->waits, 1);
    return h->row;
}

/* A thread makes so many: an interpreter drops its global lock on thousands of paths. Where there is none, the detector
 * takes every pass for a look. */
#define LOOK_SITES_MOST 16u

COLD static uint32_t look_site_make(struct thread *t, const struct kiwi_held *h)
{
    acquisition_chain(t);
    if (t->look_sites == LOOK_SITES_MOST || !may_be_site(t, h))
        return 0;
    uint32_t site = site_make(h, 0);
    if (site) {
        t->look_sites++;
        stack_pin(t, h->stack);
    }
    return site;
}

/* All passes through the place need not be recorded any more, unless for another mutex that is taken there. */
COLD static void look_site_give_up(uint32_t site)
{
    uint32_t stack = region_acquisition(region_wait_site(site)->row)->stack;
    RELAXED_STORE(&region_wait_site(site)->looked_ticks, KIWI_LOOKED_ALWAYS);
    uint32_t rows = (uint32_t)RELAXED_LOAD(&region.header->tables[KIWI_TABLE_WAIT_SITES].used);
    for (uint32_t i = 1; i < rows && i < region_capacity(KIWI_TABLE_WAIT_SITES); i++) {
        const struct kiwi_wait_site *w = region_wait_site(i);
        if (RELAXED_LOAD(&w->state) == KIWI_ROW_LIVE && RELAXED_LOAD(&w->looked_ticks) != KIWI_LOOKED_ALWAYS &&
            region_acquisition(w->row)->stack == stack)
            return;
    }
    RELAXED_STORE(&memory.stack_pinned[stack], 0);
}

static void note_look(struct thread *t, uint32_t site)
{
    struct kiwi_wait_site *w = region_wait_site(site);
    uint64_t now = clock_ticks(), before = RELAXED_LOAD(&w->looked_ticks), looks = RELAXED_ADD(&w->looks, 1);
    if (before == KIWI_LOOKED_ALWAYS)
        return;
    t->look_before = before;
    t->look = now;
    RELAXED_STORE(&w->looked_before_ticks, before);
    RELAXED_STORE(&w->looked_ticks, now);
    uint64_t life = now - region_acquisition(w->row)->first_ticks;
    if (looks % LOOKS_CHECKED == LOOKS_CHECKED - 1 && life < clock_ns_to_ticks(looks * (1000000000u / LOOKS_A_SECOND)))
        look_site_give_up(site);
}

void wait_site_passed(struct thread *t, struct kiwi_held *h)
{
    uint32_t site = RELAXED_LOAD(&memory.wait_sites[h->row]);
    if (!site)
        site = look_site_make(t, h);
    if (!site)
        return;
    if (RELAXED_LOAD(&region_wait_site(site)->waits))
        h->flags |= KIWI_HELD_WAIT_SITE; /* whether it only looks shows at the end of the hold */
    else
        note_look(t, site);
}

void wait_site_looked(const struct kiwi_held *h)
{
    uint32_t site = RELAXED_LOAD(&memory.wait_sites[h->row]);
    if (!site)
        return;
    RELAXED_ADD(&region_wait_site(site)->looks, 1);
    RELAXED_STORE(&region_wait_site(site)->looked_ticks, clock_ticks());
}
