// expect: none
// allow: lock-order-cycle LOW
// about: the reader comes late, finds the flag set under its mutex and never waits for the condition variable
#include "case.h"

static pthread_mutex_t menu = PTHREAD_MUTEX_INITIALIZER, prices = PTHREAD_MUTEX_INITIALIZER,
                       lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static int is_open, dishes;

static FRAME void print_menu(void)
{
    pthread_mutex_lock(&menu);
    pthread_mutex_lock(&prices);
    dishes++;
    pthread_mutex_unlock(&prices);
    pthread_mutex_unlock(&menu);
}

static FRAME void raise_prices(void)
{
    pthread_mutex_lock(&prices);
    pthread_mutex_lock(&menu);
    dishes++;
    pthread_mutex_unlock(&menu);
    pthread_mutex_unlock(&prices);
}

static void *owner(void *arg)
{
    for (int i = 0; i < 10; i++)
        print_menu();
    pthread_mutex_lock(&lock);
    is_open = 1;
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&lock);
    nap_ms(60);
    return arg;
}

static void *waiter(void *arg)
{
    nap_ms(30);
    pthread_mutex_lock(&lock);
    while (!is_open)
        pthread_cond_wait(&opened, &lock);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 10; i++)
        raise_prices();
    return arg;
}

int main(void)
{
    pthread_t a = thread_start(owner, NULL), b = thread_start(waiter, NULL);
    thread_join(a);
    thread_join(b);
    return dishes == 20 ? 0 : 1;
}
