// expect: none
// about:  four threads compute for long and touch a shared total for an instant; a fifth one polls it all the time
#include "case.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long total;
static int working = 4;

static void *worker(void *arg)
{
    unsigned long own = (unsigned long)(size_t)arg;
    for (int i = 0; i < 3000; i++) {
        for (int k = 0; k < 20000; k++)
            own = own * 31 + (unsigned long)k;
        pthread_mutex_lock(&lock);
        total ^= own;
        pthread_mutex_unlock(&lock);
    }
    __atomic_sub_fetch(&working, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

int main(void)
{
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        threads[i] = thread_start(worker, (void *)i);
    while (__atomic_load_n(&working, __ATOMIC_SEQ_CST)) {
        pthread_mutex_lock(&lock);
        unsigned long seen = total;
        pthread_mutex_unlock(&lock);
        if (seen != 1)
            nanosleep(&(struct timespec){0, 100000}, NULL);
    }
    for (int i = 0; i < 4; i++)
        thread_join(threads[i]);
    return 0;
}
