// expect: none
// about: poll, select and epoll_wait with a zero timeout under a lock: a look, no wait
#include "case.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

static pthread_mutex_t ports_lock = PTHREAD_MUTEX_INITIALIZER;
static int port[2], epoll, looks;

static FRAME int ports_look(void)
{
    struct pollfd entry = {.fd = port[0], .events = POLLIN};
    struct timeval zero = {0, 0};
    struct epoll_event event;
    fd_set set;
    FD_ZERO(&set);
    FD_SET(port[0], &set);
    pthread_mutex_lock(&ports_lock);
    int n = poll(&entry, 1, 0) + select(port[0] + 1, &set, NULL, NULL, &zero) + epoll_wait(epoll, &event, 1, 0);
    looks++;
    pthread_mutex_unlock(&ports_lock);
    return n;
}

static void *looker(void *arg)
{
    for (int i = 0; i < 300; i++)
        *(int *)arg += ports_look();
    return NULL;
}

int main(void)
{
    int n[2] = {0, 0};
    struct epoll_event event = {.events = EPOLLIN};
    require(pipe(port) == 0 && (epoll = epoll_create1(0)) >= 0, "descriptors");
    require(epoll_ctl(epoll, EPOLL_CTL_ADD, port[0], &event) == 0, "epoll_ctl");
    pthread_t a = thread_start(looker, &n[0]), b = thread_start(looker, &n[1]);
    thread_join(a);
    thread_join(b);
    return looks != 600 || n[0] + n[1] != 0;
}
