// expect: none
// kill: 1
// about: a thread sleeps at a semaphore that it took itself, as Python's do; the handler of a signal would wake it
#include "case.h"

#include <semaphore.h>
#include <signal.h>

static sem_t asleep, stop;

static void on_term(int signal)
{
    (void)signal;
    sem_post(&stop);
}

static void *idle(void *arg)
{
    sem_wait(&asleep);
    sem_wait(&asleep);
    return arg;
}

int main(void)
{
    signal(SIGTERM, on_term);
    sem_init(&asleep, 0, 1);
    sem_init(&stop, 0, 1);
    pthread_t worker = thread_start(idle, NULL);
    sem_wait(&stop);
    sem_wait(&stop);
    sem_post(&asleep);
    thread_join(worker);
    return 0;
}
