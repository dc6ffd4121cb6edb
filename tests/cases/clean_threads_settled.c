// expect: none
// about: joined by another thread than the creator, detached by it, by themselves, by attribute; one runs on at exit
#include "case.h"

static int ended, stop;

static void *plain(void *arg)
{
    stage_arrive(&ended);
    return arg;
}

static void *lets_itself_go(void *arg)
{
    must(pthread_detach(pthread_self()), "pthread_detach");
    stage_arrive(&ended);
    return arg;
}

static void *runs_on(void *arg)
{
    while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST))
        nap_ms(1);
    return arg;
}

static pthread_t handed_over;

static void *factory(void *arg)
{
    pthread_attr_t attr;
    pthread_t id;
    handed_over = thread_start(plain, NULL);
    must(pthread_detach(thread_start(plain, NULL)), "pthread_detach");
    thread_start(lets_itself_go, NULL);
    thread_start(runs_on, NULL);
    must(pthread_attr_init(&attr), "pthread_attr_init");
    must(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED), "pthread_attr_setdetachstate");
    must(pthread_create(&id, &attr, plain, NULL), "pthread_create");
    pthread_attr_destroy(&attr);
    stage_await(&ended, 4);
    return arg;
}

int main(void)
{
    pthread_t thread = thread_start(factory, NULL);
    thread_join(thread);
    nap_ms(100);
    thread_join(handed_over);
    printf("%d\n", ended);
    return 0;
}
