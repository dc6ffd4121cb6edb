// expect: none
// about: a mutex that is tried once and kept says "I am the first": nobody ever waits for it; its thread ends with it
#include "case.h"

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static int loaded, seen;

static FRAME void load_once(void)
{
    if (pthread_mutex_trylock(&first) == 0)
        __atomic_add_fetch(&loaded, 1, __ATOMIC_SEQ_CST);
    else
        __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
}

static void *worker(void *arg)
{
    for (int i = 0; i < 3; i++)
        load_once();
    return arg;
}

int main(void)
{
    thread_join(thread_start(worker, NULL));
    thread_join(thread_start(worker, NULL));
    return loaded != 1 || seen != 5;
}
