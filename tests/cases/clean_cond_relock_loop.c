// expect: none
// kill: 0.8
// about: a worker finds its first job when it comes, works without the mutex, and takes it again before it waits
#include "case.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t submitted = PTHREAD_COND_INITIALIZER;
static int jobs, done, ready;

static FRAME void *serve(void *arg)
{
    stage_await(&ready, 1);
    pthread_mutex_lock(&mutex);
    for (;;) {
        while (jobs == 0)
            pthread_cond_wait(&submitted, &mutex);
        jobs--;
        pthread_mutex_unlock(&mutex);
        nap_ms(20);
        stage_arrive(&done);
        pthread_mutex_lock(&mutex);
    }
    return arg;
}

static FRAME void submit(void)
{
    pthread_mutex_lock(&mutex);
    jobs++;
    pthread_cond_signal(&submitted);
    pthread_mutex_unlock(&mutex);
}

int main(void)
{
    pthread_t worker = thread_start(serve, NULL);
    nap_ms(20);
    submit();
    stage_reach(&ready, 1);
    stage_await(&done, 1);
    thread_join(worker);
    return 0;
}
