// expect: destroy-busy CRITICAL
// where: destroy-busy phase_end|main
// kill: 3
// about: a barrier is destroyed although one of the workers has not come yet and another one waits for it there
#include "case.h"

static pthread_barrier_t phase;
static int stage;

static FRAME void phase_wait(void)
{
    stage_reach(&stage, 1);
    pthread_barrier_wait(&phase);
}

static void *worker(void *arg)
{
    phase_wait();
    return arg;
}

static FRAME void phase_end(void)
{
    pthread_barrier_destroy(&phase); // glibc waits here for the worker, which waits for the third party
}

int main(void)
{
    must(pthread_barrier_init(&phase, NULL, 2), "pthread_barrier_init");
    pthread_t thread = thread_start(worker, NULL);
    stage_await(&stage, 1);
    nap_ms(100);
    phase_end();
    thread_join(thread);
    return 0;
}
