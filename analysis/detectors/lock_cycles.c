#include "lock_cycles.h"

#include "lock_class.h"
#include "lock_meet.h"
#include "lock_writers.h"

#include <stdlib.h>

struct search {
    const struct model *m;
    struct lock_edges *e;
    struct lock_cycles *out;
    struct lock_meet meet;
    struct lock_writers writers;
    uint32_t start, length;
    uint32_t path[LOCK_CYCLE_MAX]; /* groups */
    uint32_t steps, steps_all;
    const uint32_t *distance; /* NULL: any path will do; else to the start, by lock, UINT32_MAX = none */
    bool found, failed;
};

static const struct lock_edge *group_edge(const struct search *s, uint32_t group)
{
    return &s->e->edges[s->e->groups[group].first];
}

static const struct kiwi_acquisition *group_row(const struct search *s, uint32_t group)
{
    return s->m->acquisitions[group_edge(s, group)->row].row;
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

/* a wants the lock for reading that b holds for reading. */
static bool both_read(const struct search *s, uint32_t a, uint32_t b)
{
    return group_edge(s, a)->to_mode == KIWI_MODE_READ && group_edge(s, b)->from_mode == KIWI_MODE_READ;
}

/* Does the holder in b of the lock that a wants keep a waiting? Readers let readers in, unless a writer waits. */
static bool link_blocks(const struct search *s, uint32_t a, uint32_t b)
{
    return !both_read(s, a, b) || lock_writers_keep_out(&s->writers, s->e->groups[a].to);
}

static bool path_accepts(struct search *s, uint32_t depth, uint32_t group)
{
    if (depth && !link_blocks(s, s->path[depth - 1], group))
        return false;
    if (depth + 1 == s->length && !link_blocks(s, group, s->path[0]))
        return false;
    for (uint32_t i = 0; i < depth; i++)
        if (!lock_meet_pair(&s->meet, s->path[i], group) || !held_sets_disjoint(s, s->path[i], group))
            return false;
    return true;
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

/* The best grade for which there are threads, and those; false = none could close the circle. */
static bool path_grade(struct search *s, enum lock_grade *grade, struct lock_party *parties)
{
    static const struct {
        enum lock_grade grade;
        unsigned flags;
    } tries[] = {{LOCK_GRADE_G3, LOCK_MEET_SIGNALS | LOCK_MEET_TOGETHER},
                 {LOCK_GRADE_G4, LOCK_MEET_SIGNALS},
                 {LOCK_GRADE_G5_SIGNALLED, LOCK_MEET_TOGETHER},
                 {LOCK_GRADE_G5_SIGNALLED, 0}};

    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        *grade = tries[i].grade;
        if (lock_meet_choose(&s->meet, s->path, s->length, tries[i].flags, parties))
            return true;
    }
    return false;
}

/* Whether one thread was seen in both groups, or may have been. */
static bool share_a_thread(const struct search *s, uint32_t a, uint32_t b)
{
    const struct lock_points *p = &s->meet.points;

    if (p->others[a] || p->others[b])
        return true;
    for (uint32_t i = p->first[a]; i < p->first[a + 1]; i++)
        for (uint32_t j = p->first[b]; j < p->first[b + 1]; j++)
            if (p->items[i].thread == p->items[j].thread && p->items[i].serial == p->items[j].serial)
                return true;
    return false;
}

enum semaphores { NO_SEMAPHORE, SEMAPHORES_AS_LOCKS, SEMAPHORE_AS_STATE };

static enum semaphores path_semaphores(const struct search *s)
{
    enum semaphores found = NO_SEMAPHORE;

    for (uint32_t i = 0; i < s->length; i++) {
        uint32_t wants = s->path[i], holds = s->path[(i + 1) % s->length];
        const struct kiwi_object *o = trace_object(s->m->trace, s->e->groups[wants].to);

        if (!o || o->kind != KIWI_OBJECT_SEMAPHORE)
            continue;
        if ((o->flags & KIWI_OBJECT_CROSSED) && share_a_thread(s, wants, holds))
            return SEMAPHORE_AS_STATE;
        found = SEMAPHORES_AS_LOCKS;
    }
    return found;
}

/* Whether a semaphore lets so few threads in that one of the steps is always missing. */
static bool path_is_thinned(const struct search *s)
{
    uint8_t permits = group_edge(s, s->path[0])->permits;

    for (uint32_t i = 1; i < s->length; i++)
        if (group_edge(s, s->path[i])->permits != permits)
            return false;
    return permits && permits < s->length;
}

/* Signals order the threads of the group too often for all of it to be noted. */
static bool is_ordered_unseen(const struct search *s, uint32_t group)
{
    const struct lock_points *p = &s->meet.points;

    for (uint32_t i = p->first[group]; i < p->first[group + 1]; i++) {
        const struct kiwi_thread *t = trace_thread(s->m->trace, p->items[i].thread);
        if (t && t->serial == p->items[i].serial && (t->flags & KIWI_THREAD_HANDED))
            return true;
    }
    return false;
}

/* Whether one step was taken for the last time before the next one was for the first time. Only of two such steps that
 * is known: see kiwi_acquisition.last_ticks. */
static bool is_over_before(const struct search *s, uint32_t group, uint32_t next)
{
    const struct lock_group *g = &s->e->groups[group], *h = &s->e->groups[next];
    const struct kiwi_object *between = trace_object(s->m->trace, g->to);
    uint64_t last = 0, first = UINT64_MAX;

    for (uint32_t i = 0; i < g->count; i++) {
        const struct kiwi_acquisition *a = trace_acquisition(s->m->trace, s->e->edges[g->first + i].row);
        last = a && a->last_ticks > last ? a->last_ticks : last;
    }
    for (uint32_t i = 0; i < h->count; i++) {
        const struct kiwi_acquisition *a = trace_acquisition(s->m->trace, s->e->edges[h->first + i].row);
        first = a && a->first_ticks < first ? a->first_ticks : first;
    }
    return between && !(between->flags & KIWI_OBJECT_CLASS) && last < first;
}

static bool is_initialiser(const struct model *m, uint32_t object)
{
    const struct kiwi_object *o = trace_object(m->trace, object);

    return o && (o->kind == KIWI_OBJECT_ONCE || o->kind == KIWI_OBJECT_LOCAL_STATIC);
}

/* The step belongs to an initialiser that runs once in the life of the process. */
static bool is_taken_once(const struct search *s, uint32_t group)
{
    const struct lock_group *g = &s->e->groups[group];

    for (uint32_t i = 0; i < g->count; i++) {
        struct model_held held[MODEL_MAX_HELD];
        unsigned count = model_held_set(s->m, s->e->edges[g->first + i].row, held, MODEL_MAX_HELD), k = 0;

        while (k < count && !is_initialiser(s->m, held[k].object))
            k++;
        if (k >= count)
            return false;
    }
    return !is_initialiser(s->m, g->from) && !is_initialiser(s->m, g->to);
}

/* Such a step was over before the next one was first taken, and does not come again. */
static bool path_is_over(const struct search *s)
{
    for (uint32_t i = 0; i < s->length; i++)
        if (is_taken_once(s, s->path[i]) && is_over_before(s, s->path[i], s->path[(i + 1) % s->length]))
            return true;
    return false;
}

#define PHASE_LEAST 16u /* what is done more rarely than that may have come last by chance */

/* A pool that loads, and serves when all is loaded: what its threads tell each other is more than is noted, and one
 * step came, many times, only when another one was done with. */
static bool path_is_in_phases(const struct search *s)
{
    for (uint32_t i = 0; i < s->length; i++) {
        uint32_t group = s->path[i], next = s->path[(i + 1) % s->length];
        if (is_over_before(s, group, next) && lock_group_count(s->e, s->m, &s->e->groups[next]) >= PHASE_LEAST &&
            (is_ordered_unseen(s, group) || is_ordered_unseen(s, next)))
            return true;
    }
    return false;
}

/* Where readers meet readers, writers of other threads come between them: one for each. false = there are not as
 * many. */
static bool path_writers(const struct search *s, const struct lock_party *parties, struct lock_cycle *cycle)
{
    uint32_t threads[2 * LOCK_CYCLE_MAX], held[LOCK_CYCLE_MAX];
    struct lock_others others = {threads, held, s->length, s->length, NULL, 0};

    for (uint32_t i = 0; i < s->length; i++) {
        threads[i] = parties[i].thread;
        held[i] = s->m->acquisitions[s->e->edges[parties[i].edge].row].row->parent;
    }
    for (uint32_t i = 0; i < s->length; i++) {
        uint32_t next = (i + 1) % s->length, object = s->e->groups[s->path[i]].to;

        if (!both_read(s, s->path[i], s->path[next]))
            continue;
        others.reader = s->m->acquisitions[s->e->edges[parties[next].edge].row].row;
        others.reader_thread = parties[next].thread;
        cycle->writers[i] = lock_writers_choose(&s->writers, object, &others, &threads[others.thread_count]);
        if (!cycle->writers[i])
            return false;
        others.thread_count++;
        if (cycle->grade < LOCK_GRADE_G4_WRITERS)
            cycle->grade = LOCK_GRADE_G4_WRITERS;
    }
    return true;
}

/* The path closes a circle of locks. Keep it if threads can be found for it. */
static void path_close(struct search *s)
{
    struct lock_cycle cycle = {.length = s->length};
    struct lock_party parties[LOCK_CYCLE_MAX];
    enum semaphores semaphores = path_semaphores(s);

    if (semaphores == SEMAPHORE_AS_STATE || path_is_thinned(s) || path_is_over(s) ||
        !path_grade(s, &cycle.grade, parties) || !path_writers(s, parties, &cycle))
        return;
    if (semaphores && cycle.grade < LOCK_GRADE_G4_SEMAPHORE)
        cycle.grade = LOCK_GRADE_G4_SEMAPHORE;
    if (cycle.grade < LOCK_GRADE_G5_EARLY && path_is_in_phases(s))
        cycle.grade = LOCK_GRADE_G5_PHASES;
    for (uint32_t i = 0; i < s->length; i++) {
        cycle.groups[i] = s->path[i];
        cycle.threads[i] = parties[i].thread;
        cycle.edges[i] = parties[i].edge;
        if (group_edge(s, s->path[i])->timed)
            cycle.grade = LOCK_GRADE_G5_TIMED;
        else if (group_edge(s, s->path[i])->early && cycle.grade < LOCK_GRADE_G5_EARLY)
            cycle.grade = LOCK_GRADE_G5_EARLY;
    }
    s->failed = cycles_add(s->out, &cycle) != 0;
    s->found = true;
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

/* One shortest circle through the start is looked for, and this is no way to it, or it has been found. */
static bool leads_astray(const struct search *s, uint32_t depth, uint32_t to)
{
    return s->distance && (s->found || s->distance[to] != s->length - depth - 1);
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
        if (s->e->groups[group].used || (!last && path_has_lock(s, depth, to)) || leads_astray(s, depth, to) ||
            !path_accepts(s, depth, group))
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

/* All circles of up to LOCK_CYCLE_SHORT links. */
static void search_short(struct search *s)
{
    const struct graph *g = &s->e->graph;
    uint32_t marked = 0;

    for (s->length = 2; s->length <= LOCK_CYCLE_SHORT; s->length++) {
        for (s->start = 1; s->start < g->nodes; s->start++) {
            s->steps = 0;
            if (g->first[s->start] < g->first[s->start + 1])
                search_extend(s, 0, s->start);
        }
        mark_used(s, marked);
        marked = s->out->count;
    }
}

/* What is left of the knots, and the way back through it. */
struct knots {
    struct graph on, back;
    uint32_t *component, *size; /* size: by component */
    uint32_t *distance;         /* by lock, to the start */
    uint32_t *reached, count;   /* the locks that have one */
    uint32_t looks;
};

static int knots_make(struct knots *k, const struct lock_edges *e)
{
    const struct graph *g = &e->graph;
    struct graph_edge *on = calloc(2ul * g->edges + 1, sizeof *on), *back = on ? on + g->edges : NULL;
    uint32_t *room = calloc(4ul * g->nodes + 1, sizeof *room), count = 0;
    int result = -1;

    *k = (struct knots){.component = room};
    for (uint32_t n = 0; on && n < g->nodes; n++)
        for (uint32_t i = g->first[n]; i < g->first[n + 1]; i++)
            if (!e->groups[g->label[i]].used) {
                on[count] = (struct graph_edge){n, g->to[i], g->label[i]};
                back[count++] = (struct graph_edge){g->to[i], n, g->label[i]};
            }
    if (on && room && !graph_make(&k->on, g->nodes, on, count) && !graph_make(&k->back, g->nodes, back, count)) {
        k->size = room + g->nodes;
        k->distance = k->size + g->nodes;
        k->reached = k->distance + g->nodes;
        result = graph_components(&k->on, k->component, k->size) < 0 ? -1 : 0;
    }
    free(on);
    for (uint32_t n = 0; !result && n < g->nodes; n++)
        k->distance[n] = UINT32_MAX;
    return result;
}

static void knots_release(struct knots *k)
{
    graph_release(&k->on);
    graph_release(&k->back);
    free(k->component);
}

/* Puts the locks that lead to the one reached as number n behind those that were. True if the start is one of them. */
static bool reach_before(const struct search *s, struct knots *k, uint32_t n)
{
    uint32_t at = k->reached[n];
    bool closed = false;

    for (uint32_t i = k->back.first[at]; i < k->back.first[at + 1] && !closed; i++) {
        uint32_t lock = k->back.to[i];

        k->looks++;
        if (s->e->groups[k->back.label[i]].used)
            continue;
        closed = lock == s->start;
        if (lock > s->start && k->component[lock] == k->component[s->start] && k->distance[lock] == UINT32_MAX) {
            k->distance[lock] = k->distance[at] + 1;
            k->reached[k->count++] = lock;
        }
    }
    return closed;
}

/* The links of a shortest circle from the start over higher locks, breadth first from its end; 0 = there is none. */
static uint32_t shortest_circle(const struct search *s, struct knots *k)
{
    while (k->count)
        k->distance[k->reached[--k->count]] = UINT32_MAX; /* of the start before */
    k->reached[k->count++] = s->start;
    k->distance[s->start] = 0;
    for (uint32_t n = 0; n < k->count && k->distance[k->reached[n]] < LOCK_CYCLE_MAX; n++)
        if (reach_before(s, k, n))
            return k->distance[k->reached[n]] + 1;
    return 0;
}

/* Longer circles: through each lock one that is as short as any. */
static int search_long(struct search *s)
{
    struct knots k;
    int result = knots_make(&k, s->e);

    for (s->start = 1; !result && s->start < k.on.nodes && !s->failed; s->start++) {
        if (k.size[k.component[s->start]] <= LOCK_CYCLE_SHORT)
            continue;
        s->out->cut = s->out->cut || k.looks >= LOCK_CYCLES_LOOKS;
        if (k.looks >= LOCK_CYCLES_LOOKS)
            break;
        s->length = shortest_circle(s, &k);
        s->distance = k.distance;
        s->found = false;
        s->steps = 0;
        if (s->length > LOCK_CYCLE_SHORT)
            search_extend(s, 0, s->start);
        if (s->found)
            mark_used(s, s->out->count - 1);
    }
    knots_release(&k);
    return result;
}

int lock_cycles_find(struct lock_cycles *c, struct lock_edges *e, const struct model *m)
{
    struct search s = {.m = m, .e = e, .out = c};

    *c = (struct lock_cycles){0};
    if (lock_meet_open(&s.meet, e, m))
        return -1;
    if (lock_writers_make(&s.writers, m)) {
        lock_meet_close(&s.meet);
        return -1;
    }
    if (e->group_count) {
        search_short(&s);
        s.failed = s.failed || search_long(&s);
    }
    c->cut = c->cut || s.meet.cut;
    lock_meet_close(&s.meet);
    lock_writers_release(&s.writers);
    if (s.failed)
        lock_cycles_release(c);
    return s.failed ? -1 : 0;
}

void lock_cycles_release(struct lock_cycles *c)
{
    free(c->items);
    *c = (struct lock_cycles){0};
}
