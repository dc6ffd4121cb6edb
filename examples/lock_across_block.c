// expect: lock-across-block HIGH
// allow: lock-contention long-hold
// where: lock-across-block rates_refresh
/*
 * A cache of exchange rates. The refresher keeps the cache locked while it asks the exchange and while it waits between
 * two attempts, so every customer who wants a price waits as long as the exchange pleases.
 *
 * Kiwi prints lock-across-block (HIGH): the lock, the call that was made under it, for how long, and who waited.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t rates_lock = PTHREAD_MUTEX_INITIALIZER;
static int rate = 100;

static __attribute__((noinline)) int exchange_ask(int attempt)
{
    return attempt % 3 == 2 ? 100 + attempt : -1;
}

static __attribute__((noinline)) int rates_refresh(void)
{
    struct timespec pause = {0, 50 * 1000000L};
    int attempts = 0, answer;
    pthread_mutex_lock(&rates_lock);
    while ((answer = exchange_ask(attempts++)) < 0)
        nanosleep(&pause, NULL);
    rate = answer;
    pthread_mutex_unlock(&rates_lock);
    return attempts;
}

static __attribute__((noinline)) int price(int amount)
{
    pthread_mutex_lock(&rates_lock);
    int value = amount * rate;
    pthread_mutex_unlock(&rates_lock);
    return value;
}

static void *refresher(void *arg)
{
    struct timespec pause = {0, 20 * 1000000L};
    int *attempts = arg;
    for (int i = 0; i < 4; i++) {
        *attempts += rates_refresh();
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static void *customer(void *arg)
{
    struct timespec pause = {0, 10 * 1000000L};
    long *spent = arg;
    for (int i = 0; i < 20; i++) {
        *spent += price(2);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    int attempts = 0;
    long spent = 0;
    if (pthread_create(&threads[0], NULL, refresher, &attempts) || pthread_create(&threads[1], NULL, customer, &spent))
        return 1;
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    printf("%d attempts, spent something: %s\n", attempts, spent > 0 ? "yes" : "no");
    return 0;
}
