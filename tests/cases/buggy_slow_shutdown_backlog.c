// expect: slow-shutdown
// where: slow-shutdown finish
// options: shutdown-budget=200ms
// about: after SIGTERM the main thread waits on a condition variable until a worker has sent all that is queued, one by one
#include "case.h"

#include <signal.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int queued = 14;

static void *send_all(void *arg)
{
    for (;;) {
        nap_ms(70);
        pthread_mutex_lock(&lock);
        int left = queued > 0 ? --queued : 0;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
        if (!left)
            return arg;
    }
}

static FRAME int finish(void)
{
    pthread_mutex_lock(&lock);
    while (queued > 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return queued;
}

int main(void)
{
    sigset_t end;
    pthread_t sender;
    int got;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &end, NULL);
    must(pthread_create(&sender, NULL, send_all, NULL), "pthread_create");
    raise(SIGTERM);
    must(sigwait(&end, &got), "sigwait");
    require(finish() == 0, "an empty queue");
    must(pthread_join(sender, NULL), "pthread_join");
    return 0;
}
