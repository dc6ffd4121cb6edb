/* Threads that come and go, each with more locks at once than a thread has room for at first. */
#include "transcript.h"

#define THREADS 1000
#define LOCKS 60

static pthread_mutex_t lock[LOCKS];

static void *serve(void *served)
{
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_lock(&lock[i]);
    ++*(int *)served;
    for (int i = LOCKS - 1; i >= 0; i--)
        pthread_mutex_unlock(&lock[i]);
    return NULL;
}

int main(void)
{
    int served = 0;
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_init(&lock[i], NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(start(serve, &served), NULL);
    say("%d served", served);
    return 0;
}
