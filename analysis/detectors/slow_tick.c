/*
 * slow-tick: an event loop computes for longer than its budget before it comes back for other events.
 *
 * Only processor time counts: a thread that was preempted, stopped, or paged out did not compute. Ticks that mostly
 * waited are blocked-loop's; many events of which each is quick are congestion, not a stall. A thread that waits for
 * one kind of event may be a worker that waits for its next job: there, slow ticks must be the exception.
 */
#include "detector.h"

#include "../loop_use.h"
#include "../place.h"
#include "wording.h"

#include <inttypes.h>
#include <stdlib.h>

#define SLOW_LEAST 3u  /* an accident happens once, or twice */
#define EXCEPTION 0.25 /* part of the ticks of a thread that serves one kind of event */
#define USUAL_PART 5u  /* and half of its ticks take less than this part of the budget */

static bool judge(const struct loop_uses *u, const struct loop_use *use)
{
    if (loop_use_serves(use) == LOOP_SERVES_CLIENT)
        return false;
    if (loop_use_serves(use) != LOOP_SERVES_ONE)
        return use->computing >= SLOW_LEAST;
    return use->computing_served >= SLOW_LEAST && (double)use->computing <= EXCEPTION * (double)use->served &&
           loop_use_quantile(u, use, 50) < use->budget / USUAL_PART;
}

/* The longest of the kept ticks that computed, and the call or lock in it that tells where it was. */
static const struct kiwi_tick *slowest(const struct loop_uses *u, const struct loop_use *use)
{
    const struct kiwi_tick *best = NULL;

    for (uint32_t i = 0; i < use->members; i++) {
        const struct kiwi_loop *l = trace_loop(u->m->trace, u->rows[use->first + i]);

        for (uint32_t k = 0; l && l->worst && k < KIWI_LOOP_WORST; k++) {
            const struct kiwi_tick *t = trace_tick(u->m->trace, l->worst + k);

            if (t && t->begin_ticks && t->cpu_ticks != KIWI_TICK_UNKNOWN && (!best || t->cpu_ticks > best->cpu_ticks))
                best = t;
        }
    }
    return best;
}

static void report_figures(const struct loop_uses *u, const struct loop_use *use, struct finding *f)
{
    struct model *m = u->m;
    const struct kiwi_tick *worst = slowest(u, use);
    char text[WORDING_SIZE];

    finding_evidence(f,
                     "%" PRIu64 " of %" PRIu64
                     " ticks used the processor for most of the budget of %s (tick-budget) or for longer: %s in all.",
                     use->computing, use->count, model_duration(m, use->budget),
                     model_duration(m, use->computing_total));
    finding_evidence(f, "%s", loop_use_durations(u, use, text, sizeof text));
    if (worst)
        finding_evidence(f, "The worst of them began with %" PRIu32 " event%s and took %s, %s of it on the processor.",
                         worst->events, wording_plural(worst->events), model_duration(m, worst->ticks),
                         model_duration(m, worst->cpu_ticks));
    if (use->over > use->computing)
        finding_evidence(f,
                         "Not counted: %" PRIu64 " longer ticks that mostly waited, %" PRIu64
                         " that served many events quickly, and %" PRIu64 " in which the thread had no processor.",
                         use->blocked, use->crowded,
                         use->over > use->computing + use->blocked + use->crowded
                                 ? use->over - use->computing - use->blocked - use->crowded
                                 : 0);
    finding_evidence(f, "Computing leaves no call to see: the location is where the loop waits for events.");
}

static int report(const struct loop_uses *u, const struct loop_use *use, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_SLOW_TICK);
    char text[WORDING_SIZE];

    if (!f)
        return -1;
    f->confidence = loop_use_serves(use) == LOOP_SERVES_ONE ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH;
    f->count = use->computing;
    f->cause = place_hash(FINDING_SLOW_TICK, place_stack_hash(u->m->trace, use->stack));
    finding_stack(f, u->m, use->stack, use->thread, "the loop waits for events here");
    finding_set(f, &f->title, "%s computes for up to %s in one tick", loop_use_text(u, use, text, sizeof text),
                model_duration(u->m, use->computing_max));
    if (f->title && *f->title == 't')
        *f->title = 'T';
    report_figures(u, use, f);
    finding_set(f, &f->why,
                "While the loop computes, nothing else is served: every event that comes in meanwhile waits until the "
                "tick ends, up to %s.",
                model_duration(u->m, use->max));
    finding_set(f, &f->fix,
                "Move the long computation to another thread, and let its result come back as an event; or do it in "
                "parts, and return to the loop in between. A sampling profiler on this thread shows where the time "
                "goes.");
    wording_validation(f, u->m, "slow-tick", "the finding must be gone, and `kiwi show ticks` must show a lower p99.");
    wording_seen(f, u->m, use->first_ticks, use->last_ticks);
    return 0;
}

int detect_slow_tick(struct model *m, struct finding_list *list)
{
    struct loop_uses *u = loop_uses_open(m);
    int result = u ? 0 : -1;

    for (uint32_t i = 0; u && i < u->count && !result; i++)
        if (judge(u, &u->items[i]))
            result = report(u, &u->items[i], list);
    loop_uses_close(u);
    return result;
}
