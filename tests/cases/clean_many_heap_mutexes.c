// expect: none
// about: 100000 short-lived objects with a mutex each, always in the same few blocks, in both nestings by two threads
#include "case.h"

struct item {
    pthread_mutex_t lock;
    long value;
};

static FRAME struct item *item_new(void)
{
    struct item *item = malloc(sizeof *item);
    require(item != NULL, "memory");
    must(pthread_mutex_init(&item->lock, NULL), "init");
    item->value = 1;
    return item;
}

static FRAME long item_pair(struct item *outer, struct item *inner)
{
    pthread_mutex_lock(&outer->lock);
    pthread_mutex_lock(&inner->lock);
    long n = outer->value + inner->value;
    pthread_mutex_unlock(&inner->lock);
    pthread_mutex_unlock(&outer->lock);
    return n;
}

static void *maker(void *arg)
{
    for (int i = 0; i < 25000; i++) {
        struct item *a = item_new(), *b = item_new();
        *(long *)arg += i % 2 ? item_pair(a, b) : item_pair(b, a);
        pthread_mutex_destroy(&a->lock);
        free(a);
        free(b); /* glibc mutexes need no destroy, and many programs leave it out */
    }
    return NULL;
}

int main(void)
{
    long sum[2] = {0, 0};
    pthread_t a = thread_start(maker, &sum[0]), b = thread_start(maker, &sum[1]);
    thread_join(a);
    thread_join(b);
    return sum[0] + sum[1] != 100000;
}
