#include "misuse.h"

#include "misuse_wording.h"
#include "wording.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define SHUTDOWN_NS 50000000u /* a thread that ends so long before the process is part of its end */

int misuse_finding(uint32_t kind)
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

static bool is_relock(uint32_t kind)
{
    return kind == KIWI_MISUSE_RELOCK || kind == KIWI_MISUSE_RELOCK_TIMED;
}

/* The other thread, be it of this process or (after a fork) of its parent. */
static const char *other_name(struct model *m, const struct incident *n)
{
    if (n->other_thread)
        return model_thread_name(m, n->other_thread);
    return n->other_name ? trace_string(m->trace, n->other_name) : "";
}

static void report_other(struct model *m, struct finding *f, const struct misuse_wording *w, const struct incident *n)
{
    uint32_t other = is_relock(n->kind) ? n->thread : n->other_thread;
    const char *name = other_name(m, n);

    if (n->other_stack && n->other_stack != n->stack)
        finding_stack(f, m, n->other_stack, other, w->other_label, wording_lock(f, n->object));
    if (is_relock(n->kind) || !name[0])
        return;
    if (!n->other_stack && n->kind != KIWI_MISUSE_DESTROY_WAITED)
        finding_evidence(f, "%s was the other thread.", name);
    else if (n->other_thread != n->thread || n->kind != KIWI_MISUSE_STACK_HELD)
        finding_evidence(f, w->other_deed, name, model_site(m, n->other_stack));
}

static void report_result(struct finding *f, const struct incident *n)
{
    bool waits = is_relock(n->kind) || n->kind == KIWI_MISUSE_FORK_WANTED;

    if (waits && n->result == RESULT_UNKNOWN) {
        finding_evidence(f, "The call had not returned when the trace was last written to.");
    } else if (n->kind == KIWI_MISUSE_RELOCK && n->result == 0) {
        f->severity = SEVERITY_HIGH;
        finding_evidence(f, "The call did return: another thread unlocked the mutex in its owner's place.");
    } else if (n->kind == KIWI_MISUSE_FORK_WANTED) {
        f->severity = n->result == EBUSY ? SEVERITY_MEDIUM : SEVERITY_HIGH;
        finding_evidence(f, "The call came back with error %" PRIu32 " (%s), as it always will in such a child.",
                         n->result, strerrorname_np((int)n->result) ? strerrorname_np((int)n->result) : "unknown");
    } else if (n->result != RESULT_UNKNOWN && n->result != 0) {
        finding_evidence(f, "The call returned error %" PRIu32 " (%s).", n->result,
                         strerrorname_np((int)n->result) ? strerrorname_np((int)n->result) : "unknown");
    }
}

/* What came of a lock that nobody can release. */
static void report_waiters(struct model *m, struct finding *f, const struct incident *n)
{
    uint32_t count;
    const struct model_waiter *w = model_waiters(m, n->object, &count);

    if (n->kind != KIWI_MISUSE_EXIT_HELD || !count)
        return;
    finding_evidence(f, "%" PRIu32 " thread%s wait%s for it at the end of the trace.", count, wording_plural(count),
                     count == 1 ? "s" : "");
    finding_stack(f, m, w->stack, w->thread, "waits for %s", wording_lock(f, n->object));
}

/* When the process ends, threads and destructors of static objects run side by side: nobody sees what comes of it. */
static void report_ending(struct model *m, struct finding *f, const struct incident *n)
{
    const struct kiwi_header *h = trace_header(m->trace);

    if (f->id != FINDING_USE_AFTER_DESTROY || h->end_kind != KIWI_END_EXIT || n->first_ticks < h->end_ticks)
        return;
    f->severity = SEVERITY_MEDIUM;
    finding_evidence(f, "The process was ending by then.");
}

/*
 * A detached thread that takes a lock with it when the process is about to end does so to keep others out of what goes
 * away: the Java VM's own thread does. Nobody waits for it, and nobody will. The time in which Kiwi searches for lost
 * blocks, which all memory of such a process makes long, is not the process's own.
 */
static void report_shutdown(struct model *m, struct finding *f, const struct incident *n)
{
    const struct kiwi_header *h = trace_header(m->trace);
    const struct kiwi_thread *t = trace_thread(m->trace, n->thread);
    uint32_t waiters;
    uint64_t left_ns;

    if (n->kind != KIWI_MISUSE_EXIT_HELD || !t || !(t->flags & KIWI_THREAD_DETACHED) || n->count > 1 ||
        h->end_kind != KIWI_END_EXIT || h->end_ticks < n->last_ticks || model_waiters(m, n->object, &waiters))
        return;
    left_ns = trace_ns(m->trace, h->end_ticks - n->last_ticks);
    if (left_ns > SHUTDOWN_NS + h->leak_scan_us * (uint64_t)1000)
        return;
    f->severity = SEVERITY_LOW;
    finding_evidence(f, "The thread was detached, and the process ended %s later: it may keep the lock on purpose.",
                     model_duration(m, h->end_ticks - n->last_ticks));
}

static void report_others(struct model *m, struct finding *f, const struct misuse_group *g)
{
    for (uint32_t i = 0; i < g->stack_count; i++)
        if (g->stacks[i] != g->first.stack)
            finding_stack(f, m, g->stacks[i], 0, "the same, by another call path");
}

static void report_evidence(struct model *m, struct finding *f, const struct misuse_group *g,
                            const struct misuse_wording *w)
{
    const struct incident *n = &g->first;

    finding_stack(f, m, n->stack, n->thread, w->label, wording_lock(f, n->object));
    finding_evidence(f, w->deed, n->thread ? model_thread_name(m, n->thread) : "A thread that has ended since",
                     model_site(m, n->stack));
    if (n->count > 1)
        finding_evidence(f, "It happened %" PRIu64 " times; this was the first.", n->count);
    report_result(f, n);
    report_other(m, f, w, n);
    report_waiters(m, f, n);
    report_ending(m, f, n);
    report_shutdown(m, f, n);
    report_others(m, f, g);
}

bool misuse_has_wording(uint32_t kind)
{
    return misuse_wording(kind) != NULL;
}

int misuse_report(struct model *m, const struct misuse_group *g, struct finding_list *list)
{
    const struct incident *n = &g->first;
    const struct misuse_wording *w = misuse_wording(n->kind);
    const char *name = model_object_name(m, n->object);
    struct finding *f = finding_add(list, (enum finding_id)misuse_finding(n->kind));

    if (!f)
        return -1;
    f->severity = w->severity;
    f->confidence = CONFIDENCE_HIGH;
    f->count = n->count;
    f->cause = g->key;
    finding_object(f, m, n->object);
    wording_label(f);
    finding_set(f, &f->title, w->title, name);
    finding_set(f, &f->why, w->why, wording_lock(f, n->object));
    finding_set(f, &f->fix, w->fix, wording_lock(f, n->object));
    for (uint32_t i = 0; i < g->object_count; i++)
        finding_object(f, m, g->objects[i]);
    report_evidence(m, f, g, w);
    wording_validation(f, m, finding_info(f->id)->id, "it must be silent.");
    wording_seen(f, m, n->first_ticks, n->last_ticks);
    return 0;
}
