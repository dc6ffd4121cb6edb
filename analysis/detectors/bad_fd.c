/*
 * bad-fd: a descriptor is used, or closed again, after it was closed.
 *
 * The kernel said EBADF, and the number is known to have been closed before, by whom and where: a call on a number that
 * was never open is none of these, nor is one that only asks whether a number is open. A loop that closes all numbers,
 * as daemons do at their start, was told apart by the recorder. One that goes on and on is an error-loop.
 */
#include "detector.h"

#include "../place.h"
#include "calls.h"
#include "wording.h"
#include "../call_kinds.h"

#include <inttypes.h>

static const char *deed(const struct kiwi_failure *r)
{
    return r->kind == KIWI_CALL_CLOSE ? "closed again" : "used after it was closed";
}

static void describe(struct finding *f, struct model *m, const struct kiwi_failure *r, uint32_t user)
{
    uint32_t closer = wording_thread_row(m, r->other_thread, r->other_serial);
    uint32_t opener = wording_thread_row(m, r->birth_thread, r->birth_serial);

    finding_stack(f, m, r->stack, user, "calls %s on the closed descriptor %" PRIu32, call_kind_name(r->kind),
                  r->descriptor);
    if (r->other_stack)
        finding_stack(f, m, r->other_stack, closer, "had closed it");
    if (r->birth_stack)
        finding_stack(f, m, r->birth_stack, opener, "had opened it");
    finding_evidence(f, "%s at %s failed with EBADF %" PRIu64 " time%s; the latest was on number %" PRIu32 ".",
                     call_kind_name(r->kind), model_site(m, r->stack), r->count, wording_plural(r->count),
                     r->descriptor);
    finding_evidence(f, "The first time, %s had closed that number before, at %s.", wording_thread(m, closer),
                     model_site(m, r->other_stack));
    if (closer && user && closer != user)
        finding_evidence(f, "The two are different threads: between such a close and the next use the number may "
                            "already belong to something else.");
}

static int bad_fd_report(struct model *m, const struct kiwi_failure *r, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_BAD_FD);
    uint32_t user = wording_thread_row(m, r->user_thread, r->user_serial);

    if (!f)
        return -1;
    f->confidence = CONFIDENCE_HIGH;
    f->count = r->count;
    f->cause = place_hash(place_location_hash(m->trace, m->symbols, r->stack),
                          place_location_hash(m->trace, m->symbols, r->other_stack));
    finding_set(f, &f->title, "A descriptor is %s at %s", deed(r), model_site(m, r->stack));
    finding_set(f, &f->why,
                "Numbers of descriptors are used again at once. Here the number was free, and the call failed; when "
                "another thread or a library opens something in between, the same call reads from, writes to or closes "
                "a file or connection that is not its own, and nothing fails at the place of the mistake.");
    finding_set(
            f, &f->fix,
            "Let one place own the descriptor: set the variable to -1 when it is closed, and close it only there%s.",
            r->kind == KIWI_CALL_CLOSE ? "" : "; stop those who use it first");
    describe(f, m, r, user);
    wording_validation(f, m, finding_info(f->id)->id, "it must be silent.");
    wording_seen(f, m, r->first_ticks, r->last_ticks);
    return 0;
}

/* It goes on and on, which is told as error-loop, with who closed the number. */
static bool is_told_as_loop(const struct model *m, const struct kiwi_failure *bad)
{
    for (uint32_t i = 1; i < trace_rows(m->trace, KIWI_TABLE_FAILURES); i++) {
        const struct kiwi_failure *r = trace_failure(m->trace, i);

        if (r && calls_is_same_use(r, bad) && calls_is_error_loop(m->trace, r))
            return true;
    }
    return false;
}

int detect_bad_fd(struct model *m, struct finding_list *list)
{
    for (uint32_t i = 1; i < trace_rows(m->trace, KIWI_TABLE_FAILURES); i++) {
        const struct kiwi_failure *r = trace_failure(m->trace, i);

        if (r && (r->flags & KIWI_FAILURE_BAD_DESCRIPTOR) && !(r->flags & KIWI_FAILURE_SWEEP) && r->attempts &&
            !is_told_as_loop(m, r) && bad_fd_report(m, r, list))
            return -1;
    }
    return 0;
}
