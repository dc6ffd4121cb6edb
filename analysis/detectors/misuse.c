/*
 * self-deadlock, unlock-not-owner, destroy-busy: wrong use of one lock, recorded by the wrapper while it happened.
 *
 * A thread found waiting for a normal lock that it holds itself is added to the recorded ones: it may have come to that
 * through a path that the recorder's own check does not see (a read lock that is wanted for writing).
 * Incidents of one kind at one place with locks of one class are one finding.
 */
#include "detector.h"

#include "../place.h"
#include "lock_class.h"
#include "waits.h"
#include "wording.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RESULT_UNKNOWN UINT32_MAX /* the real call never returned */
#define STACKS_MAX 3u             /* other call paths shown */

struct incident {
    uint32_t kind; /* enum kiwi_misuse_kind */
    uint32_t object, stack;
    uint32_t thread;       /* row, 0 = not known any more */
    uint32_t other_thread; /* who held it or waited, likewise */
    uint32_t other_stack;  /* where the holder took it, 0 = not known */
    uint32_t result;
    uint64_t count, first_ticks, last_ticks;
};

/* What to say about each kind. %s: the lock. */
struct wording {
    enum severity severity;
    const char *title, *why, *fix;
};

static const struct wording wordings[] = {
        [KIWI_MISUSE_RELOCK] = {SEVERITY_CRITICAL, "%s is locked again by the thread that holds it",
                                "A thread that locks a normal mutex twice waits for itself for good, and everybody "
                                "else who needs %s waits behind "
                                "it.",
                                "Split the function that is called under the lock into an outer one that takes %s and "
                                "an inner one that expects it "
                                "to be held, and call the inner one here. (A recursive mutex would only hide that the "
                                "state is half changed.)"},
        [KIWI_MISUSE_RELOCK_TIMED] =
                {SEVERITY_HIGH, "%s is locked again, with a time limit, by the thread that holds it",
                 "The thread waits for itself: the call always takes its whole time limit and then fails, while "
                 "everybody else who "
                 "needs %s waits too.",
                 "Call an inner function that expects %s to be held instead of one that takes it again."},
        [KIWI_MISUSE_UNLOCK_UNHELD] =
                {SEVERITY_CRITICAL, "%s is unlocked though nobody holds it",
                 "Unlocking a lock that is not held is undefined: it can let two threads into the section that %s "
                 "protects, or leave "
                 "it unusable. Usually an error path has already released it.",
                 "Release %s at one place only: let the error path jump to the common exit, or use a scoped guard."},
        [KIWI_MISUSE_UNLOCK_FOREIGN] = {SEVERITY_CRITICAL, "%s is unlocked by a thread that does not hold it",
                                        "The holder is still inside the section that %s protects when the next thread "
                                        "enters: the data are no longer "
                                        "protected, and the holder's own unlock then releases somebody else's hold.",
                                        "Unlock %s in the thread that locked it; to hand work over or to signal, use a "
                                        "condition variable or a semaphore."},
        [KIWI_MISUSE_UNLOCK_REFUSED] = {SEVERITY_MEDIUM, "%s refused to be unlocked by a thread that does not hold it",
                                        "The lock checks its owner and returned EPERM, so nothing broke; but the code "
                                        "believes it held %s, so what it did "
                                        "before this call was not protected, or it releases once too often.",
                                        "Find why the thread believes it holds %s (an earlier unlock on this path, a "
                                        "failed lock), and check the result of "
                                        "the unlock."},
        [KIWI_MISUSE_DESTROY_HELD] =
                {SEVERITY_CRITICAL, "%s is destroyed while it is held",
                 "Whoever holds %s goes on using it, and what it protects, after it is gone: its unlock writes into "
                 "memory that may "
                 "be something else by then. The result of the destroy call (EBUSY) is easily overlooked.",
                 "Destroy %s only after the last user is gone: join the threads, or drop the last reference, first."},
        [KIWI_MISUSE_DESTROY_WAITED] =
                {SEVERITY_CRITICAL, "%s is destroyed while threads wait on it",
                 "The waiting threads can not be woken any more, or wake up inside memory that has become something "
                 "else.",
                 "Wake all waiters of %s and join them (or let them say that they have left) before destroying it."},
};

/* A kind that the trace format knows and this file does not is left to the detector that does. */
static bool has_wording(uint32_t kind)
{
    return kind < sizeof wordings / sizeof *wordings && wordings[kind].title;
}

struct group {
    uint64_t key;
    struct incident first; /* stands for all; count and times are sums */
    uint32_t objects[STACKS_MAX], stacks[STACKS_MAX];
    uint32_t object_count, stack_count;
};

struct misuse {
    struct model *m;
    struct group *groups;
    uint32_t count, capacity;
};

static int misuse_finding(uint32_t kind)
{
    switch (kind) {
#define X(id, name, finding)                                                                                           \
    case id:                                                                                                           \
        return finding_by_name(finding);
        KIWI_MISUSES(X)
#undef X
    default:
        return -1;
    }
}

static void remember(uint32_t *items, uint32_t *count, uint32_t value)
{
    for (uint32_t i = 0; i < *count; i++)
        if (items[i] == value)
            return;
    if (*count < STACKS_MAX)
        items[(*count)++] = value;
}

static struct group *misuse_group(struct misuse *u, uint64_t key)
{
    for (uint32_t i = 0; i < u->count; i++)
        if (u->groups[i].key == key)
            return &u->groups[i];
    if (u->count == u->capacity) {
        uint32_t capacity = u->capacity ? 2 * u->capacity : 16;
        struct group *groups = reallocarray(u->groups, capacity, sizeof *groups);

        if (!groups)
            return NULL;
        u->groups = groups;
        u->capacity = capacity;
    }
    u->groups[u->count] = (struct group){.key = key};
    return &u->groups[u->count++];
}

static uint64_t incident_key(const struct misuse *u, const struct incident *n)
{
    uint64_t key = place_hash(n->kind, lock_cause(u->m, n->object));

    return place_hash(key, place_location_hash(u->m->trace, u->m->symbols, n->stack));
}

/* A call that did not return is worse than one that did. */
static bool incident_worse(const struct incident *a, const struct incident *b)
{
    return a->result == RESULT_UNKNOWN && b->result != RESULT_UNKNOWN;
}

static int misuse_add(struct misuse *u, const struct incident *n)
{
    struct group *g = misuse_group(u, incident_key(u, n));
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

static uint32_t row_stack(const struct trace *t, uint32_t row)
{
    const struct kiwi_acquisition *a = trace_acquisition(t, row);

    return a ? a->stack : 0;
}

static int misuse_add_rows(struct misuse *u)
{
    const struct trace *t = u->m->trace;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_MISUSES); i++) {
        const struct kiwi_misuse *r = trace_misuse(t, i);

        if (!r || misuse_finding(r->kind) < 0 || !has_wording(r->kind))
            continue;
        struct incident n = {.kind = r->kind,
                             .object = r->object,
                             .stack = r->stack,
                             .thread = wording_thread_row(u->m, r->thread, r->serial),
                             .other_thread = wording_thread_row(u->m, r->other_thread, r->other_serial),
                             .other_stack = row_stack(t, r->other_row),
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

static bool is_relock(uint32_t kind)
{
    return kind == KIWI_MISUSE_RELOCK || kind == KIWI_MISUSE_RELOCK_TIMED;
}

static void report_holder(struct misuse *u, struct finding *f, const struct incident *n)
{
    const char *name = wording_lock(f, n->object);
    uint32_t holder = is_relock(n->kind) ? n->thread : n->other_thread;

    if (n->other_stack)
        finding_stack(f, u->m, n->other_stack, holder, "%s was taken here", name);
    if (is_relock(n->kind) || !holder)
        return;
    if (n->kind == KIWI_MISUSE_DESTROY_WAITED)
        finding_evidence(f, "%s was waiting on it.", model_thread_name(u->m, holder));
    else if (n->other_stack)
        finding_evidence(f, "%s held it then, taken at %s.", model_thread_name(u->m, holder),
                         model_site(u->m, n->other_stack));
    else
        finding_evidence(f, "%s held it then.", model_thread_name(u->m, holder));
}

static void report_result(struct finding *f, const struct incident *n)
{
    if (is_relock(n->kind) && n->result == RESULT_UNKNOWN) {
        finding_evidence(f, "The call had not returned when the trace was last written to.");
    } else if (n->kind == KIWI_MISUSE_RELOCK && n->result == 0) {
        f->severity = SEVERITY_HIGH;
        finding_evidence(f, "The call did return: another thread unlocked the mutex in its owner's place.");
    } else if (n->result != RESULT_UNKNOWN && n->result != 0) {
        finding_evidence(f, "The call returned error %" PRIu32 " (%s).", n->result,
                         strerrorname_np((int)n->result) ? strerrorname_np((int)n->result) : "unknown");
    }
}

static void report_others(struct misuse *u, struct finding *f, const struct group *g)
{
    for (uint32_t i = 0; i < g->stack_count; i++)
        if (g->stacks[i] != g->first.stack)
            finding_stack(f, u->m, g->stacks[i], 0, "the same, by another call path");
}

static int report_group(struct misuse *u, const struct group *g, struct finding_list *list)
{
    const struct incident *n = &g->first;
    const struct wording *w = &wordings[n->kind];
    const char *name = model_object_name(u->m, n->object), *id;
    struct finding *f = finding_add(list, (enum finding_id)misuse_finding(n->kind));

    if (!f)
        return -1;
    id = finding_info(f->id)->id;
    f->severity = w->severity;
    f->confidence = CONFIDENCE_HIGH;
    f->count = n->count;
    f->cause = g->key;
    finding_object(f, u->m, n->object);
    wording_label(f);
    finding_set(f, &f->title, w->title, name);
    finding_set(f, &f->why, w->why, wording_lock(f, n->object));
    finding_set(f, &f->fix, w->fix, wording_lock(f, n->object));
    for (uint32_t i = 0; i < g->object_count; i++)
        finding_object(f, u->m, g->objects[i]);
    finding_stack(f, u->m, n->stack, n->thread, "the offending call");
    finding_evidence(f, "%s did it at %s%s.",
                     n->thread ? model_thread_name(u->m, n->thread) : "A thread that has ended since",
                     model_site(u->m, n->stack), n->count > 1 ? ", the first time" : "");
    if (n->count > 1)
        finding_evidence(f, "It happened %" PRIu64 " times.", n->count);
    report_result(f, n);
    report_holder(u, f, n);
    report_others(u, f, g);
    wording_validation(f, u->m, id, "it must be silent.");
    wording_seen(f, u->m, n->first_ticks, n->last_ticks);
    return 0;
}

int detect_misuse(struct model *m, struct finding_list *list)
{
    struct misuse u = {.m = m};
    int result = misuse_add_rows(&u) || misuse_add_waits(&u) ? -1 : 0;

    for (uint32_t i = 0; i < u.count && !result; i++)
        result = report_group(&u, &u.groups[i], list);
    free(u.groups);
    return result;
}
