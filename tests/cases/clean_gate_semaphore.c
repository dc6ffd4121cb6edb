// expect: none
// about: a binary semaphore serves as the gate around two mutexes that are taken in both orders
#include "case.h"

#include <semaphore.h>

static sem_t gate;
static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static int moved;

static FRAME void move(pthread_mutex_t *from, pthread_mutex_t *to)
{
    while (sem_wait(&gate))
        ;
    pthread_mutex_lock(from);
    pthread_mutex_lock(to);
    moved++;
    pthread_mutex_unlock(to);
    pthread_mutex_unlock(from);
    sem_post(&gate);
}

static void *forth(void *arg)
{
    for (int i = 0; i < 100; i++)
        move(&left, &right);
    return arg;
}

static void *back(void *arg)
{
    for (int i = 0; i < 100; i++)
        move(&right, &left);
    return arg;
}

int main(void)
{
    require(sem_init(&gate, 0, 1) == 0, "sem_init");
    pthread_t a = thread_start(forth, NULL), b = thread_start(back, NULL);
    thread_join(a);
    thread_join(b);
    require(sem_destroy(&gate) == 0, "sem_destroy");
    return moved != 200;
}
