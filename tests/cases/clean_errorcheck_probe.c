// expect: none
// about: an error-checking mutex is asked whether this thread has it: EDEADLK is the answer, not an accident
#include "case.h"
#include <errno.h>
#include <stdbool.h>

static pthread_mutex_t state_lock;
static int state;

static FRAME bool state_mine(void)
{
    int error = pthread_mutex_lock(&state_lock);
    if (error == 0)
        pthread_mutex_unlock(&state_lock);
    return error == EDEADLK;
}

static FRAME int state_change(void)
{
    bool nested = state_mine();
    if (!nested)
        must(pthread_mutex_lock(&state_lock), "lock");
    int n = ++state;
    if (!nested)
        must(pthread_mutex_unlock(&state_lock), "unlock");
    return n;
}

static void *worker(void *arg)
{
    for (int i = 0; i < 100; i++) {
        state_change();
        must(pthread_mutex_lock(&state_lock), "lock");
        state_change();
        must(pthread_mutex_unlock(&state_lock), "unlock");
    }
    return arg;
}

int main(void)
{
    mutex_init_kind(&state_lock, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    pthread_t a = thread_start(worker, NULL), b = thread_start(worker, NULL);
    thread_join(a);
    thread_join(b);
    must(pthread_mutex_destroy(&state_lock), "destroy");
    return state != 400;
}
