// expect: none
// allow: lock-contention lock-convoy lock-starvation long-hold
// about: a long computation under a busy lock allocates one buffer each time: the heap is not what takes the time
#include "case.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long state = 1;

static FRAME void compute(void)
{
    pthread_mutex_lock(&lock);
    unsigned char *buffer = malloc(200);
    require(buffer != NULL, "memory");
    for (int i = 0; i < 200; i++)
        buffer[i] = (unsigned char)i;
    for (int i = 0; i < 40000; i++)
        state = state * 6364136223846793005u + buffer[i % 200];
    free(buffer);
    pthread_mutex_unlock(&lock);
}

static void *worker(void *arg)
{
    for (int i = 0; i < 1500; i++)
        compute();
    return arg;
}

int main(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        must(pthread_create(&threads[i], NULL, worker, NULL), "pthread_create");
    for (int i = 0; i < 3; i++)
        must(pthread_join(threads[i], NULL), "pthread_join");
    return 0;
}
