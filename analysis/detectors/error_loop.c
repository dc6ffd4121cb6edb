/*
 * error-loop: the same call fails the same way again and again, at a high rate.
 *
 * A streak of failures at one place on one descriptor (or path), without a success in between. What fails because a
 * peer is away is left to retry-storm. EAGAIN counts only where the thread asked again at once: reading until there is
 * nothing left, and then waiting, is how event loops are meant to work. The recorder counts it only where the thread
 * neither waited nor had any success in between. A name that is not there, or is there already, may be asked for in
 * each piece of work: such failures count where the thread read and wrote nothing in between. Of a descriptor that was
 * closed it says by whom: then there is no bad-fd besides.
 */
#include "detector.h"

#include "../place.h"
#include "calls.h"
#include "wording.h"
#include "../call_kinds.h"

#include <inttypes.h>

/* Of one that goes on with a descriptor that was closed: where. NULL = none. */
static const struct kiwi_failure *closed_before(const struct trace *t, const struct kiwi_failure *r)
{
    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_FAILURES); i++) {
        const struct kiwi_failure *bad = trace_failure(t, i);

        if (bad && calls_is_same_use(r, bad))
            return bad;
    }
    return NULL;
}

/* Most gaps without a wait: the thread does nothing else. */
static bool burns_a_core(const struct kiwi_failure *r)
{
    return calls_is_spin(r) || (uint64_t)r->waited * 10 < r->attempts;
}

static void describe(struct finding *f, struct model *m, const struct kiwi_failure *r)
{
    uint32_t thread = wording_thread_row(m, r->thread, r->serial);
    const struct kiwi_failure *bad = closed_before(m->trace, r);

    finding_stack(f, m, r->stack, thread, "calls %s, which fails with %s", call_kind_name(r->kind),
                  calls_errno(r->error));
    if (bad && bad->other_stack)
        finding_stack(f, m, bad->other_stack, wording_thread_row(m, bad->other_thread, bad->other_serial),
                      "had closed descriptor %" PRIu32, bad->descriptor);
    if (calls_is_spin(r))
        finding_evidence(f,
                         "%s asked %" PRIu64 " times in a row and was told %s, for %s without waiting or succeeding.",
                         wording_thread(m, thread), r->attempts, calls_errno(r->error),
                         model_duration(m, r->end_ticks - r->begin_ticks));
    else
        finding_evidence(f, "%s failed %" PRIu64 " times in %s without a success in between: %.0f a second.",
                         wording_thread(m, thread), r->attempts, model_duration(m, r->end_ticks - r->begin_ticks),
                         calls_streak_rate(m->trace, r));
    if (!calls_is_spin(r) && burns_a_core(r))
        finding_evidence(f, "It waited between only %" PRIu32 " of them: the rest of the time it ran.", r->waited);
    else if (!calls_is_spin(r))
        finding_evidence(f, "It waited between %" PRIu32 " of them.", r->waited);
}

static const char *remedy(const struct kiwi_failure *r)
{
    if (calls_is_spin(r))
        return "Wait until the descriptor is ready (poll, epoll) before asking again, or let the call wait itself.";
    if (r->error == 24 || r->error == 23) /* EMFILE, ENFILE of Linux */
        return "Stop asking while no descriptor is free: take the listener out of the poll set for some time, or close "
               "something first; and raise the limit (RLIMIT_NOFILE) or bound the number of connections.";
    if (r->error == 9) /* EBADF of Linux */
        return "Leave the loop when the descriptor is closed: tell it before the close, and let one place own the "
               "descriptor.";
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

        if (r && calls_is_error_loop(m->trace, r) && error_loop_report(m, r, list))
            return -1;
    }
    return 0;
}
