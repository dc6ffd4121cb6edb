/*
 * io.c - read and write.
 */
#include "../process/enter.h"
#include "../record/call.h"

#include <errno.h>

ssize_t __read_chk(int fd, void *to, size_t size, size_t room);

static ssize_t ended(struct call_record *c, ssize_t result)
{
    call_end(c, result < 0 ? errno : 0, result > 0 ? (uint64_t)result : 0);
    return result;
}

EXPORT ssize_t read(int fd, void *to, size_t size)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_READ, CALL_SITE(), 0, fd);
    return ended(&c, real.read(fd, to, size));
}

EXPORT ssize_t __read_chk(int fd, void *to, size_t size, size_t room)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_READ, CALL_SITE(), 0, fd);
    return ended(&c, real.__read_chk(fd, to, size, room));
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
