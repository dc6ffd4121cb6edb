/*
 * descriptor.c - calls that end a descriptor or change whether calls on it block: what was learnt of it is forgotten.
 *
 * Before a close, since the number may belong to another thread's new descriptor as soon as it returns; after a change,
 * since until then the old answer is the true one.
 */
#include "../record/descriptor.h"
#include "../process/enter.h"

#include <errno.h>
#include <stdarg.h>

EXPORT int close(int fd)
{
    real_ensure();
    descriptor_forget(fd);
    return real.close(fd);
}

EXPORT int close_range(unsigned first, unsigned last, int flags)
{
    real_ensure();
    descriptor_forget_range(first, last);
    if (!real.close_range) { /* the service asked whether libc has it, and found this one */
        errno = ENOSYS;
        return -1;
    }
    return real.close_range(first, last, flags);
}

EXPORT void closefrom(int first)
{
    real_ensure();
    descriptor_forget_range(first < 0 ? 0 : (uint32_t)first, MEMORY_DESCRIPTORS);
    real.closefrom(first);
}

EXPORT int dup2(int from, int to)
{
    real_ensure();
    int result = real.dup2(from, to);
    descriptor_forget(to);
    return result;
}

EXPORT int dup3(int from, int to, int flags)
{
    real_ensure();
    int result = real.dup3(from, to, flags);
    descriptor_forget(to);
    return result;
}

/* The argument of these two is an int, a pointer or nothing, by command: as wide as any of them, it is handed on as it
 * came. */
#define HAND_ON(function, fd, command)                                                                                 \
    va_list rest;                                                                                                      \
    va_start(rest, command);                                                                                           \
    void *argument = va_arg(rest, void *);                                                                             \
    va_end(rest);                                                                                                      \
    real_ensure();                                                                                                     \
    int result = real.function(fd, command, argument);

EXPORT int fcntl(int fd, int command, ...)
{
    HAND_ON(fcntl, fd, command)
    if (command == F_SETFL)
        descriptor_forget(fd);
    return result;
}

EXPORT int fcntl64(int fd, int command, ...)
{
    HAND_ON(fcntl64, fd, command)
    if (command == F_SETFL)
        descriptor_forget(fd);
    return result;
}

EXPORT int ioctl(int fd, unsigned long command, ...)
{
    HAND_ON(ioctl, fd, command)
    if (command == FIONBIO)
        descriptor_forget(fd);
    return result;
}
