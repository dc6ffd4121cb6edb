/* sigaction and its elder relatives: what is asked for is what was installed, and it is called as it was. */
#include "transcript.h"

#include <sys/signalfd.h>

static volatile sig_atomic_t first_came, second_came, sender;

static void first(int number)
{
    first_came = number;
}

static void second(int number)
{
    second_came = number;
}

static void informed(int number, siginfo_t *about, void *context)
{
    first_came = context ? number : 0;
    sender = about->si_pid;
}

static const char *name_of(sighandler_t handler)
{
    return handler == SIG_DFL                    ? "default"
           : handler == SIG_IGN                  ? "ignored"
           : handler == SIG_ERR                  ? "an error"
           : handler == first                    ? "first"
           : handler == second                   ? "second"
           : (void *)handler == (void *)informed ? "informed"
                                                 : "something else";
}

static void test_sigaction(int number)
{
    struct sigaction a = {.sa_handler = first, .sa_flags = SA_RESTART | SA_NODEFER}, old;
    sigaddset(&a.sa_mask, SIGUSR1);
    returned("sigaction", sigaction(number, &a, &old));
    say("before %s", name_of(old.sa_handler));
    a.sa_handler = second;
    a.sa_flags = 0;
    returned("again, without the old one", sigaction(number, &a, NULL));
    returned("asked", sigaction(number, NULL, &old));
    say("%s, flags %x, mask %d", name_of(old.sa_handler), (unsigned)old.sa_flags & ~0x4000000u,
        sigismember(&old.sa_mask, SIGUSR1));
    say("asking changed nothing of the argument: %s", name_of(a.sa_handler));
    raise(number);
    say("second came %d", second_came == number);
    struct sigaction *volatile same = &a;
    a.sa_handler = first;
    returned("in one place", sigaction(number, &a, same));
    say("before %s", name_of(a.sa_handler));
    raise(number);
    say("first came %d", first_came == number);
}

static void test_information(int number)
{
    struct sigaction a = {.sa_sigaction = informed, .sa_flags = SA_SIGINFO | SA_RESETHAND}, old;
    first_came = 0;
    returned("with information", sigaction(number, &a, NULL));
    raise(number);
    say("came %d from here %d", first_came == number, sender == getpid());
    returned("asked", sigaction(number, NULL, &old));
    say("only once: %s", name_of(old.sa_handler));
}

static void test_elders(int number)
{
    sighandler_t before = signal(number, first);
    say("signal: before %s", name_of(before));
    before = signal(number, SIG_IGN);
    say("signal: before %s", name_of(before));
    raise(number);
    before = signal(number, second);
    say("signal: before %s", name_of(before));
    before = ssignal(number, first);
    say("ssignal: before %s", name_of(before));
    second_came = first_came = 0;
    raise(number);
    say("first came %d, second came %d", first_came == number, second_came);
    before = sysv_signal(number, second);
    say("sysv_signal: before %s", name_of(before));
    raise(number);
    before = signal(number, SIG_DFL);
    say("only once: %s", name_of(before));
    errno = 0;
    before = signal(1000, first);
    say("a wrong one: %s, %s", name_of(before), error_name(errno));
    errno = 0;
    before = signal(number, SIG_ERR); /* what a failed call gave is put back */
    say("no handler: %s, %s", name_of(before), error_name(errno));
    before = signal(SIGKILL, first);
    say("kill: %s", name_of(before));
}

/* A child has the handlers of its parent; what a vfork child changes is its own. */
static void test_children(void)
{
    int status;
    signal(SIGTERM, first);
    first_came = 0;
    pid_t child = fork();
    if (child == 0) {
        raise(SIGTERM);
        _exit(first_came == SIGTERM ? 3 : 4);
    }
    waitpid(child, &status, 0);
    say("child: %d, here: %d", WEXITSTATUS(status), first_came);
    child = vfork();
    if (child == 0) {
        struct sigaction own = {.sa_handler = second};
        sigaction(SIGTERM, &own, NULL);
        _exit(0);
    }
    waitpid(child, &status, 0);
    raise(SIGTERM);
    say("after a vfork: first came %d", first_came == SIGTERM);
}

static void test_fetched(void)
{
    struct signalfd_siginfo about[2];
    sigset_t set;
    siginfo_t information;
    struct timespec now = {0, 0};
    int number = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGTERM);
    outcome("sigwait", sigwait(&set, &number));
    say("%d", number == SIGTERM);
    raise(SIGINT);
    say("sigwaitinfo: %d", sigwaitinfo(&set, &information) == SIGINT && information.si_signo == SIGINT);
    returned("sigtimedwait of none", sigtimedwait(&set, NULL, &now));
    int fd = signalfd(-1, &set, SFD_NONBLOCK);
    say("signalfd: %d", fd >= 0);
    returned("nothing to read", read(fd, about, sizeof about));
    raise(SIGTERM);
    raise(SIGINT);
    returned("too little room", read(fd, about, 10));
    returned("two", read(fd, about, sizeof about));
    say("one of each: %d", about[0].ssi_signo + about[1].ssi_signo == SIGTERM + SIGINT);
    say("the same: %d", signalfd(fd, &set, 0) == fd);
    returned("a wrong one", signalfd(1000000, &set, 0));
    close(fd);
}

typedef int mask_call(int how, const sigset_t *wanted, sigset_t *old);

static int blocked_of(const sigset_t *set)
{
    return sigismember(set, SIGUSR1) | sigismember(set, SIGUSR2) << 1 | sigismember(set, SIGHUP) << 2;
}

static int blocked_now(mask_call *call)
{
    sigset_t now;
    return call(SIG_BLOCK, NULL, &now) ? -1 : blocked_of(&now);
}

/* A signal that is let in comes before the call returns; the old mask is that of before. */
static void test_masks(mask_call *call)
{
    sigset_t one, both, old;
    struct sigaction a = {.sa_handler = first};
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    both = one;
    sigaddset(&both, SIGHUP);
    sigaction(SIGUSR1, &a, NULL);
    returned("block", call(SIG_BLOCK, &both, &old));
    say("before %d, now %d", blocked_of(&old), blocked_now(call));
    first_came = 0;
    raise(SIGUSR1);
    say("came %d", first_came == SIGUSR1);
    returned("unblock", call(SIG_UNBLOCK, &one, NULL));
    say("came %d, now %d", first_came == SIGUSR1, blocked_now(call));
    returned("set", call(SIG_SETMASK, &one, &old));
    say("before %d, now %d", blocked_of(&old), blocked_now(call));
    sigset_t *volatile same = &both;
    returned("in one place", call(SIG_SETMASK, &both, same));
    say("before %d, now %d", blocked_of(&both), blocked_now(call));
    errno = 0;
    outcome("a wrong way", call(1000, &one, &old));
    say("errno %d", errno);
    sigemptyset(&both);
    first_came = 0;
    raise(SIGUSR1);
    returned("all open", call(SIG_SETMASK, &both, &old));
    say("before %d, now %d, came %d", blocked_of(&old), blocked_now(call), first_came == SIGUSR1);
}

int main(void)
{
    test_masks(sigprocmask);
    test_masks(pthread_sigmask);
    test_sigaction(SIGTERM);
    test_sigaction(SIGUSR2);
    test_information(SIGINT);
    test_elders(SIGQUIT);
    test_elders(SIGUSR1);
    test_children();
    test_fetched();
    return 0;
}
