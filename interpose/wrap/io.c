/*
 * io.c - read and write.
 */
#include "signal.h"
#include "waiting.h"

ssize_t __read_chk(int fd, void *to, size_t size, size_t room);

static ALWAYS_INLINE ssize_t was_read(int fd, const void *to, ssize_t result)
{
    if (unlikely(descriptor_signals(fd)) && result > 0)
        signal_read(to, (size_t)result);
    return result;
}

EXPORT ssize_t read(int fd, void *to, size_t size)
{
    return was_read(fd, to, WAITING_ON(READ, 0, fd, real.read(fd, to, size)));
}

EXPORT ssize_t __read_chk(int fd, void *to, size_t size, size_t room)
{
    return was_read(fd, to, WAITING_ON(READ, 0, fd, real.__read_chk(fd, to, size, room)));
}

EXPORT ssize_t readv(int fd, const struct iovec *parts, int n)
{
    return WAITING_ON(READV, 0, fd, real.readv(fd, parts, n));
}

EXPORT ssize_t write(int fd, const void *from, size_t size)
{
    return WAITING_ON(WRITE, 0, fd, real.write(fd, from, size));
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int n)
{
    return WAITING_ON(WRITEV, 0, fd, real.writev(fd, parts, n));
}
