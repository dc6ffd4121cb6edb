// expect: none
/*
 * long_hold.c mended: the index is copied under the lock and sorted without it; storing the result takes the lock again
 * for a moment.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
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
    static uint64_t copy[KEYS]; /* one thread inserts */
    pthread_mutex_lock(&index_lock);
    keys[inserted++ % KEYS] = key;
    bool due = inserted % 100 == 0;
    if (due)
        memcpy(copy, keys, sizeof copy);
    pthread_mutex_unlock(&index_lock);
    if (!due)
        return;
    uint64_t w = rebuild(copy);
    pthread_mutex_lock(&index_lock);
    weight = w;
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
