/*
 * conn-churn: a connection for every request, to one and the same peer.
 *
 * Only connects that went well count, by the place that dials. A pool that is filled at once, or redials now and then,
 * keeps its connections; here most of them are closed again within a second, and the next is dialled, quarter after
 * quarter of a second.
 */
#include "detector.h"

#include "../peer.h"
#include "../place.h"
#include "wording.h"

#include <inttypes.h>

#define CONNECTS_LEAST 30u
#define WINDOWS_LEAST 4u  /* quarters of a second with KIWI_PEER_BUSY connects or more */
#define SESSION_LEAST 16u /* answers a connection: a mail by SMTP takes seven, a log-in and a query fewer */

static bool is_churn(const struct kiwi_peer *p)
{
    return p->busy_dials >= CONNECTS_LEAST && p->busy_windows >= WINDOWS_LEAST && p->brief >= CONNECTS_LEAST &&
           p->brief * 4 >= p->connected * 3;
}

/* A connection to this peer was kept for longer than those that count as brief. */
static bool was_one_kept(const struct trace *t, uint32_t row, const struct kiwi_peer *p)
{
    uint64_t end = trace_header(t)->end_ticks;

    if (p->brief < p->closed)
        return true;
    if (!end)
        end = trace_now_ticks(t);
    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_DESCRIPTORS); i++) {
        const struct kiwi_descriptor *d = trace_descriptor(t, i);

        if (d && d->state == KIWI_ROW_LIVE && d->peer == row && end > d->dial_ticks &&
            trace_ns(t, end - d->dial_ticks) >= KIWI_PEER_BRIEF_NS)
            return true;
    }
    return false;
}

/*
 * Each connection carried many requests, however briefly: a proxy that dials for each session of its clients, say. The
 * mean tells only if all were brief: one that is kept may have had most of the requests.
 */
static bool are_sessions(const struct trace *t, uint32_t row, const struct kiwi_peer *p)
{
    return p->exchanges >= p->connected * SESSION_LEAST && !was_one_kept(t, row, p);
}

static int churn_report(struct model *m, uint32_t row, const struct kiwi_peer *p, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_CONN_CHURN);
    char peer[PEER_TEXT];
    double busy_s = (double)p->busy_windows / KIWI_CLASS_WINDOWS_PER_SECOND;

    if (!f)
        return -1;
    peer_text(m->trace, row, peer, sizeof peer);
    f->confidence = CONFIDENCE_HIGH;
    f->count = p->connected;
    f->cause = place_hash(place_location_hash(m->trace, m->symbols, p->stack), peer_hash(m->trace, row));
    finding_set(f, &f->title, "%" PRIu64 " short connections to %s were made at %s", p->connected, peer,
                model_site(m, p->stack));
    finding_set(
            f, &f->why,
            "Each connection costs a round trip before the first byte, more with TLS, a socket and a start from slow "
            "on both sides, and leaves its port in TIME_WAIT for a minute: at a high rate ports run out, and "
            "connect fails.");
    finding_set(f, &f->fix, "Keep the connection and send the next request over it, or take it from a pool.");
    finding_stack(f, m, p->stack, 0, "connects to %s", peer);
    finding_evidence(f,
                     "%" PRIu64 " connects went well in %s; %" PRIu64
                     " of the connections were closed by this process, %" PRIu64 " within a second.",
                     p->connected, model_duration(m, p->last_ticks - p->first_ticks), p->closed, p->brief);
    finding_evidence(f,
                     "%" PRIu64 " of them fell into quarters of a second with %u connects or more (%.2f s in all; %u "
                     "connects and %u quarters are the least that is reported).",
                     p->busy_dials, KIWI_PEER_BUSY, busy_s, CONNECTS_LEAST, WINDOWS_LEAST);
    if (p->exchanges)
        finding_evidence(f, "%.1f requests were answered on each, on average.",
                         (double)p->exchanges / (double)p->connected);
    wording_validation(f, m, finding_info(f->id)->id, "it must be silent, and connect rare.");
    wording_seen(f, m, p->first_ticks, p->last_ticks);
    return 0;
}

int detect_conn_churn(struct model *m, struct finding_list *list)
{
    for (uint32_t i = 1; i < trace_rows(m->trace, KIWI_TABLE_PEERS); i++) {
        const struct kiwi_peer *p = trace_peer(m->trace, i);

        if (p && is_churn(p) && !are_sessions(m->trace, i, p) && churn_report(m, i, p, list))
            return -1;
    }
    return 0;
}
