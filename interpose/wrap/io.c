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

WAITING_RECORDED(ssize_t, read, READ, 0, fd, (int fd, void *to, size_t size), (fd, to, size))
WAITING_RECORDED(ssize_t, __read_chk, READ, 0, fd, (int fd, void *to, size_t size, size_t room), (fd, to, size, room))

EXPORT ssize_t read(int fd, void *to, size_t size)
{
    return was_read(fd, to, WAITING_ON(ssize_t, read, READ, fd, (fd, to, size)));
}

EXPORT ssize_t __read_chk(int fd, void *to, size_t size, size_t room)
{
    return was_read(fd, to, WAITING_ON(ssize_t, __read_chk, READ, fd, (fd, to, size, room)));
}

ON_DESCRIPTOR(ssize_t, readv, READV, fd, (int fd, const struct iovec *parts, int n), (fd, parts, n))
ON_DESCRIPTOR(ssize_t, write, WRITE, fd, (int fd, const void *from, size_t size), (fd, from, size))
ON_DESCRIPTOR(ssize_t, writev, WRITEV, fd, (int fd, const struct iovec *parts, int n), (fd, parts, n))
