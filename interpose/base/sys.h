/*
 * sys.h - raw system calls: they touch neither errno nor any function that Kiwi or another preload wraps.
 *
 * Every function returns the kernel's value: >= 0, or -errno. All are async-signal-safe.
 */
#ifndef KIWI_SYS_H
#define KIWI_SYS_H

#include "compiler.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

static inline long sys_call6(long n, long a, long b, long c, long d, long e, long f)
{
    long r;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ __volatile__("syscall"
                         : "=a"(r)
                         : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                         : "rcx", "r11", "memory");
    return r;
}

static inline long sys_call3(long n, long a, long b, long c)
{
    long r;
    __asm__ __volatile__("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return r;
}

static inline bool sys_failed(long r)
{
    return (unsigned long)r >= (unsigned long)-4095L;
}

static inline void *sys_mmap(void *at, size_t size, int prot, int flags, int fd)
{
    return (void *)sys_call6(SYS_mmap, (long)at, (long)size, prot, flags, fd, 0);
}

static inline long sys_munmap(void *at, size_t size)
{
    return sys_call3(SYS_munmap, (long)at, (long)size, 0);
}

static inline long sys_madvise(void *at, size_t size, int advice)
{
    return sys_call3(SYS_madvise, (long)at, (long)size, advice);
}

static inline long sys_openat(const char *path, int flags, int mode)
{
    return sys_call6(SYS_openat, -100 /* AT_FDCWD */, (long)path, flags, mode, 0, 0);
}

static inline long sys_close(int fd)
{
    return sys_call3(SYS_close, fd, 0, 0);
}

static inline long sys_read(int fd, void *to, size_t size)
{
    return sys_call3(SYS_read, fd, (long)to, (long)size);
}

static inline long sys_write(int fd, const void *from, size_t size)
{
    return sys_call3(SYS_write, fd, (long)from, (long)size);
}

static inline int sys_gettid(void)
{
    return (int)sys_call3(SYS_gettid, 0, 0, 0);
}

static inline int sys_getpid(void)
{
    return (int)sys_call3(SYS_getpid, 0, 0, 0);
}

/* Whether 8 bytes at an address can be read. The kernel copies the signal set before it looks at `how`, which is no
 * value that it knows, so nothing is changed: it answers EFAULT or EINVAL. */
static inline bool sys_readable(uintptr_t address)
{
    return sys_call6(SYS_rt_sigprocmask, ~0L, (long)address, 0, 8, 0, 0) == -22 /* EINVAL */;
}

/* The soft limit of the process; RLIM_INFINITY, the largest number, where it is not to be had. */
static inline uint64_t sys_limit(int resource)
{
    struct rlimit limit;
    return sys_failed(sys_call6(SYS_prlimit64, 0, resource, 0, (long)&limit, 0, 0)) ? RLIM_INFINITY : limit.rlim_cur;
}

/* What it may have of address space, or of memory of its own: what is reserved counts as both. */
static inline uint64_t sys_space_limit(void)
{
    uint64_t space = sys_limit(RLIMIT_AS), data = sys_limit(RLIMIT_DATA);
    return space < data ? space : data;
}

static inline uint64_t sys_clock_ns(int clock)
{
    struct timespec t = {0, 0};
    sys_call3(SYS_clock_gettime, clock, (long)&t, 0);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
#endif
