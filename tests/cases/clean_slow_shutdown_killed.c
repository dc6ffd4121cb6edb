// expect: none
// kill: 2
// about: killed in the middle of an orderly end: the worker that is joined sleeps, and would have seen the flag
#include "case.h"

#include <signal.h>

static int stop;

static void *work(void *arg)
{
    while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST))
        nap_ms(4000);
    return arg;
}

int main(void)
{
    sigset_t end;
    int got;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &end, NULL);
    pthread_t worker = thread_start(work, NULL);
    nap_ms(50);
    raise(SIGTERM);
    must(sigwait(&end, &got), "sigwait");
    stage_reach(&stop, 1);
    thread_join(worker);
    return 0;
}
