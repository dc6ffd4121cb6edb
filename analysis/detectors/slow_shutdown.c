/*
 * slow-shutdown: from SIGTERM to the end of the process took longer than the budget, and what it waited for.
 *
 * A signal is not yet a shutdown: a handler may reload, print figures or interrupt a command, and the process goes on.
 * It is judged by what the thread that ends the process (else the main thread) does after it: if it returns to the wait
 * that it came from, it goes on. Then later signals are looked at.
 */
#include "detector.h"

#include "../place.h"
#include "shutdown_hang.h"
#include "shutdown_waits.h"
#include "wording.h"
#include "../call_kinds.h"

#include <inttypes.h>
#include <signal.h>

#define BUDGET_NS 5000000000u /* of traces that do not tell */
#define WORK_WAITS_LEAST 3u   /* waits for work before the signal, of a thread that lives by them */
#define IDLE_SHARE 100u       /* part of the time in which a thread that drains its queue may still wait for work */
#define SAME_WORK_LEAST 3u    /* returns to a call that it made before, and that is not made to wait for work */
#define CHAIN_MAX 4u          /* threads that wait for each other to end */
#define OTHERS_MAX 3u

struct shutdown {
    struct model *m;
    const struct kiwi_shutdown *arrival;
    uint64_t begin, end, budget_ns;
    bool exited;             /* it called exit or returned from main */
    bool gave_in;            /* it raised the signal again, with nobody to handle it */
    bool hangs;              /* it was killed, nobody knows when, and would not have ended */
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
    if (s->gave_in) {
        s->thread = s->arrival->thread;
        s->serial = s->arrival->serial;
    }
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
static bool is_for_work(uint32_t call_kind)
{
    switch (call_kind) {
    case KIWI_CALL_ACCEPT:
    case KIWI_CALL_ACCEPT4:
    case KIWI_CALL_SIGWAIT:
    case KIWI_CALL_SIGSUSPEND:
        return true;
    default:
        return call_kind_is_wake_up(call_kind) || call_kind_group(call_kind) == KIWI_GROUP_POLL;
    }
}

static bool waits_for_work(const struct model *m, const struct shutdown_wait *w)
{
    const struct kiwi_call *c = w->kind == KIWI_SHUTDOWN_CALL ? trace_call(m->trace, w->row) : NULL;

    return c && is_for_work(c->kind);
}

static uint64_t time_for_work(const struct shutdown *s)
{
    uint64_t ticks = 0;

    for (uint32_t i = 0; i < s->waits.count; i++) {
        const struct shutdown_wait *w = &s->waits.items[i];

        if (w->thread == s->thread && w->serial == s->serial && waits_for_work(s->m, w))
            ticks += w->ticks;
    }
    return ticks;
}

/* The thread used to wait for work, and no longer does: it works off what there is, and takes nothing new. */
static bool drains(const struct shutdown *s)
{
    uint64_t slack = (s->end - s->begin) / IDLE_SHARE;

    if (time_for_work(s) > slack)
        return false;
    for (uint32_t i = 1; i < trace_rows(s->m->trace, KIWI_TABLE_CALLS); i++) {
        const struct kiwi_call *c = trace_call(s->m->trace, i);

        if (c && c->thread == s->thread && c->serial == s->serial && c->waited >= WORK_WAITS_LEAST &&
            is_for_work(c->kind) && c->last_ticks <= s->begin + slack)
            return true;
    }
    return false;
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
    if (s->hangs)
        return true;
    if (s->arrival->row == SIGTERM && s->exited && drains(s))
        return true;
    judge_waits(s, &as_before, &fresh);
    if (s->arrival->row == SIGINT) /* it often ends no more than a command */
        return (s->exited || s->gave_in) && fresh > window / 2;
    if (!s->exited && !s->gave_in)
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

    if (s->hangs) {
        finding_evidence(f, "%s was in %s at %s, without a limit.",
                         wording_thread(m, wording_thread_row(m, w->thread, w->serial)),
                         shutdown_wait_text(m, w, what, sizeof what), model_site(m, shutdown_wait_stack(m, w)));
        return;
    }
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
                      : s->gave_in              ? "it was raised again, and ended the process"
                      : trace_is_live(m->trace) ? "the process was still there"
                                                : "the latest entry in the trace was made (the process was killed)";
    uint32_t how = s->arrival->other <= KIWI_SHUTDOWN_SIGNALFD ? s->arrival->other : 0;
    char what[WORDING_SIZE];

    if (s->hangs)
        finding_evidence(f,
                         "%s %s, and the process began to end. It was killed before it did: after how long is not "
                         "known, as nothing more was recorded.",
                         signal_text(s->arrival->row), hows[how]);
    else
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

static void set_title(struct finding *f, const struct shutdown *s, const char *what)
{
    const char *ended = s->exited || s->gave_in ? "The process ended" : "The process had not ended";

    if (s->hangs)
        finding_set(f, &f->title, "%s when it was killed after %s: held up by %s", ended, signal_text(s->arrival->row),
                    what);
    else
        finding_set(f, &f->title, "%s %s after %s: held up by %s", ended, model_duration(s->m, s->end - s->begin),
                    signal_text(s->arrival->row), what);
}

static const struct shutdown_wait *held_up_by(const struct shutdown *s)
{
    const struct shutdown_wait *longest = shutdown_waits_longest(&s->waits, s->thread, s->serial);

    for (uint32_t i = 0; s->hangs && i < s->waits.count; i++) {
        const struct shutdown_wait *w = &s->waits.items[i];

        if (w->open && w->thread == s->thread && w->serial == s->serial)
            longest = w;
    }
    return longest;
}

static int shutdown_report(const struct shutdown *s, struct finding_list *list)
{
    struct model *m = s->m;
    const struct shutdown_wait *longest = held_up_by(s), *last;
    struct finding *f = finding_add(list, FINDING_SLOW_SHUTDOWN);
    char what[WORDING_SIZE];

    if (!f)
        return -1;
    if (longest && longest->ticks < (s->end - s->begin) / 10 && !s->hangs)
        longest = NULL;
    f->confidence = s->exited || s->gave_in ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
    describe(f, s, longest);
    last = longest ? follow(f, s, longest) : NULL;
    if (last)
        describe_others(f, s, last);
    f->cause = longest ? place_location_hash(m->trace, m->symbols, shutdown_wait_stack(m, longest)) : 1;
    set_title(f, s, longest ? shutdown_wait_text(m, longest, what, sizeof what) : "its own work");
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

/* What tells of one signal, and of those after it. */
static void take_arrival(struct shutdown *s, const struct kiwi_shutdown *const *arrivals, uint32_t count)
{
    uint64_t end = trace_end_ticks(s->m->trace);

    s->arrival = arrivals[0];
    s->begin = s->arrival->first_ticks;
    s->closed = s->served = s->gave_in = s->hangs = false;
    for (uint32_t i = 0; i < count; i++) {
        s->closed |= arrivals[i]->ticks != 0;
        s->served |= arrivals[i]->last_ticks != 0;
        s->gave_in |= arrivals[i]->count != 0 && !s->exited;
        if (s->gave_in && arrivals[i]->count)
            end = arrivals[i]->count;
    }
    s->end = end;
    find_thread(s);
}

static bool is_over_budget(const struct shutdown *s)
{
    return s->end > s->begin && trace_ns(s->m->trace, s->end - s->begin) > s->budget_ns;
}

/* Nobody knows how long it took. */
static bool was_killed_in_it(struct shutdown *s)
{
    const struct trace *t = s->m->trace;

    s->hangs = !s->exited && !s->gave_in && !trace_is_live(t) && s->arrival->row == SIGTERM &&
               shutdown_hangs(s->m, s->begin, s->thread);
    s->end += s->hangs; /* the wait may be the latest thing in the trace */
    return s->hangs;
}

int detect_slow_shutdown(struct model *m, struct finding_list *list)
{
    const struct kiwi_header *h = trace_header(m->trace);
    const struct kiwi_shutdown *arrivals[KIWI_SHUTDOWN_ARRIVALS];
    struct shutdown s = {.m = m,
                         .budget_ns = h->shutdown_budget_ns ? h->shutdown_budget_ns : BUDGET_NS,
                         .exited = h->end_kind == KIWI_END_EXIT};
    uint32_t count = arrivals_of(m->trace, arrivals);
    bool reported = false;
    int result = 0;

    if (h->end_kind == KIWI_END_EXEC || h->end_kind == KIWI_END_STOPPED)
        return 0;
    for (uint32_t i = 0; i < count && !reported && !result; i++) {
        take_arrival(&s, &arrivals[i], count - i);
        if (s.arrival->row != SIGQUIT && (is_over_budget(&s) || was_killed_in_it(&s)))
            result = judge(&s, list, &reported);
    }
    return result;
}
