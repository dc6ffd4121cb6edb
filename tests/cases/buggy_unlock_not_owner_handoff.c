// expect: unlock-not-owner CRITICAL
// where: unlock-not-owner consumer_take
// about: a mutex used as a signal: the producer leaves it locked, the consumer unlocks it
#include "case.h"

static pthread_mutex_t slot_full = PTHREAD_MUTEX_INITIALIZER;
static int slot, stage;

static FRAME int producer_put(int value)
{
    pthread_mutex_lock(&slot_full);
    slot = value;
    return value;
}

static FRAME int consumer_take(void)
{
    int value = slot;
    pthread_mutex_unlock(&slot_full);
    return value;
}

static void *consumer(void *arg)
{
    for (int i = 1; i <= 5; i++) {
        stage_await(&stage, 2 * i - 1);
        *(int *)arg += consumer_take();
        stage_reach(&stage, 2 * i);
    }
    return NULL;
}

int main(void)
{
    int sum = 0;
    pthread_t thread = thread_start(consumer, &sum);
    for (int i = 1; i <= 5; i++) {
        producer_put(i);
        stage_reach(&stage, 2 * i - 1);
        stage_await(&stage, 2 * i);
    }
    thread_join(thread);
    printf("%d\n", sum);
    return sum != 15;
}
