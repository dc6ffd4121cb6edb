// expect: none
// about: the loader thread takes catalogue then prices, and is joined before the thread that takes prices then
// catalogue
#include "case.h"

static pthread_mutex_t catalogue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t prices_lock = PTHREAD_MUTEX_INITIALIZER;
static int items, prices;

static FRAME int load(void)
{
    pthread_mutex_lock(&catalogue_lock);
    pthread_mutex_lock(&prices_lock);
    int n = ++items + ++prices;
    pthread_mutex_unlock(&prices_lock);
    pthread_mutex_unlock(&catalogue_lock);
    return n;
}

static FRAME int reprice(void)
{
    pthread_mutex_lock(&prices_lock);
    pthread_mutex_lock(&catalogue_lock);
    int n = prices += items;
    pthread_mutex_unlock(&catalogue_lock);
    pthread_mutex_unlock(&prices_lock);
    return n;
}

static void *loader(void *arg)
{
    for (int i = 0; i < 50; i++)
        *(int *)arg = load();
    return NULL;
}

static void *pricer(void *arg)
{
    for (int i = 0; i < 50; i++)
        *(int *)arg = reprice();
    return NULL;
}

int main(void)
{
    int n = 0;
    thread_join(thread_start(loader, &n));
    thread_join(thread_start(pricer, &n));
    return items != 50;
}
