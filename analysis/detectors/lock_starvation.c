/*
 * lock-starvation: one waiter is overtaken again and again.
 *
 * A mutex goes to whoever runs, not to whoever came first. A thread that lets go of it and at once takes it again keeps
 * those out that have to wake up first. It counts as starvation if a thread waited for long while others got the lock
 * again and again, if it lost much of its time that way, if the lock is hardly ever free, and if those who overtook it
 * take the lock far more often than it does: where all get their turn alike it is contention.
 */
#include "detector.h"

#include "../place.h"
#include "blame.h"
#include "lock_class.h"
#include "wording.h"
#include "../figures.h"

#include <inttypes.h>

#define MS 1000000ull
#define STARVED_NS (50 * MS) /* in waits with KIWI_STARVED_OVERTAKES or more, together */
#define STARVED_MEAN_NS (5 * MS)
#define STARVED_LEAST 3u           /* of such waits: an accident happens once, or twice, unless ... */
#define STARVED_LONG_NS (250 * MS) /* ... they took so long together */
#define STARVED_SHARE 0.20         /* of the time of the thread */
#define OVERTAKES 20u              /* in all */
#define UTILISATION 0.50           /* of the time that it waited */
#define MORE_OFTEN 5u              /* so many times as often as the victim takes it, who overtakes it takes it */

struct victim {
    uint32_t thread;
    const struct lock_charge *worst;
    uint64_t waits, starved, starved_ticks, overtakes, overtakes_max;
    double share;      /* of its time */
    uint32_t favoured; /* the thread that takes it most */
    uint64_t favoured_count;
};

/* Charges of one thread stand together. */
static uint32_t victim_sum(const struct lock_uses *u, const struct lock_use *use, uint32_t at, struct victim *v)
{
    const struct lock_charge *c = &u->charges[use->first_charge];

    *v = (struct victim){.thread = c[at].thread};
    for (; at < use->charge_count && c[at].thread == v->thread; at++) {
        const struct kiwi_charge *r = c[at].row;

        if (r->cause == KIWI_CAUSE_TRY)
            continue;
        v->waits += r->count;
        v->starved += r->starved;
        v->starved_ticks += r->starved_ticks;
        v->overtakes += r->overtakes;
        v->overtakes_max = r->overtakes_max > v->overtakes_max ? r->overtakes_max : v->overtakes_max;
        if (!v->worst || r->starved_ticks > v->worst->row->starved_ticks)
            v->worst = &c[at];
    }
    return at;
}

/* How often threads of the victim's kind took the lock. */
static uint64_t taken_by_such(const struct model *m, const struct lock_use *use, uint32_t thread)
{
    const struct kiwi_thread *t = trace_thread(m->trace, thread);
    uint64_t count = 0;

    for (uint32_t i = 1; t && i < m->acquisition_count; i++) {
        const struct kiwi_acquisition *a = m->acquisitions[i].row;

        if (a && a->object == use->object && a->thread_class == t->thread_class)
            count += m->acquisitions[i].count;
    }
    return count;
}

/* Who takes the lock most, and how often the victim got it: at least as often as it waited, and no more often than all
 * of its kind. Of more threads than are counted, each new one begins with the count of the one whose place it takes. */
static bool others_favoured(const struct lock_uses *u, const struct lock_use *use, struct victim *v)
{
    uint64_t own = v->waits;

    for (unsigned i = 0; i < KIWI_CONTENTION_USERS; i++) {
        const struct kiwi_contention_user *user = &use->row->users[i];
        uint32_t thread = wording_thread_row(u->m, user->thread, user->serial);

        if (thread && thread == v->thread)
            own = user->samples > own ? user->samples : own;
        else if (user->samples > v->favoured_count) {
            v->favoured = thread;
            v->favoured_count = user->samples;
        }
    }
    if (own > v->waits && v->favoured_count < MORE_OFTEN * own) {
        uint64_t such = taken_by_such(u->m, use, v->thread);

        own = such >= v->waits && such < own ? such : own;
    }
    return v->favoured_count >= MORE_OFTEN * own;
}

static bool is_starved(const struct lock_uses *u, const struct lock_use *use, struct victim *v)
{
    const struct trace *t = u->m->trace;
    uint64_t starved_ns = trace_ns(t, v->starved_ticks), busy = lock_use_busy(u->m, v->thread);
    double stalled = lock_use_share(use->lost_ticks, use->waited_ticks); /* the holder had no processor */

    if (!v->thread || !v->starved || v->overtakes < OVERTAKES || starved_ns < STARVED_NS ||
        figure_mean(starved_ns, v->starved) < STARVED_MEAN_NS ||
        (v->starved < STARVED_LEAST && starved_ns < STARVED_LONG_NS))
        return false;
    double off = stalled * (double)v->starved_ticks;
    v->share = lock_use_share(v->starved_ticks, busy);
    return lock_use_net_share((double)v->starved_ticks, off, (double)busy, off) >= STARVED_SHARE &&
           lock_use_net_held(use, use->waited_ticks) >= UTILISATION && others_favoured(u, use, v);
}

static void report_texts(const struct lock_uses *u, const struct lock_use *use, const struct victim *v,
                         struct finding *f)
{
    struct model *m = u->m;
    const struct kiwi_object *o = trace_object(m->trace, use->object);
    bool readers = o && o->kind == KIWI_OBJECT_RWLOCK && v->worst->request->mode == KIWI_MODE_WRITE;
    const char *lock = wording_lock(f, use->object);

    finding_set(f, &f->title, "A thread that waits for %s is overtaken up to %" PRIu64 " times",
                model_object_name(m, use->object), v->overtakes_max);
    finding_evidence(f,
                     "During %" PRIu64 " of its %" PRIu64 " waits other threads got the lock %u times or more; %" PRIu64
                     " times in all, %" PRIu64 " times during one wait.",
                     v->starved, v->waits, KIWI_STARVED_OVERTAKES, v->overtakes, v->overtakes_max);
    finding_evidence(f, "These waits took %s, %.0f %% of the time that %s was not idle.",
                     model_duration(m, v->starved_ticks), 100 * v->share, model_thread_name(m, v->thread));
    if (v->favoured)
        finding_evidence(f, "Meanwhile %s took it most, about %" PRIu64 " times in the recording.",
                         model_thread_name(m, v->favoured), v->favoured_count);
    wording_validation(f, m, "lock-starvation", "the finding must be gone.");
    if (readers) {
        finding_set(f, &f->why,
                    "Readers come in while others read %s, also past a writer that waits, unless the lock was made to "
                    "prefer writers. As long as their holds overlap it is never free for that one.",
                    lock);
        finding_set(f, &f->fix,
                    "Let %s prefer writers (pthread_rwlockattr_setkind_np with "
                    "PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP, if no thread reads it twice at a time), hold it "
                    "for reading only now and then, or let readers use a copy that writers replace.",
                    lock);
        return;
    }
    finding_set(f, &f->why,
                "%s goes to whoever asks while it is free, not to whoever waits longest. A thread that lets go of it "
                "and at once takes it again is back before a sleeping waiter has woken up: that one may wait for ever.",
                lock);
    finding_set(f, &f->fix,
                "Leave %s alone between two turns in the loop that takes it again and again: do the next step's work "
                "before locking, or take it once for several steps and then wait for work. Where turns must be fair, "
                "let the waiters queue (a ticket, or a condition variable with a counter).",
                lock);
}

static int report(const struct lock_uses *u, const struct lock_use *use, const struct victim *v,
                  struct finding_list *list)
{
    struct model *m = u->m;
    struct finding *f = finding_add(list, FINDING_LOCK_STARVATION);
    uint32_t holder = v->worst->row->holder_stack, waiter = v->worst->request->stack;

    if (!f)
        return -1;
    f->confidence = CONFIDENCE_HIGH;
    f->count = v->starved;
    f->cause = place_hash(place_hash(FINDING_LOCK_STARVATION, lock_cause(m, use->object)),
                          place_location_hash(m->trace, m->symbols, waiter));
    finding_object(f, m, use->object);
    wording_label(f);
    report_texts(u, use, v, f);
    if (blame_is_told(u, use, list)) {
        f->severity = SEVERITY_LOW;
        finding_evidence(f, "Most of the time that it was held went into blocking calls, which has a finding of its "
                            "own: mend that first, and look whether this is still there.");
    }
    if (holder)
        finding_stack(f, m, holder, v->worst->row->holder_thread, "%s was taken here, again and again",
                      wording_lock(f, use->object));
    finding_stack(f, m, waiter, v->thread, "waited here meanwhile");
    wording_seen(f, m, v->worst->row->first_ticks, v->worst->row->last_ticks);
    return 0;
}

/* The one that lost most; other victims of the same lock are of the same cause. */
static int judge(const struct lock_uses *u, const struct lock_use *use, struct finding_list *list)
{
    struct victim worst = {0}, v;

    if (!use->row || !use->waited_ticks)
        return 0;
    for (uint32_t at = 0; at < use->charge_count;) {
        at = victim_sum(u, use, at, &v);
        if (is_starved(u, use, &v) && v.starved_ticks > worst.starved_ticks)
            worst = v;
    }
    return worst.thread ? report(u, use, &worst, list) : 0;
}

int detect_lock_starvation(struct model *m, struct finding_list *list)
{
    struct lock_uses *u = lock_uses_open(m);
    int result = u ? 0 : -1;

    for (uint32_t i = 0; u && i < u->count && !result; i++)
        result = judge(u, &u->items[i], list);
    lock_uses_close(u);
    return result;
}
