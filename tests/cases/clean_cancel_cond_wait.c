// expect: none
// about: threads are cancelled in cond_wait, cond_timedwait and sleep; the cleanup handler unlocks what cond_wait took
// back
#include "case.h"

static pthread_mutex_t mail_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t mail_came = PTHREAD_COND_INITIALIZER;
static int mail, cleaned, waiting;

static void unlock(void *arg)
{
    cleaned++;
    must(pthread_mutex_unlock(arg), "unlock");
}

static void *waiter(void *arg)
{
    int timed = *(int *)arg;
    struct timespec deadline = deadline_ms(CLOCK_REALTIME, 60000);
    pthread_mutex_lock(&mail_lock);
    pthread_cleanup_push(unlock, &mail_lock);
    stage_arrive(&waiting);
    while (!mail) {
        if (timed)
            pthread_cond_timedwait(&mail_came, &mail_lock, &deadline);
        else
            pthread_cond_wait(&mail_came, &mail_lock);
    }
    pthread_cleanup_pop(1);
    return NULL;
}

static void *sleeper(void *arg)
{
    stage_arrive(&waiting);
    nap_ms(60000);
    return arg;
}

int main(void)
{
    for (int i = 0; i < 10; i++) {
        int timed[2] = {0, 1};
        pthread_t threads[3] = {thread_start(waiter, &timed[0]), thread_start(waiter, &timed[1]),
                                thread_start(sleeper, NULL)};
        stage_await(&waiting, 3 * (i + 1));
        for (int j = 0; j < 3; j++) {
            void *result;
            must(pthread_cancel(threads[j]), "cancel");
            must(pthread_join(threads[j], &result), "join");
            require(result == PTHREAD_CANCELED, "cancelled");
        }
        must(pthread_mutex_lock(&mail_lock), "the lock is free again");
        must(pthread_mutex_unlock(&mail_lock), "unlock");
    }
    return cleaned != 20;
}
