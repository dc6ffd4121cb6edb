#include "exchange.h"

#include "../base/clock.h"
#include "../base/sys.h"

#include <linux/tcp.h>
#include <netinet/in.h>

enum exchange_direction exchange_direction(uint32_t kind)
{
    switch (kind) {
    case KIWI_CALL_WRITE:
    case KIWI_CALL_WRITEV:
    case KIWI_CALL_SEND:
    case KIWI_CALL_SENDTO:
    case KIWI_CALL_SENDMSG:
    case KIWI_CALL_SENDMMSG:
    case KIWI_CALL_SENDFILE:
        return EXCHANGE_SENDS;
    case KIWI_CALL_READ:
    case KIWI_CALL_READV:
    case KIWI_CALL_RECV:
    case KIWI_CALL_RECVFROM:
    case KIWI_CALL_RECVMSG:
    case KIWI_CALL_RECVMMSG:
    case KIWI_CALL_FREAD:
    case KIWI_CALL_FGETS:
    case KIWI_CALL_GETLINE:
        return EXCHANGE_RECEIVES;
    default:
        return EXCHANGE_NEITHER;
    }
}

static void burst_end(struct thread_burst *b)
{
    if (b->peer && b->alike >= KIWI_BURST_LEAST) {
        struct kiwi_peer *p = region_peer(b->peer);
        RELAXED_ADD(&p->bursts, 1);
        RELAXED_ADD(&p->burst_exchanges, b->count);
        RELAXED_ADD(&p->burst_bytes, b->bytes);
        RELAXED_ADD(&p->burst_ticks, b->end - b->begin);
        if (b->count > RELAXED_LOAD(&p->burst_max)) {
            RELAXED_STORE(&p->burst_max, b->count);
            RELAXED_STORE(&p->burst_stack, b->stack);
        }
    }
    *b = (struct thread_burst){0};
}

void exchange_end(struct thread *t)
{
    burst_end(&t->burst);
}

static void count(uint16_t *counter)
{
    if (*counter < UINT16_MAX)
        ++*counter;
}

/* A message, of which nobody knows whether it arrives. A server is asked first, and answers. */
static void sent_message(struct thread *t, int fd, struct kiwi_descriptor *d)
{
    burst_end(&t->burst);
    if (!d->exchanges)
        descriptor_flag(fd, KIWI_DESCRIPTOR_DIALLED, true);
    d->asker = t->serial;
    count(&d->asked);
}

void exchange_sends(const struct thread *t, int fd, uint32_t kind)
{
    struct kiwi_descriptor *d = exchange_direction(kind) == EXCHANGE_SENDS ? descriptor_row(fd) : NULL;
    if (d && RELAXED_LOAD(&d->state) == KIWI_ROW_LIVE)
        d->asker = t->serial;
}

void exchange_asks(const struct thread *t, int fd)
{
    struct kiwi_descriptor *d = descriptor_row(fd);
    if (!d || RELAXED_LOAD(&d->state) != KIWI_ROW_LIVE)
        return;
    d->asker = t->serial;
    count(&d->asked);
}

/* What is sent by one number may be answered by another one: what is due on it is not known. */
static bool is_copied(const struct kiwi_descriptor *d)
{
    return RELAXED_LOAD(&d->flags) & KIWI_DESCRIPTOR_COPIED;
}

/* Whether the thread waited since its latest answer: then a request of its own caller has come in between, or so. */
static void sent(struct thread *t, int fd, struct kiwi_descriptor *d, struct kiwi_call *call,
                 const struct exchange_facts *f)
{
    struct thread_burst *b = &t->burst;
    uint64_t own = f->end - f->begin >= clock_state.waited_ticks ? f->end - f->begin : 0;
    if (b->peer && (b->fd != fd || b->polls || t->blocked_ticks - own > b->blocked))
        burst_end(b);
    if (!b->peer)
        *b = (struct thread_burst){.fd = fd, .peer = d->peer, .begin = f->begin};
    if (f->bytes <= KIWI_TINY_BYTES && d->asked >= KIWI_TINY_RUN && !is_copied(d) &&
        f->begin - d->sent_ticks < clock_ns_to_ticks(KIWI_TINY_GAP_NS))
        RELAXED_ADD(&call->tiny, 1);
    b->alike += b->stack == call->stack;
    b->stack = call->stack;
    b->bytes += f->bytes;
    d->sent_ticks = f->end;
    d->asker = t->serial;
    count(&d->asked);
}

static void received(struct thread *t, int fd, struct kiwi_descriptor *d, const struct exchange_facts *f)
{
    struct thread_burst *b = &t->burst;
    bool answer = d->asked && f->bytes;
    bool unasked = !d->asked && d->exchanges && !is_copied(d);
    bool push = unasked && f->bytes && f->end - f->begin >= clock_ns_to_ticks(KIWI_PEER_PUSH_NS);
    d->asked = 0;
    if (f->bytes)
        count(&d->exchanges);
    if (d->peer) {
        RELAXED_ADD(&region_peer(d->peer)->exchanges, answer);
        RELAXED_ADD(&region_peer(d->peer)->pushes, push);
    }
    if (!b->peer || b->fd != fd || b->polls)
        return;
    b->count += answer;
    b->bytes += f->bytes;
    b->end = f->end;
    b->blocked = t->blocked_ticks;
}

void exchange_note(struct thread *t, int fd, struct kiwi_call *call, const struct exchange_facts *facts)
{
    struct kiwi_descriptor *d = descriptor_row(fd);
    enum exchange_direction direction = exchange_direction(call->kind);
    if (!d || direction == EXCHANGE_NEITHER || RELAXED_LOAD(&d->state) != KIWI_ROW_LIVE)
        return;
    if (direction == EXCHANGE_SENDS && (RELAXED_LOAD(&d->flags) & KIWI_DESCRIPTOR_DATAGRAM))
        sent_message(t, fd, d);
    else if (direction == EXCHANGE_SENDS)
        sent(t, fd, d, call, facts);
    else
        received(t, fd, d, facts);
}

/* In both directions, so far. false: the kernel does not say. */
static bool traffic_of(int fd, uint32_t *segments_out, uint64_t *bytes)
{
    struct tcp_info about = {0};
    socklen_t size = sizeof about;
    if (region.frozen || sys_failed(sys_call6(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, (long)&about, (long)&size, 0)))
        return false;
    *segments_out = about.tcpi_data_segs_out;
    *bytes = about.tcpi_bytes_acked + about.tcpi_bytes_received;
    return true;
}

#define POLLS_GIVEN_UP UINT32_MAX
#define POLLS_AN_EXCHANGE 4u /* head and body of an answer, or so; more is a long one that arrives bit by bit */

/*
 * At the second wait, and from then on when it may have become a burst: that is as many exchanges as segments left in
 * between. If one did for each wait, so it was for the first two.
 */
static void polled_look(struct thread_burst *b, int fd)
{
    uint32_t segments, since;
    uint64_t bytes;
    if (!traffic_of(fd, &segments, &bytes)) {
        b->polls = POLLS_GIVEN_UP;
        return;
    }
    if (b->polls == 2) {
        b->segments = segments;
        b->moved = bytes;
        return;
    }
    since = segments - b->segments;
    b->count = since + 2 >= b->polls ? b->polls : since + 1;
    b->alike = b->count;
    b->bytes = bytes - b->moved;
    if (b->count < b->polls / POLLS_AN_EXCHANGE) {
        b->alike = 0;
        b->polls = POLLS_GIVEN_UP;
    }
}

void exchange_polled(struct thread *t, int fd, uint32_t stack, const struct exchange_wait *wait)
{
    struct thread_burst *b = &t->burst;
    const struct kiwi_descriptor *d = descriptor_row(fd);
    if (!d || RELAXED_LOAD(&d->state) != KIWI_ROW_LIVE || !d->peer || descriptor_mode(fd) != DESCRIPTOR_NONBLOCKING)
        return;
    if (b->peer && (b->fd != fd || b->peer != d->peer || b->stack != stack || !b->polls ||
                    t->blocked_ticks - wait->blocked > b->blocked))
        burst_end(b);
    if (!b->peer)
        *b = (struct thread_burst){.fd = fd, .peer = d->peer, .stack = stack, .begin = wait->begin};
    b->blocked = t->blocked_ticks;
    if (b->polls == POLLS_GIVEN_UP)
        return;
    b->polls++;
    b->end = wait->end;
    if (b->polls == 2 || b->polls >= KIWI_BURST_LEAST)
        polled_look(b, fd);
}
