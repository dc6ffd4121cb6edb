/*
 * position.c - reading and writing at a place of a file, and moving data from one descriptor to another.
 */
#include "waiting.h"

ssize_t __pread_chk(int fd, void *to, size_t size, off_t at, size_t room);
ssize_t __pread64_chk(int fd, void *to, size_t size, off64_t at, size_t room);

ON_DESCRIPTOR(ssize_t, pread, PREAD, fd, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
ON_DESCRIPTOR(ssize_t, pread64, PREAD, fd, (int fd, void *to, size_t size, off64_t at), (fd, to, size, at))
ON_DESCRIPTOR(ssize_t, __pread_chk, PREAD, fd, (int fd, void *to, size_t size, off_t at, size_t room),
              (fd, to, size, at, room))
ON_DESCRIPTOR(ssize_t, __pread64_chk, PREAD, fd, (int fd, void *to, size_t size, off64_t at, size_t room),
              (fd, to, size, at, room))
ON_DESCRIPTOR(ssize_t, pwrite, PWRITE, fd, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at))
ON_DESCRIPTOR(ssize_t, pwrite64, PWRITE, fd, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at))
ON_DESCRIPTOR(ssize_t, preadv, PREADV, fd, (int fd, const struct iovec *parts, int n, off_t at), (fd, parts, n, at))
ON_DESCRIPTOR(ssize_t, preadv64, PREADV, fd, (int fd, const struct iovec *parts, int n, off64_t at), (fd, parts, n, at))
ON_DESCRIPTOR(ssize_t, preadv2, PREADV, fd, (int fd, const struct iovec *parts, int n, off_t at, int flags),
              (fd, parts, n, at, flags))
ON_DESCRIPTOR(ssize_t, preadv64v2, PREADV, fd, (int fd, const struct iovec *parts, int n, off64_t at, int flags),
              (fd, parts, n, at, flags))
ON_DESCRIPTOR(ssize_t, pwritev, PWRITEV, fd, (int fd, const struct iovec *parts, int n, off_t at), (fd, parts, n, at))
ON_DESCRIPTOR(ssize_t, pwritev64, PWRITEV, fd, (int fd, const struct iovec *parts, int n, off64_t at),
              (fd, parts, n, at))
ON_DESCRIPTOR(ssize_t, pwritev2, PWRITEV, fd, (int fd, const struct iovec *parts, int n, off_t at, int flags),
              (fd, parts, n, at, flags))
ON_DESCRIPTOR(ssize_t, pwritev64v2, PWRITEV, fd, (int fd, const struct iovec *parts, int n, off64_t at, int flags),
              (fd, parts, n, at, flags))

/* By the descriptor that takes the data: that is the one that is slow, as a rule. */
ON_DESCRIPTOR(ssize_t, sendfile, SENDFILE, out, (int out, int in, off_t *at, size_t size), (out, in, at, size))
ON_DESCRIPTOR(ssize_t, sendfile64, SENDFILE, out, (int out, int in, off64_t *at, size_t size), (out, in, at, size))
ON_DESCRIPTOR(ssize_t, copy_file_range, COPY_FILE_RANGE, out,
              (int in, off64_t *in_at, int out, off64_t *out_at, size_t size, unsigned flags),
              (in, in_at, out, out_at, size, flags))

/* SPLICE_F_NONBLOCK is about the pipes alone. */
ON_DESCRIPTOR(ssize_t, splice, SPLICE, out,
              (int in, off64_t *in_at, int out, off64_t *out_at, size_t size, unsigned flags),
              (in, in_at, out, out_at, size, flags))

/* It looks at its own flag alone: O_NONBLOCK of the pipe means nothing to it. */
EXPORT ssize_t vmsplice(int fd, const struct iovec *parts, size_t n, unsigned flags)
{
    struct call_record c;
    call_begin(&c, thread_enter(), KIWI_CALL_VMSPLICE, CALL_SITE(),
               flags & SPLICE_F_NONBLOCK ? KIWI_CALLF_NONBLOCKING : 0, (uint64_t)fd);
    c.fd = fd;
    return waiting_ended(&c, real.vmsplice(fd, parts, n, flags));
}

EXPORT ssize_t tee(int in, int out, size_t size, unsigned flags)
{
    struct call_record c;
    call_begin_on(&c, thread_enter(), KIWI_CALL_TEE, CALL_SITE(),
                  flags & SPLICE_F_NONBLOCK ? KIWI_CALLF_NONBLOCKING : 0, out);
    return waiting_ended(&c, real.tee(in, out, size, flags));
}
