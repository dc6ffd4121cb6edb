// expect: none
// about:  rare long holds that nobody waits for: the rebuild has the table for itself, and a nightly one ends before the others
// about:  come
#include "case.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long table[1024];

static FRAME void insert(unsigned long n, int rebuild)
{
    pthread_mutex_lock(&lock);
    table[n % 1024] = n;
    for (int round = 0; rebuild && round < 8000; round++)
        for (int i = 0; i < 1024; i++)
            table[i] = table[i] * 31 + n;
    pthread_mutex_unlock(&lock);
}

static int turn;

static void *inserter(void *arg)
{
    int own = *(int *)arg;
    for (int round = 0; round < 20; round++) {
        stage_await(&turn, 2 * round + own);
        for (unsigned long i = 0; i < 200; i++)
            insert(i, 0);
        insert(7, 1);
        stage_arrive(&turn);
    }
    return NULL;
}

int main(void)
{
    int owns[2] = {0, 1};
    pthread_t first = thread_start(inserter, &owns[0]), second = thread_start(inserter, &owns[1]);
    thread_join(first);
    thread_join(second);
    return 0;
}
