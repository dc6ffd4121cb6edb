// expect: free-holding-lock CRITICAL
// where: free-holding-lock pool_grow
// about: a pool of workers' records is grown by realloc while one of the mutexes inside it is held: it moves away
#include "case.h"

struct record {
    pthread_mutex_t lock;
    long jobs;
};

static struct record *records;
static size_t count;

static FRAME void pool_grow(size_t to)
{
    struct record *grown = realloc(records, to * sizeof *records);
    require(grown != NULL, "memory");
    for (; count < to; count++) {
        grown[count].jobs = 0;
        must(pthread_mutex_init(&grown[count].lock, NULL), "init");
    }
    records = grown;
}

static void *worker(void *arg)
{
    pool_grow(4);
    void *barrier = malloc(64); /* lies behind the pool, so that it can not grow in place */
    pthread_mutex_lock(&records[1].lock);
    records[1].jobs++;
    pool_grow(4000);
    pthread_mutex_unlock(&records[1].lock); /* of the copy, which was never known to be locked here */
    free(barrier);
    return arg;
}

int main(void)
{
    thread_join(thread_start(worker, NULL));
    free(records);
    return 0;
}
