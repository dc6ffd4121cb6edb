// expect: none
// about: producers and consumers of a bounded queue share one condition variable; consumers idle at the end, one by two
// paths
#include "case.h"
#include <unistd.h>

enum { ROOM = 4, ITEMS = 200 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int queued, taken;

static FRAME void queue_pop(void)
{
    pthread_mutex_lock(&lock);
    while (queued == 0)
        pthread_cond_wait(&changed, &lock);
    queued--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    stage_arrive(&taken);
}

static FRAME void queue_push(void)
{
    pthread_mutex_lock(&lock);
    while (queued == ROOM)
        pthread_cond_wait(&changed, &lock);
    queued++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static FRAME int urgent(int n)
{
    queue_pop();
    return n + 1;
}

static void *consumer(void *arg)
{
    for (int i = 0;; i++) {
        if (i % 3 == 0)
            i = urgent(i);
        queue_pop();
    }
    return arg;
}

static void *producer(void *arg)
{
    for (int i = 0; i < ITEMS; i++)
        queue_push();
    return arg;
}

int main(void)
{
    pthread_t one, two;
    must(pthread_detach(thread_start(consumer, NULL)), "pthread_detach");
    must(pthread_detach(thread_start(consumer, NULL)), "pthread_detach");
    one = thread_start(producer, NULL);
    two = thread_start(producer, NULL);
    thread_join(one);
    thread_join(two);
    stage_await(&taken, 2 * ITEMS);
    nap_ms(200);
    printf("%d\n", taken);
    fflush(stdout);
    _exit(0);
}
