// expect: slow-shutdown
// where: slow-shutdown write_state
// allow: signal-unsafe-call
// options: shutdown-budget=200ms
// status: any
// about: the handler itself saves what there is, which takes long, and lets the signal do the rest
#include "case.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

static FRAME int write_state(void)
{
    nap_ms(600);
    return getpid();
}

static void on_term(int number)
{
    if (write_state() < 0)
        _exit(1);
    signal(number, SIG_DFL);
    raise(number);
}

static void *terminate(void *arg)
{
    nap_ms(150);
    pthread_kill(*(pthread_t *)arg, SIGTERM);
    return arg;
}

int main(void)
{
    pthread_t self = pthread_self();
    signal(SIGTERM, on_term);
    pthread_t killer = thread_start(terminate, &self);
    poll(NULL, 0, 60000);
    thread_join(killer);
    return 0;
}
