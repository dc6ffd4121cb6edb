#include "lock_meet.h"

#include <stdlib.h>

#define KNOWN_PAIRS 65536u
#define CHOICE_STEPS 20000u /* for one circle: its links have some witnesses each */

static uint32_t point_count(const struct lock_meet *k, uint32_t group)
{
    return k->points.first[group + 1] - k->points.first[group];
}

/* Point number n of a group, or NULL for the others, who come after the last. */
static const struct lock_point *point_at(const struct lock_meet *k, uint32_t group, uint32_t n)
{
    return n < point_count(k, group) ? &k->points.items[k->points.first[group] + n] : NULL;
}

static uint32_t party_count(const struct lock_meet *k, uint32_t group)
{
    return point_count(k, group) + k->points.others[group];
}

static bool same_thread(const struct lock_point *a, const struct lock_point *b)
{
    return a->thread == b->thread && a->serial == b->serial;
}

static bool segment_before(const struct lock_meet *k, unsigned flags, uint32_t a, uint32_t b)
{
    return flags & LOCK_MEET_SIGNALS ? model_segment_signalled_before(k->m, a, b) : model_segment_before(k->m, a, b);
}

static bool ordered(const struct lock_meet *k, unsigned flags, const struct lock_point *a, const struct lock_point *b)
{
    if (!a->segment || !b->segment)
        return true; /* no room was left to note it, which the report says: nobody can claim that they met */
    return segment_before(k, flags, a->segment, b->segment) || segment_before(k, flags, b->segment, a->segment);
}

/* Of the others nothing is known but that they came among the named ones. */
static bool others_meet(const struct lock_meet *k, unsigned flags, uint32_t group, const struct lock_point *point)
{
    uint32_t named = point_count(k, group);

    for (uint32_t i = 0; i < named; i++) {
        const struct lock_point *p = point_at(k, group, i);
        if (!same_thread(p, point) && !ordered(k, flags, p, point))
            return true;
    }
    return !named;
}

static bool parties_meet(const struct lock_meet *k, unsigned flags, uint32_t a, uint32_t i, uint32_t b, uint32_t j)
{
    const struct lock_point *p = point_at(k, a, i), *q = point_at(k, b, j);

    if (p && q)
        return !same_thread(p, q) && !ordered(k, flags, p, q);
    if (p || q)
        return others_meet(k, flags, p ? b : a, p ? p : q);
    for (uint32_t n = 0; n < point_count(k, b); n++)
        if (others_meet(k, flags, a, point_at(k, b, n)))
            return true;
    return !point_count(k, b);
}

/* The row of the thread, if it was not used again since. */
static uint32_t party_thread(const struct lock_meet *k, const struct lock_point *p)
{
    const struct kiwi_thread *t = p ? trace_thread(k->m->trace, p->thread) : NULL;

    return t && t->serial == p->serial ? p->thread : 0;
}

static bool alive_together(const struct lock_meet *k, uint32_t a, uint32_t i, uint32_t b, uint32_t j)
{
    uint32_t p = party_thread(k, point_at(k, a, i)), q = party_thread(k, point_at(k, b, j));

    return p && q && model_threads_overlap(k->m, p, q);
}

static bool pair_meets(const struct lock_meet *k, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < party_count(k, a); i++)
        for (uint32_t j = 0; j < party_count(k, b); j++)
            if (parties_meet(k, 0, a, i, b, j))
                return true;
    return false;
}

bool lock_meet_pair(struct lock_meet *k, uint32_t a, uint32_t b)
{
    uint64_t key = ((uint64_t)(a + 1) << 31 | b) << 1;
    uint64_t *known = &k->known[(key * 0x9e3779b97f4a7c15u >> 32) % KNOWN_PAIRS];

    if (*known >> 1 != key >> 1)
        *known = key | pair_meets(k, a, b);
    return *known & 1;
}

struct choice {
    const uint32_t *groups;
    uint32_t count, parties[LOCK_MEET_MAX];
    unsigned flags;
};

static bool party_fits(struct lock_meet *k, const struct choice *c, uint32_t link, uint32_t party)
{
    for (uint32_t j = 0; j < link; j++) {
        if (!parties_meet(k, c->flags, c->groups[j], c->parties[j], c->groups[link], party))
            return false;
        if ((c->flags & LOCK_MEET_TOGETHER) && !alive_together(k, c->groups[j], c->parties[j], c->groups[link], party))
            return false;
    }
    return true;
}

static bool choose_from(struct lock_meet *k, struct choice *c, uint32_t link)
{
    if (link == c->count)
        return true;
    for (uint32_t i = 0; i < party_count(k, c->groups[link]); i++) {
        if (k->steps++ >= CHOICE_STEPS) {
            k->cut = true;
            return false;
        }
        c->parties[link] = i;
        if (party_fits(k, c, link, i) && choose_from(k, c, link + 1))
            return true;
    }
    return false;
}

bool lock_meet_choose(struct lock_meet *k, const uint32_t *groups, uint32_t count, unsigned flags,
                      struct lock_party *choice)
{
    struct choice c = {.groups = groups, .count = count, .flags = flags};

    k->steps = 0;
    if (!choose_from(k, &c, 0))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct lock_point *p = point_at(k, groups[i], c.parties[i]);
        choice[i] = (struct lock_party){party_thread(k, p), p ? p->edge : k->e->groups[groups[i]].first};
    }
    return true;
}

int lock_meet_open(struct lock_meet *k, const struct lock_edges *e, const struct model *m)
{
    *k = (struct lock_meet){.m = m, .e = e};
    k->known = calloc(KNOWN_PAIRS, sizeof *k->known);
    if (!k->known || lock_points_make(&k->points, e, m)) {
        lock_meet_close(k);
        return -1;
    }
    return 0;
}

void lock_meet_close(struct lock_meet *k)
{
    free(k->known);
    lock_points_release(&k->points);
    *k = (struct lock_meet){0};
}
