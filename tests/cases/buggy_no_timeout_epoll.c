// expect: no-timeout MEDIUM
// where: no-timeout fetch
// about: an epoll set with nothing in it but the connection to a backend is waited on without a limit
#include "peer.h"

#include <fcntl.h>
#include <sys/epoll.h>

static void *serve(void *arg)
{
    char text[16];
    int client = accept(*(int *)arg, NULL, NULL);
    require(peer_receive(client, text, sizeof text), "a request");
    nap_ms(150);
    peer_send(client, text, sizeof text);
    close(client);
    return NULL;
}

static FRAME int fetch(int set, int fd)
{
    char text[16] = "quota";
    struct epoll_event got;
    peer_send(fd, text, sizeof text);
    require(epoll_wait(set, &got, 1, -1) == 1, "an answer");
    return recv(fd, text, sizeof text, 0) == sizeof text;
}

int main(void)
{
    int listener = peer_listen(), set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    pthread_t thread = thread_start(serve, &listener);
    int fd = peer_dial(1000);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    require(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
    int found = fetch(set, fd);
    thread_join(thread);
    close(fd);
    close(set);
    close(listener);
    return !found;
}
