// expect: lost-wakeup HIGH
// where: lost-wakeup loader_run
// about: the loader waits for its signal without looking whether it has come already; it has
#include "case.h"
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t configured = PTHREAD_COND_INITIALIZER;
static int ready, stage;

static FRAME int loader_run(void)
{
    pthread_mutex_lock(&lock);
    pthread_cond_wait(&configured, &lock); /* should be: while (!ready) */
    int seen = ready;
    pthread_mutex_unlock(&lock);
    return seen;
}

static void *loader(void *arg)
{
    stage_arrive(&stage);
    stage_await(&stage, 2);
    loader_run();
    stage_arrive(&stage);
    return arg;
}

int main(void)
{
    must(pthread_detach(thread_start(loader, NULL)), "pthread_detach");
    stage_await(&stage, 1);
    pthread_mutex_lock(&lock);
    ready = 1;
    pthread_cond_signal(&configured);
    pthread_mutex_unlock(&lock);
    stage_arrive(&stage);
    nap_ms(500);
    printf("%s\n", __atomic_load_n(&stage, __ATOMIC_SEQ_CST) < 3 ? "gave up" : "loaded");
    fflush(stdout);
    _exit(0);
}
