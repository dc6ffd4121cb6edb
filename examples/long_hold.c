// expect: long-hold MEDIUM
// allow: lock-contention
// where: long-hold insert|rebuild
/*
 * Lookups and inserts of an index take well under a microsecond, but one insert in a hundred sorts all of it, for many
 * milliseconds and under the same lock.
 *
 * Kiwi prints long-hold (MEDIUM): how long the lock is usually held, how often and how long others waited for a long
 * hold, and where that one was taken.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define KEYS 512
#define INSERTS 1200
#define READERS 2

static pthread_mutex_t index_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t keys[KEYS], weight;
static int inserted, done;

static void nap_us(long us)
{
    nanosleep(&(struct timespec){0, us * 1000}, NULL);
}

static __attribute__((noinline)) uint64_t rebuild(const uint64_t *from)
{
    uint64_t w = 0;
    for (int round = 0; round < 40000; round++)
        for (int i = 0; i < KEYS; i++)
            w = (w ^ from[i]) * 31;
    return w;
}

static __attribute__((noinline)) void insert(uint64_t key)
{
    pthread_mutex_lock(&index_lock);
    keys[inserted++ % KEYS] = key;
    if (inserted % 100 == 0)
        weight = rebuild(keys);
    pthread_mutex_unlock(&index_lock);
}

static void *reader(void *arg)
{
    long found = 0;
    for (uint64_t i = 0; !__atomic_load_n(&done, __ATOMIC_RELAXED); i++) {
        pthread_mutex_lock(&index_lock);
        found += keys[i % KEYS] == i;
        pthread_mutex_unlock(&index_lock);
        nap_us(300);
    }
    *(long *)arg = found;
    return NULL;
}

int main(void)
{
    pthread_t ids[READERS];
    long found[READERS];
    for (int i = 0; i < READERS; i++)
        pthread_create(&ids[i], NULL, reader, &found[i]);
    for (int i = 0; i < INSERTS; i++) {
        insert((uint64_t)i * 7);
        nap_us(300);
    }
    __atomic_store_n(&done, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < READERS; i++)
        pthread_join(ids[i], NULL);
    printf("%d inserted, %s\n", inserted, weight ? "sorted" : "not sorted");
    return 0;
}
