/*
 * io.c - read and write.
 */
#include "../process/enter.h"
#include "../record/call.h"
#include "../record/descriptor.h"
#include "signal.h"

#include <errno.h>

ssize_t __read_chk(int fd, void *to, size_t size, size_t room);

static ALWAYS_INLINE ssize_t ended(struct call_record *c, ssize_t result)
{
    call_end(c, result < 0 ? errno : 0, result > 0 ? (uint64_t)result : 0);
    return result;
}

static ALWAYS_INLINE ssize_t ended_read(struct call_record *c, int fd, const void *to, ssize_t result)
{
    ended(c, result);
    if (unlikely(descriptor_signals(fd)) && result > 0)
        signal_read(to, (size_t)result);
    return result;
}

EXPORT ssize_t read(int fd, void *to, size_t size)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_READ, CALL_SITE(), 0, fd);
    return ended_read(&c, fd, to, real.read(fd, to, size));
}

EXPORT ssize_t __read_chk(int fd, void *to, size_t size, size_t room)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_READ, CALL_SITE(), 0, fd);
    return ended_read(&c, fd, to, real.__read_chk(fd, to, size, room));
}

EXPORT ssize_t readv(int fd, const struct iovec *parts, int n)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_READV, CALL_SITE(), 0, fd);
    return ended(&c, real.readv(fd, parts, n));
}

EXPORT ssize_t write(int fd, const void *from, size_t size)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_WRITE, CALL_SITE(), 0, fd);
    return ended(&c, real.write(fd, from, size));
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int n)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_WRITEV, CALL_SITE(), 0, fd);
    return ended(&c, real.writev(fd, parts, n));
}
