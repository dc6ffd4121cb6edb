// expect: lock-convoy HIGH
// where: lock-convoy take|give
/*
 * A free list is guarded by a mutex with priority inheritance, and six threads take from it and give back at full
 * speed. Each unlock hands the mutex to a thread that has to be woken first; nobody else can have it until then.
 *
 * Kiwi prints lock-convoy (HIGH): somebody waited nearly always, yet the lock was held for a small part of that time.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define THREADS 6
#define CELLS 64

struct cell {
    struct cell *next;
};

static struct cell cells[CELLS], *free_list;
static pthread_mutex_t list_lock;
static long taken;

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static __attribute__((noinline)) struct cell *take(void)
{
    pthread_mutex_lock(&list_lock);
    struct cell *c = free_list;
    if (c)
        free_list = c->next;
    taken++;
    pthread_mutex_unlock(&list_lock);
    return c;
}

static __attribute__((noinline)) void give(struct cell *c)
{
    pthread_mutex_lock(&list_lock);
    c->next = free_list;
    free_list = c;
    pthread_mutex_unlock(&list_lock);
}

static void *worker(void *arg)
{
    for (long end = now_ms() + 1200; now_ms() < end;)
        for (int i = 0; i < 10; i++) {
            struct cell *c = take();
            if (c)
                give(c);
        }
    return arg;
}

int main(void)
{
    pthread_mutexattr_t attr;
    pthread_t ids[THREADS];
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(&list_lock, &attr);
    pthread_mutexattr_destroy(&attr);
    for (int i = 0; i < CELLS; i++)
        give(&cells[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&ids[i], NULL, worker, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(ids[i], NULL);
    printf("%s\n", taken > 0 ? "done" : "nothing done");
    return 0;
}
