/*
 * lock-order-instances: one place in the code takes two locks of one kind in whichever order it is given them, as
 * transfer(a, b) does. No two threads have met on the same pair yet, or it would be a lock-order-cycle.
 *
 * Locks of one kind are nested for good reasons, too: by address, by an id, from parent to child. What tells them apart
 * is the graph of the pairs that were seen: an order that is kept leaves no circle however many pairs there are. So the
 * more circles the pairs could have had, the surer it is that there is an order; and a graph without any possible
 * circle says nothing, unless the locks are elements of one array, where parents are rare.
 */
#include "detector.h"

#include "../place.h"
#include "lock_class.h"
#include "wording.h"
#include "../array.h"

#include <inttypes.h>
#include <stdlib.h>

#define CIRCLES_MAX 3u /* that were possible, and did not show: chance up to here, an order beyond */
#define WITNESSES_MAX 16u
#define EXAMPLES_TRIED 4096u
#define FINDINGS_MAX 16u

/* A lock wanted while another one of its kind was held. */
struct nesting {
    uint64_t kind, place; /* of the locks; of the code */
    uint32_t low, high;   /* objects, by address */
    bool up;              /* the lower one first */
    uint32_t row, held_row;
};

struct instances {
    struct model *m;
    struct nesting *items;
    uint32_t count, capacity;
    uint64_t *kinds; /* by object, 0 = not known yet */
};

/* What the nestings of one kind at one place amount to. */
struct pattern {
    const struct nesting *first;
    uint32_t count;
    const struct nesting *up, *down; /* an example of each */
    uint32_t pairs, ups, downs;      /* different pairs of locks */
    uint32_t circles;                /* how many the pairs could have had */
    bool both_ways;                  /* one thread alone nested a pair in both orders */
    bool judged;                     /* several threads did: something keeps them apart, or it would be a cycle */
    bool array;                      /* all lie in one array */
    bool shared;                     /* a lock was nested under several others */
    bool mixed; /* a lock was the outer one here and the inner one: they are of one kind, whatever their origin */
};

static bool origin_known(const struct kiwi_object *o)
{
    return (o->flags & KIWI_OBJECT_STATIC) || o->init_stack || o->block_caller;
}

/* By where it was made; all those of which that is not known are of one kind, for the time being. */
static uint64_t kind_of(struct instances *s, uint32_t object)
{
    const struct kiwi_object *o = trace_object(s->m->trace, object);
    uint64_t hash = s->kinds[object];

    if (hash || !o)
        return hash;
    hash = place_hash(o->kind, o->type);
    if (o->flags & KIWI_OBJECT_STATIC)
        hash = place_hash(hash, lock_class(s->m, object));
    else if (o->init_stack)
        hash = place_hash(hash, place_stack_hash(s->m->trace, o->init_stack));
    else if (o->block_caller)
        hash = place_hash(hash, place_address_hash(s->m->symbols, o->block_caller));
    return s->kinds[object] = hash | 1;
}

static bool is_lock(const struct kiwi_object *o)
{
    return o &&
           (o->kind == KIWI_OBJECT_MUTEX || o->kind == KIWI_OBJECT_RWLOCK || o->kind == KIWI_OBJECT_SPIN ||
            o->kind == KIWI_OBJECT_GMUTEX) &&
           !(o->flags & KIWI_OBJECT_CLASS);
}

static bool same_array(const struct kiwi_object *a, const struct kiwi_object *b)
{
    if (a->flags & b->flags & KIWI_OBJECT_STATIC)
        return true; /* kinds of static locks are arrays, or single ones */
    return a->block && a->block == b->block;
}

/* Locks of one kind lie at one place in their blocks. */
static bool same_kind(struct instances *s, uint32_t x, uint32_t y)
{
    const struct kiwi_object *a = trace_object(s->m->trace, x), *b = trace_object(s->m->trace, y);

    if (!is_lock(a) || !is_lock(b) || a->kind != b->kind || a->address == b->address || kind_of(s, x) != kind_of(s, y))
        return false;
    return same_array(a, b) || !a->block || !b->block || a->address - a->block == b->address - b->block;
}

/*
 * Where the two paths part: a lock wrapper is part of both. false = one place takes them one after the other. The place
 * is that in the source: a function may be inlined in many others.
 */
static bool place_of(const struct instances *s, uint32_t held, uint32_t wanted, uint64_t *place)
{
    const struct model *m = s->m;
    uint32_t held_depth, wanted_depth;
    const uint64_t *h = trace_frames(s->m->trace, held, &held_depth);
    const uint64_t *w = trace_frames(s->m->trace, wanted, &wanted_depth);

    for (uint32_t i = 0; i < held_depth && i < wanted_depth; i++)
        if (h[i] != w[i]) {
            *place = place_hash(place_location_hash_from(m->trace, m->symbols, held, h[i]),
                                place_location_hash_from(m->trace, m->symbols, wanted, w[i]));
            return true;
        }
    return false;
}

static int add(struct instances *s, struct nesting n)
{
    struct nesting *items = array_room(s->items, s->count, &s->capacity, sizeof *items);

    if (!items)
        return -1;
    s->items = items;
    s->items[s->count++] = n;
    return 0;
}

static bool row_counts(const struct model *m, uint32_t row)
{
    const struct kiwi_acquisition *a = m->acquisitions[row].row;

    return a && a->parent && m->acquisitions[row].count && (a->how == KIWI_HOW_LOCK || a->how == KIWI_HOW_COND) &&
           !(a->flags & (KIWI_ACQ_UNPUBLISHED | KIWI_ACQ_MAKER_ALONE | KIWI_ACQ_DERIVED)) &&
           !KIWI_ACQ_PERMITS(
                   a->flags); /* it takes as many threads as there are locks in the circle, which is not known */
}

/* Two threads that go opposite ways at one place wait for each other, unless both only read all the way. */
static bool modes_clash(const struct model_held *held, const struct kiwi_acquisition *wanted)
{
    return held->mode == KIWI_MODE_WRITE || wanted->mode == KIWI_MODE_WRITE;
}

/* Whoever has let go of the lock before it walks through a structure, hand over hand: its links give the order, and
 * nodes that come and go leave pairs that look like none. */
static bool is_walked(const struct kiwi_acquisition *held)
{
    return held->flags & KIWI_ACQ_DERIVED;
}

static int add_row(struct instances *s, uint32_t row)
{
    const struct kiwi_acquisition *a = s->m->acquisitions[row].row;
    struct model_held held[MODEL_MAX_HELD];
    unsigned count = model_held_set(s->m, a->parent, held, MODEL_MAX_HELD);

    for (unsigned i = 0; i < count; i++) {
        const struct kiwi_acquisition *h = trace_acquisition(s->m->trace, held[i].row);
        struct nesting n = {.row = row, .held_row = held[i].row};

        if (!h || is_walked(h) || !modes_clash(&held[i], a) ||
            (h->flags & (KIWI_ACQ_UNPUBLISHED | KIWI_ACQ_MAKER_ALONE)) || !same_kind(s, held[i].object, a->object) ||
            !place_of(s, held[i].stack, a->stack, &n.place))
            continue;
        n.kind = kind_of(s, a->object);
        n.up = trace_object(s->m->trace, held[i].object)->address < trace_object(s->m->trace, a->object)->address;
        n.low = n.up ? held[i].object : a->object;
        n.high = n.up ? a->object : held[i].object;
        if (add(s, n))
            return -1;
    }
    return 0;
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_nestings(const void *a, const void *b)
{
    const struct nesting *x = a, *y = b;
    int order = compare(x->kind, y->kind);

    order = order ? order : compare(x->place, y->place);
    order = order ? order : compare(x->low, y->low);
    order = order ? order : compare(x->high, y->high);
    order = order ? order : compare(x->up, y->up);
    return order ? order : compare(x->row, y->row);
}

static uint32_t outer(const struct nesting *n)
{
    return n->up ? n->low : n->high;
}

static uint32_t inner(const struct nesting *n)
{
    return n->up ? n->high : n->low;
}

/* Sets of connected locks, by object: union and find. */
static uint32_t set_of(uint32_t *parent, uint32_t object)
{
    while (parent[object] != object)
        object = parent[object] = parent[parent[object]];
    return object;
}

static void pattern_pair(const struct instances *s, struct pattern *p, const struct nesting *n, uint32_t *parent)
{
    const struct trace *t = s->m->trace;
    uint32_t a = set_of(parent, n->low), b = set_of(parent, n->high);

    p->pairs++;
    p->circles += a == b;
    parent[a] = b;
    p->array = p->array && same_array(trace_object(t, n->low), trace_object(t, n->high));
}

/* under[lock]: what it was nested under here; itself = it was an outer one only. */
static void pattern_roles(struct pattern *p, const struct nesting *n, uint32_t *under)
{
    uint32_t o = outer(n), i = inner(n);

    p->mixed = p->mixed || under[i] == i || (under[o] && under[o] != o);
    p->shared = p->shared || (under[i] && under[i] != i && under[i] != o);
    under[o] = under[o] ? under[o] : o;
    under[i] = o;
}

static bool by_one_thread(const struct model *m, const struct nesting *a, const struct nesting *b)
{
    const struct kiwi_acquisition *x = m->acquisitions[a->row].row, *y = m->acquisitions[b->row].row;

    return x->threads <= 1 && y->threads <= 1 && x->witness[0].thread == y->witness[0].thread &&
           x->witness[0].serial == y->witness[0].serial;
}

/* The nestings of one kind at one place lie side by side, those of a pair as well. */
static void pattern_make(const struct instances *s, struct pattern *p, uint32_t *parent, uint32_t *under)
{
    for (uint32_t i = 0; i < p->count; i++) {
        const struct nesting *n = &p->first[i];

        parent[n->low] = n->low;
        parent[n->high] = n->high;
        under[n->low] = under[n->high] = 0;
    }
    p->array = true;
    for (uint32_t i = 0; i < p->count; i++) {
        const struct nesting *n = &p->first[i];
        bool known = i && n[-1].low == n->low && n[-1].high == n->high;

        if (!known)
            pattern_pair(s, p, n, parent);
        pattern_roles(p, n, under);
        if (known && n[-1].up != n->up)
            *(by_one_thread(s->m, &n[-1], n) ? &p->both_ways : &p->judged) = true;
        if (!known || n[-1].up != n->up)
            *(n->up ? &p->ups : &p->downs) += 1;
    }
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t earlier_end(uint64_t a, uint64_t b)
{
    return !a || (b && b < a) ? b : a; /* 0 = it has not ended */
}

/* Did all locks of the two exist at one time? */
static bool alive_together(const struct trace *t, const struct nesting *a, const struct nesting *b)
{
    const uint32_t objects[] = {a->low, a->high, b->low, b->high};
    uint64_t made = 0, ended = 0;

    for (unsigned i = 0; i < 4; i++) {
        const struct kiwi_object *o = trace_object(t, objects[i]);

        made = later(made, o->created_ticks);
        ended = earlier_end(ended, o->ended_ticks);
    }
    return !ended || made < ended;
}

/* An upward and a downward nesting that show the fault: of locks that are there at the same time. */
static bool pattern_examples(const struct instances *s, struct pattern *p)
{
    uint32_t tries = 0;

    for (uint32_t i = 0; i < p->count && tries < EXAMPLES_TRIED; i++)
        for (uint32_t k = 0; p->first[i].up && k < p->count && tries < EXAMPLES_TRIED; k++)
            if (!p->first[k].up && (tries++, alive_together(s->m->trace, &p->first[i], &p->first[k]))) {
                p->up = &p->first[i];
                p->down = &p->first[k];
                return true;
            }
    return false;
}

static bool pattern_suspect(const struct instances *s, const struct pattern *p)
{
    if (!p->ups || !p->downs || p->judged || p->circles > CIRCLES_MAX)
        return false;
    if (!p->mixed && !origin_known(trace_object(s->m->trace, p->first->low)))
        return false; /* perhaps two kinds of locks */
    return p->both_ways || p->array || p->shared;
}

static bool ordered(const struct model *m, const struct kiwi_witness *a, const struct kiwi_witness *b)
{
    return !a->last_segment || !b->last_segment ||
           model_segment_signalled_before(m, a->last_segment, b->first_segment) ||
           model_segment_signalled_before(m, b->last_segment, a->first_segment);
}

/* Was the place in the hands of two threads that nothing puts one after the other? */
static bool threads_meet(const struct model *m, const struct pattern *p)
{
    const struct kiwi_witness *seen[WITNESSES_MAX];
    unsigned count = 0;

    for (uint32_t i = 0; i < p->count; i++)
        for (unsigned k = 0; k < 2; k++) {
            const struct kiwi_witness *w = &m->acquisitions[p->first[i].row].row->witness[k];

            for (unsigned j = 0; w->thread && j < count; j++)
                if ((seen[j]->thread != w->thread || seen[j]->serial != w->serial) && !ordered(m, seen[j], w))
                    return true;
            if (w->thread && count < WITNESSES_MAX)
                seen[count++] = w;
        }
    return false;
}

/* A lock that every one of them holds besides keeps them apart. */
static bool gated(const struct model *m, const struct pattern *p)
{
    struct model_held gates[MODEL_MAX_HELD], held[MODEL_MAX_HELD];
    unsigned gate_count = model_held_set(m, m->acquisitions[p->first->row].row->parent, gates, MODEL_MAX_HELD);

    for (uint32_t i = 0; i < p->count && gate_count; i++) {
        unsigned count = model_held_set(m, m->acquisitions[p->first[i].row].row->parent, held, MODEL_MAX_HELD);
        unsigned kept = 0;

        for (unsigned g = 0; g < gate_count; g++) {
            bool here = false;

            for (unsigned k = 0; k < count; k++)
                here = here || (held[k].object == gates[g].object && held[k].object != outer(&p->first[i]) &&
                                held[k].mode == KIWI_MODE_WRITE);
            if (here)
                gates[kept++] = gates[g];
        }
        gate_count = kept;
    }
    return gate_count > 0;
}

/* It has come to a circle: then that is the finding. */
static bool reported_as_cycle(struct instances *s, const struct pattern *p, const struct finding_list *list)
{
    for (unsigned i = 0; i < list->count; i++) {
        const struct finding *f = list->items[i];

        if (f->id != FINDING_LOCK_ORDER_CYCLE && f->id != FINDING_DEADLOCK)
            continue;
        for (unsigned k = 0; k < f->object_count; k++)
            if (f->objects[k].row && kind_of(s, f->objects[k].row) == p->first->kind)
                return true;
    }
    return false;
}

static void report_direction(const struct instances *s, struct finding *f, const struct nesting *n, uint32_t pairs)
{
    struct model *m = s->m;
    const struct kiwi_acquisition *a = m->acquisitions[n->row].row;
    const struct kiwi_acquisition *h = trace_acquisition(m->trace, n->held_row);
    uint32_t thread = wording_thread_row(m, a->witness[0].thread, a->witness[0].serial);
    char at[WORDING_SIZE];

    finding_evidence(f, "%s took the one with the %s address first, and then %s at %s (%" PRIu32 " pair%s so).",
                     wording_thread(m, thread), n->up ? "lower" : "higher", wording_lock(f, inner(n)),
                     wording_site(m, a->stack, h->stack, at, sizeof at), pairs, wording_plural(pairs));
    finding_stack(f, m, a->stack, thread, "wants %s", wording_lock(f, inner(n)));
    finding_stack(f, m, h->stack, thread, "holds %s, taken here", wording_lock(f, outer(n)));
}

static void report_texts(const struct instances *s, struct finding *f, const struct pattern *p)
{
    uint32_t objects[] = {outer(p->up), inner(p->up)};
    const struct kiwi_acquisition *a = s->m->acquisitions[p->up->row].row;
    char title[WORDING_SIZE], site[WORDING_SIZE];

    wording_title(s->m, objects, 2, title, sizeof title);
    wording_site(s->m, a->stack, trace_acquisition(s->m->trace, p->up->held_row)->stack, site, sizeof site);
    finding_set(f, &f->title, "Two of a kind are taken in either order: %s", title);
    finding_evidence(f,
                     "%" PRIu32 " different pair%s of these locks %s nested here, %" PRIu32 " upwards and %" PRIu32
                     " downwards in address%s.",
                     p->pairs, wording_plural(p->pairs), p->pairs == 1 ? "was" : "were", p->ups, p->downs,
                     p->both_ways ? ", at least one of them in both orders"
                     : p->array   ? "; all of them lie in one array"
                                  : "");
    finding_set(
            f, &f->why,
            "No two threads have met on one pair in this recording. But nothing in the order of these locks prevents "
            "it: when one thread is given a pair the other way round than another thread, each has its first lock "
            "and waits for the other for good.");
    finding_set(f, &f->fix,
                "At %s take the one with the lower address (or id) first whatever the order they are given in, or both "
                "at once with std::scoped_lock. If there is an order already that the address does not show, such as "
                "from parent to child, write it down next to the lock.",
                site);
    wording_validation(f, s->m, "lock-order-instances,lock-order-cycle", "these locks must not be reported again.");
}

static int report(struct instances *s, const struct pattern *p, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_LOCK_ORDER_INSTANCES);
    const struct kiwi_acquisition *up = s->m->acquisitions[p->up->row].row;
    const struct kiwi_acquisition *down = s->m->acquisitions[p->down->row].row;

    if (!f)
        return -1;
    f->count = p->pairs;
    f->confidence = p->both_ways ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
    f->cause = place_hash(place_hash(place_location_hash(s->m->trace, s->m->symbols, up->stack), FINDING_COUNT),
                          lock_cause(s->m, p->up->low));
    finding_object(f, s->m, outer(p->up));
    finding_object(f, s->m, inner(p->up));
    finding_object(f, s->m, outer(p->down));
    finding_object(f, s->m, inner(p->down));
    wording_label(f);
    report_direction(s, f, p->up, p->ups);
    report_direction(s, f, p->down, p->downs);
    report_texts(s, f, p);
    wording_seen(f, s->m, later(up->first_ticks, down->first_ticks), later(up->last_ticks, down->last_ticks));
    return 0;
}

static int report_all(struct instances *s, struct finding_list *list)
{
    uint32_t objects = trace_rows(s->m->trace, KIWI_TABLE_OBJECTS), reported = 0;
    uint32_t *room = s->count ? calloc(2ul * objects + 1, sizeof *room) : NULL;
    int result = 0;

    if (s->count && !room)
        return -1;
    for (uint32_t i = 0, end; i < s->count && !result; i = end) {
        struct pattern p = {.first = &s->items[i]};

        for (end = i; end < s->count && s->items[end].kind == p.first->kind && s->items[end].place == p.first->place;)
            end++;
        p.count = end - i;
        pattern_make(s, &p, room, room + objects);
        if (!pattern_suspect(s, &p) || !pattern_examples(s, &p) || gated(s->m, &p) || !threads_meet(s->m, &p) ||
            reported_as_cycle(s, &p, list))
            continue;
        if (reported++ < FINDINGS_MAX)
            result = report(s, &p, list);
        else
            list->left_out++;
    }
    free(room);
    return result;
}

int detect_lock_instances(struct model *m, struct finding_list *list)
{
    struct instances s = {.m = m, .kinds = calloc(trace_rows(m->trace, KIWI_TABLE_OBJECTS) + 1ul, sizeof *s.kinds)};
    int result = s.kinds ? 0 : -1;

    for (uint32_t row = 1; row < m->acquisition_count && !result; row++)
        if (row_counts(m, row))
            result = add_row(&s, row);
    if (!result && s.count)
        qsort(s.items, s.count, sizeof *s.items, compare_nestings);
    if (!result)
        result = report_all(&s, list);
    free(s.items);
    free(s.kinds);
    return result;
}
