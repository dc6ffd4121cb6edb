/*
 * readers_in_turns.h - two threads read a table inside the other, each in its own order, and two write one each: in
 * turns, so that they do not meet in this run.
 */
#ifndef CASE_READERS_IN_TURNS_H
#define CASE_READERS_IN_TURNS_H

#include "case.h"

static pthread_rwlock_t prices, stock;
static int turn, price_sum, stock_sum, orders;

static FRAME void quote(void)
{
    pthread_rwlock_rdlock(&prices);
    pthread_rwlock_rdlock(&stock);
    orders += price_sum > stock_sum;
    pthread_rwlock_unlock(&stock);
    pthread_rwlock_unlock(&prices);
}

static FRAME void list_shelf(void)
{
    pthread_rwlock_rdlock(&stock);
    pthread_rwlock_rdlock(&prices);
    orders += stock_sum > price_sum;
    pthread_rwlock_unlock(&prices);
    pthread_rwlock_unlock(&stock);
}

static FRAME void price_change(void)
{
    pthread_rwlock_wrlock(&prices);
    price_sum += 3;
    pthread_rwlock_unlock(&prices);
}

static FRAME void delivery(void)
{
    pthread_rwlock_wrlock(&stock);
    stock_sum += 2;
    pthread_rwlock_unlock(&stock);
}

struct part {
    void (*work)(void);
    int place;
};

static void *in_turns(void *arg)
{
    const struct part *p = arg;
    for (int round = 0; round < 20; round++) {
        stage_await(&turn, 4 * round + p->place);
        p->work();
        stage_arrive(&turn);
    }
    return NULL;
}

static inline void readers_in_turns(int kind)
{
    struct part parts[] = {{quote, 0}, {price_change, 1}, {list_shelf, 2}, {delivery, 3}};
    pthread_t threads[4];
    pthread_rwlockattr_t attr;
    must(pthread_rwlockattr_init(&attr), "pthread_rwlockattr_init");
    must(pthread_rwlockattr_setkind_np(&attr, kind), "pthread_rwlockattr_setkind_np");
    must(pthread_rwlock_init(&prices, &attr), "pthread_rwlock_init");
    must(pthread_rwlock_init(&stock, &attr), "pthread_rwlock_init");
    for (int i = 0; i < 4; i++)
        threads[i] = thread_start(in_turns, &parts[i]);
    for (int i = 0; i < 4; i++)
        thread_join(threads[i]);
    printf("%d %d %d\n", price_sum, stock_sum, orders);
}
#endif
