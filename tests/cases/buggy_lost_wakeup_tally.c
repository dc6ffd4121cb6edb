// expect: lost-wakeup
// where: lost-wakeup compact
// about: a compactor waits without a look at what is asked for, and takes the mutex again to tally what it did
#include "case.h"

#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t asked = PTHREAD_COND_INITIALIZER;
static unsigned segments, compacted;
static int stage;

FRAME static void *compact(void *arg)
{
    for (int round = 1;; round++) {
        pthread_mutex_lock(&mutex);
        stage_reach(&stage, 2 * round - 1);
        pthread_cond_wait(&asked, &mutex); /* should look at segments first */
        unsigned mine = segments;
        segments = 0;
        pthread_mutex_unlock(&mutex);
        stage_reach(&stage, 2 * round);
        nap_ms(50);
        pthread_mutex_lock(&mutex);
        compacted += mine;
        pthread_mutex_unlock(&mutex);
    }
    return arg;
}

static void ask(void)
{
    pthread_mutex_lock(&mutex);
    segments++;
    pthread_cond_signal(&asked);
    pthread_mutex_unlock(&mutex);
}

int main(void)
{
    must(pthread_detach(thread_start(compact, NULL)), "pthread_detach");
    stage_await(&stage, 1);
    ask();
    stage_await(&stage, 2);
    ask(); /* at work: nobody waits */
    stage_await(&stage, 3);
    nap_ms(400);
    pthread_mutex_lock(&mutex);
    printf("%u compacted, %u left\n", compacted, segments);
    pthread_mutex_unlock(&mutex);
    return 0;
}
