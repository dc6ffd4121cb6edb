/*
 * error-loop: the same call fails the same way again and again, at a high rate.
 *
 * A streak of failures at one place on one descriptor (or path), without a success in between. What fails because a
 * peer is away is left to retry-storm. EAGAIN counts only where the thread asked again at once: reading until there is
 * nothing left, and then waiting, is how event loops are meant to work. The recorder counts it only where the thread
 * neither waited nor had any success in between.
 */
#include "detector.h"

#include "../place.h"
#include "calls.h"
#include "wording.h"
#include "../call_kinds.h"

#include <inttypes.h>

#define ATTEMPTS_LEAST 200u
#define RATE_LEAST 200.0          /* attempts a second */
#define LASTS_NS (100u * 1000000) /* the streak lasts at least so long */
#define SPIN_ATTEMPTS 10000u
#define SPIN_NS (150u * 1000000)

static bool is_spin(const struct kiwi_failure *r)
{
    return r->flags & KIWI_FAILURE_SPIN;
}

static bool is_error_loop(const struct model *m, const struct kiwi_failure *r)
{
    uint64_t ns = calls_streak_ns(m->trace, r);

    if (r->flags & KIWI_FAILURE_BAD_DESCRIPTOR)
        return false; /* its streak has a row of its own */
    if (is_spin(r))
        return r->attempts >= SPIN_ATTEMPTS && ns >= SPIN_NS;
    return !calls_is_about_peer(r) && r->attempts >= ATTEMPTS_LEAST && ns >= LASTS_NS &&
           calls_streak_rate(m->trace, r) >= RATE_LEAST;
}

/* Most gaps without a wait: the thread does nothing else. */
static bool burns_a_core(const struct kiwi_failure *r)
{
    return is_spin(r) || (uint64_t)r->waited * 10 < r->attempts;
}

static void describe(struct finding *f, struct model *m, const struct kiwi_failure *r)
{
    uint32_t thread = wording_thread_row(m, r->thread, r->serial);

    finding_stack(f, m, r->stack, thread, "calls %s, which fails with %s", call_kind_name(r->kind),
                  calls_errno(r->error));
    if (is_spin(r))
        finding_evidence(f,
                         "%s asked %" PRIu64 " times in a row and was told %s, for %s without waiting or succeeding.",
                         wording_thread(m, thread), r->attempts, calls_errno(r->error),
                         model_duration(m, r->end_ticks - r->begin_ticks));
    else
        finding_evidence(f, "%s failed %" PRIu64 " times in %s without a success in between: %.0f a second.",
                         wording_thread(m, thread), r->attempts, model_duration(m, r->end_ticks - r->begin_ticks),
                         calls_streak_rate(m->trace, r));
    if (!is_spin(r) && burns_a_core(r))
        finding_evidence(f, "It waited between only %" PRIu32 " of them: the rest of the time it ran.", r->waited);
    else if (!is_spin(r))
        finding_evidence(f, "It waited between %" PRIu32 " of them.", r->waited);
}

static const char *remedy(const struct kiwi_failure *r)
{
    if (is_spin(r))
        return "Wait until the descriptor is ready (poll, epoll) before asking again, or let the call wait itself.";
    if (r->error == 24 || r->error == 23) /* EMFILE, ENFILE of Linux */
        return "Stop asking while no descriptor is free: take the listener out of the poll set for some time, or close "
               "something first; and raise the limit (RLIMIT_NOFILE) or bound the number of connections.";
    return "Look at the error: leave the loop when it can not go away by itself, else wait before the next try.";
}

static int error_loop_report(struct model *m, const struct kiwi_failure *r, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_ERROR_LOOP);

    if (!f)
        return -1;
    f->severity = burns_a_core(r) ? SEVERITY_HIGH : SEVERITY_MEDIUM;
    f->confidence = CONFIDENCE_HIGH;
    f->count = r->count;
    f->cause = place_hash(place_location_hash(m->trace, m->symbols, r->stack), r->error);
    finding_set(f, &f->title, "%s at %s fails with %s again and again", call_kind_name(r->kind),
                model_site(m, r->stack), calls_errno(r->error));
    finding_set(f, &f->why,
                "A call that fails the same way each time gets nowhere, and what the thread is there for waits "
                "meanwhile.%s",
                burns_a_core(r) ? " It uses a whole processor to no end, and starves others of it." : "");
    finding_set(f, &f->fix, "%s", remedy(r));
    describe(f, m, r);
    wording_validation(f, m, finding_info(f->id)->id, "it must be silent.");
    wording_seen(f, m, r->first_ticks, r->last_ticks);
    return 0;
}

int detect_error_loop(struct model *m, struct finding_list *list)
{
    for (uint32_t i = 1; i < trace_rows(m->trace, KIWI_TABLE_FAILURES); i++) {
        const struct kiwi_failure *r = trace_failure(m->trace, i);

        if (r && is_error_loop(m, r) && error_loop_report(m, r, list))
            return -1;
    }
    return 0;
}
