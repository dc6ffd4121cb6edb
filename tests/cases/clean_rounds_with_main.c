// expect: none
// about: a loop in parallel, the main thread included; every other round goes the other way, each is joined
#include "case.h"

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static int steps;

static FRAME void step(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    steps++;
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *part(void *backwards)
{
    for (int i = 0; i < 10; i++)
        step(backwards ? &right : &left, backwards ? &left : &right);
    return NULL;
}

int main(void)
{
    int yes = 1;
    for (int round = 0; round < 40; round++) {
        void *backwards = round % 2 ? &yes : NULL;
        pthread_t a = thread_start(part, backwards), b = thread_start(part, backwards);
        part(backwards);
        thread_join(a);
        thread_join(b);
    }
    return steps == 40 * 30 ? 0 : 1;
}
