/*
 * alloc-under-lock: the heap is used in the critical sections of a lock that others wait for.
 *
 * The recorder counts the allocations of holds that it times from their beginning, and enters those of holds that ended
 * while others waited. Four things must come together: the lock is waited for, and was held for much of that time by
 * somebody who had a processor; a good part of the time in those holds is in such that allocate, and what they allocate
 * takes a share of the time held that is worth removing. That time is estimated from what an allocation and its free
 * cost, and a byte that is touched for the first time. It goes by time and not by holds: where one thread builds
 * something under the lock, the others wait, and look into it for a moment each.
 */
#include "detector.h"

#include "../lock_use.h"
#include "../place.h"
#include "lock_class.h"
#include "wording.h"
#include "../figures.h"

#include <inttypes.h>

#define MS 1000000ull
#define WAITS 20u /* a few are an accident */
#define WAITED_NS (20.0 * MS)
#define WAITED 0.02      /* of the recording: during which somebody waited ... */
#define WAITED_MUCH 0.10 /* ... and from where on it is HIGH */
#define HELD 0.25        /* of that time the lock was held: else those who waited mostly waited for a processor */
#define HOLDS 10u        /* looked at */
#define HOLDS_WITH 3u    /* of these allocate ... */
#define ALLOCATING 0.3   /* ... for this share of the time */
#define CALL_NS 50.0     /* an allocation and its free, in a busy allocator */
#define BYTE_NS 0.05     /* a fault for each page of a large block */
#define HEAP_SHARE 0.05  /* of the time held */

struct judged {
    const struct lock_use *use;
    double waited;       /* share of the recording */
    double wait_ns;      /* of all threads together */
    double calls, bytes; /* of a hold that allocates, in the mean */
    double allocating;   /* share of the time held in which those were */
    double share;        /* that the allocations took, estimated */
};

static bool was_held(const struct lock_use *use)
{
    uint64_t held = use->row->pressed_ticks, lost = use->lost_ticks;

    return lock_use_share(held > lost ? held - lost : 0, use->waited_ticks) >= HELD;
}

static bool judge(struct model *m, const struct lock_use *use, struct judged *j)
{
    const struct kiwi_contention *c = use->row;
    double held_ns;

    if (!c || c->heap_looked < HOLDS || c->heap_holds < HOLDS_WITH || !c->heap_weight || use->contended < WAITS ||
        !trace_stack(m->trace, c->heap_stack))
        return false;
    *j = (struct judged){.use = use};
    /* Holders that lost their processor made others wait as well. */
    j->waited = lock_use_net_share((double)use->waited_ticks, (double)use->lost_ticks, (double)lock_use_recorded(m),
                                   (double)use->lost_ticks);
    j->wait_ns = (1 - lock_use_share(use->lost_ticks, use->waited_ticks)) * (double)trace_ns(m->trace, use->wait_ticks);
    j->calls = (double)c->heap_calls / c->heap_weight;
    j->bytes = (double)c->heap_bytes / c->heap_weight;
    j->allocating = lock_use_share(c->heap_ticks, c->heap_looked_ticks);
    held_ns = (double)trace_ns(m->trace, c->heap_looked_ticks);
    j->share = held_ns > 0 ? (CALL_NS * (double)c->heap_calls + BYTE_NS * (double)c->heap_bytes) / held_ns : 0;
    return was_held(use) && j->waited >= WAITED && j->wait_ns >= WAITED_NS && j->allocating >= ALLOCATING &&
           j->share >= HEAP_SHARE;
}

static void report_figures(struct model *m, struct finding *f, const struct judged *j)
{
    const struct lock_use *use = j->use;
    const struct kiwi_contention *c = use->row;

    finding_evidence(f,
                     "Of %" PRIu32 " holds that were looked at and ended while others waited, %" PRIu32
                     " allocated, which is %.0f %% of the time held: %.1f allocations of %.0f bytes in all in each of "
                     "these, which took %s in the mean.",
                     c->heap_looked, c->heap_holds, 100 * j->allocating, j->calls, j->bytes,
                     model_duration(m, figure_mean(c->heap_ticks, c->heap_weight)));
    finding_evidence(f,
                     "At about %.0f ns for an allocation and its free that is %.0f %% of the time held (%.0f %% is the "
                     "least that is reported).",
                     CALL_NS, j->share < 1 ? 100 * j->share : 100.0, 100 * HEAP_SHARE);
    finding_evidence(f,
                     "Threads waited for it %" PRIu64 " times, for %s in all; somebody waited during %.0f %% of the "
                     "recording.",
                     use->contended, model_duration(m, use->wait_ticks), 100 * j->waited);
}

static int report(struct model *m, const struct judged *j, struct finding_list *list)
{
    const struct kiwi_contention *c = j->use->row;
    struct finding *f = finding_add(list, FINDING_ALLOC_UNDER_LOCK);
    const char *lock;

    if (!f)
        return -1;
    f->severity = j->waited >= WAITED_MUCH ? SEVERITY_HIGH : SEVERITY_MEDIUM;
    f->confidence = CONFIDENCE_MEDIUM;
    f->count = c->heap_calls;
    f->cause = place_hash(place_hash(FINDING_ALLOC_UNDER_LOCK, lock_cause(m, j->use->object)),
                          place_location_hash(m->trace, m->symbols, c->heap_stack));
    finding_object(f, m, j->use->object);
    wording_label(f);
    lock = wording_lock(f, j->use->object);
    finding_set(f, &f->title, "The heap is used while %s is held and others wait for it",
                model_object_name(m, j->use->object));
    finding_stack(f, m, c->heap_stack, trace_thread(m->trace, c->heap_thread) ? c->heap_thread : 0,
                  "allocates while it holds %s", lock);
    report_figures(m, f, j);
    finding_set(
            f, &f->why,
            "Every allocation and free makes each hold of %s longer, and now and then much longer: when the allocator "
            "asks the kernel for memory, or waits for a lock of its own. All who want %s wait for that, too.",
            lock, lock);
    finding_set(f, &f->fix,
                "Allocate and build before taking %s, swap pointers under it, and free what was replaced after letting "
                "go; or keep buffers and use them again.",
                lock);
    wording_validation(f, m, finding_info(f->id)->id,
                       "it must be silent, and the time that threads wait must be less.");
    wording_seen(f, m, c->first_ticks, c->last_ticks);
    return 0;
}

int detect_alloc_under_lock(struct model *m, struct finding_list *list)
{
    struct lock_uses *u = lock_uses_open(m);
    int result = u ? 0 : -1;
    struct judged j;

    for (uint32_t i = 0; u && i < u->count && !result; i++)
        if (judge(m, &u->items[i], &j))
            result = report(m, &j, list);
    lock_uses_close(u);
    return result;
}
