// expect: none
// kill: 1
// about: workers stand at the barrier that begins a round, and who begins one waits for the next request: none comes
#include "case.h"

#define WORKERS 3

static pthread_barrier_t begin, end;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static int requests, served;

static void *work(void *arg)
{
    for (;;) {
        pthread_barrier_wait(&begin);
        __atomic_add_fetch(&served, 1, __ATOMIC_SEQ_CST);
        pthread_barrier_wait(&end);
    }
    return arg;
}

static FRAME void next_request(void)
{
    pthread_mutex_lock(&lock);
    while (!requests)
        pthread_cond_wait(&more, &lock);
    requests--;
    pthread_mutex_unlock(&lock);
}

static void *dispatch(void *arg)
{
    for (;;) {
        next_request();
        pthread_barrier_wait(&begin);
        pthread_barrier_wait(&end);
    }
    return arg;
}

int main(void)
{
    must(pthread_barrier_init(&begin, NULL, WORKERS + 1), "pthread_barrier_init");
    must(pthread_barrier_init(&end, NULL, WORKERS + 1), "pthread_barrier_init");
    for (int i = 0; i < WORKERS; i++)
        must(pthread_detach(thread_start(work, NULL)), "pthread_detach");
    pthread_t dispatcher = thread_start(dispatch, NULL);
    for (int i = 0; i < 10; i++) {
        nap_ms(2);
        pthread_mutex_lock(&lock);
        requests++;
        pthread_cond_signal(&more);
        pthread_mutex_unlock(&lock);
    }
    thread_join(dispatcher);
    return 0;
}
