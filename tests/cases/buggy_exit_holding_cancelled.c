// expect: exit-holding-lock HIGH
// where: exit-holding-lock sweep
// about: a sweeper is cancelled while it holds the table lock, and has no cleanup handler; others only try the lock
#include "case.h"

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static int stage, table[8], missed;

static FRAME void sweep(void)
{
    pthread_mutex_lock(&table_lock);
    for (int i = 0;; i++) {
        table[i % 8] = 0;
        stage_reach(&stage, 1);
        pthread_testcancel();
    }
}

static void *sweeper(void *arg)
{
    sweep();
    return arg;
}

int main(void)
{
    pthread_t thread = thread_start(sweeper, NULL);
    stage_await(&stage, 1);
    must(pthread_cancel(thread), "pthread_cancel");
    thread_join(thread);
    for (int i = 0; i < 3; i++)
        missed += pthread_mutex_trylock(&table_lock) != 0;
    return missed != 3;
}
