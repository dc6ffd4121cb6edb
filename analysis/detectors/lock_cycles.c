#include "lock_cycles.h"

#include "lock_class.h"

#include <stdlib.h>

/*
 * Who may stand at a link: the two witnesses that the trace names, or (ANYONE) one of the others when there were three
 * or more. Of those nothing is known but that they came between the first witness and the latest.
 */
#define CANDIDATES 3u
#define ANYONE 2u

#define SEGMENTS_WALKED 4096u /* of one thread, back in time */

struct search {
    const struct model *m;
    struct lock_edges *e;
    struct lock_cycles *out;
    uint32_t start, length;
    uint32_t path[LOCK_CYCLE_MAX]; /* groups */
    uint32_t choice[LOCK_CYCLE_MAX];
    uint32_t steps, steps_all;
    bool signals; /* count the order that signals make, too */
    bool failed;
};

static const struct lock_edge *group_edge(const struct search *s, uint32_t group)
{
    return &s->e->edges[s->e->groups[group].first];
}

static const struct kiwi_acquisition *group_row(const struct search *s, uint32_t group)
{
    return s->m->acquisitions[group_edge(s, group)->row].row;
}

static bool candidate_exists(const struct search *s, uint32_t group, uint32_t k)
{
    const struct kiwi_acquisition *a = group_row(s, group);

    if (k == ANYONE)
        return a->threads >= 3 || (!a->witness[0].thread && !a->witness[1].thread);
    return a->witness[k].thread != 0;
}

static bool segment_before(const struct search *s, uint32_t a, uint32_t b)
{
    return s->signals ? model_segment_signalled_before(s->m, a, b) : model_segment_before(s->m, a, b);
}

static bool witness_before(const struct search *s, const struct kiwi_witness *a, const struct kiwi_witness *b)
{
    return segment_before(s, a->last_segment, b->first_segment);
}

/*
 * A main thread that does its part between rounds of workers, which it creates and joins each time, is at work before
 * and after each of them, but never beside one: none of its segments from the first to the last is unordered with
 * theirs.
 */
static bool witness_around(const struct search *s, const struct kiwi_witness *outer, const struct kiwi_witness *inner)
{
    uint32_t later = 0, at = outer->last_segment;

    for (uint32_t steps = 0; at && steps < SEGMENTS_WALKED; steps++) {
        const struct kiwi_segment *segment = trace_segment(s->m->trace, at);

        if (segment_before(s, at, inner->first_segment))
            return later && segment_before(s, inner->last_segment, later);
        if (!segment || at == outer->first_segment)
            return false;
        later = at;
        at = segment->previous;
    }
    return false;
}

/* When the trace had no room left for it (which the report says). */
static bool order_unknown(const struct kiwi_witness *w)
{
    return !w->first_segment || !w->last_segment;
}

static bool witness_ordered(const struct search *s, const struct kiwi_witness *a, const struct kiwi_witness *b)
{
    if (order_unknown(a) || order_unknown(b))
        return true; /* at least nobody can claim that they met */
    if (witness_before(s, a, b) || witness_before(s, b, a))
        return true;
    return (a->first_segment != a->last_segment && witness_around(s, a, b)) ||
           (b->first_segment != b->last_segment && witness_around(s, b, a));
}

/* ANYONE of a against one witness: ordered if every named witness of a is. */
static bool anyone_ordered(const struct search *s, const struct kiwi_acquisition *a, const struct kiwi_witness *w)
{
    for (unsigned k = 0; k < 2; k++)
        if (a->witness[k].thread && !witness_ordered(s, &a->witness[k], w))
            return false;
    return a->witness[0].thread != 0;
}

/* Can candidate k of group a and candidate l of group b be at work at the same time? */
static bool candidates_meet(const struct search *s, uint32_t a, uint32_t k, uint32_t b, uint32_t l)
{
    const struct kiwi_acquisition *p = group_row(s, a), *q = group_row(s, b);

    if (k == ANYONE && l == ANYONE) {
        for (unsigned i = 0; i < 2; i++)
            if (!q->witness[i].thread || !anyone_ordered(s, p, &q->witness[i]))
                return true;
        return false;
    }
    if (k == ANYONE)
        return !anyone_ordered(s, p, &q->witness[l]);
    if (l == ANYONE)
        return !anyone_ordered(s, q, &p->witness[k]);
    if (p->witness[k].thread == q->witness[l].thread && p->witness[k].serial == q->witness[l].serial)
        return false;
    return !witness_ordered(s, &p->witness[k], &q->witness[l]);
}

static bool groups_have_threads(const struct search *s, uint32_t a, uint32_t b)
{
    for (uint32_t k = 0; k < CANDIDATES; k++)
        for (uint32_t l = 0; candidate_exists(s, a, k) && l < CANDIDATES; l++)
            if (candidate_exists(s, b, l) && candidates_meet(s, a, k, b, l))
                return true;
    return false;
}

static bool held_sets_disjoint(const struct search *s, uint32_t a, uint32_t b)
{
    struct model_held p[MODEL_MAX_HELD], q[MODEL_MAX_HELD];
    unsigned p_count = model_held_set(s->m, group_row(s, a)->parent, p, MODEL_MAX_HELD);
    unsigned q_count = model_held_set(s->m, group_row(s, b)->parent, q, MODEL_MAX_HELD);

    for (unsigned i = 0; i < p_count; i++)
        for (unsigned j = 0; j < q_count; j++)
            if (p[i].object == q[j].object && !lock_is_class(s->m, p[i].object) &&
                !(p[i].mode == KIWI_MODE_READ && q[j].mode == KIWI_MODE_READ))
                return false;
    return true;
}

/* Does the holder in b of the lock that a wants keep a waiting? Readers let readers in. */
static bool link_blocks(const struct search *s, uint32_t a, uint32_t b)
{
    return group_edge(s, a)->to_mode != KIWI_MODE_READ || group_edge(s, b)->from_mode != KIWI_MODE_READ;
}

static bool path_accepts(const struct search *s, uint32_t depth, uint32_t group)
{
    if (depth && !link_blocks(s, s->path[depth - 1], group))
        return false;
    if (depth + 1 == s->length && !link_blocks(s, group, s->path[0]))
        return false;
    for (uint32_t i = 0; i < depth; i++)
        if (!groups_have_threads(s, s->path[i], group) || !held_sets_disjoint(s, s->path[i], group))
            return false;
    return true;
}

/* The named thread, if its row was not used again since. */
static uint32_t candidate_thread(const struct search *s, uint32_t group, uint32_t k)
{
    const struct kiwi_witness *w = k == ANYONE ? NULL : &group_row(s, group)->witness[k];
    const struct kiwi_thread *t = w ? trace_thread(s->m->trace, w->thread) : NULL;

    return t && t->serial == w->serial ? w->thread : 0;
}

static bool candidates_overlap(const struct search *s, uint32_t a, uint32_t k, uint32_t b, uint32_t l)
{
    uint32_t p = candidate_thread(s, a, k), q = candidate_thread(s, b, l);

    return p && q && model_threads_overlap(s->m, p, q);
}

/* Finds a thread for every link from i on, in `choice`; with `together`, only threads that were alive at one time. */
static bool choose_threads(struct search *s, uint32_t i, bool together)
{
    if (i == s->length)
        return true;
    for (uint32_t k = 0; k < CANDIDATES; k++) {
        bool fits = candidate_exists(s, s->path[i], k);

        for (uint32_t j = 0; fits && j < i; j++)
            fits = candidates_meet(s, s->path[j], s->choice[j], s->path[i], k) &&
                   (!together || candidates_overlap(s, s->path[j], s->choice[j], s->path[i], k));
        s->choice[i] = k;
        if (fits && choose_threads(s, i + 1, together))
            return true;
    }
    return false;
}

static int cycles_add(struct lock_cycles *c, const struct lock_cycle *cycle)
{
    if (c->count == LOCK_CYCLES_KEPT) {
        c->cut = true;
        return 0;
    }
    if (!(c->count & (c->count - 1))) { /* full at every power of two */
        struct lock_cycle *items = reallocarray(c->items, c->count ? 2ul * c->count : 1, sizeof *items);

        if (!items)
            return -1;
        c->items = items;
    }
    c->items[c->count++] = *cycle;
    return 0;
}

static bool choose_by_order(struct search *s, bool signals, bool together)
{
    bool found;

    s->signals = signals;
    found = choose_threads(s, 0, together);
    s->signals = false;
    return found;
}

/* The path closes a circle of locks. Keep it if threads can be found for it. */
static void path_close(struct search *s)
{
    struct lock_cycle cycle = {.length = s->length, .grade = LOCK_GRADE_G3};

    if (!choose_by_order(s, true, true)) {
        cycle.grade = LOCK_GRADE_G4;
        if (!choose_by_order(s, true, false)) {
            cycle.grade = LOCK_GRADE_G5_SIGNALLED;
            if (!choose_by_order(s, false, true) && !choose_by_order(s, false, false))
                return;
        }
    }
    for (uint32_t i = 0; i < s->length; i++) {
        cycle.groups[i] = s->path[i];
        cycle.threads[i] = candidate_thread(s, s->path[i], s->choice[i]);
        if (group_edge(s, s->path[i])->timed)
            cycle.grade = LOCK_GRADE_G5_TIMED;
        else if (group_edge(s, s->path[i])->early && cycle.grade < LOCK_GRADE_G5_EARLY)
            cycle.grade = LOCK_GRADE_G5_EARLY;
    }
    s->failed = cycles_add(s->out, &cycle) != 0;
}

static bool search_may_go_on(struct search *s)
{
    if (s->failed || s->steps >= LOCK_CYCLES_STEPS_EACH || s->steps_all >= LOCK_CYCLES_STEPS) {
        s->out->cut = s->out->cut || !s->failed;
        return false;
    }
    s->steps++;
    s->steps_all++;
    return true;
}

static bool path_has_lock(const struct search *s, uint32_t depth, uint32_t lock)
{
    for (uint32_t i = 0; i < depth; i++)
        if (s->e->groups[s->path[i]].from == lock)
            return true;
    return false;
}

/* Extends the path, which now ends in `lock`. A circle is found from its lowest lock only. */
static void search_extend(struct search *s, uint32_t depth, uint32_t lock)
{
    const struct graph *g = &s->e->graph;
    bool last = depth + 1 == s->length;
    uint32_t edge = last ? graph_find(g, lock, s->start) : graph_find(g, lock, s->start + 1);

    for (; edge < g->first[lock + 1] && (!last || g->to[edge] == s->start); edge++) {
        uint32_t group = g->label[edge], to = g->to[edge];

        if (!search_may_go_on(s))
            return;
        if (s->e->groups[group].used || (!last && path_has_lock(s, depth, to)) || !path_accepts(s, depth, group))
            continue;
        s->path[depth] = group;
        if (last)
            path_close(s);
        else
            search_extend(s, depth + 1, to);
    }
}

/* Takes the steps of the cycles found so far out of the search for longer ones. */
static void mark_used(struct search *s, uint32_t first_cycle)
{
    const struct graph *g = &s->e->graph;

    for (uint32_t c = first_cycle; c < s->out->count; c++)
        for (uint32_t i = 0; i < s->out->items[c].length; i++) {
            const struct lock_group *step = &s->e->groups[s->out->items[c].groups[i]];
            uint32_t edge = graph_find(g, step->from, step->to);

            for (; edge < g->first[step->from + 1] && g->to[edge] == step->to; edge++)
                s->e->groups[g->label[edge]].used = true;
        }
}

int lock_cycles_find(struct lock_cycles *c, struct lock_edges *e, const struct model *m)
{
    struct search s = {.m = m, .e = e, .out = c};
    uint32_t marked = 0;

    *c = (struct lock_cycles){0};
    for (s.length = 2; e->group_count && s.length <= LOCK_CYCLE_MAX; s.length++) {
        for (s.start = 1; s.start < e->graph.nodes; s.start++) {
            s.steps = 0;
            if (e->graph.first[s.start] < e->graph.first[s.start + 1])
                search_extend(&s, 0, s.start);
        }
        mark_used(&s, marked);
        marked = c->count;
    }
    if (s.failed)
        lock_cycles_release(c);
    return s.failed ? -1 : 0;
}

void lock_cycles_release(struct lock_cycles *c)
{
    free(c->items);
    *c = (struct lock_cycles){0};
}
