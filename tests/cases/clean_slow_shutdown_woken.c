// expect: none
// about: SIGTERM comes by a signalfd; the poller, which would wait for a minute, is woken through an eventfd and joined
#include "case.h"

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int wake;
static int ready;

static void *poll_upstream(void *arg)
{
    struct pollfd p = {.fd = wake, .events = POLLIN};
    stage_reach(&ready, 1);
    while (poll(&p, 1, 60000) == 0)
        ;
    return arg;
}

int main(void)
{
    struct signalfd_siginfo about;
    uint64_t one = 1;
    sigset_t end;
    pthread_t poller;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &end, NULL);
    int signals = signalfd(-1, &end, 0);
    wake = eventfd(0, 0);
    require(signals >= 0 && wake >= 0, "descriptors");
    must(pthread_create(&poller, NULL, poll_upstream, NULL), "pthread_create");
    while (!__atomic_load_n(&ready, __ATOMIC_SEQ_CST))
        nap_ms(1);
    kill(getpid(), SIGTERM);
    require(read(signals, &about, sizeof about) == sizeof about, "the signal");
    require(write(wake, &one, sizeof one) == sizeof one, "a wake-up");
    must(pthread_join(poller, NULL), "pthread_join");
    return 0;
}
