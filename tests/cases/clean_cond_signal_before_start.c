// expect: none
// about: jobs are announced before the worker runs, or even exists; it finds them by looking, then waits for more until
// exit
#include "case.h"
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static pthread_cond_t reloaded = PTHREAD_COND_INITIALIZER;
static int queued, done, started, version;

static void *worker(void *arg)
{
    stage_await(&started, 1);
    for (;;) {
        pthread_mutex_lock(&lock);
        while (!queued)
            pthread_cond_wait(&more, &lock);
        queued--;
        pthread_mutex_unlock(&lock);
        stage_arrive(&done);
    }
    return arg;
}

/* Made after the one reload that there was; waits for the next. */
static void *watcher(void *arg)
{
    pthread_mutex_lock(&lock);
    int seen = version;
    while (version == seen)
        pthread_cond_wait(&reloaded, &lock);
    pthread_mutex_unlock(&lock);
    return arg;
}

static void announce(pthread_cond_t *what, int *count)
{
    pthread_mutex_lock(&lock);
    ++*count;
    pthread_cond_broadcast(what);
    pthread_mutex_unlock(&lock);
}

static void *first_load(void *arg)
{
    announce(&reloaded, &version);
    return arg;
}

int main(void)
{
    thread_join(thread_start(first_load, NULL));
    must(pthread_detach(thread_start(worker, NULL)), "pthread_detach");
    for (int i = 0; i < 3; i++)
        announce(&more, &queued);
    stage_reach(&started, 1);
    must(pthread_detach(thread_start(watcher, NULL)), "pthread_detach");
    stage_await(&done, 3);
    nap_ms(200);
    printf("%d\n", done);
    fflush(stdout);
    _exit(0);
}
