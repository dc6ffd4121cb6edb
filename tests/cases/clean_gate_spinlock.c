// expect: none
// about: both orders of two mutexes occur, each time inside one spinlock
#include "case.h"

static pthread_spinlock_t gate;
static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static int moved;

static FRAME void move(pthread_mutex_t *from, pthread_mutex_t *to)
{
    pthread_spin_lock(&gate);
    pthread_mutex_lock(from);
    pthread_mutex_lock(to);
    moved++;
    pthread_mutex_unlock(to);
    pthread_mutex_unlock(from);
    pthread_spin_unlock(&gate);
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
    must(pthread_spin_init(&gate, PTHREAD_PROCESS_PRIVATE), "pthread_spin_init");
    pthread_t a = thread_start(forth, NULL), b = thread_start(back, NULL);
    thread_join(a);
    thread_join(b);
    must(pthread_spin_destroy(&gate), "pthread_spin_destroy");
    return moved != 200;
}
