/*
 * long-hold: a lock is now and then held far longer than usual, while others wait for it.
 *
 * A thread that loses its processor while it holds a lock holds it for long, too, and that is nobody's fault. So what
 * counts is not the clock but the time that the holder used meanwhile: running, in calls, or waiting itself. Holds
 * whose time went into blocking calls are left to lock-across-block and lock-across-poll.
 */
#include "detector.h"

#include "../place.h"
#include "blame.h"
#include "lock_class.h"
#include "wording.h"

#include <inttypes.h>

#define MS 1000000ull
#define SAMPLES 20u      /* timed holds, to know what is usual */
#define TIMES 20u        /* so many times as long as the median */
#define LONG_NS (2 * MS) /* and at least so long, where hold-budget is not known */
#define HOLDS 3u         /* an accident happens once */
#define ALL_NS (20 * MS) /* together */
#define RARE 0.1         /* part of all holds: what is longer more often is how this lock is used */
#define IN_CALLS 0.5     /* of the waits */

struct long_holds {
    uint64_t median, limit; /* ticks */
    uint64_t count, ticks;  /* holds over the limit */
    struct blame blame;
};

/* Others waited for few of the holds: those that nobody met are as long. Half the limit, since the same work takes
 * longer at times. */
static bool is_usual(const struct durations *d, uint32_t contention, uint64_t limit)
{
    uint64_t ticks, holds = durations_from(d, contention, KIWI_HISTOGRAM_HOLD, limit / 2, &ticks);

    return lock_use_share(holds, durations_count(d, contention, KIWI_HISTOGRAM_HOLD)) > RARE;
}

static uint64_t budget_ns(const struct model *m)
{
    uint64_t told = trace_header(m->trace)->hold_budget_ns;

    return told ? told : LONG_NS;
}

static bool judge(const struct lock_uses *u, const struct lock_use *use, struct long_holds *l)
{
    const struct durations *d = u->durations;
    uint64_t least = lock_use_ticks(u->m, budget_ns(u->m));

    if (!use->contention || durations_count(d, use->contention, KIWI_HISTOGRAM_HOLD) < SAMPLES)
        return false;
    *l = (struct long_holds){.median = durations_quantile(d, use->contention, KIWI_HISTOGRAM_HOLD, 50, 100)};
    l->limit = l->median * TIMES > least ? l->median * TIMES : least;
    l->count = durations_from(d, use->contention, KIWI_HISTOGRAM_RUNNING, l->limit, &l->ticks);
    if (l->count < HOLDS || trace_ns(u->m->trace, l->ticks) < ALL_NS || lock_use_share(l->count, use->count) > RARE ||
        is_usual(d, use->contention, l->limit))
        return false;
    l->blame = blame_of(u, use);
    return !l->blame.ticks || (double)(l->blame.call_ticks + l->blame.lock_ticks) < IN_CALLS * (double)l->blame.ticks;
}

static void report_texts(const struct lock_uses *u, const struct lock_use *use, const struct long_holds *l,
                         struct finding *f)
{
    struct model *m = u->m;
    const char *lock = wording_lock(f, use->object);

    finding_set(f, &f->title, "%s is now and then held for up to %s", model_object_name(m, use->object),
                model_duration(m, use->row->pressed_max_ticks));
    finding_evidence(f, "Half of %" PRIu64 " holds that were timed took up to %s.",
                     durations_count(u->durations, use->contention, KIWI_HISTOGRAM_HOLD), model_duration(m, l->median));
    finding_evidence(f,
                     "During %" PRIu64
                     " holds, while others waited, the thread with the lock was busy for %s or more: %s in all; the "
                     "longest of them lasted %s.",
                     l->count, model_duration(m, l->limit), model_duration(m, l->ticks),
                     model_duration(m, use->row->pressed_max_ticks));
    finding_evidence(f, "Holds count here from %u times the median on, and from hold-budget (%s) on.", TIMES,
                     model_duration(m, lock_use_ticks(m, budget_ns(m))));
    finding_evidence(f, "Threads waited %" PRIu64 " times for this lock, for %s in all and %s at worst.",
                     use->contended, model_duration(m, use->wait_ticks), model_duration(m, use->wait_max_ticks));
    finding_evidence(f, "Time in which the holder had no processor is not counted.");
    finding_set(f, &f->why,
                "Most of the time %s is free after %s or less, so nothing looks slow, and averages stay good. Whoever "
                "comes during a long hold waits thousands of times as long: these are the outliers in the latency of "
                "everything that needs the lock.",
                lock, model_duration(m, l->median));
    finding_set(
            f, &f->fix,
            "Take the rare, long step out from under %s: work on a copy and exchange it under the lock, or do it in "
            "small parts and let go in between, or give it to another thread.",
            lock);
    wording_validation(f, m, "long-hold",
                       "the finding must be gone, and `kiwi show locks` must show a shorter maximum.");
}

static int report(const struct lock_uses *u, const struct lock_use *use, const struct long_holds *l,
                  struct finding_list *list)
{
    struct model *m = u->m;
    struct finding *f = finding_add(list, FINDING_LONG_HOLD);
    uint32_t stack = use->row->pressed_max_stack;

    if (!f)
        return -1;
    f->confidence = CONFIDENCE_HIGH;
    f->count = l->count;
    f->cause = place_hash(place_hash(FINDING_LONG_HOLD, lock_cause(m, use->object)),
                          place_location_hash(m->trace, m->symbols, stack));
    finding_object(f, m, use->object);
    wording_label(f);
    finding_stack(f, m, stack, wording_thread_row(m, use->row->pressed_max_thread, use->row->pressed_max_serial),
                  "%s was taken here for the longest hold", wording_lock(f, use->object));
    report_texts(u, use, l, f);
    if (l->blame.waiter_stack)
        finding_stack(f, m, l->blame.waiter_stack, l->blame.worst ? l->blame.worst->thread : 0, "others waited here");
    wording_seen(f, m, use->row->first_ticks, use->row->last_ticks);
    return 0;
}

int detect_long_hold(struct model *m, struct finding_list *list)
{
    struct lock_uses *u = lock_uses_open(m);
    int result = u ? 0 : -1;
    struct long_holds l;

    for (uint32_t i = 0; u && i < u->count && !result; i++)
        if (judge(u, &u->items[i], &l))
            result = report(u, &u->items[i], &l, list);
    lock_uses_close(u);
    return result;
}
