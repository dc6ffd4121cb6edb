// expect: use-after-destroy CRITICAL
// where: use-after-destroy count
// about: a counter's spinlock is destroyed when the first of its two users is done
#include "case.h"

static pthread_spinlock_t counter_lock;
static int stage, counter;

static FRAME void count(void)
{
    pthread_spin_lock(&counter_lock);
    counter++;
    pthread_spin_unlock(&counter_lock);
}

static FRAME void done(void)
{
    pthread_spin_destroy(&counter_lock);
}

static void *first(void *arg)
{
    count();
    done();
    stage_reach(&stage, 1);
    return arg;
}

static void *second(void *arg)
{
    stage_await(&stage, 1);
    for (int i = 0; i < 5; i++)
        count();
    return arg;
}

int main(void)
{
    must(pthread_spin_init(&counter_lock, 0), "init");
    pthread_t a = thread_start(first, NULL), b = thread_start(second, NULL);
    thread_join(a);
    thread_join(b);
    return counter != 6;
}
