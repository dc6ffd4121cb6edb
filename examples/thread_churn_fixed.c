// expect: none
/*
 * thread_churn.c, mended: four threads, made once, take the requests from a queue.
 *
 * Kiwi prints no finding.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define THREADS 4

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER, fewer = PTHREAD_COND_INITIALIZER;
static long waiting, served;
static int closing;

static unsigned long answer(unsigned long n)
{
    for (int i = 0; i < 10000; i++)
        n = n * 31 + 7;
    return n;
}

static void *worker(void *arg)
{
    unsigned long n = 1;
    pthread_mutex_lock(&lock);
    for (;;) {
        while (!waiting && !closing)
            pthread_cond_wait(&more, &lock);
        if (!waiting)
            break;
        waiting--;
        pthread_cond_signal(&fewer);
        pthread_mutex_unlock(&lock);
        n = answer(n);
        pthread_mutex_lock(&lock);
        served++;
    }
    pthread_mutex_unlock(&lock);
    return n ? arg : NULL;
}

static __attribute__((noinline)) void serve(void)
{
    pthread_mutex_lock(&lock);
    while (waiting >= 2 * THREADS)
        pthread_cond_wait(&fewer, &lock);
    waiting++;
    pthread_cond_signal(&more);
    pthread_mutex_unlock(&lock);
}

int main(void)
{
    pthread_t ids[THREADS];
    time_t begin = time(NULL);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&ids[i], NULL, worker, NULL))
            return 1;
    for (long n = 0; n < 500 || time(NULL) - begin < 3; n++)
        serve();
    pthread_mutex_lock(&lock);
    closing = 1;
    pthread_cond_broadcast(&more);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < THREADS; i++)
        pthread_join(ids[i], NULL);
    printf("%s\n", served >= 500 ? "served" : "not served");
    return 0;
}
