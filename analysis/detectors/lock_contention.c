/*
 * lock-contention, lock-convoy: threads that lose their time waiting for one lock.
 *
 * Two things must come together: a thread lost a tenth of its time, and the lock was a bottleneck: held for 30 % of the
 * recording (or waited for, where it is on its way most of the time), and waited for during a tenth of it. Which of the
 * two findings it is depends on where that time went. If somebody held the lock, it is contention. If most of the time
 * that threads waited nobody held it, it went into handing the lock over: a woken thread needs many microseconds until
 * it runs, and a short critical section is over before the next one is awake.
 *
 * On a full machine a holder may lose its processor, and then everybody waits until it gets it back. That is the
 * machine's doing: such time counts neither as held nor as lost by those who waited for it.
 */
#include "detector.h"

#include "../place.h"
#include "blame.h"
#include "lock_class.h"
#include "wording.h"

#include <inttypes.h>

#define MS 1000000ull
#define BUSY_NS (20 * MS) /* threads that live shorter are judged together with others of their class */
#define LOST_NS (50 * MS) /* that somebody must have lost in all */
#define LOST_SHARE 0.10   /* of the time of that thread */
#define UTILISATION 0.30  /* of the recording */
#define WAITED 0.10       /* of the recording: during which somebody waited */
#define IN_CALLS 0.8      /* that part of the waits in calls: lock-across-* says it all */
#define IN_CALLS_FEW 0.5  /* ... of so few that one or two of them, between two calls, make much of it */
#define WAITS 5u          /* fewer are an accident */
#define WAITS_FEW 20u
#define TELL_LOST 0.95           /* of the waits count: fewer is worth a line */
#define CONVOY_HELD 0.5          /* of the time that threads waited, at most so much was the lock held ... */
#define CONVOY_HELD_BARGING 0.25 /* ... where a running thread may get it before the one that was woken */

struct judged {
    const struct lock_uses *u;
    const struct lock_use *use;
    struct lock_loss loss;
    struct blame blame;
    double lost, held, waited; /* shares: of the worst thread's time; of the recording */
    double counts;             /* part of the waits that is not put down to holders without a processor */
    bool convoy;
};

static bool is_convoy(const struct judged *j)
{
    const struct kiwi_object *o = trace_object(j->u->m->trace, j->use->object);
    double held = j->waited > 0 ? j->held / j->waited : 1;

    if (o->kind == KIWI_OBJECT_SPIN)
        return false; /* its waiters do not sleep */
    return held <= (o->flags & KIWI_OBJECT_PRIO_INHERIT ? CONVOY_HELD : CONVOY_HELD_BARGING);
}

/* Longer than the recording only because it is estimated from a sample. */
static uint64_t held_ticks(const struct lock_use *use, uint64_t recorded)
{
    uint64_t held = lock_use_held(use);

    return held < recorded ? held : recorded;
}

/* Whether enough time was lost, and at this lock, after what is the machine's doing has been taken off. */
static bool is_bottleneck(const struct judged *j)
{
    const struct lock_use *use = j->use;
    uint64_t recorded = lock_use_recorded(j->u->m);
    double off = (double)use->lost_ticks, stalled = (double)j->loss.ticks * (1 - j->counts);
    double waited = lock_use_net_share((double)use->waited_ticks, off, (double)recorded, off);

    if (lock_use_net_share((double)j->loss.ticks, stalled, (double)j->loss.busy, stalled) < LOST_SHARE ||
        (double)trace_ns(j->u->m->trace, use->wait_ticks) * j->counts < LOST_NS)
        return false;
    return waited >= WAITED && (j->convoy ? waited : lock_use_net_held(use, recorded)) >= UTILISATION;
}

/* Who waited did so for calls that the holder was in. */
static bool is_about_calls(const struct judged *j)
{
    double part = j->use->contended < WAITS_FEW ? IN_CALLS_FEW : IN_CALLS;

    return j->blame.ticks && (double)j->blame.call_ticks >= part * (double)j->blame.ticks;
}

static bool judge(const struct lock_uses *u, const struct lock_use *use, struct judged *j)
{
    uint64_t recorded = lock_use_recorded(u->m);

    if (!use->contention || use->contended < WAITS)
        return false;
    *j = (struct judged){.u = u, .use = use};
    j->loss = lock_use_worst(u, use, lock_use_ticks(u->m, BUSY_NS));
    j->counts = 1 - lock_use_share(use->lost_ticks, use->waited_ticks);
    j->lost = lock_loss_share(&j->loss);
    j->held = lock_use_share(held_ticks(use, recorded), recorded);
    j->waited = lock_use_share(use->waited_ticks, recorded);
    j->convoy = is_convoy(j);
    if (!is_bottleneck(j))
        return false;
    j->blame = blame_of(u, use);
    return !is_about_calls(j);
}

static void report_figures(const struct judged *j, struct finding *f)
{
    struct model *m = j->u->m;
    const struct lock_use *use = j->use;
    const struct durations *d = j->u->durations;
    uint64_t waits = durations_count(d, use->contention, KIWI_HISTOGRAM_WAIT);

    finding_evidence(f, "Threads waited for it %" PRIu64 " times, for %s in all and %s at worst.", use->contended,
                     model_duration(m, use->wait_ticks), model_duration(m, use->wait_max_ticks));
    if (durations_tell(waits, 99, 100))
        finding_evidence(f, "Half of the waits took up to %s, 99 %% up to %s (%" PRIu64 " waits).",
                         model_duration(m, durations_quantile(d, use->contention, KIWI_HISTOGRAM_WAIT, 50, 100)),
                         model_duration(m, durations_quantile(d, use->contention, KIWI_HISTOGRAM_WAIT, 99, 100)),
                         waits);
    if (j->loss.thread)
        finding_evidence(f, "%s lost %.0f %% of its time to it: %s of the %s that it was not idle.",
                         model_thread_name(m, j->loss.thread), 100 * j->lost, model_duration(m, j->loss.ticks),
                         model_duration(m, j->loss.busy));
    else
        finding_evidence(f, "The threads of one kind lost %.0f %% of their time to it: %s of %s together.",
                         100 * j->lost, model_duration(m, j->loss.ticks), model_duration(m, j->loss.busy));
    finding_evidence(f,
                     "It was held for about %.0f %% of the recording (%s, from %" PRIu64
                     " holds that were timed), and somebody waited for it during %.0f %%.",
                     100 * j->held, model_duration(m, held_ticks(use, lock_use_recorded(m))), use->row->holds,
                     100 * j->waited);
    if (j->counts < TELL_LOST)
        finding_evidence(f, "Its holders had no processor for about %s of that; so much is not counted.",
                         model_duration(m, use->lost_ticks));
}

static void report_contention(const struct judged *j, struct finding *f)
{
    const struct kiwi_object *o = trace_object(j->u->m->trace, j->use->object);
    bool shared = o->kind == KIWI_OBJECT_RWLOCK;
    const char *lock = wording_lock(f, j->use->object);

    finding_set(f, &f->title, "Threads lose %.0f %% of their time waiting for %s", 100 * j->lost,
                model_object_name(j->u->m, j->use->object));
    finding_set(f, &f->why, "%s %s %s. More load or more threads make the queue for it longer, not the service faster.",
                shared ? "Who holds" : "All that is done under", lock,
                shared ? "for writing keeps all others out, and readers whose holds overlap keep every writer out"
                       : "is done by one thread at a time");
    finding_set(f, &f->fix,
                "Do less under %s at the place that the waits are charged to: compute first and lock only to store the "
                "result. If that is not possible, split what it protects, so that different threads need different "
                "locks.%s",
                lock,
                shared ? " Where it is readers that keep writers waiting, let them read a copy that writers replace."
                       : "");
    wording_validation(f, j->u->m, finding_info(f->id)->id,
                       "the finding must be gone, and `kiwi show locks` must show less time waited.");
}

static void report_convoy(const struct judged *j, struct finding *f)
{
    const struct kiwi_object *o = trace_object(j->u->m->trace, j->use->object);
    const char *lock = wording_lock(f, j->use->object);

    finding_set(f, &f->title, "%s costs more to hand over than to use", model_object_name(j->u->m, j->use->object));
    finding_evidence(f,
                     "So for at least %.0f %% of the time that threads waited, nobody was between taking the lock and "
                     "letting go of it: it was on its way from one to the next.",
                     100 * (j->waited > 0 ? 1 - j->held / j->waited : 0));
    if (o->flags & KIWI_OBJECT_PRIO_INHERIT)
        finding_evidence(f,
                         "It inherits priorities: each unlock gives it to a waiter that still has to wake up, and no "
                         "running thread can take it meanwhile.");
    finding_set(f, &f->why,
                "Each turn of %s costs a sleep, a wake-up and a switch to another thread, thousands of times the work "
                "that it protects. Once such a queue has formed it does not dissolve by itself.",
                lock);
    finding_set(
            f, &f->fix, "Take %s less often: several items at a time, or a cache of each thread in front of it. %s",
            lock,
            o->flags & KIWI_OBJECT_PRIO_INHERIT
                    ? "If no thread with a real-time priority needs it, a mutex without priority inheritance lets a "
                      "running thread go on."
                    : "Fewer threads than processors, or an atomic instead of the lock, help as well.");
    wording_validation(f, j->u->m, finding_info(f->id)->id, "the finding must be gone, and more work done per second.");
}

static int report(const struct judged *j, struct finding_list *list)
{
    struct model *m = j->u->m;
    enum finding_id id = j->convoy ? FINDING_LOCK_CONVOY : FINDING_LOCK_CONTENTION;
    struct finding *f = finding_add(list, id);

    if (!f)
        return -1;
    f->confidence = j->convoy ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH;
    f->count = j->use->contended;
    f->cause = place_hash(place_hash(id, lock_cause(m, j->use->object)),
                          place_location_hash(m->trace, m->symbols, j->blame.holder_stack));
    finding_object(f, m, j->use->object);
    wording_label(f);
    report_figures(j, f);
    if (j->convoy)
        report_convoy(j, f);
    else
        report_contention(j, f);
    if (j->convoy)
        finding_stack(f, m, j->blame.waiter_stack, j->blame.worst ? j->blame.worst->thread : 0,
                      "threads queue for %s here", wording_lock(f, j->use->object));
    else
        blame_report(f, j->u, j->use, &j->blame);
    wording_seen(f, m, j->blame.worst ? j->blame.worst->row->first_ticks : 0,
                 j->blame.worst ? j->blame.worst->row->last_ticks : 0);
    return 0;
}

int detect_lock_contention(struct model *m, struct finding_list *list)
{
    struct lock_uses *u = lock_uses_open(m);
    int result = u ? 0 : -1;
    struct judged j;

    for (uint32_t i = 0; u && i < u->count && !result; i++)
        if (judge(u, &u->items[i], &j) && !blame_is_told(u, &u->items[i], list))
            result = report(&j, list);
    lock_uses_close(u);
    return result;
}
