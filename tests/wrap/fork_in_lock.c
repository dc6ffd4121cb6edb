/* A signal handler that forks in the middle of lock calls, which go on in the child. */
#include "transcript.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORKS 40

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER, inner = PTHREAD_MUTEX_INITIALIZER;
static pid_t forker;
static volatile int forked, children_well;

/* Soon, and at another place each time. */
static void set_alarm(void)
{
    struct itimerval soon = {.it_value = {0, 20 + 37 * forked % 100}};
    setitimer(ITIMER_REAL, &soon, NULL);
}

static void fork_once_more(int number)
{
    (void)number;
    int error = errno, status = 0;
    pid_t pid = fork();
    if (pid) {
        waitpid(pid, &status, 0);
        children_well += WIFEXITED(status) && WEXITSTATUS(status) == 3;
        if (++forked < FORKS)
            set_alarm();
    }
    errno = error;
}

int main(void)
{
    forker = getpid();
    signal(SIGALRM, fork_once_more);
    set_alarm();
    while (forked < FORKS) {
        for (int i = 0; i < 100; i++) {
            pthread_mutex_lock(&outer);
            pthread_mutex_lock(&inner);
            pthread_mutex_unlock(&inner);
            pthread_mutex_unlock(&outer);
            if (!pthread_mutex_trylock(&inner))
                pthread_mutex_unlock(&inner);
            pthread_mutex_lock(&outer);
            int tried = pthread_mutex_trylock(&inner);
            pthread_mutex_unlock(&outer); /* from beneath */
            if (!tried)
                pthread_mutex_unlock(&inner);
        }
        if (getpid() != forker)
            _exit(outer.__data.__lock || outer.__data.__nusers || inner.__data.__lock || inner.__data.__nusers ? 4 : 3);
    }
    say("all children went on: %d", children_well == forked);
    return 0;
}
