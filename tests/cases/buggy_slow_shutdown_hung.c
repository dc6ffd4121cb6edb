// expect: slow-shutdown
// where: slow-shutdown stop_worker
// kill: 2
// about: nobody wakes the worker that is joined after SIGTERM, until the service is killed
#include "case.h"

#include <signal.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int jobs, stop, ready;

static void *work(void *arg)
{
    pthread_mutex_lock(&lock);
    while (!stop) {
        while (!jobs) {
            stage_reach(&ready, 1);
            pthread_cond_wait(&changed, &lock);
        }
        jobs--;
    }
    pthread_mutex_unlock(&lock);
    return arg;
}

static FRAME int stop_worker(pthread_t worker)
{
    pthread_mutex_lock(&lock);
    stop = 1;
    pthread_mutex_unlock(&lock);
    must(pthread_join(worker, NULL), "pthread_join");
    return stop;
}

int main(void)
{
    sigset_t end;
    int got;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &end, NULL);
    pthread_t worker = thread_start(work, NULL);
    while (!__atomic_load_n(&ready, __ATOMIC_SEQ_CST))
        nap_ms(1);
    nap_ms(50);
    raise(SIGTERM);
    must(sigwait(&end, &got), "sigwait");
    return stop_worker(worker) != 1;
}
