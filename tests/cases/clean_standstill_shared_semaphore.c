// expect: none
// allow: lock-across-block LOW|MEDIUM|HIGH
// kill: 1
// about: a lock is held in a wait for a semaphore in shared memory, and somebody wants it; but another process may post
#include "case.h"

#include <semaphore.h>
#include <sys/mman.h>

static pthread_mutex_t ring_lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t *filled;
static int taken, entries;

static void *consumer(void *unused)
{
    pthread_mutex_lock(&ring_lock);
    stage_reach(&taken, 1);
    sem_wait(filled);
    entries++;
    pthread_mutex_unlock(&ring_lock);
    return unused;
}

static void *statistics(void *unused)
{
    stage_await(&taken, 1);
    pthread_mutex_lock(&ring_lock);
    entries++;
    pthread_mutex_unlock(&ring_lock);
    return unused;
}

/* The producer is another program. It has nothing to say before this one is killed. */
int main(void)
{
    filled = mmap(NULL, sizeof *filled, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    require(filled != MAP_FAILED && sem_init(filled, 1, 0) == 0, "a semaphore");
    pthread_t c = thread_start(consumer, NULL), s = thread_start(statistics, NULL);
    thread_join(c);
    thread_join(s);
    return 0;
}
