#include "lock_points.h"
#include "../array.h"

#include <stdlib.h>

/* Sightings by acquisition row: those of row r are order[begin] ... order[end - 1]. */
struct sightings {
    uint32_t *first, *order;
};

struct maker {
    const struct model *m;
    const struct lock_edges *e;
    struct lock_points *out;
    struct sightings seen;
    struct lock_point *room; /* of the group at work */
    uint32_t count, capacity;
};

static uint32_t sighting_row(const struct model *m, uint32_t i)
{
    const struct kiwi_sighting *s = trace_sighting(m->trace, i);

    return s && s->acquisition < m->acquisition_count ? s->acquisition : 0;
}

/* One counting sort. Row 0 collects what belongs to none. */
static int sightings_sort(struct sightings *s, const struct model *m)
{
    uint32_t rows = trace_rows(m->trace, KIWI_TABLE_SIGHTINGS);

    s->first = calloc(m->acquisition_count + 2ul, sizeof *s->first);
    s->order = calloc(rows + 1ul, sizeof *s->order);
    if (!s->first || !s->order)
        return -1;
    for (uint32_t i = 1; i < rows; i++)
        s->first[sighting_row(m, i) + 1]++;
    for (uint32_t r = 0; r <= m->acquisition_count; r++)
        s->first[r + 1] += s->first[r];
    for (uint32_t i = rows; i-- > 1;)
        s->order[--s->first[sighting_row(m, i) + 1]] = i;
    return 0;
}

/* After the sort, first[r + 1] is where row r begins, and first[r + 2] where it ends. */
static uint32_t sightings_begin(const struct sightings *s, uint32_t row)
{
    return s->first[row + 1];
}

static uint32_t sightings_end(const struct sightings *s, uint32_t row)
{
    return s->first[row + 2];
}

static int point_add(struct maker *k, struct lock_point point)
{
    struct lock_point *room = array_room(k->room, k->count, &k->capacity, sizeof *room);

    if (!room)
        return -1;
    k->room = room;
    k->room[k->count++] = point;
    return 0;
}

static int add_witnesses(struct maker *k, uint32_t edge, const struct kiwi_acquisition *a)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct kiwi_witness *w = &a->witness[i];
        struct lock_point first = {w->thread, w->serial, w->first_segment, edge, i ? 0 : a->first_ticks};
        struct lock_point last = {w->thread, w->serial, w->last_segment, edge, 0};

        if (w->thread && (point_add(k, first) || (w->last_segment != w->first_segment && point_add(k, last))))
            return -1;
    }
    return 0;
}

static int add_sightings(struct maker *k, uint32_t edge, uint32_t row)
{
    for (uint32_t i = sightings_begin(&k->seen, row); i < sightings_end(&k->seen, row); i++) {
        const struct kiwi_sighting *s = trace_sighting(k->m->trace, k->seen.order[i]);

        if (s && s->thread && point_add(k, (struct lock_point){s->thread, s->serial, s->segment, edge, s->ticks}))
            return -1;
    }
    return 0;
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* The one that has a time comes first, since the first one stays. */
static int compare_points(const void *a, const void *b)
{
    const struct lock_point *x = a, *y = b;
    int order = compare(x->segment, y->segment);

    order = order ? order : compare(x->thread, y->thread);
    order = order ? order : compare(x->serial, y->serial);
    return order ? order : compare(x->ticks - 1, y->ticks - 1); /* 0, not known, comes last */
}

static bool same_point(const struct lock_point *a, const struct lock_point *b)
{
    return a->segment == b->segment && a->thread == b->thread && a->serial == b->serial;
}

/* Each once, and no more than so many; first and last stay. */
static void points_settle(struct maker *k)
{
    uint32_t kept = 0;

    if (k->count)
        qsort(k->room, k->count, sizeof *k->room, compare_points);
    for (uint32_t i = 0; i < k->count; i++)
        if (!kept || !same_point(&k->room[kept - 1], &k->room[i]))
            k->room[kept++] = k->room[i];
    k->count = kept;
    if (kept <= LOCK_POINTS_MAX)
        return;
    for (uint32_t i = 0; i < LOCK_POINTS_MAX; i++)
        k->room[i] = k->room[(uint64_t)i * (kept - 1) / (LOCK_POINTS_MAX - 1)];
    k->count = LOCK_POINTS_MAX;
}

static int group_points(struct maker *k, uint32_t group)
{
    const struct lock_group *g = &k->e->groups[group];

    k->count = 0;
    for (uint32_t i = g->first; i < g->first + g->count; i++) {
        uint32_t row = k->e->edges[i].row;
        const struct kiwi_acquisition *a = k->m->acquisitions[row].row;

        if (add_witnesses(k, i, a) || add_sightings(k, i, row))
            return -1;
        if (a->threads >= 3 && sightings_begin(&k->seen, row) == sightings_end(&k->seen, row))
            k->out->others[group] = true;
    }
    points_settle(k);
    k->out->others[group] = k->out->others[group] || !k->count;
    return 0;
}

static int all_points(struct maker *k)
{
    struct lock_points *p = k->out;
    uint32_t count = 0, capacity = 0;

    for (uint32_t g = 0; g < k->e->group_count; g++) {
        if (group_points(k, g))
            return -1;
        if (count + k->count > capacity) {
            capacity = 2 * (count + k->count);
            struct lock_point *items = reallocarray(p->items, capacity, sizeof *items);
            if (!items)
                return -1;
            p->items = items;
        }
        for (uint32_t i = 0; i < k->count; i++)
            p->items[count++] = k->room[i];
        p->first[g + 1] = count;
    }
    return 0;
}

int lock_points_make(struct lock_points *p, const struct lock_edges *e, const struct model *m)
{
    struct maker k = {.m = m, .e = e, .out = p};
    int result = -1;

    *p = (struct lock_points){0};
    p->first = calloc(e->group_count + 1ul, sizeof *p->first);
    p->others = calloc(e->group_count + 1ul, sizeof *p->others);
    if (p->first && p->others && !sightings_sort(&k.seen, m))
        result = all_points(&k);
    free(k.seen.first);
    free(k.seen.order);
    free(k.room);
    if (result)
        lock_points_release(p);
    return result;
}

void lock_points_release(struct lock_points *p)
{
    free(p->items);
    free(p->first);
    free(p->others);
    *p = (struct lock_points){0};
}
