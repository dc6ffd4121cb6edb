// expect: none
// allow: lock-order-cycle LOW
// about: the second thread polls a flag under a mutex until the first one is through with its part
#include "case.h"

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER, index_lock = PTHREAD_MUTEX_INITIALIZER,
                       state = PTHREAD_MUTEX_INITIALIZER;
static int loaded, rows;

static FRAME void load(void)
{
    pthread_mutex_lock(&table);
    pthread_mutex_lock(&index_lock);
    rows++;
    pthread_mutex_unlock(&index_lock);
    pthread_mutex_unlock(&table);
}

static FRAME void rebuild(void)
{
    pthread_mutex_lock(&index_lock);
    pthread_mutex_lock(&table);
    rows++;
    pthread_mutex_unlock(&table);
    pthread_mutex_unlock(&index_lock);
}

static FRAME int is_loaded(void)
{
    pthread_mutex_lock(&state);
    int yes = loaded;
    pthread_mutex_unlock(&state);
    return yes;
}

static void *loader(void *arg)
{
    nap_ms(30);
    for (int i = 0; i < 20; i++)
        load();
    pthread_mutex_lock(&state);
    loaded = 1;
    pthread_mutex_unlock(&state);
    nap_ms(30);
    return arg;
}

static void *rebuilder(void *arg)
{
    while (!is_loaded())
        nap_ms(1);
    for (int i = 0; i < 20; i++)
        rebuild();
    return arg;
}

int main(void)
{
    pthread_t b = thread_start(rebuilder, NULL), a = thread_start(loader, NULL);
    thread_join(a);
    thread_join(b);
    return rows == 40 ? 0 : 1;
}
