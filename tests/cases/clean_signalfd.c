// expect: none
// about: signals through a signalfd and an epoll loop; the handling takes locks in ordinary thread context
#include "case.h"
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

static pthread_mutex_t counters_lock = PTHREAD_MUTEX_INITIALIZER;
static int signals, requests;

static FRAME bool handle(const struct signalfd_siginfo *info)
{
    pthread_mutex_lock(&counters_lock);
    signals++;
    bool last = info->ssi_signo == SIGTERM;
    pthread_mutex_unlock(&counters_lock);
    return !last;
}

static void *loop(void *arg)
{
    int fd = *(int *)arg, epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    struct signalfd_siginfo info;
    require(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll");
    do {
        require(epoll_wait(epoll, &event, 1, -1) == 1, "epoll_wait");
        require(read(fd, &info, sizeof info) == sizeof info, "read");
    } while (handle(&info));
    close(epoll);
    return NULL;
}

int main(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    must(pthread_sigmask(SIG_BLOCK, &set, NULL), "mask");
    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    require(fd >= 0, "signalfd");
    pthread_t thread = thread_start(loop, &fd);
    for (int i = 0; i < 5; i++) {
        pthread_mutex_lock(&counters_lock);
        requests++;
        pthread_mutex_unlock(&counters_lock);
        require(kill(getpid(), SIGHUP) == 0, "kill");
        nap_ms(5);
    }
    require(kill(getpid(), SIGTERM) == 0, "kill");
    thread_join(thread);
    return signals < 2 || requests != 5;
}
