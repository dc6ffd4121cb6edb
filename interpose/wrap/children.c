/*
 * children.c - waiting for other processes, and for signals.
 */
#include "signal.h"
#include "waiting.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define BY_OPTIONS(options) ((options)&WNOHANG ? KIWI_CALLF_NONBLOCKING : KIWI_CALLF_UNTIMED)

SETS_ERRNO(pid_t, wait, WAIT, KIWI_CALLF_UNTIMED, 0, (int *status), (status))
SETS_ERRNO(pid_t, waitpid, WAITPID, BY_OPTIONS(options), pid, (pid_t pid, int *status, int options),
           (pid, status, options))
SETS_ERRNO(int, waitid, WAITID, BY_OPTIONS(options), id, (idtype_t what, id_t id, siginfo_t *about, int options),
           (what, id, about, options))
SETS_ERRNO(pid_t, wait3, WAIT, BY_OPTIONS(options), 0, (int *status, int options, struct rusage *usage),
           (status, options, usage))
SETS_ERRNO(pid_t, wait4, WAITPID, BY_OPTIONS(options), pid, (pid_t pid, int *status, int options, struct rusage *usage),
           (pid, status, options, usage))
SETS_ERRNO(int, system, SYSTEM, KIWI_CALLF_UNTIMED, 0, (const char *command), (command))
SETS_ERRNO(int, pclose, PCLOSE, KIWI_CALLF_UNTIMED, 0, (FILE * stream), (stream))

EXPORT int sigwait(const sigset_t *set, int *got)
{
    WAITING_RECORD(thread_enter(), SIGWAIT, KIWI_CALLF_UNTIMED, 0);
    int error = real.sigwait(set, got);
    call_end(&c, error, 0);
    if (!error)
        signal_waited(*got);
    return error;
}

static int signalled(struct call_record *c, int result)
{
    call_end(c, result < 0 ? errno : 0, 0);
    signal_waited(result);
    return result;
}

EXPORT int sigwaitinfo(const sigset_t *set, siginfo_t *about)
{
    WAITING_RECORD(thread_enter(), SIGWAIT, KIWI_CALLF_UNTIMED, 0);
    return signalled(&c, real.sigwaitinfo(set, about));
}

EXPORT int sigtimedwait(const sigset_t *set, siginfo_t *about, const struct timespec *limit)
{
    struct thread *t = thread_enter();
    WAITING_RECORD(t, SIGWAIT, call_limit(t, limit), 0);
    return signalled(&c, real.sigtimedwait(set, about, limit));
}

SETS_ERRNO(int, sigsuspend, SIGSUSPEND, KIWI_CALLF_UNTIMED, 0, (const sigset_t *set), (set))
