/*
 * chatty-io: N+1 round trips to one peer where one would do, and floods of tiny sends.
 *
 * Round trips: bursts of exchanges on one connection, at one place, one right after the other, and bursts of about the
 * same length again and again. A bulk load is one burst, and a worker that takes jobs as they come makes bursts of any
 * length. Tiny sends: sends of tens of bytes that follow each other at once, with no answer in between.
 */
#include "detector.h"

#include "../peer.h"
#include "../place.h"
#include "calls.h"
#include "wording.h"
#include "../call_kinds.h"
#include "../figures.h"

#include <inttypes.h>

#define BURSTS_LEAST 8u
#define EXCHANGE_BYTES 4096u /* request and answer, on average */
#define TINY_LEAST 500u

static bool is_chatty(const struct kiwi_peer *p)
{
    return p->bursts >= BURSTS_LEAST && p->burst_exchanges >= p->bursts * KIWI_BURST_LEAST &&
           (uint64_t)p->burst_max * p->bursts <= 2 * p->burst_exchanges &&
           figure_mean(p->burst_bytes, p->burst_exchanges) <= EXCHANGE_BYTES;
}

static int chatty_report(struct model *m, uint32_t row, const struct kiwi_peer *p, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_CHATTY_IO);
    char peer[PEER_TEXT];

    if (!f)
        return -1;
    peer_text(m->trace, row, peer, sizeof peer);
    f->confidence = CONFIDENCE_MEDIUM;
    f->count = p->bursts;
    f->cause = place_hash(place_location_hash(m->trace, m->symbols, p->burst_stack), peer_hash(m->trace, row));
    finding_set(f, &f->title, "%" PRIu64 " round trips in a row to %s at %s",
                figure_mean(p->burst_exchanges, p->bursts), peer, model_site(m, p->burst_stack));
    finding_set(f, &f->why,
                "Each of them waits for the network before the next can begin, so the time of a request grows with the "
                "number of items and with the distance to the peer, however little is asked for.");
    finding_set(f, &f->fix,
                "Ask for all items in one request (a join, a multi-get, a batch), or send the requests "
                "one after the other without waiting for each answer (pipelining).");
    finding_stack(f, m, p->burst_stack, 0, "asks %s, item by item", peer);
    if (p->stack && p->stack != p->burst_stack)
        finding_stack(f, m, p->stack, 0, "had connected to %s", peer);
    finding_evidence(f,
                     "%" PRIu64 " times, %" PRIu64 " round trips on average (%" PRIu32
                     " at most) followed each other on one connection, with no other wait in between.",
                     p->bursts, figure_mean(p->burst_exchanges, p->bursts), p->burst_max);
    finding_evidence(f, "They took %s in all, and moved %" PRIu64 " bytes each on average.",
                     model_duration(m, p->burst_ticks), figure_mean(p->burst_bytes, p->burst_exchanges));
    wording_validation(f, m, finding_info(f->id)->id, "it must be silent, and requests with many items faster.");
    wording_seen(f, m, p->first_ticks, trace_last_ticks(m->trace));
    return 0;
}

static int tiny_report(struct model *m, uint32_t row, const struct kiwi_call *c, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_CHATTY_IO);

    if (!f)
        return -1;
    f->confidence = CONFIDENCE_HIGH;
    f->count = c->tiny;
    f->cause = place_location_hash(m->trace, m->symbols, c->stack);
    finding_set(f, &f->title, "%" PRIu64 " tiny sends in a row at %s", c->tiny, model_site(m, c->stack));
    finding_set(f, &f->why,
                "Each send is a system call and, without Nagle's algorithm, a packet of its own: a hundred times the "
                "cost of copying these bytes. With it, the peer's delayed acknowledgement can hold back the rest for "
                "40 ms.");
    finding_set(f, &f->fix,
                "Collect a message in a buffer and send it at once, with writev or MSG_MORE if its parts lie apart.");
    finding_stack(f, m, c->stack, 0, "calls %s", call_kind_name(c->kind));
    finding_evidence(f,
                     "%" PRIu64 " of %" PRIu64 " calls of %s moved %u bytes or less, each within half a millisecond of "
                     "the one before on the same connection, and the fourth or later since the latest answer.",
                     c->tiny, m->call_counts[row], call_kind_name(c->kind), KIWI_TINY_BYTES);
    wording_validation(f, m, finding_info(f->id)->id, "it must be silent.");
    wording_seen(f, m, c->first_ticks, 0);
    return 0;
}

static bool is_tiny(const struct model *m, uint32_t row, const struct kiwi_call *c)
{
    return row < m->call_count && c->tiny >= TINY_LEAST && c->tiny * 2 >= m->call_counts[row];
}

int detect_chatty_io(struct model *m, struct finding_list *list)
{
    for (uint32_t i = 1; i < trace_rows(m->trace, KIWI_TABLE_PEERS); i++) {
        const struct kiwi_peer *p = trace_peer(m->trace, i);

        if (p && is_chatty(p) && chatty_report(m, i, p, list))
            return -1;
    }
    for (uint32_t i = 1; i < trace_rows(m->trace, KIWI_TABLE_CALLS); i++) {
        const struct kiwi_call *c = trace_call(m->trace, i);

        if (c && is_tiny(m, i, c) && tiny_report(m, i, c, list))
            return -1;
    }
    return 0;
}
