// expect: none
/*
 * The cache of lock_across_block.c, mended: the exchange is asked without the lock, which is taken only to store the
 * answer.
 *
 * Kiwi prints no finding.
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
    while ((answer = exchange_ask(attempts++)) < 0)
        nanosleep(&pause, NULL);
    pthread_mutex_lock(&rates_lock);
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
