// expect: none
// about: a session serves one client, and waits for it together with what wakes it up: what it stores for its requests keeps nobody else waiting
#define _GNU_SOURCE
#include "case.h"
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int wake;

static int local(struct sockaddr_in *at)
{
    socklen_t size = sizeof *at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(fd, (struct sockaddr *)at, size) || listen(fd, 4) || getsockname(fd, (struct sockaddr *)at, &size))
        abort();
    return fd;
}

static void *client(void *at)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct timeval limit = {30, 0};
    char answer[8];
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, at, sizeof(struct sockaddr_in)))
        abort();
    for (int i = 0; i < 12; i++) {
        uint64_t one = 1;
        if (send(fd, "request", 8, 0) != 8 || recv(fd, answer, sizeof answer, MSG_WAITALL) != sizeof answer ||
            write(wake, &one, sizeof one) != sizeof one)
            abort();
    }
    close(fd);
    return NULL;
}

static FRAME void store(void)
{
    usleep(60000);
}

static void watch(int ep, int fd)
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e))
        abort();
}

static FRAME void session(int fd)
{
    int ep = epoll_create1(0);
    char request[8];
    watch(ep, fd);
    watch(ep, wake);
    for (;;) {
        struct epoll_event e;
        uint64_t count;
        if (epoll_wait(ep, &e, 1, -1) < 1)
            continue;
        if (e.data.fd == wake) {
            if (read(wake, &count, sizeof count) != sizeof count)
                abort();
            continue;
        }
        if (read(fd, request, sizeof request) <= 0)
            break;
        store();
        if (write(fd, "answer!", 8) != 8)
            abort();
    }
    close(ep);
}

int main(void)
{
    struct sockaddr_in at;
    pthread_t other;
    int listener = local(&at);
    wake = eventfd(0, 0);
    if (pthread_create(&other, NULL, client, &at))
        abort();
    int fd = accept(listener, NULL, NULL);
    session(fd);
    pthread_join(other, NULL);
    return 0;
}
