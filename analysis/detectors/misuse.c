/*
 * self-deadlock, unlock-not-owner, destroy-busy, use-after-destroy, free-holding-lock, exit-holding-lock and
 * fork-holding-lock: wrong use of one lock, recorded by the wrapper while it happened.
 *
 * A thread found waiting for a normal lock that it holds itself is added to the recorded ones: it may have come to that
 * through a path that the recorder's own check does not see (a read lock that is wanted for writing).
 * Incidents of one kind at one place with locks of one class are one finding.
 */
#include "misuse.h"

#include "../place.h"
#include "detector.h"
#include "lock_class.h"
#include "waits.h"
#include "wording.h"
#include "../array.h"

#include <stdlib.h>

struct misuse {
    struct model *m;
    struct misuse_group *groups;
    uint32_t count, capacity;
};

static void remember(uint32_t *items, uint32_t *count, uint32_t value)
{
    for (uint32_t i = 0; i < *count; i++)
        if (items[i] == value)
            return;
    if (*count < STACKS_MAX)
        items[(*count)++] = value;
}

static struct misuse_group *group_get(struct misuse *u, uint64_t key)
{
    for (uint32_t i = 0; i < u->count; i++)
        if (u->groups[i].key == key)
            return &u->groups[i];
    struct misuse_group *groups = array_room(u->groups, u->count, &u->capacity, sizeof *groups);

    if (!groups)
        return NULL;
    u->groups = groups;
    u->groups[u->count] = (struct misuse_group){.key = key};
    return &u->groups[u->count++];
}

static uint64_t incident_key(const struct misuse *u, const struct incident *n)
{
    bool one_destroy = n->kind == KIWI_MISUSE_USE_DESTROYED && n->other_stack; /* used in several places after it */
    bool one_fork = n->kind == KIWI_MISUSE_FORK_HELD;                          /* of several locks */
    uint64_t key = place_hash(n->kind, one_fork ? 0 : lock_cause(u->m, n->object));

    return place_hash(key, place_location_hash(u->m->trace, u->m->symbols, one_destroy ? n->other_stack : n->stack));
}

/* A call that did not return is worse than one that did. */
static bool incident_worse(const struct incident *a, const struct incident *b)
{
    return a->result == RESULT_UNKNOWN && b->result != RESULT_UNKNOWN;
}

static int misuse_add(struct misuse *u, const struct incident *n)
{
    struct misuse_group *g = group_get(u, incident_key(u, n));
    struct incident *f;

    if (!g)
        return -1;
    f = &g->first;
    if (!f->kind) {
        *f = *n;
    } else {
        uint64_t count = f->count + n->count;
        uint64_t first = n->first_ticks && n->first_ticks < f->first_ticks ? n->first_ticks : f->first_ticks;
        uint64_t last = n->last_ticks > f->last_ticks ? n->last_ticks : f->last_ticks;

        if (incident_worse(n, f))
            *f = *n;
        f->count = count;
        f->first_ticks = first;
        f->last_ticks = last;
    }
    remember(g->objects, &g->object_count, n->object);
    remember(g->stacks, &g->stack_count, n->stack);
    return 0;
}

static uint32_t other_stack(const struct trace *t, const struct kiwi_misuse *r)
{
    const struct kiwi_acquisition *a = trace_acquisition(t, r->other_row);

    return r->other_stack ? r->other_stack : a ? a->stack : 0;
}

static int misuse_add_rows(struct misuse *u)
{
    const struct trace *t = u->m->trace;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_MISUSES); i++) {
        const struct kiwi_misuse *r = trace_misuse(t, i);

        if (!r || misuse_finding(r->kind) < 0 || !misuse_has_wording(r->kind) || !misuse_counts(u->m, r))
            continue;
        struct incident n = {.kind = r->kind,
                             .object = r->object,
                             .stack = r->stack,
                             .thread = wording_thread_row(u->m, r->thread, r->serial),
                             .other_thread = wording_thread_row(u->m, r->other_thread, r->other_serial),
                             .other_stack = other_stack(t, r),
                             .other_name = r->other_name,
                             .result = r->result,
                             .count = r->count ? r->count : 1,
                             .first_ticks = r->first_ticks,
                             .last_ticks = r->last_ticks};
        if (misuse_add(u, &n))
            return -1;
    }
    return 0;
}

/* Recursive and error-checking mutexes let their owner in, or tell it; a condition variable's re-lock is not one. */
static bool waits_for_itself(const struct misuse *u, const struct wait *w)
{
    const struct kiwi_object *o = trace_object(u->m->trace, w->object);

    if (w->waiter != w->holder || !o || w->relocks)
        return false;
    if (o->kind == KIWI_OBJECT_MUTEX && (o->type == KIWI_MUTEX_RECURSIVE || o->type == KIWI_MUTEX_ERRORCHECK))
        return false;
    return trace_slot_settled(u->m->trace, w->waiter);
}

/* The recorder noted this one when it began. */
static bool already_recorded(const struct misuse *u, const struct wait *w)
{
    const struct trace *t = u->m->trace;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_MISUSES); i++) {
        const struct kiwi_misuse *r = trace_misuse(t, i);

        if (r && r->kind == KIWI_MISUSE_RELOCK && r->object == w->object && r->stack == w->want_stack)
            return true;
    }
    return false;
}

static int misuse_add_waits(struct misuse *u)
{
    struct waits waits;
    int result = 0;

    if (waits_make(&waits, u->m))
        return -1;
    for (uint32_t i = 0; i < waits.count && !result; i++) {
        const struct wait *w = &waits.items[i];
        const struct kiwi_slot *slot = trace_slot(u->m->trace, w->waiter);

        if (!waits_for_itself(u, w) || already_recorded(u, w))
            continue;
        result = misuse_add(u, &(struct incident){.kind = KIWI_MISUSE_RELOCK,
                                                  .object = w->object,
                                                  .stack = w->want_stack,
                                                  .thread = slot->thread,
                                                  .other_thread = slot->thread,
                                                  .other_stack = w->held_stack,
                                                  .result = RESULT_UNKNOWN,
                                                  .count = 1,
                                                  .first_ticks = w->since,
                                                  .last_ticks = w->since});
    }
    waits_release(&waits);
    return result;
}

int detect_misuse(struct model *m, struct finding_list *list)
{
    struct misuse u = {.m = m};
    int result = misuse_add_rows(&u) || misuse_add_waits(&u) ? -1 : 0;

    for (uint32_t i = 0; i < u.count && !result; i++)
        result = misuse_report(m, &u.groups[i], list);
    free(u.groups);
    return result;
}
