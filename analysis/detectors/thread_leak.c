/*
 * thread-leak: threads that ended, were neither joined nor detached, and never will be.
 *
 * Nobody is left to join a thread when its creator has ended. A creator that lives on may still do so, so there it
 * takes a pattern: more and more threads of one site begin while earlier ones lie there ended for a while (a loop that
 * starts many may be followed by one that joins them), and not one was ever joined. Threads that end in the last
 * moments of the process belong to its shutdown.
 */
#include "detector.h"

#include "thread_sites.h"
#include "wording.h"

#include <inttypes.h>
#include <stdlib.h>

#define PATTERN_LEAST 8u             /* of threads whose creator may still join them */
#define SHUTDOWN_NS (20u * 1000000u) /* before the end of the process */
#define ROUND_NS (200u * 1000000u)   /* a loop that starts threads, each of which ends at once, may take so long */

struct leak {
    uint64_t orphans;  /* their creator ended before the process did */
    uint64_t left;     /* their creator ended with the process */
    uint64_t piled_up; /* their creator lives, or lived until it was killed, and went on starting others */
    uint32_t thread;   /* one of them, which was started at: */
    uint32_t stack;
    uint64_t stack_bytes, first_ticks, last_ticks; /* of their ends */
};

struct leaks {
    struct model *m;
    struct thread_sites sites;
    struct leak *items;   /* as sites.items */
    uint64_t process_end; /* ticks, 0 = it was killed or runs */
};

static bool was_left(const struct kiwi_thread *t)
{
    const uint32_t not_ours = KIWI_THREAD_MAIN | KIWI_THREAD_FOREIGN | KIWI_THREAD_FORKED;

    return t->state == KIWI_ROW_ENDED && !(t->flags & (KIWI_THREAD_JOINED | KIWI_THREAD_DETACHED | not_ours));
}

/* Its row may have gone to a younger thread. */
static bool creator_has_ended(const struct leaks *l, const struct kiwi_thread *t)
{
    const struct kiwi_thread *c = trace_thread(l->m->trace, t->creator);

    return t->creator && (!c || c->state == KIWI_ROW_ENDED || c->serial > t->serial);
}

static bool ended_at_shutdown(const struct leaks *l, const struct kiwi_thread *t)
{
    const struct trace *trace = l->m->trace;

    return l->process_end && trace_ns_at(trace, t->end_ticks) + SHUTDOWN_NS > trace_ns_at(trace, l->process_end);
}

static bool lay_there(const struct leaks *l, const struct kiwi_thread *t, const struct thread_site *site)
{
    const struct trace *trace = l->m->trace;

    return trace_ns_at(trace, t->end_ticks) + ROUND_NS < trace_ns_at(trace, site->last_ticks);
}

static void leak_add(struct leaks *l, uint32_t row, const struct kiwi_thread *t)
{
    struct thread_site *site = thread_sites_of_class(&l->sites, t->thread_class);
    struct leak *k = site ? &l->items[site - l->sites.items] : NULL;

    if (!k || ended_at_shutdown(l, t))
        return;
    if (creator_has_ended(l, t))
        k->orphans++;
    else if (l->process_end)
        k->left++;
    else if (lay_there(l, t, site))
        k->piled_up++;
    else
        return;
    if (!k->thread || t->end_ticks < k->first_ticks) {
        k->thread = row;
        k->stack = trace_thread_class(l->m->trace, t->thread_class)->create_stack;
        k->first_ticks = t->end_ticks;
    }
    if (t->end_ticks > k->last_ticks)
        k->last_ticks = t->end_ticks;
    if (t->stack_high - t->stack_low > k->stack_bytes && t->stack_high > t->stack_low)
        k->stack_bytes = t->stack_high - t->stack_low;
}

/* A join of an unknown thread may have been that of a forgotten one. */
static uint64_t forgotten(const struct leaks *l, const struct thread_site *s)
{
    uint64_t unknown = trace_header(l->m->trace)->settled_unknown;

    return s->forgotten > unknown ? s->forgotten - unknown : 0;
}

static uint64_t leak_count(const struct leaks *l, const struct thread_site *s, const struct leak *k)
{
    uint64_t count = k->orphans + k->left + forgotten(l, s);

    if (!s->settled && k->piled_up + count >= PATTERN_LEAST)
        count += k->piled_up;
    return count;
}

static bool never_joined(const struct leak *k, uint64_t count)
{
    return k->orphans || count >= PATTERN_LEAST;
}

static void describe_count(struct finding *f, struct model *m, const struct thread_site *s, const struct leak *k,
                           uint64_t count)
{
    if (s->started == 1)
        finding_evidence(f, "The one thread started here ended and was neither joined nor detached.");
    else if (!s->settled && count == s->started)
        finding_evidence(f, "None of the %" PRIu64 " thread%s started here was joined or detached, and all ended.",
                         count, wording_plural(count));
    else
        finding_evidence(f,
                         "%" PRIu64 " of the %" PRIu64
                         " threads started here ended and were neither joined nor detached; %" PRIu64 " were.",
                         count, s->started, s->settled);
    if (k->orphans)
        finding_evidence(f,
                         "The thread that had started %" PRIu64 " of them has ended, too: nobody is left who "
                         "would join them.",
                         k->orphans);
    if (k->left)
        finding_evidence(f,
                         "%" PRIu64 " had ended well before the process did, whose end was also that of the thread "
                         "that had started them.",
                         k->left);
    if (count > k->orphans + k->left)
        finding_evidence(f,
                         "For %" PRIu64 " the thread that started them could still have joined them, but it went on "
                         "starting more.",
                         count - k->orphans - k->left);
    if (k->stack_bytes)
        finding_evidence(f, "Each keeps its stack of %" PRIu64 " KiB of address space, and its descriptor.",
                         k->stack_bytes >> 10);
    finding_evidence(f, "One of them was %s.", wording_thread(m, k->thread));
}

static int leak_report(struct leaks *l, const struct thread_site *s, const struct leak *k, struct finding_list *list)
{
    struct model *m = l->m;
    uint64_t count = leak_count(l, s, k);
    uint32_t stack = k->stack ? k->stack : s->forgotten_stack;
    struct finding *f = finding_add(list, FINDING_THREAD_LEAK);

    if (!f)
        return -1;
    f->severity = never_joined(k, count) ? SEVERITY_HIGH : SEVERITY_LOW;
    f->confidence = l->process_end && k->orphans + k->left == count ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
    f->count = count;
    f->cause = s->key;
    finding_set(f, &f->title, "%" PRIu64 " thread%s started at %s %s neither joined nor detached", count,
                wording_plural(count), model_site(m, stack), count == 1 ? "was" : "were");
    finding_set(f, &f->why,
                "A joinable thread that has ended keeps its stack and its descriptor until somebody joins it. They add "
                "up with every thread that is started here, until the process has no more address space or threads "
                "and pthread_create fails.");
    finding_set(
            f, &f->fix,
            "Keep the handle and join it where the work must be over; or, if nobody waits for it, detach the thread "
            "when it is started (pthread_detach, PTHREAD_CREATE_DETACHED, std::thread::detach).");
    finding_stack(f, m, stack, 0, "starts the thread");
    describe_count(f, m, s, k, count);
    wording_validation(f, m, finding_info(f->id)->id, "it must be silent.");
    wording_seen(f, m, k->first_ticks, k->last_ticks);
    return 0;
}

int detect_thread_leak(struct model *m, struct finding_list *list)
{
    const struct kiwi_header *h = trace_header(m->trace);
    struct leaks l = {.m = m, .process_end = h->end_kind == KIWI_END_EXIT ? h->end_ticks : 0};
    int result = thread_sites_make(&l.sites, m);

    if (result)
        return result;
    l.items = calloc(l.sites.count + 1, sizeof *l.items);
    for (uint32_t i = 1; l.items && i < trace_rows(m->trace, KIWI_TABLE_THREADS); i++) {
        const struct kiwi_thread *t = trace_thread(m->trace, i);

        if (t && was_left(t))
            leak_add(&l, i, t);
    }
    result = l.items ? 0 : -1;
    for (uint32_t i = 0; i < l.sites.count && !result; i++)
        if (leak_count(&l, &l.sites.items[i], &l.items[i]))
            result = leak_report(&l, &l.sites.items[i], &l.items[i], list);
    free(l.items);
    thread_sites_release(&l.sites);
    return result;
}
