// expect: deadlock CRITICAL
// where: deadlock reader_turn
// where: deadlock writer_turn
// allow: lock-order-cycle lock-across-block
// kill: 0.6
// about: the reader waits on a condition with a second lock held; the writer signals, keeps the mutex and wants that
// lock
#include "case.h"

static pthread_mutex_t screen_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t inbox_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t inbox_filled = PTHREAD_COND_INITIALIZER;
static int inbox, drawn, waiting;

static FRAME int reader_turn(void)
{
    pthread_mutex_lock(&screen_lock);
    pthread_mutex_lock(&inbox_lock);
    while (inbox == 0) {
        stage_reach(&waiting, 1);
        pthread_cond_wait(&inbox_filled, &inbox_lock);
    }
    int n = drawn = inbox--;
    pthread_mutex_unlock(&inbox_lock);
    pthread_mutex_unlock(&screen_lock);
    return n;
}

static FRAME int writer_turn(void)
{
    pthread_mutex_lock(&inbox_lock);
    inbox++;
    pthread_cond_signal(&inbox_filled);
    pthread_mutex_lock(&screen_lock);
    int n = drawn;
    pthread_mutex_unlock(&screen_lock);
    pthread_mutex_unlock(&inbox_lock);
    return n;
}

static void *reader(void *arg)
{
    *(int *)arg = reader_turn();
    return NULL;
}

static void *writer(void *arg)
{
    stage_await(&waiting, 1);
    *(int *)arg = writer_turn();
    return NULL;
}

int main(void)
{
    int result[2];
    pthread_t a = thread_start(reader, &result[0]), b = thread_start(writer, &result[1]);
    thread_join(a);
    thread_join(b);
    return 0;
}
