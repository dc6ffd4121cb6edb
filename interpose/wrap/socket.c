/*
 * socket.c - socket calls that can wait.
 */
#include "../record/await.h"
#include "../record/peer.h"
#include "../record/shutdown.h"
#include "waiting.h"

#include <netinet/tcp.h>
#include <sys/time.h>

ssize_t __recv_chk(int fd, void *to, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *to, size_t size, size_t room, int flags, struct sockaddr *from, socklen_t *length);

static uint32_t by_flags(int flags)
{
    return flags & MSG_DONTWAIT ? KIWI_CALLF_NONBLOCKING : 0;
}

/* A result that is a descriptor or a number of messages, not bytes. */
static int ended_plain(struct call_record *c, int result)
{
    call_end(c, result < 0 ? errno : 0, 0);
    return result;
}

/* What takes flags can be asked not to wait by each call. */
#define WITH_FLAGS(name, kind, parameters, arguments)                                                                  \
    ON_DESCRIPTOR_BY(ssize_t, name, kind, by_flags(flags), fd, parameters, arguments)

WITH_FLAGS(recv, RECV, (int fd, void *to, size_t size, int flags), (fd, to, size, flags))
WITH_FLAGS(__recv_chk, RECV, (int fd, void *to, size_t size, size_t room, int flags), (fd, to, size, room, flags))
WITH_FLAGS(recvfrom, RECVFROM, (int fd, void *to, size_t size, int flags, struct sockaddr *from, socklen_t *length),
           (fd, to, size, flags, from, length))
WITH_FLAGS(__recvfrom_chk, RECVFROM,
           (int fd, void *to, size_t size, size_t room, int flags, struct sockaddr *from, socklen_t *length),
           (fd, to, size, room, flags, from, length))
WITH_FLAGS(recvmsg, RECVMSG, (int fd, struct msghdr *message, int flags), (fd, message, flags))
WITH_FLAGS(send, SEND, (int fd, const void *from, size_t size, int flags), (fd, from, size, flags))
WITH_FLAGS(sendto, SENDTO,
           (int fd, const void *from, size_t size, int flags, const struct sockaddr *to, socklen_t length),
           (fd, from, size, flags, to, length))
WITH_FLAGS(sendmsg, SENDMSG, (int fd, const struct msghdr *message, int flags), (fd, message, flags))

EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *timeout)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_RECVMMSG, CALL_SITE(), by_flags(flags), fd);
    return ended_plain(&c, real.recvmmsg(fd, messages, n, flags, timeout));
}

EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_SENDMMSG, CALL_SITE(), by_flags(flags), fd);
    return ended_plain(&c, real.sendmmsg(fd, messages, n, flags));
}

static int accepted(struct call_record *c, int result, int flags, struct call_site site)
{
    struct thread *t = c->t;
    int error = result < 0 ? errno : 0;
    call_end(c, error, 0);
    if (error)
        return result;
    if (!t || t->guard != GUARD_IDLE) {
        descriptor_forget(result);
        return result;
    }
    guard_set(t);
    descriptor_accepted(t, result, (flags & SOCK_NONBLOCK) != 0, stack_of(t, site));
    peer_accepted(t, result);
    shutdown_took(t);
    guard_clear(t);
    return result;
}

EXPORT int accept(int fd, struct sockaddr *from, socklen_t *length)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_ACCEPT, CALL_SITE(), 0, fd);
    return accepted(&c, real.accept(fd, from, length), 0, CALL_SITE());
}

EXPORT int accept4(int fd, struct sockaddr *from, socklen_t *length, int flags)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_ACCEPT4, CALL_SITE(), 0, fd);
    return accepted(&c, real.accept4(fd, from, length, flags), flags, CALL_SITE());
}

static int dialled(struct call_record *c, int result, const struct sockaddr *to, socklen_t length,
                   struct call_site site)
{
    struct thread *t = c->t;
    int error = result < 0 ? errno : 0;
    uint64_t begin = c->since;
    call_end(c, error, 0);
    if (!t || t->guard != GUARD_IDLE)
        return result;
    guard_set(t);
    peer_dialled(t, c->fd, &(struct peer_dial){to, length, stack_of(t, site), begin, error});
    guard_clear(t);
    return result;
}

EXPORT int connect(int fd, const struct sockaddr *to, socklen_t length)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_CONNECT, CALL_SITE(), 0, fd);
    return dialled(&c, real.connect(fd, to, length), to, length, CALL_SITE());
}

static void answered(int fd, int error)
{
    struct thread *t = thread_enter();
    if (!t || record_settings.io_off)
        return;
    guard_set(t);
    peer_answered(t, fd, error);
    guard_clear(t);
}

/* A connect in the background fails here. */
EXPORT int getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
    real_ensure();
    int result = real.getsockopt(fd, level, option, value, size);
    if (!result && level == SOL_SOCKET && option == SO_ERROR && *size >= sizeof(int))
        answered(fd, *(const int *)value);
    return result;
}

/* What limits a wait, as an option of the descriptor. */
static uint32_t limit_of(int level, int option)
{
    if (level == SOL_SOCKET)
        return option == SO_RCVTIMEO ? KIWI_DESCRIPTOR_RCVTIMEO : option == SO_SNDTIMEO ? KIWI_DESCRIPTOR_SNDTIMEO : 0;
    if (level != IPPROTO_TCP)
        return 0;
    return option == TCP_USER_TIMEOUT || option == TCP_SYNCNT ? KIWI_DESCRIPTOR_USERTIMEO
           : option == TCP_KEEPIDLE                           ? KIWI_DESCRIPTOR_PROBED
                                                              : 0;
}

/* The real call has read the value. */
static bool is_set(int level, const void *value, socklen_t size)
{
    const struct timeval *limit = value;
    if (level == SOL_SOCKET)
        return size >= sizeof *limit && (limit->tv_sec || limit->tv_usec);
    return size >= sizeof(int) && *(const int *)value;
}

EXPORT int setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
    real_ensure();
    int result = real.setsockopt(fd, level, option, value, size);
    uint32_t limit = limit_of(level, option);
    if (!result && limit && thread_enter())
        descriptor_flag_all(fd, limit, is_set(level, value, size));
    return result;
}

EXPORT int bind(int fd, const struct sockaddr *to, socklen_t length)
{
    real_ensure();
    int result = real.bind(fd, to, length);
    if (!result && thread_enter()) {
        descriptor_flag(fd, KIWI_DESCRIPTOR_BOUND, true);
        descriptor_forget(fd); /* whether it is followed depends on that */
    }
    return result;
}

EXPORT int shutdown(int fd, int how)
{
    struct thread *t = thread_enter();
    if (t && !record_settings.io_off) {
        guard_set(t);
        await_shut(t, fd);
        guard_clear(t);
    }
    return real.shutdown(fd, how);
}

EXPORT int listen(int fd, int backlog)
{
    real_ensure();
    int result = real.listen(fd, backlog);
    if (!result && thread_enter())
        descriptor_flag(fd, KIWI_DESCRIPTOR_LISTENING, true);
    return result;
}
