// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle eat
// about: two dozen philosophers take their left fork and then their right one, round the table; nobody starved today
#include "philosophers.h"

static FRAME void eat(int seat)
{
    pthread_mutex_lock(&forks[seat]);
    pthread_mutex_lock(&forks[(seat + 1) % SEATS]);
    meals++;
    pthread_mutex_unlock(&forks[(seat + 1) % SEATS]);
    pthread_mutex_unlock(&forks[seat]);
}

int main(void)
{
    return dine(eat);
}
