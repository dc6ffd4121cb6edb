#include "lock_edges.h"

#include "../place.h"
#include "lock_class.h"
#include "../array.h"

#include <stdlib.h>
#include <string.h>

/* Growing arrays of edges, first as bare pairs and then, for the few that matter, in full. */
struct pairs {
    struct graph_edge *items;
    uint32_t count, capacity;
};

#define KNOT_GATES 4u

/* What all edges of one component have in common. */
struct knot {
    struct kiwi_witness first;  /* the thread of the first edge */
    uint32_t gates[KNOT_GATES]; /* locks held for writing at every edge so far */
    uint8_t gate_count;
    bool met, several; /* has an edge; is by several threads */
};

struct collector {
    const struct model *m;
    struct pairs pairs;
    uint32_t *component, *size; /* second pass; size 0 = of no interest */
    struct knot *knots;         /* by component */
    struct lock_edges *edges;
    uint32_t edge_capacity;
};

static int pairs_add(struct pairs *p, struct graph_edge edge)
{
    struct graph_edge *items = array_room(p->items, p->count, &p->capacity, sizeof *items);

    if (!items)
        return -1;
    p->items = items;
    p->items[p->count++] = edge;
    return 0;
}

/* A semaphore does if it serves as a lock; else it is a signal, or nobody knows what. */
static bool makes_order(const struct kiwi_object *o)
{
    return o->kind != KIWI_OBJECT_SEMAPHORE || (o->flags & KIWI_OBJECT_LOCK_LIKE);
}

/* std::lock, std::scoped_lock: one of the locks is waited for, the others are tried. Which one it is changes with each
 * that is taken, until all are had: so this one is waited for as well, with all that was held before. */
static bool is_std_lock(const struct model *m, uint32_t stack)
{
    static const char *const functions[] = {"std::lock<", "std::__detail::__lock_impl<"};
    unsigned count = place_frames(m->trace, m->symbols, stack);

    for (unsigned i = 0; i < count; i++) {
        struct symbol_frame f = place_frame(m->trace, m->symbols, stack, i);

        for (size_t k = 0; f.function && k < sizeof functions / sizeof *functions; k++)
            if (strncmp(f.function, functions[k], strlen(functions[k])) == 0)
                return true;
        if (!f.internal)
            break;
    }
    return false;
}

/* Both were taken by the same call of std::lock. */
static bool taken_together(const struct model *m, uint32_t row, uint32_t held_row)
{
    const struct kiwi_acquisition *a = m->acquisitions[row].row, *b = trace_acquisition(m->trace, held_row);

    return a->how == KIWI_HOW_TRY && b && is_std_lock(m, b->stack) &&
           place_location_hash(m->trace, m->symbols, a->stack) == place_location_hash(m->trace, m->symbols, b->stack);
}

/*
 * Does the row say that a thread may wait for its lock here? A successful trylock never waits. A lock that was still
 * private to its maker, a row that only names a held set, and one that was never asked for, order nothing. Neither does
 * a row that stands for many locks: the one that another thread held may be another one of them.
 */
static bool row_can_wait(const struct model *m, uint32_t row)
{
    const struct kiwi_acquisition *a = m->acquisitions[row].row;
    const struct kiwi_object *o = a ? trace_object(m->trace, a->object) : NULL;

    /* A class stands for many locks: that one of them was taken says nothing of another. */
    if (!a || !a->parent || !o || (o->flags & KIWI_OBJECT_CLASS) || !makes_order(o))
        return false;
    if ((a->flags & KIWI_ACQ_UNPUBLISHED) || (a->how == KIWI_HOW_TRY && !is_std_lock(m, a->stack)))
        return false;
    return m->acquisitions[row].count || (a->requested && !(a->flags & KIWI_ACQ_DERIVED));
}

/* The locks held at row, those known by class alone left out; or 0 of them if it took one of them again. */
static unsigned row_held_set(const struct model *m, uint32_t row, struct model_held *held)
{
    const struct kiwi_acquisition *a = m->acquisitions[row].row;
    unsigned count = model_held_set(m, a->parent, held, MODEL_MAX_HELD), kept = 0;

    for (unsigned i = 0; i < count; i++) {
        const struct kiwi_object *o = trace_object(m->trace, held[i].object);
        if (held[i].object == a->object && !lock_is_class(m, a->object))
            return 0;
        if (o && !(o->flags & KIWI_OBJECT_CLASS) && !taken_together(m, row, held[i].row))
            held[kept++] = held[i];
    }
    return kept;
}

static bool held_counts(const struct model *m, const struct model_held *h)
{
    const struct kiwi_acquisition *a = trace_acquisition(m->trace, h->row);
    const struct kiwi_object *o = trace_object(m->trace, h->object);

    return a && o && makes_order(o) && !lock_is_class(m, h->object) && !(a->flags & KIWI_ACQ_UNPUBLISHED);
}

static int collect_pairs(struct collector *c, uint32_t row)
{
    struct model_held held[MODEL_MAX_HELD];
    uint32_t wanted = c->m->acquisitions[row].row->object;
    unsigned count = row_held_set(c->m, row, held);

    for (unsigned i = 0; i < count; i++)
        if (held_counts(c->m, &held[i]) && pairs_add(&c->pairs, (struct graph_edge){held[i].object, wanted, row}))
            return -1;
    return 0;
}

static bool same_thread(const struct kiwi_witness *a, const struct kiwi_witness *b)
{
    return a->thread == b->thread && a->serial == b->serial;
}

static bool holds_for_writing(const struct model_held *held, unsigned count, uint32_t object)
{
    for (unsigned i = 0; i < count; i++)
        if (held[i].object == object && held[i].mode == KIWI_MODE_WRITE)
            return true;
    return false;
}

static void knot_gates(struct collector *c, struct knot *k, const struct model_held *held, unsigned count)
{
    uint8_t kept = 0;

    for (unsigned i = 0; !k->met && i < count; i++)
        if (held[i].mode == KIWI_MODE_WRITE && !lock_is_class(c->m, held[i].object) && k->gate_count < KNOT_GATES)
            k->gates[k->gate_count++] = held[i].object;
    for (uint8_t i = 0; i < k->gate_count; i++)
        if (holds_for_writing(held, count, k->gates[i]))
            k->gates[kept++] = k->gates[i];
    k->gate_count = kept;
}

static void knot_add(struct collector *c, struct knot *k, uint32_t row, const struct model_held *held, unsigned count)
{
    const struct kiwi_acquisition *a = c->m->acquisitions[row].row;

    knot_gates(c, k, held, count);
    if (!k->met)
        k->first = a->witness[0];
    if (a->threads > 1 || a->witness[1].thread || !same_thread(&k->first, &a->witness[0]))
        k->several = true;
    k->met = true;
}

/* The first and quickest sieve: whole components that one thread made alone, or that a common lock keeps apart. */
static int collect_knots(struct collector *c, uint32_t row)
{
    struct model_held held[MODEL_MAX_HELD];
    uint32_t to = c->m->acquisitions[row].row->object;
    unsigned count = row_held_set(c->m, row, held);

    for (unsigned i = 0; i < count; i++)
        if (held_counts(c->m, &held[i]) && c->component[held[i].object] == c->component[to] &&
            c->size[c->component[to]] > 1) {
            knot_add(c, &c->knots[c->component[to]], row, held, count);
            break;
        }
    return 0;
}

static void drop_knots(struct collector *c, int64_t components)
{
    for (int64_t i = 0; i < components; i++)
        if (!c->knots[i].several || c->knots[i].gate_count)
            c->size[i] = 0;
}

static int edges_add(struct collector *c, struct lock_edge edge)
{
    struct lock_edges *e = c->edges;

    struct lock_edge *edges = array_room(e->edges, e->edge_count, &c->edge_capacity, sizeof *edges);

    if (!edges)
        return -1;
    e->edges = edges;
    e->edges[e->edge_count++] = edge;
    return 0;
}

/* Order of taking does not matter for who can be inside together, so neither does it here. */
static uint64_t held_set_hash(const struct model_held *held, unsigned count)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < count; i++)
        sum += place_hash(held[i].object, held[i].mode);
    return sum;
}

static bool maker_alone(const struct model *m, uint32_t row)
{
    const struct kiwi_acquisition *a = trace_acquisition(m->trace, row);

    return a && (a->flags & KIWI_ACQ_MAKER_ALONE);
}

static int collect_edges(struct collector *c, uint32_t row)
{
    struct model_held held[MODEL_MAX_HELD];
    const struct kiwi_acquisition *a = c->m->acquisitions[row].row;
    unsigned count = row_held_set(c->m, row, held);
    uint64_t hash = held_set_hash(held, count);

    for (unsigned i = 0; i < count; i++) {
        struct lock_edge edge = {.from = held[i].object,
                                 .to = a->object,
                                 .row = row,
                                 .held_row = held[i].row,
                                 .held_hash = hash,
                                 .from_mode = held[i].mode,
                                 .to_mode = a->mode,
                                 .permits = (uint8_t)KIWI_ACQ_PERMITS(a->flags),
                                 .timed = a->how == KIWI_HOW_TIMED,
                                 .early = maker_alone(c->m, row) || maker_alone(c->m, held[i].row)};

        if (!held_counts(c->m, &held[i]) || c->component[edge.from] != c->component[edge.to])
            continue;
        if (c->size[c->component[edge.from]] > 1 && edges_add(c, edge))
            return -1;
    }
    return 0;
}

static int collect(struct collector *c, int (*one)(struct collector *c, uint32_t row))
{
    for (uint32_t row = 1; row < c->m->acquisition_count; row++)
        if (row_can_wait(c->m, row) && one(c, row))
            return -1;
    return 0;
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* What decides whether an edge can meet another, but for the threads: those of a group are taken together. */
static int edge_compare(const void *a, const void *b)
{
    const struct lock_edge *x = a, *y = b;
    int order = compare(x->from, y->from);

    order = order ? order : compare(x->to, y->to);
    order = order ? order : compare(x->timed, y->timed);
    order = order ? order : compare(x->early, y->early);
    order = order ? order : compare(x->permits, y->permits);
    order = order ? order : compare(x->from_mode, y->from_mode);
    order = order ? order : compare(x->to_mode, y->to_mode);
    return order ? order : compare(x->held_hash, y->held_hash);
}

static int edge_compare_rows(const void *a, const void *b)
{
    int order = edge_compare(a, b);

    return order ? order : compare(((const struct lock_edge *)a)->row, ((const struct lock_edge *)b)->row);
}

static int edges_group(struct lock_edges *e)
{
    e->groups = calloc(e->edge_count + 1ul, sizeof *e->groups);
    if (!e->groups)
        return -1;
    if (e->edge_count)
        qsort(e->edges, e->edge_count, sizeof *e->edges, edge_compare_rows);
    for (uint32_t i = 0; i < e->edge_count; i++) {
        if (!i || edge_compare(&e->edges[i - 1], &e->edges[i]))
            e->groups[e->group_count++] = (struct lock_group){e->edges[i].from, e->edges[i].to, i, 0, false};
        e->groups[e->group_count - 1].count++;
    }
    return 0;
}

static int edges_graph(struct lock_edges *e, uint32_t nodes)
{
    struct graph_edge *pairs = calloc(e->group_count + 1ul, sizeof *pairs);
    int result;

    if (!pairs)
        return -1;
    for (uint32_t i = 0; i < e->group_count; i++)
        pairs[i] = (struct graph_edge){e->groups[i].from, e->groups[i].to, i};
    result = graph_make(&e->graph, nodes, pairs, e->group_count);
    free(pairs);
    return result;
}

int lock_edges_make(struct lock_edges *e, const struct model *m)
{
    struct collector c = {.m = m, .edges = e};
    uint32_t nodes = trace_rows(m->trace, KIWI_TABLE_OBJECTS);
    uint32_t *room = calloc(2ul * nodes + 1, sizeof *room);
    struct graph all = {0};
    int64_t components;
    int result = -1;

    *e = (struct lock_edges){0};
    if (!room || collect(&c, collect_pairs) || graph_make(&all, nodes, c.pairs.items, c.pairs.count))
        goto out;
    c.component = room;
    c.size = room + nodes;
    components = graph_components(&all, c.component, c.size);
    c.knots = components < 0 ? NULL : calloc((size_t)components + 1, sizeof *c.knots);
    if (!c.knots || collect(&c, collect_knots))
        goto out;
    drop_knots(&c, components);
    if (!collect(&c, collect_edges) && !edges_group(e) && !edges_graph(e, nodes))
        result = 0;
out:
    graph_release(&all);
    free(c.pairs.items);
    free(c.knots);
    free(room);
    if (result)
        lock_edges_release(e);
    return result;
}

void lock_edges_release(struct lock_edges *e)
{
    free(e->edges);
    free(e->groups);
    graph_release(&e->graph);
    *e = (struct lock_edges){0};
}

uint64_t lock_group_count(const struct lock_edges *e, const struct model *m, const struct lock_group *g)
{
    uint64_t count = 0;

    for (uint32_t i = g->first; i < g->first + g->count; i++)
        count += m->acquisitions[e->edges[i].row].count;
    return count;
}
