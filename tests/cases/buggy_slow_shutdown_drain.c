// expect: slow-shutdown
// where: slow-shutdown send_one
// options: shutdown-budget=200ms
// about: after SIGTERM the loop takes no more jobs, but sends all that are queued, one by one, as it always does
#include "case.h"

#include <signal.h>

#define QUEUED 40

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static int queued;
static volatile sig_atomic_t stopping;

static void on_term(int number)
{
    (void)number;
    stopping = 1;
}

static FRAME int send_one(int sent)
{
    nap_ms(15);
    return sent + 1;
}

static void *bring(void *arg)
{
    for (int i = 0; i < QUEUED; i++) {
        pthread_mutex_lock(&lock);
        queued += i < 6 ? 1 : QUEUED;
        pthread_cond_signal(&more);
        pthread_mutex_unlock(&lock);
        if (i == 6)
            break;
        nap_ms(100);
    }
    nap_ms(50);
    pthread_kill(*(pthread_t *)arg, SIGTERM);
    return NULL;
}

static FRAME int serve(void)
{
    int sent = 0;
    for (;;) {
        pthread_mutex_lock(&lock);
        while (!queued && !stopping)
            pthread_cond_wait(&more, &lock);
        int left = queued;
        queued -= left > 0;
        pthread_mutex_unlock(&lock);
        if (!left)
            return sent;
        sent = send_one(sent);
    }
}

int main(void)
{
    pthread_t self = pthread_self();
    signal(SIGTERM, on_term);
    pthread_t source = thread_start(bring, &self);
    require(serve() > QUEUED, "all sent");
    thread_join(source);
    return 0;
}
