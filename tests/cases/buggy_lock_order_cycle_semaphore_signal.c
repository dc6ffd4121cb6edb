// expect: lock-order-cycle CRITICAL
// where:  lock-order-cycle refill
// where:  lock-order-cycle drain
// about: both orders come after waiting for one semaphore, but that one is a signal which others post: it keeps nobody
// apart
#include "case.h"

#include <semaphore.h>

static sem_t work;
static pthread_mutex_t tank = PTHREAD_MUTEX_INITIALIZER, valve = PTHREAD_MUTEX_INITIALIZER;
static int level, refilled;

static FRAME void refill(void)
{
    pthread_mutex_lock(&tank);
    pthread_mutex_lock(&valve);
    level++;
    pthread_mutex_unlock(&valve);
    pthread_mutex_unlock(&tank);
    stage_arrive(&refilled);
}

static FRAME void drain(void)
{
    pthread_mutex_lock(&valve);
    pthread_mutex_lock(&tank);
    level--;
    pthread_mutex_unlock(&tank);
    pthread_mutex_unlock(&valve);
    stage_arrive(&refilled);
}

static void *refiller(void *arg)
{
    for (int i = 0; i < 3; i++) {
        while (sem_wait(&work))
            ;
        refill();
    }
    nap_ms(60);
    return arg;
}

static void *drainer(void *arg)
{
    stage_await(&refilled, 3);
    for (int i = 0; i < 3; i++) {
        while (sem_wait(&work))
            ;
        drain();
    }
    return arg;
}

int main(void)
{
    require(sem_init(&work, 0, 1) == 0, "sem_init");
    pthread_t a = thread_start(refiller, NULL), b = thread_start(drainer, NULL);
    for (int i = 1; i < 6; i++) {
        stage_await(&refilled, i);
        sem_post(&work);
    }
    thread_join(a);
    thread_join(b);
    return level;
}
