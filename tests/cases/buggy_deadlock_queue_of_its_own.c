// expect: deadlock CRITICAL
// where: deadlock put
// kill: 2
// about: workers that alone empty a bounded queue wait for room in it, each with a job that became two
#include "case.h"

#define ROOM 8
#define WORKERS 3
#define DEEPEST 4

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;
static int queue[ROOM], queued;

static FRAME void put(int depth)
{
    pthread_mutex_lock(&lock);
    while (queued == ROOM)
        pthread_cond_wait(&not_full, &lock);
    queue[queued++] = depth;
    pthread_cond_signal(&not_empty);
    pthread_mutex_unlock(&lock);
}

static FRAME int take(void)
{
    pthread_mutex_lock(&lock);
    while (!queued)
        pthread_cond_wait(&not_empty, &lock);
    int depth = queue[--queued];
    pthread_cond_signal(&not_full);
    pthread_mutex_unlock(&lock);
    return depth;
}

static int taken;

/* Each page has two links. */
static void *crawl(void *arg)
{
    for (;;) {
        int depth = take();
        stage_arrive(&taken);
        stage_await(&taken, WORKERS);
        if (depth == DEEPEST)
            continue;
        put(depth + 1);
        put(depth + 1);
    }
    return arg;
}

int main(void)
{
    pthread_t workers[WORKERS];
    for (int i = 0; i < ROOM; i++)
        put(0);
    for (int i = 0; i < WORKERS; i++)
        workers[i] = thread_start(crawl, NULL);
    for (int i = 0; i < WORKERS; i++)
        thread_join(workers[i]);
    return 0;
}
