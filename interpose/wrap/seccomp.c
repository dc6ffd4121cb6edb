/*
 * seccomp.c - prctl and syscall: a filter may kill for any system call that it does not name, and the recorder's own
 * (madvise, when a table grows) is hardly named in one. So the tables are given room first, and afterwards the recorder
 * makes no system call in this process any more.
 */
#include "../process/process.h"
#include "futex.h"

#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

EXPORT int prctl(int option, ...)
{
    va_list list;
    va_start(list, option);
    unsigned long a = va_arg(list, unsigned long), b = va_arg(list, unsigned long), c = va_arg(list, unsigned long),
                  d = va_arg(list, unsigned long);
    va_end(list);
    if (thread_enter() && option == PR_SET_SECCOMP)
        process_freeze();
    return real.prctl(option, a, b, c, d);
}

/* For syscall.S: the function to jump to. */
void *syscall_enter(long number);
void *syscall_enter(long number)
{
    if (thread_enter() && number == SYS_seccomp)
        process_freeze();
    return number == SYS_futex ? (void *)syscall_futex : (void *)real.syscall;
}
