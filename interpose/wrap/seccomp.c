/*
 * seccomp.c - prctl and syscall: calls after which the recorder must do less.
 *
 * A filter may kill for any system call that it does not name, and the recorder's own (madvise, when a table grows) is
 * hardly named in one. So the tables are given room first, and afterwards the recorder makes no system call in this
 * process any more. In strict mode, and where the time-stamp counter is forbidden, a thread dies of reading it.
 */
#include "../process/process.h"
#include "../record/waker.h"
#include "futex.h"

#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static void before_prctl(unsigned long option, unsigned long value, unsigned long filter)
{
    if ((option == PR_SET_SECCOMP && value == SECCOMP_MODE_STRICT) || (option == PR_SET_TSC && value == PR_TSC_SIGSEGV))
        process_stop();
    else if (option == PR_SET_SECCOMP && value == SECCOMP_MODE_FILTER && filter)
        process_freeze();
}

/* Questions, and what the kernel refuses (programs ask so what it can do), change nothing. */
static void before_seccomp(unsigned long operation, unsigned long flags, unsigned long filter)
{
    if (operation == SECCOMP_SET_MODE_STRICT && !flags && !filter)
        process_stop();
    else if (operation == SECCOMP_SET_MODE_FILTER && filter)
        process_freeze();
}

EXPORT int prctl(int option, ...)
{
    va_list list;
    va_start(list, option);
    unsigned long a = va_arg(list, unsigned long), b = va_arg(list, unsigned long), c = va_arg(list, unsigned long),
                  d = va_arg(list, unsigned long);
    va_end(list);
    if (thread_enter())
        before_prctl((unsigned)option, a, b);
    return real.prctl(option, a, b, c, d);
}

/* For syscall.S: the function to jump to. */
void *syscall_enter(long number, unsigned long a, unsigned long b, unsigned long c);
void *syscall_enter(long number, unsigned long a, unsigned long b, unsigned long c)
{
    if (thread_enter()) {
        if (number == SYS_prctl)
            before_prctl((unsigned)a, b, c);
        else if (number == SYS_seccomp)
            before_seccomp(a, b, c);
    }
    if (number == SYS_clone3 || (number == SYS_clone && waker_is_thread(a)))
        waker_note(KIWI_WAKER_THREAD); /* what clone3 is to make stands in memory that may not be there */
    if (number == SYS_rt_sigaction && b)
        waker_note(KIWI_WAKER_HANDLER); /* as runtimes do that bring their own signal handling */
    return number == SYS_futex ? (void *)syscall_futex : (void *)real.syscall;
}
