// expect: self-deadlock CRITICAL
// where: self-deadlock store_put
// kill: 3
// about: C11 threads: a store that is full returns without unlocking, and the same worker puts again
#include "case.h"
#include <stdbool.h>
#include <threads.h>

#define PLACES 4

struct store {
    mtx_t lock;
    cnd_t changed;
    int values[PLACES], used;
};

static FRAME bool store_put(struct store *s, int value)
{
    mtx_lock(&s->lock);
    if (s->used == PLACES)
        return false;
    s->values[s->used++] = value;
    cnd_signal(&s->changed);
    mtx_unlock(&s->lock);
    return true;
}

static FRAME int store_take(struct store *s)
{
    mtx_lock(&s->lock);
    while (!s->used)
        cnd_wait(&s->changed, &s->lock);
    int value = s->values[--s->used];
    mtx_unlock(&s->lock);
    return value;
}

static int produce(void *arg)
{
    for (int i = 0; i < 10; i++)
        while (!store_put(arg, i))
            thrd_yield();
    return 0;
}

int main(void)
{
    static struct store s;
    thrd_t producer;
    int made;
    require(mtx_init(&s.lock, mtx_plain) == thrd_success && cnd_init(&s.changed) == thrd_success, "init");
    require(thrd_create(&producer, produce, &s) == thrd_success, "thread");
    thrd_join(producer, &made);
    return store_take(&s) < 0;
}
