/*
 * transcript.h - what the programs of this directory share: they print what calls did, in words that are the same on
 * every run, so that a run under the preload can be compared with a bare one.
 *
 *     outcome("trylock", pthread_mutex_trylock(&m));      // trylock: EBUSY
 *     returned("read", read(fd, buffer, 4));              // read: 4     or     read: -1 EAGAIN
 *     uint64_t since = now_ns();
 *     say("poll %s", waited(since, 20));                  // poll waited     or     poll did not wait
 *     poke_start(&p, SIGALRM); poll(NULL, 0, -1); poke_end(&p);     // interrupted while it waits, never before
 *
 * The machine may be busy: anything may take long, between two lines as well. So a program does not rely on being
 * quick: since is read before what it bounds (deadlines too), and `waited` is asked with little where a call waits,
 * with a lot more than an idle machine needs where it must not.
 */
#ifndef KIWI_TEST_TRANSCRIPT_H
#define KIWI_TEST_TRANSCRIPT_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" const char *strerrorname_np(int);
#endif

/* One line, flushed, so that a child made by fork has nothing of it in its buffer. */
__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

static inline const char *error_name(int error)
{
    const char *name = error ? strerrorname_np(error) : "ok";
    return name ? name : "an unknown error";
}

static inline void outcome(const char *what, int error)
{
    say("%s: %s", what, error_name(error));
}

static inline void returned(const char *what, long result)
{
    int error = errno;
    if (result < 0)
        say("%s: %ld %s", what, result, error_name(error));
    else
        say("%s: %ld", what, result);
}

static inline uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static inline const char *waited(uint64_t since_ns, unsigned ms)
{
    return now_ns() - since_ns >= (uint64_t)ms * 1000000u ? "waited" : "did not wait";
}

static inline struct timespec in_ms(clockid_t clock, long ms)
{
    uint64_t at = clock_ns(clock) + (uint64_t)ms * 1000000u;
    return (struct timespec){(time_t)(at / 1000000000u), (long)(at % 1000000000u)};
}

static inline void pause_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static inline pthread_t start(void *(*function)(void *), void *argument)
{
    pthread_t id;
    int error = pthread_create(&id, NULL, function, argument);
    if (error) {
        say("pthread_create failed: %s", error_name(error));
        exit(99);
    }
    return id;
}

static inline void *finish(pthread_t id)
{
    void *value = NULL;
    outcome("join", pthread_join(id, &value));
    return value;
}

/* Steps of threads that take turns: a thread waits for its step and announces the next. */
struct turns {
    volatile int step;
};

static inline void turn_wait(struct turns *t, int step)
{
    while (__atomic_load_n(&t->step, __ATOMIC_ACQUIRE) < step)
        usleep(200);
}

static inline void turn_next(struct turns *t, int step)
{
    __atomic_store_n(&t->step, step, __ATOMIC_RELEASE);
}

static inline bool thread_sleeps(pid_t tid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof text - 1) < 0) {
        say("cannot read %s: %s", path, error_name(errno));
        exit(99);
    }
    close(fd);
    const char *state = strrchr(text, ')');
    return state && state[1] && state[2] == 'S';
}

/* A signal for the thread that asks for it, 10 ms or more after it has begun to wait in a call. */
struct poke {
    pthread_t helper, target;
    pid_t tid;
    int number;
};

static inline void *poke_when_it_sleeps(void *arg)
{
    struct poke *p = (struct poke *)arg;
    for (int looks = 0; looks < 3; looks = thread_sleeps(p->tid) ? looks + 1 : 0)
        pause_ms(3);
    pause_ms(10);
    pthread_kill(p->target, p->number);
    return NULL;
}

static inline void poke_start(struct poke *p, int number)
{
    p->target = pthread_self();
    p->tid = gettid();
    p->number = number;
    p->helper = start(poke_when_it_sleeps, p);
}

static inline void poke_end(struct poke *p)
{
    pthread_join(p->helper, NULL);
}

/* How a child ended. */
static inline void child_ended(const char *what, pid_t pid)
{
    int status = -1;
    if (pid < 0) {
        say("%s: %s", what, error_name(errno));
        return;
    }
    pid_t got;
    do
        got = waitpid(pid, &status, 0);
    while (got < 0 && errno == EINTR);
    if (WIFEXITED(status))
        say("%s: exit status %d", what, WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        say("%s: killed by %s", what, strsignal(WTERMSIG(status)));
    else
        say("%s: odd status %d", what, status);
}

/* Runs a function in a child process and says how that ended. */
static inline void in_child(const char *what, void (*function)(void))
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        function();
        fflush(stdout);
        _exit(0);
    }
    child_ended(what, pid);
}

static inline void handle(int signal_number, void (*handler)(int), int flags)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigaction(signal_number, &action, NULL);
}
#endif
