/*
 * process.c - exec and exit. fork itself is seen through pthread_atfork, and through memory that the kernel wipes.
 *
 * A vfork child borrows its parent's memory: its wrappers must not record (see vfork.S and thread_enter_slow). When it
 * calls exec or _exit, the parent's trace must not be told that the process ended.
 */
#include "../process/process.h"

#include "../base/sys.h"

#include <alloca.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* Called from vfork.S in the parent, before the system call. */
void vfork_begin(void);
void vfork_begin(void)
{
    struct thread *t = thread_enter();
    if (!t)
        return;
    t->vfork_tid = t->tid;
    COMPILER_BARRIER();
    t->guard = GUARD_VFORK; /* the first wrapper to run on this thread finds out whether it is parent or child */
}

void *vfork_real(void);
void *vfork_real(void)
{
    return (void *)real.vfork;
}

/* Shells try one directory after the other: what is not there needs no end of the trace. */
static bool is_missing(const char *path)
{
    long result = path && !region.frozen ? sys_call3(SYS_access, (long)path, F_OK, 0) : 0;
    return result == -ENOENT || result == -ENOTDIR || result == -EFAULT;
}

/* path: NULL if it is looked for in several places, or is no name. */
static bool exec_begin(const char *path)
{
    bool mine = thread_enter() != NULL && !is_missing(path);
    if (mine)
        process_exec_begin();
    return mine;
}

static int exec_failed(bool mine)
{
    if (mine)
        process_exec_failed();
    return -1;
}

EXPORT int execve(const char *path, char *const argv[], char *const env[])
{
    bool mine = exec_begin(path);
    real.execve(path, argv, env);
    return exec_failed(mine);
}

EXPORT int execv(const char *path, char *const argv[])
{
    bool mine = exec_begin(path);
    real.execv(path, argv);
    return exec_failed(mine);
}

/* The arguments after `first` up to and with the NULL, as an array on the caller's stack: the heap may be a
 * parent's. */
static size_t count_arguments(va_list list)
{
    size_t n = 1;
    while (va_arg(list, char *))
        n++;
    return n;
}

static void collect_arguments(char **argv, const char *first, va_list list)
{
    *argv++ = (char *)first;
    while ((*argv++ = va_arg(list, char *)))
        ;
}

#define COLLECT_ARGUMENTS(argv, first, list)                                                                           \
    va_start(list, first);                                                                                             \
    argv = alloca((count_arguments(list) + 1) * sizeof *argv);                                                         \
    va_end(list);                                                                                                      \
    va_start(list, first);                                                                                             \
    collect_arguments(argv, first, list)

EXPORT int execl(const char *path, const char *first, ...)
{
    char **argv;
    va_list list;
    COLLECT_ARGUMENTS(argv, first, list);
    va_end(list);
    return execv(path, argv);
}

EXPORT int execlp(const char *file, const char *first, ...)
{
    char **argv;
    va_list list;
    COLLECT_ARGUMENTS(argv, first, list);
    va_end(list);
    return execvp(file, argv);
}

EXPORT int execle(const char *path, const char *first, ...)
{
    char **argv;
    va_list list;
    COLLECT_ARGUMENTS(argv, first, list);
    va_end(list);
    /* The environment stands behind the NULL. */
    va_start(list, first);
    while (va_arg(list, char *))
        ;
    char *const *env = va_arg(list, char *const *);
    va_end(list);
    return execve(path, argv, env);
}

EXPORT int execvp(const char *file, char *const argv[])
{
    bool mine = exec_begin(strchr(file, '/') ? file : NULL);
    real.execvp(file, argv);
    return exec_failed(mine);
}

EXPORT int execvpe(const char *file, char *const argv[], char *const env[])
{
    bool mine = exec_begin(strchr(file, '/') ? file : NULL);
    real.execvpe(file, argv, env);
    return exec_failed(mine);
}

EXPORT int fexecve(int fd, char *const argv[], char *const env[])
{
    bool mine = exec_begin(NULL);
    real.fexecve(fd, argv, env);
    return exec_failed(mine);
}

EXPORT void _exit(int status)
{
    if (thread_enter())
        process_exiting(status);
    real._exit(status);
    __builtin_unreachable();
}

EXPORT void quick_exit(int status)
{
    if (thread_enter())
        process_exiting(status);
    real.quick_exit(status);
    __builtin_unreachable();
}

EXPORT void _Exit(int status)
{
    if (thread_enter())
        process_exiting(status);
    real._Exit(status);
    __builtin_unreachable();
}
