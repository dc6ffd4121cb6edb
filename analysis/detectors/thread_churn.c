/*
 * thread-churn: short-lived threads made one after the other at a high rate, as for each request.
 *
 * A burst is none: pools are made at once and stay. What counts is that many threads of one site begin in quarter after
 * quarter of a second, and that most of them are soon gone again.
 */
#include "detector.h"

#include "thread_sites.h"
#include "wording.h"
#include "../figures.h"

#include <inttypes.h>

#define WINDOWS_LEAST 3u          /* busy quarters of a second */
#define THREADS_LEAST 100u        /* begun in them */
#define LIFE_NS (250u * 1000000u) /* half of the threads live no longer */

static uint64_t life_ns(const struct model *m, const struct thread_site *s, unsigned percent)
{
    uint64_t ticks = thread_site_life(s, percent);

    return ticks == UINT64_MAX ? UINT64_MAX : trace_ns(m->trace, ticks);
}

static bool is_churn(const struct model *m, const struct thread_site *s)
{
    return s->busy_windows >= WINDOWS_LEAST && s->busy_started >= THREADS_LEAST && s->ended * 2 >= s->started &&
           life_ns(m, s, 50) <= LIFE_NS;
}

static uint64_t per_second(uint64_t count, uint64_t ns)
{
    return ns ? figure_round((double)count * 1e9 / (double)ns) : count;
}

static int churn_report(struct model *m, const struct thread_site *s, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_THREAD_CHURN);
    uint64_t span = trace_ns_at(m->trace, s->last_ticks) - trace_ns_at(m->trace, s->first_ticks);
    double busy_s = (double)s->busy_windows / KIWI_CLASS_WINDOWS_PER_SECOND;

    if (!f)
        return -1;
    f->confidence = CONFIDENCE_HIGH;
    f->count = s->started;
    f->cause = s->key;
    finding_set(f, &f->title, "%" PRIu64 " short-lived threads were started at %s", s->started,
                model_site(m, s->stack));
    finding_set(
            f, &f->why,
            "Making a thread and ending it costs a mapping for its stack, several system calls and cold caches, far "
            "more than handing the work to a thread that waits for it; and nothing bounds how many run at once when "
            "the load rises.");
    finding_set(f, &f->fix,
                "Let a fixed number of threads, made once, take the work from a queue with a bounded length.");
    finding_stack(f, m, s->stack, 0, "starts the threads");
    finding_evidence(f, "%" PRIu64 " threads in %s: %" PRIu64 " a second on average.", s->started,
                     model_duration(m, s->last_ticks - s->first_ticks), per_second(s->started, span));
    finding_evidence(f,
                     "%" PRIu64
                     " of them began in quarters of a second that saw %u or more begin (%.2f s of such quarters "
                     "in all; %u quarters and %u threads are the least that is reported).",
                     s->busy_started, KIWI_CLASS_BUSY, busy_s, WINDOWS_LEAST, THREADS_LEAST);
    if (thread_site_life(s, 50) == thread_site_life(s, 95))
        finding_evidence(f, "95 %% of the %" PRIu64 " that have ended lived less than %s.", s->ended,
                         model_duration(m, thread_site_life(s, 95)));
    else
        finding_evidence(f, "Half of the %" PRIu64 " that have ended lived less than %s, 95 %% less than %s.", s->ended,
                         model_duration(m, thread_site_life(s, 50)), model_duration(m, thread_site_life(s, 95)));
    wording_validation(f, m, finding_info(f->id)->id, "it must be silent, and the latency of requests lower.");
    wording_seen(f, m, s->first_ticks, s->last_ticks);
    return 0;
}

int detect_thread_churn(struct model *m, struct finding_list *list)
{
    struct thread_sites sites;
    int result = thread_sites_make(&sites, m);

    if (result)
        return result;
    for (uint32_t i = 0; i < sites.count && !result; i++)
        if (is_churn(m, &sites.items[i]))
            result = churn_report(m, &sites.items[i], list);
    thread_sites_release(&sites);
    return result;
}
