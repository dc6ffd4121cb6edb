/*
 * slow-shutdown: from SIGTERM to the end of the process took longer than the budget, and what it waited for.
 *
 * A signal is not yet a shutdown: a handler may reload, print figures or interrupt a command, and the process goes on.
 * It is judged by what the thread that ends the process (else the main thread) does after it: if it returns to the wait
 * that it came from, it goes on. Then later signals are looked at.
 */
#include "detector.h"

#include "../place.h"
#include "shutdown_waits.h"
#include "wording.h"

#include <inttypes.h>
#include <signal.h>

#define BUDGET_NS 5000000000u /* of traces that do not tell */
#define SAME_WORK_LEAST 3u    /* returns to a call that it made before, and that is not made to wait for work */
#define CHAIN_MAX 4u          /* threads that wait for each other to end */
#define OTHERS_MAX 3u

struct shutdown {
    struct model *m;
    const struct kiwi_shutdown *arrival;
    uint64_t begin, end, budget_ns;
    bool exited;             /* it called exit or returned from main */
    bool closed;             /* a listening descriptor was closed after the signal */
    bool served;             /* a thread went on accepting connections */
    uint32_t thread, serial; /* who is looked at */
    struct shutdown_waits waits;
};

/* Which signals. */

static uint32_t arrivals_of(const struct trace *t, const struct kiwi_shutdown **arrivals)
{
    uint32_t count = 0;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_SHUTDOWNS) && count < KIWI_SHUTDOWN_ARRIVALS; i++) {
        const struct kiwi_shutdown *r = trace_shutdown(t, i);

        if (r && r->kind == KIWI_SHUTDOWN_ARRIVAL && r->first_ticks)
            arrivals[count++] = r;
    }
    return count;
}

static void find_thread(struct shutdown *s)
{
    const struct trace *t = s->m->trace;
    const struct kiwi_header *h = trace_header(t);

    s->thread = s->exited ? h->end_thread : 0;
    s->serial = s->exited ? h->end_serial : 0;
    for (uint32_t i = 1; !s->thread && i < trace_rows(t, KIWI_TABLE_THREADS); i++) {
        const struct kiwi_thread *row = trace_thread(t, i);

        if (row && (row->flags & (KIWI_THREAD_MAIN | KIWI_THREAD_FORKED))) {
            s->thread = i;
            s->serial = row->serial;
        }
    }
}

/* Did the process take the signal for the end? */

/* Waiting for work, as opposed to waiting for something that was begun. */
static bool waits_for_work(const struct model *m, const struct shutdown_wait *w)
{
    const struct kiwi_call *c = w->kind == KIWI_SHUTDOWN_CALL ? trace_call(m->trace, w->row) : NULL;

    if (!c)
        return false;
    switch (c->kind) {
    case KIWI_CALL_ACCEPT:
    case KIWI_CALL_ACCEPT4:
    case KIWI_CALL_SIGWAIT:
    case KIWI_CALL_SIGSUSPEND:
    case KIWI_CALL_COND_WAIT:
    case KIWI_CALL_COND_TIMEDWAIT:
    case KIWI_CALL_COND_CLOCKWAIT:
    case KIWI_CALL_SEM_WAIT:
    case KIWI_CALL_SEM_TIMEDWAIT:
    case KIWI_CALL_SEM_CLOCKWAIT:
        return true;
    default:
        return shutdown_wait_group(m, w) == KIWI_GROUP_POLL;
    }
}

/* Time in waits to which the thread came back as it had before, and in those that are new. */
static void judge_waits(const struct shutdown *s, uint64_t *as_before, uint64_t *fresh)
{
    *as_before = *fresh = 0;
    for (uint32_t i = 0; i < s->waits.count; i++) {
        const struct shutdown_wait *w = &s->waits.items[i];

        if (w->thread != s->thread || w->serial != s->serial)
            continue;
        if (!w->known)
            *fresh += w->ticks;
        else if (w->begun >= (waits_for_work(s->m, w) ? 1 : SAME_WORK_LEAST))
            *as_before += w->ticks;
    }
}

static bool is_shutdown(const struct shutdown *s)
{
    uint64_t window = s->end - s->begin, as_before, fresh;

    if (s->served)
        return false;
    judge_waits(s, &as_before, &fresh);
    if (s->arrival->row == SIGINT) /* it often ends no more than a command */
        return s->exited && fresh > window / 2;
    if (!s->exited)
        return fresh > window / 2 || (s->closed && as_before <= window / 2);
    return s->closed || as_before <= window / 2;
}

/* The report. */

static const char *signal_text(uint32_t number)
{
    return number == SIGINT ? "SIGINT" : "SIGTERM";
}

static void describe_wait(struct finding *f, const struct shutdown *s, const struct shutdown_wait *w)
{
    struct model *m = s->m;
    char what[WORDING_SIZE];

    finding_evidence(f, "%s spent %s of this time in %s at %s%s (%" PRIu64 " wait%s).",
                     wording_thread(m, wording_thread_row(m, w->thread, w->serial)), model_duration(m, w->ticks),
                     shutdown_wait_text(m, w, what, sizeof what), model_site(m, shutdown_wait_stack(m, w)),
                     w->open ? ", and was there at the end" : "", w->count, wording_plural(w->count));
}

/* Who held the lock for longest meanwhile. */
static void describe_holder(struct finding *f, const struct shutdown *s, const struct shutdown_wait *w)
{
    const struct trace *t = s->m->trace;
    const struct kiwi_charge *worst = NULL;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_CHARGES); i++) {
        const struct kiwi_charge *c = trace_charge(t, i);

        if (c && c->row == w->row && c->cause != KIWI_CAUSE_TRY && (!worst || c->max_ticks > worst->max_ticks))
            worst = c;
    }
    if (worst && worst->holder_stack)
        finding_stack(f, s->m, worst->holder_stack, worst->holder_thread, "the lock was taken here");
}

/* Follows joins to the thread that was waited for. Gives the wait at the end of the chain. */
static const struct shutdown_wait *follow(struct finding *f, const struct shutdown *s, const struct shutdown_wait *w)
{
    struct model *m = s->m;
    char what[WORDING_SIZE];

    for (unsigned i = 0; w->other && i < CHAIN_MAX; i++) {
        const struct shutdown_wait *next = shutdown_waits_longest(&s->waits, w->other, w->other_serial);
        uint32_t thread = wording_thread_row(m, w->other, w->other_serial);

        if (!next || next->ticks < w->ticks / 2) {
            finding_evidence(f, "%s did not wait for most of that time: it ran.", wording_thread(m, thread));
            break;
        }
        w = next;
        describe_wait(f, s, w);
        finding_stack(f, m, shutdown_wait_stack(m, w), thread, "was in %s here",
                      shutdown_wait_text(m, w, what, sizeof what));
    }
    if (w->kind == KIWI_SHUTDOWN_LOCK)
        describe_holder(f, s, w);
    return w;
}

/* Whom a condition variable or a semaphore waits for is not known: say what took long meanwhile. */
static void describe_others(struct finding *f, const struct shutdown *s, const struct shutdown_wait *w)
{
    struct model *m = s->m;
    unsigned told = 0;

    if (w->kind != KIWI_SHUTDOWN_CALL || w->other || shutdown_wait_group(m, w) != KIWI_GROUP_SYNC)
        return;
    for (uint32_t i = 0; i < s->waits.count && told < OTHERS_MAX; i++) {
        const struct shutdown_wait *o = &s->waits.items[i];
        enum kiwi_call_group group = shutdown_wait_group(m, o);

        if (o->serial == w->serial || o->ticks < w->ticks / 2 || group == KIWI_GROUP_SYNC || group == KIWI_GROUP_POLL)
            continue;
        describe_wait(f, s, o);
        finding_stack(f, m, shutdown_wait_stack(m, o), wording_thread_row(m, o->thread, o->serial), "meanwhile");
        told++;
    }
}

static const char *remedy(const struct model *m, const struct shutdown_wait *w)
{
    switch (w ? shutdown_wait_group(m, w) : 0) {
    case KIWI_GROUP_SLEEP:
        return "Let what sleeps wait on a condition variable, or poll an eventfd, with that time as the limit, and "
               "wake "
               "it when the process is to end.";
    case KIWI_GROUP_IO:
    case KIWI_GROUP_POLL:
    case KIWI_GROUP_STREAM:
        return "Wake what waits there when the process is to end: shut the descriptor down, or poll it together with "
               "an "
               "eventfd; and give the wait a limit.";
    case KIWI_GROUP_FILE_LOCK:
        return "Ask for the file lock without waiting (LOCK_NB, F_SETLK) while the process ends, or give up after a "
               "while; and let whoever has it hold it for short.";
    case KIWI_GROUP_NAME:
    case KIWI_GROUP_PROCESS:
        return "Give that a limit which fits into the time that the process has to end, or end without it.";
    default:
        return "Tell all threads at once to end, wake those that wait, and give up what is not done by a deadline.";
    }
}

static void describe(struct finding *f, const struct shutdown *s, const struct shutdown_wait *longest)
{
    static const char *const hows[] = {"came", "came (its handler ran)", "came (by sigwait)", "came (by a signalfd)"};
    struct model *m = s->m;
    const char *end = s->exited                 ? "the process ended"
                      : trace_is_live(m->trace) ? "the process was still there"
                                                : "the latest entry in the trace was made (the process was killed)";
    uint32_t how = s->arrival->other <= KIWI_SHUTDOWN_SIGNALFD ? s->arrival->other : 0;
    char what[WORDING_SIZE];

    finding_evidence(f, "%s %s; %s later %s. shutdown-budget was %.3g s.", signal_text(s->arrival->row), hows[how],
                     model_duration(m, s->end - s->begin), end, (double)s->budget_ns / 1e9);
    if (!longest) {
        finding_evidence(f, "%s was not seen to wait: it ran.",
                         wording_thread(m, wording_thread_row(m, s->thread, s->serial)));
        return;
    }
    describe_wait(f, s, longest);
    finding_stack(f, m, shutdown_wait_stack(m, longest), wording_thread_row(m, s->thread, s->serial), "waits here: %s",
                  shutdown_wait_text(m, longest, what, sizeof what));
}

static int shutdown_report(const struct shutdown *s, struct finding_list *list)
{
    struct model *m = s->m;
    const struct shutdown_wait *longest = shutdown_waits_longest(&s->waits, s->thread, s->serial), *last;
    struct finding *f = finding_add(list, FINDING_SLOW_SHUTDOWN);
    char what[WORDING_SIZE];

    if (!f)
        return -1;
    if (longest && longest->ticks < (s->end - s->begin) / 10)
        longest = NULL;
    f->confidence = s->exited ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
    describe(f, s, longest);
    last = longest ? follow(f, s, longest) : NULL;
    if (last)
        describe_others(f, s, last);
    f->cause = longest ? place_location_hash(m->trace, m->symbols, shutdown_wait_stack(m, longest)) : 1;
    finding_set(f, &f->title, "%s %s after %s: held up by %s",
                s->exited ? "The process ended" : "The process had not ended", model_duration(m, s->end - s->begin),
                signal_text(s->arrival->row),
                longest ? shutdown_wait_text(m, longest, what, sizeof what) : "its own work");
    finding_set(
            f, &f->why,
            "Whoever stops the service waits for it: a service manager or an orchestrator kills it when its patience "
            "ends, with requests half done and buffers not written, and each deployment takes that much longer.");
    finding_set(f, &f->fix, "%s", remedy(m, last));
    wording_validation(f, m, finding_info(f->id)->id, "after a SIGTERM it must be silent.");
    wording_seen(f, m, s->begin, s->end);
    return 0;
}

static int judge(struct shutdown *s, struct finding_list *list, bool *reported)
{
    int result = shutdown_waits_make(&s->waits, s->m, s->arrival, s->end);

    if (result)
        return result;
    *reported = is_shutdown(s);
    if (*reported)
        result = shutdown_report(s, list);
    shutdown_waits_release(&s->waits);
    return result;
}

int detect_slow_shutdown(struct model *m, struct finding_list *list)
{
    const struct kiwi_header *h = trace_header(m->trace);
    const struct kiwi_shutdown *arrivals[KIWI_SHUTDOWN_ARRIVALS];
    struct shutdown s = {.m = m,
                         .end = trace_end_ticks(m->trace),
                         .budget_ns = h->shutdown_budget_ns ? h->shutdown_budget_ns : BUDGET_NS,
                         .exited = h->end_kind == KIWI_END_EXIT};
    uint32_t count = arrivals_of(m->trace, arrivals);
    bool reported = false;
    int result = 0;

    if (h->end_kind == KIWI_END_EXEC || h->end_kind == KIWI_END_STOPPED)
        return 0;
    find_thread(&s);
    for (uint32_t i = 0; i < count && !reported && !result; i++) {
        s.arrival = arrivals[i];
        s.begin = s.arrival->first_ticks;
        s.closed = s.served = false;
        for (uint32_t later = i; later < count; later++) {
            s.closed |= arrivals[later]->ticks != 0;
            s.served |= arrivals[later]->last_ticks != 0;
        }
        if (s.arrival->row != SIGQUIT && s.end > s.begin && trace_ns(m->trace, s.end - s.begin) > s.budget_ns)
            result = judge(&s, list, &reported);
    }
    return result;
}
