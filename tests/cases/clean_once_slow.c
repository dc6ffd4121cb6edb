// expect: none
// about: many threads wait for one slow once function at the start, as they are meant to
#include "case.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static int loaded, used;

static FRAME void load(void)
{
    for (int i = 0; i < 20; i++) {
        nap_ms(10);
        pthread_mutex_lock(&table_lock);
        loaded++;
        pthread_mutex_unlock(&table_lock);
    }
}

static void *user(void *arg)
{
    for (int i = 0; i < 1000; i++) {
        must(pthread_once(&once, load), "pthread_once");
        pthread_mutex_lock(&table_lock);
        used++;
        pthread_mutex_unlock(&table_lock);
    }
    return arg;
}

int main(void)
{
    pthread_t threads[6];
    for (int i = 0; i < 6; i++)
        threads[i] = thread_start(user, NULL);
    for (int i = 0; i < 6; i++)
        thread_join(threads[i]);
    return loaded != 20 || used != 6000;
}
