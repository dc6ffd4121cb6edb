#include "exchange.h"

#include "../base/clock.h"

enum direction { NEITHER, SENDS, RECEIVES };

static enum direction direction_of(uint32_t kind)
{
    switch (kind) {
    case KIWI_CALL_WRITE:
    case KIWI_CALL_WRITEV:
    case KIWI_CALL_SEND:
    case KIWI_CALL_SENDTO:
    case KIWI_CALL_SENDMSG:
    case KIWI_CALL_SENDMMSG:
        return SENDS;
    case KIWI_CALL_READ:
    case KIWI_CALL_READV:
    case KIWI_CALL_RECV:
    case KIWI_CALL_RECVFROM:
    case KIWI_CALL_RECVMSG:
    case KIWI_CALL_RECVMMSG:
        return RECEIVES;
    default:
        return NEITHER;
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

/* Whether the thread waited since its latest answer: then a request of its own caller has come in between, or so. */
static void sent(struct thread *t, int fd, struct kiwi_descriptor *d, struct kiwi_call *call,
                 const struct exchange_facts *f)
{
    struct thread_burst *b = &t->burst;
    uint64_t own = f->end - f->begin >= clock_state.waited_ticks ? f->end - f->begin : 0;
    if (b->peer && (b->fd != fd || t->blocked_ticks - own > b->blocked))
        burst_end(b);
    if (!b->peer)
        *b = (struct thread_burst){.fd = fd, .peer = d->peer, .begin = f->begin};
    if (f->bytes <= KIWI_TINY_BYTES && d->asked >= KIWI_TINY_RUN &&
        f->begin - d->sent_ticks < clock_ns_to_ticks(KIWI_TINY_GAP_NS))
        RELAXED_ADD(&call->tiny, 1);
    b->alike += b->stack == call->stack;
    b->stack = call->stack;
    b->bytes += f->bytes;
    d->sent_ticks = f->end;
    d->asked++;
}

static void received(struct thread *t, int fd, struct kiwi_descriptor *d, const struct exchange_facts *f)
{
    struct thread_burst *b = &t->burst;
    bool answer = d->asked && f->bytes;
    d->asked = 0;
    d->exchanges += f->bytes != 0;
    if (answer && d->peer)
        RELAXED_ADD(&region_peer(d->peer)->exchanges, 1);
    if (!b->peer || b->fd != fd)
        return;
    b->count += answer;
    b->bytes += f->bytes;
    b->end = f->end;
    b->blocked = t->blocked_ticks;
}

void exchange_note(struct thread *t, int fd, struct kiwi_call *call, const struct exchange_facts *facts)
{
    struct kiwi_descriptor *d = descriptor_row(fd);
    enum direction direction = direction_of(call->kind);
    if (!d || direction == NEITHER || RELAXED_LOAD(&d->state) != KIWI_ROW_LIVE)
        return;
    if (direction == SENDS)
        sent(t, fd, d, call, facts);
    else
        received(t, fd, d, facts);
}

#define DIALLED_NETWORK (KIWI_DESCRIPTOR_DIALLED | KIWI_DESCRIPTOR_INTERNET)

static bool is_dialled(const struct kiwi_descriptor *d)
{
    return d && RELAXED_LOAD(&d->state) == KIWI_ROW_LIVE &&
           (RELAXED_LOAD(&d->flags) & DIALLED_NETWORK) == DIALLED_NETWORK;
}

/* Nothing was asked, and something has come before: it may be a line on which the peer speaks when it likes. */
static bool expects_nothing(const struct kiwi_descriptor *d)
{
    return !d->asked && d->exchanges;
}

void exchange_waited(int fd, struct kiwi_call *call)
{
    const struct kiwi_descriptor *d = descriptor_row(fd);
    enum direction direction = direction_of(call->kind);
    uint32_t limit = direction == SENDS ? KIWI_DESCRIPTOR_SNDTIMEO : KIWI_DESCRIPTOR_RCVTIMEO;
    if (!is_dialled(d) || direction == NEITHER || (RELAXED_LOAD(&d->flags) & limit) ||
        (direction == RECEIVES && expects_nothing(d)))
        return;
    __atomic_fetch_or(&call->flags, KIWI_CALLF_UNBOUNDED, __ATOMIC_RELAXED);
    RELAXED_STORE(&call->peer, d->peer);
}

bool exchange_all_dialled(const int *fds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!is_dialled(descriptor_row(fds[i])))
            return false;
    return count > 0;
}
