/* Everything at once: threads that lock, wait, fork, spawn, cancel, load libraries and allocate, under a storm of
 * signals. */
#include "transcript.h"

#include <dlfcn.h>
#include <poll.h>
#include <spawn.h>
#include <sys/time.h>

enum { THREADS = 6, LOCKS = 16, STEPS = 120 };

extern char **environ;

static pthread_mutex_t locks[LOCKS];
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned long guarded[LOCKS], expected[LOCKS];

static void nothing(int number)
{
    (void)number;
}

static unsigned next(unsigned *x)
{
    *x = *x * 1664525u + 1013904223u;
    return *x >> 16;
}

static int lock_some(unsigned *x)
{
    unsigned a = next(x) % LOCKS, b = a + next(x) % (LOCKS - a);
    int wrong = pthread_mutex_lock(&locks[a]);
    wrong += b != a && pthread_mutex_lock(&locks[b]);
    guarded[a]++;
    __atomic_fetch_add(&expected[a], 1, __ATOMIC_RELAXED);
    if (next(x) % 4 == 0)
        sched_yield();
    wrong += b != a && pthread_mutex_unlock(&locks[b]);
    return wrong + pthread_mutex_unlock(&locks[a]);
}

static int wait_some(unsigned *x)
{
    struct timespec until = in_ms(CLOCK_REALTIME, 1);
    unsigned a = next(x) % LOCKS;
    pthread_mutex_lock(&locks[a]);
    int error = 0;
    if (a == 0)
        error = pthread_cond_timedwait(&changed, &locks[0], &until);
    else
        pthread_cond_broadcast(&changed);
    return (error != 0 && error != ETIMEDOUT) + (pthread_mutex_unlock(&locks[a]) != 0);
}

static int ended_with(pid_t pid, int wanted)
{
    int status = -1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return !WIFEXITED(status) || WEXITSTATUS(status) != wanted;
}

static int fork_some(unsigned *x)
{
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    pid_t pid = fork();
    if (pid == 0) {
        free(malloc(next(x)));
        pthread_mutex_lock(&own);
        pthread_mutex_unlock(&own);
        _exit(7);
    }
    return ended_with(pid, 7);
}

static int vfork_some(unsigned *x)
{
    (void)x;
    pid_t pid = vfork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", "exit 8", (char *)NULL);
        _exit(9);
    }
    return ended_with(pid, 8);
}

static int spawn_some(unsigned *x)
{
    char *arguments[] = {(char *)"sh", (char *)"-c", (char *)"exit 9", NULL};
    pid_t pid = -1;
    (void)x;
    return posix_spawn(&pid, "/bin/sh", NULL, NULL, arguments, environ) || ended_with(pid, 9);
}

static void *sleep_long(void *unused)
{
    for (;;)
        poll(NULL, 0, 10000);
    return unused;
}

static int cancel_some(unsigned *x)
{
    pthread_t id = start(sleep_long, NULL);
    void *value = NULL;
    if (next(x) % 2)
        sched_yield();
    pthread_cancel(id);
    return pthread_join(id, &value) || value != PTHREAD_CANCELED;
}

static int load_some(unsigned *x)
{
    static const char *const names[] = {"libutil.so.1", "libresolv.so.2", "libnsl.so.2", "libcrypt.so.1"};
    void *handle = dlopen(names[next(x) % 4], RTLD_NOW);
    return handle && dlclose(handle);
}

static int allocate_some(unsigned *x)
{
    char *p = malloc(next(x) + 1), *q = calloc(1, next(x) + 1);
    p = realloc(p, next(x) + 1);
    free(q);
    free(p);
    return !p;
}

static int (*const doings[])(unsigned *) = {lock_some,     lock_some,     lock_some,   lock_some,
                                            wait_some,     fork_some,     cancel_some, load_some,
                                            allocate_some, allocate_some, spawn_some,  vfork_some};

static void *busy(void *seed)
{
    unsigned x = (unsigned)(long)seed * 7919u;
    long wrong = 0;
    for (int i = 0; i < STEPS; i++)
        wrong += doings[next(&x) % (sizeof doings / sizeof *doings)](&x) != 0;
    return (void *)wrong;
}

int main(void)
{
    struct itimerval timer = {{0, 500}, {0, 500}}, off = {{0, 0}, {0, 0}};
    pthread_t ids[THREADS];
    unsigned lost = 0;
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_init(&locks[i], NULL);
    handle(SIGALRM, nothing, SA_RESTART);
    setitimer(ITIMER_REAL, &timer, NULL);
    for (long i = 0; i < THREADS; i++)
        ids[i] = start(busy, (void *)i);
    for (int i = 0; i < THREADS; i++)
        say("%ld wrong", (long)finish(ids[i]));
    setitimer(ITIMER_REAL, &off, NULL);
    for (int i = 0; i < LOCKS; i++)
        lost += guarded[i] != expected[i];
    say("%u counters wrong", lost);
    return 0;
}
