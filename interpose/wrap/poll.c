/*
 * poll.c - waiting for many descriptors: poll, select and epoll families.
 */
#include "../process/enter.h"
#include "../record/call.h"

#include <errno.h>

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t room);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask, size_t room);

static uint32_t by_ms(int timeout)
{
    return timeout == 0 ? KIWI_CALLF_NONBLOCKING : timeout < 0 ? KIWI_CALLF_UNTIMED : KIWI_CALLF_TIMED;
}

static uint32_t by_timespec(const struct timespec *t)
{
    return !t ? KIWI_CALLF_UNTIMED : t->tv_sec == 0 && t->tv_nsec == 0 ? KIWI_CALLF_NONBLOCKING : KIWI_CALLF_TIMED;
}

static uint32_t by_timeval(const struct timeval *t)
{
    return !t ? KIWI_CALLF_UNTIMED : t->tv_sec == 0 && t->tv_usec == 0 ? KIWI_CALLF_NONBLOCKING : KIWI_CALLF_TIMED;
}

static int ended(struct call_record *c, int result)
{
    call_end(c, result < 0 ? errno : 0, 0);
    return result;
}

EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    struct call_record c;
    call_begin(&c, thread_enter(), KIWI_CALL_POLL, CALL_SITE(), by_ms(timeout), n);
    return ended(&c, real.poll(fds, n, timeout));
}

EXPORT int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t room)
{
    struct call_record c;
    call_begin(&c, thread_enter(), KIWI_CALL_POLL, CALL_SITE(), by_ms(timeout), n);
    return ended(&c, real.__poll_chk(fds, n, timeout, room));
}

EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
    struct call_record c;
    call_begin(&c, thread_enter(), KIWI_CALL_PPOLL, CALL_SITE(), by_timespec(timeout), n);
    return ended(&c, real.ppoll(fds, n, timeout, mask));
}

EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask, size_t room)
{
    struct call_record c;
    call_begin(&c, thread_enter(), KIWI_CALL_PPOLL, CALL_SITE(), by_timespec(timeout), n);
    return ended(&c, real.__ppoll_chk(fds, n, timeout, mask, room));
}

EXPORT int select(int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *timeout)
{
    struct call_record c;
    call_begin(&c, thread_enter(), KIWI_CALL_SELECT, CALL_SITE(), by_timeval(timeout), (uint64_t)n);
    return ended(&c, real.select(n, r, w, e, timeout));
}

EXPORT int pselect(int n, fd_set *r, fd_set *w, fd_set *e, const struct timespec *timeout, const sigset_t *mask)
{
    struct call_record c;
    call_begin(&c, thread_enter(), KIWI_CALL_PSELECT, CALL_SITE(), by_timespec(timeout), (uint64_t)n);
    return ended(&c, real.pselect(n, r, w, e, timeout, mask));
}

EXPORT int epoll_wait(int ep, struct epoll_event *events, int room, int timeout)
{
    struct call_record c;
    call_begin(&c, thread_enter(), KIWI_CALL_EPOLL_WAIT, CALL_SITE(), by_ms(timeout), (uint64_t)ep);
    return ended(&c, real.epoll_wait(ep, events, room, timeout));
}

EXPORT int epoll_pwait(int ep, struct epoll_event *events, int room, int timeout, const sigset_t *mask)
{
    struct call_record c;
    call_begin(&c, thread_enter(), KIWI_CALL_EPOLL_PWAIT, CALL_SITE(), by_ms(timeout), (uint64_t)ep);
    return ended(&c, real.epoll_pwait(ep, events, room, timeout, mask));
}

EXPORT int epoll_pwait2(int ep, struct epoll_event *events, int room, const struct timespec *timeout,
                        const sigset_t *mask)
{
    struct call_record c;
    call_begin(&c, thread_enter(), KIWI_CALL_EPOLL_PWAIT2, CALL_SITE(), by_timespec(timeout), (uint64_t)ep);
    return ended(&c, real.epoll_pwait2(ep, events, room, timeout, mask));
}
