#include "lock_use.h"
#include "figures.h"

#include <stdlib.h>

#define RUNNING 0.1 /* of the long holds that others waited for: from here on they are the program's own */

uint64_t lock_use_recorded(const struct model *m)
{
    uint64_t begin = trace_header(m->trace)->start_ticks, end = trace_last_ticks(m->trace);

    return end > begin ? end - begin : 0;
}

uint64_t lock_use_ticks(const struct model *m, uint64_t ns)
{
    uint64_t million = trace_ns(m->trace, 1000000);

    return million ? figure_round((double)ns / (double)million * 1e6) : ns;
}

double lock_use_share(uint64_t part, uint64_t whole)
{
    double share = whole ? (double)part / (double)whole : 0;

    return share > 1 ? 1 : share;
}

uint64_t lock_use_held(const struct lock_use *use)
{
    uint64_t pressed = use->row ? use->row->pressed_ticks : 0;

    return use->held_ticks > pressed ? use->held_ticks : pressed;
}

double lock_use_net_share(double part, double part_off, double whole, double whole_off)
{
    return whole > whole_off && part > part_off ? (part - part_off) / (whole - whole_off) : 0;
}

/* What is true of the holds that others waited for is taken to be true of all. */
double lock_use_net_held(const struct lock_use *use, uint64_t whole)
{
    uint64_t held = lock_use_held(use), lost = use->lost_ticks;
    double stalled = use->row ? lock_use_share(lost, use->row->pressed_ticks) : 0;
    double part = (double)(held < whole ? held : whole);

    return lock_use_net_share(part, part * stalled, (double)whole, (double)lost);
}

/* A call that it sits in now has not been added to idle_ticks yet. */
static uint64_t idle_now(const struct model *m, const struct kiwi_thread *t, uint64_t now)
{
    const struct kiwi_slot *s = t->slot ? trace_slot(m->trace, t->slot) : NULL;

    if (!s || !s->call_kind || s->held_count || now <= s->call_since)
        return 0;
    return now - s->call_since;
}

uint64_t lock_use_busy(const struct model *m, uint32_t thread)
{
    const struct kiwi_thread *t = trace_thread(m->trace, thread);
    uint64_t end = t && t->end_ticks ? t->end_ticks : trace_last_ticks(m->trace), idle;

    if (!t || end <= t->start_ticks)
        return 0;
    idle = t->idle_ticks + idle_now(m, t, end);
    return end - t->start_ticks > idle ? end - t->start_ticks - idle : 0;
}

static bool sum_classes(struct lock_uses *u)
{
    const struct trace *t = u->m->trace;

    u->class_count = trace_rows(t, KIWI_TABLE_CLASSES);
    u->class_busy = calloc((size_t)u->class_count + 1, sizeof *u->class_busy);
    u->class_threads = calloc((size_t)u->class_count + 1, sizeof *u->class_threads);
    if (!u->class_busy || !u->class_threads)
        return false;
    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_THREADS); i++) {
        const struct kiwi_thread *thread = trace_thread(t, i);

        if (!thread || thread->thread_class >= u->class_count)
            continue;
        u->class_busy[thread->thread_class] += lock_use_busy(u->m, i);
        u->class_threads[thread->thread_class]++;
    }
    return true;
}

static int compare_charges(const void *a, const void *b)
{
    const struct lock_charge *x = a, *y = b;

    if (x->object != y->object)
        return x->object < y->object ? -1 : 1;
    if (x->thread != y->thread)
        return x->thread < y->thread ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static bool collect_charges(struct lock_uses *u)
{
    const struct trace *t = u->m->trace;
    uint32_t rows = trace_rows(t, KIWI_TABLE_CHARGES);

    u->charges = calloc((size_t)rows + 1, sizeof *u->charges);
    if (!u->charges)
        return false;
    for (uint32_t i = 1; i < rows; i++) {
        const struct kiwi_charge *c = trace_charge(t, i);
        const struct kiwi_acquisition *a = c ? trace_acquisition(t, c->row) : NULL;
        const struct kiwi_thread *thread = c ? trace_thread(t, c->thread) : NULL;

        if (!a || !trace_object(t, a->object))
            continue;
        u->charges[u->charge_count++] =
                (struct lock_charge){.object = a->object,
                                     .thread = thread && thread->serial == c->serial ? c->thread : 0,
                                     .row = c,
                                     .request = a};
    }
    qsort(u->charges, u->charge_count, sizeof *u->charges, compare_charges);
    return true;
}

static bool is_lock(const struct kiwi_object *o)
{
    return o->kind == KIWI_OBJECT_MUTEX || o->kind == KIWI_OBJECT_RWLOCK || o->kind == KIWI_OBJECT_SPIN ||
           o->kind == KIWI_OBJECT_GMUTEX || o->kind == KIWI_OBJECT_CUSTOM;
}

/* One item for each object, filled; those that are no locks, or were never used as one, go in the end. */
static bool make_items(struct lock_uses *u)
{
    const struct trace *t = u->m->trace;

    u->count = trace_rows(t, KIWI_TABLE_OBJECTS);
    u->items = calloc((size_t)u->count + 1, sizeof *u->items);
    if (!u->items)
        return false;
    for (uint32_t i = 1; i < u->count; i++) {
        const struct kiwi_object *o = trace_object(t, i);

        if (!o || !is_lock(o))
            continue;
        u->items[i] = (struct lock_use){.object = i,
                                        .contended = o->contended,
                                        .wait_ticks = o->wait_ticks,
                                        .wait_max_ticks = o->wait_max_ticks};
    }
    return true;
}

static void add_contentions(struct lock_uses *u)
{
    const struct trace *t = u->m->trace;
    uint64_t now = trace_last_ticks(t);

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_CONTENTIONS); i++) {
        const struct kiwi_contention *c = trace_contention(t, i);
        const struct kiwi_object *o = c ? trace_object(t, c->object) : NULL;
        struct lock_use *use = o ? &u->items[c->object] : NULL;

        if (!use || !use->object)
            continue;
        use->contention = i;
        use->row = c;
        use->waited_ticks = c->waited_ticks;
        if (o->waiters && o->wait_since && o->wait_since < now)
            use->waited_ticks += now - o->wait_since;
    }
}

/* Each way of taking it by its own mean; ways of which no hold was timed by that of the lock. */
static void add_acquisitions(struct lock_uses *u)
{
    struct model *m = u->m;

    for (uint32_t i = 1; i < m->acquisition_count; i++) {
        const struct kiwi_acquisition *a = m->acquisitions[i].row;
        struct lock_use *use = a && a->object < u->count ? &u->items[a->object] : NULL;
        double mean = 0;

        if (!use || !use->object)
            continue;
        use->count += m->acquisitions[i].count;
        if (a->hold_samples)
            mean = (double)a->hold_ticks / a->hold_samples;
        else if (use->row && use->row->holds)
            mean = (double)use->row->hold_ticks / (double)use->row->holds;
        mean *= (double)m->acquisitions[i].count;
        if (mean < 1e18 && use->held_ticks < UINT64_MAX / 2)
            use->held_ticks += (uint64_t)mean;
    }
}

/* Holders that use the lock for long lose their processor on a full machine, too; but then they are seen running. */
static uint64_t lost_by_holders(const struct lock_uses *u, const struct lock_use *use)
{
    const struct kiwi_contention *c = use->row;
    uint64_t ticks, at_least = lock_use_ticks(u->m, KIWI_HOLD_LONG_NS);
    uint64_t holds = c ? durations_from(u->durations, use->contention, KIWI_HISTOGRAM_PRESSED, at_least, &ticks) : 0;

    if (!c || (double)c->running > RUNNING * (double)holds)
        return 0;
    return c->lost_ticks < c->pressed_ticks ? c->lost_ticks : c->pressed_ticks;
}

static void add_charges(struct lock_uses *u)
{
    for (uint32_t i = 0; i < u->charge_count; i++) {
        struct lock_use *use = &u->items[u->charges[i].object];

        if (!use->charge_count++)
            use->first_charge = i;
        if (u->charges[i].row->cause == KIWI_CAUSE_TRY)
            use->failed_tries += u->charges[i].row->count;
    }
}

static void drop_unused(struct lock_uses *u)
{
    uint32_t kept = 0;

    for (uint32_t i = 1; i < u->count; i++)
        if (u->items[i].object && (u->items[i].count || u->items[i].contended || u->items[i].charge_count))
            u->items[kept++] = u->items[i];
    u->count = kept;
    for (uint32_t i = 0; i < kept; i++)
        u->items[i].lost_ticks = lost_by_holders(u, &u->items[i]);
}

struct lock_uses *lock_uses_open(struct model *m)
{
    struct lock_uses *u = calloc(1, sizeof *u);

    if (!u)
        return NULL;
    u->m = m;
    if (!sum_classes(u) || !collect_charges(u) || !make_items(u) || !(u->durations = durations_open(m->trace))) {
        lock_uses_close(u);
        return NULL;
    }
    add_contentions(u);
    add_acquisitions(u);
    add_charges(u);
    drop_unused(u);
    return u;
}

void lock_uses_close(struct lock_uses *u)
{
    if (!u)
        return;
    durations_close(u->durations);
    free(u->items);
    free(u->charges);
    free(u->class_busy);
    free(u->class_threads);
    free(u);
}

/* A wait that goes on is in no charge yet. */
static uint64_t waiting_now(const struct lock_uses *u, uint32_t object, uint32_t thread)
{
    uint32_t count = 0;
    const struct model_waiter *w = model_waiters(u->m, object, &count);
    uint64_t now = trace_last_ticks(u->m->trace), ticks = 0;

    for (uint32_t i = 0; i < count; i++)
        if (w[i].thread == thread && w[i].want != KIWI_WANT_TAKING && w[i].since && w[i].since < now)
            ticks += now - w[i].since;
    return ticks;
}

static void consider(struct lock_loss *worst, const struct lock_loss *l)
{
    bool better = (double)l->ticks * (double)worst->busy > (double)worst->ticks * (double)l->busy;

    if (l->busy && l->ticks && (!worst->busy || better))
        *worst = *l;
}

/* Charges of one thread stand together. */
static uint32_t thread_loss(const struct lock_uses *u, const struct lock_use *use, uint32_t at, struct lock_loss *l)
{
    const struct lock_charge *c = &u->charges[use->first_charge];
    uint32_t thread = c[at].thread;

    *l = (struct lock_loss){.thread = thread, .thread_class = c[at].request->thread_class};
    for (; at < use->charge_count && c[at].thread == thread; at++) {
        if (c[at].row->cause == KIWI_CAUSE_TRY)
            continue;
        l->ticks += c[at].row->ticks;
        l->waits += c[at].row->count;
    }
    if (thread) {
        l->ticks += waiting_now(u, use->object, thread);
        l->busy = lock_use_busy(u->m, thread);
    }
    return at;
}

/* All threads of a class together: those that live too short to be judged alone. Rows of threads are used again, so the
 * time of the known ones stands for that of all. */
static struct lock_loss class_loss(const struct lock_uses *u, const struct lock_use *use, uint32_t class)
{
    const struct lock_charge *c = &u->charges[use->first_charge];
    const struct kiwi_thread_class *row = trace_thread_class(u->m->trace, class);
    struct lock_loss l = {.thread_class = class};

    for (uint32_t i = 0; i < use->charge_count; i++) {
        if (c[i].request->thread_class != class || c[i].row->cause == KIWI_CAUSE_TRY)
            continue;
        l.ticks += c[i].row->ticks;
        l.waits += c[i].row->count;
    }
    if (row && class < u->class_count && u->class_threads[class])
        l.busy =
                figure_round((double)u->class_busy[class] / u->class_threads[class] *
                             (double)(row->started > u->class_threads[class] ? row->started : u->class_threads[class]));
    return l;
}

struct lock_loss lock_use_worst(const struct lock_uses *u, const struct lock_use *use, uint64_t least_busy)
{
    struct lock_loss worst = {0}, l;
    uint32_t latest_class = 0;

    for (uint32_t at = 0; at < use->charge_count;) {
        uint32_t class = u->charges[use->first_charge + at].request->thread_class;

        at = thread_loss(u, use, at, &l);
        if (l.thread && l.busy >= least_busy) {
            consider(&worst, &l);
        } else if (class != latest_class) {
            latest_class = class;
            l = class_loss(u, use, class);
            if (l.busy >= least_busy)
                consider(&worst, &l);
        }
    }
    return worst;
}

double lock_loss_share(const struct lock_loss *l)
{
    return lock_use_share(l->ticks, l->busy);
}
