#include "await.h"

#include "../base/clock.h"
#include "../base/sys.h"
#include "exchange.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static bool is_peer(const struct kiwi_descriptor *d)
{
    uint32_t flags = d ? RELAXED_LOAD(&d->flags) : 0;
    return d && RELAXED_LOAD(&d->state) == KIWI_ROW_LIVE && (flags & KIWI_DESCRIPTOR_DIALLED) &&
           (flags & (KIWI_DESCRIPTOR_INTERNET | KIWI_DESCRIPTOR_OUTSIDE));
}

/* By what was sent and received in calls that may block. */
static bool is_due(const struct thread *t, const struct kiwi_descriptor *d)
{
    if (d->asked)
        return d->asker == t->serial;
    return !d->exchanges && d->birth_serial == t->serial;
}

static bool is_sending(uint32_t kind)
{
    return exchange_direction(kind) == EXCHANGE_SENDS;
}

/* What ends such a wait, as an option of the socket. */
static uint32_t limits(uint32_t kind)
{
    if (kind == KIWI_CALL_CONNECT || is_sending(kind))
        return KIWI_DESCRIPTOR_SNDTIMEO | KIWI_DESCRIPTOR_USERTIMEO | KIWI_DESCRIPTOR_DATAGRAM;
    return KIWI_DESCRIPTOR_RCVTIMEO | KIWI_DESCRIPTOR_PROBED;
}

static bool is_unbounded(const struct thread *t, const struct kiwi_descriptor *d, uint32_t kind)
{
    if (!d || RELAXED_LOAD(&d->state) != KIWI_ROW_LIVE || (RELAXED_LOAD(&d->flags) & limits(kind)) || await_has_alarm())
        return false;
    if (kind == KIWI_CALL_CONNECT)
        return true;
    return is_peer(d) && (is_sending(kind) || (exchange_direction(kind) == EXCHANGE_RECEIVES && is_due(t, d)));
}

/*
 * A thread that loses its processor inside a send waits for nobody. Where there was no room for what it sent, the
 * kernel has counted the time (in microseconds) for which the peer's window or the socket's buffer set the pace, or has
 * something left to send, or sends it again. Where it does not say, only a long wait counts.
 */
static bool had_no_room(int fd, uint64_t ticks)
{
    struct tcp_info about = {0};
    socklen_t size = sizeof about;
    if (region.frozen || sys_failed(sys_call6(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, (long)&about, (long)&size, 0)))
        return ticks >= clock_ns_to_ticks(KIWI_UNBOUNDED_DIAL_NS);
    uint64_t limited = 1000 * (about.tcpi_rwnd_limited + about.tcpi_sndbuf_limited);
    return 2 * clock_ns_to_ticks(limited) >= ticks || about.tcpi_notsent_bytes || about.tcpi_retransmits;
}

void await_ended(const struct thread *t, int fd, struct kiwi_call *call, uint64_t ticks)
{
    uint64_t least = call->kind == KIWI_CALL_CONNECT ? KIWI_UNBOUNDED_DIAL_NS : KIWI_UNBOUNDED_NS;
    const struct kiwi_descriptor *d = descriptor_row(fd);
    if (ticks < clock_ns_to_ticks(least) || !is_unbounded(t, d, call->kind) ||
        (is_sending(call->kind) && !had_no_room(fd, ticks)))
        return;
    __atomic_fetch_or(&call->flags, KIWI_CALLF_UNBOUNDED, __ATOMIC_RELAXED);
    RELAXED_STORE(&call->peer, d->peer);
}

#define STATE_ESTABLISHED 1 /* as netinet/tcp.h has them, whose tcp_info is older */
#define STATE_SYN_SENT 2

/*
 * A socket that is polled does not block, as a rule, and what is sent on such is not followed. The kernel knows: when
 * it was last sent something, and when something last came, in milliseconds before now; of the same, the number of
 * segments has to do.
 */
static bool is_due_by_kernel(const struct thread *t, int fd, const struct kiwi_descriptor *d)
{
    struct tcp_info about = {0};
    socklen_t size = sizeof about;
    if (region.frozen || sys_failed(sys_call6(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, (long)&about, (long)&size, 0)))
        return descriptor_mode(fd) == DESCRIPTOR_BLOCKING && is_due(t, d);
    if (about.tcpi_state != STATE_ESTABLISHED)
        return about.tcpi_state == STATE_SYN_SENT;
    if (!about.tcpi_bytes_received)
        return about.tcpi_data_segs_out || d->birth_serial == t->serial;
    if (about.tcpi_last_data_sent == about.tcpi_last_data_recv)
        return about.tcpi_data_segs_out > about.tcpi_data_segs_in;
    return about.tcpi_last_data_sent < about.tcpi_last_data_recv;
}

/* Who was last seen to send on it, or else has made it, waits for the answer; any other thread does for that one. */
static bool is_own(const struct thread *t, const struct kiwi_descriptor *d)
{
    return (d->asker ? d->asker : d->birth_serial) == t->serial;
}

static bool one_is_due(const struct thread *t, const struct await_one *one)
{
    const struct kiwi_descriptor *d = descriptor_row(one->fd);
    if (RELAXED_LOAD(&d->flags) & (one->to_send ? KIWI_DESCRIPTOR_USERTIMEO : KIWI_DESCRIPTOR_PROBED))
        return false;
    return one->to_send || (is_own(t, d) && is_due_by_kernel(t, one->fd, d));
}

bool await_any(const struct thread *t, const struct await_one *items, uint32_t count)
{
    bool due = false;
    for (uint32_t i = 0; i < count; i++)
        if (!is_peer(descriptor_row(items[i].fd)))
            return false;
    for (uint32_t i = 0; i < count && !due; i++)
        due = one_is_due(t, &items[i]);
    return due && !await_has_alarm();
}

bool await_epoll(const struct thread *t, int epoll)
{
    const struct kiwi_descriptor *e = descriptor_row(epoll);
    if (!e || RELAXED_LOAD(&e->state) != KIWI_ROW_LIVE || e->kind != KIWI_DESCRIPTOR_EPOLL || !e->asker ||
        (RELAXED_LOAD(&e->flags) & KIWI_DESCRIPTOR_MIXED))
        return false;
    return await_any(t, &(struct await_one){.fd = (int)e->asker - 1}, 1);
}

void await_watched(int epoll, int operation, int fd)
{
    struct kiwi_descriptor *e = descriptor_row(epoll);
    const struct kiwi_descriptor *d = descriptor_row(fd);
    if (!e || RELAXED_LOAD(&e->state) != KIWI_ROW_LIVE || e->kind != KIWI_DESCRIPTOR_EPOLL)
        return;
    uint32_t watched = RELAXED_LOAD(&e->asker);
    bool known = d && RELAXED_LOAD(&d->state) == KIWI_ROW_LIVE && d->kind == KIWI_DESCRIPTOR_SOCKET;
    if (operation == EPOLL_CTL_ADD && known && (!watched || watched == (uint32_t)fd + 1))
        RELAXED_STORE(&e->asker, (uint32_t)fd + 1);
    else if (operation == EPOLL_CTL_ADD)
        descriptor_flag(epoll, KIWI_DESCRIPTOR_MIXED, true);
    else if (operation == EPOLL_CTL_DEL && watched == (uint32_t)fd + 1)
        RELAXED_STORE(&e->asker, 0);
    bool single = RELAXED_LOAD(&e->asker) && !(RELAXED_LOAD(&e->flags) & KIWI_DESCRIPTOR_MIXED);
    RELAXED_STORE(&memory.descriptors[epoll], single ? DESCRIPTOR_WATCHES : DESCRIPTOR_UNKNOWN);
}

void await_alarm(uint64_t ns)
{
    if (memory.base)
        RELAXED_STORE(&memory.alarm_ticks, ns && ns != UINT64_MAX ? clock_ticks() + clock_ns_to_ticks(ns) : ns);
}

bool await_has_alarm(void)
{
    uint64_t at = memory.base ? RELAXED_LOAD(&memory.alarm_ticks) : 0;
    return at && clock_ticks() <= at;
}

/* By another thread: in a call on it, or in a wait for such. */
static bool is_waited_on(const struct thread *t, int fd)
{
    for (uint32_t i = 1; i < memory.slots; i++) {
        const struct kiwi_slot *s = region_slot(i);
        if (!RELAXED_LOAD(&memory.slot_used[i]) || s == t->slot)
            continue;
        uint32_t kind = RELAXED_LOAD(&s->call_kind);
        if (kind && ((RELAXED_LOAD(&s->call_object) == (uint64_t)fd && exchange_direction(kind) != EXCHANGE_NEITHER) ||
                     (s->call_flags & KIWI_CALLF_UNBOUNDED)))
            return true;
    }
    return false;
}

void await_shut(const struct thread *t, int fd)
{
    const struct kiwi_descriptor *d = descriptor_row(fd);
    if (is_peer(d) && d->peer && is_waited_on(t, fd))
        RELAXED_ADD(&region_peer(d->peer)->guarded, 1);
}
