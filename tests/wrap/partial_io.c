/*
 * Calls that move less than they were asked to, or nothing: short reads, writes of more than fits, the end of what is
 * read, a peer that is gone, with and without SIGPIPE. Each on descriptors that wait and on those that do not.
 */
#include "transcript.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

static volatile int broken;
static char page[1 << 20];
static int data; /* a file of 10 bytes */

static void count_broken(int number)
{
    (void)number;
    broken++;
}

static long by_read(int fd, size_t size)
{
    return read(fd, page, size);
}
static long by_readv(int fd, size_t size)
{
    struct iovec parts[2] = {{page, 2}, {page + 2, size - 2}};
    return readv(fd, parts, 2);
}
static long by_recv(int fd, size_t size)
{
    return recv(fd, page, size, 0);
}
static long by_recv_peek(int fd, size_t size)
{
    return recv(fd, page, size, MSG_PEEK);
}
static long by_recv_at_once(int fd, size_t size)
{
    return recv(fd, page, size, MSG_DONTWAIT);
}
static long by_recvfrom(int fd, size_t size)
{
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    return recvfrom(fd, page, size, 0, (struct sockaddr *)&from, &length);
}
static long by_recvmsg(int fd, size_t size)
{
    struct iovec part = {page, size};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    return recvmsg(fd, &m, 0);
}
static long by_recvmmsg(int fd, size_t size)
{
    struct iovec part = {page, size};
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    long n = recvmmsg(fd, &m, 1, 0, NULL);
    return n > 0 ? (long)m.msg_len : n;
}
static long by_splice_out(int fd, size_t size)
{
    int ends[2];
    if (pipe(ends))
        return -2;
    long n = splice(fd, NULL, ends[1], NULL, size, 0);
    int error = errno;
    close(ends[0]);
    close(ends[1]);
    errno = error;
    return n;
}

static long by_write(int fd, size_t size)
{
    return write(fd, page, size);
}
static long by_writev(int fd, size_t size)
{
    struct iovec parts[2] = {{page, size / 2}, {page, size - size / 2}};
    return writev(fd, parts, 2);
}
static long by_send(int fd, size_t size)
{
    return send(fd, page, size, 0);
}
static long by_send_quietly(int fd, size_t size)
{
    return send(fd, page, size, MSG_NOSIGNAL);
}
static long by_sendto(int fd, size_t size)
{
    return sendto(fd, page, size, 0, NULL, 0);
}
static long by_sendto_quietly(int fd, size_t size)
{
    return sendto(fd, page, size, MSG_NOSIGNAL, NULL, 0);
}
static long by_sendmsg(int fd, size_t size)
{
    struct iovec part = {page, size};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    return sendmsg(fd, &m, 0);
}
static long by_sendmmsg(int fd, size_t size)
{
    struct iovec part = {page, size};
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    long n = sendmmsg(fd, &m, 1, 0);
    return n > 0 ? (long)m.msg_len : n;
}
static long by_sendmmsg_quietly(int fd, size_t size)
{
    struct iovec part = {page, size};
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    long n = sendmmsg(fd, &m, 1, MSG_NOSIGNAL);
    return n > 0 ? (long)m.msg_len : n;
}
static long by_sendfile(int fd, size_t size)
{
    off_t at = 4;
    return sendfile(fd, data, &at, size);
}
static long by_sendfile64(int fd, size_t size)
{
    off64_t at = 9;
    return sendfile64(fd, data, &at, size);
}
static long by_splice(int fd, size_t size)
{
    off64_t at = 4;
    return splice(data, &at, fd, NULL, size, 0);
}
static long by_vmsplice(int fd, size_t size)
{
    struct iovec part = {page, size};
    return vmsplice(fd, &part, 1, SPLICE_F_NONBLOCK); /* it does not look at O_NONBLOCK */
}
static long by_stream(int fd, size_t size)
{
    FILE *stream = fdopen(dup(fd), "w");
    if (!stream)
        return -1;
    setvbuf(stream, NULL, _IONBF, 0);
    long n = (long)fwrite(page, 1, size, stream);
    int error = errno;
    fclose(stream);
    errno = error;
    return n ? n : -1;
}

enum on { PIPE = 1, SOCKET = 2, BOTH = 3 };

struct way {
    const char *name;
    long (*move)(int fd, size_t size);
    enum on on;
};

static const struct way reading[] = {
        {"read", by_read, BOTH},
        {"readv", by_readv, BOTH},
        {"recv", by_recv, SOCKET},
        {"recv, MSG_PEEK", by_recv_peek, SOCKET},
        {"recv, MSG_DONTWAIT", by_recv_at_once, SOCKET},
        {"recvfrom", by_recvfrom, SOCKET},
        {"recvmsg", by_recvmsg, SOCKET},
        {"recvmmsg", by_recvmmsg, SOCKET},
        {"splice", by_splice_out, PIPE},
};

static const struct way writing[] = {
        {"write", by_write, BOTH},
        {"writev", by_writev, BOTH},
        {"send", by_send, SOCKET},
        {"send, MSG_NOSIGNAL", by_send_quietly, SOCKET},
        {"sendto", by_sendto, SOCKET},
        {"sendto, MSG_NOSIGNAL", by_sendto_quietly, SOCKET},
        {"sendmsg", by_sendmsg, SOCKET},
        {"sendmmsg", by_sendmmsg, SOCKET},
        {"sendmmsg, MSG_NOSIGNAL", by_sendmmsg_quietly, SOCKET},
        {"sendfile", by_sendfile, BOTH},
        {"sendfile64", by_sendfile64, BOTH},
        {"splice", by_splice, BOTH},
        {"vmsplice", by_vmsplice, PIPE},
        {"fwrite", by_stream, BOTH},
};

/* [0] is read from, [1] is written to. */
static void connected(enum on on, int *ends)
{
    if (on == PIPE ? pipe(ends) : socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
        exit(9);
}

static void read_by(const struct way *w, enum on on)
{
    int ends[2];
    say("-- %s from a %s", w->name, on == PIPE ? "pipe" : "socket");
    connected(on, ends);
    if (write(ends[1], "abcdefg", 7) != 7)
        exit(9);
    memset(page, 0, 16);
    returned("less than there is", w->move(ends[0], 3));
    say("%.8s", page);
    returned("more than there is", w->move(ends[0], 4096));
    say("%.8s", page);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    while (read(ends[0], page, 16) > 0)
        ;
    returned("not ready", w->move(ends[0], 16));
    close(ends[1]);
    returned("at the end", w->move(ends[0], 16));
    fcntl(ends[0], F_SETFL, 0);
    returned("still at the end", w->move(ends[0], 16));
    close(ends[0]);
    returned("closed", w->move(ends[0], 16));
}

static void write_by(const struct way *w, enum on on)
{
    int ends[2];
    say("-- %s to a %s", w->name, on == PIPE ? "pipe" : "socket");
    connected(on, ends);
    returned("little", w->move(ends[1], 7));
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    long many = w->move(ends[1], sizeof page);
    say("more than fits: %s", many == (long)sizeof page ? "all" : many > 0 ? "a part" : error_name(errno));
    while (write(ends[1], page, 4096) > 0)
        ;
    while (write(ends[1], page, 1) > 0)
        ;
    returned("full", w->move(ends[1], 16));
    fcntl(ends[1], F_SETFL, 0);
    close(ends[0]);
    broken = 0;
    returned("to nobody", w->move(ends[1], 16));
    say("%d SIGPIPE", broken);
    signal(SIGPIPE, SIG_IGN);
    returned("to nobody, SIGPIPE ignored", w->move(ends[1], 16));
    handle(SIGPIPE, count_broken, 0);
    close(ends[1]);
    returned("closed", w->move(ends[1], 16));
}

static void each(const struct way *ways, size_t n, void (*try)(const struct way *, enum on))
{
    for (size_t i = 0; i < n; i++) {
        if (ways[i].on & PIPE)
            try(&ways[i], PIPE);
        if (ways[i].on & SOCKET)
            try(&ways[i], SOCKET);
    }
}

static void killed_by_the_pipe(void)
{
    int ends[2];
    signal(SIGPIPE, SIG_DFL);
    connected(SOCKET, ends);
    close(ends[0]);
    returned("send, MSG_NOSIGNAL", by_send_quietly(ends[1], 1));
    returned("send", by_send(ends[1], 1));
}

int main(void)
{
    data = fileno(tmpfile());
    if (write(data, "0123456789", 10) != 10)
        return 9;
    handle(SIGPIPE, count_broken, 0);
    each(reading, sizeof reading / sizeof *reading, read_by);
    each(writing, sizeof writing / sizeof *writing, write_by);
    in_child("SIGPIPE by default", killed_by_the_pipe);
    return 0;
}
