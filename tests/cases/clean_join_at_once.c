// expect: none
// about: threads are joined in the moment they are made, by main and by a keeper that is joined itself, before others
// about: take the locks the other way round
#include "case.h"

static pthread_mutex_t orders_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t stock_lock = PTHREAD_MUTEX_INITIALIZER;
static int orders, stock;

static FRAME void both(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    pthread_mutex_lock(outer);
    pthread_mutex_lock(inner);
    orders++;
    stock++;
    pthread_mutex_unlock(inner);
    pthread_mutex_unlock(outer);
}

static void *book(void *arg)
{
    both(&orders_lock, &stock_lock);
    return arg;
}

static void *count(void *arg)
{
    both(&stock_lock, &orders_lock);
    return arg;
}

static void *keeper(void *function)
{
    both(&orders_lock, &stock_lock);
    thread_join(thread_start((void *(*)(void *))function, NULL));
    return NULL;
}

int main(void)
{
    for (int i = 0; i < 50; i++) {
        thread_join(thread_start(i % 2 ? book : count, NULL));
        thread_join(thread_start(keeper, (void *)(i % 2 ? count : book)));
    }
    return orders != 150;
}
