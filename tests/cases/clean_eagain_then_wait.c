// expect: none
// about: two acceptors of one listener get EAGAIN in turns and wait in epoll; a reader drains until EAGAIN and then polls
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4 */
#endif
#include "case.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS 8

static struct sockaddr_in address;
static int listener, done, accepted[2];

static FRAME int accept_all(int epoll)
{
    struct epoll_event event;
    int n = 0, fd;
    if (epoll_wait(epoll, &event, 1, 20) <= 0)
        return 0;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        n++;
        close(fd);
    }
    require(errno == EAGAIN, "nobody is left");
    return n;
}

static void *acceptor(void *arg)
{
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    require(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) == 0, "epoll_ctl");
    while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE))
        *(int *)arg += accept_all(epoll);
    close(epoll);
    return NULL;
}

static FRAME void drain(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    char byte[8];
    poll(&ready, 1, 1);
    while (read(fd, byte, sizeof byte) > 0)
        ;
}

int main(void)
{
    socklen_t size = sizeof address;
    int wake = eventfd(0, EFD_NONBLOCK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    require(wake >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, CLIENTS) == 0 &&
                    getsockname(listener, (struct sockaddr *)&address, &size) == 0,
            "a listener");
    pthread_t a = thread_start(acceptor, &accepted[0]), b = thread_start(acceptor, &accepted[1]);
    for (int i = 0; i < 5; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        require(connect(fd, (struct sockaddr *)&address, sizeof address) == 0, "a client");
        close(fd);
        drain(wake);
        nap_ms(5);
    }
    for (int i = 0; i < 300; i++)
        drain(wake);
    __atomic_store_n(&done, 1, __ATOMIC_RELEASE);
    thread_join(a);
    thread_join(b);
    close(listener);
    close(wake);
    return accepted[0] + accepted[1] != 5;
}
