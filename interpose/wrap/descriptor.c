/*
 * descriptor.c - calls that end a descriptor or change whether calls on it block: what was learnt of it is forgotten.
 * And fcntl's waits for file locks.
 *
 * Before a close, since the number may belong to another thread's new descriptor as soon as it returns; after a change,
 * since until then the old answer is the true one.
 */
#include "../record/descriptor.h"
#include "../process/enter.h"
#include "../record/call.h"
#include "../record/peer.h"
#include "../record/stack.h"

#include <errno.h>
#include <stdarg.h>

/* The thread if its calls on descriptors are recorded. */
static struct thread *enter_io(void)
{
    struct thread *t = thread_enter();
    return record_settings.io_off ? NULL : t;
}

#define RETURN_ADDRESS(site) (*(uintptr_t *)((site).sp - 8))

static void close_begin(struct thread *t, struct descriptor_closing *c, int fd, struct call_site site)
{
    descriptor_forget(fd);
    if (!t)
        return;
    guard_set(t);
    peer_closing(fd);
    descriptor_close_begin(t, c, fd, stack_of(t, site));
    guard_clear(t);
}

static void close_end(struct thread *t, const struct descriptor_closing *c, int error, struct call_site site)
{
    if (!t || t->guard != GUARD_IDLE)
        return;
    guard_set(t);
    descriptor_close_end(t, c, error, RETURN_ADDRESS(site));
    guard_clear(t);
}

EXPORT int close(int fd)
{
    struct thread *t = enter_io();
    struct descriptor_closing c;
    close_begin(t, &c, fd, CALL_SITE());
    int result = real.close(fd);
    close_end(t, &c, result ? errno : 0, CALL_SITE());
    return result;
}

EXPORT int fclose(FILE *file)
{
    struct thread *t = enter_io();
    int fd = file && t ? file->_fileno : -1; /* fileno sets errno for a stream without a descriptor */
    struct descriptor_closing c;
    if (fd < 0)
        return real.fclose(file);
    close_begin(t, &c, fd, CALL_SITE());
    int result = real.fclose(file);
    close_end(t, &c, result ? errno : 0, CALL_SITE());
    return result;
}

static void close_many(struct thread *t, uint32_t first, uint32_t last, struct call_site site)
{
    descriptor_forget_range(first, last);
    if (!t)
        return;
    guard_set(t);
    descriptor_close_range(t, first, last, stack_of(t, site));
    guard_clear(t);
}

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

EXPORT int close_range(unsigned first, unsigned last, int flags)
{
    struct thread *t = enter_io();
    if (!real.close_range) { /* the service asked whether libc has it, and found this one */
        errno = ENOSYS;
        return -1;
    }
    close_many(flags & CLOSE_RANGE_CLOEXEC ? NULL : t, first, last, CALL_SITE());
    return real.close_range(first, last, flags);
}

EXPORT void closefrom(int first)
{
    close_many(enter_io(), first < 0 ? 0 : (uint32_t)first, MEMORY_DESCRIPTORS, CALL_SITE());
    real.closefrom(first);
}

static int copied(struct thread *t, int from, int result, struct call_site site)
{
    if (result >= 0)
        descriptor_forget(result);
    if (result < 0 || !t || t->guard != GUARD_IDLE)
        return result;
    guard_set(t);
    descriptor_copied(t, from, result, stack_of(t, site));
    guard_clear(t);
    return result;
}

EXPORT int dup(int fd)
{
    struct thread *t = enter_io();
    return copied(t, fd, real.dup(fd), CALL_SITE());
}

EXPORT int dup2(int from, int to)
{
    struct thread *t = enter_io();
    return copied(t, from, real.dup2(from, to), CALL_SITE());
}

EXPORT int dup3(int from, int to, int flags)
{
    struct thread *t = enter_io();
    return copied(t, from, real.dup3(from, to, flags), CALL_SITE());
}

static void controlled(struct thread *t, int fd, int command, int result, struct call_site site)
{
    if (command == F_SETFL)
        descriptor_forget(fd);
    else if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
        copied(t, fd, result, site);
}

/* Another process may have the lock, and keep it. */
static bool waits_for_lock(int command)
{
    return command == F_SETLKW || command == F_OFD_SETLKW;
}

static void lock_begin(struct call_record *c, struct thread *t, int fd, int command, struct call_site site)
{
    call_begin(c, waits_for_lock(command) ? t : NULL, KIWI_CALL_FCNTL_LOCK, site, KIWI_CALLF_UNTIMED, (uint64_t)fd);
}

static void lock_end(struct call_record *c, int result)
{
    call_end(c, result < 0 ? errno : 0, 0);
}

/* The argument of these is an int, a pointer or nothing, by command: as wide as any of them, it is handed on as it
 * came. */
#define ARGUMENT(argument, command)                                                                                    \
    va_list rest;                                                                                                      \
    va_start(rest, command);                                                                                           \
    void *argument = va_arg(rest, void *);                                                                             \
    va_end(rest)

EXPORT int fcntl(int fd, int command, ...)
{
    ARGUMENT(argument, command);
    struct thread *t = enter_io();
    struct call_record c;
    lock_begin(&c, t, fd, command, CALL_SITE());
    int result = real.fcntl(fd, command, argument);
    lock_end(&c, result);
    controlled(t, fd, command, result, CALL_SITE());
    return result;
}

EXPORT int fcntl64(int fd, int command, ...)
{
    ARGUMENT(argument, command);
    struct thread *t = enter_io();
    struct call_record c;
    lock_begin(&c, t, fd, command, CALL_SITE());
    int result = real.fcntl64(fd, command, argument);
    lock_end(&c, result);
    controlled(t, fd, command, result, CALL_SITE());
    return result;
}

EXPORT int ioctl(int fd, unsigned long command, ...)
{
    ARGUMENT(argument, command);
    real_ensure();
    int result = real.ioctl(fd, command, argument);
    if (command == FIONBIO)
        descriptor_forget(fd);
    return result;
}
