/* More threads at once than the trace has room for: those beyond are not recorded, and otherwise unharmed; with room
 * again, the next ones are. */
#include "transcript.h"

#include <semaphore.h>

#define THREADS 2200
#define PAIRS 20000

static sem_t go;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int sum;

static void *idle(void *arg)
{
    sem_wait(&go);
    return arg;
}

static void *busy(void *arg)
{
    for (int i = 0; i < PAIRS; i++) {
        pthread_mutex_lock(&lock);
        sum++;
        free(malloc(16));
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

static pthread_t start_small(void)
{
    pthread_attr_t attr;
    pthread_t id;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 65536);
    int error = pthread_create(&id, &attr, idle, NULL);
    if (error) {
        say("pthread_create failed: %s", error_name(error));
        exit(99);
    }
    return id;
}

int main(void)
{
    static pthread_t threads[THREADS];
    sem_init(&go, 0, 0);
    for (int i = 0; i < THREADS; i++)
        threads[i] = start_small();
    uint64_t since = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    finish(start(busy, NULL));
    say("%s", clock_ns(CLOCK_PROCESS_CPUTIME_ID) - since < PAIRS * 1500u ? "quick" : "slow");
    for (int i = 0; i < THREADS; i++)
        sem_post(&go);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    finish(start(busy, NULL));
    say("sum %d", sum);
    return 0;
}
