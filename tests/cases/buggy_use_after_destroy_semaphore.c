// expect: use-after-destroy CRITICAL
// where: use-after-destroy finish
// about: whoever waits for two results destroys the semaphore after the first post; the second one comes too late
#include "case.h"
#include <semaphore.h>

static sem_t results;
static int stage, finished;

static FRAME void finish(void)
{
    sem_post(&results);
    stage_arrive(&finished);
}

static void *quick(void *arg)
{
    finish();
    return arg;
}

static void *slow(void *arg)
{
    stage_await(&stage, 1);
    finish();
    return arg;
}

int main(void)
{
    must(sem_init(&results, 0, 0), "sem_init");
    pthread_t a = thread_start(quick, NULL), b = thread_start(slow, NULL);
    while (sem_wait(&results))
        ;
    sem_destroy(&results);
    stage_reach(&stage, 1);
    thread_join(a);
    thread_join(b);
    return 0;
}
