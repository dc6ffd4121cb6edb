/*
 * cond-two-mutexes: threads wait on one condition variable at the same time, each with a mutex of its own.
 *
 * Noted when a wait begins while another thread is blocked there with another mutex. One mutex after another is
 * allowed.
 */
#include "detector.h"

#include "lock_class.h"
#include "wording.h"

#include <inttypes.h>
#include <stdlib.h>

struct pair_group {
    uint64_t key;
    uint32_t misuse; /* row of the first */
    uint64_t count, first_ticks, last_ticks;
};

static const struct kiwi_misuse *misuse_here(const struct trace *t, uint32_t row)
{
    const struct kiwi_misuse *r = trace_misuse(t, row);

    return r && r->kind == KIWI_MISUSE_COND_TWO_MUTEXES && trace_object(t, r->object) ? r : NULL;
}

static uint32_t row_object(const struct trace *t, uint32_t row)
{
    const struct kiwi_acquisition *a = trace_acquisition(t, row);

    return a ? a->object : 0;
}

static void describe(struct finding *f, struct model *m, const struct kiwi_misuse *r, const struct pair_group *g)
{
    const struct trace *t = m->trace;
    uint32_t own = row_object(t, r->result), other = row_object(t, r->other_row);
    uint32_t thread = wording_thread_row(m, r->thread, r->serial);
    uint32_t other_thread = wording_thread_row(m, r->other_thread, r->other_serial);
    const struct kiwi_acquisition *theirs = trace_acquisition(t, r->other_row);

    finding_object(f, m, r->object);
    if (own)
        finding_object(f, m, own);
    if (other)
        finding_object(f, m, other);
    wording_label(f);
    finding_stack(f, m, r->stack, thread, "waits on %s with %s", wording_lock(f, r->object),
                  own ? wording_lock(f, own) : "one mutex");
    if (theirs)
        finding_stack(f, m, theirs->stack, other_thread, "takes %s for its wait", wording_lock(f, other));
    finding_evidence(f, "%s began to wait on %s with %s while %s was blocked there with %s.", wording_thread(m, thread),
                     wording_lock(f, r->object), own ? wording_lock(f, own) : "one mutex",
                     wording_thread(m, other_thread), other ? wording_lock(f, other) : "another one");
    if (g->count > 1)
        finding_evidence(f, "Waits that began so: %" PRIu64 ".", g->count);
}

static int pair_report(struct model *m, const struct pair_group *g, struct finding_list *list)
{
    const struct kiwi_misuse *r = trace_misuse(m->trace, g->misuse);
    struct finding *f = finding_add(list, FINDING_COND_TWO_MUTEXES);

    if (!f)
        return -1;
    f->confidence = CONFIDENCE_HIGH;
    f->count = g->count;
    f->cause = g->key;
    finding_set(f, &f->title, "%s is waited on with two mutexes at the same time", model_object_name(m, r->object));
    finding_set(
            f, &f->why,
            "While threads wait on a condition variable it belongs to the mutex that they gave it; with two at once "
            "the behaviour is undefined. The state that is waited for has no lock that all agree on, and a signal "
            "meant for the threads of one mutex can wake one of the other, which goes back to sleep: the wake-up is "
            "lost.");
    finding_set(f, &f->fix,
                "Give each mutex a condition variable of its own, or let all who wait on this one use the same mutex.");
    describe(f, m, r, g);
    wording_validation(f, m, finding_info(f->id)->id, "it must be silent.");
    wording_seen(f, m, g->first_ticks, g->last_ticks);
    return 0;
}

static struct pair_group *group_of(struct pair_group *groups, uint32_t *count, uint64_t key, uint32_t row)
{
    for (uint32_t i = 0; i < *count; i++)
        if (groups[i].key == key)
            return &groups[i];
    groups[*count] = (struct pair_group){.key = key, .misuse = row, .first_ticks = UINT64_MAX};
    return &groups[(*count)++];
}

int detect_cond_two_mutexes(struct model *m, struct finding_list *list)
{
    uint32_t rows = trace_rows(m->trace, KIWI_TABLE_MISUSES), count = 0;
    struct pair_group *groups = calloc((size_t)rows + 1, sizeof *groups);
    int result = groups ? 0 : -1;

    for (uint32_t i = 1; groups && i < rows; i++) {
        const struct kiwi_misuse *r = misuse_here(m->trace, i);

        if (!r)
            continue;
        struct pair_group *g = group_of(groups, &count, lock_cause(m, r->object), i);
        g->count += r->count ? r->count : 1;
        if (r->first_ticks < g->first_ticks)
            g->first_ticks = r->first_ticks;
        if (r->last_ticks > g->last_ticks)
            g->last_ticks = r->last_ticks;
    }
    for (uint32_t i = 0; i < count && !result; i++)
        result = pair_report(m, &groups[i], list);
    free(groups);
    return result;
}
