// expect: none
// about: two dozen philosophers take their left fork first, but a waiter lets only all but one of them sit down
#include "philosophers.h"

#include <semaphore.h>

static sem_t chairs;

static FRAME void eat(int seat)
{
    sem_wait(&chairs);
    pthread_mutex_lock(&forks[seat]);
    pthread_mutex_lock(&forks[(seat + 1) % SEATS]);
    meals++;
    pthread_mutex_unlock(&forks[(seat + 1) % SEATS]);
    pthread_mutex_unlock(&forks[seat]);
    sem_post(&chairs);
}

int main(void)
{
    require(sem_init(&chairs, 0, SEATS - 1) == 0, "sem_init");
    return dine(eat);
}
