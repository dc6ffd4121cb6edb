/*
 * retry-storm: what failed because of a peer is tried again without waiting, always after the same time, without end,
 * or by many threads at the same moments.
 *
 * A streak is a run of failures of one thread at one place with one peer, each begun less than retry-gap after the one
 * before: slower ones are probes. A success ends it.
 */
#include "detector.h"

#include "../peer.h"
#include "../place.h"
#include "calls.h"
#include "wording.h"
#include "../call_kinds.h"

#include <inttypes.h>

#define NO_DELAY_LEAST 10u       /* attempts in a row with no wait in between */
#define NO_BACKOFF_GAPS 5u       /* gaps in a row of about the same length */
#define NO_CAP_LEAST 100u        /* attempts, and ... */
#define NO_CAP_GAP_NS 100000000u /* ... their mean gap */
#define LOCKSTEP_THREADS 3u
#define LOCKSTEP_ATTEMPTS 4u

struct storm {
    bool no_delay, no_backoff, no_cap;
    unsigned lockstep; /* threads that try at the same moments, 0 = none */
};

/* A capped back-off ends in even gaps, too: those are longer than the first ones. */
static bool never_grew(const struct kiwi_failure *r)
{
    return r->even_ticks < 2 * r->min_ticks;
}

static uint64_t mean_gap_ns(const struct model *m, const struct kiwi_failure *r)
{
    return r->attempts > 1 ? calls_streak_ns(m->trace, r) / (r->attempts - 1) : UINT64_MAX;
}

static bool same_try(const struct kiwi_failure *a, const struct kiwi_failure *b)
{
    return a->kind == b->kind && a->stack == b->stack && a->peer == b->peer && a->error == b->error &&
           a->thread != b->thread;
}

/* Attempt by attempt within a tenth of the gap before. */
static bool in_step(const struct kiwi_failure *a, const struct kiwi_failure *b)
{
    unsigned most = KIWI_STREAK_TIMES, steps = 0;

    if (a->attempts < most)
        most = (unsigned)a->attempts;
    if (b->attempts < most)
        most = (unsigned)b->attempts;
    for (unsigned i = 1; i < most; i++) {
        uint64_t gap = a->times[i] - a->times[i - 1];
        uint64_t apart = a->times[i] > b->times[i] ? a->times[i] - b->times[i] : b->times[i] - a->times[i];

        if (apart > gap / 10)
            return false;
        steps++;
    }
    return steps + 1 >= LOCKSTEP_ATTEMPTS;
}

static unsigned lockstep_threads(const struct model *m, uint32_t row, const struct kiwi_failure *r)
{
    unsigned threads = 1;

    if (r->attempts < LOCKSTEP_ATTEMPTS || !r->waited)
        return 0;
    for (uint32_t i = 1; i < trace_rows(m->trace, KIWI_TABLE_FAILURES); i++) {
        const struct kiwi_failure *o = i == row ? NULL : trace_failure(m->trace, i);

        if (o && same_try(r, o) && in_step(r, o))
            threads++;
    }
    return threads >= LOCKSTEP_THREADS ? threads : 0;
}

static bool is_storm(const struct model *m, uint32_t row, const struct kiwi_failure *r, struct storm *s)
{
    *s = (struct storm){0};
    if ((r->flags & (KIWI_FAILURE_BAD_DESCRIPTOR | KIWI_FAILURE_SPIN)) || !calls_is_about_peer(r))
        return false;
    s->no_delay = r->rushed + 1 >= NO_DELAY_LEAST;
    s->no_backoff = r->even >= NO_BACKOFF_GAPS && never_grew(r);
    s->no_cap = r->attempts >= NO_CAP_LEAST && mean_gap_ns(m, r) <= NO_CAP_GAP_NS;
    s->lockstep = lockstep_threads(m, row, r);
    return s->no_delay || s->no_backoff || s->no_cap || s->lockstep;
}

static uint64_t gap_ns(const struct model *m)
{
    uint64_t told = trace_header(m->trace)->retry_gap_ns;

    return told ? told : KIWI_STREAK_GAP_NS;
}

static void describe(struct finding *f, struct model *m, const struct kiwi_failure *r, const struct storm *s)
{
    uint32_t thread = wording_thread_row(m, r->thread, r->serial);

    finding_stack(f, m, r->stack, thread, "calls %s, which fails with %s", call_kind_name(r->kind),
                  calls_errno(r->error));
    finding_evidence(
            f, "%s failed %" PRIu64 " times in a row within %s, with less than retry-gap (%.3g s) between two tries.",
            wording_thread(m, thread), r->attempts, model_duration(m, r->end_ticks - r->begin_ticks),
            (double)gap_ns(m) / 1e9);
    if (s->no_delay)
        finding_evidence(f,
                         "No delay: %" PRIu32 " of these tries followed each other without a wait (%u are the least "
                         "that is reported).",
                         r->rushed + 1, NO_DELAY_LEAST);
    if (s->no_backoff)
        finding_evidence(f, "No back-off: %" PRIu32 " gaps in a row were of about the same length, from %s on.",
                         r->even, model_duration(m, r->even_ticks));
    if (s->no_cap)
        finding_evidence(f, "No cap: it did not give up after %u tries.", NO_CAP_LEAST);
    if (s->lockstep)
        finding_evidence(f, "No jitter: %u threads tried at the same moments, time after time.", s->lockstep);
}

static int storm_report(struct model *m, const struct kiwi_failure *r, const struct storm *s, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_RETRY_STORM);
    char peer[PEER_TEXT];

    if (!f)
        return -1;
    f->severity = s->no_delay || s->no_cap ? SEVERITY_HIGH : SEVERITY_MEDIUM;
    f->confidence = CONFIDENCE_HIGH;
    f->count = r->count;
    f->cause = place_hash(place_location_hash(m->trace, m->symbols, r->stack), r->kind);
    if (r->peer)
        finding_set(f, &f->title, "%s to %s at %s is retried %s", call_kind_name(r->kind),
                    peer_text(m->trace, r->peer, peer, sizeof peer), model_site(m, r->stack),
                    s->no_delay ? "without delay" : "without backing off");
    else
        finding_set(f, &f->title, "%s at %s is retried %s", call_kind_name(r->kind), model_site(m, r->stack),
                    s->no_delay ? "without delay" : "without backing off");
    finding_set(f, &f->why,
                "A peer that is down, or just coming up again under the load that felled it, gets all tries of all "
                "clients at once and can not recover; meanwhile this service burns time, ports and log space on calls "
                "that can not succeed yet.");
    finding_set(f, &f->fix,
                "Wait between tries, twice as long each time up to a limit, with a random share of it; give up after a "
                "few and tell the caller.");
    describe(f, m, r, s);
    wording_validation(f, m, finding_info(f->id)->id, "it must be silent while the peer is away.");
    wording_seen(f, m, r->first_ticks, r->last_ticks);
    return 0;
}

int detect_retry_storm(struct model *m, struct finding_list *list)
{
    for (uint32_t i = 1; i < trace_rows(m->trace, KIWI_TABLE_FAILURES); i++) {
        const struct kiwi_failure *r = trace_failure(m->trace, i);
        struct storm s;

        if (r && is_storm(m, i, r, &s) && storm_report(m, r, &s, list))
            return -1;
    }
    return 0;
}
