// expect: none
// about: main sets up in one order before it creates the worker that uses the other order
#include "case.h"

static pthread_mutex_t routes_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t links_lock = PTHREAD_MUTEX_INITIALIZER;
static int routes, links;

static FRAME int setup(void)
{
    pthread_mutex_lock(&routes_lock);
    pthread_mutex_lock(&links_lock);
    int n = ++routes + ++links;
    pthread_mutex_unlock(&links_lock);
    pthread_mutex_unlock(&routes_lock);
    return n;
}

static FRAME int link_down(void)
{
    pthread_mutex_lock(&links_lock);
    pthread_mutex_lock(&routes_lock);
    int n = --routes + --links;
    pthread_mutex_unlock(&routes_lock);
    pthread_mutex_unlock(&links_lock);
    return n;
}

static void *monitor(void *arg)
{
    for (int i = 0; i < 10; i++)
        *(int *)arg = link_down();
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    int n[2];
    for (int i = 0; i < 20; i++)
        setup();
    for (int i = 0; i < 2; i++)
        threads[i] = thread_start(monitor, &n[i]);
    for (int i = 0; i < 2; i++)
        thread_join(threads[i]);
    return routes + links != 0;
}
