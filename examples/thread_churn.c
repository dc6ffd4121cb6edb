// expect: thread-churn MEDIUM
// where: thread-churn serve
/*
 * serve() makes a thread for every request and joins it at once: a few dozen microseconds of work, and several times
 * that for the thread.
 *
 * Kiwi prints thread-churn (MEDIUM): how many threads a second serve started, and how short they lived.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define AT_ONCE 20

static unsigned long answers[AT_ONCE];

static void *answer(void *arg)
{
    unsigned long *n = arg;
    for (int i = 0; i < 10000; i++)
        *n = *n * 31 + 7;
    return NULL;
}

static __attribute__((noinline)) int serve(void)
{
    pthread_t ids[AT_ONCE];
    int made = 0;
    while (made < AT_ONCE && pthread_create(&ids[made], NULL, answer, &answers[made]) == 0)
        made++;
    for (int i = 0; i < made; i++)
        pthread_join(ids[i], NULL);
    return made;
}

int main(void)
{
    long served = 0;
    time_t begin = time(NULL);
    while (served < 500 || time(NULL) - begin < 3)
        served += serve();
    printf("%s\n", served >= 500 ? "served" : "not served");
    return 0;
}
