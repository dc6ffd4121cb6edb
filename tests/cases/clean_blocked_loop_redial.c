// expect: none
// about: a thread that pings one peer by epoll and sleeps in between; now and then it dials anew, and a close without
// EPOLL_CTL_DEL ends the old connection: nobody but that peer is kept waiting
#include "peer.h"

#include <sys/epoll.h>

#define DIALS 4
#define PINGS 6

static void *answer_pings(void *listener)
{
    char byte;
    for (int i = 0; i < DIALS; i++) {
        int client = accept(*(int *)listener, NULL, NULL);
        while (peer_receive(client, &byte, 1))
            peer_send(client, &byte, 1);
        close(client);
    }
    return NULL;
}

static FRAME void ping(int set, int fd)
{
    struct epoll_event event;
    char byte = 'p';
    peer_send(fd, &byte, 1);
    require(epoll_wait(set, &event, 1, 10000) == 1 && peer_receive(fd, &byte, 1), "an answer");
    nap_ms(60);
}

int main(void)
{
    int listener = peer_listen(), set = epoll_create1(0);
    pthread_t thread = thread_start(answer_pings, &listener);
    for (int i = 0; i < DIALS; i++) {
        int fd = peer_dial(10000);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        require(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0, "watched");
        for (int k = 0; k < PINGS; k++)
            ping(set, fd);
        close(fd);
    }
    thread_join(thread);
    return 0;
}
