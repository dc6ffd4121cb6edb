// expect: no-timeout MEDIUM
// where: no-timeout fetch
// about: an epoll set with nothing in it but the connection to a backend is waited on without a limit
#include "peer.h"

#include <sys/epoll.h>

static FRAME int fetch(int fd)
{
    char text[PEER_MESSAGE] = "quota";
    int set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN}, got;
    require(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
    peer_send(fd, text, sizeof text);
    require(epoll_wait(set, &got, 1, -1) == 1, "an answer");
    close(set);
    return recv(fd, text, sizeof text, 0) == sizeof text;
}

int main(void)
{
    return !peer_fetch(fetch);
}
