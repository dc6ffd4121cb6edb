// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle move_entry
// about: entries move between the shards of a static array, locked as they come: many pairs, one mistake
#include "case.h"

#define SHARDS 24

static struct shard {
    long entries;
    pthread_mutex_t mutex;
} shards[SHARDS];
static int turn;

static FRAME void move_entry(struct shard *from, struct shard *to)
{
    pthread_mutex_lock(&from->mutex);
    pthread_mutex_lock(&to->mutex);
    from->entries--;
    to->entries++;
    pthread_mutex_unlock(&to->mutex);
    pthread_mutex_unlock(&from->mutex);
}

/* Forwards and backwards in turns, so that the program itself never hangs. */
static void *balance(void *arg)
{
    int step = *(int *)arg, first = step > 0 ? 0 : SHARDS - 1, mine = step > 0 ? 0 : 1;

    for (int i = 0; i < SHARDS - 1; i++) {
        stage_await(&turn, 2 * i + mine);
        move_entry(&shards[first + i * step], &shards[first + (i + 1) * step]);
        stage_reach(&turn, 2 * i + mine + 1);
    }
    return NULL;
}

int main(void)
{
    int up = 1, down = -1;
    pthread_t a, b;

    for (int i = 0; i < SHARDS; i++)
        must(pthread_mutex_init(&shards[i].mutex, NULL), "init");
    a = thread_start(balance, &up);
    b = thread_start(balance, &down);
    thread_join(a);
    thread_join(b);
    return 0;
}
