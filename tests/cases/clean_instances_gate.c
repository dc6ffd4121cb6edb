// expect: none
// about: pairs from one array in either order, but never without the lock of the whole table
#include "case.h"

#define SLOTS 16

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static struct slot {
    pthread_mutex_t lock;
    int value;
} slots[SLOTS];

static FRAME void exchange(struct slot *a, struct slot *b)
{
    pthread_mutex_lock(&table);
    pthread_mutex_lock(&a->lock);
    pthread_mutex_lock(&b->lock);
    int value = a->value;
    a->value = b->value;
    b->value = value;
    pthread_mutex_unlock(&b->lock);
    pthread_mutex_unlock(&a->lock);
    pthread_mutex_unlock(&table);
}

static void *upwards(void *arg)
{
    for (int i = 0; i + 1 < SLOTS / 2; i++)
        exchange(&slots[i], &slots[i + 1]);
    return arg;
}

static void *downwards(void *arg)
{
    for (int i = SLOTS - 1; i > SLOTS / 2; i--)
        exchange(&slots[i], &slots[i - 1]);
    return arg;
}

int main(void)
{
    for (int i = 0; i < SLOTS; i++)
        must(pthread_mutex_init(&slots[i].lock, NULL), "pthread_mutex_init");
    pthread_t a = thread_start(upwards, NULL), b = thread_start(downwards, NULL);
    thread_join(a);
    thread_join(b);
    return 0;
}
