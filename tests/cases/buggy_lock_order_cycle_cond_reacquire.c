// expect: lock-order-cycle CRITICAL
// allow: lock-across-block
// where: lock-order-cycle session_wait
// about: every thread locks the queue and then a session, but waiting for the queue takes it again with the session
// held
#include "case.h"

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t session_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queue_filled = PTHREAD_COND_INITIALIZER;
static int jobs, served, posted;

static FRAME int session_wait(void)
{
    pthread_mutex_lock(&queue_lock);
    pthread_mutex_lock(&session_lock);
    while (jobs == 0)
        pthread_cond_wait(&queue_filled, &queue_lock);
    jobs--;
    int n = ++served;
    pthread_mutex_unlock(&session_lock);
    pthread_mutex_unlock(&queue_lock);
    return n;
}

static FRAME int session_count(void)
{
    pthread_mutex_lock(&queue_lock);
    pthread_mutex_lock(&session_lock);
    int n = served;
    pthread_mutex_unlock(&session_lock);
    pthread_mutex_unlock(&queue_lock);
    return n;
}

static void *session(void *arg)
{
    *(int *)arg = session_wait();
    stage_reach(&posted, 2);
    stage_await(&posted, 3);
    return NULL;
}

static void *auditor(void *arg)
{
    stage_await(&posted, 2);
    *(int *)arg = session_count();
    stage_reach(&posted, 3);
    return NULL;
}

int main(void)
{
    int result[2];
    pthread_t a = thread_start(session, &result[0]), b = thread_start(auditor, &result[1]);
    nap_ms(50);
    pthread_mutex_lock(&queue_lock);
    jobs++;
    pthread_cond_signal(&queue_filled);
    pthread_mutex_unlock(&queue_lock);
    thread_join(a);
    thread_join(b);
    return result[0] + result[1] != 2;
}
