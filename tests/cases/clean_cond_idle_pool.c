// expect: none
// about: workers that were all busy when the last job was signalled take it without waiting, and idle when the process
// exits
#include "case.h"
#include <unistd.h>

enum { JOBS = 300 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static int queued, done;

static FRAME void job_take(void)
{
    pthread_mutex_lock(&lock);
    while (!queued)
        pthread_cond_wait(&more, &lock);
    queued--;
    pthread_mutex_unlock(&lock);
}

static void *worker(void *arg)
{
    for (;;) {
        job_take();
        if (stage_arrive(&done) % 16 == 0)
            nap_ms(2);
    }
    return arg;
}

static void job_put(int n)
{
    pthread_mutex_lock(&lock);
    queued += n;
    pthread_cond_signal(&more);
    pthread_mutex_unlock(&lock);
}

int main(void)
{
    for (int i = 0; i < 3; i++)
        must(pthread_detach(thread_start(worker, NULL)), "pthread_detach");
    for (int i = 0; i < JOBS; i++) {
        job_put(1);
        if (i % 64 == 0)
            nap_ms(3);
    }
    stage_await(&done, JOBS);
    nap_ms(200);
    printf("%d\n", done);
    fflush(stdout);
    _exit(0);
}
