// expect: none
// about:  a helper that holds its own lock tries thousands of times for one that a worker keeps for long: the worker gets on
#include "case.h"

static pthread_mutex_t work_lock = PTHREAD_MUTEX_INITIALIZER, help_lock = PTHREAD_MUTEX_INITIALIZER;
static int done, helped, missed;
static unsigned long state;

static FRAME void help(void)
{
    pthread_mutex_lock(&help_lock);
    if (pthread_mutex_trylock(&work_lock)) {
        missed++;
    } else {
        helped++;
        pthread_mutex_unlock(&work_lock);
    }
    pthread_mutex_unlock(&help_lock);
}

static void *helper(void *arg)
{
    while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
        help();
        sched_yield();
    }
    return arg;
}

int main(void)
{
    pthread_t thread = thread_start(helper, NULL);
    for (int i = 0; i < 40; i++) {
        pthread_mutex_lock(&work_lock);
        for (int k = 0; k < 3000000; k++)
            state = state * 31 + (unsigned long)k;
        if (!pthread_mutex_trylock(&help_lock)) /* a look at the helper, which may fail as well */
            pthread_mutex_unlock(&help_lock);
        pthread_mutex_unlock(&work_lock);
        nanosleep(&(struct timespec){0, 100000}, NULL);
    }
    __atomic_store_n(&done, 1, __ATOMIC_RELAXED);
    thread_join(thread);
    require(state != 1 && helped + missed > 0, "it was tried");
    return 0;
}
