// expect: slow-shutdown MEDIUM
// where: slow-shutdown stop_pushing
// options: shutdown-budget=500ms
/*
 * A metrics service pushes its figures every two seconds, and SIGTERM is to end it. The pusher looks whether it
 * shall end between two pushes only, so the main thread waits for it in pthread_join until its sleep is over.
 *
 * Kiwi prints slow-shutdown (MEDIUM): the process ended so long after SIGTERM, held up by pthread_join in stop_pushing;
 * the thread that it waited for sat in nanosleep. With the usual shutdown-budget of 5 s an interval of 10 s would do.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static atomic_bool stopping;

static void *push_figures(void *arg)
{
    do {
        struct timespec interval = {2, 0};
        nanosleep(&interval, NULL);
    } while (!atomic_load(&stopping));
    return arg;
}

static __attribute__((noinline)) int stop_pushing(pthread_t pusher)
{
    atomic_store(&stopping, true);
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
