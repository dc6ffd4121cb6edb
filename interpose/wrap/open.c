/*
 * open.c - calls that make a descriptor: what it is of, and where it came from, for all who use or close it later.
 */
#include "../process/enter.h"
#include "../record/descriptor.h"
#include "../record/stack.h"

#include <errno.h>
#include <stdarg.h>

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int directory, const char *path, int flags);
int __openat64_2(int directory, const char *path, int flags);

static struct thread *enter_io(void)
{
    struct thread *t = thread_enter();
    return record_settings.io_off ? NULL : t;
}

/* false: nothing is recorded. Else the guard is set. */
static bool begins(struct thread *t, int fd)
{
    if (!t || t->guard != GUARD_IDLE) {
        descriptor_forget(fd);
        return false;
    }
    guard_set(t);
    return true;
}

static int born(struct thread *t, int fd, enum kiwi_descriptor_kind kind, uint32_t flags, struct call_site site)
{
    if (fd >= 0 && begins(t, fd)) {
        descriptor_born(t, fd, kind, flags, stack_of(t, site));
        guard_clear(t);
    }
    return fd;
}

static void not_opened(struct thread *t, const char *path, int error, struct call_site site)
{
    if (!t || t->guard != GUARD_IDLE || error == EFAULT || error == EINTR)
        return;
    guard_set(t);
    failure_note(t, &(struct failure_facts){.kind = KIWI_CALL_OPEN,
                                            .stack = stack_of(t, site),
                                            .error = error,
                                            .descriptor = failure_of_path(path, error)});
    guard_clear(t);
}

static int opened(struct thread *t, int fd, const char *path, int flags, struct call_site site)
{
    if (fd < 0) {
        not_opened(t, path, errno, site);
        return fd;
    }
    if (t && t->streak_count) {
        failure_worked(t);
        failure_success(t, 0, KIWI_CALL_OPEN);
    }
    if (begins(t, fd)) {
        descriptor_opened(t, fd, flags, stack_of(t, site));
        guard_clear(t);
    }
    return fd;
}

/* The mode is there only where a file may be made; what is in its place else is handed on unseen. */
#define MODE(last)                                                                                                     \
    va_list rest;                                                                                                      \
    va_start(rest, last);                                                                                              \
    mode_t mode = va_arg(rest, mode_t);                                                                                \
    va_end(rest);

EXPORT int open(const char *path, int flags, ...)
{
    MODE(flags)
    struct thread *t = enter_io();
    return opened(t, real.open(path, flags, mode), path, flags, CALL_SITE());
}

EXPORT int open64(const char *path, int flags, ...)
{
    MODE(flags)
    struct thread *t = enter_io();
    return opened(t, real.open64(path, flags, mode), path, flags, CALL_SITE());
}

EXPORT int openat(int directory, const char *path, int flags, ...)
{
    MODE(flags)
    struct thread *t = enter_io();
    return opened(t, real.openat(directory, path, flags, mode), path, flags, CALL_SITE());
}

EXPORT int openat64(int directory, const char *path, int flags, ...)
{
    MODE(flags)
    struct thread *t = enter_io();
    return opened(t, real.openat64(directory, path, flags, mode), path, flags, CALL_SITE());
}

EXPORT int __open_2(const char *path, int flags)
{
    struct thread *t = enter_io();
    return opened(t, real.__open_2(path, flags), path, flags, CALL_SITE());
}

EXPORT int __open64_2(const char *path, int flags)
{
    struct thread *t = enter_io();
    return opened(t, real.__open64_2(path, flags), path, flags, CALL_SITE());
}

EXPORT int __openat_2(int directory, const char *path, int flags)
{
    struct thread *t = enter_io();
    return opened(t, real.__openat_2(directory, path, flags), path, flags, CALL_SITE());
}

EXPORT int __openat64_2(int directory, const char *path, int flags)
{
    struct thread *t = enter_io();
    return opened(t, real.__openat64_2(directory, path, flags), path, flags, CALL_SITE());
}

EXPORT int creat(const char *path, mode_t mode)
{
    struct thread *t = enter_io();
    return opened(t, real.creat(path, mode), path, 0, CALL_SITE());
}

EXPORT int creat64(const char *path, mode_t mode)
{
    struct thread *t = enter_io();
    return opened(t, real.creat64(path, mode), path, 0, CALL_SITE());
}

static FILE *opened_file(struct thread *t, FILE *file, const char *path, struct call_site site)
{
    if (file && t)
        opened(t, fileno_unlocked(file), path, 0, site);
    return file;
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
    struct thread *t = enter_io();
    return opened_file(t, real.fopen(path, mode), path, CALL_SITE());
}

EXPORT FILE *fopen64(const char *path, const char *mode)
{
    struct thread *t = enter_io();
    return opened_file(t, real.fopen64(path, mode), path, CALL_SITE());
}

static uint32_t socket_flags(int family, int type)
{
    uint32_t internet = family == AF_INET || family == AF_INET6 ? KIWI_DESCRIPTOR_INTERNET : 0;
    return internet | ((type & 0xf) == SOCK_STREAM ? 0 : KIWI_DESCRIPTOR_DATAGRAM); /* flags are above */
}

EXPORT int socket(int family, int type, int protocol)
{
    struct thread *t = enter_io();
    int fd = real.socket(family, type, protocol);
    return born(t, fd, KIWI_DESCRIPTOR_SOCKET, socket_flags(family, type), CALL_SITE());
}

static int both_born(struct thread *t, int result, const int *ends, enum kiwi_descriptor_kind kind, uint32_t flags,
                     struct call_site site)
{
    for (int i = 0; i < 2 && result == 0; i++)
        born(t, ends[i], kind, flags, site);
    return result;
}

EXPORT int socketpair(int family, int type, int protocol, int ends[2])
{
    struct thread *t = enter_io();
    int result = real.socketpair(family, type, protocol, ends);
    return both_born(t, result, ends, KIWI_DESCRIPTOR_PAIR, socket_flags(family, type), CALL_SITE());
}

EXPORT int pipe(int ends[2])
{
    struct thread *t = enter_io();
    return both_born(t, real.pipe(ends), ends, KIWI_DESCRIPTOR_PIPE, 0, CALL_SITE());
}

EXPORT int pipe2(int ends[2], int flags)
{
    struct thread *t = enter_io();
    return both_born(t, real.pipe2(ends, flags), ends, KIWI_DESCRIPTOR_PIPE, 0, CALL_SITE());
}

EXPORT int eventfd(unsigned count, int flags)
{
    struct thread *t = enter_io();
    return born(t, real.eventfd(count, flags), KIWI_DESCRIPTOR_EVENT, 0, CALL_SITE());
}

EXPORT int timerfd_create(clockid_t clock, int flags)
{
    struct thread *t = enter_io();
    return born(t, real.timerfd_create(clock, flags), KIWI_DESCRIPTOR_TIMER, 0, CALL_SITE());
}

EXPORT int signalfd(int fd, const sigset_t *set, int flags)
{
    struct thread *t = enter_io();
    int result = real.signalfd(fd, set, flags);
    if (fd >= 0) {
        descriptor_forget(fd); /* an old one, of which the flags may have changed */
        return result;
    }
    return born(t, result, KIWI_DESCRIPTOR_SIGNAL, 0, CALL_SITE());
}

EXPORT int epoll_create(int size)
{
    struct thread *t = enter_io();
    return born(t, real.epoll_create(size), KIWI_DESCRIPTOR_EPOLL, 0, CALL_SITE());
}

EXPORT int epoll_create1(int flags)
{
    struct thread *t = enter_io();
    return born(t, real.epoll_create1(flags), KIWI_DESCRIPTOR_EPOLL, 0, CALL_SITE());
}
