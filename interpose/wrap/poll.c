/*
 * poll.c - waiting for many descriptors: poll, select and epoll families.
 */
#include "../base/clock.h"
#include "../base/sys.h"
#include "../process/enter.h"
#include "../record/await.h"
#include "../record/call.h"
#include "../record/exchange.h"
#include "../record/loop.h"
#include "../record/watch.h"

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

#define LOOK_AT 256u /* descriptors of a poll, from either end */

/* A wait for a single descriptor with something to read has ended, or one for several: see exchange.h. */
static NOINLINE void polled_for_answer(const struct call_record *c, const struct pollfd *one, uint64_t blocked)
{
    struct thread *t = c->t;
    int saved = errno;

    if (t->guard != GUARD_IDLE)
        return;
    guard_set(t);
    if (!one)
        exchange_end(t);
    else
        exchange_polled(t, one->fd, c->stack,
                        &(struct exchange_wait){c->since, clock_ticks(), t->blocked_ticks - blocked});
    guard_clear(t);
    errno = saved;
}

/* The first and the last one that is ready. */
static int polled(struct call_record *c, int result, const struct pollfd *fds, nfds_t n)
{
    struct call_events events = {.count = result};
    uint64_t blocked = c->t ? c->t->blocked_ticks : 0;
    nfds_t i;

    if (result > 0 && c->t) {
        for (i = 0; i < n && i < LOOK_AT && !fds[i].revents; i++)
            ;
        events.sources[0] = i < n && i < LOOK_AT ? (uint64_t)fds[i].fd : 0;
        for (i = n; i > 0 && n - i < LOOK_AT && !fds[i - 1].revents && result > 1; i--)
            ;
        events.sources[1] = result > 1 && i > 0 && n - i < LOOK_AT ? (uint64_t)fds[i - 1].fd : events.sources[0];
    }
    call_end_poll(c, result < 0 ? errno : 0, &events);
    if (n == 1 && result == 1 && c->t && c->since && (fds->revents & POLLIN) && !(fds->events & POLLOUT) &&
        descriptor_tracked(fds->fd))
        polled_for_answer(c, fds, blocked);
    else if (n > 1 && c->t && unlikely(c->t->burst.polls))
        polled_for_answer(c, NULL, blocked);
    return result;
}

/* The first descriptor of a set, at or after n; n from there on if there is none. */
static int first_in(const fd_set *set, int n)
{
    const unsigned long *words = (const unsigned long *)(const void *)set;
    const int bits = 8 * (int)sizeof *words;

    for (int i = 0; set && i * bits < n; i++)
        if (words[i])
            return i * bits + __builtin_ctzl(words[i]);
    return n;
}

static int selected(struct call_record *c, int result, int n, const fd_set *r, const fd_set *w)
{
    struct call_events events = {.count = result};

    if (result > 0 && c->t) {
        int reading = first_in(r, n), writing = first_in(w, n);

        events.sources[0] = (uint64_t)(reading < n ? reading : writing);
        events.sources[1] = (uint64_t)(writing < n ? writing : reading);
    }
    call_end_poll(c, result < 0 ? errno : 0, &events);
    return result;
}

static ALWAYS_INLINE int awaited(struct call_record *c, int result, const struct epoll_event *events)
{
    struct call_events got = {.count = result};

    if (result > 0 && c->t) {
        got.sources[0] = events[0].data.u64;
        got.sources[1] = events[result - 1].data.u64;
    }
    call_end_poll(c, result < 0 ? errno : 0, &got);
    return result;
}

/* The thread, if it is worth a look whether such a wait is for peers that may never answer. */
static struct thread *may_await(uint32_t flags)
{
    return flags == KIWI_CALLF_UNTIMED && !region.frozen && !record_settings.io_off ? thread_enter() : NULL;
}

/* Without a limit; with a mask, signals are to end it. `at` is where the descriptors are: the headers tell compilers
 * that poll only writes there. */
static NOINLINE uint32_t by_descriptors(uintptr_t at, nfds_t n, uint32_t flags, const sigset_t *mask)
{
    const struct pollfd *fds = (const struct pollfd *)at;
    struct thread *t = may_await(flags);
    struct await_one items[AWAIT_MOST];
    if (!t || mask || !n || n > AWAIT_MOST || !sys_readable(at) || !sys_readable((uintptr_t)&fds[n - 1]))
        return flags;
    for (nfds_t i = 0; i < n; i++)
        items[i] = (struct await_one){fds[i].fd, fds[i].events & POLLOUT};
    return await_any(t, items, (uint32_t)n) ? flags | KIWI_CALLF_UNBOUNDED : flags;
}

/* Adds the descriptors of a set; AWAIT_MOST + 1 = there are more. */
static uint32_t add_set(struct await_one *items, uint32_t count, const fd_set *set, int n, bool to_send)
{
    if (!set || count > AWAIT_MOST)
        return count;
    if (!sys_readable((uintptr_t)set) || !sys_readable((uintptr_t)set + (size_t)n / 8))
        return AWAIT_MOST + 1;
    for (int fd = first_in(set, n); fd < n && count <= AWAIT_MOST; fd++)
        if (FD_ISSET(fd, set) && count++ < AWAIT_MOST)
            items[count - 1] = (struct await_one){fd, to_send};
    return count;
}

static uint32_t by_sets(const fd_set *r, const fd_set *w, int n, uint32_t flags, const sigset_t *mask)
{
    struct thread *t = may_await(flags);
    struct await_one items[AWAIT_MOST];
    if (!t || mask || n <= 0 || n > FD_SETSIZE)
        return flags;
    uint32_t count = add_set(items, add_set(items, 0, r, n, false), w, n, true);
    return count && count <= AWAIT_MOST && await_any(t, items, count) ? flags | KIWI_CALLF_UNBOUNDED : flags;
}

static ALWAYS_INLINE uint32_t by_epoll(const struct thread *t, int ep, uint32_t flags, const sigset_t *mask)
{
    if (likely(flags != KIWI_CALLF_UNTIMED || !t || !await_may_epoll(ep)) || mask || region.frozen)
        return flags;
    return !record_settings.io_off && await_epoll(t, ep) ? flags | KIWI_CALLF_UNBOUNDED : flags;
}

/* Whether the thread opened all that it is to wait for since its latest wait: see loop.h. */

static NOINLINE COLD void say_polled_anew(struct thread *t, uintptr_t at, nfds_t n)
{
    const struct pollfd *fds = (const struct pollfd *)at;
    bool anew = false;
    if (n && n <= LOOK_AT && !region.frozen && sys_readable(at) && sys_readable((uintptr_t)&fds[n - 1]))
        for (nfds_t i = 0; i < n; i++)
            if (fds[i].fd >= 0 && !(anew = descriptor_younger(fds[i].fd, t->loop.begin)))
                break;
    loop_wait_anew(t, anew);
}

static ALWAYS_INLINE struct thread *enter_poll(uintptr_t at, nfds_t n)
{
    struct thread *t = thread_enter();
    if (unlikely(!t))
        return NULL;
    if (unlikely(loop_may_be_anew(t)))
        say_polled_anew(t, at, n);
    return t;
}

/* Whether none of the set was open then. */
static bool set_younger(const fd_set *set, int n, uint64_t than, bool *any)
{
    if (!set)
        return true;
    if (region.frozen || !sys_readable((uintptr_t)set) || !sys_readable((uintptr_t)set + (size_t)(n - 1) / 8))
        return false;
    for (int fd = first_in(set, n); fd < n; fd++) {
        if (!FD_ISSET(fd, set))
            continue;
        if (!descriptor_younger(fd, than))
            return false;
        *any = true;
    }
    return true;
}

static NOINLINE COLD void say_selected_anew(struct thread *t, int n, const fd_set *r, const fd_set *w, const fd_set *e)
{
    uint64_t than = t->loop.begin;
    bool any = false, younger = n > 0 && n <= FD_SETSIZE && set_younger(r, n, than, &any) &&
                                set_younger(w, n, than, &any) && set_younger(e, n, than, &any);
    loop_wait_anew(t, any && younger);
}

static ALWAYS_INLINE struct thread *enter_select(int n, const fd_set *r, const fd_set *w, const fd_set *e)
{
    struct thread *t = thread_enter();
    if (t && unlikely(loop_may_be_anew(t)))
        say_selected_anew(t, n, r, w, e);
    return t;
}

static ALWAYS_INLINE struct thread *enter_epoll(int ep)
{
    struct thread *t = thread_enter();
    if (t && unlikely(loop_may_be_anew(t)))
        loop_wait_anew(t, descriptor_younger(ep, t->loop.begin));
    return t;
}

EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    struct call_record c;
    call_begin_poll(&c, enter_poll((uintptr_t)fds, n), KIWI_CALL_POLL, CALL_SITE(),
                    by_descriptors((uintptr_t)fds, n, by_ms(timeout), NULL), n);
    return polled(&c, real.poll(fds, n, timeout), fds, n);
}

EXPORT int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t room)
{
    struct call_record c;
    call_begin_poll(&c, enter_poll((uintptr_t)fds, n), KIWI_CALL_POLL, CALL_SITE(),
                    by_descriptors((uintptr_t)fds, n, by_ms(timeout), NULL), n);
    return polled(&c, real.__poll_chk(fds, n, timeout, room), fds, n);
}

EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
    struct call_record c;
    call_begin_poll(&c, enter_poll((uintptr_t)fds, n), KIWI_CALL_PPOLL, CALL_SITE(),
                    by_descriptors((uintptr_t)fds, n, by_timespec(timeout), mask), n);
    return polled(&c, real.ppoll(fds, n, timeout, mask), fds, n);
}

EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask, size_t room)
{
    struct call_record c;
    call_begin_poll(&c, enter_poll((uintptr_t)fds, n), KIWI_CALL_PPOLL, CALL_SITE(),
                    by_descriptors((uintptr_t)fds, n, by_timespec(timeout), mask), n);
    return polled(&c, real.__ppoll_chk(fds, n, timeout, mask, room), fds, n);
}

EXPORT int select(int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *timeout)
{
    struct call_record c;
    call_begin_poll(&c, enter_select(n, r, w, e), KIWI_CALL_SELECT, CALL_SITE(),
                    by_sets(r, w, n, by_timeval(timeout), NULL), (uint64_t)n);
    return selected(&c, real.select(n, r, w, e, timeout), n, r, w);
}

EXPORT int pselect(int n, fd_set *r, fd_set *w, fd_set *e, const struct timespec *timeout, const sigset_t *mask)
{
    struct call_record c;
    call_begin_poll(&c, enter_select(n, r, w, e), KIWI_CALL_PSELECT, CALL_SITE(),
                    by_sets(r, w, n, by_timespec(timeout), mask), (uint64_t)n);
    return selected(&c, real.pselect(n, r, w, e, timeout, mask), n, r, w);
}

static NOINLINE void watched(int ep, int operation, int fd)
{
    await_watched(ep, operation, fd);
    watch_changed(ep, operation, fd);
}

EXPORT int epoll_ctl(int ep, int operation, int fd, struct epoll_event *event)
{
    real_ensure();
    int result = real.epoll_ctl(ep, operation, fd, event);
    if (!result && operation != EPOLL_CTL_MOD && thread_enter())
        watched(ep, operation, fd);
    return result;
}

EXPORT int epoll_wait(int ep, struct epoll_event *events, int room, int timeout)
{
    struct call_record c;
    struct thread *t = enter_epoll(ep);
    call_begin_poll(&c, t, KIWI_CALL_EPOLL_WAIT, CALL_SITE(), by_epoll(t, ep, by_ms(timeout), NULL), (uint64_t)ep);
    return awaited(&c, real.epoll_wait(ep, events, room, timeout), events);
}

EXPORT int epoll_pwait(int ep, struct epoll_event *events, int room, int timeout, const sigset_t *mask)
{
    struct call_record c;
    struct thread *t = enter_epoll(ep);
    call_begin_poll(&c, t, KIWI_CALL_EPOLL_PWAIT, CALL_SITE(), by_epoll(t, ep, by_ms(timeout), mask), (uint64_t)ep);
    return awaited(&c, real.epoll_pwait(ep, events, room, timeout, mask), events);
}

EXPORT int epoll_pwait2(int ep, struct epoll_event *events, int room, const struct timespec *timeout,
                        const sigset_t *mask)
{
    struct call_record c;
    struct thread *t = enter_epoll(ep);
    call_begin_poll(&c, t, KIWI_CALL_EPOLL_PWAIT2, CALL_SITE(), by_epoll(t, ep, call_limit(t, timeout), mask),
                    (uint64_t)ep);
    return awaited(&c, real.epoll_pwait2(ep, events, room, timeout, mask), events);
}
