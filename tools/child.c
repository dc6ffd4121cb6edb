#include "child.h"

#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Dispositions and mask as they were when kiwi started: the command must find them unchanged. */
struct inherited {
    sigset_t mask;
    struct sigaction child_action;
};

/* Signals that kiwi takes by waiting for them: all but those that report its own faults, or that can not be taken. */
static void watched_signals(sigset_t *set)
{
    static const int own[] = {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS,  SIGILL,  SIGFPE,
                              SIGTRAP, SIGABRT, SIGSYS,  SIGPIPE, SIGTTIN, SIGTTOU};

    sigfillset(set);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        sigdelset(set, own[i]);
}

/*
 * What the terminal sends goes to the whole foreground process group, so the command has it already. Everything
 * else was meant for the process id that the sender knows, which is kiwi's.
 */
static void forward(const struct child *c, const siginfo_t *info)
{
    if (info->si_code == SI_KERNEL || info->si_pid == c->pid)
        return;
    if (info->si_code == SI_QUEUE)
        sigqueue(c->pid, info->si_signo, info->si_value);
    else
        kill(c->pid, info->si_signo);
}

static int shell_status(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Takes every state change there is: as process 1 of a container, kiwi inherits orphans as well. True when c has
 * ended. */
static bool reap(struct child *c)
{
    bool ended = false;
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
        if (pid != c->pid)
            continue;
        if (WIFSTOPPED(status)) {
            raise(SIGSTOP); /* the shell that watches kiwi must see the job stop; its SIGCONT is forwarded */
        } else {
            c->status = shell_status(status);
            ended = true;
        }
    }
    return ended;
}

static void wait_for_end(struct child *c, const sigset_t *watched)
{
    siginfo_t info;

    while (!reap(c)) {
        int number = sigwaitinfo(watched, &info);

        if (number > 0 && number != SIGCHLD)
            forward(c, &info);
    }
}

/* In the child. Returns only by ending; the errno of a failed exec goes into the pipe. */
static void execute(char **argv, const struct inherited *before, int report)
{
    int error;

    sigaction(SIGCHLD, &before->child_action, NULL);
    sigprocmask(SIG_SETMASK, &before->mask, NULL);
    execvp(argv[0], argv);
    error = errno;
    while (write(report, &error, sizeof error) < 0 && errno == EINTR)
        continue;
    _exit(127);
}

/* 0 when the pipe was closed by a successful exec. */
static int read_exec_error(int fd)
{
    int error = 0;
    ssize_t length;

    do
        length = read(fd, &error, sizeof error);
    while (length < 0 && errno == EINTR);
    return length == (ssize_t)sizeof error ? error : 0;
}

int child_run(struct child *c, char **argv)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    struct inherited before;
    sigset_t watched;
    int report[2];
    int result = -1;

    memset(c, 0, sizeof *c);
    if (pipe2(report, O_CLOEXEC) != 0) {
        message_errno("cannot run '%s'", argv[0]);
        return -1;
    }
    watched_signals(&watched);
    sigprocmask(SIG_BLOCK, &watched, &before.mask);
    sigaction(SIGCHLD, &standard, &before.child_action); /* were it ignored, there would be no status to wait for */
    c->pid = fork();
    if (c->pid == 0)
        execute(argv, &before, report[1]);
    close(report[1]);
    if (c->pid < 0) {
        message_errno("cannot run '%s'", argv[0]);
        c->pid = 0;
        goto out;
    }
    c->exec_error = read_exec_error(report[0]);
    wait_for_end(c, &watched);
    if (c->exec_error != 0)
        c->pid = 0;
    result = 0;
out:
    close(report[0]);
    sigprocmask(SIG_SETMASK, &before.mask, NULL);
    return result;
}
