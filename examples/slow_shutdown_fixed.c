// expect: none
/*
 * A metrics service pushes its figures every ten seconds, and SIGTERM is to end it. The pusher waits on a condition
 * variable with its interval as the limit, and is woken when the service is to end.
 *
 * Kiwi prints nothing.
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stop = PTHREAD_COND_INITIALIZER;
static bool stopping;

static void *push_figures(void *arg)
{
    pthread_mutex_lock(&lock);
    while (!stopping) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 10;
        pthread_cond_timedwait(&stop, &lock, &until);
    }
    pthread_mutex_unlock(&lock);
    return arg;
}

static __attribute__((noinline)) int stop_pushing(pthread_t pusher)
{
    pthread_mutex_lock(&lock);
    stopping = true;
    pthread_cond_signal(&stop);
    pthread_mutex_unlock(&lock);
    void *result = NULL;
    int error = pthread_join(pusher, &result);
    return error || result;
}

int main(void)
{
    sigset_t end;
    pthread_t pusher;
    int got;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &end, NULL); /* before any thread is made: all of them inherit it */
    if (pthread_create(&pusher, NULL, push_figures, NULL))
        return 1;
    raise(SIGTERM); /* what `kill` or a service manager would send */
    if (sigwait(&end, &got) || stop_pushing(pusher))
        return 1;
    printf("stopped\n");
    return 0;
}
