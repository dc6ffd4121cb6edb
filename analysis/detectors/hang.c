/*
 * hang: the whole process stands still, and no circle of locks, lost wake-up or hung shutdown says why. It is a
 * deadlock all the same: what each thread waits for only another one could do.
 *
 * A pool whose work has run out stands like that, too, where the process only waits to be killed. Its workers wait
 * where they wait for work. So what counts is a thread, other than the main one, that does not:
 *
 *     a task that waits for another task of its own pool. It is called from where its thread waits for work, or takes
 *     the lock of the queue: so its thread's kind does that with fewer frames. Where others came back from such a wait
 *     before, somebody must have come back from the one for work since.
 *     A full queue that is emptied by nobody but those who put into it: who last gave a signal to the waiters, in vain,
 *     is of their own kind, and nobody ever came back from there.
 *     A barrier or latch, while all others only wait for threads to end: one of its parties has ended. (If another
 *     thread waits for work, it may be the one that begins a round.)
 *     A semaphore that lets so many threads in, and was given back by none but those whom it had let in: all of them
 *     have ended, or wait as well. Or one that serves as a lock, and that a thread had when it ended.
 *     Threads that wait for each other, as far as is known: each at a semaphore that the next one posted last.
 *     Two kinds of waiters at one condition variable: the latest signal for one of several was followed by a wait of
 *     the
 *     one kind, and left the other kind where it was.
 *     Two places at least where nobody was ever woken, at objects that nobody has signalled: each waits for the other
 *     to begin.
 */
#include "detector.h"

#include "../call_kinds.h"
#include "../place.h"
#include "standstill.h"
#include "wording.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STOOD_NS 1000000000u /* a process that still runs; of one that is dead nobody knows for how long it stood */
#define PLACES_SHOWN 6u

/* Where threads stand, by call path. */
struct place {
    uint32_t stack, kind;
    uint32_t thread, others; /* one that is there, and how many more */
    uint32_t object;         /* that all of them wait for, if it has a name; 0 = none */
    bool barrier;            /* or a latch */
    bool main, known;        /* only the main thread is there; gone on from before */
    bool in_task, own, left; /* see above: a task; signalled by their own kind; a barrier that a party left */
    bool kept;               /* a semaphore that somebody had who has ended */
    bool mutual, never;      /* each waits for the next; nobody was woken here, nor elsewhere */
    uint32_t preferred;    /* stack of another kind of waiters at the same condition variable: one of them was woken */
    uint32_t permits;      /* a semaphore of so many, all of which are lost */
    uint64_t since, begun; /* the latest; calls ever begun here */
    uint64_t oldest;       /* ticks: who has waited here longest, since when */
    uint64_t first;        /* ticks: when the first one began */
};

struct hang {
    struct model *m;
    uint32_t *posters; /* by slot, see poster_of */
    struct place *places;
    uint32_t count;
};

static int compare_stacks(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->stack != y->stack)
        return x->stack < y->stack ? -1 : 1;
    return (x->kind > y->kind) - (x->kind < y->kind);
}

static bool is_wait_for_others(uint32_t kind)
{
    return call_kind_is_wake_up(kind) || kind == KIWI_CALL_FUTEX_WAIT;
}

static bool is_stuck(const struct place *p)
{
    return p->barrier ? p->left
                      : p->in_task || p->own || p->permits || p->kept || p->mutual || p->never || p->preferred;
}

static bool is_worse(const struct place *a, const struct place *b)
{
    if ((a->kind == KIWI_CALL_JOIN) != (b->kind == KIWI_CALL_JOIN))
        return b->kind == KIWI_CALL_JOIN;
    if (is_stuck(a) != is_stuck(b))
        return is_stuck(a);
    if (a->main != b->main)
        return b->main;
    return a->others != b->others ? a->others > b->others : a->since < b->since;
}

static int compare_places(const void *a, const void *b)
{
    return is_worse(a, b) ? -1 : is_worse(b, a);
}

static bool is_main(const struct trace *t, uint32_t thread)
{
    const struct kiwi_thread *row = trace_thread(t, thread);

    return row && row->flags & KIWI_THREAD_MAIN;
}

/* A futex is known by its address alone. */
static uint32_t waited_for(const struct model *m, const struct kiwi_slot *s)
{
    const struct kiwi_object *o;
    uint32_t row = 0;

    if (s->call_kind == KIWI_CALL_SEM_WAIT)
        row = model_object_at(m, s->call_object);
    else if (is_wait_for_others(s->call_kind) || s->call_kind == KIWI_CALL_BARRIER_WAIT)
        row = s->call_object < UINT32_MAX ? (uint32_t)s->call_object : 0;
    o = trace_object(m->trace, row);
    return o && o->kind != KIWI_OBJECT_FUTEX ? row : 0;
}

static void add_thread(struct hang *h, const struct kiwi_slot *s)
{
    const struct trace *t = h->m->trace;
    const struct kiwi_call *c = trace_call(t, s->call_row);

    if (c)
        h->places[h->count++] = (struct place){.stack = c->stack,
                                               .kind = s->call_kind,
                                               .thread = s->thread,
                                               .object = waited_for(h->m, s),
                                               .main = is_main(t, s->thread),
                                               .since = s->call_since,
                                               .oldest = s->call_since};
}

/* Those on one call path become one, the main thread apart: it does nothing over and over. */
static void fold_places(struct hang *h)
{
    uint32_t kept = 0;

    qsort(h->places, h->count, sizeof *h->places, compare_stacks);
    for (uint32_t i = 0; i < h->count; i++) {
        struct place *one = &h->places[i], *last = kept ? &h->places[kept - 1] : NULL;

        if (!last || last->stack != one->stack || last->kind != one->kind) {
            h->places[kept++] = *one;
            continue;
        }
        last->others++;
        last->main = last->main && one->main;
        last->object = last->object == one->object ? one->object : 0;
        last->since = last->since > one->since ? last->since : one->since;
        last->oldest = last->oldest < one->oldest ? last->oldest : one->oldest;
    }
    h->count = kept;
}

static void count_calls(struct hang *h)
{
    const struct trace *t = h->m->trace;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_CALLS); i++) {
        const struct kiwi_call *c = trace_call(t, i);
        struct place key = {.stack = c ? c->stack : 0, .kind = c ? c->kind : 0};
        struct place *p = c ? bsearch(&key, h->places, h->count, sizeof key, compare_stacks) : NULL;

        if (p) {
            p->begun += h->m->call_counts[i];
            p->first = p->first && p->first < c->first_ticks ? p->first : c->first_ticks;
        }
    }
    for (uint32_t i = 0; i < h->count; i++)
        h->places[i].known = h->places[i].begun > h->places[i].others + 1ull;
}

static unsigned user_depth(const struct hang *h, uint32_t stack)
{
    unsigned count = place_frames(h->m->trace, h->m->symbols, stack), depth = 0;

    for (unsigned i = 0; i < count; i++)
        depth += !place_frame(h->m->trace, h->m->symbols, stack, i).internal;
    return depth;
}

static uint32_t class_of(const struct hang *h, uint32_t thread)
{
    const struct kiwi_thread *row = trace_thread(h->m->trace, thread);

    return row ? row->thread_class : 0;
}

static bool waits_further_out(const struct hang *h, const struct place *p, unsigned depth)
{
    for (uint32_t i = 1; i < trace_rows(h->m->trace, KIWI_TABLE_CALLS); i++) {
        const struct kiwi_call *c = trace_call(h->m->trace, i);

        if (c && is_wait_for_others(c->kind) && c->thread_class == class_of(h, p->thread) &&
            (!p->known || c->last_ticks > p->first) && user_depth(h, c->stack) < depth)
            return true;
    }
    return false;
}

static bool locks_further_out(const struct hang *h, const struct place *p, unsigned depth)
{
    for (uint32_t i = 1; i < trace_rows(h->m->trace, KIWI_TABLE_ACQUISITIONS); i++) {
        const struct kiwi_acquisition *a = trace_acquisition(h->m->trace, i);

        if (a && a->thread_class == class_of(h, p->thread) && user_depth(h, a->stack) < depth)
            return true;
    }
    return false;
}

static bool is_in_task(const struct hang *h, const struct place *p)
{
    unsigned depth = user_depth(h, p->stack);

    if (p->main || !is_wait_for_others(p->kind))
        return false;
    return waits_further_out(h, p, depth) || (!p->known && locks_further_out(h, p, depth));
}

static bool is_signalled_by_own(const struct hang *h, const struct place *p)
{
    const struct trace *t = h->m->trace;

    for (uint32_t i = 1; !p->main && !p->known && p->object && i < trace_rows(t, KIWI_TABLE_CONDS); i++) {
        const struct kiwi_cond *c = trace_cond(t, i);
        uint32_t by = c && c->object == p->object ? wording_thread_row(h->m, c->signal_thread, c->signal_serial) : 0;

        if (by)
            return class_of(h, by) == class_of(h, p->thread) && !is_main(t, by);
    }
    return false;
}

/* Those of the C++ and Rust libraries are made of futexes. */
static bool is_barrier(const struct hang *h, const struct place *p)
{
    static const char *const calls[] = {"std::latch::", "std::barrier<", "std::sync::barrier::Barrier::"};
    const char *call = p->kind == KIWI_CALL_FUTEX_WAIT ? model_call(h->m, p->kind, p->stack) : "";

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strncmp(call, calls[i], strlen(calls[i])) == 0)
            return true;
    return p->kind == KIWI_CALL_BARRIER_WAIT;
}

static bool all_others_join(const struct hang *h, const struct place *barrier)
{
    for (uint32_t i = 0; i < h->count; i++)
        if (&h->places[i] != barrier && h->places[i].kind != KIWI_CALL_JOIN && !h->places[i].barrier)
            return false;
    return true;
}

/* One that nobody gave back before may count what was there from the beginning. */
static uint32_t lost_permits(const struct hang *h, const struct place *p)
{
    const struct kiwi_object *o = p->kind == KIWI_CALL_SEM_WAIT ? trace_object(h->m->trace, p->object) : NULL;

    return o && o->wait_since && o->flags & KIWI_OBJECT_PERMITS ? o->type : 0;
}

/* The slot of the thread that posted last what this one waits for; 0 = not known, or it has ended. */
static uint32_t poster_of(const struct hang *h, uint32_t slot)
{
    const struct trace *t = h->m->trace;
    const struct kiwi_slot *s = trace_slot(t, slot);
    const struct kiwi_object *o =
            s->call_kind == KIWI_CALL_SEM_WAIT ? trace_object(t, model_object_at(h->m, s->call_object)) : NULL;

    if (!o || !o->wait_since || o->flags & KIWI_OBJECT_LOCK_LIKE)
        return 0;
    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_SLOTS); i++)
        if (trace_slot(t, i) && trace_slot(t, i)->thread == o->other_thread)
            return i;
    return 0;
}

/* From poster to poster, and back to where it began. One that posted it itself is no circle: workers tell each other of
 * their work. */
static bool in_circle(const struct hang *h, uint32_t slot)
{
    uint32_t at = h->posters[slot], steps = trace_rows(h->m->trace, KIWI_TABLE_SLOTS);

    for (uint32_t i = 0; at && at != slot && i < steps; i++) {
        uint32_t next = h->posters[at];

        if (next == at)
            return false;
        at = next;
        if (at == slot)
            return true;
    }
    return false;
}

static struct place *place_of_slot(const struct hang *h, const struct kiwi_slot *s)
{
    const struct kiwi_call *c = trace_call(h->m->trace, s->call_row);
    struct place key = {.stack = c ? c->stack : 0, .kind = s->call_kind};

    return c ? bsearch(&key, h->places, h->count, sizeof key, compare_stacks) : NULL;
}

static void find_circles(struct hang *h)
{
    const struct trace *t = h->m->trace;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_SLOTS); i++)
        h->posters[i] = trace_slot(t, i) ? poster_of(h, i) : 0;
    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_SLOTS); i++) {
        struct place *p = trace_slot(t, i) && in_circle(h, i) ? place_of_slot(h, trace_slot(t, i)) : NULL;

        if (p)
            p->mutual = true;
    }
}

/* Nobody ever came on from here, and what is waited for was never signalled. */
static bool was_never_woken(const struct hang *h, const struct place *p)
{
    const struct trace *t = h->m->trace;
    const struct kiwi_object *o = trace_object(t, p->object);

    if (p->known || !o)
        return false;
    if (p->kind == KIWI_CALL_SEM_WAIT)
        return !o->wait_since;
    if (p->kind != KIWI_CALL_COND_WAIT)
        return false;
    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_CONDS); i++) {
        const struct kiwi_cond *c = trace_cond(t, i);

        if (c && c->object == p->object && (c->missed || c->returned_ticks))
            return false;
    }
    return true;
}

/* One such place alone may be where a pool waits that was never given work. */
static void find_unbegun(struct hang *h)
{
    uint32_t count = 0, object = 0;

    for (uint32_t i = 0; i < h->count; i++) {
        const struct place *p = &h->places[i];

        if (p->kind == KIWI_CALL_JOIN)
            continue;
        if (!was_never_woken(h, p) || p->object == object)
            return;
        object = p->object;
        count++;
    }
    for (uint32_t i = 0; count > 1 && i < h->count; i++)
        h->places[i].never = h->places[i].kind != KIWI_CALL_JOIN;
}

static uint64_t chose_ticks(const struct trace *t, uint32_t object)
{
    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_CONDS); i++) {
        const struct kiwi_cond *c = trace_cond(t, i);

        if (c && c->object == object)
            return c->chose_ticks;
    }
    return 0;
}

/* Who was woken in the place of one of these: it looked, and waits again. */
static uint32_t preferred_to(const struct hang *h, const struct place *p)
{
    const struct trace *t = h->m->trace;
    uint64_t chosen = p->object ? chose_ticks(t, p->object) : 0;

    if (p->oldest >= chosen)
        return 0;
    for (uint32_t i = 0; i < h->count; i++) {
        const struct place *q = &h->places[i];

        if (q->object == p->object && q->since > chosen &&
            place_location_hash(t, h->m->symbols, q->stack) != place_location_hash(t, h->m->symbols, p->stack))
            return q->stack;
    }
    return 0;
}

static bool was_kept(const struct hang *h, const struct place *p)
{
    const uint16_t both = KIWI_OBJECT_LOCK_LIKE | KIWI_OBJECT_KEPT;
    const struct kiwi_object *o = p->kind == KIWI_CALL_SEM_WAIT ? trace_object(h->m->trace, p->object) : NULL;

    return o && (o->flags & both) == both;
}

static int hang_make(struct hang *h)
{
    const struct trace *t = h->m->trace;
    uint32_t slots = trace_rows(t, KIWI_TABLE_SLOTS);

    h->places = calloc(slots + 1ul, sizeof *h->places);
    h->posters = calloc(slots + 1ul, sizeof *h->posters);
    if (!h->places || !h->posters)
        return -1;
    for (uint32_t i = 1; i < slots; i++)
        if (trace_slot(t, i))
            add_thread(h, trace_slot(t, i));
    fold_places(h);
    count_calls(h);
    find_circles(h);
    find_unbegun(h);
    for (uint32_t i = 0; i < h->count; i++)
        h->places[i].barrier = is_barrier(h, &h->places[i]);
    for (uint32_t i = 0; i < h->count; i++) {
        h->places[i].in_task = is_in_task(h, &h->places[i]);
        h->places[i].own = is_signalled_by_own(h, &h->places[i]);
        h->places[i].kept = was_kept(h, &h->places[i]);
        h->places[i].preferred = preferred_to(h, &h->places[i]);
        h->places[i].permits = lost_permits(h, &h->places[i]);
        h->places[i].left = h->places[i].barrier && all_others_join(h, &h->places[i]);
    }
    qsort(h->places, h->count, sizeof *h->places, compare_places);
    return 0;
}

static uint32_t thread_count(const struct hang *h)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < h->count; i++)
        count += 1 + h->places[i].others;
    return count;
}

static bool stood_long(const struct hang *h)
{
    const struct trace *t = h->m->trace;
    uint64_t since = 0, now = trace_end_ticks(t);

    for (uint32_t i = 0; i < h->count; i++)
        since = h->places[i].since > since ? h->places[i].since : since;
    return !trace_is_live(t) || (now > since && trace_ns(t, now - since) >= STOOD_NS);
}

static bool is_explained(const struct finding_list *list)
{
    for (unsigned i = 0; i < list->count; i++)
        if (standstill_explained_by(list->items[i]->id))
            return true;
    return false;
}

static void report_place(const struct hang *h, struct finding *f, const struct place *p)
{
    struct model *m = h->m;
    const char *call = model_call(m, p->kind, p->stack), *on = p->object ? " on " : "";
    const char *object = p->object ? wording_lock(f, p->object) : "", *thread = wording_thread(m, p->thread);

    if (p->others)
        finding_evidence(f, "%s and %" PRIu32 " more wait in %s%s%s at %s.", thread, p->others, call, on, object,
                         model_site(m, p->stack));
    else
        finding_evidence(f, "%s waits in %s%s%s at %s.", thread, call, on, object, model_site(m, p->stack));
    if (p->permits)
        finding_evidence(f,
                         "It began at %" PRIu32 ", and none but threads that it had let in have posted it since. All "
                         "of these have ended, or wait as well, so nobody is left to do that.",
                         p->permits);
    else if (p->preferred)
        finding_evidence(f,
                         "Others wait on it at %s, and pthread_cond_signal wakes any one: after the latest signal for "
                         "one of several, a thread looked there, found that it was not meant, and waits again.",
                         model_site(m, p->preferred));
    else if (p->kept)
        finding_evidence(f, "A thread ended after it had taken that, and nobody has posted it since.");
    else if (p->mutual)
        finding_evidence(f, "%s posted it last, and waits as well.",
                         wording_thread(m, trace_object(m->trace, p->object)->other_thread));
    else if (p->never)
        finding_evidence(f, "Nobody has signalled it yet, in all of the recording.");
    else if (p->in_task)
        finding_evidence(f, "That is inside of a task: it is not where threads of that kind wait for something to do.");
    else if (p->own)
        finding_evidence(f, "Nobody ever came back from there, and who signalled it last, when nobody was there yet, "
                            "is a thread of the same kind.");
    finding_stack(f, m, p->stack, p->thread, p->others ? "waits in %s, as others do" : "waits in %s", call);
}

static void report_fix(const struct hang *h, struct finding *f, const struct place *first)
{
    const char *site = model_site(h->m, first->stack);

    if (first->barrier)
        finding_set(f, &f->fix,
                    "Find the party that does not come to the barrier at %s: one that left its loop earlier than the "
                    "others, met an error, or was never started. Every party has to come as often as all others do.",
                    site);
    else if (first->permits || first->kept)
        finding_set(
                f, &f->fix,
                "Find the way on which a thread that has come past the wait at %s leaves without sem_post: an early "
                "return, an error, a thrown exception. Every wait needs one post.",
                site);
    else if (first->preferred)
        finding_set(f, &f->fix,
                    "Give what is waited for at %s a condition variable of its own, or wake all with "
                    "pthread_cond_broadcast (notify_all) where the state changes.",
                    site);
    else if (first->mutual || first->never)
        finding_set(f, &f->fix,
                    "These waits form a ring. Find the one that has to signal before it waits, or the way on which a "
                    "signal is left out (an early return, an error, one for several items); begin at %s.",
                    site);
    else
        finding_set(f, &f->fix,
                    "Find who was to end the wait at %s, and what keeps that thread. A task must not wait in a pool's "
                    "own thread for another task of that pool: run it in place, or give it other threads. Who empties "
                    "a queue must not wait for room in it.",
                    site);
}

static int report(const struct hang *h, struct finding_list *list)
{
    struct model *m = h->m;
    struct finding *f = finding_add(list, FINDING_DEADLOCK);
    const struct place *first = &h->places[0];
    uint32_t threads = thread_count(h);

    if (!f)
        return -1;
    f->grade = "G1";
    f->confidence = CONFIDENCE_MEDIUM;
    f->cause = place_hash(place_hash(FINDING_DEADLOCK, first->kind),
                          place_location_hash(m->trace, m->symbols, first->stack));
    if (first->permits)
        finding_set(f, &f->title, "Deadlock: all %" PRIu32 " permits of %s are lost, and every thread waits",
                    first->permits, model_object_name(m, first->object));
    else if (first->kept)
        finding_set(f, &f->title, "Deadlock: %s was kept by a thread that has ended, and every thread waits",
                    model_object_name(m, first->object));
    else if (threads > 1)
        finding_set(f, &f->title, "Deadlock: all %" PRIu32 " threads wait, and only one of them could wake another",
                    threads);
    else
        finding_set(f, &f->title, "Deadlock: the only thread left waits, and nobody else could wake it");
    for (uint32_t i = 0; i < h->count && i < PLACES_SHOWN; i++)
        if (h->places[i].object)
            finding_object(f, m, h->places[i].object);
    wording_label(f);
    for (uint32_t i = 0; i < h->count && i < PLACES_SHOWN; i++)
        report_place(h, f, &h->places[i]);
    finding_evidence(f, "None of these waits has a time limit, and nothing outside of the process ends one.");
    finding_set(f, &f->why,
                "The process does nothing any more until it is killed. What was recorded does not tell whose turn it "
                "was, but whoever was to wake one of these threads is among them, or has ended.");
    report_fix(h, f, first);
    wording_validation(f, m, "deadlock", "it must neither hang nor be reported.");
    wording_seen(f, m, first->since, trace_last_ticks(m->trace));
    return 0;
}

int detect_hang(struct model *m, struct finding_list *list)
{
    struct hang h = {.m = m};
    bool total = false;
    int result = 0;

    if (standstill_is_total(m, &total))
        return -1;
    if (!total || is_explained(list) || trace_header(m->trace)->wakers & KIWI_WAKER_HANDLER)
        return 0; /* a handler may end it: many signal a condition variable, though they should not */
    if (hang_make(&h))
        result = -1;
    for (uint32_t i = 0; !result && i < h.count; i++)
        if (is_stuck(&h.places[i]) && stood_long(&h)) {
            result = report(&h, list);
            break;
        }
    free(h.places);
    free(h.posters);
    return result;
}
