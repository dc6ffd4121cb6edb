/*
 * lost-wakeup: a thread waits for a signal that was given before it began to wait.
 *
 * An idle pool waits like that, too: the last signal often finds everybody at work. But then somebody has looked at the
 * state since that signal, and found what it was about. So what counts is that nobody did: no wait on the condition
 * variable ended, nobody passed the place where the waiter took its mutex without going on to wait, and no thread of
 * the waiter's kind took it elsewhere (try_pop, and only then pop). Nor can a signal be meant for the thread that gave
 * it, for one that was made only later, or for others in the signaller's own role.
 */
#include "detector.h"

#include "../place.h"
#include "lock_class.h"
#include "wording.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WAITED_NS (100u * 1000000u)

struct lost {
    struct model *m;
    uint32_t *conds; /* by object row: CONDS row */
    uint32_t *sites; /* by acquisition row: WAIT_SITES row */
    uint32_t objects, rows;
    uint64_t end_ticks; /* of the process, 0 = not known */
};

/* A thread in an untimed wait at the end. */
struct waiter {
    uint32_t slot, thread, stack; /* of the wait */
    uint32_t row;                 /* acquisition row of its mutex */
    uint64_t since;
    const struct kiwi_cond *cond;
};

static bool waiter_at(const struct lost *l, uint32_t slot, struct waiter *w)
{
    const struct trace *t = l->m->trace;
    const struct kiwi_slot *s = trace_slot(t, slot);
    const struct kiwi_call *call = s ? trace_call(t, s->call_row) : NULL;

    if (!s || s->call_kind != KIWI_CALL_COND_WAIT || s->call_object >= l->objects || !trace_slot_settled(t, slot))
        return false;
    *w = (struct waiter){.slot = slot,
                         .thread = s->thread,
                         .stack = call ? call->stack : 0,
                         .row = s->wait_row,
                         .since = s->call_since,
                         .cond = trace_cond(t, l->conds[s->call_object])};
    return w->cond && call;
}

/* How many of the innermost frames of the lock's stack belong to the place: up to the function that locks and waits,
 * but not how that was reached. */
static uint32_t place_depth(const struct trace *t, uint32_t lock_stack, uint32_t wait_stack)
{
    uint32_t lock_depth, wait_depth, common = 0;
    const uint64_t *lock = trace_frames(t, lock_stack, &lock_depth), *wait = trace_frames(t, wait_stack, &wait_depth);

    while (lock && wait && common < lock_depth && common < wait_depth &&
           lock[lock_depth - 1 - common] == wait[wait_depth - 1 - common])
        common++;
    return lock && common < lock_depth ? lock_depth - common : 0;
}

static bool same_place(const struct trace *t, uint32_t stack_a, uint32_t stack_b, uint32_t depth)
{
    uint32_t depth_a, depth_b;
    const uint64_t *a = trace_frames(t, stack_a, &depth_a), *b = trace_frames(t, stack_b, &depth_b);

    return a && b && depth && depth <= depth_a && depth <= depth_b && memcmp(a, b, depth * sizeof *a) == 0;
}

/* Somebody may have gone by here since the signal without having to wait. */
static bool row_looked(const struct lost *l, uint32_t row, uint64_t signal)
{
    const struct kiwi_acquisition *a = trace_acquisition(l->m->trace, row);
    const struct kiwi_wait_site *site = trace_wait_site(l->m->trace, l->sites[row]);

    if (site)
        return site->looked_ticks >= signal;
    /* A row that never led to a wait: its passes have no times. */
    return l->m->acquisitions[row].count && !(a->flags & (KIWI_ACQ_UNPUBLISHED | KIWI_ACQ_MAKER_ALONE));
}

static bool signalled_by_such(const struct lost *l, const struct waiter *w, uint32_t thread_class)
{
    const struct kiwi_thread *t = trace_thread(l->m->trace, w->cond->signal_thread);

    return !t || t->serial != w->cond->signal_serial || t->thread_class == thread_class;
}

/*
 * The same at another place, by threads of the waiter's kind. A pass of a place that led to waits is noted when it
 * ends, which that of the signaller does after the signal; the others when they begin. Of these it takes two: one that
 * found what the signal was about, and one that found nothing and so went on to wait. A single one may as well be the
 * end of the work before (`done += n`), unless there was none: a worker may find its first job at once. Of a place that
 * has no site it is not known when it was passed, but for the first time.
 */
static bool row_looked_elsewhere(const struct lost *l, uint32_t row, const struct waiter *w)
{
    const struct kiwi_acquisition *a = trace_acquisition(l->m->trace, row);
    const struct kiwi_wait_site *site = trace_wait_site(l->m->trace, l->sites[row]);
    uint64_t signal = w->cond->missed_ticks, count = l->m->acquisitions[row].count;

    if (site && site->waits)
        return site->looked_ticks >= signal && !signalled_by_such(l, w, a->thread_class);
    if (site)
        return site->looked_before_ticks >= signal || site->looked_ticks == KIWI_LOOKED_ALWAYS;
    if (count == 1 && (w->cond->returned_ticks || a->first_ticks < signal))
        return false;
    return count && a->how != KIWI_HOW_COND && !(a->flags & (KIWI_ACQ_UNPUBLISHED | KIWI_ACQ_DERIVED));
}

static bool anybody_looked(const struct lost *l, const struct waiter *w)
{
    const struct trace *t = l->m->trace;
    const struct kiwi_acquisition *own = trace_acquisition(t, w->row);
    uint32_t depth = own ? place_depth(t, own->stack, w->stack) : 0;

    if (!depth || !l->sites[w->row])
        return true; /* not known */
    for (uint32_t i = 1; i < l->rows; i++) {
        const struct kiwi_acquisition *a = trace_acquisition(t, i);

        if (!a || a->object != own->object)
            continue;
        if (a->how == KIWI_HOW_LOCK && same_place(t, a->stack, own->stack, depth)
                    ? row_looked(l, i, w->cond->missed_ticks)
                    : a->thread_class == own->thread_class && row_looked_elsewhere(l, i, w))
            return true;
    }
    return false;
}

/* The signal was given by a thread that waits here in the same way: workers that tell each other of their work. */
static bool signaller_waits_here(const struct lost *l, const struct waiter *w)
{
    const struct trace *t = l->m->trace;
    const struct kiwi_thread *signaller = trace_thread(t, w->cond->signal_thread);
    const struct kiwi_acquisition *own = trace_acquisition(t, w->row), *theirs;
    struct waiter other;

    if (!signaller || signaller->serial != w->cond->signal_serial || !waiter_at(l, signaller->slot, &other) ||
        other.cond != w->cond)
        return false;
    theirs = trace_acquisition(t, other.row);
    return own && theirs && same_place(t, own->stack, theirs->stack, place_depth(t, own->stack, w->stack));
}

static bool meant_for(const struct lost *l, const struct waiter *w)
{
    const struct kiwi_thread *t = trace_thread(l->m->trace, w->thread);

    if (!t || t->start_ticks >= w->cond->missed_ticks)
        return false;
    return t->serial != w->cond->signal_serial && !signaller_waits_here(l, w);
}

static bool same_function(const struct model *m, uint32_t stack_a, uint32_t stack_b)
{
    struct symbol_frame a = place_location(m->trace, m->symbols, stack_a);
    struct symbol_frame b = place_location(m->trace, m->symbols, stack_b);

    return a.function && b.function && strcmp(a.function, b.function) == 0;
}

/* After the signal and before the wait the signaller took the mutex once more where it signals, and gave no signal: it
 * may have set the state back (a gate that was opened and shut again). */
static bool may_be_taken_back(const struct lost *l, const struct waiter *w)
{
    const struct trace *t = l->m->trace;
    const struct kiwi_thread *signaller = trace_thread(t, w->cond->signal_thread);
    const struct kiwi_acquisition *own = trace_acquisition(t, w->row);

    if (!signaller || signaller->serial != w->cond->signal_serial || !own)
        return false;
    for (uint32_t i = 1; i < l->rows; i++) {
        const struct kiwi_acquisition *a = trace_acquisition(t, i);

        if (a && a->object == own->object && a->thread_class == signaller->thread_class &&
            a->last_ticks > w->cond->missed_ticks && a->last_ticks < w->since &&
            same_function(l->m, a->stack, w->cond->signal_stack))
            return true;
    }
    return false;
}

static bool waits_long(const struct lost *l, const struct waiter *w)
{
    return !l->end_ticks || trace_ns(l->m->trace, l->end_ticks > w->since ? l->end_ticks - w->since : 0) >= WAITED_NS;
}

static bool is_lost(const struct lost *l, const struct waiter *w)
{
    const struct kiwi_object *o = trace_object(l->m->trace, w->cond->object);

    if (!o || o->state != KIWI_ROW_LIVE || (o->flags & KIWI_OBJECT_SHARED) || o->generation != w->cond->generation)
        return false;
    return w->cond->missed_ticks && w->since > w->cond->missed_ticks &&
           w->cond->returned_ticks < w->cond->missed_ticks && waits_long(l, w) && meant_for(l, w) &&
           !anybody_looked(l, w) && !may_be_taken_back(l, w);
}

static void describe(const struct lost *l, struct finding *f, const struct waiter *w, uint32_t others)
{
    struct model *m = l->m;
    const struct kiwi_acquisition *own = trace_acquisition(m->trace, w->row);
    const struct kiwi_wait_site *site = trace_wait_site(m->trace, l->sites[w->row]);
    uint32_t signaller = wording_thread_row(m, w->cond->signal_thread, w->cond->signal_serial);

    finding_object(f, m, w->cond->object);
    finding_object(f, m, own->object);
    wording_label(f);
    finding_stack(f, m, w->stack, w->thread, "waits without a time limit");
    finding_stack(f, m, w->cond->signal_stack, signaller, "gave the last signal, which found nobody waiting");
    finding_stack(f, m, own->stack, w->thread, "took %s for the wait", wording_lock(f, own->object));
    if (l->end_ticks)
        finding_evidence(f, "%s had waited for %s when the process ended.", wording_thread(m, w->thread),
                         model_duration(m, l->end_ticks - w->since));
    if (others)
        finding_evidence(f, "%u more thread%s waited there in the same way.", others, wording_plural(others));
    finding_evidence(f, "The last signal came from %s, %s before the wait began, and found nobody waiting.",
                     wording_thread(m, signaller), model_duration(m, w->since - w->cond->missed_ticks));
    if (w->cond->missed > 1)
        finding_evidence(f, "%" PRIu64 " signals in all found nobody waiting.", w->cond->missed);
    finding_evidence(f, "Since then no wait on %s has ended, and nobody took %s at %s without going on to wait.",
                     wording_lock(f, w->cond->object), wording_lock(f, own->object), model_site(m, own->stack));
    if (site)
        finding_evidence(f, "Of those who took it there, %" PRIu64 " went on to wait and %" PRIu64 " did not.",
                         site->waits, site->looks);
}

static int lost_report(const struct lost *l, const struct waiter *w, uint32_t others, struct finding_list *list)
{
    struct model *m = l->m;
    struct finding *f = finding_add(list, FINDING_LOST_WAKEUP);

    if (!f)
        return -1;
    f->confidence = CONFIDENCE_MEDIUM;
    f->cause = lock_cause(m, w->cond->object);
    finding_set(f, &f->title, "The last signal of %s found nobody waiting, and a thread has waited for it since",
                model_object_name(m, w->cond->object));
    finding_set(
            f, &f->why,
            "A condition variable does not remember signals. What the last one announced (a request, a batch, the end "
            "of the work) is not taken up until another one happens to come; if none does, the thread waits for good.");
    finding_set(f, &f->fix,
                "Look at the state that is waited for, with the mutex held, before every wait: while (!state) "
                "pthread_cond_wait(...), or cv.wait(lock, predicate). Change the state with the same mutex held before "
                "signalling.");
    describe(l, f, w, others);
    wording_validation(f, m, finding_info(f->id)->id, "it must be silent, and all work must be done.");
    wording_seen(f, m, w->cond->missed_ticks, w->cond->missed_ticks);
    return 0;
}

/* Several threads that came only after several signals, and none of them was ever woken: a pool whose work was queued
 * before it had begun to run. The first of them may have done all of it in one hold of the mutex. */
static bool is_late_pool(const struct waiter *w, uint32_t waiters)
{
    return waiters > 1 && w->cond->missed > 1 && !w->cond->returned_ticks;
}

/* One finding a condition variable: the first lost waiter stands for all. */
static int lost_search(struct lost *l, struct finding_list *list)
{
    uint32_t slots = trace_rows(l->m->trace, KIWI_TABLE_SLOTS), *seen = calloc((size_t)l->objects + 1, sizeof *seen);
    struct waiter w;
    int result = seen ? 0 : -1;

    for (uint32_t i = 1; seen && i < slots; i++)
        if (waiter_at(l, i, &w))
            seen[w.cond->object < l->objects ? w.cond->object : 0]++;
    for (uint32_t i = 1; !result && i < slots; i++) {
        if (!waiter_at(l, i, &w) || w.cond->object >= l->objects || !seen[w.cond->object] ||
            is_late_pool(&w, seen[w.cond->object]) || !is_lost(l, &w))
            continue;
        result = lost_report(l, &w, seen[w.cond->object] - 1, list);
        seen[w.cond->object] = 0;
    }
    free(seen);
    return result;
}

static void index_rows(struct lost *l)
{
    const struct trace *t = l->m->trace;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_CONDS); i++) {
        const struct kiwi_cond *c = trace_cond(t, i);

        if (c && c->object < l->objects)
            l->conds[c->object] = i;
    }
    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_WAIT_SITES); i++) {
        const struct kiwi_wait_site *s = trace_wait_site(t, i);

        if (s && s->row < l->rows)
            l->sites[s->row] = i;
    }
}

int detect_lost_wakeup(struct model *m, struct finding_list *list)
{
    const struct kiwi_header *h = trace_header(m->trace);
    struct lost l = {.m = m,
                     .objects = trace_rows(m->trace, KIWI_TABLE_OBJECTS),
                     .rows = m->acquisition_count,
                     .end_ticks = h->end_kind == KIWI_END_EXIT ? h->end_ticks : 0};
    int result = -1;

    l.conds = calloc((size_t)l.objects + 1, sizeof *l.conds);
    l.sites = calloc((size_t)l.rows + 1, sizeof *l.sites);
    if (l.conds && l.sites) {
        index_rows(&l);
        result = lost_search(&l, list);
    }
    free(l.conds);
    free(l.sites);
    return result;
}
