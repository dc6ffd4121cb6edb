// expect: self-deadlock CRITICAL
// where: self-deadlock counter_add
// kill: 0.6
// about: an early return forgets the unlock, and the next call of the same thread waits for itself
#include "case.h"

static pthread_mutex_t counter_lock = PTHREAD_MUTEX_INITIALIZER;
static long counter, limit = 100;

static FRAME int counter_add(long n)
{
    pthread_mutex_lock(&counter_lock);
    if (counter + n > limit)
        return -1;
    counter += n;
    pthread_mutex_unlock(&counter_lock);
    return 0;
}

int main(void)
{
    for (long n = 1; n < 30; n++)
        counter_add(n);
    printf("%ld\n", counter);
    return 0;
}
