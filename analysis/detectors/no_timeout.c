/*
 * no-timeout: a thread waits for a peer that this process dialled, and nothing would ever end the wait.
 *
 * Either it waits so when the trace ends, or it did for a good while. A listener that waits for clients is none of
 * these, nor an event loop, nor a line on which the peer speaks when it likes: the wait must be for an answer to what
 * was sent, or for the first word.
 */
#include "detector.h"

#include "../peer.h"
#include "../place.h"
#include "calls.h"
#include "wording.h"
#include "../call_kinds.h"

#include <inttypes.h>
#include <stdlib.h>

#define HANGS_NS (1000u * 1000000u) /* a wait that goes on for so long */

static bool sends(uint32_t kind)
{
    return kind == KIWI_CALL_WRITE || kind == KIWI_CALL_WRITEV || kind == KIWI_CALL_SEND || kind == KIWI_CALL_SENDTO ||
           kind == KIWI_CALL_SENDMSG || kind == KIWI_CALL_SENDMMSG || kind == KIWI_CALL_SENDFILE ||
           kind == KIWI_CALL_CONNECT;
}

static bool receives(uint32_t kind)
{
    return kind == KIWI_CALL_READ || kind == KIWI_CALL_READV || kind == KIWI_CALL_RECV || kind == KIWI_CALL_RECVFROM ||
           kind == KIWI_CALL_RECVMSG || kind == KIWI_CALL_RECVMMSG || kind == KIWI_CALL_FREAD ||
           kind == KIWI_CALL_FGETS || kind == KIWI_CALL_GETLINE;
}

/* Something is due to this thread: the answer to what it sent, or the first word on its own connection. */
static bool is_due(const struct kiwi_descriptor *d, uint32_t serial)
{
    if (d->asked)
        return d->asker == serial;
    return !d->exchanges && d->birth_serial == serial;
}

/* What the call in progress waits for is not bounded by anything that the descriptor knows of. */
static bool is_unbounded(const struct trace *t, const struct kiwi_slot *s, const struct kiwi_descriptor *d)
{
    const uint32_t peers = KIWI_DESCRIPTOR_INTERNET | KIWI_DESCRIPTOR_OUTSIDE;
    const struct kiwi_thread *thread = trace_thread(t, s->thread);

    if (s->call_flags & KIWI_CALLF_UNBOUNDED)
        return true;
    if (!d || !thread || d->state != KIWI_ROW_LIVE || (s->call_flags & (KIWI_CALLF_NONBLOCKING | KIWI_CALLF_TIMED)))
        return false;
    if (sends(s->call_kind) &&
        (d->flags & (KIWI_DESCRIPTOR_SNDTIMEO | KIWI_DESCRIPTOR_USERTIMEO | KIWI_DESCRIPTOR_DATAGRAM)))
        return false;
    if (s->call_kind == KIWI_CALL_CONNECT)
        return true;
    if (!(d->flags & KIWI_DESCRIPTOR_DIALLED) || !(d->flags & peers))
        return false;
    if (receives(s->call_kind))
        return !(d->flags & (KIWI_DESCRIPTOR_RCVTIMEO | KIWI_DESCRIPTOR_PROBED)) && is_due(d, thread->serial);
    return sends(s->call_kind);
}

/* A line on which the peer speaks as often unasked as asked, or one that somebody watches over. */
static bool is_kept(const struct trace *t, uint32_t peer)
{
    const struct kiwi_peer *p = trace_peer(t, peer);

    return p && (p->guarded || (p->pushes && p->pushes >= p->exchanges));
}

struct unbounded {
    uint32_t kind, stack, peer, thread;
    uint64_t ticks, waits, since; /* ticks: the longest; since 0: it ended */
    bool killed;                  /* how long it waited is not known */
};

static int unbounded_report(struct model *m, const struct unbounded *u, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_NO_TIMEOUT);
    char text[PEER_TEXT] = "a peer that this process dialled";

    if (!f)
        return -1;
    if (u->peer)
        peer_text(m->trace, u->peer, text, sizeof text);
    f->confidence = u->since && !u->killed ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
    f->count = u->waits ? u->waits : 1;
    f->cause = place_hash(place_location_hash(m->trace, m->symbols, u->stack), u->kind);
    finding_set(f, &f->title, "%s at %s waits for %s without a time limit", call_kind_name(u->kind),
                model_site(m, u->stack), text);
    finding_set(
            f, &f->why,
            "A peer that hangs, or a network that drops its packets, says nothing: this thread then waits for ever, "
            "and with it whoever waits for the thread. Thread by thread, a slow peer takes the whole service along.");
    finding_set(
            f, &f->fix, "%s",
            sends(u->kind)
                    ? "Set SO_SNDTIMEO before the call (it bounds connect, too), or make the socket non-blocking and "
                      "poll "
                      "against a deadline."
                    : "Set SO_RCVTIMEO on the socket, or poll against a deadline before receiving; treat a limit that "
                      "ran out as a failure of the peer, and close the connection.");
    finding_stack(f, m, u->stack, u->thread, "waits for %s", text);
    if (u->killed)
        finding_evidence(f, "%s was in this call when the process was killed; how long it had been is not known.",
                         wording_thread(m, u->thread));
    else if (u->since)
        finding_evidence(f, "%s had waited for %s when the trace ended.", wording_thread(m, u->thread),
                         model_duration(m, u->ticks));
    else
        finding_evidence(f, "The longest wait here took %s; %" PRIu64 " call%s waited here.",
                         model_duration(m, u->ticks), u->waits, wording_plural(u->waits));
    finding_evidence(f, "The descriptor blocks and has no limit of its own for this.");
    wording_validation(f, m, finding_info(f->id)->id,
                       "it must be silent, with a peer that accepts and does not answer.");
    wording_seen(f, m, u->since, 0);
    return 0;
}

static uint64_t end_of(const struct model *m)
{
    uint64_t end = trace_header(m->trace)->end_ticks;

    return end ? end : trace_now_ticks(m->trace);
}

/* The object of the call is no descriptor, or one of many others. */
static bool on_many(uint32_t kind)
{
    return call_kind_group(kind) == KIWI_GROUP_POLL;
}

static int hangs_report(struct model *m, uint32_t slot, struct finding_list *list, bool *reported)
{
    const struct trace *t = m->trace;
    const struct kiwi_slot *s = trace_slot(t, slot);
    const struct kiwi_descriptor *d = s ? trace_descriptor(t, (uint32_t)s->call_object + 1) : NULL;
    const struct kiwi_call *c = s && s->call_kind ? trace_call(t, s->call_row) : NULL;
    bool killed = !trace_header(t)->end_kind && !trace_is_live(t);
    uint64_t end = end_of(m);

    uint32_t peer = d && !on_many(s->call_kind) ? d->peer : 0;
    if (!c || !s->call_since || !is_unbounded(t, s, d) || is_kept(t, peer))
        return 0;
    if (end < s->call_since)
        end = s->call_since;
    if (!killed && trace_ns(t, end - s->call_since) < HANGS_NS)
        return 0;
    /* Most sends find room at once, and a process may be killed in any of them. */
    if (s->call_kind != KIWI_CALL_CONNECT && sends(s->call_kind) &&
        trace_ns(t, end - s->call_since) < KIWI_UNBOUNDED_NS)
        return 0;
    reported[s->call_row] = true;
    return unbounded_report(m,
                            &(struct unbounded){.kind = s->call_kind,
                                                .stack = c->stack,
                                                .peer = peer,
                                                .thread = s->thread,
                                                .ticks = end - s->call_since,
                                                .waits = c->waited + 1,
                                                .since = s->call_since,
                                                .killed = killed && trace_ns(t, end - s->call_since) < HANGS_NS},
                            list);
}

static int waited_report(struct model *m, const struct kiwi_call *c, struct finding_list *list)
{
    if (!(c->flags & KIWI_CALLF_UNBOUNDED) || is_kept(m->trace, c->peer))
        return 0;
    return unbounded_report(m,
                            &(struct unbounded){.kind = c->kind,
                                                .stack = c->stack,
                                                .peer = c->peer,
                                                .thread = wording_thread_row(m, c->thread, c->serial),
                                                .ticks = c->max_ticks,
                                                .waits = c->waited},
                            list);
}

int detect_no_timeout(struct model *m, struct finding_list *list)
{
    uint32_t calls = trace_rows(m->trace, KIWI_TABLE_CALLS);
    bool *reported = calloc(calls + 1, sizeof *reported);
    int result = reported ? 0 : -1;

    for (uint32_t i = 1; !result && i < trace_rows(m->trace, KIWI_TABLE_SLOTS); i++)
        result = hangs_report(m, i, list, reported);
    for (uint32_t i = 1; !result && i < calls; i++) {
        const struct kiwi_call *c = reported[i] ? NULL : trace_call(m->trace, i);

        if (c)
            result = waited_report(m, c, list);
    }
    free(reported);
    return result;
}
