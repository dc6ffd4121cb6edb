// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle publish_layer_1
// where: lock-order-cycle sweep_layer_1
// about: both orders lie a dozen calls deep behind one pair of lock functions that everybody uses
#include "case.h"

struct latch {
    pthread_mutex_t mutex;
    unsigned long entries;
};

static struct latch topics = {PTHREAD_MUTEX_INITIALIZER, 0}, cursors = {PTHREAD_MUTEX_INITIALIZER, 0};
static int stage;

static FRAME unsigned long latch_enter(struct latch *latch)
{
    must(pthread_mutex_lock(&latch->mutex), "lock");
    return ++latch->entries;
}

static FRAME int latch_leave(struct latch *latch)
{
    must(pthread_mutex_unlock(&latch->mutex), "unlock");
    return 0;
}

static FRAME long both(struct latch *outer, struct latch *inner)
{
    latch_enter(outer);
    long n = (long)latch_enter(inner);
    latch_leave(inner);
    latch_leave(outer);
    return n;
}

/* Eleven layers over both(): the compiler can't fold them, each adds something to the result. */
#define LAYER(name, n, below)                                                                                          \
    static FRAME long name##_##n(void)                                                                                 \
    {                                                                                                                  \
        return below + n;                                                                                              \
    }

#define LAYERS(name, outer, inner)                                                                                     \
    LAYER(name, 11, both(outer, inner))                                                                                \
    LAYER(name, 10, name##_11())                                                                                       \
    LAYER(name, 9, name##_10())                                                                                        \
    LAYER(name, 8, name##_9())                                                                                         \
    LAYER(name, 7, name##_8())                                                                                         \
    LAYER(name, 6, name##_7())                                                                                         \
    LAYER(name, 5, name##_6())                                                                                         \
    LAYER(name, 4, name##_5())                                                                                         \
    LAYER(name, 3, name##_4())                                                                                         \
    LAYER(name, 2, name##_3())                                                                                         \
    LAYER(name, 1, name##_2())

LAYERS(publish_layer, &topics, &cursors)
LAYERS(sweep_layer, &cursors, &topics)

static void *publisher(void *arg)
{
    for (int i = 0; i < 20; i++)
        *(long *)arg += publish_layer_1();
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    return NULL;
}

static void *sweeper(void *arg)
{
    stage_await(&stage, 1);
    for (int i = 0; i < 20; i++)
        *(long *)arg += sweep_layer_1();
    stage_reach(&stage, 2);
    return NULL;
}

int main(void)
{
    long sums[2] = {0, 0};
    pthread_t a = thread_start(publisher, &sums[0]), b = thread_start(sweeper, &sums[1]);
    thread_join(a);
    thread_join(b);
    return sums[0] == 0;
}
