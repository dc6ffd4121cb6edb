/*
 * The ways in which a process ends: each in a program of its own (this one, started again with the number of the way),
 * so that the ends are those of a recorded process, not of a child of one.
 */
#include "transcript.h"

#include <assert.h>
#include <err.h>
#include <setjmp.h>
#include <spawn.h>
#include <sys/resource.h>

extern char **environ;

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static const char *myself;
static sigjmp_buf away;

static void lock_and_say(const char *who)
{
    pthread_mutex_lock(&m);
    say("%s", who);
    pthread_mutex_unlock(&m);
}

static void by_handler_of_exit(void)
{
    lock_and_say("atexit handler locks");
    free(malloc(100));
}

static void exit_in_handler(int number)
{
    exit(number);
}

static void _exit_in_handler(int number)
{
    _exit(number + 100);
}

static void *wait_for_m(void *unused)
{
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    return unused;
}

static void *sleep_on(void *unused)
{
    for (;;)
        pause();
    return unused;
}

/* From the handler of a signal that asks the process to end, and of one that does not. */
static void exit_from_term(void)
{
    atexit(by_handler_of_exit);
    handle(SIGTERM, exit_in_handler, 0);
    raise(SIGTERM);
}

static void exit_from_alarm(void)
{
    atexit(by_handler_of_exit);
    handle(SIGALRM, exit_in_handler, SA_ONSTACK);
    struct poke p;
    poke_start(&p, SIGALRM);
    pause();
}

static void exit_from_term_in_a_wait(void)
{
    atexit(by_handler_of_exit);
    handle(SIGTERM, exit_in_handler, SA_RESETHAND);
    struct poke p;
    poke_start(&p, SIGTERM);
    pthread_cond_t c = PTHREAD_COND_INITIALIZER;
    pthread_mutex_t with = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&with);
    for (;;)
        pthread_cond_wait(&c, &with);
}

static void _exit_from_int(void)
{
    atexit(by_handler_of_exit);
    signal(SIGINT, _exit_in_handler);
    kill(getpid(), SIGINT);
}

/* What many services do: clean up in the handler, then let the signal do what it would have done. */
static void die_of_it(int number)
{
    say("cleaned up");
    signal(number, SIG_DFL);
    raise(number);
}

static void die_again(void)
{
    signal(SIGTERM, die_of_it);
    raise(SIGTERM);
    say("not reached");
}

static void die_again_nodefer(void)
{
    handle(SIGQUIT, die_of_it, SA_NODEFER);
    struct rlimit none = {0, 0};
    returned("no core", setrlimit(RLIMIT_CORE, &none));
    raise(SIGQUIT);
}

static void return_to_top(int number)
{
    siglongjmp(away, number);
}

static void jump_from_term(void)
{
    volatile int times = 0;
    handle(SIGTERM, return_to_top, 0);
    if (sigsetjmp(away, 1) && times == 3)
        exit(4);
    times++;
    raise(SIGTERM);
}

static void *raise_it(void *number)
{
    raise((int)(intptr_t)number);
    return NULL;
}

static void end_thread(int number)
{
    pthread_exit((void *)(intptr_t)number);
}

static void pthread_exit_from_term(void)
{
    handle(SIGTERM, end_thread, 0);
    say("%ld", (long)finish(start(raise_it, (void *)SIGTERM)));
}

/* Abort and its relatives. */
static void abort_without_core(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    atexit(by_handler_of_exit);
    abort();
}

static void say_and_return(int number)
{
    say("signal %d", number);
}

static void abort_with_handler(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    handle(SIGABRT, say_and_return, 0);
    abort();
}

static void abort_that_jumps(void)
{
    handle(SIGABRT, return_to_top, 0);
    if (sigsetjmp(away, 1) == 0)
        abort();
    free(malloc(40));
    lock_and_say("after the abort");
    exit(6);
}

static void failed_assertion(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    assert(environ == NULL);
}

static void error_exit(void)
{
    atexit(by_handler_of_exit);
    errx(9, "this is how it ends");
}

/* Exits with company. */
static void *leave(void *how)
{
    if (how)
        _exit(31);
    exit(32);
}

static void exit_while_others_wait(void)
{
    pthread_mutex_lock(&m);
    for (int i = 0; i < 5; i++)
        start(wait_for_m, NULL);
    start(sleep_on, NULL);
    pause_ms(20);
    exit(33);
}

static void thread_exits(void)
{
    atexit(by_handler_of_exit);
    start(leave, NULL);
    for (;;)
        pause();
}

static void thread_exits_at_once(void)
{
    atexit(by_handler_of_exit);
    start(leave, &m);
    for (;;)
        pause();
}

static void *last_one(void *first)
{
    pthread_join(*(pthread_t *)first, NULL);
    lock_and_say("the last thread");
    return NULL;
}

static void main_ends_first(void)
{
    static pthread_t self;
    self = pthread_self();
    atexit(by_handler_of_exit);
    start(last_one, &self);
    pthread_exit(NULL);
}

static void *cancel_it(void *first)
{
    pthread_cancel(*(pthread_t *)first);
    void *value = NULL;
    outcome("join", pthread_join(*(pthread_t *)first, &value));
    say("canceled %d", value == PTHREAD_CANCELED);
    exit(34);
}

static void main_is_canceled(void)
{
    static pthread_t self;
    self = pthread_self();
    start(cancel_it, &self);
    for (;;)
        pause();
}

/* Handlers of exit that do more than they should. */
static void start_a_thread(void)
{
    finish(start(wait_for_m, NULL));
}

static void exit_again(void)
{
    say("exit within exit");
    exit(41);
}

static void fork_at_exit(void)
{
    say("a child at exit");
    pid_t pid = fork();
    if (pid == 0)
        _exit(42);
    child_ended("it", pid);
}

static void _exit_at_exit(void)
{
    say("at once");
    _exit(43);
}

static void busy_exit(void)
{
    atexit(_exit_at_exit);
    atexit(exit_again);
    atexit(fork_at_exit);
    atexit(start_a_thread);
    atexit(by_handler_of_exit);
    exit(44);
}

static void on_quick_exit(void)
{
    lock_and_say("at_quick_exit");
}

static void quick(void)
{
    atexit(by_handler_of_exit);
    at_quick_exit(on_quick_exit);
    quick_exit(45);
}

static void status_at_exit(int status, void *text)
{
    say("%s %d", (const char *)text, status);
}

static void status_handlers(void)
{
    on_exit(status_at_exit, "status");
    exit(46);
}

/* Programs that become others. */
static void *become_true(void *unused)
{
    char *arguments[] = {"sh", "-c", "exit 51", NULL};
    execv("/bin/sh", arguments);
    return unused;
}

static void thread_becomes(void)
{
    start(sleep_on, NULL);
    start(become_true, NULL);
    for (;;)
        pause();
}

static void become_with_signals(void)
{
    signal(SIGTERM, say_and_return);
    signal(SIGINT, SIG_IGN);
    char *arguments[] = {"sh", "-c", "kill -INT $$; kill -TERM $$; exit 52", NULL};
    execv("/bin/sh", arguments);
}

static void spawned_with_signals(void)
{
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, say_and_return);
    posix_spawnattr_t a;
    posix_spawnattr_init(&a);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    posix_spawnattr_setsigdefault(&a, &set);
    posix_spawnattr_setflags(&a, POSIX_SPAWN_SETSIGDEF);
    char *arguments[] = {"sh", "-c", "kill -TERM $$; exit 53", NULL};
    pid_t pid = -1;
    outcome("spawn", posix_spawn(&pid, "/bin/sh", NULL, &a, arguments, environ));
    child_ended("spawned", pid);
}

static void to_the_background(void)
{
    int ends[2];
    char byte = 0;
    returned("pipe", pipe(ends));
    pid_t pid = fork();
    if (pid == 0) {
        returned("daemon", daemon(1, 1));
        lock_and_say("the daemon works");
        _exit(write(ends[1], "d", 1) != 1);
    }
    close(ends[1]);
    returned("read", read(ends[0], &byte, 1));
    returned("read", read(ends[0], &byte, 1));
    child_ended("the one before", pid);
}

static void killed(void)
{
    start(sleep_on, NULL);
    raise(SIGKILL);
}

static void returns(void)
{
    atexit(by_handler_of_exit);
}

#define WAY(function)                                                                                                  \
    {                                                                                                                  \
#function, function                                                                                            \
    }

static const struct way {
    const char *name;
    void (*go)(void);
} ways[] = {
        WAY(exit_from_term),
        WAY(exit_from_alarm),
        WAY(exit_from_term_in_a_wait),
        WAY(_exit_from_int),
        WAY(die_again),
        WAY(die_again_nodefer),
        WAY(jump_from_term),
        WAY(pthread_exit_from_term),
        WAY(abort_without_core),
        WAY(abort_with_handler),
        WAY(abort_that_jumps),
        WAY(failed_assertion),
        WAY(error_exit),
        WAY(exit_while_others_wait),
        WAY(thread_exits),
        WAY(thread_exits_at_once),
        WAY(main_ends_first),
        WAY(main_is_canceled),
        WAY(busy_exit),
        WAY(quick),
        WAY(status_handlers),
        WAY(thread_becomes),
        WAY(become_with_signals),
        WAY(spawned_with_signals),
        WAY(to_the_background),
        WAY(killed),
        WAY(returns),
};

static void try(unsigned way)
{
    char number[12];
    snprintf(number, sizeof number, "%u", way);
    char *arguments[] = {(char *)myself, number, NULL};
    pid_t pid = -1;
    say("-- %s", ways[way].name);
    int error = posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environ);
    if (error)
        outcome("spawn", error);
    else
        child_ended("it", pid);
}

int main(int argc, char **argv)
{
    myself = argv[0];
    if (argc > 1) {
        ways[atoi(argv[1])].go();
        return 77;
    }
    for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++)
        try(i);
    return 0;
}
