/*
 * socket.c - socket calls that can wait.
 */
#include "../process/enter.h"
#include "../record/call.h"
#include "../record/descriptor.h"

#include <errno.h>

ssize_t __recv_chk(int fd, void *to, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *to, size_t size, size_t room, int flags, struct sockaddr *from, socklen_t *length);

static uint32_t by_flags(int flags)
{
    return flags & MSG_DONTWAIT ? KIWI_CALLF_NONBLOCKING : 0;
}

static ssize_t ended(struct call_record *c, ssize_t result)
{
    call_end(c, result < 0 ? errno : 0, result > 0 ? (uint64_t)result : 0);
    return result;
}

/* A result that is a descriptor or a number of messages, not bytes. */
static int ended_plain(struct call_record *c, int result)
{
    call_end(c, result < 0 ? errno : 0, 0);
    return result;
}

EXPORT ssize_t recv(int fd, void *to, size_t size, int flags)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_RECV, CALL_SITE(), by_flags(flags), fd);
    return ended(&c, real.recv(fd, to, size, flags));
}

EXPORT ssize_t __recv_chk(int fd, void *to, size_t size, size_t room, int flags)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_RECV, CALL_SITE(), by_flags(flags), fd);
    return ended(&c, real.__recv_chk(fd, to, size, room, flags));
}

EXPORT ssize_t recvfrom(int fd, void *to, size_t size, int flags, struct sockaddr *from, socklen_t *length)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_RECVFROM, CALL_SITE(), by_flags(flags), fd);
    return ended(&c, real.recvfrom(fd, to, size, flags, from, length));
}

EXPORT ssize_t __recvfrom_chk(int fd, void *to, size_t size, size_t room, int flags, struct sockaddr *from,
                              socklen_t *length)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_RECVFROM, CALL_SITE(), by_flags(flags), fd);
    return ended(&c, real.__recvfrom_chk(fd, to, size, room, flags, from, length));
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_RECVMSG, CALL_SITE(), by_flags(flags), fd);
    return ended(&c, real.recvmsg(fd, message, flags));
}

EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *timeout)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_RECVMMSG, CALL_SITE(), by_flags(flags), fd);
    return ended_plain(&c, real.recvmmsg(fd, messages, n, flags, timeout));
}

EXPORT ssize_t send(int fd, const void *from, size_t size, int flags)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_SEND, CALL_SITE(), by_flags(flags), fd);
    return ended(&c, real.send(fd, from, size, flags));
}

EXPORT ssize_t sendto(int fd, const void *from, size_t size, int flags, const struct sockaddr *to, socklen_t length)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_SENDTO, CALL_SITE(), by_flags(flags), fd);
    return ended(&c, real.sendto(fd, from, size, flags, to, length));
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_SENDMSG, CALL_SITE(), by_flags(flags), fd);
    return ended(&c, real.sendmsg(fd, message, flags));
}

EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_SENDMMSG, CALL_SITE(), by_flags(flags), fd);
    return ended_plain(&c, real.sendmmsg(fd, messages, n, flags));
}

/* The new descriptor's number may have belonged to one that was closed inside libc. */
static int accepted(struct call_record *c, int result)
{
    if (result >= 0)
        descriptor_forget(result);
    return ended_plain(c, result);
}

EXPORT int accept(int fd, struct sockaddr *from, socklen_t *length)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_ACCEPT, CALL_SITE(), 0, fd);
    return accepted(&c, real.accept(fd, from, length));
}

EXPORT int accept4(int fd, struct sockaddr *from, socklen_t *length, int flags)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_ACCEPT4, CALL_SITE(), 0, fd);
    return accepted(&c, real.accept4(fd, from, length, flags));
}

EXPORT int connect(int fd, const struct sockaddr *to, socklen_t length)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_CONNECT, CALL_SITE(), 0, fd);
    return ended_plain(&c, real.connect(fd, to, length));
}
