// expect: none
// about: two dozen philosophers of whom the last takes the lower fork first, as all others do
#include "philosophers.h"

static FRAME void eat(int seat)
{
    int right = (seat + 1) % SEATS, low = seat < right ? seat : right, high = seat < right ? right : seat;

    pthread_mutex_lock(&forks[low]);
    pthread_mutex_lock(&forks[high]);
    meals++;
    pthread_mutex_unlock(&forks[high]);
    pthread_mutex_unlock(&forks[low]);
}

int main(void)
{
    return dine(eat);
}
